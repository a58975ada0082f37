/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tidegate as a contender: the daemon with a configuration made for the run. Its configuration and
 * what it says are files in memory, so that nothing has to be cleaned up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tidegate/engine.h>

#include "contender.h"
#include "setup.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

/* EAL takes a second or two. */
#define START_PATIENCE (30 * TG_SEC)
#define STOP_PATIENCE  (10 * TG_SEC)
/* What the daemon says at most. */
#define OUT_MAX 16384

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
		"descriptors: 4096\n"
		"ports:\n"
		"  - {device: \"%s\", addresses: [\"" VETH_SERVER4 "/24\", \"" VETH_SERVER6
		"/64\"]}\n"
		"listeners:\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: echo, backlog: %u}\n"
		"  - {address: \"::\", dual_stack: yes, port: %u, service: greet, backlog: %u}\n"
		"engine: {syncookies: %s, somaxconn: %u}\n",
		(int)getpid(), c->cpu, device, c->o->mix.dport, c->o->backlog, c->o->mix.dport + 1,
		c->o->backlog, syncookies_words[c->o->syncookies], c->o->backlog);
	return fd;
}

/* The daemon: beside this program, as in the build tree and when installed, or in PATH. */
static void
find_daemon(const struct flood_options *o, char *path, size_t size)
{
	ssize_t n;
	char *slash;

	if (o->tidegate != NULL) {
		snprintf(path, size, "%s", o->tidegate);
		return;
	}
	n = readlink("/proc/self/exe", path, size - sizeof("tidegate"));
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		strcpy(slash + 1, "tidegate");
	if (slash == NULL || access(path, X_OK) != 0)
		snprintf(path, size, "tidegate");
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

/* What it has said so far, as a string. */
static void
read_out(const struct contender *c, char *text, size_t size)
{
	ssize_t n = pread(c->out, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

/* Its last line is what a user can do something about. */
static int
failed(const struct contender *c, char *text, char *err)
{
	char *line;

	read_out(c, text, OUT_MAX);
	if (text[0] != '\0' && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(err, SETUP_ERROR, "the daemon does not start: %.200s",
		line != NULL ? line + 1 : text);
	return -EIO;
}

static int
await_ready(struct contender *c, char *err)
{
	const struct timespec pause = {.tv_nsec = 20 * TG_MSEC};
	tg_time until = netns_now() + START_PATIENCE;
	char text[OUT_MAX];
	int status;

	for (;;) {
		read_out(c, text, sizeof(text));
		if (strstr(text, "\nready: ") != NULL || strncmp(text, "ready: ", 7) == 0)
			return 0;
		if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
			c->pid = 0;
			return failed(c, text, err);
		}
		if (netns_now() >= until || stop_wanted())
			return failed(c, text, err);
		nanosleep(&pause, NULL);
	}
}

int
contender_tidegate_start(struct contender *c, char *err)
{
	struct program p;
	int config = write_config(c), rc;

	c->out = memfd_create("tidegate.out", MFD_CLOEXEC);
	if (config < 0 || c->out < 0) {
		snprintf(err, SETUP_ERROR, "no file in memory: %s", strerror(errno));
		if (config >= 0)
			close(config);
		contender_tidegate_stop(c, NULL);
		return -EIO;
	}
	find_daemon(c->o, p.path, sizeof(p.path));
	snprintf(p.config, sizeof(p.config), "/proc/self/fd/%d", config);
	p.out = c->out;
	snprintf(c->detail, sizeof(c->detail), "%s", driver_of(c->o));
	c->pid = netns_spawn(c->wire->server.fd, -1, run_daemon, &p);
	close(config);
	rc = c->pid > 0 ? await_ready(c, err) : c->pid;
	if (rc != 0)
		contender_tidegate_stop(c, NULL);
	return rc;
}

/* The line "count: NAME VALUE" of the exit report; 0 when there is none. */
static uint64_t
count_of(const char *text, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\ncount: %s ", name);
	at = strstr(text, line);
	return at != NULL ? strtoull(at + strlen(line), NULL, 10) : 0;
}

static void
take_counters(const char *text, struct flood_result *r)
{
	r->has_counters = true;
	r->counters.received = count_of(text, "received");
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		r->counters.disposition[i] = count_of(text, tg_disposition_name(i));
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		r->counters.event[i] = count_of(text, tg_counter_name(i));
	r->passive_opens = r->counters.event[TG_CNT_PASSIVE_OPENS];
}

void
contender_tidegate_stop(struct contender *c, struct flood_result *r)
{
	char text[OUT_MAX];

	netns_end_process(c->pid, STOP_PATIENCE);
	c->pid = 0;
	if (c->out < 0)
		return;
	read_out(c, text, sizeof(text));
	if (r != NULL)
		take_counters(text, r);
	close(c->out);
	c->out = -1;
}
