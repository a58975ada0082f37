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
#include "host.h"
#include "listener.h"
#include "output.h"
#include "peers.h"
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

/** An engine. */
struct tg_engine {
	struct tg_counters counters;
	struct tg_engine_config cfg;
	struct tg_mem mem;
	tg_time now; /**< of the last call that was told */
	struct tg_secret secret;
	struct tg_fastopen_keys fastopen;
	struct tg_flow flow;
	struct tg_synq synq;
	struct tg_conns conns;
	struct tg_synack synack;
	struct tg_admission admission;
	struct tg_peers peers;
	struct tg_prefixes prefixes;
	struct tg_bucket rst;          /**< RSTs to segments without connection */
	struct tg_bucket cookie_check; /**< PRF calls for ACKs that may prove a cookie */
	struct tg_worker worker[TG_WORKERS_MAX];
	unsigned workers;
	struct tg_listeners listeners;
	struct tg_host host;
};

/** A received packet with what parsing and the keyed hash say about it. */
struct tg_rx {
	struct tg_pkt *pkt;
	struct tg_frame f;
	struct tg_tcpopt opt;
	struct tg_digest digest;
	struct tg_flow_key key;
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

/** A TCP segment for a local address: host.c's checks are passed (tcp_input.c). */
struct tg_verdict tg_input_tcp(struct tg_engine *e, struct tg_rx *rx);

/** A segment that belongs to no entry, for a listener (listen_input.c). */
struct tg_verdict tg_input_listen(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn);

/**
 * A SYN for a listener (listen_input.c).
 *
 * @param reuse  NULL, or the TIME_WAIT entry whose pair it takes over: still in the table
 */
struct tg_verdict tg_input_syn(
	struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_tw *reuse);

/** A segment for a half-open entry (half_input.c). */
struct tg_verdict tg_input_half(struct tg_engine *e, struct tg_rx *rx, uint32_t idx);

/** Did this peer complete a handshake lately? Only with cookies OFF or MONITOR (limits.c). */
bool tg_peer_known(const struct tg_engine *e, const struct tg_addr *a);

/** It has, just now. */
void tg_peer_note(struct tg_engine *e, const struct tg_addr *a);

/** May a SYN-ACK go to this address, by its prefix's rate? Counts it if not (limits.c). */
bool tg_synack_allowed(struct tg_engine *e, const struct tg_addr *a);

/** A last ACK that proves a cookie, or a stray one (cookie_input.c). */
struct tg_verdict tg_input_cookie(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn);

/**
 * An ACK with another number than the entry's. When the queue was full for the client's first SYN
 * and not for its second, it holds a cookie and an entry at once, and may prove either.
 */
struct tg_verdict tg_input_cookie_beside(struct tg_engine *e, struct tg_rx *rx, uint32_t idx);

/** ARP, ND, ICMP and everything that is not TCP for us (host_input.c). */
struct tg_verdict tg_input_host(struct tg_engine *e, struct tg_rx *rx);

/** A RST that answers a segment, RFC 9293 3.10.7.1, within the rate limit (reply.c). */
struct tg_verdict tg_reply_rst(struct tg_engine *e, struct tg_rx *rx);

/** A payload-less segment that answers one: counted, TG_REPLY or dropped for lack of room. */
struct tg_verdict tg_reply(struct tg_engine *e, struct tg_rx *rx, const struct tg_segment *s);

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
