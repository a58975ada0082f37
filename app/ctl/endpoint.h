/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_ENDPOINT_H
#define TIDEGATE_CTL_ENDPOINT_H
/**
 * @file
 * Addresses with ports, as operators and the daemon write them: 192.0.2.1:80, [2001:db8::1]:80.
 */
#include <stdbool.h>
#include <stdint.h>

/** An address, a prefix of addresses, and perhaps a port. */
struct endpoint {
	uint8_t addr[16]; /**< IPv4 as ::ffff:a.b.c.d */
	bool v4;
	bool any;        /**< "*" or nothing: every address */
	unsigned prefix; /**< bits of addr that count, 0 to 128; IPv4's are 96 more than written */
	bool has_port;
	uint16_t port;
};

/**
 * Reads ADDRESS, ADDRESS/PREFIX, ADDRESS:PORT, ADDRESS/PREFIX:PORT, :PORT, *:PORT. An IPv6 address
 * with something behind it stands in brackets: [2001:db8::]/32, [::1]:80.
 *
 * @return false: not understood
 */
bool endpoint_parse(const char *s, struct endpoint *out);

/** Whether an endpoint (of the daemon) lies in what an operator wrote. */
bool endpoint_matches(const struct endpoint *wanted, const struct endpoint *e);

#endif
