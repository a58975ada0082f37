/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports, local addresses, kinds of addresses.
 */
#include "host_util.h"

static void
expect_v4(const struct tg_host *h, uint32_t addr, enum tg_addr_kind kind)
{
	struct tg_addr a = tg_addr_v4(
		(uint8_t)(addr >> 24), (uint8_t)(addr >> 16), (uint8_t)(addr >> 8), (uint8_t)addr);

	if (tg_host_classify(h, &a, 4) != kind)
		fail_msg("%u.%u.%u.%u is of kind %d", a.b[12], a.b[13], a.b[14], a.b[15],
			(int)tg_host_classify(h, &a, 4));
}

static void
expect_v6(const struct tg_host *h, uint64_t hi, uint64_t lo, enum tg_addr_kind kind)
{
	struct tg_addr a;

	for (int i = 0; i < 8; i++) {
		a.b[i] = (uint8_t)(hi >> (56 - 8 * i));
		a.b[8 + i] = (uint8_t)(lo >> (56 - 8 * i));
	}
	if (tg_host_classify(h, &a, 6) != kind)
		fail_msg("%016llx:%016llx is of kind %d", (unsigned long long)hi,
			(unsigned long long)lo, (int)tg_host_classify(h, &a, 6));
}

/* Ports */

static void
a_port_is_taken_once_and_within_its_limits(void **state)
{
	static const uint8_t group[6] = {3, 0, 0, 0, 0, 1};
	static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
	struct tg_host h;

	(void)state;
	tg_host_init(&h);
	assert_int_equal(tg_host_add_port(&h, TG_PORTS_MAX, mac0, 1500, 0), -EINVAL);
	assert_int_equal(tg_host_add_port(&h, UINT16_MAX, mac0, 1500, 0), -EINVAL);
	assert_int_equal(tg_host_add_port(&h, 0, mac0, 575, 0), -EINVAL);
	assert_int_equal(tg_host_add_port(&h, 0, mac0, 9217, 0), -EINVAL);
	assert_int_equal(tg_host_add_port(&h, 0, group, 1500, 0), -EINVAL);
	assert_int_equal(tg_host_add_port(&h, 0, broadcast, 1500, 0), -EINVAL);
	for (unsigned i = 0; i < TG_PORTS_MAX; i++)
		assert_false(h.port[i].used);

	assert_int_equal(tg_host_add_port(&h, 0, mac0, 576, 0), 0);
	assert_int_equal(tg_host_add_port(&h, TG_PORTS_MAX - 1, mac1, 9216, 0), 0);
	assert_int_equal(tg_host_add_port(&h, 0, mac1, 1500, 0), -EEXIST);
	assert_true(h.port[0].used);
	assert_memory_equal(h.port[0].mac, mac0, 6);
	assert_int_equal(h.port[0].mtu, 576);
}

static void
a_port_is_asked_for_checksums_only(void **state)
{
	struct tg_host h;

	(void)state;
	tg_host_init(&h);
	assert_int_equal(tg_host_add_port(&h, 1, mac0, 1500, UINT16_MAX), 0);
	assert_int_equal(h.port[1].offload, TG_TX_IP_CSUM | TG_TX_TCP_CSUM);
	assert_int_equal(tg_host_add_port(&h, 2, mac0, 1500, TG_TX_IP_CSUM | TG_TX_IPV6), 0);
	assert_int_equal(h.port[2].offload, TG_TX_IP_CSUM);
}

/* Local addresses */

static void
an_address_needs_a_port_a_prefix_and_to_be_new(void **state)
{
	struct tg_addr a4 = tg_addr_v4(192, 0, 2, 9), a6 = v6(9);
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	assert_int_equal(tg_host_add_addr(&h, 1, &a4, 24), -EINVAL);
	assert_int_equal(tg_host_add_addr(&h, TG_PORTS_MAX, &a4, 24), -EINVAL);
	assert_int_equal(tg_host_add_addr(&h, 0, &a4, 33), -EINVAL);
	assert_int_equal(tg_host_add_addr(&h, 0, &a6, 129), -EINVAL);
	assert_int_equal(h.locals, 0);
	assert_int_equal(tg_host_find(&h, &a4), -1);

	assert_int_equal(tg_host_add_addr(&h, 0, &a4, 32), 0);
	assert_int_equal(tg_host_add_addr(&h, 63, &a6, 128), 0);
	assert_int_equal(tg_host_add_addr(&h, 0, &a4, 24), -EEXIST);
	assert_int_equal(tg_host_add_addr(&h, 0, &a6, 64), -EEXIST);
	assert_int_equal(h.locals, 2);
	assert_int_equal(tg_host_find(&h, &a4), 0);
	assert_int_equal(tg_host_find(&h, &a6), 1);
	assert_int_equal(h.local[0].port, 0);
	assert_int_equal(h.local[1].port, 63);
}

