/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bounds below are chosen so that a healthy daemon, busy or idle, stays under them, and what an
 * operator would call trouble is far above.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diagnose.h"
#include "text.h"

/* A loop turns in microseconds; idle_sleep and its sleeps are a few ms. */
#define TURN_AGE_MS 500
/* SYNs a second that are not completed, before it can be called a flood. */
#define FLOOD_SYNS 50
/* So many SYNs for each handshake completed: clients send one, or two when a packet was lost. */
#define FLOOD_RATIO 5
/* Share of packets with a wrong checksum: wires make less than one in 10^5. */
#define CHECKSUM_SHARE 0.02
/* Packets and handshakes before the spread over shards says anything: with 32 flows at random, all
 * on one of two shards has odds of 2^-31. */
#define SPREAD_PACKETS 200
#define SPREAD_OPENS   32
#define SPREAD_SHARE   0.97
/* Share of a core's cycles from which on it may not keep up. */
#define BUSY_SHARE 0.97

/* Adds a finding; more than fit are left out. */
__attribute__((format(printf, 6, 7))) static void
found(struct findings *out, const char *id, const char *title, const char *where,
	const char *advice, const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	if (out->n == FINDINGS_MAX)
		return;
	f = &out->f[out->n++];
	*f = (struct finding){.id = id, .title = title, .advice = advice};
	snprintf(f->where, sizeof(f->where), "%s", where);
	va_start(ap, fmt);
	vsnprintf(f->evidence, sizeof(f->evidence), fmt, ap);
	va_end(ap);
}

static struct watched *
watched_of(struct watch *w, const json_t *row)
{
	const char *local = text_str(row, "local", "?");
	bool dual = text_u64(row, "dual_stack") != 0;
	struct watched *l;

	for (unsigned i = 0; i < w->listeners; i++) {
		l = &w->listener[i];
		if (strcmp(l->local, local) == 0 && l->dual_stack == dual)
			return l;
	}
	if (w->listeners == WATCH_LISTENERS)
		return NULL;
	l = &w->listener[w->listeners++];
	*l = (struct watched){.dual_stack = dual, .first = json_incref((json_t *)row)};
	snprintf(l->local, sizeof(l->local), "%s", local);
	return l;
}

void
watch_look(struct watch *w, const json_t *listeners)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)listeners, i, row)
	{
		struct watched *l = watched_of(w, row);
		uint64_t waiting = text_u64(row, "recv_q"), syns = text_u64(row, "syn_queue");

		if (l == NULL)
			continue;
		l->looks++;
		l->full += waiting >= text_u64(row, "send_q") && waiting > 0;
		l->waiting += waiting > 0;
		l->peak = waiting > l->peak ? waiting : l->peak;
		l->syn_peak = syns > l->syn_peak ? syns : l->syn_peak;
		l->cookies |= text_u64(row, "cookies_on") != 0;
		json_decref(l->last);
		l->last = json_incref((json_t *)row);
	}
}

void
watch_free(struct watch *w)
{
	for (unsigned i = 0; i < w->listeners; i++) {
		json_decref(w->listener[i].first);
		json_decref(w->listener[i].last);
	}
	sample_free(&w->first);
	sample_free(&w->last);
	w->listeners = 0;
}

static void
judge_shards(const struct watch *w, struct findings *out)
{
	const char *advice = "the service on this shard blocks, or its CPU is taken by something "
			     "else: look at the thread with top -H and perf; isolate the CPU";
	unsigned before = out->n;
	const json_t *row;
	size_t i;

	json_array_foreach(w->last.shards, i, row)
	{
		uint64_t age = text_u64(row, "turn_age_ms");
		char where[32];

		snprintf(where, sizeof(where), "shard %" PRIu64, text_u64(row, "shard"));
		if (age >= TURN_AGE_MS)
			found(out, "shard_stalled", "a shard's loop stands still", where, advice,
				"its last turn began %" PRIu64 " ms ago", age);
	}
	if (out->n == before && w->last.silent[0] != '\0')
		found(out, "shard_stalled", "a shard's loop stands still", "", advice, "%s",
			w->last.silent);
}

static void
judge_load(const struct watch *w, struct findings *out)
{
	const json_t *row;
	size_t i;

	json_array_foreach(w->last.shards, i, row)
	{
		const json_t *old = sample_same(w->first.shards, row, "shard");
		double busy = (double)sample_grown(old, row, "busy_cycles");
		double idle = (double)sample_grown(old, row, "idle_cycles");
		uint64_t lost = sample_grown(old, row, "tx_dropped");
		char where[32];

		snprintf(where, sizeof(where), "shard %" PRIu64, text_u64(row, "shard"));
		if (old != NULL && busy + idle > 0 && busy / (busy + idle) >= BUSY_SHARE)
			found(out, "core_busy", "a core has no time left", where,
				"more shards with a queue each, or less load",
				"%.1f%% of its cycles went into packets and timers",
				100 * busy / (busy + idle));
		if (old != NULL && lost > 0)
			found(out, "tx_dropped", "the port does not take what is sent", where,
				"a larger tx ring, or a faster link",
				"%" PRIu64 " packets to be sent were dropped", lost);
	}
}

