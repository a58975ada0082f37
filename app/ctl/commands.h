/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_COMMANDS_H
#define TIDEGATE_CTL_COMMANDS_H
/**
 * @file
 * The rows of ctl_commands[], each from the file of its command (cmd_NAME.c).
 */
#include "ctl.h"

extern const struct ctl_command cmd_ss, cmd_nstat, cmd_drops, cmd_top, cmd_usage, cmd_info,
	cmd_shards, cmd_ports, cmd_diagnose, cmd_listen, cmd_set, cmd_cookie, cmd_reload, cmd_drain,
	cmd_capture;

#endif
