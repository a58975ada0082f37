/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ECN marks of segments that come and leave (RFC 3168 6.1.3 to 6.1.6), one value at a time.
 */
#include "conn_util.h"

#include "ecn.h"

enum {
	NXT = 5000, /**< rcv_nxt */
	WND = 1000, /**< offered behind it */
	MAX = 9000, /**< snd_max */
};

static struct tg_tcb
agreed(void)
{
	struct tg_tcb t;

	memset(&t, 0, sizeof(t));
	t.flags = TG_TCB_ECN;
	t.rcv_nxt = NXT;
	t.rcv_adv = NXT + WND;
	t.snd_max = MAX;
	return t;
}

static void
arrives(struct tg_tcb *t, unsigned flags, unsigned tos, uint32_t seq, uint32_t len)
{
	struct tg_frame f = {
		.flags = (uint16_t)(TG_ACK | flags), .ip_tos = (uint8_t)tos, .seq = seq};

	f.payload_len = len;
	tg_ecn_arrived(t, &f);
}

static bool
owes(const struct tg_tcb *t)
{
	return (t->flags & TG_TCB_ECE_OWED) != 0;
}

/* What a segment looks like after it was marked; s->tos is 0x00 before. */
static struct tg_segment
mark(struct tg_tcb *t, unsigned flags, uint32_t seq, uint32_t len)
{
	struct tg_segment s = {.seq = seq, .flags = (uint16_t)flags};

	tg_ecn_mark(t, &s, len);
	return s;
}

/* Every segment around the window: CE counts exactly when a byte of it lies inside. */
static void
rfc3168_6_1_5_a_mark_counts_when_a_byte_of_data_lies_in_the_window(void **state)
{
	(void)state;
	for (uint32_t seq = NXT - 20; seq <= NXT + 20; seq++)
		for (uint32_t len = 0; len < 20; len++) {
			struct tg_tcb t = agreed();

			arrives(&t, 0, TG_ECN_CE, seq, len);
			assert_int_equal(owes(&t), len > 0 && seq + len > NXT);
		}
	for (uint32_t seq = NXT + WND - 3; seq <= NXT + WND + 3; seq++) {
		struct tg_tcb t = agreed();

		arrives(&t, 0, TG_ECN_CE, seq, 5);
		assert_int_equal(owes(&t), seq < NXT + WND);
	}
}

static void
only_ce_is_a_mark_and_the_dscp_is_not(void **state)
{
	(void)state;
	for (unsigned tos = 0; tos < 256; tos++) {
		struct tg_tcb t = agreed();

		arrives(&t, 0, tos, NXT, 10);
		assert_int_equal(owes(&t), tos % 4 == 3);
	}
}

/* RFC 3168 6.1.3: the echo lasts until CWR; CWR of old data is older than the mark. */
static void
rfc3168_6_1_3_cwr_ends_the_echo_and_ce_begins_it(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	arrives(&t, 0, TG_ECN_CE, NXT, 10);
	arrives(&t, 0, TG_ECN_ECT_0, NXT, 10);
	assert_true(owes(&t));
	arrives(&t, TG_CWR, TG_ECN_ECT_0, NXT - 10, 10);
	assert_true(owes(&t));
	arrives(&t, TG_CWR, TG_ECN_CE, NXT, 10);
	assert_true(owes(&t));
	arrives(&t, TG_CWR, TG_ECN_ECT_0, NXT, 10);
	assert_false(owes(&t));
	arrives(&t, TG_CWR, TG_ECN_CE, NXT, 10);
	assert_true(owes(&t));
	arrives(&t, TG_CWR, 0, NXT, 0); /* a pure ACK */
	assert_false(owes(&t));
}

static void
data_behind_the_peers_fin_is_nobodys(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	t.flags |= TG_TCB_FIN_RCVD;
	arrives(&t, 0, TG_ECN_CE, NXT, 10);
	assert_false(owes(&t));
}

static void
a_mark_is_acknowledged_at_once_and_so_is_cwr(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	arrives(&t, 0, TG_ECN_CE, NXT, 10);
	assert_int_equal(t.quick, 2);
	t.quick = 0;
	arrives(&t, 0, TG_ECN_CE, NXT, 10); /* echoed already */
	assert_int_equal(t.quick, 0);
	arrives(&t, TG_CWR, 0, NXT, 0);
	assert_int_equal(t.quick, 0);
	arrives(&t, TG_CWR, 0, NXT, 10);
	assert_int_equal(t.quick, 1);
	t.quick = 8;
	arrives(&t, TG_CWR, TG_ECN_CE, NXT, 10); /* never fewer than there were */
	assert_int_equal(t.quick, 8);
}

static void
rfc3168_6_1_5_data_is_capable_the_first_time_and_nothing_else_is(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	assert_int_equal(mark(&t, TG_ACK, MAX, 1).tos, TG_ECN_ECT_0);
	assert_int_equal(mark(&t, TG_ACK | TG_FIN, MAX, 1).tos, TG_ECN_ECT_0);
	assert_int_equal(mark(&t, TG_ACK, MAX, 0).tos, 0);
	assert_int_equal(mark(&t, TG_ACK | TG_FIN, MAX, 0).tos, 0);
	assert_int_equal(mark(&t, TG_ACK, MAX - 1, 1).tos, 0);
	assert_int_equal(mark(&t, TG_ACK, MAX - 1, 100).tos, 0); /* half of it new */
	t.flags |= TG_TCB_PROBE;
	assert_int_equal(mark(&t, TG_ACK, MAX, 1).tos, 0);
}

