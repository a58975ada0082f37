/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls the plugin answers, one by one: what they return, and what they refuse.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "drill.h"

/* A call through the table; d is the drill's name in every test. */
#define PD(call, ...) d.i.call(d.i.userdata, __VA_ARGS__)

#define NEAR(a, b) assert_in_range(a, (b)-1000, (b) + 1100)

static void
who_will_not_wait_is_told(void **state)
{
	char buf[4000];
	struct drill d;
	int l, c, on = 1, n = 0;
	ssize_t sent = 0, rc;

	(void)state;
	drill_open(&d, false, "ipv4/tcp_wmem=4096 16384 100000");
	l = drill_listen(&d, SOCK_NONBLOCK);
	drill_fails(PD(accept, l, NULL, NULL), EAGAIN);
	c = drill_connect(&d, l);
	drill_fails(PD(recv, c, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	assert_int_equal(PD(fcntl, c, F_GETFL, 0) & O_NONBLOCK, 0);
	assert_int_equal(PD(ioctl, c, FIONBIO, &on), 0);
	assert_int_equal(PD(fcntl, c, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
	drill_fails(PD(read, c, buf, sizeof(buf)), EAGAIN);

	/* peeked over two packets, and still there */
	drill_in(&d, SEG_A, 1001, 1, 1000, NULL);
	drill_in(&d, SEG_A, 2001, 1, 1000, NULL);
	assert_int_equal(PD(recv, c, buf, sizeof(buf), MSG_PEEK), 2000);
	assert_int_equal(PD(ioctl, c, FIONREAD, &n), 0);
	assert_int_equal(n, 2000);
	assert_int_equal(PD(recv, c, NULL, 1500, MSG_TRUNC), -1);
	assert_int_equal(PD(recv, c, buf, 1500, MSG_TRUNC), 1500);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 500);

	/* the send buffer is what the option says */
	drill_set(&d, c, SOL_SOCKET, SO_SNDBUF, 20000);
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_SNDBUF), 40000);
	while ((rc = PD(write, c, buf, sizeof(buf))) > 0)
		sent += rc;
	drill_fails(rc, EAGAIN);
	assert_int_equal(sent, 20000);
	drill_close(&d);
}

static void
several_pieces(void **state)
{
	char a[10], b[20];
	struct iovec iov[3] = {{a, sizeof(a)}, {NULL, 0}, {b, sizeof(b)}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
	struct drill d;
	int c;

	(void)state;
	drill_open(&d, false, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	assert_int_equal(PD(writev, c, iov, 3), 30);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 30);
	drill_set(&d, c, IPPROTO_TCP, TCP_NODELAY, 1);
	assert_int_equal(PD(sendmsg, c, &msg, 0), 30);
	drill_out(&d, SEG_A | SEG_P, 31, 1001, 30);
	drill_in(&d, SEG_A, 1001, 61, 50, NULL);
	assert_int_equal(PD(readv, c, iov, 3), 30);
	assert_int_equal(PD(recvmsg, c, &msg, MSG_DONTWAIT), 20);
	drill_fails(PD(recvmsg, c, &msg, MSG_ERRQUEUE), EAGAIN);
	drill_close(&d);
}

static void
poll_and_epoll(void **state)
{
	struct epoll_event ev = {.events = EPOLLIN}, got;
	struct pollfd p = {.events = POLLIN | POLLOUT};
	struct drill d;
	char buf[100];
	int l, c, ep;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	p.fd = l;
	assert_int_equal(PD(poll, &p, 1, 0), 0);
	drill_handshake(&d);
	assert_int_equal(PD(poll, &p, 1, 0), 1);
	assert_int_equal(p.revents, POLLIN);
	c = PD(accept, l, NULL, NULL);
	p.fd = c;
	assert_int_equal(PD(poll, &p, 1, -1), 1);
	assert_int_equal(p.revents, POLLOUT);

	ep = PD(epoll_create, 1);
	ev.data.u64 = 7;
	assert_int_equal(PD(epoll_ctl, ep, EPOLL_CTL_ADD, c, &ev), 0);
	drill_fails(PD(epoll_ctl, ep, EPOLL_CTL_ADD, c, &ev), EEXIST);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 0);
	drill_in(&d, SEG_A, 1001, 1, 50, NULL);
	/* level: as long as there is something */
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	assert_int_equal(got.events, EPOLLIN);
	assert_int_equal(got.data.u64, 7);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	/* edge: once, and again with more data */
	ev.events = EPOLLIN | EPOLLET;
	assert_int_equal(PD(epoll_ctl, ep, EPOLL_CTL_MOD, c, &ev), 0);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 0);
	drill_in(&d, SEG_A, 1051, 1, 50, NULL);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 0);
	/* once, whatever comes */
	ev.events = EPOLLIN | EPOLLONESHOT;
	assert_int_equal(PD(epoll_ctl, ep, EPOLL_CTL_MOD, c, &ev), 0);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	drill_in(&d, SEG_A | SEG_F, 1101, 1, 0, NULL);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 0);
	ev.events = EPOLLIN | EPOLLRDHUP;
	assert_int_equal(PD(epoll_ctl, ep, EPOLL_CTL_MOD, c, &ev), 0);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 0), 1);
	assert_int_equal(got.events, EPOLLIN | EPOLLRDHUP);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 100);
	assert_int_equal(PD(close, c), 0);
	assert_int_equal(PD(epoll_wait, ep, &got, 1, 10), 0);
	drill_close(&d);
}

