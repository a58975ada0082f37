/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment for a half-open connection: RFC 9293 3.10.7.4, state SYN-RECEIVED, step by step.
 */
#include "support.h"

#include "half.h"

#define WND   64000
#define MS(t) ((tg_time)(t)*TG_MSEC)

/* An entry whose SYN-ACK left at time 0, and a segment that would complete it at 2 s. */
struct rig {
	struct test_mem m;
	struct tg_synq q;
	struct tg_half *h;
	uint32_t rcv_nxt;
	struct tg_frame f;
	struct tg_tcpopt opt;
	tg_time now;
};

static void
rig_at(struct rig *r, uint32_t irs, uint32_t iss)
{
	uint32_t idx;

	memset(r, 0, sizeof(*r));
	test_mem_init(&r->m);
	assert_int_equal(tg_synq_init(&r->q, &r->m.mem, 1, 3000, 0), 0);
	idx = tg_synq_get(&r->q);
	r->h = tg_half_at(&r->q, idx);
	r->h->key.lport = 80;
	r->h->irs = irs;
	r->h->iss = iss;
	r->h->ts_recent = 1000;
	r->h->flags = TG_HALF_TS | TG_HALF_WSCALE | 7;
	tg_synq_sent(&r->q, idx, 0);
	r->rcv_nxt = irs + 1;
	r->f.kind = TG_FRAME_TCP;
	r->f.flags = TG_ACK;
	r->f.seq = irs + 1;
	r->f.ack = iss + 1;
	r->opt.present = TG_OPT_TS;
	r->opt.tsval = 1000;
	r->now = MS(2000);
}

static void
rig_init(struct rig *r)
{
	rig_at(r, 0x11111111, 0x22222222);
}

static void
rig_fini(struct rig *r)
{
	tg_synq_fini(&r->q, &r->m.mem);
	test_mem_fini(&r->m);
}

/* The verdict; whatever it is, only the time of the last answer may change in the entry. */
static enum tg_half_verdict
judge(struct rig *r)
{
	struct tg_half before = *r->h;
	enum tg_half_verdict v;

	v = tg_half_segment(&r->q, r->h, &r->f, &r->opt, WND, r->now);
	before.answered = r->h->answered;
	assert_memory_equal(&before, r->h, sizeof(before));
	return v;
}

/* The verdict on an entry that has not answered anything yet. */
static void
expect(struct rig *r, enum tg_half_verdict want)
{
	r->h->answered = 0;
	assert_int_equal(judge(r), want);
	if (want != TG_HALF_CHALLENGE && want != TG_HALF_SYNACK)
		assert_int_equal(r->h->answered, 0);
}

static void
expect_flags(struct rig *r, unsigned flags, enum tg_half_verdict want)
{
	r->f.flags = (uint16_t)flags;
	expect(r, want);
}

static void
expect_seq(struct rig *r, uint32_t seq, enum tg_half_verdict want)
{
	r->f.seq = seq;
	expect(r, want);
}

/* Repeated SYN */

static void
the_syn_again_gets_its_syn_ack_again(void **state)
{
	static const unsigned with[] = {
		0, TG_ECE | TG_CWR, TG_AE | TG_ECE | TG_CWR, TG_PSH, TG_URG};
	struct rig r;

	(void)state;
	rig_init(&r);
	r.f.seq = r.h->irs;
	for (unsigned i = 0; i < 5; i++)
		expect_flags(&r, TG_SYN | with[i], TG_HALF_SYNACK);
	/* Its ACK field means nothing, its data is not looked at, its timestamp may be old. */
	r.f.ack = 0;
	r.f.payload_len = 1400;
	r.opt.tsval = 0;
	expect(&r, TG_HALF_SYNACK);
	rig_fini(&r);
}

