/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_LISTENER_H
#define TG_LISTEN_LISTENER_H
/**
 * @file
 * A listener, the table of all of them, and their accept queues.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>

#include "fastopenq.h"
#include "fifo.h"

#define TG_LISTENERS_MAX 256

/** Our side of the negotiation: constants of a listener; the shift is the engine's. */
struct tg_synack {
	uint16_t wnd;   /**< unscaled, as it stands on the wire */
	uint8_t ttl;    /**< TTL or hop limit */
	uint8_t tos;    /**< DSCP, in its place above the ECN field */
	uint8_t wscale; /**< our shift, offered when the peer offers one */
};

/** All of them but the shift, in one number. */
static inline uint32_t
tg_synack_word(const struct tg_synack *own)
{
	return own->wnd | (uint32_t)own->ttl << 16 | (uint32_t)own->tos << 24;
}

/** A listener. */
struct tg_lsn {
	struct tg_endpoint local;
	bool used;
	bool closing; /**< not used any more, but something still names it */
	bool dual_stack;
	uint8_t wildcard; /**< 4 or 6: local.addr is the wildcard of that family; else 0 */
	bool nodelay;
	bool single_queue;      /**< one bound over half-open and not yet accepted: syn_bound */
	bool cookies_on;        /**< ADAPTIVE: between start and stop of a flood */
	bool defer_cookies;     /**< a bare ACK proves a cookie although accept is deferred */
	uint8_t worker;         /**< number of the worker in its engine */
	uint8_t defer_mode;     /**< enum tg_defer_mode */
	uint8_t defer_timeouts; /**< LINUX, LEGACY: so many SYN-ACK timeouts are waited for data */
	uint16_t generation;
	uint16_t next;           /**< next listener of the same port bucket, 1 + index, 0 = end */
	uint16_t options;        /**< the engine's: set of options of its connections */
	struct tg_synack synack; /**< the engine's: what its SYN-ACKs say of us */
	uint32_t defer_accept_s; /**< wait so long for data; 0 = do not */

	uint32_t accept_bound;  /**< this shard's share of min(backlog, somaxconn) */
	uint32_t accept_holds;  /**< connections the accept queue takes: the bound, or one more */
	uint32_t syn_bound;     /**< this shard's share of the SYN queue's bound */
	uint32_t syn_reserve;   /**< of max_syn_backlog: its last quarter is for proven peers */
	uint32_t syn_count;     /**< half-open entries now */
	uint32_t syn_young;     /**< of these, SYN-ACK sent once */
	uint32_t syn_acked;     /**< of these, last ACK seen and not acted on */
	struct tg_fifo acceptq; /**< TCBs, linked by the caller's pool */
	tg_time cookie_until;   /**< cookies are checked before this time */

	uint8_t fastopen;          /**< enum tg_fastopen */
	bool fastopen_late;        /**< delivered after the last ACK */
	bool fastopen_under_flood; /**< a valid cookie is honoured where a SYN cookie would answer
				    */
	struct tg_fastopenq fastopenq;

	uint16_t wnd_was;  /**< SYN-ACKs that offered this larger window may still be answered */
	tg_time wnd_until; /**< before this time */

	uint64_t passive_opens;
	uint64_t overflows;
	uint64_t drops;
	uint64_t cookies_sent;
	uint64_t cookies_recv;
	uint64_t cookies_failed;
	uint64_t defer_drops;
	uint64_t fastopen_passive;

	struct tg_listener_config cfg; /**< as last set, but without worker */
};

/** All listeners of an engine. Fixed size; zero and tg_listeners_init() start it. */
struct tg_listeners {
	struct tg_lsn lsn[TG_LISTENERS_MAX];
	/** By port, and by address where it is no wildcard; 1 + index, 0 = empty. */
	uint16_t bucket[2 * TG_LISTENERS_MAX];
	uint64_t closing[TG_LISTENERS_MAX / 64]; /**< those with closing set */
	uint32_t count;
	uint32_t exact;  /**< of these, at an address of their own */
	uint32_t recent; /**< what tg_lsn_recent() was asked last, 0: nothing since a change */
	struct tg_lsn *recent_lsn; /**< its answer, NULL for none */
};

/** What a listener needs to know of its engine to size its bounds. */
struct tg_share {
	uint32_t somaxconn;
	uint32_t max_syn_backlog;
	uint32_t synack_rto_ms;
	uint16_t shard;
	uint16_t shards;
	bool accept_exact;
};

