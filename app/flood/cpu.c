/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu.h"

/* User and system time of a thread, added to the two, in clock ticks. */
static void
add_thread(const char *stat, double *user, double *system)
{
	unsigned long utime, stime;
	char line[1024], *at;
	FILE *f = fopen(stat, "re");

	if (f == NULL)
		return;
	if (fgets(line, sizeof(line), f) != NULL) {
		/* The name may hold anything, parentheses too: fields count from the last one on.
		 */
		at = strrchr(line, ')');
		if (at != NULL &&
			sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&utime, &stime) == 2) {
			*user += (double)utime;
			*system += (double)stime;
		}
	}
	fclose(f);
}

static void
add_process(pid_t pid, double *user, double *system)
{
	char path[300];
	struct dirent *d;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && (d = readdir(tasks)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, d->d_name);
		add_thread(path, user, system);
	}
	if (tasks != NULL)
		closedir(tasks);
}

/* The softirq column of a CPU in /proc/stat, in clock ticks. */
static double
softirq_of(int cpu)
{
	unsigned long v, softirq = 0;
	char line[512];
	int n;
	FILE *f = fopen("/proc/stat", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %lu", &n, &v) == 2 && n == cpu)
			softirq = v;
	if (f != NULL)
		fclose(f);
	return (double)softirq;
}

/*
 * A kernel either counts the time of softirqs to the thread they interrupt as well, or keeps it
 * apart (CONFIG_IRQ_TIME_ACCOUNTING). Then the server's share on its own CPU must be added.
 */
static bool
softirqs_apart(void)
{
	static int apart = -1;
	FILE *f;

	if (apart < 0) {
		/* Not system(), which throws away a Ctrl-C that comes meanwhile. */
		f = popen("zgrep -qs ^CONFIG_IRQ_TIME_ACCOUNTING=y /proc/config.gz "
			  "/boot/config-$(uname -r) 2>/dev/null",
			"r");
		apart = f != NULL && pclose(f) == 0;
	}
	return apart != 0;
}

void
cpu_read(const struct cpu_who *w, const struct cpu_use *first, struct cpu_use *out)
{
	double hz = (double)sysconf(_SC_CLK_TCK), own_user = 0, own_system = 0;
	struct cpu_use u = {0};
	bool apart = softirqs_apart();

	add_process(w->server, &u.user, &u.system);
	for (unsigned i = 0; i < w->nb_napi; i++)
		add_process(w->napi[i], &u.napi, &u.napi);
	add_process(getpid(), &own_user, &own_system);
	u.softirq = softirq_of(w->generator_cpu);
	u.softirq_own = apart ? softirq_of(w->server_cpu) : 0;
	u.generator = own_user + own_system - (apart ? 0 : u.softirq);
	*out = (struct cpu_use){
		.user = u.user / hz,
		.system = u.system / hz,
		.napi = u.napi / hz,
		.softirq = u.softirq / hz,
		.softirq_own = u.softirq_own / hz,
		.generator = u.generator / hz,
	};
	if (first == NULL)
		return;
	out->user -= first->user;
	out->system -= first->system;
	out->napi -= first->napi;
	out->softirq -= first->softirq;
	out->softirq_own -= first->softirq_own;
	out->generator -= first->generator;
}

double
cpu_of_server(const struct cpu_use *u)
{
	return u->user + u->system + u->napi + u->softirq + u->softirq_own;
}
