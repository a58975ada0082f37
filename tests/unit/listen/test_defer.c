/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deferred accept (listener-semantics section 7): the table of timeouts, and what an ACK gets.
 */
#include "support.h"

#include "defer.h"

/* Seconds that `n` timeouts take, the first of rto_ms. */
static uint64_t
waits(unsigned n, uint32_t rto_ms)
{
	uint64_t sum = 0, wait = rto_ms;

	for (unsigned i = 0; i < n; i++, wait = wait * 2 < 120000 ? wait * 2 : 120000)
		sum += wait;
	return sum / 1000;
}

/* The article's table, TCP_DEFER_ACCEPT of 1 to 12 s with a first timeout of 3 s. It prints 22 for
 * the last ones, a second of timer slack more than the arithmetic. */
static void
the_article_s_table_values_1_to_12_wait_3_3_3_9_9_9_9_9_9_21_21_21(void **state)
{
	static const uint64_t want[12] = {3, 3, 3, 9, 9, 9, 9, 9, 9, 21, 21, 21};

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(waits(tg_defer_timeouts((i + 1) * 1000, 3000), 3000), want[i]);
	assert_int_equal(waits(tg_defer_timeouts(22000, 3000), 3000), 45);
	assert_int_equal(waits(tg_defer_timeouts(46000, 3000), 3000), 93);
}

static void
with_a_first_timeout_of_1_s_it_is_1_3_7_15_31_63(void **state)
{
	static const uint64_t step[] = {1, 3, 7, 15, 31, 63, 127, 247, 367};
	unsigned at = 0;

	(void)state;
	for (uint32_t s = 1; s <= 367; s++) {
		if (s > step[at])
			at++;
		assert_int_equal(tg_defer_timeouts(s * 1000, 1000), at + 1);
		assert_int_equal(waits(at + 1, 1000), step[at]);
	}
}

static void
the_number_of_timeouts_ends_at_255(void **state)
{
	(void)state;
	assert_int_equal(tg_defer_timeouts(0, 1000), 0);
	assert_int_equal(tg_defer_timeouts(1, 100), 1);
	assert_int_equal(tg_defer_timeouts(UINT16_MAX * 1000u, 120000), 255);
	assert_int_equal(tg_defer_timeouts(UINT32_MAX, 100), 255);
}

/* The client's ISN is 0. */
static const struct tg_frame bare = {.flags = TG_ACK, .seq = 1};

/* [mode][timeouts so far] of a listener that waits for 2 timeouts (3 s with 1 s) */
static void
a_bare_ack_is_noted_awaited_or_forgotten_until_the_wait_is_over(void **state)
{
	static const enum tg_defer want[3][4] = {
		[TG_DEFER_SILENT] = {TG_DEFER_WAIT, TG_DEFER_WAIT, TG_DEFER_NO, TG_DEFER_NO},
		[TG_DEFER_LINUX] = {TG_DEFER_NOTE, TG_DEFER_NOTE, TG_DEFER_NO, TG_DEFER_NO},
		[TG_DEFER_LEGACY] = {TG_DEFER_FORGET, TG_DEFER_FORGET, TG_DEFER_NO, TG_DEFER_NO},
	};
	struct tg_synq q = {.rto_ms = 1000};

	(void)state;
	for (uint8_t mode = 0; mode < 3; mode++)
		for (uint8_t retries = 0; retries < 4; retries++) {
			struct tg_lsn l = {
				.defer_accept_s = 3, .defer_mode = mode, .defer_timeouts = 2};
			/* The first SYN-ACK left at 5000: timeouts at 6000, 8000, 12000, ... */
			struct tg_half h = {.retries = retries,
				.timer.deadline = 5000 + (tg_ms)tg_synq_span(&q, retries)};
			tg_ms sent = h.timer.deadline - tg_synq_wait(&q, retries);
			struct tg_frame f = bare;

			assert_int_equal(tg_synq_first_sent(&q, &h), 5000);
			assert_int_equal(tg_defer_ack(&l, &q, &h, &f, sent), want[mode][retries]);
			/* Data or a FIN completes at once, a listener that does not defer too. */
			f.payload_len = 1;
			assert_int_equal(tg_defer_ack(&l, &q, &h, &f, sent), TG_DEFER_NO);
			f.payload_len = 0;
			f.flags |= TG_FIN;
			assert_int_equal(tg_defer_ack(&l, &q, &h, &f, sent), TG_DEFER_NO);
			/* And one behind data that was lost. */
			f = bare;
			f.seq++;
			assert_int_equal(tg_defer_ack(&l, &q, &h, &f, sent), TG_DEFER_NO);
			l.defer_accept_s = l.defer_timeouts = 0;
			assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, sent), TG_DEFER_NO);
		}
}

