/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine remembers of remote addresses (limits.c), beyond what scripts see.
 */
#include "engine_util.h"

#include "engine_internal.h"

static const uint8_t every_mode[] = {TG_SYNCOOKIES_OFF, TG_SYNCOOKIES_FULL, TG_SYNCOOKIES_ALWAYS,
	TG_SYNCOOKIES_ADAPTIVE, TG_SYNCOOKIES_MONITOR};

static bool
known(const struct rig *r)
{
	const struct tg_addr a = tg_addr_v4(10, 0, 0, 2);

	return tg_peer_known(r->e, &a);
}

static void
a_peer_is_noted_when_its_handshake_completes_and_only_where_someone_asks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		uint8_t mode = every_mode[i];
		bool asked = mode == TG_SYNCOOKIES_OFF || mode == TG_SYNCOOKIES_MONITOR;
		struct client c;
		struct rig r;

		bench_init(&r);
		r.cfg.syncookies = mode;
		bench_open(&r);
		bench_listen(&r, r.w, 80, 10);
		c = client_of(&r, 1000, 80);
		client_syn(&c);
		assert_false(known(&r));
		client_sends(&c, SEG_A, 0);
		assert_int_equal(known(&r), asked);
		rig_close(&r);
	}
}

static void
no_one_is_known_to_a_table_of_none(void **state)
{
	struct client c;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.syncookies = TG_SYNCOOKIES_OFF;
	r.cfg.proven_peers = 0;
	bench_open(&r);
	bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1000, 80);
	client_opens(&c);
	assert_false(known(&r));
	rig_close(&r);
}

/* An acked entry is a completed handshake only when it comes in: what the queue refused proves no
 * more than that the address answers, and is given up in the end. */
static void
a_handshake_that_found_no_room_is_not_noted(void **state)
{
	struct client c[3];
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.syncookies = TG_SYNCOOKIES_OFF;
	r.cfg.max_conns = 1;
	bench_open(&r);
	bench_listen(&r, r.w, 80, 1);
	for (unsigned i = 0; i < 2; i++) {
		c[i] = client_of(&r, (uint16_t)(1000 + i), 80);
		client_syn(&c[i]);
	}
	client_sends(&c[0], SEG_A, 0);
	assert_true(known(&r));
	rig_close(&r);

	bench_init(&r);
	r.cfg.syncookies = TG_SYNCOOKIES_OFF;
	r.cfg.accept_exact = true;
	bench_open(&r);
	bench_listen(&r, r.w, 80, 1);
	c[2] = client_of(&r, 1002, 80);
	client_syn(&c[2]);
	r.e->listeners.lsn[0].accept_holds = 0; /* no room for the first one either */
	client_sends(&c[2], SEG_A, 0);
	assert_int_equal(r.e->listeners.lsn[0].syn_acked, 1);
	assert_false(known(&r));
	r.e->listeners.lsn[0].accept_holds = 1;
	client_sends(&c[2], SEG_A, 0);
	assert_true(known(&r));
	rig_close(&r);
}

/* A machine without cookies takes those of its fleet: their senders are proven all the same. */
static void
the_cookie_of_another_machine_proves_a_peer_too(void **state)
{
	struct rig r[2];
	struct client c;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bench_init(&r[i]);
		r[i].cfg.seed[0] = (uint8_t)i;
		memset(r[i].cfg.cookie_seed, 9, sizeof(r[i].cfg.cookie_seed));
		r[i].cfg.cookie_seed_shared = true;
		r[i].cfg.syncookies = i == 0 ? TG_SYNCOOKIES_ALWAYS : TG_SYNCOOKIES_OFF;
		bench_open(&r[i]);
		bench_listen(&r[i], r[i].w, 80, 10);
	}
	c = client_of(&r[0], 1000, 80);
	client_syn(&c);
	c.r = &r[1];
	client_sends(&c, SEG_A, 0);
	assert_int_equal(COUNT(&r[1], SYNCOOKIES_RECV), 1);
	assert_true(known(&r[1]));
	rig_close(&r[0]);
	rig_close(&r[1]);
}

