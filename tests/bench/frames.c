/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the benchmarks: see frames.h.
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "emit.h"
#include "frames.h"

#define SPACING  2304
#define MBUF     128 /* bytes of struct rte_mbuf, which a driver writes */
#define DATA_OFF 256 /* behind the mbuf and its headroom */

const uint8_t frame_our_mac[6] = {2, 0, 0, 0, 0, 1};
const struct tg_addr frame_our4 = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}};
const struct tg_addr frame_our6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

static const char *const name[FRAME_KINDS] = {
	[FRAME_SYN4] = "SYN, IPv4",
	[FRAME_SYN6] = "SYN, IPv6",
	[FRAME_SYN4_VLAN] = "SYN, IPv4, VLAN tag",
	[FRAME_SYN4_MSS] = "SYN, IPv4, MSS only",
	[FRAME_SYN4_CLOSED] = "SYN to a closed port",
	[FRAME_ACK4] = "ACK",
	[FRAME_ACK4_TS] = "ACK, timestamps",
	[FRAME_ACK4_COOKIE] = "ACK, timestamps, while cookies are out",
	[FRAME_RST4] = "RST",
	[FRAME_FIN4] = "FIN, ACK",
	[FRAME_XMAS4] = "all flags",
	[FRAME_NULL4] = "no flags",
	[FRAME_SYN4_CSUM] = "garbage: TCP checksum wrong",
	[FRAME_IP4_CSUM] = "garbage: IPv4 checksum wrong",
	[FRAME_TCP_LENGTH] = "garbage: TCP header length impossible",
	[FRAME_IP_LENGTH] = "garbage: IPv4 total length beyond the end",
	[FRAME_FRAGMENT] = "garbage: fragment",
	[FRAME_RANDOM] = "garbage: random bytes behind Ethernet",
	[FRAME_UDP4] = "garbage: UDP",
};

/* splitmix64: any generator will do that is the same everywhere. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

const char *
frame_name(enum frame_kind kind)
{
	return name[kind];
}

/* TCP flags, port and options of a kind. */
static void
shape(struct tg_segment *s, enum frame_kind kind)
{
	const unsigned linux_set = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;

	s->flags = TG_SYN;
	s->dport = FRAMES_PORT;
	s->opt.present = (uint8_t)linux_set;
	switch (kind) {
	case FRAME_SYN4_MSS:
		s->opt.present = TG_OPT_MSS;
		break;
	case FRAME_SYN4_CLOSED:
		s->dport = 9;
		break;
	case FRAME_ACK4:
	case FRAME_ACK4_TS:
	case FRAME_ACK4_COOKIE:
		s->flags = TG_ACK;
		s->opt.present = kind == FRAME_ACK4 ? 0 : TG_OPT_TS;
		s->dport = kind == FRAME_ACK4_COOKIE ? FRAMES_PORT : FRAMES_PORT + 1;
		break;
	case FRAME_RST4:
		s->flags = TG_RST;
		s->opt.present = 0;
		break;
	case FRAME_FIN4:
		s->flags = TG_FIN | TG_ACK;
		s->dport = FRAMES_PORT + 1;
		s->opt.present = 0;
		break;
	case FRAME_XMAS4:
		s->flags = TG_FIN | TG_SYN | TG_RST | TG_PSH | TG_ACK | TG_URG | TG_ECE | TG_CWR;
		s->opt.present = 0;
		break;
	case FRAME_NULL4:
		s->flags = 0;
		s->opt.present = 0;
		break;
	default:
		break;
	}
}

/* What is wrong with it, done to a good SYN; ip and tcp are at 14 and 34. */
static void
damage(struct frame *f, enum frame_kind kind, uint64_t *state)
{
	uint8_t *ip = f->bytes + 14, *tcp = f->bytes + 34;

	switch (kind) {
	case FRAME_SYN4_CSUM:
		tcp[16] ^= 0x55;
		break;
	case FRAME_IP4_CSUM:
		ip[10] ^= 0x55;
		break;
	case FRAME_TCP_LENGTH:
		tcp[12] = 0x40;
		break;
	case FRAME_IP_LENGTH:
		/* The header's sum stays right: what goes to the length comes off the
		 * identification. */
		tg_put16(ip + 2, 1000);
		tg_put16(ip + 4, (uint16_t)(tg_get16(ip + 4) - (1000 - 60)));
		break;
	case FRAME_FRAGMENT:
		tg_put16(ip + 6, 0x2000);
		tg_put16(ip + 4, (uint16_t)(tg_get16(ip + 4) + 0x2000));
		break;
	case FRAME_UDP4:
		ip[9] = 17;
		tg_put16(ip + 4, (uint16_t)(tg_get16(ip + 4) - 11));
		break;
	case FRAME_RANDOM:
		for (unsigned i = 14; i < f->len; i++)
			f->bytes[i] = (uint8_t)next(state);
		break;
	default:
		break;
	}
}

