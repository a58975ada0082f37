/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program with its own loop that embeds tidegate, built against the installed library. There is
 * no port: packets are made here. It hands a UDP datagram and a TCP handshake to a shard, gets the
 * datagram back, accepts the connection, reads a line and answers it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include <tidegate/dpdk.h>

#define MUST(x) ((x) ? (void)0 : (fprintf(stderr, "embed: line %d: %s\n", __LINE__, #x), exit(1)))

struct frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_tcp_hdr tcp;
	char data[16];
};

static struct rte_mempool *pool;
static tg_listener listener;

/* The inline worker: accepts, reads, answers. */
static void
serve(struct tg_worker *w, void *ctx)
{
	struct tg_event ev[8];
	unsigned n = tg_worker_events(w, ev, 8);
	tg_conn c;

	for (unsigned i = 0; i < n; i++) {
		if (ev[i].what & TG_EV_ACCEPT)
			while (tg_accept(w, ev[i].listener, &c, 1) == 1)
				++*(unsigned *)ctx;
		if (ev[i].what & TG_EV_READ) {
			char buf[64];
			int len = tg_recv(w, ev[i].conn, buf, sizeof(buf));

			MUST(len == 6 && memcmp(buf, "hello\n", 6) == 0);
			MUST(tg_send(w, ev[i].conn, "welcome\n", 8) == 8);
		}
	}
}

/* A packet of a client at 192.0.2.2; proto TCP or, with rubbish in it, UDP. */
static struct rte_mbuf *
packet(uint8_t proto, uint8_t flags, uint32_t seq, uint32_t ack, const char *data)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint16_t len = (uint16_t)strlen(data);
	struct frame *f;

	MUST(m != NULL && len < sizeof(f->data));
	f = (struct frame *)(void *)rte_pktmbuf_append(m, (uint16_t)(54 + len));
	MUST(f != NULL);
	memset(f, 0, 54);
	memcpy(f->eth.dst_addr.addr_bytes, "\x02\0\0\0\0\1", 6);
	memcpy(f->eth.src_addr.addr_bytes, "\x02\0\0\0\0\2", 6);
	f->eth.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	f->ip.version_ihl = RTE_IPV4_VHL_DEF;
	f->ip.total_length = rte_cpu_to_be_16((uint16_t)(40 + len));
	f->ip.time_to_live = 64;
	f->ip.next_proto_id = proto;
	f->ip.src_addr = rte_cpu_to_be_32(UINT32_C(0xc0000202));
	f->ip.dst_addr = rte_cpu_to_be_32(UINT32_C(0xc0000201));
	f->ip.hdr_checksum = rte_ipv4_cksum(&f->ip);
	f->tcp.src_port = rte_cpu_to_be_16(40000);
	f->tcp.dst_port = rte_cpu_to_be_16(80);
	f->tcp.sent_seq = rte_cpu_to_be_32(seq);
	f->tcp.recv_ack = rte_cpu_to_be_32(ack);
	f->tcp.data_off = 5 << 4;
	f->tcp.tcp_flags = flags;
	f->tcp.rx_win = rte_cpu_to_be_16(65535);
	memcpy(f->data, data, len);
	f->tcp.cksum = rte_ipv4_udptcp_cksum(&f->ip, &f->tcp);
	return m;
}

/* One turn of the program's own loop. Returns packets that are not tidegate's. */
static uint16_t
turn(struct tg_shard *s, const struct tg_clock *clock, struct rte_mbuf *in, struct rte_mbuf **back,
	struct rte_mbuf **out)
{
	tg_time now = tg_clock_now(clock);
	uint16_t foreign = tg_shard_input(s, 0, &in, 1, back, now);

	tg_shard_turn(s, now, 1700000000);
	*out = NULL;
	tg_shard_output(s, 0, out, 1, now);
	return foreign;
}

int
main(int argc, char **argv)
{
	struct tg_shard_config sc = {.socket_id = SOCKET_ID_ANY};
	struct tg_shard_port port = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500};
	struct tg_addr addr = tg_addr_v4(192, 0, 2, 1);
	struct tg_listener_config lc;
	struct tg_inline_worker iw;
	struct tg_engine_usage usage;
	struct rte_mbuf *m, *back, *out;
	struct tg_clock clock;
	struct tg_shard *s;
	unsigned accepted = 0;
	uint32_t iss;

	MUST(rte_eal_init(argc, argv) >= 0);
	pool = rte_pktmbuf_pool_create(
		"embed", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	tg_engine_config_init(&sc.engine);
	sc.engine.max_conns = 1024;
	sc.engine.max_half_open = sc.engine.max_time_wait = sc.engine.max_segments = 1024;
	sc.pool = pool;
	tg_clock_init(&clock);
	MUST(pool != NULL && tg_shard_create(&sc, &s) == 0);
	MUST(tg_shard_add_port_as(s, 0, &port) == 0);
	MUST(tg_engine_add_addr(tg_shard_engine(s), 0, &addr, 24) == 0);
	tg_listener_config_init(&lc);
	lc.local.port = 80;
	iw.run = serve;
	iw.ctx = &accepted;
	MUST(tg_shard_add_worker(s, &iw, &lc.worker) == 0);
	MUST(tg_listen(tg_shard_engine(s), &lc, &listener) == 0);

	m = packet(IPPROTO_UDP, 0, 0, 0, "");
	MUST(turn(s, &clock, m, &back, &out) == 1 && back == m && out == NULL);
	rte_pktmbuf_free(back);
	printf("a UDP datagram came back\n");

	MUST(turn(s, &clock, packet(IPPROTO_TCP, RTE_TCP_SYN_FLAG, 1, 0, ""), &back, &out) == 0);
	MUST(out != NULL);
	iss = rte_be_to_cpu_32(rte_pktmbuf_mtod(out, struct frame *)->tcp.sent_seq);
	rte_pktmbuf_free(out);
	MUST(turn(s, &clock, packet(IPPROTO_TCP, RTE_TCP_ACK_FLAG, 2, iss + 1, ""), &back, &out) ==
		0);
	MUST(accepted == 1 && out == NULL);
	printf("a connection was accepted\n");

	MUST(turn(s, &clock, packet(IPPROTO_TCP, RTE_TCP_ACK_FLAG, 2, iss + 1, "hello\n"), &back,
		     &out) == 0);
	MUST(out != NULL && out->pkt_len == 54 + 8);
	MUST(memcmp(rte_pktmbuf_mtod(out, struct frame *)->data, "welcome\n", 8) == 0);
	rte_pktmbuf_free(out);
	printf("a line was read and answered\n");

	tg_engine_usage(tg_shard_engine(s), &usage);
	MUST(usage.conns == 1);
	tg_shard_destroy(s);
	MUST(rte_mempool_full(pool) == 1);
	rte_mempool_free(pool);
	rte_eal_cleanup();
	printf("ok\n");
	return 0;
}
