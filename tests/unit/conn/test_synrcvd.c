/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that wait for the last ACK (RFC 7413 4.2). */
#include "conn_util.h"

#include <errno.h>

#include "synrcvd.h"

/* What tg_conns.synrcvd_over was told. */
static unsigned overs;
static const struct tg_tcb *over_of;

static void
on_over(void *ctx, const struct tg_tcb *t)
{
	assert_ptr_equal(ctx, &overs);
	assert_int_equal(t->flags & TG_TCB_SYN_RCVD, 0);
	overs++;
	over_of = t;
}

static void
start(struct world *w, bool hidden)
{
	world_start(w);
	w->cs.synack_rto_ms = 1000;
	w->cs.synack_retries = 2;
	w->cs.synrcvd_over = on_over;
	w->cs.synrcvd_ctx = &overs;
	w->proven.syn_rcvd = true;
	w->proven.hidden = hidden;
	overs = 0;
	over_of = NULL;
}

/* A pending connection whose SYN-ACK has just left. */
static struct tg_tcb *
pending(struct world *w)
{
	struct tg_tcb *t = w->proven.hidden ? world_conn_unaccepted(w, 5000) : world_conn(w, 5000);

	assert_non_null(t);
	assert_int_equal(t->state, TG_SYN_RECEIVED);
	assert_int_equal(tg_synrcvd_sent(&w->cs, t, w->now), UINT16_MAX);
	return t;
}

static enum tg_synrcvd_verdict
judge(struct world *w, const struct tg_tcb *t, const struct in *s)
{
	struct tg_pkt pkt[8];
	struct tg_tcpopt o;
	struct tg_frame f;

	peer_packet(w, t, s, pkt, &f, &o);
	peer_packet_free(w, pkt);
	return tg_synrcvd_segment(&w->cs, t, &f, &o, w->now);
}

static void
segments_are_judged_by_number_then_rst_then_syn_then_ack(void **state)
{
	static const struct {
		struct in in;
		enum tg_synrcvd_verdict want;
	} row[] = {
		{{.seq = 0, .flags = TG_ACK}, TG_SYNRCVD_LAST_ACK},
		{{.seq = 0, .flags = TG_ACK, .len = 9}, TG_SYNRCVD_LAST_ACK},
		{{.seq = 0, .flags = TG_ACK | TG_FIN}, TG_SYNRCVD_LAST_ACK},
		{{.seq = 65535, .flags = TG_ACK}, TG_SYNRCVD_LAST_ACK},
		{{.seq = 65536, .flags = TG_ACK}, TG_SYNRCVD_WINDOW},
		{{.seq = UINT32_MAX, .flags = TG_ACK}, TG_SYNRCVD_WINDOW},
		{{.seq = UINT32_MAX, .flags = TG_ACK, .len = 1}, TG_SYNRCVD_WINDOW},
		{{.seq = UINT32_MAX, .flags = TG_ACK, .len = 2}, TG_SYNRCVD_LAST_ACK},
		{{.seq = 65535, .flags = TG_ACK, .len = 1}, TG_SYNRCVD_WINDOW},
		{{.seq = 0, .ack = 1, .flags = TG_ACK}, TG_SYNRCVD_RST},
		{{.seq = 0, .ack = UINT32_MAX, .flags = TG_ACK}, TG_SYNRCVD_RST},
		{{.seq = 65536, .ack = 1, .flags = TG_ACK}, TG_SYNRCVD_WINDOW},
		{{.seq = 0, .flags = TG_RST}, TG_SYNRCVD_RESET},
		{{.seq = 1, .flags = TG_RST}, TG_SYNRCVD_SEGMENT},
		{{.seq = 70000, .flags = TG_RST}, TG_SYNRCVD_SEGMENT},
		{{.seq = 0, .flags = TG_PSH, .len = 1}, TG_SYNRCVD_SEGMENT},
		{{.seq = 5, .flags = TG_SYN}, TG_SYNRCVD_SYN},
		{{.seq = 5, .flags = TG_SYN | TG_ACK}, TG_SYNRCVD_SYN},
		{{.seq = 70000, .flags = TG_SYN}, TG_SYNRCVD_WINDOW},
		{{.seq = UINT32_MAX, .flags = TG_SYN}, TG_SYNRCVD_SYN_RATE},
		{{.seq = UINT32_MAX, .flags = TG_SYN, .len = 3}, TG_SYNRCVD_SYN_RATE},
		{{.seq = UINT32_MAX, .flags = TG_SYN | TG_ACK}, TG_SYNRCVD_WINDOW},
		{{.seq = UINT32_MAX, .flags = TG_SYN | TG_RST}, TG_SYNRCVD_SEGMENT},
	};

	(void)state;
	for (unsigned n = 0; n < numbers_count; n++) {
		struct world w;
		struct tg_tcb *t;

		start(&w, false);
		w.proven.irs = numbers[n].irs;
		w.proven.iss = numbers[n].iss;
		t = pending(&w);
		for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
			if (judge(&w, t, &row[i].in) != row[i].want)
				fail_msg("row %u, numbers %u: %u, not %u", i, n,
					judge(&w, t, &row[i].in), row[i].want);
		/* data that is out may be acknowledged, and what is not out not */
		worker_writes(&w, t, 0, 10);
		assert_int_equal(world_output(&w), 1);
		assert_int_equal(judge(&w, t, &(struct in){.ack = 10, .flags = TG_ACK}),
			TG_SYNRCVD_LAST_ACK);
		assert_int_equal(
			judge(&w, t, &(struct in){.ack = 11, .flags = TG_ACK}), TG_SYNRCVD_RST);
		/* after our FIN it is a challenge, as in any synchronized state */
		tg_conn_shutdown(&w.cs, t);
		assert_int_equal(world_output(&w), 1);
		assert_int_equal(t->state, TG_FIN_WAIT_1);
		assert_int_equal(judge(&w, t, &(struct in){.ack = 12, .flags = TG_ACK}),
			TG_SYNRCVD_CHALLENGE);
		world_close(&w);
	}
}

