/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "apply.h"
#include "config_edit.h"
#include "logging.h"
#include "notify.h"
#include "reload.h"

/* Cookies of a secret that was replaced are good for so many seconds (tg_engine_rotate()). */
#define OLD_COOKIES_S 96

static void answer(struct control_answer *a, enum control_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void
answer(struct control_answer *a, enum control_code code, const char *fmt, ...)
{
	va_list ap;

	a->code = code;
	va_start(ap, fmt);
	vsnprintf(a->text, sizeof(a->text), fmt, ap);
	va_end(ap);
}

/* New answers of http, if they are any different. */
static int
read_pages(const struct daemon *d, struct change *ch, char *err)
{
	struct http_pages *p;

	if (http_pages_make(ch->new, &p, err) != 0)
		return -1;
	if (http_pages_same(p, d->pages->pages)) {
		http_pages_free(p);
		return 0;
	}
	ch->pages = page_set_make(p, d->nb_shards);
	return ch->pages != NULL ? 0 : config_error(ch->new, err, "http", "no memory for the page");
}

static int
draw_seed(struct change *ch, char *err)
{
	uint8_t *seed = ch->engine.cookie_seed;
	const size_t n = sizeof(ch->engine.cookie_seed);

	if (getrandom(seed, n, 0) == (ssize_t)n)
		return 0;
	return config_error(ch->new, err, "", "no random bytes: %s", strerror(errno));
}

/* Secrets of the new configuration; those that are not the ones in use are to be rotated. */
static int
read_secrets(const struct daemon *d, struct change *ch, struct secrets_print *p, char *err)
{
	if (secrets_read(ch->new, &ch->engine, err) != 0)
		return -1;
	secrets_take_print(p, &ch->engine);
	if (p->fastopen == 0 && d->secrets.fastopen != 0)
		return config_error(ch->new, err, "engine",
			"fastopen_key and fastopen_key_file cannot be taken out without a restart");
	ch->rotate_seed = p->seed != d->secrets.seed;
	ch->rotate_fastopen = p->fastopen != d->secrets.fastopen;
	/* A secret that is no more this machine's file is one that nobody else knows. */
	return ch->rotate_seed && p->seed == 0 ? draw_seed(ch, err) : 0;
}

static bool
is_empty(const struct change *ch)
{
	const struct config_diff *diff = &ch->diff;

	return !diff->top && !diff->engine && !diff->secret && diff->nb_gone == 0 &&
		diff->nb_added == 0 && diff->nb_changed == 0 && !ch->rotate_seed &&
		!ch->rotate_fastopen && ch->pages == NULL;
}

/* What was done that no key tells of: files with other content. */
static void
add_files(struct change *ch)
{
	const struct {
		bool changed;
		const char *what;
	} files[] = {
		{ch->pages != NULL && !ch->diff.http, "the page"},
		{ch->rotate_seed && !ch->diff.secret, "the cookie secret"},
		{ch->rotate_fastopen && !ch->diff.secret, "the Fast Open key"},
	};
	char *what = ch->diff.what;

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t n = strlen(what);

		if (files[i].changed)
			snprintf(what + n, sizeof(ch->diff.what) - n, "%s%s", n == 0 ? "" : ", ",
				files[i].what);
	}
}

/* All is applied: the new configuration is the running one. */
static void
take_over(struct daemon *d, struct change *ch, struct config *new, const struct secrets_print *p)
{
	if (ch->diff.log) {
		log_configure(&new->log);
		control_set_log_level(new->log.level);
	}
	if (ch->pages != NULL) {
		ch->pages->next = d->pages;
		d->pages = ch->pages;
		ch->pages = NULL;
	}
	if (ch->rotate_seed)
		clock_gettime(CLOCK_MONOTONIC, &d->rotated);
	d->secrets = *p;
	config_free(d->config);
	d->config = new;
}

/*
 * Goes over to another configuration, which is taken or freed. `files`: what it names is read again
 * too; a command that sets one key reads only what is behind that key.
 */
static void
change_to(struct daemon *d, struct config *new, bool files, struct control_answer *a)
{
	struct change ch = {.new = new, .engine = new->engine};
	struct secrets_print print = d->secrets;
	enum control_code code = CONTROL_REFUSED;
	int rc = config_diff(d->config, new, &ch.diff, a->text);

	ch.engine.cookie_seed_shared = new->cookie_seed_file != NULL;
	if (rc == 0 && (files || ch.diff.http)) {
		code = CONTROL_CONFIG;
		rc = read_pages(d, &ch, a->text);
	}
	if (rc == 0 && (files || ch.diff.secret)) {
		code = CONTROL_REFUSED;
		rc = read_secrets(d, &ch, &print, a->text);
	}
	if (rc == 0 && !is_empty(&ch)) {
		rc = apply(d, &ch, a->text);
		code = rc == -EBUSY ? CONTROL_BUSY : CONTROL_REFUSED;
	}
	if (rc == 0) {
		add_files(&ch);
		answer(a, CONTROL_OK, "%s", ch.diff.what);
		take_over(d, &ch, new, &print);
	} else {
		a->code = code;
		config_free(new);
	}
	page_set_free(ch.pages);
	explicit_bzero(&ch.engine, sizeof(ch.engine));
}

