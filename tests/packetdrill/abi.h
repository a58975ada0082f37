/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_PD_ABI_H
#define TG_PD_ABI_H
/**
 * @file
 * What packetdrill expects of a shared object given by --so_filename.
 *
 * It looks up packetdrill_interface_init() and calls it once; from then on the calls of a script
 * and the packets of a script go through the table that was filled in. Only the order of the
 * members and their types matter. Every member is given `userdata` first and then what the call of
 * that name takes; it returns what that call returns, with errno.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

/** The table, filled in by packetdrill_interface_init(). */
struct packetdrill_interface {
	void *userdata;
	/** At the end, when no call is under way. */
	void (*free)(void *u);
	int (*socket)(void *u, int domain, int type, int protocol);
	int (*bind)(void *u, int fd, const struct sockaddr *sa, socklen_t len);
	int (*listen)(void *u, int fd, int backlog);
	int (*accept)(void *u, int fd, struct sockaddr *sa, socklen_t *len);
	int (*connect)(void *u, int fd, const struct sockaddr *sa, socklen_t len);
	ssize_t (*read)(void *u, int fd, void *buf, size_t n);
	ssize_t (*readv)(void *u, int fd, const struct iovec *iov, int iovs);
	ssize_t (*recv)(void *u, int fd, void *buf, size_t n, int flags);
	ssize_t (*recvfrom)(void *u, int fd, void *buf, size_t n, int flags, struct sockaddr *sa,
		socklen_t *len);
	ssize_t (*recvmsg)(void *u, int fd, struct msghdr *msg, int flags);
	ssize_t (*write)(void *u, int fd, const void *buf, size_t n);
	ssize_t (*writev)(void *u, int fd, const struct iovec *iov, int iovs);
	ssize_t (*send)(void *u, int fd, const void *buf, size_t n, int flags);
	ssize_t (*sendto)(void *u, int fd, const void *buf, size_t n, int flags,
		const struct sockaddr *sa, socklen_t len);
	ssize_t (*sendmsg)(void *u, int fd, const struct msghdr *msg, int flags);
	int (*fcntl)(void *u, int fd, int cmd, ...);
	int (*ioctl)(void *u, int fd, unsigned long request, ...);
	int (*close)(void *u, int fd);
	int (*shutdown)(void *u, int fd, int how);
	int (*getsockopt)(void *u, int fd, int level, int name, void *val, socklen_t *len);
	int (*setsockopt)(void *u, int fd, int level, int name, const void *val, socklen_t len);
	int (*poll)(void *u, struct pollfd *fds, nfds_t n, int timeout_ms);
	/** A bare IPv4 or IPv6 datagram for the stack. 0 or -1. */
	int (*netdev_send)(void *u, const void *buf, size_t n);
	/**
	 * The next datagram that leaves the stack: *n is the room at buf and becomes the length,
	 * 0 when none came; *time_us is when it left, on the clock of gettimeofday. 0 or -1.
	 */
	int (*netdev_receive)(void *u, void *buf, size_t *n, long long *time_us);
	int (*usleep)(void *u, useconds_t us);
	int (*gettimeofday)(void *u, struct timeval *tv, struct timezone *tz);
	int (*epoll_create)(void *u, int size);
	int (*epoll_ctl)(void *u, int ep, int op, int fd, struct epoll_event *ev);
	int (*epoll_wait)(void *u, int ep, struct epoll_event *ev, int max, int timeout_ms);
	int (*pipe)(void *u, int fd[2]);
	int (*splice)(void *u, int in, loff_t *in_off, int out, loff_t *out_off, size_t n,
		unsigned flags);
};

/**
 * Fills in the table.
 *
 * @param flags  what packetdrill was given as --so_flags, or NULL; see README.md
 */
__attribute__((visibility("default"))) void packetdrill_interface_init(
	const char *flags, struct packetdrill_interface *ifc);

#endif
