/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_pci.h>
#include <rte_string_fns.h>

#include "log.h"
#include "port.h"

#define RX_WANTED (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define TX_WANTED                                                       \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | \
		RTE_ETH_TX_OFFLOAD_VLAN_INSERT | RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
/* A connection must always come to the same queue. */
#define RSS_WANTED                                                            \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_IPV6 | \
		RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_IPV6_EX | RTE_ETH_RSS_IPV6_TCP_EX)
/* Ethernet header, two tags and the frame check sequence. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 8 + RTE_ETHER_CRC_LEN)

/* The device's name: what stands before the first comma. */
static void
name_of(const char *device, char *name, size_t size)
{
	size_t n = strcspn(device, ",");

	if (n >= size)
		n = size - 1;
	memcpy(name, device, n);
	name[n] = '\0';
}

static int
probe(const char *device, uint16_t *id)
{
	struct rte_dev_iterator it;
	uint16_t found;
	int rc = rte_dev_probe(device);

	/* -1 and -EFAULT are what EAL says to a name no bus knows. */
	if (rc != 0)
		return rc == -1 || rc == -EFAULT ? -ENODEV : rc;
	RTE_ETH_FOREACH_MATCHING_DEV(found, device, &it)
	{
		*id = found;
		rte_eth_iterator_cleanup(&it);
		return 0;
	}
	return -ENODEV;
}

/* EAL knows a PCI device by its address in full only: "01:00.0" becomes "0000:01:00.0". */
static const char *
in_full(const char *device, char *out, size_t size)
{
	char name[RTE_ETH_NAME_MAX_LEN], pci[PCI_PRI_STR_SIZE];
	struct rte_pci_addr addr;

	name_of(device, name, sizeof(name));
	if (rte_pci_addr_parse(name, &addr) != 0)
		return device;
	rte_pci_device_name(&addr, pci, sizeof(pci));
	snprintf(out, size, "%s%s", pci, device + strlen(name));
	return out;
}

int
tg_port_open(const struct tg_port_config *cfg, struct tg_port *port)
{
	char name[RTE_ETH_NAME_MAX_LEN], full[512];
	const char *device = in_full(cfg->device, full, sizeof(full));
	int rc;

	memset(port, 0, sizeof(*port));
	name_of(device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &port->id) == 0)
		return 0;
	rc = probe(device, &port->id);
	/* Virtual devices may name their port otherwise than by the device string. */
	if (rc != 0 && rte_eth_dev_get_port_by_name(name, &port->id) == 0)
		rc = 0;
	port->ours = rc == 0;
	return rc;
}

static int
setup_queues(const struct tg_port_config *cfg, struct tg_port *port,
	const struct rte_eth_dev_info *info, const char **why)
{
	struct rte_eth_rxconf rxc = info->default_rxconf;
	struct rte_eth_txconf txc = info->default_txconf;
	uint16_t rxd = cfg->descriptors, txd = cfg->descriptors;
	int node = rte_eth_dev_socket_id(port->id);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rxd, &txd);

	if (rc != 0) {
		*why = "descriptor numbers refused";
		return rc;
	}
	port->rx_ring = rxd;
	port->tx_ring = txd;
	rxc.offloads = port->rx_offloads;
	txc.offloads = port->tx_offloads;
	for (uint16_t q = 0; q < cfg->queues; q++) {
		rc = rte_eth_rx_queue_setup(port->id, q, rxd, (unsigned)node, &rxc, cfg->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(port->id, q, txd, (unsigned)node, &txc);
		if (rc != 0) {
			*why = "a queue cannot be set up";
			return rc;
		}
	}
	return 0;
}

/* A driver that cannot set its MTU keeps its own; a smaller one is then ours alone. */
static int
set_mtu(struct tg_port *port, uint16_t now, const char **why)
{
	int rc;

	if (port->mtu == now)
		return 0;
	rc = rte_eth_dev_set_mtu(port->id, port->mtu);
	if (rc == 0 || (rc == -ENOTSUP && port->mtu < now))
		return 0;
	*why = "the port refuses this MTU";
	return rc;
}

