/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame parser, and the replies written over what it accepted, on anything at all.
 *
 * Input: two bytes of control, then the frame. Byte 0: bits 0-1 say which checksum verdicts the
 * port gives as good, bit 2 cuts the frame into a chain. Byte 1: where the chain is cut, in units
 * of 2 bytes. Good verdicts let the fuzzer pass the checksums, which it cannot guess.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "frame.h"
#include "tcpopt.h"

enum { ROOM = 16, FRAME_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* A segment of exactly n bytes, and `room` writable ones behind it. */
static struct tg_pkt
segment(const uint8_t *p, size_t n, unsigned room)
{
	struct tg_pkt pkt;

	memset(&pkt, 0, sizeof(pkt));
	pkt.buf = malloc(n + room != 0 ? n + room : 1);
	require(pkt.buf != NULL);
	if (n != 0)
		memcpy(pkt.buf, p, n);
	pkt.data = (uint8_t *)pkt.buf + (n + room == 0);
	pkt.len = (uint16_t)n;
	pkt.tailroom = (uint16_t)room;
	return pkt;
}

static void
check_bounds(const struct tg_pkt *pkt, const struct tg_frame *f, size_t total)
{
	require(f->l2.tags <= TG_VLAN_MAX);
	require((f->kind == TG_FRAME_BAD) == (f->bad != TG_BAD_NONE));
	if (f->kind == TG_FRAME_BAD)
		return;
	require(f->l3_off == 14 + 4 * f->l2.tags && f->l3_off <= pkt->len);
	require(f->l4_off <= pkt->len && f->payload_off <= pkt->len);
	require(f->payload_off + (size_t)f->payload_len <= total);
	if (f->kind == TG_FRAME_TCP) {
		struct tg_tcpopt o;

		require(f->l4_off >= f->l3_off + (f->ip_version == 4 ? 20 : 40));
		require(f->payload_off >= f->l4_off + 20 && f->payload_off <= f->l4_off + 60);
		tg_tcpopt_parse(pkt->data + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
			(f->flags & TG_SYN) != 0, &o);
	}
}

/* The reply must parse, and not as another request: two hosts would answer each other for ever. */
static void
check_reply(struct tg_pkt *pkt, const struct tg_frame *f, size_t total)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	unsigned kind = f->kind;
	struct tg_frame g;

	/* Admission drops these before it answers; the reply's destination would be refused. */
	if (f->ip_version == 6 && tg_addr_is_v4(&f->src))
		return;
	switch (kind) {
	case TG_FRAME_ARP_REQUEST:
		tg_emit_arp_reply(pkt, f, mac);
		require(tg_frame_parse(pkt, &g) == TG_FRAME_ARP_OTHER);
		break;
	case TG_FRAME_ICMP_ECHO:
	case TG_FRAME_ICMP6_ECHO:
		tg_emit_echo_reply(pkt, f, mac);
		require(tg_frame_parse(pkt, &g) == kind + 1);
		require(g.payload_len == f->payload_len);
		break;
	case TG_FRAME_ND_SOLICIT:
		if (tg_emit_nd_advert(pkt, f, mac) != 0) {
			require(tg_frame_parse(pkt, &g) == kind);
			return;
		}
		require(pkt->len <= total + ROOM);
		require(tg_frame_parse(pkt, &g) == TG_FRAME_ICMP6_OTHER);
		break;
	default:
		return;
	}
	require(memcmp(pkt->data + 6, mac, 6) == 0);
	require(pkt->len >= 14);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_pkt seg[2];
	struct tg_frame f;
	size_t cut;
	unsigned flags;

	if (size < 2 || size > FRAME_MAX)
		return 0;
	flags = data[0];
	cut = data[1] * 2u;
	data += 2;
	size -= 2;
	if (!(flags & 4) || cut > size)
		cut = size;
	seg[0] = segment(data, cut, flags & 8 ? ROOM : 0);
	seg[1] = segment(data + cut, size - cut, 0);
	if (cut < size)
		seg[0].next = &seg[1];
	seg[0].flags = (uint16_t)((flags & 1 ? TG_RX_IP_CSUM_GOOD : 0) |
		(flags & 2 ? TG_RX_L4_CSUM_GOOD : 0));
	memset(&f, 0xa5, sizeof(f));
	tg_frame_parse(&seg[0], &f);
	check_bounds(&seg[0], &f, size);
	check_reply(&seg[0], &f, size);
	free(seg[0].buf);
	free(seg[1].buf);
	return 0;
}
