/* SPDX-License-Identifier: BSD-3-Clause */
#include "fifo.h"
#include "support.h"

/** Two links, so that an entry can be in two FIFOs at once. */
struct item {
	uint32_t guard0;
	struct tg_link a;
	uint32_t guard1;
	struct tg_link b;
	uint32_t guard2;
};

enum {
	N = 8,
	OFF_A = offsetof(struct item, a),
	OFF_B = offsetof(struct item, b),
	GUARD = 0x5a5a5a5a,
};

struct fixture {
	struct test_mem m;
	struct tg_pool p;
	struct tg_fifo f;
};

static int
setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	test_mem_init(&x->m);
	assert_int_equal(tg_pool_init(&x->p, &x->m.mem, sizeof(struct item), N, 0), 0);
	for (uint32_t i = 0; i < N; i++) {
		struct item *it;

		assert_int_equal(tg_pool_get(&x->p), i);
		it = tg_pool_at(&x->p, i);
		memset(it, 0xff, sizeof(*it)); /* a link outside a FIFO means nothing */
		it->guard0 = it->guard1 = it->guard2 = GUARD;
	}
	tg_fifo_init(&x->f);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *x = *state;

	for (uint32_t i = 0; i < N; i++) {
		const struct item *it = tg_pool_at(&x->p, i);

		assert_int_equal(it->guard0, GUARD);
		assert_int_equal(it->guard1, GUARD);
		assert_int_equal(it->guard2, GUARD);
	}
	tg_pool_fini(&x->p, &x->m.mem);
	test_mem_fini(&x->m);
	free(x);
	return 0;
}

/** f holds exactly want[0 .. n), forwards and backwards. */
static void
check(struct fixture *x, const struct tg_fifo *f, size_t off, const uint32_t want[], uint32_t n)
{
	uint32_t idx = f->head;

	assert_int_equal(f->count, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(idx, want[i]);
		idx = tg_fifo_link(&x->p, off, idx)->next;
	}
	assert_int_equal(idx, TG_NONE);
	idx = f->tail;
	for (uint32_t i = n; i-- > 0;) {
		assert_int_equal(idx, want[i]);
		idx = tg_fifo_link(&x->p, off, idx)->prev;
	}
	assert_int_equal(idx, TG_NONE);
}

#define CHECK(x, f, off, ...)                             \
	check(x, f, off, (const uint32_t[]){__VA_ARGS__}, \
		sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void
an_empty_fifo_gives_nothing(void **state)
{
	struct fixture *x = *state;

	check(x, &x->f, OFF_A, NULL, 0);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), TG_NONE);
	check(x, &x->f, OFF_A, NULL, 0);
}

static void
first_in_is_first_out(void **state)
{
	struct fixture *x = *state;

	tg_fifo_push(&x->f, &x->p, OFF_A, 3);
	CHECK(x, &x->f, OFF_A, 3);
	tg_fifo_push(&x->f, &x->p, OFF_A, 0);
	tg_fifo_push(&x->f, &x->p, OFF_A, 7);
	CHECK(x, &x->f, OFF_A, 3, 0, 7);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), 3);
	tg_fifo_push(&x->f, &x->p, OFF_A, 3);
	CHECK(x, &x->f, OFF_A, 0, 7, 3);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), 0);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), 7);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), 3);
	assert_int_equal(tg_fifo_pop(&x->f, &x->p, OFF_A), TG_NONE);
	check(x, &x->f, OFF_A, NULL, 0);
}

static void
removes_head_middle_tail_and_the_only_one(void **state)
{
	struct fixture *x = *state;

	for (uint32_t i = 0; i < 5; i++)
		tg_fifo_push(&x->f, &x->p, OFF_A, i);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 2);
	CHECK(x, &x->f, OFF_A, 0, 1, 3, 4);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 0);
	CHECK(x, &x->f, OFF_A, 1, 3, 4);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 4);
	CHECK(x, &x->f, OFF_A, 1, 3);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 1);
	CHECK(x, &x->f, OFF_A, 3);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 3);
	check(x, &x->f, OFF_A, NULL, 0);
	tg_fifo_push(&x->f, &x->p, OFF_A, 2);
	CHECK(x, &x->f, OFF_A, 2);
}

/* Pushed out of its turn and again at the end: what a refreshed deadline does. */
static void
an_entry_can_go_to_the_back(void **state)
{
	struct fixture *x = *state;

	for (uint32_t i = 0; i < 3; i++)
		tg_fifo_push(&x->f, &x->p, OFF_A, i);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 0);
	tg_fifo_push(&x->f, &x->p, OFF_A, 0);
	CHECK(x, &x->f, OFF_A, 1, 2, 0);
}

static void
two_links_are_two_fifos(void **state)
{
	struct fixture *x = *state;
	struct tg_fifo g;

	tg_fifo_init(&g);
	for (uint32_t i = 0; i < 4; i++) {
		tg_fifo_push(&x->f, &x->p, OFF_A, i);
		tg_fifo_push(&g, &x->p, OFF_B, 3 - i);
	}
	tg_fifo_remove(&x->f, &x->p, OFF_A, 1);
	assert_int_equal(tg_fifo_pop(&g, &x->p, OFF_B), 3);
	CHECK(x, &x->f, OFF_A, 0, 2, 3);
	CHECK(x, &g, OFF_B, 2, 1, 0);
}

static void
one_link_serves_several_fifos_in_turn(void **state)
{
	struct fixture *x = *state;
	struct tg_fifo g;

	tg_fifo_init(&g);
	tg_fifo_push(&x->f, &x->p, OFF_A, 0);
	tg_fifo_push(&g, &x->p, OFF_A, 1);
	tg_fifo_push(&x->f, &x->p, OFF_A, 2);
	tg_fifo_remove(&x->f, &x->p, OFF_A, 0);
	tg_fifo_push(&g, &x->p, OFF_A, 0);
	CHECK(x, &x->f, OFF_A, 2);
	CHECK(x, &g, OFF_A, 1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_fifo_gives_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(first_in_is_first_out, setup, teardown),
		cmocka_unit_test_setup_teardown(
			removes_head_middle_tail_and_the_only_one, setup, teardown),
		cmocka_unit_test_setup_teardown(an_entry_can_go_to_the_back, setup, teardown),
		cmocka_unit_test_setup_teardown(two_links_are_two_fifos, setup, teardown),
		cmocka_unit_test_setup_teardown(
			one_link_serves_several_fifos_in_turn, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
