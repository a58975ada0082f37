/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_COMMANDS_H
#define TIDEGATE_CTL_COMMANDS_H
/**
 * @file
 * The rows of ctl_commands[], each from the file of its command (cmd_NAME.c).
 */
#include "ctl.h"

extern const struct ctl_command cmd_info, cmd_usage;

#endif
