/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stateful path: SYN, SYN queue, ACK, accept queue, worker takes it, close by RST; TSC cycles a
 * connection, packets cold, checksums in software, with few and with a million half-open entries.
 *
 *     bench_state [BURSTS]
 *
 * One burst of 32 connections is a slice; the engines take turns, so that what disturbs the machine
 * disturbs all of them.
 */
#include <string.h>

#include "life.h"
#include "synq.h"
#include "tcb.h"

#if defined(__has_include)
#if __has_include("floor.h")
#include "floor.h"
#define FLOOR
#endif
#endif

#define MILLION 1000000u
/* Timeouts handled in a slice of the timer's part. */
#define TIMEOUTS 64

/* A population of half-open entries. */
struct scene {
	const char *name;
	uint32_t flood; /* entries of clients that never come back */
	uint32_t lag;   /* entries of clients that do, in turn */
	bool small;     /* tables of the default size: 16,384 half-open, 65,536 connections */
	struct life life;
	double *cycles[LIFE_STAGES + 1]; /* the last one is the sum */
};

static struct scene scenes[] = {
	{.name = "1,000 half-open, default tables", .lag = LIFE_AHEAD, .small = true},
	{.name = "1,000 half-open, tables for 1 M", .lag = LIFE_AHEAD},
	{.name = "1 M half-open, a flood's", .flood = MILLION - LIFE_AHEAD, .lag = LIFE_AHEAD},
	{.name = "1 M half-open, all complete in turn", .lag = MILLION / LIFE_BURST * LIFE_BURST},
};
#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

static const char *const stages[LIFE_STAGES + 1] = {"SYN to entry and SYN-ACK", "ACK to connection",
	"events, accept", "abort", "advance, RST written", "whole life"};

#ifdef FLOOR
static struct tg_secret secret;
static struct life floor_life;
static double *floor_cycles;

static unsigned
floor_burst(void *ctx, struct tg_pkt pkt[], unsigned n)
{
	(void)ctx;
	return floor_answer(&secret.cookie[secret.epoch % 4][1], secret.epoch & 1, 1000000, pkt, n);
}

static void
floor_open(unsigned bursts)
{
	static const uint8_t seed[32] = {1};
	struct tg_engine_config cfg;

	tg_secret_init(&secret, seed, NULL, 1000000, true);
	tg_engine_config_init(&cfg);
	life_open(&floor_life, &cfg, LIFE_AHEAD);
	floor_cycles = malloc(bursts * sizeof(double));
}

/* The same packets through the floor: a cookie SYN-ACK, nothing else. Then whole lives by it. */
static void
floor_report(unsigned bursts)
{
	qsort(floor_cycles, bursts, sizeof(double), bench_order);
	printf("%-28s %-38s %8.0f %8.0f\n", "floor, SYN to cookie SYN-ACK", "",
		floor_cycles[bursts / 2], floor_cycles[bursts / 10]);
	for (unsigned i = 0; i < SCENES; i++)
		printf("%-28s %-38s %8.1f %8.1f\n", "whole life / floor", scenes[i].name,
			scenes[i].cycles[LIFE_STAGES][bursts / 2] / floor_cycles[bursts / 2],
			scenes[i].cycles[LIFE_STAGES][bursts / 10] / floor_cycles[bursts / 10]);
}
#endif

static void
scene_open(struct scene *s, unsigned bursts)
{
	struct tg_engine_config cfg;

	tg_engine_config_init(&cfg);
	if (!s->small)
		cfg.max_half_open = MILLION + 2 * LIFE_AHEAD;
	life_open(&s->life, &cfg, s->lag);
	for (uint32_t i = 0; i < s->flood; i += LIFE_BURST)
		life_flood(&s->life);
	life_fill(&s->life);
	for (unsigned k = 0; k <= LIFE_STAGES; k++)
		s->cycles[k] = malloc(bursts * sizeof(double));
}

static void
scene_burst(struct scene *s, unsigned at)
{
	double sum = 0;

	life_shake(&s->life);
	life_end(&s->life);
	for (unsigned k = 0; k < LIFE_STAGES; k++) {
		s->cycles[k][at] = s->life.cycles[k];
		sum += s->life.cycles[k];
	}
	s->cycles[LIFE_STAGES][at] = sum;
}

/* Half-open entries at their first timeout: advance and the SYN-ACK again. */
static void
timeouts(struct scene *s, unsigned bursts)
{
	struct life *l = &s->life;
	struct tg_pkt pkt[TIMEOUTS];
	unsigned n = 0;

	l->now += 121 * TG_SEC;
	for (unsigned i = 0; i < bursts && n < bursts; i++) {
		uint64_t start = bench_cycles();

		if (tg_engine_advance(l->engine, l->now, 1, TIMEOUTS) < TIMEOUTS ||
			tg_engine_output(l->engine, pkt, TIMEOUTS, l->now) != TIMEOUTS)
			break;
		s->cycles[0][n++] = (double)(bench_cycles() - start) / TIMEOUTS;
	}
	if (n < 10)
		return;
	qsort(s->cycles[0], n, sizeof(double), bench_order);
	printf("%-28s %-38s %8.0f %8.0f\n", "timeout, SYN-ACK again", s->name, s->cycles[0][n / 2],
		s->cycles[0][n / 10]);
}

static void
report(unsigned bursts)
{
	for (unsigned k = 0; k <= LIFE_STAGES; k++)
		for (unsigned i = 0; i < SCENES; i++) {
			double *c = scenes[i].cycles[k], *first = scenes[0].cycles[k];

			qsort(c, bursts, sizeof(*c), bench_order);
			printf("%-28s %-38s %8.0f %8.0f", stages[k], scenes[i].name, c[bursts / 2],
				c[bursts / 10]);
			if (i > 0)
				printf(" %7.2f %7.2f", c[bursts / 2] / first[bursts / 2],
					c[bursts / 10] / first[bursts / 10]);
			putchar('\n');
		}
}

int
main(int argc, char **argv)
{
	unsigned bursts = argc > 1 ? (unsigned)atoi(argv[1]) : 20001;

	for (unsigned i = 0; i < SCENES; i++)
		scene_open(&scenes[i], bursts);
#ifdef FLOOR
	floor_open(bursts);
#endif
	for (unsigned b = 0; b < bursts; b++) {
		for (unsigned i = 0; i < SCENES; i++)
			scene_burst(&scenes[i], b);
#ifdef FLOOR
		floor_cycles[b] = life_compare(&floor_life, floor_burst, NULL);
#endif
	}
	printf("%-28s %-38s %8s %8s %7s %7s\n", "TSC cycles for each connection", "", "median",
		"p10", "/ first", "/ first");
	report(bursts);
#ifdef FLOOR
	floor_report(bursts);
#endif
	for (unsigned i = 2; i < SCENES; i++)
		timeouts(&scenes[i], bursts);
	printf("memory of a half-open entry: %zu bytes and 9.85 in the flow table; of the engine "
	       "with %u entries, %u connections: %.1f MB\n",
		sizeof(struct tg_half), MILLION + 2 * LIFE_AHEAD, 65536u,
		(double)scenes[1].life.bytes / 1e6);
	for (unsigned i = 0; i < SCENES; i++)
		life_close(&scenes[i].life);
	return 0;
}
