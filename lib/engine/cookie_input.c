/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACKs that prove a SYN cookie, or do not (listener-semantics section 5).
 */
#include <string.h>

#include "bytes.h"
#include "complete.h"
#include "cookie.h"
#include "defer.h"

/* What became of an ACK that may prove a cookie. */
enum proof {
	PROOF_NONE,   /* not one */
	PROOF_GOOD,   /* proven */
	PROOF_RATE,   /* not looked at: cookie_check_rate is used up */
	PROOF_IGNORE, /* not looked at: a bare ACK while accept is deferred */
};

/* Does this ACK prove a cookie of ours? At most one PRF call. */
static enum proof
prove_cookie(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, struct tg_cookie_state *st)
{
	const struct tg_frame *f = &rx->f;
	struct tg_tuple tuple;

	if ((f->flags & TG_SYN) != 0 || !tg_cookies_are_out(e, l))
		return PROOF_NONE;
	/* The first segment with data carries the same proof (listener-semantics section 7). */
	if (l->defer_accept_s != 0 && !l->defer_cookies && tg_is_bare_ack(f))
		return PROOF_IGNORE;
	if (e->cfg.cookie_check_rate != 0 &&
		!tg_bucket_take(&e->cookie_check, e->cfg.cookie_check_rate, tg_ms_of(e->now)))
		return PROOF_RATE;
	tg_rx_options(rx);
	tg_rx_tuple(f, &tuple);
	if (tg_cookie_check(&e->secret, &tuple, f->seq - 1, f->ack - 1,
		    (rx->opt.present & TG_OPT_TS) != 0, rx->opt.tsecr, st)) {
		l->cookies_recv++;
		tg_engine_count(e, TG_CNT_SYNCOOKIES_RECV);
		return PROOF_GOOD;
	}
	l->cookies_failed++;
	tg_engine_count(e, TG_CNT_SYNCOOKIES_FAILED);
	return PROOF_NONE;
}

/* The answer to an ACK that proved nothing. */
static struct tg_verdict
unproven(struct tg_engine *e, struct tg_rx *rx, struct tg_lsn *l, enum proof proof)
{
	switch (proof) {
	case PROOF_RATE:
		return tg_verdict(TG_DROP, TG_DISP_DROP_COOKIE_RATE);
	case PROOF_IGNORE:
		l->defer_drops++;
		tg_engine_count(e, TG_CNT_DEFER_ACCEPT_DROP);
		return tg_verdict(TG_DROP, TG_DISP_DROP_DEFER);
	default:
		return tg_reply_rst(e, rx);
	}
}

/*
 * With a shared secret the cookie may be another machine's, whose clock was ahead of ours: the
 * connection's timestamps go on from the echoed one, or the client's PAWS would drop our data.
 */
static uint32_t
ts_offset_of(const struct tg_engine *e, const struct tg_rx *rx)
{
	uint32_t clock = rx->digest.ts_offset + tg_ms_of(e->now);

	if (e->cfg.cookie_seed_shared && tg_seq_lt(clock, rx->opt.tsecr))
		return rx->digest.ts_offset + (rx->opt.tsecr - clock);
	return rx->digest.ts_offset;
}

/* A proven cookie becomes a connection, if there is room for one. */
static struct tg_verdict
complete_cookie(
	struct tg_engine *e, struct tg_rx *rx, uint32_t lsn, const struct tg_cookie_state *st)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_proven p;
	struct tg_tcb *t;

	if (tg_lsn_full(l)) {
		tg_count_ack_drop(e, l);
		return e->cfg.abort_on_overflow ? tg_reply_rst(e, rx)
						: tg_verdict(TG_DROP, TG_DISP_DROP_ACCEPTQ_FULL);
	}
	p = (struct tg_proven){
		.key = rx->key,
		.irs = rx->f.seq - 1,
		.iss = rx->f.ack - 1,
		.ts_recent = rx->opt.tsval,
		.mss = st->mss,
		.wscale = st->wscale,
		.has_wscale = st->wscale != TG_COOKIE_NO_WSCALE,
		.sack = st->sack,
		.ts = st->ts,
		.ecn = st->ecn,
		.cookie = true,
		.v6 = rx->f.ip_version == 6,
		.rtt_ms = UINT32_MAX,
		.path = tg_path_get(&e->host, rx->pkt, &rx->f),
	};
	if (p.path == TG_PATH_NONE)
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_LINK);
	memcpy(p.mac, rx->f.l2.src, sizeof(p.mac));
	tg_proven_by(e, lsn, &rx->digest, rx->pkt->port, &p);
	p.ts_offset = ts_offset_of(e, rx);
	t = tg_tcb_open(&e->conns, &p, rx->f.wnd, e->now);
	if (t == NULL) {
		tg_engine_count(e, TG_CNT_TCB_FULL);
		tg_path_put(&e->host, p.path);
		return tg_verdict(TG_DROP, TG_DISP_DROP_NO_TCB);
	}
	tg_peer_note(e, rx->f.src.b);
	tg_flow_insert(
		&e->flow, rx->digest.hash, tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&e->conns, t)));
	return tg_establish(e, rx, t, lsn);
}

struct tg_verdict
tg_input_cookie(struct tg_engine *e, struct tg_rx *rx, uint32_t lsn)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_cookie_state st;
	enum proof proof = prove_cookie(e, rx, l, &st);

	if (proof != PROOF_GOOD)
		return unproven(e, rx, l, proof);
	return complete_cookie(e, rx, lsn, &st);
}

struct tg_verdict
tg_input_cookie_beside(struct tg_engine *e, struct tg_rx *rx, uint32_t idx)
{
	uint32_t lsn = tg_half_at(&e->synq, idx)->key.free_use;
	struct tg_lsn *l = &e->listeners.lsn[lsn];
	struct tg_cookie_state st;
	enum proof proof = prove_cookie(e, rx, l, &st);

	if (proof != PROOF_GOOD)
		return unproven(e, rx, l, proof);
	tg_half_remove(e, idx);
	return complete_cookie(e, rx, lsn, &st);
}
