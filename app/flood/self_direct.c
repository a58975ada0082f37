/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "self_direct.h"

/* Turns without an answer after which the wire is empty. */
#define LAST_TURNS 64

/* Answered buffers kept for the next frames. */
#define SPARES (2 * FLOOD_BURST)

/* What of the flood a turn of the loop took. */
enum what {
	NOTHING,
	PLAIN, /* a burst */
	TIMED, /* a burst with stop watches */
};

/* One loop's notes. */
struct direct {
	struct generator *g;
	struct listener *l;
	struct stages *s;
	tg_time now;
	tg_time wall_at;
	uint64_t wall_s;
	unsigned spares;
	struct rte_mbuf *spare[SPARES];
};

static uint64_t
cookies_sent(const struct direct *d)
{
	return tg_engine_counters(tg_shard_engine(d->l->shard))->event[TG_CNT_SYNCOOKIES_SENT];
}

/*
 * A pool for each frame would be half of the generator's time: what was answered is used again. An
 * answer is a single segment, and made ready as drivers do it: the rest of the mbuf is as it was.
 */
static void
keep(struct direct *d, struct rte_mbuf *m)
{
	if (d->spares == SPARES || m->nb_segs != 1 || rte_mbuf_refcnt_read(m) != 1) {
		rte_pktmbuf_free(m);
		return;
	}
	rte_pktmbuf_reset_headroom(m);
	m->ol_flags = 0;
	d->spare[d->spares++] = m;
}

/* Answers go back to the generator. */
static unsigned
answer(struct direct *d, struct rte_mbuf *m[], unsigned n)
{
	/* The clients' stop watches: what was sent in this turn is answered in it. */
	if (n != 0 && d->g->honest != NULL)
		d->now = tg_clock_now(&d->g->eal->clock);
	for (unsigned i = 0; i < n; i++) {
		replies_take(&d->g->replies, d->g->mix, d->g->honest,
			rte_pktmbuf_mtod(m[i], const uint8_t *), m[i]->data_len, false, d->now);
		keep(d, m[i]);
	}
	return n;
}

/* A turn of the shard: n frames in, all there is out. Returns the answers. */
static unsigned
turn(struct direct *d, struct rte_mbuf *m[], unsigned n)
{
	struct rte_mbuf *out[FLOOD_BURST];
	unsigned foreign, k, total = 0;

	foreign = tg_shard_input(d->l->shard, DIRECT_PORT, m, (uint16_t)n, m, d->now);
	if (foreign != 0)
		rte_pktmbuf_free_bulk(m, foreign);
	tg_shard_turn(d->l->shard, d->now, d->wall_s);
	do {
		k = tg_shard_output(d->l->shard, DIRECT_PORT, out, FLOOD_BURST, d->now);
		total += answer(d, out, k);
	} while (k == FLOOD_BURST);
	return total;
}

static bool
write_flood(struct direct *d, struct rte_mbuf *m[])
{
	uint8_t *frame[FLOOD_BURST];
	uint16_t len[FLOOD_BURST];

	if (d->spares >= FLOOD_BURST) {
		d->spares -= FLOOD_BURST;
		memcpy(m, d->spare + d->spares, FLOOD_BURST * sizeof(*m));
	} else if (rte_pktmbuf_alloc_bulk(d->g->eal->pool, m, FLOOD_BURST) != 0) {
		return false;
	}
	for (unsigned i = 0; i < FLOOD_BURST; i++)
		frame[i] = rte_pktmbuf_mtod(m[i], uint8_t *);
	flood_frames(d->g->mix, frame, len, FLOOD_BURST);
	for (unsigned i = 0; i < FLOOD_BURST; i++)
		m[i]->pkt_len = m[i]->data_len = len[i];
	d->g->sent += FLOOD_BURST;
	return true;
}

/* Copies of a burst's frames, or none. */
static bool
copy_burst(struct direct *d, struct rte_mbuf *m[], struct rte_mbuf *copy[])
{
	if (rte_pktmbuf_alloc_bulk(d->g->eal->pool, copy, FLOOD_BURST) != 0)
		return false;
	for (unsigned i = 0; i < FLOOD_BURST; i++)
		memcpy(rte_pktmbuf_append(copy[i], m[i]->data_len),
			rte_pktmbuf_mtod(m[i], const void *), m[i]->data_len);
	return true;
}

