/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>

#include "eal_args.h"
#include "schema.h"

/* mbufs a lcore's cache can hold back from the others: twice its size, see MBUF_CACHE in run.c. */
#define CACHED_MBUFS 512
/* Packets that can wait in a shard's stage and in a loop's hands, for each port. */
#define STAGED_MBUFS 640
/* In both rings of a queue of the exception path, and on the way from it (exception.h). */
#define EXCEPTION_MBUFS 544
/* In reserve for each shard, and for each of its ports: two bursts that are received. */
#define RESERVE_SHARD 192
#define RESERVE_PORT  64

/* The reserve: bursts from every port to each shard, and what its connections want to send. */
static uint64_t
reserve_wanted(const struct config *c)
{
	return c->shards * (RESERVE_SHARD + (uint64_t)c->nb_ports * RESERVE_PORT);
}

uint32_t
mbufs_kept(const struct config *c)
{
	uint64_t wanted = reserve_wanted(c);

	if (c->given & key_bit(GROUP_TOP, "mbufs_reserve"))
		return c->mbufs_reserve;
	/* Of a pool that was made small on purpose no more than a quarter. */
	return c->mbufs != 0 && wanted > c->mbufs / 4 ? c->mbufs / 4 : (uint32_t)wanted;
}

uint32_t
mbufs_needed(const struct config *c)
{
	/* Full rx and tx rings, answers waiting, full queues of all connections, caches, and then
	 * the reserve. */
	uint64_t queues = (uint64_t)c->nb_ports * c->shards;
	uint64_t exception = c->exception.interface != NULL ? queues * EXCEPTION_MBUFS : 0;
	uint64_t n = queues * (2 * (uint64_t)c->descriptors + STAGED_MBUFS) + exception +
		(uint64_t)c->shards * c->engine.max_segments +
		(uint64_t)(c->shards + 1) * CACHED_MBUFS +
		(c->reassemble ? (uint64_t)c->shards * c->fragments_max *
					RTE_LIBRTE_IP_FRAG_MAX_FRAG
			       : 0) +
		(c->given & key_bit(GROUP_TOP, "mbufs_reserve") ? c->mbufs_reserve
								: reserve_wanted(c));

	if (c->mbufs != 0)
		return c->mbufs;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

unsigned
megabytes_needed(const struct config *c)
{
	/* Measured 258, 74, 74 and 24 bytes with the share of hash tables, which grow in steps. */
	uint64_t shard = (uint64_t)c->engine.max_conns * 384 +
		(uint64_t)c->engine.max_half_open * 128 + (uint64_t)c->engine.max_time_wait * 128 +
		(uint64_t)c->engine.max_segments * 64 + (uint64_t)c->engine.proven_peers * 64 +
		(uint64_t)c->engine.synack_prefix_buckets * 64 + (UINT64_C(8) << 20);
	/* Without hugepages rte_mempool reserves a page for each mbuf, though it fills them up. */
	uint64_t mbuf = 4096 + 64;
	uint64_t all;

	/* A fragment table has up to four places of 256 bytes for a datagram. */
	if (c->reassemble)
		shard += (uint64_t)c->fragments_max * 4 * 256;
	all = c->shards * shard + mbufs_needed(c) * mbuf + (UINT64_C(64) << 20);

	return (unsigned)((all + all / 4) >> 20) + 1;
}

/* True when one of the arguments is `name`, alone or with its value behind it. */
static bool
given(int n, char *const args[], const char *name)
{
	size_t len = strlen(name);
	bool is_long = name[1] == '-';

	for (int i = 0; i < n; i++) {
		if (strncmp(args[i], name, len) != 0)
			continue;
		if (!is_long || args[i][len] == '\0' || args[i][len] == '=')
			return true;
	}
	return false;
}

static bool
given_either(const struct config *c, int nb_user, char *const user[], const char *name)
{
	return given((int)c->nb_eal, c->eal, name) || given(nb_user, user, name);
}

/* Appends to a text that has room for `size` bytes; what does not fit is cut. */
static void
append(char *out, size_t size, const char *sep, unsigned v)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%u", sep, v);
}

static void
make_lcores(const struct config *c, char *out, size_t size)
{
	unsigned cpus[CPU_SETSIZE], n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			cpus[n++] = i;
	if (n == 0)
		cpus[n++] = 0;
	snprintf(out, size, "--lcores=0@(");
	for (unsigned i = 0; i < n; i++)
		append(out, size, i == 0 ? "" : ",", cpus[i]);
	append(out, size, "),", 1);
	for (unsigned i = 0; i < c->shards; i++) {
		/* The last CPUs by default: the first ones have most of the system's work. */
		unsigned cpu = i < c->nb_cpus ? c->cpu[i]
			: n > c->shards       ? cpus[n - c->shards + i]
					      : cpus[i % n];

		if (i != 0)
			append(out, size, ",", i + 1);
		append(out, size, "@", cpu);
	}
}

/*
 * EAL would say no more than "invalid parameter for --lcores". The kernel is asked by trying: CPUs
 * set apart with isolcpus= are in no process's set until it asks for them, and may be used.
 */
static int
check_cpus(const struct config *c, char *err)
{
	char where[32];
	cpu_set_t set, one;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (unsigned i = 0; i < c->nb_cpus; i++) {
		if (CPU_ISSET(c->cpu[i], &set))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c->cpu[i], &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0) {
			sched_setaffinity(0, sizeof(set), &set);
			continue;
		}
		snprintf(where, sizeof(where), "cpus[%u]", i);
		return config_error(c, err, where,
			"CPU %u is none that tidegate may use here; use one of those that "
			"\"taskset -cp $$\" names, or leave cpus out",
			c->cpu[i]);
	}
	return 0;
}

static int
push(struct eal_args *a, char *arg)
{
	if (a->argc == EAL_ARGS_MAX)
		return -1;
	a->argv[a->argc++] = arg;
	a->argv[a->argc] = NULL;
	return 0;
}

int
eal_args_make(const struct config *c, int nb_user, char *const user[], unsigned megabytes,
	struct eal_args *out, char *err)
{
	static char program[] = "tidegate";
	int rc;

	memset(out, 0, sizeof(*out));
	rc = push(out, program);
	if (!given_either(c, nb_user, user, "-l") && !given_either(c, nb_user, user, "-c") &&
		!given_either(c, nb_user, user, "--lcores")) {
		if (check_cpus(c, err) != 0)
			return -1;
		make_lcores(c, out->made[0], sizeof(out->made[0]));
		rc |= push(out, out->made[0]);
	}
	if (given_either(c, nb_user, user, "--no-huge") && !given_either(c, nb_user, user, "-m") &&
		!given_either(c, nb_user, user, "--socket-mem")) {
		snprintf(out->made[1], sizeof(out->made[1]), "-m");
		snprintf(out->made[2], sizeof(out->made[2]), "%u", megabytes);
		rc |= push(out, out->made[1]) | push(out, out->made[2]);
	}
	for (unsigned i = 0; i < c->nb_eal; i++)
		rc |= push(out, c->eal[i]);
	for (int i = 0; i < nb_user; i++)
		rc |= push(out, user[i]);
	if (rc != 0)
		return config_error(
			c, err, "eal", "too many EAL arguments; use at most %d", EAL_ARGS_MAX - 4);
	return 0;
}
