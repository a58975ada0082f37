/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admission of SYNs (listener-semantics section 3): the truth table, and what of an offer is taken.
 */
#include "support.h"

#include "admission.h"

static struct tg_admitted
admit(struct tg_lsn *l, uint8_t mode, bool pool, bool reuse)
{
	const struct tg_admission a = {.syncookies = mode, .start = 75, .stop = 25};

	return tg_admit_syn(l, &a, pool, reuse);
}

static bool
cookies_on(const struct tg_lsn *l, uint8_t mode)
{
	const struct tg_admission a = {.syncookies = mode, .start = 75, .stop = 25};

	return tg_cookies_on(l, &a, false);
}

/* A listener with queues so full: its own SYN queue holds 7, its accept queue 4. */
static struct tg_lsn
queues(bool synq, bool acceptq)
{
	struct tg_lsn l;

	memset(&l, 0, sizeof(l));
	l.syn_bound = 7;
	l.syn_reserve = 1000;
	l.accept_bound = 3;
	l.accept_holds = 4;
	l.syn_count = synq ? 7 : 1;
	l.acceptq.count = acceptq ? 4 : 3;
	return l;
}

static void
admission_is_the_truth_table_of_the_rules(void **state)
{
	enum {
		E = TG_ADMIT_ENTRY,
		C = TG_ADMIT_COOKIE,
		DS = TG_ADMIT_DROP_SYNQ,
		DA = TG_ADMIT_DROP_ACCEPTQ
	};
	/* [syncookies][SYN queue full][entry pool full][accept queue full] */
	static const uint8_t want[5][2][2][2] = {
		[TG_SYNCOOKIES_OFF] = {{{E, DA}, {DS, DS}}, {{DS, DS}, {DS, DS}}},
		[TG_SYNCOOKIES_FULL] = {{{E, DA}, {C, DA}}, {{C, DA}, {C, DA}}},
		[TG_SYNCOOKIES_ALWAYS] = {{{C, DA}, {C, DA}}, {{C, DA}, {C, DA}}},
		[TG_SYNCOOKIES_ADAPTIVE] = {{{E, DA}, {C, DA}}, {{C, DA}, {C, DA}}},
		[TG_SYNCOOKIES_MONITOR] = {{{E, DA}, {DS, DS}}, {{DS, DS}, {DS, DS}}},
	};

	(void)state;
	for (uint8_t mode = 0; mode < 5; mode++)
		for (unsigned i = 0; i < 8; i++) {
			bool synq = i & 4, pool = i & 2, acceptq = i & 1, full = synq || pool;
			struct tg_lsn l = queues(synq, acceptq);
			struct tg_admitted a = admit(&l, mode, pool, false);

			assert_int_equal(a.what, want[mode][synq][pool][acceptq]);
			/* As Linux: counted before the accept queue is looked at. */
			assert_int_equal(a.full_cookies,
				mode == TG_SYNCOOKIES_ALWAYS ||
					((mode == TG_SYNCOOKIES_FULL ||
						 mode == TG_SYNCOOKIES_ADAPTIVE) &&
						full));
			assert_int_equal(
				a.monitored, mode == TG_SYNCOOKIES_MONITOR && full && !acceptq);
		}
}

/* The queue's own bound does not count for it, nor do cookies; memory and the accept queue do. */
static void
a_syn_that_reuses_a_pair_passes_the_syn_queue(void **state)
{
	(void)state;
	for (uint8_t mode = 0; mode < 5; mode++)
		for (unsigned i = 0; i < 8; i++) {
			bool synq = i & 4, pool = i & 2, acceptq = i & 1;
			struct tg_lsn l = queues(synq, acceptq);
			struct tg_admitted a = admit(&l, mode, pool, true);

			assert_int_equal(a.what,
				acceptq        ? TG_ADMIT_DROP_ACCEPTQ
					: pool ? TG_ADMIT_DROP_SYNQ
					       : TG_ADMIT_ENTRY);
			assert_false(a.full_cookies);
		}
}

static void
young_entries_decide_with_the_classic_policy(void **state)
{
	const struct tg_admission a = {
		.syncookies = TG_SYNCOOKIES_FULL, .accept_full = TG_ACCEPT_FULL_YOUNG};

	(void)state;
	for (uint32_t young = 0; young < 4; young++) {
		struct tg_lsn l = queues(false, true);

		l.syn_young = young;
		assert_int_equal(tg_admit_syn(&l, &a, false, false).what,
			young > 1 ? TG_ADMIT_DROP_ACCEPTQ : TG_ADMIT_ENTRY);
		l.syn_count = 7;
		assert_int_equal(tg_admit_syn(&l, &a, false, false).what,
			young > 1 ? TG_ADMIT_DROP_ACCEPTQ : TG_ADMIT_COOKIE);
	}
}

