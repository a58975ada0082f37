/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stateless path of the engine beside the floor: TSC cycles per packet.
 *
 * Every row is measured in turns with the floor, in one process: buffers filled, a round through
 * the floor, buffers filled, a round through the engine, so that whatever else the machine does
 * befalls both. A round cycles all buffers once in slices of 64 packets, each a sample. Filling is
 * not timed. A ratio is the row's over that of the floor beside it, in the same place of the
 * distribution.
 *
 * bench_packet [ROUNDS]
 */
#include <string.h>

#include "bench.h"
#include "cookie.h"
#include "floor.h"
#include "frame.h"
#include "frames.h"
#include "lab.h"
#include "tcpopt.h"

enum {
	SLICE = 64,
	BURST = 32,
	MILLION = 1000000,
	SAMPLES_MAX = 1 << 17,
};

/** A row of the table. */
struct row {
	enum frame_kind kind;
	unsigned lab;  /* index into the labs */
	unsigned disp; /* what must become of every packet */
	double goal;   /* ratio of the medians, data cold; 0: none is set */
};

/* Labs: the limiter exhausted; RSTs allowed; the limiter exhausted and a million connections. */
enum { QUIET, RESETS, FULL, LABS };

static const struct row row[] = {
	{FRAME_SYN4, QUIET, TG_DISP_ANSWERED, 1.5},
	{FRAME_SYN6, QUIET, TG_DISP_ANSWERED, 2.2},
	{FRAME_SYN4_VLAN, QUIET, TG_DISP_ANSWERED, 1.6},
	{FRAME_SYN4_MSS, QUIET, TG_DISP_ANSWERED, 0},
	{FRAME_SYN4_CLOSED, QUIET, TG_DISP_DROP_RST_LIMIT, 0},
	{FRAME_ACK4, QUIET, TG_DISP_DROP_RST_LIMIT, 1.0},
	{FRAME_ACK4_TS, QUIET, TG_DISP_DROP_RST_LIMIT, 1.0},
	{FRAME_ACK4_COOKIE, QUIET, TG_DISP_DROP_RST_LIMIT, 0},
	{FRAME_RST4, QUIET, TG_DISP_DROP_STRAY_RST, 1.0},
	{FRAME_FIN4, QUIET, TG_DISP_DROP_RST_LIMIT, 1.0},
	{FRAME_XMAS4, QUIET, TG_DISP_DROP_SYN_FLAGS, 1.0},
	{FRAME_NULL4, QUIET, TG_DISP_DROP_NO_FLAGS, 1.0},
	{FRAME_SYN4_CSUM, QUIET, TG_DISP_DROP_TCP_CSUM, 1.0},
	{FRAME_IP4_CSUM, QUIET, TG_DISP_DROP_IP_CSUM, 1.0},
	{FRAME_TCP_LENGTH, QUIET, TG_DISP_DROP_TCP_HEADER, 1.0},
	{FRAME_IP_LENGTH, QUIET, TG_DISP_DROP_IP_HEADER, 1.0},
	{FRAME_FRAGMENT, QUIET, TG_DISP_DROP_FRAGMENT, 1.0},
	{FRAME_RANDOM, QUIET, TG_DISP_COUNT, 1.0},
	{FRAME_UDP4, QUIET, TG_DISP_PASSED, 1.0},
	{FRAME_ACK4, RESETS, TG_DISP_ANSWERED, 0},
};

static const struct row row_full[] = {
	{FRAME_SYN4, FULL, TG_DISP_ANSWERED, 0},
	{FRAME_SYN6, FULL, TG_DISP_ANSWERED, 0},
	{FRAME_SYN4_VLAN, FULL, TG_DISP_ANSWERED, 0},
	{FRAME_ACK4, FULL, TG_DISP_DROP_RST_LIMIT, 0},
	{FRAME_RST4, FULL, TG_DISP_DROP_STRAY_RST, 0},
	{FRAME_SYN4_CSUM, FULL, TG_DISP_DROP_TCP_CSUM, 0},
};

static struct lab lab[LABS];
static struct tg_secret secret;
static struct stock floor_stock;
static double sample[2][SAMPLES_MAX];
static unsigned samples[2];

static void
add_sample(unsigned which, uint64_t cycles)
{
	if (samples[which] < SAMPLES_MAX)
		sample[which][samples[which]++] = (double)cycles / SLICE;
}

static void
floor_round(const struct buffers *b)
{
	buffers_fill(b, &floor_stock);
	for (unsigned i = 0; i < b->n; i += SLICE) {
		struct tg_pkt pkt[SLICE];
		unsigned n = 0;
		uint64_t start;

		buffers_describe(b, &floor_stock, i, SLICE, pkt);
		start = bench_cycles();
		for (unsigned k = 0; k < SLICE; k += BURST)
			n += floor_answer(&secret.cookie[secret.epoch % 4][1], secret.epoch & 1,
				1000000, pkt + k, BURST);
		add_sample(0, bench_cycles() - start);
		if (n != SLICE)
			abort();
	}
}

