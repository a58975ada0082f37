/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_TYPES_H
#define TIDEGATE_TYPES_H
/**
 * @file
 * Words every tidegate header uses: time, addresses, handles.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Marks the functions that libtidegate.so exports. */
#if defined(__GNUC__)
#define TG_API __attribute__((visibility("default")))
#else
#define TG_API
#endif

/** Monotonic time in nanoseconds; the zero point is the caller's, it must never step back. */
typedef uint64_t tg_time;

/** The deadline that never comes. */
#define TG_TIME_NEVER UINT64_MAX
/** One millisecond as tg_time. */
#define TG_MSEC UINT64_C(1000000)
/** One second as tg_time. */
#define TG_SEC UINT64_C(1000000000)

/**
 * An IPv6 address, or an IPv4 address in its v4-mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2),
 * in network byte order. `::` is the IPv6 wildcard, `::ffff:0.0.0.0` the IPv4 wildcard.
 */
struct tg_addr {
	uint8_t b[16];
};

/** An address and a TCP port (host byte order). */
struct tg_endpoint {
	struct tg_addr addr;
	uint16_t port;
};

/** The 4-tuple of a connection, seen from our side. Both addresses are of one family. */
struct tg_tuple {
	struct tg_endpoint local;
	struct tg_endpoint remote;
};

/**
 * Handle of a connection: pool index and generation. 0 is never a connection. A handle whose
 * connection is gone is answered with -EBADF, it never names another connection.
 */
typedef uint64_t tg_conn;

/** Handle of a listener: index and generation. 0 is never a listener. */
typedef uint32_t tg_listener;

struct tg_engine;
struct tg_worker;

/** Makes a v4-mapped address of an IPv4 address given as four bytes, most significant first. */
static inline struct tg_addr
tg_addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	struct tg_addr x = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};

	return x;
}

/** True for a v4-mapped address (::ffff:0:0/96). */
static inline bool
tg_addr_is_v4(const struct tg_addr *a)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	/* Constant length: two loads and two comparisons. */
	return memcmp(a->b, prefix, sizeof(prefix)) == 0;
}

/** True for the wildcard of either family: `::` or `::ffff:0.0.0.0`. */
static inline bool
tg_addr_is_any(const struct tg_addr *a)
{
	for (int i = 12; i < 16; i++)
		if (a->b[i] != 0)
			return false;
	if (tg_addr_is_v4(a))
		return true;
	for (int i = 0; i < 12; i++)
		if (a->b[i] != 0)
			return false;
	return true;
}

#endif
