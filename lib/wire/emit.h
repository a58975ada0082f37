/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_EMIT_H
#define TG_WIRE_EMIT_H
/**
 * @file
 * Values to bytes: everything the engine sends is written here.
 */
#include <stdint.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

#include "frame.h"
#include "tcpopt.h"

/** Room a TCP segment's headers may need: Ethernet 14 + 2 tags 8 + IPv6 40 + TCP 60 bytes. */
#define TG_HEADERS_MAX 122

/** A TCP segment to be written. */
struct tg_segment {
	struct tg_l2 l2; /**< as it shall leave: dst, src, tags */
	struct tg_addr src;
	struct tg_addr dst; /**< IPv4 when both are v4-mapped */
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint16_t flags; /**< enum tg_tcp_flags */
	uint16_t wnd;   /**< as it shall stand on the wire */
	uint8_t tos;    /**< DSCP and ECN field */
	uint8_t ttl;    /**< TTL, or hop limit of IPv6 */
	uint16_t ip_id; /**< IPv4 identification; DF is always set (RFC 6864: any value will do) */
	struct tg_tcpopt opt;
	/** By tg_reply_init(), for tg_reply_write(): its addresses, turned round, are what counts.
	 */
	const struct tg_frame *answers;
};

/** Where a port computes checksums itself: what tg_emit_* may leave to it. */
enum tg_csum_offload {
	TG_OFFLOAD_IP = TG_TX_IP_CSUM,
	TG_OFFLOAD_TCP = TG_TX_TCP_CSUM,
};

/**
 * Bytes of headers that tg_emit_tcp() will write for this segment (options included).
 */
unsigned tg_emit_tcp_size(const struct tg_segment *s);

/**
 * Writes Ethernet, tags, IP, TCP and options at pkt->data.
 *
 * @param pkt      data points to room for headers and payload; payload, if any, already lies
 *                 directly behind the headers (at data + tg_emit_tcp_size(s)). On return len is
 *                 headers + payload_len, and flags, l2_len, l3_len, l4_len say what is left to
 *                 the port (TG_PKT_VLAN_STRIPPED and vlan_tci are left as they were).
 * @param s        the segment
 * @param payload_len  bytes of payload behind the headers
 * @param payload_sum  unfolded sum of the payload (tg_csum_copy); not looked at with
 *                 TG_OFFLOAD_TCP or without payload
 * @param offload  enum tg_csum_offload bits: checksums the port will compute
 */
void tg_emit_tcp(struct tg_pkt *pkt, const struct tg_segment *s, unsigned payload_len,
	uint64_t payload_sum, unsigned offload);

/** Bytes of headers that tg_emit_answer() will write. */
unsigned tg_emit_answer_size(const struct tg_frame *f, const struct tg_segment *s);

/**
 * Writes a segment without payload over the one it answers: addresses, ports and MACs turned round,
 * tags as they are, no IPv4 options or IPv6 extension headers. What tg_emit_tcp() would write, less
 * the copies of what is there already.
 *
 * @param pkt      holds the segment of f, and has tg_emit_answer_size() bytes at data
 * @param f        a TCP segment, TG_FRAME_TCP
 * @param s        l2, src, dst, sport and dport are not looked at
 * @param mac      our address on the port
 * @param offload  enum tg_csum_offload bits
 */
void tg_emit_answer(struct tg_pkt *pkt, const struct tg_frame *f, const struct tg_segment *s,
	const uint8_t mac[6], unsigned offload);

/**
 * Turns an ARP request for one of our addresses into the reply, in place (RFC 826).
 *
 * @param pkt  holds the request of f
 * @param mac  our address on that port
 */
void tg_emit_arp_reply(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6]);

/**
 * Turns an ICMP or ICMPv6 echo request into the reply, in place, over a chain too.
 * IPv4 options and IPv6 extension headers are taken out: the first segment may get shorter.
 */
void tg_emit_echo_reply(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6]);

/**
 * Turns a neighbour solicitation into the solicited advertisement, in place (RFC 4861 7.2.4).
 * A solicitation from :: (duplicate address detection) is answered to ff02::1, unsolicited flag.
 * The advertisement has its 8-byte target link-layer option, so pkt may grow: tailroom is used.
 *
 * @return 0, or -ENOSPC when the buffer has no room for the option or is a chain (pkt untouched;
 *         a solicitation lies whole in its first segment, so only padding can make it one)
 */
int tg_emit_nd_advert(struct tg_pkt *pkt, const struct tg_frame *f, const uint8_t mac[6]);

#endif
