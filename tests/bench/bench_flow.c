/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table beside rte_hash and the timer wheel beside rte_timer: a million entries each, TSC
 * cycles for each operation, slices of the contenders in turn.
 *
 *     bench_flow [SLICES]
 *
 * All of them have their memory from DPDK's heap. Operations come in bursts of 32 with the hash
 * given, as the engine's do; both sides use what they have for bursts: the flow table its two
 * prefetches, rte_hash its bulk look-up (it has no bulk insert or delete).
 */
#define _GNU_SOURCE /* CLOCK_THREAD_CPUTIME_ID */
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#include <rte_timer.h>

#include "bench.h"
#include "flow.h"
#include "wheel.h"

#define ENTRIES 1000000u
#define BURST   32
#define BURSTS  8 /* in a slice */
#define SLICE   (BURST * BURSTS)

/* What the flow table points to: a half-open entry's size. */
struct entry {
	struct tg_flow_key key;
	struct tg_timer timer;
	uint8_t rest[28];
};
_Static_assert(sizeof(struct entry) == 64, "a cache line");

/* Contenders of the flow table. */
enum who { FLOW, HASH_TIGHT, HASH_WIDE, CONTENDERS };
static const char *const names[] = {"flow table", "rte_hash for 2^20", "rte_hash for 2^21"};

enum op { LOOKUP, USE, MISS, INSERT, DELETE, OPS };
static const char *const ops[] = {
	"look-up, found", "look-up, entry read", "look-up, not found", "insert", "delete"};

static struct tg_pool pool;
static struct tg_flow flow;
static struct rte_hash *hash[CONTENDERS];
static uint32_t hashes[ENTRIES + SLICE];
static double *cycles[CONTENDERS][OPS];
static uint64_t sink;
static uint64_t rnd = 88172645463325252u;

static uint64_t
next_random(void)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	return rnd ^= rnd << 17;
}

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	return rte_zmalloc("bench", size, (unsigned)align);
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	rte_free(p);
}

static const struct tg_mem mem = {NULL, mem_alloc, mem_free};

static size_t
heap_used(void)
{
	struct rte_malloc_socket_stats st;

	rte_malloc_get_socket_stats(0, &st);
	return st.heap_allocsz_bytes;
}

static void
must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_flow: %s\n", what);
		exit(1);
	}
}

/* Key i; free_use is not part of it for the flow table, and 0 for rte_hash. */
static struct tg_flow_key
key_of(uint32_t i)
{
	uint32_t x = i * UINT32_C(2654435761);
	struct tg_flow_key k = {.raddr = {[10] = 0xff, [11] = 0xff, [12] = 198}, .lport = 80};

	memcpy(&k.raddr[13], &x, 3);
	k.rport = (uint16_t)(1024 + (x >> 16));
	k.laddr = (uint16_t)(i >> 24);
	return k;
}

/* Slots i to i + SLICE; timed by who asks. */
static void
insert(enum who w, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i += BURST) {
		if (w == FLOW)
			for (uint32_t k = i; k < i + BURST; k++)
				tg_flow_prefetch(&flow, hashes[k]);
		for (uint32_t k = i; k < i + BURST; k++) {
			if (w == FLOW)
				must(tg_flow_insert(
					     &flow, hashes[k], tg_flow_value(TG_FLOW_SYN, k)) == 0,
					"no room in the flow table");
			else
				must(rte_hash_add_key_with_hash_data(hash[w], tg_pool_at(&pool, k),
					     hashes[k], (void *)(uintptr_t)(k + 1)) == 0,
					"no room in rte_hash");
		}
	}
}

static void delete (enum who w, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i += BURST) {
		if (w == FLOW)
			for (uint32_t k = i; k < i + BURST; k++)
				tg_flow_prefetch(&flow, hashes[k]);
		for (uint32_t k = i; k < i + BURST; k++) {
			if (w == FLOW)
				must(tg_flow_remove(
					     &flow, hashes[k], tg_flow_value(TG_FLOW_SYN, k)),
					"not in the flow table");
			else
				must(rte_hash_del_key_with_hash(
					     hash[w], tg_pool_at(&pool, k), hashes[k]) >= 0,
					"not in rte_hash");
		}
	}
}

