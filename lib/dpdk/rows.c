/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_version.h>

#include "rows.h"

void
tg_row_u64(struct rte_tel_data *row, const char *name, uint64_t v)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_tel_data_add_dict_uint(row, name, v);
#else
	rte_tel_data_add_dict_u64(row, name, v);
#endif
}

/* "192.0.2.1:80" or "[2001:db8::1]:80" */
static void
print_endpoint(const struct tg_endpoint *ep, char *out, size_t size)
{
	char a[INET6_ADDRSTRLEN];

	if (tg_addr_is_v4(&ep->addr)) {
		inet_ntop(AF_INET, ep->addr.b + 12, a, sizeof(a));
		snprintf(out, size, "%s:%u", a, ep->port);
	} else {
		inet_ntop(AF_INET6, ep->addr.b, a, sizeof(a));
		snprintf(out, size, "[%s]:%u", a, ep->port);
	}
}

struct rte_tel_data *
tg_row_new(struct rte_tel_data *list, unsigned n)
{
	struct rte_tel_data *row = rte_tel_data_alloc();
	char name[16];

	if (row == NULL)
		return NULL;
	snprintf(name, sizeof(name), "%u", n);
	rte_tel_data_start_dict(row);
	if (rte_tel_data_add_dict_container(list, name, row, 0) != 0) {
		rte_tel_data_free(row);
		return NULL;
	}
	return row;
}

struct rte_tel_data *
tg_rows_new(struct rte_tel_data *d, const char *name)
{
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (list == NULL)
		return NULL;
	rte_tel_data_start_dict(list);
	if (rte_tel_data_add_dict_container(d, name, list, 0) != 0) {
		rte_tel_data_free(list);
		return NULL;
	}
	return list;
}

/* The words of the configuration, in the order of their enums. */
static const char *const defer_modes[] = {"silent", "linux", "legacy"};
static const char *const fastopens[] = {"off", "cookie", "no-cookie"};

static const char *
word(const char *const words[], unsigned n, unsigned i)
{
	return i < n ? words[i] : "?";
}

void
tg_row_listener(struct rte_tel_data *row, const struct tg_listener_info *l)
{
	char local[64];

	print_endpoint(&l->local, local, sizeof(local));
	rte_tel_data_add_dict_string(row, "local", local);
	rte_tel_data_add_dict_string(row, "state", tg_state_name(TG_LISTEN));
	tg_row_u64(row, "dual_stack", l->dual_stack);
	tg_row_u64(row, "recv_q", l->accept_queue);
	tg_row_u64(row, "send_q", l->accept_bound);
	tg_row_u64(row, "syn_queue", l->syn_queue);
	tg_row_u64(row, "syn_young", l->syn_young);
	tg_row_u64(row, "syn_acked", l->syn_acked);
	tg_row_u64(row, "syn_bound", l->syn_bound);
	tg_row_u64(row, "passive_opens", l->passive_opens);
	tg_row_u64(row, "overflows", l->overflows);
	tg_row_u64(row, "drops", l->drops);
	tg_row_u64(row, "cookies_sent", l->cookies_sent);
	tg_row_u64(row, "cookies_recv", l->cookies_recv);
	tg_row_u64(row, "cookies_failed", l->cookies_failed);
	tg_row_u64(row, "cookies_on", l->cookies_on);
	tg_row_u64(row, "single_queue", l->single_queue);
	tg_row_u64(row, "defer_accept", l->defer_accept_s);
	rte_tel_data_add_dict_string(row, "defer_mode",
		l->defer_accept_s == 0 ? "off"
				       : word(defer_modes, RTE_DIM(defer_modes), l->defer_mode));
	tg_row_u64(row, "defer_drops", l->defer_drops);
	rte_tel_data_add_dict_string(
		row, "fastopen", word(fastopens, RTE_DIM(fastopens), l->fastopen));
	tg_row_u64(row, "fastopen_pending", l->fastopen_pending);
	tg_row_u64(row, "fastopen_bound", l->fastopen_bound);
	tg_row_u64(row, "fastopen_passive", l->fastopen_passive);
}