/** Empties the table. */
void tg_listeners_init(struct tg_listeners *t);

/** Handle of a listener. */
tg_listener tg_lsn_handle(const struct tg_listeners *t, uint32_t idx);

/** Index of a handle, or TG_NONE when it is stale. */
uint32_t tg_lsn_index(const struct tg_listeners *t, tg_listener h);

/** Whether every setting is in its range, but for the options of connections and the worker. */
bool tg_lsn_config_ok(const struct tg_listener_config *cfg);

/** Takes settings, which are good, and tg_lsn_settle(). The worker stays. */
void tg_lsn_configure(
	struct tg_lsn *l, const struct tg_listener_config *cfg, const struct tg_share *share);

/** Whether settings are for this listener's address and port. */
bool tg_lsn_same_place(const struct tg_lsn *l, const struct tg_listener_config *cfg);

/**
 * Derives from l->cfg, which is good, all that may change while the listener is open, but for
 * worker and options. What is in its queues stays there.
 */
void tg_lsn_settle(struct tg_lsn *l, const struct tg_share *share);

/**
 * Opens a listener.
 *
 * @return 0 and *idx; -EADDRINUSE; -ENOSPC; -EINVAL
 */
int tg_lsn_open(struct tg_listeners *t, const struct tg_listener_config *cfg,
	const struct tg_share *share, uint8_t worker, uint32_t *idx);

/**
 * Closes one: its address is free, its handle stale, and no segment is for it any more. Its place
 * stays taken until tg_lsn_free(), for the entries and connections that name it.
 */
void tg_lsn_close(struct tg_listeners *t, uint32_t idx);

/** Nothing names a closed one any more: its place is free for another. */
void tg_lsn_free(struct tg_listeners *t, uint32_t idx);

/** Is any one closed and not yet free? */
static inline bool
tg_lsn_any_closing(const struct tg_listeners *t)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		any |= t->closing[i];
	return any != 0;
}

/**
 * The listener a segment to addr:port is for: exact address before wildcard, which is of its family
 * or dual-stack; there are never both.
 *
 * @return its index or TG_NONE
 */
uint32_t tg_lsn_find(const struct tg_listeners *t, const struct tg_addr *addr, uint16_t port);

/** Asks tg_lsn_find() for tg_lsn_recent(). */
struct tg_lsn *tg_lsn_remember(
	struct tg_listeners *t, uint32_t what, const struct tg_addr *addr, uint16_t port);

/**
 * tg_lsn_find() that remembers its last answer: a flood has one target at a time.
 *
 * @param local  index of addr, the same for the same address and below 65536
 * @return the listener or NULL
 */
static inline struct tg_lsn *
tg_lsn_recent(struct tg_listeners *t, uint16_t local, const struct tg_addr *addr, uint16_t port)
{
	uint32_t what = (uint32_t)local << 16 | port;

	/* Nobody listens on port 0, so 0 is asked for in vain and what a change leaves behind. */
	if (t->recent != what || what == 0)
		return tg_lsn_remember(t, what, addr, port);
	return t->recent_lsn;
}

/** The largest window that a SYN-ACK which may still be answered has offered. */
static inline uint16_t
tg_lsn_offered(const struct tg_lsn *l, tg_time now)
{
	return now < l->wnd_until && l->wnd_was > l->synack.wnd ? l->wnd_was : l->synack.wnd;
}

/**
 * A shard's share of a bound: shares of all shards sum to it when it is at least their number,
 * and none is below 1.
 */
uint32_t tg_share_of(uint32_t bound, uint16_t shard, uint16_t shards);

/**
 * True when another completed handshake may not enter the accept queue (Linux: it holds bound + 1).
 * With a single queue an entry that completes only changes its place, so this holds there too.
 */
static inline bool
tg_acceptq_full(const struct tg_lsn *l)
{
	return l->acceptq.count >= l->accept_holds;
}

/** True when the SYN queue, or the single queue, takes no more. */
static inline bool
tg_synq_full(const struct tg_lsn *l)
{
	uint32_t more = l->single_queue ? l->acceptq.count + l->fastopenq.hidden : 0;

	return l->syn_count + more >= l->syn_bound;
}

/** True when a connection that was no entry before (a cookie) finds no room. */
static inline bool
tg_lsn_full(const struct tg_lsn *l)
{
	return tg_acceptq_full(l) || (l->single_queue && tg_synq_full(l));
}

#endif
