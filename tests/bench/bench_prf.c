/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the secret room costs: cycles a block and a cookie.
 *
 * Each figure is taken over many short slices; p10 is what the code costs when the machine leaves
 * it alone, the median what it costs today. "Chained" feeds each output into the next input and so
 * shows the latency; the rest are plain loops over independent packets, as the engine runs them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cookie.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#define UNIT "TSC cycles"
static uint64_t
ticks(void)
{
	return __rdtsc();
}
#else
#define UNIT "ns"
static uint64_t
ticks(void)
{
	struct timespec t;

	timespec_get(&t, TIME_UTC);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
#endif

enum { SLICES = 2000, SLICE = 256 };

static struct tg_secret secret;
static struct tg_prf prf;
static struct tg_tuple tuple[SLICE];
static uint32_t iss[SLICE], tsval[SLICE];
static uint8_t block[SLICE][16];
static uint64_t wall_s = 1700000000;
static uint32_t sink; /* keeps results alive */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One slice of `n` operations at a time, the smallest tenth and the middle of all slices. */
static void
measure(const char *name, void (*slice)(bool), bool arg, unsigned n)
{
	static double each[SLICES];

	for (int i = 0; i < SLICES; i++) {
		uint64_t start = ticks();

		slice(arg);
		each[i] = (double)(ticks() - start) / n;
	}
	qsort(each, SLICES, sizeof(each[0]), by_size);
	printf("  %-28s %9.1f %9.1f\n", name, each[SLICES / 10], each[SLICES / 2]);
}

static void
blocks(bool chained)
{
	for (int i = 0; i < SLICE; i++)
		tg_prf_block(&prf, block[chained ? 0 : i], block[chained ? 0 : i]);
}

static void
make(bool ts)
{
	for (int i = 0; i < SLICE; i++) {
		struct tg_cookie_state st = {1460, 7, true, false, ts};

		iss[i] = tg_cookie_make(&secret, &tuple[i], (uint32_t)i, &st, 1000000, &tsval[i]);
	}
}

static void
check(bool ts)
{
	struct tg_cookie_state st;

	for (int i = 0; i < SLICE; i++)
		sink += tg_cookie_check(&secret, &tuple[i], (uint32_t)i, iss[i], ts, tsval[i], &st);
}

static void
digest(bool unused)
{
	struct tg_digest d;

	(void)unused;
	for (int i = 0; i < SLICE; i++) {
		tg_secret_digest(&secret, &tuple[i], &d);
		sink += d.hash;
	}
}

static void
next_epoch(bool unused)
{
	(void)unused;
	tg_secret_advance(&secret, wall_s += TG_EPOCH_S);
}

static void
cookies(const char *family, bool v6)
{
	char name[32];

	for (int i = 0; i < SLICE; i++) {
		uint8_t n = (uint8_t)i;
		struct tg_addr six = {{0x20, 0x01, 0x0d, 0xb8, [15] = n}};

		tuple[i].local.addr = v6 ? six : tg_addr_v4(192, 0, 2, 1);
		tuple[i].remote.addr = v6 ? six : tg_addr_v4(198, 51, 100, n);
		tuple[i].local.port = 443;
		tuple[i].remote.port = (uint16_t)(1024 + i);
	}
	snprintf(name, sizeof(name), "%s digest", family);
	measure(name, digest, false, SLICE);
	for (int ts = 0; ts < 2; ts++) {
		snprintf(name, sizeof(name), "%s cookie make%s", family, ts ? ", timestamps" : "");
		measure(name, make, ts, SLICE);
		snprintf(name, sizeof(name), "%s cookie check%s", family, ts ? ", timestamps" : "");
		measure(name, check, ts, SLICE);
	}
}

int
main(void)
{
	static const uint8_t seed[32] = {1};

	for (int hw = 1; hw >= 0; hw--) {
		tg_prf_init(&prf, seed, hw);
		if (prf.hw != hw)
			continue; /* this CPU has no AES instructions */
		tg_secret_init(&secret, seed, wall_s, hw);
		printf("%-30s %9s %9s  %s\n", hw ? "CPU instructions" : "portable", "p10", "median",
			UNIT);
		measure("block", blocks, false, SLICE);
		measure("block, chained", blocks, true, SLICE);
		cookies("IPv4", false);
		cookies("IPv6", true);
		measure("keys of an epoch", next_epoch, false, 1);
	}
	return sink == 1;
}
