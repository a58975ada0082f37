/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stops one thread of another process, as a debugger does, says "frozen", and lets it go on when
 * SIGTERM or SIGINT comes or a minute is over. Status 1 where that is not allowed.
 *
 *     freeze TID
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_SECONDS 60

static void
stop(int sig)
{
	(void)sig;
}

int
main(int argc, char *argv[])
{
	struct sigaction on_signal = {.sa_handler = stop};
	pid_t tid = argc == 2 ? (pid_t)atoi(argv[1]) : 0;

	if (tid <= 0) {
		fprintf(stderr, "usage: freeze TID\n");
		return 2;
	}
	sigaction(SIGTERM, &on_signal, NULL);
	sigaction(SIGINT, &on_signal, NULL);
	sigaction(SIGALRM, &on_signal, NULL);
	alarm(MOST_SECONDS);
	/* a thread with a tracer that ends is let go by the kernel: nothing stays behind */
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 ||
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0 || waitpid(tid, NULL, __WALL) < 0) {
		fprintf(stderr, "freeze: %s\n", strerror(errno));
		return 1;
	}
	puts("frozen");
	fflush(stdout);
	pause();
	ptrace(PTRACE_DETACH, tid, NULL, NULL);
	return 0;
}
