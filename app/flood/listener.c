/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "listener.h"
#include "setup.h"

/* Honest clients at a time, those of the last second included. */
#define MAX_CONNS     65536
#define MAX_TIME_WAIT 4096
#define MAX_SEGMENTS  8192
/* Buffers that the flood leaves to the clients: what the daemon keeps for a shard with one port. */
#define RESERVE   256
#define PREFIX_V4 24
#define PREFIX_V6 64

static int
make_shard(struct listener *l, const struct flood_options *o, const struct flood_eal *e)
{
	struct tg_shard_config sc = {
		.pool = e->pool, .reserve = RESERVE, .socket_id = SOCKET_ID_ANY};
	int rc;

	tg_engine_config_init(&sc.engine);
	if (getrandom(sc.engine.seed, sizeof(sc.engine.seed), 0) != sizeof(sc.engine.seed))
		return -EIO;
	sc.engine.wall_s = (uint64_t)time(NULL);
	sc.engine.now = tg_clock_now(&e->clock);
	sc.engine.shards = 1;
	sc.engine.max_conns = MAX_CONNS;
	sc.engine.max_half_open = 2 * o->backlog + 2;
	sc.engine.max_time_wait = MAX_TIME_WAIT;
	sc.engine.max_segments = MAX_SEGMENTS;
	if (sc.engine.somaxconn < o->backlog)
		sc.engine.somaxconn = o->backlog;
	sc.engine.syncookies = o->syncookies;
	rc = tg_shard_create(&sc, &l->shard);
	explicit_bzero(&sc, sizeof(sc));
	return rc;
}

static int
serve(struct listener *l, const struct flood_options *o, enum service_kind kind, uint16_t port,
	struct service **s)
{
	struct tg_inline_worker iw = {.run = service_run};
	struct tg_listener_config lc;
	tg_listener handle;
	int rc = service_create(kind, MAX_CONNS, NULL, s);

	if (rc != 0)
		return rc;
	tg_listener_config_init(&lc);
	iw.ctx = *s;
	rc = tg_shard_add_worker(l->shard, &iw, &lc.worker);
	if (rc != 0)
		return rc;
	lc.local.port = port;
	lc.backlog = o->backlog;
	if (o->v6)
		memset(&lc.local.addr, 0, sizeof(lc.local.addr));
	return tg_listen(tg_shard_engine(l->shard), &lc, &handle);
}

int
listener_open(struct listener *l, const struct flood_options *o, const struct flood_eal *e,
	uint16_t port, const uint8_t mac[6], const struct tg_addr *addr, char *err)
{
	struct tg_shard_port sp = {.mtu = 1500};
	int rc;

	memset(l, 0, sizeof(*l));
	memcpy(sp.mac, mac, sizeof(sp.mac));
	rc = make_shard(l, o, e);
	if (rc == 0)
		rc = tg_shard_add_port_as(l->shard, port, &sp);
	if (rc == 0)
		rc = tg_engine_add_addr(tg_shard_engine(l->shard), port, addr,
			tg_addr_is_v4(addr) ? PREFIX_V4 : PREFIX_V6);
	if (rc == 0)
		rc = serve(l, o, SERVICE_ECHO, o->mix.dport, &l->echo);
	if (rc == 0)
		rc = serve(l, o, SERVICE_GREET, (uint16_t)(o->mix.dport + 1), &l->greet);
	if (rc == 0)
		return 0;
	snprintf(err, SETUP_ERROR, "no listener: %s", strerror(-rc));
	listener_close(l);
	return rc;
}

void
listener_result(const struct listener *l, struct flood_result *r)
{
	r->counters = *tg_engine_counters(tg_shard_engine(l->shard));
	r->has_counters = true;
	r->passive_opens = r->counters.event[TG_CNT_PASSIVE_OPENS];
}

void
listener_close(struct listener *l)
{
	/* The engine's workers end with it; its services must outlive them. */
	tg_shard_destroy(l->shard);
	service_destroy(l->echo);
	service_destroy(l->greet);
	memset(l, 0, sizeof(*l));
}
