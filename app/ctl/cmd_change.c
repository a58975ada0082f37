/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands that change a running daemon. It checks a change whole, applies it to every shard
 * between bursts, or refuses it whole with the reason, which is printed here.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "commands.h"
#include "sample.h"
#include "text.h"

/* Shards are told one after another, each between two bursts; opening a large file takes time too.
 */
#define CHANGE_TIMEOUT_MS 30000

/* Asks for a change and prints what came of it. */
static int
change(struct ctl *c, const char *command, const char *parameter)
{
	char question[CLIENT_QUESTION_MAX + 64], clean[CLIENT_ERROR_MAX];
	json_t *j;
	int rc;

	if (c->timeout_ms < CHANGE_TIMEOUT_MS && !c->timeout_given)
		c->timeout_ms = CHANGE_TIMEOUT_MS;
	snprintf(question, sizeof(question), "%s%s%s", command, parameter != NULL ? "," : "",
		parameter != NULL ? parameter : "");
	rc = ctl_ask(c, question, &j);
	if (rc == CTL_NO && c->json)
		ctl_print_json(json_pack("{s:i, s:s, s:s}", "ok", 0, "error", c->client.error,
			"code", c->client.code));
	if (rc != CTL_OK)
		return rc;
	if (c->json)
		return ctl_print_json(j);
	puts(text_clean(text_str(j, "applied", "done"), clean, sizeof(clean)));
	json_decref(j);
	return CTL_OK;
}

static int
run_listen(struct ctl *c, int argc, char *argv[])
{
	char parameter[CLIENT_QUESTION_MAX];
	const char *err, *what;
	int rc;

	if (ctl_no_options(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	argc -= optind;
	argv += optind;
	what = argc > 0 ? argv[0] : "";
	if (strcmp(what, "add") == 0) {
		rc = change_listen_add(argc - 1, argv + 1, parameter, sizeof(parameter), &err);
		return rc == 0 ? change(c, "/tidegate/listen_add", parameter)
			       : ctl_wrong(c, "add: %s: not understood", err);
	}
	if (strcmp(what, "del") != 0)
		return ctl_wrong(
			c, argc > 0 ? "%s: add or del is meant" : "%sadd or del is missing", what);
	if (argc != 2)
		return ctl_wrong(c, "del: one ADDRESS:PORT is meant");
	rc = change_listener(argv[1], parameter, sizeof(parameter), &err);
	return rc == 0 ? change(c, "/tidegate/listen_del", parameter)
		       : ctl_wrong(c, "del: %s: not understood", err);
}

static int
run_set(struct ctl *c, int argc, char *argv[])
{
	char parameter[CLIENT_QUESTION_MAX];
	const char *err;

	if (ctl_no_options(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (argc - optind < 1 || argc - optind > 2)
		return ctl_wrong(c, "[LISTENER] KEY=VALUE is meant");
	if (change_set(argc - optind, argv + optind, parameter, sizeof(parameter), &err) != 0)
		return ctl_wrong(c, "%s: not understood", err);
	return change(c, "/tidegate/set", parameter);
}

static int
run_cookie(struct ctl *c, int argc, char *argv[])
{
	if (ctl_no_options(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (argc - optind != 1 || strcmp(argv[optind], "rotate") != 0)
		return ctl_wrong(c, "rotate is meant");
	return change(c, "/tidegate/cookie_rotate", NULL);
}

static int
run_reload(struct ctl *c, int argc, char *argv[])
{
	if (ctl_no_options(c, argc, argv) != CTL_OK || ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	return change(c, "/tidegate/reload", NULL);
}

/* Whether the daemon's process is still there. One of another user's is, too. */
static bool
alive(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH);
}

static int
run_drain(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"wait", required_argument, NULL, 'w'}, {0}};
	uint64_t wait_ms = 0;
	double end;
	int option, rc;

	while ((option = ctl_getopt(c, argc, argv, "w:", longs)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (!text_seconds(optarg, 1, 86400000, &wait_ms))
			return ctl_wrong(c, "--wait %s: seconds are meant, 0.001 to 86400", optarg);
	}
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	rc = change(c, "/tidegate/drain", NULL);
	if (rc != CTL_OK || wait_ms == 0)
		return rc;
	end = sample_now() + (double)wait_ms / 1e3;
	while (alive(c->client.pid))
		if (sample_now() >= end || !sample_sleep(0.05)) {
			ctl_error(c, "process %ld has not ended", (long)c->client.pid);
			return CTL_NO;
		}
	return CTL_OK;
}

const struct ctl_command cmd_listen = {
	.name = "listen",
	.synopsis = "add ADDRESS:PORT SERVICE [KEY=VALUE...] | del ADDRESS:PORT",
	.summary = "Opens or closes a listener on every shard",
	.help = "ADDRESS is 192.0.2.1 or [2001:db8::1], 0.0.0.0 or [::] for all of a family, * "
		"for\n"
		"both. SERVICE and KEY are as in the configuration file: tidegatectl listen add\n"
		"'*:81' echo backlog=512 defer_accept=5s. del resets connections that nobody has\n"
		"accepted; accepted ones live on. The file is not changed: a reload opens what it\n"
		"says, and closes what it does not.\n"
		"\n",
	.words = "add del",
	.run = run_listen,
};

const struct ctl_command cmd_set = {
	.name = "set",
	.synopsis = "[LISTENER] KEY=VALUE",
	.summary = "Changes one value of the configuration",
	.help = "KEY as in the configuration file: engine.syncookies=2, log.level=debug; or of a\n"
		"LISTENER by its ADDRESS:PORT, or by its place in the file: 192.0.2.1:80\n"
		"backlog=1024, listeners[0].backlog=1024. What needs a restart is refused. The "
		"file\n"
		"is not changed: a reload goes back to what it says.\n"
		"\n",
	.run = run_set,
};

const struct ctl_command cmd_cookie = {
	.name = "cookie",
	.synopsis = "rotate",
	.summary = "Makes a new secret for SYN cookies and Fast Open",
	.help = "What the old secret made stays valid for as long as it would have. A configured "
		"key of\n"
		"Fast Open stays: change it, or its file, and reload.\n"
		"\n",
	.words = "rotate",
	.run = run_cookie,
};

const struct ctl_command cmd_reload = {
	.name = "reload",
	.synopsis = "",
	.summary = "Reads the configuration file again (as SIGHUP does)",
	.help = "The file is checked whole, then applied to every shard, or refused whole with "
		"the\n"
		"line and the reason. No connection is lost by it, but those of a listener that "
		"the\n"
		"file no longer has and that nobody accepted.\n"
		"\n",
	.run = run_reload,
};

const struct ctl_command cmd_drain = {
	.name = "drain",
	.synopsis = "[--wait SECONDS]",
	.summary = "Closes all listeners, lets connections finish, ends (as SIGTERM does)",
	.help = "  -w, --wait SECONDS    until the daemon has ended; exit status 1 when it has "
		"not\n\n",
	.run = run_drain,
};