/* The limit is on SYN-ACKs: a spoofed source must not get many, a client that errs must be told. */
static void
the_prefix_limit_spares_rsts_and_challenge_acks(void **state)
{
	struct client c, late, stray;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.synack_prefix_rate = 1;
	r.cfg.synack_prefix_burst = 1;
	r.cfg.synack_retries = 0;
	r.cfg.accept_exact = true;
	bench_open(&r);
	bench_listen(&r, r.w, 80, 1);
	c = client_of(&r, 1000, 80);
	assert_int_equal(client_syn(&c).disposition, TG_DISP_ANSWERED);
	late = client_of(&r, 1001, 80);
	assert_int_equal(client_syn(&late).disposition, TG_DISP_DROP_PREFIX_LIMIT);
	assert_int_equal(COUNT(&r, SYNACK_PREFIX_LIMIT), 1);
	/* to a closed port, and a stray ACK */
	stray = client_of(&r, 1002, 81);
	assert_int_equal(client_sends(&stray, SEG_S, 0).disposition, TG_DISP_ANSWERED);
	stray = client_of(&r, 1003, 80);
	assert_int_equal(client_sends(&stray, SEG_A, 0).disposition, TG_DISP_ANSWERED);
	assert_int_equal(COUNT(&r, OUT_RSTS), 2);
	/* out of the window of the entry */
	c.seq += 1000000;
	assert_int_equal(client_sends(&c, SEG_A, 0).disposition, TG_DISP_ANSWERED);
	c.seq -= 1000000;
	/* and the RST of giving up */
	r.e->listeners.lsn[0].accept_holds = 0;
	client_sends(&c, SEG_A, 0);
	rig_until(&r, r.now + 1002 * TG_MSEC, RIG_NO_STOP);
	assert_int_equal(COUNT(&r, OUT_RSTS), 3);
	assert_int_equal(COUNT(&r, SYNACK_PREFIX_LIMIT), 1);
	assert_int_equal(r.e->synq.pool.used, 0);
	forget_sent(&r);
	rig_close(&r);
}

static void
without_a_rate_nothing_is_limited(void **state)
{
	const struct tg_addr a = tg_addr_v4(10, 0, 0, 2);
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	for (unsigned i = 0; i < 100000; i++)
		assert_true(tg_synack_allowed(r.e, &a));
	rig_close(&r);
}

/* Output is bounded by its cap, also where nothing leaves: a PRF call or two for each entry. */
static void
output_looks_at_no_more_limited_entries_than_it_may_send(void **state)
{
	struct tg_pkt pkt[8];
	unsigned calls = 0;
	struct rig r;

	(void)state;
	bench_init(&r);
	r.cfg.synack_prefix_rate = 1;
	r.cfg.synack_prefix_burst = 41;
	bench_open(&r);
	bench_listen(&r, r.w, 80, 100);
	for (uint16_t i = 0; i < 41; i++) {
		struct client c = client_of(&r, (uint16_t)(i + 1), 80);

		client_syn(&c);
	}
	r.e->prefixes.full = 0; /* no token comes */
	r.now += TG_SEC;
	assert_int_equal(tg_engine_advance(r.e, r.now, r.wall0, 64), 41);
	for (; r.e->synq.resend.count > 0; calls++) {
		uint32_t before = r.e->synq.resend.count;

		assert_true(tg_engine_deadline(r.e, r.now) == r.now);
		assert_int_equal(tg_engine_output(r.e, pkt, 8, r.now), 0);
		assert_true(before - r.e->synq.resend.count <= 8);
	}
	assert_int_equal(calls, 6);
	assert_int_equal(COUNT(&r, SYNACK_PREFIX_LIMIT), 41);
	rig_close(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_peer_is_noted_when_its_handshake_completes_and_only_where_someone_asks),
		cmocka_unit_test(no_one_is_known_to_a_table_of_none),
		cmocka_unit_test(a_handshake_that_found_no_room_is_not_noted),
		cmocka_unit_test(the_cookie_of_another_machine_proves_a_peer_too),
		cmocka_unit_test(the_prefix_limit_spares_rsts_and_challenge_acks),
		cmocka_unit_test(without_a_rate_nothing_is_limited),
		cmocka_unit_test(output_looks_at_no_more_limited_entries_than_it_may_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
