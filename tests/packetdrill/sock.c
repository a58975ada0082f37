/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets: see sock.h.
 */
#include "sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct pd_sock *
pd_sock(const struct pd_stack *s, int fd)
{
	if (fd < PD_FD_FIRST || fd >= PD_FD_FIRST + PD_FDS)
		return NULL;
	return s->sock[fd - PD_FD_FIRST];
}

struct pd_sock *
pd_sock_new(struct pd_stack *s, enum pd_kind kind, int family)
{
	struct pd_sock *k;

	if (s->socks == PD_FDS)
		return NULL;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return NULL;
	k->fd = PD_FD_FIRST + (int)s->socks;
	k->kind = kind;
	k->family = family;
	k->opt.rcvtimeo = k->opt.sndtimeo = PD_NEVER;
	pd_options_default(&k->opt);
	s->sock[s->socks++] = k;
	return k;
}

static struct pd_sock *
of_listener(const struct pd_stack *s, tg_listener l)
{
	for (unsigned i = 0; i < s->socks; i++)
		if (s->sock[i] != NULL && s->sock[i]->lsn == l)
			return s->sock[i];
	return NULL;
}

static void
connection_event(const struct pd_stack *s, struct pd_sock *k, const struct tg_event *ev)
{
	struct pd_inside in;

	k->edges++;
	if (pd_inside(s, k->conn, &in) && in.fin)
		k->fin = true;
	if ((ev->what & TG_EV_CLOSED) == 0)
		return;
	k->dead = true;
	/* A reset after the peer's FIN is, to the writer, a pipe nobody reads (L). */
	k->err = ev->error == -ECONNRESET && k->fin ? EPIPE : -ev->error;
}

void
pd_sock_look(struct pd_stack *s)
{
	struct tg_event ev[32];
	unsigned n;

	do {
		n = tg_worker_events(s->rig.w, ev, 32);
		for (unsigned i = 0; i < n; i++) {
			struct pd_sock *k = ev[i].what & TG_EV_ACCEPT
				? of_listener(s, ev[i].listener)
				: ev[i].user;

			if (k == NULL)
				continue;
			if (k->kind == PD_CONN)
				connection_event(s, k, &ev[i]);
			else
				k->edges++;
		}
	} while (n == 32);
	for (unsigned i = 0; i < s->socks; i++) {
		struct pd_sock *k = s->sock[i];

		if (k == NULL || !k->nospace || (pd_ready(s, k) & EPOLLOUT) == 0)
			continue;
		k->nospace = false;
		k->edges++;
	}
}

int
pd_socket(struct pd_stack *s, int domain, int type, int protocol)
{
	struct pd_sock *k;

	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != 0 && protocol != IPPROTO_TCP)
		return -EPROTONOSUPPORT;
	k = pd_sock_new(s, PD_FRESH, domain);
	if (k == NULL)
		return -EMFILE;
	k->nonblock = (type & SOCK_NONBLOCK) != 0;
	return k->fd;
}

/* A sockaddr as an endpoint; an IPv4 address in its v4-mapped form. */
static int
to_endpoint(int family, const struct sockaddr *sa, socklen_t len, struct tg_endpoint *ep)
{
	const struct sockaddr_in *a = (const void *)sa;
	const struct sockaddr_in6 *b = (const void *)sa;

	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family != family)
		return -EAFNOSUPPORT;
	if (family == AF_INET) {
		if (len < sizeof(*a))
			return -EINVAL;
		ep->addr = tg_addr_v4(0, 0, 0, 0);
		memcpy(ep->addr.b + 12, &a->sin_addr, 4);
		ep->port = ntohs(a->sin_port);
		return 0;
	}
	if (len < sizeof(*b))
		return -EINVAL;
	memcpy(ep->addr.b, &b->sin6_addr, 16);
	ep->port = ntohs(b->sin6_port);
	return 0;
}

static void
from_endpoint(int family, const struct tg_endpoint *ep, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(ep->port)};
	struct sockaddr_in6 b = {.sin6_family = AF_INET6, .sin6_port = htons(ep->port)};
	const void *from = family == AF_INET ? (const void *)&a : &b;
	socklen_t n = family == AF_INET ? sizeof(a) : sizeof(b);

	if (sa == NULL || len == NULL)
		return;
	memcpy(&a.sin_addr, ep->addr.b + 12, 4);
	memcpy(&b.sin6_addr, ep->addr.b, 16);
	memcpy(sa, from, n < *len ? n : *len);
	*len = n;
}

