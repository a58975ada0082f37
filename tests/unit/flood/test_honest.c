/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Honest clients against the engine, in virtual time, with and without loss.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "honest.h"
#include "rig.h"
#include "seg.h"

/* One way. */
#define DELAY (50 * 1000) /* ns */
#define WIRE  4096        /* frames under way at a time */
#define DPORT 7000

/* A frame under way. */
struct flying {
	tg_time at;
	bool to_server;
	unsigned len;
	uint8_t bytes[SEG_FRAME_MAX];
};

static struct {
	struct rig r;
	struct honest *h;
	struct flying *wire;
	unsigned first, count;
	uint64_t rng;
	unsigned loss; /* of 1000 */
	/* Frames to be lost by what they are. */
	bool (*lost)(const struct seg *s, bool to_server);
	unsigned long dropped;
} t;

static void
fly(const uint8_t *bytes, unsigned len, bool to_server)
{
	struct flying *f = &t.wire[(t.first + t.count) % WIRE];
	struct seg s;

	t.rng ^= t.rng << 13;
	t.rng ^= t.rng >> 7;
	t.rng ^= t.rng << 17;
	assert_true(seg_read(bytes, len, &s) == NULL);
	if (t.rng % 1000 < t.loss || (t.lost != NULL && t.lost(&s, to_server))) {
		t.dropped++;
		return;
	}
	assert_true(t.count < WIRE && len <= sizeof(f->bytes));
	f->at = t.r.now + DELAY;
	f->to_server = to_server;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	t.count++;
}

static void
on_engine_sends(void *ctx, const struct rig_frame *f)
{
	(void)ctx;
	fly(f->bytes, f->len, false);
}

/* The service: echo on the first port, a greeting on the second. Closes when the client did. */
static void
serve(void)
{
	struct tg_event ev[16];
	uint8_t buf[256];
	tg_conn c;

	while (tg_worker_pending(t.r.w)) {
		unsigned n = tg_worker_events(t.r.w, ev, 16);

		for (unsigned i = 0; i < n; i++) {
			int got = -1;

			while ((ev[i].what & TG_EV_ACCEPT) != 0 &&
				tg_accept(t.r.w, ev[i].listener, &c, 1) == 1) {
				struct tg_conn_info info;

				assert_int_equal(tg_get_info(t.r.w, c, &info), 0);
				if (info.tuple.local.port == DPORT + 1)
					assert_int_equal(tg_send(t.r.w, c, "hello\n", 6), 6);
			}
			if (ev[i].conn == 0)
				continue;
			while ((got = tg_recv(t.r.w, ev[i].conn, buf, sizeof(buf))) > 0)
				tg_send(t.r.w, ev[i].conn, buf, (uint32_t)got);
			if (got == 0 || (ev[i].what & TG_EV_CLOSED) != 0)
				tg_close(t.r.w, ev[i].conn);
		}
	}
}

static void
clients_send(void)
{
	uint8_t room[16][HONEST_FRAME_MAX], *frame[16];
	uint16_t len[16];
	unsigned n;

	for (unsigned i = 0; i < 16; i++)
		frame[i] = room[i];
	do {
		n = honest_output(t.h, frame, len, 16, t.r.now);
		for (unsigned i = 0; i < n; i++)
			fly(frame[i], len[i], true);
	} while (n == 16);
}

static void
land(void)
{
	const struct rig_rx rx = {.headroom = 64, .tailroom = 64};

	while (t.count > 0 && t.wire[t.first].at <= t.r.now) {
		struct flying f = t.wire[t.first];

		t.first = (t.first + 1) % WIRE;
		t.count--;
		if (f.to_server) {
			rig_feed(&t.r, f.bytes, f.len, &rx);
		} else {
			bool taken;

			assert_true(honest_owns(t.h, f.bytes, f.len));
			taken = honest_input(t.h, f.bytes, f.len, t.r.now);
			/* Under loss the server may speak to clients that have given up. */
			assert_true(taken || t.dropped != 0);
		}
	}
}

