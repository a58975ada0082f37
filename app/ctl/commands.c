/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "commands.h"

/* In the order of `tidegatectl --help`: what looks, what judges, what changes. */
const struct ctl_command *const ctl_commands[] = {
	&cmd_info,
	&cmd_usage,
	NULL,
};
