/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines that look: counters, listings, states.
 */
#include <stdio.h>
#include <string.h>

#include "die.h"
#include "player.h"

/* A field of a listing that a script may name. */
struct field {
	const char *name;
	size_t at, size;
};

#define FIELD(type, f)                                                      \
	{                                                                   \
#f, offsetof(struct type, f), sizeof(((struct type *)0)->f) \
	}

static const struct field info_fields[] = {
	FIELD(tg_conn_info, accepted),
	FIELD(tg_conn_info, sack),
	FIELD(tg_conn_info, timestamps),
	FIELD(tg_conn_info, window_scaling),
	FIELD(tg_conn_info, snd_wscale),
	FIELD(tg_conn_info, rcv_wscale),
	FIELD(tg_conn_info, retries),
	FIELD(tg_conn_info, from_cookie),
	FIELD(tg_conn_info, ecn),
	FIELD(tg_conn_info, syn_data),
	FIELD(tg_conn_info, soft_error),
	FIELD(tg_conn_info, snd_mss),
	FIELD(tg_conn_info, recv_q),
	FIELD(tg_conn_info, send_q),
	FIELD(tg_conn_info, snd_wnd),
	FIELD(tg_conn_info, rcv_wnd),
	FIELD(tg_conn_info, cwnd),
	FIELD(tg_conn_info, ssthresh),
	FIELD(tg_conn_info, srtt_us),
	FIELD(tg_conn_info, rto_ms),
};

static const struct field usage_fields[] = {
	FIELD(tg_engine_usage, conns),
	FIELD(tg_engine_usage, half_open),
	FIELD(tg_engine_usage, time_wait),
	FIELD(tg_engine_usage, segments),
	FIELD(tg_engine_usage, listeners),
};

static const struct field listener_fields[] = {
	FIELD(tg_listener_info, accept_queue),
	FIELD(tg_listener_info, accept_bound),
	FIELD(tg_listener_info, syn_queue),
	FIELD(tg_listener_info, syn_young),
	FIELD(tg_listener_info, syn_acked),
	FIELD(tg_listener_info, syn_bound),
	FIELD(tg_listener_info, passive_opens),
	FIELD(tg_listener_info, overflows),
	FIELD(tg_listener_info, drops),
	FIELD(tg_listener_info, cookies_sent),
	FIELD(tg_listener_info, cookies_recv),
	FIELD(tg_listener_info, cookies_failed),
	FIELD(tg_listener_info, defer_drops),
	FIELD(tg_listener_info, defer_accept_s),
	FIELD(tg_listener_info, defer_mode),
	FIELD(tg_listener_info, single_queue),
	FIELD(tg_listener_info, cookies_on),
	FIELD(tg_listener_info, fastopen),
	FIELD(tg_listener_info, fastopen_pending),
	FIELD(tg_listener_info, fastopen_bound),
	FIELD(tg_listener_info, fastopen_passive),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t
load(const void *p, size_t size)
{
	uint8_t a;
	uint16_t b;
	uint32_t c;
	uint64_t d;

	switch (size) {
	case 1:
		memcpy(&a, p, 1);
		return a;
	case 2:
		memcpy(&b, p, 2);
		return b;
	case 4:
		memcpy(&c, p, 4);
		return c;
	default:
		memcpy(&d, p, 8);
		return d;
	}
}

/* Every key=NUMBER of a line against a struct. */
static void
compare(const struct line *l, unsigned from, const void *of, const struct field *f, unsigned n,
	struct vars *v)
{
	for (unsigned i = from; i < l->argc; i++) {
		unsigned k = 0;
		const char *value = NULL;
		struct num want;
		uint64_t got;

		while (k < n && (value = word_value(l->argv[i], f[k].name)) == NULL)
			k++;
		if (k == n)
			die("%s: no such key", l->argv[i]);
		num_parse(value, &want);
		got = load((const uint8_t *)of + f[k].at, f[k].size);
		if (got > UINT32_MAX || !num_match(&want, v, (uint32_t)got))
			die("expected: %s\n  got:      %s=%llu", l->text, f[k].name,
				(unsigned long long)got);
	}
}

/* counter NAME N: of the whole engine */
void
play_counter(struct player *p, struct client *c, const struct line *l)
{
	const struct tg_counters *all = tg_engine_counters(p->rig.e);
	struct num want;

	if (l->argc != 2)
		die("counter NAME N");
	num_parse(l->argv[1], &want);
	for (unsigned i = 0; i < TG_CNT_COUNT; i++) {
		if (strcmp(tg_counter_name(i), l->argv[0]) != 0)
			continue;
		if (!num_match(&want, &c->vars, (uint32_t)all->event[i]))
			die("expected: %s\n  got:      counter %s %llu", l->text, l->argv[0],
				(unsigned long long)all->event[i]);
		return;
	}
	die("%s is no counter", l->argv[0]);
}

/* drop NAME N: packets with the disposition drop_NAME */
void
play_drop(struct player *p, struct client *c, const struct line *l)
{
	const struct tg_counters *all = tg_engine_counters(p->rig.e);
	char name[64];
	struct num want;

	if (l->argc != 2)
		die("drop NAME N");
	(void)snprintf(name, sizeof(name), "drop_%s", l->argv[0]);
	num_parse(l->argv[1], &want);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++) {
		if (strcmp(tg_disposition_name(i), name) != 0)
			continue;
		if (!num_match(&want, &c->vars, (uint32_t)all->disposition[i]))
			die("expected: %s\n  got:      drop %s %llu", l->text, l->argv[0],
				(unsigned long long)all->disposition[i]);
		return;
	}
	die("%s is no drop reason", name);
}

