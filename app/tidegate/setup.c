/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_pdump.h>

#include "daemon.h"
#include "devices.h"
#include "eal_args.h"
#include "secrets.h"

/* A failure that another configuration would not have. */
static int
config_failure(struct daemon *d)
{
	d->failed_config = true;
	return -1;
}

static int
make_pool(struct daemon *d, char *err)
{
	uint32_t n = mbufs_needed(d->config);

	d->pool = rte_pktmbuf_pool_create(
		"tidegate", n, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (d->pool != NULL)
		return 0;
	return config_error(d->config, err, "mbufs",
		"no memory for %u mbufs (%s); give EAL more (hugepages, or --no-huge with -m %u), "
		"or lower mbufs or engine.max_segments",
		n, rte_strerror(rte_errno), megabytes_needed(d->config));
}

static int
open_port(struct daemon *d, unsigned i, char *err)
{
	const struct config_port *cp = &d->config->port[i];
	const struct tg_port_config pc = {
		.device = cp->device,
		.queues = (uint16_t)d->config->shards,
		.mtu = (uint16_t)cp->mtu,
		.descriptors = (uint16_t)d->config->descriptors,
		.pool = d->pool,
	};
	const char *why = "";
	char where[32], driver[64];
	int rc;

	snprintf(where, sizeof(where), "ports[%u].device", i);
	rc = tg_port_open(&pc, &d->port[i]);
	if (rc != 0 && devices_driver(cp->device, driver, sizeof(driver))) {
		config_error(d->config, err, where,
			"no such device: %s is bound to %s; tidegate-bind bind %s binds it to "
			"vfio-pci",
			cp->device, driver[0] != '\0' ? driver : "no driver", cp->device);
		return config_failure(d);
	}
	if (rc != 0) {
		config_error(d->config, err, where,
			"no such device: %s (%s); name a port, a PCI address or a virtual device "
			"with its arguments",
			cp->device, strerror(-rc));
		return config_failure(d);
	}
	d->nb_ports = i + 1;
	rc = tg_port_configure(&pc, &d->port[i], &why);
	if (rc == 0)
		return 0;
	if (rc != -EINVAL)
		return config_error(
			d->config, err, where, "%s: %s (%s)", cp->device, why, strerror(-rc));
	config_error(d->config, err, where,
		"%s: %s; asked for are %u queues (one for each shard) and MTU %u", cp->device, why,
		d->config->shards, d->port[i].mtu);
	return config_failure(d);
}

/* "tgx%d" -> "tgx0" */
static void
interface_name(const struct config *c, unsigned port, char *out, size_t size)
{
	const char *name = c->exception.interface;
	const char *number = strstr(name, "%d");

	if (number == NULL)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%.*s%u%s", (int)(number - name), name, port, number + 2);
}

static int
open_exception(struct daemon *d, unsigned i, char *err)
{
	const struct config *c = d->config;
	char name[2 * CONFIG_INTERFACE_MAX];
	const struct tg_exception_config xc = {
		.interface = name,
		.kind = c->exception.device,
		.number = i,
		.beside = &d->port[i],
		.pool = d->pool,
	};
	const char *why = "";
	int rc;

	if (c->exception.interface == NULL)
		return 0;
	interface_name(c, i, name, sizeof(name));
	rc = tg_exception_open(&xc, &d->exception[i], &why);
	if (rc == 0) {
		printf("exception: %s for ports[%u], by %s\n", name, i, d->exception[i].by);
		return 0;
	}
	config_error(c, err, "exception.interface", "%s for ports[%u]: %s (%s)%s", name, i, why,
		strerror(-rc), rc == -EEXIST ? "; use another name, or take that one away" : "");
	return rc == -EEXIST ? config_failure(d) : -1;
}

/* Ports, addresses: what one shard knows of the configuration. */
static int
fill_ports(struct daemon *d, struct daemon_shard *ds, char *err)
{
	const struct config *c = d->config;
	char where[64];
	int rc;

	for (unsigned i = 0; i < d->nb_ports; i++) {
		snprintf(where, sizeof(where), "ports[%u].device", i);
		rc = tg_shard_add_port(ds->shard, d->port[i].id);
		if (rc != 0)
			return config_error(c, err, where, "%s: not usable: %s", c->port[i].device,
				strerror(-rc));
		for (unsigned k = 0; k < c->port[i].nb_addrs; k++) {
			const struct config_addr *a = &c->port[i].addr[k];

			rc = tg_engine_add_addr(
				tg_shard_engine(ds->shard), d->port[i].id, &a->addr, a->prefix_len);
			if (rc == 0)
				continue;
			snprintf(where, sizeof(where), "ports[%u].addresses[%u]", i, k);
			config_error(c, err, where, "refused: %s", strerror(-rc));
			return config_failure(d);
		}
	}
	return 0;
}

/* The worker of a service, made when the first listener wants it. */
static int
need_service(struct daemon *d, struct daemon_shard *ds, enum service_kind kind)
{
	struct tg_inline_worker iw = {.run = service_run};
	int rc;

	if (ds->worker[kind] != NULL)
		return 0;
	rc = service_create(kind, d->config->engine.max_conns, &d->pages->use[ds - d->shard],
		&ds->service[kind]);
	if (rc != 0)
		return rc;
	iw.ctx = ds->service[kind];
	rc = tg_shard_add_worker(ds->shard, &iw, &ds->worker[kind]);
	if (rc == 0)
		tg_worker_set_name(ds->worker[kind], ds->service[kind]->ops->name);
	return rc;
}

static int
open_listeners(struct daemon *d, struct daemon_shard *ds, char *err)
{
	const struct config *c = d->config;
	char where[64];

	for (unsigned i = 0; i < c->nb_listeners; i++) {
		const struct config_listener *cl = &c->listener[i];
		struct tg_listener_config lc = cl->how;
		int rc;

		snprintf(where, sizeof(where), "listeners[%u]", i);
		rc = need_service(d, ds, cl->service);
		if (rc != 0)
			return config_error(c, err, where, "no worker: %s", strerror(-rc));
		lc.worker = ds->worker[cl->service];
		rc = tg_listen(tg_shard_engine(ds->shard), &lc, &ds->listener[i]);
		if (rc == 0)
			continue;
		config_error(c, err, where, "cannot listen: %s", strerror(-rc));
		return config_failure(d);
	}
	return 0;
}

static int
make_loop(struct daemon *d, struct daemon_shard *ds, unsigned number)
{
	int node = (int)rte_lcore_to_socket_id(ds->lcore);
	struct tg_loop *loop = rte_zmalloc_socket("tidegate", sizeof(*loop), 64, node);

	if (loop == NULL)
		return -ENOMEM;
	ds->loop = loop;
	loop->shard = ds->shard;
	loop->clock = d->clock;
	loop->drain_ms = d->config->drain_ms;
	loop->idle_sleep_us = d->config->idle_sleep_us;
	loop->running = &d->running;
	loop->nb_ports = d->nb_ports;
	if (d->config->exception.interface != NULL) {
		ds->exception = rte_zmalloc_socket(
			"tidegate", d->nb_ports * sizeof(*ds->exception), 64, node);
		if (ds->exception == NULL)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < d->nb_ports; i++) {
		loop->port[i].id = d->port[i].id;
		loop->port[i].queue = (uint16_t)number;
		loop->port[i].prepare =
			(d->port[i].tx_offloads &
				(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)) !=
			0;
		if (ds->exception == NULL)
			continue;
		tg_exception_join(&ds->exception[i], ds->shard, &d->port[i], &d->exception[i],
			(uint16_t)number, d->config->exception.rate, d->config->exception.burst);
		loop->port[i].exception = &ds->exception[i];
	}
	return 0;
}

static int
make_shard(struct daemon *d, unsigned number, const struct tg_engine_config *engine, char *err)
{
	struct daemon_shard *ds = &d->shard[number];
	struct tg_shard_config sc = {.engine = *engine, .pool = d->pool};
	int rc;

	sc.reserve = mbufs_kept(d->config);
	sc.socket_id = (int)rte_lcore_to_socket_id(ds->lcore);
	sc.reassemble = d->config->reassemble;
	sc.fragments_max = d->config->fragments_max;
	sc.fragments_timeout_ms = d->config->fragments_timeout_ms;
	sc.engine.wall_s = (uint64_t)time(NULL);
	sc.engine.now = tg_clock_now(&d->clock);
	sc.engine.shard = (uint16_t)number;
	sc.engine.shards = (uint16_t)d->config->shards;
	rc = tg_shard_create(&sc, &ds->shard);
	explicit_bzero(&sc, sizeof(sc));
	if (rc != 0) {
		config_error(d->config, err, "engine",
			"shard %u cannot be made: %s; give EAL more memory, or lower max_conns and "
			"the other max_ keys",
			number, strerror(-rc));
		return rc == -EINVAL ? config_failure(d) : -1;
	}
	d->nb_shards = number + 1;
	if (fill_ports(d, ds, err) != 0 || open_listeners(d, ds, err) != 0)
		return -1;
	if (make_loop(d, ds, number) != 0)
		return config_error(d->config, err, "", "no memory for a loop");
	return 0;
}

/* Lets dpdk-dumpcap in: it asks us, as a second process, to copy bursts for it. */
static int
allow_pdump(struct daemon *d, char *err)
{
	if (!d->config->capture.pdump)
		return 0;
	if (!rte_eal_has_hugepages()) {
		config_error(d->config, err, "capture.pdump",
			"dpdk-dumpcap attaches as a second process, which needs hugepages; give "
			"EAL "
			"some (no --no-huge), or set pdump: no");
		return config_failure(d);
	}
	if (rte_pdump_init() != 0)
		return config_error(d->config, err, "capture.pdump",
			"packet capture cannot be enabled: %s; was EAL given --in-memory or "
			"--no-shconf?",
			rte_strerror(rte_errno));
	d->pdump = true;
	return 0;
}

/* Worker lcores in order: lcore 0 waits for signals and polls nothing. */
static int
assign_lcores(struct daemon *d, char *err)
{
	unsigned n = 0, lcore;

	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (n == d->config->shards)
			break;
		d->shard[n++].lcore = lcore;
	}
	if (n == d->config->shards)
		return 0;
	config_error(d->config, err, "shards",
		"%u shards, but EAL has %u worker lcores; name one lcore more than shards, or "
		"leave -l and --lcores out",
		d->config->shards, n);
	return config_failure(d);
}

