/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program of tidegate-flood --veth, see xdp_live.h. Run by the test runner it sends the
 * next frame; run for a received frame it counts and drops.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xdp_live_shared.h"

/* The test runner says that its frames came from the loopback interface, which is always this. */
#define LOOPBACK 1

#define ETH_LEN  14
#define TAG_LEN  4
#define V4_LEN   20
#define V6_LEN   40
#define TCP_LEN  20
#define TCP_NEXT 6
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_ACK 0x10

struct live_shared shared;

/* Frames come back used, so all of it is written anew. They are as long as the longest. */
static __always_inline int
send_next(struct xdp_md *ctx)
{
	struct live_slot *s = &shared.slot[shared.next % LIVE_SLOTS];
	__u32 len = s->len;

	shared.next++;
	if (len < ETH_LEN || len > LIVE_FRAME)
		return XDP_ABORTED;
	if (bpf_xdp_adjust_tail(ctx, (int)len - LIVE_FRAME) != 0)
		return XDP_ABORTED;
	if (bpf_xdp_store_bytes(ctx, 0, s->bytes, len) != 0)
		return XDP_ABORTED;
	return bpf_redirect(shared.ifindex, 0);
}

static __always_inline __u64
word(const __u8 *p)
{
	__u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline int
is_client(__u64 high, __u64 low)
{
	return (high & shared.mask[0]) == shared.net[0] && (low & shared.mask[1]) == shared.net[1];
}

/* What becomes of a TCP segment for the flood's addresses. */
static __always_inline int
count(const __u8 *tcp, const __u8 *end)
{
	if (tcp + TCP_LEN > end) {
		__sync_fetch_and_add(&shared.others, 1);
		return XDP_DROP;
	}
	if (tcp[13] & FLAG_RST) {
		__sync_fetch_and_add(&shared.rsts, 1);
	} else if ((tcp[13] & (FLAG_SYN | FLAG_ACK)) == (FLAG_SYN | FLAG_ACK)) {
		if (__sync_add_and_fetch(&shared.synacks, 1) % LIVE_SAMPLE == 0)
			return XDP_PASS;
	} else {
		__sync_fetch_and_add(&shared.others, 1);
	}
	return XDP_DROP;
}

SEC("xdp")
int
live(struct xdp_md *ctx)
{
	const __u8 *p = (const __u8 *)(long)ctx->data;
	const __u8 *end = (const __u8 *)(long)ctx->data_end;
	__u64 low = 0;
	__u32 v4;

	if (ctx->ingress_ifindex == LOOPBACK)
		return send_next(ctx);
	if (p + ETH_LEN + TAG_LEN > end)
		return XDP_DROP;
	if (p[12] == 0x81 && p[13] == 0x00)
		p += TAG_LEN;
	if (p[12] == 0x08 && p[13] == 0x00 && p + ETH_LEN + V4_LEN <= end) {
		p += ETH_LEN;
		__builtin_memcpy(&v4, p + 16, sizeof(v4));
		/* v4-mapped: ::ffff:a.b.c.d, in the byte order of memory */
		((__u8 *)&low)[2] = 0xff;
		((__u8 *)&low)[3] = 0xff;
		__builtin_memcpy((__u8 *)&low + 4, &v4, sizeof(v4));
		if (is_client(0, low))
			return XDP_PASS;
		/* Nobody here sends IP options. */
		if (p[9] == TCP_NEXT)
			return count(p + V4_LEN, end);
	} else if (p[12] == 0x86 && p[13] == 0xdd && p + ETH_LEN + V6_LEN <= end) {
		p += ETH_LEN;
		if (is_client(word(p + 24), word(p + 32)))
			return XDP_PASS;
		if (p[6] == TCP_NEXT)
			return count(p + V6_LEN, end);
	}
	__sync_fetch_and_add(&shared.others, 1);
	return XDP_DROP;
}

/* bpf_redirect() is for programs under a licence compatible with the GPL; BSD is. */
char _license[] SEC("license") = "Dual BSD/GPL";
