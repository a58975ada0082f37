/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_EPOLL_SERVER_H
#define FLOOD_EPOLL_SERVER_H
/**
 * @file
 * A plain server on the kernel's TCP: one thread, epoll, echo on one port and a greeting on the
 * next.
 */
#include <stdint.h>

/** A server. */
struct epoll_server {
	uint16_t port;    /**< of echo; the greeting is on the next */
	uint32_t backlog; /**< of both listeners, above 0 */
	int listener[2];  /**< open once prepared */
};

/**
 * Opens the listeners in a namespace: from here on the kernel answers.
 *
 * @return 0 or a negative errno; nothing is open then
 */
int epoll_server_prepare(struct epoll_server *s, int netns);

/** Closes the listeners here; a child has its own. */
void epoll_server_close(struct epoll_server *s);

/** Serves until the process is ended: a body for netns_spawn(). @param arg  struct epoll_server */
int epoll_server_run(void *arg);

#endif
