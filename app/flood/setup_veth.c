/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --veth: generator and contender in network namespaces of our own, each on a CPU. Namespaces,
 * interfaces and contender are made anew for each run, so that none inherits anything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contender.h"
#include "cpu.h"
#include "setup.h"
#include "veth_generator.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* What all runs share. */
struct veth {
	const struct flood_options *o;
	struct xdp_live *live;
	int cpu_generator;
	int cpu_server;
	cpu_set_t cpus; /* we may use, as we found them */
};

static const struct tg_addr server4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
static const struct tg_addr server6 = {
	{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/* Generator and server get the last two CPUs we may use, unless told otherwise. */
static int
choose_cpus(struct veth *v, char *err)
{
	int last = -1, before = -1;

	if (sched_getaffinity(0, sizeof(v->cpus), &v->cpus) != 0)
		return -errno;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &v->cpus)) {
			before = last;
			last = i;
		}
	v->cpu_generator = v->o->cpu_generator >= 0 ? v->o->cpu_generator : before;
	v->cpu_server = v->o->cpu_listener >= 0 ? v->o->cpu_listener : last;
	if (v->cpu_generator >= 0 && v->cpu_generator != v->cpu_server &&
		v->cpu_generator < CPU_SETSIZE && v->cpu_server < CPU_SETSIZE)
		return 0;
	snprintf(err, SETUP_ERROR, "--veth needs two CPUs, one for the flood, one for the server");
	return -EINVAL;
}

static int
usable(const struct flood_options *o, char *err)
{
	const char *why = NULL;

	if (geteuid() != 0)
		why = "--veth makes network namespaces and must be run as root";
	else if (o->mix.vlan != 0 && (o->against & ~(1u << CONTENDER_TIDEGATE)) != 0)
		why = "--vlan: over veth only tidegate answers on a VLAN";
	else if (o->device != NULL && strcmp(o->device, "net_af_xdp") != 0 &&
		strcmp(o->device, "net_af_packet") != 0)
		why = "--device: over veth it is net_af_xdp or net_af_packet";
	if (why == NULL)
		return 0;
	snprintf(err, SETUP_ERROR, "%s", why);
	return geteuid() != 0 ? -EPERM : -EINVAL;
}

static void
veth_close(void *ctx)
{
	struct veth *v = ctx;

	xdp_live_close(v->live);
	sched_setaffinity(0, sizeof(v->cpus), &v->cpus);
	free(v);
}

static int
veth_open(const struct flood_options *o, void **ctx, char *err)
{
	struct veth *v;
	int rc = usable(o, err);

	if (rc != 0)
		return rc;
	v = calloc(1, sizeof(*v));
	if (v == NULL) {
		snprintf(err, SETUP_ERROR, "out of memory");
		return -ENOMEM;
	}
	v->o = o;
	rc = choose_cpus(v, err);
	if (rc == 0)
		rc = xdp_live_open(&v->live, err);
	if (rc != 0) {
		veth_close(v);
		return rc;
	}
	*ctx = v;
	return 0;
}

static void
move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static uint64_t
cycles_now(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return 0;
#endif
}

/* Where a SYN's cycles go, as far as the kernel tells it. */
static void
set_cycles(struct flood_result *r, const struct cpu_use *u, double hz)
{
	double each = r->synacks != 0 ? hz / (double)r->synacks : 0;

	r->synack_rx = (u->napi + u->softirq) * each;
	r->synack_tx = (u->system + u->softirq_own) * each;
	r->synack_own = u->user * each;
}

/* The flood itself: everything is there, the contender answers. */
static int
flood(struct veth *v, struct veth_generator *g, const struct cpu_who *who, struct flood_result *r,
	struct progress *p)
{
	struct cpu_use before, use;
	struct xdp_live_counts c;
	uint64_t cycles;
	int rc;

	cpu_read(who, NULL, &before);
	cycles = cycles_now();
	rc = veth_generator_run(g, p, &r->seconds);
	cycles = cycles_now() - cycles;
	cpu_read(who, &before, &use);
	xdp_live_counts(v->live, &c);
	r->flood_sent = g->sent;
	r->flood_unsent = g->forgiven;
	r->synacks = c.synacks;
	r->rsts = c.rsts;
	r->others = c.others;
	r->sampled = g->sampled;
	r->damaged = g->damaged;
	r->interrupted = stop_wanted();
	r->cpu_seconds = cpu_of_server(&use);
	r->generator_cpu_seconds = use.generator;
	if (r->seconds > 0)
		set_cycles(r, &use, (double)cycles / r->seconds);
	if (g->honest != NULL) {
		r->has_honest = true;
		r->honest = *honest_stats(g->honest);
		r->undecided = honest_undecided(g->honest);
	}
	return rc;
}

