/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

enum {
	MSS = 1000,
};

/** A connection with `flight` bytes out. */
static struct tg_tcb
sender(uint32_t una, uint32_t flight)
{
	struct tg_tcb t;

	memset(&t, 0, sizeof(t));
	t.snd_mss = MSS;
	t.snd_una = t.snd_nxt = t.snd_max = una;
	tg_cc_open(&t, false);
	t.snd_nxt = t.snd_max = una + flight;
	return t;
}

static void
ack(struct tg_tcb *t, uint32_t n)
{
	t->snd_una += n;
	tg_cc_acked(t, n);
}

static void
dupacks(struct tg_tcb *t, unsigned n)
{
	while (n-- > 0)
		tg_cc_dupack(t);
}

static void
rfc6928_initial_window(void **state)
{
	static const struct {
		uint16_t mss;
		uint32_t cwnd;
	} ROW[] = {{88, 880}, {536, 5360}, {1220, 12200}, {1460, 14600}, {1461, 14600},
		{7299, 14600}, {7301, 14602}, {8960, 17920}, {65495, 130990}};

	(void)state;
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct tg_tcb t = {.snd_mss = ROW[i].mss, .snd_una = 77};

		tg_cc_open(&t, false);
		assert_int_equal(t.cwnd, ROW[i].cwnd);
		assert_true(t.ssthresh >= 1u << 30);
		assert_int_equal(t.recover, 76); /* the ISS */
		tg_cc_open(&t, true);            /* RFC 5681 3.1: the SYN-ACK was lost */
		assert_int_equal(t.cwnd, ROW[i].mss);
	}
}

static void
rfc5681_slow_start_grows_by_what_was_acknowledged_up_to_a_segment(void **state)
{
	struct tg_tcb t = sender(0, 50 * MSS);
	uint32_t cwnd = t.cwnd;

	(void)state;
	ack(&t, MSS);
	assert_int_equal(t.cwnd, cwnd += MSS);
	ack(&t, 3 * MSS);
	assert_int_equal(t.cwnd, cwnd += MSS);
	for (unsigned i = 0; i < 100; i++) /* ACK division buys nothing */
		ack(&t, 10);
	assert_int_equal(t.cwnd, cwnd + MSS);
}

static void
rfc5681_congestion_avoidance_grows_a_segment_per_round_trip(void **state)
{
	struct tg_tcb t = sender(0, 0);
	uint32_t cwnd;

	(void)state;
	t.ssthresh = t.cwnd = cwnd = 20 * MSS;
	t.snd_max = 100 * MSS;
	for (unsigned i = 0; i < 20; i++)
		ack(&t, MSS);
	assert_true(t.cwnd > cwnd + MSS * 9 / 10 && t.cwnd <= cwnd + MSS);
	t.cwnd = cwnd = 100 * MSS * MSS; /* never stands still */
	ack(&t, MSS);
	assert_int_equal(t.cwnd, cwnd + 1);
}

static void
the_window_stays_below_2_to_the_30(void **state)
{
	struct tg_tcb t = sender(0, 0);

	(void)state;
	t.cwnd = (1u << 30) - 1;
	ack(&t, MSS);
	assert_int_equal(t.cwnd, 1u << 30);
	for (unsigned i = 0; i < 10; i++)
		ack(&t, MSS);
	assert_int_equal(t.cwnd, 1u << 30);
	t.snd_max = t.snd_una + 10 * MSS;
	dupacks(&t, 3);
	t.cwnd = 1u << 30;
	dupacks(&t, 1000);
	assert_true(t.cwnd <= (1u << 30) + MSS);
}

static void
rfc5681_the_third_duplicate_starts_fast_retransmit(void **state)
{
	struct tg_tcb t = sender(UINT32_MAX - 4 * MSS, 10 * MSS);

	(void)state;
	t.flags |= TG_TCB_RTT_ON;
	dupacks(&t, 2);
	assert_int_equal(t.flags & (TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD), 0);
	dupacks(&t, 1);
	assert_int_equal(t.flags & (TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD),
		TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD);
	assert_int_equal(t.flags & TG_TCB_RTT_ON, 0);
	assert_int_equal(t.ssthresh, 5 * MSS);
	assert_int_equal(t.cwnd, 8 * MSS);
	assert_int_equal(t.recover, t.snd_max);
	dupacks(&t, 4); /* each one is a segment that has left the network */
	assert_int_equal(t.cwnd, 12 * MSS);
}

