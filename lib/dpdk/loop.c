/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "clock.h"
#include "loop.h"

/* Wall-clock time is read so often: key epochs are minutes long. */
#define WALL_EVERY (10 * TG_MSEC)
/* Turns without work before sleeping is thought of: a burst may be right behind. */
#define IDLE_TURNS 32
/* From FIN to RST when a peer does not answer (see tg_loop_run). */
#define FIN_WAIT (1 * TG_SEC)
/* For the last packets to leave, when a port takes none. */
#define FLUSH_WAIT (200 * TG_MSEC)
/* Most calls that look for a connection without FIN: 2^24 entries, 4096 a call. */
#define CONN_CALLS 8192

/* Steps of stopping. */
enum phase {
	RUN,
	DRAIN,  /* listeners closed, connections go on */
	FINISH, /* FIN sent on all */
	FLUSH,  /* RST sent or nothing left: only sending */
	DONE,   /* drained, but other loops are not */
	END,
};

/* The loop's own notes. */
struct turn {
	tg_time now;
	uint64_t tsc;    /* so far cycles are counted */
	tg_time wall_at; /* when wall_s was read */
	uint64_t wall_s;
	tg_time until; /* end of the phase */
	enum phase phase;
	unsigned idle; /* turns without work in a row */
	bool worked;   /* this turn moved a packet */
	bool busy;     /* or fired a timer, or ran a worker */
};

void
tg_loop_stop(struct tg_loop *loop, enum tg_loop_stop how)
{
	__atomic_store_n(&loop->stop, how, __ATOMIC_RELAXED);
}

static uint64_t
wall_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec;
}

static void
receive(struct tg_loop *loop, struct tg_loop_port *p, struct turn *t)
{
	struct rte_mbuf *m[TG_LOOP_BURST];
	uint16_t n = rte_eth_rx_burst(p->id, p->queue, m, TG_LOOP_BURST);
	uint16_t k;

	if (n == 0)
		return;
	t->worked = true;
	p->rx += n;
	loop->stats.rx += n;
	k = tg_shard_input(loop->shard, p->id, m, n, m, t->now);
	if (k != 0) {
		loop->stats.rx_foreign += k;
		if (p->exception != NULL)
			tg_exception_to_kernel(p->exception, m, k, t->now);
		else
			rte_pktmbuf_free_bulk(m, k); /* nobody else is here to want them */
	}
}

/* Drops what a port has refused for too long: its link is down or its peer gone. */
static void
give_up(struct tg_loop *loop, struct tg_loop_port *p)
{
	rte_pktmbuf_free_bulk(p->unsent, p->nb_unsent);
	loop->stats.tx_dropped += p->nb_unsent;
	p->nb_unsent = 0;
}

/* Lets the port adjust what its hardware wants adjusted. Drops what it cannot send. */
static uint16_t
prepare(struct tg_loop *loop, const struct tg_loop_port *p, struct rte_mbuf *m[], uint16_t n)
{
	uint16_t ok = 0;

	while (ok < n) {
		ok += rte_eth_tx_prepare(p->id, p->queue, m + ok, n - ok);
		if (ok == n)
			break;
		rte_pktmbuf_free(m[ok]);
		loop->stats.tx_dropped++;
		n--;
		memmove(m + ok, m + ok + 1, (n - ok) * sizeof(*m));
	}
	return n;
}

/*
 * Sends. What the port does not take waits in p->unsent, and as long as anything waits no more is
 * asked of the shard: the engine's own output waits in its queues, answers in the shard's stage,
 * which is bounded.
 */
static void
transmit(struct tg_loop *loop, struct tg_loop_port *p, struct turn *t)
{
	uint16_t n = p->nb_unsent, sent;

	if (n == 0) {
		n = tg_shard_output(loop->shard, p->id, p->unsent, TG_LOOP_BURST, t->now);
		if (n == 0)
			return;
		if (p->prepare)
			n = prepare(loop, p, p->unsent, n);
		p->unsent_since = t->now;
	}
	sent = rte_eth_tx_burst(p->id, p->queue, p->unsent, n);
	t->worked |= sent != 0;
	loop->stats.tx += sent;
	p->nb_unsent = n - sent;
	if (likely(p->nb_unsent == 0))
		return;
	if (sent != 0) {
		p->unsent_since = t->now;
		memmove(p->unsent, p->unsent + sent, p->nb_unsent * sizeof(p->unsent[0]));
	} else if (t->now - p->unsent_since > TG_LOOP_TX_WAIT) {
		give_up(loop, p);
	}
}

/*
 * The kernel's packets go before ours: they are few, by their rate, and would find no place behind
 * a flood's answers.
 */
static void
forward(struct tg_loop_port *p, struct turn *t)
{
	if (unlikely(p->exception != NULL))
		t->worked |= tg_exception_from_kernel(p->exception, t->now, TG_LOOP_TX_WAIT);
}

/* True when every connection has its FIN out (or is not one yet, or no more). */
static bool
all_fins_out(struct tg_engine *e)
{
	struct tg_conn_info info[16];
	uint32_t cursor = 0;

	for (unsigned i = 0; i < CONN_CALLS && cursor != UINT32_MAX; i++) {
		unsigned n = tg_engine_conns(e, &cursor, info, RTE_DIM(info));

		for (unsigned k = 0; k < n; k++)
			if (info[k].state == TG_ESTABLISHED || info[k].state == TG_CLOSE_WAIT)
				return false;
	}
	return true;
}

