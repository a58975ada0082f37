/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SECRET_COOKIE_H
#define TG_SECRET_COOKIE_H
/**
 * @file
 * SYN cookies: a half-open connection carried in the numbers of its own SYN-ACK (RFC 4987 3.6).
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

#include "secret.h"

/** tg_cookie_state.wscale of a peer that offered no window scaling. */
#define TG_COOKIE_NO_WSCALE 0xff

/** Low bits of TSval that a cookie with timestamps uses: 9 of state, 3 of tag; 4.096 s of clock. */
#define TG_COOKIE_TSBITS 12

/** The rest of the layout: cookie.c. enc is mss 3 | wscale 3 | SACK 1 from bit 0, or with
 * timestamps mss 3 | wscale 4 | SACK 1 | ECN 1. */
#define TG_COOKIE_ENC_BITS    7
#define TG_COOKIE_ENC_TS_BITS 9
#define TG_COOKIE_TAG_BITS    3 /**< of the tag, in TSval */
#define TG_COOKIE_TS_MASK     ((UINT32_C(1) << TG_COOKIE_TSBITS) - 1)

/** The negotiated state a cookie carries. */
struct tg_cookie_state {
	uint16_t mss; /**< what the peer can receive, at least 64; rounded down to a level, never up
		       */
	uint8_t wscale; /**< the peer's, or TG_COOKIE_NO_WSCALE; rounded down without timestamps */
	bool sack;
	bool ecn; /**< lost without timestamps */
	bool ts;  /**< the SYN had a timestamp option: selects layout and keys */
};

/**
 * Makes the cookie that answers a SYN.
 *
 * @param s        keys; current epoch
 * @param t        the 4-tuple
 * @param irs      the client's ISN (SEG.SEQ of the SYN)
 * @param st       what the SYN offered; on return what the cookie can carry of it
 * @param ts_clock with st->ts: the connection's timestamp clock now (offset added)
 * @param tsval    with st->ts: set to the TSval to send: at most ts_clock (modulo 2^32), less
 *                 than 2^TG_COOKIE_TSBITS ms behind it; may be NULL without
 * @return the ISN to send in the SYN-ACK
 */
uint32_t tg_cookie_make(const struct tg_secret *s, const struct tg_tuple *t, uint32_t irs,
	struct tg_cookie_state *st, uint32_t ts_clock, uint32_t *tsval);

/**
 * The same for a burst, first half: adds the cookie's PRF input to a group.
 *
 * @param who    number of the packet in the group
 * @param v4     both addresses are IPv4
 * @param ports  remote port, local port
 * @param st     what the SYN offered; ECN is lost without timestamps
 * @return the state as encoded, for tg_cookie_answer()
 */
unsigned tg_cookie_ask(const struct tg_secret *s, struct tg_prf_group *g, unsigned who, bool v4,
	const struct tg_addr *raddr, const struct tg_addr *laddr, uint32_t ports, uint32_t irs,
	const struct tg_cookie_state *st);

/**
 * What the cookies of all SYNs with the same options have in common, for an epoch: for
 * tg_group_add_raw().
 *
 * @param st    what the SYNs offer
 * @param key   set to the key
 * @param mask  set to the mask of the encoded state
 * @return the state as encoded
 */
unsigned tg_cookie_common(const struct tg_secret *s, bool v4, const struct tg_cookie_state *st,
	const struct tg_prf **key, tg_block *mask);

/** The tag's bits: the first 64 of the PRF. */
static inline uint64_t
tg_cookie_first64(const uint8_t x[16])
{
	return (uint64_t)tg_get_be32(x) << 32 | tg_get_be32(x + 4);
}

/** ISN, and with timestamps TSval, of a tag and what it authenticates. */
static inline uint32_t
tg_cookie_compose(const struct tg_secret *s, uint64_t mac, unsigned enc, bool ts, uint32_t ts_clock,
	uint32_t *tsval)
{
	uint32_t parity = (uint32_t)(s->epoch & 1), iss = (uint32_t)(mac >> 32), low;

	if (!ts)
		return (iss & ~UINT32_C(0xff)) | ((parity << TG_COOKIE_ENC_BITS | enc) ^ iss >> 24);
	low = (enc ^ iss >> (32 - TG_COOKIE_ENC_TS_BITS)) << TG_COOKIE_TAG_BITS;
	low |= (uint32_t)(mac >> (32 - TG_COOKIE_TAG_BITS)) & ((1u << TG_COOKIE_TAG_BITS) - 1);
	/* back by the distance from the wanted low bits to the clock's, 0 to 4095 */
	*tsval = ts_clock - ((ts_clock - low) & TG_COOKIE_TS_MASK);
	return (iss & ~UINT32_C(1)) | (parity ^ iss >> 31);
}

/**
 * Second half, after tg_group_run().
 *
 * @param x      the group's output for this packet
 * @param enc    what tg_cookie_ask() returned
 * @param ts, ts_clock, tsval  as for tg_cookie_make()
 * @return the ISN to send in the SYN-ACK
 */
static inline uint32_t
tg_cookie_answer(const struct tg_secret *s, const uint8_t x[16], unsigned enc, bool ts,
	uint32_t ts_clock, uint32_t *tsval)
{
	return tg_cookie_compose(s, tg_cookie_first64(x), enc, ts, ts_clock, tsval);
}

/**
 * Proves an ACK against the cookie it must echo: one PRF call, one constant-time comparison; for
 * 96 s after tg_secret_rotate() once more with the keys of the old seed, where that fails.
 *
 * @param irs    SEG.SEQ - 1 of the ACK
 * @param iss    SEG.ACK - 1 of the ACK
 * @param has_ts the ACK has a timestamp option; never matches a cookie made without, and the
 *               other way round
 * @param tsecr  its echo reply
 * @param st     filled when true is returned
 * @return whether the cookie is ours and its epoch still valid: always up to 32 s after it was
 *         made, never from 96 s on
 */
bool tg_cookie_check(const struct tg_secret *s, const struct tg_tuple *t, uint32_t irs,
	uint32_t iss, bool has_ts, uint32_t tsecr, struct tg_cookie_state *st);

#endif
