/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "setup.h"

/* Two full rings each way, stages, caches, and what an engine may keep. */
#define MBUFS      16383
#define MBUF_CACHE 256
/* Without hugepages a page is reserved for each mbuf; engine and services take 64 MB. */
#define MEGABYTES "320"
#define WORDS_MAX 64

void
flood_cpus(const struct flood_options *o, int *generator, int *listener)
{
	int cpus[CPU_SETSIZE], n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			cpus[n++] = i;
	if (n == 0)
		cpus[n++] = 0;
	*listener = o->cpu_listener >= 0 ? o->cpu_listener : cpus[n - 1];
	*generator = o->cpu_generator >= 0 ? o->cpu_generator : cpus[n > 1 ? n - 2 : 0];
}

bool
flood_cpus_there(const struct flood_options *o)
{
	int cpu[2] = {o->cpu_generator, o->cpu_listener};
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned i = 0; i < 2; i++)
		if (cpu[i] >= CPU_SETSIZE || (cpu[i] >= 0 && !CPU_ISSET(cpu[i], &set)))
			return false;
	return true;
}

static bool
have_hugepages(void)
{
	char line[128];
	unsigned long n = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "HugePages_Free: %lu", &n) == 1)
			break;
	fclose(f);
	return n != 0;
}

int
flood_eal_start(const struct flood_options *o, bool worker, const char *const words[],
	struct flood_eal *e, char *err)
{
	char lcores[64], prefix[64];
	const char *argv[WORDS_MAX + FLOOD_EAL_WORDS];
	int argc = 0;

	memset(e, 0, sizeof(*e));
	e->no_huge = o->no_huge || !have_hugepages();
	flood_cpus(o, &e->cpu_generator, &e->cpu_listener);
	snprintf(lcores, sizeof(lcores), worker ? "--lcores=0@%d,1@%d" : "--lcores=0@%d",
		e->cpu_generator, e->cpu_listener);
	snprintf(prefix, sizeof(prefix), "--file-prefix=flood%d", (int)getpid());
	argv[argc++] = "tidegate-flood";
	argv[argc++] = lcores;
	argv[argc++] = prefix;
	argv[argc++] = "--no-telemetry";
	argv[argc++] = "--log-level=warning";
	/* net_ring refuses --no-huge together with --in-memory. */
	argv[argc++] = e->no_huge ? "--no-huge" : "--in-memory";
	argv[argc++] = "-m";
	argv[argc++] = MEGABYTES;
	for (unsigned i = 0; words != NULL && words[i] != NULL && argc < WORDS_MAX; i++)
		argv[argc++] = words[i];
	for (int i = 0; i < o->eal_words; i++)
		argv[argc++] = o->eal[i];
	argv[argc] = NULL;
	/* EAL reorders the array and writes to no string. */
	if (rte_eal_init(argc, (char **)(uintptr_t)argv) < 0) {
		snprintf(err, SETUP_ERROR, "EAL does not start: %s", rte_strerror(rte_errno));
		return -rte_errno;
	}
	tg_clock_init(&e->clock);
	e->pool = rte_pktmbuf_pool_create(
		"flood", MBUFS, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (e->pool != NULL)
		return 0;
	snprintf(err, SETUP_ERROR, "no memory for %d mbufs: %s", MBUFS, rte_strerror(rte_errno));
	rte_eal_cleanup();
	return -ENOMEM;
}

void
flood_eal_remove_dir(const char *prefix)
{
	char own[PATH_MAX], dir[PATH_MAX], path[2 * PATH_MAX];
	struct dirent *d;
	DIR *list;

	snprintf(own, sizeof(own), "%s", rte_eal_get_runtime_dir());
	if (prefix == NULL)
		snprintf(dir, sizeof(dir), "%s", own);
	else if (snprintf(dir, sizeof(dir), "%s/%s", dirname(own), prefix) >= (int)sizeof(dir))
		return;
	list = opendir(dir);
	while (list != NULL && (d = readdir(list)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (d->d_name[0] != '.')
			unlink(path);
	}
	if (list != NULL)
		closedir(list);
	rmdir(dir);
}

/* Directories of runs that were killed: of ours, with the number of a process that is gone. */
static void
remove_stale_dirs(void)
{
	static const char *const names[] = {"flood%d%c", "listener%d%c"};
	char parent[PATH_MAX], rest;
	struct dirent *d;
	DIR *list;
	int pid;

	snprintf(parent, sizeof(parent), "%s", rte_eal_get_runtime_dir());
	list = opendir(dirname(parent));
	while (list != NULL && (d = readdir(list)) != NULL)
		for (unsigned i = 0; i < 2; i++)
			if (sscanf(d->d_name, names[i], &pid, &rest) == 1 && pid > 0 &&
				kill(pid, 0) != 0 && errno == ESRCH)
				flood_eal_remove_dir(d->d_name);
	if (list != NULL)
		closedir(list);
}

void
flood_eal_stop(struct flood_eal *e)
{
	if (e->pool == NULL)
		return;
	rte_mempool_free(e->pool);
	e->pool = NULL;
	rte_eal_cleanup();
	flood_eal_remove_dir(NULL);
	remove_stale_dirs();
}
