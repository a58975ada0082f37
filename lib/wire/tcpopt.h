/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_TCPOPT_H
#define TG_WIRE_TCPOPT_H
/**
 * @file
 * TCP options: the one walker, and the one writer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"

/** Which options were present and well-formed. */
enum tg_opt_present {
	TG_OPT_MSS = 1 << 0,     /**< RFC 9293 3.7.1; honoured in a SYN only */
	TG_OPT_WSCALE = 1 << 1,  /**< RFC 7323 2; honoured in a SYN only */
	TG_OPT_SACK_OK = 1 << 2, /**< RFC 2018 2; honoured in a SYN only */
	TG_OPT_TS = 1 << 3,      /**< RFC 7323 3 */
	TG_OPT_SACK = 1 << 4,    /**< RFC 2018 3 */
	TG_OPT_TFO = 1 << 5,     /**< RFC 7413 4.1.1, kind 34; honoured in a SYN only */
	TG_OPT_TFO_EXP = 1 << 6, /**< the same as kind 254 with magic 0xF989; never both */
};

/** Option kinds (IANA tcp-parameters) and their whole lengths in bytes. */
enum tg_opt_kind {
	TG_KIND_EOL = 0,
	TG_KIND_NOP = 1,
	TG_KIND_MSS = 2,
	TG_KIND_WSCALE = 3,
	TG_KIND_SACK_OK = 4,
	TG_KIND_SACK = 5,
	TG_KIND_TS = 8,
	TG_KIND_TFO = 34,
	TG_KIND_EXP = 254,
	TG_LEN_MSS = 4,
	TG_LEN_WSCALE = 3,
	TG_LEN_SACK_OK = 2,
	TG_LEN_TS = 10,
	TG_LEN_TFO = 2,
	TG_LEN_TFO_EXP = 4,
};

/** The words that options begin with as Linux pads them. */
#define TG_OPT_MSS_WORD    ((uint32_t)TG_KIND_MSS << 24 | TG_LEN_MSS << 16)
#define TG_OPT_WSCALE_WORD ((uint32_t)TG_KIND_NOP << 24 | TG_KIND_WSCALE << 16 | TG_LEN_WSCALE << 8)
#define TG_OPT_TS_WORD \
	((uint32_t)TG_KIND_NOP << 24 | TG_KIND_NOP << 16 | TG_KIND_TS << 8 | TG_LEN_TS)
#define TG_OPT_SACK_OK_WORD \
	((uint32_t)TG_KIND_NOP << 24 | TG_KIND_NOP << 16 | TG_KIND_SACK_OK << 8 | TG_LEN_SACK_OK)
/** SACK-permitted in the place of the two NOPs before a timestamp. */
#define TG_OPT_SACK_OK_TS_WORD \
	((uint32_t)TG_KIND_SACK_OK << 24 | TG_LEN_SACK_OK << 16 | TG_KIND_TS << 8 | TG_LEN_TS)

/** Longest window scale (RFC 7323 2.3); a larger one on the wire is clamped to it at parse time. */
#define TG_WSCALE_MAX 14
/** At most four SACK blocks fit into 40 bytes of options. */
#define TG_SACK_MAX 4

/** TCP options of one segment as values. */
struct tg_tcpopt {
	uint8_t present; /**< enum tg_opt_present */
	uint8_t wscale;  /**< 0 to TG_WSCALE_MAX */
	uint8_t sacks;   /**< number of SACK blocks, 0 to TG_SACK_MAX */
	uint8_t tfo_len; /**< Fast Open cookie length: 0 (a request) or 4 to 16 and even */
	uint16_t mss;    /**< as on the wire, 0 to 65535: the caller decides what is too small */
	uint32_t tsval;
	uint32_t tsecr;
	struct {
		uint32_t left, right;
	} sack[TG_SACK_MAX];
	uint8_t tfo[16]; /**< cookie bytes */
};

/**
 * Walks the option bytes of a TCP header.
 *
 * Unknown options are skipped by their length. A length of 0 or 1, or one that runs past the end,
 * ends the walk: what was read before stands, nothing after is believed (as Linux does). A known
 * option of the wrong length is skipped like an unknown one. The first instance of an option
 * counts, except that a later MSS, window scale or timestamp replaces an earlier one, as Linux
 * does; of the two kinds of Fast Open the first one counts. At most 40 steps.
 *
 * @param p    first option byte
 * @param len  0 to 40
 * @param syn  the segment has SYN set: SYN-only options are believed
 * @param o    filled; of sack and tfo as much as `sacks` and `tfo_len` say
 */
void tg_tcpopt_parse(const uint8_t *p, unsigned len, bool syn, struct tg_tcpopt *o);

