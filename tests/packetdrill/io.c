/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and writing: see sock.h.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "sock.h"

#ifndef TCP_CM_INQ
#define TCP_CM_INQ 36
#endif

static int
total(const struct iovec *iov, size_t n, size_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - *sum)
			return -EINVAL;
		if (iov[i].iov_base == NULL && iov[i].iov_len > 0)
			return -EFAULT;
		*sum += iov[i].iov_len;
	}
	return 0;
}

/* The connection of a descriptor; otherwise what a call on it says. */
static int
connection(const struct pd_stack *s, int fd, int unconnected, struct pd_sock **k)
{
	*k = pd_sock(s, fd);
	if (*k == NULL)
		return -EBADF;
	if ((*k)->kind == PD_EPOLL)
		return -ENOTSOCK;
	return (*k)->kind == PD_CONN ? 0 : -unconnected;
}

/* One piece of what can be read now: copied, left (MSG_PEEK) or thrown away (MSG_TRUNC). */
static int
take(struct pd_stack *s, struct pd_sock *k, void *buf, size_t len, size_t done, int flags)
{
	uint32_t n = len < INT_MAX ? (uint32_t)len : INT_MAX;
	const uint8_t *p;
	int rc;

	if (flags & MSG_PEEK) {
		rc = (int)pd_inside_peek(s, k->conn, (uint32_t)done, buf, n);
		/* nothing there, or the end: reading says which, and takes nothing */
		return rc > 0 ? rc : done > 0 ? -EAGAIN : tg_peek(s->rig.w, k->conn, &p);
	}
	if ((flags & MSG_TRUNC) == 0)
		return tg_recv(s->rig.w, k->conn, buf, n);
	rc = tg_peek(s->rig.w, k->conn, &p);
	if (rc <= 0)
		return rc;
	n = (uint32_t)rc < n ? (uint32_t)rc : n;
	tg_consume(s->rig.w, k->conn, n);
	return (int)n;
}

/* All that can be read now. *why is what stopped it: 0 the end of the stream, -errno, 1 the room */
static size_t
gather(struct pd_stack *s, struct pd_sock *k, const struct iovec *iov, size_t n, size_t skip,
	int flags, int *why)
{
	size_t done = 0;

	*why = 1;
	for (size_t i = 0; i < n; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;

		skip -= from;
		while (from < iov[i].iov_len) {
			int rc = take(s, k, (uint8_t *)iov[i].iov_base + from,
				iov[i].iov_len - from, done, flags);

			if (rc <= 0) {
				*why = rc;
				return done;
			}
			from += (size_t)rc;
			done += (size_t)rc;
		}
	}
	return done;
}

/* TCP_CM_INQ: what is left to be read, and one more when the end of the stream has come (L). */
static void
tell_inq(const struct pd_stack *s, const struct pd_sock *k, struct msghdr *msg)
{
	struct tg_conn_info info;
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int inq = 0;

	if (c == NULL || msg->msg_controllen < CMSG_SPACE(sizeof(int))) {
		msg->msg_controllen = 0;
		return;
	}
	if (tg_get_info(s->rig.w, k->conn, &info) == 0)
		inq = (int)info.recv_q + k->fin;
	c->cmsg_level = IPPROTO_TCP;
	c->cmsg_type = TCP_CM_INQ;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &inq, sizeof(inq));
	msg->msg_controllen = CMSG_SPACE(sizeof(int));
}

/* What a read without a byte says. */
static int
nothing(struct pd_sock *k, int why)
{
	int err = k->err;

	if (why == 0 || k->rd_shut || (k->dead && k->fin))
		return 0;
	if (!k->dead)
		return -EAGAIN;
	k->err = 0;
	return -err;
}

ssize_t
pd_recv(struct pd_stack *s, int fd, const struct iovec *iov, size_t n, int flags,
	struct msghdr *msg)
{
	size_t want, got = 0;
	struct pd_sock *k;
	int rc = connection(s, fd, ENOTCONN, &k), why;
	pd_us until;