/* usage KEY=N... */
void
play_usage(struct player *p, struct client *c, const struct line *l)
{
	struct tg_engine_usage u;

	tg_engine_usage(p->rig.e, &u);
	compare(l, 0, &u, usage_fields, COUNT(usage_fields), &c->vars);
}

/* listener [NAME] KEY=N... */
void
play_listener(struct player *p, struct client *c, const struct line *l)
{
	bool named = l->argc > 0 && strchr(l->argv[0], '=') == NULL;
	tg_listener want = player_listener(p, named ? l->argv[0] : "")->l;
	struct tg_listener_info info;
	uint32_t cursor = 0;

	while (tg_engine_listeners(p->rig.e, &cursor, &info, 1) == 1) {
		if (info.listener != want)
			continue;
		compare(l, named ? 1 : 0, &info, listener_fields, COUNT(listener_fields), &c->vars);
		return;
	}
	die("the listener is not listed");
}

/* [CLIENT] info KEY=N... : of an accepted connection */
void
play_info(struct player *p, struct client *c, const struct line *l)
{
	struct tg_conn_info info;
	int rc = tg_get_info(p->rig.w, c->conn, &info);

	if (rc != 0)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
	compare(l, 0, &info, info_fields, COUNT(info_fields), &c->vars);
}

/* [CLIENT] state NAME|none [KEY=N...] : as listed, half-open and TIME_WAIT included */
void
play_state(struct player *p, struct client *c, const struct line *l)
{
	struct tg_conn_info info[3], found;
	const char *state = "none";
	uint32_t cursor = 0;

	if (l->argc < 1)
		die("state NAME");
	memset(&found, 0, sizeof(found));
	while (cursor != UINT32_MAX) {
		unsigned n = tg_engine_conns(p->rig.e, &cursor, info, COUNT(info));

		for (unsigned i = 0; i < n; i++)
			if (info[i].tuple.remote.port == c->remote.port &&
				info[i].tuple.local.port == c->local.port &&
				memcmp(&info[i].tuple.remote.addr, &c->remote.addr, 16) == 0 &&
				memcmp(&info[i].tuple.local.addr, &c->local.addr, 16) == 0) {
				if (found.tuple.remote.port != 0)
					die("a connection is listed twice");
				found = info[i];
				state = tg_state_name(info[i].state);
			}
	}
	if (strcmp(state, l->argv[0]) != 0)
		die("expected: %s\n  got:      state %s", l->text, state);
	compare(l, 1, &found, info_fields, COUNT(info_fields), &c->vars);
}

/* [CLIENT] check A >|<|== B, in sequence space */
void
play_check(struct player *p, struct client *c, const struct line *l)
{
	struct num a, b;
	int32_t diff;
	bool ok;

	(void)p;
	if (l->argc != 3)
		die("check A > B");
	num_parse(l->argv[0], &a);
	num_parse(l->argv[2], &b);
	diff = (int32_t)(num_value(&a, &c->vars) - num_value(&b, &c->vars));
	ok = strcmp(l->argv[1], ">") == 0      ? diff > 0
		: strcmp(l->argv[1], "<") == 0 ? diff < 0
					       : diff == 0;
	if (!ok)
		die("expected: %s\n  got:      %u and %u", l->text, num_value(&a, &c->vars),
			num_value(&b, &c->vars));
}
