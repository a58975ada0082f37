/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_ICMP_H
#define TG_CONN_ICMP_H
/**
 * @file
 * An ICMP error about a segment of a connection: path MTU discovery (RFC 1191, RFC 8201) and errors
 * to remember (RFC 9293 3.9.2.2).
 */
#include "quote.h"
#include "tcb.h"

/** What an error did to the connection. */
enum tg_icmp_verdict {
	TG_ICMP_TAKEN,  /**< acted on, or of no consequence */
	TG_ICMP_WINDOW, /**< quotes nothing that is outstanding: dropped and counted */
	TG_ICMP_ENDS,   /**< hard, and nobody has the connection yet: the caller ends it */
};

/**
 * Acts on an ICMP error that quotes a segment of this connection. Nothing is ever sent because of
 * it but our own data again, in smaller segments.
 *
 * - The quoted number must lie in SND.UNA..SND.NXT (RFC 5927 4.1), from ISS on before the last ACK.
 * - Too big: the MSS falls to what the next hop takes, never below an MTU of 552 (IPv4) or 1280
 *   (IPv6), never rises, and what was sent in larger segments is sent again at once. That is no
 *   sign of congestion: cwnd stays.
 * - A hard error ends nothing that a worker may hold (RFC 5927 5.2): it is remembered, like a soft
 *   one, in `soft_error`, until data is acknowledged.
 *
 * @param t  in the flow table; unchanged when TG_ICMP_WINDOW or TG_ICMP_ENDS is returned
 * @param q  as read off the wire; its tuple is t's
 */
enum tg_icmp_verdict tg_conn_icmp(
	struct tg_conns *cs, struct tg_tcb *t, const struct tg_quote *q, tg_time now);

#endif
