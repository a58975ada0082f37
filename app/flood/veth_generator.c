/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "frame.h"
#include "netns.h"
#include "veth_generator.h"

/*
 * Flood frames are sent when those of so much time are due. A call costs 35 us whatever it sends,
 * so the shorter this is the less is left for the kernel's side on the same CPU.
 */
#define STEP (200 * UINT64_C(1000))
/* A generator that was held up makes good for so much, not for all: it would come in one lump. */
#define CATCH_UP (2 * TG_MSEC)
/* Frames of honest clients sent, and received, before the flood goes on. */
#define CLIENT_BURST 64
/* Answers under way at the end. */
#define LAST_ANSWERS (5 * TG_MSEC)
/* For a thousand frames, should the kernel hand them over in one go. */
#define SOCKET_BUFFER (4 << 20)
/* Longest frame that comes: an answer to a client, and what segmentation would make of it. */
#define FRAME_MAX 2048
/* Bytes of an 802.1Q tag. */
#define TAG_LEN 4

static const struct timespec rcu_pause = {.tv_nsec = TG_MSEC};

int
veth_generator_socket(const char *ifname)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int yes = 1, size = SOCKET_BUFFER, rc;
	/* Protocol 0: nothing is received before bind() says from where. */
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (s < 0)
		return -errno;
	at.sll_ifindex = (int)if_nametoindex(ifname);
	if (at.sll_ifindex != 0 &&
		setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0 &&
		setsockopt(s, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) == 0 &&
		setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) == 0 &&
		setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0 &&
		bind(s, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return s;
	rc = -errno;
	close(s);
	return rc;
}

static void
verify(struct veth_generator *g, uint8_t *frame, size_t len)
{
	struct tg_pkt pkt = {.data = frame, .len = (uint16_t)len};
	struct tg_frame f;

	g->sampled++;
	if (tg_frame_parse(&pkt, &f) != TG_FRAME_TCP)
		g->damaged++;
}

/*
 * Takes one frame as it was on the wire: the kernel hands a VLAN tag over beside the frame.
 * `frame` has FRAME_MAX + TAG_LEN bytes of room. Returns its length, 0 when there is none.
 */
static size_t
take_frame(int sock, uint8_t *frame)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {.iov_base = frame + TAG_LEN, .iov_len = FRAME_MAX};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(sock, &msg, 0);
	struct tpacket_auxdata aux = {0};
	struct cmsghdr *c;

	if (n < ETH_HLEN)
		return 0;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) {
		memmove(frame, frame + TAG_LEN, (size_t)n);
		return (size_t)n;
	}
	memmove(frame, frame + TAG_LEN, 2 * ETH_ALEN);
	frame[12] = ETH_P_8021Q >> 8;
	frame[13] = ETH_P_8021Q & 0xff;
	frame[14] = (uint8_t)(aux.tp_vlan_tci >> 8);
	frame[15] = (uint8_t)aux.tp_vlan_tci;
	return (size_t)n + TAG_LEN;
}

static void
receive(struct veth_generator *g)
{
	uint8_t frame[FRAME_MAX + TAG_LEN];
	size_t n;

	for (unsigned i = 0; i < CLIENT_BURST && (n = take_frame(g->sock, frame)) != 0; i++)
		if (g->honest != NULL && honest_owns(g->honest, frame, (unsigned)n))
			honest_input(g->honest, frame, (unsigned)n, netns_now());
		else
			verify(g, frame, n);
}

static void
send_clients(struct veth_generator *g, tg_time now)
{
	uint8_t room[CLIENT_BURST][HONEST_FRAME_MAX], *frame[CLIENT_BURST];
	uint16_t len[CLIENT_BURST];
	unsigned n;

	for (unsigned i = 0; i < CLIENT_BURST; i++)
		frame[i] = room[i];
	n = honest_output(g->honest, frame, len, CLIENT_BURST, now);
	for (unsigned i = 0; i < n; i++)
		if (send(g->sock, frame[i], len[i], 0) < 0)
			g->lost++;
}

/* Sends what is due of the flood. */
static int
send_flood(struct veth_generator *g, tg_time now)
{
	uint64_t due = pace_due(&g->pace, now), done = g->sent + g->forgiven, step, most;
	unsigned n = XDP_LIVE_BURST;
	int rc;

	if (due != UINT64_MAX) {
		if (due <= done)
			return 0;
		step = pace_due(&g->pace, now + STEP) - due;
		most = pace_due(&g->pace, now + CATCH_UP) - due + 1;
		if (due - done > most)
			g->forgiven += due - done - most;
		n = due - done < XDP_LIVE_BURST ? (unsigned)(due - done) : XDP_LIVE_BURST;
		if (n < step && n < XDP_LIVE_BURST && now < g->pace.end)
			return 0;
		if (due - done > most)
			n = most < XDP_LIVE_BURST ? (unsigned)most : XDP_LIVE_BURST;
	}
	rc = xdp_live_send(g->live, g->mix, n);
	if (rc == 0)
		g->sent += n;
	/*
	 * Each call takes one of 65,534 numbers of the kernel's, given back after an RCU grace
	 * period. On a machine so busy that these take seconds they run out: let others go on.
	 */
	if (rc == -ENOSPC)
		nanosleep(&rcu_pause, NULL);
	/* A signal: whoever runs us will look at it. */
	return rc == -EINTR || rc == -ENOSPC ? 0 : rc;
}

static void
show(struct veth_generator *g, struct progress *p, tg_time now)
{
	struct progress_now n = {
		.now = now - g->pace.start,
		.end = g->pace.end - g->pace.start,
		.sent = g->sent,
	};
	struct xdp_live_counts c;

	xdp_live_counts(g->live, &c);
	n.synacks = c.synacks;
	if (g->honest != NULL) {
		const struct honest_stats *st = honest_stats(g->honest);

		n.succeeded = st->succeeded;
		n.decided = st->started - honest_undecided(g->honest);
	}
	progress_tick(p, &n);
}

int
veth_generator_run(struct veth_generator *g, struct progress *p, double *seconds)
{
	tg_time now = netns_now(), ended;
	int rc = 0;

	while (rc == 0 && now < g->pace.end && !stop_wanted()) {
		receive(g);
		if (g->honest != NULL)
			send_clients(g, now);
		rc = send_flood(g, now);
		show(g, p, now);
		now = netns_now();
	}
	ended = now;
	*seconds = (double)(ended - g->pace.start) / 1e9;
	while (now - ended < LAST_ANSWERS) {
		receive(g);
		now = netns_now();
	}
	return rc;
}