/**
 * tg_tcpopt_parse() for the 20 bytes that a SYN of Linux has, which most floods send too: MSS,
 * SACK-permitted, timestamps, NOP, window scale.
 *
 * @return false when these are not the options: o is untouched
 */
static inline bool
tg_tcpopt_linux_syn(const uint8_t *p, unsigned len, struct tg_tcpopt *o)
{
	uint32_t mss, wscale;

	if (len != 20)
		return false;
	mss = tg_get32(p) ^ TG_OPT_MSS_WORD;
	wscale = tg_get32(p + 16) ^ TG_OPT_WSCALE_WORD;
	if ((mss >> 16 | (tg_get32(p + 4) ^ TG_OPT_SACK_OK_TS_WORD) | wscale >> 8) != 0)
		return false;
	o->present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;
	o->wscale = (uint8_t)(wscale <= TG_WSCALE_MAX ? wscale : TG_WSCALE_MAX);
	o->sacks = 0;
	o->tfo_len = 0;
	o->mss = (uint16_t)mss;
	o->tsval = tg_get32(p + 8);
	o->tsecr = tg_get32(p + 12);
	return true;
}

/**
 * Writes options in the order Linux writes them, padded with NOPs to a multiple of 4: MSS; then
 * SACK-permitted + timestamps (or NOP NOP timestamps, or NOP NOP SACK-permitted); then NOP +
 * window scale; then Fast Open (NOPs behind it to the multiple of 4); then NOP NOP SACK blocks,
 * as many as fit.
 *
 * @param p  room for 40 bytes
 * @param o  what to write: `present` chooses
 * @return   bytes written, 0 to 40, a multiple of 4
 */
unsigned tg_tcpopt_write(uint8_t *p, const struct tg_tcpopt *o);

/** Options that need more than a word or three: written by tg_tcpopt_write_rest(). */
#define TG_OPT_REST (TG_OPT_SACK | TG_OPT_TFO | TG_OPT_TFO_EXP)

/** Stores a word of an option and adds it, as it lies in memory, to a checksum. */
static inline uint8_t *
tg_tcpopt_word(uint8_t *p, uint32_t v, uint64_t *sum)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
	*sum += v;
	return p + sizeof(v);
}

/**
 * The first part of tg_tcpopt_write(): MSS, SACK-permitted, timestamps, window scale.
 *
 * @param sum  at most 5 words of 32 bits are added
 * @return     bytes written
 */
static inline unsigned
tg_tcpopt_write_usual(uint8_t *p, const struct tg_tcpopt *o, uint64_t *sum)
{
	const uint8_t *start = p;
	unsigned present = o->present;

	if (present & TG_OPT_MSS)
		p = tg_tcpopt_word(p, TG_OPT_MSS_WORD | o->mss, sum);
	if (present & TG_OPT_TS) {
		bool sack = (present & TG_OPT_SACK_OK) != 0;

		p = tg_tcpopt_word(p, sack ? TG_OPT_SACK_OK_TS_WORD : TG_OPT_TS_WORD, sum);
		p = tg_tcpopt_word(p, o->tsval, sum);
		p = tg_tcpopt_word(p, o->tsecr, sum);
	} else if (present & TG_OPT_SACK_OK) {
		p = tg_tcpopt_word(p, TG_OPT_SACK_OK_WORD, sum);
	}
	if (present & TG_OPT_WSCALE) {
		unsigned shift = o->wscale <= TG_WSCALE_MAX ? o->wscale : TG_WSCALE_MAX;

		p = tg_tcpopt_word(p, TG_OPT_WSCALE_WORD | shift, sum);
	}
	return (unsigned)(p - start);
}

/**
 * The rest of tg_tcpopt_write(): TG_OPT_REST, behind `used` bytes.
 *
 * @return bytes written
 */
unsigned tg_tcpopt_write_rest(uint8_t *p, const struct tg_tcpopt *o, unsigned used);

/** `n` and the bytes that tg_tcpopt_write_rest() will write behind n. */
unsigned tg_tcpopt_size_rest(const struct tg_tcpopt *o, unsigned n);

/** Bytes tg_tcpopt_write() will write for o. */
static inline unsigned
tg_tcpopt_size(const struct tg_tcpopt *o)
{
	unsigned n = 0;

	if (o->present & TG_OPT_MSS)
		n += 4;
	if (o->present & TG_OPT_TS)
		n += 12;
	else if (o->present & TG_OPT_SACK_OK)
		n += 4;
	if (o->present & TG_OPT_WSCALE)
		n += 4;
	return o->present & TG_OPT_REST ? tg_tcpopt_size_rest(o, n) : n;
}

#endif
