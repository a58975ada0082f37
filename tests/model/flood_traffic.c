/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the test of the short way: see flood_traffic.h.
 */
#include "flood_traffic.h"

#include <string.h>

#include "bytes.h"
#include "csum.h"

#define SYN_ACKS 64 /* answers that a later ACK may confirm */

const uint8_t traffic_mac[TRAFFIC_PORTS][6] = {
	{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 1}, {0x42, 0, 0, 0, 0, 1}};

static uint64_t random_state;
static struct tg_frame syn_ack[SYN_ACKS];

void
traffic_seed(uint64_t seed)
{
	random_state = seed;
	memset(syn_ack, 0, sizeof(syn_ack));
}

uint64_t
traffic_any(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned
traffic_below(unsigned n)
{
	return (unsigned)(traffic_any() % n);
}

/* One time of n. */
static bool
seldom(unsigned n)
{
	return traffic_below(n) == 0;
}

struct tg_addr
traffic_addr(bool v6, unsigned i)
{
	struct tg_addr a = {{0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(1 + i)}};

	return v6 ? a : tg_addr_v4(192, 0, 2, (uint8_t)(1 + i));
}

static void
some_options(struct tg_tcpopt *o)
{
	static const uint8_t sets[] = {TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE,
		TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE, TG_OPT_MSS, 0,
		TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_WSCALE, TG_OPT_TS};

	o->present = seldom(4) ? (uint8_t)traffic_below(128) : sets[traffic_below(sizeof(sets))];
	if (o->present & TG_OPT_TFO)
		o->present &= (uint8_t)~TG_OPT_TFO_EXP;
	o->mss = seldom(3) ? (uint16_t)traffic_any() : 1460;
	o->wscale = seldom(3) ? (uint8_t)traffic_below(16) : 7;
	o->tsval = (uint32_t)traffic_any();
	o->tsecr = (uint32_t)traffic_any();
	o->tfo_len = seldom(2) ? 8 : 0;
	o->sacks = 1;
}

static void
some_flags(struct tg_segment *s)
{
	static const uint16_t usual[] = {TG_SYN, TG_SYN, TG_SYN, TG_ACK, TG_ACK, TG_RST,
		TG_FIN | TG_ACK, TG_RST | TG_ACK, TG_SYN | TG_ACK, TG_SYN | TG_ECE | TG_CWR, 0};

	s->flags = seldom(5) ? (uint16_t)traffic_below(512)
			     : usual[traffic_below(sizeof(usual) / sizeof(usual[0]))];
}

/* What no honest packet comes from, and other hosts of our network. */
static struct tg_addr
bad_source(bool v6, const struct tg_addr *dst)
{
	static const uint8_t first[] = {0, 127, 224, 239, 240, 255, 1, 223};
	struct tg_addr a = *dst;

	switch (traffic_below(5)) {
	case 0:
		return a;
	case 1:
		return traffic_addr(v6, traffic_below(TRAFFIC_ADDRS));
	case 2:
		return v6 ? traffic_addr(true, 254) : tg_addr_v4(192, 0, 2, 255);
	case 3:
		if (!v6)
			return tg_addr_v4(first[traffic_below(sizeof(first))],
				(uint8_t)traffic_any(), 255, 255);
		memset(a.b, 0, sizeof(a.b));
		a.b[seldom(2) ? 0 : 15] = seldom(2) ? 0xff : 1;
		return a;
	default:
		a.b[15] ^= (uint8_t)traffic_any();
		return a;
	}
}

/* From few or many sources, so that connections and half-open entries are met again. */
static void
some_ends(struct tg_segment *s)
{
	bool v6 = seldom(3);

	s->dst = traffic_addr(v6, seldom(4) ? traffic_below(TRAFFIC_ADDRS) : 0);
	s->src = v6 ? traffic_addr(true, 0) : tg_addr_v4(198, 51, 100, (uint8_t)traffic_below(8));
	if (v6) {
		s->src.b[5] = 1;
		s->src.b[15] = (uint8_t)traffic_below(8);
	}
	if (seldom(4))
		for (unsigned i = v6 ? 2 : 12; i < 16; i++)
			s->src.b[i] = (uint8_t)traffic_any();
	if (seldom(20))
		s->src = bad_source(v6, &s->dst);
	if (seldom(20))
		s->dst.b[15] = (uint8_t)traffic_any();
	s->sport = seldom(10) ? (uint16_t)traffic_below(3) : (uint16_t)(1024 + traffic_below(6));
	s->dport = seldom(30) ? 0 : (uint16_t)(79 + traffic_below(6));
}

/* The ACK that a client of this SYN-ACK would send, or nearly. */
static void
confirm(struct tg_segment *s, const struct tg_frame *f)
{
	if (f->dport == 0)
		return; /* none is remembered yet */
	s->src = f->dst;
	s->dst = f->src;
	s->sport = f->dport;
	s->dport = f->sport;
	s->seq = f->ack;
	s->ack = f->seq + !seldom(8);
	s->flags = TG_ACK;
	s->opt.present = f->target.b[0] & TG_OPT_TS;
	s->opt.tsecr = tg_get32(f->target.b + 4);
	s->opt.tsval = tg_get32(f->target.b + 8) + (seldom(8) ? UINT32_MAX : 1);
}

static void
some_link(struct tg_l2 *l2, unsigned port)
{
	memcpy(l2->dst, traffic_mac[port], 6);
	if (seldom(40)) /* a group, everybody, another station */
		memset(l2->dst, seldom(2) ? 0xff : (int)traffic_below(4), 6);
	l2->src[0] = seldom(40) ? 3 : 2;
	l2->src[5] = (uint8_t)traffic_any();
	l2->tags = (uint8_t)(seldom(4) ? traffic_below(3) : 0);
	for (unsigned i = 0; i < l2->tags; i++) {
		l2->tpid[i] = seldom(2) ? 0x88a8 : 0x8100;
		l2->tci[i] = (uint16_t)traffic_any();
	}
}

/* --- hostile ---------------------------------------------------------------------------------
 */

/* A packet as it was emitted, and where its headers are. */
struct made {
	uint8_t *data;
	unsigned len;
	unsigned l3, l4; /* offsets */
	bool v6;
};

/* Both checksums once more, over what the lengths on the wire claim, as far as that is there. */
static void
repair(const struct made *m)
{
	uint8_t *ip = m->data + m->l3, *tcp;
	unsigned hlen = m->v6 ? 40 : (ip[0] & 15) * 4u;
	unsigned claimed = tg_get16(ip + (m->v6 ? 4 : 2)) + (m->v6 ? 40u : 0u);
	uint64_t sum;
	uint16_t c;

	if (hlen < 20 || m->l3 + hlen > m->len)
		return;
	if (!m->v6) {
		tg_put16(ip + 10, 0);
		c = (uint16_t)~tg_csum_fold(tg_csum_add(0, ip, hlen));
		memcpy(ip + 10, &c, 2);
	}
	if (claimed < hlen + 20 || m->l3 + claimed > m->len)
		return;
	tcp = ip + hlen;
	tg_put16(tcp + 16, 0);
	sum = m->v6 ? tg_csum_add(0, ip + 8, 32) : tg_csum_add(0, ip + 12, 8);
	sum += (uint64_t)__builtin_bswap16(6) + __builtin_bswap16((uint16_t)(claimed - hlen));
	c = (uint16_t)~tg_csum_fold(tg_csum_add(sum, tcp, claimed - hlen));
	memcpy(tcp + 16, &c, 2);
}

/* Room for n bytes at `at`. */
static void
insert(struct made *m, unsigned at, unsigned n)
{
	memmove(m->data + at + n, m->data + at, m->len - at);
	m->len += n;
	tg_put16(m->data + m->l3 + (m->v6 ? 4 : 2),
		(uint16_t)(tg_get16(m->data + m->l3 + (m->v6 ? 4 : 2)) + n));
}

/* IPv4 options, or an IPv6 extension header. */
static void
grow_ip(struct made *m)
{
	uint8_t *ip = m->data + m->l3;
	unsigned n = m->v6 ? 8 : 4 * (1 + traffic_below(10));

	insert(m, m->l4, n);
	if (m->v6) {
		static const uint8_t ext[] = {0, 43, 44, 60, 59};

		memset(ip + 40, 0, n);
		ip[40] = ip[6];
		ip[6] = ext[traffic_below(sizeof(ext))];
	} else {
		memset(ip + 20, 1, n);
		ip[0] = (uint8_t)(0x45 + n / 4);
	}
	m->l4 += n;
}

/* TCP options of up to 40 bytes, well-formed or not; kinds and lengths that mean something. */
static void
hostile_options(struct made *m)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 8, 10, 34, 254, 255, 20};
	uint8_t *tcp = m->data + m->l4;
	unsigned have = (tcp[12] >> 4) * 4u - 20, more = (40 - have) / 4;

	if (have < 20 && seldom(2))
		more = 5 - have / 4; /* as long as Linux's */
	else
		more = traffic_below(more + 1);
	insert(m, m->l4 + 20, 4 * more);
	tcp[12] = (uint8_t)(tcp[12] + (more << 4));
	for (unsigned i = 0; i < 4 * more; i++)
		tcp[20 + i] =
			seldom(4) ? (uint8_t)traffic_any() : bytes[traffic_below(sizeof(bytes))];
	if (seldom(2) && have + 4 * more > 0)
		tcp[20 + traffic_below(have + 4 * more)] ^= (uint8_t)(1u << traffic_below(8));
}

