/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tidegate as a contender: the daemon with a configuration made for the run. Its configuration and
 * what it says are files in memory, so that nothing has to be cleaned up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tidegate/engine.h>

#include "contender.h"
#include "setup.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

/* Beside a NAPI thread on the same CPU: an idle poll there is time the thread does not get. */
#define IDLE_SLEEP_US 50u

static const char *const syncookies_words[] = {
	[TG_SYNCOOKIES_OFF] = "0",
	[TG_SYNCOOKIES_FULL] = "1",
	[TG_SYNCOOKIES_ALWAYS] = "2",
	[TG_SYNCOOKIES_ADAPTIVE] = "adaptive",
	[TG_SYNCOOKIES_MONITOR] = "monitor",
};

/* What the child needs. */
struct program {
	char path[4096];
	char config[32];
	int out;
};

static bool
has_af_xdp(void)
{
	int s = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (s >= 0)
		close(s);
	return s >= 0;
}

/* The PMD: that of the command line, else the faster one the kernel has. */
static const char *
driver_of(const struct flood_options *o)
{
	if (o->device != NULL)
		return o->device;
	return has_af_xdp() ? "net_af_xdp" : "net_af_packet";
}

/*
 * The device's arguments. busy_budget=0: busy polling is of no use on a veth, which has no
 * interrupt to do without. With frames of 2048 bytes in a 4096 frame ring a pause of the daemon's
 * CPU of some milliseconds loses nothing.
 */
static void
device_of(const struct contender *c, char *out, size_t size)
{
	const char *driver = driver_of(c->o), *ifname = c->wire->server.ifname;

	if (strcmp(driver, "net_af_xdp") == 0)
		snprintf(out, size,
			"net_af_xdp0,iface=%s,start_queue=0,queue_count=1,busy_budget=0", ifname);
	else
		snprintf(out, size, "net_af_packet0,iface=%s,qpairs=1,framecnt=4096", ifname);
}

/* A file in memory that a child can open by name. Returns its descriptor or a negative errno. */
static int
write_config(const struct contender *c)
{
	int fd = memfd_create("tidegate.yaml", 0);
	char device[128];

	if (fd < 0)
		return -errno;
	device_of(c, device, sizeof(device));
	dprintf(fd,
		"eal: [\"--no-huge\", \"--no-pci\", \"--file-prefix=flood%d\"]\n"
		"shards: 1\n"
		"cpus: [%d]\n"
		"drain: 0s\n"
		"idle_sleep: %uus\n"
		"descriptors: 4096\n"
		"ports:\n"
		"  - {device: \"%s\", addresses: [\"" VETH_SERVER4 "/24\", \"" VETH_SERVER6
		"/64\"]}\n"
		"listeners:\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: echo, backlog: %u}\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: greet, backlog: %u}\n"
		"engine: {syncookies: %s, somaxconn: %u}\n",
		(int)getpid(), c->cpu, c->shares_cpu ? IDLE_SLEEP_US : 0, device, c->o->mix.dport,
		c->o->backlog, c->o->mix.dport + 1, c->o->backlog,
		syncookies_words[c->o->syncookies], c->o->backlog);
	return fd;
}

static int
run_daemon(void *arg)
{
	struct program *p = arg;

	dup2(p->out, STDOUT_FILENO);
	dup2(p->out, STDERR_FILENO);
	execlp(p->path, p->path, "-c", p->config, (char *)NULL);
	fprintf(stderr, "tidegate: %s: %s\n", p->path, strerror(errno));
	return 127;
}

int
contender_tidegate_start(struct contender *c, char *err)
{
	struct program p;
	int config = write_config(c), rc;

	c->process.out = memfd_create("tidegate.out", MFD_CLOEXEC);
	if (config < 0 || c->process.out < 0) {
		snprintf(err, SETUP_ERROR, "no file in memory: %s", strerror(errno));
		if (config >= 0)
			close(config);
		contender_tidegate_stop(c, NULL);
		return -EIO;
	}
	process_find_daemon(c->o->tidegate, p.path, sizeof(p.path));
	snprintf(p.config, sizeof(p.config), "/proc/self/fd/%d", config);
	p.out = c->process.out;
	snprintf(c->detail, sizeof(c->detail), "%s", driver_of(c->o));
	rc = netns_spawn(c->wire->server.fd, -1, run_daemon, &p);
	close(config);
	if (rc < 0) {
		snprintf(err, SETUP_ERROR, "the daemon: %s", strerror(-rc));
		contender_tidegate_stop(c, NULL);
		return rc;
	}
	c->process.pid = rc;
	return process_await(&c->process, p.path, err);
}

void
contender_tidegate_stop(struct contender *c, struct flood_result *r)
{
	process_end(&c->process);
	if (r != NULL)
		process_counters(&c->process, r);
	process_close(&c->process);
}
