/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_PKT_H
#define TIDEGATE_PKT_H
/**
 * @file
 * A packet at the seam between the core and whoever owns the buffers.
 *
 * The core never learns what a buffer is (an rte_mbuf in production, a malloc'ed block in tests):
 * it sees bytes with room around them, and an opaque pointer it hands back.
 */
#include "types.h"

/** Flags of tg_pkt.flags. The RX group says what the port knows, the TX group what it must do. */
enum tg_pkt_flags {
	TG_RX_IP_CSUM_GOOD = 1 << 0,   /**< IPv4 header checksum verified by the port */
	TG_RX_IP_CSUM_BAD = 1 << 1,    /**< IPv4 header checksum found wrong by the port */
	TG_RX_L4_CSUM_GOOD = 1 << 2,   /**< TCP checksum verified by the port */
	TG_RX_L4_CSUM_BAD = 1 << 3,    /**< TCP checksum found wrong by the port */
	TG_PKT_VLAN_STRIPPED = 1 << 4, /**< rx: outermost tag taken off into vlan_tci;
					    tx: insert vlan_tci as outermost 802.1Q tag */
	TG_TX_IP_CSUM = 1 << 5,        /**< port computes the IPv4 header checksum */
	TG_TX_TCP_CSUM = 1 << 6,       /**< port computes the TCP checksum; the field holds the
					     pseudo-header sum as rte_ipv4_phdr_cksum() would */
	TG_TX_IPV6 = 1 << 7,           /**< the packet is IPv6 (only set together with a TX flag) */
	TG_TX_RESERVE = 1 << 8,        /**< belongs to a connection, or is ARP or ND: may use what
					    is kept in reserve when buffers or places run short */
};

/**
 * One packet, or one segment of a chained packet.
 *
 * Ownership is that of `buf`: see tg_engine_input() and tg_engine_output().
 */
struct tg_pkt {
	void *buf;           /**< the owner's buffer; opaque to the core */
	uint8_t *data;       /**< first byte: the Ethernet header in the first segment */
	struct tg_pkt *next; /**< rx: next segment; all headers are contiguous in the first */
	uint16_t len;        /**< bytes of this segment at data */
	uint16_t headroom;   /**< writable bytes before data */
	uint16_t tailroom;   /**< writable bytes after data + len */
	uint16_t port;       /**< port id as given to tg_engine_add_port() */
	uint16_t flags;      /**< enum tg_pkt_flags */
	uint16_t vlan_tci;   /**< valid with TG_PKT_VLAN_STRIPPED, host byte order */
	uint8_t l2_len;      /**< tx with TX flags: bytes of Ethernet header and tags */
	uint8_t l4_len;      /**< tx with TX flags: bytes of TCP header with options */
	uint16_t l3_len;     /**< tx with TX flags: bytes of IP header with extensions */
};

/** A fresh buffer handed to the core by tg_env.buf_alloc. */
struct tg_buf {
	void *buf;     /**< opaque, given back to tg_env.buf_free or out through a tg_pkt */
	uint8_t *base; /**< first writable byte */
	uint32_t size; /**< writable bytes at base, at least TG_BUF_MIN */
};

/** Least usable size of a buffer in bytes: a full 1500-byte frame with two VLAN tags. */
#define TG_BUF_MIN 1536

#endif
