/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "health.h"
#include "metrics.h"
#include "metrics_http.h"
#include "scrape.h"

/* Connections that wait for one of METRICS_CONNECTIONS to end. */
#define WAITING 64

struct metrics {
	struct metrics_http *http;
	pthread_t thread;
	int wake;    /* eventfd: written to end the thread */
	bool ending; /* accessed atomically, as is ready */
	bool ready;
	const struct rte_mempool *pool;
	uint64_t start_s;
};

/* --- the socket --- */

static socklen_t
sockaddr_of(const struct config_metrics *m, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (tg_addr_is_v4(&m->addr)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)m->port);
		memcpy(&v4->sin_addr, m->addr.b + 12, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)m->port);
	memcpy(&v6->sin6_addr, m->addr.b, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

int
metrics_bind(const struct config *c, int *fd, char *err)
{
	const struct config_metrics *m = &c->metrics;
	struct sockaddr_storage sa;
	socklen_t len;
	int one = 1;

	*fd = -1;
	if (!m->on)
		return 0;
	len = sockaddr_of(m, &sa);
	*fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* What a run before has left in TIME_WAIT is no reason not to start. */
	if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		bind(*fd, (struct sockaddr *)&sa, len) == 0 && listen(*fd, WAITING) == 0)
		return 0;
	config_error(c, err, errno == EADDRNOTAVAIL ? "metrics.address" : "metrics.port",
		"cannot listen on %s port %u: %s; use an address of this host's own (not of a "
		"port above) and a port that is free",
		m->address != NULL ? m->address : "127.0.0.1", m->port, strerror(errno));
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -1;
}

/* --- what is answered --- */

static struct metrics_answer
plain(unsigned status, const char *text)
{
	struct metrics_answer a = {status, "text/plain; charset=utf-8", NULL, 0};
	int n = asprintf(&a.body, "%s\n", text);

	if (n < 0)
		a.body = NULL;
	else
		a.len = (size_t)n;
	return a;
}

static struct metrics_answer
all_metrics(const struct metrics *m, const char *accept)
{
	struct om o = {.old = om_wants_old(accept)};
	struct metrics_answer a = {200, om_content_type(o.old), NULL, 0};
	struct metrics_own own = {.pool = m->pool,
		.start_s = m->start_s,
		.ready = __atomic_load_n(&m->ready, __ATOMIC_RELAXED)};
	bool ok;

	o.out = open_memstream(&a.body, &a.len);
	if (o.out == NULL)
		return a;
	ok = metrics_write(&o, &own);
	if (fclose(o.out) == 0 && ok)
		return a;
	free(a.body);
	a.body = NULL;
	return a;
}

static struct metrics_answer
health(void)
{
	struct tg_snapshot_loop loops[TG_SHOWN_MAX];
	char reason[HEALTH_REASON_MAX];
	bool good = health_of(loops, scrape_loops(loops), reason);

	return good ? plain(200, "ok") : plain(503, reason);
}

static struct metrics_answer
get(void *ctx, const char *path, const char *accept)
{
	const struct metrics *m = ctx;

	if (strcmp(path, "/metrics") == 0)
		return all_metrics(m, accept);
	if (strcmp(path, "/healthz") == 0)
		return health();
	if (strcmp(path, "/readyz") != 0)
		return plain(404, "here are /metrics, /healthz and /readyz");
	return __atomic_load_n(&m->ready, __ATOMIC_RELAXED) ? plain(200, "ok")
							    : plain(503, "starting or draining");
}

/* --- the thread --- */

/* Keeps off the CPUs that shards poll on, when there are others. */
static void
leave_shards_alone(void)
{
	rte_cpuset_t mine;
	unsigned lcore;

	if (pthread_getaffinity_np(pthread_self(), sizeof(mine), &mine) != 0)
		return;
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		rte_cpuset_t poll = rte_lcore_cpuset(lcore);

		for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &poll))
				CPU_CLR(cpu, &mine);
	}
	if (CPU_COUNT(&mine) != 0)
		pthread_setaffinity_np(pthread_self(), sizeof(mine), &mine);
}

static void *
serve(void *arg)
{
	struct metrics *m = arg;

	leave_shards_alone();
	while (!__atomic_load_n(&m->ending, __ATOMIC_RELAXED))
		metrics_http_turn(m->http, m->wake);
	return NULL;
}

/* Signals are for the thread that waits for them. */
static int
start_thread(struct metrics *m)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&m->thread, NULL, serve, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		pthread_setname_np(m->thread, "tg-metrics");
	return -rc;
}

int
metrics_start(int fd, const struct rte_mempool *pool, struct metrics **out)
{
	struct metrics *m = NULL;
	struct metrics_handler handler = {.get = get};
	int rc;

	*out = NULL;
	if (fd < 0)
		return 0;
	m = calloc(1, sizeof(*m));
	if (m == NULL) {
		close(fd);
		return -ENOMEM;
	}
	m->pool = pool;
	m->start_s = (uint64_t)time(NULL);
	m->wake = eventfd(0, EFD_CLOEXEC);
	handler.ctx = m;
	m->http = metrics_http_create(fd, &handler);
	rc = m->http == NULL ? -ENOMEM : m->wake < 0 ? -EMFILE : start_thread(m);
	if (rc == 0) {
		*out = m;
		return 0;
	}
	metrics_http_destroy(m->http);
	if (m->wake >= 0)
		close(m->wake);
	free(m);
	return rc;
}

void
metrics_set_ready(struct metrics *m, bool ready)
{
	if (m != NULL)
		__atomic_store_n(&m->ready, ready, __ATOMIC_RELAXED);
}

void
metrics_stop(struct metrics *m)
{
	const uint64_t one = 1;

	if (m == NULL)
		return;
	__atomic_store_n(&m->ending, true, __ATOMIC_RELAXED);
	/* Cannot fail: the counter is far from its end. If it did, half a second would do. */
	if (write(m->wake, &one, sizeof(one)) < 0)
		errno = 0;
	pthread_join(m->thread, NULL);
	metrics_http_destroy(m->http);
	close(m->wake);
	free(m);
}