static void
the_syn_again_within_500_ms_is_dropped(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.f.seq = r.h->irs;
	r.f.flags = TG_SYN;
	r.now = MS(500) - 1;
	assert_int_equal(judge(&r), TG_HALF_SYN_RATE);
	r.now = MS(500);
	assert_int_equal(judge(&r), TG_HALF_SYNACK);
	assert_int_equal(judge(&r), TG_HALF_SYN_RATE);
	r.now = MS(999);
	assert_int_equal(judge(&r), TG_HALF_SYN_RATE);
	r.now = MS(1000 + 16); /* a step of the entry's clock is 16 ms at 3 s */
	assert_int_equal(judge(&r), TG_HALF_SYNACK);
	rig_fini(&r);
}

static void
a_syn_ack_of_the_same_number_is_not_the_syn_again(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.f.seq = r.h->irs;
	expect_flags(&r, TG_SYN | TG_ACK, TG_HALF_CHALLENGE);
	expect_flags(&r, TG_SYN | TG_RST, TG_HALF_DROP_WINDOW);
	r.f.ack++;
	expect_flags(&r, TG_SYN | TG_ACK, TG_HALF_RST);
	rig_fini(&r);
}

/* Second: the RST bit (RFC 5961 3.2) */

static void
only_the_exact_rst_removes_the_entry(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.f.flags = TG_RST;
	expect_seq(&r, r.rcv_nxt, TG_HALF_GONE);
	expect_seq(&r, r.rcv_nxt - 1, TG_HALF_DROP_WINDOW);
	expect_seq(&r, r.rcv_nxt + 1, TG_HALF_CHALLENGE);
	expect_seq(&r, r.rcv_nxt + WND - 1, TG_HALF_CHALLENGE);
	expect_seq(&r, r.rcv_nxt + WND, TG_HALF_DROP_WINDOW);
	expect_seq(&r, r.rcv_nxt + (UINT32_C(1) << 31), TG_HALF_DROP_WINDOW);
	rig_fini(&r);
}

static void
a_rst_needs_no_good_ack_and_no_fresh_timestamp(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.opt.tsval = 999;
	r.f.ack = 0;
	expect_flags(&r, TG_RST | TG_ACK, TG_HALF_GONE);
	expect_flags(&r, TG_RST | TG_FIN | TG_PSH | TG_URG, TG_HALF_GONE);
	expect_flags(&r, TG_RST | TG_SYN, TG_HALF_GONE);
	r.f.payload_len = 10;
	expect_flags(&r, TG_RST, TG_HALF_GONE);
	rig_fini(&r);
}

/* Fifth, asked first: the ACK field */

static void
an_ack_of_another_number_gets_a_rst_and_the_entry_stays(void **state)
{
	static const uint32_t off[] = {0, 2, 3, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};
	struct rig r;

	(void)state;
	rig_init(&r);
	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		r.f.ack = r.h->iss + off[i];
		expect_flags(&r, TG_ACK, TG_HALF_RST);
		expect_flags(&r, TG_ACK | TG_FIN, TG_HALF_RST);
		expect_flags(&r, TG_ACK | TG_SYN, TG_HALF_RST);
	}
	/* Wherever it lies, however old it is. */
	expect_seq(&r, r.rcv_nxt - 1, TG_HALF_RST);
	expect_seq(&r, r.rcv_nxt + WND, TG_HALF_RST);
	r.opt.tsval = 0;
	expect(&r, TG_HALF_RST);
	rig_fini(&r);
}

/* First: the sequence number, table 6 with a window that is open */

static void
an_empty_segment_must_begin_in_the_window(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	expect_seq(&r, r.rcv_nxt - 1, TG_HALF_CHALLENGE);
	expect_seq(&r, r.rcv_nxt, TG_HALF_COMPLETE);
	expect_seq(&r, r.rcv_nxt + 1, TG_HALF_COMPLETE);
	expect_seq(&r, r.rcv_nxt + WND - 1, TG_HALF_COMPLETE);
	expect_seq(&r, r.rcv_nxt + WND, TG_HALF_CHALLENGE);
	expect_seq(&r, r.rcv_nxt + 0x7fffffff, TG_HALF_CHALLENGE);
	expect_seq(&r, r.rcv_nxt + 0x80000000, TG_HALF_CHALLENGE);
	rig_fini(&r);
}

