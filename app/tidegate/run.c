/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>

#include "confine.h"
#include "daemon.h"
#include "devices.h"
#include "eal_args.h"
#include "notify.h"
#include "run.h"

/* How often the stopping of the loops is looked at. */
#define LOOK_MS 20
/* syn_backlog: auto is at least so much, see TG_SYN_BACKLOG_AUTO. */
#define SYN_BACKLOG_AUTO_MIN 64u

static int
loop_main(void *arg)
{
	tg_loop_run(arg);
	return 0;
}

static void
stop_all(struct daemon *d, enum tg_loop_stop how)
{
	for (unsigned i = 0; i < d->nb_shards; i++)
		tg_loop_stop(d->shard[i].loop, how);
}

static bool
all_ended(const struct daemon *d)
{
	for (unsigned i = 0; i < d->nb_shards; i++)
		if (rte_eal_get_lcore_state(d->shard[i].lcore) == RUNNING)
			return false;
	return true;
}

/* The signals that end us are blocked in every thread and waited for in this one. */
static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	/*
	 * A client of the metrics or a closed terminal must not end the daemon: connections would
	 * go without FIN or RST, and EAL's sockets would stay behind. Nothing is read again either.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

/* Waits for a signal, then for the loops; a second signal makes short work of it. */
static void
wait_and_stop(struct daemon *d, const sigset_t *set)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};

	while (sigwaitinfo(set, NULL) < 0 && errno == EINTR)
		;
	printf("stopping: drain=%ums\n", d->config->drain_ms);
	notify_stopping();
	stop_all(d, TG_LOOP_DRAIN);
	while (!all_ended(d))
		if (sigtimedwait(set, NULL, &look) > 0)
			stop_all(d, TG_LOOP_NOW);
	rte_eal_mp_wait_lcore();
}

static void
show_in_telemetry(struct daemon *d)
{
	if (tg_telemetry_init() != 0) {
		fprintf(stderr, "tidegate: telemetry is not available, going on without\n");
		return;
	}
	for (unsigned i = 0; i < d->nb_shards; i++)
		d->shard[i].shown = tg_telemetry_add_shard(d->shard[i].shard) == 0;
}

static void
note_bound(const struct config *c, unsigned listener, const char *key, uint32_t bound)
{
	if (bound < c->shards)
		printf("warning: listeners[%u].%s: bound %u is below %u shards, its sum is %u\n",
			listener, key, bound, c->shards, c->shards);
}

/* A bound that is smaller than the number of shards grows to it: each owns at least one place. */
static void
note_bounds(const struct config *c)
{
	for (unsigned i = 0; i < c->nb_listeners; i++) {
		const struct tg_listener_config *l = &c->listener[i].how;

		note_bound(c, i, "backlog", RTE_MIN(l->backlog, c->engine.somaxconn));
		if (l->syn_backlog != 0 && l->syn_backlog != TG_SYN_BACKLOG_AUTO)
			note_bound(c, i, "syn_backlog", l->syn_backlog);
		else if (l->syn_backlog == TG_SYN_BACKLOG_AUTO)
			note_bound(c, i, "syn_backlog (auto)",
				RTE_MAX(c->engine.max_syn_backlog, SYN_BACKLOG_AUTO_MIN));
		if (l->fastopen != TG_FASTOPEN_OFF)
			note_bound(c, i, "fastopen_qlen", l->fastopen_qlen);
	}
	if (c->engine.max_syn_backlog < c->shards)
		printf("warning: engine.max_syn_backlog: bound %u is below %u shards, its sum is "
		       "%u\n",
			c->engine.max_syn_backlog, c->shards, c->shards);
}

static void
hide_from_telemetry(struct daemon *d)
{
	for (unsigned i = 0; i < d->nb_shards; i++)
		if (d->shard[i].shown) {
			tg_telemetry_remove_shard(d->shard[i].shard);
			d->shard[i].shown = false;
		}
}

static int
serve(struct daemon *d, const sigset_t *set)
{
	char err[CONFIG_ERROR_MAX];

	show_in_telemetry(d);
	/* What is started from here on has no privileges. */
	if (confine(d, err) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
		hide_from_telemetry(d);
		return EXIT_RUNTIME;
	}
	d->running = d->nb_shards;
	for (unsigned i = 0; i < d->nb_shards; i++)
		rte_eal_remote_launch(loop_main, d->shard[i].loop, d->shard[i].lcore);
	printf("mbufs: %u, %u of them in reserve for connections, ARP and ND\n", d->pool->size,
		mbufs_kept(d->config));
	printf("ready: shards=%u ports=%u listeners=%u\n", d->nb_shards, d->nb_ports,
		d->config->nb_listeners);
	confine_watch(d);
	notify_ready();
	wait_and_stop(d, set);
	hide_from_telemetry(d);
	confine_end(d);
	close_ports(d);
	return report(d) ? EXIT_CLEAN : EXIT_RUNTIME;
}

int
run(const struct config *c, const struct http_pages *pages, int nb_user, char *const user[])
{
	char err[CONFIG_ERROR_MAX];
	struct privileges privileges;
	struct eal_args args;
	struct daemon *d;
	sigset_t set;
	int status;

	if (devices_check(c, err) != 0 ||
		eal_args_make(c, nb_user, user, megabytes_needed(c), &args, err) != 0 ||
		confine_early(c, &args, &privileges, err) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
		return EXIT_CONFIG;
	}
	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		fprintf(stderr, "tidegate: no memory\n");
		return EXIT_RUNTIME;
	}
	d->config = c;
	d->pages = pages;
	d->privileges = privileges;
	block_signals(&set);
	if (rte_eal_init(args.argc, args.argv) < 0) {
		fprintf(stderr, "tidegate: EAL does not start: %s\n", rte_strerror(rte_errno));
		free(d);
		return EXIT_RUNTIME;
	}
	note_bounds(c);
	if (setup(d, err) == 0) {
		status = serve(d, &set);
	} else {
		fprintf(stderr, "tidegate: %s\n", err);
		status = d->failed_config ? EXIT_CONFIG : EXIT_RUNTIME;
	}
	take_down(d);
	rte_eal_cleanup();
	free(d);
	return status;
}
