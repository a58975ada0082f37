/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_ENGINE_PLAIN_INPUT_H
#define TG_ENGINE_PLAIN_INPUT_H
/**
 * @file
 * The short way of a flood: plain segments (plain.h) that belong to no entry and are dropped, reset
 * or answered with a cookie, or get an entry when there is no flood; and last ACKs of entries
 * (last_ack.c). Inlined into the loops of
 * input.c, its only user: calls would be a tenth of all it costs.
 *
 * Everything here is the long way of tcp_input.c, listen_input.c and cookie_input.c with the rare
 * questions left out: whoever would have to ask one says so before anything is counted or changed,
 * and the long way begins. tests/model/model_flood.c holds both against each other, packet by
 * packet.
 */
#include "cookie.h"
#include "engine_internal.h"
#include "entry.h"

/* Said of what must go the long way. Nothing has happened yet. */
static const struct tg_verdict not_plain = {TG_DROP, TG_DISP_COUNT};

/* Which of our addresses is this? Asked when it is not the same as the last time. */
static __attribute__((noinline)) int
find_local(struct tg_engine *e, const uint8_t *dst, bool v6)
{
	struct tg_addr a;
	int n;

	tg_plain_addr(v6, dst, &a);
	n = tg_host_find(&e->host, &a);
	if (n >= 0) {
		e->plain_dst[v6] = a;
		e->plain_local[v6] = (int16_t)n;
	}
	return n;
}

static inline __attribute__((always_inline)) int
local_of(struct tg_engine *e, const struct tg_plain *p, bool v6)
{
	const uint8_t *dst = tg_plain_dst(p, v6), *last = e->plain_dst[v6].b;

	/* Nothing is remembered yet, or 0.0.0.0 or ::, which are nobody's: -1. */
	if (v6 ? memcmp(last, dst, 16) == 0 : memcmp(last + 12, dst, 4) == 0)
		return e->plain_local[v6];
	return find_local(e, dst, v6);
}

/* Both ends, for a family that is known when this is compiled. */
static inline __attribute__((always_inline)) bool
take_ends(struct tg_engine *e, struct tg_rx *rx, bool v6)
{
	const struct tg_plain *p = &rx->plain;
	int local = local_of(e, p, v6);
	struct tg_addr src;

	if (local < 0)
		return false;
	tg_plain_addr(v6, p->addrs, &src);
	rx->key.rport = tg_get16(p->tcp);
	/* Our own address, a broadcast address, port 0: the long way says which. */
	if (rx->key.rport == 0 || tg_host_place(&e->host, &src) != 0)
		return false;
	memcpy(rx->key.raddr, src.b, sizeof(rx->key.raddr));
	rx->key.lport = tg_get16(p->tcp + 2);
	rx->key.laddr = (uint16_t)local;
	rx->key.free_use = 0;
	return true;
}

/**
 * Is this a plain segment for one of our addresses? Fills plain, and key but for the digest.
 */
static inline __attribute__((always_inline)) bool
tg_plain_take(struct tg_engine *e, struct tg_rx *rx)
{
	struct tg_plain *p = &rx->plain;
	const struct tg_port *port = &e->host.port[rx->pkt->port % TG_PORTS_MAX];

	if (rx->pkt->port >= TG_PORTS_MAX || !port->used)
		return false;
	switch (tg_plain_ethernet(rx->pkt, port->mac, p)) {
	case TG_BE16(ETHERTYPE_IPV4):
		return tg_plain_ipv4(rx->pkt, p) && take_ends(e, rx, false);
	case TG_BE16(ETHERTYPE_IPV6):
		return tg_plain_ipv6(rx->pkt, p) && take_ends(e, rx, true);
	default:
		return false;
	}
}

static __attribute__((noinline)) struct tg_verdict
reset(struct tg_engine *e, struct tg_rx *rx)
{
	tg_plain_frame(rx->pkt, &rx->plain, &rx->f);
	return tg_reply_rst_taken(e, rx);
}

/* A RST, or none: what a stray segment gets. */
static inline struct tg_verdict
stray(struct tg_engine *e, struct tg_rx *rx)
{
	return tg_rst_take(e) ? reset(e, rx) : tg_verdict(TG_DROP, TG_DISP_DROP_RST_LIMIT);
}

/* Makes a form, and what the cookies on it have in common. */
static __attribute__((noinline)) void
print(struct tg_engine *e, const struct tg_rx *rx, const struct tg_synack *own,
	struct tg_printed *q, uint64_t what)
{
	const struct tg_port *port = &e->host.port[rx->pkt->port];
	bool v6 = rx->plain.v6;
	struct tg_segment s = {.l2 = {.tags = 0}};
	struct tg_cookie_state st;
	struct tg_offer o;