static void
engine_round(const struct buffers *b, const struct stock *s, const struct row *r)
{
	struct lab *l = &lab[r->lab];

	buffers_fill(b, s);
	for (unsigned i = 0; i < b->n; i += SLICE) {
		struct tg_pkt pkt[SLICE], out[BURST];
		struct tg_verdict v[SLICE];
		unsigned n = 0;
		uint64_t start;

		buffers_describe(b, s, i, SLICE, pkt);
		l->now += 10000;
		start = bench_cycles();
		for (unsigned k = 0; k < SLICE; k += BURST) {
			tg_engine_input(l->engine, pkt + k, BURST, v + k, l->now);
			n += tg_engine_output(l->engine, out, BURST, l->now);
		}
		add_sample(1, bench_cycles() - start);
		for (unsigned k = 0; k < SLICE; k++)
			if (r->disp != TG_DISP_COUNT && v[k].disposition != r->disp)
				abort();
		if (n != 0)
			abort();
	}
}

/* The floor must do what it says: true cookies, good checksums. */
static void
check_floor(void)
{
	struct buffers b;
	struct tg_pkt pkt[FRAMES_HOT];

	buffers_make(&b, FRAMES_HOT);
	buffers_fill(&b, &floor_stock);
	buffers_describe(&b, &floor_stock, 0, FRAMES_HOT, pkt);
	if (floor_answer(&secret.cookie[secret.epoch % 4][1], secret.epoch & 1, 1000000, pkt,
		    FRAMES_HOT) != FRAMES_HOT)
		abort();
	for (unsigned i = 0; i < FRAMES_HOT; i++) {
		struct tg_cookie_state st;
		struct tg_tcpopt o;
		struct tg_frame f;
		struct tg_tuple t;

		if (tg_frame_parse(&pkt[i], &f) != TG_FRAME_TCP || f.flags != (TG_SYN | TG_ACK))
			abort();
		tg_tcpopt_parse(pkt[i].data + f.l4_off + 20, 20, true, &o);
		t = (struct tg_tuple){{f.src, f.sport}, {f.dst, f.dport}};
		if (!tg_cookie_check(&secret, &t, f.ack - 1, f.seq, true, o.tsval, &st) ||
			st.mss != 1460 || st.wscale != 7 || !st.sack || st.ecn)
			abort();
	}
	buffers_free(&b);
}

static double
at(unsigned which, unsigned percent)
{
	return sample[which][(size_t)samples[which] * percent / 100];
}

static void
run(const struct row *r, const struct buffers *b, unsigned rounds, bool goals)
{
	struct stock s;

	stock_make(&s, r->kind, b->n, 2 + r->kind);
	samples[0] = samples[1] = 0;
	for (unsigned i = 0; i < rounds; i++) {
		floor_round(b);
		engine_round(b, &s, r);
	}
	for (unsigned w = 0; w < 2; w++)
		qsort(sample[w], samples[w], sizeof(sample[w][0]), bench_order);
	printf("%-42s %6.1f %6.1f %6.1f %6.1f %6.2f %6.2f",
		r->lab == RESETS ? "ACK, answered by a RST" : frame_name(r->kind), at(1, 50),
		at(1, 10), at(0, 50), at(0, 10), at(1, 50) / at(0, 50), at(1, 10) / at(0, 10));
	if (goals && r->goal != 0)
		printf(" %5.1f", r->goal);
	printf("\n");
	fflush(stdout);
	stock_free(&s);
}

static void
table(const char *title, const struct row r[], unsigned n, unsigned buffers, unsigned rounds)
{
	struct buffers b;

	printf("\n%-42s %13s %13s %13s\n", title, "engine", "floor", "ratio");
	printf("%-42s %6s %6s %6s %6s %6s %6s %5s\n", "", "median", "p10", "median", "p10",
		"median", "p10", "goal");
	buffers_make(&b, buffers);
	stock_make(&floor_stock, FRAME_SYN4, buffers, 1);
	for (unsigned i = 0; i < n; i++)
		run(&r[i], &b, rounds, buffers == FRAMES_COLD);
	stock_free(&floor_stock);
	buffers_free(&b);
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[32] = {1};
	const unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 40;

	if (!floor_possible()) {
		printf("no AES instructions: no floor to compare with\n");
		return 0;
	}
	tg_secret_init(&secret, seed, NULL, 1700000000, true);
	stock_make(&floor_stock, FRAME_SYN4, FRAMES_HOT, 1);
	check_floor();
	stock_free(&floor_stock);
	lab_make(&lab[QUIET], 0, 0);
	lab_make(&lab[RESETS], 0, UINT32_MAX);
	lab_make(&lab[FULL], MILLION, 0);
	printf("TSC cycles per packet; the floor makes a cookie SYN-ACK of a 74-byte IPv4 SYN\n");
	table("data cold", row, sizeof(row) / sizeof(row[0]), FRAMES_COLD, rounds);
	table("data hot", row, sizeof(row) / sizeof(row[0]), FRAMES_HOT, 16 * rounds);
	table("data cold, 1,000,000 connections", row_full, sizeof(row_full) / sizeof(row_full[0]),
		FRAMES_COLD, rounds);
	for (unsigned i = 0; i < LABS; i++)
		lab_free(&lab[i]);
	return 0;
}