int
pd_bind(struct pd_stack *s, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct pd_sock *k = pd_sock(s, fd);
	struct tg_endpoint ep;
	int rc;

	if (k == NULL)
		return -EBADF;
	if (k->kind != PD_FRESH || k->bound)
		return -EINVAL;
	rc = to_endpoint(k->family, sa, len, &ep);
	if (rc != 0)
		return rc;
	if (ep.port == 0)
		ep.port = (uint16_t)(49152 + s->next_port++);
	for (unsigned i = 0; i < s->socks; i++) {
		const struct pd_sock *o = s->sock[i];

		if (o != NULL && o->kind == PD_LISTENER && o->lsn != 0 &&
			o->local.port == ep.port &&
			memcmp(&o->local.addr, &ep.addr, sizeof(ep.addr)) == 0)
			return -EADDRINUSE;
	}
	k->local = ep;
	k->bound = true;
	return 0;
}

static int
open_listener(struct pd_stack *s, struct pd_sock *k)
{
	const struct pd_setup *set = &s->setup;
	struct tg_listener_config cfg;
	int rc = pd_stack_addr(s, &k->local.addr);

	if (rc != 0)
		return rc;
	tg_listener_config_init(&cfg);
	cfg.local = k->local;
	cfg.dual_stack = k->family == AF_INET6 && !k->opt.v6only &&
		tg_addr_is_any(&k->local.addr) && !tg_addr_is_v4(&k->local.addr);
	/* a negative one is a large one (L) */
	cfg.backlog = k->backlog < 0 ? 1u << 20 : k->backlog == 0 ? 1 : (uint32_t)k->backlog;
	if (cfg.backlog > 1u << 20)
		cfg.backlog = 1u << 20;
	cfg.nodelay = k->opt.nodelay != 0;
	cfg.defer_accept_s = (uint32_t)(k->opt.defer_s < 65535 ? k->opt.defer_s : 65535);
	cfg.defer_mode = TG_DEFER_LINUX;
	cfg.defer_cookies = true;
	if (set->fastopen_server && (k->opt.fastopen > 0 || set->fastopen_always)) {
		cfg.fastopen = set->fastopen_no_cookie || k->opt.fastopen_no_cookie
			? TG_FASTOPEN_NO_COOKIE
			: TG_FASTOPEN_COOKIE;
		cfg.fastopen_qlen = k->opt.fastopen > 0 ? (uint32_t)k->opt.fastopen : cfg.backlog;
	}
	pd_options_of(k, &cfg.options);
	cfg.worker = s->rig.w;
	return tg_listen(s->rig.e, &cfg, &k->lsn);
}

int
pd_listen(struct pd_stack *s, int fd, int backlog)
{
	struct pd_sock *k = pd_sock(s, fd);
	struct pd_tune tune = {0};
	int rc;

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_LISTENER && k->lsn != 0) {
		k->backlog = backlog;
		rc = pd_relisten(s, k);
		return rc == -EBUSY ? 0 : rc;
	}
	if (k->kind != PD_FRESH && k->kind != PD_LISTENER)
		return k->kind == PD_EPOLL ? -ENOTSOCK : -EINVAL;
	if (!k->bound) {
		k->bound = true;
		k->local.port = (uint16_t)(49152 + s->next_port++);
		if (k->family == AF_INET)
			k->local.addr = tg_addr_v4(0, 0, 0, 0);
	}
	tune.rcvbuf = (uint32_t)k->opt.rcvbuf;
	if (k->opt.window_clamp > 0 &&
		(tune.rcvbuf == 0 || (uint32_t)k->opt.window_clamp < tune.rcvbuf))
		tune.rcvbuf = (uint32_t)k->opt.window_clamp;
	if (tune.rcvbuf > 0 && tune.rcvbuf < 4096)
		tune.rcvbuf = 4096;
	tune.v6 = k->family == AF_INET6 && !tg_addr_is_v4(&k->local.addr);
	rc = pd_stack_open(s, &tune);
	k->backlog = backlog;
	if (rc == 0)
		rc = open_listener(s, k);
	if (rc != 0)
		return rc;
	k->kind = PD_LISTENER;
	pd_stack_mss(s, (unsigned)k->opt.maxseg, tune.v6);
	pd_stack_keys(s, k->opt.fastopen_key, k->opt.fastopen_keys);
	return 0;
}

