/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <rte_common.h>
#include <rte_log.h>

#include "log_rate.h"
#include "logging.h"

/* Longest line; longer ones are cut. */
#define LINE_ROOM (CONFIG_ERROR_MAX + 256)

RTE_LOG_REGISTER(app_logtype, app.tidegate, INFO)

static const uint32_t rte_level[] = {
	[LOG_LEVEL_ERROR] = RTE_LOG_ERR,
	[LOG_LEVEL_WARNING] = RTE_LOG_WARNING,
	[LOG_LEVEL_NOTICE] = RTE_LOG_NOTICE,
	[LOG_LEVEL_INFO] = RTE_LOG_INFO,
	[LOG_LEVEL_DEBUG] = RTE_LOG_DEBUG,
};

static const char *const kind_name[LOG_KINDS] = {
	[LOG_LIFE] = "start and stop",
	[LOG_CONTROL] = "changes",
	[LOG_PORT] = "ports",
	[LOG_LOAD] = "load",
};

/* rte_log is the process's, and so is this. */
static struct {
	FILE *stream;
	bool syslog; /* accessed atomically: threads write lines while it is changed */
	pthread_mutex_t lock;
	struct log_rate rate[LOG_KINDS];
} lg = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * Where rte_log's lines end. EAL's own stream would write each of them to stdout and to syslog,
 * which is every line twice in the journal of a service.
 */
static ssize_t
write_line(void *cookie, const char *buf, size_t size)
{
	int level = rte_log_cur_msg_loglevel();
	bool ours = rte_log_cur_msg_logtype() == app_logtype;
	FILE *to = ours && level <= (int)RTE_LOG_WARNING ? stderr : stdout;

	(void)cookie;
	if (__atomic_load_n(&lg.syslog, __ATOMIC_RELAXED)) {
		/* rte_log counts from 1, syslog from 0, in the same order. */
		syslog(level > 0 ? level - 1 : LOG_INFO, "%.*s", (int)size, buf);
		return (ssize_t)size;
	}
	if (to == stderr)
		fputs("tidegate: ", to);
	fwrite(buf, 1, size, to);
	fflush(to);
	return (ssize_t)size;
}

int
log_open(const struct config_log *how)
{
	const cookie_io_functions_t functions = {.write = write_line};

	lg.stream = fopencookie(NULL, "w", functions);
	if (lg.stream == NULL)
		return -ENOMEM;
	openlog("tidegate", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	__atomic_store_n(&lg.syslog, how->syslog, __ATOMIC_RELAXED);
	rte_openlog_stream(lg.stream);
	return 0;
}

void
log_configure(const struct config_log *how)
{
	__atomic_store_n(&lg.syslog, how->syslog, __ATOMIC_RELAXED);
	rte_log_set_level_pattern("*.tidegate", rte_level[how->level]);
}

void
log_close(void)
{
	if (lg.stream == NULL)
		return;
	rte_openlog_stream(NULL);
	fclose(lg.stream);
	lg.stream = NULL;
	closelog();
}

/* What came from a client's command may have anything in it, and a line is one line. */
static void
make_line(char *line, const char *fmt, va_list ap)
{
	vsnprintf(line, LINE_ROOM, fmt, ap);
	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
}

void
log_line(enum log_kind kind, enum config_log_level level, const char *fmt, ...)
{
	char line[LINE_ROOM];
	struct timespec ts;
	bool may;
	va_list ap;

	if (!rte_log_can_log((uint32_t)app_logtype, rte_level[level]))
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	pthread_mutex_lock(&lg.lock);
	may = log_rate_take(&lg.rate[kind], (uint64_t)ts.tv_sec);
	pthread_mutex_unlock(&lg.lock);
	if (!may)
		return;
	va_start(ap, fmt);
	make_line(line, fmt, ap);
	va_end(ap);
	rte_log(rte_level[level], (uint32_t)app_logtype, "%s\n", line);
}

void
log_print(const char *fmt, ...)
{
	char line[LINE_ROOM];
	va_list ap;

	va_start(ap, fmt);
	make_line(line, fmt, ap);
	va_end(ap);
	puts(line);
	if (__atomic_load_n(&lg.syslog, __ATOMIC_RELAXED))
		syslog(LOG_NOTICE, "%s", line);
}

void
log_tick(void)
{
	unsigned left_out[LOG_KINDS];

	pthread_mutex_lock(&lg.lock);
	for (unsigned i = 0; i < LOG_KINDS; i++)
		left_out[i] = log_rate_told(&lg.rate[i]);
	pthread_mutex_unlock(&lg.lock);
	for (unsigned i = 0; i < LOG_KINDS; i++)
		if (left_out[i] != 0)
			rte_log(RTE_LOG_WARNING, (uint32_t)app_logtype,
				"%u lines about %s left out, more than %d came in a second\n",
				left_out[i], kind_name[i], LOG_RATE);
}

const char *
log_level_name(enum config_log_level level)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_NOTICE] = "notice",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	return names[level];
}