/* Offloads the port has and we want. False: its largest packets have no place to go. */
static bool
choose_offloads(
	const struct tg_port_config *cfg, struct tg_port *port, const struct rte_eth_dev_info *info)
{
	uint32_t room = rte_pktmbuf_data_room_size(cfg->pool) - RTE_PKTMBUF_HEADROOM;

	port->rx_offloads = info->rx_offload_capa & RX_WANTED;
	port->tx_offloads = info->tx_offload_capa & TX_WANTED;
	if (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE)
		port->tx_offloads |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (port->mtu + (uint32_t)FRAME_OVERHEAD <= room)
		return true;
	port->rx_offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	return (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
}

static void
ask_rss(const struct tg_port_config *cfg, struct tg_port *port, const struct rte_eth_dev_info *info,
	struct rte_eth_conf *conf)
{
	uint64_t can = info->flow_type_rss_offloads & RSS_WANTED;

	if (cfg->queues < 2 || can == 0)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = can;
	port->rss_wanted = can;
	port->rss = true;
}

int
tg_port_configure(const struct tg_port_config *cfg, struct tg_port *port, const char **why)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint16_t mtu_now;
	int rc = rte_eth_dev_info_get(port->id, &info);

	if (rc == 0)
		rc = rte_eth_dev_get_mtu(port->id, &mtu_now);
	if (rc != 0) {
		*why = "the port tells nothing of itself";
		return rc;
	}
	rte_strscpy(port->driver, info.driver_name, sizeof(port->driver));
	/* af_xdp's fill ring belongs to the kernel's side of the socket and ends with it. */
	port->keeps_mbufs = strcmp(port->driver, "net_af_xdp") == 0;
	port->queues = cfg->queues;
	port->node = rte_eth_dev_socket_id(port->id);
	port->mtu = cfg->mtu != 0 ? cfg->mtu : mtu_now;
	*why = "the port has fewer queues than that";
	if (cfg->queues > info.max_rx_queues || cfg->queues > info.max_tx_queues)
		return -EINVAL;
	*why = "packets of its MTU are larger than an mbuf, and the port cannot split them";
	if (!choose_offloads(cfg, port, &info))
		return -EINVAL;
	conf.rxmode.offloads = port->rx_offloads;
	conf.rxmode.mtu = cfg->mtu;
	conf.txmode.offloads = port->tx_offloads;
	ask_rss(cfg, port, &info, &conf);
	*why = "the port refuses this many queues, its offloads or MTU";
	rc = rte_eth_dev_configure(port->id, cfg->queues, cfg->queues, &conf);
	if (rc == 0)
		rc = set_mtu(port, mtu_now, why);
	if (rc == 0)
		rc = setup_queues(cfg, port, &info, why);
	if (rc == 0)
		*why = "the port has no MAC address";
	return rc != 0 ? rc : rte_eth_macaddr_get(port->id, &port->mac);
}

/*
 * Neighbour solicitations go to a multicast address made of each of our addresses. All multicast is
 * the simplest filter that lets them in; the engine looks at what comes. virtio has a filter for
 * VLANs besides, which the driver switches on and leaves empty: behind a tag nothing comes in (seen
 * with QEMU 7.2 and DPDK 22.11), unless the port is promiscuous. Its switch delivers the frames for
 * our MAC in any case, and few others.
 */
static const char *
let_in(const struct tg_port *port)
{
	bool filters_tags = strcmp(port->driver, "net_virtio") == 0;

	if (rte_eth_promiscuous_get(port->id) == 1)
		return "was on";
	if (filters_tags && rte_eth_promiscuous_enable(port->id) == 0)
		return "promiscuous";
	if (rte_eth_allmulticast_get(port->id) == 1)
		return "was on";
	if (rte_eth_allmulticast_enable(port->id) == 0)
		return "allmulticast";
	if (!filters_tags && rte_eth_promiscuous_enable(port->id) == 0)
		return "promiscuous";
	return "unknown";
}

int
tg_port_start(struct tg_port *port)
{
	int rc = rte_eth_dev_start(port->id);

	if (rc != 0)
		return rc;
	port->started = true;
	port->multicast = let_in(port);
	TG_LOG(INFO,
		"port %u: %s, mac " RTE_ETHER_ADDR_PRT_FMT ", mtu %u, %u queues, rss %s, "
		"rx offloads %#" PRIx64 ", tx offloads %#" PRIx64 ", multicast %s",
		port->id, port->driver, RTE_ETHER_ADDR_BYTES(&port->mac), port->mtu, port->queues,
		port->rss ? "yes" : "no", port->rx_offloads, port->tx_offloads, port->multicast);
	return 0;
}

void
tg_port_close(struct tg_port *port)
{
	struct rte_eth_dev_info info;
	struct rte_device *dev = NULL;

	if (port->ours && rte_eth_dev_info_get(port->id, &info) == 0)
		dev = info.device;
	if (port->started) {
		/* A kernel interface under a virtual device would keep what we switched on. */
		if (strcmp(port->multicast, "promiscuous") == 0)
			rte_eth_promiscuous_disable(port->id);
		else if (strcmp(port->multicast, "allmulticast") == 0)
			rte_eth_allmulticast_disable(port->id);
		rte_eth_dev_stop(port->id);
	}
	port->started = false;
	rte_eth_dev_close(port->id);
	if (dev != NULL && rte_dev_remove(dev) != 0)
		TG_LOG(DEBUG, "port %u: device not removed", port->id);
	port->ours = false;
}
