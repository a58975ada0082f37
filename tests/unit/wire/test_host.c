/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports, local addresses, kinds of addresses, paths, and answers written over their questions.
 */
#include "wire_util.h"

#include <errno.h>

#include "host.h"

static const uint8_t mac0[6] = {2, 0xaa, 0, 0, 0, 1};
static const uint8_t mac1[6] = {2, 0xaa, 0, 0, 0, 2};
static const uint8_t peer_mac[6] = {2, 0xbb, 0, 0, 0, 9};

/* 2001:db8::n */
static struct tg_addr
v6(uint16_t n)
{
	struct tg_addr a = {{0x20, 0x01, 0x0d, 0xb8}};

	set16(a.b + 14, n);
	return a;
}

/* Two ports: 0 checks nothing, 63 (the last) computes checksums. */
static void
host_with_ports(struct tg_host *h)
{
	memset(h, 0xa5, sizeof(*h));
	tg_host_init(h);
	assert_int_equal(tg_host_add_port(h, 0, mac0, 1500, 0), 0);
	assert_int_equal(tg_host_add_port(h, 63, mac1, 9216, TG_OFFLOAD_IP | TG_OFFLOAD_TCP), 0);
}

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
}

/* Paths */

/* A frame by `port` with a stripped tag (-1: none) and the tags left in its data. */
struct way {
	uint16_t port;
	int stripped;
	unsigned tags;
	uint16_t tpid[3], tci[3];
};

static void
frame_by(const struct way *w, struct tg_pkt *pkt, struct tg_frame *f)
{
	memset(pkt, 0, sizeof(*pkt));
	memset(f, 0, sizeof(*f));
	pkt->port = w->port;
	if (w->stripped >= 0) {
		pkt->flags = TG_PKT_VLAN_STRIPPED;
		pkt->vlan_tci = (uint16_t)w->stripped;
	} else {
		pkt->vlan_tci = 0xdead; /* means nothing without the flag */
	}
	f->l2.tags = (uint8_t)w->tags;
	for (unsigned i = 0; i < w->tags; i++) {
		f->l2.tpid[i] = w->tpid[i];
		f->l2.tci[i] = w->tci[i];
	}
}

static uint16_t
get(struct tg_host *h, const struct way *w)
{
	struct tg_frame f;
	struct tg_pkt pkt;

	frame_by(w, &pkt, &f);
	return tg_path_get(h, &pkt, &f);
}

static bool
matches(const struct tg_host *h, uint16_t path, const struct way *w)
{
	struct tg_frame f;
	struct tg_pkt pkt;

	frame_by(w, &pkt, &f);
	return tg_path_matches(h, path, &pkt, &f);
}

static unsigned
paths_in_use(const struct tg_host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_PATHS_MAX; i++)
		n += h->path[i].refs != 0;
	return n;
}

/* All different as a peer sees them. */
static const struct way ways[] = {
	{0, -1, 0, {0}, {0}},
	{63, -1, 0, {0}, {0}},
	{0, -1, 1, {0x8100}, {7}},
	{63, -1, 1, {0x8100}, {7}},
	{0, -1, 1, {0x88a8}, {7}},
	{0, -1, 1, {0x8100}, {0}},
	{0, -1, 1, {0x8100}, {0xe007}},
	{0, -1, 1, {0x8100}, {0x1007}},
	{0, -1, 2, {0x88a8, 0x8100}, {7, 8}},
	{0, -1, 2, {0x88a8, 0x8100}, {8, 7}},
	{0, -1, 2, {0x8100, 0x8100}, {7, 8}},
	{0, -1, 2, {0x8100, 0x8100}, {0, 0}},
	{0, -1, 2, {0x8100, 0x88a8}, {7, 8}},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void
a_path_is_a_port_and_its_vlan_stack(void **state)
{
	uint16_t path[WAYS];
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < WAYS; i++) {
		path[i] = get(&h, &ways[i]);
		assert_true(path[i] < TG_PATHS_MAX);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(path[i], path[j]);
	}
	assert_int_equal(paths_in_use(&h), WAYS);
	for (unsigned i = 0; i < WAYS; i++)
		for (unsigned j = 0; j < WAYS; j++)
			assert_int_equal(matches(&h, path[i], &ways[j]), i == j);
}