/* One line in the log, and in a good answer what is to be known besides. */
static void
conclude(struct control_answer *a, const char *name, const char *besides)
{
	char what[CONFIG_ERROR_MAX];

	if (a->code != CONTROL_OK) {
		log_line(LOG_CONTROL, LOG_LEVEL_ERROR, "%s refused: %s", name, a->text);
		return;
	}
	if (a->text[0] == '\0') {
		answer(a, CONTROL_OK, "nothing to change");
		log_line(LOG_CONTROL, LOG_LEVEL_INFO, "%s: nothing to change", name);
		return;
	}
	log_line(LOG_CONTROL, LOG_LEVEL_NOTICE, "%s: generation %u: %s", name,
		control_count_change(), a->text);
	snprintf(what, sizeof(what), "%s", a->text);
	/* The keys may be many; the hint is not what is cut then. */
	answer(a, CONTROL_OK, "%.*s%s", (int)(sizeof(a->text) - strlen(besides) - 1), what,
		besides);
}

/*
 * At the start the file may be a pipe; here one that nobody writes to would hold up all that the
 * main thread does.
 */
static int
load(const char *file, struct config **out, char *err)
{
	struct stat st;

	if (stat(file, &st) != 0 || S_ISREG(st.st_mode))
		return config_load(file, out, err);
	snprintf(err, CONFIG_ERROR_MAX, "%s: cannot be read again: it is no regular file", file);
	return -1;
}

void
reload(struct daemon *d, struct control_answer *a)
{
	struct config *new;

	notify_reloading();
	if (load(d->file, &new, a->text) != 0) {
		a->code = CONTROL_CONFIG;
	} else {
		change_to(d, new, true, a);
		if (a->code == CONTROL_OK)
			note_bounds(d->config);
	}
	conclude(a, "reload", "");
	notify_ready();
}

static void
edit(struct daemon *d, const struct control_request *r, const char *name,
	int (*make)(const struct config *c, const char *how, struct config **out, char *err))
{
	struct config *new;

	if (make(d->config, r->param, &new, r->answer->text) != 0)
		r->answer->code = CONTROL_CONFIG;
	else
		change_to(d, new, false, r->answer);
	conclude(r->answer, name, "; until the next reload or start, the file is as it was");
}

/* Seconds since the secret was last changed, or -1. */
static long
since_rotated(const struct daemon *d)
{
	struct timespec now;

	if (d->rotated.tv_sec == 0)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(now.tv_sec - d->rotated.tv_sec);
}

/* A new secret without another configuration. */
static int
rotate(struct daemon *d, struct change *ch, char *err)
{
	struct secrets_print print = d->secrets;
	int rc;

	if (d->config->cookie_seed_file != NULL) {
		if (secrets_read(d->config, &ch->engine, err) != 0)
			return -1;
		secrets_take_print(&print, &ch->engine);
		if (print.seed == d->secrets.seed)
			return config_error(d->config, err, "engine.cookie_seed_file",
				"%s holds the secret in use; write another one into it first",
				d->config->cookie_seed_file);
	} else if (draw_seed(ch, err) != 0) {
		return -1;
	}
	ch->rotate_seed = true;
	rc = apply(d, ch, err);
	if (rc == 0) {
		d->secrets.seed = print.seed;
		clock_gettime(CLOCK_MONOTONIC, &d->rotated);
	}
	return rc;
}

static void
cookie_rotate(struct daemon *d, struct control_answer *a)
{
	struct change ch = {.new = d->config, .engine = d->config->engine};
	const char *from = d->config->cookie_seed_file;
	long since = since_rotated(d);

	int rc = rotate(d, &ch, a->text);

	if (rc != 0)
		a->code = rc == -EBUSY ? CONTROL_BUSY : CONTROL_REFUSED;
	else
		answer(a, CONTROL_OK, "cookie secret from %s", from != NULL ? from : "the system");
	explicit_bzero(&ch.engine, sizeof(ch.engine));
	conclude(a, "cookie_rotate",
		since < 0 || since >= OLD_COOKIES_S
			? "; cookies of the one before are good for 96 s more"
			: "; cookies of the one before are good for 96 s more, but no longer those "
			  "of the one before that, which was replaced less than 96 s ago");
}

bool
serve_request(struct daemon *d, const struct control_request *r)
{
	switch (r->command) {
	case CONTROL_RELOAD:
		reload(d, r->answer);
		break;
	case CONTROL_SET:
		edit(d, r, "set", config_set);
		break;
	case CONTROL_LISTEN_ADD:
		edit(d, r, "listen_add", config_add_listener);
		break;
	case CONTROL_LISTEN_DEL:
		edit(d, r, "listen_del", config_remove_listener);
		break;
	case CONTROL_ROTATE:
		cookie_rotate(d, r->answer);
		break;
	case CONTROL_DRAIN:
		answer(r->answer, CONTROL_OK, "stopping: drain=%ums", d->config->drain_ms);
		return true;
	}
	return false;
}
