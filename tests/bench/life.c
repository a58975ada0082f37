/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lives of connections: see life.h.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MADV_HUGEPAGE */
#include <string.h>
#include <sys/mman.h>

#include "bytes.h"
#include "emit.h"
#include "life.h"

#define HUGE (UINT64_C(2) << 20)

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};

static size_t
whole_pages(size_t size)
{
	return (size + HUGE - 1) & ~(size_t)(HUGE - 1);
}

void *
life_pages(size_t size)
{
	size_t n = whole_pages(size);
	uint8_t *p, *aligned;

	/* The kernel backs what is aligned to 2 MB with one page, when asked. */
	p = mmap(NULL, n + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		abort();
	aligned = (uint8_t *)(((uintptr_t)p + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	if (aligned != p)
		munmap(p, (size_t)(aligned - p));
	munmap(aligned + n, (size_t)(p + HUGE - aligned));
	madvise(aligned, n, MADV_HUGEPAGE);
	return aligned;
}

void
life_pages_free(void *p, size_t size)
{
	munmap(p, whole_pages(size));
}

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	struct life *l = ctx;

	(void)align;
	l->bytes += size;
	return life_pages(size);
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	life_pages_free(p, size);
}

/* What leaves is gone before the ring comes round. */
static unsigned
buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	struct life *l = ctx;

	for (unsigned i = 0; i < n; i++) {
		out[i].base = l->out + (size_t)(l->out_at++ % LIFE_BUFS) * LIFE_STRIDE;
		out[i].buf = out[i].base;
		out[i].size = LIFE_STRIDE;
	}
	return n;
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	(void)ctx;
	(void)buf;
	(void)n;
}

/* A segment of a client with Linux's options, checksums right, in the next buffer. */
static struct tg_pkt
write_segment(struct life *l, uint32_t number, unsigned flags, uint32_t ack, uint32_t tsecr)
{
	/* All 2^32 numbers are different peers, in an order without pattern: 198.18.0.0/15. */
	uint32_t x = number * UINT32_C(2654435761);
	struct tg_segment s = {
		.src = tg_addr_v4(
			198, (uint8_t)(18 + (x >> 31)), (uint8_t)(x >> 23), (uint8_t)(x >> 15)),
		.dst = tg_addr_v4(192, 0, 2, 1),
		.sport = (uint16_t)(1024 + (x & 0x7fff)),
		.dport = 80,
		.seq = x + 1 - ((flags & TG_SYN) != 0),
		.ack = ack,
		.flags = (uint16_t)flags,
		.wnd = 64240,
		.opt = {.present = TG_OPT_TS, .mss = 1460, .wscale = 7, .tsval = x, .tsecr = tsecr},
	};
	struct tg_pkt p = {.data = l->in + (size_t)(l->in_at++ % LIFE_BUFS) * LIFE_STRIDE + 128,
		.headroom = 128,
		.tailroom = LIFE_STRIDE - 128};

	if (flags & TG_SYN)
		s.opt.present |= TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_WSCALE;
	memcpy(s.l2.dst, our_mac, 6);
	memcpy(s.l2.src, peer_mac, 6);
	p.buf = p.data;
	p.tailroom = (uint16_t)(p.tailroom - tg_emit_tcp_size(&s));
	tg_emit_tcp(&p, &s, 0, 0, 0);
	return p;
}

void
life_open(struct life *l, struct tg_engine_config *cfg, uint32_t lag)
{
	const struct tg_addr addr = tg_addr_v4(192, 0, 2, 1);
	struct tg_listener_config lc;

	memset(l, 0, sizeof(*l));
	cfg->env = (struct tg_env){.ctx = l,
		.alloc = mem_alloc,
		.free = mem_free,
		.buf_alloc = buf_alloc,
		.buf_free = buf_free};
	cfg->now = l->now = TG_SEC;
	cfg->somaxconn = 1u << 20;
	cfg->max_syn_backlog = 1u << 20;
	cfg->synack_rto_ms = 120000;
	l->lag = lag;
	l->queue = life_pages((size_t)lag * sizeof(*l->queue));
	l->in = life_pages((size_t)LIFE_BUFS * LIFE_STRIDE);
	l->out = life_pages((size_t)LIFE_BUFS * LIFE_STRIDE);
	if (tg_engine_create(cfg, &l->engine) != 0 ||
		tg_engine_add_port(l->engine, 0, our_mac, 1500, 0) != 0 ||
		tg_engine_add_addr(l->engine, 0, &addr, 24) != 0 ||
		tg_worker_create(l->engine, NULL, &l->worker) != 0)
		abort();
	tg_listener_config_init(&lc);
	lc.worker = l->worker;
	lc.local.port = 80;
	lc.backlog = 1u << 20;
	lc.syn_backlog = 1u << 20;
	if (tg_listen(l->engine, &lc, &l->listener) != 0)
		abort();
	for (unsigned i = 0; i < LIFE_AHEAD; i++)
		l->syn[i] = write_segment(l, l->written++, TG_SYN, 0, 0);
}

void
life_close(struct life *l)
{
	tg_engine_destroy(l->engine);
	life_pages_free(l->queue, (size_t)l->lag * sizeof(*l->queue));
	life_pages_free(l->in, (size_t)LIFE_BUFS * LIFE_STRIDE);
	life_pages_free(l->out, (size_t)LIFE_BUFS * LIFE_STRIDE);
}

/* A burst goes in; what it must come to. */
static double
input(struct life *l, struct tg_pkt pkt[LIFE_BURST], enum tg_action action)
{
	struct tg_verdict v[LIFE_BURST];
	uint64_t start;

	l->now += 10000;
	start = bench_cycles();
	for (unsigned i = 0; i < LIFE_BURST; i++)
		__builtin_prefetch(pkt[i].data);
	tg_engine_input(l->engine, pkt, LIFE_BURST, v, l->now);
	start = bench_cycles() - start;
	for (unsigned i = 0; i < LIFE_BURST; i++)
		if (v[i].action != action || v[i].disposition > TG_DISP_ANSWERED)
			abort();
	return (double)start / LIFE_BURST;
}

/* The next burst of SYNs, written a while ago. */
static void
next_syns(const struct life *l, struct tg_pkt pkt[LIFE_BURST])
{
	memcpy(pkt, &l->syn[l->begun % LIFE_AHEAD], LIFE_BURST * sizeof(*pkt));
}

/* Others are written in their place. */
static void
refill_syns(struct life *l)
{
	for (unsigned i = 0; i < LIFE_BURST; i++)
		l->syn[l->begun++ % LIFE_AHEAD] = write_segment(l, l->written++, TG_SYN, 0, 0);
}

static void
syns(struct life *l, struct tg_pkt pkt[LIFE_BURST])
{
	next_syns(l, pkt);
	l->cycles[LIFE_SYN] = input(l, pkt, TG_REPLY);
	refill_syns(l);
}

double
life_compare(
	struct life *l, unsigned (*answer)(void *ctx, struct tg_pkt pkt[], unsigned n), void *ctx)
{
	struct tg_pkt pkt[LIFE_BURST];
	uint64_t start;

	next_syns(l, pkt);
	start = bench_cycles();
	for (unsigned i = 0; i < LIFE_BURST; i++)
		__builtin_prefetch(pkt[i].data);
	if (answer(ctx, pkt, LIFE_BURST) != LIFE_BURST)
		abort();
	start = bench_cycles() - start;
	refill_syns(l);
	return (double)start / LIFE_BURST;
}

void
life_flood(struct life *l)
{
	struct tg_pkt pkt[LIFE_BURST];

	syns(l, pkt);
}

/* SYNs of clients that will come back. */
static void
begin(struct life *l)
{
	struct tg_pkt pkt[LIFE_BURST];
	uint32_t number = l->begun;

	syns(l, pkt);
	for (unsigned i = 0; i < LIFE_BURST; i++) {
		const uint8_t *tcp = pkt[i].data + 34;

		/* MSS, SACK-permitted and timestamps: TSval stands at byte 28. */
		l->queue[(l->first + l->waiting++) % l->lag] = (struct life_client){
			.number = number + i,
			.iss = tg_get32(tcp + 4),
			.tsval = tg_get32(tcp + 28),
		};
	}
}

/* The ACKs of the clients that waited longest are written; their turn comes LIFE_AHEAD later. */
static void
write_acks(struct life *l)
{
	struct tg_pkt *ready = &l->ack[l->acks % LIFE_AHEAD];

	for (unsigned i = 0; i < LIFE_BURST; i++) {
		const struct life_client *c = &l->queue[l->first];

		ready[i] = write_segment(l, c->number, TG_ACK, c->iss + 1, c->tsval);
		l->first = (l->first + 1) % l->lag;
		l->waiting--;
	}
	l->acks += LIFE_BURST;
}

void
life_fill(struct life *l)
{
	while (l->waiting < l->lag)
		begin(l);
	while (l->acks < LIFE_AHEAD)
		write_acks(l);
}

void
life_shake(struct life *l)
{
	struct tg_pkt pkt[LIFE_BURST];

	begin(l);
	memcpy(pkt, &l->ack[l->acks % LIFE_AHEAD], sizeof(pkt));
	l->cycles[LIFE_ACK] = input(l, pkt, TG_DROP);
	write_acks(l);
}

static void
take(struct life *l, tg_conn conn[LIFE_BURST])
{
	struct tg_event ev[LIFE_BURST];
	uint64_t start = bench_cycles();

	if (tg_worker_events(l->worker, ev, LIFE_BURST) != 1 ||
		tg_accept(l->worker, ev[0].listener, conn, LIFE_BURST) != LIFE_BURST)
		abort();
	l->cycles[LIFE_ACCEPT] = (double)(bench_cycles() - start) / LIFE_BURST;
}

void
life_accept(struct life *l)
{
	tg_conn conn[LIFE_BURST];

	take(l, conn);
}

void
life_end(struct life *l)
{
	struct tg_pkt pkt[LIFE_BURST];
	tg_conn conn[LIFE_BURST];
	uint64_t start;

	take(l, conn);
	start = bench_cycles();
	for (unsigned i = 0; i < LIFE_BURST; i++)
		tg_abort(l->worker, conn[i]);
	l->cycles[LIFE_ABORT] = (double)(bench_cycles() - start) / LIFE_BURST;
	start = bench_cycles();
	tg_engine_advance(l->engine, l->now, 1, 64);
	if (tg_engine_output(l->engine, pkt, LIFE_BURST, l->now) != LIFE_BURST)
		abort();
	l->cycles[LIFE_SEND] = (double)(bench_cycles() - start) / LIFE_BURST;
}
