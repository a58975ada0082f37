/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "proof.h"

static void
hash(struct world *w, const void *p, size_t n)
{
	const uint8_t *b = p;

	/* FNV-1a: order matters, that is all that is asked of it */
	for (size_t i = 0; i < n; i++)
		w->hash = (w->hash ^ b[i]) * UINT64_C(0x100000001b3);
}

static void
on_engine_sends(void *ctx, const struct rig_frame *f)
{
	struct world *w = ctx;
	struct seg s;

	if (seg_read(f->bytes, f->len, &s) == NULL && s.dport - 1024u < w->peers)
		peer_sent_to(&w->peer[s.dport - 1024u], &s);
	hash(w, &f->at, sizeof(f->at));
	hash(w, f->bytes, f->len);
	link_send(&w->to_peers, f->bytes, f->len, f->at);
}

static void
on_peer_sends(void *ctx, const uint8_t *frame, unsigned len, tg_time now)
{
	struct world *w = ctx;

	link_send(&w->to_engine, frame, len, now);
}

void
world_init(struct world *w, const struct world_config *cfg, unsigned peers_max)
{
	memset(w, 0, sizeof(*w));
	rig_init(&w->rig, cfg->manner != NULL ? cfg->manner : &rig_manners[0]);
	w->rig.on_send = on_engine_sends;
	w->rig.on_send_ctx = w;
	link_init(&w->to_engine, &cfg->link, rng_mix(cfg->seed * 2 + 1));
	link_init(&w->to_peers, &cfg->link, rng_mix(cfg->seed * 2 + 2));
	w->peer = calloc(peers_max, sizeof(w->peer[0]));
	w->peers_max = peers_max;
	w->hash = UINT64_C(0xcbf29ce484222325);
	if (w->peer == NULL)
		die("the test itself is out of memory");
}

void
world_open(struct world *w, uint32_t backlog)
{
	struct tg_listener_config l;
	int rc = rig_open(&w->rig);

	if (rc != 0)
		die("tg_engine_create: %d", rc);
	rig_usual(&w->rig);
	tg_listener_config_init(&l);
	l.local.port = 80;
	l.backlog = backlog;
	l.idle_timeout_ms = w->idle_timeout_ms;
	l.fastopen = w->fastopen ? TG_FASTOPEN_NO_COOKIE : TG_FASTOPEN_OFF;
	l.fastopen_qlen = 64;
	l.fastopen_late = w->late;
	l.defer_accept_s = w->defer_accept_s;
	l.defer_mode = w->defer_mode;
	l.syn_backlog = w->syn_backlog;
	l.worker = w->rig.w;
	if (tg_listen(w->rig.e, &l, &w->listener[0]) != 0)
		die("tg_listen refuses the IPv4 wildcard");
	w->lcfg[0] = l;
	memset(&l.local.addr, 0, sizeof(l.local.addr));
	if (tg_listen(w->rig.e, &l, &w->listener[1]) != 0)
		die("tg_listen refuses the IPv6 wildcard");
	w->lcfg[1] = l;
	w->echo.w = w->rig.w;
}

void
world_peer_config(const struct world *w, bool v6, struct peer_config *c)
{
	static const struct tg_addr us6 = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
	static const struct tg_addr peer6 = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

	memset(c, 0, sizeof(*c));
	c->local.addr = v6 ? peer6 : tg_addr_v4(10, 0, 0, 2);
	c->local.port = (uint16_t)(1024 + w->peers);
	c->remote.addr = v6 ? us6 : tg_addr_v4(10, 0, 0, 1);
	c->remote.port = 80;
	memcpy(c->mac, "\x02\0\0\0\1\0", 6);
	memcpy(c->gateway, w->rig.mac[0], 6);
	c->ts = c->sack = true;
	c->wscale = 7;
	c->mss = v6 ? 1440 : 1460;
	c->rcvbuf = 262144;
	c->seed = w->to_engine.rng.at + w->peers;
}

struct peer *
world_connect(struct world *w, const struct peer_config *c)
{
	struct peer_config cfg = *c;
	struct peer *p = &w->peer[w->peers];

	if (w->peers == w->peers_max)
		die("more clients than the world has room for");
	w->peers++;
	cfg.send = on_peer_sends;
	cfg.ctx = w;
	peer_init(p, &cfg);
	peer_open(p, w->rig.now);
	return p;
}