/* A burst of the flood with stop watches. */
static void
timed_turn(struct direct *d)
{
	struct rte_mbuf *m[FLOOD_BURST], *copy[FLOOD_BURST], *out[FLOOD_BURST];
	uint64_t before = cookies_sent(d), start, written, given, total, end;
	unsigned foreign, k;

	start = rte_rdtsc_precise();
	if (!write_flood(d, m))
		return;
	written = rte_rdtsc_precise() - start;
	if (!copy_burst(d, m, copy)) {
		turn(d, m, FLOOD_BURST);
		return;
	}
	given = rte_rdtsc_precise();
	foreign = tg_shard_input(d->l->shard, DIRECT_PORT, m, FLOOD_BURST, m, d->now);
	tg_shard_turn(d->l->shard, d->now, d->wall_s);
	k = tg_shard_output(d->l->shard, DIRECT_PORT, out, FLOOD_BURST, d->now);
	end = rte_rdtsc_precise();
	total = end - given;
	if (foreign != 0)
		rte_pktmbuf_free_bulk(m, foreign);
	answer(d, out, k);
	d->s->generator = written + rte_rdtsc_precise() - end;
	stages_take(d->s, d->l->shard, DIRECT_PORT, copy, cookies_sent(d) != before, total);
	rte_pktmbuf_free_bulk(copy, FLOOD_BURST);
}

/* A burst of the flood, if one is due. */
static enum what
flood(struct direct *d)
{
	struct rte_mbuf *m[FLOOD_BURST];

	if (pace_due(&d->g->pace, d->now) < d->g->sent + FLOOD_BURST)
		return NOTHING;
	if (stages_due(d->s)) {
		timed_turn(d);
		return TIMED;
	}
	if (!write_flood(d, m))
		return NOTHING;
	turn(d, m, FLOOD_BURST);
	return PLAIN;
}

static void
clients(struct direct *d)
{
	uint8_t room[FLOOD_BURST][HONEST_FRAME_MAX], *frame[FLOOD_BURST];
	uint16_t len[FLOOD_BURST];
	struct rte_mbuf *m[FLOOD_BURST];
	unsigned n, k = 0;

	for (unsigned i = 0; i < FLOOD_BURST; i++)
		frame[i] = room[i];
	n = honest_output(d->g->honest, frame, len, FLOOD_BURST, d->now);
	for (unsigned i = 0; i < n; i++) {
		m[k] = rte_pktmbuf_alloc(d->g->eal->pool);
		if (m[k] == NULL)
			break; /* lost, as anywhere */
		memcpy(rte_pktmbuf_append(m[k], len[i]), frame[i], len[i]);
		k++;
	}
	if (k != 0)
		turn(d, m, k);
}

static void
show(struct direct *d, struct progress *p)
{
	struct progress_now n = {
		.now = d->now - d->g->pace.start,
		.end = d->g->pace.end - d->g->pace.start,
		.sent = d->g->sent,
		.synacks = d->g->replies.synacks,
	};

	if (d->g->honest != NULL) {
		const struct honest_stats *st = honest_stats(d->g->honest);

		n.succeeded = st->succeeded;
		n.decided = st->started - honest_undecided(d->g->honest);
	}
	progress_tick(p, &n);
}

static void
look_at_clocks(struct direct *d)
{
	d->now = tg_clock_now(&d->g->eal->clock);
	if (d->now - d->wall_at >= 10 * TG_MSEC || d->wall_at == 0) {
		d->wall_at = d->now | 1;
		d->wall_s = (uint64_t)time(NULL);
	}
}

tg_time
direct_run(struct generator *g, struct listener *l, struct stages *s, struct progress *p)
{
	struct direct d = {.g = g, .l = l, .s = s};
	struct rte_mbuf *none[1];
	tg_time ended;

	look_at_clocks(&d);
	while (d.now < g->pace.end && !stop_wanted()) {
		uint64_t start = rte_rdtsc();
		enum what what;

		if (g->honest != NULL)
			clients(&d);
		what = flood(&d);
		/* Timers run with or without a flood. */
		if (what == NOTHING)
			turn(&d, none, 0);
		show(&d, p);
		look_at_clocks(&d);
		if (what == PLAIN)
			s->loop = rte_rdtsc() - start;
	}
	ended = d.now;
	for (unsigned quiet = 0; quiet < LAST_TURNS; quiet++)
		if (turn(&d, none, 0) != 0)
			quiet = 0;
	rte_pktmbuf_free_bulk(d.spare, d.spares);
	return ended - g->pace.start;
}
