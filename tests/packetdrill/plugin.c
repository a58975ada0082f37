/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of calls, each under the lock: see abi.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi.h"
#include "sock.h"

/* Far from zero, as a clock is. */
#define BEGIN_US UINT64_C(1000000000)

/* The one stack of this process, for the getsockopt() below. */
static struct pd_stack *the_stack;

/* One call under the lock. */
#define CALL(type, expr)        \
	struct pd_stack *s = u; \
	long rc;                \
                                \
	pd_enter(s);            \
	rc = (expr);            \
	return (type)pd_leave(s, rc)

static int
p_socket(void *u, int domain, int type, int protocol)
{
	CALL(int, pd_socket(s, domain, type, protocol));
}

static int
p_bind(void *u, int fd, const struct sockaddr *sa, socklen_t len)
{
	CALL(int, pd_bind(s, fd, sa, len));
}

static int
p_listen(void *u, int fd, int backlog)
{
	CALL(int, pd_listen(s, fd, backlog));
}

static int
p_accept(void *u, int fd, struct sockaddr *sa, socklen_t *len)
{
	CALL(int, pd_accept(s, fd, sa, len));
}

/* A listener opens no connection by itself. */
static int
p_connect(void *u, int fd, const struct sockaddr *sa, socklen_t len)
{
	(void)sa;
	(void)len;
	CALL(int, pd_sock(s, fd) != NULL ? -EOPNOTSUPP : -EBADF);
}

static ssize_t
p_recv(void *u, int fd, void *buf, size_t n, int flags)
{
	struct iovec iov = {buf, n};

	CALL(ssize_t, pd_recv(s, fd, &iov, 1, flags, NULL));
}

static ssize_t
p_read(void *u, int fd, void *buf, size_t n)
{
	return p_recv(u, fd, buf, n, 0);
}

static ssize_t
p_readv(void *u, int fd, const struct iovec *iov, int iovs)
{
	CALL(ssize_t, iovs < 0 ? -EINVAL : pd_recv(s, fd, iov, (size_t)iovs, 0, NULL));
}

static ssize_t
p_recvfrom(void *u, int fd, void *buf, size_t n, int flags, struct sockaddr *sa, socklen_t *len)
{
	if (sa != NULL && len != NULL)
		*len = 0;
	return p_recv(u, fd, buf, n, flags);
}

static ssize_t
p_recvmsg(void *u, int fd, struct msghdr *msg, int flags)
{
	CALL(ssize_t, pd_recv(s, fd, msg->msg_iov, msg->msg_iovlen, flags, msg));
}

static ssize_t
p_send(void *u, int fd, const void *buf, size_t n, int flags)
{
	struct iovec iov = {(void *)(uintptr_t)buf, n};

	CALL(ssize_t, pd_send(s, fd, &iov, 1, flags));
}

static ssize_t
p_write(void *u, int fd, const void *buf, size_t n)
{
	return p_send(u, fd, buf, n, 0);
}

static ssize_t
p_writev(void *u, int fd, const struct iovec *iov, int iovs)
{
	CALL(ssize_t, iovs < 0 ? -EINVAL : pd_send(s, fd, iov, (size_t)iovs, 0));
}

/* An address given for a connected socket is ignored (L). */
static ssize_t
p_sendto(void *u, int fd, const void *buf, size_t n, int flags, const struct sockaddr *sa,
	socklen_t len)
{
	(void)sa;
	(void)len;
	return p_send(u, fd, buf, n, flags);
}

static ssize_t
p_sendmsg(void *u, int fd, const struct msghdr *msg, int flags)
{
	CALL(ssize_t, pd_send(s, fd, msg->msg_iov, msg->msg_iovlen, flags));
}

static int
p_fcntl(void *u, int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	CALL(int, pd_fcntl(s, fd, cmd, arg));
}

static int
p_ioctl(void *u, int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	CALL(int, pd_ioctl(s, fd, request, arg));
}

static int
p_close(void *u, int fd)
{
	CALL(int, pd_close(s, fd));
}

static int
p_shutdown(void *u, int fd, int how)
{
	CALL(int, pd_shutdown(s, fd, how));
}

static int
p_getsockopt(void *u, int fd, int level, int name, void *val, socklen_t *len)
{
	CALL(int, pd_getsockopt(s, fd, level, name, val, len));
}

static int
p_setsockopt(void *u, int fd, int level, int name, const void *val, socklen_t len)
{
	CALL(int, pd_setsockopt(s, fd, level, name, val, len));
}

static int
p_poll(void *u, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	CALL(int, pd_poll(s, fds, n, timeout_ms));
}

static int
p_epoll_create(void *u, int size)
{
	CALL(int, pd_epoll_create(s, size));
}

static int
p_epoll_ctl(void *u, int ep, int op, int fd, struct epoll_event *ev)
{
	CALL(int, pd_epoll_ctl(s, ep, op, fd, ev));
}

