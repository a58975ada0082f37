/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "flow.h"
#include "support.h"

/** An entry as the rooms have it: the key, then its own. */
struct entry {
	struct tg_flow_key key;
	uint32_t link;
	uint32_t own;
};

/** Three pools of different strides, a table over them. */
struct fixture {
	struct test_mem m;
	struct tg_pool pool[TG_FLOW_KINDS];
	struct tg_flow t;
};

static void
fixture_init(struct fixture *x, uint32_t capacity)
{
	static const uint32_t stride[TG_FLOW_KINDS] = {64, 320, sizeof(struct entry)};
	const struct tg_pool *pools[TG_FLOW_KINDS];

	test_mem_init(&x->m);
	for (unsigned k = 0; k < TG_FLOW_KINDS; k++) {
		assert_int_equal(tg_pool_init(&x->pool[k], &x->m.mem, stride[k], capacity + 16,
					 offsetof(struct entry, link)),
			0);
		pools[k] = &x->pool[k];
	}
	assert_int_equal(tg_flow_init(&x->t, &x->m.mem, capacity, pools), 0);
	assert_int_equal(x->t.count, 0);
	assert_int_equal(x->t.capacity, capacity);
}

static void
fixture_fini(struct fixture *x)
{
	tg_flow_fini(&x->t, &x->m.mem);
	for (unsigned k = 0; k < TG_FLOW_KINDS; k++)
		tg_pool_fini(&x->pool[k], &x->m.mem);
	test_mem_fini(&x->m);
}

/** A key for each n, v4-mapped. */
static struct tg_flow_key
key_of(uint32_t n)
{
	struct tg_flow_key k = {.rport = (uint16_t)(n * 7), .lport = 80, .laddr = 3};

	k.raddr[10] = k.raddr[11] = 0xff;
	memcpy(&k.raddr[12], &n, sizeof(n));
	return k;
}

/** Takes an entry of a kind and gives it a key; does not insert it. */
static uint32_t
make(struct fixture *x, enum tg_flow_kind kind, const struct tg_flow_key *key)
{
	uint32_t idx = tg_pool_get(&x->pool[kind]);
	struct entry *e;

	assert_true(idx != TG_NONE);
	e = tg_pool_at(&x->pool[kind], idx);
	e->key = *key;
	e->key.free_use = 0xdead;
	return tg_flow_value(kind, idx);
}

static uint32_t
add(struct fixture *x, enum tg_flow_kind kind, uint32_t n, uint32_t hash)
{
	struct tg_flow_key k = key_of(n);
	uint32_t value = make(x, kind, &k);

	assert_int_equal(tg_flow_insert(&x->t, hash, value), 0);
	return value;
}

static uint32_t
look(const struct fixture *x, uint32_t n, uint32_t hash)
{
	struct tg_flow_key k = key_of(n);
	const struct tg_flow_key *keys[2] = {&k, &k};
	uint32_t hashes[2] = {hash, hash}, value[2], v;

	tg_flow_prefetch(&x->t, hash);
	tg_flow_prefetch_entry(&x->t, hash);
	v = tg_flow_lookup(&x->t, &k, hash);
	tg_flow_lookup_bulk(&x->t, keys, hashes, 2, value);
	assert_int_equal(value[0], v);
	assert_int_equal(value[1], v);
	return v;
}

static void
a_value_is_kind_and_index(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < TG_FLOW_KINDS; kind++)
		for (unsigned i = 0; i < 3; i++) {
			uint32_t idx = (uint32_t[]){0, 12345, (1u << 30) - 2}[i];
			uint32_t v = tg_flow_value((enum tg_flow_kind)kind, idx);

			assert_int_equal(tg_flow_kind_of(v), kind);
			assert_int_equal(tg_flow_index_of(v), idx);
			assert_true(v != TG_NONE);
		}
}

