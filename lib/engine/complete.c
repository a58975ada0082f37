/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From half-open to connection: what entries and cookies have in common once proven, and entries
 * that become connections by themselves at the end of a deferral.
 */
#include <string.h>

#include "arrival.h"
#include "complete.h"
#include "defer.h"

void
tg_key_tuple(const struct tg_engine *e, const struct tg_flow_key *k, struct tg_tuple *t)
{
	t->local.addr = e->host.local[k->laddr].addr;
	t->local.port = k->lport;
	memcpy(t->remote.addr.b, k->raddr, sizeof(t->remote.addr.b));
	t->remote.port = k->rport;
}

/* The entry leaves its listener's counts and the SYN queue; flow table and path are done with. */
static void
forget_half(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];

	l->syn_count--;
	l->syn_young -= h->retries == 0;
	l->syn_acked -= (h->flags & TG_HALF_ACKED) != 0;
	tg_synq_put(&e->synq, idx);
}

void
tg_half_remove(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_digest digest;
	struct tg_tuple tuple;

	tg_key_tuple(e, &h->key, &tuple);
	tg_secret_digest(&e->secret, &tuple, &digest);
	tg_flow_remove(&e->flow, digest.hash, tg_flow_value(TG_FLOW_SYN, idx));
	tg_path_put(&e->host, h->path);
	forget_half(e, idx);
}

void
tg_proven_by(const struct tg_engine *e, uint32_t lsn, const struct tg_digest *d, uint16_t port,
	struct tg_proven *p)
{
	const struct tg_lsn *l = &e->listeners.lsn[lsn];

	p->key.free_use = (uint16_t)lsn;
	p->hash = d->hash;
	p->ts_offset = d->ts_offset;
	p->own_mss = (uint16_t)(e->host.port[port].mtu - (p->v6 ? 60 : 40));
	p->rcv_wnd = tg_lsn_offered(l, e->now);
	p->nodelay = l->nodelay;
	p->options = l->options;
	p->worker = l->worker;
}

void
tg_make_acceptable(struct tg_engine *e, struct tg_tcb *t, uint32_t lsn)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];

	tg_fifo_push(&l->acceptq, &e->conns.tcb, TG_TCB_EVENT, tg_tcb_index(&e->conns, t));
	l->passive_opens++;
	e->worker[l->worker].acceptable[lsn / 64] |= UINT64_C(1) << lsn % 64;
}

struct tg_verdict
tg_establish(struct tg_engine *e, struct tg_rx *rx, struct tg_tcb *t, uint32_t lsn)
{
	tg_make_acceptable(e, t, lsn);
	return tg_conn_segment(&e->conns, t, rx->pkt, &rx->f, &rx->opt, e->now);
}

void
tg_count_overflow(struct tg_engine *e, struct tg_lsn *l)
{
	l->overflows++;
	tg_engine_count(e, TG_CNT_LISTEN_OVERFLOWS);
}

void
tg_count_ack_drop(struct tg_engine *e, struct tg_lsn *l)
{
	tg_count_overflow(e, l);
	l->drops++;
	tg_engine_count(e, TG_CNT_LISTEN_DROPS);
}

