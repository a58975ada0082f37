/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --self: generator and listener in this process. With a ring the listener has a core of its own
 * and runs the daemon's poll loop over one end of a crossed pair of net_ring ports; the generator
 * has the other end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include "loop.h"
#include "self_direct.h"
#include "setup.h"

#define LISTENER_LCORE 1

/* The ends of the pair. */
enum { END_GENERATOR, END_LISTENER, ENDS };

/* The set-up. */
struct self {
	const struct flood_options *o;
	struct flood_eal eal;
	struct traffic_net net;
	struct rte_ring *ring[ENDS]; /* to the generator, to the listener */
	uint16_t port[ENDS];
	unsigned ports; /* started */
	struct tg_loop *loop;
	double cpu; /* seconds the loop's thread had; read when it has ended */
	struct flood_mix mix;
};

static void
addresses(struct self *s)
{
	static const uint8_t macs[ENDS][6] = {{2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 1}};
	static const struct tg_addr v6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}};

	memcpy(s->net.src_mac, macs[END_GENERATOR], 6);
	memcpy(s->net.dst_mac, macs[END_LISTENER], 6);
	s->net.dst = s->o->v6 ? v6 : tg_addr_v4(192, 0, 2, 1);
}

static int
make_end(struct self *s, unsigned end, const char *name, char *err)
{
	struct rte_eth_conf conf = {0};
	int id = rte_eth_from_rings(
		name, &s->ring[end], 1, &s->ring[!end], 1, (unsigned)rte_socket_id());
	int rc;

	if (id < 0) {
		snprintf(err, SETUP_ERROR, "net_ring: %s", rte_strerror(rte_errno));
		return -rte_errno;
	}
	s->port[end] = (uint16_t)id;
	rc = rte_eth_dev_configure(s->port[end], 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(s->port[end], 0, FLOOD_DESCRIPTORS,
			(unsigned)SOCKET_ID_ANY, NULL, s->eal.pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(
			s->port[end], 0, FLOOD_DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(s->port[end]);
	if (rc != 0)
		snprintf(err, SETUP_ERROR, "net_ring: %s", strerror(-rc));
	else
		s->ports++;
	return rc;
}

static int
make_pair(struct self *s, char *err)
{
	static const char *const names[ENDS] = {"flood_generator", "flood_listener"};

	for (unsigned i = 0; i < ENDS; i++) {
		s->ring[i] = rte_ring_create(
			names[i], FLOOD_DESCRIPTORS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (s->ring[i] == NULL) {
			snprintf(err, SETUP_ERROR, "no ring: %s", rte_strerror(rte_errno));
			return -rte_errno;
		}
	}
	for (unsigned i = 0; i < ENDS; i++) {
		int rc = make_end(s, i, names[i], err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static void
self_close(void *ctx)
{
	struct self *s = ctx;

	for (unsigned i = 0; i < s->ports; i++) {
		rte_eth_dev_stop(s->port[i]);
		rte_eth_dev_close(s->port[i]);
	}
	for (unsigned i = 0; i < ENDS; i++)
		rte_ring_free(s->ring[i]);
	rte_free(s->loop);
	flood_eal_stop(&s->eal);
	free(s);
}

static int
self_open(const struct flood_options *o, void **ctx, char *err)
{
	static const char *const words[] = {"--no-pci", NULL};
	bool ring = o->coupling == COUPLE_RING;
	struct self *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->o = o;
	addresses(s);
	rc = flood_eal_start(o, ring, words, &s->eal, err);
	if (rc != 0) {
		free(s);
		return rc;
	}
	if (ring) {
		s->loop = rte_zmalloc("flood", sizeof(*s->loop), RTE_CACHE_LINE_SIZE);
		rc = s->loop != NULL ? make_pair(s, err) : -ENOMEM;
	}
	if (rc != 0) {
		self_close(s);
		return rc;
	}
	*ctx = s;
	return 0;
}

static double
thread_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
loop_main(void *arg)
{
	struct self *s = arg;
	double before = thread_cpu();

	tg_loop_run(s->loop);
	s->cpu = thread_cpu() - before;
	return 0;
}

static void
start_loop(struct self *s, struct listener *l)
{
	memset(s->loop, 0, sizeof(*s->loop));
	s->loop->shard = l->shard;
	s->loop->clock = s->eal.clock;
	s->loop->nb_ports = 1;
	s->loop->port[0].id = s->port[END_LISTENER];
	rte_eal_remote_launch(loop_main, s, LISTENER_LCORE);
}

/* Ends the loop, and empties the rings for the next run. */
static void
stop_loop(struct self *s)
{
	struct rte_mbuf *m[FLOOD_BURST];
	unsigned n;

	tg_loop_stop(s->loop, TG_LOOP_NOW);
	/* It says goodbye to every connection: nobody else would make room in the ring. */
	while (rte_eal_get_lcore_state(LISTENER_LCORE) == RUNNING) {
		n = rte_eth_rx_burst(s->port[END_GENERATOR], 0, m, FLOOD_BURST);
		rte_pktmbuf_free_bulk(m, n);
	}
	rte_eal_wait_lcore(LISTENER_LCORE);
	for (unsigned i = 0; i < ENDS; i++)
		while ((n = rte_eth_rx_burst(s->port[i], 0, m, FLOOD_BURST)) != 0)
			rte_pktmbuf_free_bulk(m, n);
}

static int
run_ring(struct self *s, struct generator *g, struct listener *l, struct flood_result *r,
	struct progress *p)
{
	double before = thread_cpu();

	start_loop(s, l);
	g->port = s->port[END_GENERATOR];
	r->seconds = (double)generator_run(g, p) / 1e9;
	r->generator_cpu_seconds = thread_cpu() - before;
	stop_loop(s);
	/* It polls: that is the run's time, unless others wanted the core too. */
	r->cpu_seconds = s->cpu;
	snprintf(r->detail, sizeof(r->detail), "net_ring, CPU %d to CPU %d", s->eal.cpu_generator,
		s->eal.cpu_listener);
	result_add_drop(r, "tx_dropped", s->loop->stats.tx_dropped);
	return 0;
}

static int
run_direct(struct self *s, struct generator *g, struct listener *l, struct flood_result *r,
	struct progress *p)
{
	struct stages st;
	double before = thread_cpu();
	int rc = stages_init(&st);

	if (rc != 0)
		return rc;
	r->seconds = (double)direct_run(g, l, &st, p) / 1e9;
	r->cpu_seconds = r->generator_cpu_seconds = thread_cpu() - before;
	stages_result(&st, r);
	stages_fini(&st);
	snprintf(r->detail, sizeof(r->detail), "one loop on CPU %d", s->eal.cpu_generator);
	return 0;
}

static int
self_run(void *ctx, struct flood_result *r, struct progress *p, char *err)
{
	struct self *s = ctx;
	bool ring = s->o->coupling == COUPLE_RING;
	struct generator g = {.eal = &s->eal, .mix = &s->mix};
	struct listener l;
	tg_time start;
	int rc = traffic_flood(s->o, &s->net, &s->mix);

	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "this flood cannot be made");
		return rc;
	}
	rc = listener_open(&l, s->o, &s->eal, ring ? s->port[END_LISTENER] : DIRECT_PORT,
		s->net.dst_mac, &s->net.dst, err);
	if (rc != 0)
		return rc;
	start = tg_clock_now(&s->eal.clock);
	g.pace = pace_of(s->o, r->wanted, start);
	rc = traffic_clients(s->o, &s->net, start, &g.honest);
	if (rc == 0)
		rc = ring ? run_ring(s, &g, &l, r, p) : run_direct(s, &g, &l, r, p);
	if (rc == 0) {
		r->flood_sent = g.sent;
		r->flood_unsent = g.unsent;
		r->interrupted = stop_wanted();
		replies_result(&g.replies, g.honest, r);
		listener_result(&l, r);
	} else {
		snprintf(err, SETUP_ERROR, "no memory for the run");
	}
	honest_destroy(g.honest);
	listener_close(&l);
	return rc;
}

const struct flood_setup setup_self = {
	.name = "self",
	.contenders = 1u << CONTENDER_TIDEGATE,
	.open = self_open,
	.run = self_run,
	.close = self_close,
};