/*
 * Looks keys up that were made on the stack, as from a packet.
 *
 * @param use  reads a word of each entry too: rte_hash compares keys of its own and does not touch
 *             it, the flow table has been there already
 */
static void
lookup(enum who w, const struct tg_flow_key key[SLICE], uint32_t h[SLICE], bool there, bool use)
{
	unsigned found = 0;

	for (unsigned b = 0; b < SLICE; b += BURST) {
		uint32_t value[BURST];
		const struct tg_flow_key *k[BURST];
		const void *p[BURST];
		void *data[BURST];
		uint64_t hits = 0;

		if (w == FLOW) {
			for (unsigned i = 0; i < BURST; i++)
				k[i] = &key[b + i];
			tg_flow_lookup_bulk(&flow, k, &h[b], BURST, value);
			for (unsigned i = 0; i < BURST; i++)
				found += value[i] != TG_NONE;
		} else {
			for (unsigned i = 0; i < BURST; i++)
				p[i] = &key[b + i];
			rte_hash_lookup_with_hash_bulk_data(hash[w], p, &h[b], BURST, &hits, data);
			found += (unsigned)__builtin_popcountll(hits);
		}
		for (unsigned i = 0; use && i < BURST; i++) {
			uint32_t idx = w == FLOW ? tg_flow_index_of(value[i])
						 : (uint32_t)(uintptr_t)data[i] - 1;

			sink += ((struct entry *)tg_pool_at(&pool, idx))->rest[0];
		}
	}
	must(found == (there ? SLICE : 0), "look-up is wrong");
	sink += found;
}

static void
slice(enum who w, unsigned s)
{
	struct tg_flow_key key[2 * SLICE], none[SLICE];
	uint32_t h[2 * SLICE], nh[SLICE];
	uint64_t t[OPS + 1];

	for (unsigned i = 0; i < 2 * SLICE; i++) {
		uint32_t k = (uint32_t)(next_random() % ENTRIES);

		key[i] = key_of(k);
		h[i] = hashes[k];
	}
	for (unsigned i = 0; i < SLICE; i++) {
		hashes[ENTRIES + i] = (uint32_t)next_random(); /* other buckets each time */
		none[i] = key_of((uint32_t)(UINT32_C(0x80000000) + next_random() % ENTRIES));
		nh[i] = (uint32_t)next_random();
	}
	t[0] = bench_cycles();
	lookup(w, key, h, true, false);
	t[1] = bench_cycles();
	lookup(w, &key[SLICE], &h[SLICE], true, true);
	t[2] = bench_cycles();
	lookup(w, none, nh, false, false);
	t[3] = bench_cycles();
	insert(w, ENTRIES, SLICE);
	t[4] = bench_cycles();
	delete (w, ENTRIES, SLICE);
	t[5] = bench_cycles();
	for (unsigned o = 0; o < OPS; o++)
		cycles[w][o][s] = (double)(t[o + 1] - t[o]) / SLICE;
}

