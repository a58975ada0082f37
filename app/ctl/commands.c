/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "commands.h"

/* In the order of `tidegatectl --help`: what looks, what judges, what changes. */
const struct ctl_command *const ctl_commands[] = {
	&cmd_ss,
	&cmd_nstat,
	&cmd_drops,
	&cmd_top,
	&cmd_usage,
	&cmd_info,
	&cmd_shards,
	&cmd_ports,
	&cmd_diagnose,
	&cmd_capture,
	&cmd_listen,
	&cmd_set,
	&cmd_cookie,
	&cmd_reload,
	&cmd_drain,
	NULL,
};