static void
a_syn_is_answered_again_500_ms_after_the_last_answer(void **state)
{
	const struct in syn = {.seq = UINT32_MAX, .flags = TG_SYN};
	struct world w;
	struct tg_tcb *t;

	(void)state;
	start(&w, false);
	t = pending(&w);
	world_wait(&w, 499);
	assert_int_equal(judge(&w, t, &syn), TG_SYNRCVD_SYN_RATE);
	world_wait(&w, 1);
	assert_int_equal(judge(&w, t, &syn), TG_SYNRCVD_SYNACK);
	t->flags |= TG_TCB_OOW_SET;
	t->oow_at = tg_ms_of(w.now);
	assert_int_equal(judge(&w, t, &syn), TG_SYNRCVD_SYN_RATE);
	/* the timer's SYN-ACK counts as well */
	world_wait(&w, 500);
	assert_int_equal(t->retries, 1);
	assert_int_equal(judge(&w, t, &syn), TG_SYNRCVD_SYN_RATE);
	world_wait(&w, 500);
	assert_int_equal(judge(&w, t, &syn), TG_SYNRCVD_SYNACK);
	world_close(&w);
}

static void
the_timeout_doubles_up_to_120_s(void **state)
{
	struct tg_conns cs = {.synack_rto_ms = 1000};

	(void)state;
	assert_int_equal(tg_synrcvd_wait(&cs, 0), 1000);
	assert_int_equal(tg_synrcvd_wait(&cs, 6), 64000);
	assert_int_equal(tg_synrcvd_wait(&cs, 7), 120000);
	assert_int_equal(tg_synrcvd_wait(&cs, 255), 120000);
	cs.synack_rto_ms = 120000;
	assert_int_equal(tg_synrcvd_wait(&cs, 255), 120000);
}

/* synack_retries + 1, and with 255 of them the count, a byte, ends the connection all the same. */
static void
the_syn_ack_is_given_up(void **state)
{
	static const struct {
		uint8_t retries;
		unsigned want;
	} row[] = {{0, 1}, {2, 3}, {254, 255}, {255, 255}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct world w;
		struct tg_event ev;
		struct tg_tcb *t;
		unsigned n = 0;

		start(&w, false);
		w.cs.synack_retries = row[i].retries;
		t = pending(&w);
		while (overs == 0) {
			assert_int_equal(t->flags2 & TG_TCB2_SYNACK, n > 0 ? TG_TCB2_SYNACK : 0);
			world_wait(&w, tg_synrcvd_wait(&w.cs, t->retries));
			n++;
		}
		assert_int_equal(n, row[i].want + 1);
		assert_int_equal(CNT(&w, TIMEOUTS), n);
		assert_int_equal(CNT(&w, ATTEMPT_FAILS), 1);
		assert_int_equal(CNT(&w, ABORT_ON_TIMEOUT), 1);
		assert_int_equal(next_event(&w, &ev), TG_EV_CLOSED);
		assert_int_equal(ev.error, -ETIMEDOUT);
		world_close(&w);
	}
}

