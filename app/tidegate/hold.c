/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hold: accepts nothing. Connections are completed and wait in the accept queue until it is full,
 * which is what a stalled worker looks like from outside: this service is for rehearsing that, and
 * for nothing else. Clients sit there until they give up; at the stop they get a RST, as everyone
 * does whom nobody accepted.
 */
#include "services.h"

const struct service_ops hold_ops = {
	.name = "hold",
	.node_size = sizeof(struct conn_node),
	.holds = true,
};