/* RFC 8200 5: a link of less than 1280 bytes carries no IPv6. */
static void
a_port_of_a_small_mtu_carries_no_ipv6(void **state)
{
	struct tg_addr a4 = tg_addr_v4(192, 0, 2, 9), a6 = v6(9);
	struct tg_host h;

	(void)state;
	tg_host_init(&h);
	assert_int_equal(tg_host_add_port(&h, 0, mac0, 1279, 0), 0);
	assert_int_equal(tg_host_add_port(&h, 1, mac0, 1280, 0), 0);
	assert_int_equal(tg_host_add_addr(&h, 0, &a6, 64), -EINVAL);
	assert_int_equal(tg_host_add_addr(&h, 0, &a4, 24), 0);
	assert_int_equal(tg_host_add_addr(&h, 1, &a6, 64), 0);
}

static void
an_address_must_be_one_that_a_host_may_have(void **state)
{
	static const uint8_t v4[][4] = {{0, 0, 0, 0}, {0, 1, 2, 3}, {127, 0, 0, 1}, {224, 0, 0, 1},
		{239, 255, 255, 255}, {240, 0, 0, 1}, {255, 255, 255, 255}};
	static const struct tg_addr v6_bad[] = {{{0}}, {{[15] = 1}}, {{0xff, 2, [15] = 1}}};
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		struct tg_addr a = tg_addr_v4(v4[i][0], v4[i][1], v4[i][2], v4[i][3]);

		assert_int_equal(tg_host_add_addr(&h, 0, &a, 32), -EINVAL);
	}
	for (unsigned i = 0; i < sizeof(v6_bad) / sizeof(v6_bad[0]); i++)
		assert_int_equal(tg_host_add_addr(&h, 0, &v6_bad[i], 64), -EINVAL);
	assert_int_equal(h.locals, 0);
}

static void
all_256_addresses_are_found_and_the_next_is_refused(void **state)
{
	struct tg_addr a;
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < TG_LOCALS_MAX; i++) {
		a = i % 2 ? v6((uint16_t)i) : tg_addr_v4(10, 0, 0, (uint8_t)i);
		assert_int_equal(tg_host_find(&h, &a), -1);
		assert_int_equal(tg_host_add_addr(&h, 0, &a, i % 2 ? 64 : 32), 0);
	}
	for (unsigned i = 0; i < TG_LOCALS_MAX; i++) {
		a = i % 2 ? v6((uint16_t)i) : tg_addr_v4(10, 0, 0, (uint8_t)i);
		assert_int_equal(tg_host_find(&h, &a), i);
	}
	assert_int_equal(tg_host_add_addr(&h, 0, &a, 64), -EEXIST);
	for (unsigned i = 0; i < 1000; i++) {
		a = v6((uint16_t)(1000 + i));
		assert_int_equal(tg_host_find(&h, &a), -1);
	}
	assert_int_equal(tg_host_add_addr(&h, 0, &a, 64), -ENOSPC);
	assert_int_equal(h.locals, TG_LOCALS_MAX);
}

/* Kinds of addresses */

static void
ipv4_ranges_that_no_host_has_are_told_at_both_ends(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	expect_v4(&h, 0x00000000, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0x00ffffff, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0x01000000, TG_ADDR_UNICAST);
	expect_v4(&h, 0x7effffff, TG_ADDR_UNICAST);
	expect_v4(&h, 0x7f000000, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0x7f000001, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0x7fffffff, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0x80000000, TG_ADDR_UNICAST);
	expect_v4(&h, 0xdfffffff, TG_ADDR_UNICAST);
	expect_v4(&h, 0xe0000000, TG_ADDR_GROUP);
	expect_v4(&h, 0xefffffff, TG_ADDR_GROUP);
	expect_v4(&h, 0xf0000000, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0xfffffffe, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0xfeffffff, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0xffffff7f, TG_ADDR_FORBIDDEN);
	expect_v4(&h, 0xffffffff, TG_ADDR_GROUP);
}

static void
every_first_octet_of_ipv4_is_of_its_kind(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (uint32_t a = 0; a < 256; a++) {
		enum tg_addr_kind kind = TG_ADDR_UNICAST;

		if (a == 0 || a == 127 || a >= 240)
			kind = TG_ADDR_FORBIDDEN;
		else if (a >= 224)
			kind = TG_ADDR_GROUP;
		expect_v4(&h, a << 24 | 0x010203, kind);
	}
}

