/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options, fcntl and ioctl: see sock.h. README.md lists what each option does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "sock.h"

/* Options newer than the C library's header. */
#ifndef TCP_FASTOPEN_KEY
#define TCP_FASTOPEN_KEY 33
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE 34
#endif
#ifndef TCP_INQ
#define TCP_INQ 36
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#define MEMINFO_VARS 9

#define SYN_RTO_S  1 /* the kernel's, for the rounding of TCP_DEFER_ACCEPT */
#define RTO_MAX_S  120
#define BUFFER_MIN 2304

/** An option that is a number and kept in struct pd_opts. */
struct number {
	int level;
	int name;
	size_t at;
	int least, most; /**< otherwise EINVAL */
	bool boolean;    /**< any value but 0 is 1 */
};

#define HOP_LIMIT        64 /* the kernel's and the engine's */
#define WINDOW_CLAMP_MIN 1152

#define KEPT(member) offsetof(struct pd_opts, member)
#define ANY          (-2147483647 - 1), 2147483647

static const struct number numbers[] = {
	{SOL_SOCKET, SO_REUSEADDR, KEPT(reuse), ANY, true},
	{SOL_SOCKET, SO_REUSEPORT, KEPT(reuse), ANY, true},
	{SOL_SOCKET, SO_KEEPALIVE, KEPT(keepalive), ANY, true},
	{IPPROTO_IPV6, IPV6_V6ONLY, KEPT(v6only), ANY, true},
	{IPPROTO_TCP, TCP_NODELAY, KEPT(nodelay), ANY, true},
	{IPPROTO_TCP, TCP_CORK, KEPT(cork), ANY, true},
	{IPPROTO_TCP, TCP_QUICKACK, KEPT(quickack), ANY, true},
	{IPPROTO_TCP, TCP_KEEPIDLE, KEPT(keep_idle_s), 1, 32767, false},
	{IPPROTO_TCP, TCP_KEEPINTVL, KEPT(keep_intvl_s), 1, 32767, false},
	{IPPROTO_TCP, TCP_KEEPCNT, KEPT(keep_cnt), 1, 127, false},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, KEPT(user_timeout_ms), 0, 2147483647, false},
	{IPPROTO_TCP, TCP_WINDOW_CLAMP, KEPT(window_clamp), 0, 2147483647, false},
	{IPPROTO_IP, IP_TTL, KEPT(ttl), -1, 255, false},
	{IPPROTO_IP, IP_TOS, KEPT(tos), ANY, false},
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, KEPT(hops), -1, 255, false},
	{IPPROTO_IPV6, IPV6_TCLASS, KEPT(tclass), -1, 255, false},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, KEPT(defer_s), ANY, false},
	{IPPROTO_TCP, TCP_FASTOPEN, KEPT(fastopen), 0, 2147483647, false},
	{IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, KEPT(fastopen_no_cookie), 0, 1, true},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, KEPT(notsent_lowat), ANY, false},
	{IPPROTO_TCP, TCP_INQ, KEPT(inq), 0, 1, true},
};

/* Those that are options of an engine's connection. */
static const size_t of_engine[] = {
	KEPT(keepalive),
	KEPT(keep_idle_s),
	KEPT(keep_intvl_s),
	KEPT(keep_cnt),
	KEPT(user_timeout_ms),
	KEPT(window_clamp),
	KEPT(ttl),
	KEPT(hops),
	KEPT(tos),
	KEPT(tclass),
};

static const struct number *
kept(int level, int name)
{
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].level == level && numbers[i].name == name)
			return &numbers[i];
	return NULL;
}

static int *
place(struct pd_opts *o, const struct number *n)
{
	return (int *)(void *)((uint8_t *)o + n->at);
}

static int
bounded(int v, int least, int most)
{
	return v < least ? least : v > most ? most : v;
}

/* Seconds of the kernel's SYN-ACK timeouts that cover s: 1, 3, 7, 15, ... */
static int
defer_rounded(int s)
{
	int sum = 0;

	for (int rto = SYN_RTO_S; sum < s && sum < 65535; rto = bounded(2 * rto, 0, RTO_MAX_S))
		sum += rto;
	return sum;
}

uint32_t
pd_sndbuf(const struct pd_stack *s, const struct pd_sock *k)
{
	uint32_t n = k->opt.sndbuf > 0 ? (uint32_t)k->opt.sndbuf : s->setup.sndbuf;

	return n < s->rig.cfg.sndbuf ? n : s->rig.cfg.sndbuf;
}

static int
set_linger(struct pd_sock *k, const void *val, socklen_t len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	k->opt.linger_on = l.l_onoff != 0;
	k->opt.linger_s = l.l_linger;
	return 0;
}