/* The worker takes nothing at all, however long the queue is. */
static bool
judge_worker(const struct watched *l, struct findings *out)
{
	uint64_t opened = sample_grown(l->first, l->last, "passive_opens");
	uint64_t before = text_u64(l->first, "recv_q"), after = text_u64(l->last, "recv_q");

	if (l->looks < 3 || l->waiting != l->looks || before + opened != after)
		return false;
	found(out, "worker_stalled", "a worker takes no connections", l->local,
		"the service does not accept: look at what it waits for; a larger backlog only "
		"delays the overflow",
		"Recv-Q is %" PRIu64 " of %" PRIu64 " and nothing was accepted in %u looks; "
		"ListenOverflows +%" PRIu64,
		after, text_u64(l->last, "send_q"), l->looks,
		sample_grown(l->first, l->last, "overflows"));
	return true;
}

static void
judge_backlog(const struct watched *l, double seconds, struct findings *out)
{
	uint64_t overflows = sample_grown(l->first, l->last, "overflows");
	uint64_t opened = sample_grown(l->first, l->last, "passive_opens");

	if (overflows == 0)
		return;
	found(out, "backlog", "backlog too small", l->local,
		"tidegatectl set LISTENER backlog=N, and engine.somaxconn when it is less; N: as "
		"many as may complete at once",
		"ListenOverflows +%" PRIu64 " (%.1f/s) while the worker does accept (%" PRIu64
		" connections); Recv-Q up to %" PRIu64 ", its bound is %" PRIu64,
		overflows, (double)overflows / seconds, opened, l->peak,
		text_u64(l->last, "send_q"));
}

static void
judge_listeners(const struct watch *w, double seconds, struct findings *out)
{
	for (unsigned i = 0; i < w->listeners; i++)
		if (!judge_worker(&w->listener[i], out))
			judge_backlog(&w->listener[i], seconds, out);
}

/* The listener whose SYN queue is fullest. */
static const struct watched *
fullest(const struct watch *w)
{
	const struct watched *top = NULL;
	double most = -1;

	for (unsigned i = 0; i < w->listeners; i++) {
		const struct watched *l = &w->listener[i];
		uint64_t bound = text_u64(l->last, "syn_bound");
		double fill = bound != 0 ? (double)l->syn_peak / (double)bound : 0;

		fill += l->cookies ? 1 : 0;
		if (fill > most) {
			most = fill;
			top = l;
		}
	}
	return top;
}

static void
judge_flood(const struct watch *w, struct findings *out)
{
	const struct watched *l = fullest(w);
	struct figures f;

	sample_figures(&w->first, &w->last, &f);
	if (f.syns < FLOOD_SYNS || f.syns < FLOOD_RATIO * (f.completed + 1))
		return;
	found(out, "flood", "SYN flood", l != NULL ? l->local : "",
		"SYN cookies (engine.syncookies: 1) answer it without memory; "
		"engine.synack_prefix_rate limits what goes to one prefix; nothing else need be "
		"done "
		"while honest connections pass",
		"%.0f SYN/s, %.0f handshakes completed/s; %.0f cookies/s, cookies %s; SYN queue up "
		"to %" PRIu64 " of %" PRIu64 "; TCPReqQFullDrop +%" PRIu64,
		f.syns, f.completed, f.cookies, l != NULL && l->cookies ? "on" : "off",
		l != NULL ? l->syn_peak : 0, l != NULL ? text_u64(l->last, "syn_bound") : 0,
		sample_delta(&w->first, &w->last, "TCPReqQFullDrop"));
}

static void
judge_checksums(const struct watch *w, struct findings *out)
{
	uint64_t tcp = sample_delta(&w->first, &w->last, "drop_tcp_csum");
	uint64_t ip = sample_delta(&w->first, &w->last, "drop_ip_csum");
	uint64_t all = sample_delta(&w->first, &w->last, "received");

	if (tcp + ip == 0 || (double)(tcp + ip) < CHECKSUM_SHARE * (double)all)
		return;
	found(out, "checksum", "wrong checksums", "",
		"checksum offload: a sender on a virtual link leaves checksums to hardware that is "
		"not there (ethtool -K IF tx off at the sender), or a port misjudges them "
		"(tidegatectl ports: checksums)",
		"drop_tcp_csum +%" PRIu64 ", drop_ip_csum +%" PRIu64 ": %.1f%% of %" PRIu64
		" packets received",
		tcp, ip, 100.0 * (double)(tcp + ip) / (double)(all != 0 ? all : 1), all);
}

