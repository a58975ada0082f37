/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine beside its twin: see queue_world.h.
 */
#include "queue_world.h"

#include <string.h>

#include "die.h"
#include "seg.h"
#include "support.h"

uint32_t
below(struct world *w, uint32_t n)
{
	return test_below(&w->rand, n);
}

bool
once_in(struct world *w, uint32_t n)
{
	return below(w, n) == 0;
}

void
world_same(const char *what, unsigned i, uint64_t got, uint64_t twin)
{
	if (got != twin)
		die("%s %u: %llu, the twin has %llu", what, i, (unsigned long long)got,
			(unsigned long long)twin);
}

static void
on_send(void *ctx, const struct rig_frame *f)
{
	struct world *w = ctx;
	struct seg s;

	if (seg_read(f->bytes, f->len, &s) != NULL)
		die("a frame that is no segment");
	if ((s.flags & SEG_R) != 0)
		w->rsts++;
	if ((s.flags & SEG_S) != 0) {
		w->synacks++;
		w->seq_of_synack = s.seq;
	}
}

static void
on_other_send(void *ctx, const struct rig_frame *f)
{
	struct world *w = ctx;
	struct seg s;

	if (seg_read(f->bytes, f->len, &s) != NULL)
		die("a frame that is no segment");
	w->seq_of_synack = s.seq;
}

static void
rules_of_listener(struct world *w, struct tg_listener_config *l)
{
	static const uint32_t wait[] = {0, 1, 2, 3, 7, 10, 40};

	l->backlog = 1 + below(w, 8);
	l->single_queue = once_in(w, 5);
	l->syn_backlog = once_in(w, 2) ? 0 : once_in(w, 4) ? TG_SYN_BACKLOG_AUTO : 1 + below(w, 20);
	l->defer_accept_s = wait[below(w, 7)];
	l->defer_mode = (uint8_t)below(w, 3);
	l->defer_cookies = once_in(w, 2);
}

static void
open_listener(struct world *w, unsigned i)
{
	struct tg_listener_config *l = &w->lcfg[i];

	tg_listener_config_init(l);
	l->local.port = (uint16_t)(80 + i);
	l->worker = w->rig.w;
	rules_of_listener(w, l);
	if (tg_listen(w->rig.e, l, &w->listener[i]) != 0)
		die("listener %u cannot be opened", i);
	twin_open(&w->twin, i, l);
}

/* Another engine, whose own seed is another one. */
static void
open_other(struct world *w, const struct rig_manner *manner)
{
	struct tg_engine_config *c = &w->other.cfg;
	struct tg_listener_config l;
	tg_listener id;

	rig_init(&w->other, manner);
	w->other.on_send = on_other_send;
	w->other.on_send_ctx = w;
	c->seed[0] ^= 1;
	c->syncookies = TG_SYNCOOKIES_ALWAYS;
	c->cookie_seed_shared = true;
	memset(c->cookie_seed, 0x5a, sizeof(c->cookie_seed));
	if (rig_open(&w->other) != 0)
		die("the other engine cannot be made");
	rig_usual(&w->other);
	for (unsigned i = 0; i < LISTENERS; i++) {
		tg_listener_config_init(&l);
		l.local.port = (uint16_t)(80 + i);
		l.worker = w->other.w;
		if (tg_listen(w->other.e, &l, &id) != 0)
			die("the other's listener %u cannot be opened", i);
	}
}

static void
rules_of_engine(struct world *w, struct tg_engine_config *c)
{
	c->syncookies = (uint8_t)below(w, 5);
	c->syncookies_start = (uint8_t)(1 + below(w, 100));
	c->syncookies_stop = (uint8_t)below(w, c->syncookies_start + 1u);
	c->accept_full = (uint8_t)below(w, 2);
	c->accept_exact = once_in(w, 2);
	c->abort_on_overflow = once_in(w, 4);
	c->synack_retries = (uint8_t)below(w, 6);
	c->somaxconn = once_in(w, 3) ? 3 : 4096;
	c->max_syn_backlog = 1 + below(w, once_in(w, 2) ? 12 : 100);
}

