/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_FLOOD_TRAFFIC_H
#define TG_TEST_FLOOD_TRAFFIC_H
/**
 * @file
 * What model_flood.c sends: SYNs, ACKs, RSTs and nonsense, with lengths, options, addresses and
 * tags as nobody honest would write them, and checksums that are right all the same.
 */
#include <stdint.h>

#include <tidegate/pkt.h>

#include "engine_internal.h"

/** Most bytes of a packet: two tags, IPv4 and TCP with all their options, payload. */
#define TRAFFIC_MAX 256

/** Ports that packets come in by; the engine has not all of them at any time. */
#define TRAFFIC_PORTS 4

/** Addresses of either family that packets go to. */
#define TRAFFIC_ADDRS 4

/** A MAC address for each port. */
extern const uint8_t traffic_mac[TRAFFIC_PORTS][6];

/** Begins a sequence: the same seed, the same packets. */
void traffic_seed(uint64_t seed);

/** A random number. */
uint64_t traffic_any(void);

/** One of 0 to n - 1. */
unsigned traffic_below(unsigned n);

/** The i-th address of a family: 192.0.2.1 and on, or 2001:db8::1 and on. */
struct tg_addr traffic_addr(bool v6, unsigned i);

/**
 * Makes a packet.
 *
 * @param data  TRAFFIC_MAX bytes; what is not the packet's stays as it is
 * @param meta  port, flags and vlan_tci are set
 * @return its length
 */
unsigned traffic_packet(uint8_t *data, struct tg_pkt *meta);

/** Remembers a SYN-ACK the engine has sent, for ACKs that confirm it; others are ignored. */
void traffic_note(const struct tg_pkt *pkt);

#endif
