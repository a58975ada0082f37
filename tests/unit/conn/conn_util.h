/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_CONN_UTIL_H
#define TG_TESTS_CONN_UTIL_H
/**
 * @file
 * What the tests of the conn room share: a struct tg_conns with everything around it but an engine,
 * a peer that sends segments by hand, and what leaves as values.
 *
 * Sequence numbers in tests are relative: ours count from 0 = first byte after our SYN, the peer's
 * from 0 = first byte after its SYN, whatever the wire numbers are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ack.h"
#include "arrival.h"
#include "bytes.h"
#include "close.h"
#include "congestion.h"
#include "csum.h"
#include "data.h"
#include "emit.h"
#include "event.h"
#include "output.h"
#include "retransmit.h"
#include "sendq.h"
#include "tcb.h"
#include "tenv.h"

/** A segment that left, or the answer written over one that came. */
struct sent {
	uint32_t seq, ack;
	uint16_t flags, wnd;
	uint32_t len;
	bool ts;
	uint32_t tsval, tsecr;
	struct tg_l2 l2;
	uint16_t port;
	uint8_t data[9200];
};

/** A segment of the peer's. */
struct in {
	uint32_t seq, ack;
	uint16_t flags, wnd;
	uint32_t len;
	const uint8_t *data; /**< NULL: the pattern at seq */
	bool ts;
	uint32_t tsval, tsecr;
	unsigned pieces; /**< buffers the payload is spread over behind the one of the headers */
	unsigned tail;   /**< writable bytes behind each buffer's bytes */
	bool vlan;       /**< comes with tag 0x8100:5 */
};

/** The connections of an engine, and their surroundings. */
struct world {
	struct tenv tenv;
	struct tg_engine_config cfg; /**< to be changed between world_init() and world_open() */
	struct tg_mem mem;
	struct tg_host host;
	struct tg_flow flow;
	struct tg_counters counters;
	struct tg_conns cs;
	struct tg_proven proven; /**< of the next world_conn() */
	tg_time now;
	uint16_t offload;      /**< of port 0 */
	struct tg_frame frame; /**< how the peer's packets come: addresses, MACs */
	struct sent out[64];
	unsigned outs;
	bool replied; /**< reply holds the answer to the last peer_sends() */
	struct sent reply;
};

/** Sets the defaults. */
void world_init(struct world *w);

/** Sizes everything. @return what tg_conns_init() returned */
int world_open(struct world *w);

/** Both. */
void world_start(struct world *w);

/** Ends everything; fails when anything was leaked. */
void world_close(struct world *w);

/** An established connection, in the flow table, accepted by its worker; NULL when none is free. */
struct tg_tcb *world_conn(struct world *w, uint32_t snd_wnd);

/** The same, waiting to be accepted. */
struct tg_tcb *world_conn_unaccepted(struct world *w, uint32_t snd_wnd);

/** The peer of t sends; w->reply holds the answer when there is one. */
struct tg_verdict peer_sends(struct world *w, struct tg_tcb *t, const struct in *s);

/** A packet as the peer of t would send it, parsed into *f and *o. pkt[] has room for 8. */
void peer_packet(struct world *w, const struct tg_tcb *t, const struct in *s, struct tg_pkt pkt[],
	struct tg_frame *f, struct tg_tcpopt *o);

/** Takes back the buffers of a packet that the conn room has not kept. */
void peer_packet_free(struct world *w, struct tg_pkt *pkt);

/** Lets every connection send what it wants; w->out[0 .. w->outs) is what left. */
unsigned world_output(struct world *w);

/** The same with at most cap packets. */
unsigned world_output_cap(struct world *w, unsigned cap);

/** Moves time on by ms, firing every timer on its tick; output is left to the test. */
void world_wait(struct world *w, uint32_t ms);

/** Milliseconds until something leaves or `most` have passed; what left is in w->out. */
uint32_t world_until_output(struct world *w, uint32_t most);

/** The byte at position i of every stream. */
uint8_t pattern(uint32_t i);

/** Fills n bytes of pattern from position at. */
void pattern_fill(uint8_t *p, uint32_t at, uint32_t n);

/** Fails unless the bytes are the pattern. */
void pattern_check(const uint8_t *p, uint32_t at, uint32_t n);

/** The worker writes n bytes of pattern; all of them must be taken. */
void worker_writes(struct world *w, struct tg_tcb *t, uint32_t at, uint32_t n);

/** Fails unless a segment is as said. */
void expect_segment(const struct sent *s, uint32_t seq, uint32_t ack, unsigned flags, uint32_t len);

/** The pending event bits of worker 0's next event, 0 for none. *ev may be NULL. */
unsigned next_event(struct world *w, struct tg_event *ev);

/** A count. */
#define CNT(w, c) ((w)->counters.event[TG_CNT_##c])

/** Where sequence numbers begin: plain, and so that they wrap under way. */
struct numbers {
	uint32_t irs, iss;
};
extern const struct numbers numbers[];
extern const unsigned numbers_count;

#endif
