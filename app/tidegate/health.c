/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "health.h"

bool
health_of(const struct tg_snapshot_loop loops[], unsigned n, char *reason)
{
	reason[0] = '\0';
	if (n == 0) {
		snprintf(reason, HEALTH_REASON_MAX, "no shard runs");
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!loops[i].running) {
			snprintf(
				reason, HEALTH_REASON_MAX, "shard %u does not run", loops[i].shard);
			return false;
		}
		if (loops[i].turn_age_ms < HEALTH_TURN_MS)
			continue;
		snprintf(reason, HEALTH_REASON_MAX,
			"shard %u (lcore %u) has been in one turn for %" PRIu64
			" ms: a worker holds it up, or its CPU is taken",
			loops[i].shard, loops[i].lcore, loops[i].turn_age_ms);
		return false;
	}
	return true;
}
