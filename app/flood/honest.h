/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_HONEST_H
#define FLOOD_HONEST_H
/**
 * @file
 * Honest clients: a minimal active-open TCP that opens connections at a given rate, whatever
 * becomes of the earlier ones (open loop), sends or awaits data, closes, and notes how long the
 * first byte took.
 *
 * Driven by frames and time alone. It does what a Linux client does where it matters to the
 * figures: SYN with the Linux options, first RTO of 1 s for the SYN, 200 ms at least for data, the
 * last ACK sent once and repeated only when the server asks again.
 *
 * A success is a first byte within HONEST_PATIENCE of the first SYN. A SYN-ACK is none: under
 * load the last ACK is what gets lost, and then the client is connected to nobody.
 */
#include "hist.h"
#include "template.h"

/** A client without a first byte after so long has failed, and gives up with a RST. */
#define HONEST_PATIENCE TG_SEC
/** Room a frame needs. */
#define HONEST_FRAME_MAX 256
/** Bytes of a request; the answer is as long, a greeting may have any length. */
#define HONEST_REQUEST 32

/** Who speaks first. */
enum honest_style {
	HONEST_REQUEST_FIRST, /**< the client sends HONEST_REQUEST bytes with its last ACK's
				   successor and gets as many back (echo); to dport */
	HONEST_SERVER_FIRST,  /**< the server greets; a lost last ACK is never repaired by the
				   client's data; to dport + 1 */
	HONEST_BOTH,          /**< in turn */
};

/** Settings. */
struct honest_config {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint16_t vlan; /**< 1 to 4094; 0: no tag */
	struct tg_addr dst;
	uint16_t dport;           /**< of HONEST_REQUEST_FIRST; the other style uses the next */
	uint8_t style;            /**< enum honest_style */
	struct flood_prefix from; /**< client addresses: 1 to 64 of these are used, so /32 to /26
				       is sensible (IPv6: /128 to /122); its first address is
				       not used unless it is the only one */
	double rate;              /**< connections per second, above 0, to 10^6 */
	tg_time start;            /**< the first SYN */
	tg_time stop;             /**< no SYN from here on */
	uint64_t seed;
};

/** What came of it. A client is decided when it has succeeded or failed. */
struct honest_stats {
	uint64_t started;     /**< clients that sent a first SYN */
	uint64_t skipped;     /**< clients due, but all slots were in use: also failures */
	uint64_t connected;   /**< valid SYN-ACK within HONEST_PATIENCE */
	uint64_t succeeded;   /**< first byte within HONEST_PATIENCE */
	uint64_t failed_syn;  /**< no SYN-ACK within HONEST_PATIENCE */
	uint64_t failed_data; /**< SYN-ACK, but no byte within HONEST_PATIENCE */
	uint64_t failed_rst;  /**< RST (or FIN) before the first byte */
	uint64_t closed;      /**< FIN and ACK both ways after all data came */
	uint64_t broken;      /**< succeeded, but RST or silence afterwards */
	uint64_t wrong;       /**< frames with bad checksums or unexpected bytes of payload */
	uint64_t sent;        /**< frames */
	uint64_t received;
	uint64_t repeated;      /**< frames sent again, SYNs excluded */
	struct hist connect;    /**< first SYN to SYN-ACK; failures count as HONEST_PATIENCE */
	struct hist first_byte; /**< first SYN to first byte, likewise */
};

struct honest;

/** Makes the clients. @return NULL when out of memory or a value is out of its range */
struct honest *honest_create(const struct honest_config *cfg);

/** Ends them; nothing is sent. */
void honest_destroy(struct honest *h);

/** True when dst (as in a frame for the clients) is one of their addresses. Cheap. */
bool honest_owns(const struct honest *h, const uint8_t *frame, unsigned len);

/**
 * Takes a frame from the server.
 *
 * @param frame  not modified
 * @return false when it is not for a client: someone else's, or damaged
 */
bool honest_input(struct honest *h, const uint8_t *frame, unsigned len, tg_time now);

/**
 * Writes what must be sent now: answers, SYNs that are due, what timers say. Call at least
 * every millisecond or so, and until it returns less than cap.
 *
 * @param frame  cap pointers to HONEST_FRAME_MAX bytes of room each
 * @param len    set for each frame written
 * @return frames written, 0 to cap
 */
unsigned honest_output(
	struct honest *h, uint8_t *const frame[], uint16_t len[], unsigned cap, tg_time now);

/** When honest_output() must be called next, if no frame comes before. */
tg_time honest_deadline(const struct honest *h);

/** Clients that have begun and not ended. */
unsigned honest_open(const struct honest *h);

/** Clients not yet decided. */
uint64_t honest_undecided(const struct honest *h);

/** Counts so far. */
const struct honest_stats *honest_stats(const struct honest *h);

#endif
