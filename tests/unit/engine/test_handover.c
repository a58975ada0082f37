/* SPDX-License-Identifier: BSD-3-Clause */
/* A cookie handshake that one machine begins and another completes (cookie_input.c). */
#include "engine_util.h"

#define PORT 80

/** A machine of a fleet: seeds of its own but for the cookies, cookies for every SYN. */
static tg_listener
machine(struct rig *r, uint8_t seed)
{
	bench_init(r);
	memset(r->cfg.seed, seed, sizeof(r->cfg.seed));
	memset(r->cfg.cookie_seed, 7, sizeof(r->cfg.cookie_seed));
	r->cfg.cookie_seed_shared = true;
	r->cfg.syncookies = TG_SYNCOOKIES_ALWAYS;
	bench_open(r);
	return bench_listen(r, r->w, PORT, 1000);
}

/* The client's segment with a timestamp option. */
static void
sends(struct rig *r, uint16_t sport, uint32_t seq, uint32_t ack, unsigned flags, uint32_t tsecr)
{
	const struct rig_rx rx = {.port = 0, .headroom = 64, .tailroom = 64};
	uint8_t frame[SEG_FRAME_MAX];
	struct seg s;

	seg_init(&s);
	memcpy(s.eth_dst, r->mac[0], 6);
	s.eth_src[0] = 2;
	s.src = tg_addr_v4(10, 0, 0, 2);
	s.dst = tg_addr_v4(10, 0, 0, 1);
	s.sport = sport;
	s.dport = PORT;
	s.seq = seq;
	s.ack = ack;
	s.flags = (uint16_t)flags;
	s.win = 60000;
	if (flags & SEG_S)
		seg_opt_mss(&s, 1460);
	seg_opt_ts(&s, 5000, tsecr);
	rig_feed(r, frame, seg_write(&s, frame, NULL), &rx);
}

static uint32_t
tsval_of(const struct seg *s)
{
	const struct seg_opt *o = seg_opt_find(s, SEG_OPT_TS);

	assert_non_null(o);
	return seg_raw32(o, 0);
}

/*
 * Timestamp clocks of two machines have nothing to do with each other. The client's PAWS must not
 * drop what the second one sends, so it goes on from the first one's, if its own is behind.
 */
static void
timestamps_go_on_where_the_other_machine_was(void **state)
{
	unsigned was_behind = 0;
	struct rig a, b;
	tg_listener lb;

	(void)state;
	machine(&a, 1);
	lb = machine(&b, 2);
	for (uint16_t i = 0; i < 40; i++) {
		const uint16_t sport = (uint16_t)(20000 + i);
		uint32_t theirs;
		struct seg s;
		tg_conn c;

		sends(&a, sport, 999, 0, SEG_S, 0);
		assert_true(next_sent(&a, &s));
		assert_int_equal(s.flags, SEG_S | SEG_A);
		theirs = tsval_of(&s);

		sends(&b, sport, 1000, s.seq + 1, SEG_A, theirs);
		c = accept_one(b.w, lb);
		assert_int_equal(tg_send(b.w, c, "x", 1), 1);
		rig_turn(&b);
		assert_true(next_sent(&b, &s));
		assert_int_equal(s.len, 1);
		assert_true((int32_t)(tsval_of(&s) - theirs) >= 0);
		was_behind += tsval_of(&s) == theirs;
		assert_int_equal(tg_abort(b.w, c), 0);
		rig_turn(&b);
		forget_sent(&b);
	}
	/* Of 40 random distances about half are behind; there the clock stands where the other's
	 * was, and nowhere ahead of it. */
	assert_in_range(was_behind, 5, 35);
	assert_int_equal(COUNT(&b, SYNCOOKIES_RECV), 40);
	assert_int_equal(COUNT(&b, SYNCOOKIES_FAILED), 0);
	rig_close(&a);
	rig_close(&b);
}

static void
without_timestamps_it_is_the_same(void **state)
{
	struct client c;
	struct rig a, b;
	tg_listener lb;

	(void)state;
	machine(&a, 1);
	lb = machine(&b, 2);
	c = client_of(&a, 20000, PORT);
	assert_int_equal(client_syn(&c).action, TG_REPLY);
	c.r = &b;
	assert_int_equal(client_sends(&c, SEG_A, 0).disposition, TG_DISP_DELIVERED);
	accept_one(b.w, lb);
	assert_int_equal(COUNT(&a, PASSIVE_OPENS), 0);
	rig_close(&a);
	rig_close(&b);
}

static void
a_machine_with_another_seed_is_a_stranger(void **state)
{
	struct client c;
	struct rig a, b;

	(void)state;
	machine(&a, 1);
	bench_init(&b);
	b.cfg.cookie_seed_shared = true;
	memset(b.cfg.cookie_seed, 8, sizeof(b.cfg.cookie_seed));
	bench_open(&b);
	bench_listen(&b, b.w, PORT, 1000);
	c = client_of(&a, 20000, PORT);
	assert_int_equal(client_syn(&c).action, TG_REPLY);
	c.r = &b;
	assert_int_equal(client_sends(&c, SEG_A, 0).disposition, TG_DISP_ANSWERED);
	assert_int_equal(COUNT(&b, SYNCOOKIES_FAILED), 1);
	rig_close(&a);
	rig_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_go_on_where_the_other_machine_was),
		cmocka_unit_test(without_timestamps_it_is_the_same),
		cmocka_unit_test(a_machine_with_another_seed_is_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
