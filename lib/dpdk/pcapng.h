/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_PCAPNG_H
#define TG_DPDK_PCAPNG_H
/**
 * @file
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng): section header, interface, packet. Three of
 * them are all it takes; libpcap writes no comments, and rte_pcapng wants mbufs and a file.
 *
 * Each function writes one whole block in the byte order of this machine, which the section header
 * tells, and returns its length, a multiple of 4; 0: it does not fit, nothing is written.
 */
#include <stddef.h>
#include <stdint.h>

/** The section header: the file begins with it. */
size_t tg_pcapng_section(uint8_t *out, size_t room, const char *application);

/**
 * An interface: Ethernet, with timestamps in nanoseconds. The first one is number 0.
 *
 * @param name  up to 64 bytes
 */
size_t tg_pcapng_interface(uint8_t *out, size_t room, const char *name, uint32_t snaplen);

/** A packet. */
struct tg_pcapng_packet {
	uint32_t interface;
	uint64_t ns;     /**< since 1970 */
	uint32_t caplen; /**< bytes in data, up to 65535 */
	uint32_t len;    /**< bytes on the wire */
	const uint8_t *data;
	const char *comment; /**< up to 64 bytes */
};

/** A packet. */
size_t tg_pcapng_packet(uint8_t *out, size_t room, const struct tg_pcapng_packet *p);

#endif