/* Whether one shard got nearly everything; says which, and how much. */
static bool
lopsided(const json_t *before, const json_t *now, uint64_t *shard, uint64_t *most, uint64_t *all)
{
	const json_t *row;
	size_t i;

	*most = *all = 0;
	json_array_foreach((json_t *)now, i, row)
	{
		const json_t *old = before != NULL ? sample_same(before, row, "shard") : NULL;
		uint64_t rx = sample_grown(old, row, "rx");

		*all += rx;
		if (rx >= *most) {
			*most = rx;
			*shard = text_u64(row, "shard");
		}
	}
	return json_array_size(now) > 1 && *all >= SPREAD_PACKETS &&
		(double)*most >= SPREAD_SHARE * (double)*all;
}

static void
judge_spread(const struct watch *w, struct findings *out)
{
	uint64_t opens = sample_delta(&w->first, &w->last, "PassiveOpens");
	uint64_t shard = 0, most, all;
	const char *since = "while looking";
	bool bad = opens >= SPREAD_OPENS &&
		lopsided(w->first.shards, w->last.shards, &shard, &most, &all);

	if (!bad && opens < SPREAD_OPENS) {
		opens = text_u64(w->last.counters, "PassiveOpens");
		since = "since the start";
		bad = opens >= SPREAD_OPENS && lopsided(NULL, w->last.shards, &shard, &most, &all);
	}
	if (!bad)
		return;
	found(out, "one_queue", "one queue gets everything", "",
		"the port does not spread flows: RSS off, a hash without ports, or too few flows "
		"(tidegatectl ports: queues); one shard then does all the work",
		"shard %" PRIu64 " of %zu got %" PRIu64 " of %" PRIu64 " packets %s, with %" PRIu64
		" connections opened",
		shard, json_array_size(w->last.shards), most, all, since, opens);
}

static void
judge_ports(const struct watch *w, struct findings *out)
{
	const json_t *row;
	size_t i;

	json_array_foreach(w->last.ports, i, row)
	{
		const json_t *old = sample_same(w->first.ports, row, "port");
		uint64_t missed = sample_grown(old, row, "imissed");
		uint64_t nombuf = sample_grown(old, row, "rx_nombuf");
		uint64_t errors = sample_grown(old, row, "ierrors");
		char where[96];

		snprintf(where, sizeof(where), "port %" PRIu64 " (%.60s)", text_u64(row, "port"),
			text_str(row, "name", "?"));
		if (strcmp(text_str(row, "link", "up"), "down") == 0)
			found(out, "link_down", "the link is down", where,
				"the cable, the other side, or the interface: ip link set IF up",
				"link down");
		if (old == NULL)
			continue;
		if (missed > 0)
			found(out, "ring_full", "packets lost before they were read", where,
				"a larger receive ring (rx_desc, framecnt), an isolated CPU, or "
				"more "
				"shards",
				"imissed +%" PRIu64 ": the ring was full", missed);
		if (nombuf > 0)
			found(out, "no_mbufs", "the port finds no mbufs", where,
				"more mbufs (the mbufs key)", "rx_nombuf +%" PRIu64, nombuf);
		if (errors > 0)
			found(out, "port_errors", "packets arrive damaged", where,
				"the cable, the transceiver, or the other side's MTU",
				"ierrors +%" PRIu64, errors);
	}
}

static void
judge_memory(const struct watch *w, struct findings *out)
{
	uint64_t none = sample_delta(&w->first, &w->last, "TxNoBuffer") +
		sample_delta(&w->first, &w->last, "rx_no_copy");
	uint64_t kept = sample_delta(&w->first, &w->last, "tx_reserve");
	uint64_t tcb = sample_delta(&w->first, &w->last, "TcbPoolFull");

	if (none + kept > 0)
		found(out, "no_mbufs", "mbufs run out", "", "more mbufs (the mbufs key)",
			"%" PRIu64 " times none was left; %" PRIu64
			" answers dropped to keep the reserve",
			none, kept);
	if (tcb > 0)
		found(out, "conns_full", "connection entries run out", "",
			"engine.max_conns is too small for the load, or connections are not closed",
			"TcbPoolFull +%" PRIu64 ", %" PRIu64 " of %" PRIu64 " in use", tcb,
			text_u64(w->last.usage, "conns"), text_u64(w->last.usage, "max_conns"));
}

void
diagnose(const struct watch *w, struct findings *out)
{
	double seconds = w->last.at - w->first.at;

	*out = (struct findings){0};
	judge_shards(w, out);
	judge_listeners(w, seconds > 0 ? seconds : 1, out);
	judge_flood(w, out);
	judge_checksums(w, out);
	judge_spread(w, out);
	judge_ports(w, out);
	judge_memory(w, out);
	judge_load(w, out);
}
