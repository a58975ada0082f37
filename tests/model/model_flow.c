/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table beside a list that is searched from end to end: long random sequences, and every
 * answer must be the same. The table's source is included, so that its buckets can be checked too.
 */
#include "flow.c"
#include "support.h"

struct entry {
	struct tg_flow_key key;
	uint32_t link;
	uint32_t own;
};

/** What the twin knows of an entry in the table. */
struct known {
	uint32_t id; /**< of the key */
	uint32_t hash;
	uint32_t value;
};

/** The hashes that keys get. */
enum hashing {
	HASH_RANDOM,
	HASH_EQUAL,
	HASH_TWO_BUCKETS, /**< first and last */
	HASH_NEIGHBOURS,  /**< a handful of adjacent homes that flow into each other */
	HASH_ONE_SIG,     /**< signatures tell nothing */
	HASH_FEW,         /**< seven different ones */
	HASHINGS,
};

struct world {
	struct test_mem m;
	struct tg_pool pool[TG_FLOW_KINDS];
	struct tg_flow t;
	struct known *list; /**< the twin */
	uint32_t n;
	uint32_t ids;  /**< keys there are: more than the capacity */
	uint32_t full; /**< inserts that did not fit */
	enum hashing hashing;
	uint64_t salt;
	uint64_t rand;
};

static struct tg_flow_key
key_of(uint32_t id)
{
	struct tg_flow_key k = {.lport = 443};

	/* Keys that differ in one place only, not always the same one. */
	switch (id % 4) {
	case 0:
		memcpy(k.raddr, &id, sizeof(id));
		break;
	case 1:
		memcpy(k.raddr + 12, &id, sizeof(id));
		break;
	case 2:
		k.rport = (uint16_t)id;
		break;
	default:
		k.laddr = (uint16_t)id;
	}
	return k;
}

static uint32_t
hash_of(const struct world *w, uint32_t id)
{
	uint64_t seed = w->salt + id;
	const uint32_t r = (uint32_t)test_rand(&seed);

	switch (w->hashing) {
	case HASH_EQUAL:
		return (uint32_t)w->salt;
	case HASH_TWO_BUCKETS:
		return r & 0x1000 ? r & 0xfff : ~(r & 0xfff);
	case HASH_NEIGHBOURS:
		return (uint32_t)((uint64_t)(r % 5) * UINT32_MAX / w->t.buckets) + (r >> 20);
	case HASH_ONE_SIG:
		return r << TG_FLOW_DIST_SHIFT;
	case HASH_FEW:
		return r % 7 * 0x2468ace1;
	default:
		return r;
	}
}

static struct known *
twin_find(const struct world *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->list[i].id == id)
			return &w->list[i];
	return NULL;
}

static uint32_t
make(struct world *w, uint32_t id)
{
	const unsigned kind = test_below(&w->rand, TG_FLOW_KINDS);
	const uint32_t idx = tg_pool_get(&w->pool[kind]);
	struct entry *e;

	assert_true(idx != TG_NONE);
	e = tg_pool_at(&w->pool[kind], idx);
	e->key = key_of(id);
	e->key.free_use = (uint16_t)test_rand(&w->rand);
	return tg_flow_value((enum tg_flow_kind)kind, idx);
}

static void
unmake(struct world *w, uint32_t value)
{
	struct tg_pool *p = &w->pool[tg_flow_kind_of(value)];

	memset(tg_pool_at(p, tg_flow_index_of(value)), 0xee, sizeof(struct tg_flow_key));
	tg_pool_put(p, tg_flow_index_of(value));
}

static void
lookup(struct world *w, uint32_t id)
{
	const struct known *k = twin_find(w, id);
	const struct tg_flow_key key = key_of(id);
	const uint32_t hash = hash_of(w, id);
	const struct tg_flow_key *keys[2] = {&key, &key};
	uint32_t hashes[2] = {hash, ~hash}, value[2];

	tg_flow_lookup_bulk(&w->t, keys, hashes, 2, value);
	assert_int_equal(value[0], k != NULL ? k->value : TG_NONE);
	assert_int_equal(value[1], tg_flow_lookup(&w->t, &key, ~hash));
	tg_flow_prefetch(&w->t, hash);
	tg_flow_prefetch_entry(&w->t, hash);
	assert_int_equal(tg_flow_lookup(&w->t, &key, hash), k != NULL ? k->value : TG_NONE);
}