static void
a_segment_with_data_must_overlap_the_window(void **state)
{
	static const uint32_t lens[] = {1, 2, 1460, 65495, 65535};
	struct rig r;

	(void)state;
	rig_init(&r);
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (unsigned fin = 0; fin < 2; fin++) {
			uint32_t len = lens[i];

			/* A FIN takes a number as a byte does. */
			r.f.payload_len = len - fin;
			r.f.flags = fin ? TG_ACK | TG_FIN : TG_ACK;
			expect_seq(&r, r.rcv_nxt - len - 1, TG_HALF_CHALLENGE);
			expect_seq(&r, r.rcv_nxt - len, TG_HALF_CHALLENGE);
			expect_seq(&r, r.rcv_nxt - len + 1, TG_HALF_COMPLETE);
			expect_seq(&r, r.rcv_nxt, TG_HALF_COMPLETE);
			expect_seq(&r, r.rcv_nxt + WND - 1, TG_HALF_COMPLETE);
			expect_seq(&r, r.rcv_nxt + WND, TG_HALF_CHALLENGE);
		}
	rig_fini(&r);
}

static void
challenges_are_sent_at_most_once_in_500_ms(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.now = MS(1); /* the SYN-ACK that just left does not count */
	r.f.seq = r.rcv_nxt - 1;
	assert_int_equal(judge(&r), TG_HALF_CHALLENGE);
	assert_int_equal(judge(&r), TG_HALF_CHALLENGE_RATE);
	/* Nor does the limit know reasons: out of window, RST, old timestamp. */
	r.f.flags = TG_RST;
	r.f.seq = r.rcv_nxt + 1;
	assert_int_equal(judge(&r), TG_HALF_CHALLENGE_RATE);
	r.f.flags = TG_ACK;
	r.f.seq = r.rcv_nxt;
	r.opt.tsval = 0;
	r.now = MS(500);
	assert_int_equal(judge(&r), TG_HALF_CHALLENGE_RATE);
	r.now = MS(501 + 16);
	assert_int_equal(judge(&r), TG_HALF_CHALLENGE);
	/* One that needs no answer is not held back. */
	r.opt.tsval = 1000;
	assert_int_equal(judge(&r), TG_HALF_COMPLETE);
	rig_fini(&r);
}

/* PAWS (RFC 7323 5) */

static void
an_older_timestamp_than_the_syns_is_challenged(void **state)
{
	static const struct {
		uint32_t recent, tsval;
		enum tg_half_verdict want;
	} row[] = {
		{1000, 999, TG_HALF_CHALLENGE},
		{1000, 1000, TG_HALF_COMPLETE},
		{1000, 1001, TG_HALF_COMPLETE},
		{0, 0xffffffff, TG_HALF_CHALLENGE},
		{0xffffffff, 0, TG_HALF_COMPLETE},
		{0, 0x7fffffff, TG_HALF_COMPLETE},
		{0, 0x80000001, TG_HALF_CHALLENGE},
	};
	struct rig r;

	(void)state;
	rig_init(&r);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		r.h->ts_recent = row[i].recent;
		r.opt.tsval = row[i].tsval;
		r.f.payload_len = 0;
		expect_flags(&r, TG_ACK, row[i].want);
		r.f.payload_len = 10;
		expect_flags(&r, TG_ACK | TG_FIN, row[i].want);
	}
	rig_fini(&r);
}

/* As Linux: a peer that forgets the option is let in. And one that was refused it may not use it.
 */
