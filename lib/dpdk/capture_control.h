/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_CAPTURE_CONTROL_H
#define TG_DPDK_CAPTURE_CONTROL_H
/**
 * @file
 * The capture of a process: one at a time, armed on all shards that are shown, read as a pcapng
 * file by its packets' shards.
 *
 * Any thread may call these; each call holds what is shown (shown.h) for as long as it takes. A
 * client that has not read for TG_CAPTURE_SILENCE_S is taken for dead: the next start ends its
 * capture.
 */
#include <stddef.h>
#include <stdint.h>

/** Longest capture in seconds. */
#define TG_CAPTURE_SECONDS_MAX 3600
/** Most packets of one. */
#define TG_CAPTURE_COUNT_MAX 1000000
/** A client that is silent for so long loses its capture to the next one. */
#define TG_CAPTURE_SILENCE_S 10
/** Room that tg_capture_read() needs at least: the longest block. */
#define TG_CAPTURE_PAGE_MIN 2304

/** What to capture. */
struct tg_capture_request {
	uint64_t want;    /**< set of dispositions, bit by bit; not empty */
	uint32_t snaplen; /**< bytes of a packet, TG_CAPTURE_SNAPLEN_MIN to _MAX */
	uint32_t seconds; /**< 1 to TG_CAPTURE_SECONDS_MAX */
	uint32_t count;   /**< packets, 1 to TG_CAPTURE_COUNT_MAX */
};

/** How a capture stands. */
struct tg_capture_status {
	uint64_t written; /**< packets given to the reader */
	uint64_t missed;  /**< packets that were wanted and found their ring full */
	int over;         /**< its time is over, or all packets are written */
};

/**
 * Reads a set of dispositions: keys of counters.h with '+' between them, "drop_" left out or not;
 * "drops" is every drop, "all" everything.
 *
 * @return 0; -EINVAL: a word is none of these, or there is none
 */
int tg_capture_want(const char *text, uint64_t *want);

/**
 * Starts one.
 *
 * @param id  what the other calls know it by
 * @return 0; -EINVAL; -EBUSY: another one runs; -ENOENT: no shard is shown; -ENOMEM; -ETIMEDOUT: a
 *         shard's loop does not run. On failure nothing is armed
 */
int tg_capture_start(const struct tg_capture_request *r, uint32_t *id);

/**
 * Gives the next bytes of the file: whole blocks, as many as fit and are there.
 *
 * @param room  TG_CAPTURE_PAGE_MIN or more
 * @param n     set to the number of bytes; 0: nothing has come since, or the capture is over
 * @return 0; -ENOENT: there is no such capture (any more)
 */
int tg_capture_read(uint32_t id, uint8_t *out, size_t room, size_t *n);

/** How it stands. @return 0; -ENOENT */
int tg_capture_status(uint32_t id, struct tg_capture_status *st);

/**
 * Ends it.
 *
 * @param st  its last status
 * @return 0; -ENOENT
 */
int tg_capture_stop(uint32_t id, struct tg_capture_status *st);

/** Registers /tidegate/capture_... with DPDK's telemetry. @return 0 or a negative errno */
int tg_capture_telemetry(void);

#endif
