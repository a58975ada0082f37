/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_ENGINE_UTIL_H
#define TG_TESTS_ENGINE_UTIL_H
/**
 * @file
 * What the tests of the engine room share: clients of 10.0.0.2 that speak to 10.0.0.1 on the bench.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tidegate/tidegate.h>

#include "rig.h"
#include "seg.h"

/** One client connection. Sequence numbers are those of the wire. */
struct client {
	struct rig *r;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t win;
};

/** A bench with port 0, 10.0.0.1 and fd00::1; change r->cfg between bench_init() and bench_open().
 */
void bench_init(struct rig *r);
void bench_open(struct rig *r);

/** Opens a listener of worker w on the IPv4 wildcard; fails when that fails. */
tg_listener bench_listen(struct rig *r, struct tg_worker *w, uint16_t port, uint32_t backlog);

/** A client that has sent nothing. */
struct client client_of(struct rig *r, uint16_t sport, uint16_t dport);

/** The client sends a segment; what the engine sends is left in the rig. */
struct tg_verdict client_sends(struct client *c, unsigned flags, unsigned len);

/** The SYN; the SYN-ACK is read when there is one. Throws away what waited before. */
struct tg_verdict client_syn(struct client *c);

/** SYN, SYN-ACK, ACK: fails when there is no SYN-ACK. Gives the verdict on the ACK. */
struct tg_verdict client_opens(struct client *c);

/** Takes the oldest frame the engine sent; false when there is none. */
bool next_sent(struct rig *r, struct seg *s);

/** Throws away all that waits. */
void forget_sent(struct rig *r);

/** Accepts one connection; fails when there is none. */
tg_conn accept_one(struct tg_worker *w, tg_listener l);

/** A count. */
#define COUNT(r, c) (tg_engine_counters((r)->e)->event[TG_CNT_##c])

#endif