/* One VLAN is one path, whether the port or the parser took its tag off. */
static void
a_stripped_tag_is_the_outermost_one(void **state)
{
	static const struct way stripped[] = {
		{0, 7, 0, {0}, {0}}, {0, 7, 1, {0x8100}, {8}}, {0, 0, 0, {0}, {0}}};
	static const struct way in_data[] = {{0, -1, 1, {0x8100}, {7}},
		{0, -1, 2, {0x8100, 0x8100}, {7, 8}}, {0, -1, 1, {0x8100}, {0}}};
	struct tg_host h;
	uint16_t untagged;

	(void)state;
	host_with_ports(&h);
	untagged = get(&h, &ways[0]);
	for (unsigned i = 0; i < 3; i++) {
		uint16_t path = get(&h, &stripped[i]);

		assert_int_equal(get(&h, &in_data[i]), path);
		assert_int_equal(h.path[path].refs, 2);
		assert_true(matches(&h, path, &stripped[i]));
		assert_true(matches(&h, path, &in_data[i]));
		assert_false(matches(&h, path, &stripped[(i + 1) % 3]));
		assert_false(matches(&h, path, &ways[0]));
		assert_false(matches(&h, untagged, &stripped[i]));
	}
	assert_int_equal(paths_in_use(&h), 4);
}

/* A path with fewer tags than the frame had would lead somewhere else. */
static void
a_stack_too_deep_to_be_remembered_is_no_path(void **state)
{
	static const struct way deep = {0, 7, 2, {0x8100, 0x8100}, {8, 9}};
	static const struct way cut = {0, -1, 2, {0x8100, 0x8100}, {7, 8}};
	struct tg_host h;
	uint16_t path;

	(void)state;
	host_with_ports(&h);
	assert_int_equal(get(&h, &deep), TG_PATH_NONE);
	assert_int_equal(paths_in_use(&h), 0);
	path = get(&h, &cut);
	assert_int_equal(get(&h, &deep), TG_PATH_NONE);
	assert_false(matches(&h, path, &deep));
	assert_int_equal(h.path[path].refs, 1);
}

static void
a_path_is_counted_and_its_slot_free_after_the_last_put(void **state)
{
	struct tg_host h;
	uint16_t a, b;

	(void)state;
	host_with_ports(&h);
	a = get(&h, &ways[2]);
	for (unsigned i = 2; i <= 1000; i++) {
		assert_int_equal(get(&h, &ways[2]), a);
		assert_int_equal(h.path[a].refs, i);
	}
	b = get(&h, &ways[8]);
	assert_int_equal(get(&h, &ways[2]), a);
	for (unsigned i = 0; i < 1001; i++) {
		assert_int_equal(h.path[a].refs, 1001 - i);
		tg_path_put(&h, a);
	}
	assert_int_equal(paths_in_use(&h), 1);
	tg_path_put(&h, b);
	assert_int_equal(paths_in_use(&h), 0);
	/* The last look-up's shortcut must not bring a dead path back to life. */
	assert_int_equal(get(&h, &ways[8]), b);
	assert_int_equal(h.path[b].refs, 1);
	assert_int_equal(get(&h, &ways[2]), a);
	assert_int_equal(h.path[a].refs, 1);
}

static void
a_freed_slot_serves_another_stack(void **state)
{
	struct way vlan = {0, -1, 1, {0x8100}, {0}};
	struct tg_host h;
	uint16_t a;

	(void)state;
	host_with_ports(&h);
	a = get(&h, &ways[0]);
	tg_path_put(&h, a);
	for (unsigned tci = 0; get(&h, &vlan) != a; tci++) {
		assert_true(tci < 65536);
		tg_path_put(&h, h.last_path);
		vlan.tci[0] = (uint16_t)tci;
	}
	/* Whoever has the slot now: the old stack is not taken for it. */
	assert_int_not_equal(get(&h, &ways[0]), a);
	assert_true(matches(&h, a, &vlan));
	assert_false(matches(&h, a, &ways[0]));
}

