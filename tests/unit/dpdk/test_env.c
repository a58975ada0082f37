/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "env.h"
#include "support.h"

static void
memory_comes_zeroed_and_aligned(void **state)
{
	static const uint8_t zero[4096];
	struct tg_dpdk_env de;
	struct tg_env env;

	tg_env_init(&de, *state, SOCKET_ID_ANY, &env);
	for (size_t align = 8; align <= 4096; align *= 2) {
		void *p = env.alloc(env.ctx, sizeof(zero), align);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % align, 0);
		assert_memory_equal(p, zero, sizeof(zero));
		memset(p, 0xff, sizeof(zero)); /* the next one must be zero all the same */
		env.free(env.ctx, p, sizeof(zero));
	}
	assert_null(env.alloc(env.ctx, (size_t)1 << 40, 64));
}

static void
buffers_are_whole_mbufs(void **state)
{
	struct tg_dpdk_env de;
	struct tg_env env;
	struct tg_buf b[100];
	void *back[100];

	tg_env_init(&de, *state, SOCKET_ID_ANY, &env);
	assert_int_equal(env.buf_alloc(env.ctx, b, 100), 100);
	assert_int_equal(de.held, 100);
	assert_int_equal(test_in_use(*state), 100);
	for (unsigned i = 0; i < 100; i++) {
		struct rte_mbuf *m = b[i].buf;

		assert_ptr_equal(b[i].base, m->buf_addr);
		assert_int_equal(b[i].size, m->buf_len);
		assert_true(b[i].size >= TG_BUF_MIN);
		back[i] = m;
	}
	env.buf_free(env.ctx, back, 100);
	assert_int_equal(de.held, 0);
	assert_int_equal(test_in_use(*state), 0);
}

static void
buffers_come_all_or_not_at_all(void **state)
{
	struct tg_dpdk_env de;
	struct tg_env env;
	struct tg_buf b[TEST_MBUFS + 1];
	void *back[TEST_MBUFS];

	tg_env_init(&de, *state, SOCKET_ID_ANY, &env);
	assert_int_equal(env.buf_alloc(env.ctx, b, TEST_MBUFS + 1), 0);
	assert_int_equal(de.held, 0);
	assert_int_equal(test_in_use(*state), 0);
	assert_int_equal(env.buf_alloc(env.ctx, b, TEST_MBUFS), TEST_MBUFS);
	assert_int_equal(env.buf_alloc(env.ctx, b + TEST_MBUFS, 1), 0);
	for (unsigned i = 0; i < TEST_MBUFS; i++)
		back[i] = b[i].buf;
	env.buf_free(env.ctx, back, TEST_MBUFS);
	assert_int_equal(de.held, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_comes_zeroed_and_aligned),
		cmocka_unit_test(buffers_are_whole_mbufs),
		cmocka_unit_test(buffers_come_all_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
