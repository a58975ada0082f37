/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths: interned, counted, found again.
 */
#include "host_util.h"

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
a_peer_is_followed_to_another_path_unless_none_is_free(void **state)
{
	static const struct way before = {0, -1, 1, {0x8100}, {7}}, after = {63, -1, 0, {0}, {0}};
	uint8_t mac[6] = {0};
	struct tg_frame f;
	struct tg_host h;
	struct tg_pkt pkt;
	uint16_t path;

	(void)state;
	host_with_ports(&h);
	path = get(&h, &before);
	frame_by(&before, &pkt, &f);
	memcpy(f.l2.src, peer_mac, 6);
	tg_path_follow(&h, &path, mac, &pkt, &f);
	assert_memory_equal(mac, peer_mac, 6); /* the same path from another station */
	assert_int_equal(h.path[path].refs, 1);
	frame_by(&after, &pkt, &f);
	memcpy(f.l2.src, mac1, 6);
	tg_path_follow(&h, &path, mac, &pkt, &f);
	assert_true(matches(&h, path, &after));
	assert_memory_equal(mac, mac1, 6);
	assert_int_equal(paths_in_use(&h), 1); /* the old one was let go */

	for (unsigned i = 0; i < TG_PATHS_MAX; i++)
		if (h.path[i].refs == 0)
			h.path[i] = (struct tg_path){.refs = 1, .port = 9, .tags = 2};
	frame_by(&before, &pkt, &f);
	memcpy(f.l2.src, peer_mac, 6);
	tg_path_follow(&h, &path, mac, &pkt, &f);
	assert_true(matches(&h, path, &after));
	assert_memory_equal(mac, mac1, 6);
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

/* The short question: a reference to the path of the last frame, if that has one and no tags. */
static void
the_last_path_is_found_again_by_untagged_frames(void **state)
{
	struct tg_host h;
	struct tg_pkt pkt;
	struct tg_frame f;
	uint16_t path;

	(void)state;
	tg_host_init(&h);
	frame_by(&ways[0], &pkt, &f);
	assert_int_equal(tg_path_again(&h, &pkt), TG_PATH_NONE); /* nothing was asked before */
	path = tg_path_get(&h, &pkt, &f);
	assert_int_equal(tg_path_again(&h, &pkt), path);
	assert_int_equal(h.path[path].refs, 2);
	pkt.flags = TG_PKT_VLAN_STRIPPED;
	assert_int_equal(tg_path_again(&h, &pkt), TG_PATH_NONE);
	frame_by(&ways[1], &pkt, &f);
	assert_int_equal(tg_path_again(&h, &pkt), TG_PATH_NONE); /* another port */
	tg_path_put(&h, path);
	tg_path_put(&h, path);
	frame_by(&ways[0], &pkt, &f);
	assert_int_equal(tg_path_again(&h, &pkt), TG_PATH_NONE); /* its slot is free */
	get(&h, &ways[2]);
	assert_int_equal(tg_path_again(&h, &pkt), TG_PATH_NONE); /* the last one has a tag */
	assert_int_equal(paths_in_use(&h), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_a_port_and_its_vlan_stack),
		cmocka_unit_test(a_stripped_tag_is_the_outermost_one),
		cmocka_unit_test(a_stack_too_deep_to_be_remembered_is_no_path),
		cmocka_unit_test(a_path_is_counted_and_its_slot_free_after_the_last_put),
		cmocka_unit_test(a_freed_slot_serves_another_stack),
		cmocka_unit_test(a_full_neighbourhood_refuses_and_any_release_in_it_helps),
		cmocka_unit_test(the_priorities_of_one_vlan_do_not_crowd_out_another),
		cmocka_unit_test(a_full_table_empties),
		cmocka_unit_test(a_peer_is_followed_to_another_path_unless_none_is_free),
		cmocka_unit_test(layer_2_of_a_path_leads_back),
		cmocka_unit_test(the_last_path_is_found_again_by_untagged_frames),
		cmocka_unit_test(paths_agree_with_a_naive_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