/* Finds by trial the slots whose release lets `w` in: its neighbourhood, whatever the hash is. */
static unsigned
neighbourhood(struct tg_host *h, const struct way *w, uint16_t slots[], unsigned cap)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_PATHS_MAX; i++) {
		struct tg_host copy = *h;
		uint16_t path;

		copy.path[i].refs = 0;
		path = get(&copy, w);
		if (path == TG_PATH_NONE)
			continue;
		assert_int_equal(path, i);
		assert_true(n < cap);
		slots[n++] = (uint16_t)i;
	}
	return n;
}

static void
a_full_neighbourhood_refuses_and_any_release_in_it_helps(void **state)
{
	struct way w = {63, -1, 2, {0x88a8, 0x8100}, {0, 0}};
	uint64_t s = 41;
	struct tg_host h;
	unsigned taken = 0, n;
	uint16_t slots[TG_PATHS_MAX], path;

	(void)state;
	host_with_ports(&h);
	do {
		w.tci[0] = (uint16_t)rnd(&s);
		w.tci[1] = (uint16_t)rnd(&s);
		path = get(&h, &w);
		taken += path != TG_PATH_NONE;
		assert_true(taken <= TG_PATHS_MAX);
	} while (path != TG_PATH_NONE);
	/* Random stacks fill a good part of the table before one finds its slots taken. */
	assert_true(taken > TG_PATHS_MAX / 4);
	assert_int_equal(paths_in_use(&h), taken);

	n = neighbourhood(&h, &w, slots, TG_PATHS_MAX);
	assert_int_equal(n, 16);
	assert_int_equal(get(&h, &w), TG_PATH_NONE);
	tg_path_put(&h, slots[7]);
	assert_int_equal(get(&h, &w), slots[7]);
	assert_true(matches(&h, slots[7], &w));
	assert_int_equal(h.path[slots[7]].refs, 1);
	/* Found behind a hole that opened before it, and not entered twice. */
	for (unsigned i = 0; i < 16; i++) {
		struct tg_host copy = h;

		if (i == 7)
			continue;
		tg_path_put(&copy, slots[i]);
		copy.last_path = slots[i];
		assert_int_equal(get(&copy, &w), slots[7]);
		assert_int_equal(copy.path[slots[7]].refs, 2);
	}
}

/* A peer chooses its priority bits: with all 16 values of them it holds 16 paths of its VLAN. */
static void
the_priorities_of_one_vlan_do_not_crowd_out_another(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned prio = 0; prio < 16; prio++) {
		struct way w = {0, -1, 1, {0x8100}, {(uint16_t)(prio << 12 | 5)}};

		assert_int_not_equal(get(&h, &w), TG_PATH_NONE);
	}
	for (uint16_t vid = 0; vid < 4096; vid++) {
		struct way w = {0, -1, 1, {0x8100}, {vid}};
		uint16_t path = get(&h, &w);

		assert_int_not_equal(path, TG_PATH_NONE);
		tg_path_put(&h, path);
	}
}

/* What stays when the table is full and everybody leaves: nothing. */
static void
a_full_table_empties(void **state)
{
	uint16_t path[4096];
	struct tg_host h;
	unsigned n = 0;

	(void)state;
	host_with_ports(&h);
	for (uint16_t vid = 0; vid < 4096; vid++) {
		struct way w = {0, vid, 0, {0}, {0}};

		path[n] = get(&h, &w);
		n += path[n] != TG_PATH_NONE;
	}
	assert_true(n <= TG_PATHS_MAX && n > TG_PATHS_MAX / 2);
	assert_int_equal(paths_in_use(&h), n);
	while (n > 0)
		tg_path_put(&h, path[--n]);
	assert_int_equal(paths_in_use(&h), 0);
}