/* Lengths and fragments that fit neither each other nor the frame. */
static void
hostile_lengths(struct made *m)
{
	uint8_t *ip = m->data + m->l3, *length = ip + (m->v6 ? 4 : 2);

	switch (traffic_below(6)) {
	case 0:
		tg_put16(length, (uint16_t)traffic_below(m->v6 ? 64 : 100));
		break;
	case 1:
		tg_put16(length, (uint16_t)(tg_get16(length) + traffic_below(9) - 4));
		break;
	case 2:
		tg_put16(length, seldom(2) ? (uint16_t)traffic_any() : 0);
		break;
	case 3: /* the header's own */
		m->data[m->l4 + 12] = (uint8_t)(m->data[m->l4 + 12] ^ traffic_below(16) << 4);
		break;
	case 4:
		if (m->v6)
			ip[6] = (uint8_t)traffic_below(64);
		else
			tg_put16(ip + 6, (uint16_t)(1u << traffic_below(16)));
		break;
	default:
		ip[0] = (uint8_t)(ip[0] ^ 1u << traffic_below(8));
		break;
	}
}

/* Anything may happen; the checksums are mostly right all the same. */
static void
mutate(struct made *m)
{
	if (!seldom(5))
		return;
	switch (traffic_below(5)) {
	case 0:
		grow_ip(m);
		break;
	case 1:
	case 2:
		hostile_options(m);
		break;
	case 3:
		hostile_lengths(m);
		break;
	default:
		for (unsigned n = 1 + traffic_below(3); n > 0; n--)
			m->data[traffic_below(m->len)] ^= (uint8_t)(1u << traffic_below(8));
		break;
	}
	if (!seldom(4))
		repair(m);
	if (seldom(8))
		m->len = 14 + traffic_below(m->len - 14);
}

