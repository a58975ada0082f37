/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes in a namespace: each has mounts of its own, and dies with us.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netns.h"
#include "setup.h"

/* What a shell command may take: ip and ethtool take milliseconds. */
#define SHELL_SECONDS 20

tg_time
netns_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (tg_time)ts.tv_sec * TG_SEC + (tg_time)ts.tv_nsec;
}

/* The child's surroundings. Returns false when it has no business going on. */
static bool
settle(int fd, int cpu, pid_t parent)
{
	cpu_set_t set;
	sigset_t none;

	/* Ctrl-C is the parent's, who will tell us. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return false;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	if (netns_enter(fd) != 0 || unshare(CLONE_NEWNS) != 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	/* Interfaces have files in /sys only as it is mounted in their namespace. */
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		return false;
	/* What DPDK writes there must not outlive the process. */
	mkdir("/run/dpdk", 0755);
	mount("tmpfs", "/run/dpdk", "tmpfs", 0, NULL);
	return true;
}

pid_t
netns_spawn(int fd, int cpu, int (*body)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(settle(fd, cpu, parent) ? body(arg) : 127);
	return pid > 0 ? pid : -errno;
}

/* A shell command's child. */
struct shell {
	char command[1024];
	int out;
};

static int
run_shell(void *arg)
{
	struct shell *s = arg;

	dup2(s->out, STDERR_FILENO);
	alarm(SHELL_SECONDS);
	execl("/bin/sh", "sh", "-c", s->command, (char *)NULL);
	return 127;
}

int
netns_shell(int fd, char *err, const char *format, ...)
{
	struct shell s;
	int pipefd[2], status = -1;
	va_list ap;
	pid_t pid;
	ssize_t n;

	va_start(ap, format);
	vsnprintf(s.command, sizeof(s.command), format, ap);
	va_end(ap);
	if (pipe2(pipefd, O_CLOEXEC) != 0)
		return -errno;
	s.out = pipefd[1];
	pid = netns_spawn(fd, -1, run_shell, &s);
	close(pipefd[1]);
	n = read(pipefd[0], err, SETUP_ERROR - 1);
	err[n > 0 ? n : 0] = '\0';
	err[strcspn(err, "\n")] = '\0';
	close(pipefd[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	if (err[0] == '\0')
		snprintf(err, SETUP_ERROR, "failed: %.200s", s.command);
	return -EIO;
}

int
netns_threads(const struct netns_wire *w, char *err)
{
	return netns_shell(
		w->server.fd, err, "echo 1 >/sys/class/net/%s/threaded", w->server.ifname);
}

/* True for a NAPI thread of an interface: "napi/IF-NUMBER", cut to 15 characters. */
static bool
is_thread_of(const char *pid, const char *ifname)
{
	char path[64], want[NETNS_IFNAME + 8], comm[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(comm, sizeof(comm), f) == NULL)
		comm[0] = '\0';
	fclose(f);
	snprintf(want, sizeof(want), "napi/%s-", ifname);
	want[15] = '\0';
	return strncmp(comm, want, strlen(want)) == 0;
}

unsigned
netns_pin_threads(const struct netns_wire *w, int cpu, pid_t pid[], unsigned max)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	unsigned n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	while (proc != NULL && n < max && (d = readdir(proc)) != NULL) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' ||
			!is_thread_of(d->d_name, w->server.ifname))
			continue;
		pid[n] = (pid_t)strtol(d->d_name, NULL, 10);
		sched_setaffinity(pid[n], sizeof(set), &set);
		setpriority(PRIO_PROCESS, (id_t)pid[n], getpriority(PRIO_PROCESS, 0));
		n++;
	}
	if (proc != NULL)
		closedir(proc);
	return n;
}