struct tg_tcb *
tg_open_half(struct tg_engine *e, uint32_t idx, const struct tg_digest *d, uint32_t rtt_ms)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_proven p = {
		.key = h->key,
		.irs = h->irs,
		.iss = h->iss,
		.ts_recent = h->ts_recent,
		.mss = h->mss,
		.path = h->path,
		.wscale = h->flags & TG_HALF_WSCALE_MASK,
		.has_wscale = (h->flags & TG_HALF_WSCALE) != 0,
		.sack = (h->flags & TG_HALF_SACK) != 0,
		.ts = (h->flags & TG_HALF_TS) != 0,
		.ecn = (h->flags & TG_HALF_ECN) != 0,
		.v6 = (h->flags & TG_HALF_V6) != 0,
		.synack_resent = (h->flags & TG_HALF_RESENT) != 0,
		.rtt_ms = rtt_ms,
	};
	uint32_t wnd = h->wnd;
	struct tg_addr peer;
	struct tg_tcb *t;

	/* The window of a SYN is never scaled, that of an ACK is. */
	if (h->flags & TG_HALF_ACKED)
		wnd <<= p.wscale;
	memcpy(p.mac, h->mac, sizeof(p.mac));
	tg_proven_by(e, h->key.free_use, d, e->host.path[h->path].port, &p);
	t = tg_tcb_open(&e->conns, &p, wnd, e->now);
	if (t == NULL) {
		tg_engine_count(e, TG_CNT_TCB_FULL);
		return NULL;
	}
	memcpy(peer.b, h->key.raddr, sizeof(peer.b));
	tg_peer_note(e, &peer);
	tg_flow_replace(&e->flow, d->hash, tg_flow_value(TG_FLOW_SYN, idx),
		tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t)));
	forget_half(e, idx);
	return t;
}

/* An acked entry becomes a connection with no packet at all. False: no room. */
static bool
admit_acked(struct tg_engine *e, uint32_t idx)
{
	struct tg_half *h = tg_half_at(&e->synq, idx);
	uint32_t lsn = h->key.free_use;
	struct tg_digest digest;
	struct tg_tuple tuple;
	struct tg_tcb *t;

	if (tg_acceptq_full(&e->listeners.lsn[lsn]) || e->conns.tcb.used == e->conns.tcb.capacity)
		return false;
	tg_key_tuple(e, &h->key, &tuple);
	tg_secret_digest(&e->secret, &tuple, &digest);
	t = tg_open_half(e, idx, &digest, UINT32_MAX);
	tg_make_acceptable(e, t, lsn);
	return true;
}

void
tg_half_deferred(struct tg_engine *e, uint32_t idx)
{
	const struct tg_half *h = tg_half_at(&e->synq, idx);
	struct tg_lsn *l = &e->listeners.lsn[h->key.free_use];
	uint64_t waited = l->defer_accept_s * UINT64_C(1000), span, more;

	if (l->closing) {
		tg_half_remove(e, idx);
		return;
	}
	if (admit_acked(e, idx))
		return;
	if (tg_acceptq_full(l))
		tg_count_overflow(e, l);
	/* Given up when an entry without deferral would be, but not before one more timeout. */
	span = tg_synq_span(&e->synq, e->cfg.synack_retries);
	more = span > waited ? span - waited : 0;
	if (more < e->cfg.synack_rto_ms)
		more = e->cfg.synack_rto_ms;
	tg_synq_ready(&e->synq, idx, tg_ms_after(e->now, (uint32_t)more));
}

/* Walks the listeners with entries that wait for room. */
static uint32_t
ready_head(const struct tg_engine *e, unsigned lsn)
{
	const struct tg_lsn *l = &e->listeners.lsn[lsn];

	return l->closing || tg_acceptq_full(l) || e->conns.tcb.used == e->conns.tcb.capacity
		? TG_NONE
		: e->synq.ready[lsn].head;
}

bool
tg_half_any_ready(const struct tg_engine *e)
{
	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		for (uint64_t m = e->synq.ready_map[i]; m != 0; m &= m - 1)
			if (ready_head(e, i * 64 + (unsigned)__builtin_ctzll(m)) != TG_NONE)
				return true;
	return false;
}

unsigned
tg_half_admit_ready(struct tg_engine *e, unsigned budget)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		for (uint64_t m = e->synq.ready_map[i]; m != 0; m &= m - 1) {
			unsigned lsn = i * 64 + (unsigned)__builtin_ctzll(m);
			uint32_t idx;

			while (n < budget && (idx = ready_head(e, lsn)) != TG_NONE) {
				admit_acked(e, idx);
				n++;
			}
		}
	return n;
}
