/* SPDX-License-Identifier: BSD-3-Clause */
#include "player.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

static void
play_quiet(struct player *p, struct client *c, const struct line *l)
{
	/* that nothing was sent is looked at after every line but `<` */
	(void)p;
	(void)c;
	(void)l;
}

static const struct verb {
	const char *name;
	play_verb play;
	bool early; /* before there is an engine */
} verbs[] = {
	{">", play_in, false},
	{"<", play_out, false},
	{"acks", play_acks, false},
	{"synacks", play_synacks, false},
	{"quiet", play_quiet, false},
	{"config", play_config, true},
	{"port", play_port, false},
	{"addr", play_addr, false},
	{"client", play_client, true},
	{"link", play_link, true},
	{"knows", play_knows, false},
	{"listen", play_listen, false},
	{"unlisten", play_unlisten, false},
	{"change", play_change, false},
	{"relisten", play_relisten, false},
	{"drain", play_drain, false},
	{"finish", play_finish, false},
	{"reset", play_reset, false},
	{"hold", play_hold, false},
	{"release", play_release, false},
	{"rotate", play_rotate, false},
	{"buffers", play_buffers, false},
	{"accept", play_accept, false},
	{"recv", play_recv, false},
	{"send", play_send, false},
	{"shutdown", play_shutdown, false},
	{"close", play_close, false},
	{"abort", play_abort, false},
	{"nodelay", play_nodelay, false},
	{"options", play_options, false},
	{"event", play_event, false},
	{"counter", play_counter, false},
	{"drop", play_drop, false},
	{"usage", play_usage, false},
	{"listener", play_listener, false},
	{"info", play_info, false},
	{"state", play_state, false},
	{"check", play_check, false},
};

uint8_t
stream_pattern(bool from_client, uint32_t at)
{
	return (uint8_t)(from_client ? 7 * at + at / 251 : 11 * at + at / 241 + 128);
}

void
stream_put(struct stream *s, uint32_t at, const uint8_t *p, uint32_t n)
{
	if (at + n > 8u << 20 || at + n < at)
		return;
	if (at + n > s->cap) {
		uint32_t cap = (at + n) * 2;

		s->byte = realloc(s->byte, cap);
		if (s->byte == NULL)
			die("the test itself is out of memory");
		memset(s->byte + s->cap, 0, cap - s->cap);
		s->cap = cap;
	}
	if (n > 0)
		memcpy(s->byte + at, p, n);
	if (at + n > s->len)
		s->len = at + n;
}

static const struct {
	const char *name;
	int value;
} results[] = {{"EAGAIN", -EAGAIN}, {"EBADF", -EBADF}, {"EPIPE", -EPIPE},
	{"ECONNRESET", -ECONNRESET}, {"ETIMEDOUT", -ETIMEDOUT}, {"EADDRINUSE", -EADDRINUSE},
	{"EADDRNOTAVAIL", -EADDRNOTAVAIL}, {"EINVAL", -EINVAL}, {"ENOSPC", -ENOSPC},
	{"EEXIST", -EEXIST}, {"EOF", 0}, {"none", 0}};

int
result_of(const struct line *l, unsigned *argc)
{
	*argc = l->argc;
	if (l->argc < 2 || strcmp(l->argv[l->argc - 2], "=") != 0)
		return 0;
	*argc = l->argc - 2;
	for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (strcmp(l->argv[l->argc - 1], results[i].name) == 0)
			return results[i].value;
	die("%s is no result", l->argv[l->argc - 1]);
}

const char *
result_name(int rc)
{
	static char number[16];

	for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i].value == rc && rc != 0)
			return results[i].name;
	(void)snprintf(number, sizeof(number), "%d", rc);
	return number;
}

