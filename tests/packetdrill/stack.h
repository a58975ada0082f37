/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_PD_STACK_H
#define TG_PD_STACK_H
/**
 * @file
 * One engine in virtual time, the packets that left it, and the lock around all of it.
 *
 * Time moves only when the program says so: a microsecond at each look at the clock, and in
 * usleep, netdev_receive and calls that block the program's first thread. On the way every
 * deadline of the engine is stopped at, and whoever waits for what it brings is heard before time
 * goes on.
 *
 * packetdrill makes its blocking calls on a second thread, and measures when they end by asking
 * the time right after. So time stands still from the moment such a call is woken until its thread
 * has either gone to sleep again or asked the time.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rig.h"
#include "setup.h"

struct pd_sock;

/** Virtual microseconds. */
typedef uint64_t pd_us;

/** The moment that never comes. */
#define PD_NEVER UINT64_MAX

/** A datagram that left the stack. */
struct pd_out {
	struct pd_out *next;
	pd_us at;
	unsigned len;
	uint8_t bytes[];
};

/** Descriptors are handed out from here on, away from the program's own... */
#define PD_FD_FIRST 100000
/** ... and so many in all; none is handed out twice. */
#define PD_FDS 4096

/** The stack. */
struct pd_stack {
	pthread_mutex_t lock;
	pthread_cond_t woken;   /**< time or packets have moved on */
	pthread_cond_t settled; /**< a thread has gone to sleep, or asked the time */
	pthread_t owner;   /**< the program's first thread: when it blocks, nobody moves time */
	uint64_t round;    /**< counts wake-ups */
	unsigned sleeping; /**< threads in a blocking call */
	unsigned awake;    /**< of those woken, how many have not looked yet */
	unsigned owing;    /**< of those that returned, how many have not asked the time */
	bool closing;
	pd_us now;
	pd_us wake_at; /**< first timeout of a sleeping thread */

	struct pd_setup setup;
	unsigned mtu; /**< of the port, when it was made */
	struct rig_manner manner;
	struct rig rig; /**< rig.e is NULL before the first listen() */
	struct pd_out *out_head, *out_tail;

	struct pd_sock *sock[PD_FDS];
	unsigned socks; /**< descriptors handed out so far */
	uint16_t next_port;
};

/** Locks. @return true in the first call of a thread since one of its calls blocked and returned */
bool pd_enter(struct pd_stack *s);

/** Unlocks. @return rc, or -1 with errno for a negative one */
long pd_leave(struct pd_stack *s, long rc);

/** What the first listening socket has set that holds for the whole engine; 0 for none. */
struct pd_tune {
	uint32_t rcvbuf;
	bool v6;
};

/**
 * Makes the engine, at the first listen(); later ones take over what sysctls can be changed.
 *
 * @return 0 or -errno
 */
int pd_stack_open(struct pd_stack *s, const struct pd_tune *tune);

/** Ends the engine and forgets the packets. Books are balanced, leaks are fatal. */
void pd_stack_close(struct pd_stack *s);

/** Makes an address local, unless it is already or cannot be. @return 0 or -errno */
int pd_stack_addr(struct pd_stack *s, const struct tg_addr *a);

/**
 * Sets the engine's Fast Open keys: the current one and, with n = 2, the previous one. The kernel
 * has keys for each listener; here the last listen() or setsockopt() sets them for all.
 *
 * @param n  0: those of the sysctl
 */
void pd_stack_keys(struct pd_stack *s, uint8_t key[2][16], unsigned n);

/** The MSS announced from here on, as far as an MTU of 576 allows; 0: the port's. */
void pd_stack_mss(struct pd_stack *s, unsigned mss, bool v6);

/** Moves time to `to` and does whatever is due on the way. */
void pd_run(struct pd_stack *s, pd_us to);

/** After calls into the engine: sends what they left to send, tells sockets and sleepers. */
void pd_look(struct pd_stack *s);

/** When there is something to do next; PD_NEVER. */
pd_us pd_due(const struct pd_stack *s);

/** A datagram in. @return 0 or -errno */
int pd_inject(struct pd_stack *s, const void *buf, size_t n);

/** The oldest datagram that left, or NULL; the caller frees it. */
struct pd_out *pd_take(struct pd_stack *s);

/** The end of a wait of `timeout` from now, PD_NEVER for one without end. */
pd_us pd_until(const struct pd_stack *s, pd_us timeout);

/**
 * Waits until something has happened. The program's first thread waits by moving time itself.
 *
 * @param until  of pd_until(): not longer than this
 * @return 0: look again; -ETIME: `until` has come; -EINTR: the stack is being closed
 */
int pd_block(struct pd_stack *s, pd_us until);

#endif
