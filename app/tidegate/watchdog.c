/* SPDX-License-Identifier: BSD-3-Clause */
#include "watchdog.h"

bool
watchdog_all_turn(struct watchdog_loop loop[], unsigned n)
{
	bool all = true;

	for (unsigned i = 0; i < n; i++) {
		uint64_t now = __atomic_load_n(loop[i].turns, __ATOMIC_RELAXED);

		/* The others are looked at all the same: each interval stands for itself. */
		if (now == loop[i].seen && !loop[i].ended)
			all = false;
		loop[i].seen = now;
	}
	return all;
}
