/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_CLIENT_H
#define TIDEGATE_CTL_CLIENT_H
/**
 * @file
 * A client of DPDK's telemetry socket (SOCK_SEQPACKET): a greeting, then one JSON answer for each
 * command. Nothing that comes from the other side is trusted. Prints nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

/** Room for a text about what went wrong: the daemon's have 1535 bytes at most. */
#define CLIENT_ERROR_MAX 2048

/** Longest question: DPDK 22.11 reads no more. */
#define CLIENT_QUESTION_MAX 1023

/** How a question went. */
enum client_result {
	CLIENT_OK,
	CLIENT_REFUSED, /**< the daemon said no */
	CLIENT_UNKNOWN, /**< the daemon does not have this command */
	CLIENT_LOST,    /**< not reached, not answered in time, or not understood */
};

/** A connection; zeroed with fd = -1 when there is none. */
struct client {
	int fd;
	unsigned timeout_ms;
	pid_t pid;    /**< of the daemon, by its greeting */
	size_t room;  /**< longest answer, by its greeting */
	char *answer; /**< room + 1 bytes */
	char error[CLIENT_ERROR_MAX];
	char code[32]; /**< the daemon's word for the kind of its refusal, or "" */
};

/**
 * Where the socket of a daemon is: dpdk/PREFIX/dpdk_telemetry.v2 below $RUNTIME_DIRECTORY, if
 * systemd gave one, else /var/run; for others than root, when there is none that they can see,
 * below $XDG_RUNTIME_DIR or /tmp.
 *
 * @return 0, -ENAMETOOLONG, or -EINVAL (the prefix is empty or has a slash)
 */
int client_path(const char *prefix, char *path, size_t size);

/**
 * Connects and reads the greeting.
 *
 * @param timeout_ms  longest wait for each step
 * @return CLIENT_OK or CLIENT_LOST, with cl->error
 */
enum client_result client_open(struct client *cl, const char *path, unsigned timeout_ms);

/** Ends a connection; one that is not open does nothing. */
void client_close(struct client *cl);

/**
 * Asks one question.
 *
 * @param answer  what stands under the command's name, the caller's; NULL unless CLIENT_OK
 * @return a result, with cl->error unless CLIENT_OK. After CLIENT_LOST the connection is closed
 */
enum client_result client_ask(struct client *cl, const char *question, json_t **answer);

#endif
