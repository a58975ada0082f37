/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of proven peers: how long, how many, who makes room. */
#include "support.h"

#include <errno.h>

#include "peers.h"

#define MS(t) ((tg_time)(t)*TG_MSEC)
#define HOUR  3600000u

static struct tg_addr
peer(uint32_t n)
{
	return tg_addr_v4((uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n);
}

static void
note(struct tg_peers *p, uint32_t n, uint32_t hash, tg_time now)
{
	struct tg_addr a = peer(n);

	tg_peers_note(p, &a, hash, now);
}

static bool
known(const struct tg_peers *p, uint32_t n, uint32_t hash, tg_time now)
{
	struct tg_addr a = peer(n);

	return tg_peers_known(p, &a, hash, now);
}

static void
a_peer_is_known_for_its_lifetime_and_no_nanosecond_longer(void **state)
{
	static const tg_time start[] = {
		0, 1, MS(1), MS(UINT32_MAX), MS(UINT32_MAX) + MS(1), UINT64_C(1) << 60};
	static const uint32_t life[] = {1000, HOUR, INT32_MAX - 1};
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		for (size_t j = 0; j < sizeof(life) / sizeof(life[0]); j++) {
			const tg_time t = start[i] != 0 ? start[i] : 1;

			assert_int_equal(tg_peers_init(&p, &m.mem, 64, life[j]), 0);
			assert_false(known(&p, 1, 7, start[i]));
			note(&p, 1, 7, start[i]);
			assert_true(known(&p, 1, 7, start[i]));
			assert_true(known(&p, 1, 7, t + MS(life[j]) - 1));
			assert_false(known(&p, 1, 7, t + MS(life[j])));
			assert_false(known(&p, 2, 7, start[i]));
			tg_peers_fini(&p, &m.mem);
		}
	test_mem_fini(&m);
}

/* In 32 bits of milliseconds all of these are the moment of the handshake, or just after. */
static void
a_peer_never_becomes_young_again(void **state)
{
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_peers_init(&p, &m.mem, 64, HOUR), 0);
	note(&p, 1, 7, MS(5));
	for (uint64_t wraps = 1; wraps < 1000; wraps++) {
		assert_false(known(&p, 1, 7, MS((wraps << 32) + 5)));
		assert_false(known(&p, 1, 7, MS((wraps << 32) + 6)));
	}
	/* 500 years. */
	assert_false(known(&p, 1, 7, UINT64_C(500) * 365 * 86400 * TG_SEC));
	tg_peers_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
a_new_handshake_starts_the_time_again_in_the_same_place(void **state)
{
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_peers_init(&p, &m.mem, 4, 1000), 0);
	for (uint32_t n = 0; n < 4; n++)
		note(&p, n, 0, MS(1));
	note(&p, 0, 0, MS(900));
	for (uint32_t n = 0; n < 4; n++)
		assert_true(known(&p, n, 0, MS(1000)));
	assert_true(known(&p, 0, 0, MS(1899)));
	assert_false(known(&p, 1, 0, MS(1001)));
	tg_peers_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
a_full_set_forgets_the_oldest(void **state)
{
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_peers_init(&p, &m.mem, 4, HOUR), 0);
	note(&p, 0, 0, MS(30));
	note(&p, 1, 0, MS(31));
	note(&p, 2, 0, MS(32));
	note(&p, 3, 0, MS(33));
	note(&p, 0, 0, MS(34));
	note(&p, 4, 0, MS(35)); /* for 1 */
	note(&p, 5, 0, MS(36)); /* for 2 */
	assert_true(known(&p, 0, 0, MS(40)));
	assert_false(known(&p, 1, 0, MS(40)));
	assert_false(known(&p, 2, 0, MS(40)));
	assert_true(known(&p, 3, 0, MS(40)));
	assert_true(known(&p, 4, 0, MS(40)));
	assert_true(known(&p, 5, 0, MS(40)));
	tg_peers_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
every_hash_has_a_set_and_all_sets_are_used(void **state)
{
	static const uint32_t entries[] = {1, 4, 5, 64, 1000, 1u << 20};
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		const uint32_t sets = (entries[i] + 3) / 4;

		assert_int_equal(tg_peers_init(&p, &m.mem, entries[i], HOUR), 0);
		assert_int_equal(p.sets, sets);
		assert_true(m.bytes <= 24 * ((size_t)entries[i] + 3));
		/* Four in each set, so that each must find its own. */
		for (uint32_t n = 0; n < 4 * sets; n++)
			note(&p, n, (uint32_t)(((uint64_t)(n / 4) << 32) / sets + (n / 4 != 0)),
				MS(1));
		for (uint32_t n = 0; n < 4 * sets; n++)
			assert_true(known(&p, n,
				(uint32_t)(((uint64_t)(n / 4) << 32) / sets + (n / 4 != 0)),
				MS(2)));
		note(&p, 99, UINT32_MAX, MS(3));
		assert_true(known(&p, 99, UINT32_MAX, MS(3)));
		tg_peers_fini(&p, &m.mem);
	}
	test_mem_fini(&m);
}

static void
every_byte_of_the_address_counts(void **state)
{
	struct tg_addr a = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, b;
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_peers_init(&p, &m.mem, 4, HOUR), 0);
	tg_peers_note(&p, &a, 9, MS(1));
	assert_true(tg_peers_known(&p, &a, 9, MS(1)));
	for (unsigned bit = 0; bit < 128; bit++) {
		b = a;
		b.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(tg_peers_known(&p, &b, 9, MS(1)));
	}
	/* A place that was never used does not hold the address of zeros. */
	memset(&b, 0, sizeof(b));
	assert_false(tg_peers_known(&p, &b, 9, 0));
	tg_peers_fini(&p, &m.mem);
	test_mem_fini(&m);
}

static void
no_entries_no_memory_and_nobody_known(void **state)
{
	struct tg_peers p;
	struct test_mem m;

	(void)state;
	test_mem_init(&m);
	assert_int_equal(tg_peers_init(&p, &m.mem, 0, HOUR), 0);
	assert_int_equal(m.live, 0);
	note(&p, 1, UINT32_MAX, MS(1));
	assert_false(known(&p, 1, UINT32_MAX, MS(1)));
	tg_peers_fini(&p, &m.mem);
	m.fail = 1;
	assert_int_equal(tg_peers_init(&p, &m.mem, 4, HOUR), -ENOMEM);
	note(&p, 1, 0, MS(1));
	tg_peers_fini(&p, &m.mem);
	tg_peers_fini(&p, &m.mem);
	test_mem_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_is_known_for_its_lifetime_and_no_nanosecond_longer),
		cmocka_unit_test(a_peer_never_becomes_young_again),
		cmocka_unit_test(a_new_handshake_starts_the_time_again_in_the_same_place),
		cmocka_unit_test(a_full_set_forgets_the_oldest),
		cmocka_unit_test(every_hash_has_a_set_and_all_sets_are_used),
		cmocka_unit_test(every_byte_of_the_address_counts),
		cmocka_unit_test(no_entries_no_memory_and_nobody_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