static void
rfc5681_ssthresh_is_at_least_two_segments(void **state)
{
	struct tg_tcb t = sender(0, MSS);

	(void)state;
	dupacks(&t, 3);
	assert_int_equal(t.ssthresh, 2 * MSS);
	t = sender(0, MSS);
	tg_cc_timeout(&t);
	assert_int_equal(t.ssthresh, 2 * MSS);
}

static void
rfc3042_two_more_segments_on_the_first_two_duplicates(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	assert_int_equal(tg_cc_window(&t), 10 * MSS);
	dupacks(&t, 1);
	assert_int_equal(tg_cc_window(&t), 11 * MSS);
	dupacks(&t, 1);
	assert_int_equal(tg_cc_window(&t), 12 * MSS);
	dupacks(&t, 1);
	assert_int_equal(tg_cc_window(&t), t.cwnd);
}

static void
rfc5681_3_2_what_limited_transmit_sent_does_not_count_as_flight(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	dupacks(&t, 1);
	t.snd_nxt = t.snd_max += MSS;
	dupacks(&t, 1);
	t.snd_nxt = t.snd_max += MSS;
	dupacks(&t, 1);
	assert_int_equal(t.ssthresh, 5 * MSS);
}

static void
in_recovery_a_duplicate_inflates_the_window_once(void **state)
{
	struct tg_tcb t = sender(0, 20 * MSS);
	uint32_t wnd;

	(void)state;
	t.cwnd = 20 * MSS;
	dupacks(&t, 3);
	ack(&t, 4 * MSS); /* partial */
	for (unsigned i = 0; i < 4; i++) {
		wnd = tg_cc_window(&t);
		dupacks(&t, 1);
		assert_int_equal(tg_cc_window(&t), wnd + MSS);
	}
}

static void
rfc6582_a_partial_acknowledgment_sends_the_next_hole(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	dupacks(&t, 3);
	t.flags &= ~(uint32_t)TG_TCB_REXMT_HEAD; /* output has sent it */
	ack(&t, 3 * MSS);
	assert_int_equal(t.cwnd, (8 - 3 + 1) * MSS); /* deflated, and one segment back */
	assert_true((t.flags & TG_TCB_REXMT_HEAD) != 0);
	assert_true((t.flags & TG_TCB_RECOVERY) != 0);
	t.flags &= ~(uint32_t)TG_TCB_REXMT_HEAD;
	ack(&t, MSS / 2); /* less than a segment gives nothing back */
	assert_int_equal(t.cwnd, 6 * MSS - MSS / 2);
	assert_true((t.flags & TG_TCB_REXMT_HEAD) != 0);
	t.cwnd = MSS;
	ack(&t, 2 * MSS); /* never to nothing */
	assert_true(t.cwnd >= MSS);
	t.cwnd = MSS + 10;
	ack(&t, MSS - 1); /* nor to less than a segment */
	assert_int_equal(t.cwnd, MSS);
}

static void
rfc6582_a_full_acknowledgment_ends_recovery_without_a_burst(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	dupacks(&t, 3);
	ack(&t, 10 * MSS);
	assert_int_equal(t.flags & TG_TCB_RECOVERY, 0);
	assert_int_equal(t.cwnd, 2 * MSS); /* nothing is out: max(0, MSS) + MSS */
	assert_int_equal(t.ssthresh, 5 * MSS);

	t = sender(0, 10 * MSS);
	dupacks(&t, 3);
	t.snd_max += 8 * MSS; /* sent during recovery */
	ack(&t, 10 * MSS);
	assert_int_equal(t.cwnd, 5 * MSS); /* ssthresh */
}

static void
rfc6582_duplicates_of_a_window_already_recovered_do_nothing(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	tg_cc_timeout(&t);
	dupacks(&t, 5);
	assert_int_equal(t.flags & TG_TCB_RECOVERY, 0);
	ack(&t, 9 * MSS);
	dupacks(&t, 3);
	assert_int_equal(t.flags & TG_TCB_RECOVERY, 0);
	t.snd_max += 5 * MSS;
	ack(&t, MSS); /* exactly `recover`: these may answer what was sent twice */
	dupacks(&t, 3);
	assert_int_equal(t.flags & TG_TCB_RECOVERY, 0);
	ack(&t, MSS); /* now more than `recover` is acknowledged */
	dupacks(&t, 3);
	assert_true((t.flags & TG_TCB_RECOVERY) != 0);
}

