/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_PD_DRILL_H
#define TG_PD_DRILL_H
/**
 * @file
 * The plugin as packetdrill drives it, for tests: loaded by dlopen, packets in and out, one client.
 * Every call that must not fail ends the test when it does.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "abi.h"
#include "seg.h"

/** Our address and the client's in every test, by family. */
#define DRILL_PORT 8080

/** A plugin and a client of it. */
struct drill {
	void *so;
	struct packetdrill_interface i;
	char dir[64]; /**< net/ipv4 and net/core in place of /proc/sys */
	long long start_us;
	bool v6;
	uint16_t sport;     /**< the client's port */
	uint32_t iss;       /**< our initial number, learnt from the SYN-ACK */
	uint8_t last[2048]; /**< bytes of the last packet out */
	struct seg out;     /**< the last packet out; sequence numbers as on the wire */
	long long out_us;   /**< when it left, since the start */
};

/** One thread that makes a blocking call, and when it ended. */
struct drill_call {
	struct drill *d;
	long (*call)(struct drill_call *c);
	int fd;
	uint8_t buf[4096];
	pthread_t thread;
	atomic_int tid;
	long rc;
	int err;
	long long end_us;
};

/** Loads it; `sysctls` are lines "ipv4/NAME=VALUE", or NULL. */
void drill_open(struct drill *d, bool v6, const char *sysctls);

/** Ends the plugin, which proves that nothing was leaked, and unloads it. */
void drill_close(struct drill *d);

/** Virtual microseconds since the start, by gettimeofday. */
long long drill_now(struct drill *d);

/** Moves time on. */
void drill_sleep(struct drill *d, unsigned us);

/** A listener; flags of socket() may say SOCK_NONBLOCK. */
int drill_listen(struct drill *d, int flags);

/** setsockopt and getsockopt of a number. */
void drill_set(struct drill *d, int fd, int level, int name, int value);
int drill_get(struct drill *d, int fd, int level, int name);

/**
 * A segment from the client. `ack` counts from our SYN-ACK, whose number is 0.
 *
 * @param opts  a function that adds options, or NULL
 */
void drill_in(struct drill *d, unsigned flags, uint32_t seq, uint32_t ack, unsigned len,
	void (*opts)(struct seg *s));

/** The next segment out must have these flags, numbers (ours from the SYN-ACK on) and length. */
void drill_out(struct drill *d, unsigned flags, uint32_t seq, uint32_t ack, unsigned len);

/** Nothing leaves until the plugin gives up waiting. */
void drill_quiet(struct drill *d);

/** SYN (MSS 1460), SYN-ACK, 10 ms, ACK. */
void drill_handshake(struct drill *d);

/** The same, and accept(). @return the connection */
int drill_connect(struct drill *d, int listener);

/** A call must fail with this errno. */
void drill_fails(long rc, int err);

/** Starts a blocking call on a second thread and waits until it sleeps. */
void drill_call(struct drill_call *c);

/** Waits for its end. */
void drill_join(struct drill_call *c);

#endif
