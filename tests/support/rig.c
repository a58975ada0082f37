/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "die.h"
#include "proof.h"
#include "seg.h"

#define TX_CSUM (TG_TX_IP_CSUM | TG_TX_TCP_CSUM)

/* 1000 s: far from zero. The late one begins 2.5 s before 32-bit milliseconds wrap, off the tick.
 */
const struct rig_manner rig_manners[] = {
	{.name = "plain", .start = 1000 * TG_SEC},
	{.name = "offload", .start = 1000 * TG_SEC, .offload = TX_CSUM, .peek = true},
	{.name = "chain", .start = 1000 * TG_SEC, .chain = true, .buf_size = TG_BUF_MIN},
	{.name = "tight", .start = 1000 * TG_SEC, .tight = true},
	{.name = "late", .start = ((UINT64_C(1) << 32) - 2500) * TG_MSEC + 300000},
};
const unsigned rig_manner_count = sizeof(rig_manners) / sizeof(rig_manners[0]);

void
rig_init(struct rig *r, const struct rig_manner *m)
{
	struct tg_engine_config *c = &r->cfg;

	memset(r, 0, sizeof(*r));
	tenv_init(&r->tenv);
	if (m->buf_size != 0)
		r->tenv.buf_size = m->buf_size;
	r->manner = m;
	r->now = m->start;
	r->wall0 = 1000000000; /* 64 divides it: an epoch begins here */

	tg_engine_config_init(c);
	for (unsigned i = 0; i < sizeof(c->seed); i++)
		c->seed[i] = (uint8_t)(7 * i + 3);
	c->shard = 0;
	c->shards = 1;
	c->max_conns = 64;
	c->max_half_open = 64;
	c->max_time_wait = 16;
	c->max_segments = 1024;
	c->somaxconn = 4096;
	c->syncookies = TG_SYNCOOKIES_FULL;
	c->synack_retries = 5;
	c->retries = 15;
	c->orphan_retries = 8;
	c->synack_rto_ms = 1000;
	c->rto_min_ms = 200;
	c->delayed_ack_ms = 40;
	c->time_wait_ms = 60000;
	c->fin_timeout_ms = 60000;
	c->rcvbuf = 65536;
	c->sndbuf = 65536;
	c->rst_rate = 1000;
	c->abort_on_overflow = false;
	c->closed_port_drop = false;
	c->timestamps = true;
	c->sack = true;
	c->window_scaling = true;
}

int
rig_open(struct rig *r)
{
	int rc;

	r->cfg.env = r->tenv.env;
	r->cfg.buf_size = r->tenv.buf_size;
	r->cfg.now = r->now;
	r->cfg.wall_s = r->wall0;
	rc = tg_engine_create(&r->cfg, &r->e);
	if (rc != 0)
		return rc;
	r->mem_calls = r->tenv.mem_calls;
	rc = tg_worker_create(r->e, r, &r->w);
	if (rc != 0)
		die("tg_worker_create: %d", rc);
	if (tg_worker_ctx(r->w) != r)
		die("tg_worker_ctx is not what was given");
	return 0;
}

void
rig_port(struct rig *r, uint16_t port, uint16_t mtu)
{
	int rc;

	r->mac[port][0] = 2;
	r->mac[port][5] = (uint8_t)(port + 1);
	rc = tg_engine_add_port(r->e, port, r->mac[port], mtu, r->manner->offload);
	if (rc != 0)
		die("tg_engine_add_port(%u): %d", port, rc);
}

void
rig_usual(struct rig *r)
{
	struct tg_addr v4 = tg_addr_v4(10, 0, 0, 1);
	struct tg_addr v6 = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	rig_port(r, 0, 1500);
	if (tg_engine_add_addr(r->e, 0, &v4, 24) != 0 || tg_engine_add_addr(r->e, 0, &v6, 64) != 0)
		die("tg_engine_add_addr failed");
}

void
rig_collect(struct rig *r, const struct tg_pkt *p)
{
	uint8_t room[SEG_FRAME_MAX + 4];
	struct rig_frame f = {.port = p->port, .at = r->now};

	f.len = proof_finish(p, room);
	proof_frame(room, f.len);
	if (memcmp(room + 6, r->mac[p->port], 6) != 0)
		proof_fail("its source is not the port's address", room, f.len);
	r->sent++;
	f.bytes = room;
	if (r->on_send != NULL) {
		r->on_send(r->on_send_ctx, &f);
		return;
	}
	f.bytes = malloc(f.len);
	if (f.bytes == NULL)
		die("the test itself is out of memory");
	memcpy(f.bytes, room, f.len);
	if (r->out_first > 0 && r->out_first == r->out_count)
		r->out_first = r->out_count = 0;
	if (r->out_count == r->out_cap) {
		r->out_cap = r->out_cap == 0 ? 64 : 2 * r->out_cap;
		r->out = realloc(r->out, r->out_cap * sizeof(r->out[0]));
		if (r->out == NULL)
			die("the test itself is out of memory");
	}
	r->out[r->out_count++] = f;
}