static void
tcp_info_tells(void **state)
{
	int (*stand_in)(int, int, int, void *, socklen_t *);
	struct tcp_info i;
	socklen_t len = sizeof(i);
	struct drill d;
	void *symbol;
	char buf[2920] = {0};
	int l, c;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	assert_int_equal(PD(getsockopt, l, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	assert_int_equal(len, sizeof(i));
	assert_int_equal(i.tcpi_state, TCP_LISTEN);
	c = drill_connect(&d, l);
	assert_int_equal(PD(write, c, buf, sizeof(buf)), 2920);
	assert_int_equal(PD(getsockopt, c, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_state, TCP_ESTABLISHED);
	assert_int_equal(i.tcpi_snd_mss, 1460);
	assert_int_equal(i.tcpi_unacked, 2);
	assert_int_equal(i.tcpi_snd_cwnd, 10);
	assert_int_equal(i.tcpi_snd_ssthresh, 0x7fffffff);
	assert_in_range(i.tcpi_rtt, 9000, 11000);
	assert_int_equal(i.tcpi_options, 0);

	/* preloaded, it stands in for libc's: its own descriptors, and those of others */
	symbol = dlsym(d.so, "getsockopt");
	assert_non_null(symbol);
	memcpy(&stand_in, &symbol, sizeof(stand_in));
	i.tcpi_state = 0;
	assert_int_equal(stand_in(c, IPPROTO_TCP, TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_state, TCP_ESTABLISHED);
	drill_fails(stand_in(-1, IPPROTO_TCP, TCP_INFO, &i, &len), EBADF);
	drill_close(&d);
}

static void
what_a_listener_does_not_do(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct drill d;
	int l, pair[2];

	(void)state;
	drill_open(&d, false, NULL);
	l = PD(socket, AF_INET, SOCK_STREAM, 0);
	drill_fails(PD(connect, l, (struct sockaddr *)&a, sizeof(a)), EOPNOTSUPP);
	drill_fails(PD(read, l, pair, 1), ENOTCONN);
	drill_fails(PD(write, l, pair, 1), EPIPE);
	drill_fails(PD(accept, l, NULL, NULL), EINVAL);
	drill_fails(PD(shutdown, l, SHUT_RD), ENOTCONN);
	drill_fails(PD(pipe, pair), EOPNOTSUPP);
	drill_fails(PD(close, 3), EBADF);
	drill_fails(PD(socket, AF_INET, SOCK_DGRAM, 0), ESOCKTNOSUPPORT);
	drill_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_will_not_wait_is_told),
		cmocka_unit_test(several_pieces),
		cmocka_unit_test(poll_and_epoll),
		cmocka_unit_test(tcp_info_tells),
		cmocka_unit_test(what_a_listener_does_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