static bool
nothing_left(struct tg_engine *e)
{
	struct tg_engine_usage u;

	tg_engine_usage(e, &u);
	return u.conns == 0 && u.half_open == 0;
}

static bool
all_sent(struct tg_loop *loop, const struct turn *t)
{
	struct tg_shard_stats st;

	for (unsigned i = 0; i < loop->nb_ports; i++)
		if (loop->port[i].nb_unsent != 0)
			return false;
	tg_shard_get_stats(loop->shard, &st);
	return st.staged == 0 && tg_engine_deadline(tg_shard_engine(loop->shard), t->now) > t->now;
}

static void
flush_from(struct turn *t)
{
	t->phase = FLUSH;
	t->until = t->now + FLUSH_WAIT;
}

static void
reset_all(struct tg_engine *e, struct turn *t)
{
	tg_engine_reset(e);
	flush_from(t);
}

/* Goes through the steps of stopping. */
static void
step(struct tg_loop *loop, struct turn *t)
{
	struct tg_engine *e = tg_shard_engine(loop->shard);
	uint32_t stop = __atomic_load_n(&loop->stop, __ATOMIC_RELAXED);

	switch (t->phase) {
	case RUN:
		if (likely(stop == TG_LOOP_RUN))
			return;
		tg_engine_drain(e);
		t->phase = DRAIN;
		t->until = t->now + loop->drain_ms * TG_MSEC;
		break;
	case DRAIN:
		if (stop == TG_LOOP_NOW) {
			reset_all(e, t);
		} else if (nothing_left(e)) {
			flush_from(t);
		} else if (t->now >= t->until) {
			if (all_fins_out(e)) {
				reset_all(e, t);
				break;
			}
			tg_engine_finish(e);
			t->phase = FINISH;
			t->until = t->now + FIN_WAIT;
		}
		break;
	case FINISH:
		if (nothing_left(e))
			flush_from(t);
		else if (stop == TG_LOOP_NOW || t->now >= t->until)
			reset_all(e, t);
		break;
	case FLUSH:
		if (all_sent(loop, t) || t->now >= t->until) {
			t->phase = DONE;
			if (loop->running != NULL)
				__atomic_fetch_sub(loop->running, 1, __ATOMIC_RELEASE);
		}
		break;
	case DONE:
		if (loop->running == NULL || __atomic_load_n(loop->running, __ATOMIC_ACQUIRE) == 0)
			t->phase = END;
		break;
	case END:
		break;
	}
}

/* Counts the cycles since they were last counted. The counters of two CPUs may differ by a few. */
static void
count_cycles(struct tg_loop *loop, struct turn *t, uint64_t tsc)
{
	if (likely(tsc > t->tsc))
		*(t->busy ? &loop->stats.busy_cycles : &loop->stats.idle_cycles) += tsc - t->tsc;
	t->tsc = tsc;
}

/* Reads the counter, once a turn: it gives the time, and what the turn before has cost. */
static void
begin(struct tg_loop *loop, struct turn *t)
{
	uint64_t tsc = rte_rdtsc();

	count_cycles(loop, t, tsc);
	t->worked = false;
	t->now = likely(tsc > loop->clock.tsc0) ? tg_clock_at(&loop->clock, tsc) : 0;
	__atomic_store_n(&loop->stats.turn_tsc, tsc, __ATOMIC_RELAXED);
}

/* Nothing moved: sleeps until something may be due, when that is wanted. */
static void
rest(struct tg_loop *loop, struct turn *t)
{
	struct timespec pause = {0};
	tg_time left;

	if (t->worked) {
		t->idle = 0;
		return;
	}
	if (loop->idle_sleep_us == 0 || ++t->idle < IDLE_TURNS)
		return;
	left = tg_engine_deadline(tg_shard_engine(loop->shard), t->now);
	left = left > t->now ? left - t->now : 0;
	left = RTE_MIN(left, loop->idle_sleep_us * UINT64_C(1000));
	if (left == 0)
		return;
	/* A worker may have run all the same; the sleep is idle. */
	count_cycles(loop, t, rte_rdtsc());
	t->busy = false;
	pause.tv_nsec = (long)left;
	nanosleep(&pause, NULL);
}

void
tg_loop_run(struct tg_loop *loop)
{
	struct turn t = {.phase = RUN};

	loop->lcore = rte_lcore_id();
	loop->cpu = sched_getcpu();
	t.tsc = UINT64_MAX; /* no turn before the first */
	while (t.phase != END) {
		begin(loop, &t);
		if (t.now - t.wall_at >= WALL_EVERY || t.wall_at == 0) {
			t.wall_at = t.now | 1;
			t.wall_s = wall_now();
		}
		for (unsigned i = 0; i < loop->nb_ports; i++)
			receive(loop, &loop->port[i], &t);
		t.busy = tg_shard_turn(loop->shard, t.now, t.wall_s);
		for (unsigned i = 0; i < loop->nb_ports; i++) {
			forward(&loop->port[i], &t);
			transmit(loop, &loop->port[i], &t);
		}
		t.busy |= t.worked;
		step(loop, &t);
		rest(loop, &t);
		loop->stats.turns++;
	}
	for (unsigned i = 0; i < loop->nb_ports; i++) {
		give_up(loop, &loop->port[i]);
		if (loop->port[i].exception != NULL)
			tg_exception_flush(loop->port[i].exception);
	}
	tg_shard_drop_fragments(loop->shard);
	__atomic_store_n(&loop->stats.turn_tsc, 0, __ATOMIC_RELAXED);
}