/* The next moment at which a frame lands, a client acts or the engine does. */
static tg_time
next_event(void)
{
	tg_time at = honest_deadline(t.h), engine = tg_engine_deadline(t.r.e, t.r.now);

	if (t.count > 0 && t.wire[t.first].at < at)
		at = t.wire[t.first].at;
	if (engine < at)
		at = engine;
	return at > t.r.now ? at : t.r.now + 1;
}

static void
run_until(tg_time to)
{
	while (t.r.now < to) {
		tg_time at;

		land();
		serve();
		rig_turn(&t.r);
		clients_send();
		at = next_event();
		rig_until(&t.r, at < to ? at : to, RIG_NO_STOP);
	}
}

static void
listen_on(uint16_t port)
{
	struct tg_listener_config lc;
	tg_listener l;

	tg_listener_config_init(&lc);
	lc.local.port = port;
	lc.local.addr = (struct tg_addr){{0}};
	lc.dual_stack = true;
	lc.worker = t.r.w;
	assert_int_equal(tg_listen(t.r.e, &lc, &l), 0);
}

static void
open_all(enum honest_style style, bool v6, double rate, double seconds, uint8_t cookies)
{
	struct honest_config c = {
		.src_mac = {2, 0, 0, 0, 0, 9},
		.dst = v6 ? (struct tg_addr){{0xfd, [15] = 1}} : tg_addr_v4(10, 0, 0, 1),
		.dport = DPORT,
		.style = (uint8_t)style,
		.rate = rate,
		.seed = 7,
	};

	rig_init(&t.r, &rig_manners[0]);
	t.r.cfg.max_conns = 4096;
	t.r.cfg.max_half_open = 4096;
	t.r.cfg.max_segments = 8192;
	t.r.cfg.syncookies = cookies;
	t.r.on_send = on_engine_sends;
	assert_int_equal(rig_open(&t.r), 0);
	rig_usual(&t.r);
	listen_on(DPORT);
	listen_on(DPORT + 1);
	memcpy(c.dst_mac, t.r.mac[0], 6);
	c.from.base = v6 ? (struct tg_addr){{0xfd, [14] = 5}} : tg_addr_v4(10, 0, 5, 0);
	c.from.len = v6 ? 120 : 24;
	c.start = t.r.now;
	c.stop = t.r.now + (tg_time)(seconds * 1e9);
	t.h = honest_create(&c);
	assert_non_null(t.h);
	t.wire = calloc(WIRE, sizeof(*t.wire));
	assert_non_null(t.wire);
	t.first = t.count = 0;
	t.rng = 12345;
	t.loss = 0;
	t.lost = NULL;
	t.dropped = 0;
}

static void
close_all(void)
{
	rig_check(&t.r);
	rig_abandon(&t.r);
	honest_destroy(t.h);
	free(t.wire);
}

static void
every_client_succeeds_without_loss(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 8; how++) {
		enum honest_style style =
			(how & 1) != 0 ? HONEST_SERVER_FIRST : HONEST_REQUEST_FIRST;
		const struct honest_stats *st;

		open_all(style, (how & 2) != 0, 2000, 0.5,
			(how & 4) != 0 ? TG_SYNCOOKIES_ALWAYS : TG_SYNCOOKIES_FULL);
		run_until(t.r.now + 2 * TG_SEC);
		st = honest_stats(t.h);
		assert_int_equal(st->started, 1000);
		assert_int_equal(st->connected, 1000);
		assert_int_equal(st->succeeded, 1000);
		assert_int_equal(st->closed, 1000);
		assert_int_equal(st->wrong + st->broken + st->skipped + st->repeated, 0);
		assert_int_equal(honest_undecided(t.h), 0);
		assert_int_equal(honest_open(t.h), 0);
		/* There and back; twice that for the answer to a request. */
		assert_in_range(
			hist_percentile(&st->connect, 50), 2 * DELAY, 2 * DELAY + DELAY / 16);
		if (style == HONEST_REQUEST_FIRST)
			assert_in_range(hist_percentile(&st->first_byte, 99), 4 * DELAY,
				4 * DELAY + DELAY / 8);
		close_all();
	}
}

