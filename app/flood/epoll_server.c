/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "epoll_server.h"
#include "netns.h"

/* Events taken at a time. */
#define EVENTS 64
/* Bytes echoed at a time. */
#define CHUNK 4096

static const char greeting[] = "220 kernel ready\r\n";

static int
open_listener(uint16_t port, uint32_t backlog)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int no = 0, yes = 1, rc;

	if (s < 0)
		return -errno;
	if (setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0 &&
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
		bind(s, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
		listen(s, (int)backlog) == 0)
		return s;
	rc = -errno;
	close(s);
	return rc;
}

int
epoll_server_prepare(struct epoll_server *s, int netns)
{
	int home = -1, rc = netns_here(&home);

	s->listener[0] = s->listener[1] = -1;
	if (rc == 0)
		rc = netns_enter(netns);
	for (unsigned i = 0; rc == 0 && i < 2; i++) {
		s->listener[i] = open_listener((uint16_t)(s->port + i), s->backlog);
		rc = s->listener[i] < 0 ? s->listener[i] : 0;
	}
	if (home >= 0) {
		netns_enter(home);
		close(home);
	}
	if (rc != 0)
		epoll_server_close(s);
	return rc;
}

void
epoll_server_close(struct epoll_server *s)
{
	for (unsigned i = 0; i < 2; i++)
		if (s->listener[i] >= 0)
			close(s->listener[i]);
	s->listener[0] = s->listener[1] = -1;
}

static void
watch(int ep, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void
accept_all(int ep, int listener, bool greets)
{
	int c, yes = 1;

	while ((c = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (greets)
			send(c, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL);
		watch(ep, c);
	}
}

/* Requests are a few bytes long, so the answer always has room in the socket. */
static void
echo(int c)
{
	char chunk[CHUNK];
	ssize_t n = recv(c, chunk, sizeof(chunk), 0);

	if (n > 0)
		send(c, chunk, (size_t)n, MSG_NOSIGNAL);
	else if (n == 0 || errno != EAGAIN)
		close(c);
}

int
epoll_server_run(void *arg)
{
	const struct epoll_server *s = arg;
	struct epoll_event ev[EVENTS];
	int ep = epoll_create1(EPOLL_CLOEXEC), n;

	watch(ep, s->listener[0]);
	watch(ep, s->listener[1]);
	for (;;) {
		n = epoll_wait(ep, ev, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;

			if (fd == s->listener[0] || fd == s->listener[1])
				accept_all(ep, fd, fd == s->listener[1]);
			else
				echo(fd);
		}
	}
}
