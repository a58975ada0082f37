/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --memif: two processes with shared memory between them, a core for each. The listener is the
 * daemon itself with a configuration made for the run, or the straight-line responder.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "generator.h"
#include "process.h"
#include "responder.h"
#include "setup.h"

/* Both sides must have seen each other after so long. */
#define LINK_PATIENCE (5 * TG_SEC)
/*
 * Packets in a queue, if nothing else is said: as many as memif takes. With 4096 a listener that
 * does not run for 1.5 ms loses packets at 2.7 M/s, with these for 6 ms.
 */
#define QUEUE 16384

/* The set-up. */
struct memif {
	const struct flood_options *o;
	struct flood_eal eal;
	struct traffic_net net;
	uint16_t port;
	bool started;
	char device[160]; /* the listener's end */
	char lcores[32];
	char prefix[32]; /* of its EAL */
	struct flood_mix mix;
};

static void
memif_close(void *ctx)
{
	struct memif *s = ctx;

	if (s->started) {
		rte_eth_dev_stop(s->port);
		rte_eth_dev_close(s->port);
	}
	flood_eal_stop(&s->eal);
	free(s);
}

static int
start_port(struct memif *s, char *err)
{
	struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_get_port_by_name("net_memif0", &s->port);

	if (rc == 0)
		rc = rte_eth_dev_configure(s->port, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(
			s->port, 0, FLOOD_DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL, s->eal.pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(
			s->port, 0, FLOOD_DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(s->port);
	if (rc != 0)
		snprintf(err, SETUP_ERROR, "net_memif: %s", strerror(-rc));
	s->started = rc == 0;
	return rc;
}

static int
memif_open(const struct flood_options *o, void **ctx, char *err)
{
	static const struct tg_addr v6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}};
	struct memif *s = calloc(1, sizeof(*s));
	char vdev[128];
	const char *words[] = {"--no-pci", vdev, NULL, NULL};
	int rc, bits = __builtin_ctz(o->memif_queue != 0 ? o->memif_queue : QUEUE);

	if (s == NULL)
		return -ENOMEM;
	s->o = o;
	snprintf(s->prefix, sizeof(s->prefix), "listener%d", (int)getpid());
	s->net.dst = o->v6 ? v6 : tg_addr_v4(192, 0, 2, 1);
	memcpy(s->net.src_mac, "\x02\0\0\0\0\x02", 6);
	memcpy(s->net.dst_mac, "\x02\0\0\0\0\x01", 6);
	/* An abstract socket: nothing is left in the file system. The client owns the memory. */
	snprintf(vdev, sizeof(vdev),
		"--vdev=net_memif0,role=server,socket=tidegate-flood-%d,rsize=%d,"
		"mac=02:00:00:00:00:02",
		(int)getpid(), bits);
	snprintf(s->device, sizeof(s->device),
		"net_memif0,role=client,socket=tidegate-flood-%d,rsize=%d,mac=02:00:00:00:00:01%s",
		(int)getpid(), bits, o->memif_zero_copy ? ",zero-copy=yes" : "");
	if (o->memif_zero_copy)
		words[2] = "--single-file-segments";
	rc = flood_eal_start(o, false, words, &s->eal, err);
	if (rc == 0) {
		snprintf(s->lcores, sizeof(s->lcores), "--lcores=0@%d", s->eal.cpu_listener);
		rc = start_port(s, err);
	}
	if (rc != 0) {
		memif_close(s);
		return rc;
	}
	*ctx = s;
	return 0;
}

/* The daemon's configuration, a file in memory. Returns its descriptor or a negative errno. */
static int
write_config(const struct memif *s)
{
	static const char *const cookies[] = {"0", "1", "2", "adaptive", "monitor"};
	const struct flood_options *o = s->o;
	int fd = memfd_create("tidegate.yaml", 0);

	if (fd < 0)
		return -errno;
	dprintf(fd,
		"eal: [\"%s\", \"--no-pci\", \"--no-telemetry\", \"--file-prefix=%s\"%s]\n"
		"shards: 1\n"
		"cpus: [%d]\n"
		"drain: 0s\n"
		"ports:\n"
		"  - {device: \"%s\", addresses: [\"192.0.2.1/24\", \"2001:db8::1/64\"]}\n"
		"listeners:\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: echo, backlog: %u}\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: greet, backlog: %u}\n"
		"engine: {syncookies: %s, somaxconn: %u}\n",
		s->eal.no_huge ? "--no-huge" : "--in-memory", s->prefix,
		o->memif_zero_copy ? ", \"--single-file-segments\"" : "", s->eal.cpu_listener,
		s->device, o->mix.dport, o->backlog, o->mix.dport + 1u, o->backlog,
		cookies[o->syncookies], o->backlog);
	return fd;
}

static int
start_daemon(const struct memif *s, struct process *p, char *err)
{
	char path[4096], config[32];
	char *argv[] = {path, (char[]){"-c"}, config, NULL};
	int fd = write_config(s), rc;

	if (fd < 0) {
		snprintf(err, SETUP_ERROR, "no file in memory: %s", strerror(-fd));
		return fd;
	}
	process_find_daemon(s->o->tidegate, path, sizeof(path));
	snprintf(config, sizeof(config), "/proc/self/fd/%d", fd);
	rc = process_start(p, argv, fd, err);
	close(fd);
	return rc;
}

static int
start_responder(const struct memif *s, struct process *p, char *err)
{
	char vdev[192], prefix[48], lcores[32];
	const char *argv[] = {"/proc/self/exe", RESPONDER_WORD, lcores, "--no-pci",
		"--no-telemetry", "--log-level=warning", prefix, vdev,
		s->eal.no_huge ? "--no-huge" : "--in-memory", "-m", "128",
		s->o->memif_zero_copy ? "--single-file-segments" : NULL, NULL};

	snprintf(vdev, sizeof(vdev), "--vdev=%s", s->device);
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", s->prefix);
	snprintf(lcores, sizeof(lcores), "%s", s->lcores);
	return process_start(p, (char *const *)(uintptr_t)argv, -1, err);
}

static int
await_link(struct memif *s, char *err)
{
	tg_time until = tg_clock_now(&s->eal.clock) + LINK_PATIENCE;
	struct rte_eth_link link;

	do {
		if (rte_eth_link_get_nowait(s->port, &link) == 0 && link.link_status != 0)
			return 0;
		usleep(1000);
	} while (tg_clock_now(&s->eal.clock) < until && !stop_wanted());
	snprintf(err, SETUP_ERROR, "the two ends of memif do not find each other");
	return -ETIMEDOUT;
}

/* Floods whoever runs. */
static int
flood(struct memif *s, const struct process *listener, struct flood_result *r, struct progress *p,
	char *err)
{
	struct generator g = {.eal = &s->eal, .port = s->port, .mix = &s->mix};
	double cpu, own;
	tg_time start;
	int rc = await_link(s, err);

	if (rc != 0)
		return rc;
	cpu = process_cpu(listener);
	start = tg_clock_now(&s->eal.clock);
	own = (double)clock() / CLOCKS_PER_SEC;
	g.pace = pace_of(s->o, r->wanted, start);
	/* The responder has no connections: clients would tell nothing. */
	if (r->contender == CONTENDER_TIDEGATE)
		rc = traffic_clients(s->o, &s->net, start, &g.honest);
	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "no memory for the clients");
		return rc;
	}
	r->seconds = (double)generator_run(&g, p) / 1e9;
	r->cpu_seconds = process_cpu(listener) - cpu;
	r->generator_cpu_seconds = (double)clock() / CLOCKS_PER_SEC - own;
	r->flood_sent = g.sent;
	r->flood_unsent = g.unsent;
	r->interrupted = stop_wanted();
	replies_result(&g.replies, g.honest, r);
	honest_destroy(g.honest);
	return 0;
}

static int
memif_run(void *ctx, struct flood_result *r, struct progress *p, char *err)
{
	struct memif *s = ctx;
	bool responder = r->contender == CONTENDER_RESPONDER;
	struct process listener;
	int rc = traffic_flood(s->o, &s->net, &s->mix);

	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "this flood cannot be made");
		return rc;
	}
	rc = responder ? start_responder(s, &listener, err) : start_daemon(s, &listener, err);
	if (rc != 0)
		return rc;
	snprintf(r->detail, sizeof(r->detail), "net_memif%s, CPU %d to CPU %d",
		s->o->memif_zero_copy ? " zero-copy" : "", s->eal.cpu_generator,
		s->eal.cpu_listener);
	rc = flood(s, &listener, r, p, err);
	process_end(&listener);
	if (rc == 0 && !responder)
		process_counters(&listener, r);
	process_close(&listener);
	flood_eal_remove_dir(s->prefix);
	return rc;
}

const struct flood_setup setup_memif = {
	.name = "memif",
	.contenders = 1u << CONTENDER_TIDEGATE | 1u << CONTENDER_RESPONDER,
	.open = memif_open,
	.run = memif_run,
	.close = memif_close,
};