/* Whatever ends it: acknowledged, reset, aborted, shut down and timed out. */
static void
its_end_is_told_once(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 6; way++) {
		struct world w;
		struct tg_tcb *t;

		start(&w, way == 5);
		t = pending(&w);
		switch (way) {
		case 0:
			peer_sends(&w, t, &(struct in){.flags = TG_ACK, .wnd = 9});
			assert_int_equal(t->state, TG_ESTABLISHED);
			break;
		case 1:
			peer_sends(&w, t, &(struct in){.flags = TG_RST});
			assert_int_equal(CNT(&w, ATTEMPT_FAILS), 1);
			break;
		case 2:
			tg_conn_abort(&w.cs, t);
			break;
		case 3:
			tg_conn_close(&w.cs, t, w.now);
			assert_int_equal(overs, 0);
			world_output(&w);
			world_wait(&w, 100000);
			assert_int_equal(CNT(&w, ATTEMPT_FAILS), 0);
			break;
		case 4:
			tg_conn_reset(&w.cs, t, -ETIMEDOUT);
			break;
		default: /* nobody heard of it: it is gone for good */
			world_wait(&w, 100000);
			assert_int_equal(w.cs.tcb.used, 0);
		}
		assert_int_equal(overs, 1);
		assert_ptr_equal(over_of, t);
		world_output(&w);
		world_wait(&w, 1000);
		assert_int_equal(overs, 1);
		assert_int_equal(CNT(&w, ESTAB_RESETS), 0);
		world_close(&w);
	}
}

/* The window of the SYN is not scaled, every later one is; the SYN-ACK is timed. */
static void
the_last_ack_opens_the_connection(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	start(&w, false);
	w.proven.has_wscale = true;
	w.proven.wscale = 4;
	t = pending(&w);
	assert_int_equal(t->snd_wnd, 5000);
	w.now += 30 * TG_MSEC;
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .wnd = 1000});
	assert_int_equal(t->state, TG_ESTABLISHED);
	assert_int_equal(t->snd_wnd, 16000);
	assert_int_equal(t->srtt_us8 / 8, 30000);
	assert_int_equal(t->flags & TG_TCB_T_REXMT, 0);
	world_close(&w);
}

/* Karn: of two SYN-ACKs no one knows which was answered. */
static void
a_syn_ack_sent_again_is_not_timed(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	start(&w, false);
	t = pending(&w);
	world_wait(&w, 600);
	tg_synrcvd_sent(&w.cs, t, w.now);
	world_wait(&w, 10);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .wnd = 1000});
	assert_int_equal(t->srtt_us8, 0);
	assert_int_equal(t->rto_ms, TG_RTO_INIT);
	world_close(&w);
}

/* A SYN-ACK lost, as far as we know: nothing but ACKs leaves, then all from the start. */
static void
data_waits_for_the_last_ack_after_a_timeout(void **state)
{
	struct world w;
	struct tg_tcb *t;

	(void)state;
	start(&w, false);
	t = pending(&w);
	worker_writes(&w, t, 0, 2000);
	assert_int_equal(world_output(&w), 2);
	world_wait(&w, 1000);
	assert_int_equal(world_output(&w), 0);
	worker_writes(&w, t, 2000, 100);
	t->flags |= TG_TCB_ACK_NOW;
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 2000, 0, TG_ACK, 0);
	peer_sends(&w, t, &(struct in){.flags = TG_ACK, .wnd = 5000});
	assert_int_equal(t->rto_ms, TG_RTO_INIT_LOST);
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 0, 0, TG_ACK, 1460);
	/* or what was sent had arrived after all */
	peer_sends(&w, t, &(struct in){.ack = 2000, .flags = TG_ACK, .wnd = 5000});
	assert_int_equal(world_output(&w), 1);
	expect_segment(&w.out[0], 2000, 0, TG_ACK | TG_PSH, 100);
	world_close(&w);
}

/* The SYN-ACK's window is what the receive buffer still takes, and the right edge stays. */
static void
the_window_of_the_syn_ack_counts_the_syns_data(void **state)
{
	struct world w;
	struct tg_tcb *t;
	uint32_t edge;

	(void)state;
	start(&w, false);
	t = world_conn(&w, 5000);
	t->rcv_nxt += 100;
	t->rcv_bytes = 100;
	edge = t->rcv_adv;
	assert_int_equal(tg_synrcvd_sent(&w.cs, t, w.now), 65435);
	assert_int_equal(t->rcv_adv, edge);
	assert_int_equal(t->last_ack_sent, t->rcv_nxt);
	t->rcv_bytes = 0;
	assert_int_equal(tg_synrcvd_sent(&w.cs, t, w.now), 65535);
	assert_int_equal(t->rcv_adv, t->rcv_nxt + 65535);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_judged_by_number_then_rst_then_syn_then_ack),
		cmocka_unit_test(a_syn_is_answered_again_500_ms_after_the_last_answer),
		cmocka_unit_test(the_timeout_doubles_up_to_120_s),
		cmocka_unit_test(the_syn_ack_is_given_up),
		cmocka_unit_test(its_end_is_told_once),
		cmocka_unit_test(the_last_ack_opens_the_connection),
		cmocka_unit_test(a_syn_ack_sent_again_is_not_timed),
		cmocka_unit_test(data_waits_for_the_last_ack_after_a_timeout),
		cmocka_unit_test(the_window_of_the_syn_ack_counts_the_syns_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
