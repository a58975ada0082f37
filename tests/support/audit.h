/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_AUDIT_H
#define TG_TEST_AUDIT_H
/**
 * @file
 * The books of the SYN queue: what is counted must be what is there.
 */
#include <tidegate/engine.h>

/**
 * Fails unless each half-open entry is in exactly one of its places (a timeout FIFO, the resend
 * FIFO, the wheel, its listener's ready FIFO) and its flags say which, is found in the flow table,
 * belongs to a listener that is open or being closed, and the listeners' counts (half-open, young,
 * acked) are those that a walk over the pool finds. Accept queues are within their bounds.
 *
 * @param shrunk  bounds were made smaller: accept queues may hold more
 */
void audit_engine(const struct tg_engine *e, bool shrunk);

#endif