static int
set_timeout(pd_us *at, const void *val, socklen_t len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	*at = tv.tv_sec < 0 || (tv.tv_sec == 0 && tv.tv_usec == 0)
		? PD_NEVER
		: (pd_us)tv.tv_sec * 1000000 + (pd_us)tv.tv_usec;
	return 0;
}

static int
set_fastopen_key(struct pd_stack *s, struct pd_sock *k, const void *val, socklen_t len)
{
	if (len != 16 && len != 32)
		return -EINVAL;
	k->opt.fastopen_keys = (uint8_t)(len / 16);
	memcpy(k->opt.fastopen_key, val, len);
	if (k->kind == PD_LISTENER)
		pd_stack_keys(s, k->opt.fastopen_key, k->opt.fastopen_keys);
	return 0;
}

static int
set_number(struct pd_stack *s, struct pd_sock *k, const struct number *n, int v)
{
	if (v < n->least || v > n->most)
		return -EINVAL;
	if (n->at == KEPT(ttl) && v == 0)
		return -EINVAL;
	if (n->at == KEPT(hops) && v == 0)
		return -EOPNOTSUPP; /* the kernel has such packets; the engine has not */
	if (n->at == KEPT(tclass) && v < 0)
		v = 0;
	if (n->at == KEPT(window_clamp) && v > 0 && v < WINDOW_CLAMP_MIN)
		v = WINDOW_CLAMP_MIN;
	*place(&k->opt, n) = n->boolean ? v != 0 : v;
	for (unsigned i = 0; i < sizeof(of_engine) / sizeof(of_engine[0]); i++)
		if (n->at == of_engine[i])
			return pd_options_apply(s, k);
	if (n->level != IPPROTO_TCP)
		return 0;
	switch (n->name) {
	case TCP_NODELAY:
		if (k->kind == PD_CONN)
			tg_set_nodelay(s->rig.w, k->conn, v != 0);
		break;
	case TCP_DEFER_ACCEPT:
		k->opt.defer_s = v > 0 ? v : 0;
		break;
	default:
		break;
	}
	if (k->kind != PD_LISTENER || k->lsn == 0)
		return 0;
	if (n->name == TCP_NODELAY || n->name == TCP_DEFER_ACCEPT || n->name == TCP_FASTOPEN ||
		n->name == TCP_FASTOPEN_NO_COOKIE)
		return pd_relisten(s, k);
	return 0;
}

