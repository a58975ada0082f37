/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

enum {
	BUF = 1536, /**< bytes of one buffer */
};

static struct tg_tcb *
start(struct world *w)
{
	struct tg_tcb *t;

	world_init(w);
	w->tenv.buf_size = BUF;
	assert_int_equal(world_open(w), 0);
	t = world_conn(w, 1000000);
	assert_non_null(t);
	return t;
}

/** Sums bytes the way RFC 1071 says it, and nothing else. */
static uint16_t
plain_sum(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/** Copies [at, at + n) out, from the front or the cursor, and checks bytes and sum. */
static void
copy_and_check(struct world *w, const struct tg_tcb *t, bool front, uint32_t at, uint32_t n)
{
	uint8_t *p = malloc(n);
	uint16_t folded;
	uint64_t sum;
	uint8_t be[2];

	tg_sendq_copy(&w->cs, t, front, p, n, &sum);
	pattern_check(p, at, n);
	folded = tg_csum_fold(sum);
	memcpy(be, &folded, 2);
	/* 0 and 0xffff are the same number in this arithmetic */
	assert_int_equal((be[0] << 8 | be[1]) % 0xffff, plain_sum(p, n) % 0xffff);
	memset(p, 0, n);
	tg_sendq_copy(&w->cs, t, front, p, n, NULL);
	pattern_check(p, at, n);
	free(p);
}

static void
bytes_come_out_as_they_went_in(void **state)
{
	static const uint32_t SIZES[] = {1, 2, 3, BUF - 1, BUF, BUF + 1, 2 * BUF + 7, 9000, 65536};

	(void)state;
	for (unsigned i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		struct world w;
		struct tg_tcb *t = start(&w);

		worker_writes(&w, t, 0, SIZES[i]);
		assert_int_equal(t->snd_bytes, SIZES[i]);
		assert_int_equal(w.tenv.engine_bufs, (SIZES[i] + BUF - 1) / BUF);
		copy_and_check(&w, t, true, 0, SIZES[i]);
		copy_and_check(&w, t, false, 0, SIZES[i]);
		tg_sendq_purge(&w.cs, t);
		assert_int_equal(t->snd_bytes, 0);
		assert_int_equal(w.tenv.engine_bufs, 0);
		assert_int_equal(w.cs.segs.pool.used, 0);
		world_close(&w);
	}
}

static void
every_range_has_its_plain_checksum(void **state)
{
	static const uint32_t LENGTHS[] = {1, 2, 7, 100, BUF - 1, BUF, BUF + 1, 2 * BUF + 1};
	struct world w;
	struct tg_tcb *t = start(&w);

	(void)state;
	worker_writes(&w, t, 0, 8 * BUF);
	/* the cursor walks over the joints of the buffers with all kinds of odd steps */
	for (uint32_t at = 0, k = 0; at + 2 * BUF + 1 <= 8 * BUF; k++) {
		const uint32_t step = 1 + k * 37 % 400;

		for (unsigned i = 0; i < 8; i++)
			copy_and_check(&w, t, false, at, LENGTHS[i]);
		tg_sendq_advance(&w.cs, t, step);
		at += step;
	}
	world_close(&w);
}

static void
odd_writes_make_one_stream(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w);
	uint32_t at = 0;

	(void)state;
	for (uint32_t n = 1; at + n < 20000; at += n, n = n * 3 % 1000 + 1)
		worker_writes(&w, t, at, n);
	copy_and_check(&w, t, true, 0, at);
	assert_int_equal(w.tenv.engine_bufs, (at + BUF - 1) / BUF); /* packed, none wasted */
	world_close(&w);
}

static void
partial_acknowledgments_free_buffers_and_leave_the_cursor(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w);
	uint32_t una = 0, nxt = 0, end = 10 * BUF;

	(void)state;
	worker_writes(&w, t, 0, end);
	while (una < end) {
		const uint32_t step = end - nxt < 1448 ? end - nxt : 1448;
		const uint32_t ack = nxt + step - una < 1001 ? nxt + step - una : 1001;

		if (step > 0) {
			copy_and_check(&w, t, false, nxt, step);
			tg_sendq_advance(&w.cs, t, step);
			nxt += step;
		}
		tg_sendq_acked(&w.cs, t, ack);
		una += ack;
		assert_int_equal(t->snd_bytes, end - una);
		assert_int_equal(w.tenv.engine_bufs, 10 - una / BUF);
		if (una < end)
			copy_and_check(&w, t, true, una, end - una < 1448 ? end - una : 1448);
	}
	assert_int_equal(t->snd_cur, TG_NONE);
	assert_int_equal(t->snd_head, TG_NONE);
	assert_int_equal(t->snd_tail, TG_NONE);
	world_close(&w);
}

