/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generator and engine in one loop on one core: what everything together costs a SYN, TSC cycles.
 *
 * A turn writes 32 SYNs of 74 bytes (random source, port and sequence number, both checksums right)
 * into 32 buffers, which stay hot, hands them to the engine, lets time pass and asks for output.
 * The engine verifies and writes all checksums in software and answers each with a cookie. The
 * floor in place of the engine, and neither, say where the cycles go.
 */
#include <string.h>

#include "bench.h"
#include "csum.h"
#include "floor.h"
#include "frames.h"
#include "lab.h"

enum {
	BURST = 32,
	TURNS = 8,
	OPS = TURNS * BURST,
	WALL_S = 1700000000,
	/* Of a 74-byte SYN: */
	IP_CSUM = 24,
	SRC = 26,
	SPORT = 34,
	SEQ = 38,
	TCP_CSUM = 50,
};

static struct lab lab;
static struct buffers buffers;
static struct tg_secret secret;
static struct tg_pkt pkt[BURST];
static struct stock stock;
static uint64_t state = 1;

/* The SYN without source, source port and sequence number, and the sums of what is left. */
static uint8_t model[FLOOR_SYN_LEN];
static uint64_t ip_sum, tcp_sum;

static void
make_model(void)
{
	memcpy(model, stock.frame[0].bytes, sizeof(model));
	memset(model + IP_CSUM, 0, 2);
	memset(model + SRC, 0, 4);
	memset(model + SPORT, 0, 2);
	memset(model + SEQ, 0, 4);
	memset(model + TCP_CSUM, 0, 2);
	ip_sum = tg_csum_add(0, model + 14, 20);
	tcp_sum = tg_csum_add(0, model + 34, 40) + tg_csum_add(0, model + 30, 4);
	tcp_sum += __builtin_bswap16(6) + __builtin_bswap16(40);
}

static void
put_sum(uint8_t *p, uint64_t sum)
{
	uint16_t csum = (uint16_t)~tg_csum_fold(sum);

	memcpy(p, &csum, sizeof(csum));
}

static void
generate(uint8_t *p)
{
	uint32_t src, seq;
	uint16_t sport;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	/* 16 to 79 in the first byte: all may send. */
	src = ((uint32_t)(state >> 32) & 0xffffff3f) + 16;
	seq = (uint32_t)(state >> 16);
	sport = (uint16_t)(state >> 48 | 4);
	memcpy(p, model, sizeof(model));
	memcpy(p + SRC, &src, sizeof(src));
	memcpy(p + SPORT, &sport, sizeof(sport));
	memcpy(p + SEQ, &seq, sizeof(seq));
	put_sum(p + IP_CSUM, ip_sum + src);
	put_sum(p + TCP_CSUM, tcp_sum + src + seq + sport);
}

static void
generate_burst(void)
{
	buffers_describe(&buffers, &stock, 0, BURST, pkt);
	for (unsigned i = 0; i < BURST; i++)
		generate(pkt[i].data);
}

static void
with_engine(void *arg)
{
	(void)arg;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct tg_verdict v[BURST];
		struct tg_pkt out[BURST];

		generate_burst();
		lab.now += 2000;
		tg_engine_input(lab.engine, pkt, BURST, v, lab.now);
		for (unsigned i = 0; i < BURST; i++)
			if (v[i].action != TG_REPLY)
				abort();
		tg_engine_advance(lab.engine, lab.now, WALL_S, 64);
		if (tg_engine_output(lab.engine, out, BURST, lab.now) != 0)
			abort();
	}
}

static void
with_floor(void *arg)
{
	(void)arg;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		generate_burst();
		if (floor_answer(&secret.cookie[secret.epoch % 4][1], secret.epoch & 1, 1000000,
			    pkt, BURST) != BURST)
			abort();
	}
}

static void
alone(void *arg)
{
	(void)arg;
	for (unsigned turn = 0; turn < TURNS; turn++)
		generate_burst();
}

int
main(void)
{
	static const uint8_t seed[32] = {1};

	lab_make(&lab, 0, 0);
	buffers_make(&buffers, BURST);
	stock_make(&stock, FRAME_SYN4, BURST, 1);
	tg_secret_init(&secret, seed, NULL, WALL_S, true);
	make_model();
	printf("%-44s %9s %9s\n", "TSC cycles per SYN, one core, data hot", "median", "p10");
	bench_run("generator and engine (goal: p10 164 at most)", with_engine, NULL, OPS);
	if (floor_possible())
		bench_run("generator and floor", with_floor, NULL, OPS);
	bench_run("generator alone", alone, NULL, OPS);
	stock_free(&stock);
	buffers_free(&buffers);
	lab_free(&lab);
	return 0;
}
