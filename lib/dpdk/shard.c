/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "shard.h"

/* Rounds of tg_engine_output() in one call: bounds the work done for other ports. */
#define OUTPUT_ROUNDS 4
/* One packet of so many may be the engine's own, however many answers wait. */
#define OWN_SHARE 4
/* Most datagrams under reassembly. */
#define FRAGMENTS_MAX 65536

static int
make_reassembly(struct tg_shard *s, const struct tg_shard_config *cfg)
{
	if (!cfg->reassemble)
		return 0;
	if (cfg->fragments_max == 0 || cfg->fragments_max > FRAGMENTS_MAX ||
		cfg->fragments_timeout_ms == 0 || cfg->fragments_timeout_ms > INT32_MAX)
		return -EINVAL;
	s->reassembly = tg_reassembly_create(s->engine, &s->count, cfg->pool, cfg->fragments_max,
		cfg->fragments_timeout_ms, cfg->socket_id);
	return s->reassembly != NULL ? 0 : -ENOMEM;
}

int
tg_shard_create(const struct tg_shard_config *cfg, struct tg_shard **out)
{
	struct tg_engine_config ec = cfg->engine;
	struct tg_shard *s;
	int rc;

	if (cfg->pool == NULL || rte_pktmbuf_data_room_size(cfg->pool) < TG_DATA_ROOM_MIN)
		return -EINVAL;
	s = rte_zmalloc_socket("tidegate", sizeof(*s), RTE_CACHE_LINE_SIZE, cfg->socket_id);
	if (s == NULL)
		return -ENOMEM;
	tg_env_init(&s->env, cfg->pool, cfg->socket_id, &ec.env);
	ec.buf_size = rte_pktmbuf_data_room_size(cfg->pool);
	pthread_mutex_init(&s->asker, NULL);
	s->number = ec.shard;
	s->reserve = cfg->reserve;
	rc = tg_engine_create(&ec, &s->engine);
	explicit_bzero(&ec, sizeof(ec)); /* the secrets in it */
	if (rc == 0)
		rc = make_reassembly(s, cfg);
	if (rc != 0) {
		tg_shard_destroy(s);
		return rc;
	}
	*out = s;
	return 0;
}

static void
stage_free(struct tg_stage *st)
{
	if (st == NULL)
		return;
	for (; st->head != st->tail; st->head++)
		rte_pktmbuf_free(st->m[st->head % TG_STAGE_SIZE]);
	rte_free(st);
}

void
tg_shard_destroy(struct tg_shard *s)
{
	if (s == NULL)
		return;
	tg_capture_destroy(s->capture);
	tg_reassembly_destroy(s->reassembly);
	if (s->engine != NULL)
		tg_engine_destroy(s->engine);
	for (unsigned i = 0; i < TG_MAX_PORTS; i++)
		stage_free(s->port[i].stage);
	pthread_mutex_destroy(&s->asker);
	rte_free(s);
}

struct tg_engine *
tg_shard_engine(struct tg_shard *s)
{
	return s->engine;
}

int
tg_shard_add_port_as(struct tg_shard *s, uint16_t port_id, const struct tg_shard_port *port)
{
	struct tg_stage *st;
	int rc;

	if (port_id >= TG_MAX_PORTS)
		return -EINVAL;
	if (s->port[port_id].stage != NULL)
		return -EEXIST;
	st = rte_zmalloc_socket("tidegate", sizeof(*st), RTE_CACHE_LINE_SIZE, s->env.socket_id);
	if (st == NULL)
		return -ENOMEM;
	rc = tg_engine_add_port(s->engine, port_id, port->mac, port->mtu, port->tx_offload);
	if (rc != 0) {
		rte_free(st);
		return rc;
	}
	s->port[port_id].stage = st;
	s->port[port_id].tx_vlan = port->tx_vlan;
	return 0;
}

int
tg_shard_add_port(struct tg_shard *s, uint16_t port_id)
{
	struct tg_shard_port port = {0};
	struct rte_ether_addr mac;
	struct rte_eth_conf conf;
	int rc;

	rc = rte_eth_macaddr_get(port_id, &mac);
	if (rc == 0)
		rc = rte_eth_dev_get_mtu(port_id, &port.mtu);
	if (rc == 0)
		rc = rte_eth_dev_conf_get(port_id, &conf);
	if (rc != 0)
		return rc;
	memcpy(port.mac, mac.addr_bytes, sizeof(port.mac));
	if (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM)
		port.tx_offload |= TG_TX_IP_CSUM;
	if (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM)
		port.tx_offload |= TG_TX_TCP_CSUM;
	port.tx_vlan = (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_VLAN_INSERT) != 0;
	return tg_shard_add_port_as(s, port_id, &port);
}

