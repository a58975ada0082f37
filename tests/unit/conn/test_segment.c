/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

/** A list of n segments of `len` bytes each. */
static uint32_t
list_of(struct world *w, unsigned n, uint16_t len, uint32_t *tail)
{
	uint32_t head = TG_NONE;

	*tail = TG_NONE;
	for (unsigned i = 0; i < n; i++) {
		struct tg_buf b;
		uint32_t idx;

		assert_int_equal(w->tenv.env.buf_alloc(w->tenv.env.ctx, &b, 1), 1);
		idx = tg_seg_get(&w->cs.segs, b.buf, b.base, len, (uint16_t)(b.size - len));
		assert_int_not_equal(idx, TG_NONE);
		if (*tail == TG_NONE)
			head = idx;
		else
			tg_seg_at(&w->cs.segs, *tail)->next = idx;
		*tail = idx;
	}
	return head;
}

static void
a_descriptor_is_what_was_given(void **state)
{
	struct world w;
	const struct tg_seg *g;
	uint8_t byte;
	uint32_t idx;

	(void)state;
	world_start(&w);
	idx = tg_seg_get(&w.cs.segs, &w, &byte, 7, 9);
	g = tg_seg_at(&w.cs.segs, idx);
	assert_ptr_equal(g->buf, &w);
	assert_ptr_equal(g->data, &byte);
	assert_int_equal(g->len, 7);
	assert_int_equal(g->room, 9);
	assert_int_equal(g->next, TG_NONE);
	tg_pool_put(&w.cs.segs.pool, idx);
	world_close(&w);
}

static void
an_empty_pool_says_none(void **state)
{
	struct world w;
	uint32_t head, tail;

	(void)state;
	world_init(&w);
	w.cfg.max_segments = 3;
	assert_int_equal(world_open(&w), 0);
	head = list_of(&w, 3, 10, &tail);
	assert_int_equal(tg_seg_get(&w.cs.segs, NULL, NULL, 1, 0), TG_NONE);
	tg_seg_free_list(&w.cs.segs, &w.tenv.env, head);
	assert_int_equal(w.cs.segs.pool.used, 0);
	assert_int_equal(w.tenv.engine_bufs, 0);
	world_close(&w);
}

static void
lists_of_every_length_go_back_in_bulk(void **state)
{
	static const unsigned LENGTHS[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 200};
	struct world w;

	(void)state;
	world_start(&w);
	for (unsigned i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		uint32_t tail, head = list_of(&w, LENGTHS[i], 1, &tail);

		assert_int_equal(w.tenv.engine_bufs, LENGTHS[i]);
		tg_seg_free_list(&w.cs.segs, &w.tenv.env, head);
		assert_int_equal(w.tenv.engine_bufs, 0);
		assert_int_equal(w.cs.segs.pool.used, 0);
	}
	world_close(&w);
}

/** Drops n bytes of three segments of 10 bytes, of which `off` are used up, one way. */
static void
drop_once(uint16_t off, uint32_t n)
{
	struct world w;
	uint32_t tail, head, last, at = off + n;
	uint16_t left_off = off;

	world_start(&w);
	head = list_of(&w, 3, 10, &tail);
	last = tail;
	assert_int_equal(tg_seg_drop(&w.cs.segs, &w.tenv.env, &head, &tail, &left_off, n), at / 10);
	assert_int_equal(w.tenv.engine_bufs, 3 - at / 10);
	assert_int_equal(left_off, at % 10);
	if (at == 30) {
		assert_int_equal(head, TG_NONE);
		assert_int_equal(tail, TG_NONE);
	} else {
		assert_int_equal(tail, last);
		assert_int_equal(tg_seg_at(&w.cs.segs, last)->next, TG_NONE);
	}
	tg_seg_free_list(&w.cs.segs, &w.tenv.env, head);
	world_close(&w);
}

static void
dropping_bytes_frees_exactly_the_buffers_they_use_up(void **state)
{
	(void)state;
	for (uint16_t off = 0; off < 10; off++)
		for (uint32_t n = 0; n <= 30u - off; n++)
			drop_once(off, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_is_what_was_given),
		cmocka_unit_test(an_empty_pool_says_none),
		cmocka_unit_test(lists_of_every_length_go_back_in_bulk),
		cmocka_unit_test(dropping_bytes_frees_exactly_the_buffers_they_use_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
