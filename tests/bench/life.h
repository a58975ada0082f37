/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_BENCH_LIFE_H
#define TG_TESTS_BENCH_LIFE_H
/**
 * @file
 * Lives of connections for benchmarks: an engine, a flood that half-opens entries, and clients that
 * go from SYN to close by RST. Everything but the calls into the engine is outside of what is
 * timed.
 *
 * Packet buffers are 2 KiB apart and used in turn, 8,192 of them for what comes and as many for
 * what leaves, and a packet is written 1,024 packets before its turn: it has left the first two
 * levels of cache by then, as one that a port has written. The engine's memory is on huge pages
 * where the system gives them, as with DPDK.
 */
#include <tidegate/tidegate.h>

#include "bench.h"

/** Connections worked on together: a burst of packets. */
#define LIFE_BURST 32
/** Packet buffers in turn. */
#define LIFE_BUFS 8192
/** Packets of a kind written ahead; a multiple of LIFE_BURST. */
#define LIFE_AHEAD 1024
/** Bytes from one to the next. */
#define LIFE_STRIDE 2048

/** What is timed apart. */
enum life_stage {
	LIFE_SYN,    /**< tg_engine_input(): SYN to entry and SYN-ACK */
	LIFE_ACK,    /**< tg_engine_input(): last ACK to connection */
	LIFE_ACCEPT, /**< tg_worker_events(), tg_accept() */
	LIFE_ABORT,  /**< tg_abort() */
	LIFE_SEND,   /**< tg_engine_advance(), tg_engine_output(): the RST */
	LIFE_STAGES,
};

/** A client between its SYN and its last ACK. */
struct life_client {
	uint32_t number; /**< all of its addresses follow from it */
	uint32_t iss;    /**< the engine's */
	uint32_t tsval;  /**< the engine's */
};

/** An engine and its clients. */
struct life {
	struct tg_engine *engine;
	struct tg_worker *worker;
	tg_listener listener;
	tg_time now;
	uint64_t bytes;   /**< memory the engine has taken */
	uint32_t written; /**< SYNs: the number of the next client */
	uint32_t begun;   /**< of these, given to the engine */
	uint32_t acks;    /**< ACKs written */
	struct tg_pkt syn[LIFE_AHEAD], ack[LIFE_AHEAD];
	/** Clients whose ACK is not written yet, a ring of `lag`, the oldest at `first`. */
	struct life_client *queue;
	uint32_t first, waiting, lag;
	uint8_t *in, *out; /**< LIFE_BUFS buffers each */
	uint32_t in_at, out_at;
	double cycles[LIFE_STAGES]; /**< of the last burst, for each connection */
};

/** A table's memory from the system, on huge pages if it has them, zeroed. */
void *life_pages(size_t size);

/** Gives it back. */
void life_pages_free(void *p, size_t size);

/**
 * Makes an engine.
 *
 * @param cfg  from tg_engine_config_init(), sizes changed as wanted; env, now, SYN-queue bounds and
 *             the SYN-ACK timeout (120 s) are set here
 * @param lag  a client's ACK comes after the SYNs of so many others: a multiple of LIFE_BURST,
 *             LIFE_AHEAD or more
 */
void life_open(struct life *l, struct tg_engine_config *cfg, uint32_t lag);

/** Ends it. */
void life_close(struct life *l);

/** A burst of SYNs whose clients are never heard of again. */
void life_flood(struct life *l);

/**
 * A burst of SYNs, as cold as the engine's, to something else: cycles for each.
 *
 * @param answer  returns how many of them it answered: all, or the run ends
 */
double life_compare(
	struct life *l, unsigned (*answer)(void *ctx, struct tg_pkt pkt[], unsigned n), void *ctx);

/** SYNs until `lag` clients wait for their turn. */
void life_fill(struct life *l);

/** A burst of SYNs and one of ACKs, `lag` SYNs apart; timed into cycles[]. */
void life_shake(struct life *l);

/** The worker takes the burst, closes it by RST, and the RSTs leave; timed into cycles[]. */
void life_end(struct life *l);

/** The worker takes the burst and leaves it alone: idle connections. */
void life_accept(struct life *l);

#endif