static void
recover_follows_or_2_gib_later_it_would_be_the_future(void **state)
{
	struct tg_tcb t = sender(0, 0);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		t.snd_nxt = t.snd_max = t.snd_una + (1u << 30);
		ack(&t, 1u << 30);
		t.snd_max += 10 * MSS;
		dupacks(&t, 3);
		assert_true((t.flags & TG_TCB_RECOVERY) != 0);
		ack(&t, 10 * MSS);
		assert_int_equal(t.flags & TG_TCB_RECOVERY, 0);
	}
}

static void
rfc5681_a_timeout_is_one_segment_and_halves_once(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	t.flags |= TG_TCB_RTT_ON;
	tg_cc_timeout(&t);
	assert_int_equal(t.ssthresh, 5 * MSS);
	assert_int_equal(t.cwnd, MSS);
	assert_int_equal(t.flags & TG_TCB_RTT_ON, 0);
	t.snd_max -= 4 * MSS; /* whatever is out then */
	tg_cc_timeout(&t);
	assert_int_equal(t.ssthresh, 5 * MSS);
	assert_int_equal(t.cwnd, MSS);
}

static void
a_timeout_in_recovery_ends_it(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	dupacks(&t, 3);
	tg_cc_timeout(&t);
	assert_int_equal(t.flags & (TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD), 0);
	assert_int_equal(t.dupacks, 0);
	ack(&t, 2 * MSS); /* slow start again */
	assert_int_equal(t.cwnd, 2 * MSS);
}

/* A mark: RFC 3168 6.1.2. */
static void
rfc3168_an_echo_cuts_as_a_loss_does_and_sends_nothing_again(void **state)
{
	struct tg_tcb t = sender(UINT32_MAX - 4 * MSS, 10 * MSS);

	(void)state;
	t.flags = TG_TCB_ECN | TG_TCB_RTT_ON;
	tg_cc_echo(&t, t.snd_una); /* of nothing yet: the peer's SYN was no data of ours */
	assert_int_equal(t.cwnd, 10 * MSS);
	tg_cc_echo(&t, t.snd_una + 1);
	assert_int_equal(t.cwnd, 5 * MSS);
	assert_int_equal(t.ssthresh, 5 * MSS);
	assert_true(t.flags == (TG_TCB_ECN | TG_TCB_RTT_ON | TG_TCB_CWR_WANTED));
}

static void
rfc3168_an_echo_counts_once_for_a_window_of_data(void **state)
{
	struct tg_tcb t = sender(UINT32_MAX - 4 * MSS, 10 * MSS);

	(void)state;
	ack(&t, MSS);
	for (unsigned i = 0; i < 9; i++) {
		tg_cc_echo(&t, t.snd_una + MSS);
		assert_int_equal(t.ssthresh, 9 * MSS / 2);
		ack(&t, MSS);
	}
	tg_cc_echo(&t, t.snd_una); /* everything that was out then: the CWR came later */
	assert_int_equal(t.ssthresh, 9 * MSS / 2);
	t.snd_nxt = t.snd_max += 4 * MSS;
	tg_cc_echo(&t, t.snd_una + 1);
	assert_int_equal(t.ssthresh, 2 * MSS);
}

static void
rfc3168_a_loss_and_a_mark_of_one_window_cut_once(void **state)
{
	struct tg_tcb t = sender(0, 10 * MSS);

	(void)state;
	t.flags = TG_TCB_ECN;
	ack(&t, MSS);
	tg_cc_echo(&t, t.snd_una + MSS);
	ack(&t, MSS);
	dupacks(&t, 3); /* sent again all the same */
	assert_true((t.flags & (TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD)) ==
		(TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD));
	assert_int_equal(t.ssthresh, 9 * MSS / 2);
	assert_int_equal(t.cwnd, 9 * MSS / 2 + 3 * MSS);

	t = sender(0, 10 * MSS);
	dupacks(&t, 3);
	t.snd_nxt = t.snd_max += 2 * MSS;
	tg_cc_echo(&t, 10 * MSS);
	assert_int_equal(t.ssthresh, 5 * MSS);
	tg_cc_echo(&t, 10 * MSS + 1); /* what was sent after the cut */
	assert_int_equal(t.ssthresh, 4 * MSS);

	t = sender(0, 10 * MSS);
	tg_cc_timeout(&t);
	tg_cc_echo(&t, 10 * MSS);
	assert_int_equal(t.ssthresh, 5 * MSS);
}

