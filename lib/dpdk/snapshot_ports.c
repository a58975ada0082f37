/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_cycles.h>
#include <rte_string_fns.h>

#include "shard.h"
#include "snapshot.h"

#define RX_CSUM (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define TX_CSUM (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

static uint64_t
word(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

void
tg_snapshot_loop(const struct tg_loop *loop, struct tg_snapshot_loop *out)
{
	const struct tg_loop_stats *st = &loop->stats;
	uint64_t began = word(&st->turn_tsc), now = rte_rdtsc();

	*out = (struct tg_snapshot_loop){
		.shard = loop->shard->number,
		.lcore = loop->lcore,
		.cpu = began != 0 ? loop->cpu : -1,
		.running = began != 0,
		.stats = {.turns = word(&st->turns),
			.rx = word(&st->rx),
			.tx = word(&st->tx),
			.rx_foreign = word(&st->rx_foreign),
			.tx_dropped = word(&st->tx_dropped),
			.busy_cycles = word(&st->busy_cycles),
			.idle_cycles = word(&st->idle_cycles),
			.turn_tsc = began},
	};
	/* The counter of the loop's CPU may be a few cycles ahead of this one's. */
	if (began != 0 && now > began)
		out->turn_age_ms = (now - began) / (rte_get_tsc_hz() / 1000);
}

/* How a loop polls a port, or NULL. */
static const struct tg_loop_port *
polled(const struct tg_loop *loop, unsigned id)
{
	if (loop == NULL)
		return NULL;
	for (unsigned i = 0; i < loop->nb_ports; i++)
		if (loop->port[i].id == id)
			return &loop->port[i];
	return NULL;
}

int
tg_snapshot_next_port(const struct tg_shown *shown, unsigned from)
{
	for (unsigned id = from; id < TG_MAX_PORTS; id++)
		for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
			if (polled(shown->loop[i], id) != NULL)
				return (int)id;
	return -1;
}

static void
look_at_config(uint16_t id, struct tg_snapshot_port *out)
{
	struct rte_eth_conf conf;

	if (rte_eth_dev_conf_get(id, &conf) != 0)
		return;
	out->rx_checksum = (conf.rxmode.offloads & RX_CSUM) == RX_CSUM;
	out->tx_checksum = (conf.txmode.offloads & TX_CSUM) == TX_CSUM;
}

void
tg_snapshot_port(const struct tg_shown *shown, uint16_t id, struct tg_snapshot_port *out)
{
	struct rte_eth_dev_info info;
	struct rte_eth_link link;

	memset(out, 0, sizeof(*out));
	out->id = id;
	out->speed_mbps = RTE_ETH_SPEED_NUM_UNKNOWN;
	if (rte_eth_dev_get_name_by_port(id, out->name) != 0)
		out->name[0] = '\0';
	if (rte_eth_dev_info_get(id, &info) == 0)
		rte_strscpy(out->driver, info.driver_name, sizeof(out->driver));
	if (rte_eth_link_get_nowait(id, &link) == 0) {
		out->link_up = link.link_status == RTE_ETH_LINK_UP;
		out->speed_mbps = link.link_speed;
	}
	rte_eth_macaddr_get(id, &out->mac);
	rte_eth_dev_get_mtu(id, &out->mtu);
	rte_eth_stats_get(id, &out->stats);
	look_at_config(id, out);
	for (unsigned i = 0; i < TG_SHOWN_MAX; i++) {
		const struct tg_loop_port *p = polled(shown->loop[i], id);

		if (p == NULL || p->queue >= TG_SHOWN_MAX)
			continue;
		out->queue_rx[p->queue] = word(&p->rx);
		out->queues = RTE_MAX(out->queues, p->queue + 1);
	}
}
