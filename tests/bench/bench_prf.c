/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the secret room costs in all its forms: TSC cycles a block and a cookie, with CPU
 * instructions and without. "Chained" feeds each output into the next input and so shows the
 * latency; the rest are plain loops over independent packets, as the engine runs them.
 */
#include "bench.h"
#include "cookie.h"

enum { SLICE = 256 };

static struct tg_secret secret;
static struct tg_prf prf;
static struct tg_tuple tuple[SLICE];
static uint32_t iss[SLICE], tsval[SLICE];
static uint8_t block[SLICE][16];
static uint64_t wall_s = 1700000000;
static uint32_t sink; /* keeps results alive */

static void
blocks(void *arg)
{
	bool chained = arg != NULL;

	for (int i = 0; i < SLICE; i++)
		tg_prf_block(&prf, block[chained ? 0 : i], block[chained ? 0 : i]);
}

static void
make(void *arg)
{
	bool ts = arg != NULL;

	for (int i = 0; i < SLICE; i++) {
		struct tg_cookie_state st = {1460, 7, true, false, ts};

		iss[i] = tg_cookie_make(&secret, &tuple[i], (uint32_t)i, &st, 1000000, &tsval[i]);
	}
}

static void
check(void *arg)
{
	bool ts = arg != NULL;
	struct tg_cookie_state st;

	for (int i = 0; i < SLICE; i++)
		sink += tg_cookie_check(&secret, &tuple[i], (uint32_t)i, iss[i], ts, tsval[i], &st);
}

static void
digest(void *arg)
{
	struct tg_digest d;

	(void)arg;
	for (int i = 0; i < SLICE; i++) {
		tg_secret_digest(&secret, &tuple[i], &d);
		sink += d.hash;
	}
}

static void
next_epoch(void *arg)
{
	(void)arg;
	tg_secret_advance(&secret, wall_s += TG_EPOCH_S);
}

static void
cookies(const char *family, bool v6)
{
	char name[48];

	for (int i = 0; i < SLICE; i++) {
		uint8_t n = (uint8_t)i;
		struct tg_addr six = {{0x20, 0x01, 0x0d, 0xb8, [15] = n}};

		tuple[i].local.addr = v6 ? six : tg_addr_v4(192, 0, 2, 1);
		tuple[i].remote.addr = v6 ? six : tg_addr_v4(198, 51, 100, n);
		tuple[i].local.port = 443;
		tuple[i].remote.port = (uint16_t)(1024 + i);
	}
	snprintf(name, sizeof(name), "%s digest", family);
	bench_run(name, digest, NULL, SLICE);
	for (int ts = 0; ts < 2; ts++) {
		snprintf(name, sizeof(name), "%s cookie, make%s", family, ts ? ", timestamps" : "");
		bench_run(name, make, ts ? &secret : NULL, SLICE);
		snprintf(
			name, sizeof(name), "%s cookie, check%s", family, ts ? ", timestamps" : "");
		bench_run(name, check, ts ? &secret : NULL, SLICE);
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
		tg_secret_init(&secret, seed, NULL, wall_s, hw);
		printf("%-44s %9s %9s\n", hw ? "CPU instructions" : "portable twin", "median",
			"p10");
		bench_run("AES-128 block", blocks, NULL, SLICE);
		bench_run("AES-128 block, chained", blocks, &prf, SLICE);
		cookies("IPv4", false);
		cookies("IPv6", true);
		bench_run("keys of an epoch", next_epoch, NULL, 1);
	}
	return sink == 1;
}
