/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_ENGINE_INTERNAL_H
#define TG_ENGINE_INTERNAL_H
/**
 * @file
 * The engine: all state of a shard in one struct, and the verbs its files share.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>
#include <tidegate/worker.h>

#include "admission.h"
#include "bucket.h"
#include "fastopen.h"
#include "flow.h"
#include "frame.h"
#include "form.h"
#include "host.h"
#include "listener.h"
#include "output.h"
#include "peers.h"
#include "plain.h"
#include "prefix.h"
#include "secret.h"
#include "synack.h"
#include "synq.h"
#include "tcb.h"
#include "tcpopt.h"

/** A worker of an engine. */
struct tg_worker {
	struct tg_engine *engine;
	void *ctx;
	uint8_t number;
	bool drain;                                 /**< TG_EV_DRAIN is owed */
	uint64_t acceptable[TG_LISTENERS_MAX / 64]; /**< listeners for which TG_EV_ACCEPT is owed */
};

/** Forms of SYN-ACKs that are kept. */
#define TG_PRINTED 16

/**
 * A SYN-ACK as far as it is the same for all SYNs with the same options, on one port, to listeners
 * that say the same of us, in one epoch: the form, and what cookies, or entries, have in common.
 */
struct tg_printed {
	uint64_t what; /**< options, family and port; 0: empty */
	uint32_t own;  /**< tg_synack_word() of the listener */
	uint64_t epoch;
	tg_block mask;
	const struct tg_prf *key;
	uint16_t enc;   /**< for tg_cookie_answer() */
	uint16_t mss;   /**< for an entry: what the peer can receive, */
	uint16_t flags; /**< and tg_offer_flags() */
	/** For tg_engine.printed_last: what `what` says, as it lies in a SYN of Linux. */
	uint32_t mss_word, wscale_word;
	uint16_t port;
	bool v6;
	struct tg_form form;
};

/** A cookie lives at most 96 s (listener-semantics section 5). */
#define TG_COOKIE_LIFETIME (96 * TG_SEC)

/** An engine. */
struct tg_engine {
	struct tg_counters counters;
	struct tg_engine_config cfg;
	struct tg_mem mem;
	tg_time now; /**< of the last call that was told */
	bool low;    /**< buffers are short: tg_engine_set_low() */
	struct tg_secret secret;
	struct tg_prf_group cookies;           /**< of the packets at hand, not sent yet */
	struct tg_printed printed[TG_PRINTED]; /**< forms used lately (plain_input.h) */
	const struct tg_printed *printed_last; /**< of the last SYN with Linux's options, or NULL */
	struct tg_addr plain_dst[2]; /**< of the last plain segment over IPv4, over IPv6 */
	int16_t plain_local[2];      /**< which of our addresses these are, or -1 */
	bool plain_off; /**< no short way: for the test that compares (model_flood.c) */
	struct tg_fastopen_keys fastopen;
	struct tg_flow flow;
	struct tg_synq synq;
	struct tg_conns conns;
	struct tg_synack synack; /**< of a listener without options of its own */
	struct tg_admission admission;
	struct tg_peers peers;
	struct tg_prefixes prefixes;
	struct tg_bucket rst;          /**< RSTs to segments without connection */
	struct tg_bucket cookie_check; /**< PRF calls for ACKs that may prove a cookie */
	struct tg_worker worker[TG_WORKERS_MAX];
	unsigned workers;
	struct tg_listeners listeners;
	uint32_t closing_half; /**< closing.c: next entry of synq.pool to look at */
	uint32_t closing_tcb;  /**< the same of conns.tcb */
	struct tg_host host;
};

/** A received packet with what parsing and the keyed hash say about it. */
struct tg_rx {
	struct tg_pkt *pkt;
	struct tg_frame f;
	struct tg_tcpopt opt; /**< by tg_rx_options(): not before somebody asks */
	struct tg_digest digest;
	struct tg_flow_key key;
	uint8_t number;           /**< in the packets at hand */
	uint16_t cookie_flags;    /**< with a cookie under way: TG_HALF_*, what is agreed on */
	uint16_t cookie_enc;      /**< the same: what tg_cookie_ask() returned */
	uint32_t cookie_ts_clock; /**< the same: with timestamps, the connection's clock */
	uint32_t cookie_tsecr;    /**< the same: the peer's timestamp */
	const struct tg_synack *cookie_own; /**< the same: the listener's */
	uint32_t tsecr;                     /**< with a form: the same as it lies in memory */
	const struct tg_printed *form;      /**< the same: NULL, or f is not filled, plain is */
	struct tg_plain plain;              /**< by tg_plain_take() */
	uint32_t found; /**< by tg_input_plain(): what the flow table says of it, or TG_NONE */
};

