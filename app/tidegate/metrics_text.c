/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_version.h>

#include "metrics.h"
#include "scrape.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

static void
write_process(struct om *o, const struct metrics_own *own)
{
	const struct om_label build[] = {{"version", TIDEGATE_VERSION}, {"dpdk", rte_version()}};

	om_family(o, "tidegate_build", OM_INFO, NULL, "Versions of tidegate and DPDK.");
	om_sample(o, build, RTE_DIM(build), 1);
	om_family(o, "tidegate_start_time_seconds", OM_GAUGE, "seconds",
		"When it was started, in seconds since 1970.");
	om_sample(o, NULL, 0, own->start_s);
	om_family(o, "tidegate_ready", OM_GAUGE, NULL,
		"1: listeners are open and it is not draining.");
	om_sample(o, NULL, 0, own->ready);
	om_family(o, "tidegate_tsc_hertz", OM_GAUGE, "hertz", "Cycles of the TSC in a second.");
	om_sample(o, NULL, 0, rte_get_tsc_hz());
	om_family(o, "tidegate_mbufs", OM_GAUGE, NULL, "Packet buffers.");
	om_sample(o, NULL, 0, own->pool->size);
	om_family(o, "tidegate_mbufs_free", OM_GAUGE, NULL,
		"Packet buffers that are free; rings and queues hold the others.");
	om_sample(o, NULL, 0, rte_mempool_avail_count(own->pool));
}

/* What tg_snapshot_each_event() writes samples with. */
struct event_ctx {
	struct om *o;
	const char *shard;
};

static void
write_event(void *ctx, const char *name, uint64_t value)
{
	const struct event_ctx *e = ctx;
	const struct om_label l[] = {{"event", name}, {"shard", e->shard}};

	om_sample(e->o, l, RTE_DIM(l), value);
}

static void
write_counters(struct om *o, const struct scrape *s)
{
	om_family(o, "tidegate_packets", OM_COUNTER, NULL,
		"What became of the packets received: each ends in exactly one disposition.");
	for (unsigned i = 0; i < s->nb_shards; i++)
		for (unsigned d = 0; d < TG_DISP_COUNT; d++) {
			const struct om_label l[] = {{"disposition", tg_disposition_name(d)},
				{"shard", s->shard_label[i]}};

			om_sample(o, l, RTE_DIM(l), s->counters[i].engine.disposition[d]);
		}
	om_family(o, "tidegate_events", OM_COUNTER, NULL,
		"What happened, named as in docs/counters.md and, where Linux has the event, as "
		"Linux does.");
	for (unsigned i = 0; i < s->nb_shards; i++) {
		struct event_ctx e = {o, s->shard_label[i]};

		tg_snapshot_each_event(&s->counters[i], write_event, &e);
	}
	om_family(o, "tidegate_fragments_held", OM_GAUGE, NULL,
		"IP fragments that wait for others of their datagram.");
	for (unsigned i = 0; i < s->nb_shards; i++) {
		const struct om_label l = {"shard", s->shard_label[i]};

		om_sample(o, &l, 1, s->counters[i].fragments_held);
	}
	om_family(o, "tidegate_shard_answered", OM_GAUGE, NULL,
		"1: the shard was asked for its fill and its queues, and answered.");
	for (unsigned i = 0; i < s->nb_shards; i++) {
		const struct om_label l = {"shard", s->shard_label[i]};

		om_sample(o, &l, 1, s->answered[i]);
	}
}

/* A family whose samples stand at the same place of every row. */
struct field {
	const char *name;
	enum om_type type;
	const char *unit;
	uint8_t size; /* bytes of the number */
	bool milli;   /* it is in thousandths */
	size_t offset;
	const char *help;
};

/* Rows, and the label that tells them apart. */
struct rows {
	const char *label;
	unsigned n;
	const void *base;
	size_t stride;
	const char *value; /* the label's text for each row */
	size_t value_stride;
	const char *shard; /* the text of a second label, at the same stride; NULL: none */
};