static void
an_empty_table_finds_nothing(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x, 100);
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(look(&x, i, i * 0x04040404), TG_NONE);
		assert_false(tg_flow_remove(&x.t, i * 0x04040404, tg_flow_value(TG_FLOW_SYN, i)));
		assert_false(tg_flow_replace(&x.t, i * 0x04040404, i, i));
	}
	assert_int_equal(look(&x, 0, UINT32_MAX), TG_NONE);
	fixture_fini(&x);
}

static void
finds_what_was_inserted_until_it_is_removed(void **state)
{
	/* The borders of the table, of a bucket of it, and of the signature. */
	static const uint32_t hash[] = {
		0, 1, 0xfff, 0x1000, 0xfffff000, UINT32_MAX, 0x80000000, 0x7fffffff, 0x12345678};
	struct fixture x;

	(void)state;
	fixture_init(&x, 50);
	for (uint32_t i = 0; i < sizeof(hash) / sizeof(hash[0]); i++) {
		uint32_t v = add(&x, (enum tg_flow_kind)(i % TG_FLOW_KINDS), i, hash[i]);

		assert_int_equal(x.t.count, 1);
		assert_int_equal(look(&x, i, hash[i]), v);
		assert_int_equal(look(&x, i + 1, hash[i]), TG_NONE);
		assert_true(tg_flow_remove(&x.t, hash[i], v));
		assert_int_equal(x.t.count, 0);
		assert_int_equal(look(&x, i, hash[i]), TG_NONE);
		assert_false(tg_flow_remove(&x.t, hash[i], v));
		assert_int_equal(x.t.count, 0);
	}
	fixture_fini(&x);
}

