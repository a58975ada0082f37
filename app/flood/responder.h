/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_RESPONDER_H
#define FLOOD_RESPONDER_H
/**
 * @file
 * The straight-line responder: as little as can be done to answer a SYN with a stateless SYN-ACK.
 * No table, no listener, no connection; one header layout. What a listener costs more than this is
 * what it costs to be one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "prf.h"

/**
 * Turns one SYN into its SYN-ACK, in place: Ethernet, IPv4 without options, TCP with any options;
 * checksums verified and written in software, one block of AES for the sequence number. Linux's
 * timestamps are echoed.
 *
 * @param frame  the frame; @param len its length
 * @return false for anything else, and for wrong checksums: to be dropped
 */
bool responder_answer(const struct tg_prf *key, uint8_t *frame, unsigned len);

/**
 * The program that --memif starts: `tidegate-flood responder EAL-ARGUMENT...`. Answers on port 0
 * until SIGTERM. @return its exit status
 */
int responder_main(int argc, char **argv);

/** The word by which main() knows it. */
#define RESPONDER_WORD "responder"

#endif