static void
both_styles_in_turn(void **state)
{
	(void)state;
	open_all(HONEST_BOTH, false, 1000, 0.5, TG_SYNCOOKIES_FULL);
	run_until(t.r.now + TG_SEC);
	assert_int_equal(honest_stats(t.h)->closed, 500);
	assert_int_equal(tg_engine_counters(t.r.e)->event[TG_CNT_PASSIVE_OPENS], 500);
	close_all();
}

/* Every client ends, in one of the ways counted, whatever is lost. */
static void
with_loss_every_client_is_decided(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		const struct honest_stats *st;

		open_all((how & 1) != 0 ? HONEST_SERVER_FIRST : HONEST_REQUEST_FIRST, false, 2000,
			1, (how & 2) != 0 ? TG_SYNCOOKIES_ALWAYS : TG_SYNCOOKIES_FULL);
		t.loss = 50;
		run_until(t.r.now + 4 * TG_SEC);
		st = honest_stats(t.h);
		assert_true(t.dropped > 100);
		assert_int_equal(st->started + st->skipped, 2000);
		assert_int_equal(honest_undecided(t.h), 0);
		assert_int_equal(honest_open(t.h), 0);
		assert_int_equal(st->first_byte.count, st->started);
		assert_int_equal(st->connect.count, st->started);
		assert_int_equal(st->started,
			st->succeeded + st->failed_syn + st->failed_data + st->failed_rst);
		assert_int_equal(st->wrong, 0);
		/* A lost SYN or SYN-ACK is a failure, its RTO being the patience: 1 in 10. */
		assert_in_range(st->failed_syn, 120, 280);
		/*
		 * A lost request or answer comes again after 200 ms; a cookie has no sample of the
		 * round trip, so its server repeats after 1 s; a lost last ACK before a cookie is
		 * not repaired at all where the server speaks first.
		 */
		if (how == 0)
			assert_true(st->failed_data < 20);
		else if (how == 3)
			assert_in_range(st->failed_data, 120, 280);
		assert_true(st->repeated > 50);
		close_all();
	}
}

static bool
lose_last_acks(const struct seg *s, bool to_server)
{
	return to_server && s->flags == SEG_A && s->len == 0;
}

static void
a_lost_last_ack_is_repaired_by_a_request_only(void **state)
{
	const struct honest_stats *st;

	(void)state;
	open_all(HONEST_REQUEST_FIRST, false, 1000, 0.1, TG_SYNCOOKIES_ALWAYS);
	t.lost = lose_last_acks;
	run_until(t.r.now + 3 * TG_SEC);
	st = honest_stats(t.h);
	assert_int_equal(st->succeeded, 100);
	close_all();
	open_all(HONEST_SERVER_FIRST, false, 1000, 0.1, TG_SYNCOOKIES_ALWAYS);
	t.lost = lose_last_acks;
	run_until(t.r.now + 3 * TG_SEC);
	st = honest_stats(t.h);
	/* All are connected, none is served: why connect() says nothing. */
	assert_int_equal(st->connected, 100);
	assert_int_equal(st->succeeded, 0);
	assert_int_equal(st->failed_data, 100);
	assert_true(hist_percentile(&st->connect, 99) < TG_SEC / 10);
	assert_int_equal(hist_percentile(&st->first_byte, 1), HONEST_PATIENCE);
	close_all();
}

static bool
lose_first_data(const struct seg *s, bool to_server)
{
	static unsigned seen;

	return to_server && s->len != 0 && seen++ < 100;
}

static void
a_lost_request_comes_again_after_200_ms(void **state)
{
	const struct honest_stats *st;

	(void)state;
	open_all(HONEST_REQUEST_FIRST, false, 1000, 0.1, TG_SYNCOOKIES_FULL);
	t.lost = lose_first_data;
	run_until(t.r.now + 2 * TG_SEC);
	st = honest_stats(t.h);
	assert_int_equal(st->succeeded, 100);
	assert_int_equal(st->repeated, 100);
	assert_in_range(hist_percentile(&st->first_byte, 50), 200 * TG_MSEC, 215 * TG_MSEC);
	close_all();
}