static struct rte_hash *
make_hash(const char *name, uint32_t size)
{
	const struct rte_hash_parameters p = {
		.name = name,
		.entries = size,
		.key_len = sizeof(struct tg_flow_key),
		.socket_id = 0,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	return rte_hash_create(&p);
}

static void
flow_part(unsigned slices)
{
	const struct tg_pool *pools[TG_FLOW_KINDS] = {[TG_FLOW_SYN] = &pool};
	size_t bytes[CONTENDERS], before = heap_used();

	must(tg_flow_init(&flow, &mem, ENTRIES + SLICE, pools) == 0, "no memory");
	bytes[FLOW] = heap_used() - before;
	for (enum who w = HASH_TIGHT; w < CONTENDERS; w++) {
		before = heap_used();
		hash[w] = make_hash(names[w], w == HASH_TIGHT ? 1u << 20 : 1u << 21);
		must(hash[w] != NULL, "no memory for rte_hash");
		bytes[w] = heap_used() - before;
	}
	for (enum who w = FLOW; w < CONTENDERS; w++) {
		insert(w, 0, ENTRIES / BURST * BURST);
		for (unsigned o = 0; o < OPS; o++)
			cycles[w][o] = malloc(slices * sizeof(double));
	}
	for (unsigned s = 0; s < slices; s++)
		for (enum who w = FLOW; w < CONTENDERS; w++)
			slice(w, s);
	printf("%-24s %-20s %9s %9s %8s\n", "1 M entries, bursts of 32", "cycles for each",
		"median", "p10", "/ first");
	for (unsigned o = 0; o < OPS; o++)
		for (enum who w = FLOW; w < CONTENDERS; w++) {
			double *c = cycles[w][o];

			qsort(c, slices, sizeof(*c), bench_order);
			printf("%-24s %-20s %9.0f %9.0f %8.2f\n", ops[o], names[w], c[slices / 2],
				c[slices / 10], c[slices / 2] / cycles[FLOW][o][slices / 2]);
		}
	for (enum who w = FLOW; w < CONTENDERS; w++)
		printf("%-24s %-20s %9.1f\n", "bytes for each entry", names[w],
			(double)bytes[w] / ENTRIES);
	tg_flow_fini(&flow, &mem);
	for (enum who w = HASH_TIGHT; w < CONTENDERS; w++)
		rte_hash_free(hash[w]);
}

/* --- timers ----------------------------------------------------------------------------------- */

static struct rte_timer *timers;
static struct tg_wheel wheel;

static void
fired(struct rte_timer *t, void *arg)
{
	(void)t;
	(void)arg;
	sink++;
}

/* A wait of up to 60 s in ms. */
static uint32_t
wait_ms(void)
{
	return 1000 + (uint32_t)(next_random() % 59000);
}

static void
rte_arm(uint32_t i, uint32_t ms)
{
	rte_timer_reset_sync(
		&timers[i], ms * (rte_get_timer_hz() / 1000), SINGLE, rte_lcore_id(), fired, NULL);
}

static void
timer_line(const char *op, const char *who, double *c, unsigned n, double *first)
{
	qsort(c, n, sizeof(*c), bench_order);
	if (first == c)
		printf("%-24s %-20s %9.0f %9.0f\n", op, who, c[n / 2], c[n / 10]);
	else
		printf("%-24s %-20s %9.0f %9.0f %8.2f\n", op, who, c[n / 2], c[n / 10],
			c[n / 2] / first[n / 2]);
}

/* Arms, moves and stops timers among a million others that run. */
static void
timer_part(unsigned slices)
{
	enum { ARM, MOVE, STOP, TIMER_OPS };
	static const char *const what[] = {"arm", "move", "stop"};
	double *c[TIMER_OPS][2];
	tg_ms now = 1000;

	timers = rte_zmalloc("bench", (ENTRIES + SLICE) * sizeof(*timers), 64);
	must(timers != NULL && rte_timer_subsystem_init() == 0, "no memory for timers");
	tg_wheel_init(&wheel, &pool, offsetof(struct entry, timer), now);
	for (uint32_t i = 0; i < ENTRIES + SLICE; i++)
		rte_timer_init(&timers[i]);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint32_t ms = wait_ms();

		tg_wheel_arm(&wheel, i, now + 3600000 + ms);
		rte_arm(i, 3600000 + ms); /* its clock is the CPU's: none may fire meanwhile */
	}
	for (unsigned o = 0; o < TIMER_OPS; o++)
		for (unsigned w = 0; w < 2; w++)
			c[o][w] = malloc(slices * sizeof(double));
	for (unsigned s = 0; s < slices; s++)
		for (unsigned w = 0; w < 2; w++)
			for (unsigned o = 0; o < TIMER_OPS; o++) {
				uint64_t start = bench_cycles();

				for (uint32_t i = ENTRIES; i < ENTRIES + SLICE; i++) {
					uint32_t ms = 3600000 + wait_ms();

					if (o == STOP && w == 0)
						tg_wheel_cancel(&wheel, i);
					else if (o == STOP)
						rte_timer_stop_sync(&timers[i]);
					else if (w == 0)
						tg_wheel_arm(&wheel, i, now + ms);
					else
						rte_arm(i, ms);
				}
				c[o][w][s] = (double)(bench_cycles() - start) / SLICE;
			}
	for (unsigned o = 0; o < TIMER_OPS; o++) {
		timer_line(what[o], "timer wheel", c[o][0], slices, c[o][0]);
		timer_line(what[o], "rte_timer", c[o][1], slices, c[o][0]);
	}
	printf("%-24s %-20s %9zu\n", "bytes for each timer", "timer wheel",
		sizeof(struct tg_timer));
	printf("%-24s %-20s %9zu\n", "bytes for each timer", "rte_timer", sizeof(struct rte_timer));
	for (uint32_t i = 0; i < ENTRIES; i++)
		tg_wheel_cancel(&wheel, i);
}