static void
layer_2_of_a_path_leads_back(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < WAYS; i++) {
		uint16_t path = get(&h, &ways[i]);
		struct tg_l2 l2;

		memset(&l2, 0xa5, sizeof(l2));
		assert_int_equal(tg_path_l2(&h, path, peer_mac, &l2), ways[i].port);
		assert_memory_equal(l2.dst, peer_mac, 6);
		assert_memory_equal(l2.src, ways[i].port == 0 ? mac0 : mac1, 6);
		assert_int_equal(l2.tags, ways[i].tags);
		for (unsigned t = 0; t < ways[i].tags; t++) {
			assert_int_equal(l2.tpid[t], ways[i].tpid[t]);
			assert_int_equal(l2.tci[t], ways[i].tci[t]);
		}
	}
}

/* Naive twin: a list of (stack, references), against random gets and puts. */
static void
paths_agree_with_a_naive_twin(void **state)
{
	struct {
		struct way w;
		uint32_t refs;
		uint16_t path;
	} twin[40];
	uint64_t s = 42;
	struct tg_host h;
	unsigned live = 0;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < 40; i++) {
		twin[i].w = (struct way){(uint16_t)(i % 4 == 0 ? 63 : 0), i % 3 ? -1 : (int)i,
			i % 3, {0x8100, 0x8100}, {(uint16_t)(i * 0x1001), (uint16_t)(i * 3)}};
		twin[i].refs = 0;
	}
	for (int step = 0; step < 20000; step++) {
		unsigned i = rnd_below(&s, 40);

		if (rnd_below(&s, 2)) {
			uint16_t path = get(&h, &twin[i].w);

			assert_int_not_equal(path, TG_PATH_NONE);
			if (twin[i].refs > 0)
				assert_int_equal(path, twin[i].path);
			twin[i].path = path;
			twin[i].refs++;
		} else if (twin[i].refs > 0) {
			tg_path_put(&h, twin[i].path);
			twin[i].refs--;
		}
		if (twin[i].refs > 0) {
			assert_int_equal(h.path[twin[i].path].refs, twin[i].refs);
			assert_true(matches(&h, twin[i].path, &twin[i].w));
		}
	}
	for (unsigned i = 0; i < 40; i++)
		live += twin[i].refs > 0;
	assert_int_equal(paths_in_use(&h), live);
}

/* Replies */

/* A TCP frame of `version` with `tags` and n bytes of payload, in a block with `tailroom` behind.
 */
static struct tg_pkt
question(unsigned version, unsigned tags, unsigned n, unsigned tailroom, struct tg_frame *f)
{
	struct tg_pkt pkt;
	struct fb b;

	fb_eth(&b, tags, version == 4 ? 0x0800 : 0x86dd);
	if (version == 4)
		fb_ipv4(&b, 6, 0);
	else
		fb_ipv6(&b, 6);
	fb_tcp(&b, n);
	fb_finish(&b);
	pkt = pkt_exact(b.b, b.len + tailroom);
	pkt.len = (uint16_t)b.len;
	pkt.tailroom = (uint16_t)tailroom;
	assert_int_equal(tg_frame_parse(&pkt, f), TG_FRAME_TCP);
	return pkt;
}