	tg_offer_take(
		&o, &rx->opt, !v6, e->cfg.timestamps, e->cfg.sack, e->cfg.window_scaling, false);
	st = (struct tg_cookie_state){
		.mss = o.mss,
		.wscale = o.has_wscale ? o.wscale : TG_COOKIE_NO_WSCALE,
		.sack = o.sack,
		.ts = o.ts,
	};
	q->enc = (uint16_t)tg_cookie_common(&e->secret, !v6, &st, &q->key, &q->mask);
	q->mss = o.mss;
	q->flags = (uint16_t)tg_offer_flags(&o, v6);
	tg_synack_fill(&s, own, q->flags, port, 0, UINT32_MAX, 0, 0);
	tg_form_make(&q->form, &s, v6, port->mac, port->offload);
	q->epoch = e->secret.epoch;
	q->what = what;
	q->own = tg_synack_word(own);
}

/* The form for a SYN whose options are in rx->opt. */
static inline struct tg_printed *
form_of(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own)
{
	uint64_t what = UINT64_C(1) << 63 | (uint64_t)rx->pkt->port << 40 |
		(uint64_t)rx->plain.v6 << 32 | (uint32_t)rx->opt.present << 24 |
		(uint32_t)rx->opt.wscale << 16 | rx->opt.mss;
	const uint64_t mix =
		(what ^ (uint64_t)tg_synack_word(own) << 7) * UINT64_C(0x9e3779b97f4a7c15);
	struct tg_printed *q = &e->printed[mix >> 60];

	if (q->what != what || q->own != tg_synack_word(own) || q->epoch != e->secret.epoch) {
		/* Cookies under way may stand on the form that has to go. */
		tg_cookies_write(e, rx - rx->number);
		e->printed_last = NULL;
		print(e, rx, own, q, what);
	}
	return q;
}
_Static_assert(TG_PRINTED == 16, "four bits");

/* The usual case of form_of(): Linux's options, and the same form as for the last SYN. */
static inline const struct tg_printed *
form_again(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own)
{
	const struct tg_printed *q = e->printed_last;
	const uint8_t *opt = rx->plain.tcp + TCP_LEN;

	if (q == NULL || tg_load32(opt) != q->mss_word || tg_load32(opt + 16) != q->wscale_word ||
		rx->pkt->port != q->port || rx->plain.v6 != q->v6 ||
		tg_synack_word(own) != q->own || tg_get32(opt + 4) != TG_OPT_SACK_OK_TS_WORD)
		return NULL;
	rx->tsecr = tg_load32(opt + 8);
	return q;
}

/* The form for any SYN; NULL when it has options that need more. */
static __attribute__((noinline)) const struct tg_printed *
form_new(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own)
{
	const uint8_t *opt = rx->plain.tcp + TCP_LEN;
	unsigned len = rx->plain.hlen - TCP_LEN;
	struct tg_printed *q;

	if (tg_tcpopt_linux_syn(opt, len, &rx->opt)) {
		rx->tsecr = tg_load32(opt + 8);
		q = form_of(e, rx, own);
		q->mss_word = tg_load32(opt);
		q->wscale_word = tg_load32(opt + 16);
		q->port = rx->pkt->port;
		q->v6 = rx->plain.v6;
		e->printed_last = q;
		return q;
	}
	tg_tcpopt_parse(opt, len, true, &rx->opt);
	rx->tsecr = __builtin_bswap32(rx->opt.tsval);
	return rx->opt.present & TG_OPT_REST ? NULL : form_of(e, rx, own);
}

/* The form, if its SYN-ACK fits into the packet; else NULL. */
static inline const struct tg_printed *
form_that_fits(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own)
{
	const struct tg_plain *p = &rx->plain;
	const struct tg_printed *q = NULL;
	struct tg_pkt *pkt = rx->pkt;

	if (p->hlen == TCP_LEN + 20)
		q = form_again(e, rx, own);
	if (q == NULL)
		q = form_new(e, rx, own);
	if (q == NULL ||
		(unsigned)(p->ip - pkt->data) + tg_form_size(&q->form) >
			(unsigned)pkt->len + pkt->tailroom)
		return NULL;
	return q;
}

/* A SYN when all is quiet: an entry. Not for what came with a tag, nor by a new path. */
static __attribute__((noinline)) struct tg_verdict
enter_syn(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l)
{
	const struct tg_plain *p = &rx->plain;
	const uint8_t *tcp = p->tcp;
	uint32_t tsval = rx->digest.ts_offset + tg_ms_of(e->now);
	const struct tg_printed *q;
	struct tg_entry n;

	if (p->ip != rx->pkt->data + ETH_LEN)
		return not_plain;
	q = form_that_fits(e, rx, &l->synack);
	if (q == NULL)
		return not_plain;
	n.path = tg_path_again(&e->host, rx->pkt);
	if (n.path == TG_PATH_NONE)
		return not_plain;
	n.lsn = (uint32_t)(l - e->listeners.lsn);
	n.irs = tg_get32(tcp + 4);
	n.iss = tg_isn(&rx->digest, e->now);
	n.ts_recent = q->form.ts ? __builtin_bswap32(rx->tsecr) : 0;
	n.mss = q->mss;
	n.wnd = tg_get16(tcp + 14);
	n.flags = q->flags;
	memcpy(n.mac, rx->pkt->data + 6, sizeof(n.mac));
	if (p->v6)
		tg_form_write(rx->pkt, p, true, &q->form, n.iss, tsval, rx->tsecr);
	else
		tg_form_write(rx->pkt, p, false, &q->form, n.iss, tsval, rx->tsecr);
	tg_entry_make(e, rx, &n);
	tg_engine_count(e, TG_CNT_IN_SEGS);
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	return tg_verdict(TG_REPLY, TG_DISP_ANSWERED);
}

