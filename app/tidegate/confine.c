/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "confine.h"
#include "dontdump.h"
#include "notify.h"
#include "runtime_dir.h"
#include "seccomp_filter.h"
#include "secrets.h"

/* Looks in one watchdog interval: a loop may stand still for three of them. */
#define WATCHDOG_LOOKS 4

/*
 * Drivers that ask for CAP_NET_ADMIN when their port closes: af_xdp takes its program off the
 * interface, where it would go on eating packets. af_packet, tap, memif, virtio-user and drivers on
 * vfio only close what they have open.
 */
static const char *const closes_with_net_admin[] = {"net_af_xdp"};

static bool
ports_need_net_admin(void)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	RTE_ETH_FOREACH_DEV(id)
	{
		if (rte_eth_dev_info_get(id, &info) != 0)
			continue;
		for (unsigned i = 0; i < RTE_DIM(closes_with_net_admin); i++)
			if (strcmp(info.driver_name, closes_with_net_admin[i]) == 0)
				return true;
	}
	return false;
}

int
confine_early(const struct config *c, const struct eal_args *eal, struct privileges *p, char *err)
{
	char dir[RUNTIME_DIR_MAX];
	int rc = privileges_find(c, p, err);

	if (rc != 0)
		return rc;
	if (c->process.seccomp != SECCOMP_NO && !seccomp_filter_built())
		return config_error(c, err, "process.seccomp",
			"this tidegate was built without libseccomp; use no, or build it with");
	runtime_dir_find(eal->argc, eal->argv, dir);
	rc = p->change ? runtime_dir_take_back(dir) : 0;
	if (rc != 0)
		return config_error(
			c, err, "process.user", "%s cannot be taken over: %s", dir, strerror(-rc));
	rc = privileges_limit(p);
	if (rc != 0)
		return config_error(c, err, "process.user", "%s", strerror(-rc));
	if (c->process.user == NULL && geteuid() == 0)
		printf("warning: running as root, and going on as root; process.user names a user "
		       "to become\n");
	return 0;
}

int
confine(struct daemon *d, char *err)
{
	const struct config *c = d->config;
	const char *why = "";
	int rc = c->process.dontdump ? dontdump_packets() : 0;

	secrets_wipe_stack();
	if (rc != 0)
		return config_error(c, err, "process.dontdump",
			"packets cannot be left out of core dumps: %s", strerror(-rc));
	rc = privileges_drop(
		&d->privileges, rte_eal_get_runtime_dir(), ports_need_net_admin(), &why);
	if (rc != 0)
		return config_error(c, err, "process.user", "%s: %s", why, strerror(-rc));
	rc = seccomp_filter_apply(c->process.seccomp);
	if (rc != 0)
		return config_error(c, err, "process.seccomp", "no filter: %s", strerror(-rc));
	return 0;
}

/* On EAL's interrupt thread, again and again. */
static void
look(void *arg)
{
	struct daemon *d = arg;

	for (unsigned i = 0; i < d->nb_shards; i++)
		d->watched[i].ended = rte_eal_get_lcore_state(d->shard[i].lcore) != RUNNING;
	if (watchdog_all_turn(d->watched, d->nb_shards + 1))
		notify_watchdog();
	rte_eal_alarm_set(d->watchdog_us, look, d);
}

void
confine_watch(struct daemon *d)
{
	d->watchdog_us = notify_watchdog_us() / WATCHDOG_LOOKS;
	if (d->watchdog_us == 0)
		return;
	for (unsigned i = 0; i < d->nb_shards; i++)
		d->watched[i].turns = &d->shard[i].loop->stats.turns;
	d->watched[d->nb_shards].turns = &d->main_turns;
	if (rte_eal_alarm_set(d->watchdog_us, look, d) != 0)
		fprintf(stderr, "tidegate: no timer for the service manager's watchdog\n");
}

void
confine_end(struct daemon *d)
{
	/* Waits for a look that goes on. */
	if (d->watchdog_us != 0)
		rte_eal_alarm_cancel(look, d);
	privileges_raise(&d->privileges);
}