static void
an_answer_goes_back_where_its_question_came_from(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned tags = 0; tags <= 2; tags++) {
			struct tg_segment s;
			struct tg_frame f, g;
			struct tg_pkt pkt;
			struct tg_host h;

			host_with_ports(&h);
			pkt = question(version, tags, 30, 0, &f);
			pkt.port = 63;
			memset(&s, 0xa5, sizeof(s));
			tg_reply_init(&h, &pkt, &f, &s);
			assert_memory_equal(s.l2.dst, f.l2.src, 6);
			assert_memory_equal(s.l2.src, mac1, 6);
			assert_int_equal(s.l2.tags, tags);
			assert_memory_equal(s.l2.tpid, f.l2.tpid, sizeof(s.l2.tpid));
			assert_memory_equal(s.l2.tci, f.l2.tci, sizeof(s.l2.tci));
			assert_memory_equal(&s.src, &f.dst, sizeof(s.src));
			assert_memory_equal(&s.dst, &f.src, sizeof(s.dst));
			assert_int_equal(s.sport, f.dport);
			assert_int_equal(s.dport, f.sport);
			assert_int_equal(s.seq | s.ack | s.flags | s.wnd | s.tos | s.ip_id, 0);
			assert_int_equal(s.opt.present, 0);
			assert_int_equal(tg_emit_tcp_size(&s),
				14 + 4 * tags + (version == 4 ? 20u : 40u) + 20);

			s.seq = 1;
			s.flags = TG_RST;
			h.port[63].offload = 0;
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_int_equal(tg_frame_parse(&pkt, &g), TG_FRAME_TCP);
			assert_int_equal(g.payload_len, 0);
			assert_memory_equal(&g.src, &f.dst, sizeof(g.src));
			assert_int_equal(g.dport, f.sport);
			assert_int_equal(g.flags, TG_RST);
			assert_int_equal(g.l2.tags, tags);
			free(pkt.buf);
		}
}

/* The tag the port took off is put back by the port. */
static void
a_stripped_tag_stays_with_the_answer(void **state)
{
	struct tg_segment s;
	struct tg_frame f;
	struct tg_pkt pkt;
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	pkt = question(4, 1, 0, 0, &f);
	pkt.flags |= TG_PKT_VLAN_STRIPPED | TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD;
	pkt.vlan_tci = 0xe123;
	tg_reply_init(&h, &pkt, &f, &s);
	assert_int_equal(s.l2.tags, 1);
	assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
	assert_int_equal(pkt.flags, TG_PKT_VLAN_STRIPPED);
	assert_int_equal(pkt.vlan_tci, 0xe123);
	free(pkt.buf);
}

static void
the_port_is_left_the_checksums_it_computes(void **state)
{
	static const struct {
		unsigned version;
		uint16_t port, flags;
	} want[] = {{4, 0, 0}, {6, 0, 0}, {4, 63, TG_TX_IP_CSUM | TG_TX_TCP_CSUM},
		{6, 63, TG_TX_TCP_CSUM | TG_TX_IPV6}};
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < 4; i++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(want[i].version, 0, 0, 0, &f);

		pkt.port = want[i].port;
		tg_reply_init(&h, &pkt, &f, &s);
		assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
		assert_int_equal(pkt.flags, want[i].flags);
		free(pkt.buf);
	}
}

/* The answer's options take 20 bytes, the question's 12: eight bytes of tailroom, or no answer. */
static void
an_answer_uses_the_tailroom_to_the_last_byte_and_not_one_more(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned tailroom = 0; tailroom <= 12; tailroom++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(4, 0, 0, tailroom, &f), before;
		uint8_t *bytes = malloc(pkt.len + tailroom);

		assert_non_null(bytes);
		memcpy(bytes, pkt.data, pkt.len + tailroom);
		before = pkt;
		tg_reply_init(&h, &pkt, &f, &s);
		s.flags = TG_SYN | TG_ACK;
		s.opt.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;
		s.opt.mss = 1460;
		s.opt.wscale = 7;
		s.opt.tsval = 1;
		s.opt.tsecr = 2;
		if (tailroom < 8) {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), -ENOSPC);
			assert_memory_equal(&pkt, &before, sizeof(pkt));
			assert_memory_equal(pkt.data, bytes, pkt.len + tailroom);
		} else {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_int_equal(pkt.len, before.len + 8);
			assert_int_equal(pkt.tailroom, tailroom - 8);
			assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		}
		free(bytes);
		free(pkt.buf);
	}
}

/* Payload makes room: it is not part of the answer. */
static void
payload_of_the_question_becomes_tailroom(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned n = 0; n < 40; n++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(6, 0, n, 3, &f);
		unsigned len = pkt.len;

		tg_reply_init(&h, &pkt, &f, &s);
		s.flags = TG_ACK;
		assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
		assert_int_equal(pkt.len, 14 + 40 + 20);
		assert_int_equal(pkt.len + pkt.tailroom, len + 3);
		free(pkt.buf);
	}
}

