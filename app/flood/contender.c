/* SPDX-License-Identifier: BSD-3-Clause */
#include "contender.h"

int
contender_start(struct contender *c, char *err)
{
	c->process = (struct process){.out = -1};
	return c->who == CONTENDER_TIDEGATE ? contender_tidegate_start(c, err)
					    : contender_kernel_start(c, err);
}

void
contender_stop(struct contender *c, struct flood_result *r)
{
	if (c->who == CONTENDER_TIDEGATE)
		contender_tidegate_stop(c, r);
	else
		contender_kernel_stop(c, r);
}