/* Fails when a packet does not lie in its buffer. */
static void
check_bounds(const struct tg_pkt *p)
{
	const struct tenv_buf *b = p->buf;

	if (p->data < b->mem || p->data + p->len > b->mem + b->size)
		die("a packet lies outside its buffer");
	if ((size_t)(p->data - b->mem) < p->headroom ||
		(size_t)(b->mem + b->size - p->data - p->len) < p->tailroom)
		die("a packet claims more room than its buffer has");
}

static unsigned
drain(struct rig *r)
{
	struct tg_pkt p[32];
	unsigned n, total = 0;

	do {
		memset(p, 0, sizeof(p));
		n = tg_engine_output(r->e, p, 32, r->now);
		for (unsigned i = 0; i < n; i++) {
			for (struct tg_pkt *q = &p[i]; q != NULL; q = q->next) {
				tenv_buf_pass(&r->tenv, q->buf, TENV_ENGINE, TENV_TEST);
				check_bounds(q);
			}
			rig_collect(r, &p[i]);
			for (struct tg_pkt *q = &p[i]; q != NULL; q = q->next)
				tenv_buf_release(&r->tenv, q->buf);
		}
		total += n;
	} while (n == 32);
	return total;
}

void
rig_turn(struct rig *r)
{
	unsigned idle = 0;

	for (;;) {
		unsigned did = drain(r);

		did += tg_engine_advance(
			r->e, r->now, r->wall0 + (r->now - r->manner->start) / TG_SEC, 64);
		if (tg_engine_deadline(r->e, r->now) > r->now)
			break;
		/* a loop around the engine would spin: allowed only while it waits for a buffer */
		idle = did == 0 ? idle + 1 : 0;
		if (idle >= 3 && r->tenv.buf_outage)
			return;
		if (idle >= 1000)
			die("the deadline is now, but nothing is done");
	}
	if (drain(r) != 0)
		die("the deadline was not now, but something was ready to leave");
	rig_check(r);
}

void
rig_until(struct rig *r, tg_time to, unsigned stop_at)
{
	if (to < r->now)
		die("time must not step back");
	for (;;) {
		tg_time d;

		rig_turn(r);
		if (rig_waiting(r) >= stop_at)
			return;
		d = tg_engine_deadline(r->e, r->now);
		/* during an outage it waits for buffers: look in a thousand times, not more */
		if (d <= r->now)
			d = r->now + TG_MSEC + (to - r->now) / 1000;
		if (d >= to)
			break;
		r->now = d;
	}
	if (to > r->now) {
		r->now = to;
		rig_turn(r);
	}
}

unsigned
rig_waiting(const struct rig *r)
{
	return r->out_count - r->out_first;
}

const struct rig_frame *
rig_peek(const struct rig *r, unsigned i)
{
	return i < rig_waiting(r) ? &r->out[r->out_first + i] : NULL;
}

void
rig_take(struct rig *r, unsigned i)
{
	struct rig_frame *f = &r->out[r->out_first + i];

	free(f->bytes);
	memmove(&r->out[r->out_first + 1], &r->out[r->out_first], i * sizeof(*f));
	r->out_first++;
}

void
rig_check(const struct rig *r)
{
	const struct tg_counters *c = tg_engine_counters(r->e);
	struct tg_engine_usage u;
	uint64_t sum = 0;

	if (r->tenv.mem_calls != r->mem_calls)
		die("memory was asked for after tg_engine_create()");
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		sum += c->disposition[i];
	if (c->received != r->fed || sum != r->fed)
		die("%llu packets fed, %llu received, %llu with a disposition",
			(unsigned long long)r->fed, (unsigned long long)c->received,
			(unsigned long long)sum);
	tg_engine_usage(r->e, &u);
	if (u.conns > u.max_conns || u.half_open > u.max_half_open ||
		u.time_wait > u.max_time_wait || u.segments > u.max_segments)
		die("a table holds more than it can");
	audit_engine(r->e, r->shrunk);
	if (r->tenv.test_bufs != 0)
		die("%u buffers lost between engine and test", r->tenv.test_bufs);
}

static void
forget(struct rig *r)
{
	rig_held_forget(r);
	while (rig_waiting(r) > 0)
		rig_take(r, 0);
	free(r->out);
	r->out = NULL;
	r->out_first = r->out_count = r->out_cap = 0;
}

void
rig_close(struct rig *r)
{
	if (r->e != NULL) {
		rig_check(r);
		tg_engine_destroy(r->e);
		r->e = NULL;
	}
	forget(r);
	tenv_check_empty(&r->tenv);
}

void
rig_abandon(struct rig *r)
{
	if (r->e != NULL)
		tg_engine_destroy(r->e);
	r->e = NULL;
	forget(r);
}
