/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_SEG_H
#define TG_TEST_SEG_H
/**
 * @file
 * A TCP segment in its frame, as the tests write and read it.
 *
 * Deliberately nothing of lib/wire is used here: two writings of the same RFCs that must agree
 * find the mistakes that one, used for both directions, would hide. Plain byte loops, no tricks.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

/** Flags by their places in the header, in the order of RFC 9293 3.1. */
enum seg_flags {
	SEG_F = 0x01,
	SEG_S = 0x02,
	SEG_R = 0x04,
	SEG_P = 0x08,
	SEG_A = 0x10,
	SEG_U = 0x20,
	SEG_E = 0x40,
	SEG_C = 0x80,
	SEG_N = 0x100, /**< AE of AccECN, formerly NS */
};

/** Option kinds with a notation of their own. */
enum seg_opt_kind {
	SEG_OPT_EOL = 0,
	SEG_OPT_NOP = 1,
	SEG_OPT_MSS = 2,
	SEG_OPT_WSCALE = 3,
	SEG_OPT_SACK_OK = 4,
	SEG_OPT_SACK = 5,
	SEG_OPT_TS = 8,
	SEG_OPT_TFO = 34,
	SEG_OPT_EXP = 254,
};

/** One option, in the order of the wire. */
struct seg_opt {
	uint8_t kind;
	uint8_t len;     /**< as on the wire; 1 for EOL and NOP */
	uint8_t raw[38]; /**< the bytes behind kind and length */
};

/** Most options in one header: forty NOPs. */
#define SEG_OPTS_MAX 40

/** An IPv6 extension header between IP and TCP. */
struct seg_ext {
	uint8_t kind;   /**< its own number, as IANA lists it */
	uint8_t left;   /**< 43: segments left */
	uint16_t bytes; /**< 8, 16, ... */
};

/** Most of them in one packet: more than any parser needs to walk. */
#define SEG_EXTS_MAX 12

/** A segment. The damage fields matter in writing only. */
struct seg {
	uint8_t eth_dst[6];
	uint8_t eth_src[6];
	uint8_t tags;
	uint16_t tpid[2]; /**< outermost first */
	uint16_t tci[2];
	struct tg_addr src; /**< IPv4 when both are v4-mapped */
	struct tg_addr dst;
	uint8_t tos;
	uint8_t ttl;
	uint16_t ip_id;
	bool df;
	bool mf;
	uint16_t frag; /**< fragment offset in 8-byte units */
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint16_t flags; /**< enum seg_flags */
	uint16_t win;
	uint16_t urg;
	unsigned opts;
	struct seg_opt opt[SEG_OPTS_MAX];
	const uint8_t *data;
	unsigned len;

	unsigned exts; /**< in writing only: IPv6 extension headers */
	struct seg_ext ext[SEG_EXTS_MAX];
	uint8_t ip_opt[40]; /**< in writing only: IPv4 options, */
	unsigned ip_opts;   /**< so many bytes, padded with zeros to a multiple of 4 */

	const uint8_t *opt_bytes; /**< written in place of opt[], whatever they mean; or NULL */
	unsigned opt_bytes_len;
	bool bad_tcp; /**< damage: wrong TCP checksum */
	bool bad_ip;  /**< damage: wrong IPv4 header checksum */
	int doff;     /**< damage: data offset in words as written, -1: the right one */
	int ip_len; /**< damage: IPv4 total or IPv6 payload length as written, -1: the right one */
	int ip_ver; /**< damage: version nibble as written, -1: the right one */
	unsigned trunc; /**< damage: bytes cut off the end of the frame */
	unsigned pad;   /**< link padding behind the packet */
};

/** Longest frame seg_write() makes. */
#define SEG_FRAME_MAX 9300

/** An empty segment: ttl 64, df, no damage. */
void seg_init(struct seg *s);

/** Appends an option with `n` raw bytes. */
void seg_opt_add(struct seg *s, uint8_t kind, const void *raw, unsigned n);

/** The usual ones. */
void seg_opt_mss(struct seg *s, uint16_t mss);
void seg_opt_wscale(struct seg *s, uint8_t shift);
void seg_opt_sack_ok(struct seg *s);
void seg_opt_ts(struct seg *s, uint32_t val, uint32_t ecr);

/** The first option of a kind, or NULL. */
const struct seg_opt *seg_opt_find(const struct seg *s, uint8_t kind);

/** Big-endian number in an option's raw bytes at `at`. */
uint16_t seg_raw16(const struct seg_opt *o, unsigned at);
uint32_t seg_raw32(const struct seg_opt *o, unsigned at);

/**
 * Writes the frame; options are padded with NOPs to a multiple of 4.
 *
 * @param out  room for SEG_FRAME_MAX bytes
 * @param hdr  if not NULL, set to the bytes before the payload
 * @return bytes of the frame
 */
unsigned seg_write(const struct seg *s, uint8_t *out, unsigned *hdr);

/** An ICMP error, ICMPv6 between IPv6 addresses. */
struct seg_icmp {
	uint8_t type, code;
	uint32_t word; /**< behind the checksum: MTU, pointer */
	struct tg_addr from, to;
	unsigned quote; /**< bytes of the quoted packet at most */
	bool bad;       /**< damage: wrong ICMP checksum */
};

/**
 * Writes an error about a segment, in that one's Ethernet header and tags.
 *
 * @param out  room for SEG_FRAME_MAX bytes
 * @return bytes of the frame
 */
unsigned seg_icmp_write(const struct seg_icmp *x, const struct seg *quoted, uint8_t *out);

/**
 * Reads a frame that must be a whole, undamaged TCP segment without anything behind it. `data`
 * points into the frame.
 *
 * @return NULL, or what is wrong with it ("" when it is no TCP at all)
 */
const char *seg_read(const uint8_t *frame, unsigned len, struct seg *s);

/** Sequence numbers the segment takes: payload, SYN, FIN. */
uint32_t seg_space(const struct seg *s);

/** Sum of 16-bit words, big-endian, for checksums written by hand (RFC 1071). */
uint32_t seg_sum(uint32_t sum, const uint8_t *p, unsigned len);
uint16_t seg_fold(uint32_t sum);

#endif
