/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment from the server: RFC 9293 3.10.7, as far as clients need it that send one request.
 */
#include <string.h>

#include "bytes.h"
#include "honest_internal.h"
#include "tcpopt.h"

/* The bits of a and b that count, n of 4 and 8 bytes. */
static inline uint64_t
differ(const uint8_t *a, const uint8_t *b, const uint8_t *mask, unsigned n)
{
	uint64_t x = 0, y = 0, bits = 0;

	memcpy(&x, a, n);
	memcpy(&y, b, n);
	memcpy(&bits, mask, n);
	return (x ^ y) & bits;
}

bool
honest_owns(const struct honest *h, const uint8_t *frame, unsigned len)
{
	const uint8_t *dst = frame + h->l3 + (h->v6 ? 24 : 16);

	if (!h->v6)
		return len >= h->l3 + 20u && differ(dst, h->net, h->net_mask, 4) == 0;
	return len >= h->l3 + 40u && differ(dst, h->net, h->net_mask, 8) == 0 &&
		differ(dst + 8, h->net + 8, h->net_mask + 8, 8) == 0;
}

/* The client a segment is for, or NULL. */
static struct client *
find(struct honest *h, const struct tg_frame *f)
{
	uint64_t number;
	struct client *c;
	struct tg_addr a;
	uint32_t host;

	if (f->dport < PORT_FIRST)
		return NULL;
	host = h->cfg.from.len == (h->v6 ? 128 : 32)
		? 0
		: (uint32_t)f->dst.b[15] - h->net[h->v6 ? 15 : 3] - 1;
	if (host >= h->addrs)
		return NULL;
	number = ((uint64_t)(f->dport - PORT_FIRST) << h->addr_bits) | host;
	c = &h->client[number & h->mask];
	if (c->state == CLIENT_FREE || client_port(h, c) != f->dport ||
		f->sport != h->cfg.dport + (c->style == HONEST_SERVER_FIRST))
		return NULL;
	a = client_addr(h, c);
	if (memcmp(&a, &f->dst, sizeof(a)) != 0 || memcmp(&h->cfg.dst, &f->src, sizeof(a)) != 0)
		return NULL;
	return c;
}

/* The last ACK, and the request behind it as soon as the window lets it out. */
static void
connected(struct honest *h, struct client *c, const struct tg_frame *f, const struct tg_tcpopt *o,
	tg_time now)
{
	c->una = c->nxt;
	c->rcv_nxt = f->seq + 1;
	c->ts = (o->present & TG_OPT_TS) != 0;
	c->ts_recent = o->tsval;
	c->wscale = o->present & TG_OPT_WSCALE ? o->wscale : 0;
	c->wnd = f->wnd; /* RFC 7323 2.2: never scaled in a SYN */
	c->state = CLIENT_WAITING;
	h->st.connected++;
	hist_add(&h->st.connect, now - c->began);
	client_want(h, c, WANT_ACK);
	if (c->style != HONEST_REQUEST_FIRST)
		return;
	c->rto_ms = DATA_RTO / TG_MSEC;
	c->resend = now + DATA_RTO;
	if (c->wnd >= HONEST_REQUEST)
		client_want(h, c, WANT_REQUEST);
	client_arm(h, c, c->resend < c->give_up ? c->resend : c->give_up);
}

static void
in_syn_sent(struct honest *h, struct client *c, const struct tg_frame *f, const struct tg_tcpopt *o,
	tg_time now)
{
	if (!(f->flags & TG_ACK) || f->ack != c->iss + 1) {
		h->st.wrong++;
		return;
	}
	if (f->flags & TG_RST)
		client_fail(h, c, true);
	else if (!(f->flags & TG_SYN))
		h->st.wrong++;
	else if (now - c->began <= HONEST_PATIENCE)
		connected(h, c, f, o, now);
}

/* Takes what is new of the payload. Returns false when it is not what a server should say. */
static bool
take(struct client *c, const struct tg_frame *f, const uint8_t *data, unsigned skip)
{
	unsigned n = f->payload_len - skip;

	if (c->style == HONEST_REQUEST_FIRST) {
		if (c->got + n > HONEST_REQUEST)
			return false;
		for (unsigned i = 0; i < n; i++)
			if (data[f->payload_off + skip + i] != request_byte(c, c->got + i))
				return false;
	}
	c->got += n;
	c->rcv_nxt += n;
	return true;
}

static void
first_byte(struct honest *h, struct client *c, tg_time now)
{
	if (now - c->began > HONEST_PATIENCE) {
		client_fail(h, c, false);
		return;
	}
	c->succeeded = true;
	c->state = CLIENT_READING;
	h->st.succeeded++;
	hist_add(&h->st.first_byte, now - c->began);
}