/* --- whole packets --------------------------------------------------------------------------- */

static void
some_meta(struct tg_pkt *meta)
{
	if (seldom(6)) {
		meta->flags |= TG_PKT_VLAN_STRIPPED;
		meta->vlan_tci = (uint16_t)traffic_any();
	}
	if (seldom(6))
		meta->flags |= (uint16_t)(1u << traffic_below(4));
	if (seldom(6))
		meta->flags |= TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD;
}

unsigned
traffic_packet(uint8_t *data, struct tg_pkt *meta)
{
	struct tg_pkt p = {.data = data, .tailroom = TRAFFIC_MAX};
	unsigned payload = seldom(6) ? traffic_below(40) : 0;
	struct tg_segment s;
	struct made m;

	memset(&s, 0, sizeof(s));
	meta->port = (uint16_t)(seldom(5) ? traffic_below(TRAFFIC_PORTS) : 0);
	some_link(&s.l2, meta->port);
	some_ends(&s);
	some_flags(&s);
	some_options(&s.opt);
	s.seq = seldom(2) ? 1000 : (uint32_t)traffic_any();
	s.ack = (uint32_t)traffic_any();
	s.wnd = seldom(8) ? 0 : (uint16_t)traffic_any();
	s.tos = seldom(4) ? (uint8_t)traffic_any() : 0;
	s.ttl = (uint8_t)traffic_any();
	s.ip_id = (uint16_t)traffic_any();
	if (seldom(5))
		confirm(&s, &syn_ack[traffic_below(SYN_ACKS)]);
	m.data = data;
	m.v6 = !tg_addr_is_v4(&s.src) || !tg_addr_is_v4(&s.dst);
	m.l3 = 14 + 4u * s.l2.tags;
	m.l4 = m.l3 + (m.v6 ? 40 : 20);
	m.len = tg_emit_tcp_size(&s);
	for (unsigned i = 0; i < payload; i++)
		data[m.len + i] = (uint8_t)traffic_any();
	tg_emit_tcp(&p, &s, payload, tg_csum_add(0, data + m.len, payload), 0);
	m.len = p.len;
	mutate(&m);
	if (m.len < 60 && !seldom(8)) {
		memset(data + m.len, seldom(2) ? 0 : 0x5a, 60 - m.len);
		m.len = 60;
	}
	some_meta(meta);
	return m.len;
}

void
traffic_note(const struct tg_pkt *pkt)
{
	struct tg_frame *f = &syn_ack[traffic_below(SYN_ACKS)];
	struct tg_pkt good = *pkt;
	struct tg_frame seen;
	struct tg_tcpopt o;

	good.flags = TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD;
	if (tg_frame_parse(&good, &seen) != TG_FRAME_TCP || seen.flags != (TG_SYN | TG_ACK))
		return;
	*f = seen;
	tg_tcpopt_parse(pkt->data + f->l4_off + 20, f->payload_off - f->l4_off - 20u, true, &o);
	/* `target` is free in a TCP frame, and keeps what options it has. */
	f->target.b[0] = o.present;
	tg_put32(f->target.b + 4, o.tsval);
	tg_put32(f->target.b + 8, o.tsecr);
}
