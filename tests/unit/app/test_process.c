/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The watchdog's judgement, and the filter for system calls: in a child each time, since no filter
 * can be taken off again.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seccomp_filter.h"
#include "support.h"
#include "watchdog.h"

static void
a_loop_that_stands_still_is_seen(void **state)
{
	uint64_t turns[3] = {7, 8, 9};
	struct watchdog_loop loop[3] = {
		{.turns = &turns[0]}, {.turns = &turns[1]}, {.turns = &turns[2]}};

	(void)state;
	assert_true(watchdog_all_turn(loop, 3));
	assert_false(watchdog_all_turn(loop, 3));
	turns[0]++;
	turns[2] += 1000;
	assert_false(watchdog_all_turn(loop, 3));
	/* One turn of the late one is not enough: the others have made none since. */
	turns[1]++;
	assert_false(watchdog_all_turn(loop, 3));
	turns[0]++;
	turns[1]++;
	turns[2]++;
	assert_true(watchdog_all_turn(loop, 3));
	/* A loop that ended as it was asked to need not turn. */
	loop[1].ended = true;
	turns[0]++;
	turns[2]++;
	assert_true(watchdog_all_turn(loop, 3));
	assert_false(watchdog_all_turn(loop, 3));
	assert_true(watchdog_all_turn(loop, 0));
}

static void *
in_a_thread(void *arg)
{
	int *got = arg;

	*got = socket(AF_UNIX, SOCK_DGRAM, 0);
	return NULL;
}

static void *
refused_in_a_thread(void *arg)
{
	int *go = arg;

	/* Was there before the filter. */
	while (__atomic_load_n(go, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	*go = socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM ? 2 : 3;
	return NULL;
}

/* What the filter lets through and what not, in a process of its own. 0: as it should be. */
static int
with_a_filter(void)
{
	pthread_t before, after;
	int go = 0, fd = -1;

	if (pthread_create(&before, NULL, refused_in_a_thread, &go) != 0)
		return 10;
	if (seccomp_filter_apply(SECCOMP_YES) != 0)
		return 11;
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	pthread_join(before, NULL);
	if (go != 2)
		return 12;
	if (pthread_create(&after, NULL, in_a_thread, &fd) != 0)
		return 13;
	pthread_join(after, NULL);
	if (fd < 0)
		return 14;
	if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EPERM)
		return 15;
	if (fork() != -1 || errno != EPERM)
		return 16;
	if (setuid(0) != -1 || errno != EPERM)
		return 17;
	return socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM ? 0 : 18;
}

static int
killed_by_a_filter(void)
{
	if (seccomp_filter_apply(SECCOMP_KILL) != 0)
		return 20;
	chroot("/");
	return 0;
}

static int
only_logged(void)
{
	if (seccomp_filter_apply(SECCOMP_LOG) != 0)
		return 40;
	/* Root may do it, others may not: the filter lets both be asked. */
	return chroot("/") == 0 || errno == EPERM ? 0 : 41;
}

static int
nothing_is_filtered(void)
{
	if (seccomp_filter_apply(SECCOMP_NO) != 0)
		return 30;
	execl("/bin/true", "true", (char *)NULL);
	return 31;
}

/* Runs a function in a child. Returns its wait status. */
static int
in_a_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
the_filter_lets_through_what_is_needed(void **state)
{
	int status;

	(void)state;
	if (!seccomp_filter_built()) {
		assert_int_equal(seccomp_filter_apply(SECCOMP_YES), -ENOSYS);
		skip();
	}
	status = in_a_child(with_a_filter);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	status = in_a_child(killed_by_a_filter);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	status = in_a_child(only_logged);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	status = in_a_child(nothing_is_filtered);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_that_stands_still_is_seen),
		cmocka_unit_test(the_filter_lets_through_what_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
