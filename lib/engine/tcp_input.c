/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TCP segment for one of our addresses: source checks, then established, TIME_WAIT, half-open,
 * listener, nobody (listener-semantics section 2).
 */
#include <string.h>

#include "arrival.h"
#include "engine_internal.h"

static struct tg_verdict
drop(enum tg_disposition d)
{
	return tg_verdict(TG_DROP, d);
}

/* Where a segment may come from, and how it may reach us (RFC 9293 MUST-57, RFC 1122 3.2.1.3). */
static bool
acceptable_ends(const struct tg_engine *e, const struct tg_rx *rx, struct tg_verdict *v)
{
	const struct tg_frame *f = &rx->f;
	const uint8_t *mac = e->host.port[rx->pkt->port].mac;

	if (memcmp(f->l2.dst, mac, 6) != 0) {
		/* To another station's unicast MAC: a promiscuous port sees what is not for us. */
		*v = f->l2.dst[0] & 1 ? drop(TG_DISP_DROP_DEST)
				      : tg_verdict(TG_PASS, TG_DISP_PASSED);
		return false;
	}
	if (f->l2.src[0] & 1) {
		*v = drop(TG_DISP_DROP_SOURCE);
		return false;
	}
	switch (tg_host_classify(&e->host, &f->src, f->ip_version)) {
	case TG_ADDR_LOCAL:
		*v = drop(TG_DISP_DROP_LAND);
		return false;
	case TG_ADDR_GROUP:
	case TG_ADDR_FORBIDDEN:
		*v = drop(TG_DISP_DROP_SOURCE);
		return false;
	case TG_ADDR_UNICAST:
		break;
	}
	if (f->sport == 0) {
		*v = drop(TG_DISP_DROP_SPORT_ZERO);
		return false;
	}
	return true;
}

static struct tg_verdict
time_wait_ack(struct tg_engine *e, struct tg_rx *rx, const struct tg_tw *t)
{
	struct tg_segment s;

	tg_reply_init(&e->host, &rx->f, &s);
	s.seq = t->snd_nxt;
	s.ack = t->rcv_nxt;
	s.flags = TG_ACK;
	s.wnd = t->rcv_wnd;
	if (t->ts) {
		s.opt.present = TG_OPT_TS;
		s.opt.tsval = t->ts_offset + tg_ms_of(e->now);
		s.opt.tsecr = t->ts_recent;
	}
	return tg_reply(e, rx, &s);
}

static struct tg_verdict
time_wait(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	struct tg_timewait *tw = &e->conns.tw;
	const struct tg_tw *t = tg_tw_at(tw, idx);
	uint32_t lsn;

	switch (tg_tw_segment(tw, idx, &rx->f, &rx->opt, e->now)) {
	case TG_TW_SYN:
		lsn = tg_lsn_find(&e->listeners, &rx->f.dst, rx->f.dport);
		if (lsn != TG_NONE)
			return tg_input_syn(e, rx, lsn, t);
		return time_wait_ack(e, rx, t);
	case TG_TW_ACK:
		return time_wait_ack(e, rx, t);
	case TG_TW_DROP:
		break;
	}
	return drop(TG_DISP_DELIVERED);
}

static struct tg_verdict
nobody(struct tg_engine *e, struct tg_rx *rx)
{
	if (rx->f.flags & TG_RST)
		return drop(TG_DISP_DROP_STRAY_RST);
	if (e->cfg.closed_port_drop)
		return drop(TG_DISP_DROP_CLOSED_PORT);
	return tg_reply_rst(e, rx);
}

struct tg_verdict
tg_input_tcp(struct tg_engine *e, struct tg_rx *rx)
{
	struct tg_verdict v;

	if (!acceptable_ends(e, rx, &v))
		return v;
	return tg_input_found(e, rx, tg_flow_lookup(&e->flow, &rx->key, rx->digest.hash));
}

/* Something of a listener that is being closed, met on the way: removed before its turn. */
static uint32_t
without_closed(struct tg_engine *e, uint32_t value)
{
	uint32_t idx = tg_flow_index_of(value);
	struct tg_tcb *t;

	switch (tg_flow_kind_of(value)) {
	case TG_FLOW_SYN:
		if (!tg_half_closing(e, tg_half_at(&e->synq, idx)))
			return value;
		tg_half_remove(e, idx);
		return TG_NONE;
	case TG_FLOW_CONN:
		t = tg_tcb_at(&e->conns, idx);
		if (t->flags & TG_TCB_SYN_RCVD)
			tg_fastopen_leave(e, t);
		return value;
	default:
		return value;
	}
}

struct tg_verdict
tg_input_found(struct tg_engine *e, struct tg_rx *rx, uint32_t value)
{
	const struct tg_frame *f = &rx->f;
	uint32_t idx, lsn;

	tg_engine_count(e, TG_CNT_IN_SEGS);
	if (value != TG_NONE && tg_lsn_any_closing(&e->listeners))
		value = without_closed(e, value);
	if (value != TG_NONE) {
		tg_rx_options(rx);
		idx = tg_flow_index_of(value);
		switch (tg_flow_kind_of(value)) {
		case TG_FLOW_CONN:
			if (tg_tcb_at(&e->conns, idx)->flags & TG_TCB_SYN_RCVD)
				return tg_input_fastopen(e, rx, tg_tcb_at(&e->conns, idx));
			return tg_conn_segment(
				&e->conns, tg_tcb_at(&e->conns, idx), rx->pkt, f, &rx->opt, e->now);
		case TG_FLOW_SYN:
			return tg_input_half(e, rx, idx);
		default:
			return time_wait(e, rx, idx);
		}
	}
	lsn = tg_lsn_find(&e->listeners, &f->dst, f->dport);
	return lsn != TG_NONE ? tg_input_listen(e, rx, lsn) : nobody(e, rx);
}
