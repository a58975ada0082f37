/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_eal.h>

#include "support.h"

int
test_eal_setup(void **state)
{
	static char *args[] = {"test", "--no-huge", "-m", "128", "--no-pci", "--no-shconf",
		"--no-telemetry", "--log-level=lib.eal:warning", "--lcores=0@0", NULL};
	struct rte_mempool *pool;

	if (rte_eal_init((int)(sizeof(args) / sizeof(args[0])) - 1, args) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create(
		"test", TEST_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	*state = pool;
	return pool != NULL ? 0 : -1;
}

int
test_eal_teardown(void **state)
{
	unsigned in_use = test_in_use(*state);

	rte_mempool_free(*state);
	rte_eal_cleanup();
	return in_use == 0 ? 0 : -1;
}

unsigned
test_in_use(struct rte_mempool *pool)
{
	return rte_mempool_in_use_count(pool);
}

struct rte_mbuf *
test_mbuf(struct rte_mempool *pool, const void *bytes, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, len), bytes, len);
	return m;
}

void
test_append(struct rte_mempool *pool, struct rte_mbuf *m, uint8_t v, uint16_t len)
{
	struct rte_mbuf *s = rte_pktmbuf_alloc(pool);

	assert_non_null(s);
	memset(rte_pktmbuf_append(s, len), v, len);
	assert_int_equal(rte_pktmbuf_chain(m, s), 0);
}