static void
timestamps_count_when_agreed_on_and_present(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.opt.tsval = 0;
	expect(&r, TG_HALF_CHALLENGE);
	r.opt.present = 0;
	expect(&r, TG_HALF_COMPLETE);
	r.opt.present = TG_OPT_TS;
	r.h->flags &= (uint16_t)~TG_HALF_TS;
	expect(&r, TG_HALF_COMPLETE);
	rig_fini(&r);
}

/* Fourth: the SYN bit */

static void
another_syn_in_the_window_ends_the_entry(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	for (unsigned ack = 0; ack < 2; ack++) {
		r.f.flags = ack ? TG_SYN | TG_ACK : TG_SYN;
		expect_seq(&r, r.rcv_nxt, TG_HALF_RST_GONE);
		expect_seq(&r, r.rcv_nxt + 1, TG_HALF_RST_GONE);
		expect_seq(&r, r.rcv_nxt + WND - 1, TG_HALF_RST_GONE);
		expect_seq(&r, r.rcv_nxt + WND, TG_HALF_CHALLENGE);
		expect_seq(&r, r.rcv_nxt - 2, TG_HALF_CHALLENGE);
		expect_seq(&r, r.rcv_nxt + 0x80000000, TG_HALF_CHALLENGE);
	}
	rig_fini(&r);
}

/* A port used again by the same client: the old entry must not be lost to a blind SYN. */
static void
an_old_timestamp_on_another_syn_is_challenged(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.opt.tsval = 999;
	r.f.seq = r.rcv_nxt + 100;
	expect_flags(&r, TG_SYN, TG_HALF_CHALLENGE);
	rig_fini(&r);
}

/* Fifth: no ACK bit */

static void
a_segment_without_ack_is_dropped(void **state)
{
	static const unsigned flags[] = {
		0, TG_FIN, TG_PSH, TG_URG, TG_FIN | TG_PSH | TG_URG, TG_ECE | TG_CWR | TG_AE};
	struct rig r;

	(void)state;
	rig_init(&r);
	r.f.ack = 0;
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		r.f.payload_len = 0;
		expect_flags(&r, flags[i], TG_HALF_DROP_ACK);
		r.f.payload_len = 100;
		expect_flags(&r, flags[i], TG_HALF_DROP_ACK);
	}
	expect_seq(&r, r.rcv_nxt + WND, TG_HALF_CHALLENGE);
	rig_fini(&r);
}

static void
the_last_ack_may_bring_data_and_fin(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	for (uint32_t len = 0; len < 3000; len += 100) {
		r.f.payload_len = len;
		expect_flags(&r, TG_ACK, TG_HALF_COMPLETE);
		expect_flags(&r, TG_ACK | TG_PSH, TG_HALF_COMPLETE);
		expect_flags(&r, TG_ACK | TG_FIN, TG_HALF_COMPLETE);
		expect_flags(&r, TG_ACK | TG_URG | TG_ECE | TG_CWR | TG_AE, TG_HALF_COMPLETE);
	}
	rig_fini(&r);
}

/* An entry waiting for a buffer is completed like any other, and its SYN is not answered twice. */
static void
an_entry_in_the_resend_queue_is_judged_alike(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_int_equal(tg_synq_expired(&r.q, 3000), 0);
	r.h->retries++;
	r.now = MS(3600);
	expect(&r, TG_HALF_COMPLETE);
	r.f.seq = r.h->irs;
	expect_flags(&r, TG_SYN, TG_HALF_SYN_RATE);
	expect_flags(&r, TG_ACK, TG_HALF_CHALLENGE);
	rig_fini(&r);
}

