/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>

#include "client.h"

/* 192.0.2.1 and .2; DPDK's RTE_IPV4() shifts into the sign bit. */
#define SERVER_IP UINT32_C(0xc0000201)
#define CLIENT_IP UINT32_C(0xc0000202)

static const uint8_t server_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t client_mac[6] = {2, 0, 0, 0, 0, 2};

static void
fill_ip(struct rte_ether_hdr *eth, struct rte_ipv4_hdr *ip, uint8_t proto, uint16_t len)
{
	memcpy(eth->dst_addr.addr_bytes, server_mac, 6);
	memcpy(eth->src_addr.addr_bytes, client_mac, 6);
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + len));
	ip->time_to_live = 64;
	ip->next_proto_id = proto;
	ip->src_addr = rte_cpu_to_be_32(CLIENT_IP);
	ip->dst_addr = rte_cpu_to_be_32(SERVER_IP);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

struct rte_mbuf *
client_tcp(struct rte_mempool *pool, uint8_t flags, uint32_t seq, uint32_t ack, const void *data,
	uint16_t len)
{
	uint8_t bytes[1514];
	struct client_frame *f = (struct client_frame *)bytes;
	uint16_t tcp_len = (uint16_t)(sizeof(f->tcp) + len);
	uint16_t all = (uint16_t)(sizeof(*f) + len);

	fill_ip(&f->eth, &f->ip, IPPROTO_TCP, tcp_len);
	memset(&f->tcp, 0, sizeof(f->tcp));
	f->tcp.src_port = rte_cpu_to_be_16(40000);
	f->tcp.dst_port = rte_cpu_to_be_16(80);
	f->tcp.sent_seq = rte_cpu_to_be_32(seq);
	f->tcp.recv_ack = rte_cpu_to_be_32(ack);
	f->tcp.data_off = 5 << 4;
	f->tcp.tcp_flags = flags;
	f->tcp.rx_win = rte_cpu_to_be_16(65535);
	if (len != 0)
		memcpy(f + 1, data, len);
	f->tcp.cksum = rte_ipv4_udptcp_cksum(&f->ip, &f->tcp);
	return test_mbuf(pool, bytes, all);
}

struct rte_mbuf *
client_udp(struct rte_mempool *pool)
{
	uint8_t bytes[sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + 40] = {0};

	fill_ip((struct rte_ether_hdr *)bytes,
		(struct rte_ipv4_hdr *)(bytes + sizeof(struct rte_ether_hdr)), IPPROTO_UDP, 40);
	return test_mbuf(pool, bytes, sizeof(bytes));
}

struct rte_mbuf *
client_arp(struct rte_mempool *pool)
{
	struct {
		struct rte_ether_hdr eth;
		struct rte_arp_hdr arp;
		uint8_t padding[18];
	} f;

	memset(&f, 0, sizeof(f));
	memset(f.eth.dst_addr.addr_bytes, 0xff, 6);
	memcpy(f.eth.src_addr.addr_bytes, client_mac, 6);
	f.eth.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	f.arp.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	f.arp.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	f.arp.arp_hlen = 6;
	f.arp.arp_plen = 4;
	f.arp.arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REQUEST);
	memcpy(f.arp.arp_data.arp_sha.addr_bytes, client_mac, 6);
	f.arp.arp_data.arp_sip = rte_cpu_to_be_32(CLIENT_IP);
	f.arp.arp_data.arp_tip = rte_cpu_to_be_32(SERVER_IP);
	return test_mbuf(pool, &f, sizeof(f));
}

struct tg_shard *
client_shard(struct rte_mempool *pool, uint16_t port)
{
	struct tg_shard_config sc = {.pool = pool};

	return client_shard_of(&sc, port);
}

struct tg_shard *
client_shard_of(const struct tg_shard_config *base, uint16_t port)
{
	struct tg_shard_config sc = *base;
	struct tg_shard_port sp = {.mtu = 1500};
	struct tg_addr addr = tg_addr_v4(192, 0, 2, 1);
	struct tg_shard *s;

	sc.socket_id = SOCKET_ID_ANY;
	tg_engine_config_init(&sc.engine);
	sc.engine.max_conns = 100;
	sc.engine.max_half_open = 100;
	sc.engine.max_time_wait = 100;
	sc.engine.max_segments = 500;
	assert_int_equal(tg_shard_create(&sc, &s), 0);
	memcpy(sp.mac, server_mac, sizeof(sp.mac));
	assert_int_equal(tg_shard_add_port_as(s, port, &sp), 0);
	assert_int_equal(tg_engine_add_addr(tg_shard_engine(s), port, &addr, 24), 0);
	return s;
}

static void
count_run(struct tg_worker *w, void *ctx)
{
	(void)w;
	++*(unsigned *)ctx;
}

struct tg_worker *
client_listen(struct tg_shard *s, unsigned *runs, tg_listener *l)
{
	struct tg_inline_worker iw = {.run = count_run, .ctx = runs};
	struct tg_listener_config lc;
	struct tg_worker *w;

	assert_int_equal(tg_shard_add_worker(s, &iw, &w), 0);
	assert_ptr_equal(tg_worker_ctx(w), runs);
	tg_listener_config_init(&lc);
	lc.local.port = 80;
	lc.worker = w;
	assert_int_equal(tg_listen(tg_shard_engine(s), &lc, l), 0);
	return w;
}

uint32_t
client_connect(struct tg_shard *s, uint16_t port, struct rte_mempool *pool, tg_time now)
{
	struct rte_mbuf *m = client_tcp(pool, RTE_TCP_SYN_FLAG, 1000, 0, NULL, 0);
	const struct client_frame *f;
	uint32_t iss;

	assert_int_equal(tg_shard_input(s, port, &m, 1, &m, now), 0);
	assert_int_equal(tg_shard_output(s, port, &m, 1, now), 1);
	f = rte_pktmbuf_mtod(m, const struct client_frame *);
	assert_int_equal(f->tcp.tcp_flags, RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG);
	assert_int_equal(rte_be_to_cpu_32(f->tcp.recv_ack), 1001);
	assert_int_equal(rte_ipv4_udptcp_cksum(&f->ip, &f->tcp), 0);
	iss = rte_be_to_cpu_32(f->tcp.sent_seq);
	rte_pktmbuf_free(m);
	m = client_tcp(pool, RTE_TCP_ACK_FLAG, 1001, iss + 1, NULL, 0);
	assert_int_equal(tg_shard_input(s, port, &m, 1, &m, now), 0);
	return iss + 1;
}