static uint64_t
number_at(const char *p, unsigned size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 8:
		memcpy(&u64, p, sizeof(u64));
		return u64;
	case 4:
		memcpy(&u32, p, sizeof(u32));
		return u32;
	case 2:
		memcpy(&u16, p, sizeof(u16));
		return u16;
	default:
		return *(const uint8_t *)p;
	}
}

static void
write_rows(struct om *o, const struct field f[], unsigned nb, const struct rows *r)
{
	for (unsigned k = 0; k < nb; k++) {
		om_family(o, f[k].name, f[k].type, f[k].unit, f[k].help);
		for (unsigned i = 0; i < r->n; i++) {
			const struct om_label l[] = {{r->label, r->value + i * r->value_stride},
				{"shard", r->shard != NULL ? r->shard + i * r->value_stride : ""}};
			unsigned nl = r->shard != NULL ? 2 : 1;
			uint64_t v = number_at(
				(const char *)r->base + i * r->stride + f[k].offset, f[k].size);

			if (f[k].milli)
				om_sample_milli(o, l, nl, v);
			else
				om_sample(o, l, nl, v);
		}
	}
}

#define AT(s, f) .size = sizeof(((struct s *)0)->f), .offset = offsetof(struct s, f)
#define COUNTER(n, s, f, h)                                        \
	{                                                          \
		.name = n, .type = OM_COUNTER, AT(s, f), .help = h \
	}
#define GAUGE(n, s, f, h)                                        \
	{                                                        \
		.name = n, .type = OM_GAUGE, AT(s, f), .help = h \
	}
#define CYCLES(n, s, f, h)                                                           \
	{                                                                            \
		.name = n, .type = OM_COUNTER, .unit = "cycles", AT(s, f), .help = h \
	}
#define BYTES(n, s, f, h)                                                           \
	{                                                                           \
		.name = n, .type = OM_COUNTER, .unit = "bytes", AT(s, f), .help = h \
	}
#define SECONDS(n, s, f, h)                                                                        \
	{                                                                                          \
		.name = n, .type = OM_GAUGE, .unit = "seconds", .milli = true, AT(s, f), .help = h \
	}

/* clang-format off: one family, one or two lines */
static const struct field usage_fields[] = {
	GAUGE("tidegate_conns", tg_engine_usage, conns, "Connections."),
	GAUGE("tidegate_conns_max", tg_engine_usage, max_conns, "Connections there is room for."),
	GAUGE("tidegate_half_open", tg_engine_usage, half_open, "Half-open entries."),
	GAUGE("tidegate_half_open_max", tg_engine_usage, max_half_open,
		"Half-open entries there is room for."),
	GAUGE("tidegate_time_wait", tg_engine_usage, time_wait, "TIME_WAIT entries."),
	GAUGE("tidegate_time_wait_max", tg_engine_usage, max_time_wait,
		"TIME_WAIT entries there is room for."),
	GAUGE("tidegate_segments", tg_engine_usage, segments,
		"Packet buffers in queues of connections."),
	GAUGE("tidegate_segments_max", tg_engine_usage, max_segments,
		"Packet buffers that queues of connections may hold."),
};

