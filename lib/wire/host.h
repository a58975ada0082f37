/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_WIRE_HOST_H
#define TG_WIRE_HOST_H
/**
 * @file
 * Who we are on the wire: ports, local addresses, and the ways back to peers.
 *
 * There is no route and no neighbour table: a peer is answered where its last valid packet came
 * from. A connection remembers the peer's MAC and a *path*, the index of a (port, VLAN stack)
 * pair interned here. All tables are fixed arrays inside the struct.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tidegate/pkt.h>
#include <tidegate/types.h>

#include "emit.h"
#include "frame.h"

#define TG_PORTS_MAX  64
#define TG_LOCALS_MAX 256
/** Places for our addresses and their broadcast addresses: at most half are taken. */
#define TG_SLOTS (4u * TG_LOCALS_MAX)
_Static_assert(TG_SLOTS == 1024, "tg_host_slot() has ten bits");
/** Bit of a place: what is there is a broadcast address. */
#define TG_SLOT_BROADCAST 0x8000u
/** Different (port, VLAN stack) pairs that half-open entries and connections may use at once. */
#define TG_PATHS_MAX 1024
/** The path that is none. */
#define TG_PATH_NONE UINT16_MAX

/** A port. */
struct tg_port {
	bool used;
	uint8_t mac[6];
	uint16_t mtu;
	uint16_t offload; /**< enum tg_csum_offload */
};

/** A local address. */
struct tg_local {
	struct tg_addr addr;
	struct tg_addr broadcast; /**< directed broadcast; `::` when there is none */
	uint16_t port;            /**< ARP and ND are answered here */
};

/** A way back: port and VLAN stack, counted by what uses it. */
struct tg_path {
	uint32_t refs; /**< 0 = free */
	uint16_t port;
	uint16_t tpid[TG_VLAN_MAX];
	uint16_t tci[TG_VLAN_MAX];
	uint8_t tags;
};

/** Kinds of addresses that a TCP segment may carry. */
enum tg_addr_kind {
	TG_ADDR_UNICAST,
	TG_ADDR_LOCAL,     /**< one of ours */
	TG_ADDR_GROUP,     /**< multicast, or a broadcast address of ours */
	TG_ADDR_FORBIDDEN, /**< 0/8, 127/8, ::, ::1, v4-mapped on IPv6, 240/4: never on the wire */
};

/** Ports, addresses, paths. */
struct tg_host {
	struct tg_port port[TG_PORTS_MAX];
	struct tg_local local[TG_LOCALS_MAX];
	uint16_t locals;
	uint8_t ttl; /**< of answers: TTL or hop limit, 64 unless set */
	uint8_t tos; /**< of answers: DSCP above the ECN field, 0 unless set */
	/** Open-addressed, 1 + local or 0; TG_SLOT_BROADCAST: of that local the broadcast address.
	 */
	uint16_t slot[TG_SLOTS];
	struct tg_path path[TG_PATHS_MAX];
	uint16_t last_path; /**< where the last look-up ended: nearly always the next answer */
};

/** Empties a host. */
void tg_host_init(struct tg_host *h);

/** Adds a port. @return 0, -EINVAL, -EEXIST */
int tg_host_add_port(
	struct tg_host *h, uint16_t port, const uint8_t mac[6], uint16_t mtu, uint16_t offload);

/** Adds a local address. @return 0, -EINVAL, -EEXIST, -ENOSPC */
int tg_host_add_addr(
	struct tg_host *h, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len);

/**
 * Where to look for an address first. They are configured, not attacked: a plain mix will do. The
 * last byte, in which those of one network differ, is the highest of the number: only the top bits
 * of the product know it.
 */
static inline unsigned
tg_host_slot(uint64_t first8, uint64_t last8)
{
	return (unsigned)(((first8 ^ last8) * UINT64_C(0x9e3779b97f4a7c15)) >> 54) % TG_SLOTS;
}