void
world_open(struct world *w, uint64_t seed)
{
	/* the second one crosses the wrap of 32-bit milliseconds */
	static const struct rig_manner manner[] = {
		{.name = "plain", .start = 1000005 * TG_MSEC},
		{.name = "wrap", .start = ((UINT64_C(1) << 32) - 20005) * TG_MSEC},
	};
	struct tg_engine_config *c = &w->rig.cfg;

	memset(w, 0, sizeof(*w));
	w->rand = seed;
	rig_init(&w->rig, &manner[seed % 2]);
	w->rig.on_send = on_send;
	w->rig.on_send_ctx = w;
	rules_of_engine(w, c);
	c->synack_rto_ms = once_in(w, 3) ? 3000 : 1000;
	c->max_half_open = once_in(w, 3) ? 6 : CLIENTS;
	c->max_conns = once_in(w, 3) ? 4 : CLIENTS;
	c->proven_ms = 5000;
	c->rst_rate = 1000000;
	w->fleet = once_in(w, 4);
	if (w->fleet) {
		open_other(w, &manner[seed % 2]);
		c->cookie_seed_shared = true;
		memset(c->cookie_seed, 0x5a, sizeof(c->cookie_seed));
	}
	if (rig_open(&w->rig) != 0)
		die("the engine cannot be made");
	rig_usual(&w->rig);
	w->twin.cfg = c;
	w->twin.now = w->rig.now / TG_MSEC;
	for (unsigned i = 0; i < LISTENERS; i++)
		open_listener(w, i);
	for (unsigned i = 0; i < CLIENTS; i++)
		w->k[i].isn = (uint32_t)test_rand(&w->rand);
}

void
world_close(struct world *w)
{
	rig_close(&w->rig);
	if (w->fleet)
		rig_close(&w->other);
}

static void
compare_entries(const struct world *w)
{
	struct tg_conn_info got[4 * CLIENTS];
	uint32_t cursor = 0;
	bool seen[CLIENTS] = {false};
	unsigned n = tg_engine_conns(w->rig.e, &cursor, got, 4 * CLIENTS);

	world_same("cursor", 0, cursor, UINT32_MAX);
	for (unsigned i = 0; i < n; i++) {
		unsigned c = got[i].tuple.remote.port - 40000u;

		if (got[i].state != TG_SYN_RECEIVED)
			continue;
		if (w->twin.c[c].place == TWIN_NONE)
			die("client %u has an entry, after %u timeouts", c, got[i].retries);
		world_same("timeouts of client", c, got[i].retries, w->twin.c[c].retries);
		seen[c] = true;
	}
	for (unsigned c = 0; c < CLIENTS; c++)
		if (w->twin.c[c].place != TWIN_NONE && !seen[c])
			die("client %u has no entry; %u timeouts, place %d", c,
				w->twin.c[c].retries, (int)w->twin.c[c].place);
}

void
world_reopen(struct world *w, unsigned lsn)
{
	const bool room = w->rig.cfg.max_half_open == CLIENTS && w->rig.cfg.max_conns == CLIENTS;
	const bool now = room && twin_count(&w->twin, lsn).accept == 0 && once_in(w, 2);

	if (tg_unlisten(w->rig.e, w->listener[lsn]) != 0)
		die("listener %u cannot be closed", lsn);
	twin_close(&w->twin, lsn);
	/* The engine has not worked off what was in the queues, and nobody can see that. */
	if (now) {
		compare_entries(w);
		open_listener(w, lsn);
		return;
	}
	rig_turn(&w->rig);
	twin_until(&w->twin, w->twin.now); /* connection entries are free: others come in */
	open_listener(w, lsn);
	rig_turn(&w->rig);
}

static void
change_engine(struct world *w)
{
	struct tg_engine_config *c = &w->rig.cfg;
	uint8_t mode = c->syncookies;

	rules_of_engine(w, c);
	if (tg_engine_reconfigure(w->rig.e, c) != 0)
		die("the engine does not take other settings");
	for (unsigned i = 0; i < LISTENERS; i++) {
		twin_change(&w->twin, i, &w->lcfg[i]);
		if (c->syncookies != mode)
			w->twin.lsn[i].flood = false;
	}
}

/* Not twice while clients may still have cookies of the secret before the one before. */
static void
change_secret(struct world *w)
{
	const uint8_t seed[32] = {(uint8_t)below(w, 256), (uint8_t)below(w, 256)};

	if (w->fleet || w->twin.now < w->rotated + 30000)
		return;
	w->rotated = w->twin.now;
	tg_engine_rotate(w->rig.e, seed);
}

void
world_change(struct world *w)
{
	unsigned i = below(w, LISTENERS + 2);

	w->rig.shrunk = true;
	if (i == LISTENERS) {
		change_engine(w);
	} else if (i > LISTENERS) {
		change_secret(w);
	} else {
		rules_of_listener(w, &w->lcfg[i]);
		if (tg_listener_reconfigure(w->rig.e, w->listener[i], &w->lcfg[i]) != 0)
			die("listener %u does not take other settings", i);
		twin_change(&w->twin, i, &w->lcfg[i]);
	}
	rig_turn(&w->rig);
	twin_until(&w->twin, w->twin.now); /* there may be room now */
}

void
world_until(struct world *w, uint64_t to)
{
	rig_until(&w->rig, to * TG_MSEC, RIG_NO_STOP);
	twin_until(&w->twin, to);
}