static void
after_all_was_sent_new_bytes_are_next(void **state)
{
	static const uint32_t FIRST[] = {1, 100, BUF - 1, BUF, BUF + 1};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct world w;
		struct tg_tcb *t = start(&w);
		const uint32_t n = FIRST[i];

		worker_writes(&w, t, 0, n);
		tg_sendq_advance(&w.cs, t, n);
		assert_int_equal(t->snd_cur, TG_NONE);
		worker_writes(&w, t, n, 700); /* behind bytes that are out, or in a new buffer */
		copy_and_check(&w, t, false, n, 700);
		tg_sendq_acked(&w.cs, t, n);
		copy_and_check(&w, t, false, n, 700);
		copy_and_check(&w, t, true, n, 700);
		tg_sendq_advance(&w.cs, t, 700);
		tg_sendq_acked(&w.cs, t, 700);
		assert_int_equal(w.tenv.engine_bufs, 0);
		worker_writes(&w, t, n + 700, 9); /* and from nothing again */
		copy_and_check(&w, t, false, n + 700, 9);
		world_close(&w);
	}
}

static void
rewinding_goes_to_the_first_unacknowledged_byte(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w);

	(void)state;
	tg_sendq_rewind(t);
	assert_int_equal(t->snd_cur, TG_NONE); /* nothing to go back to */
	worker_writes(&w, t, 0, 5000);
	tg_sendq_advance(&w.cs, t, 5000);
	tg_sendq_rewind(t);
	copy_and_check(&w, t, false, 0, 5000);
	tg_sendq_advance(&w.cs, t, 3000);
	tg_sendq_acked(&w.cs, t, 2001);
	tg_sendq_rewind(t);
	copy_and_check(&w, t, false, 2001, 2999);
	tg_sendq_advance(&w.cs, t, 2999);
	tg_sendq_acked(&w.cs, t, 2999);
	tg_sendq_rewind(t);
	assert_int_equal(t->snd_cur, TG_NONE);
	world_close(&w);
}

static void
the_send_buffer_is_a_bound(void **state)
{
	struct world w;
	struct tg_tcb *t = start(&w);
	static uint8_t lots[70000];

	(void)state;
	assert_int_equal(tg_sendq_append(&w.cs, t, lots, 0), 0);
	assert_int_equal(tg_sendq_append(&w.cs, t, lots, sizeof(lots)), w.cfg.sndbuf);
	assert_int_equal(tg_sendq_append(&w.cs, t, lots, 1), 0);
	tg_sendq_advance(&w.cs, t, 1000);
	tg_sendq_acked(&w.cs, t, 1000);
	assert_int_equal(tg_sendq_append(&w.cs, t, lots, 1001), 1000);
	world_close(&w);
}

static void
every_failing_buffer_is_a_short_write_and_no_damage(void **state)
{
	uint8_t bytes[6 * BUF];

	(void)state;
	pattern_fill(bytes, 0, sizeof(bytes));
	for (uint32_t i = 1; i <= 6; i++) {
		struct world w;
		struct tg_tcb *t = start(&w);

		w.tenv.buf_fail_at = w.tenv.buf_calls + i;
		assert_int_equal(tg_sendq_append(&w.cs, t, bytes, sizeof(bytes)), (i - 1) * BUF);
		assert_int_equal(t->snd_bytes, (i - 1) * BUF);
		if (i > 1)
			copy_and_check(&w, t, false, 0, (i - 1) * BUF);
		/* the next attempt goes on where this one ended */
		assert_int_equal(tg_sendq_append(&w.cs, t, bytes + (i - 1) * BUF,
					 sizeof(bytes) - (i - 1) * BUF),
			sizeof(bytes) - (i - 1) * BUF);
		copy_and_check(&w, t, false, 0, sizeof(bytes));
		world_close(&w);
	}
}

static void
an_empty_descriptor_pool_is_a_short_write_too(void **state)
{
	uint8_t bytes[4 * BUF];
	struct world w;
	struct tg_tcb *t;

	(void)state;
	pattern_fill(bytes, 0, sizeof(bytes));
	world_init(&w);
	w.tenv.buf_size = BUF;
	w.cfg.max_segments = 2;
	assert_int_equal(world_open(&w), 0);
	t = world_conn(&w, 1000);
	assert_int_equal(tg_sendq_append(&w.cs, t, bytes, sizeof(bytes)), 2 * BUF);
	assert_int_equal(w.tenv.engine_bufs, 2); /* no buffer without a descriptor */
	tg_sendq_advance(&w.cs, t, BUF);
	tg_sendq_acked(&w.cs, t, BUF);
	assert_int_equal(tg_sendq_append(&w.cs, t, bytes + 2 * BUF, sizeof(bytes) - 2 * BUF), BUF);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_as_they_went_in),
		cmocka_unit_test(every_range_has_its_plain_checksum),
		cmocka_unit_test(odd_writes_make_one_stream),
		cmocka_unit_test(partial_acknowledgments_free_buffers_and_leave_the_cursor),
		cmocka_unit_test(after_all_was_sent_new_bytes_are_next),
		cmocka_unit_test(rewinding_goes_to_the_first_unacknowledged_byte),
		cmocka_unit_test(the_send_buffer_is_a_bound),
		cmocka_unit_test(every_failing_buffer_is_a_short_write_and_no_damage),
		cmocka_unit_test(an_empty_descriptor_pool_is_a_short_write_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