static int
p_epoll_wait(void *u, int ep, struct epoll_event *ev, int max, int timeout_ms)
{
	CALL(int, pd_epoll_wait(s, ep, ev, max, timeout_ms));
}

static int
p_pipe(void *u, int fd[2])
{
	(void)fd;
	CALL(int, s != NULL ? -EOPNOTSUPP : -EINVAL);
}

static int
p_splice(void *u, int in, loff_t *in_off, int out, loff_t *out_off, size_t n, unsigned flags)
{
	(void)in;
	(void)in_off;
	(void)out;
	(void)out_off;
	(void)n;
	(void)flags;
	CALL(int, s != NULL ? -EOPNOTSUPP : -EINVAL);
}

static int
p_netdev_send(void *u, const void *buf, size_t n)
{
	CALL(int, pd_inject(s, buf, n));
}

/* Waits for a packet by moving time, for so long that no timer of TCP is missed. */
static struct pd_out *
next_out(struct pd_stack *s)
{
	pd_us most = s->now + s->setup.patience_s * UINT64_C(1000000);
	struct pd_out *o;

	while ((o = pd_take(s)) == NULL && s->now < most) {
		pd_us due = pd_due(s);

		pd_run(s, due < most ? due : most);
	}
	return o;
}

static int
p_netdev_receive(void *u, void *buf, size_t *n, long long *time_us)
{
	struct pd_stack *s = u;
	struct pd_out *o;

	pd_enter(s);
	o = next_out(s);
	*time_us = (long long)(o != NULL ? o->at : s->now);
	if (o == NULL) {
		*n = 0;
	} else {
		*n = o->len < *n ? o->len : *n;
		memcpy(buf, o->bytes, *n);
		free(o);
	}
	return (int)pd_leave(s, 0);
}

static int
p_usleep(void *u, useconds_t us)
{
	struct pd_stack *s = u;

	pd_enter(s);
	pd_look(s);
	pd_run(s, s->now + us);
	return (int)pd_leave(s, 0);
}

/* A look at the clock takes a microsecond: a program that waits for a time by looking gets there.
 */
static int
p_gettimeofday(void *u, struct timeval *tv, struct timezone *tz)
{
	struct pd_stack *s = u;

	(void)tz;
	/* who asks when its call has ended, asks no later than that */
	if (!pd_enter(s))
		pd_run(s, s->now + 1);
	tv->tv_sec = (time_t)(s->now / 1000000);
	tv->tv_usec = (suseconds_t)(s->now % 1000000);
	return (int)pd_leave(s, 0);
}

static void
p_free(void *u)
{
	struct pd_stack *s = u;

	pd_enter(s);
	pd_sock_close_all(s);
	pd_stack_close(s);
	the_stack = NULL;
	pd_leave(s, 0);
	pthread_cond_destroy(&s->settled);
	pthread_cond_destroy(&s->woken);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
packetdrill_interface_init(const char *flags, struct packetdrill_interface *ifc)
{
	struct pd_stack *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->woken, NULL);
	pthread_cond_init(&s->settled, NULL);
	s->owner = pthread_self();
	s->now = BEGIN_US;
	s->wake_at = PD_NEVER;
	pd_setup_flags(&s->setup, flags);
	the_stack = s;
	*ifc = (struct packetdrill_interface){
		.userdata = s,
		.free = p_free,
		.socket = p_socket,
		.bind = p_bind,
		.listen = p_listen,
		.accept = p_accept,
		.connect = p_connect,
		.read = p_read,
		.readv = p_readv,
		.recv = p_recv,
		.recvfrom = p_recvfrom,
		.recvmsg = p_recvmsg,
		.write = p_write,
		.writev = p_writev,
		.send = p_send,
		.sendto = p_sendto,
		.sendmsg = p_sendmsg,
		.fcntl = p_fcntl,
		.ioctl = p_ioctl,
		.close = p_close,
		.shutdown = p_shutdown,
		.getsockopt = p_getsockopt,
		.setsockopt = p_setsockopt,
		.poll = p_poll,
		.netdev_send = p_netdev_send,
		.netdev_receive = p_netdev_receive,
		.usleep = p_usleep,
		.gettimeofday = p_gettimeofday,
		.epoll_create = p_epoll_create,
		.epoll_ctl = p_epoll_ctl,
		.epoll_wait = p_epoll_wait,
		.pipe = p_pipe,
		.splice = p_splice,
	};
}

/*
 * For scripts with code in them (%{ ... }%), packetdrill asks libc, not the table, for TCP_INFO.
 * When this object is preloaded as well, it is asked after all; README.md says how.
 */
__attribute__((visibility("default"))) int
getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	int (*next)(int, int, int, void *, socklen_t *);
	void *symbol;

	if (fd >= PD_FD_FIRST && the_stack != NULL)
		return p_getsockopt(the_stack, fd, level, name, val, len);
	symbol = dlsym(RTLD_NEXT, "getsockopt");
	memcpy(&next, &symbol, sizeof(next));
	return next(fd, level, name, val, len);
}