const char *
word_value(const char *word, const char *key)
{
	size_t n = strlen(key);

	return strncmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

void
player_open(struct player *p)
{
	int rc;

	if (p->open)
		return;
	rc = rig_open(&p->rig);
	if (rc != 0)
		die("tg_engine_create: %s", result_name(rc));
	p->open = true;
}

/* Port 0 and the usual addresses, unless the script has named its own. */
static void
open_usual(struct player *p)
{
	bool own = false;

	if (p->open)
		return;
	player_open(p);
	for (unsigned i = 0; i < p->script->lines; i++) {
		const char *v = p->script->line[i].verb;

		own = own || (v != NULL && strcmp(v, "port") == 0);
	}
	if (!own)
		rig_usual(&p->rig);
}

struct client *
player_client(struct player *p, const char *name, bool make)
{
	struct client *c;

	for (unsigned i = 0; i < p->clients; i++)
		if (strcmp(p->client[i]->name, name) == 0)
			return p->client[i];
	if (!make || strlen(name) >= sizeof(c->name))
		die("%s is no client, or its name is too long", name);
	c = calloc(1, sizeof(*c));
	p->client = realloc(p->client, (p->clients + 1) * sizeof(c));
	if (c == NULL || p->client == NULL)
		die("the test itself is out of memory");
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->remote = word_endpoint("10.0.0.2:40000");
	c->local = word_endpoint("10.0.0.1:80");
	word_mac("02:00:00:00:01:00", c->mac);
	p->client[p->clients++] = c;
	return c;
}

struct named_listener *
player_listener(struct player *p, const char *name)
{
	if (p->listeners == 0)
		die("there is no listener");
	if (name[0] == 0)
		return &p->listener[p->listeners - 1];
	for (unsigned i = 0; i < p->listeners; i++)
		if (strcmp(p->listener[i].name, name) == 0)
			return &p->listener[i];
	die("%s is no listener", name);
}

void
player_expect_silence(struct player *p)
{
	const struct rig_frame *f = rig_peek(&p->rig, 0);
	const struct client *c = p->client[0];
	char text[512] = "no TCP";
	struct seg s;
	tg_time at;

	if (f == NULL)
		return;
	if (seg_read(f->bytes, f->len, &s) == NULL) {
		for (unsigned i = 0; i < p->clients; i++)
			if (p->client[i]->remote.port == s.dport &&
				memcmp(&p->client[i]->remote.addr, &s.dst, 16) == 0)
				c = p->client[i];
		pat_show(&s, &c->vars, true, text, sizeof(text));
	}
	at = f->at - p->start;
	die("expected: nothing\n  got:      %llu.%03llums %s < %s",
		(unsigned long long)(at / TG_MSEC), (unsigned long long)(at % TG_MSEC / 1000),
		c->name, text);
}

/* Moves time to where the line wants it. */
static void
step(struct player *p, const struct line *l)
{
	struct rig *r = &p->rig;
	tg_time to;

	player_expect_silence(p);
	if (!l->when.given)
		return;
	if (l->when.slack != 0)
		die("only an expected packet may have a range of time");
	to = (l->when.relative ? r->now : p->start) + l->when.at;
	/* timers may be up to 1 ms late, and what was expected of them moved the time with it */
	if (to < r->now && r->now - to <= TG_MSEC)
		to = r->now;
	if (to < r->now)
		die("time is at %llu ms already",
			(unsigned long long)((r->now - p->start) / TG_MSEC));
	rig_until(r, to, RIG_NO_STOP);
	player_expect_silence(p);
}

static void
play(struct player *p, const struct line *l)
{
	struct client *c = player_client(p, l->who, false);

	p->line = l;
	if (l->verb == NULL) {
		open_usual(p);
		step(p, l);
		return;
	}
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, l->verb) != 0)
			continue;
		if (!verbs[i].early)
			open_usual(p);
		if (p->open && verbs[i].play != play_out && verbs[i].play != play_acks &&
			verbs[i].play != play_synacks)
			step(p, l);
		verbs[i].play(p, c, l);
		return;
	}
	die("%s is no verb and no client", l->verb);
}

/* `only MANNER...` as the first line. */
static bool
wanted(const struct script *s, const struct rig_manner *m)
{
	const struct line *l = s->line;

	if (s->lines == 0 || l->verb == NULL || strcmp(l->verb, "only") != 0)
		return true;
	for (unsigned i = 0; i < l->argc; i++)
		if (strcmp(l->argv[i], m->name) == 0)
			return true;
	return false;
}

enum play_result
player_run(struct player *p, const struct script *s, const struct rig_manner *m,
	struct tg_counters *counters)
{
	memset(p, 0, sizeof(*p));
	if (!wanted(s, m))
		return PLAY_SKIPPED;
	p->script = s;
	rig_init(&p->rig, m);
	p->start = p->rig.now;
	player_client(p, "", true);
	for (unsigned i = 0; i < s->lines; i++)
		if (i > 0 || s->line[i].verb == NULL || strcmp(s->line[i].verb, "only") != 0)
			play(p, &s->line[i]);
	if (p->open) {
		player_expect_silence(p);
		*counters = *tg_engine_counters(p->rig.e);
	}
	p->line = NULL;
	rig_close(&p->rig);
	p->open = false;
	return PLAY_OK;
}

void
player_free(struct player *p)
{
	for (unsigned i = 0; i < p->clients; i++) {
		free(p->client[i]->sent.byte);
		free(p->client[i]->syn.byte);
		free(p->client[i]->served.byte);
		free(p->client[i]);
	}
	free(p->client);
	p->client = NULL;
	p->clients = 0;
	if (p->open)
		rig_abandon(&p->rig);
}
