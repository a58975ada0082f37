/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include "eal_args.h"
#include "rows.h"
#include "rss.h"
#include "start_report.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

/* Listeners of which the bounds are shown; the rest is in telemetry. */
#define LISTENERS_SHOWN 32

static void line(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What it is about in the first twelve columns, empty for more of the same. */
static void
line(const char *what, const char *fmt, ...)
{
	va_list ap;

	printf("%-11s ", what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int
start_cpu_of(const struct daemon_shard *ds)
{
	rte_cpuset_t set = rte_lcore_cpuset(ds->lcore);

	if (CPU_COUNT(&set) != 1)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

const char *
start_spread_by(const char *driver)
{
	static const struct {
		const char *driver;
		const char *how;
	} known[] = {
		{"net_af_packet", "the kernel (PACKET_FANOUT_HASH)"},
		{"net_tap", "the kernel, by flow"},
		{"net_virtio", "the host, by flow"},
		{"net_af_xdp", "the NIC under the interface"},
	};

	for (unsigned i = 0; i < RTE_DIM(known); i++)
		if (strcmp(known[i].driver, driver) == 0)
			return known[i].how;
	return NULL;
}

/* Who does the checksums, and why. */
static void
print_checksums(const struct tg_port *p)
{
	const uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	const uint64_t tx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	const char *const by[] = {"software", "port"};
	bool rx_port = (p->rx_offloads & rx) == rx, tx_port = (p->tx_offloads & tx) == tx;

	line("", "checksums: received verified by %s, sent computed by %s%s%s%s", by[rx_port],
		by[tx_port], rx_port && tx_port ? "" : " (", rx_port && tx_port ? "" : p->driver,
		rx_port && tx_port ? "" : " does not offer more)");
	line("", "VLAN tags of what is sent: %s",
		p->tx_offloads & RTE_ETH_TX_OFFLOAD_VLAN_INSERT ? "inserted by the port"
								: "written by tidegate");
}

static void
print_spreading(const struct tg_port *p)
{
	const char *by = start_spread_by(p->driver);
	char asked[96], got[96];
	struct tg_rss rss;

	tg_rss_read(p->id, &rss);
	tg_rss_names(p->rss_wanted, asked, sizeof(asked));
	tg_rss_names(rss.hash, got, sizeof(got));
	switch (tg_rss_judge(&rss, p->queues)) {
	case TG_RSS_ONE_QUEUE:
		line("", "RSS: one queue, nothing to spread");
		break;
	case TG_RSS_GOOD:
		line("", "RSS: asked for %s; read back %s, table of %u with all %u queues", asked,
			got, rss.table_size, rss.queues);
		break;
	case TG_RSS_HASH_ONLY:
	case TG_RSS_ADDRESSES:
		line("", "RSS: asked for %s; read back %s, table not readable", asked, got);
		break;
	case TG_RSS_FEWER:
		line("", "RSS: asked for %s; the table of %u names %u of %u queues", asked,
			rss.table_size, rss.queues, p->queues);
		break;
	case TG_RSS_OFF:
		line("", "RSS: asked for %s; read back: off", asked);
		break;
	case TG_RSS_UNKNOWN:
		if (p->rss_wanted == 0) {
			line("", "RSS: %s offers none%s%s%s", p->driver,
				by != NULL ? "; spread by " : "", by != NULL ? by : "",
				by != NULL ? ", which cannot be read back" : "");
			break;
		}
		line("", "RSS: asked for %s; it cannot be read back from %s%s%s", asked, p->driver,
			by != NULL ? "; spread by " : "", by != NULL ? by : "");
		break;
	}
}

static void
print_port(const struct tg_port *p)
{
	char name[RTE_ETH_NAME_MAX_LEN], what[16], mac[RTE_ETHER_ADDR_FMT_SIZE], node[16] = "any";
	char speed[32] = "";
	struct rte_eth_link link;

	if (rte_eth_dev_get_name_by_port(p->id, name) != 0)
		name[0] = '\0';
	snprintf(what, sizeof(what), "port %u", p->id);
	rte_ether_format_addr(mac, sizeof(mac), &p->mac);
	if (p->node >= 0)
		snprintf(node, sizeof(node), "%d", p->node);
	if (rte_eth_link_get_nowait(p->id, &link) != 0)
		link.link_status = RTE_ETH_LINK_DOWN;
	else if (link.link_speed != 0 && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		snprintf(speed, sizeof(speed), " %" PRIu32 " Mbit/s", link.link_speed);
	line(what, "%s, driver %s, MAC %s, link %s%s, NUMA node %s, MTU %u", name, p->driver, mac,
		link.link_status == RTE_ETH_LINK_UP ? "up" : "down", speed, node, p->mtu);
	line("", "%u queue pair%s, %u rx and %u tx descriptors each; multicast: %s", p->queues,
		p->queues == 1 ? "" : "s", p->rx_ring, p->tx_ring, p->multicast);
	print_spreading(p);
	print_checksums(p);
}

/* Megabytes, rounded up. */
static uint64_t
mb(uint64_t bytes)
{
	return (bytes + (1 << 20) - 1) >> 20;
}

static void
print_memory(const struct daemon *d)
{
	const struct tg_engine_config *e = &d->config->engine;
	const struct rte_mempool *pool = d->pool;
	struct tg_engine_memory m;

	line("memory", "%s; %u mbufs of %u bytes, %" PRIu64 " MB",
		rte_eal_has_hugepages() ? "hugepages" : "no hugepages", pool->size,
		pool->header_size + pool->elt_size + pool->trailer_size,
		mb((uint64_t)pool->size *
			(pool->header_size + pool->elt_size + pool->trailer_size)));
	tg_engine_memory(tg_shard_engine(d->shard[0].shard), &m);
	line("each shard",
		"%" PRIu64 " MB: %u connections %" PRIu64 ", %u half-open %" PRIu64
		", %u TIME_WAIT %" PRIu64 ", %u buffers in queues %" PRIu64 ", flow table %" PRIu64
		", other %" PRIu64,
		mb(m.conns + m.half_open + m.time_wait + m.segments + m.flow + m.other),
		e->max_conns, mb(m.conns), e->max_half_open, mb(m.half_open), e->max_time_wait,
		mb(m.time_wait), e->max_segments, mb(m.segments), mb(m.flow), mb(m.other));
}

static void
print_shards(const struct daemon *d)
{
	char what[32], cpu[16];

	for (unsigned i = 0; i < d->nb_shards; i++) {
		const struct daemon_shard *ds = &d->shard[i];
		int n = start_cpu_of(ds);

		snprintf(what, sizeof(what), "shard %u", i);
		snprintf(cpu, sizeof(cpu), "%d", n);
		line(what, "lcore %u on CPU %s, NUMA node %u, %s", ds->lcore, n >= 0 ? cpu : "any",
			rte_lcore_to_socket_id(ds->lcore),
			d->config->idle_sleep_us != 0 ? "sleeps when idle" : "polls");
	}
}

/* Of the first shard: the others' shares of a bound differ by one at most. */
static void
print_listeners(const struct daemon *d)
{
	struct tg_listener_info info[LISTENERS_SHOWN];
	uint32_t cursor = 0;
	unsigned n = tg_engine_listeners(
		tg_shard_engine(d->shard[0].shard), &cursor, info, LISTENERS_SHOWN);
	char local[64];

	for (unsigned i = 0; i < n; i++) {
		tg_print_endpoint(&info[i].local, local, sizeof(local));
		line(i == 0 ? "listeners" : "", "%s%s %s, each shard: accept queue %u, %s %u",
			local, info[i].dual_stack ? " (IPv4 too)" : "", info[i].service,
			info[i].accept_bound,
			info[i].single_queue ? "both queues together" : "SYN queue",
			info[i].syn_bound);
	}
	if (n < d->config->nb_listeners)
		line("", "and %u more", d->config->nb_listeners - n);
}

static void
print_metrics(const struct config *c)
{
	struct tg_endpoint ep = {.addr = c->metrics.addr, .port = (uint16_t)c->metrics.port};
	char local[64];

	if (!c->metrics.on)
		return;
	tg_print_endpoint(&ep, local, sizeof(local));
	line("metrics", "http://%s/metrics, /healthz, /readyz", local);
}

void
start_report(const struct daemon *d)
{
	line("tidegate", TIDEGATE_VERSION ", %s, runtime directory %s", rte_version(),
		rte_eal_get_runtime_dir());
	for (unsigned i = 0; i < d->nb_ports; i++)
		print_port(&d->port[i]);
	print_memory(d);
	print_shards(d);
	print_listeners(d);
	print_metrics(d->config);
	start_warnings(d);
}