/* The page of the RFC with our decisions on it, one sentence after the other. */
static enum tg_half_verdict
twin(const struct rig *r)
{
	bool syn = r->f.flags & TG_SYN, ack = r->f.flags & TG_ACK, rst = r->f.flags & TG_RST;
	uint32_t len = r->f.payload_len + syn + ((r->f.flags & TG_FIN) != 0);
	bool inside = false, old;

	if (syn && !ack && !rst && r->f.seq == r->h->irs)
		return TG_HALF_SYNACK;
	/* Any number the segment takes, or where it stands when it takes none, in the window. */
	for (uint32_t i = 0; i < (len != 0 && !rst ? len : 1); i++)
		inside |= r->f.seq + i - r->rcv_nxt < WND;
	if (rst && r->f.seq == r->rcv_nxt)
		return TG_HALF_GONE;
	if (rst)
		return inside ? TG_HALF_CHALLENGE : TG_HALF_DROP_WINDOW;
	if (ack && r->f.ack != r->h->iss + 1)
		return TG_HALF_RST;
	old = (r->opt.present & TG_OPT_TS) && r->opt.tsval - r->h->ts_recent >= 0x80000000u;
	if (old || !inside)
		return TG_HALF_CHALLENGE;
	if (syn && r->f.seq + 1 != r->rcv_nxt)
		return TG_HALF_RST_GONE;
	return ack ? TG_HALF_COMPLETE : TG_HALF_DROP_ACK;
}

/* Every set of flags at every edge, with numbers that wrap in each place. */
static void
every_combination_agrees_with_a_twin_out_of_the_rfc(void **state)
{
	static const uint32_t irs[] = {0, 0xffffffff, 0xfffffffe, 0xffffffff - WND, 0x7ffffff0};
	static const uint32_t iss[] = {0xffffffff, 0xfffffffe, 0, 5, 0x7fffffff};
	static const int32_t seqs[] = {
		-1000, -4, -3, -2, -1, 0, 1, WND - 1, WND, WND + 1, INT32_MAX, INT32_MIN};
	static const uint32_t lens[] = {0, 1, 3, 65535};

	(void)state;
	for (unsigned k = 0; k < 5; k++) {
		struct rig r;

		rig_at(&r, irs[k], iss[k]);
		for (unsigned n = 0; n < 512 * 12 * 4 * 2 * 3; n++) {
			unsigned i = n;

			r.f.flags = i % 512;
			r.f.seq = r.rcv_nxt + (uint32_t)seqs[(i /= 512) % 12];
			r.f.payload_len = lens[(i /= 12) % 4];
			r.f.ack = r.h->iss + 1 + (i /= 4) % 2;
			i /= 2;
			r.opt.present = i > 0 ? TG_OPT_TS : 0;
			r.opt.tsval = i > 1 ? 999 : 1000;
			/* The long ones take the twin long: a few flags will do. */
			if (r.f.payload_len == 65535 && r.f.flags >= 32)
				continue;
			expect(&r, twin(&r));
		}
		rig_fini(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_syn_again_gets_its_syn_ack_again),
		cmocka_unit_test(the_syn_again_within_500_ms_is_dropped),
		cmocka_unit_test(a_syn_ack_of_the_same_number_is_not_the_syn_again),
		cmocka_unit_test(only_the_exact_rst_removes_the_entry),
		cmocka_unit_test(a_rst_needs_no_good_ack_and_no_fresh_timestamp),
		cmocka_unit_test(an_ack_of_another_number_gets_a_rst_and_the_entry_stays),
		cmocka_unit_test(an_empty_segment_must_begin_in_the_window),
		cmocka_unit_test(a_segment_with_data_must_overlap_the_window),
		cmocka_unit_test(challenges_are_sent_at_most_once_in_500_ms),
		cmocka_unit_test(an_older_timestamp_than_the_syns_is_challenged),
		cmocka_unit_test(timestamps_count_when_agreed_on_and_present),
		cmocka_unit_test(another_syn_in_the_window_ends_the_entry),
		cmocka_unit_test(an_old_timestamp_on_another_syn_is_challenged),
		cmocka_unit_test(a_segment_without_ack_is_dropped),
		cmocka_unit_test(the_last_ack_may_bring_data_and_fin),
		cmocka_unit_test(an_entry_in_the_resend_queue_is_judged_alike),
		cmocka_unit_test(every_combination_agrees_with_a_twin_out_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
