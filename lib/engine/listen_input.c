/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment for a listener that belongs to no entry: SYNs, cookies, strays (listener-semantics
 * sections 3 and 4).
 */
#include <string.h>

#include "cookie.h"
#include "engine_internal.h"
#include "entry.h"

static struct tg_verdict
drop_syn(struct tg_engine *e, struct tg_lsn *l, enum tg_disposition d)
{
	l->drops++;
	tg_engine_count(e, TG_CNT_LISTEN_DROPS);
	return tg_verdict(TG_DROP, d);
}

/* A SYN-ACK whose numbers carry the whole state: nothing is written but the packet. */
static struct tg_verdict
answer_with_cookie(
	struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, const struct tg_offer *o)
{
	if (!tg_cookie_promise(e, rx, &l->synack, o))
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_ROOM);
	l->cookies_sent++;
	l->cookie_until = e->now + TG_COOKIE_LIFETIME;
	tg_engine_count(e, TG_CNT_OUT_SEGS);
	tg_engine_count(e, TG_CNT_SYNCOOKIES_SENT);
	return tg_verdict(TG_REPLY, TG_DISP_ANSWERED);
}

void
tg_input_tw_recycled(struct tg_engine *e, const struct tg_tw *t)
{
	uint32_t idx = (uint32_t)((size_t)((const uint8_t *)t - e->conns.tw.pool.base) /
		e->conns.tw.pool.stride);

	tg_tw_remove(&e->conns.tw, &e->flow, idx);
	tg_engine_count(e, TG_CNT_TW_REUSED);
}

static struct tg_verdict
answer_with_entry(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_offer *o,
	const struct tg_tw *reuse)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	const struct tg_frame *f = &rx->f;
	struct tg_entry n = {
		.lsn = lsn,
		.irs = f->seq,
		.iss = tg_isn(&rx->digest, e->now),
		.ts_recent = o->tsval,
		.mss = o->mss,
		.wnd = f->wnd,
		.flags = (uint16_t)tg_offer_flags(o, f->ip_version == 6),
		.path = tg_path_get(&e->host, rx->pkt, f),
	};
	struct tg_segment s;
	struct tg_verdict v;

	if (n.path == TG_PATH_NONE)
		return drop_syn(e, l, TG_DISP_DROP_NO_LINK);
	if (reuse != NULL)
		n.iss = tg_tw_next_iss(reuse, n.iss);
	memcpy(n.mac, f->l2.src, sizeof(n.mac));

	tg_reply_init(&e->host, f, &s);
	tg_synack_fill(&s, &l->synack, n.flags, &e->host.port[rx->pkt->port], n.iss, n.irs,
		rx->digest.ts_offset + tg_ms_of(e->now), n.ts_recent);
	tg_fastopen_option(rx->pkt, &s, o);
	v = tg_reply(e, rx, &s);
	if (v.action != TG_REPLY) {
		tg_path_put(&e->host, n.path);
		return v;
	}
	if (reuse != NULL)
		tg_input_tw_recycled(e, reuse);
	tg_entry_make(e, rx, &n);
	return v;
}

/* What the queues let in, less what the peer's record or its prefix's rate forbid. */
static struct tg_verdict
admitted(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_tw *reuse,
	enum tg_admit what)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_offer offer;
	struct tg_verdict v;

	if (what == TG_ADMIT_PROVEN && !tg_peer_known(e, &rx->f.src))
		return drop_syn(e, l, TG_DISP_DROP_UNPROVEN);
	if (!tg_synack_allowed(e, &rx->f.src))
		return drop_syn(e, l, TG_DISP_DROP_PREFIX_LIMIT);
	tg_offer_take(&offer, &rx->opt, rx->f.ip_version == 4, e->cfg.timestamps, e->cfg.sack,
		e->cfg.window_scaling, e->cfg.ecn && tg_syn_wants_ecn(&rx->f));
	/* Neither option nor data: nothing to ask Fast Open, and most SYNs of a flood. */
	if (((rx->opt.present & (TG_OPT_TFO | TG_OPT_TFO_EXP)) != 0 || rx->f.payload_len > 0) &&
		tg_input_fastopen_syn(e, rx, lsn, &offer, reuse, what == TG_ADMIT_COOKIE, &v))
		return v;
	if (what == TG_ADMIT_COOKIE)
		return answer_with_cookie(e, rx, l, &offer);
	return answer_with_entry(e, rx, lsn, &offer, reuse);
}

struct tg_verdict
tg_input_syn(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_tw *reuse)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	bool pool_full = e->synq.pool.used == e->synq.pool.capacity;
	struct tg_admitted a = tg_admit_syn(l, &e->admission, pool_full, reuse != NULL);

	if (a.full_cookies)
		tg_engine_count(e, TG_CNT_REQQ_FULL_COOKIES);
	if (a.monitored)
		tg_engine_count(e, TG_CNT_SYNCOOKIES_MONITORED);
	switch (a.what) {
	case TG_ADMIT_DROP_SYNQ:
		tg_engine_count(e, TG_CNT_REQQ_FULL_DROP);
		return drop_syn(e, l, TG_DISP_DROP_SYNQ_FULL);
	case TG_ADMIT_DROP_ACCEPTQ:
		l->overflows++;
		tg_engine_count(e, TG_CNT_LISTEN_OVERFLOWS);
		return drop_syn(e, l, TG_DISP_DROP_ACCEPTQ_FULL);
	default:
		return admitted(e, rx, lsn, reuse, a.what);
	}
}

struct tg_verdict
tg_input_listen(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn)
{
	enum tg_disposition flaw = tg_listen_flaw(rx->f.flags);

	if (flaw != TG_DISP_COUNT)
		return tg_verdict(TG_DROP, flaw);
	if (rx->f.flags & TG_ACK)
		return tg_input_cookie(e, rx, lsn);
	tg_rx_options(rx);
	return tg_input_syn(e, rx, lsn, NULL);
}
