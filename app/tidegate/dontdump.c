/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <rte_errno.h>
#include <rte_memory.h>

#include "dontdump.h"

/* Kinds of memory in a dump, see core(5): anonymous and file-backed shared, hugepages. */
#define SHARED_OR_HUGE (1u << 1 | 1u << 3 | 1u << 5 | 1u << 6)

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

/* The kernel's switch for whole kinds of memory. */
static int
filter_kinds(void)
{
	FILE *f = fopen("/proc/self/coredump_filter", "r+");
	unsigned kinds;
	int rc = 0;

	/* A kernel without core dumps has none to filter. */
	if (f == NULL)
		return errno == ENOENT ? 0 : -errno;
	if (fscanf(f, "%x", &kinds) != 1)
		rc = -EINVAL;
	rewind(f);
	if (rc == 0 && fprintf(f, "0x%x\n", kinds & ~SHARED_OR_HUGE) < 0)
		rc = -errno;
	if (fclose(f) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

int
dontdump_packets(void)
{
	int rc = filter_kinds();

	/* --no-huge and --legacy-mem never take more, and say ENOTSUP. */
	if (rc == 0 && rte_mem_event_callback_register("tidegate", more_memory, NULL) != 0 &&
		rte_errno != ENOTSUP)
		rc = -rte_errno;
	if (rc == 0)
		rte_memseg_contig_walk(leave_out, &rc);
	return rc;
}