static void
rfc3168_6_1_2_cwr_is_on_the_first_new_data_and_only_there(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	t.flags |= TG_TCB_CWR_WANTED;
	assert_int_equal(mark(&t, TG_ACK, MAX, 0).flags, TG_ACK);
	assert_int_equal(mark(&t, TG_ACK, MAX - 1, 1).flags, TG_ACK);
	assert_int_equal(mark(&t, TG_ACK, MAX, 1).flags, TG_ACK | TG_CWR);
	assert_int_equal(mark(&t, TG_ACK, MAX, 1).flags, TG_ACK);
}

static void
an_echo_is_in_every_segment_but_a_rst(void **state)
{
	struct tg_tcb t = agreed();

	(void)state;
	t.flags |= TG_TCB_ECE_OWED;
	assert_int_equal(mark(&t, TG_ACK, MAX, 0).flags, TG_ACK | TG_ECE);
	assert_int_equal(mark(&t, TG_ACK, MAX, 9).flags, TG_ACK | TG_ECE);
	assert_int_equal(mark(&t, TG_ACK | TG_FIN, MAX, 0).flags, TG_ACK | TG_FIN | TG_ECE);
	assert_int_equal(mark(&t, TG_ACK, MAX - 5, 5).flags, TG_ACK | TG_ECE);
	assert_int_equal(mark(&t, TG_ACK | TG_RST, MAX, 0).flags, TG_ACK | TG_RST);
	assert_true(owes(&t));
}

/* Whatever the flags say: without agreement nothing is read and nothing is written. */
static void
without_agreement_there_is_no_ecn(void **state)
{
	struct tg_tcb t = agreed();
	struct tg_segment s;

	(void)state;
	t.flags = 0;
	arrives(&t, 0, TG_ECN_CE, NXT, 10);
	assert_int_equal(t.flags, 0);
	assert_int_equal(t.quick, 0);
	t.flags = TG_TCB_ECE_OWED | TG_TCB_CWR_WANTED;
	arrives(&t, TG_CWR, 0, NXT, 10);
	assert_true(owes(&t));
	s = mark(&t, TG_ACK, MAX, 10);
	assert_int_equal(s.flags, TG_ACK);
	assert_int_equal(s.tos, 0);
}

/* A TCB of a proven handshake, and what outlives it for its worker. */
static void
agreement_comes_with_the_handshake_and_stays_to_be_seen(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	assert_int_equal(world_conn(&w, 65535)->flags & TG_TCB_ECN, 0);
	w.proven.ecn = true;
	t = world_conn(&w, 65535);
	assert_int_equal(t->flags & (TG_TCB_ECN | TG_TCB_ECE_OWED | TG_TCB_CWR_WANTED), TG_TCB_ECN);
	t->flags |= TG_TCB_ECE_OWED | TG_TCB_CWR_WANTED;
	tg_tcb_end(&w.cs, t, -5);
	assert_int_equal(t->flags & (TG_TCB_ECN | TG_TCB_ECE_OWED | TG_TCB_CWR_WANTED), TG_TCB_ECN);
	world_close(&w);
}

/* An echo that comes with an ACK of everything, through the room as a whole: cut before it grows.
 */
static void
an_echo_is_judged_before_its_acknowledgment(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	world_start(&w);
	w.proven.ecn = true;
	t = world_conn(&w, 65535);
	worker_writes(&w, t, 0, 8 * 1460);
	world_output(&w);
	assert_int_equal(w.outs, 8);
	peer_sends(&w, t, &(struct in){.ack = 8 * 1460, .flags = TG_ACK | TG_ECE, .wnd = 65535});
	assert_int_equal(t->ssthresh, 4 * 1460); /* of what was out when it came, not of nothing */
	assert_int_equal(t->cwnd, 4 * 1460);
	worker_writes(&w, t, 8 * 1460, 10);
	world_output(&w);
	expect_segment(&w.out[0], 8 * 1460, 0, TG_ACK | TG_PSH | TG_CWR, 10);
	/* one that acknowledges what was never sent is a guess */
	peer_sends(&w, t, &(struct in){.ack = 90000, .flags = TG_ACK | TG_ECE, .wnd = 65535});
	assert_int_equal(t->ssthresh, 4 * 1460);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rfc3168_6_1_5_a_mark_counts_when_a_byte_of_data_lies_in_the_window),
		cmocka_unit_test(only_ce_is_a_mark_and_the_dscp_is_not),
		cmocka_unit_test(rfc3168_6_1_3_cwr_ends_the_echo_and_ce_begins_it),
		cmocka_unit_test(data_behind_the_peers_fin_is_nobodys),
		cmocka_unit_test(a_mark_is_acknowledged_at_once_and_so_is_cwr),
		cmocka_unit_test(rfc3168_6_1_5_data_is_capable_the_first_time_and_nothing_else_is),
		cmocka_unit_test(rfc3168_6_1_2_cwr_is_on_the_first_new_data_and_only_there),
		cmocka_unit_test(an_echo_is_in_every_segment_but_a_rst),
		cmocka_unit_test(without_agreement_there_is_no_ecn),
		cmocka_unit_test(agreement_comes_with_the_handshake_and_stays_to_be_seen),
		cmocka_unit_test(an_echo_is_judged_before_its_acknowledgment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
