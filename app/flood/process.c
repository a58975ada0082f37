/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tidegate/engine.h>

#include "process.h"
#include "setup.h"

/* EAL takes a second or two, more on a machine with other work. */
#define START_PATIENCE (30 * TG_SEC)
#define STOP_PATIENCE  (10 * TG_SEC)
#define LOOK           (10 * TG_MSEC)

static tg_time
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (tg_time)ts.tv_sec * TG_SEC + (tg_time)ts.tv_nsec;
}

static void
pause_a_little(void)
{
	const struct timespec look = {.tv_nsec = LOOK};

	nanosleep(&look, NULL);
}

static void
read_out(const struct process *p, char *text)
{
	ssize_t n = p->out >= 0 ? pread(p->out, text, PROCESS_OUT - 1, 0) : 0;

	text[n > 0 ? n : 0] = '\0';
}

static cpu_set_t cpus;

void
process_remember_cpus(void)
{
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		CPU_ZERO(&cpus);
}

/* In the child. */
_Noreturn static void
become(const struct process *p, char *const argv[], int keep, pid_t parent)
{
	sigset_t none;

	/* Ctrl-C is the parent's, who will tell us. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (CPU_COUNT(&cpus) != 0)
		sched_setaffinity(0, sizeof(cpus), &cpus);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(p->out, STDOUT_FILENO);
	dup2(p->out, STDERR_FILENO);
	if (keep >= 0)
		fcntl(keep, F_SETFD, 0);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Its last line is what a user can do something about. */
static int
failed(struct process *p, const char *name, char *err)
{
	char text[PROCESS_OUT], *line;
	size_t n;

	process_end(p);
	read_out(p, text);
	n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	snprintf(err, SETUP_ERROR, "%.60s does not start: %.160s", name,
		line != NULL    ? line + 1
			: *text ? text
				: "it says nothing");
	process_close(p);
	return -EIO;
}

int
process_await(struct process *p, const char *name, char *err)
{
	tg_time until = clock_now() + START_PATIENCE;
	char text[PROCESS_OUT];
	int status;

	for (;;) {
		read_out(p, text);
		if (strncmp(text, "ready: ", 7) == 0 || strstr(text, "\nready: ") != NULL)
			return 0;
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			p->pid = 0;
			return failed(p, name, err);
		}
		if (clock_now() >= until || stop_wanted())
			return failed(p, name, err);
		pause_a_little();
	}
}

int
process_start(struct process *p, char *const argv[], int keep, char *err)
{
	pid_t parent = getpid();

	p->pid = 0;
	p->out = memfd_create("out", MFD_CLOEXEC);
	if (p->out < 0) {
		snprintf(err, SETUP_ERROR, "no file in memory: %s", strerror(errno));
		return -errno;
	}
	fflush(NULL);
	p->pid = fork();
	if (p->pid == 0)
		become(p, argv, keep, parent);
	if (p->pid < 0) {
		p->pid = 0;
		return failed(p, argv[0], err);
	}
	return process_await(p, argv[0], err);
}

void
process_end(struct process *p)
{
	tg_time until = clock_now() + STOP_PATIENCE;

	if (p->pid <= 0)
		return;
	kill(p->pid, SIGTERM);
	while (waitpid(p->pid, NULL, WNOHANG) == 0) {
		if (clock_now() >= until)
			kill(p->pid, SIGKILL);
		pause_a_little();
	}
	p->pid = 0;
}

static uint64_t
count_of(const char *text, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\ncount: %s ", name);
	at = strstr(text, line);
	return at != NULL ? strtoull(at + strlen(line), NULL, 10) : 0;
}

uint64_t
process_count(const struct process *p, const char *name)
{
	char text[PROCESS_OUT];

	read_out(p, text);
	return count_of(text, name);
}

void
process_counters(const struct process *p, struct flood_result *r)
{
	char text[PROCESS_OUT];

	read_out(p, text);
	r->has_counters = true;
	r->counters.received = count_of(text, "received");
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		r->counters.disposition[i] = count_of(text, tg_disposition_name(i));
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		r->counters.event[i] = count_of(text, tg_counter_name(i));
	r->passive_opens = r->counters.event[TG_CNT_PASSIVE_OPENS];
}

double
process_cpu(const struct process *p)
{
	char path[64], line[1024], *at;
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	f = p->pid > 0 ? fopen(path, "re") : NULL;
	if (f == NULL)
		return 0;
	/* The name in parentheses may hold anything; twelve words behind it are utime and stime. */
	if (fgets(line, sizeof(line), f) != NULL && (at = strrchr(line, ')')) != NULL)
		(void)!sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			&system);
	fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void
process_close(struct process *p)
{
	if (p->out >= 0)
		close(p->out);
	p->out = -1;
}

void
process_find_daemon(const char *given, char *path, size_t size)
{
	ssize_t n;
	char *slash;

	if (given != NULL) {
		snprintf(path, size, "%s", given);
		return;
	}
	n = readlink("/proc/self/exe", path, size - sizeof("tidegate"));
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		strcpy(slash + 1, "tidegate");
	if (slash == NULL || access(path, X_OK) != 0)
		snprintf(path, size, "tidegate");
}