static void
insert(struct world *w, uint32_t id)
{
	const uint32_t hash = hash_of(w, id);
	uint32_t value;

	if (twin_find(w, id) != NULL)
		return;
	value = make(w, id);
	if (w->n == w->t.capacity) {
		assert_int_equal(tg_flow_insert(&w->t, hash, value), -ENOSPC);
		unmake(w, value);
		w->full++;
		return;
	}
	assert_int_equal(tg_flow_insert(&w->t, hash, value), 0);
	w->list[w->n++] = (struct known){id, hash, value};
}

/* A value that is not in the table, or not under this hash, is not removed. */
static void
remove_it(struct world *w, uint32_t id)
{
	struct known *k = twin_find(w, id);
	const uint32_t hash = hash_of(w, id);

	if (k == NULL) {
		const uint32_t value = make(w, id);

		assert_false(tg_flow_remove(&w->t, hash, value));
		unmake(w, value);
		return;
	}
	assert_true(tg_flow_remove(&w->t, hash, k->value));
	unmake(w, k->value);
	*k = w->list[--w->n];
}

static void
replace(struct world *w, uint32_t id)
{
	struct known *k = twin_find(w, id);
	const uint32_t hash = hash_of(w, id);
	const uint32_t value = make(w, id);

	if (k == NULL) {
		const uint32_t other = make(w, id);

		assert_false(tg_flow_replace(&w->t, hash, value, other));
		unmake(w, other);
		unmake(w, value);
		return;
	}
	assert_false(tg_flow_replace(&w->t, hash, value, k->value));
	assert_true(tg_flow_replace(&w->t, hash, k->value, value));
	unmake(w, k->value);
	k->value = value;
}

/** Every known entry is where it may be, and what buckets say of each other is true. */
static void
check_buckets(const struct world *w)
{
	const struct tg_flow *t = &w->t;
	uint32_t *spill = calloc(t->buckets, sizeof(*spill));
	uint32_t occupied = 0;

	assert_non_null(spill);
	for (uint32_t e = 0; e < w->n; e++) {
		const struct known *k = &w->list[e];
		uint32_t at;
		const uint32_t *v = find(t, k->hash, k->value, &at);
		uint32_t dist = 0;

		assert_non_null(v);
		for (uint32_t i = tg_flow_home(t, k->hash); i != at; i = next_of(t, i)) {
			spill[i]++;
			dist++;
		}
		assert_int_equal(
			t->bucket[at].sig[v - t->bucket[at].value], tg_flow_sig(k->hash, dist));
		/* Nobody who can be drawn back is away while there is room on his way. */
		for (uint32_t i = tg_flow_home(t, k->hash); dist < TG_FLOW_DIST_MAX && i != at;
			i = next_of(t, i))
			assert_int_equal(tg_flow_match(&t->bucket[i], 0), 0);
	}
	for (uint32_t i = 0; i < t->buckets; i++) {
		assert_int_equal(t->bucket[i].spill, spill[i]);
		for (unsigned s = 0; s < TG_FLOW_SLOTS; s++)
			occupied += t->bucket[i].sig[s] != 0;
	}
	assert_int_equal(occupied, w->n);
	assert_int_equal(t->count, w->n);
	free(spill);
}

