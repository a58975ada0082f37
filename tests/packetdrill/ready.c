/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll and epoll: see sock.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "sock.h"

/** A descriptor in an epoll's list. */
struct pd_watch {
	struct pd_watch *next;
	int fd;
	uint32_t events;
	epoll_data_t data;
	uint32_t seen; /**< edges of the descriptor when it was last reported */
	bool spent;    /**< EPOLLONESHOT has fired, or an edge has been reported */
};

/* Room is there when a third of the send buffer is free (L). */
static bool
writable(const struct pd_stack *s, const struct pd_sock *k)
{
	uint32_t room = pd_room(s, k), size = pd_sndbuf(s, k);

	return room > 0 && room >= (size - room) / 2;
}

static uint32_t
ready_connection(const struct pd_stack *s, const struct pd_sock *k)
{
	struct tg_conn_info info = {0};
	struct pd_inside in;
	bool end = k->rd_shut || k->dead;
	uint32_t what = 0;

	tg_get_info(s->rig.w, k->conn, &info);
	if (pd_inside(s, k->conn, &in) && in.fin)
		end = true;
	if (end)
		what |= EPOLLRDHUP;
	if (end || info.recv_q > 0)
		what |= EPOLLIN | EPOLLRDNORM;
	if (k->dead || k->wr_shut || writable(s, k))
		what |= EPOLLOUT | EPOLLWRNORM;
	if (k->dead || (k->wr_shut && end))
		what |= EPOLLHUP;
	if (k->err != 0)
		what |= EPOLLERR;
	return what;
}

uint32_t
pd_ready(const struct pd_stack *s, const struct pd_sock *k)
{
	struct tg_listener_info i;

	switch (k->kind) {
	case PD_CONN:
		return ready_connection(s, k);
	case PD_LISTENER:
		if (k->lsn == 0)
			break;
		pd_listener_info(s, k, &i);
		return i.accept_queue > 0 ? EPOLLIN | EPOLLRDNORM : 0;
	case PD_EPOLL:
		for (const struct pd_watch *w = k->watch; w != NULL; w = w->next) {
			const struct pd_sock *o = pd_sock(s, w->fd);

			if (!w->spent && o != NULL && (pd_ready(s, o) & w->events) != 0)
				return EPOLLIN | EPOLLRDNORM;
		}
		return 0;
	case PD_FRESH:
		break;
	}
	return EPOLLOUT | EPOLLHUP;
}

/* Who has been told that there is no room is told when there is. */
static void
asked(const struct pd_stack *s, struct pd_sock *k, uint32_t events)
{
	if (k->kind == PD_CONN && (events & EPOLLOUT) != 0 && !k->dead && !writable(s, k))
		k->nospace = true;
}

static int
look(struct pd_stack *s, struct pollfd *fds, nfds_t n)
{
	int found = 0;

	for (nfds_t i = 0; i < n; i++) {
		struct pd_sock *k = pd_sock(s, fds[i].fd);

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (k == NULL) {
			fds[i].revents = POLLNVAL;
		} else {
			uint32_t want = (uint32_t)(uint16_t)fds[i].events | EPOLLERR | EPOLLHUP;

			fds[i].revents = (short)(pd_ready(s, k) & want);
			asked(s, k, want);
		}
		found += fds[i].revents != 0;
	}
	return found;
}

static pd_us
timeout_us(int ms)
{
	return ms < 0 ? PD_NEVER : (pd_us)ms * 1000;
}

int
pd_poll(struct pd_stack *s, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	pd_us until = pd_until(s, timeout_us(timeout_ms));
	int found, rc;

	for (;;) {
		found = look(s, fds, n);
		if (found > 0)
			return found;
		rc = pd_block(s, until);
		if (rc != 0)
			return rc == -ETIME ? 0 : rc;
	}
}

int
pd_epoll_create(struct pd_stack *s, int size)
{
	struct pd_sock *k;

	if (size <= 0)
		return -EINVAL;
	k = pd_sock_new(s, PD_EPOLL, 0);
	return k != NULL ? k->fd : -EMFILE;
}

static struct pd_watch **
find(struct pd_sock *ep, int fd)
{
	struct pd_watch **at = &ep->watch;

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

static void
drop(struct pd_watch **at)
{
	struct pd_watch *w = *at;

	*at = w->next;
	free(w);
}

void
pd_unwatch(struct pd_stack *s, int fd)
{
	for (unsigned i = 0; i < s->socks; i++) {
		struct pd_sock *ep = s->sock[i];
		struct pd_watch **at;

		if (ep == NULL || ep->kind != PD_EPOLL)
			continue;
		at = find(ep, fd);
		if (*at != NULL)
			drop(at);
	}
}

void
pd_watch_free(struct pd_sock *ep)
{
	while (ep->watch != NULL)
		drop(&ep->watch);
}

int
pd_epoll_ctl(struct pd_stack *s, int epfd, int op, int fd, const struct epoll_event *ev)
{
	struct pd_sock *ep = pd_sock(s, epfd), *k = pd_sock(s, fd);
	struct pd_watch **at;

	if (ep == NULL || k == NULL)
		return -EBADF;
	if (ep->kind != PD_EPOLL || ep == k || k->kind == PD_EPOLL)
		return -EINVAL;
	at = find(ep, fd);
	if (op == EPOLL_CTL_ADD && *at != NULL)
		return -EEXIST;
	if (op != EPOLL_CTL_ADD && *at == NULL)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		drop(at);
		return 0;
	}
	if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD)
		return -EINVAL;
	if (op == EPOLL_CTL_ADD) {
		*at = calloc(1, sizeof(**at));
		if (*at == NULL)
			return -ENOMEM;
		(*at)->fd = fd;
	}
	(*at)->events = ev->events | EPOLLERR | EPOLLHUP;
	(*at)->data = ev->data;
	(*at)->spent = false;
	asked(s, k, ev->events);
	return 0;
}

static int
collect(struct pd_stack *s, struct pd_sock *ep, struct epoll_event *ev, int max)
{
	int n = 0;

	for (struct pd_watch *w = ep->watch; w != NULL && n < max; w = w->next) {
		struct pd_sock *k = pd_sock(s, w->fd);
		uint32_t what;

		if (k == NULL)
			continue;
		if ((w->events & (EPOLLET | EPOLLONESHOT)) == EPOLLET && w->seen != k->edges)
			w->spent = false;
		if (w->spent)
			continue;
		what = pd_ready(s, k) & w->events;
		asked(s, k, w->events);
		w->seen = k->edges;
		if (what == 0) {
			/* An edge without a condition is used up all the same (L). */
			w->spent = (w->events & (EPOLLET | EPOLLONESHOT)) == EPOLLET;
			continue;
		}
		w->spent = (w->events & (EPOLLET | EPOLLONESHOT)) != 0;
		ev[n].events = what;
		ev[n++].data = w->data;
	}
	return n;
}

int
pd_epoll_wait(struct pd_stack *s, int epfd, struct epoll_event *ev, int max, int timeout_ms)
{
	pd_us until = pd_until(s, timeout_us(timeout_ms));
	struct pd_sock *ep;
	int n, rc;

	for (;;) {
		ep = pd_sock(s, epfd);
		if (ep == NULL)
			return -EBADF;
		if (ep->kind != PD_EPOLL || max <= 0)
			return -EINVAL;
		n = collect(s, ep, ev, max);
		if (n > 0)
			return n;
		rc = pd_block(s, until);
		if (rc != 0)
			return rc == -ETIME ? 0 : rc;
	}
}