/* Less than a quarter left of 100: from the 76th entry on. */
static void
with_cookies_off_the_last_quarter_is_for_proven_peers(void **state)
{
	struct tg_lsn l = queues(false, false);

	(void)state;
	l.syn_bound = 1000;
	l.syn_reserve = 100;
	for (uint32_t n = 0; n < 300; n++) {
		l.syn_count = n;
		for (uint8_t mode = 0; mode < 5; mode++) {
			bool off = mode == TG_SYNCOOKIES_OFF || mode == TG_SYNCOOKIES_MONITOR;
			enum tg_admit what = admit(&l, mode, false, false).what;

			assert_int_equal(what == TG_ADMIT_PROVEN, off && n > 75);
			assert_int_not_equal(admit(&l, mode, false, true).what, TG_ADMIT_PROVEN);
		}
	}
}

/* Cookies begin at 75 % of 100 and end at 25 %, whatever lies between. */
static void
adaptive_cookies_begin_and_end_at_two_fills(void **state)
{
	struct tg_lsn l = queues(false, false);

	(void)state;
	l.syn_bound = 100;
	for (unsigned round = 0; round < 2; round++) {
		for (l.syn_count = 0; l.syn_count < 75; l.syn_count++) {
			assert_int_equal(admit(&l, TG_SYNCOOKIES_ADAPTIVE, false, false).what,
				TG_ADMIT_ENTRY);
			assert_false(cookies_on(&l, TG_SYNCOOKIES_ADAPTIVE));
		}
		for (l.syn_count = 100; l.syn_count > 25; l.syn_count--) {
			struct tg_admitted a = admit(&l, TG_SYNCOOKIES_ADAPTIVE, false, false);

			assert_int_equal(a.what, TG_ADMIT_COOKIE);
			assert_int_equal(a.full_cookies, l.syn_count == 100);
			assert_true(cookies_on(&l, TG_SYNCOOKIES_ADAPTIVE));
		}
		/* The next SYN would end it: a listing must not wait for one to say so. */
		assert_false(cookies_on(&l, TG_SYNCOOKIES_ADAPTIVE));
		assert_int_equal(
			admit(&l, TG_SYNCOOKIES_ADAPTIVE, false, false).what, TG_ADMIT_ENTRY);
	}
}

static void
a_single_queue_has_one_bound_for_both(void **state)
{
	(void)state;
	for (uint8_t mode = 0; mode < 5; mode++)
		for (uint32_t half = 0; half <= 10; half++) {
			struct tg_lsn l = queues(false, false);
			enum tg_admit want = half < 10 ? TG_ADMIT_ENTRY : TG_ADMIT_DROP_SYNQ;

			l.single_queue = true;
			l.syn_bound = l.accept_holds = 10;
			l.syn_count = half;
			l.acceptq.count = 10 - half - (half < 10);
			if (mode == TG_SYNCOOKIES_ALWAYS)
				want = TG_ADMIT_COOKIE;
			assert_int_equal(admit(&l, mode, false, false).what, want);
			/* What is an entry already only changes its place. */
			assert_int_equal(tg_acceptq_full(&l), false);
			assert_int_equal(tg_lsn_full(&l), half == 10);
			l.acceptq.count = 10 - half;
			if (mode != TG_SYNCOOKIES_ALWAYS)
				assert_int_equal(
					admit(&l, mode, false, true).what, TG_ADMIT_DROP_SYNQ);
		}
}

/* Linux, in its own words: each step halves the share that the young ones must have. */
static unsigned
budget_of_linux(uint32_t count, uint32_t young, uint32_t bound, unsigned retries)
{
	if (count << 1 > (bound > 8 ? bound : 8)) {
		uint64_t share = (uint64_t)young << 1;

		while (retries > 2) {
			if (count < share)
				break;
			retries--;
			share <<= 1;
		}
	}
	return retries;
}

static void
old_entries_give_way_in_a_queue_more_than_half_full(void **state)
{
	struct tg_lsn l;

	(void)state;
	memset(&l, 0, sizeof(l));
	for (uint32_t bound = 1; bound <= 40; bound++)
		for (uint32_t count = 0; count <= bound; count++)
			for (uint32_t young = 0; young <= count; young++)
				for (unsigned retries = 0; retries <= 20; retries++) {
					l.syn_bound = bound;
					l.syn_count = count;
					l.syn_young = young;
					assert_int_equal(tg_synack_budget(&l, retries),
						budget_of_linux(count, young, bound, retries));
				}
	/* Half full keeps all, one more and nobody young leaves two. */
	l = (struct tg_lsn){.syn_bound = 100, .syn_count = 50};
	assert_int_equal(tg_synack_budget(&l, 5), 5);
	l.syn_count = 51;
	assert_int_equal(tg_synack_budget(&l, 5), 2);
	l.syn_young = 26;
	assert_int_equal(tg_synack_budget(&l, 5), 5);
}

