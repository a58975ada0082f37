/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_HALF_H
#define TG_LISTEN_HALF_H
/**
 * @file
 * A segment for a half-open connection (RFC 9293 3.10.7.4, state SYN-RECEIVED).
 */
#include <stdint.h>

#include <tidegate/types.h>

#include "frame.h"
#include "synq.h"
#include "tcpopt.h"

/** What the segment asks for. */
enum tg_half_verdict {
	TG_HALF_SYNACK,         /**< send the SYN-ACK again */
	TG_HALF_SYN_RATE,       /**< a SYN-ACK left less than 500 ms ago: drop */
	TG_HALF_COMPLETE,       /**< a valid last ACK */
	TG_HALF_RST,            /**< RST with SEQ = SEG.ACK, entry kept */
	TG_HALF_RST_GONE,       /**< the RST of a stray segment, entry removed */
	TG_HALF_GONE,           /**< entry removed, nothing sent */
	TG_HALF_CHALLENGE,      /**< an ACK */
	TG_HALF_CHALLENGE_RATE, /**< the same, but one left less than 500 ms ago: drop */
	TG_HALF_DROP_WINDOW,
	TG_HALF_DROP_ACK,
};

/**
 * Judges a segment against a half-open entry. Only the `answered` byte may change.
 *
 * @param rcv_wnd  the window that the SYN-ACK offered
 */
enum tg_half_verdict tg_half_segment(const struct tg_synq *q, struct tg_half *h,
	const struct tg_frame *f, const struct tg_tcpopt *opt, uint32_t rcv_wnd, tg_time now);

/** True when the segment's timestamp is older than the SYN's (RFC 7323 5). */
bool tg_half_paws(const struct tg_half *h, const struct tg_tcpopt *opt);

#endif
