/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_MODEL_QUEUE_TWIN_H
#define TG_MODEL_QUEUE_TWIN_H
/**
 * @file
 * The two queues of listeners, written as plainly as the rules: clients, each with at most one
 * half-open entry or connection, looked through from end to end at every step. Nothing of lib is
 * used. Time is in milliseconds and does not wrap.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>

#define CLIENTS   40
#define LISTENERS 2

/** Where a client's entry waits. */
enum twin_place {
	TWIN_NONE, /**< there is none */
	TWIN_WAIT, /**< for its SYN-ACK timeout */
	TWIN_DEFERRED,
	TWIN_READY, /**< for room, after the deferral */
	TWIN_OVER,  /**< given up: RST at the end of this turn */
};

/** A client and what the listener knows of it. Client i speaks to listener i % LISTENERS. */
struct twin_client {
	enum twin_place place;
	unsigned retries;
	bool acked;
	uint64_t first;    /**< when the first SYN-ACK left */
	uint64_t due;      /**< timeout, end of the deferral, or giving up */
	uint64_t order;    /**< among equals the lower comes first */
	uint64_t answered; /**< last answer that was no SYN-ACK by timer, or that SYN-ACK */
	bool conn;         /**< has a connection in the accept queue */
	uint64_t entered;  /**< its place there */
};

/** A listener. */
struct twin_lsn {
	uint32_t accept_holds, syn_bound;
	bool single;
	uint32_t defer_s;
	uint8_t defer_mode;
	bool defer_cookies;
	bool flood;             /**< adaptive cookies */
	uint64_t cookies_until; /**< the first cookie sent makes ACKs worth checking for 96 s */
	uint64_t overflows, drops, passive, cookies_sent, cookies_recv, cookies_failed, defer_drops;
};

/** The whole. */
struct twin {
	const struct tg_engine_config *cfg;
	uint64_t now, count;
	struct twin_lsn lsn[LISTENERS];
	struct twin_client c[CLIENTS];
	uint64_t proven[CLIENTS / 4]; /**< by address, clients 4k to 4k + 3: known before this */
	uint64_t synacks, rsts;       /**< sent in all */
	uint64_t monitored;
};

/** What may come of a packet. */
struct twin_answer {
	enum tg_disposition d;
	bool synack; /**< a SYN-ACK is the answer */
	bool cookie; /**< and its number is a cookie */
	bool again;  /**< one that was sent before */
	bool either; /**< or else: nothing, the limit of one answer in 500 ms may round up */
};

/** Half-open entries of a listener, of these young, of these acked, connections waiting. */
struct twin_counts {
	uint32_t syn, young, acked, accept;
};
struct twin_counts twin_count(const struct twin *t, unsigned lsn);

/** Would a SYN be answered with a cookie? */
bool twin_cookies_on(const struct twin *t, unsigned lsn);

/** A listener opens, with bounds as configured. */
void twin_open(struct twin *t, unsigned lsn, const struct tg_listener_config *cfg);

/** Its settings change, or the engine's: what is in its queues stays. */
void twin_change(struct twin *t, unsigned lsn, const struct tg_listener_config *cfg);

/** It closes: entries vanish, connections get a RST. */
void twin_close(struct twin *t, unsigned lsn);

/** Time passes: everything on the way happens. */
void twin_until(struct twin *t, uint64_t to);

/** A SYN of a client with neither entry nor connection. */
struct twin_answer twin_syn(struct twin *t, unsigned c);

/** The same SYN again, on an entry. */
struct twin_answer twin_syn_again(const struct twin *t, unsigned c);

/** It was answered. */
void twin_answered_again(struct twin *t, unsigned c);

/** A SYN of another number within the window, or a RST of the exact one. */
struct twin_answer twin_syn_other(struct twin *t, unsigned c);
struct twin_answer twin_rst(struct twin *t, unsigned c);

/** The last ACK of an entry; bare: neither data nor FIN. */
struct twin_answer twin_ack(struct twin *t, unsigned c, bool bare);

/** An ACK that proves a cookie, or does not; there may be an entry as well. */
struct twin_answer twin_cookie(struct twin *t, unsigned c, bool bare, bool good);

/** The client whose connection is accepted next, or -1. */
int twin_accept(struct twin *t, unsigned lsn);

/** Connections in all. */
uint32_t twin_conns(const struct twin *t);

/*
 * What both files of the twin need.
 */

/** The listener a client speaks to. */
struct twin_lsn *twin_lsn_of(struct twin *t, unsigned c);

/** Entries in all. */
uint32_t twin_entries(const struct twin *t);

/** Is there no room: in a listener's accept queue, in its SYN queue, for a connection at all? */
bool twin_accept_full(const struct twin *t, unsigned lsn);
bool twin_syn_full(const struct twin *t, unsigned lsn);
bool twin_no_tcb(const struct twin *t);

/** Section 4: the timeout in ms after so many retransmissions. */
uint64_t twin_wait_after(const struct twin *t, unsigned retries);

/** Section 7: how many SYN-ACK timeouts a bare ACK is deferred for; 0 in silent mode. */
unsigned twin_timeouts(const struct twin *t, const struct twin_lsn *l);

/** A client's entry, or cookie, becomes a connection in the accept queue. */
void twin_connect(struct twin *t, unsigned c);

/** A SYN-ACK of an entry leaves, or would have left but is left out: the next timeout begins. */
void twin_synack_leaves(struct twin *t, unsigned c, bool left_out);

#endif
