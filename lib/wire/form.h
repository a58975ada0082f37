/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_FORM_H
#define TG_WIRE_FORM_H
/**
 * @file
 * Printed forms of SYN-ACKs: what is the same in all answers to SYNs with the same options.
 *
 * A form is made by tg_emit_answer() itself, from a segment whose addresses, ports, numbers and
 * timestamps are zero, so it cannot differ from what that writes. Filling it in over a plain SYN
 * costs a fifth.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

#include "emit.h"
#include "plain.h"

/** Most bytes of a form: IPv6, TCP, and the options that a SYN-ACK with a cookie may have. */
#define TG_FORM_MAX (40 + 20 + 20)

/** A form. */
struct tg_form {
	uint8_t head[TG_FORM_MAX]; /**< from the IP header on, checksums included */
	uint32_t ip_sum;           /**< sum of what the IP header's checksum covers in head */
	uint32_t tcp_sum; /**< the same for TCP's, or the pseudo-header's with the offload */
	uint16_t tx;      /**< TG_TX_*: what is left to the port */
	uint8_t l3_len;
	uint8_t l4_len;
	bool ts; /**< it has timestamps: at 28 and 32 of the TCP header */
};

/** Makes the form of a SYN-ACK whose numbers and timestamps are zero. */
void tg_form_make(struct tg_form *fm, const struct tg_segment *s, bool v6, unsigned offload);

/** Bytes of the answer from the IP header on. */
static inline unsigned
tg_form_size(const struct tg_form *fm)
{
	return (unsigned)fm->l3_len + fm->l4_len;
}

/**
 * Fills a form in over the plain SYN it answers.
 *
 * @param pkt    has tg_form_size() bytes at p->ip
 * @param mac    our address on the port
 * @param seq    our ISN
 * @param tsval  our timestamp, with fm->ts
 * @param tsecr  the SYN's timestamp, with fm->ts
 */
void tg_form_write(struct tg_pkt *pkt, const struct tg_plain *p, const struct tg_form *fm,
	const uint8_t mac[6], uint32_t seq, uint32_t tsval, uint32_t tsecr);

#endif
