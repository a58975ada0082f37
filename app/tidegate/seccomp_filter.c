/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a running tidegate may ask the kernel. Named are the calls of our own code, of glibc, and of
 * the libraries that go on at run time: EAL (interrupt thread, telemetry, secondary processes,
 * alarms), the kernel-backed drivers up to the closing of their ports, libmicrohttpd, syslog. Not
 * on the list, and so refused: to execute a program, to become somebody, to mount, to trace, to
 * load code into the kernel, to make namespaces and processes.
 *
 * glibc picks among variants of a call (stat, newfstatat, statx), so they stand there together.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "seccomp_filter.h"

/* clang-format off */
static const char *const allowed[] = {
	/* memory; EAL may map and unmap hugepages while it runs */
	"brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mlock", "mlock2", "munlock",
	"mincore", "msync", "get_mempolicy", "set_mempolicy", "mbind", "memfd_create",
	/* files: configuration and pages that are read again, logs, captures, what is removed */
	"open", "openat", "close", "close_range", "read", "pread64", "readv", "preadv", "write",
	"pwrite64", "writev", "pwritev", "lseek", "stat", "lstat", "fstat", "newfstatat", "statx",
	"statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents64", "getcwd", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2",
	"mkdir", "mkdirat", "ftruncate", "fallocate", "fsync", "fdatasync", "flock", "fcntl",
	"dup", "dup2", "dup3", "pipe", "pipe2", "umask", "chmod", "fchmod", "fchmodat", "ioctl",
	/* sockets, besides socket() itself */
	"socketpair", "connect", "bind", "listen", "accept", "accept4", "shutdown", "sendto",
	"sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "getsockopt", "setsockopt",
	"getsockname", "getpeername", "sendfile",
	/* waiting */
	"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "timerfd_create",
	"timerfd_settime", "timerfd_gettime", "signalfd4", "nanosleep", "clock_nanosleep",
	"restart_syscall", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* time, chance, what there is */
	"clock_gettime", "clock_getres", "gettimeofday", "time", "getrandom", "uname", "sysinfo",
	"getrusage", "getrlimit", "prlimit64", "times", "getcpu",
	/* threads and signals */
	"futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "membarrier",
	"sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam",
	"sched_getscheduler", "sched_setscheduler", "gettid", "getpid", "getppid", "tgkill",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "rt_sigsuspend",
	"rt_sigpending", "sigaltstack", "set_tid_address", "arch_prctl", "prctl", "exit",
	"exit_group",
	/* who we are; capset only raises what is still permitted, for the end */
	"getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "capget",
	"capset",
	/* AF_XDP's maps are emptied at the end; the kernel asks for a capability */
	"bpf",
};
/* clang-format on */

/* Metrics and syslog, netlink for link changes; raw and packet sockets were opened before. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
allow_names(scmp_filter_ctx f)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < COUNT(allowed); i++) {
		int nr = seccomp_syscall_resolve_name(allowed[i]);

		/* Not on every architecture, or newer than the library: nothing to allow. */
		if (nr < 0)
			continue;
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
	}
	return rc;
}

static int
allow_with_arguments(scmp_filter_ctx f)
{
	/* Threads, no processes: EAL's telemetry has a thread for each client. */
	struct scmp_arg_cmp thread = {
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = CLONE_THREAD,
		.datum_b = CLONE_THREAD,
	};
	int rc = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);

	for (unsigned i = 0; rc == 0 && i < COUNT(families); i++) {
		struct scmp_arg_cmp family = {
			.op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)families[i]};

		rc = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &family);
	}
	/* Its flags stand in memory, where no filter sees them: glibc then uses clone(). */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

bool
seccomp_filter_built(void)
{
	return true;
}

static uint32_t
default_action(enum seccomp_action action)
{
	switch (action) {
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_KILL:
		return SCMP_ACT_KILL_PROCESS;
	default:
		return SCMP_ACT_ERRNO(EPERM);
	}
}

int
seccomp_filter_apply(enum seccomp_action action)
{
	scmp_filter_ctx f;
	int rc;

	if (action == SECCOMP_NO)
		return 0;
	f = seccomp_init(default_action(action));
	if (f == NULL)
		return -ENOSYS;
	/* EAL's threads exist: the filter goes to all of them, or to none. */
	rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow_names(f);
	if (rc == 0)
		rc = allow_with_arguments(f);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc;
}