static struct tg_verdict
sends_to(struct rig *rig, unsigned i, unsigned flags, uint32_t seq, uint32_t ack, unsigned len)
{
	static const uint8_t zeros[DATA];
	const struct rig_rx rx = {.headroom = 64, .tailroom = 64};
	uint8_t frame[SEG_FRAME_MAX];
	struct seg s;

	seg_init(&s);
	memcpy(s.eth_dst, rig->mac[0], 6);
	memcpy(s.eth_src, "\x02\0\0\0\1\0", 6);
	s.src = tg_addr_v4(10, 0, 0, (uint8_t)(10 + i / 4));
	s.dst = tg_addr_v4(10, 0, 0, 1);
	s.sport = (uint16_t)(40000 + i);
	s.dport = (uint16_t)(80 + i % LISTENERS);
	s.flags = (uint16_t)flags;
	s.seq = seq;
	s.ack = ack;
	s.win = 60000;
	s.data = zeros;
	s.len = len;
	return rig_feed(rig, frame, seg_write(&s, frame, NULL), &rx);
}

struct tg_verdict
world_sends(struct world *w, unsigned i, unsigned flags, uint32_t seq, uint32_t ack, unsigned len)
{
	return sends_to(&w->rig, i, flags, seq, ack, len);
}

static void
has_cookie(struct world *w, unsigned i)
{
	w->k[i].cookie = w->seq_of_synack;
	w->k[i].cookie_at = w->twin.now;
	w->k[i].has_cookie = true;
}

void
world_cookie_of_other(struct world *w, unsigned i)
{
	rig_until(&w->other, w->rig.now, RIG_NO_STOP);
	if (sends_to(&w->other, i, SEG_S, w->k[i].isn, 0, 0).disposition != TG_DISP_ANSWERED)
		die("the other machine has no cookie for client %u", i);
	has_cookie(w, i);
}

void
world_expect(struct world *w, unsigned i, struct twin_answer a, struct tg_verdict v)
{
	if (a.either && v.disposition == TG_DISP_DROP_SYN_RATE)
		return;
	if (v.disposition != a.d)
		die("client %u: %s, the twin has %s", i, tg_disposition_name(v.disposition),
			tg_disposition_name(a.d));
	if (!a.synack)
		return;
	if (a.cookie) {
		has_cookie(w, i);
	} else if (a.again) {
		twin_answered_again(&w->twin, i);
		world_same("repeated ISS of client", i, w->seq_of_synack, w->k[i].iss);
	} else {
		w->k[i].iss = w->seq_of_synack;
	}
}

static void
compare_listener(unsigned i, const struct tg_listener_info *g, const struct twin_lsn *l,
	const struct twin *t)
{
	struct twin_counts n = twin_count(t, i);

	world_same("port of listener", i, g->local.port, 80 + i);
	world_same("syn_bound of listener", i, g->syn_bound, l->syn_bound);
	world_same("accept_queue of listener", i, g->accept_queue, n.accept);
	world_same("syn_queue of listener", i, g->syn_queue, n.syn);
	world_same("syn_young of listener", i, g->syn_young, n.young);
	world_same("syn_acked of listener", i, g->syn_acked, n.acked);
	world_same("overflows of listener", i, g->overflows, l->overflows);
	world_same("drops of listener", i, g->drops, l->drops);
	world_same("passive_opens of listener", i, g->passive_opens, l->passive);
	world_same("cookies_sent of listener", i, g->cookies_sent, l->cookies_sent);
	world_same("cookies_recv of listener", i, g->cookies_recv, l->cookies_recv);
	world_same("cookies_failed of listener", i, g->cookies_failed, l->cookies_failed);
	world_same("defer_drops of listener", i, g->defer_drops, l->defer_drops);
	world_same("cookies_on of listener", i, g->cookies_on, twin_cookies_on(t, i));
}

void
world_compare(const struct world *w)
{
	const struct tg_counters *c = tg_engine_counters(w->rig.e);
	struct tg_listener_info got[LISTENERS + 1];
	uint32_t cursor = 0;

	compare_entries(w);
	world_same("listeners", 0, tg_engine_listeners(w->rig.e, &cursor, got, LISTENERS + 1),
		LISTENERS);
	for (unsigned i = 0; i < LISTENERS; i++)
		compare_listener(
			i, &got[got[0].local.port == 80 + i ? 0 : 1], &w->twin.lsn[i], &w->twin);
	world_same("SYN-ACKs", 0, w->synacks, w->twin.synacks);
	world_same("RSTs", 0, w->rsts, w->twin.rsts);
	world_same("monitored", 0, c->event[TG_CNT_SYNCOOKIES_MONITORED], w->twin.monitored);
}
