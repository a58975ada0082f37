/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device behind an interface of the exception path.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "exception.h"

#define VHOST_NET "/dev/vhost-net"
/* Ethernet header, two tags and the frame check sequence. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 8 + RTE_ETHER_CRC_LEN)

static bool
is_vhost(enum tg_exception_kind kind)
{
	return kind == TG_EXCEPTION_VHOST ||
		(kind == TG_EXCEPTION_AUTO && access(VHOST_NET, R_OK | W_OK) == 0);
}

/* The virtual device as EAL wants it told. */
static void
describe(const struct tg_exception_config *cfg, char *out, size_t size)
{
	const struct rte_ether_addr *mac = &cfg->beside->mac;
	int n;

	if (is_vhost(cfg->kind))
		n = snprintf(out, size,
			"net_virtio_user_tgx%u,path=" VHOST_NET ",queues=%u,queue_size=%u",
			cfg->number, cfg->beside->queues, TG_EXCEPTION_DESCRIPTORS);
	else
		n = snprintf(out, size, "net_tap_tgx%u", cfg->number);
	snprintf(out + n, size - (size_t)n, ",iface=%s,mac=" RTE_ETHER_ADDR_PRT_FMT, cfg->interface,
		RTE_ETHER_ADDR_BYTES(mac));
}

/*
 * No offload is asked for, but splitting what is longer than an mbuf: then the kernel finishes
 * every checksum before it hands a packet over.
 */
static int
configure(const struct tg_exception_config *cfg, struct tg_port *port, const char **why)
{
	uint32_t room = rte_pktmbuf_data_room_size(cfg->pool) - RTE_PKTMBUF_HEADROOM;
	uint16_t q = cfg->beside->queues, rxd = TG_EXCEPTION_DESCRIPTORS, txd = rxd;
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port->id, &info);

	*why = "its device tells nothing of itself";
	if (rc != 0)
		return rc;
	port->queues = q;
	port->mtu = cfg->beside->mtu;
	*why = "its device has fewer queues than there are shards";
	if (q > info.max_rx_queues || q > info.max_tx_queues)
		return -EINVAL;
	if (port->mtu + (uint32_t)FRAME_OVERHEAD > room)
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER & info.rx_offload_capa;
	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS & info.tx_offload_capa;
	*why = "its device refuses queues or offloads";
	rc = rte_eth_dev_configure(port->id, q, q, &conf);
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rxd, &txd);
	for (uint16_t i = 0; rc == 0 && i < q; i++) {
		struct rte_eth_rxconf rxc = info.default_rxconf;
		struct rte_eth_txconf txc = info.default_txconf;

		rxc.offloads = conf.rxmode.offloads;
		txc.offloads = conf.txmode.offloads;
		rc = rte_eth_rx_queue_setup(port->id, i, rxd, SOCKET_ID_ANY, &rxc, cfg->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(port->id, i, txd, SOCKET_ID_ANY, &txc);
	}
	return rc;
}

/* The kernel's side: the port's MTU, and up. virtio-user sees to neither. */
static int
set_interface(const char *name, uint16_t mtu)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_mtu = mtu;
	if (rc == 0)
		rc = ioctl(fd, SIOCSIFMTU, &ifr);
	if (rc == 0)
		rc = ioctl(fd, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	if (rc == 0)
		rc = ioctl(fd, SIOCSIFFLAGS, &ifr);
	rc = rc == 0 ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
start(const struct tg_exception_config *cfg, struct tg_exception_port *x, const char **why)
{
	struct tg_port *port = &x->port;
	int rc = configure(cfg, port, why);

	if (rc != 0)
		return rc;
	/* virtio-user cannot, and its frames may have any length anyway. */
	rte_eth_dev_set_mtu(port->id, port->mtu);
	*why = "its device does not start";
	rc = rte_eth_dev_start(port->id);
	if (rc != 0)
		return rc;
	port->started = true;
	*why = "the interface cannot be brought up";
	return set_interface(x->interface, port->mtu);
}

int
tg_exception_open(
	const struct tg_exception_config *cfg, struct tg_exception_port *x, const char **why)
{
	char device[160];
	struct tg_port_config pc = {.device = device, .pool = cfg->pool};
	int rc;

	memset(x, 0, sizeof(*x));
	*why = "there is an interface of this name already";
	if (if_nametoindex(cfg->interface) != 0)
		return -EEXIST;
	snprintf(x->interface, sizeof(x->interface), "%s", cfg->interface);
	describe(cfg, device, sizeof(device));
	*why = "its device cannot be made";
	rc = tg_port_open(&pc, &x->port);
	if (rc != 0) {
		memset(x, 0, sizeof(*x));
		return rc;
	}
	x->port.multicast = "unknown";
	rc = start(cfg, x, why);
	if (rc != 0) {
		tg_exception_close(x);
		return rc;
	}
	x->by = is_vhost(cfg->kind) ? "vhost-net" : "tap";
	return 0;
}

void
tg_exception_close(struct tg_exception_port *x)
{
	if (x->interface[0] != '\0')
		tg_port_close(&x->port);
	memset(x, 0, sizeof(*x));
}
