/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way of a flood: plain segments (plain.h) that belong to no entry and are dropped, reset
 * or answered with a cookie.
 *
 * Everything here is the long way of tcp_input.c, listen_input.c and cookie_input.c with the rare
 * questions left out: whoever would have to ask one says so before anything is counted or changed,
 * and the long way begins. tests/model/model_flood.c holds both against each other, packet by
 * packet.
 */
#include "cookie.h"
#include "engine_internal.h"

/* Said of what must go the long way. Nothing has happened yet. */
static const struct tg_verdict not_plain = {TG_DROP, TG_DISP_COUNT};

/* Which of our addresses is this? Nearly always the same as the last time. */
static inline int
local_of(struct tg_engine *e, const struct tg_plain *p)
{
	const uint8_t *dst = tg_plain_dst(p);
	const struct tg_local *l = &e->host.local[e->plain_local];
	struct tg_addr a;
	int n;

	/* An empty place is ::, which is nobody's address. */
	if (p->v6 ? memcmp(l->addr.b, dst, 16) == 0
		  : memcmp(l->addr.b + 12, dst, 4) == 0 && tg_addr_is_v4(&l->addr))
		return e->plain_local;
	tg_plain_addr(p, dst, &a);
	n = tg_host_find(&e->host, &a);
	if (n >= 0)
		e->plain_local = (uint16_t)n;
	return n;
}

bool
tg_plain_take(struct tg_engine *e, struct tg_rx *rx)
{
	struct tg_plain *p = &rx->plain;
	struct tg_addr src;
	int local;

	rx->form = NULL;
	if (rx->pkt->port >= TG_PORTS_MAX || !e->host.port[rx->pkt->port].used ||
		!tg_plain_read(rx->pkt, e->host.port[rx->pkt->port].mac, p))
		return false;
	local = local_of(e, p);
	if (local < 0)
		return false;
	tg_plain_addr(p, p->v6 ? p->ip + 8 : p->ip + 12, &src);
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

/* A RST, or none: what a stray segment gets. */
static struct tg_verdict
stray(struct tg_engine *e, struct tg_rx *rx)
{
	if (!tg_rst_take(e))
		return tg_verdict(TG_DROP, TG_DISP_DROP_RST_LIMIT);
	tg_plain_frame(rx->pkt, &rx->f);
	return tg_reply_rst_taken(e, rx);
}

/* Makes a form, and what the cookies on it have in common. */
static __attribute__((noinline)) void
print(struct tg_engine *e, const struct tg_rx *rx, struct tg_printed *q, uint64_t what)
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
	tg_synack_fill(&s, &e->synack, tg_offer_flags(&o, v6), port, 0, UINT32_MAX, 0, 0);
	tg_form_make(&q->form, &s, v6, port->offload);
	q->epoch = e->secret.epoch;
	q->what = what;
}

/* The form for a SYN whose options are in rx->opt. */
static inline const struct tg_printed *
form_of(struct tg_engine *e, struct tg_rx *rx)
{
	uint64_t what = UINT64_C(1) << 63 | (uint64_t)rx->pkt->port << 40 |
		(uint64_t)rx->plain.v6 << 32 | (uint32_t)rx->opt.present << 24 |
		(uint32_t)rx->opt.wscale << 16 | rx->opt.mss;
	struct tg_printed *q = &e->printed[what * UINT64_C(0x9e3779b97f4a7c15) >> 60];

	if (q->what != what || q->epoch != e->secret.epoch) {
		/* Cookies under way may stand on the form that has to go. */
		tg_cookies_write(e, rx - rx->number);
		print(e, rx, q, what);
	}
	return q;
}
_Static_assert(TG_PRINTED == 16, "four bits");

/* A SYN in a flood, to a listener that answers with cookies. */
static inline struct tg_verdict
answer_syn(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, unsigned flags)
{
	const struct tg_plain *p = &rx->plain;
	const struct tg_printed *q;
	struct tg_pkt *pkt = rx->pkt;
	bool pool_full = e->synq.pool.used == e->synq.pool.capacity;

	/* Without data, ECN or a limit for its prefix. */
	if (flags != TG_SYN || p->tcp_len != p->hlen || e->cfg.synack_prefix_rate != 0 ||
		!tg_admits_cookie(l, &e->admission, pool_full))
		return not_plain;
	if (!tg_tcpopt_linux_syn(p->tcp + TCP_LEN, p->hlen - TCP_LEN, &rx->opt)) {
		tg_tcpopt_parse(p->tcp + TCP_LEN, p->hlen - TCP_LEN, true, &rx->opt);
		if (rx->opt.present & TG_OPT_REST)
			return not_plain;
	}
	q = form_of(e, rx);
	if ((unsigned)(p->ip - pkt->data) + tg_form_size(&q->form) >
		(unsigned)pkt->len + pkt->tailroom)
		return not_plain;
	rx->form = q;
	/* The word beside the addresses: ports and the client's ISN. */
	tg_group_add_raw(&e->cookies, rx->number, q->key, !p->v6, p->v6 ? p->ip + 8 : p->ip + 12,
		tg_plain_load64(p->tcp), q->mask);
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
	if ((flags & TG_RST) == 0 && e->cfg.closed_port_drop)
		return not_plain;
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return flags & TG_RST ? tg_verdict(TG_DROP, TG_DISP_DROP_STRAY_RST) : stray(e, rx);
}

struct tg_verdict
tg_input_plain(struct tg_engine *e, struct tg_rx *rx)
{
	unsigned flags = tg_plain_flags(&rx->plain);
	enum tg_disposition flaw;
	struct tg_lsn *l;
	uint32_t lsn;

	if (tg_flow_lookup(&e->flow, &rx->key, rx->digest.hash) != TG_NONE)
		return not_plain;
	lsn = tg_lsn_recent(
		&e->listeners, rx->key.laddr, &e->host.local[rx->key.laddr].addr, rx->key.lport);
	if (lsn == TG_NONE)
		return nobody(e, rx, flags);
	l = &e->listeners.lsn[lsn];
	flaw = tg_listen_flaw(flags);
	if (flaw != TG_DISP_COUNT) {
		tg_engine_count(e, TG_CNT_IN_SEGS);
		return tg_verdict(TG_DROP, flaw);
	}
	if ((flags & TG_ACK) == 0)
		return answer_syn(e, rx, l, flags);
	if ((flags & TG_SYN) == 0 && tg_cookies_are_out(e, l))
		return not_plain;
	tg_engine_count(e, TG_CNT_IN_SEGS);
	return stray(e, rx);
}
