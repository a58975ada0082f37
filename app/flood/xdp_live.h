/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_XDP_LIVE_H
#define FLOOD_XDP_LIVE_H
/**
 * @file
 * A flood through the kernel at millions of packets a second, and what comes back for it: an XDP
 * program on the generator's end of a veth pair.
 *
 * Sending: frames are written into memory shared with the program, and the kernel's test runner
 * makes packets of them (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18): no system call and no sk_buff
 * for each. Receiving: answers to the flood are counted and dropped before the kernel makes
 * anything of them; what is for an honest client goes on, to packet sockets.
 */
#include "template.h"

/** Frames in one call of xdp_live_send() at most: half a millisecond's at 2 M/s. */
#define XDP_LIVE_BURST 1024
/** One of so many answers to the flood goes on too, so that its checksum can be verified. */
#define XDP_LIVE_SAMPLE 1024

/** What came back, honest clients' frames not counted. */
struct xdp_live_counts {
	uint64_t synacks;
	uint64_t rsts;
	uint64_t others; /**< TCP otherwise, and what is not TCP */
};

struct xdp_live;

/**
 * Loads the program.
 *
 * @param out  set on success; ended by xdp_live_close()
 * @param err  SETUP_ERROR bytes, filled on failure
 * @return 0, -ENOTSUP when built without libbpf or clang, or another negative errno
 */
int xdp_live_open(struct xdp_live **out, char *err);

/** Unloads the program, after it was detached or its interface is gone. NULL does nothing. */
void xdp_live_close(struct xdp_live *x);

/**
 * Begins anew on an interface of the caller's network namespace, with all counts zero.
 *
 * @param ifname   veth whose peer has NAPI (generic receive offload or an XDP program)
 * @param clients  answers to these addresses go on
 * @param err      as above
 * @return 0 or a negative errno
 */
int xdp_live_attach(
	struct xdp_live *x, const char *ifname, const struct flood_prefix *clients, char *err);

/** Takes the program off its interface. */
void xdp_live_detach(struct xdp_live *x);

/**
 * Sends the next frames of a flood. Must be called in the namespace of the attachment.
 *
 * @param n  frames, 1 to XDP_LIVE_BURST
 * @return 0 or a negative errno. What finds no room in the peer's ring is lost without a word;
 *         the interface counts it as tx_dropped.
 */
int xdp_live_send(struct xdp_live *x, struct flood_mix *mix, unsigned n);

/** Counts since the attachment. */
void xdp_live_counts(const struct xdp_live *x, struct xdp_live_counts *out);

#endif
