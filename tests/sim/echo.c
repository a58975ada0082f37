/* SPDX-License-Identifier: BSD-3-Clause */
#include "echo.h"

#include <errno.h>
#include <string.h>

#include "die.h"

static void
end(struct echo *s, struct echo_conn *c, bool failed)
{
	int rc = tg_close(s->w, c->conn);

	if (rc != 0)
		die("tg_close: %d", rc);
	c->conn = 0;
	s->closed++;
	s->failed += failed;
}

/* Sends what is held. Returns false when that is not all, or the connection is over. */
static bool
flush(struct echo *s, struct echo_conn *c)
{
	int n;

	if (c->held == 0)
		return true;
	n = tg_send(s->w, c->conn, c->hold, c->held);
	if (n == -EAGAIN)
		return false;
	if (n <= 0) {
		end(s, c, true);
		return false;
	}
	c->echoed += (uint32_t)n;
	c->held -= (uint32_t)n;
	memmove(c->hold, c->hold + n, c->held);
	return c->held == 0;
}

static void
pump(struct echo *s, struct echo_conn *c)
{
	while (c->conn != 0 && flush(s, c)) {
		int n;

		if (s->close_after != 0 && c->echoed >= s->close_after) {
			end(s, c, false);
			return;
		}
		n = tg_recv(s->w, c->conn, c->hold, sizeof(c->hold));
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			end(s, c, n < 0);
			return;
		}
		c->held = (uint32_t)n;
	}
}

static void
take(struct echo *s, tg_listener l)
{
	tg_conn conn[8];
	unsigned n;

	while ((n = tg_accept(s->w, l, conn, 8)) > 0)
		for (unsigned i = 0; i < n; i++) {
			struct echo_conn *c = s->conn;

			while (c < s->conn + ECHO_CONNS && c->conn != 0)
				c++;
			if (c == s->conn + ECHO_CONNS)
				die("the echo service is full");
			memset(c, 0, offsetof(struct echo_conn, hold));
			c->conn = conn[i];
			s->accepted++;
			if (tg_set_user(s->w, c->conn, c) != 0)
				die("tg_set_user refuses a new connection");
			pump(s, c);
		}
}

void
echo_run(struct echo *s)
{
	struct tg_event ev[16];
	unsigned n;

	while ((n = tg_worker_events(s->w, ev, 16)) > 0)
		for (unsigned i = 0; i < n; i++) {
			struct echo_conn *c = ev[i].user;

			if ((ev[i].what & TG_EV_ACCEPT) != 0)
				take(s, ev[i].listener);
			/* the connection may have ended while an event before this was handled */
			if (c != NULL && c->conn == ev[i].conn)
				pump(s, c);
		}
}
