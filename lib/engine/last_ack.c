/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last ACK of a handshake like most: bare, next in order, by the way its SYN came, for an entry
 * whose SYN-ACK left once. What tg_input_half() would make of it, without the questions whose
 * answers are known; tests/model/model_flood.c holds both against each other, byte by byte.
 */
#include <string.h>

#include "complete.h"
#include "congestion.h"
#include "engine_internal.h"
#include "half.h"
#include "retransmit.h"

/* Flags of an entry to which nothing has happened: it is in the FIFO of the first timeout. */
#define UNTOUCHED (TG_HALF_WSCALE_MASK | TG_HALF_WSCALE | TG_HALF_SACK | TG_HALF_TS | TG_HALF_V6)

static bool
is_usual(const struct tg_engine *e, const struct tg_rx *rx, const struct tg_half *h)
{
	const struct tg_path *path = &e->host.path[h->path];
	const struct tg_plain *p = &rx->plain;
	const uint8_t *opt = p->tcp + TCP_LEN;

	if (tg_plain_flags(p) != TG_ACK || p->tcp_len != p->hlen || (h->flags & ~UNTOUCHED) != 0 ||
		(h->retries | h->answered) != 0 || h->wnd == 0)
		return false;
	if (p->ip != rx->pkt->data + ETH_LEN || path->tags != 0 || path->port != rx->pkt->port ||
		(rx->pkt->flags & TG_PKT_VLAN_STRIPPED) != 0)
		return false;
	if (tg_get32(p->tcp + 4) != h->irs + 1 || tg_get32(p->tcp + 8) != h->iss + 1)
		return false;
	return (h->flags & TG_HALF_TS) == 0 ||
		(p->hlen == TCP_LEN + 12 && tg_get32(opt) == TG_OPT_TS_WORD &&
			!tg_seq_lt(tg_get32(opt + 4), h->ts_recent));
}

/* What all connections have in common that come of such entries; never 0. */
static uint64_t
kind_of(const struct tg_half *h, uint32_t lsn, uint16_t port)
{
	return UINT64_C(1) << 63 | (uint64_t)lsn << 48 | (uint64_t)port << 32 |
		(uint32_t)h->mss << 16 | h->flags;
}
_Static_assert(TG_LISTENERS_MAX <= 1 << 15, "a bit is left");

/* The same, what may change: of the listener, and of the port. */
static uint64_t
terms_of(const struct tg_engine *e, const struct tg_lsn *l, uint16_t port)
{
	return (uint64_t)e->host.port[port].mtu << 32 | (uint32_t)l->options << 16 |
		(uint32_t)l->worker << 8 | l->nodelay;
}

/* From the SYN-ACK to now, as half_input.c has it. */
static uint32_t
rtt_ms(const struct tg_engine *e, const struct tg_half *h)
{
	tg_ms sent_at = tg_synq_sent_at(&e->synq, h), now = tg_ms_of(e->now);

	if (!tg_ms_due(sent_at, now + 1))
		return UINT32_MAX;
	return tg_ms_due(sent_at, now) ? now - sent_at : 0;
}

/* A connection like the last one. */
static struct tg_tcb *
open_alike(struct tg_engine *e, const struct tg_rx *rx, uint32_t *place)
{
	uint32_t idx = tg_flow_index_of(*place);
	const struct tg_half *h = tg_half_at(&e->synq, idx);
	uint32_t rtt = rtt_ms(e, h);
	struct tg_tcb *t = tg_tcb_copy(&e->conns, &e->alike.tcb, e->now);

	t->key = h->key;
	t->hash = rx->digest.hash;
	t->ts_offset = rx->digest.ts_offset;
	t->path = h->path;
	tg_tcb_number(
		t, h->irs, h->iss, tg_lsn_offered(&e->listeners.lsn[h->key.free_use], e->now));
	tg_cc_numbers(t);
	t->max_wnd = h->wnd;
	t->ts_recent = h->ts_recent;
	t->srtt_us8 = 0;
	t->rttvar_us4 = 0;
	t->rto_ms = TG_RTO_INIT;
	if (rtt != UINT32_MAX)
		tg_rtt_sample(&e->conns, t, rtt * 1000);
	tg_peer_note(e, h->key.raddr);
	*place = tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t));
	tg_half_done(e, idx);
	return t;
}

struct tg_verdict
tg_input_last_ack(struct tg_engine *e, struct tg_rx *rx, uint32_t *place)
{
	uint32_t idx = tg_flow_index_of(*place);
	const struct tg_half *h = tg_half_at(&e->synq, idx);
	const struct tg_plain *p = &rx->plain;
	uint32_t lsn = h->key.free_use;
	const struct tg_lsn *l = &e->listeners.lsn[lsn];
	const struct tg_options *o = &e->conns.options.set[l->options];
	uint64_t kind, terms;
	struct tg_tcb *t;

	if (!is_usual(e, rx, h) || l->closing || l->defer_accept_s != 0 || tg_acceptq_full(l) ||
		e->conns.tcb.used == e->conns.tcb.capacity || o->idle_ms != 0 || o->keepalive)
		return tg_verdict(TG_DROP, TG_DISP_COUNT);
	kind = kind_of(h, lsn, rx->pkt->port);
	terms = terms_of(e, l, rx->pkt->port);
	if (kind == e->alike.kind && terms == e->alike.terms) {
		t = open_alike(e, rx, place);
	} else {
		t = tg_open_half(e, idx, &rx->digest, rtt_ms(e, h));
		e->alike.kind = kind;
		e->alike.terms = terms;
		e->alike.tcb = *t;
	}
	e->touched++;
	tg_make_acceptable(e, t, lsn);
	memcpy(t->mac, rx->pkt->data + 6, sizeof(t->mac));
	/* tg_ack_process() and what follows it, for a segment that brings nothing but these. */
	t->snd_wl1 = t->rcv_nxt;
	t->snd_wnd = (uint32_t)tg_get16(p->tcp + 14) << t->snd_wscale;
	if (t->snd_wnd > t->max_wnd)
		t->max_wnd = t->snd_wnd;
	if (t->flags & TG_TCB_TS)
		t->ts_recent = tg_get32(p->tcp + TCP_LEN + 4);
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return tg_verdict(TG_DROP, TG_DISP_DELIVERED);
}