void
tg_row_conn(struct rte_tel_data *row, const struct tg_conn_info *c, unsigned shard)
{
	char ep[64];

	rte_tel_data_add_dict_string(row, "state", tg_state_name(c->state));
	print_endpoint(&c->tuple.local, ep, sizeof(ep));
	rte_tel_data_add_dict_string(row, "local", ep);
	print_endpoint(&c->tuple.remote, ep, sizeof(ep));
	rte_tel_data_add_dict_string(row, "peer", ep);
	tg_row_u64(row, "shard", shard);
	tg_row_u64(row, "recv_q", c->recv_q);
	tg_row_u64(row, "send_q", c->send_q);
	tg_row_u64(row, "accepted", c->accepted);
	tg_row_u64(row, "cookie", c->from_cookie);
	tg_row_u64(row, "syn_data", c->syn_data);
	tg_row_u64(row, "retries", c->retries);
	tg_row_u64(row, "mss", c->snd_mss);
	tg_row_u64(row, "snd_wscale", c->snd_wscale);
	tg_row_u64(row, "rcv_wscale", c->rcv_wscale);
	tg_row_u64(row, "timestamps", c->timestamps);
	tg_row_u64(row, "sack", c->sack);
	tg_row_u64(row, "ecn", c->ecn);
	tg_row_u64(row, "srtt_us", c->srtt_us);
	tg_row_u64(row, "rto_ms", c->rto_ms);
}

void
tg_row_loop(struct rte_tel_data *row, const struct tg_snapshot_loop *l)
{
	tg_row_u64(row, "shard", l->shard);
	tg_row_u64(row, "lcore", l->lcore);
	rte_tel_data_add_dict_int(row, "cpu", l->cpu);
	tg_row_u64(row, "running", l->running);
	tg_row_u64(row, "turns", l->stats.turns);
	tg_row_u64(row, "rx", l->stats.rx);
	tg_row_u64(row, "tx", l->stats.tx);
	tg_row_u64(row, "rx_foreign", l->stats.rx_foreign);
	tg_row_u64(row, "tx_dropped", l->stats.tx_dropped);
	tg_row_u64(row, "busy_cycles", l->stats.busy_cycles);
	tg_row_u64(row, "idle_cycles", l->stats.idle_cycles);
	tg_row_u64(row, "tsc_hz", rte_get_tsc_hz());
	tg_row_u64(row, "turn_age_ms", l->turn_age_ms);
}

static int
add_queues(struct rte_tel_data *row, const struct tg_snapshot_port *p)
{
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (list == NULL)
		return -ENOMEM;
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_tel_data_start_array(list, RTE_TEL_UINT_VAL);
#else
	rte_tel_data_start_array(list, RTE_TEL_U64_VAL);
#endif
	for (unsigned q = 0; q < p->queues; q++)
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
		rte_tel_data_add_array_uint(list, p->queue_rx[q]);
#else
		rte_tel_data_add_array_u64(list, p->queue_rx[q]);
#endif
	if (rte_tel_data_add_dict_container(row, "queue_rx", list, 0) == 0)
		return 0;
	rte_tel_data_free(list);
	return -ENOMEM;
}

int
tg_row_port(struct rte_tel_data *row, const struct tg_snapshot_port *p)
{
	char mac[RTE_ETHER_ADDR_FMT_SIZE];

	rte_ether_format_addr(mac, sizeof(mac), &p->mac);
	tg_row_u64(row, "port", p->id);
	rte_tel_data_add_dict_string(row, "name", p->name);
	rte_tel_data_add_dict_string(row, "driver", p->driver);
	rte_tel_data_add_dict_string(row, "mac", mac);
	rte_tel_data_add_dict_string(row, "link", p->link_up ? "up" : "down");
	tg_row_u64(
		row, "speed_mbps", p->speed_mbps != RTE_ETH_SPEED_NUM_UNKNOWN ? p->speed_mbps : 0);
	tg_row_u64(row, "mtu", p->mtu);
	tg_row_u64(row, "queues", p->queues);
	rte_tel_data_add_dict_string(row, "rx_checksum", p->rx_checksum ? "port" : "software");
	rte_tel_data_add_dict_string(row, "tx_checksum", p->tx_checksum ? "port" : "software");
	tg_row_u64(row, "ipackets", p->stats.ipackets);
	tg_row_u64(row, "opackets", p->stats.opackets);
	tg_row_u64(row, "ibytes", p->stats.ibytes);
	tg_row_u64(row, "obytes", p->stats.obytes);
	tg_row_u64(row, "imissed", p->stats.imissed);
	tg_row_u64(row, "ierrors", p->stats.ierrors);
	tg_row_u64(row, "oerrors", p->stats.oerrors);
	tg_row_u64(row, "rx_nombuf", p->stats.rx_nombuf);
	return add_queues(row, p);
}
