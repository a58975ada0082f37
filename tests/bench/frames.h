/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_BENCH_FRAMES_H
#define TG_BENCH_FRAMES_H
/**
 * @file
 * Packets for the benchmarks: a stock of frames of one kind, and buffers spaced as a DPDK pool
 * spaces them, into which the stock is copied again before each round.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

/**
 * Buffers that are cycled where data shall be cold. With their mbufs, which a driver writes too,
 * they are 2 MB of lines: more than a second-level cache holds, so data comes from the third level.
 */
#define FRAMES_COLD 8192
/** Buffers that are cycled where data shall be hot. */
#define FRAMES_HOT 64

/** Listening ports are FRAMES_PORT to FRAMES_PORT + 15. */
#define FRAMES_PORT 80

/** What is made. From random sources; to our address, where nothing else is said. */
enum frame_kind {
	FRAME_SYN4,        /**< IPv4 SYN, Linux's options: 74 bytes */
	FRAME_SYN6,        /**< the same over IPv6: 94 bytes */
	FRAME_SYN4_VLAN,   /**< with an 802.1Q tag: 78 bytes */
	FRAME_SYN4_MSS,    /**< IPv4 SYN with MSS only: 60 bytes with padding */
	FRAME_SYN4_CLOSED, /**< IPv4 SYN, Linux's options, to a port nobody listens on */
	FRAME_ACK4,        /**< bare ACK, 60 bytes with padding, to a listener without cookies */
	FRAME_ACK4_TS,     /**< the same with timestamps: 66 bytes */
	FRAME_ACK4_COOKIE, /**< the same, to the listener that sends cookies */
	FRAME_RST4,        /**< RST, 60 bytes with padding */
	FRAME_FIN4,        /**< FIN and ACK, 60 bytes with padding */
	FRAME_XMAS4,       /**< all flags set */
	FRAME_NULL4,       /**< no flag set */
	FRAME_SYN4_CSUM,   /**< FRAME_SYN4 with a wrong TCP checksum */
	FRAME_IP4_CSUM,    /**< FRAME_SYN4 with a wrong IPv4 header checksum */
	FRAME_TCP_LENGTH,  /**< FRAME_SYN4 with a data offset of 4 words */
	FRAME_IP_LENGTH,   /**< FRAME_SYN4 with an IPv4 total length beyond the frame */
	FRAME_FRAGMENT,    /**< FRAME_SYN4 as a first fragment */
	FRAME_RANDOM,      /**< our MAC, IPv4's type, 60 random bytes */
	FRAME_UDP4,        /**< IPv4, UDP: handed back */
	FRAME_KINDS,
};

/** Name of a kind for the table. */
const char *frame_name(enum frame_kind kind);

/** Our MAC address on port 0, and our addresses: 192.0.2.1, 2001:db8::1. */
extern const uint8_t frame_our_mac[6];
extern const struct tg_addr frame_our4, frame_our6;

/** A frame. */
struct frame {
	uint16_t len;
	uint8_t bytes[126];
};

/** Frames of one kind. */
struct stock {
	struct frame *frame;
	unsigned n;
};

/** Makes n frames that differ in address, port and sequence number; the same for the same seed. */
void stock_make(struct stock *s, enum frame_kind kind, unsigned n, uint64_t seed);

/** Frees it. */
void stock_free(struct stock *s);

/** Buffers, 2304 bytes apart (a DPDK mbuf with its usual 2176 bytes of data room). */
struct buffers {
	uint8_t *base;
	unsigned n;
};

/** Makes n buffers. */
void buffers_make(struct buffers *b, unsigned n);

/** Frees them. */
void buffers_free(struct buffers *b);

/** Copies the stock into the buffers, as a port would: in order, mbufs written too. */
void buffers_fill(const struct buffers *b, const struct stock *s);

/** Describes buffers [first, first + n) as received packets of port 0. */
void buffers_describe(const struct buffers *b, const struct stock *s, unsigned first, unsigned n,
	struct tg_pkt pkt[]);

#endif
