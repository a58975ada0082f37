/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "generator.h"

/* Frames of honest clients at a time. */
#define CLIENT_BURST 16
/* Bursts taken in before something is sent again. */
#define RX_ROUNDS 4
/*
 * A generator that was held up makes good for so many seconds, and so many frames, not for all:
 * they come in a lump, faster than any listener answers, and what does not fit into the queue is
 * lost by the generator's fault. 2 ms alone were three queues at 7 M/s, and cost 2 % of the
 * clients.
 */
#define CATCH_UP        0.002
#define CATCH_UP_FRAMES (FLOOD_DESCRIPTORS / 4)
/* Answers under way at the end. */
#define LAST_ANSWERS (5 * TG_MSEC)
#define RX_GOOD      (RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD)

static unsigned
receive(struct generator *g, tg_time now)
{
	struct rte_mbuf *m[FLOOD_BURST];
	unsigned total = 0, n, rounds = RX_ROUNDS;

	do {
		n = rte_eth_rx_burst(g->port, 0, m, FLOOD_BURST);
		for (unsigned i = 0; i < n; i++)
			replies_take(&g->replies, g->mix, g->honest,
				rte_pktmbuf_mtod(m[i], const uint8_t *), m[i]->data_len,
				(m[i]->ol_flags & RX_GOOD) == RX_GOOD, now);
		if (n != 0)
			rte_pktmbuf_free_bulk(m, n);
		total += n;
	} while (n == FLOOD_BURST && --rounds != 0);
	return total;
}

/* What the clients want to send, into g->waiting. */
static void
add_clients(struct generator *g, tg_time now)
{
	uint8_t room[CLIENT_BURST][HONEST_FRAME_MAX], *frame[CLIENT_BURST];
	struct rte_mbuf *m;
	uint16_t len[CLIENT_BURST];
	unsigned n;

	for (unsigned i = 0; i < CLIENT_BURST; i++)
		frame[i] = room[i];
	n = honest_output(g->honest, frame, len, CLIENT_BURST, now);
	for (unsigned i = 0; i < n; i++) {
		m = rte_pktmbuf_alloc(g->eal->pool);
		if (m == NULL)
			return; /* lost, as anywhere */
		memcpy(rte_pktmbuf_append(m, len[i]), frame[i], len[i]);
		g->waiting[g->nb_waiting++] = m;
	}
}

static void
add_flood(struct generator *g, unsigned n)
{
	struct rte_mbuf **m = g->waiting + g->nb_waiting;
	uint8_t *frame[FLOOD_BURST];
	uint16_t len[FLOOD_BURST];

	if (n == 0 || rte_pktmbuf_alloc_bulk(g->eal->pool, m, n) != 0)
		return;
	for (unsigned i = 0; i < n; i++)
		frame[i] = rte_pktmbuf_mtod(m[i], uint8_t *);
	flood_frames(g->mix, frame, len, n);
	for (unsigned i = 0; i < n; i++)
		m[i]->pkt_len = m[i]->data_len = len[i];
	g->nb_waiting += n;
	g->sent += n;
}

/* Flood frames that are due, one burst at most. */
static unsigned
due(struct generator *g, tg_time now)
{
	uint64_t at = pace_due(&g->pace, now), done = g->sent + g->forgiven, catch_up;

	if (at == UINT64_MAX)
		return FLOOD_BURST;
	if (at <= done)
		return 0;
	catch_up = pace_due(&g->pace, now + (tg_time)(CATCH_UP * 1e9)) - at;
	catch_up = RTE_MIN(catch_up, (uint64_t)CATCH_UP_FRAMES) + FLOOD_BURST;
	if (at - done > catch_up)
		g->forgiven += at - done - catch_up;
	return at - done < FLOOD_BURST ? (unsigned)(at - done) : FLOOD_BURST;
}

/* What is left over waits, or is lost: see struct generator. `clients` stand first. */
static void
transmit(struct generator *g, unsigned clients, bool wait)
{
	unsigned k = rte_eth_tx_burst(g->port, 0, g->waiting, (uint16_t)g->nb_waiting);

	if (k == g->nb_waiting) {
		g->nb_waiting = 0;
	} else if (wait) {
		g->nb_waiting -= k;
		memmove(g->waiting, g->waiting + k, g->nb_waiting * sizeof(g->waiting[0]));
	} else {
		g->unsent += g->nb_waiting - (k > clients ? k : clients);
		rte_pktmbuf_free_bulk(g->waiting + k, g->nb_waiting - k);
		g->nb_waiting = 0;
	}
}

static void
show(struct generator *g, struct progress *p, tg_time now)
{
	struct progress_now n = {
		.now = now - g->pace.start,
		.end = g->pace.end - g->pace.start,
		.sent = g->sent,
		.synacks = g->replies.synacks,
	};

	if (g->honest != NULL) {
		const struct honest_stats *st = honest_stats(g->honest);

		n.succeeded = st->succeeded;
		n.decided = st->started - honest_undecided(g->honest);
	}
	progress_tick(p, &n);
}

tg_time
generator_run(struct generator *g, struct progress *p)
{
	bool wait = g->pace.rate == 0;
	tg_time now = tg_clock_now(&g->eal->clock), ended;

	while (now < g->pace.end && !stop_wanted()) {
		receive(g, now);
		if (g->nb_waiting == 0) {
			unsigned clients;

			if (g->honest != NULL)
				add_clients(g, now);
			clients = g->nb_waiting;
			add_flood(g, due(g, now));
			if (g->nb_waiting != 0)
				transmit(g, clients, wait);
		} else {
			transmit(g, 0, wait);
		}
		show(g, p, now);
		now = tg_clock_now(&g->eal->clock);
	}
	ended = now;
	while (now - ended < LAST_ANSWERS) {
		receive(g, now);
		now = tg_clock_now(&g->eal->clock);
	}
	rte_pktmbuf_free_bulk(g->waiting, g->nb_waiting);
	g->nb_waiting = 0;
	return ended - g->pace.start;
}
