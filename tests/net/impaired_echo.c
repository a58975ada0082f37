/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An echo service behind a bad wire: an application with its own loop on the public burst calls of
 * <tidegate/dpdk.h>, which between the port and the shard, in both directions, drops, repeats,
 * delays and damages packets. Every impairment has the same odds; the seed makes runs comparable.
 *
 *     impaired_echo EAL-ARGUMENTS -- SEED PERMILLE TCP-PORT ADDRESS/PREFIX...
 *
 * Runs until SIGTERM or SIGINT, then resets what is left. Its last line of output is of the form of
 * tidegate's own; exit status 1 when a buffer or a connection was lost or nothing was impaired.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <tidegate/dpdk.h>

enum {
	PORT = 0,
	BURST = 32,
	POOL_SIZE = 16383, /* mbufs; 2^n - 1 suits the ring behind the pool */
	RX_DESC = 512,
	TX_DESC = 512,
	HOLD_PACKETS_MAX = 3,  /* a delayed packet lets so many others pass, */
	HOLD_NS_MAX = 5000000, /* or waits so long when no other comes */
};

/* What a direction of the wire did to packets. */
struct wire {
	const char *name;
	struct rte_mbuf *held; /* the packet that is being overtaken, or NULL */
	unsigned held_for;     /* packets it still lets pass */
	tg_time held_until;
	uint64_t seen, dropped, repeated, delayed, damaged;
};

struct app {
	struct rte_mempool *pool;
	struct tg_shard *shard;
	struct tg_clock clock;
	uint64_t rng;
	unsigned permille;
	struct wire rx, tx;
	uint64_t tx_dropped;
};

static volatile sig_atomic_t stopping;

static void
on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static void
die(const char *what, int err)
{
	fprintf(stderr, "impaired_echo: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

/* xorshift64*: good enough to pick packets and bits, and the same everywhere. */
static uint32_t
random_below(struct app *a, uint32_t bound)
{
	a->rng ^= a->rng >> 12;
	a->rng ^= a->rng << 25;
	a->rng ^= a->rng >> 27;
	return (uint32_t)(((a->rng * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % bound);
}

/* Where the IP packet lies in the frame; 0 bytes when there is none. Padding is not part of it. */
static uint32_t
ip_extent(const struct rte_mbuf *m, uint32_t *start)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const uint8_t *ip = (const uint8_t *)(eth + 1);
	uint32_t room, len = 0;

	*start = sizeof(*eth);
	if (m->data_len < sizeof(*eth) + sizeof(struct rte_ipv6_hdr))
		return 0;
	room = m->pkt_len - *start;
	if (eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		len = rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)ip)->total_length);
	else if (eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		len = sizeof(struct rte_ipv6_hdr) +
			rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)ip)->payload_len);
	return RTE_MIN(len, room);
}

/*
 * Flips one bit of the IP packet. One, since the Internet checksum finds every single flipped bit
 * but misses one in 65,536 of more random damage. The damage is done to a copy: what tidegate sends
 * may be the very buffer it will retransmit from.
 */
static struct rte_mbuf *
damage(struct app *a, struct rte_mbuf *m)
{
	uint32_t start, len = ip_extent(m, &start), at;
	struct rte_mbuf *copy, *seg;

	if (len == 0)
		return m;
	copy = rte_pktmbuf_copy(m, a->pool, 0, UINT32_MAX);
	if (copy == NULL)
		return m;
	at = start + random_below(a, len);
	for (seg = copy; at >= seg->data_len; seg = seg->next)
		at -= seg->data_len;
	*rte_pktmbuf_mtod_offset(seg, uint8_t *, at) ^= (uint8_t)(1u << random_below(a, 8));
	/* whatever the port said of the checksums was said before the damage */
	copy->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	rte_pktmbuf_free(m);
	return copy;
}

/* Puts the delayed packet behind those that overtook it. */
static unsigned
release_held(struct wire *w, struct rte_mbuf *out[], unsigned k)
{
	out[k] = w->held;
	w->held = NULL;
	return k + 1;
}

/*
 * Sends a burst over the wire. out[] needs room for 2 n + 1.
 * n may be 0: a packet that nobody overtakes must come out some time.
 */
static unsigned
impair(struct app *a, struct wire *w, struct rte_mbuf *in[], unsigned n, struct rte_mbuf *out[],
	tg_time now)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = in[i], *again;
		uint32_t dice = random_below(a, 1000);

		w->seen++;
		if (dice < a->permille) {
			rte_pktmbuf_free(m);
			w->dropped++;
			continue;
		}
		if (dice < 2 * a->permille) {
			again = rte_pktmbuf_copy(m, a->pool, 0, UINT32_MAX);
			if (again != NULL) {
				out[k++] = again;
				w->repeated++;
			}
		} else if (dice < 3 * a->permille && w->held == NULL) {
			w->held = m;
			w->held_for = 1 + random_below(a, HOLD_PACKETS_MAX);
			w->held_until = now + HOLD_NS_MAX;
			w->delayed++;
			continue;
		} else if (dice >= 3 * a->permille && dice < 4 * a->permille) {
			m = damage(a, m);
			w->damaged++;
		}
		out[k++] = m;
		if (w->held != NULL && --w->held_for == 0)
			k = release_held(w, out, k);
	}
	if (w->held != NULL && now >= w->held_until)
		k = release_held(w, out, k);
	return k;
}