static const struct field listener_fields[] = {
	GAUGE("tidegate_listener_accept_queue", tg_listener_info, accept_queue,
		"Connections that wait to be accepted."),
	GAUGE("tidegate_listener_accept_queue_bound", tg_listener_info, accept_bound,
		"Bound of the accept queue."),
	GAUGE("tidegate_listener_syn_queue", tg_listener_info, syn_queue, "Half-open entries."),
	GAUGE("tidegate_listener_syn_queue_young", tg_listener_info, syn_young,
		"Of these, SYN-ACK sent once."),
	GAUGE("tidegate_listener_syn_queue_acked", tg_listener_info, syn_acked,
		"Of these, last ACK seen and not acted on."),
	GAUGE("tidegate_listener_syn_queue_bound", tg_listener_info, syn_bound,
		"Bound of the SYN queue."),
	GAUGE("tidegate_listener_cookies_on", tg_listener_info, cookies_on,
		"1: a SYN would be answered with a cookie now, on one shard at least."),
	GAUGE("tidegate_listener_fastopen_pending", tg_listener_info, fastopen_pending,
		"Connections made of a SYN whose last ACK has not come."),
	GAUGE("tidegate_listener_fastopen_bound", tg_listener_info, fastopen_bound,
		"Bound of these."),
	COUNTER("tidegate_listener_passive_opens", tg_listener_info, passive_opens,
		"Connections completed."),
	COUNTER("tidegate_listener_overflows", tg_listener_info, overflows,
		"Times the accept queue was found full."),
	COUNTER("tidegate_listener_drops", tg_listener_info, drops, "SYNs and last ACKs dropped."),
	COUNTER("tidegate_listener_cookies_sent", tg_listener_info, cookies_sent,
		"SYN cookies sent."),
	COUNTER("tidegate_listener_cookies_received", tg_listener_info, cookies_recv,
		"ACKs that proved a SYN cookie."),
	COUNTER("tidegate_listener_cookies_failed", tg_listener_info, cookies_failed,
		"ACKs that did not."),
	COUNTER("tidegate_listener_defer_drops", tg_listener_info, defer_drops,
		"Bare last ACKs not acted on while accept is deferred."),
	COUNTER("tidegate_listener_fastopen_passive", tg_listener_info, fastopen_passive,
		"Connections made of a SYN by Fast Open."),
};

static const struct field loop_fields[] = {
	COUNTER("tidegate_shard_turns", tg_snapshot_loop, stats.turns, "Turns of the loop."),
	COUNTER("tidegate_shard_rx_packets", tg_snapshot_loop, stats.rx, "Packets received."),
	COUNTER("tidegate_shard_tx_packets", tg_snapshot_loop, stats.tx, "Packets sent."),
	COUNTER("tidegate_shard_rx_foreign_packets", tg_snapshot_loop, stats.rx_foreign,
		"Packets received that were not tidegate's."),
	COUNTER("tidegate_shard_tx_dropped_packets", tg_snapshot_loop, stats.tx_dropped,
		"Packets a port did not take for 10 ms."),
	CYCLES("tidegate_shard_busy_cycles", tg_snapshot_loop, stats.busy_cycles,
		"TSC cycles of turns that moved a packet, fired a timer or ran a worker."),
	CYCLES("tidegate_shard_idle_cycles", tg_snapshot_loop, stats.idle_cycles,
		"TSC cycles of all other turns, idle_sleep included."),
	SECONDS("tidegate_shard_turn_age_seconds", tg_snapshot_loop, turn_age_ms,
		"Time since the loop last began a turn: large when it stands still."),
};

static const struct field port_fields[] = {
	GAUGE("tidegate_port_up", tg_snapshot_port, link_up, "1: the link is up."),
	GAUGE("tidegate_port_speed_mbps", tg_snapshot_port, speed_mbps,
		"Speed of the link in Mbit/s; 0: not known."),
	GAUGE("tidegate_port_rx_checksum_offload", tg_snapshot_port, rx_checksum,
		"1: the port verifies IP and TCP checksums, 0: tidegate does."),
	GAUGE("tidegate_port_tx_checksum_offload", tg_snapshot_port, tx_checksum,
		"1: the port computes IP and TCP checksums, 0: tidegate does."),
	COUNTER("tidegate_port_rx_packets", tg_snapshot_port, stats.ipackets,
		"Packets received, as the driver counts."),
	COUNTER("tidegate_port_tx_packets", tg_snapshot_port, stats.opackets, "Packets sent."),
	BYTES("tidegate_port_rx_bytes", tg_snapshot_port, stats.ibytes, "Bytes received."),
	BYTES("tidegate_port_tx_bytes", tg_snapshot_port, stats.obytes, "Bytes sent."),
	COUNTER("tidegate_port_rx_missed_packets", tg_snapshot_port, stats.imissed,
		"Packets that found their queue full."),
	COUNTER("tidegate_port_rx_errors", tg_snapshot_port, stats.ierrors, "Packets damaged."),
	COUNTER("tidegate_port_tx_errors", tg_snapshot_port, stats.oerrors,
		"Packets that could not be sent."),
	COUNTER("tidegate_port_rx_no_buffer", tg_snapshot_port, stats.rx_nombuf,
		"Times no packet buffer was free."),
};
/* clang-format on */

