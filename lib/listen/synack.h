/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_LISTEN_SYNACK_H
#define TG_LISTEN_SYNACK_H
/**
 * @file
 * The SYN-ACK (listener-semantics section 4).
 */
#include <stdint.h>

#include "admission.h"
#include "emit.h"
#include "host.h"
#include "synq.h"

/** What is agreed on with the sender of a SYN, as TG_HALF_* flags. */
static inline unsigned
tg_offer_flags(const struct tg_offer *o, bool v6)
{
	return (o->has_wscale ? TG_HALF_WSCALE | o->wscale : 0u) | (o->sack ? TG_HALF_SACK : 0u) |
		(o->ts ? TG_HALF_TS : 0u) | (o->ecn ? TG_HALF_ECN : 0u) | (v6 ? TG_HALF_V6 : 0u);
}

/**
 * Fills in everything of a SYN-ACK but its addresses (tg_reply_init, tg_half_address).
 *
 * @param flags      TG_HALF_WSCALE, TG_HALF_SACK, TG_HALF_TS, TG_HALF_ECN, TG_HALF_V6: what was
 * agreed
 * @param port       the port it leaves by: its MTU gives our MSS
 * @param tsval      our timestamp, with TG_HALF_TS
 * @param ts_recent  the peer's
 */
void tg_synack_fill(struct tg_segment *s, const struct tg_synack *own, unsigned flags,
	const struct tg_port *port, uint32_t iss, uint32_t irs, uint32_t tsval, uint32_t ts_recent);

/** Bytes from the IP header on of what tg_synack_fill() describes, for these flags. */
static inline unsigned
tg_synack_size(unsigned flags)
{
	return (flags & TG_HALF_V6 ? 40 : 20) + 20 + 4 +
		(flags & TG_HALF_TS                    ? 12
				: flags & TG_HALF_SACK ? 4
						       : 0) +
		(flags & TG_HALF_WSCALE ? 4 : 0);
}

/**
 * Fills in the addresses of a packet that a timer sends to a half-open peer.
 *
 * @return the port it leaves by
 */
uint16_t tg_half_address(const struct tg_host *h, const struct tg_half *half, struct tg_segment *s);

#endif