/** A verdict in one word. */
static inline struct tg_verdict
tg_verdict(enum tg_action a, enum tg_disposition d)
{
	return (struct tg_verdict){(uint8_t)a, (uint8_t)d};
}

static inline void
tg_engine_count(struct tg_engine *e, enum tg_counter c)
{
	e->counters.event[c]++;
}

/** The 4-tuple of a received TCP segment, from our side. */
static inline void
tg_rx_tuple(const struct tg_frame *f, struct tg_tuple *t)
{
	t->local.addr = f->dst;
	t->local.port = f->dport;
	t->remote.addr = f->src;
	t->remote.port = f->sport;
}

/**
 * Reads the options of a TCP segment: once it is known to be for an entry or a listener that looks
 * at them. Most of what a flood sends is dropped before.
 */
static inline void
tg_rx_options(struct tg_rx *rx)
{
	const struct tg_frame *f = &rx->f;

	tg_tcpopt_parse(rx->pkt->data + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
		(f->flags & TG_SYN) != 0, &rx->opt);
}

/** Why a listener drops a segment by its flags alone; TG_DISP_COUNT: it does not. */
static inline enum tg_disposition
tg_listen_flaw(unsigned flags)
{
	if ((flags & TG_SYN) != 0 && (flags & (TG_RST | TG_FIN)) != 0)
		return TG_DISP_DROP_SYN_FLAGS;
	if (flags & TG_RST)
		return TG_DISP_DROP_STRAY_RST;
	return flags & (TG_ACK | TG_SYN) ? TG_DISP_COUNT : TG_DISP_DROP_NO_FLAGS;
}

/**
 * An ACK flood on a listener that has sent no cookies costs no PRF call. With a shared secret other
 * machines send them.
 */
static inline bool
tg_cookies_are_out(const struct tg_engine *e, const struct tg_lsn *l)
{
	return e->cfg.syncookies == TG_SYNCOOKIES_ALWAYS || e->cfg.cookie_seed_shared ||
		e->now < l->cookie_until;
}

/** Forgets the forms of SYN-ACKs that are kept: what they say is not true any more. */
static inline void
tg_printed_forget(struct tg_engine *e)
{
	e->printed_last = NULL;
	for (unsigned i = 0; i < TG_PRINTED; i++)
		e->printed[i].what = 0;
}

/** A TCP segment for a local address: host.c's checks are passed (tcp_input.c). */
struct tg_verdict tg_input_tcp(struct tg_engine *e, struct tg_rx *rx);

/**
 * The same once its ends are known to be acceptable.
 *
 * @param value  what the flow table says of it, or TG_NONE
 */
struct tg_verdict tg_input_found(struct tg_engine *e, struct tg_rx *rx, uint32_t value);

/** A segment that belongs to no entry, for a listener (listen_input.c). */
struct tg_verdict tg_input_listen(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn);

/**
 * A SYN for a listener (listen_input.c).
 *
 * @param reuse  NULL, or the TIME_WAIT entry whose pair it takes over: still in the table
 */
struct tg_verdict tg_input_syn(
	struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_tw *reuse);

/**
 * Writes the cookies that tg_input_syn() has promised: e->cookies, one PRF run for all of them
 * (cookie_output.c).
 *
 * @param rx  the packets at hand, by their numbers
 */
void tg_cookies_write(struct tg_engine *e, struct tg_rx rx[]);

/** Promises one: fails when the answer does not fit into the packet (cookie_output.c). */
bool tg_cookie_promise(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own,
	const struct tg_offer *o);

/** A segment for a half-open entry (half_input.c). */
struct tg_verdict tg_input_half(struct tg_engine *e, struct tg_rx *rx, uint32_t idx);

/** Did this peer complete a handshake lately? Only with cookies OFF or MONITOR (limits.c). */
bool tg_peer_known(const struct tg_engine *e, const struct tg_addr *a);

/** It has, just now. */
void tg_peer_note(struct tg_engine *e, const struct tg_addr *a);

/** Takes a token of the address's prefix (limits.c). */
bool tg_synack_take(struct tg_engine *e, const struct tg_addr *a);

/** May a SYN-ACK go to this address, by its prefix's rate? Counts it if not. */
static inline bool
tg_synack_allowed(struct tg_engine *e, const struct tg_addr *a)
{
	return e->cfg.synack_prefix_rate == 0 || tg_synack_take(e, a);
}

/** A last ACK that proves a cookie, or a stray one (cookie_input.c). */
struct tg_verdict tg_input_cookie(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn);

/**
 * An ACK with another number than the entry's. When the queue was full for the client's first SYN
 * and not for its second, it holds a cookie and an entry at once, and may prove either.
 */
struct tg_verdict tg_input_cookie_beside(struct tg_engine *e, struct tg_rx *rx, uint32_t idx);