	if (rc != 0)
		return rc;
	if (flags & MSG_OOB)
		return -EINVAL;
	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	rc = total(iov, n, &want);
	if (rc != 0)
		return rc;
	until = pd_until(s, k->opt.rcvtimeo);
	do {
		rc = connection(s, fd, ENOTCONN, &k);
		if (rc != 0)
			return rc;
		if (flags & MSG_PEEK)
			got = 0;
		got += gather(s, k, iov, n, got, flags, &why);
		if (got > 0)
			pd_look(s); /* the window may have opened */
		if (got == want || (got > 0 && (flags & MSG_WAITALL) == 0))
			break;
		rc = nothing(k, why);
		if (rc != -EAGAIN || k->nonblock || (flags & MSG_DONTWAIT) != 0)
			break;
		rc = pd_block(s, until);
	} while (rc == 0);
	if (msg != NULL) {
		msg->msg_flags = 0;
		msg->msg_namelen = 0;
		if (got > 0 && k->opt.inq)
			tell_inq(s, k, msg);
		else
			msg->msg_controllen = 0;
	}
	return got > 0 || want == 0 ? (ssize_t)got : rc == -ETIME ? -EAGAIN : rc;
}

uint32_t
pd_room(const struct pd_stack *s, const struct pd_sock *k)
{
	uint32_t most = pd_sndbuf(s, k);
	struct tg_conn_info info;
	struct pd_inside in;

	if (tg_get_info(s->rig.w, k->conn, &info) != 0)
		return 0;
	if (k->opt.notsent_lowat > 0 && pd_inside(s, k->conn, &in) &&
		in.unsent >= (uint32_t)k->opt.notsent_lowat)
		return 0;
	return info.send_q < most ? most - info.send_q : 0;
}

/* As much as there is room for. */
static size_t
put(struct pd_stack *s, struct pd_sock *k, const uint8_t *p, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint32_t room = pd_room(s, k);
		size_t n = len - done < room ? len - done : room;
		int rc = n > 0 ? tg_send(s->rig.w, k->conn, p + done, (uint32_t)n) : 0;

		if (rc <= 0)
			break;
		done += (size_t)rc;
		rig_turn(&s->rig);
	}
	return done;
}

/* The pieces in a row: a write of several is one write. */
static uint8_t *
joined(const struct iovec *iov, size_t n, size_t sum)
{
	uint8_t *all = malloc(sum > 0 ? sum : 1);
	size_t at = 0;

	for (size_t i = 0; all != NULL && i < n; i++) {
		if (iov[i].iov_len > 0)
			memcpy(all + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	return all;
}

static int
cannot_send(struct pd_sock *k)
{
	int err = k->err;

	if (!k->dead && !k->wr_shut)
		return 0;
	k->err = 0;
	return err != 0 ? -err : -EPIPE;
}

ssize_t
pd_send(struct pd_stack *s, int fd, const struct iovec *iov, size_t n, int flags)
{
	size_t want, done = 0;
	struct pd_sock *k;
	int rc = connection(s, fd, EPIPE, &k);
	uint8_t *all;
	pd_us until;

	if (rc != 0)
		return rc;
	if (flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	rc = total(iov, n, &want);
	if (rc != 0)
		return rc;
	all = joined(iov, n, want);
	if (all == NULL)
		return -ENOMEM;
	until = pd_until(s, k->opt.sndtimeo);
	do {
		rc = connection(s, fd, EPIPE, &k);
		if (rc == 0)
			rc = cannot_send(k);
		if (rc != 0)
			break;
		done += put(s, k, all + done, want - done);
		if (done < want)
			k->nospace = true;
		pd_look(s);
		rc = -EAGAIN;
		if (done == want || k->nonblock || (flags & MSG_DONTWAIT) != 0)
			break;
		rc = pd_block(s, until);
	} while (rc == 0);
	free(all);
	return done > 0 || want == 0 ? (ssize_t)done : rc == -ETIME ? -EAGAIN : rc;
}
