/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_QUOTE_H
#define TG_WIRE_QUOTE_H
/**
 * @file
 * What an ICMP or ICMPv6 error says, and the TCP segment it quotes.
 *
 * Read only when a frame turned out to be ICMP that the engine does not answer, so that TCP pays
 * nothing for it. The message's own checksum and addresses were checked by tg_frame_parse().
 */
#include <stdint.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

#include "frame.h"

/** What kind of trouble the error reports (RFC 9293 3.9.2.2, RFC 1122 4.2.3.9, RFC 4443 3). */
enum tg_icmp_error {
	TG_ICMP_QUENCH,  /**< source quench: without effect (RFC 6633) */
	TG_ICMP_SOFT,    /**< may go away: no route, host unreachable, time exceeded, parameter */
	TG_ICMP_HARD,    /**< will not: port or protocol unreachable, prohibited */
	TG_ICMP_TOO_BIG, /**< fragmentation needed and DF set; packet too big */
};

/** An error and the head of the segment it is about, as that segment left us. */
struct tg_quote {
	struct tg_addr src; /**< v4-mapped for IPv4 */
	struct tg_addr dst;
	uint32_t seq;
	uint32_t mtu;   /**< TG_ICMP_TOO_BIG: of the next hop as written, 0 from old routers */
	uint16_t sport; /**< host byte order */
	uint16_t dport;
	uint8_t what;  /**< enum tg_icmp_error */
	uint8_t error; /**< the errno value Linux has for it, positive */
};

/** How reading it ended. */
enum tg_quote_result {
	TG_QUOTE_NONE, /**< no error, of no kind known, or not about TCP */
	TG_QUOTE_BAD,  /**< the quoted packet is cut too short, or impossible */
	TG_QUOTE_TCP,  /**< the quote is filled */
};

/**
 * Reads an ICMP message that tg_frame_parse() called TG_FRAME_ICMP_OTHER or TG_FRAME_ICMP6_OTHER:
 * ICMP types 3, 4, 11 and 12, ICMPv6 types 1 to 4.
 *
 * The quoted header may have IPv4 options, or up to 8 IPv6 extension headers; 8 bytes of TCP must
 * follow it (RFC 792), all in the first segment of the chain. What routers change on the way (TTL,
 * checksum, lengths) is not looked at. A quoted fragment other than the first is TG_QUOTE_NONE.
 *
 * @param pkt  packet as received, not modified
 * @param f    what tg_frame_parse() made of it
 * @param q    filled for TG_QUOTE_TCP, undefined otherwise
 */
enum tg_quote_result tg_quote_parse(
	const struct tg_pkt *pkt, const struct tg_frame *f, struct tg_quote *q);

#endif