/* Echoes until the connection has no more to read or no more room to write. */
static void
echo(struct tg_worker *w, tg_conn c)
{
	for (;;) {
		const uint8_t *p;
		int n = tg_peek(w, c, &p), sent;

		if (n == -EAGAIN)
			return;
		sent = n > 0 ? tg_send(w, c, p, (uint32_t)n) : -EPIPE;
		if (sent == -EAGAIN)
			return;
		if (sent < 0) { /* end of the stream, or the connection is over */
			tg_close(w, c);
			return;
		}
		tg_consume(w, c, (uint32_t)sent);
	}
}

static void
run_worker(struct tg_worker *w, void *ctx)
{
	struct tg_event ev[BURST];
	unsigned n = tg_worker_events(w, ev, BURST);
	tg_conn conn[BURST];

	(void)ctx;
	for (unsigned i = 0; i < n; i++) {
		/* accepting is enough: data that is already there raises TG_EV_READ */
		if (ev[i].what & TG_EV_ACCEPT)
			while (tg_accept(w, ev[i].listener, conn, BURST) > 0)
				;
		if (ev[i].conn != 0)
			echo(w, ev[i].conn);
	}
}

/* The address before and the number after the slash of ADDRESS/PREFIX. */
static struct tg_addr
parse_addr(const char *text, uint8_t *prefix)
{
	struct tg_addr addr;
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	uint8_t v4[4];

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host))
		die(text, EINVAL);
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	*prefix = (uint8_t)atoi(slash + 1);
	if (inet_pton(AF_INET, host, v4) == 1)
		return tg_addr_v4(v4[0], v4[1], v4[2], v4[3]);
	if (inet_pton(AF_INET6, host, addr.b) != 1)
		die(text, EINVAL);
	return addr;
}