/* RFC 5681 3.1 keeps ssthresh at two segments; an echo never makes a window larger. */
static void
an_echo_leaves_at_least_a_segment_and_never_adds(void **state)
{
	struct tg_tcb t = sender(0, MSS);

	(void)state;
	t.cwnd = MSS;
	tg_cc_echo(&t, MSS);
	assert_int_equal(t.ssthresh, 2 * MSS);
	assert_int_equal(t.cwnd, MSS);
}

static void
cwr_is_wanted_after_every_cut_of_a_connection_with_ecn(void **state)
{
	(void)state;
	for (unsigned ecn = 0; ecn < 2; ecn++) {
		struct tg_tcb t = sender(0, 10 * MSS);

		t.flags = ecn ? TG_TCB_ECN : 0;
		dupacks(&t, 2);
		assert_true((t.flags & TG_TCB_CWR_WANTED) == 0);
		dupacks(&t, 1);
		assert_true((t.flags & TG_TCB_CWR_WANTED) == (ecn ? TG_TCB_CWR_WANTED : 0));
		t = sender(0, 10 * MSS);
		t.flags = ecn ? TG_TCB_ECN : 0;
		tg_cc_timeout(&t);
		assert_true((t.flags & TG_TCB_CWR_WANTED) == (ecn ? TG_TCB_CWR_WANTED : 0));
	}
}

static void
the_last_cut_follows_or_2_gib_later_it_would_be_the_future(void **state)
{
	struct tg_tcb t = sender(0, 0);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		t.snd_nxt = t.snd_max = t.snd_una + (1u << 30);
		ack(&t, 1u << 30);
		t.cwnd = t.ssthresh = 20 * MSS;
		t.snd_max += 10 * MSS;
		tg_cc_echo(&t, t.snd_una + MSS);
		assert_int_equal(t.ssthresh, 5 * MSS);
		ack(&t, 10 * MSS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc6928_initial_window),
		cmocka_unit_test(rfc5681_slow_start_grows_by_what_was_acknowledged_up_to_a_segment),
		cmocka_unit_test(rfc5681_congestion_avoidance_grows_a_segment_per_round_trip),
		cmocka_unit_test(the_window_stays_below_2_to_the_30),
		cmocka_unit_test(rfc5681_the_third_duplicate_starts_fast_retransmit),
		cmocka_unit_test(rfc5681_ssthresh_is_at_least_two_segments),
		cmocka_unit_test(rfc3042_two_more_segments_on_the_first_two_duplicates),
		cmocka_unit_test(rfc5681_3_2_what_limited_transmit_sent_does_not_count_as_flight),
		cmocka_unit_test(in_recovery_a_duplicate_inflates_the_window_once),
		cmocka_unit_test(rfc6582_a_partial_acknowledgment_sends_the_next_hole),
		cmocka_unit_test(rfc6582_a_full_acknowledgment_ends_recovery_without_a_burst),
		cmocka_unit_test(rfc6582_duplicates_of_a_window_already_recovered_do_nothing),
		cmocka_unit_test(recover_follows_or_2_gib_later_it_would_be_the_future),
		cmocka_unit_test(rfc5681_a_timeout_is_one_segment_and_halves_once),
		cmocka_unit_test(a_timeout_in_recovery_ends_it),
		cmocka_unit_test(rfc3168_an_echo_cuts_as_a_loss_does_and_sends_nothing_again),
		cmocka_unit_test(rfc3168_an_echo_counts_once_for_a_window_of_data),
		cmocka_unit_test(rfc3168_a_loss_and_a_mark_of_one_window_cut_once),
		cmocka_unit_test(an_echo_leaves_at_least_a_segment_and_never_adds),
		cmocka_unit_test(cwr_is_wanted_after_every_cut_of_a_connection_with_ecn),
		cmocka_unit_test(the_last_cut_follows_or_2_gib_later_it_would_be_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