int
tg_shard_add_worker(struct tg_shard *s, const struct tg_inline_worker *iw, struct tg_worker **out)
{
	int rc;

	if (s->nb_workers == TG_MAX_WORKERS)
		return -ENOSPC;
	rc = tg_worker_create(s->engine, iw->ctx, out);
	if (rc != 0)
		return rc;
	s->worker[s->nb_workers].worker = *out;
	s->worker[s->nb_workers].how = *iw;
	s->nb_workers++;
	return 0;
}

/* So many packets may wait behind which this one is the next. */
static uint32_t
places(const struct tg_shard *s, bool reserve)
{
	if (reserve)
		return TG_STAGE_SIZE;
	return unlikely(s->low) ? TG_BURST : TG_STAGE_SIZE - TG_STAGE_RESERVE;
}

/*
 * Keeps a packet until the caller asks for what leaves through its port. Each one that waits is a
 * buffer that the port cannot receive into, so strangers' answers are the first to go.
 */
static inline void
stage(struct tg_shard *s, struct tg_stage *st, struct rte_mbuf *m, bool reserve)
{
	if (unlikely(st->tail - st->head >= places(s, reserve))) {
		if (reserve)
			s->count.tx_stage_full++;
		else
			s->count.tx_reserve++;
		rte_pktmbuf_free(m);
		return;
	}
	st->m[st->tail++ % TG_STAGE_SIZE] = m;
}

/* Gives a burst to the engine and does what it says. */
static uint16_t
work_off(struct tg_shard *s, uint16_t port_id, struct rte_mbuf *foreign[], tg_time now)
{
	struct tg_rx_burst *b = &s->rx;
	struct rte_mbuf *dead[TG_BURST];
	unsigned nb_dead = 0;
	uint16_t nb_foreign = 0;
	struct tg_stage *st = s->port[port_id].stage;
	bool tx_vlan = s->port[port_id].tx_vlan;

	if (b->n == 0)
		return 0;
	if (unlikely(s->capture != NULL))
		tg_capture_input(s->capture, s->engine, b, s->verdict, now);
	else
		tg_engine_input(s->engine, b->pkt, b->n, s->verdict, now);
	for (unsigned i = 0; i < b->n; i++) {
		struct rte_mbuf *m;

		switch (s->verdict[i].action) {
		case TG_REPLY:
			m = tg_rx_reply(b, i, tx_vlan);
			if (likely(m != NULL))
				stage(s, st, m, (b->pkt[i].flags & TG_TX_RESERVE) != 0);
			else
				s->count.tx_no_room++;
			break;
		case TG_KEEP:
			s->env.held += tg_rx_keep(b, i);
			break;
		case TG_PASS:
			foreign[nb_foreign++] = tg_rx_pass(b, i);
			break;
		default:
			dead[nb_dead++] = tg_rx_drop(b, i);
			break;
		}
	}
	if (nb_dead != 0)
		rte_pktmbuf_free_bulk(dead, nb_dead);
	tg_rx_reset(b);
	return nb_foreign;
}

uint16_t
tg_shard_input(struct tg_shard *s, uint16_t port_id, struct rte_mbuf *pkts[], uint16_t n,
	struct rte_mbuf *foreign[], tg_time now)
{
	uint16_t out = 0;

	if (unlikely(port_id >= TG_MAX_PORTS || s->port[port_id].stage == NULL)) {
		memmove(foreign, pkts, n * sizeof(*pkts));
		return n;
	}
	if (s->reassembly != NULL)
		n = tg_reassembly_burst(s->reassembly, pkts, n, now);
	for (uint16_t i = 0; i < n; i++) {
		enum tg_rx_added added = tg_rx_add(&s->rx, pkts[i], port_id, s->env.pool);

		if (added == TG_RX_FULL) {
			out += work_off(s, port_id, foreign + out, now);
			added = tg_rx_add(&s->rx, pkts[i], port_id, s->env.pool);
		}
		if (unlikely(added == TG_RX_NO_COPY)) {
			s->count.rx_no_copy++;
			rte_pktmbuf_free(pkts[i]);
		}
	}
	return out + work_off(s, port_id, foreign + out, now);
}