static void
start_port(struct app *a)
{
	struct rte_eth_conf conf = {0};
	int socket = rte_eth_dev_socket_id(PORT), err;

	if (!rte_eth_dev_is_valid_port(PORT))
		die("no port", ENODEV);
	a->pool = rte_pktmbuf_pool_create(
		"impaired", POOL_SIZE, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (a->pool == NULL)
		die("mbuf pool", rte_errno);
	if ((err = rte_eth_dev_configure(PORT, 1, 1, &conf)) != 0 ||
		(err = rte_eth_rx_queue_setup(PORT, 0, RX_DESC, (unsigned)socket, NULL, a->pool)) !=
			0 ||
		(err = rte_eth_tx_queue_setup(PORT, 0, TX_DESC, (unsigned)socket, NULL)) != 0 ||
		(err = rte_eth_dev_start(PORT)) != 0)
		die("port", err);
}

static void
start_shard(struct app *a, uint16_t tcp_port, char *addrs[], int n)
{
	struct tg_shard_config cfg = {.pool = a->pool, .socket_id = SOCKET_ID_ANY};
	struct tg_inline_worker iw = {.run = run_worker};
	struct tg_listener_config lc;
	struct tg_engine *e;
	tg_listener l;
	int err;

	tg_engine_config_init(&cfg.engine);
	for (size_t i = 0; i < sizeof(cfg.engine.seed); i++)
		cfg.engine.seed[i] = (uint8_t)random_below(a, 256);
	cfg.engine.wall_s = (uint64_t)time(NULL);
	cfg.engine.now = tg_clock_now(&a->clock);
	cfg.engine.max_conns = 64;
	cfg.engine.max_half_open = 64;
	cfg.engine.max_time_wait = 64;
	cfg.engine.max_segments = POOL_SIZE / 2;
	tg_listener_config_init(&lc);
	memset(&lc.local.addr, 0, sizeof(lc.local.addr));
	lc.local.port = tcp_port;
	lc.dual_stack = true;
	if ((err = tg_shard_create(&cfg, &a->shard)) != 0 ||
		(err = tg_shard_add_port(a->shard, PORT)) != 0 ||
		(err = tg_shard_add_worker(a->shard, &iw, &lc.worker)) != 0)
		die("shard", err);
	e = tg_shard_engine(a->shard);
	for (int i = 0; i < n; i++) {
		uint8_t prefix;
		struct tg_addr addr = parse_addr(addrs[i], &prefix);

		if ((err = tg_engine_add_addr(e, PORT, &addr, prefix)) != 0)
			die(addrs[i], err);
	}
	if ((err = tg_listen(e, &lc, &l)) != 0)
		die("listener", err);
}

static void
transmit(struct app *a, struct rte_mbuf *m[], uint16_t n)
{
	uint16_t sent = 0;

	for (int tries = 0; sent < n && tries < 100; tries++)
		sent += rte_eth_tx_burst(PORT, 0, m + sent, (uint16_t)(n - sent));
	a->tx_dropped += (uint64_t)(n - sent);
	rte_pktmbuf_free_bulk(m + sent, (unsigned)(n - sent));
}

/* One turn of the loop in dpdk.h, with the wire in between. @return packets that moved */
static unsigned
turn(struct app *a)
{
	struct rte_mbuf *in[BURST], *out[2 * BURST + 1], *foreign[2 * BURST + 1];
	tg_time now = tg_clock_now(&a->clock);
	unsigned n = rte_eth_rx_burst(PORT, 0, in, BURST), moved = n, k;

	n = impair(a, &a->rx, in, n, out, now);
	k = tg_shard_input(a->shard, PORT, out, (uint16_t)n, foreign, now);
	rte_pktmbuf_free_bulk(foreign, k);
	tg_shard_turn(a->shard, now, (uint64_t)time(NULL));
	do {
		k = tg_shard_output(a->shard, PORT, in, BURST, now);
		n = impair(a, &a->tx, in, k, out, now);
		transmit(a, out, (uint16_t)n);
		moved += k;
	} while (k == BURST);
	return moved;
}

static void
print_wire(const struct wire *w)
{
	printf("wire: %s seen=%" PRIu64 " dropped=%" PRIu64 " repeated=%" PRIu64 " delayed=%" PRIu64
	       " damaged=%" PRIu64 "\n",
		w->name, w->seen, w->dropped, w->repeated, w->delayed, w->damaged);
}

/* True when each kind of impairment happened, so that a green test means something. */
static bool
wire_was_bad(const struct wire *w)
{
	return w->dropped > 0 && w->repeated > 0 && w->delayed > 0 && w->damaged > 0;
}

/* Resets every connection, closes the port and counts the buffers. @return exit status */
static int
finish(struct app *a)
{
	struct tg_engine *e = tg_shard_engine(a->shard);
	struct tg_counters c = *tg_engine_counters(e);
	struct tg_engine_usage u;
	uint64_t accounted = 0;
	unsigned avail;

	tg_engine_drain(e);
	tg_engine_reset(e);
	for (int i = 0; i < 1000 && turn(a) > 0; i++)
		;
	tg_engine_usage(e, &u);
	c = *tg_engine_counters(e);
	for (int d = 0; d < TG_DISP_COUNT; d++)
		accounted += c.disposition[d];
	rte_pktmbuf_free(a->rx.held);
	rte_pktmbuf_free(a->tx.held);
	rte_eth_dev_stop(PORT);
	tg_shard_destroy(a->shard);
	rte_eth_dev_close(PORT);
	avail = rte_mempool_avail_count(a->pool);

	print_wire(&a->rx);
	print_wire(&a->tx);
	for (int i = 0; i < TG_CNT_COUNT; i++)
		if (c.event[i] != 0)
			printf("count: %s %" PRIu64 "\n", tg_counter_name((enum tg_counter)i),
				c.event[i]);
	printf("exit: conns=%u segments=%u pool=%u/%u accounted=%s time_wait=%u tx_dropped=%" PRIu64
	       "\n",
		u.conns + u.half_open, u.segments, avail, POOL_SIZE,
		accounted == c.received ? "yes" : "no", u.time_wait, a->tx_dropped);
	if (a->permille > 0 && !(wire_was_bad(&a->rx) && wire_was_bad(&a->tx)))
		return 1;
	return u.conns + u.half_open + u.segments == 0 && avail == POOL_SIZE &&
			accounted == c.received
		? 0
		: 1;
}

int
main(int argc, char *argv[])
{
	static struct app a = {.rx = {.name = "rx"}, .tx = {.name = "tx"}};
	struct sigaction sa = {.sa_handler = on_signal};
	const struct timespec nap = {.tv_nsec = 50000};
	int n = rte_eal_init(argc, argv), status;

	if (n < 0)
		die("EAL", rte_errno);
	argc -= n;
	argv += n;
	if (argc < 5) {
		fprintf(stderr,
			"usage: impaired_echo EAL-ARGUMENTS -- SEED PERMILLE TCP-PORT "
			"ADDRESS/PREFIX...\n");
		return 2;
	}
	a.rng = strtoull(argv[1], NULL, 0) * 2 + 1; /* never 0, where xorshift stays for ever */
	a.permille = (unsigned)atoi(argv[2]);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	tg_clock_init(&a.clock);
	start_port(&a);
	start_shard(&a, (uint16_t)atoi(argv[3]), argv + 4, argc - 4);
	printf("ready: seed=%s permille=%u\n", argv[1], a.permille);
	fflush(stdout);
	while (!stopping)
		if (turn(&a) == 0)
			nanosleep(&nap, NULL); /* leave the CPU to the client */
	status = finish(&a);
	rte_eal_cleanup();
	return status;
}