static void
a_refused_client_fails_at_once(void **state)
{
	struct honest_config c = {.dst = tg_addr_v4(10, 0, 0, 1),
		.dport = 9,
		.rate = 1000,
		.from = {tg_addr_v4(10, 0, 5, 1), 32},
		.seed = 1};

	(void)state;
	open_all(HONEST_REQUEST_FIRST, false, 1000, 0.1, TG_SYNCOOKIES_FULL);
	honest_destroy(t.h);
	memcpy(c.dst_mac, t.r.mac[0], 6);
	c.start = t.r.now;
	c.stop = t.r.now + 20 * TG_MSEC;
	t.h = honest_create(&c);
	assert_non_null(t.h);
	run_until(t.r.now + 100 * TG_MSEC);
	assert_int_equal(honest_stats(t.h)->failed_rst, 20);
	assert_int_equal(honest_open(t.h), 0);
	close_all();
}

static void
a_deaf_server_fails_all(void **state)
{
	const struct honest_stats *st;

	(void)state;
	open_all(HONEST_BOTH, false, 5000, 2, TG_SYNCOOKIES_FULL);
	t.loss = 1000;
	run_until(t.r.now + 4 * TG_SEC);
	st = honest_stats(t.h);
	assert_int_equal(st->started + st->skipped, 10000);
	assert_int_equal(st->failed_syn, st->started);
	assert_int_equal(st->skipped, 0);
	assert_int_equal(honest_open(t.h), 0);
	assert_true(honest_deadline(t.h) == TG_TIME_NEVER);
	close_all();
}

/* More clients in a second than one address has ports: those that find no slot have failed too. */
static void
clients_without_a_slot_count_as_failures(void **state)
{
	const struct honest_config c = {.dst = tg_addr_v4(10, 0, 0, 1),
		.dport = DPORT,
		.from = {tg_addr_v4(10, 0, 5, 1), 32},
		.rate = 100e3,
		.stop = TG_SEC};
	uint8_t room[16][HONEST_FRAME_MAX], *frame[16];
	const struct honest_stats *st;
	struct honest *h = honest_create(&c);
	uint16_t len[16];

	(void)state;
	assert_non_null(h);
	for (unsigned i = 0; i < 16; i++)
		frame[i] = room[i];
	for (tg_time now = 0; now <= 3 * TG_SEC; now += TG_MSEC)
		while (honest_output(h, frame, len, 16, now) == 16)
			;
	st = honest_stats(h);
	assert_true(st->skipped > 0);
	assert_int_equal(st->started + st->skipped, 100000);
	assert_int_equal(st->failed_syn, st->started);
	assert_int_equal(st->first_byte.count, 100000);
	assert_int_equal(st->connect.count, 100000);
	assert_int_equal(hist_percentile(&st->first_byte, 1), HONEST_PATIENCE);
	honest_destroy(h);
}

static void
wrong_settings_are_refused(void **state)
{
	struct honest_config c = {.dst = tg_addr_v4(10, 0, 0, 1),
		.dport = 80,
		.rate = 10,
		.from = {tg_addr_v4(10, 0, 5, 0), 24}};
	struct honest *h = honest_create(&c);

	(void)state;
	assert_non_null(h);
	honest_destroy(h);
	c.rate = 0;
	assert_null(honest_create(&c));
	c.rate = 10;
	c.dport = 0;
	assert_null(honest_create(&c));
	c.dport = 80;
	c.from.base = (struct tg_addr){{0xfd}};
	assert_null(honest_create(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_client_succeeds_without_loss),
		cmocka_unit_test(both_styles_in_turn),
		cmocka_unit_test(with_loss_every_client_is_decided),
		cmocka_unit_test(a_lost_last_ack_is_repaired_by_a_request_only),
		cmocka_unit_test(a_lost_request_comes_again_after_200_ms),
		cmocka_unit_test(a_refused_client_fails_at_once),
		cmocka_unit_test(a_deaf_server_fails_all),
		cmocka_unit_test(clients_without_a_slot_count_as_failures),
		cmocka_unit_test(wrong_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
