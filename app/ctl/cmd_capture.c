/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capture: a sample of packets by what became of them. The daemon keeps them in rings, bounded, and
 * gives the bytes of a pcapng file page by page; the file is written here, as the operator's user.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "hex.h"
#include "names.h"
#include "sample.h"
#include "text.h"

/* Bounds and defaults; the daemon has the same bounds. */
#define COUNT_MAX   1000000
#define SNAPLEN_MIN 14
#define SNAPLEN_MAX 2048
#define SECONDS_MAX 3600
#define WHAT_MAX    512
/* Longest page in bytes, and the pause when nothing has come. */
#define PAGE_MAX 8192
#define PAUSE_MS 20
/* After Ctrl-C the rings are emptied, for so long at most: in a flood they never are. */
#define LAST_S 1.0

/* What is asked for, and how it goes. */
struct capture {
	char what[WHAT_MAX]; /* with + between the words; empty: every drop */
	uint64_t count, snaplen, seconds;
	const char *path;
	FILE *file;
	uint64_t id;
	bool failed; /* the file cannot be written */
};

static volatile sig_atomic_t interrupted;

static void
interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* A word of --drops as the daemon knows it; NULL: there is none like that. */
static const char *
known(const char *word, size_t n)
{
	if (n == 3 && strncmp(word, "any", n) == 0)
		return "drops";
	if (n == 3 && strncmp(word, "all", n) == 0)
		return "all";
	for (const struct name *k = names; k->key != NULL; k++) {
		const char *bare = k->key + (k->kind == NAME_DROP ? strlen("drop_") : 0);

		if (k->kind != NAME_DROP && k->kind != NAME_PACKETS)
			continue;
		if ((strlen(k->key) == n && strncmp(k->key, word, n) == 0) ||
			(strlen(bare) == n && strncmp(bare, word, n) == 0))
			return k->key;
	}
	return NULL;
}

/* Adds the words of one --drops. */
static int
add_words(const struct ctl *c, struct capture *p, const char *words)
{
	for (;;) {
		size_t n = strcspn(words, ","), at = strlen(p->what);
		const char *key = known(words, n);

		if (key == NULL)
			return ctl_wrong(c,
				"--drops %.*s: any, all, or a disposition is meant: `tidegatectl "
				"drops --zeros` has the reasons; delivered, answered and passed "
				"are "
				"the others",
				(int)n, words);
		if ((size_t)snprintf(p->what + at, sizeof(p->what) - at, "%s%s", at == 0 ? "" : "+",
			    key) >= sizeof(p->what) - at)
			return ctl_wrong(c, "--drops: too many; use any or all");
		if (words[n] == '\0')
			return CTL_OK;
		words += n + 1;
	}
}

static int
read_options(struct ctl *c, int argc, char *argv[], struct capture *p)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'c'},
		{"drops", required_argument, NULL, 'd'},
		{"snaplen", required_argument, NULL, 's'},
		{"seconds", required_argument, NULL, 't'},
		{"write", required_argument, NULL, 'w'},
		{0},
	};
	bool good = true;
	int option;

	while (good && (option = ctl_getopt(c, argc, argv, "c:d:s:t:w:", longs)) != -1) {
		switch (option) {
		case 'c':
			good = text_number(optarg, 1, COUNT_MAX, &p->count);
			break;
		case 'd':
			if (add_words(c, p, optarg) != CTL_OK)
				return CTL_USAGE;
			break;
		case 's':
			good = text_number(optarg, SNAPLEN_MIN, SNAPLEN_MAX, &p->snaplen);
			break;
		case 't':
			good = text_number(optarg, 1, SECONDS_MAX, &p->seconds);
			break;
		case 'w':
			p->path = optarg;
			break;
		default:
			return CTL_USAGE;
		}
	}
	if (!good)
		return ctl_wrong(c,
			"-%c %s: a number is meant; -c 1 to %d, -s %d to %d, -t 1 to %d", option,
			optarg, COUNT_MAX, SNAPLEN_MIN, SNAPLEN_MAX, SECONDS_MAX);
	if (ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (p->path == NULL)
		return ctl_wrong(c, "-w FILE is missing; - is the standard output");
	if (c->json && strcmp(p->path, "-") == 0)
		return ctl_wrong(c, "-w - and --json both want the standard output");
	return CTL_OK;
}

static int
ask(struct ctl *c, const struct capture *p, const char *what, json_t **j)
{
	char question[64];

	snprintf(question, sizeof(question), "/tidegate/capture_%s,%" PRIu64, what, p->id);
	return ctl_ask(c, question, j);
}

