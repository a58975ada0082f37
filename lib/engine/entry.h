/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_ENGINE_ENTRY_H
#define TG_ENGINE_ENTRY_H
/**
 * @file
 * A new SYN-queue entry: what the long way (listen_input.c) and the short one (plain_input.h) do
 * alike once its SYN-ACK is written.
 */
#include <string.h>

#include "engine_internal.h"

/** What an entry remembers of its SYN and of the answer. */
struct tg_entry {
	uint32_t lsn; /**< index of the listener */
	uint32_t irs;
	uint32_t iss;
	uint32_t ts_recent; /**< TSval, or 0 when timestamps were not agreed on */
	uint16_t mss;       /**< what the peer can receive */
	uint16_t wnd;       /**< of the SYN */
	uint16_t flags;     /**< tg_offer_flags() */
	uint16_t path;      /**< the reference goes over to the entry */
	uint8_t mac[6];     /**< the peer's */
};

/**
 * Makes the entry: flow table, SYN queue with its timer, the listener's counts.
 *
 * @param rx  key and digest are read; its pair is not in the flow table, and the pool has room
 */
static inline void
tg_entry_make(struct tg_engine *e, const struct tg_rx *rx, const struct tg_entry *n)
{
	uint32_t idx = tg_synq_get(&e->synq);
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[n->lsn];

	h->key = rx->key;
	h->key.free_use = (uint16_t)n->lsn;
	h->irs = n->irs;
	h->iss = n->iss;
	h->ts_recent = n->ts_recent;
	h->mss = n->mss;
	h->wnd = n->wnd;
	h->flags = n->flags;
	h->path = n->path;
	memcpy(h->mac, n->mac, sizeof(h->mac));
	tg_flow_insert(&e->flow, rx->digest.hash, tg_flow_value(TG_FLOW_SYN, idx));
	tg_synq_begin(&e->synq, idx, e->now);
	e->touched++;
	l->syn_count++;
	l->syn_young++;
}

#endif
