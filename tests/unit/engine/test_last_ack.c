/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way of last ACKs (last_ack.c) copies the connection before: after any change of what
 * connections begin with, the next one is as the long way makes it.
 */
#include "engine_util.h"

#include "engine_internal.h"

/* A connection made just now, by the short way or by the long one. */
static const struct tg_tcb *
made(struct rig *r, uint16_t sport, bool long_way)
{
	struct client c = client_of(r, sport, 80);
	uint32_t tail;

	assert_int_equal(client_syn(&c).action, TG_REPLY);
	r->e->plain_off = long_way;
	assert_int_equal(client_sends(&c, SEG_A, 0).disposition, TG_DISP_DELIVERED);
	r->e->plain_off = false;
	tail = r->e->listeners.lsn[0].acceptq.tail;
	assert_int_not_equal(tail, TG_NONE);
	return tg_tcb_at(&r->e->conns, tail);
}

static void
same_beginning(const struct tg_tcb *a, const struct tg_tcb *b)
{
	assert_int_equal(a->key.free_use, b->key.free_use);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->flags2, b->flags2);
	assert_int_equal(a->options, b->options);
	assert_int_equal(a->worker, b->worker);
	assert_int_equal(a->own_mss, b->own_mss);
	assert_int_equal(a->snd_mss, b->snd_mss);
	assert_int_equal(a->rcv_mss, b->rcv_mss);
	assert_int_equal(a->rcv_adv - a->rcv_nxt, b->rcv_adv - b->rcv_nxt);
	assert_int_equal(a->snd_wnd, b->snd_wnd);
	assert_int_equal(a->cwnd, b->cwnd);
	assert_int_equal(a->rto_ms, b->rto_ms);
	assert_int_equal(tg_timer_armed(&a->timer), tg_timer_armed(&b->timer));
}

/* The k-th change. @return false: there are no more */
static bool
change(struct rig *r, tg_listener l, struct tg_listener_config *cfg, struct tg_worker *other,
	unsigned k)
{
	switch (k) {
	case 0:
		cfg->nodelay = !cfg->nodelay;
		break;
	case 1:
		cfg->worker = other;
		break;
	case 2:
		cfg->options.hop_limit = 99;
		break;
	case 3:
		cfg->options.window_clamp = 3000;
		break;
	case 4:
		cfg->idle_timeout_ms = 5000;
		break;
	case 5:
		cfg->idle_timeout_ms = 0;
		cfg->options.keepalive = true;
		break;
	case 6:
		cfg->options.keepalive = false;
		break;
	case 7:
		r->cfg.rcvbuf = 8192;
		r->cfg.rto_min_ms = 1500;
		r->cfg.hop_limit = 77;
		assert_int_equal(tg_engine_reconfigure(r->e, &r->cfg), 0);
		break;
	default:
		return false;
	}
	assert_int_equal(tg_listener_reconfigure(r->e, l, cfg), 0);
	return true;
}

static void
a_change_holds_for_the_next_connection(void **state)
{
	struct tg_listener_config cfg;
	struct tg_worker *other;
	tg_listener l;
	struct rig r;
	uint16_t sport = 2000;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	assert_int_equal(tg_worker_create(r.e, NULL, &other), 0);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.backlog = 100;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	for (unsigned k = 0;; k++) {
		/* one that may be copied, and a copy */
		made(&r, sport++, false);
		made(&r, sport++, false);
		assert_int_not_equal(r.e->alike.kind, 0);
		if (!change(&r, l, &cfg, other, k))
			break;
		same_beginning(made(&r, sport, false), made(&r, sport + 1, true));
		same_beginning(made(&r, sport + 2, false), made(&r, sport + 3, true));
		sport += 4;
		assert_false(tg_timer_armed(&r.e->alike.tcb.timer)); /* it is in no wheel */
	}
	rig_close(&r);
}

/* A slot of listeners, and its set of options, may be another's when the next connection comes. */
static void
another_listener_in_the_same_place_is_another(void **state)
{
	struct tg_listener_config cfg;
	tg_listener l;
	struct rig r;
	uint16_t sport = 2000;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	for (unsigned k = 0; k < 4; k++) {
		cfg.options.hop_limit = (uint8_t)(90 + k);
		cfg.nodelay = (k & 1) != 0;
		cfg.idle_timeout_ms = k == 2 ? 4000 : 0;
		assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
		assert_int_equal(r.e->listeners.count, 1);
		assert_true(r.e->listeners.lsn[0].used);
		same_beginning(made(&r, sport, false), made(&r, sport + 1, true));
		sport += 2;
		assert_int_equal(tg_unlisten(r.e, l), 0);
		rig_turn(&r);
	}
	rig_close(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_holds_for_the_next_connection),
		cmocka_unit_test(another_listener_in_the_same_place_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
