/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_util.h"

#include <errno.h>

/** Fails when any verb knows this handle. */
static void
nobody_knows(struct tg_worker *w, tg_conn c)
{
	struct tg_conn_options o = {0};
	struct tg_conn_info info;
	const uint8_t *p;
	char b[4] = {0};

	assert_int_equal(tg_recv(w, c, b, 4), -EBADF);
	assert_int_equal(tg_peek(w, c, &p), -EBADF);
	assert_int_equal(tg_consume(w, c, 0), -EBADF);
	assert_int_equal(tg_send(w, c, b, 4), -EBADF);
	assert_int_equal(tg_shutdown(w, c), -EBADF);
	assert_int_equal(tg_close(w, c), -EBADF);
	assert_int_equal(tg_abort(w, c), -EBADF);
	assert_int_equal(tg_set_nodelay(w, c, true), -EBADF);
	assert_int_equal(tg_set_options(w, c, &o), -EBADF);
	assert_int_equal(tg_get_options(w, c, &o), -EBADF);
	assert_int_equal(tg_set_user(w, c, b), -EBADF);
	assert_null(tg_user(w, c));
	assert_int_equal(tg_get_info(w, c, &info), -EBADF);
}

static void
there_are_16_workers(void **state)
{
	struct tg_worker *w[17];
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	for (unsigned i = 1; i < 16; i++) { /* the bench has one */
		assert_int_equal(tg_worker_create(r.e, &w[i], &w[i]), 0);
		assert_ptr_equal(tg_worker_ctx(w[i]), &w[i]);
		assert_false(tg_worker_pending(w[i]));
	}
	assert_int_equal(tg_worker_create(r.e, NULL, &w[16]), -ENOSPC);
	rig_close(&r);
}

static void
a_worker_cannot_use_what_is_anothers(void **state)
{
	struct tg_event ev[8];
	struct tg_worker *b;
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	assert_int_equal(tg_worker_create(r.e, NULL, &b), 0);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	client_sends(&c, SEG_A, 5);
	assert_false(tg_worker_pending(b));
	assert_int_equal(tg_worker_events(b, ev, 8), 0);
	assert_int_equal(tg_accept(b, l, &h, 1), 0);
	h = accept_one(r.w, l);
	nobody_knows(b, h);
	assert_int_equal(tg_worker_events(b, ev, 8), 0);
	assert_int_equal(tg_recv(r.w, h, ev, 5), 5); /* untouched by all that */
	rig_close(&r);
}

static void
hostile_handles_are_ebadf(void **state)
{
	static const tg_conn BAD[] = {0, 1, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 32,
		UINT64_C(7) << 32 | 1, UINT64_C(1) << 32 | 65};
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		nobody_knows(r.w, BAD[i]);
	nobody_knows(r.w, UINT64_C(1) << 32 | 1); /* there, but not accepted */
	h = accept_one(r.w, l);
	assert_true(h == (UINT64_C(1) << 32 | 1));
	assert_int_equal(tg_close(r.w, h), 0);
	nobody_knows(r.w, h);
	rig_close(&r);
}

static void
accept_takes_the_oldest_first_and_as_many_as_asked(void **state)
{
	struct tg_event ev[4];
	tg_conn h[8];
	tg_listener l;
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	for (uint16_t i = 1; i <= 5; i++) {
		struct client c = client_of(&r, i, 80);

		client_opens(&c);
	}
	assert_int_equal(tg_worker_events(r.w, ev, 0), 0);
	assert_true(tg_worker_pending(r.w));
	assert_int_equal(tg_worker_events(r.w, ev, 4), 1); /* one edge for all five */
	assert_int_equal(ev[0].what, TG_EV_ACCEPT);
	assert_int_equal(ev[0].listener, l);
	assert_true(ev[0].conn == 0);
	assert_int_equal(tg_accept(r.w, l, h, 0), 0);
	assert_int_equal(tg_accept(r.w, l, h, 2), 2);
	assert_int_equal(tg_accept(r.w, l, h + 2, 6), 3);
	assert_int_equal(tg_accept(r.w, l, h, 1), 0);
	for (unsigned i = 0; i < 5; i++) {
		struct tg_conn_info info;

		assert_int_equal(tg_get_info(r.w, h[i], &info), 0);
		assert_int_equal(info.tuple.remote.port, i + 1);
		assert_int_equal(info.tuple.local.port, 80);
		assert_int_equal(info.state, TG_ESTABLISHED);
		assert_true(info.accepted);
		assert_true(info.conn == h[i]);
	}
	rig_close(&r);
}