void
pd_listener_info(const struct pd_stack *s, const struct pd_sock *k, struct tg_listener_info *i)
{
	uint32_t cursor = 0;

	while (tg_engine_listeners(s->rig.e, &cursor, i, 1) == 1)
		if (i->listener == k->lsn)
			return;
	memset(i, 0, sizeof(*i));
}

int
pd_relisten(struct pd_stack *s, struct pd_sock *k)
{
	struct tg_listener_info i;
	int rc;

	pd_listener_info(s, k, &i);
	if (i.accept_queue > 0 || i.syn_queue > 0)
		return -EBUSY;
	rc = tg_unlisten(s->rig.e, k->lsn);
	k->lsn = 0;
	return rc != 0 ? rc : open_listener(s, k);
}

static int
accepted(
	struct pd_stack *s, const struct pd_sock *l, tg_conn c, struct sockaddr *sa, socklen_t *len)
{
	struct pd_sock *k = pd_sock_new(s, PD_CONN, l->family);
	struct tg_conn_info info;

	if (k == NULL) {
		tg_abort(s->rig.w, c);
		return -EMFILE;
	}
	k->conn = c;
	k->opt = l->opt;
	tg_set_user(s->rig.w, c, k);
	if (tg_get_info(s->rig.w, c, &info) == 0) {
		k->local = info.tuple.local;
		from_endpoint(l->family, &info.tuple.remote, sa, len);
	}
	pd_options_apply(s, k);
	return k->fd;
}

int
pd_accept(struct pd_stack *s, int fd, struct sockaddr *sa, socklen_t *len)
{
	struct pd_sock *k = pd_sock(s, fd);
	pd_us until;
	tg_conn c;
	int rc = 0;

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_EPOLL)
		return -ENOTSOCK;
	until = pd_until(s, k->opt.rcvtimeo);
	do {
		/* closed or shut down meanwhile? */
		k = pd_sock(s, fd);
		if (k == NULL)
			return -EBADF;
		if (k->kind != PD_LISTENER || k->lsn == 0)
			return -EINVAL;
		if (tg_accept(s->rig.w, k->lsn, &c, 1) == 1) {
			rc = accepted(s, k, c, sa, len);
			pd_look(s);
			return rc;
		}
		if (k->nonblock)
			return -EAGAIN;
		rc = pd_block(s, until);
	} while (rc == 0);
	return rc == -ETIME ? -EAGAIN : rc;
}

int
pd_shutdown(struct pd_stack *s, int fd, int how)
{
	struct pd_sock *k = pd_sock(s, fd);

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_EPOLL)
		return -ENOTSOCK;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (k->kind == PD_FRESH || (k->kind == PD_CONN && k->dead) ||
		(k->kind == PD_LISTENER && k->lsn == 0))
		return -ENOTCONN;
	if (k->kind == PD_LISTENER) {
		/* Only the reading half of a listener does anything (L). */
		if (how != SHUT_WR) {
			tg_unlisten(s->rig.e, k->lsn);
			k->lsn = 0;
		}
	} else {
		k->rd_shut = k->rd_shut || how != SHUT_WR;
		if (how != SHUT_RD) {
			k->wr_shut = true;
			tg_shutdown(s->rig.w, k->conn);
		}
	}
	k->edges++;
	pd_look(s);
	return 0;
}

static void
end(struct pd_stack *s, struct pd_sock *k)
{
	if (k->kind == PD_LISTENER && k->lsn != 0)
		tg_unlisten(s->rig.e, k->lsn);
	if (k->kind == PD_CONN) {
		if (k->opt.linger_on && k->opt.linger_s == 0)
			tg_abort(s->rig.w, k->conn);
		else
			tg_close(s->rig.w, k->conn);
	}
	pd_watch_free(k);
	pd_unwatch(s, k->fd);
	s->sock[k->fd - PD_FD_FIRST] = NULL;
	free(k);
}

int
pd_close(struct pd_stack *s, int fd)
{
	struct pd_sock *k = pd_sock(s, fd);

	if (k == NULL)
		return -EBADF;
	end(s, k);
	pd_look(s);
	return 0;
}

void
pd_sock_close_all(struct pd_stack *s)
{
	for (unsigned i = 0; i < s->socks; i++)
		if (s->sock[i] != NULL)
			end(s, s->sock[i]);
	s->socks = 0;
}