static void
every_byte_of_the_key_counts_and_no_other(void **state)
{
	struct tg_flow_key k = key_of(1);
	struct fixture x;
	uint32_t v;

	(void)state;
	fixture_init(&x, 10);
	v = add(&x, TG_FLOW_CONN, 1, 77);
	for (size_t i = 0; i < sizeof(k); i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			((uint8_t *)&k)[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(tg_flow_lookup(&x.t, &k, 77),
				i < offsetof(struct tg_flow_key, free_use) ? TG_NONE : v);
			((uint8_t *)&k)[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(tg_flow_lookup(&x.t, &k, 77), v);
	fixture_fini(&x);
}

static void
equal_hashes_are_told_apart_by_key(void **state)
{
	struct fixture x;
	uint32_t v[40];

	(void)state;
	fixture_init(&x, 40);
	for (uint32_t i = 0; i < 40; i++)
		v[i] = add(&x, (enum tg_flow_kind)(i % TG_FLOW_KINDS), i, 0xabcdef01);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(look(&x, i, 0xabcdef01), v[i]);
	assert_int_equal(look(&x, 40, 0xabcdef01), TG_NONE);
	fixture_fini(&x);
}

/** The hashes that a test of the worst case goes through. */
static uint32_t
pattern(unsigned which, uint32_t n)
{
	uint64_t seed = n + 1000;

	switch (which) {
	case 0:
		return 0;
	case 1:
		return UINT32_MAX;
	case 2: /* two buckets, the last and the first: around the end of the table */
		return n & 1 ? UINT32_MAX : 0;
	case 3: /* one signature */
		return (uint32_t)test_rand(&seed) << 12;
	case 4: /* one bucket, all signatures */
		return 0x80000000 | (n & 0xfff);
	default:
		return (uint32_t)test_rand(&seed);
	}
}
enum { PATTERNS = 6 };

static void
capacity_fits_whatever_the_hashes_are(void **state)
{
	/* 6 and 13 fill one and two buckets' share; 250 are more than 15 full buckets. */
	static const uint32_t capacity[] = {0, 1, 6, 7, 10, 11, 12, 13, 14, 26, 65, 130, 250, 1000};

	(void)state;
	for (size_t c = 0; c < sizeof(capacity) / sizeof(capacity[0]); c++)
		for (unsigned p = 0; p < PATTERNS; p++) {
			const uint32_t n = capacity[c];
			uint32_t *v = calloc(n + 1, sizeof(*v));
			struct tg_flow_key extra = key_of(n);
			struct fixture x;
			uint32_t more;

			assert_non_null(v);
			fixture_init(&x, n);
			for (uint32_t i = 0; i < n; i++)
				v[i] = add(&x, (enum tg_flow_kind)(i % 3), i, pattern(p, i));
			more = make(&x, TG_FLOW_TW, &extra);
			assert_int_equal(x.t.count, n);
			assert_int_equal(tg_flow_insert(&x.t, pattern(p, n), more), -ENOSPC);
			assert_int_equal(x.t.count, n);
			assert_int_equal(look(&x, n, pattern(p, n)), TG_NONE);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(look(&x, i, pattern(p, i)), v[i]);
			/* Every third goes, and comes back last first. */
			for (uint32_t i = 0; i < n; i += 3) {
				assert_true(tg_flow_remove(&x.t, pattern(p, i), v[i]));
				assert_int_equal(look(&x, i, pattern(p, i)), TG_NONE);
			}
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(
					look(&x, i, pattern(p, i)), i % 3 ? v[i] : TG_NONE);
			for (uint32_t i = n; i-- > 0;)
				if (i % 3 == 0)
					assert_int_equal(
						tg_flow_insert(&x.t, pattern(p, i), v[i]), 0);
			assert_int_equal(tg_flow_insert(&x.t, pattern(p, n), more), -ENOSPC);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(look(&x, i, pattern(p, i)), v[i]);
			for (uint32_t i = 0; i < n; i++)
				assert_true(tg_flow_remove(&x.t, pattern(p, i), v[i]));
			assert_int_equal(x.t.count, 0);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(look(&x, i, pattern(p, i)), TG_NONE);
			fixture_fini(&x);
			free(v);
		}
}

static void
remove_wants_the_very_value_and_hash(void **state)
{
	struct fixture x;
	uint32_t v;

	(void)state;
	fixture_init(&x, 100);
	v = add(&x, TG_FLOW_SYN, 1, 0x40000001);
	assert_false(tg_flow_remove(&x.t, 0x40000001, v + 1));
	assert_false(
		tg_flow_remove(&x.t, 0x40000001, tg_flow_value(TG_FLOW_CONN, tg_flow_index_of(v))));
	assert_false(tg_flow_remove(&x.t, 0x40000002, v)); /* another signature */
	assert_false(tg_flow_remove(&x.t, 0xc0000001, v)); /* another bucket */
	assert_int_equal(x.t.count, 1);
	assert_int_equal(look(&x, 1, 0x40000001), v);
	fixture_fini(&x);
}

/* A half-open entry becomes a connection, the connection a TIME_WAIT entry. */
static void
replace_promotes_in_place(void **state)
{
	struct tg_flow_key k = key_of(5);
	struct fixture x;
	uint32_t syn, conn, tw;

	(void)state;
	fixture_init(&x, 5);
	syn = add(&x, TG_FLOW_SYN, 5, 999);
	for (uint32_t i = 0; i < 4; i++)
		add(&x, TG_FLOW_CONN, i, 999);
	conn = make(&x, TG_FLOW_CONN, &k);
	tw = make(&x, TG_FLOW_TW, &k);
	assert_false(tg_flow_replace(&x.t, 999, conn, tw));
	assert_false(tg_flow_replace(&x.t, 998, syn, conn));
	assert_int_equal(look(&x, 5, 999), syn);
	assert_true(tg_flow_replace(&x.t, 999, syn, conn));
	assert_int_equal(look(&x, 5, 999), conn);
	assert_false(tg_flow_replace(&x.t, 999, syn, tw));
	assert_true(tg_flow_replace(&x.t, 999, conn, tw));
	assert_int_equal(look(&x, 5, 999), tw);
	assert_false(tg_flow_remove(&x.t, 999, syn));
	assert_false(tg_flow_remove(&x.t, 999, conn));
	assert_int_equal(x.t.count, 5); /* a full table still promotes */
	assert_true(tg_flow_remove(&x.t, 999, tw));
	assert_int_equal(look(&x, 5, 999), TG_NONE);
	fixture_fini(&x);
}

static void
kinds_not_in_use_need_no_pool(void **state)
{
	struct tg_pool conn = {0};
	const struct tg_pool *const pools[TG_FLOW_KINDS] = {[TG_FLOW_CONN] = &conn};
	struct tg_flow_key k = key_of(9);
	struct test_mem m;
	struct tg_flow t;

	(void)state;
	test_mem_init(&m);
	/* The pool may be made after the table. */
	assert_int_equal(tg_flow_init(&t, &m.mem, 8, pools), 0);
	assert_int_equal(tg_pool_init(&conn, &m.mem, 24, 8, 0), 0);
	*(struct tg_flow_key *)tg_pool_at(&conn, tg_pool_get(&conn)) = k;
	assert_int_equal(tg_flow_insert(&t, 4, tg_flow_value(TG_FLOW_CONN, 0)), 0);
	assert_int_equal(tg_flow_lookup(&t, &k, 4), tg_flow_value(TG_FLOW_CONN, 0));
	tg_flow_fini(&t, &m.mem);
	tg_pool_fini(&conn, &m.mem);
	test_mem_fini(&m);
}

static void
costs_less_than_ten_bytes_an_entry(void **state)
{
	static const struct tg_pool *const none[TG_FLOW_KINDS];
	static const uint32_t capacity[] = {1000, 4096, 65536, 65537, 100000, 1000000};
	struct test_mem m;
	struct tg_flow t;

	(void)state;
	test_mem_init(&m);
	for (size_t i = 0; i < sizeof(capacity) / sizeof(capacity[0]); i++) {
		assert_int_equal(tg_flow_init(&t, &m.mem, capacity[i], none), 0);
		assert_int_equal(m.live, 1);
		assert_int_equal(m.align, 64);
		assert_true(m.bytes < 10 * (size_t)capacity[i]);
		assert_true(m.bytes * 10 > 64 * (size_t)capacity[i]);
		tg_flow_fini(&t, &m.mem);
		test_mem_fini(&m);
	}
}

/* Every allocation fails once; the largest table asks for its true size. */
static void
reports_that_memory_is_missing(void **state)
{
	static const struct tg_pool *const none[TG_FLOW_KINDS];
	struct test_mem m;
	struct tg_flow t;
	unsigned fail = 1;

	(void)state;
	for (;; fail++) {
		int rc;

		test_mem_init(&m);
		m.fail = fail;
		rc = tg_flow_init(&t, &m.mem, 1000, none);
		if (rc == 0)
			break;
		assert_int_equal(rc, -ENOMEM);
		test_mem_fini(&m);
		tg_flow_fini(&t, &m.mem); /* all zero: nothing to give back */
	}
	assert_int_equal(fail, 2);
	tg_flow_fini(&t, &m.mem);
	tg_flow_fini(&t, &m.mem);
	test_mem_fini(&m);

	m.fail = 1;
	assert_int_equal(tg_flow_init(&t, &m.mem, UINT32_MAX, none), -ENOMEM);
	if (sizeof(size_t) == 8)
		assert_true(m.refused > (size_t)9 * UINT32_MAX);
}

static void
an_all_zero_table_can_be_given_back(void **state)
{
	struct tg_flow t;

	(void)state;
	memset(&t, 0, sizeof(t));
	tg_flow_fini(&t, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_kind_and_index),
		cmocka_unit_test(an_empty_table_finds_nothing),
		cmocka_unit_test(finds_what_was_inserted_until_it_is_removed),
		cmocka_unit_test(every_byte_of_the_key_counts_and_no_other),
		cmocka_unit_test(equal_hashes_are_told_apart_by_key),
		cmocka_unit_test(capacity_fits_whatever_the_hashes_are),
		cmocka_unit_test(remove_wants_the_very_value_and_hash),
		cmocka_unit_test(replace_promotes_in_place),
		cmocka_unit_test(kinds_not_in_use_need_no_pool),
		cmocka_unit_test(costs_less_than_ten_bytes_an_entry),
		cmocka_unit_test(reports_that_memory_is_missing),
		cmocka_unit_test(an_all_zero_table_can_be_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
