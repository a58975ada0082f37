/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "env.h"

/* mbufs taken from the pool at a time. */
#define ALLOC_BURST 64

static void *
env_alloc(void *ctx, size_t size, size_t align)
{
	struct tg_dpdk_env *env = ctx;

	return rte_zmalloc_socket("tidegate", size, (unsigned)align, env->socket_id);
}

static void
env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	rte_free(p);
}

static void
describe(struct rte_mbuf *m, struct tg_buf *b)
{
	b->buf = m;
	b->base = m->buf_addr;
	b->size = m->buf_len;
}

static void
env_buf_free(void *ctx, void *const buf[], unsigned n)
{
	struct tg_dpdk_env *env = ctx;

	/*
	 * Chains were broken before the engine saw them (mbuf.c), so each of these is one
	 * segment. The array is only read: the cast takes away a const DPDK forgot.
	 */
	rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)buf, n);
	env->held -= n;
}

static unsigned
env_buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	struct tg_dpdk_env *env = ctx;
	struct rte_mbuf *m[ALLOC_BURST];
	unsigned done = 0;

	while (done < n) {
		unsigned k = RTE_MIN(n - done, (unsigned)ALLOC_BURST);

		if (rte_pktmbuf_alloc_bulk(env->pool, m, k) != 0) {
			/* All or nothing: what came so far goes back. */
			for (unsigned i = 0; i < done; i++)
				rte_pktmbuf_free_seg(out[i].buf);
			env->held -= done;
			return 0;
		}
		for (unsigned i = 0; i < k; i++)
			describe(m[i], &out[done + i]);
		env->held += k;
		done += k;
	}
	return n;
}

void
tg_env_init(struct tg_dpdk_env *env, struct rte_mempool *pool, int socket_id, struct tg_env *out)
{
	env->pool = pool;
	env->socket_id = socket_id;
	env->held = 0;
	out->ctx = env;
	out->alloc = env_alloc;
	out->free = env_free;
	out->buf_alloc = env_buf_alloc;
	out->buf_free = env_buf_free;
}
