/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_CAPTURE_H
#define TG_DPDK_CAPTURE_H
/**
 * @file
 * A sample of the packets that ended in some dispositions, with their bytes as they came.
 *
 * An answer is written over its question, and what is delivered belongs to the engine. So while a
 * capture is armed, the first bytes of every packet are copied before the engine gets the burst,
 * and those wanted go into a ring afterwards. One thread, the shard's, writes it; one other reads
 * it. What finds the ring full is counted and left out: the shard never waits.
 *
 * A shard without capture pays one branch a burst.
 */
#include <stdbool.h>

#include <tidegate/engine.h>

#include "mbuf.h"

/** Packets a ring holds; a power of two. */
#define TG_CAPTURE_SLOTS 1024
/** Bytes of a packet that are kept, at least and at most. */
#define TG_CAPTURE_SNAPLEN_MIN 14
#define TG_CAPTURE_SNAPLEN_MAX 2048

_Static_assert(TG_DISP_COUNT <= 64, "a set of dispositions is a word");

/** A packet in the ring. */
struct tg_captured {
	uint64_t ns;         /**< since 1970, when its burst was received */
	uint32_t len;        /**< bytes on the wire, a tag that the port took off included */
	uint16_t caplen;     /**< of these in data */
	uint8_t disposition; /**< enum tg_disposition */
	uint8_t data[];
};

/** A capture of one shard. */
struct tg_capture;

/**
 * Makes one. Its memory is written to once here, so that the shard's thread does not have to wait
 * for pages.
 *
 * @param want     set of dispositions, bit by bit
 * @param snaplen  TG_CAPTURE_SNAPLEN_MIN to TG_CAPTURE_SNAPLEN_MAX
 * @param seconds  so long after its first burst it costs no more than a comparison
 * @return the caller's until tg_capture_destroy(); NULL: no memory
 */
struct tg_capture *tg_capture_create(uint64_t want, uint16_t snaplen, uint32_t seconds);

/** Frees it; no thread uses it any more. NULL does nothing. */
void tg_capture_destroy(struct tg_capture *c);

/**
 * tg_engine_input() with a capture. Shard's thread.
 *
 * @param b  packets as received; afterwards as tg_engine_input() leaves them
 */
void tg_capture_input(struct tg_capture *c, struct tg_engine *e, struct tg_rx_burst *b,
	struct tg_verdict verdict[], tg_time now);

/** The oldest packet in the ring, or NULL. Reader's thread; valid until tg_capture_pop(). */
const struct tg_captured *tg_capture_peek(const struct tg_capture *c);

/** Takes it out. */
void tg_capture_pop(struct tg_capture *c);

/** Packets that were wanted and found no room. Any thread. */
uint64_t tg_capture_missed(const struct tg_capture *c);

#endif
