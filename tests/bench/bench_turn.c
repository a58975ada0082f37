/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a turn of the daemon's polling loop costs, in TSC cycles: one without packets, and one with
 * 32 that are dropped at once (64 zero bytes), so that nearly all of it is the loop; the same while
 * a capture copies each of them, and while its ring is full. The port is net_null; a callback on
 * its rx queue takes the time every 256 turns and ends the loop after 801 slices.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>

#include "bench.h"
#include "loop.h"
#include "port.h"
#include "shard.h"

/* What a capture wants. */
#define NONE   0                                 /* there is none */
#define OTHERS (UINT64_C(1) << TG_DISP_ANSWERED) /* packets that do not come */
#define ALL    (UINT64_MAX)

enum {
	TURNS = 256,
	SLICES = 801,
	SNAPLEN = 256,
	SECONDS = 3600,
};

/* The slices of one run. */
struct watch {
	struct tg_loop *loop;
	unsigned turns, n;
	uint64_t start;
	double slice[SLICES];
};

static uint16_t
every_burst(
	uint16_t port, uint16_t queue, struct rte_mbuf *m[], uint16_t n, uint16_t max, void *arg)
{
	struct watch *w = arg;
	uint64_t now;

	(void)port;
	(void)queue;
	(void)m;
	(void)max;
	if (++w->turns % TURNS != 0 || w->n == SLICES)
		return n;
	now = bench_cycles();
	if (w->start != 0)
		w->slice[w->n++] = (double)(now - w->start) / TURNS;
	w->start = bench_cycles();
	if (w->n == SLICES)
		tg_loop_stop(w->loop, TG_LOOP_NOW);
	return n;
}

static struct tg_shard *
make_shard(struct rte_mempool *pool, uint16_t port)
{
	struct tg_shard_config sc = {.pool = pool, .socket_id = SOCKET_ID_ANY};
	struct tg_shard *s;

	tg_engine_config_init(&sc.engine);
	sc.engine.max_conns = sc.engine.max_half_open = sc.engine.max_time_wait = 1024;
	sc.engine.max_segments = 1024;
	if (tg_shard_create(&sc, &s) != 0 || tg_shard_add_port(s, port) != 0)
		exit(EXIT_FAILURE);
	return s;
}

static void
measure(const char *name, const char *device, struct rte_mempool *pool, uint64_t want)
{
	struct tg_port_config pc = {.device = device, .queues = 1, .descriptors = 64, .pool = pool};
	static struct tg_loop loop;
	static struct watch w;
	const struct rte_eth_rxtx_callback *cb;
	struct tg_port port;
	const char *why;

	if (tg_port_open(&pc, &port) != 0 || tg_port_configure(&pc, &port, &why) != 0 ||
		tg_port_start(&port) != 0)
		exit(EXIT_FAILURE);
	loop = (struct tg_loop){.shard = make_shard(pool, port.id), .nb_ports = 1};
	loop.port[0].id = port.id;
	if (want != NONE)
		loop.shard->capture = tg_capture_create(want, SNAPLEN, SECONDS);
	tg_clock_init(&loop.clock);
	w = (struct watch){.loop = &loop};
	cb = rte_eth_add_rx_callback(port.id, 0, every_burst, &w);
	if (cb == NULL)
		exit(EXIT_FAILURE);
	tg_loop_run(&loop);
	qsort(w.slice, SLICES, sizeof(w.slice[0]), bench_order);
	printf("%-44s %9.1f %9.1f\n", name, w.slice[SLICES / 2], w.slice[SLICES / 10]);
	/* It would stay with the port's number, which the next port gets. */
	if (rte_eth_remove_rx_callback(port.id, 0, cb) != 0)
		exit(EXIT_FAILURE);
	tg_port_close(&port);
	tg_shard_destroy(loop.shard);
}

int
main(void)
{
	static char *args[] = {"bench", "--no-huge", "-m", "64", "--no-pci", "--no-shconf",
		"--no-telemetry", "--log-level=lib.eal:warning", "--lcores=0@0", NULL};
	struct rte_mempool *pool;

	if (rte_eal_init((int)(sizeof(args) / sizeof(args[0])) - 1, args) < 0)
		return EXIT_FAILURE;
	pool = rte_pktmbuf_pool_create(
		"bench", 1023, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		return EXIT_FAILURE;
	printf("%-44s %9s %9s\n", "TSC cycles per turn of a loop", "median", "p10");
	measure("without packets", "net_null0,no-rx=1", pool, NONE);
	measure("32 packets, dropped", "net_null1", pool, NONE);
	measure("the same, a capture copies them", "net_null2", pool, OTHERS);
	measure("the same, the ring of a capture is full", "net_null3", pool, ALL);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