static void
ipv6_ranges_that_no_host_has_are_told_at_both_ends(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	expect_v6(&h, 0, 0, TG_ADDR_FORBIDDEN);
	expect_v6(&h, 0, 1, TG_ADDR_FORBIDDEN);
	expect_v6(&h, 0, 2, TG_ADDR_UNICAST);
	expect_v6(&h, 1, 0, TG_ADDR_UNICAST);
	expect_v6(&h, 1, 1, TG_ADDR_UNICAST);
	expect_v6(&h, 0, UINT64_C(0x0000fffeffffffff), TG_ADDR_UNICAST);
	expect_v6(&h, 0, UINT64_C(0x0000ffff00000000), TG_ADDR_FORBIDDEN);
	expect_v6(&h, 0, UINT64_C(0x0000ffffc0000207), TG_ADDR_FORBIDDEN);
	expect_v6(&h, 0, UINT64_C(0x0000ffffffffffff), TG_ADDR_FORBIDDEN);
	expect_v6(&h, 0, UINT64_C(0x0001000000000000), TG_ADDR_UNICAST);
	expect_v6(&h, 1, UINT64_C(0x0000ffffc0000207), TG_ADDR_UNICAST);
	expect_v6(&h, UINT64_C(0xfe80000000000000), 1, TG_ADDR_UNICAST);
	expect_v6(&h, UINT64_C(0xfeffffffffffffff), UINT64_MAX, TG_ADDR_UNICAST);
	expect_v6(&h, UINT64_C(0xff00000000000000), 0, TG_ADDR_GROUP);
	expect_v6(&h, UINT64_C(0xff02000000000000), 1, TG_ADDR_GROUP);
	expect_v6(&h, UINT64_MAX, UINT64_MAX, TG_ADDR_GROUP);
}

/* What is fine in an IPv4 header is an attempt at something in an IPv6 header. */
static void
our_ipv4_address_inside_ipv6_is_forbidden(void **state)
{
	struct tg_addr a = tg_addr_v4(192, 0, 2, 9);
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	assert_int_equal(tg_host_add_addr(&h, 0, &a, 24), 0);
	assert_int_equal(tg_host_classify(&h, &a, 4), TG_ADDR_LOCAL);
	assert_int_equal(tg_host_classify(&h, &a, 6), TG_ADDR_FORBIDDEN);
}

static void
our_addresses_are_local_and_their_neighbours_are_not(void **state)
{
	struct tg_addr a4 = tg_addr_v4(192, 0, 2, 9), a6 = v6(9);
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	assert_int_equal(tg_host_add_addr(&h, 0, &a4, 24), 0);
	assert_int_equal(tg_host_add_addr(&h, 63, &a6, 64), 0);
	expect_v4(&h, 0xc0000209, TG_ADDR_LOCAL);
	expect_v4(&h, 0xc0000208, TG_ADDR_UNICAST);
	expect_v6(&h, UINT64_C(0x20010db800000000), 9, TG_ADDR_LOCAL);
	expect_v6(&h, UINT64_C(0x20010db800000000), 8, TG_ADDR_UNICAST);
	expect_v6(&h, UINT64_C(0x20010db800000000), UINT64_MAX, TG_ADDR_UNICAST);
}

/* 10.20.30.41 has a broadcast address with prefixes 1 to 30; 31 and 32 have none (RFC 3021). */
static void
the_directed_broadcast_of_every_prefix_is_a_group(void **state)
{
	const uint32_t own = 0x0a141e29;

	(void)state;
	for (unsigned prefix = 0; prefix <= 32; prefix++) {
		uint32_t host_bits = prefix == 32 ? 0 : UINT32_MAX >> prefix;
		uint32_t last = own | host_bits;
		struct tg_addr a = tg_addr_v4(10, 20, 30, 41);
		struct tg_host h;

		host_with_ports(&h);
		assert_int_equal(tg_host_add_addr(&h, 0, &a, (uint8_t)prefix), 0);
		expect_v4(&h, own, TG_ADDR_LOCAL);
		if (prefix > 30 || prefix == 0) {
			struct tg_addr none = {{0}};

			assert_memory_equal(&h.local[0].broadcast, &none, sizeof(none));
			continue;
		}
		/* 0/1 ends in 127.255.255.255, which is worse than a broadcast address. */
		expect_v4(&h, last, prefix == 1 ? TG_ADDR_FORBIDDEN : TG_ADDR_GROUP);
		if (prefix > 1 && last - 1 != own)
			expect_v4(&h, last - 1, TG_ADDR_UNICAST);
		expect_v4(&h, last + 1, TG_ADDR_UNICAST);
	}
}

