/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_RIG_H
#define TG_TEST_RIG_H
/**
 * @file
 * An engine on the test bench: packets in one at a time, everything it sends collected and
 * proved, time moved by hand from deadline to deadline, the books balanced after every step.
 */
#include <tidegate/tidegate.h>

#include "tenv.h"

/** How the same traffic is presented to the engine: every manner must look alike on the wire. */
struct rig_manner {
	const char *name;
	uint16_t offload; /**< TG_TX_*_CSUM the ports compute; they verify and strip tags as well */
	bool chain;       /**< payloads arrive in chains of up to three buffers */
	bool tight;       /**< no room around packets that are not SYNs */
	bool peek;        /**< workers read by peek and consume */
	tg_time start;    /**< monotonic time at which the test begins */
	uint32_t buf_size; /**< of the engine's buffers; 0: 2048 */
};

/** The first is the plain one. */
extern const struct rig_manner rig_manners[];
extern const unsigned rig_manner_count;

/** A frame the engine sent, finished as its port would. */
struct rig_frame {
	uint8_t *bytes;
	unsigned len;
	uint16_t port;
	tg_time at;
};

/** How a frame arrives. */
struct rig_rx {
	uint16_t port;
	uint16_t hdr;      /**< bytes of headers: where a chain may begin; 0: never */
	bool bad_l4;       /**< the port, if it verifies, finds the TCP checksum wrong */
	bool bad_ip;       /**< the same for the IPv4 header */
	bool unverified;   /**< the port does not verify this one */
	uint16_t headroom; /**< writable bytes before and behind */
	uint16_t tailroom;
};

/** The bench. */
struct rig {
	struct tenv tenv;
	struct tg_engine_config cfg; /**< to be changed before rig_open() */
	const struct rig_manner *manner;
	struct tg_engine *e;
	struct tg_worker *w;
	tg_time now;
	uint64_t wall0;         /**< wall clock at manner->start */
	struct tg_verdict last; /**< of the last frame fed */
	struct rig_frame *out;  /**< frames not yet taken, oldest first from out_first */
	unsigned out_first, out_count, out_cap;
	struct rig_held *held; /**< frames kept back for one burst */
	unsigned held_count;
	bool hold;
	uint64_t fed;
	uint64_t sent;      /**< frames emitted in all */
	bool shrunk;        /**< bounds were made smaller while it ran: see audit_engine() */
	uint32_t mem_calls; /**< allocations when the engine had been made: the last ones */
	uint8_t mac[64][6];
	void (*on_send)(void *ctx, const struct rig_frame *f); /**< takes frames instead of out[] */
	void *on_send_ctx;
};

/** Starts with settings fit for a test (README.md of tests/script lists them) and a fixed seed. */
void rig_init(struct rig *r, const struct rig_manner *m);

/** Makes engine and worker; the result of tg_engine_create(). Ports and addresses are up to you. */
int rig_open(struct rig *r);

/** Adds a port with MAC 02:00:00:00:00:`port + 1`. */
void rig_port(struct rig *r, uint16_t port, uint16_t mtu);

/** Port 0 with MTU 1500, 10.0.0.1/24 and fd00::1/64. */
void rig_usual(struct rig *r);

/** One frame in; answers and whatever the engine then wants to send are collected. */
struct tg_verdict rig_feed(
	struct rig *r, const uint8_t *frame, unsigned len, const struct rig_rx *rx);

/** From here on frames are kept back by rig_feed(), whose verdict then says nothing... */
void rig_hold(struct rig *r);

/** ... until all of them go in as one burst. */
void rig_release(struct rig *r);

/** Forgets frames kept back. */
void rig_held_forget(struct rig *r);

/** Takes over a frame the engine sent: proves it, keeps a copy. The buffer stays the caller's. */
void rig_collect(struct rig *r, const struct tg_pkt *p);

/** A turn without packets: output and timers until nothing more is due now. */
void rig_turn(struct rig *r);

/** Moves time to `to` through every deadline on the way; stops early when `stop_at` frames wait. */
void rig_until(struct rig *r, tg_time to, unsigned stop_at);

/** Do not stop. */
#define RIG_NO_STOP UINT32_MAX

/** Frames sent and not yet taken. */
unsigned rig_waiting(const struct rig *r);

/** The i-th oldest of them, or NULL; the rig's own until rig_take(). */
const struct rig_frame *rig_peek(const struct rig *r, unsigned i);

/** Forgets the i-th oldest. */
void rig_take(struct rig *r, unsigned i);

/** received == fed == the sum of all dispositions, usage within its bounds, nothing allocated since
 * rig_open(), and audit_engine(). */
void rig_check(const struct rig *r);

/** Balances the books, destroys the engine, and fails when anything was leaked. */
void rig_close(struct rig *r);

/** Gives everything back without looking: after a failure. */
void rig_abandon(struct rig *r);

#endif
