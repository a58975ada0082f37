/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>

#include "commands.h"
#include "confine.h"
#include "control.h"
#include "daemon.h"
#include "devices.h"
#include "eal_args.h"
#include "logging.h"
#include "notify.h"
#include "reload.h"
#include "run.h"
#include "start_report.h"
#include "secrets.h"

/* How often the stopping of the loops is looked at. */
#define LOOK_MS 20
/* How often links and counters are looked at while the daemon runs. */
#define WATCH_MS 1000
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

/* Waits for something to do, so long at most, and shows the watchdog that this thread goes on. */
static enum control_event
wait_turn(struct daemon *d, uint64_t timeout_ms, struct control_request *r)
{
	__atomic_fetch_add(&d->main_turns, 1, __ATOMIC_RELAXED);
	if (d->watchdog_us != 0)
		timeout_ms = RTE_MIN(timeout_ms, d->watchdog_us / 2000 + 1);
	return control_wait((int)timeout_ms, r);
}

/* While the daemon stops nothing is changed any more. */
static void
turn_away(const struct control_request *r)
{
	r->answer->code = CONTROL_BUSY;
	snprintf(r->answer->text, sizeof(r->answer->text), "tidegate is stopping");
	control_answered();
}

/* Stops the loops and waits for them; a second signal makes short work of it. */
static void
stop(struct daemon *d)
{
	struct control_request r;

	metrics_set_ready(d->metrics, false);
	control_set_state(CONTROL_DRAINING);
	log_print("stopping: drain=%ums", d->config->drain_ms);
	notify_stopping();
	stop_all(d, TG_LOOP_DRAIN);
	while (!all_ended(d))
		switch (wait_turn(d, LOOK_MS, &r)) {
		case CONTROL_STOP:
			stop_all(d, TG_LOOP_NOW);
			break;
		case CONTROL_REQUEST:
			turn_away(&r);
			break;
		case CONTROL_HANGUP:
		case CONTROL_NOTHING:
			break;
		}
	rte_eal_mp_wait_lcore();
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Changes what shall be changed, and looks around once a second, until the daemon shall stop. */
static void
wait_for_stop(struct daemon *d)
{
	struct control_answer unread;
	struct control_request r;
	uint64_t next = now_ms() + WATCH_MS;
	bool over = false;

	while (!over) {
		uint64_t now = now_ms();

		if (now >= next) {
			watch_daemon(d);
			next = now + WATCH_MS;
		}
		switch (wait_turn(d, next - now, &r)) {
		case CONTROL_STOP:
			over = true;
			break;
		case CONTROL_HANGUP:
			reload(d, &unread);
			secrets_wipe_stack();
			break;
		case CONTROL_REQUEST:
			over = serve_request(d, &r);
			secrets_wipe_stack();
			control_answered();
			break;
		case CONTROL_NOTHING:
			break;
		}
	}
}

static void
show_in_telemetry(struct daemon *d)
{
	if (tg_telemetry_init() != 0)
		fprintf(stderr, "tidegate: telemetry is not available, going on without\n");
	/* Metrics and /healthz look at them as well. */
	for (unsigned i = 0; i < d->nb_shards; i++) {
		/* Nothing is there before, so both work. */
		d->shard[i].shown = tg_telemetry_add_shard(d->shard[i].shard) == 0;
		tg_shown_add_loop(d->shard[i].loop);
	}
}

static void
note_bound(const struct config *c, unsigned listener, const char *key, uint32_t bound)
{
	if (bound < c->shards)
		printf("warning: listeners[%u].%s: bound %u is below %u shards, its sum is %u\n",
			listener, key, bound, c->shards, c->shards);
}

/* Each shard owns at least one place. */
void
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

/* Without them it can still listen: not worth ending for. */
static void
show_metrics(struct daemon *d)
{
	int rc = metrics_start(d->metrics_fd, d->pool, &d->metrics);

	d->metrics_fd = -1;
	if (rc != 0)
		fprintf(stderr, "tidegate: no metrics: %s\n", strerror(-rc));
}

static void
hide_from_telemetry(struct daemon *d)
{
	for (unsigned i = 0; i < d->nb_shards; i++)
		hide(&d->shard[i]);
}

static int
serve(struct daemon *d)
{
	char err[CONFIG_ERROR_MAX];

	show_in_telemetry(d);
	start_report(d);
	/* What is started from here on has no privileges. */
	if (confine(d, err) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
		hide_from_telemetry(d);
		confine_end(d);
		return EXIT_RUNTIME;
	}
	show_metrics(d);
	d->running = d->nb_shards;
	for (unsigned i = 0; i < d->nb_shards; i++)
		rte_eal_remote_launch(loop_main, d->shard[i].loop, d->shard[i].lcore);
	printf("mbufs: %u, %u of them in reserve for connections, ARP and ND\n", d->pool->size,
		mbufs_kept(d->config));
	control_set_state(CONTROL_READY);
	log_print("ready: shards=%u ports=%u listeners=%u", d->nb_shards, d->nb_ports,
		d->config->nb_listeners);
	metrics_set_ready(d->metrics, true);
	confine_watch(d);
	notify_ready();
	wait_for_stop(d);
	stop(d);
	control_close();
	metrics_stop(d->metrics);
	hide_from_telemetry(d);
	confine_end(d);
	close_ports(d);
	return report(d) ? EXIT_CLEAN : EXIT_RUNTIME;
}

/* Takes the answers of http into the daemon, one use for each shard. */
static int
take_pages(struct daemon *d, struct http_pages *pages, char *err)
{
	d->pages = page_set_make(pages, d->config->shards);
	if (d->pages != NULL)
		return 0;
	return config_error(d->config, err, "http", "no memory for the page");
}

/* EAL is up. */
static int
set_up_and_serve(struct daemon *d)
{
	char err[CONFIG_ERROR_MAX];
	int status;

	log_configure(&d->config->log);
	/* Before all else: who asks while this takes its time is told "starting". */
	if (commands_init() != 0)
		log_line(LOG_LIFE, LOG_LEVEL_WARNING, "no commands in telemetry");
	note_bounds(d->config);
	if (setup(d, err) == 0) {
		status = serve(d);
	} else {
		fprintf(stderr, "tidegate: %s\n", err);
		status = d->failed_config ? EXIT_CONFIG : EXIT_RUNTIME;
	}
	control_close();
	if (d->metrics_fd >= 0)
		close(d->metrics_fd);
	take_down(d);
	return status;
}

/* The file as it is found from anywhere. Links stay links: they may lead elsewhere at a reload. */
static char *
absolute(const char *file)
{
	char *dir, *path = NULL;

	if (*file == '/')
		return strdup(file);
	dir = getcwd(NULL, 0);
	if (dir == NULL)
		return strdup(file);
	if (asprintf(&path, "%s/%s", dir, file) < 0)
		path = NULL;
	free(dir);
	return path;
}

static int
start(struct daemon *d, struct http_pages *pages, struct eal_args *args)
{
	char err[CONFIG_ERROR_MAX] = "no memory";
	char *file = absolute(d->config->file);
	int status = EXIT_RUNTIME;

	d->file = file;
	/* The pages are the daemon's before anything can fail. */
	if (take_pages(d, pages, err) != 0 || file == NULL || control_open(file) != 0 ||
		log_open(&d->config->log) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
	} else if (rte_eal_init(args->argc, args->argv) < 0) {
		fprintf(stderr, "tidegate: EAL does not start: %s\n", rte_strerror(rte_errno));
	} else {
		control_set_log_level(d->config->log.level);
		status = set_up_and_serve(d);
		rte_eal_cleanup();
	}
	log_close();
	page_set_free(d->pages);
	free(file);
	return status;
}

int
run(struct config *c, struct http_pages *pages, int nb_user, char *const user[])
{
	char err[CONFIG_ERROR_MAX];
	struct eal_args args;
	struct daemon *d = calloc(1, sizeof(*d));
	int status = EXIT_CONFIG, metrics_fd;

	if (d == NULL) {
		fprintf(stderr, "tidegate: no memory\n");
		status = EXIT_RUNTIME;
	} else if (devices_check(c, err) != 0 ||
		eal_args_make(c, nb_user, user, megabytes_needed(c), &args, err) != 0 ||
		confine_early(c, &args, &d->privileges, err) != 0 ||
		metrics_bind(c, &metrics_fd, err) != 0) {
		fprintf(stderr, "tidegate: %s\n", err);
	} else {
		d->config = c;
		d->metrics_fd = metrics_fd;
		status = start(d, pages, &args);
		c = d->config;
		pages = NULL;
	}
	http_pages_free(pages);
	config_free(c);
	free(d);
	return status;
}