/* A source that a host may have: 11.0.0.0 to 126.255.255.255, or in 2001:db8:1::/48. */
static void
source(struct tg_segment *s, bool v6, uint64_t r)
{
	if (!v6) {
		s->src = tg_addr_v4((uint8_t)(11 + (r & 0xff) % 116), (uint8_t)(r >> 8),
			(uint8_t)(r >> 16), (uint8_t)(r >> 24));
		s->dst = frame_our4;
		return;
	}
	s->src = frame_our6;
	s->src.b[5] = 1;
	memcpy(s->src.b + 8, &r, sizeof(r));
	s->dst = frame_our6;
}

static void
make(struct frame *f, enum frame_kind kind, uint64_t *state)
{
	static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
	uint64_t r = next(state), q = next(state);
	struct tg_segment s = {
		.sport = (uint16_t)(1024 + q % 60000),
		.seq = (uint32_t)(q >> 16),
		.wnd = 64240,
		.ip_id = (uint16_t)(0x1000 + (q >> 48) % 0x7000),
		.opt = {.mss = 1460, .wscale = 7, .tsval = (uint32_t)(r >> 32)},
	};
	struct tg_pkt p = {.data = f->bytes, .tailroom = sizeof(f->bytes)};

	memset(f, 0, sizeof(*f));
	source(&s, kind == FRAME_SYN6, r);
	memcpy(s.l2.dst, frame_our_mac, 6);
	memcpy(s.l2.src, peer_mac, 6);
	if (kind == FRAME_SYN4_VLAN) {
		s.l2.tags = 1;
		s.l2.tpid[0] = 0x8100;
		s.l2.tci[0] = 100;
	}
	shape(&s, kind);
	if (s.flags & TG_ACK)
		s.ack = (uint32_t)(r >> 8);
	tg_emit_tcp(&p, &s, 0, 0, 0);
	f->len = p.len > 60 ? p.len : 60;
	damage(f, kind, state);
}

void
stock_make(struct stock *s, enum frame_kind kind, unsigned n, uint64_t seed)
{
	s->n = n;
	s->frame = calloc(n, sizeof(*s->frame));
	if (s->frame == NULL)
		abort();
	for (unsigned i = 0; i < n; i++)
		make(&s->frame[i], kind, &seed);
}

void
stock_free(struct stock *s)
{
	free(s->frame);
}

void
buffers_make(struct buffers *b, unsigned n)
{
	b->n = n;
	b->base = aligned_alloc(64, (size_t)n * SPACING);
	if (b->base == NULL)
		abort();
	memset(b->base, 0, (size_t)n * SPACING);
}

void
buffers_free(struct buffers *b)
{
	free(b->base);
}

static uint8_t *
data_of(const struct buffers *b, unsigned i)
{
	return b->base + (size_t)i * SPACING + DATA_OFF;
}

void
buffers_fill(const struct buffers *b, const struct stock *s)
{
	for (unsigned i = 0; i < b->n; i++) {
		memset(data_of(b, i) - DATA_OFF, (int)i, MBUF);
		memcpy(data_of(b, i), s->frame[i].bytes, s->frame[i].len);
	}
}

void
buffers_describe(const struct buffers *b, const struct stock *s, unsigned first, unsigned n,
	struct tg_pkt pkt[])
{
	for (unsigned i = 0; i < n; i++)
		pkt[i] = (struct tg_pkt){
			.buf = data_of(b, first + i) - DATA_OFF,
			.data = data_of(b, first + i),
			.len = s->frame[first + i].len,
			.headroom = 128,
			.tailroom = (uint16_t)(SPACING - DATA_OFF - s->frame[first + i].len),
		};
}