/* Flood and clients for a contender that is ready. */
static int
generate(struct veth *v, struct contender *c, struct flood_result *r, struct progress *p, char *err)
{
	const struct netns_wire *w = c->wire;
	struct traffic_net net = {.dst = v->o->v6 ? server6 : server4};
	struct cpu_who who = {.server = c->process.pid,
		.generator_cpu = v->cpu_generator,
		.server_cpu = v->cpu_server};
	struct veth_generator g = {.live = v->live, .sock = -1};
	struct flood_mix mix;
	tg_time start;
	int rc;

	memcpy(net.dst_mac, w->server.mac, sizeof(net.dst_mac));
	memcpy(net.src_mac, w->generator.mac, sizeof(net.src_mac));
	if (r->placement == PLACE_NAPI)
		who.nb_napi = netns_pin_threads(w, v->cpu_server, who.napi, CPU_NAPI);
	rc = xdp_live_attach(v->live, w->generator.ifname, &v->o->clients, err);
	if (rc != 0)
		return rc;
	start = netns_now();
	g.sock = veth_generator_socket(w->generator.ifname);
	g.mix = &mix;
	g.pace = pace_of(v->o, r->wanted, start);
	rc = g.sock < 0 ? g.sock : traffic_flood(v->o, &net, &mix);
	if (rc == 0)
		rc = traffic_clients(v->o, &net, start, &g.honest);
	if (rc == 0)
		rc = flood(v, &g, &who, r, p);
	if (rc != 0)
		snprintf(err, SETUP_ERROR, "the flood over veth: %s", strerror(-rc));
	honest_destroy(g.honest);
	if (g.sock >= 0)
		close(g.sock);
	xdp_live_detach(v->live);
	return rc;
}

/* True when a contender that nobody has told to end is gone. */
static bool
has_ended(const struct contender *c)
{
	siginfo_t si = {0};

	return waitid(P_PID, (id_t)c->process.pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		si.si_pid == c->process.pid;
}

/* In the generator's namespace and on its CPU, from the contender's start to its end. */
static int
run_contender(struct veth *v, const struct netns_wire *w, struct flood_result *r,
	struct progress *p, char *err)
{
	struct contender c = {.o = v->o,
		.wire = w,
		.who = r->contender,
		.cpu = v->cpu_server,
		.shares_cpu = r->placement == PLACE_NAPI};
	int rc = contender_start(&c, err);

	if (rc != 0)
		return rc;
	snprintf(r->detail, sizeof(r->detail), "%s", c.detail);
	rc = netns_enter(w->generator.fd);
	if (rc == 0) {
		move_to(v->cpu_generator);
		rc = generate(v, &c, r, p, err);
		sched_setaffinity(0, sizeof(v->cpus), &v->cpus);
		netns_enter(w->home);
		if (rc == 0 && has_ended(&c)) {
			snprintf(err, SETUP_ERROR, "%s ended during the flood", c.detail);
			rc = -ECHILD;
		}
	} else {
		snprintf(err, SETUP_ERROR, "a network namespace: %s", strerror(-rc));
	}
	contender_stop(&c, rc == 0 ? r : NULL);
	return rc;
}

static int
veth_run(void *ctx, struct flood_result *r, struct progress *p, char *err)
{
	struct veth *v = ctx;
	struct netns_wire w;
	int rc = netns_make(&w, err);

	if (rc != 0)
		return rc;
	if (r->placement == PLACE_NAPI)
		rc = netns_threads(&w, err);
	if (rc == 0)
		rc = run_contender(v, &w, r, p, err);
	if (rc == 0) {
		result_add_drop(r, "veth ring full", netns_lost(&w.generator));
		result_add_drop(r, "veth ring full, answers", netns_lost(&w.server));
	}
	netns_drop(&w);
	return rc;
}

const struct flood_setup setup_veth = {
	.name = "veth",
	.contenders = 1u << CONTENDER_TIDEGATE | 1u << CONTENDER_KERNEL | 1u << CONTENDER_KERNEL2 |
		1u << CONTENDER_SYNPROXY,
	.placements = true,
	.open = veth_open,
	.run = veth_run,
	.close = veth_close,
};
