/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_PROOF_H
#define TG_TEST_PROOF_H
/**
 * @file
 * What must hold for every frame an engine sends, whatever the test is about.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

/**
 * Does for a frame what its port would do: inserts a stripped VLAN tag, computes the checksums
 * left to it. Fails when the offload fields do not describe the frame.
 *
 * @param p     as the engine gave it, one segment or a chain
 * @param room  for SEG_FRAME_MAX bytes
 * @return bytes of the finished frame
 */
unsigned proof_finish(const struct tg_pkt *p, uint8_t *room);

/**
 * Fails unless a finished frame parses, with lib/wire and with the tests' own reader, with right
 * checksums, and comes out the same after being written from its values once more.
 */
void proof_frame(const uint8_t *frame, unsigned len);

/** Fails with a text and the frame as hex. */
_Noreturn void proof_fail(const char *what, const uint8_t *frame, unsigned len);

#endif