/** ARP, ND, ICMP and everything that is not TCP for us (host_input.c). */
struct tg_verdict tg_input_host(struct tg_engine *e, struct tg_rx *rx);

/** ICMP that is no echo: errors about what we sent (icmp_input.c). */
struct tg_verdict tg_input_icmp(struct tg_engine *e, struct tg_rx *rx);
/** Takes a token for a RST to a segment without connection. */
static inline bool
tg_rst_take(struct tg_engine *e)
{
	return tg_bucket_take(&e->rst, e->cfg.rst_rate, tg_ms_of(e->now));
}

/** tg_reply_rst() for who has taken a token. */
struct tg_verdict tg_reply_rst_taken(struct tg_engine *e, struct tg_rx *rx);

/** A RST that answers a segment, RFC 9293 3.10.7.1, within the rate limit (reply.c). */
struct tg_verdict tg_reply_rst(struct tg_engine *e, struct tg_rx *rx);

/** A payload-less segment that answers one: counted, TG_REPLY or dropped for lack of room. */
struct tg_verdict tg_reply(struct tg_engine *e, struct tg_rx *rx, const struct tg_segment *s);

/**
 * Fast Open for a SYN that a listener has admitted (fastopen_input.c).
 *
 * @param o      what was agreed; `tfo` is set when the SYN-ACK of an ordinary handshake must carry
 *               a cookie: tg_fastopen_option()
 * @param reuse  as for tg_input_syn()
 * @param flood  a SYN cookie is about to answer: only a valid Fast Open cookie counts, and only
 *               with fastopen_under_flood
 * @param v      set when a connection was made
 * @return true when it was; false: go on with the ordinary handshake
 */
bool tg_input_fastopen_syn(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, struct tg_offer *o,
	const struct tg_tw *reuse, bool flood, struct tg_verdict *v);

/** A segment for a connection with TG_TCB_SYN_RCVD (fastopen_input.c). */
struct tg_verdict tg_input_fastopen(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t);

/**
 * Ends a connection with TG_TCB_SYN_RCVD that no worker has: its peer cannot be reached. Its place
 * in fastopen_qlen stays taken for 60 s, as after a RST.
 */
void tg_fastopen_refused(struct tg_engine *e, struct tg_tcb *t);

/** Adds the cookie of an offer, if it has one and `pkt` the room, to the SYN-ACK. */
void tg_fastopen_option(const struct tg_pkt *pkt, struct tg_segment *s, const struct tg_offer *o);

/** Sends the SYN-ACK of a connection with TG_TCB2_SYNACK. @return false when there is no packet */
bool tg_fastopen_output(struct tg_engine *e, struct tg_outbox *ob, struct tg_tcb *t);

/** A connection has lost TG_TCB_SYN_RCVD: tg_conns.synrcvd_over. */
void tg_fastopen_over(void *engine, const struct tg_tcb *t);

/**
 * For a connection without last ACK: if its listener is being closed, it gets a RST where nobody
 * has heard of it, and forgets the listener else.
 *
 * @return whether that was so
 */
bool tg_fastopen_leave(struct tg_engine *e, struct tg_tcb *t);

/** Closes a listener but for what is in its queues; O(1) (closing.c). */
void tg_closing_begin(struct tg_engine *e, uint32_t lsn);

/**
 * Works off what is in the queues of listeners that are being closed (closing.c).
 *
 * @return entries and connections removed, at most budget; 16 times as many are looked at
 */
unsigned tg_closing_work(struct tg_engine *e, unsigned budget);

/** Is the listener of an entry being closed? Then the entry is as good as gone. */
static inline bool
tg_half_closing(const struct tg_engine *e, const struct tg_half *h)
{
	return e->listeners.lsn[h->key.free_use].closing;
}

/** A SYN has taken over the pair of a TIME_WAIT entry, which ends (listen_input.c). */
void tg_input_tw_recycled(struct tg_engine *e, const struct tg_tw *t);

/** Removes a half-open entry from everywhere (complete.c). */
void tg_half_remove(struct tg_engine *e, uint32_t idx);

/** The deferral of an entry is over: a connection, or it waits for room (complete.c). */
void tg_half_deferred(struct tg_engine *e, uint32_t idx);

/**
 * Lets entries in that wait for room at their listeners, as far as there is any (complete.c).
 *
 * @return connections made, at most budget
 */
unsigned tg_half_admit_ready(struct tg_engine *e, unsigned budget);

/** True when tg_half_admit_ready() would let one in. */
bool tg_half_any_ready(const struct tg_engine *e);

/** The tuple of an entry. */
void tg_key_tuple(const struct tg_engine *e, const struct tg_flow_key *k, struct tg_tuple *t);

/** Describes a connection (info.c). */
void tg_info_of_tcb(const struct tg_engine *e, const struct tg_tcb *t, struct tg_conn_info *i);

#endif