/* Young and acked entries do not matter: only how many there are. */
static void
queues_beyond_their_bounds_are_full(void **state)
{
	struct tg_lsn l;

	(void)state;
	memset(&l, 0, sizeof(l));
	l.syn_bound = l.accept_bound = l.accept_holds = 1;
	l.syn_reserve = 10000;
	l.syn_count = l.acceptq.count = 1000;
	assert_int_equal(admit(&l, TG_SYNCOOKIES_OFF, false, false).what, TG_ADMIT_DROP_SYNQ);
	assert_int_equal(admit(&l, TG_SYNCOOKIES_FULL, false, false).what, TG_ADMIT_DROP_ACCEPTQ);
	l.acceptq.count = 0;
	l.syn_young = l.syn_acked = 1000;
	assert_int_equal(admit(&l, TG_SYNCOOKIES_FULL, false, false).what, TG_ADMIT_COOKIE);
	l.syn_count = 0;
	assert_int_equal(admit(&l, TG_SYNCOOKIES_FULL, false, false).what, TG_ADMIT_ENTRY);
}

static struct tg_offer
take(const struct tg_tcpopt *opt, bool v4, unsigned allow)
{
	struct tg_offer o;

	memset(&o, 0xa5, sizeof(o));
	tg_offer_take(&o, opt, v4, allow & 1, allow & 2, allow & 4, allow & 8);
	return o;
}

static struct tg_tcpopt
all_options(void)
{
	struct tg_tcpopt o;

	memset(&o, 0xa5, sizeof(o));
	o.present = TG_OPT_MSS | TG_OPT_WSCALE | TG_OPT_SACK_OK | TG_OPT_TS;
	o.mss = 1460;
	o.wscale = 14;
	o.tsval = 0xfeedf00d;
	return o;
}

/* Every set of options against every set of permissions. */
static void
an_option_is_agreed_on_when_it_is_offered_and_allowed(void **state)
{
	(void)state;
	for (unsigned present = 0; present < 256; present++)
		for (unsigned allow = 0; allow < 16; allow++) {
			struct tg_tcpopt opt = all_options();
			struct tg_offer o;
			bool ts, sack, wscale;

			opt.present = (uint8_t)present;
			ts = (present & TG_OPT_TS) && (allow & 1);
			sack = (present & TG_OPT_SACK_OK) && (allow & 2);
			wscale = (present & TG_OPT_WSCALE) && (allow & 4);
			o = take(&opt, true, allow);
			assert_int_equal(o.ts, ts);
			assert_int_equal(o.tsval, ts ? 0xfeedf00d : 0);
			assert_int_equal(o.sack, sack);
			assert_int_equal(o.ecn, (allow & 8) != 0);
			assert_int_equal(o.has_wscale, wscale);
			assert_int_equal(o.wscale, wscale ? 14 : 0);
			assert_int_equal(o.mss, present & TG_OPT_MSS ? 1460 : 536);
		}
}

/* RFC 9293 3.7.1: 536 bytes on IPv4, 1220 on IPv6. */
static void
a_syn_without_mss_means_the_default_of_its_family(void **state)
{
	struct tg_tcpopt opt = all_options();

	(void)state;
	opt.present &= (uint8_t)~TG_OPT_MSS;
	assert_int_equal(take(&opt, true, 7).mss, 536);
	assert_int_equal(take(&opt, false, 7).mss, 1220);
}

static void
an_mss_below_64_is_not_believed(void **state)
{
	struct tg_tcpopt opt = all_options();

	(void)state;
	for (uint32_t mss = 0; mss <= UINT16_MAX; mss++) {
		opt.mss = (uint16_t)mss;
		assert_int_equal(take(&opt, mss & 1, 7).mss, mss < 64 ? 64 : mss);
	}
}

/* RFC 3168 6.1.1, and RFC 9768 3.1.2 for AE: every set of flags with every ECN field. */
static void
an_ecn_setup_syn_has_both_flags_and_is_not_capable_itself(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 512; flags++)
		for (unsigned tos = 0; tos < 256; tos++) {
			struct tg_frame f = {.flags = (uint16_t)flags, .ip_tos = (uint8_t)tos};
			bool both = (flags & 0xc0) == 0xc0;

			assert_int_equal(tg_syn_wants_ecn(&f),
				both && (tos % 4 == 0 || (flags & 0x100) != 0));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admission_is_the_truth_table_of_the_rules),
		cmocka_unit_test(a_syn_that_reuses_a_pair_passes_the_syn_queue),
		cmocka_unit_test(young_entries_decide_with_the_classic_policy),
		cmocka_unit_test(with_cookies_off_the_last_quarter_is_for_proven_peers),
		cmocka_unit_test(adaptive_cookies_begin_and_end_at_two_fills),
		cmocka_unit_test(a_single_queue_has_one_bound_for_both),
		cmocka_unit_test(old_entries_give_way_in_a_queue_more_than_half_full),
		cmocka_unit_test(queues_beyond_their_bounds_are_full),
		cmocka_unit_test(an_option_is_agreed_on_when_it_is_offered_and_allowed),
		cmocka_unit_test(a_syn_without_mss_means_the_default_of_its_family),
		cmocka_unit_test(an_mss_below_64_is_not_believed),
		cmocka_unit_test(an_ecn_setup_syn_has_both_flags_and_is_not_capable_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
