/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_OPTIONS_H
#define FLOOD_OPTIONS_H
/**
 * @file
 * The command line as values.
 */
#include <stdio.h>

#include <tidegate/engine.h>

#include "honest.h"
#include "template.h"

/** Where the flood goes. */
enum flood_where {
	WHERE_NONE,
	WHERE_SELF,  /**< generator and listener in this process */
	WHERE_VETH,  /**< network namespaces of our own, joined by a veth pair */
	WHERE_MEMIF, /**< two processes, shared memory */
	WHERE_PORT,  /**< a bound NIC */
};

/** How --self couples generator and listener. */
enum flood_coupling {
	COUPLE_RING,   /**< a core for each, net_ring between them */
	COUPLE_DIRECT, /**< one core, one loop, at the burst seam: cycles per stage */
};

/* X(enumerator, name, text) */
#define FLOOD_CONTENDERS(X)                                                           \
	X(TIDEGATE, "tidegate", "tidegate")                                           \
	X(KERNEL, "kernel", "Linux, tcp_syncookies 1, epoll server")                  \
	X(KERNEL2, "kernel2", "Linux, tcp_syncookies 2, epoll server")                \
	X(SYNPROXY, "nft-synproxy", "nftables synproxy before the same epoll server") \
	X(RESPONDER, "responder", "straight-line stateless SYN-ACK responder, no TCP")

/** Who is flooded. */
enum flood_contender {
#define X(e, n, t) CONTENDER_##e,
	FLOOD_CONTENDERS(X)
#undef X
		CONTENDERS
};

/** On which CPU the kernel takes veth packets in. */
enum flood_placement {
	PLACE_SOFTIRQ, /**< the sender's, as it comes */
	PLACE_NAPI,    /**< a NAPI thread of its own */
	PLACE_BOTH,    /**< one run each; the better one is the contender's figure */
};

/** Steps of --sweep at most. */
#define FLOOD_STEPS 64
/** Words behind -- at most. */
#define FLOOD_EAL_WORDS 32

/** Everything the command line says. */
struct flood_options {
	uint8_t where;     /**< enum flood_where */
	uint8_t coupling;  /**< enum flood_coupling */
	uint8_t placement; /**< enum flood_placement */
	bool mine;         /**< --i-own-this-network */
	bool no_flood;     /**< --flood none */
	bool rate_given;
	bool quiet; /**< no progress line */
	bool no_huge;
	bool memif_zero_copy;
	unsigned memif_queue; /**< packets, a power of two, 256 to 16384; 0: the usual */
	uint32_t against;     /**< bit set of 1 << enum flood_contender; tidegate is always in it */
	double duration;      /**< of one run in seconds, 0.1 to 3600 */
	double rate;          /**< flood packets per second; 0: as fast as possible; < 0: none */
	double share;         /**< --rate 80%: 0.8 of what tidegate answers at full speed, which is
				   measured first; else 0 */
	double ramp_to;       /**< with --ramp: the rate grows to this; else 0 */
	unsigned steps;       /**< rates of --sweep; 0: no sweep */
	double step[FLOOD_STEPS];
	unsigned repeat; /**< runs of each contender at each rate, interleaved; the median counts */
	double honest;   /**< clients per second; 0: none */
	uint8_t style;   /**< enum honest_style */
	bool v6;
	struct flood_mix_config mix; /**< without MACs, destination and dports: see traffic.h */
	bool sources_given;
	struct tg_addr target; /**< --to; only for --port */
	bool target_given;
	uint8_t target_mac[6]; /**< --to-mac; only for --port */
	bool target_mac_given;
	struct flood_prefix clients; /**< --clients: honest clients' addresses */
	bool clients_given;
	const char *port;     /**< --port: PCI address */
	const char *device;   /**< --veth, --device: PMD under tidegate, NULL: the best */
	const char *tidegate; /**< path of the daemon; NULL: beside this program */
	uint8_t syncookies;   /**< enum tg_syncookies of tidegate under test */
	uint32_t backlog;
	int cpu_generator; /**< -1: chosen */
	int cpu_listener;
	const char *json; /**< file names, NULL: not wanted */
	const char *plot;
	int eal_words;
	char *eal[FLOOD_EAL_WORDS];
};

/**
 * Reads the command line.
 *
 * @param o  filled whole, defaults included; points into argv
 * @return -1 to go on; 0 when help or version was printed; 2 after a message about wrong use
 */
int flood_options_read(int argc, char **argv, struct flood_options *o);

/** Short name and description of a contender. */
const char *flood_contender_name(enum flood_contender c);
const char *flood_contender_text(enum flood_contender c);

/** What --help prints. */
extern const char flood_usage[];

#endif