/* One seed for all shards: a cookie is good wherever its ACK arrives. */
static int
make_shards(struct daemon *d, char *err)
{
	struct tg_engine_config engine = d->config->engine;
	int rc = 0;

	if (getrandom(d->secrets.key, sizeof(d->secrets.key), 0) != (ssize_t)sizeof(d->secrets.key))
		return config_error(d->config, err, "", "no random bytes: %s", strerror(errno));
	if (secrets_read(d->config, &engine, err) != 0)
		rc = config_failure(d);
	else if (getrandom(engine.seed, sizeof(engine.seed), 0) != (ssize_t)sizeof(engine.seed))
		rc = config_error(d->config, err, "", "no random bytes: %s", strerror(errno));
	secrets_take_print(&d->secrets, &engine);
	for (unsigned i = 0; rc == 0 && i < d->config->shards; i++)
		rc = make_shard(d, i, &engine, err);
	explicit_bzero(&engine, sizeof(engine));
	return rc;
}

int
setup(struct daemon *d, char *err)
{
	if (assign_lcores(d, err) != 0 || make_pool(d, err) != 0)
		return -1;
	for (unsigned i = 0; i < d->config->nb_ports; i++)
		if (open_port(d, i, err) != 0)
			return -1;
	for (unsigned i = 0; i < d->nb_ports; i++)
		if (open_exception(d, i, err) != 0)
			return -1;
	tg_clock_init(&d->clock);
	if (make_shards(d, err) != 0)
		return -1;
	for (unsigned i = 0; i < d->nb_ports; i++) {
		int rc = tg_port_start(&d->port[i]);

		if (rc != 0)
			return config_error(d->config, err, "ports", "%s does not start: %s",
				d->config->port[i].device, strerror(-rc));
	}
	return allow_pdump(d, err);
}

void
hide(struct daemon_shard *ds)
{
	if (!ds->shown)
		return;
	tg_telemetry_remove_shard(ds->shard);
	tg_shown_remove_loop(ds->loop);
	ds->shown = false;
}

void
close_ports(struct daemon *d)
{
	if (d->pdump)
		rte_pdump_uninit();
	d->pdump = false;
	for (unsigned i = 0; i < d->nb_ports; i++)
		tg_exception_close(&d->exception[i]);
	while (d->nb_ports > 0)
		tg_port_close(&d->port[--d->nb_ports]);
}

void
take_down(struct daemon *d)
{
	close_ports(d);
	for (unsigned i = 0; i < d->nb_shards; i++) {
		struct daemon_shard *ds = &d->shard[i];

		hide(ds);
		tg_shard_destroy(ds->shard);
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			service_destroy(ds->service[k]);
		rte_free(ds->exception);
		rte_free(ds->loop);
	}
	d->nb_shards = 0;
	rte_mempool_free(d->pool);
	d->pool = NULL;
}
