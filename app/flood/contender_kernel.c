/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel as a contender: its TCP, with the settings a server in a flood has, and in front of it
 * nftables' synproxy if asked for. Behind either the same plain server, epoll_server.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contender.h"
#include "epoll_server.h"
#include "setup.h"

/* Counters of /proc/net/netstat and snmp that tell why something was dropped. */
static const char *const drops[] = {"ListenOverflows", "ListenDrops", "TCPReqQFullDrop",
	"TCPBacklogDrop", "TCPTimeWaitOverflow", "InCsumErrors"};

/*
 * Addresses, and a way back to every source: the generator is the router of all the flood's
 * addresses, with a neighbour entry that never has to be asked for. Sysctls are those of the usual
 * advice: queues as long as the backlog, cookies on, no filter for return paths.
 */
static int
configure(const struct contender *c, char *err)
{
	const uint8_t *m = c->wire->generator.mac;
	const char *ifname = c->wire->server.ifname;

	return netns_shell(c->wire->server.fd, err,
		"I=%s M=%02x:%02x:%02x:%02x:%02x:%02x && "
		"sysctl -q -w net.ipv6.conf.$I.disable_ipv6=0 net.ipv6.conf.$I.accept_dad=0 "
		"net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.$I.rp_filter=0 "
		"net.ipv4.tcp_syncookies=%d net.ipv4.tcp_max_syn_backlog=%u "
		"net.core.somaxconn=%u && "
		"ip addr add " VETH_SERVER4 "/24 dev $I && "
		"ip addr add " VETH_SERVER6 "/64 dev $I nodad && "
		"ip neigh add " VETH_GENERATOR4 " lladdr $M dev $I nud permanent && "
		"ip neigh add " VETH_GENERATOR6 " lladdr $M dev $I nud permanent && "
		"ip route add default via " VETH_GENERATOR4 " && "
		"ip -6 route add default via " VETH_GENERATOR6 " dev $I",
		ifname, m[0], m[1], m[2], m[3], m[4], m[5], c->who == CONTENDER_KERNEL2 ? 2 : 1,
		c->o->backlog, c->o->backlog);
}

/*
 * SYNs are kept out of connection tracking, and synproxy answers what is not tracked. Without its
 * timestamp option: with it every connection waits a second on a Linux 6.18.
 */
static int
configure_synproxy(const struct contender *c, char *err)
{
	return netns_shell(c->wire->server.fd, err,
		"sysctl -q -w net.netfilter.nf_conntrack_tcp_loose=0 2>/dev/null; "
		"printf '%%s\\n' 'table inet flood {' 'chain first {' "
		"'type filter hook prerouting priority raw; policy accept;' "
		"'tcp dport { %u, %u } tcp flags syn / fin,syn,rst,ack notrack' '}' 'chain second "
		"{' "
		"'type filter hook input priority filter; policy accept;' "
		"'tcp dport { %u, %u } ct state invalid,untracked synproxy mss 1460 wscale 7 "
		"sack-perm' 'ct state invalid drop' '}' '}' | nft -f - && "
		"sysctl -q -w net.netfilter.nf_conntrack_tcp_loose=0",
		c->o->mix.dport, c->o->mix.dport + 1, c->o->mix.dport, c->o->mix.dport + 1);
}

int
contender_kernel_start(struct contender *c, char *err)
{
	struct epoll_server s = {.port = c->o->mix.dport, .backlog = c->o->backlog};
	int rc = configure(c, err);

	if (rc == 0 && c->who == CONTENDER_SYNPROXY)
		rc = configure_synproxy(c, err);
	if (rc != 0)
		return rc;
	snprintf(c->detail, sizeof(c->detail), "epoll server%s",
		c->who == CONTENDER_SYNPROXY ? " behind nft synproxy" : "");
	rc = epoll_server_prepare(&s, c->wire->server.fd);
	if (rc != 0) {
		snprintf(err, SETUP_ERROR, "the kernel's server: %s", strerror(-rc));
		return rc;
	}
	rc = netns_spawn(c->wire->server.fd, c->cpu, epoll_server_run, &s);
	epoll_server_close(&s);
	if (rc > 0) {
		c->process.pid = rc;
		return 0;
	}
	snprintf(err, SETUP_ERROR, "the kernel's server: %s", strerror(-rc));
	return rc;
}

/* A value of a file that has pairs of lines, names and values: "Tcp: InSegs ..." "Tcp: 1 ...". */
static uint64_t
proc_value(pid_t pid, const char *file, const char *name)
{
	char path[64], names[8192], values[8192], *n, *v, *np, *vp;
	uint64_t found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, file);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fgets(names, sizeof(names), f) != NULL && fgets(values, sizeof(values), f) != NULL) {
		/* UDP and others have counters of the same names. */
		if (strncmp(names, "Tcp", 3) != 0)
			continue;
		n = strtok_r(names, " \n", &np);
		v = strtok_r(values, " \n", &vp);
		while (n != NULL && v != NULL) {
			if (strcmp(n, name) == 0)
				found = strtoull(v, NULL, 10);
			n = strtok_r(NULL, " \n", &np);
			v = strtok_r(NULL, " \n", &vp);
		}
	}
	fclose(f);
	return found;
}

void
contender_kernel_stop(struct contender *c, struct flood_result *r)
{
	if (r != NULL && c->process.pid > 0) {
		for (unsigned i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
			result_add_drop(r, drops[i],
				proc_value(c->process.pid, "netstat", drops[i]) +
					proc_value(c->process.pid, "snmp", drops[i]));
		r->passive_opens = proc_value(c->process.pid, "snmp", "PassiveOpens");
	}
	process_end(&c->process);
}
