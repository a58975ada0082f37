/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_RESULT_H
#define FLOOD_RESULT_H
/**
 * @file
 * What a run of one contender at one rate yields.
 */
#include <tidegate/counters.h>

#include "honest.h"
#include "options.h"

/* X(enumerator, name, text): cycles per SYN, where the set-up can tell */
#define FLOOD_STAGES(X)                                                                     \
	X(RX, "rx", "buffers received to packets of the engine")                            \
	X(PARSE, "parse", "headers to values, checksums verified")                          \
	X(LOOKUP, "lookup", "flow table and listener")                                      \
	X(PRF, "prf", "keyed hashes: flow, sequence number, cookie")                        \
	X(EMIT, "emit", "SYN-ACK written, checksums made")                                  \
	X(OTHER, "other", "judging, options, counters: what is left of the engine's total") \
	X(TX, "tx", "answers to buffers to be sent")                                        \
	X(TOTAL, "total", "all of the above, measured as one")                              \
	X(GENERATOR, "generator", "beside it: frames written, answers looked at")           \
	X(LOOP, "loop", "a whole turn of the loop without a stop watch inside")

/** Stages of a SYN's way. */
enum flood_stage {
#define X(e, n, t) STAGE_##e,
	FLOOD_STAGES(X)
#undef X
		STAGES
};

/** Cycles in one stage; 0 in both: not measured. */
struct flood_cycles {
	double median;
	double p10;
};

/** A reason for drops that is not one of tidegate's dispositions (other contenders). */
struct flood_drop {
	char name[40]; /**< as the contender names it ("ListenDrops", "rx_missed") */
	uint64_t count;
};

/** Other reasons at most. */
#define FLOOD_DROPS 16

/** One run. */
struct flood_result {
	uint8_t contender; /**< enum flood_contender */
	uint8_t placement; /**< PLACE_SOFTIRQ or PLACE_NAPI; only with --veth */
	bool has_placement;
	char detail[64];       /**< how the contender ran ("net_af_xdp", "net_memif") */
	double wanted;         /**< rate asked for; 0: as fast as possible */
	double seconds;        /**< the run lasted */
	bool interrupted;      /**< ended early by a signal */
	uint64_t flood_sent;   /**< flood frames that left the generator */
	uint64_t flood_unsent; /**< of these, found no room on the wire: lost there, as in a NIC
				    whose queue is full */
	uint64_t synacks;      /**< SYN-ACKs that came back, honest clients' not counted */
	uint64_t rsts;         /**< RSTs that came back for the flood */
	uint64_t others;       /**< what else came back */
	uint64_t sampled;      /**< answers whose checksums were verified */
	uint64_t damaged;      /**< of these, wrong */
	double cpu_seconds; /**< the contender's, softirq and NAPI threads included; 0: unknown */
	double generator_cpu_seconds;
	bool has_honest;
	uint64_t undecided; /**< clients neither succeeded nor failed at the end */
	struct honest_stats honest;
	bool has_counters; /**< tidegate's own counters, difference over the run */
	struct tg_counters counters;
	uint64_t passive_opens; /**< handshakes completed as the contender counts them */
	unsigned drops;
	struct flood_drop drop[FLOOD_DROPS];
	struct flood_cycles cycles[STAGES];
	double tsc_hz;    /**< of these cycles */
	double synack_rx; /**< --veth: cycles per SYN-ACK in softirqs and NAPI threads: taking in */
	double synack_tx; /**< in the contender's system calls: giving out */
	double synack_own; /**< in the contender outside the kernel */
	uint32_t slices;   /**< bursts the cycles were taken from; 0: not measured */
};

/** Flood packets per second that left the generator. */
double result_offered(const struct flood_result *r);

/** SYN-ACKs per second, and per second of the contender's CPU time (0: unknown). */
double result_synack_rate(const struct flood_result *r);
double result_synack_per_cpu(const struct flood_result *r);

/** Honest first bytes in time, percent of the clients decided; 100 when none were. */
double result_honest_percent(const struct flood_result *r);

/** Connections completed and closed per second, by the clients' count. */
double result_handshakes(const struct flood_result *r);

/** Adds a drop reason of the contender's own; ignored when count is 0 or the list is full. */
void result_add_drop(struct flood_result *r, const char *name, uint64_t count);

/** Name and text of a stage. */
const char *flood_stage_name(enum flood_stage s);
const char *flood_stage_text(enum flood_stage s);

#endif
