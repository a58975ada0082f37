/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_RELOAD_H
#define TIDEGATE_APP_RELOAD_H
/**
 * @file
 * Changes of a running daemon: what is asked for becomes a new configuration, which is checked
 * whole and then applied whole, or refused.
 */
#include "control.h"
#include "daemon.h"

/**
 * Reads the file again. Logs how it went, one line.
 *
 * @param a  filled
 */
void reload(struct daemon *d, struct control_answer *a);

/**
 * Does what was asked for and fills in the answer. Logs it, one line.
 *
 * @return true: the daemon shall stop
 */
bool serve_request(struct daemon *d, const struct control_request *r);

#endif
