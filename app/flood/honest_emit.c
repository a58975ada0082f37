/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "csum.h"
#include "emit.h"
#include "honest_internal.h"

static void
fill(const struct honest *h, const struct client *c, struct tg_segment *s, tg_time now)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->l2.dst, h->cfg.dst_mac, 6);
	memcpy(s->l2.src, h->cfg.src_mac, 6);
	if (h->cfg.vlan != 0) {
		s->l2.tags = 1;
		s->l2.tpid[0] = 0x8100;
		s->l2.tci[0] = h->cfg.vlan;
	}
	s->src = client_addr(h, c);
	s->dst = h->cfg.dst;
	s->sport = client_port(h, c);
	s->dport = (uint16_t)(h->cfg.dport + (c->style == HONEST_SERVER_FIRST));
	s->wnd = 64240;
	s->seq = c->nxt;
	s->ack = c->rcv_nxt;
	s->flags = TG_ACK;
	if (c->ts) {
		s->opt.present = TG_OPT_TS;
		/* Clocks of different clients need not agree; this one never stands at 0. */
		s->opt.tsval = (uint32_t)(now / TG_MSEC) + 1;
		s->opt.tsecr = c->ts_recent;
	}
}

static unsigned
write_frame(uint8_t *frame, const struct tg_segment *s, const struct client *c, unsigned payload)
{
	struct tg_pkt pkt = {.data = frame};
	unsigned at = tg_emit_tcp_size(s);
	uint64_t sum = 0;

	for (unsigned i = 0; i < payload; i++)
		frame[at + i] = request_byte(c, i);
	if (payload != 0)
		sum = tg_csum_add(0, frame + at, payload);
	tg_emit_tcp(&pkt, s, payload, sum, 0);
	return pkt.len;
}

unsigned
client_emit(struct honest *h, struct client *c, uint8_t *frame, tg_time now)
{
	struct tg_segment s;
	unsigned payload = 0;

	fill(h, c, &s, now);
	if (c->state == CLIENT_SYN_SENT) {
		s.flags = TG_SYN;
		s.seq = c->iss;
		s.ack = 0;
		s.opt.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;
		s.opt.mss = h->v6 ? 1440 : 1460;
		s.opt.wscale = 7;
		c->wants = 0;
	} else if (c->wants & WANT_RST) {
		s.flags = TG_RST | TG_ACK;
		client_free(h, c);
	} else if (c->wants & WANT_ACK && !(c->wants & WANT_FIN)) {
		c->wants &= (uint8_t)~WANT_ACK;
	} else if (c->wants & WANT_REQUEST) {
		c->wants &= (uint8_t)~WANT_REQUEST;
		/* It may have been acknowledged since it was wished for. */
		if (c->asked && c->una == c->nxt)
			return 0;
		s.seq = c->iss + 1;
		s.flags |= TG_PSH;
		payload = HONEST_REQUEST;
		c->asked = true;
		c->nxt = c->iss + 1 + HONEST_REQUEST;
	} else if (c->wants & WANT_FIN) {
		/* It says all that a bare ACK would. */
		c->wants &= (uint8_t) ~(WANT_FIN | WANT_ACK);
		if (c->state != CLIENT_CLOSING)
			return 0;
		if (!c->fin_sent)
			c->nxt++;
		c->fin_sent = true;
		s.seq = c->nxt - 1;
		s.flags |= TG_FIN;
	} else {
		c->wants &= (uint8_t)~WANT_PROBE;
		s.seq = c->una - 1;
	}
	return write_frame(frame, &s, c, payload);
}