static void
write_shards(struct om *o, const struct scrape *s)
{
	struct rows r = {.label = "shard",
		.stride = sizeof(s->loop[0]),
		.base = s->loop,
		.n = s->nb_loops,
		.value = s->loop_label[0],
		.value_stride = sizeof(s->loop_label[0])};

	om_family(o, "tidegate_shard", OM_INFO, NULL, "Where a shard polls.");
	for (unsigned i = 0; i < s->nb_loops; i++) {
		char lcore[16], cpu[16];
		const struct om_label l[] = {
			{"shard", s->loop_label[i]}, {"lcore", lcore}, {"cpu", cpu}};

		snprintf(lcore, sizeof(lcore), "%u", s->loop[i].lcore);
		snprintf(cpu, sizeof(cpu), "%d", s->loop[i].cpu);
		om_sample(o, l, RTE_DIM(l), 1);
	}
	write_rows(o, loop_fields, RTE_DIM(loop_fields), &r);
	r = (struct rows){.label = "shard",
		.stride = sizeof(s->usage[0]),
		.base = s->usage,
		.n = s->nb_usages,
		.value = s->usage_label[0],
		.value_stride = sizeof(s->usage_label[0])};
	write_rows(o, usage_fields, RTE_DIM(usage_fields), &r);
}

static void
write_listeners(struct om *o, const struct scrape *s)
{
	static const struct scrape_listener none;
	const struct scrape_listener *l = s->listener != NULL ? s->listener : &none;
	const struct rows r = {.label = "listener",
		.stride = sizeof(*l),
		.base = &l->info,
		.n = s->nb_listeners,
		.value = l->local,
		.value_stride = sizeof(*l),
		.shard = l->shard};

	write_rows(o, listener_fields, RTE_DIM(listener_fields), &r);
}

static void
write_ports(struct om *o, const struct scrape *s)
{
	const struct rows r = {.label = "port",
		.stride = sizeof(s->port[0]),
		.base = s->port,
		.n = s->nb_ports,
		.value = s->port_label[0],
		.value_stride = sizeof(s->port_label[0])};

	om_family(o, "tidegate_port", OM_INFO, NULL, "What a port is.");
	for (unsigned i = 0; i < s->nb_ports; i++) {
		char mac[RTE_ETHER_ADDR_FMT_SIZE];
		const struct om_label l[] = {{"port", s->port_label[i]}, {"name", s->port[i].name},
			{"driver", s->port[i].driver}, {"mac", mac}};

		rte_ether_format_addr(mac, sizeof(mac), &s->port[i].mac);
		om_sample(o, l, RTE_DIM(l), 1);
	}
	write_rows(o, port_fields, RTE_DIM(port_fields), &r);
	om_family(o, "tidegate_port_queue_rx_packets", OM_COUNTER, NULL,
		"Packets of each rx queue, as the loops count them.");
	for (unsigned i = 0; i < s->nb_ports; i++)
		for (unsigned q = 0; q < s->port[i].queues; q++) {
			char queue[16];
			const struct om_label l[] = {{"port", s->port_label[i]}, {"queue", queue}};

			snprintf(queue, sizeof(queue), "%u", q);
			om_sample(o, l, RTE_DIM(l), s->port[i].queue_rx[q]);
		}
}

bool
metrics_write(struct om *o, const struct metrics_own *own)
{
	struct scrape *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return false;
	scrape_gather(s);
	write_process(o, own);
	write_counters(o, s);
	write_shards(o, s);
	write_listeners(o, s);
	write_ports(o, s);
	om_end(o);
	scrape_release(s);
	free(s);
	return true;
}
