/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the core cost: TSC cycles, data hot in cache.
 */
#include <string.h>

#include <tidegate/tidegate.h>

#include "bench.h"
#include "cookie.h"
#include "csum.h"
#include "emit.h"
#include "secret.h"

#define OPS   256
#define BURST 32

static volatile uint64_t sink;
static uint8_t payload[1460], copy[1460];
static struct tg_secret secret;
static struct tg_tuple tuple[2];

static void
slice_sum(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < OPS; i++)
		sink += tg_csum_add(i, payload, sizeof(payload));
}

static void
slice_copy_sum(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < OPS; i++)
		sink += tg_csum_copy(i, copy, payload, sizeof(payload));
}

static void
slice_prf(void *arg)
{
	uint8_t block[16] = {0};

	(void)arg;
	/* The block number goes in, not the last output: packets of a burst do not wait for each
	 * other either. */
	for (unsigned i = 0; i < OPS; i++) {
		uint8_t out[16];

		memcpy(block, &i, sizeof(i));
		tg_prf_block(arg, block, out);
		sink += out[0];
	}
}

static void
slice_digest(void *arg)
{
	struct tg_tuple t = *(struct tg_tuple *)arg;
	struct tg_digest d;

	for (unsigned i = 0; i < OPS; i++) {
		t.remote.port = (uint16_t)i;
		tg_secret_digest(&secret, &t, &d);
		sink += d.hash;
	}
}

static void
slice_cookie_make(void *arg)
{
	struct tg_tuple t = *(struct tg_tuple *)arg;
	uint32_t tsval;

	for (unsigned i = 0; i < OPS; i++) {
		struct tg_cookie_state st = {1460, 7, true, false, true};

		t.remote.port = (uint16_t)i;
		sink += tg_cookie_make(&secret, &t, i, &st, i, &tsval);
	}
}

/* A SYN-ACK with Linux's options, or with an offload request a bare ACK with timestamps. */
static void
slice_emit(void *arg)
{
	static uint8_t frame[128];
	const unsigned *offload = arg;
	struct tg_segment s = {
		.src = tg_addr_v4(192, 0, 2, 1),
		.dst = tg_addr_v4(198, 51, 100, 1),
		.sport = 80,
		.flags = TG_SYN | TG_ACK,
		.wnd = 65535,
		.ttl = 64,
		.opt = {.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE,
			.mss = 1460},
	};

	if (*offload != 0) {
		s.flags = TG_ACK;
		s.opt.present = TG_OPT_TS;
	}
	for (unsigned i = 0; i < OPS; i++) {
		struct tg_pkt p = {.data = frame, .tailroom = sizeof(frame)};

		s.seq = i;
		tg_emit_tcp(&p, &s, 0, 0, *offload);
		sink += p.len;
	}
}

/* An engine with a supply of SYN packets that are restored before each burst. */
struct syn_bench {
	struct tg_engine *engine;
	tg_time now;
	unsigned syn_len;
	uint8_t syn[BURST][128];
	uint8_t frame[BURST][256];
};

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	(void)ctx;
	return p != NULL ? memset(p, 0, size) : NULL;
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static unsigned
buf_none(void *ctx, struct tg_buf out[], unsigned n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return 0; /* cookies are answered in place: nothing is ever asked for */
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	(void)ctx;
	(void)buf;
	(void)n;
}

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};

