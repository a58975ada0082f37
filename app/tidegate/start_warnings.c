/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What will hurt, as far as it can be seen before the first packet. A warning says what it costs
 * and what to do; a note is for who wants the last microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "eal_args.h"
#include "machine.h"
#include "rss.h"
#include "start_report.h"

/* Fewer descriptors overflow while a loop runs one worker for a while: 0.1 ms at 2.5 M packets/s.
 */
#define DESCRIPTORS_FEW 256
/* af_packet's framecnt with several queues, see docs/ports.md. */
#define FRAMES_ENOUGH 4096
/* An idle state that takes longer to leave shows in the delay of a shard that sleeps. */
#define IDLE_LATENCY_US 50

static void
warn_of_spreading(const struct tg_port *p)
{
	struct tg_rss rss;

	tg_rss_read(p->id, &rss);
	switch (tg_rss_judge(&rss, p->queues)) {
	case TG_RSS_ONE_QUEUE:
	case TG_RSS_GOOD:
	case TG_RSS_HASH_ONLY:
		break;
	case TG_RSS_ADDRESSES:
		printf("warning: port %u hashes without TCP ports: all connections of one client "
		       "come to one shard\n",
			p->id);
		break;
	case TG_RSS_FEWER:
		printf("warning: port %u gives packets to %u of its %u queues: shards of the "
		       "others stay without connections\n",
			p->id, rss.queues, p->queues);
		break;
	case TG_RSS_OFF:
	case TG_RSS_UNKNOWN:
		if (start_spread_by(p->driver) == NULL)
			printf("warning: port %u has %u queues, but %s: all connections may come "
			       "to one "
			       "shard; see queue_rx in /tidegate/ports\n",
				p->id, p->queues,
				rss.hash_known || p->rss_wanted == 0
					? "no RSS"
					: "its RSS cannot be read back");
		break;
	}
}

static void
warn_of_rings(const struct config_port *c, const struct tg_port *p)
{
	const char *frames = strstr(c->device, ",framecnt=");

	if (strcmp(p->driver, "net_af_packet") != 0) {
		if (p->rx_ring < DESCRIPTORS_FEW)
			printf("warning: port %u has %u descriptors a queue: a burst that comes "
			       "while "
			       "a shard is busy is lost; use descriptors: 1024\n",
				p->id, p->rx_ring);
		return;
	}
	if (p->queues > 1 &&
		(frames == NULL ||
			strtoul(frames + strlen(",framecnt="), NULL, 10) < FRAMES_ENOUGH))
		printf("warning: port %u: af_packet gives what does not fit into a queue's ring to "
		       "another shard, which resets the connection; add framecnt=%u to its "
		       "device (docs/ports.md)\n",
			p->id, FRAMES_ENOUGH);
}

static void
warn_of_node(const struct daemon *d, const struct tg_port *p)
{
	for (unsigned i = 0; i < d->nb_shards; i++) {
		unsigned node = rte_lcore_to_socket_id(d->shard[i].lcore);

		if (p->node >= 0 && (unsigned)p->node != node)
			printf("warning: port %u is on NUMA node %d and shard %u on node %u: every "
			       "packet crosses between them; use cpus of node %d\n",
				p->id, p->node, i, node, p->node);
	}
}

/* Two shards that share a core, or a CPU, have half of it each. */
static void
warn_of_neighbours(const struct daemon *d, unsigned shard, const struct machine_cpu *m, int cpu)
{
	for (unsigned k = 0; k < shard; k++) {
		int other = start_cpu_of(&d->shard[k]);

		if (other == cpu)
			printf("warning: shards %u and %u share CPU %d: each stands still while "
			       "the "
			       "other runs\n",
				k, shard, cpu);
		else if (other >= 0 && machine_list_has(m->siblings, (unsigned)other))
			printf("warning: shards %u and %u are on CPUs %d and %d, two threads of "
			       "one "
			       "core: they share its units and caches\n",
				k, shard, other, cpu);
	}
}

static void
warn_of_cpu(const struct daemon *d, unsigned shard)
{
	int cpu = start_cpu_of(&d->shard[shard]);
	struct machine_cpu m;

	if (cpu < 0) {
		printf("warning: shard %u is not pinned to one CPU: it moves, and its caches with "
		       "it\n",
			shard);
		return;
	}
	machine_look(MACHINE_ROOT, (unsigned)cpu, &m);
	warn_of_neighbours(d, shard, &m, cpu);
	if (m.governor[0] != '\0' && strcmp(m.governor, "performance") != 0)
		printf("warning: CPU %d of shard %u saves power (governor %s): use performance\n",
			cpu, shard, m.governor);
	if (d->config->idle_sleep_us != 0 && m.idle_latency_us > IDLE_LATENCY_US)
		printf("warning: CPU %d of shard %u takes %u us to wake up from idle state %s, on "
		       "top of idle_sleep\n",
			cpu, shard, m.idle_latency_us, m.idle_state);
	if (!m.isolated && d->config->idle_sleep_us == 0)
		printf("note: CPU %d of shard %u is not isolated: other processes may run there "
		       "(isolcpus)\n",
			cpu, shard);
}

void
start_warnings(const struct daemon *d)
{
	if (!rte_eal_has_hugepages())
		printf("warning: no hugepages: translating addresses costs time, and a port that "
		       "needs physical addresses does not work\n");
	for (unsigned i = 0; i < d->nb_ports; i++) {
		warn_of_spreading(&d->port[i]);
		warn_of_rings(&d->config->port[i], &d->port[i]);
		warn_of_node(d, &d->port[i]);
	}
	for (unsigned i = 0; i < d->nb_shards; i++)
		warn_of_cpu(d, i);
}
