/* SPDX-License-Identifier: BSD-3-Clause */
#include "proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "frame.h"
#include "tcpopt.h"

#include "csum.h"
#include "die.h"
#include "seg.h"

_Noreturn void
proof_fail(const char *what, const uint8_t *frame, unsigned len)
{
	char hex[3 * 160 + 1];
	unsigned n = 0;

	for (unsigned i = 0; i < len && i < 160; i++)
		n += (unsigned)snprintf(hex + n, 4, "%02x ", frame[i]);
	hex[n] = 0;
	die("a frame was sent that must not be: %s\n  %u bytes: %s", what, len, hex);
}

static unsigned
flatten(const struct tg_pkt *p, uint8_t *out)
{
	unsigned n = 0;

	for (; p != NULL; p = p->next) {
		if (n + p->len > SEG_FRAME_MAX)
			die("a packet of more than %d bytes was sent", SEG_FRAME_MAX);
		memcpy(out + n, p->data, p->len);
		n += p->len;
	}
	return n;
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Sum of the pseudo-header as the port expects it in the checksum field, not complemented. */
static uint16_t
pseudo_field(const uint8_t *l3, bool v6, unsigned l4)
{
	uint32_t sum = seg_sum(0, l3 + (v6 ? 8 : 12), v6 ? 32 : 8);

	return (uint16_t)~seg_fold(sum + 6 + l4);
}

static void
finish_tcp(const struct tg_pkt *p, uint8_t *out, unsigned n)
{
	bool v6 = (p->flags & TG_TX_IPV6) != 0;
	unsigned l4_off = p->l2_len + p->l3_len;
	uint8_t *l3 = out + p->l2_len, *l4 = out + l4_off;

	if (l4_off + 20 > n || p->l4_len < 20 || l4_off + p->l4_len > n)
		proof_fail("offload lengths do not fit the frame", out, n);
	if (l3[0] >> 4 != (v6 ? 6 : 4) || (l4[12] >> 4) * 4 != p->l4_len)
		proof_fail("offload fields do not describe the headers", out, n);
	if ((l4[16] << 8 | l4[17]) != pseudo_field(l3, v6, n - l4_off))
		proof_fail("TCP checksum is left to the port, its field is not the pseudo-header's",
			out, n);
	/* the field's content is summed as well, and is what the pseudo-header adds up to */
	put16(l4 + 16, seg_fold(seg_sum(0, l4, n - l4_off)));
}

unsigned
proof_finish(const struct tg_pkt *p, uint8_t *room)
{
	unsigned n = flatten(p, room);

	if ((p->flags & TG_TX_TCP_CSUM) != 0)
		finish_tcp(p, room, n);
	if ((p->flags & TG_TX_IP_CSUM) != 0) {
		uint8_t *l3 = room + p->l2_len;

		if (p->l2_len + 20u > n || p->l3_len != 20 || l3[0] != 0x45)
			proof_fail("IPv4 checksum is left to the port, but where is the header",
				room, n);
		put16(l3 + 10, 0);
		put16(l3 + 10, seg_fold(seg_sum(0, l3, 20)));
	}
	if ((p->flags & TG_PKT_VLAN_STRIPPED) != 0) {
		if (n < 14)
			proof_fail("a tag is to be inserted, but where is the header", room, n);
		memmove(room + 16, room + 12, n - 12);
		put16(room + 12, 0x8100);
		put16(room + 14, p->vlan_tci);
		n += 4;
	}
	return n;
}

/* An exact copy, so that a sanitizer sees the parser's first step over the end. */
static struct tg_pkt
exact(const uint8_t *frame, unsigned len)
{
	struct tg_pkt p = {0};

	p.data = malloc(len);
	if (p.data == NULL)
		die("the test itself is out of memory");
	memcpy(p.data, frame, len);
	p.len = (uint16_t)len;
	return p;
}

static void
to_segment(const struct tg_frame *f, const struct tg_tcpopt *o, struct tg_segment *s)
{
	memset(s, 0, sizeof(*s));
	s->l2 = f->l2;
	s->src = f->src;
	s->dst = f->dst;
	s->sport = f->sport;
	s->dport = f->dport;
	s->seq = f->seq;
	s->ack = f->ack;
	s->flags = f->flags;
	s->wnd = f->wnd;
	s->tos = f->ip_tos;
	s->ttl = f->hop_limit;
	s->opt = *o;
}

static bool
same_addr(const struct tg_addr *a, const struct tg_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Field by field: struct padding must not count. */
static bool
same_frame(const struct tg_frame *a, const struct tg_frame *b)
{
	return a->kind == b->kind && a->ip_version == b->ip_version && a->ip_tos == b->ip_tos &&
		a->hop_limit == b->hop_limit && a->l3_off == b->l3_off && a->l4_off == b->l4_off &&
		a->payload_off == b->payload_off && a->payload_len == b->payload_len &&
		a->sport == b->sport && a->dport == b->dport && a->seq == b->seq &&
		a->ack == b->ack && a->flags == b->flags && a->wnd == b->wnd &&
		same_addr(&a->src, &b->src) && same_addr(&a->dst, &b->dst) &&
		memcmp(a->l2.src, b->l2.src, 6) == 0 && memcmp(a->l2.dst, b->l2.dst, 6) == 0 &&
		a->l2.tags == b->l2.tags && a->l2.tci[0] == b->l2.tci[0] &&
		a->l2.tci[1] == b->l2.tci[1];
}

static bool
same_opt(const struct tg_tcpopt *a, const struct tg_tcpopt *b)
{
	return a->present == b->present && a->wscale == b->wscale && a->mss == b->mss &&
		a->tsval == b->tsval && a->tsecr == b->tsecr && a->sacks == b->sacks &&
		memcmp(a->sack, b->sack, a->sacks * sizeof(a->sack[0])) == 0;
}

static void
parse_opts(const uint8_t *frame, const struct tg_frame *f, struct tg_tcpopt *o)
{
	unsigned at = f->l4_off + 20u;

	tg_tcpopt_parse(frame + at, f->payload_off - at, (f->flags & TG_SYN) != 0, o);
}

/* parse(emit(parse(frame))) == parse(frame), and the option bytes are those we would write. */
static void
proof_stable(const uint8_t *frame, unsigned len, const struct tg_frame *f)
{
	uint8_t *room = malloc(len);
	struct tg_pkt p = {0};
	struct tg_segment s;
	struct tg_frame g;
	struct tg_tcpopt o, o2;

	if (room == NULL)
		die("the test itself is out of memory");
	parse_opts(frame, f, &o);
	to_segment(f, &o, &s);
	if (tg_emit_tcp_size(&s) != f->payload_off)
		proof_fail("its headers are not as long as the same segment's written again", frame,
			len);
	memcpy(room + f->payload_off, frame + f->payload_off, f->payload_len);
	p.data = room;
	p.tailroom = (uint16_t)len;
	tg_emit_tcp(
		&p, &s, f->payload_len, tg_csum_add(0, frame + f->payload_off, f->payload_len), 0);
	if (p.len != len || tg_frame_parse(&p, &g) != TG_FRAME_TCP || !same_frame(f, &g))
		proof_fail("written again from its values it is another frame", frame, len);
	parse_opts(room, &g, &o2);
	if (!same_opt(&o, &o2) ||
		memcmp(frame + f->l4_off + 20, room + f->l4_off + 20,
			f->payload_off - f->l4_off - 20u) != 0)
		proof_fail("its options are not as they would be written again", frame, len);
	free(room);
}

void
proof_frame(const uint8_t *frame, unsigned len)
{
	struct tg_pkt p = exact(frame, len);
	struct seg s;
	struct tg_frame f;
	const char *err;

	if (tg_frame_parse(&p, &f) == TG_FRAME_BAD)
		proof_fail("it is malformed or damaged", frame, len);
	if (f.kind == TG_FRAME_TCP) {
		err = seg_read(frame, len, &s);
		if (err != NULL)
			proof_fail(err[0] != 0 ? err : "one reader sees TCP, the other none", frame,
				len);
		if (s.seq != f.seq || s.ack != f.ack || s.flags != f.flags || s.win != f.wnd ||
			s.len != f.payload_len)
			proof_fail("two readers see different segments", frame, len);
		if (!s.df || s.ttl < 32)
			proof_fail("DF is clear, or the TTL is small", frame, len);
		if ((s.flags & SEG_A) == 0 && s.ack != 0)
			proof_fail("an acknowledgment number without ACK", frame, len);
		proof_stable(p.data, len, &f);
	} else if (f.kind == TG_FRAME_FRAGMENT || f.kind == TG_FRAME_ARP_REQUEST) {
		proof_fail("a listener never sends fragments or ARP requests", frame, len);
	}
	free(p.data);
}