/*
 * The pool's own count, without what lies in the caches of lcores: those are not looked into here,
 * that would cost a cache line of every lcore. So buffers seem short a little too early.
 */
static void
look_at_pool(struct tg_shard *s)
{
	const struct rte_mempool *pool = s->env.pool;

	if (s->reserve == 0)
		return;
	s->low = rte_mempool_get_ops(pool->ops_index)->get_count(pool) <= s->reserve;
	tg_engine_set_low(s->engine, s->low);
	if (s->reassembly != NULL)
		tg_reassembly_set_low(s->reassembly, s->low);
}

bool
tg_shard_turn(struct tg_shard *s, tg_time now, uint64_t wall_s)
{
	bool worked;

	look_at_pool(s);
	worked = tg_engine_advance(s->engine, now, wall_s, TG_TIMER_BUDGET) != 0;
	if (s->reassembly != NULL)
		tg_reassembly_expire(s->reassembly, now);
	for (unsigned i = 0; i < s->nb_workers; i++)
		if (tg_worker_pending(s->worker[i].worker)) {
			s->worker[i].how.run(s->worker[i].worker, s->worker[i].how.ctx);
			worked = true;
		}
	tg_mailbox_serve(&s->mailbox, s->engine);
	return worked;
}

int
tg_shard_call(struct tg_shard *s, void (*fn)(struct tg_engine *e, void *arg), void *arg,
	unsigned timeout_ms)
{
	uint32_t cursor = 0;
	int rc;

	pthread_mutex_lock(&s->asker);
	s->mailbox.call = (struct tg_mail_call){fn, arg};
	rc = tg_mailbox_ask(&s->mailbox, TG_MAIL_CALL, &cursor, timeout_ms);
	pthread_mutex_unlock(&s->asker);
	return rc;
}

/* Moves what the engine sends to where it belongs. Returns what it gave, of cap at most. */
static unsigned
pull(struct tg_shard *s, uint16_t port_id, struct rte_mbuf *pkts[], uint16_t *n, unsigned cap,
	tg_time now)
{
	struct tg_pkt p[TG_BURST];
	unsigned k = tg_engine_output(s->engine, p, RTE_MIN(cap, (unsigned)TG_BURST), now);

	for (unsigned i = 0; i < k; i++) {
		struct rte_mbuf *m = tg_tx_mbuf(&p[i], s->port[p[i].port].tx_vlan);

		s->env.held--;
		if (unlikely(m == NULL))
			s->count.tx_no_room++;
		else if (likely(p[i].port == port_id))
			pkts[(*n)++] = m;
		else
			stage(s, s->port[p[i].port].stage, m, (p[i].flags & TG_TX_RESERVE) != 0);
	}
	return k;
}

/* Answers that wait, until there are `end` packets. */
static uint16_t
unstage(struct tg_stage *st, struct rte_mbuf *pkts[], uint16_t n, uint16_t end)
{
	while (n < end && st->head != st->tail)
		pkts[n++] = st->m[st->head++ % TG_STAGE_SIZE];
	return n;
}

uint16_t
tg_shard_output(
	struct tg_shard *s, uint16_t port_id, struct rte_mbuf *pkts[], uint16_t cap, tg_time now)
{
	struct tg_stage *st;
	uint16_t n;

	if (unlikely(port_id >= TG_MAX_PORTS || s->port[port_id].stage == NULL))
		return 0;
	st = s->port[port_id].stage;
	n = unstage(st, pkts, 0, (uint16_t)(cap - cap / OWN_SHARE));
	for (unsigned round = 0; n < cap && round < OUTPUT_ROUNDS; round++) {
		unsigned want = cap - n;

		if (pull(s, port_id, pkts, &n, want, now) < RTE_MIN(want, (unsigned)TG_BURST))
			break;
	}
	return unstage(st, pkts, n, cap);
}

void
tg_shard_drop_fragments(struct tg_shard *s)
{
	if (s->reassembly != NULL)
		tg_reassembly_flush(s->reassembly);
}

void
tg_shard_get_stats(const struct tg_shard *s, struct tg_shard_stats *st)
{
	st->count = s->count;
	st->fragments_held = s->reassembly != NULL ? tg_reassembly_held(s->reassembly) : 0;
	st->held = (uint64_t)s->env.held;
	st->staged = 0;
	for (unsigned i = 0; i < TG_MAX_PORTS; i++)
		if (s->port[i].stage != NULL)
			st->staged += s->port[i].stage->tail - s->port[i].stage->head;
}
