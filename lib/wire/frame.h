/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_FRAME_H
#define TG_WIRE_FRAME_H
/**
 * @file
 * Received bytes to values: the only place that reads a header off the wire, but for what an ICMP
 * error quotes (quote.h).
 *
 * One call per packet walks Ethernet, up to two VLAN tags, IPv4 or IPv6 with its extension headers,
 * and the transport header, checks every length and every checksum the port has not checked, and
 * fills a struct tg_frame. Nothing above this room ever looks at a header byte.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

/** At most this many VLAN tags are understood (802.1Q in 802.1ad). */
#define TG_VLAN_MAX 2

/** Layer 2 of a received frame, everything a reply needs to find its way back. */
struct tg_l2 {
	uint8_t dst[6];
	uint8_t src[6];
	uint16_t tpid[TG_VLAN_MAX]; /**< outermost first: 0x8100 or 0x88a8 */
	uint16_t tci[TG_VLAN_MAX];  /**< PCP, DEI and VID, host byte order */
	uint8_t tags;               /**< 0 to TG_VLAN_MAX, a tag in tg_pkt.vlan_tci not counted */
};

_Static_assert(offsetof(struct tg_l2, src) == 6, "both addresses are copied at once");

/** What a frame turned out to be. */
enum tg_frame_kind {
	TG_FRAME_BAD,         /**< malformed or damaged: tg_frame.bad says how */
	TG_FRAME_OTHER,       /**< well-formed as far as read, of no protocol the engine speaks */
	TG_FRAME_ARP_REQUEST, /**< Ethernet/IPv4 ARP request; src = sender, dst = target */
	TG_FRAME_ARP_OTHER,   /**< any other ARP */
	TG_FRAME_ICMP_ECHO,   /**< ICMP echo request, checksum good */
	TG_FRAME_ICMP_OTHER,  /**< any other ICMP */
	TG_FRAME_ND_SOLICIT,  /**< neighbour solicitation passing RFC 4861 7.1.1; target set */
	TG_FRAME_ICMP6_ECHO,  /**< ICMPv6 echo request, checksum good */
	TG_FRAME_ICMP6_OTHER, /**< any other ICMPv6 */
	TG_FRAME_TCP,         /**< TCP with header, options bound and checksum checked */
	TG_FRAME_FRAGMENT,    /**< an IP fragment (IPv4 MF or offset, IPv6 fragment header) */
};

/** Why a frame is TG_FRAME_BAD. */
enum tg_frame_bad {
	TG_BAD_NONE,
	TG_BAD_ETH,        /**< too short for its Ethernet header or tags */
	TG_BAD_ARP,        /**< ARP too short, or of other address sizes */
	TG_BAD_IP_HEADER,  /**< version, header length or total length impossible; IPv6 jumbogram,
				v4-mapped IPv6 destination, extension header chain truncated,
				longer than the bounded walk, or hop-by-hop not first in it */
	TG_BAD_IP_CSUM,    /**< IPv4 header checksum wrong */
	TG_BAD_ICMP,       /**< ICMP or ICMPv6 too short, checksum wrong, or ND rules broken */
	TG_BAD_TCP_HEADER, /**< TCP header or data offset impossible */
	TG_BAD_TCP_CSUM,   /**< TCP checksum wrong */
};

/** TCP flags as they stand in the header's 13th and 14th byte (RFC 9293 3.1, RFC 3168). */
enum tg_tcp_flags {
	TG_FIN = 0x01,
	TG_SYN = 0x02,
	TG_RST = 0x04,
	TG_PSH = 0x08,
	TG_ACK = 0x10,
	TG_URG = 0x20,
	TG_ECE = 0x40,
	TG_CWR = 0x80,
	TG_AE = 0x100, /**< AccECN, formerly NS */
};

/** The ECN field: the low two bits of tg_frame.ip_tos and tg_segment.tos (RFC 3168 5). */
enum tg_ecn {
	TG_ECN_NOT_ECT = 0,
	TG_ECN_ECT_1 = 1,
	TG_ECN_ECT_0 = 2, /**< what we send */
	TG_ECN_CE = 3,    /**< congestion experienced */
	TG_ECN_MASK = 3,
};

/**
 * A parsed frame. Offsets count from tg_pkt.data of the first segment. Addresses are copies, so
 * the buffer may be overwritten while the frame is in use.
 */
struct tg_frame {
	uint8_t kind;         /**< enum tg_frame_kind */
	uint8_t bad;          /**< enum tg_frame_bad */
	uint8_t ip_version;   /**< 4, 6, or 0 when not IP */
	uint8_t ip_tos;       /**< DSCP and ECN field, or IPv6 traffic class */
	uint8_t hop_limit;    /**< TTL or hop limit */
	bool may_be_tcp;      /**< TG_FRAME_FRAGMENT: of TCP, or behind more extension headers */
	uint16_t l3_off;      /**< IP (or ARP) header */
	uint16_t l4_off;      /**< transport header */
	uint16_t payload_off; /**< first payload byte; options lie in [l4_off + 20, payload_off) */
	uint32_t payload_len; /**< bytes of payload, over the whole chain, link padding excluded */
	uint16_t sport;       /**< host byte order, TCP only */
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint16_t flags;     /**< enum tg_tcp_flags */
	uint16_t wnd;       /**< as on the wire, unscaled */
	struct tg_addr src; /**< v4-mapped for IPv4 and ARP */
	struct tg_addr dst;
	struct tg_addr target; /**< ND: the target address */
	struct tg_l2 l2;
};

/**
 * Parses one packet.
 *
 * Reads never pass the end of a segment; all headers must lie in the first one (a frame that
 * splits its headers over segments is TG_FRAME_BAD with the matching reason). The IP total length
 * rules: bytes behind it are link padding, fewer bytes than it are an error. The IPv6 extension
 * header walk is bounded (8 headers); hop-by-hop, routing (any type with segments left 0),
 * destination options are skipped without obeying the options inside, a fragment header makes
 * TG_FRAME_FRAGMENT, AH/ESP/others and a routing header with segments left make TG_FRAME_OTHER.
 * An IPv6 payload length of 0 (jumbogram) is bad unless nothing follows (next header 59). Checksums
 * are verified in software unless TG_RX_*_GOOD says the port did it; TG_RX_*_BAD is taken as wrong.
 *
 * @param pkt  packet as received, not modified
 * @param f    filled; on TG_FRAME_BAD and TG_FRAME_OTHER only kind, bad and the fields of layers
 *             already read are meaningful
 * @return f->kind
 */
enum tg_frame_kind tg_frame_parse(const struct tg_pkt *pkt, struct tg_frame *f);

#endif