static void
syn_bench_init(struct syn_bench *b, unsigned syncookies)
{
	struct tg_engine_config cfg;
	struct tg_listener_config lc;
	const struct tg_addr addr = tg_addr_v4(192, 0, 2, 1);
	struct tg_worker *w;
	tg_listener l;

	tg_engine_config_init(&cfg);
	cfg.env = (struct tg_env){NULL, mem_alloc, mem_free, buf_none, buf_free};
	cfg.syncookies = (uint8_t)syncookies;
	cfg.now = b->now = TG_SEC;
	if (tg_engine_create(&cfg, &b->engine) != 0 ||
		tg_engine_add_port(b->engine, 0, our_mac, 1500, 0) != 0 ||
		tg_engine_add_addr(b->engine, 0, &addr, 24) != 0 ||
		tg_worker_create(b->engine, NULL, &w) != 0)
		abort();
	tg_listener_config_init(&lc);
	lc.worker = w;
	for (uint16_t port = 80; port < 96; port++) {
		lc.local.port = port;
		if (tg_listen(b->engine, &lc, &l) != 0)
			abort();
	}
	for (unsigned i = 0; i < BURST; i++) {
		struct tg_segment s = {
			.src = tg_addr_v4(198, 51, 100, (uint8_t)i),
			.dst = addr,
			.sport = (uint16_t)(1024 + i),
			.dport = 80,
			.seq = i * 77777u,
			.flags = TG_SYN,
			.wnd = 64240,
			.ttl = 64,
			.opt = {.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE,
				.mss = 1460,
				.wscale = 7,
				.tsval = 1000 + i},
		};
		struct tg_pkt p = {.data = b->syn[i], .tailroom = 128};

		memcpy(s.l2.dst, our_mac, 6);
		memcpy(s.l2.src, peer_mac, 6);
		tg_emit_tcp(&p, &s, 0, 0, 0);
		b->syn_len = p.len;
	}
}

static void
slice_syn(void *arg)
{
	struct syn_bench *b = arg;

	for (unsigned round = 0; round < OPS / BURST; round++) {
		struct tg_pkt pkt[BURST];
		struct tg_verdict v[BURST];

		for (unsigned i = 0; i < BURST; i++) {
			memcpy(b->frame[i], b->syn[i], b->syn_len);
			pkt[i] = (struct tg_pkt){
				.data = b->frame[i],
				.len = (uint16_t)b->syn_len,
				.tailroom = 128,
			};
		}
		b->now += 10000;
		tg_engine_input(b->engine, pkt, BURST, v, b->now);
		for (unsigned i = 0; i < BURST; i++)
			if (v[i].action != TG_REPLY)
				abort();
	}
}

int
main(void)
{
	static const uint8_t seed[32] = {1};
	static struct tg_prf hw, soft;
	static struct syn_bench bench;
	unsigned software = 0, offloaded = TG_OFFLOAD_IP | TG_OFFLOAD_TCP;

	for (unsigned i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31);
	tg_secret_init(&secret, seed, NULL, 1000000, true);
	tg_prf_init(&hw, seed, true);
	tg_prf_init(&soft, seed, false);
	tuple[0] = (struct tg_tuple){
		{tg_addr_v4(192, 0, 2, 1), 80}, {tg_addr_v4(198, 51, 100, 1), 1024}};
	tuple[1] = (struct tg_tuple){
		{{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 80}, {{{0x20, 0x01, [15] = 2}}, 1024}};
	syn_bench_init(&bench, TG_SYNCOOKIES_ALWAYS);

	printf("%-44s %9s %9s\n", "TSC cycles per operation, data hot", "median", "p10");
	bench_run("checksum of 1460 bytes", slice_sum, NULL, OPS);
	bench_run("copy and checksum of 1460 bytes", slice_copy_sum, NULL, OPS);
	bench_run(hw.hw ? "AES-128 block, CPU instructions" : "AES-128 block (no CPU instructions)",
		slice_prf, &hw, OPS);
	bench_run("AES-128 block, portable twin", slice_prf, &soft, OPS);
	bench_run("digest of an IPv4 tuple", slice_digest, &tuple[0], OPS);
	bench_run("digest of an IPv6 tuple", slice_digest, &tuple[1], OPS);
	bench_run("cookie for an IPv4 SYN with timestamps", slice_cookie_make, &tuple[0], OPS);
	bench_run("cookie for an IPv6 SYN with timestamps", slice_cookie_make, &tuple[1], OPS);
	bench_run("SYN-ACK written, checksums in software", slice_emit, &software, OPS);
	bench_run("ACK written, checksums left to the port", slice_emit, &offloaded, OPS);
	bench_run("74-byte SYN to cookie SYN-ACK, whole engine", slice_syn, &bench, OPS);
	tg_engine_destroy(bench.engine);
	return 0;
}