static void
a_broadcast_address_cannot_be_ours(void **state)
{
	struct tg_addr last = tg_addr_v4(192, 0, 2, 255), first = tg_addr_v4(192, 0, 2, 1);
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	assert_int_equal(tg_host_add_addr(&h, 0, &last, 24), -EINVAL);
	assert_int_equal(h.locals, 0);
	assert_int_equal(tg_host_find(&h, &last), -1);
	/* Nor that of another of our subnets. */
	assert_int_equal(tg_host_add_addr(&h, 0, &first, 24), 0);
	assert_int_equal(tg_host_add_addr(&h, 0, &last, 32), -EINVAL);
	/* In a wider subnet it is an address like any other. */
	tg_host_init(&h);
	assert_int_equal(tg_host_add_port(&h, 0, mac0, 1500, 0), 0);
	assert_int_equal(tg_host_add_addr(&h, 0, &last, 23), 0);
	expect_v4(&h, 0xc00003ff, TG_ADDR_GROUP);
}

static void
the_broadcast_of_every_address_counts(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < 200; i++) {
		struct tg_addr a = tg_addr_v4(10, 1, (uint8_t)i, 1);

		assert_int_equal(tg_host_add_addr(&h, 0, &a, 24), 0);
	}
	for (uint32_t i = 0; i < 200; i++) {
		expect_v4(&h, 0x0a0100ff | i << 8, TG_ADDR_GROUP);
		expect_v4(&h, 0x0a0100fe | i << 8, TG_ADDR_UNICAST);
	}
	/* All of one network, whose broadcast address is one; then the table is full. */
	for (unsigned i = 0; i < 55; i++) {
		struct tg_addr a = tg_addr_v4(10, 2, 0, (uint8_t)(i + 1));

		assert_int_equal(tg_host_add_addr(&h, 0, &a, 24), 0);
		expect_v4(&h, 0x0a0200ff, TG_ADDR_GROUP);
	}
	/* One that is no address of ours when it is refused leaves nothing behind. */
	struct tg_addr last = tg_addr_v4(10, 3, 0, 255);

	assert_int_equal(tg_host_add_addr(&h, 0, &last, 24), -EINVAL);
	expect_v4(&h, 0x0a0300ff, TG_ADDR_UNICAST);
	expect_v4(&h, 0x0a020001, TG_ADDR_LOCAL);
}

/* Addresses of one network differ in their last byte only, and are looked up for each packet. */
static void
a_whole_network_is_spread_over_the_index(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct tg_host h;
		unsigned run = 0;

		host_with_ports(&h);
		for (unsigned i = 1; i < 255; i++) {
			struct tg_addr a = v6 ? (struct tg_addr){{0xfd, [15] = (uint8_t)i}}
					      : tg_addr_v4(10, 2, 0, (uint8_t)i);

			assert_int_equal(tg_host_add_addr(&h, 0, &a, v6 ? 64 : 24), 0);
			assert_int_equal(tg_host_find(&h, &a), (int)i - 1);
		}
		for (unsigned i = 0; i < TG_SLOTS; i++) {
			run = h.slot[i] != 0 ? run + 1 : 0;
			assert_true(run <= 8);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_taken_once_and_within_its_limits),
		cmocka_unit_test(a_port_is_asked_for_checksums_only),
		cmocka_unit_test(an_address_needs_a_port_a_prefix_and_to_be_new),
		cmocka_unit_test(a_port_of_a_small_mtu_carries_no_ipv6),
		cmocka_unit_test(an_address_must_be_one_that_a_host_may_have),
		cmocka_unit_test(all_256_addresses_are_found_and_the_next_is_refused),
		cmocka_unit_test(ipv4_ranges_that_no_host_has_are_told_at_both_ends),
		cmocka_unit_test(every_first_octet_of_ipv4_is_of_its_kind),
		cmocka_unit_test(ipv6_ranges_that_no_host_has_are_told_at_both_ends),
		cmocka_unit_test(our_ipv4_address_inside_ipv6_is_forbidden),
		cmocka_unit_test(our_addresses_are_local_and_their_neighbours_are_not),
		cmocka_unit_test(the_directed_broadcast_of_every_prefix_is_a_group),
		cmocka_unit_test(a_broadcast_address_cannot_be_ours),
		cmocka_unit_test(the_broadcast_of_every_address_counts),
		cmocka_unit_test(a_whole_network_is_spread_over_the_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
