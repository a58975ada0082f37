/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of the worker: what a service would do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

static _Noreturn void
fail_result(const struct line *l, int rc)
{
	die("expected: %s\n  got:      = %s", l->text, result_name(rc));
}

/* [CLIENT] accept [on LISTENER] [= none] */
void
play_accept(struct player *p, struct client *c, const struct line *l)
{
	bool none = l->argc >= 2 && strcmp(l->argv[l->argc - 1], "none") == 0;
	const char *name = l->argc >= 2 && strcmp(l->argv[0], "on") == 0 ? l->argv[1] : "";
	struct named_listener *n = player_listener(p, name);
	struct tg_conn_info info;
	tg_conn conn = 0;
	unsigned got = tg_accept(p->rig.w, n->l, &conn, 1);

	if (none) {
		if (got != 0)
			die("expected: %s\n  got:      a connection", l->text);
		return;
	}
	if (got != 1 || conn == 0)
		die("expected: %s\n  got:      no connection", l->text);
	if (tg_get_info(p->rig.w, conn, &info) != 0)
		die("no information about a connection just accepted");
	if (info.tuple.remote.port != c->remote.port || info.tuple.local.port != c->local.port ||
		memcmp(&info.tuple.remote.addr, &c->remote.addr, 16) != 0 ||
		memcmp(&info.tuple.local.addr, &c->local.addr, 16) != 0)
		die("expected: %s\n  got:      the connection of port %u", l->text,
			info.tuple.remote.port);
	if (info.conn != conn || !info.accepted)
		die("a connection does not know its own handle, or not that it is accepted");
	c->conn = conn;
	c->events = 0;
	c->error = 0;
	c->received = 0;
	if (tg_user(p->rig.w, conn) != NULL || tg_set_user(p->rig.w, conn, c) != 0 ||
		tg_user(p->rig.w, conn) != c)
		die("the user pointer is not kept");
	rig_turn(&p->rig);
}

/* One read of at most `len` bytes, by copy or by looking. */
static int
read_some(struct player *p, struct client *c, uint8_t *to, uint32_t len)
{
	const uint8_t *at;
	int n;

	if (!p->rig.manner->peek)
		return tg_recv(p->rig.w, c->conn, to, len);
	n = tg_peek(p->rig.w, c->conn, &at);
	if (n <= 0)
		return n;
	if ((uint32_t)n > len)
		n = (int)len;
	memcpy(to, at, (size_t)n);
	if (tg_consume(p->rig.w, c->conn, (uint32_t)n) != 0)
		die("tg_consume refuses what tg_peek has shown");
	return n;
}

/* [CLIENT] recv N | recv "text" | recv = EAGAIN|EOF|ECONNRESET|ETIMEDOUT|EBADF */
void
play_recv(struct player *p, struct client *c, const struct line *l)
{
	unsigned argc;
	int want = result_of(l, &argc), rc;
	uint32_t len, got = 0;
	uint8_t *bytes;

	if (argc != l->argc) {
		uint8_t one[1];

		rc = read_some(p, c, one, 1);
		if (rc != want)
			fail_result(l, rc);
		rig_turn(&p->rig);
		return;
	}
	if (argc != 1)
		die("recv N, recv \"text\" or recv = RESULT");
	if (l->argv[0][0] == '"') {
		const uint8_t *text;

		len = word_text(l->argv[0], &text);
		if (c->sent.len < c->received + len ||
			memcmp(c->sent.byte + c->received, text, len) != 0)
			die("the client has never sent this text");
	} else {
		len = word_number(l->argv[0], 1, 1u << 26);
	}
	bytes = malloc(len);
	if (bytes == NULL)
		die("the test itself is out of memory");
	while (got < len) {
		rc = read_some(p, c, bytes + got, len - got);
		if (rc <= 0)
			die("expected: %s\n  got:      %u bytes, then = %s", l->text, got,
				rc == 0 ? "EOF" : result_name(rc));
		got += (uint32_t)rc;
	}
	if (c->sent.len < c->received + len || memcmp(c->sent.byte + c->received, bytes, len) != 0)
		die("expected: %s\n  got:      other bytes than the client has sent", l->text);
	free(bytes);
	c->received += len;
	rig_turn(&p->rig);
}

/* [CLIENT] send N [taken M] | send "text" | send N = RESULT */
void
play_send(struct player *p, struct client *c, const struct line *l)
{
	unsigned argc;
	int want = result_of(l, &argc), rc;
	bool refused = argc != l->argc;
	uint32_t len, taken;
	uint8_t *bytes;

	if (argc < 1)
		die("send N or send \"text\"");
	if (l->argv[0][0] == '"') {
		const uint8_t *text;

		len = word_text(l->argv[0], &text);
		bytes = malloc(len);
		if (bytes != NULL)
			memcpy(bytes, text, len);
	} else {
		len = word_number(l->argv[0], 1, 1u << 26);
		bytes = malloc(len);
		for (uint32_t i = 0; bytes != NULL && i < len; i++)
			bytes[i] = stream_pattern(false, c->served.len + i);
	}
	if (bytes == NULL)
		die("the test itself is out of memory");
	taken = argc == 3 && strcmp(l->argv[1], "taken") == 0 ? word_number(l->argv[2], 0, len)
							      : len;
	rc = tg_send(p->rig.w, c->conn, bytes, len);
	if (rc != (refused ? want : (int)taken))
		fail_result(l, rc);
	if (rc > 0)
		stream_put(&c->served, c->served.len, bytes, (uint32_t)rc);
	free(bytes);
	rig_turn(&p->rig);
}