static int
set_socket(struct pd_sock *k, int name, const void *val, socklen_t len, int v)
{
	switch (name) {
	case SO_LINGER:
		return set_linger(k, val, len);
	case SO_RCVTIMEO:
		return set_timeout(&k->opt.rcvtimeo, val, len);
	case SO_SNDTIMEO:
		return set_timeout(&k->opt.sndtimeo, val, len);
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		k->opt.rcvbuf = bounded(v, BUFFER_MIN / 2, 1 << 26);
		return 0;
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		k->opt.sndbuf = bounded(v, BUFFER_MIN, 1 << 26);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int
pd_setsockopt(struct pd_stack *s, int fd, int level, int name, const void *val, socklen_t len)
{
	struct pd_sock *k = pd_sock(s, fd);
	const struct number *n;
	int v = 0, rc;

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_EPOLL)
		return -ENOTSOCK;
	if (level == IPPROTO_TCP && name == TCP_FASTOPEN_KEY)
		return set_fastopen_key(s, k, val, len);
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	n = kept(level, name);
	if (n != NULL)
		rc = set_number(s, k, n, v);
	else if (level == SOL_SOCKET)
		rc = set_socket(k, name, val, len, v);
	else if (level == IPPROTO_TCP && name == TCP_MAXSEG) {
		/* the kernel's bounds */
		if (v != 0 && (v < 88 || v > 32767))
			return -EINVAL;
		k->opt.maxseg = v;
		if (k->kind == PD_LISTENER)
			pd_stack_mss(s, (unsigned)v,
				k->family == AF_INET6 && !tg_addr_is_v4(&k->local.addr));
		rc = 0;
	} else
		rc = -ENOPROTOOPT;
	if (s->rig.e != NULL)
		pd_look(s);
	return rc;
}

static int
give(void *val, socklen_t *len, const void *from, socklen_t n)
{
	if (n < *len)
		*len = n;
	memcpy(val, from, *len);
	return 0;
}

static int
give_int(void *val, socklen_t *len, int v)
{
	return give(val, len, &v, sizeof(v));
}

static int
get_socket(struct pd_stack *s, struct pd_sock *k, int name, void *val, socklen_t *len)
{
	struct linger l = {k->opt.linger_on, k->opt.linger_s};
	uint32_t mem[MEMINFO_VARS] = {0};
	int err = k->err;

	switch (name) {
	case SO_ERROR:
		k->err = 0;
		return give_int(val, len, err);
	case SO_TYPE:
		return give_int(val, len, SOCK_STREAM);
	case SO_PROTOCOL:
		return give_int(val, len, IPPROTO_TCP);
	case SO_DOMAIN:
		return give_int(val, len, k->family);
	case SO_ACCEPTCONN:
		return give_int(val, len, k->kind == PD_LISTENER && k->lsn != 0);
	case SO_LINGER:
		return give(val, len, &l, sizeof(l));
	/* Doubled, for the kernel's own use of half of it (L). */
	case SO_RCVBUF:
		return give_int(
			val, len, k->opt.rcvbuf > 0 ? 2 * k->opt.rcvbuf : (int)s->rig.cfg.rcvbuf);
	case SO_SNDBUF:
		return give_int(
			val, len, k->opt.sndbuf > 0 ? 2 * k->opt.sndbuf : (int)s->setup.sndbuf);
	case SO_MEMINFO:
		return give(val, len, mem, sizeof(mem));
	default:
		return -ENOPROTOOPT;
	}
}

static int
get_maxseg(const struct pd_stack *s, const struct pd_sock *k)
{
	struct tg_conn_info info;

	if (k->kind == PD_CONN && tg_get_info(s->rig.w, k->conn, &info) == 0)
		return info.snd_mss;
	return k->opt.maxseg > 0 ? k->opt.maxseg : 536;
}

static int
get_tcp(struct pd_stack *s, struct pd_sock *k, int name, void *val, socklen_t *len)
{
	switch (name) {
	case TCP_INFO:
		pd_tcp_info(s, k, val, *len);
		return 0;
	case TCP_CC_INFO:
		*len = 0; /* as of a congestion control that has none */
		return 0;
	case TCP_CONGESTION:
		return give(val, len, "reno", 5);
	case TCP_MAXSEG:
		return give_int(val, len, get_maxseg(s, k));
	case TCP_DEFER_ACCEPT:
		return give_int(val, len, defer_rounded(k->opt.defer_s));
	case TCP_FASTOPEN_KEY:
		return give(val, len, k->opt.fastopen_key, 16u * k->opt.fastopen_keys);
	default:
		return -ENOPROTOOPT;
	}
}

int
pd_getsockopt(struct pd_stack *s, int fd, int level, int name, void *val, socklen_t *len)
{
	struct pd_sock *k = pd_sock(s, fd);
	const struct number *n = kept(level, name);

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_EPOLL)
		return -ENOTSOCK;
	if (n != NULL && (n->at == KEPT(ttl) || n->at == KEPT(hops)) && *place(&k->opt, n) < 0)
		return give_int(val, len, HOP_LIMIT);
	if (n != NULL && n->at != KEPT(defer_s))
		return give_int(val, len, *place(&k->opt, n));
	if (level == SOL_SOCKET)
		return get_socket(s, k, name, val, len);
	return level == IPPROTO_TCP ? get_tcp(s, k, name, val, len) : -ENOPROTOOPT;
}

int
pd_fcntl(struct pd_stack *s, int fd, int cmd, long arg)
{
	struct pd_sock *k = pd_sock(s, fd);

	if (k == NULL)
		return -EBADF;
	switch (cmd) {
	case F_GETFL:
		return O_RDWR | (k->nonblock ? O_NONBLOCK : 0);
	case F_SETFL:
		k->nonblock = (arg & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return -EINVAL;
	}
}

int
pd_ioctl(struct pd_stack *s, int fd, unsigned long request, void *arg)
{
	struct pd_sock *k = pd_sock(s, fd);
	struct tg_conn_info info = {0};
	struct pd_inside in = {0};
	int v;

	if (k == NULL)
		return -EBADF;
	if (k->kind == PD_EPOLL)
		return -ENOTTY;
	if (request == FIONBIO) {
		memcpy(&v, arg, sizeof(v));
		k->nonblock = v != 0;
		return 0;
	}
	if (request != SIOCINQ && request != SIOCOUTQ && request != SIOCOUTQNSD)
		return -ENOTTY;
	if (k->kind == PD_LISTENER)
		return -EINVAL;
	if (k->kind == PD_CONN) {
		tg_get_info(s->rig.w, k->conn, &info);
		pd_inside(s, k->conn, &in);
	}
	v = request == SIOCINQ        ? (int)info.recv_q
		: request == SIOCOUTQ ? (int)info.send_q
				      : (int)in.unsent;
	/* the end of the stream counts as a byte there, once nothing else is left (L) */
	if (request == SIOCINQ && v == 0 && in.fin)
		v = 1;
	memcpy(arg, &v, sizeof(v));
	return 0;
}
