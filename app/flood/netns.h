/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_NETNS_H
#define FLOOD_NETNS_H
/**
 * @file
 * A wire to flood: two network namespaces without a name and a veth pair between them.
 *
 * A namespace without a name lives as long as a process is in it or a descriptor of it is open. So
 * nothing is left over however this program ends, kill -9 included: descriptors close with it, and
 * whatever runs inside was started by netns_spawn() and dies with it.
 */
#include <sys/types.h>

#include <tidegate/types.h>

/** Bytes of an interface's name. */
#define NETNS_IFNAME 16

/** One end of the wire. */
struct netns_end {
	int fd;                    /**< the namespace */
	char ifname[NETNS_IFNAME]; /**< carries our process id */
	uint8_t mac[6];
};

/** The wire. */
struct netns_wire {
	int home; /**< the namespace we came from */
	struct netns_end generator;
	struct netns_end server;
};

/**
 * Makes the namespaces and the pair; both ends up, without addresses, without IPv6 of the kernel's
 * own and with offloads off: checksums are complete in every packet. The server's end has NAPI,
 * without which XDP frames find no way in.
 *
 * @param err  SETUP_ERROR bytes, filled on failure
 * @return 0 or a negative errno; on failure nothing is left
 */
int netns_make(struct netns_wire *w, char *err);

/** Takes all of it away. End what runs there first. */
void netns_drop(struct netns_wire *w);

/** A descriptor of the calling thread's namespace, to be closed. @return 0 or a negative errno */
int netns_here(int *fd);

/** Moves the calling thread. @return 0 or a negative errno */
int netns_enter(int fd);

/**
 * Runs a shell command in a namespace and waits for it. /sys is that of the namespace.
 *
 * @param format  of the command; what it says on stderr goes to err
 * @return 0, or -EIO when its status is not 0
 */
int netns_shell(int fd, char *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * Starts a process in a namespace, on one CPU, that dies with this one. It shares no mounts with
 * us: /sys is the namespace's, /run/dpdk empty memory.
 *
 * @param cpu   it may use; -1: any
 * @param body  what it does; its result is the exit status
 * @return its id, or a negative errno
 */
pid_t netns_spawn(int fd, int cpu, int (*body)(void *arg), void *arg);

/** Ends such a process: SIGTERM, after `patience` SIGKILL. Returns the status as waitpid() has it.
 */
int netns_end_process(pid_t pid, tg_time patience);

/** Gives the server's end NAPI threads, anywhere yet. @return 0, or -EIO with err filled */
int netns_threads(const struct netns_wire *w, char *err);

/**
 * Puts the NAPI threads of the server's end on a CPU, with our own nice value.
 *
 * @param pid  filled with their ids
 * @param max  room in pid
 * @return how many there are, 0 to max
 */
unsigned netns_pin_threads(const struct netns_wire *w, int cpu, pid_t pid[], unsigned max);

/** Packets an end has sent to a full ring of the other (tx_dropped), so far. */
uint64_t netns_lost(const struct netns_end *end);

/** Now, by CLOCK_MONOTONIC: the time of all of --veth. */
tg_time netns_now(void);

#endif