/* The calls that have a handle and a result only. */
static void
simple(struct player *p, struct client *c, const struct line *l,
	int (*call)(struct tg_worker *w, tg_conn conn))
{
	unsigned argc;
	int want = result_of(l, &argc);
	int rc = call(p->rig.w, c->conn);

	if (rc != want)
		fail_result(l, rc);
	rig_turn(&p->rig);
}

void
play_shutdown(struct player *p, struct client *c, const struct line *l)
{
	simple(p, c, l, tg_shutdown);
}

void
play_close(struct player *p, struct client *c, const struct line *l)
{
	simple(p, c, l, tg_close);
}

void
play_abort(struct player *p, struct client *c, const struct line *l)
{
	simple(p, c, l, tg_abort);
}

/* [CLIENT] nodelay 0|1 */
void
play_nodelay(struct player *p, struct client *c, const struct line *l)
{
	int rc;

	if (l->argc != 1)
		die("nodelay 0 or nodelay 1");
	rc = tg_set_nodelay(p->rig.w, c->conn, word_number(l->argv[0], 0, 1) != 0);
	if (rc != 0)
		fail_result(l, rc);
	rig_turn(&p->rig);
}

/* [CLIENT] options KEY=N... [= RESULT] */
void
play_options(struct player *p, struct client *c, const struct line *l)
{
	struct tg_conn_options o = {0};
	unsigned argc;
	int want = result_of(l, &argc), rc = tg_get_options(p->rig.w, c->conn, &o);

	for (unsigned i = 0; i < argc; i++)
		if (!player_option(&o, l->argv[i]))
			die("%s is no option of a connection", l->argv[i]);
	if (rc == 0)
		rc = tg_set_options(p->rig.w, c->conn, &o);
	if (rc != want)
		fail_result(l, rc);
	rig_turn(&p->rig);
}

static void
note_event(struct player *p, const struct tg_event *ev)
{
	if ((ev->what & TG_EV_DRAIN) != 0) {
		if (ev->conn != 0 || ev->listener != 0)
			die("a drain event names a connection or listener");
		p->drain_event = true;
	}
	if ((ev->what & TG_EV_ACCEPT) != 0) {
		for (unsigned i = 0; i < p->listeners; i++)
			if (p->listener[i].l == ev->listener) {
				p->listener[i].event = true;
				return;
			}
		die("an accept event names no listener");
	}
	if (ev->conn == 0)
		return;
	for (unsigned i = 0; i < p->clients; i++)
		if (p->client[i]->conn == ev->conn) {
			struct client *c = p->client[i];

			if (ev->user != c)
				die("an event has lost the user pointer");
			if ((ev->what & TG_EV_CLOSED) == 0 && ev->error != 0)
				die("an error without TG_EV_CLOSED");
			c->events |= ev->what;
			if (ev->error != 0)
				c->error = ev->error;
			return;
		}
	die("an event names a connection that nobody accepted");
}

static bool
take_flag(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

/* [CLIENT] event none|*|drain|accept [on LISTENER]|{read|write|closed|reset|timedout} */
void
play_event(struct player *p, struct client *c, const struct line *l)
{
	struct tg_event ev[16];
	uint16_t want = 0;
	int16_t error = 0;
	unsigned n;

	do {
		n = tg_worker_events(p->rig.w, ev, 16);
		for (unsigned i = 0; i < n; i++)
			note_event(p, &ev[i]);
	} while (n == 16);
	if (tg_worker_pending(p->rig.w))
		die("events are pending after all have been taken");
	for (unsigned i = 0; i < l->argc; i++) {
		const char *w = l->argv[i];

		if (strcmp(w, "*") == 0) {
			c->events = 0;
			return;
		}
		if (strcmp(w, "drain") == 0) {
			if (!take_flag(&p->drain_event))
				die("expected: %s\n  got:      no such event", l->text);
			return;
		}
		if (strcmp(w, "accept") == 0) {
			const char *name = l->argc >= i + 3 ? l->argv[i + 2] : "";

			if (!take_flag(&player_listener(p, name)->event))
				die("expected: %s\n  got:      no such event", l->text);
			return;
		}
		if (strcmp(w, "read") == 0)
			want |= TG_EV_READ;
		else if (strcmp(w, "write") == 0)
			want |= TG_EV_WRITE;
		else if (strcmp(w, "closed") == 0)
			want |= TG_EV_CLOSED;
		else if (strcmp(w, "reset") == 0)
			error = -ECONNRESET;
		else if (strcmp(w, "timedout") == 0)
			error = -ETIMEDOUT;
		else if (strcmp(w, "none") != 0)
			die("%s is no event", w);
	}
	if (c->events != want || c->error != error)
		die("expected: %s\n  got:     %s%s%s%s, error %s", l->text,
			c->events == 0 ? " none" : "", (c->events & TG_EV_READ) != 0 ? " read" : "",
			(c->events & TG_EV_WRITE) != 0 ? " write" : "",
			(c->events & TG_EV_CLOSED) != 0 ? " closed" : "", result_name(c->error));
	c->events = 0;
	c->error = 0;
}
