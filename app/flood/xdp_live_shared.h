/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_XDP_LIVE_SHARED_H
#define FLOOD_XDP_LIVE_SHARED_H
/**
 * @file
 * Memory that xdp_live.c and its BPF program both see. Included by either, so with the kernel's
 * types only.
 */
#include <linux/types.h>

/** Frames in one run, a power of two. */
#define LIVE_SLOTS 1024
/** Bytes of a frame. */
#define LIVE_FRAME 128
/** One of so many answers goes on, a power of two. */
#define LIVE_SAMPLE 1024

/** A frame to send. */
struct live_slot {
	__u32 len; /* 14 to LIVE_FRAME */
	__u8 bytes[LIVE_FRAME];
};

/** Everything; the only map. Only one thread sends, and one CPU at a time receives. */
struct live_shared {
	struct live_slot slot[LIVE_SLOTS];
	__u32 next;    /* slot that is sent next */
	__u32 ifindex; /* where to */
	/* Honest clients, a v4-mapped or IPv6 network in its words as they lie in memory. */
	__u64 net[2];
	__u64 mask[2];
	__u64 synacks;
	__u64 rsts;
	__u64 others;
};

#endif
