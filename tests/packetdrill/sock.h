/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_PD_SOCK_H
#define TG_PD_SOCK_H
/**
 * @file
 * Sockets over the engine's workers' API: what a descriptor is. All calls with the lock held;
 * errors are negative errno values.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "stack.h"

/** What a descriptor stands for. */
enum pd_kind {
	PD_FRESH,    /**< a socket, neither listening nor connected */
	PD_LISTENER, /**< after listen() */
	PD_CONN,     /**< from accept() */
	PD_EPOLL,    /**< from epoll_create() */
};

/** Options; what an accepted socket inherits from its listener. */
struct pd_opts {
	int reuse;
	int v6only;
	int nodelay;
	int cork;
	int quickack;
	int keepalive;
	int keep_idle_s, keep_intvl_s, keep_cnt;
	int user_timeout_ms;
	int maxseg;
	int window_clamp;
	int ttl, hops; /**< of IPv4, of IPv6; -1: the default */
	int tos, tclass;
	int defer_s;
	int fastopen; /**< queue length, 0: off */
	int fastopen_no_cookie;
	int rcvbuf; /**< as set, 0: not */
	int sndbuf;
	int notsent_lowat; /**< 0: none */
	int inq;
	int linger_on, linger_s;
	pd_us rcvtimeo, sndtimeo; /**< PD_NEVER: none */
	uint8_t fastopen_keys;
	uint8_t fastopen_key[2][16];
};

struct pd_watch;

/** A descriptor. */
struct pd_sock {
	int fd;
	enum pd_kind kind;
	int family; /**< AF_INET or AF_INET6 */
	bool nonblock;
	bool bound;
	struct tg_endpoint local;
	struct pd_opts opt;
	/* listener */
	tg_listener lsn; /**< 0 after shutdown() */
	int backlog;
	/* connection */
	tg_conn conn;
	bool dead;      /**< reset, timed out or closed */
	int err;        /**< errno to be told once */
	bool fin;       /**< the peer's FIN has been taken in */
	bool rd_shut;   /**< shutdown(SHUT_RD) */
	bool wr_shut;   /**< shutdown(SHUT_WR) */
	bool nospace;   /**< somebody was told that there is no room to write */
	uint32_t edges; /**< counts what wakes an edge-triggered watcher */
	/* epoll */
	struct pd_watch *watch;
};

/** A descriptor's socket, or NULL. */
struct pd_sock *pd_sock(const struct pd_stack *s, int fd);

/** Hands out a descriptor. @return NULL when there are no more */
struct pd_sock *pd_sock_new(struct pd_stack *s, enum pd_kind kind, int family);

/** Ends all. */
void pd_sock_close_all(struct pd_stack *s);

/** Takes the engine's events; called by pd_look(). */
void pd_sock_look(struct pd_stack *s);

int pd_socket(struct pd_stack *s, int domain, int type, int protocol);
int pd_bind(struct pd_stack *s, int fd, const struct sockaddr *sa, socklen_t len);
int pd_listen(struct pd_stack *s, int fd, int backlog);
int pd_accept(struct pd_stack *s, int fd, struct sockaddr *sa, socklen_t *len);
int pd_close(struct pd_stack *s, int fd);
int pd_shutdown(struct pd_stack *s, int fd, int how);

/** Opens a listener once more, with its options of now. @return 0; -EBUSY: it has connections */
int pd_relisten(struct pd_stack *s, struct pd_sock *k);

/** How a listener is. */
void pd_listener_info(
	const struct pd_stack *s, const struct pd_sock *k, struct tg_listener_info *i);

/* io.c */

/** All reading calls: into n pieces; `msg` is NULL or gets flags and control data. */
ssize_t pd_recv(struct pd_stack *s, int fd, const struct iovec *iov, size_t n, int flags,
	struct msghdr *msg);

/** All writing calls. */
ssize_t pd_send(struct pd_stack *s, int fd, const struct iovec *iov, size_t n, int flags);

/** Bytes a write would take now. */
uint32_t pd_room(const struct pd_stack *s, const struct pd_sock *k);

/* option.c */
int pd_setsockopt(struct pd_stack *s, int fd, int level, int name, const void *val, socklen_t len);
int pd_getsockopt(struct pd_stack *s, int fd, int level, int name, void *val, socklen_t *len);
int pd_fcntl(struct pd_stack *s, int fd, int cmd, long arg);
int pd_ioctl(struct pd_stack *s, int fd, unsigned long request, void *arg);

/** Size of the send buffer in bytes. */
uint32_t pd_sndbuf(const struct pd_stack *s, const struct pd_sock *k);

/* apply.c */

/** What a socket begins with. */
void pd_options_default(struct pd_opts *o);

/** A socket's options as the engine takes them. */
void pd_options_of(const struct pd_sock *k, struct tg_conn_options *to);

/** They have changed: a connection gets them at once, a listener for connections to come. */
int pd_options_apply(struct pd_stack *s, struct pd_sock *k);

/* info.c */

/** getsockopt(TCP_INFO): fills in len bytes. */
void pd_tcp_info(const struct pd_stack *s, const struct pd_sock *k, void *out, socklen_t len);

/* ready.c */

/** enum EPOLL* of a descriptor now; the same bits as poll()'s. */
uint32_t pd_ready(const struct pd_stack *s, const struct pd_sock *k);
int pd_poll(struct pd_stack *s, struct pollfd *fds, nfds_t n, int timeout_ms);
int pd_epoll_create(struct pd_stack *s, int size);
int pd_epoll_ctl(struct pd_stack *s, int ep, int op, int fd, const struct epoll_event *ev);
int pd_epoll_wait(struct pd_stack *s, int ep, struct epoll_event *ev, int max, int timeout_ms);

/** A descriptor is closed: nobody watches it any more. */
void pd_unwatch(struct pd_stack *s, int fd);

/** Releases an epoll's watches. */
void pd_watch_free(struct pd_sock *ep);

/* inside.c */

/** What a connection's TCB says and its info does not. */
struct pd_inside {
	uint32_t flight; /**< bytes sent and not acknowledged */
	uint32_t unsent; /**< bytes written and not sent */
	uint32_t rttvar_us;
	uint32_t rcv_mss;
	uint32_t own_mss;
	uint32_t backoff;
	bool fin; /**< the peer's FIN is in */
	bool recovery;
	bool rto; /**< a timeout, and no progress since */
};

/** @return false when the handle is stale */
bool pd_inside(const struct pd_stack *s, tg_conn c, struct pd_inside *in);

/** Announces this window scale from here on; the engine's own is that of its receive buffer. */
void pd_inside_wscale(struct pd_stack *s, uint8_t shift);

/** Changes the port's MTU, and with it the MSS of connections to come. */
void pd_inside_mtu(struct pd_stack *s, uint16_t mtu);

/** Takes over settings that the engine reads at each SYN: a script may change sysctls on its way.
 */
void pd_inside_settings(struct pd_stack *s, const struct tg_engine_config *c);

/** Copies received bytes and leaves them there. @return bytes, from `off` on, at most len */
uint32_t pd_inside_peek(const struct pd_stack *s, tg_conn c, uint32_t off, void *buf, uint32_t len);

#endif