/* The question's IP options are not answered, so they make room as well. */
static void
ip_options_of_the_question_do_not_come_back(void **state)
{
	struct tg_segment s;
	struct tg_frame f;
	struct tg_pkt pkt;
	struct tg_host h;
	struct fb b;

	(void)state;
	host_with_ports(&h);
	fb_eth(&b, 0, 0x0800);
	fb_ipv4(&b, 6, 40);
	fb_tcp(&b, 0);
	fb_finish(&b);
	pkt = pkt_exact(b.b, b.len);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
	tg_reply_init(&h, &pkt, &f, &s);
	assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
	assert_int_equal(pkt.len, 54);
	assert_int_equal(pkt.tailroom, b.len - 54);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
	assert_int_equal(f.l4_off, 34);
	free(pkt.buf);
}

/* The rest of a chain is let go, untouched; on failure the chain stays whole. */
static void
an_answer_to_a_chain_is_one_segment(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (int fits = 0; fits < 2; fits++) {
		struct tg_pkt pkt, rest;
		struct tg_segment s;
		struct tg_frame f;
		struct fb b;

		fb_eth(&b, 0, 0x0800);
		fb_ipv4(&b, 6, 0);
		fb_tcp(&b, 100);
		fb_finish(&b);
		pkt = pkt_exact(b.b, 66 + 5); /* headers and five bytes of payload */
		rest = pkt_exact(b.b + 71, b.len - 71);
		pkt.next = &rest;
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		assert_int_equal(f.payload_len, 100);
		tg_reply_init(&h, &pkt, &f, &s);
		s.flags = TG_ACK;
		s.opt.present = fits ? TG_OPT_TS : TG_OPT_TS | TG_OPT_SACK;
		s.opt.tsval = s.opt.tsecr = 0;
		s.opt.sacks = 1;
		memset(s.opt.sack, 0, sizeof(s.opt.sack));
		if (fits) {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_null(pkt.next);
			assert_int_equal(pkt.len, 66);
			assert_int_equal(pkt.tailroom, 5);
			assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
			assert_int_equal(f.payload_len, 0);
		} else {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), -ENOSPC);
			assert_ptr_equal(pkt.next, &rest);
			assert_int_equal(pkt.len, 71);
			assert_memory_equal(pkt.data, b.b, 71);
		}
		assert_int_equal(rest.len, b.len - 71);
		assert_memory_equal(rest.data, b.b + 71, b.len - 71);
		free(pkt.buf);
		free(rest.buf);
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
		cmocka_unit_test(a_path_is_a_port_and_its_vlan_stack),
		cmocka_unit_test(a_stripped_tag_is_the_outermost_one),
		cmocka_unit_test(a_stack_too_deep_to_be_remembered_is_no_path),
		cmocka_unit_test(a_path_is_counted_and_its_slot_free_after_the_last_put),
		cmocka_unit_test(a_freed_slot_serves_another_stack),
		cmocka_unit_test(a_full_neighbourhood_refuses_and_any_release_in_it_helps),
		cmocka_unit_test(the_priorities_of_one_vlan_do_not_crowd_out_another),
		cmocka_unit_test(a_full_table_empties),
		cmocka_unit_test(layer_2_of_a_path_leads_back),
		cmocka_unit_test(paths_agree_with_a_naive_twin),
		cmocka_unit_test(an_answer_goes_back_where_its_question_came_from),
		cmocka_unit_test(a_stripped_tag_stays_with_the_answer),
		cmocka_unit_test(the_port_is_left_the_checksums_it_computes),
		cmocka_unit_test(an_answer_uses_the_tailroom_to_the_last_byte_and_not_one_more),
		cmocka_unit_test(payload_of_the_question_becomes_tailroom),
		cmocka_unit_test(ip_options_of_the_question_do_not_come_back),
		cmocka_unit_test(an_answer_to_a_chain_is_one_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
