/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

/*
 * Telemetry commands have no context argument and cannot be taken back, so this lives as long as
 * the process: a command that comes too late finds it closed.
 */
static struct {
	pthread_mutex_t turn; /* held by the one who asks, until he has his answer */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	bool open;
	bool asked;    /* request is there and not answered */
	bool answered; /* it was */
	struct control_request request;
	struct control_info info;
	struct timespec started;
	int signals, wake; /* signalfd, eventfd */
} ctl = {
	.turn = PTHREAD_MUTEX_INITIALIZER,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
	.signals = -1,
	.wake = -1,
};

int
control_open(const char *file)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A client of the metrics that goes away must not end the daemon: connections would go
	 * without FIN or RST, and EAL's sockets would stay behind. */
	signal(SIGPIPE, SIG_IGN);
	ctl.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ctl.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ctl.signals < 0 || ctl.wake < 0)
		return -errno;
	clock_gettime(CLOCK_MONOTONIC, &ctl.started);
	snprintf(ctl.info.config, sizeof(ctl.info.config), "%s", file);
	ctl.info.generation = 1;
	ctl.open = true;
	return 0;
}

void
control_close(void)
{
	pthread_mutex_lock(&ctl.lock);
	ctl.open = false;
	pthread_cond_broadcast(&ctl.changed);
	pthread_mutex_unlock(&ctl.lock);
}

static void
say_closed(struct control_answer *a)
{
	a->code = CONTROL_BUSY;
	snprintf(a->text, sizeof(a->text), "tidegate is not running");
}

void
control_ask(enum control_command command, const char *param, struct control_answer *answer)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&ctl.turn);
	pthread_mutex_lock(&ctl.lock);
	say_closed(answer);
	if (ctl.open) {
		ctl.request = (struct control_request){command, param != NULL ? param : "", answer};
		ctl.asked = true;
		ctl.answered = false;
		/* Cannot fail: the counter is far from its end. */
		while (write(ctl.wake, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		/* An answer that has begun is waited for: it is written where we wait. */
		while (!ctl.answered && (ctl.open || !ctl.asked))
			pthread_cond_wait(&ctl.changed, &ctl.lock);
		ctl.asked = false;
	}
	pthread_mutex_unlock(&ctl.lock);
	pthread_mutex_unlock(&ctl.turn);
}

/* Takes the request out, if there is one. */
static bool
take_request(struct control_request *request)
{
	uint64_t n;
	bool there;

	while (read(ctl.wake, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&ctl.lock);
	there = ctl.asked && ctl.open;
	if (there) {
		*request = ctl.request;
		ctl.asked = false;
	}
	pthread_mutex_unlock(&ctl.lock);
	return there;
}

enum control_event
control_wait(int timeout_ms, struct control_request *request)
{
	struct pollfd fd[2] = {
		{.fd = ctl.signals, .events = POLLIN}, {.fd = ctl.wake, .events = POLLIN}};
	struct signalfd_siginfo si;

	if (poll(fd, 2, timeout_ms) <= 0)
		return CONTROL_NOTHING;
	/* Signals first: whoever stops the daemon does not wait behind changes. */
	if (fd[0].revents != 0 && read(ctl.signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		return si.ssi_signo == SIGHUP ? CONTROL_HANGUP : CONTROL_STOP;
	if (fd[1].revents != 0 && take_request(request))
		return CONTROL_REQUEST;
	return CONTROL_NOTHING;
}

void
control_answered(void)
{
	pthread_mutex_lock(&ctl.lock);
	ctl.answered = true;
	pthread_cond_broadcast(&ctl.changed);
	pthread_mutex_unlock(&ctl.lock);
}

void
control_set_state(enum control_state state)
{
	pthread_mutex_lock(&ctl.lock);
	ctl.info.state = state;
	pthread_mutex_unlock(&ctl.lock);
}

uint32_t
control_count_change(void)
{
	uint32_t n;

	pthread_mutex_lock(&ctl.lock);
	n = ++ctl.info.generation;
	pthread_mutex_unlock(&ctl.lock);
	return n;
}

void
control_set_flood(bool flood)
{
	pthread_mutex_lock(&ctl.lock);
	ctl.info.flood = flood;
	pthread_mutex_unlock(&ctl.lock);
}

void
control_set_log_level(enum config_log_level level)
{
	pthread_mutex_lock(&ctl.lock);
	ctl.info.log_level = level;
	pthread_mutex_unlock(&ctl.lock);
}

void
control_get_info(struct control_info *info)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&ctl.lock);
	*info = ctl.info;
	info->uptime_s = (uint64_t)(now.tv_sec - ctl.started.tv_sec);
	pthread_mutex_unlock(&ctl.lock);
}
