/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --port: a NIC that the user named and owns, bound to a driver DPDK can use. Whatever listens is
 * on the other end of the cable; its counters are its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "generator.h"
#include "port.h"
#include "setup.h"

/* Links come up slowly: two NICs agree on a speed. */
#define LINK_PATIENCE (10 * TG_SEC)

/* The set-up. */
struct wire {
	const struct flood_options *o;
	struct flood_eal eal;
	struct traffic_net net;
	struct tg_port port;
	bool open;
	struct flood_mix mix;
};

static void
port_close(void *ctx)
{
	struct wire *s = ctx;

	if (s->open)
		tg_port_close(&s->port);
	flood_eal_stop(&s->eal);
	free(s);
}

static int
await_link(struct wire *s, char *err)
{
	tg_time until = tg_clock_now(&s->eal.clock) + LINK_PATIENCE;
	struct rte_eth_link link;

	while (tg_clock_now(&s->eal.clock) < until && !stop_wanted())
		if (rte_eth_link_get_nowait(s->port.id, &link) == 0 && link.link_status != 0)
			return 0;
	snprintf(err, SETUP_ERROR, "%s: no link", s->o->port);
	return -ENETDOWN;
}

static int
start_port(struct wire *s, char *err)
{
	const struct tg_port_config pc = {.device = s->o->port,
		.queues = 1,
		.descriptors = FLOOD_DESCRIPTORS,
		.pool = s->eal.pool};
	const char *why = "no such port";
	int rc = tg_port_open(&pc, &s->port);

	if (rc == 0) {
		s->open = true;
		rc = tg_port_configure(&pc, &s->port, &why);
	}
	if (rc == 0) {
		why = "does not start";
		rc = tg_port_start(&s->port);
	}
	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "%s: %s (%s)", s->o->port, why, strerror(-rc));
		return rc;
	}
	memcpy(s->net.src_mac, s->port.mac.addr_bytes, sizeof(s->net.src_mac));
	/* Answers go to the addresses of the flood and of the clients, all behind our own MAC. */
	return await_link(s, err);
}

static int
port_open(const struct flood_options *o, void **ctx, char *err)
{
	const char *words[] = {"-a", o->port, NULL};
	struct wire *s;
	int rc;

	/* The command line has been checked; that nothing leaves without it is worth twice. */
	if (!o->mine || !o->target_given || !o->target_mac_given) {
		snprintf(err, SETUP_ERROR, "nothing is sent without --i-own-this-network");
		return -EPERM;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->o = o;
	s->net.dst = o->target;
	memcpy(s->net.dst_mac, o->target_mac, sizeof(s->net.dst_mac));
	rc = flood_eal_start(o, false, words, &s->eal, err);
	if (rc == 0)
		rc = start_port(s, err);
	if (rc != 0) {
		port_close(s);
		return rc;
	}
	*ctx = s;
	return 0;
}

static int
port_run(void *ctx, struct flood_result *r, struct progress *p, char *err)
{
	struct wire *s = ctx;
	struct generator g = {.eal = &s->eal, .port = s->port.id, .mix = &s->mix};
	struct rte_eth_stats before = {0}, after = {0};
	tg_time start;
	int rc = traffic_flood(s->o, &s->net, &s->mix);

	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "this flood cannot be made");
		return rc;
	}
	start = tg_clock_now(&s->eal.clock);
	g.pace = pace_of(s->o, r->wanted, start);
	rc = traffic_clients(s->o, &s->net, start, &g.honest);
	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "no memory for the clients");
		return rc;
	}
	rte_eth_stats_get(s->port.id, &before);
	r->seconds = (double)generator_run(&g, p) / 1e9;
	rte_eth_stats_get(s->port.id, &after);
	snprintf(r->detail, sizeof(r->detail), "%.30s, %.20s", s->o->port, s->port.driver);
	r->flood_sent = g.sent;
	r->flood_unsent = g.unsent;
	r->interrupted = stop_wanted();
	/* Answers that the generator was too slow for: they are missing in its counts. */
	result_add_drop(r, "generator_imissed", after.imissed - before.imissed);
	result_add_drop(r, "generator_oerrors", after.oerrors - before.oerrors);
	replies_result(&g.replies, g.honest, r);
	honest_destroy(g.honest);
	return 0;
}

const struct flood_setup setup_port = {
	.name = "port",
	.contenders = 1u << CONTENDER_TIDEGATE,
	.open = port_open,
	.run = port_run,
	.close = port_close,
};