static void
reading_says_why_there_is_nothing(void **state)
{
	struct client c[3];
	const uint8_t *p;
	tg_listener l;
	char b[16];
	struct rig r;
	tg_conn h[3];

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	for (uint16_t i = 0; i < 3; i++) {
		c[i] = client_of(&r, (uint16_t)(i + 1), 80);
		client_opens(&c[i]);
		h[i] = accept_one(r.w, l);
	}
	assert_int_equal(tg_recv(r.w, h[0], b, 16), -EAGAIN);
	assert_int_equal(tg_peek(r.w, h[0], &p), -EAGAIN);
	client_sends(&c[0], SEG_A, 10);
	assert_int_equal(tg_consume(r.w, h[0], 11), -EINVAL);
	assert_int_equal(tg_consume(r.w, h[0], 4), 0);
	assert_int_equal(tg_peek(r.w, h[0], &p), 6);
	assert_int_equal(tg_recv(r.w, h[0], b, 16), 6);
	client_sends(&c[0], SEG_A | SEG_F, 0);
	assert_int_equal(tg_recv(r.w, h[0], b, 16), 0);
	assert_int_equal(tg_peek(r.w, h[0], &p), 0);

	client_sends(&c[1], SEG_A, 10);
	client_sends(&c[1], SEG_R, 0);
	assert_int_equal(tg_recv(r.w, h[1], b, 16), 10); /* what came before the RST */
	assert_int_equal(tg_recv(r.w, h[1], b, 16), -ECONNRESET);
	assert_int_equal(tg_send(r.w, h[1], b, 1), -ECONNRESET);
	assert_int_equal(tg_shutdown(r.w, h[1]), -EPIPE);
	assert_int_equal(tg_close(r.w, h[1]), 0);
	nobody_knows(r.w, h[1]);
	rig_close(&r);
}

static void
writing_ends_with_the_fin(void **state)
{
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	h = accept_one(r.w, l);
	assert_int_equal(tg_send(r.w, h, "", 0), 0);
	assert_int_equal(tg_send(r.w, h, "abc", 3), 3);
	assert_int_equal(tg_shutdown(r.w, h), 0);
	assert_int_equal(tg_shutdown(r.w, h), -EPIPE);
	assert_int_equal(tg_send(r.w, h, "abc", 3), -EPIPE);
	rig_close(&r);
}

static void
a_send_short_of_buffers_is_told_when_there_are_some(void **state)
{
	struct tg_event ev[4];
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	h = accept_one(r.w, l);
	tg_worker_events(r.w, ev, 4);
	r.tenv.buf_outage = true;
	assert_int_equal(tg_send(r.w, h, "abc", 3), -EAGAIN);
	r.tenv.buf_outage = false;
	rig_turn(&r);
	assert_int_equal(tg_worker_events(r.w, ev, 4), 1);
	assert_int_equal(ev[0].what, TG_EV_WRITE);
	assert_int_equal(tg_send(r.w, h, "abc", 3), 3);
	rig_close(&r);
}

static void
user_pointers_come_with_events(void **state)
{
	struct tg_event ev[4];
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 10);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	tg_worker_events(r.w, ev, 4);
	h = accept_one(r.w, l);
	assert_null(tg_user(r.w, h));
	assert_int_equal(tg_set_user(r.w, h, &c), 0);
	assert_ptr_equal(tg_user(r.w, h), &c);
	client_sends(&c, SEG_A | SEG_F, 3);
	assert_int_equal(tg_worker_events(r.w, ev, 4), 1);
	assert_int_equal(ev[0].what, TG_EV_READ);
	assert_ptr_equal(ev[0].user, &c);
	assert_true(ev[0].conn == h);
	rig_close(&r);
}

static void
options_are_those_of_the_listener_until_set(void **state)
{
	struct tg_listener_config cfg;
	struct tg_conn_options o;
	struct client c;
	tg_listener l;
	struct rig r;
	tg_conn h;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	tg_listener_config_init(&cfg);
	cfg.local.port = 80;
	cfg.worker = r.w;
	cfg.options.keepalive = true;
	cfg.options.keep_idle_s = 5;
	cfg.options.window_clamp = 3000;
	assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
	cfg.local.port = 81;
	cfg.options.dscp = 64;
	assert_int_equal(tg_listen(r.e, &cfg, &l), -EINVAL);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	cfg.local.port = 80;
	h = accept_one(r.w, l);
	assert_int_equal(tg_get_options(r.w, h, &o), 0);
	assert_true(o.keepalive);
	assert_int_equal(o.keep_idle_s, 5);
	assert_int_equal(o.keep_interval_s, 75);
	assert_int_equal(o.window_clamp, 3000);
	assert_int_equal(o.hop_limit, 64);
	assert_int_equal(o.dscp, 0);
	/* More different ones than there is room for, one after the other. */
	for (uint32_t i = 1; i < 3000; i++) {
		o.user_timeout_ms = i;
		assert_int_equal(tg_set_options(r.w, h, &o), 0);
	}
	o.keep_count = 200;
	assert_int_equal(tg_set_options(r.w, h, &o), -EINVAL);
	assert_int_equal(tg_get_options(r.w, h, &o), 0);
	assert_int_equal(o.user_timeout_ms, 2999);
	assert_int_equal(o.keep_count, 9);
	/* Nor do listeners that come and go use any up. */
	for (uint32_t i = 1; i < 3000; i++) {
		assert_int_equal(tg_unlisten(r.e, l), 0);
		cfg.options.dscp = 0;
		cfg.options.user_timeout_ms = i;
		assert_int_equal(tg_listen(r.e, &cfg, &l), 0);
		assert_int_equal(tg_listen(r.e, &cfg, &l), -EADDRINUSE);
	}
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_16_workers),
		cmocka_unit_test(a_worker_cannot_use_what_is_anothers),
		cmocka_unit_test(hostile_handles_are_ebadf),
		cmocka_unit_test(accept_takes_the_oldest_first_and_as_many_as_asked),
		cmocka_unit_test(reading_says_why_there_is_nothing),
		cmocka_unit_test(writing_ends_with_the_fin),
		cmocka_unit_test(a_send_short_of_buffers_is_told_when_there_are_some),
		cmocka_unit_test(user_pointers_come_with_events),
		cmocka_unit_test(options_are_those_of_the_listener_until_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
