/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_TEMPLATE_H
#define FLOOD_TEMPLATE_H
/**
 * @file
 * The flood, one frame after the other: prepared headers of which source, ports and sequence
 * numbers are drawn anew for each frame, with checksums to match.
 */
#include <tidegate/types.h>

/** Kinds of flood packets. */
enum flood_kind {
	FLOOD_SYN,
	FLOOD_ACK, /**< bare ACKs of random numbers: they match nothing */
	FLOOD_RST,
	FLOOD_BAD, /**< malformed: one of FLOOD_BAD_LIST after the other */
	FLOOD_KINDS,
};

/** TCP options of flood SYNs. */
enum flood_opts {
	FLOOD_OPT_NONE,  /**< a 54-byte frame (IPv4, no VLAN) */
	FLOOD_OPT_MSS,   /**< MSS alone */
	FLOOD_OPT_LINUX, /**< MSS, SACK-permitted, timestamps, window scale: 20 bytes */
	FLOOD_OPT_MIXED, /**< each of the above */
};

/* X(enumerator, name, what is wrong with the frame) */
#define FLOOD_BAD_LIST(X)                                                  \
	X(TCP_CSUM, "tcp_csum", "TCP checksum wrong")                      \
	X(IP_CSUM, "ip_csum", "IPv4 header checksum wrong (IPv4 only)")    \
	X(SHORT_OFFSET, "short_offset", "TCP data offset below 5")         \
	X(LONG_OFFSET, "long_offset", "TCP data offset beyond the packet") \
	X(LENGTH, "length", "IP says it is longer than the frame")         \
	X(VERSION, "version", "IP version 5")                              \
	X(SYN_FIN, "syn_fin", "SYN with FIN")                              \
	X(SYN_RST, "syn_rst", "SYN with RST")                              \
	X(NO_FLAGS, "no_flags", "no flag at all")                          \
	X(SPORT_ZERO, "sport_zero", "source port 0")

/** What is wrong with malformed frames. */
enum flood_bad {
#define X(e, n, t) FLOOD_BAD_##e,
	FLOOD_BAD_LIST(X)
#undef X
		FLOOD_BADS
};

/** Source prefixes at most. */
#define FLOOD_PREFIXES 16

/** A range of addresses. */
struct flood_prefix {
	struct tg_addr base;
	uint8_t len; /**< 0 to 32 when base is v4-mapped, else 0 to 128 */
};

/** What the flood is made of. */
struct flood_mix_config {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint16_t vlan; /**< 802.1Q VLAN id, 1 to 4094; 0: no tag */
	struct tg_addr dst;
	uint16_t dport;            /**< 1 to 65535 */
	uint8_t dports;            /**< 1: dport; 2: dport and dport + 1 in equal parts */
	uint8_t part[FLOOD_KINDS]; /**< parts of each kind; the sum is 1 to 1000 */
	uint8_t opts;              /**< enum flood_opts */
	uint8_t prefixes;          /**< 1 to FLOOD_PREFIXES, of dst's family */
	struct flood_prefix prefix[FLOOD_PREFIXES];
	uint64_t seed; /**< same seed, same frames */
};

/** Room a frame needs: Ethernet 14 + tag 4 + IPv6 40 + TCP 40, rounded up to whole stores. */
#define FLOOD_FRAME_MAX 128
/** Draws that choose the kind: 1/256 is the granularity of the parts, and the least of one. */
#define FLOOD_DRAWS 256

/** One prepared header. All that varies is zero in it and left out of its sums. */
struct flood_template {
	uint8_t bytes[FLOOD_FRAME_MAX];
	uint64_t ip_sum;  /**< unfolded sum of the IPv4 header */
	uint64_t tcp_sum; /**< of pseudo-header, TCP header and options */
	uint16_t ip_xor;  /**< damage done to the checksums */
	uint16_t tcp_xor;
	uint32_t ack_mask;   /**< all ones: the acknowledgment number is drawn */
	uint16_t sport_or;   /**< keeps source ports from 1024 on */
	uint16_t sport_mask; /**< 0: source port 0 */
	uint8_t len;
	uint8_t ts;   /**< where TSval stands in bytes; 0: no timestamps */
	uint8_t kind; /**< enum flood_kind */
	uint8_t bad;  /**< enum flood_bad, for FLOOD_BAD */
};

/** Templates at most: (SYN with 3 option sets, ACK, RST, the malformed) for 2 ports. */
#define FLOOD_TEMPLATES (2 * (3 + 2 + FLOOD_BADS))

/** The flood's state: one for each thread that writes frames. */
struct flood_mix {
	uint64_t rng; /**< state of the draws */
	uint8_t l3;   /**< offset of the IP header */
	uint8_t l4;   /**< offset of the TCP header */
	bool v6;
	bool single; /**< one kind, one prefix: nothing to choose */
	uint8_t prefixes;
	uint8_t last; /**< template of the last frame */
	struct {
		uint8_t base[16]; /**< IPv4: in the first four bytes */
		uint8_t mask[16]; /**< one bits are drawn */
	} prefix[FLOOD_PREFIXES];
	uint8_t kind[FLOOD_DRAWS]; /**< enum flood_kind by a random byte */
	struct {
		uint8_t first; /**< templates of a kind: used one after the other */
		uint8_t count;
		uint8_t next;
	} of[FLOOD_KINDS];
	unsigned templates;
	struct flood_template template[FLOOD_TEMPLATES];
};

/**
 * Prepares the templates.
 *
 * @param m  filled whole
 * @return 0, or -EINVAL for a value out of its range or a prefix of the other family
 */
int flood_mix_init(struct flood_mix *m, const struct flood_mix_config *cfg);

/**
 * Writes the next frame, Ethernet to TCP options, every byte of it.
 *
 * @param frame  FLOOD_FRAME_MAX bytes of room; bytes behind the frame's length may be written
 * @return the frame's length, without padding to Ethernet's 60 bytes
 */
unsigned flood_frame(struct flood_mix *m, uint8_t *frame);

/**
 * Writes the next n frames, as n calls of flood_frame() would, for half of the price.
 *
 * @param frame  FLOOD_FRAME_MAX bytes of room each
 * @param len    set to the length of each
 */
void flood_frames(struct flood_mix *m, uint8_t *const frame[], uint16_t len[], unsigned n);

/** The template the last frame was made of. */
const struct flood_template *flood_mix_last(const struct flood_mix *m);

/** Name of a kind ("syn", "ack", "rst", "bad") and of what is wrong with a malformed frame. */
const char *flood_kind_name(enum flood_kind k);
const char *flood_bad_name(enum flood_bad b);

#endif