static void
to_peers(struct world *w)
{
	unsigned len;
	uint8_t *frame;

	while ((frame = link_recv(&w->to_peers, w->rig.now, &len)) != NULL) {
		struct seg s;
		unsigned i;

		/* damaged ones fail their checksums, as they would at any receiver */
		if (seg_read(frame, len, &s) == NULL) {
			i = s.dport - 1024u;
			if (i >= w->peers || !peer_input(&w->peer[i], &s, w->rig.now))
				w->strays++;
		}
		free(frame);
	}
}

static void
to_engine(struct world *w)
{
	const struct rig_rx rx = {.headroom = 64, .tailroom = 64, .unverified = true};
	unsigned len;
	uint8_t *frame;

	/* what arrives at one moment comes as one burst */
	rig_hold(&w->rig);
	while ((frame = link_recv(&w->to_engine, w->rig.now, &len)) != NULL) {
		rig_feed(&w->rig, frame, len, &rx);
		free(frame);
	}
	rig_release(&w->rig);
}

static bool
all_done(const struct world *w)
{
	for (unsigned i = 0; i < w->peers; i++)
		if (w->peer[i].state != PEER_DONE && w->peer[i].state != PEER_RESET)
			return false;
	return true;
}

static tg_time
least(tg_time a, tg_time b)
{
	return a < b ? a : b;
}

static void
run(struct world *w, tg_time until, bool stop_when_done)
{
	for (;;) {
		tg_time t = tg_engine_deadline(w->rig.e, w->rig.now);

		/* a worker with events is due as well; the step keeps a futile one from stopping
		 * time */
		if (!w->hold_worker && tg_worker_pending(w->rig.w))
			t = least(t, w->rig.now + TG_MSEC / 10);
		t = least(t, least(link_next(&w->to_engine), link_next(&w->to_peers)));
		for (unsigned i = 0; i < w->peers; i++)
			t = least(t, peer_deadline(&w->peer[i]));
		if (t < w->rig.now)
			t = w->rig.now;
		if (t > until)
			break;
		w->rig.now = t;
		to_engine(w);
		if (!w->hold_worker && tg_worker_pending(w->rig.w))
			echo_run(&w->echo);
		rig_turn(&w->rig);
		to_peers(w);
		for (unsigned i = 0; i < w->peers; i++)
			if (peer_deadline(&w->peer[i]) <= t)
				peer_timer(&w->peer[i], t);
		if (stop_when_done && all_done(w))
			return;
	}
	w->rig.now = until;
	rig_turn(&w->rig);
}

void
world_run(struct world *w, tg_time limit)
{
	tg_time start = w->rig.now;

	run(w, start + limit, true);
	for (unsigned i = 0; i < w->peers; i++) {
		const struct peer *p = &w->peer[i];

		if (p->state != PEER_DONE && p->state != PEER_RESET)
			die("port %u: not done after %llu s: %llu of %llu bytes acknowledged, %llu "
			    "came back, state %d",
				p->cfg.local.port, (unsigned long long)(limit / TG_SEC),
				(unsigned long long)p->una, (unsigned long long)p->cfg.bytes,
				(unsigned long long)peer_echoed(p), p->state);
	}
}

void
world_wait(struct world *w, tg_time time)
{
	run(w, w->rig.now + time, false);
}

void
world_is_empty(const struct world *w)
{
	struct tg_engine_usage u;

	tg_engine_usage(w->rig.e, &u);
	if (u.conns != 0 || u.half_open != 0 || u.time_wait != 0 || u.segments != 0 ||
		w->rig.tenv.engine_bufs != 0)
		die("left over: %u connections, %u half-open, %u TIME_WAIT, %u segments, %lld "
		    "buffers",
			u.conns, u.half_open, u.time_wait, u.segments,
			(long long)w->rig.tenv.engine_bufs);
}

void
world_close(struct world *w)
{
	rig_close(&w->rig);
	link_fini(&w->to_engine);
	link_fini(&w->to_peers);
	free(w->peer);
	w->peer = NULL;
}