static void
acknowledge(struct honest *h, struct client *c, const struct tg_frame *f, tg_time now)
{
	c->wnd = (uint32_t)f->wnd << c->wscale;
	if (tg_seq_lt(c->una, f->ack) && tg_seq_leq(f->ack, c->nxt))
		c->una = f->ack;
	if (c->state == CLIENT_WAITING && c->style == HONEST_REQUEST_FIRST) {
		/* A server behind a proxy opens its window later. */
		if (!c->asked && c->wnd >= HONEST_REQUEST)
			client_want(h, c, WANT_REQUEST);
		if (c->asked && c->una == c->nxt)
			c->resend = TG_TIME_NEVER;
	}
	if (c->state == CLIENT_CLOSING && c->fin_sent && c->una == c->nxt) {
		c->resend = TG_TIME_NEVER;
		if (c->fin_got) {
			c->state = CLIENT_LINGER;
			h->st.closed++;
			h->open--;
			client_arm(h, c, now + LINGER);
		}
	}
}

/* Payload and FIN, in order only. */
static void
read_data(struct honest *h, struct client *c, const struct tg_frame *f, const uint8_t *data,
	tg_time now)
{
	uint32_t old = c->rcv_nxt - f->seq; /* bytes seen before */
	bool fin = (f->flags & TG_FIN) != 0;

	if (f->payload_len == 0 && !fin)
		return;
	client_want(h, c, WANT_ACK);
	if (tg_seq_lt(c->rcv_nxt, f->seq) || (old > f->payload_len) || c->fin_got)
		return;
	if (f->payload_len > old && c->state != CLIENT_CLOSING) {
		if (!take(c, f, data, old)) {
			h->st.wrong++;
			client_fail(h, c, false);
			return;
		}
		if (c->state == CLIENT_WAITING)
			first_byte(h, c, now);
		if (c->wants & WANT_RST)
			return; /* it came too late */
	} else {
		c->rcv_nxt = f->seq + f->payload_len;
	}
	if (fin) {
		c->rcv_nxt++;
		c->fin_got = true;
		if (c->state == CLIENT_WAITING) {
			client_fail(h, c, true);
			return;
		}
	}
	if (c->state == CLIENT_READING &&
		(fin || c->style == HONEST_SERVER_FIRST || c->got == HONEST_REQUEST))
		client_close(h, c, now);
}

static void
in_connection(struct honest *h, struct client *c, const struct tg_frame *f,
	const struct tg_tcpopt *o, const uint8_t *data, tg_time now)
{
	if (f->flags & TG_RST) {
		if (f->seq == c->rcv_nxt && c->state != CLIENT_LINGER)
			client_fail(h, c, true);
		return;
	}
	/* A SYN-ACK again: our last ACK was lost. */
	if (f->flags & TG_SYN) {
		client_want(h, c, WANT_ACK);
		return;
	}
	if (!(f->flags & TG_ACK))
		return;
	if (c->state == CLIENT_LINGER) {
		if (f->payload_len != 0 || f->flags & TG_FIN)
			client_want(h, c, WANT_ACK);
		return;
	}
	if (c->ts && o->present & TG_OPT_TS && f->seq == c->rcv_nxt)
		c->ts_recent = o->tsval;
	if (now > c->give_up && !c->succeeded)
		return; /* the wheel is about to say so */
	read_data(h, c, f, data, now);
	if (c->state != CLIENT_FREE && !(c->wants & WANT_RST))
		acknowledge(h, c, f, now);
}

bool
honest_input(struct honest *h, const uint8_t *frame, unsigned len, tg_time now)
{
	struct tg_pkt pkt = {.data = (uint8_t *)(uintptr_t)frame, .len = (uint16_t)len};
	struct tg_frame f;
	struct tg_tcpopt o;
	struct client *c;

	if (tg_frame_parse(&pkt, &f) != TG_FRAME_TCP) {
		h->st.wrong += f.kind == TG_FRAME_BAD;
		return false;
	}
	c = find(h, &f);
	if (c == NULL)
		return false;
	h->st.received++;
	if (c->wants & WANT_RST)
		return true; /* given up already */
	tg_tcpopt_parse(
		frame + f.l4_off + 20, f.payload_off - f.l4_off - 20u, (f.flags & TG_SYN) != 0, &o);
	if (c->state == CLIENT_SYN_SENT)
		in_syn_sent(h, c, &f, &o, now);
	else
		in_connection(h, c, &f, &o, frame, now);
	return true;
}