static void
silent_deferral_ends_to_the_millisecond_after_the_first_syn_ack(void **state)
{
	struct tg_synq q = {.rto_ms = 1000};
	struct tg_lsn l = {.defer_accept_s = 8};

	(void)state;
	for (uint8_t retries = 0; retries < 5; retries++) {
		/* Just before the clock's 32 bits begin again. */
		tg_ms first = UINT32_MAX - 500;
		struct tg_half h = {.retries = retries,
			.timer.deadline = first + (tg_ms)tg_synq_span(&q, retries)};

		assert_int_equal(tg_defer_deadline(&l, &q, &h), first + 8000);
		assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, first + 7999), TG_DEFER_WAIT);
		assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, first + 8000), TG_DEFER_NO);
		/* In the resend FIFO the retry is counted already, and the SYN-ACK has not left. */
		h.flags = TG_HALF_RESEND;
		h.timer.deadline = first + (retries > 0 ? (tg_ms)tg_synq_span(&q, retries - 1) : 0);
		assert_int_equal(tg_defer_deadline(&l, &q, &h), first + 8000);
	}
}

static void
an_entry_that_waits_already_or_again_is_known_by_its_flags(void **state)
{
	struct tg_synq q = {.rto_ms = 1000};
	struct tg_lsn l = {.defer_accept_s = 8};
	struct tg_half h = {.flags = TG_HALF_DEFER, .timer.deadline = 1};

	(void)state;
	assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, 5), TG_DEFER_NOTE);
	h.flags = TG_HALF_READY;
	assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, 5), TG_DEFER_NO);
	h.flags = TG_HALF_RESEND | TG_HALF_GIVE_UP;
	assert_int_equal(tg_defer_ack(&l, &q, &h, &bare, 5), TG_DEFER_NO);
}

/* Linux: nothing is resent for an acked entry before the last timeout of the wait. */
static void
linux_spares_syn_acks_and_keeps_the_entry(void **state)
{
	(void)state;
	for (uint8_t n = 0; n < 8; n++)
		for (uint8_t retries = 0; retries < 10; retries++) {
			struct tg_lsn l = {.defer_mode = TG_DEFER_LINUX, .defer_timeouts = n};
			struct tg_half h = {.retries = retries, .flags = TG_HALF_ACKED};

			assert_int_equal(tg_defer_spares(&l, &h), retries + 1 < n);
			assert_int_equal(tg_defer_keeps(&l, &h), retries < n);
			h.flags = 0;
			assert_false(tg_defer_spares(&l, &h));
			assert_false(tg_defer_keeps(&l, &h));
			h.flags = TG_HALF_ACKED;
			l.defer_mode = TG_DEFER_LEGACY;
			assert_false(tg_defer_spares(&l, &h));
			assert_false(tg_defer_keeps(&l, &h));
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_article_s_table_values_1_to_12_wait_3_3_3_9_9_9_9_9_9_21_21_21),
		cmocka_unit_test(with_a_first_timeout_of_1_s_it_is_1_3_7_15_31_63),
		cmocka_unit_test(the_number_of_timeouts_ends_at_255),
		cmocka_unit_test(a_bare_ack_is_noted_awaited_or_forgotten_until_the_wait_is_over),
		cmocka_unit_test(silent_deferral_ends_to_the_millisecond_after_the_first_syn_ack),
		cmocka_unit_test(an_entry_that_waits_already_or_again_is_known_by_its_flags),
		cmocka_unit_test(linux_spares_syn_acks_and_keeps_the_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
