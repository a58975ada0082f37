/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "setup.h"

static int
say(char *err, int rc, const char *what)
{
	snprintf(err, SETUP_ERROR, "%s: %s", what, strerror(-rc));
	return rc;
}

int
netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) == 0 ? 0 : -errno;
}

int
netns_here(int *fd)
{
	*fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return *fd >= 0 ? 0 : -errno;
}

/* A new namespace; the thread goes back to where it was. */
static int
make_one(int home)
{
	int fd, rc;

	if (unshare(CLONE_NEWNET) != 0)
		return -errno;
	rc = netns_here(&fd);
	netns_enter(home);
	return rc == 0 ? fd : rc;
}

static int
read_mac(struct netns_end *end, int home)
{
	struct ifreq ifr = {0};
	int s, rc = netns_enter(end->fd);

	if (rc != 0)
		return rc;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(ifr.ifr_name, end->ifname, sizeof(ifr.ifr_name));
	rc = s >= 0 && ioctl(s, SIOCGIFHWADDR, &ifr) == 0 ? 0 : -errno;
	memcpy(end->mac, ifr.ifr_hwaddr.sa_data, sizeof(end->mac));
	if (s >= 0)
		close(s);
	netns_enter(home);
	return rc;
}

static int
make_end(struct netns_wire *w, struct netns_end *end, char *err)
{
	/* IPv6 off before the link is up: no neighbour discovery of the kernel's own. */
	int rc = netns_shell(end->fd, err,
		"sysctl -q -w net.ipv6.conf.%s.disable_ipv6=1 net.ipv4.ip_forward=0 && "
		"ethtool -K %s tx off tso off gso off gro off >/dev/null && "
		"ip link set lo up && ip link set %s up",
		end->ifname, end->ifname, end->ifname);

	if (rc != 0)
		return rc;
	rc = read_mac(end, w->home);
	return rc == 0 ? 0 : say(err, rc, end->ifname);
}

static int
make_wire(struct netns_wire *w, char *err)
{
	int rc = netns_here(&w->home);

	if (rc != 0)
		return say(err, rc, "network namespaces");
	w->generator.fd = make_one(w->home);
	w->server.fd = make_one(w->home);
	if (w->generator.fd < 0 || w->server.fd < 0)
		return say(err, w->generator.fd < 0 ? w->generator.fd : w->server.fd,
			"a network namespace");
	rc = netns_shell(w->generator.fd, err,
		"ip link add %s type veth peer name %s netns /proc/%d/fd/%d", w->generator.ifname,
		w->server.ifname, (int)getpid(), w->server.fd);
	if (rc == 0)
		rc = make_end(w, &w->generator, err);
	if (rc == 0)
		rc = make_end(w, &w->server, err);
	/* On an interface that is up already, else the other end is not told that it may send XDP
	 * frames (Linux 6.18). */
	return rc == 0 ? netns_shell(w->server.fd, err, "ethtool -K %s gro on >/dev/null",
				 w->server.ifname)
		       : rc;
}

int
netns_make(struct netns_wire *w, char *err)
{
	int rc;

	*w = (struct netns_wire){.home = -1, .generator.fd = -1, .server.fd = -1};
	if (geteuid() != 0)
		return say(err, -EPERM, "--veth makes network namespaces and must be run as root");
	snprintf(w->generator.ifname, NETNS_IFNAME, "fg%d", (int)getpid());
	snprintf(w->server.ifname, NETNS_IFNAME, "fs%d", (int)getpid());
	rc = make_wire(w, err);
	if (rc != 0)
		netns_drop(w);
	return rc;
}

void
netns_drop(struct netns_wire *w)
{
	/* At once and in order, not when the kernel's cleaner comes: the next wire has these names.
	 */
	char err[SETUP_ERROR];

	if (w->home >= 0)
		netns_enter(w->home);
	if (w->generator.fd >= 0 && w->server.fd >= 0)
		netns_shell(w->generator.fd, err, "ip link del %s", w->generator.ifname);
	if (w->generator.fd >= 0)
		close(w->generator.fd);
	if (w->server.fd >= 0)
		close(w->server.fd);
	if (w->home >= 0)
		close(w->home);
	*w = (struct netns_wire){.home = -1, .generator.fd = -1, .server.fd = -1};
}

uint64_t
netns_lost(const struct netns_end *end)
{
	char line[512], *at;
	uint64_t v[12] = {0};
	int home;
	FILE *f;

	if (netns_here(&home) != 0 || netns_enter(end->fd) != 0)
		return 0;
	f = fopen("/proc/thread-self/net/dev", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		at = strstr(line, end->ifname);
		if (at == NULL || at[strlen(end->ifname)] != ':')
			continue;
		at += strlen(end->ifname) + 1;
		/* Eight values of what was received, then bytes, packets, errs, drop of what was
		 * sent. */
		for (unsigned i = 0; i < 12; i++)
			v[i] = strtoull(at, &at, 10);
	}
	if (f != NULL)
		fclose(f);
	netns_enter(home);
	close(home);
	return v[11];
}
