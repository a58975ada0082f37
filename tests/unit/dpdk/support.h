/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_DPDK_SUPPORT_H
#define TG_TEST_DPDK_SUPPORT_H
/**
 * @file
 * An EAL without hugepages, ports or shared files, and a pool, for tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tidegate/dpdk.h>

/** mbufs in the pool. */
#define TEST_MBUFS 1023

/** Starts EAL and makes the pool: a group setup; the pool is its state. */
int test_eal_setup(void **state);

/** Group teardown: every mbuf must be back. */
int test_eal_teardown(void **state);

/** mbufs that are not in the pool. */
unsigned test_in_use(struct rte_mempool *pool);

/** An mbuf with these bytes. */
struct rte_mbuf *test_mbuf(struct rte_mempool *pool, const void *bytes, uint16_t len);

/** Appends a segment of len bytes of value v to a chain. */
void test_append(struct rte_mempool *pool, struct rte_mbuf *m, uint8_t v, uint16_t len);

#endif
