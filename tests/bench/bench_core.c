/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the core cost: TSC cycles, data hot in cache. The engine that they make has
 * bench_packet.c.
 */
#include <string.h>

#include <tidegate/tidegate.h>

#include "bench.h"
#include "cookie.h"
#include "csum.h"
#include "emit.h"
#include "secret.h"

#define OPS 256

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

int
main(void)
{
	static const uint8_t seed[32] = {1};
	static struct tg_prf hw, soft;
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
	return 0;
}
