/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include <rte_errno.h>
#include <rte_memory.h>

#include "dontdump.h"

static int
leave_out(const struct rte_memseg_list *msl, const struct rte_memseg *ms, size_t len, void *arg)
{
	int *rc = arg;

	(void)msl;
	if (madvise(ms->addr, len, MADV_DONTDUMP) != 0)
		*rc = -errno;
	return 0;
}

/* Memory that EAL takes while we run. A failure leaves it in, which nobody is left to be told. */
static void
more_memory(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	(void)arg;
	if (event == RTE_MEM_EVENT_ALLOC)
		madvise((void *)(uintptr_t)addr, len, MADV_DONTDUMP);
}

int
dontdump_eal(void)
{
	int rc = 0;

	/* --no-huge and --legacy-mem never take more, and say ENOTSUP. */
	if (rte_mem_event_callback_register("tidegate", more_memory, NULL) != 0 &&
		rte_errno != ENOTSUP)
		return -rte_errno;
	rte_memseg_contig_walk(leave_out, &rc);
	return rc;
}