/* A SYN in a flood, to a listener that answers with cookies. */
static inline struct tg_verdict
answer_syn(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l)
{
	bool pool_full = e->synq.pool.used == e->synq.pool.capacity;
	const struct tg_plain *p = &rx->plain;
	const struct tg_printed *q;

	if (e->cfg.synack_prefix_rate != 0)
		return not_plain;
	if (!tg_admits_cookie(l, &e->admission, pool_full))
		return tg_admits_entry(l, &e->admission) ? enter_syn(e, rx, l) : not_plain;
	q = form_that_fits(e, rx, &l->synack);
	if (q == NULL)
		return not_plain;
	rx->form = q;
	/* The word beside the addresses: ports and the client's ISN. */
	tg_group_add_raw(
		&e->cookies, rx->number, q->key, !p->v6, p->addrs, tg_load64(p->tcp), q->mask);
	l->cookies_sent++;
	l->cookie_until = e->now + TG_COOKIE_LIFETIME;
	tg_engine_count(e, TG_CNT_IN_SEGS);
	tg_engine_count(e, TG_CNT_REQQ_FULL_COOKIES);
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	tg_engine_count(e, TG_CNT_SYNCOOKIES_SENT);
	return tg_verdict(TG_REPLY, TG_DISP_ANSWERED);
}

/* The same for a segment to a port that nobody listens on. */
static inline struct tg_verdict
nobody(struct tg_engine *e, struct tg_rx *rx, unsigned flags)
{
	if (((flags & TG_RST) == 0 && e->cfg.closed_port_drop) || e->cfg.closed_port_pass ||
		e->cfg.pass_ports != 0)
		return not_plain;
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return flags & TG_RST ? tg_verdict(TG_DROP, TG_DISP_DROP_STRAY_RST) : stray(e, rx);
}

/*
 * A segment that may prove a cookie, and mostly does not: an ACK flood while cookies are out. One
 * that does is checked again on the long way.
 */
static __attribute__((noinline)) struct tg_verdict
unproven(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l)
{
	const struct tg_plain *p = &rx->plain;
	const uint8_t *tcp = p->tcp;
	bool ts = p->hlen == TCP_LEN + 12 && tg_get32(tcp + TCP_LEN) == TG_OPT_TS_WORD;

	if ((!ts && p->hlen != TCP_LEN) || l->defer_accept_s != 0 || e->cfg.cookie_check_rate != 0)
		return not_plain;
	if (tg_cookie_check_raw(&e->secret, !p->v6, p->addrs, tcp, tg_get32(tcp + 4) - 1,
		    tg_get32(tcp + 8) - 1, ts, ts ? tg_get32(tcp + TCP_LEN + 8) : 0))
		return not_plain;
	l->cookies_failed++;
	tg_engine_count(e, TG_CNT_SYNCOOKIES_FAILED);
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return stray(e, rx);
}

/* What is no SYN, for a listener. */
static inline struct tg_verdict
not_a_syn(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, unsigned flags)
{
	enum tg_disposition flaw = tg_listen_flaw(flags);

	if (flaw == TG_DISP_COUNT && (flags & TG_SYN) == 0 && tg_cookies_are_out(e, l))
		return unproven(e, rx, l);
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return flaw != TG_DISP_COUNT ? tg_verdict(TG_DROP, flaw) : stray(e, rx);
}

/**
 * Judges a plain segment as tg_input_tcp() would, if that is quick. Fills found.
 *
 * @return the verdict; with disposition TG_DISP_COUNT nothing has happened yet, and
 * tg_plain_frame() and tg_input_found() must have it: a plain segment's ends are acceptable
 */
static inline __attribute__((always_inline)) struct tg_verdict
tg_input_plain(struct tg_engine *e, struct tg_rx *rx)
{
	uint32_t *place = tg_flow_place(&e->flow, &rx->key, rx->digest.hash);
	const struct tg_plain *p = &rx->plain;
	struct tg_lsn *l;
	unsigned flags;

	rx->found = TG_NONE;
	if (place != NULL) {
		rx->found = *place;
		return tg_flow_kind_of(*place) == TG_FLOW_SYN ? tg_input_last_ack(e, rx, place)
							      : not_plain;
	}
	l = tg_lsn_recent(
		&e->listeners, rx->key.laddr, &e->host.local[rx->key.laddr].addr, rx->key.lport);
	flags = tg_plain_flags(p);
	if (l == NULL)
		return nobody(e, rx, flags);
	if (flags == TG_SYN && p->tcp_len == p->hlen)
		return answer_syn(e, rx, l);
	/* With data, with ECN: the long way. */
	if ((flags & (TG_SYN | TG_RST | TG_FIN | TG_ACK)) == TG_SYN)
		return not_plain;
	return not_a_syn(e, rx, l, flags);
}

#endif