/* Cycles this thread has had the CPU for: what others take away does not count. */
static double
own_cycles(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec * 1e-9) * (double)rte_get_tsc_hz();
}

/*
 * A million timers fire in steps of a millisecond: spread over a minute, and all in one. What one
 * call costs at worst is a delay to everything else a core does. Reading the clock is in it, some
 * hundred cycles for each call.
 */
static void
expiry_part(void)
{
	static double call[1 << 20];

	for (unsigned crowd = 0; crowd < 2; crowd++) {
		unsigned calls = 0, n = 0;
		uint32_t out[64];
		tg_ms now = 1000;
		double all = 0;

		tg_wheel_init(&wheel, &pool, offsetof(struct entry, timer), now);
		for (uint32_t i = 0; i < ENTRIES; i++)
			tg_wheel_arm(&wheel, i, now + (crowd ? 30000 : wait_ms()));
		for (; n < ENTRIES; now++) {
			tg_ms when;

			do {
				double start = own_cycles();

				n += tg_wheel_expire(&wheel, now, out, 64);
				call[calls] = own_cycles() - start;
				all += call[calls++];
				must(calls < sizeof(call) / sizeof(call[0]), "too many calls");
			} while (tg_wheel_next(&wheel, &when) && !tg_ms_before(now, when));
		}
		qsort(call, calls, sizeof(call[0]), bench_order);
		printf("%-24s %-20s %9.0f; a call: p99.9 %.0f, longest %.0f\n",
			crowd ? "expire, all at once" : "expire, within 60 s", "timer wheel",
			all / ENTRIES, call[calls - 1 - calls / 1000], call[calls - 1]);
	}
}

int
main(int argc, char **argv)
{
	static char *args[] = {"bench_flow", "--no-huge", "-m", "1024", "--no-pci", "--no-shconf",
		"--no-telemetry", "--log-level=lib.eal:warning", "--lcores=0@0", NULL};
	unsigned slices = argc > 1 ? (unsigned)atoi(argv[1]) : BENCH_SLICES;

	must(rte_eal_init((int)(sizeof(args) / sizeof(args[0])) - 1, args) >= 0, "no EAL");
	must(tg_pool_init(&pool, &mem, sizeof(struct entry), ENTRIES + SLICE,
		     offsetof(struct entry, timer)) == 0,
		"no memory");
	for (uint32_t i = 0; i < ENTRIES + SLICE; i++) {
		struct entry *e = tg_pool_at(&pool, tg_pool_get(&pool));

		memset(e, 0, sizeof(*e));
		e->key = key_of(i);
		hashes[i] = (uint32_t)next_random();
	}
	flow_part(slices);
	timer_part(slices);
	expiry_part();
	return sink == 1;
}