/** The same for an address. */
static inline unsigned
tg_host_slot_of(const struct tg_addr *a)
{
	uint64_t hi, lo;

	memcpy(&hi, a->b, 8);
	memcpy(&lo, a->b + 8, 8);
	return tg_host_slot(hi, lo);
}

/** tg_host_place() from place i on. */
unsigned tg_host_probe(const struct tg_host *h, const struct tg_addr *addr, unsigned i);

/** The place of an address, TG_SLOT_BROADCAST included, or 0. */
static inline __attribute__((always_inline)) unsigned
tg_host_place(const struct tg_host *h, const struct tg_addr *addr)
{
	unsigned i = tg_host_slot_of(addr);

	return h->slot[i] == 0 ? 0 : tg_host_probe(h, addr, i);
}

/** Index of a local address, or -1. */
static inline int
tg_host_find(const struct tg_host *h, const struct tg_addr *addr)
{
	unsigned n = tg_host_place(h, addr);

	return n == 0 || (n & TG_SLOT_BROADCAST) ? -1 : (int)n - 1;
}

/**
 * What kind of address this is.
 *
 * @param ip_version  4 or 6: a v4-mapped address inside an IPv6 header is forbidden
 */
enum tg_addr_kind tg_host_classify(
	const struct tg_host *h, const struct tg_addr *addr, unsigned ip_version);

/**
 * The path a frame came by, with one more reference.
 *
 * @return its index; TG_PATH_NONE when all near its place are in use, or when the frame had more
 *         than TG_VLAN_MAX tags (two in its data and a stripped one)
 */
uint16_t tg_path_get(struct tg_host *h, const struct tg_pkt *pkt, const struct tg_frame *f);

/**
 * tg_path_get() for an untagged frame that came by the same path as the last one.
 *
 * @return TG_PATH_NONE when it did not, or nothing holds that path; ask tg_path_get()
 */
static inline uint16_t
tg_path_again(struct tg_host *h, const struct tg_pkt *pkt)
{
	struct tg_path *p = &h->path[h->last_path];

	if (p->refs == 0 || p->tags != 0 || p->port != pkt->port ||
		(pkt->flags & TG_PKT_VLAN_STRIPPED) != 0)
		return TG_PATH_NONE;
	p->refs++;
	return h->last_path;
}

/** True when the frame came by this path. */
bool tg_path_matches(
	const struct tg_host *h, uint16_t path, const struct tg_pkt *pkt, const struct tg_frame *f);

/** One reference less. */
static inline void
tg_path_put(struct tg_host *h, uint16_t path)
{
	h->path[path].refs--;
}

/**
 * Follows a peer: path and MAC become those a valid segment came by. When no path is free the old
 * one stays, which is better than none.
 *
 * @param path, mac  of the entry that remembers the peer
 */
void tg_path_follow(struct tg_host *h, uint16_t *path, uint8_t mac[6], const struct tg_pkt *pkt,
	const struct tg_frame *f);

/** Layer 2 of a packet to a peer, and its port. */
uint16_t tg_path_l2(
	const struct tg_host *h, uint16_t path, const uint8_t peer_mac[6], struct tg_l2 *l2);

/**
 * Starts the answer to a TCP segment: addresses, ports, MACs and tags will be the segment's turned
 * round, TTL and DSCP are the host's, the rest is zero.
 *
 * @param f  must stay until tg_reply_write(); l2, src, dst, sport and dport of s are not filled
 */
void tg_reply_init(const struct tg_host *h, const struct tg_frame *f, struct tg_segment *s);

/**
 * Writes a payload-less answer over the packet it answers. Further segments of a chain are let
 * go: pkt->next becomes NULL and they stay the caller's to release.
 *
 * @return 0, or -ENOSPC when the buffer is too small (packet untouched)
 */
int tg_reply_write(const struct tg_host *h, struct tg_pkt *pkt, const struct tg_segment *s);

#endif