static int
start(struct ctl *c, struct capture *p)
{
	char question[WHAT_MAX + 128];
	json_t *j;
	int rc;

	snprintf(question, sizeof(question),
		"/tidegate/capture_start,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		p->what[0] != '\0' ? p->what : "drops", p->snaplen, p->seconds, p->count);
	rc = ctl_ask(c, question, &j);
	if (rc != CTL_OK)
		return rc;
	p->id = text_u64(j, "id");
	json_decref(j);
	return CTL_OK;
}

/* Writes the next page. *n is its length; 0: nothing has come. */
static int
page(struct ctl *c, struct capture *p, size_t *n)
{
	uint8_t bytes[PAGE_MAX];
	ssize_t got;
	json_t *j;
	int rc = ask(c, p, "read", &j);

	*n = 0;
	if (rc != CTL_OK)
		return rc;
	got = json_is_string(j) ? hex_decode(json_string_value(j), bytes, sizeof(bytes)) : -1;
	json_decref(j);
	if (got < 0) {
		ctl_error(c, "the daemon's answer is no page of a file");
		return CTL_UNREACHABLE;
	}
	*n = (size_t)got;
	if (fwrite(bytes, 1, *n, p->file) == *n && fflush(p->file) == 0)
		return CTL_OK;
	ctl_error(c, "%s: %s", p->path, strerror(errno));
	p->failed = true;
	return CTL_NO;
}

/* Until it is over or interrupted; what is in the rings then is fetched too. */
static int
follow(struct ctl *c, struct capture *p)
{
	double end = 0; /* when it is enough; 0: nobody has interrupted it */
	bool over = false;
	size_t n;

	for (;;) {
		json_t *j;
		int rc = page(c, p, &n);

		if (rc != CTL_OK)
			return rc;
		if (interrupted && end == 0)
			end = sample_now() + LAST_S;
		if (n != 0 && (end == 0 || sample_now() < end))
			continue;
		if (over || interrupted)
			return CTL_OK;
		rc = ask(c, p, "status", &j);
		if (rc != CTL_OK)
			return rc;
		over = text_u64(j, "over") != 0;
		json_decref(j);
		if (!over)
			poll(NULL, 0, PAUSE_MS);
	}
}

/* Ends it, and says how it went, if it went well. */
static int
stop(struct ctl *c, struct capture *p, bool well)
{
	uint64_t written, missed;
	json_t *j;
	int rc = ask(c, p, "stop", &j);

	if (rc != CTL_OK)
		return rc;
	written = text_u64(j, "written");
	missed = text_u64(j, "missed");
	json_decref(j);
	if (!well)
		return CTL_NO;
	if (c->json)
		return ctl_print_json(json_pack("{s:s, s:I, s:I}", "file", p->path, "written",
			(json_int_t)written, "missed", (json_int_t)missed));
	fprintf(strcmp(p->path, "-") == 0 ? stderr : stdout,
		"%" PRIu64 " packets written, %" PRIu64 " more found no room\n", written, missed);
	return CTL_OK;
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	struct sigaction on_int = {.sa_handler = interrupt};
	struct capture p = {.count = 1000, .snaplen = 256, .seconds = 10};
	int rc = read_options(c, argc, argv, &p), stopped;

	if (rc != CTL_OK)
		return rc;
	/* Who interrupts it, or has read enough of it, must not leave the capture armed. */
	sigaction(SIGINT, &on_int, NULL);
	sigaction(SIGTERM, &on_int, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = start(c, &p);
	if (rc != CTL_OK)
		return rc;
	p.file = strcmp(p.path, "-") == 0 ? stdout : fopen(p.path, "wb");
	if (p.file == NULL) {
		ctl_error(c, "%s: %s", p.path, strerror(errno));
		rc = CTL_NO;
	} else {
		rc = follow(c, &p);
	}
	/* Without a daemon there is nothing to stop, and no second complaint. */
	stopped = rc != CTL_UNREACHABLE ? stop(c, &p, rc == CTL_OK) : rc;
	if (p.file != NULL && p.file != stdout && fclose(p.file) != 0 && !p.failed) {
		ctl_error(c, "%s: %s", p.path, strerror(errno));
		rc = CTL_NO;
	}
	return rc != CTL_OK ? rc : stopped;
}

const struct ctl_command cmd_capture = {
	.name = "capture",
	.synopsis = "[-d WHAT[,WHAT...]] [-c COUNT] [-s SNAPLEN] [-t SECONDS] -w FILE",
	.summary = "Writes a sample of packets by what became of them",
	.help = "  -d, --drops WHAT      a reason (synq_full), any for every drop, all for "
		"everything,\n"
		"                        delivered, answered or passed; several: with commas, or "
		"again\n"
		"                        (default: any)\n"
		"  -c, --count COUNT     packets at most, 1 to 1000000 (default: 1000)\n"
		"  -s, --snaplen BYTES   of each packet, 14 to 2048 (default: 256)\n"
		"  -t, --seconds SECONDS longest time, 1 to 3600 (default: 10)\n"
		"  -w, --write FILE      pcapng; - is the standard output\n"
		"\n"
		"Packets are as they came, before any answer was written over them; the "
		"disposition is\n"
		"the packet's comment, the shard its interface. Each shard keeps 1024 of them "
		"until they\n"
		"are fetched; what comes on top is counted and left out. Ctrl-C ends it early.\n"
		"\n",
	.run = run,
};
