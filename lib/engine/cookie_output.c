/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN-ACKs with cookies. What a SYN gets is decided when its turn comes, with all counters; what is
 * written into its packet follows when the whole burst has been judged, since the PRF of 32 SYNs at
 * once costs a fifth of 32 times one. Nothing else of the engine depends on those bytes.
 */
#include "cookie.h"
#include "engine_internal.h"

bool
tg_cookie_promise(struct tg_engine *e, struct tg_rx *rx, const struct tg_synack *own,
	const struct tg_offer *o)
{
	const struct tg_frame *f = &rx->f;
	const struct tg_cookie_state st = {
		.mss = o->mss,
		.wscale = o->has_wscale ? o->wscale : TG_COOKIE_NO_WSCALE,
		.sack = o->sack,
		.ts = o->ts,
		.ecn = o->ecn,
	};
	unsigned flags = tg_offer_flags(o, f->ip_version == 6);

	if (f->l3_off + tg_synack_size(flags) > (unsigned)rx->pkt->len + rx->pkt->tailroom)
		return false;
	if (!o->ts)
		flags &= ~(unsigned)TG_HALF_ECN; /* nothing to carry it in */
	rx->cookie_flags = (uint16_t)flags;
	rx->cookie_ts_clock = rx->digest.ts_offset + tg_ms_of(e->now);
	rx->cookie_tsecr = o->tsval;
	rx->cookie_own = own;
	rx->cookie_enc =
		(uint16_t)tg_cookie_ask(&e->secret, &e->cookies, rx->number, f->ip_version == 4,
			&f->src, &f->dst, (uint32_t)f->sport << 16 | f->dport, f->seq, &st);
	return true;
}

/* On a form: tg_input_plain() has promised it. */
static inline __attribute__((always_inline)) void
write_printed(struct tg_engine *e, struct tg_rx *rx, bool v6, const uint8_t x[16], tg_ms now)
{
	const struct tg_printed *q = rx->form;
	uint32_t iss, tsval = 0;

	iss = tg_cookie_answer(
		&e->secret, x, q->enc, q->form.ts, rx->digest.ts_offset + now, &tsval);
	tg_form_write(rx->pkt, &rx->plain, v6, &q->form, iss, tsval, rx->tsecr);
}

static void
write_described(struct tg_engine *e, struct tg_rx *rx, const uint8_t x[16])
{
	unsigned flags = rx->cookie_flags;
	uint32_t iss, tsval = 0;
	struct tg_segment s;

	iss = tg_cookie_answer(&e->secret, x, rx->cookie_enc, (flags & TG_HALF_TS) != 0,
		rx->cookie_ts_clock, &tsval);
	tg_reply_init(&e->host, &rx->f, &s);
	tg_synack_fill(&s, rx->cookie_own, flags, &e->host.port[rx->pkt->port], iss, rx->f.seq,
		tsval, rx->cookie_tsecr);
	tg_reply_write(&e->host, rx->pkt, &s);
}

static inline __attribute__((always_inline)) void
write_one(struct tg_engine *e, struct tg_rx *rx, bool v6, const uint8_t x[16], tg_ms now)
{
	if (rx->form != NULL)
		write_printed(e, rx, v6, x, now);
	else
		write_described(e, rx, x);
}

void
tg_cookies_write(struct tg_engine *e, struct tg_rx rx[])
{
	struct tg_prf_group *g = &e->cookies;
	tg_ms now = tg_ms_of(e->now);

	tg_group_run(g);
	for (unsigned i = 0; i < g->n4; i++)
		write_one(e, &rx[g->who4[i]], false, g->x4[i], now);
	for (unsigned i = 0; i < g->n6; i++)
		write_one(e, &rx[g->who6[i]], true, g->x6[i], now);
	g->n4 = g->n6 = 0;
}
