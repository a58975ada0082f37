/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole engine: any sequence of packets, time, and worker's calls.
 *
 * Input: settings (engine_settings.h), then operations. The low three bits of an operation's first
 * byte say what it is, the upper five are its parameter a:
 *
 *   0, 5-7  packet: a bits 0-2 the client, bit 3 damaged, bit 4 checksums not vouched for; then
 *           flags, seq, ack, window / 256, options, payload / 8; seq and ack are signed steps away
 *           from what would fit just now (-128: four bytes of the number itself); when damaged, a
 *           count and (offset, xor) pairs
 *   1       time: 100 us << a
 *   2       worker: a is the call, then a connection and a length; two bytes more for options
 *   3       frame: a bits 0-1 times 256 and one byte are its length, then its bytes; with bit 3
 *           instead an ICMP error: client, type, code, MTU / 8, seq (a step from the engine's
 *           next), bytes quoted
 *   4       surroundings: a is which; 10 holds packets back for a burst, anything but a packet ends
 *           it; 11 changes the Fast Open key, 12 the cookie secret; 13 takes settings again, and
 *           engine and listeners are changed to them
 *
 * A client sends the last Fast Open cookie it was given.
 *
 * So most of what the fuzzer tries lies next to a valid conversation. What must hold is asserted
 * by the bench at every step (accounting, ownership, every frame sent is proved, half-open entries
 * are where their flags and the listeners' counts say), at the end there are no connections, no
 * buffers and no memory left, and output is bounded by input and time.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "engine_settings.h"
#include "rig.h"
#include "seg.h"

#define CLIENTS 8
#define HANDLES 8
#define OPS_MAX 400

/* What a client would know. */
struct client {
	uint32_t isn, nxt; /**< next SEQ the engine expects */
	uint32_t ours;     /**< next SEQ of the engine */
	uint32_t tsval;    /**< its last TSval */
	uint8_t cookie[8]; /**< Fast Open, when it has one */
	bool has_cookie;
};

/* The state of one run. */
struct run {
	struct fuzz_bytes in;
	struct rig rig;
	struct client client[CLIENTS];
	tg_conn conn[HANDLES]; /* stale ones too */
	unsigned conns;
	tg_listener listener[2];
	struct tg_listener_config lcfg[2];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t
take(struct run *r)
{
	return fuzz_take(&r->in);
}

static uint32_t
take32(struct run *r)
{
	uint32_t x = 0;

	for (unsigned i = 0; i < 4; i++)
		x = x << 8 | take(r);
	return x;
}

/* Clients 0 to 5 are IPv4, 6 and 7 IPv6; 4 and 5 come tagged; 3 knocks at a closed port. */
static void
address(unsigned c, struct seg *s)
{
	bool v6 = c >= 6;

	s->src = tg_addr_v4(10, 0, 0, (uint8_t)(2 + c));
	s->dst = tg_addr_v4(10, 0, 0, 1);
	if (v6) {
		memset(&s->src, 0, sizeof(s->src));
		s->src.b[0] = 0xfd;
		s->dst = s->src;
		s->src.b[15] = (uint8_t)c;
		s->dst.b[15] = 1;
	}
	s->sport = (uint16_t)(40000 + c);
	s->dport = c == 3 ? 81 : 80;
	memcpy(s->eth_dst, "\x02\0\0\0\0\1", 6);
	memcpy(s->eth_src, "\x02\0\0\0\1\0", 6);
	if (c == 4 || c == 5) {
		s->tags = (uint8_t)(c - 3);
		s->tpid[0] = c == 4 ? 0x8100 : 0x88a8;
		s->tpid[1] = 0x8100;
		s->tci[0] = s->tci[1] = 5;
	}
}

/* What the engine sends tells a client where the conversation stands. */
static void
on_send(void *ctx, const struct rig_frame *f)
{
	struct run *r = ctx;
	const struct seg_opt *ts, *fo;
	struct client *c;
	struct seg s;

	if (seg_read(f->bytes, f->len, &s) != NULL || s.dport < 40000 ||
		s.dport >= 40000 + CLIENTS || (s.flags & SEG_R) != 0)
		return;
	c = &r->client[s.dport - 40000];
	c->ours = s.seq + seg_space(&s);
	c->nxt = s.ack;
	ts = seg_opt_find(&s, SEG_OPT_TS);
	if (ts != NULL && ts->len == 10)
		c->tsval = seg_raw32(ts, 0);
	fo = seg_opt_find(&s, SEG_OPT_TFO);
	if (fo != NULL && fo->len == 10) {
		memcpy(c->cookie, fo->raw, 8);
		c->has_cookie = true;
	}
}

static void
begin(struct run *r)
{
	engine_settings(&r->in, &r->rig, r->lcfg);
	r->rig.on_send = on_send;
	r->rig.on_send_ctx = r;
	if (rig_open(&r->rig) != 0)
		die("the engine cannot be made");
	rig_usual(&r->rig);
	for (unsigned i = 0; i < 2; i++) {
		r->lcfg[i].worker = r->rig.w;
		if (tg_listen(r->rig.e, &r->lcfg[i], &r->listener[i]) != 0)
			die("a listener cannot be opened");
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		r->client[i].isn = 0xfffffc00u + 1000 * i; /* numbers wrap early on */
		r->client[i].nxt = r->client[i].isn + 1;
	}
}

static uint32_t
number(struct run *r, uint32_t fits)
{
	int8_t step = (int8_t)take(r);

	return step == INT8_MIN ? take32(r) : fits + (uint32_t)(int32_t)step;
}

static void
options(struct run *r, const struct client *c, uint8_t sel, struct seg *s)
{
	static const uint8_t sack[8] = {0, 0, 0, 1, 0, 0, 0, 9};

	if ((sel & 1) != 0)
		seg_opt_mss(s, (sel & 128) != 0 ? 1 : 1460);
	if ((sel & 2) != 0)
		seg_opt_sack_ok(s);
	if ((sel & 4) != 0)
		seg_opt_ts(s, (uint32_t)(r->rig.now / TG_MSEC) - ((sel & 128) != 0 ? 5000 : 0),
			c->tsval);
	if ((sel & 8) != 0)
		seg_opt_wscale(s, (sel & 128) != 0 ? 15 : 7);
	if ((sel & 16) != 0)
		seg_opt_add(s, SEG_OPT_SACK, sack, 8);
	if ((sel & 32) != 0)
		seg_opt_add(s, SEG_OPT_TFO, c->cookie, c->has_cookie ? 8 : 0);
	if ((sel & 64) != 0)
		s->win = 0;
}

static void
packet(struct run *r, unsigned a)
{
	struct client *c = &r->client[a & 7];
	struct rig_rx rx = {.headroom = 64, .tailroom = 64, .unverified = (a & 16) != 0};
	uint8_t frame[SEG_FRAME_MAX], payload[255 * 8];
	unsigned len, hdr;
	uint8_t sel;
	struct seg s;

	seg_init(&s);
	address(a & 7, &s);
	s.flags = take(r);
	s.seq = number(r, (s.flags & SEG_S) != 0 ? c->isn : c->nxt);
	s.ack = number(r, c->ours);
	s.win = (uint16_t)(take(r) << 8 | 0xff);
	sel = take(r);
	options(r, c, sel, &s);
	s.len = take(r) * 8u;
	if (s.len > 1400)
		s.len = 1400;
	for (unsigned i = 0; i < s.len; i++)
		payload[i] = (uint8_t)(s.seq + i);
	s.data = payload;
	len = seg_write(&s, frame, &hdr);
	if ((a & 8) != 0)
		for (unsigned n = 1 + (take(r) & 3); n > 0; n--) {
			unsigned at = take(r);

			frame[at % len] ^= take(r);
		}
	else
		rx.hdr = (uint16_t)hdr;
	rig_feed(&r->rig, frame, len, &rx);
}

static void
raw(struct run *r, unsigned a)
{
	struct rig_rx rx = {.headroom = 64, .tailroom = 64, .unverified = (a & 4) != 0};
	uint8_t frame[1024];
	unsigned len = (a & 3) * 256 + take(r);

	if (len > r->in.left)
		len = (unsigned)r->in.left;
	memcpy(frame, r->in.at, len);
	r->in.at += len;
	r->in.left -= len;
	rig_feed(&r->rig, frame, len, &rx);
}

static void
icmp(struct run *r, unsigned a)
{
	struct rig_rx rx = {.headroom = 64, .tailroom = 64, .unverified = (a & 4) != 0};
	const struct client *c;
	uint8_t frame[SEG_FRAME_MAX], which = take(r) & 7;
	struct seg_icmp x = {.type = take(r)};
	struct tg_addr client;
	struct seg s;

	seg_init(&s);
	address(which, &s);
	c = &r->client[which];
	x.code = take(r);
	x.word = take(r) * 8u;
	s.seq = number(r, c->ours);
	x.quote = take(r);
	/* as it left us, and back from the client's own place */
	client = s.src;
	s.src = s.dst;
	s.dst = client;
	s.dport = s.sport;
	s.sport = which == 3 ? 81 : 80;
	x.from = s.dst;
	x.to = s.src;
	rig_feed(&r->rig, frame, seg_icmp_write(&x, &s, frame), &rx);
}

static void
accept_some(struct run *r)
{
	tg_conn got[2];
	unsigned n = tg_accept(r->rig.w, r->listener[r->conns & 1], got, 2);

	for (unsigned i = 0; i < n; i++) {
		/* the oldest handle makes room: nobody holds its connection any more */
		tg_conn *slot = &r->conn[r->conns++ % HANDLES];

		if (*slot != 0)
			(void)tg_abort(r->rig.w, *slot);
		*slot = got[i];
		(void)tg_set_user(r->rig.w, got[i], slot);
	}
}

static void
check_event(const struct run *r, const struct tg_event *ev)
{
	const tg_conn *slot = ev->user;

	if (ev->conn == 0 || slot == NULL)
		return;
	if (slot < r->conn || slot >= r->conn + HANDLES || *slot != ev->conn)
		die("an event with another connection's pointer, or of one that is gone");
}

/* Keep-alive and user timeout in seconds that the input's time reaches; bad values too. */
static void
set_options(struct run *r, tg_conn c)
{
	const unsigned a = take(r), b = take(r);
	const struct tg_conn_options o = {
		.keepalive = a & 1,
		.keep_count = a >> 1 & 3,
		.keep_idle_s = (a >> 3 & 3) * 20,
		.keep_interval_s = (a >> 5 & 3) * 20,
		.user_timeout_ms = (b & 7) * 700,
		.window_clamp = (b >> 3 & 3) * 1100,
		.hop_limit = (b >> 5 & 3) * 64,
		.dscp = b & 0x80 ? b & 0x7F : TG_DSCP_ENGINE,
	};
	struct tg_conn_options now;

	if (tg_set_options(r->rig.w, c, &o) == 0 &&
		(tg_get_options(r->rig.w, c, &now) != 0 || now.window_clamp != o.window_clamp))
		die("options that were set are not there");
}

static void
worker(struct run *r, unsigned a)
{
	struct tg_worker *w = r->rig.w;
	tg_conn *slot = &r->conn[take(r) % HANDLES], c = *slot;
	unsigned len = 1 + take(r) * 32u;
	static uint8_t buf[1 + 255 * 32];
	struct tg_conn_info info;
	struct tg_event ev[4];
	const uint8_t *at;
	int n;

	switch (a % 13) {
	case 0:
	case 1:
		accept_some(r);
		break;
	case 2:
		(void)tg_recv(w, c, buf, len);
		break;
	case 3:
		n = tg_peek(w, c, &at);
		if (n > 0 && tg_consume(w, c, (uint32_t)n < len ? (uint32_t)n : len) != 0)
			die("what was shown cannot be consumed");
		break;
	case 4:
	case 5:
		n = tg_send(w, c, buf, len);
		if (n > (int)len)
			die("more was taken than given");
		break;
	case 6:
		(void)tg_shutdown(w, c);
		break;
	case 7: /* the handle stays: it is stale now */
		if (tg_close(w, c) == 0 && tg_close(w, c) == 0)
			die("a connection was closed twice");
		break;
	case 8:
		if (tg_abort(w, c) == 0 && tg_user(w, c) != NULL)
			die("a pointer survived its connection");
		break;
	case 9:
		(void)tg_set_nodelay(w, c, (len & 32) != 0);
		break;
	case 10:
		if (tg_get_info(w, c, &info) == 0 && info.conn != c)
			die("a connection with another handle");
		break;
	case 12:
		set_options(r, c);
		break;
	default:
		for (unsigned i = 0, k = tg_worker_events(w, ev, 4); i < k; i++)
			check_event(r, &ev[i]);
	}
	rig_turn(&r->rig);
}

static void
change(struct run *r)
{
	static struct rig other;
	struct tg_listener_config l[2];

	engine_settings(&r->in, &other, l);
	r->rig.shrunk = true;
	if (tg_engine_reconfigure(r->rig.e, &other.cfg) != 0)
		die("settings that an engine can be made of are refused");
	for (unsigned i = 0; i < 2; i++) {
		l[i].local = r->lcfg[i].local;
		l[i].dual_stack = r->lcfg[i].dual_stack;
		l[i].worker = r->rig.w;
		r->lcfg[i] = l[i];
		(void)tg_listener_reconfigure(r->rig.e, r->listener[i], &l[i]);
	}
}

static void
surroundings(struct run *r, unsigned a)
{
	struct tg_engine *e = r->rig.e;

	switch (a) {
	case 0:
	case 1:
		r->rig.tenv.buf_outage = a == 1;
		break;
	case 2:
	case 3:
		(void)tg_unlisten(e, r->listener[a - 2]);
		break;
	case 4:
	case 5:
		(void)tg_listen(e, &r->lcfg[a - 4], &r->listener[a - 4]);
		break;
	case 6:
		tg_engine_drain(e);
		break;
	case 7:
		tg_engine_finish(e);
		break;
	case 8:
		tg_engine_reset(e);
		break;
	case 9:
		r->rig.tenv.buf_fail_at = r->rig.tenv.buf_calls + 1 + take(r) % 4;
		r->rig.tenv.buf_fail_count = 1 + take(r) % 8;
		break;
	case 10:
		rig_hold(&r->rig);
		return;
	case 11:
		tg_engine_rotate_fastopen(e, (const uint8_t[16]){take(r)});
		break;
	case 12:
		tg_engine_rotate(e, (const uint8_t[32]){take(r)});
		break;
	case 13:
		change(r);
		break;
	default:
		break;
	}
	rig_turn(&r->rig);
}

/* Everything ends: connections by RST, half-open entries with their listeners, the rest by time. */
static void
finish(struct run *r)
{
	struct tg_engine_usage u;

	r->rig.tenv.buf_outage = false;
	r->rig.tenv.buf_fail_at = 0;
	tg_engine_drain(r->rig.e);
	tg_engine_reset(r->rig.e);
	rig_turn(&r->rig);
	for (unsigned i = 0; i < HANDLES; i++)
		(void)tg_close(r->rig.w, r->conn[i]);
	rig_until(&r->rig, r->rig.now + 300 * TG_SEC, RIG_NO_STOP);
	tg_engine_usage(r->rig.e, &u);
	if (u.conns != 0 || u.half_open != 0 || u.time_wait != 0 || u.segments != 0 ||
		u.listeners != 0)
		die("left over: %u connections, %u half-open, %u in TIME_WAIT, %u segments",
			u.conns, u.half_open, u.time_wait, u.segments);
	if (r->rig.tenv.engine_bufs != 0)
		die("%u buffers left over", r->rig.tenv.engine_bufs);
	rig_close(&r->rig);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r;
	unsigned ops = 0;

	if (size < 3)
		return 0;
	memset(&r, 0, sizeof(r));
	r.in = (struct fuzz_bytes){.at = data, .left = size};
	begin(&r);
	while (r.in.left > 0 && ops++ < OPS_MAX) {
		uint8_t op = take(&r);
		unsigned a = op >> 3, kind = op & 7;
		tg_time step;

		if ((kind == 1 || kind == 2 || kind == 4) && r.rig.hold)
			rig_release(&r.rig);

		switch (kind) {
		case 1:
			step = (100000ull << (a < 21 ? a : 21));
			rig_until(&r.rig, r.rig.now + step, RIG_NO_STOP);
			break;
		case 2:
			worker(&r, a);
			break;
		case 3:
			if ((a & 8) != 0)
				icmp(&r, a);
			else
				raw(&r, a);
			break;
		case 4:
			surroundings(&r, a);
			break;
		default:
			packet(&r, a);
		}
	}
	rig_release(&r.rig);
	/* a send of 8 KiB to an MSS of a few bytes is the worst bargain, and retries are few */
	if (r.rig.sent > 2000 + 3000ull * ops)
		die("%llu frames sent for %u operations", (unsigned long long)r.rig.sent, ops);
	finish(&r);
	return 0;
}
