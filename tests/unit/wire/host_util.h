/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_HOST_UTIL_H
#define TG_TESTS_HOST_UTIL_H
/*
 * A host with two ports, for the tests of host.c, path.c and reply.c.
 */
#include "wire_util.h"

#include <errno.h>

#include "host.h"

static const uint8_t mac0[6] = {2, 0xaa, 0, 0, 0, 1};
static const uint8_t mac1[6] = {2, 0xaa, 0, 0, 0, 2};
static const uint8_t peer_mac[6] = {2, 0xbb, 0, 0, 0, 9};

/* 2001:db8::n */
static inline struct tg_addr
v6(uint16_t n)
{
	struct tg_addr a = {{0x20, 0x01, 0x0d, 0xb8}};

	set16(a.b + 14, n);
	return a;
}

/* Two ports: 0 checks nothing, 63 (the last) computes checksums. */
static inline void
host_with_ports(struct tg_host *h)
{
	memset(h, 0xa5, sizeof(*h));
	tg_host_init(h);
	assert_int_equal(tg_host_add_port(h, 0, mac0, 1500, 0), 0);
	assert_int_equal(tg_host_add_port(h, 63, mac1, 9216, TG_OFFLOAD_IP | TG_OFFLOAD_TCP), 0);
}

#endif