static void
world_init(struct world *w, enum hashing hashing, uint32_t capacity, uint64_t seed)
{
	const struct tg_pool *pools[TG_FLOW_KINDS];

	memset(w, 0, sizeof(*w));
	test_mem_init(&w->m);
	w->hashing = hashing;
	w->rand = seed;
	w->salt = test_rand(&w->rand);
	w->ids = 2 * capacity + 2;
	w->list = calloc(capacity + 1, sizeof(*w->list));
	assert_non_null(w->list);
	for (unsigned k = 0; k < TG_FLOW_KINDS; k++) {
		assert_int_equal(tg_pool_init(&w->pool[k], &w->m.mem, sizeof(struct entry) + 8 * k,
					 capacity + 2, offsetof(struct entry, link)),
			0);
		pools[k] = &w->pool[k];
	}
	assert_int_equal(tg_flow_init(&w->t, &w->m.mem, capacity, pools), 0);
}

static void
world_fini(struct world *w)
{
	tg_flow_fini(&w->t, &w->m.mem);
	for (unsigned k = 0; k < TG_FLOW_KINDS; k++)
		tg_pool_fini(&w->pool[k], &w->m.mem);
	test_mem_fini(&w->m);
	free(w->list);
}

static void
run(enum hashing hashing, uint32_t capacity, uint64_t seed, uint32_t ops)
{
	struct world w;

	world_init(&w, hashing, capacity, seed);
	for (uint32_t i = 0; i < ops; i++) {
		const uint32_t id = test_below(&w.rand, w.ids);
		/* The tide: the table fills up, stays full, drains, stays empty. */
		const unsigned rising = i / (8 * capacity + 50) % 2 == 0 ? 6 : 2;
		const unsigned what = test_below(&w.rand, 16);

		if (what < rising)
			insert(&w, id);
		else if (what < 8)
			remove_it(&w, id);
		else if (what < 10)
			replace(&w, id);
		else
			lookup(&w, id);
		if (i % 997 == 0)
			check_buckets(&w);
	}
	assert_true(w.full != 0);
	for (uint32_t id = 0; id < w.ids; id++)
		lookup(&w, id);
	while (w.n != 0)
		remove_it(&w, w.list[test_below(&w.rand, w.n)].id);
	check_buckets(&w);
	world_fini(&w);
}

static void
the_table_answers_like_a_list(void **state)
{
	/* One bucket, two, a few; more than 15, so that distances are no longer known. */
	static const uint32_t capacity[] = {1, 6, 13, 20, 64, 333};

	(void)state;
	for (unsigned h = 0; h < HASHINGS; h++)
		for (size_t c = 0; c < sizeof(capacity) / sizeof(capacity[0]); c++)
			for (uint64_t seed = 1; seed <= 8; seed++)
				run((enum hashing)h, capacity[c], seed, 20000);
}

/*
 * A full table in which every entry was replaced 20 times has no more spilled buckets than a
 * fresh one: 8 % (35 % if entries stayed where they were put).
 */
static void
a_table_does_not_age(void **state)
{
	enum { N = 1 << 15 };
	static const struct tg_pool *const none[TG_FLOW_KINDS];
	uint32_t *hash = calloc(N, sizeof(*hash));
	uint32_t spilled = 0;
	uint64_t seed = 3;
	struct test_mem m;
	struct tg_flow t;

	(void)state;
	assert_non_null(hash);
	test_mem_init(&m);
	assert_int_equal(tg_flow_init(&t, &m.mem, N, none), 0);
	for (uint32_t i = 0; i < N; i++) {
		hash[i] = (uint32_t)test_rand(&seed);
		assert_int_equal(tg_flow_insert(&t, hash[i], i), 0);
	}
	for (uint32_t n = 0; n < 20 * N; n++) {
		const uint32_t i = test_below(&seed, N);

		assert_true(tg_flow_remove(&t, hash[i], i));
		hash[i] = (uint32_t)test_rand(&seed);
		assert_int_equal(tg_flow_insert(&t, hash[i], i), 0);
	}
	for (uint32_t i = 0; i < t.buckets; i++)
		spilled += t.bucket[i].spill != 0;
	assert_true(spilled < t.buckets / 10);
	tg_flow_fini(&t, &m.mem);
	test_mem_fini(&m);
	free(hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_answers_like_a_list),
		cmocka_unit_test(a_table_does_not_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
