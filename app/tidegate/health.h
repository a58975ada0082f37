/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_HEALTH_H
#define TIDEGATE_APP_HEALTH_H
/**
 * @file
 * Whether tidegate works, as someone who would restart it wants to know.
 */
#include <stdbool.h>
#include <stddef.h>

#include "snapshot.h"

/** A loop that has not begun a turn for so long stands still. */
#define HEALTH_TURN_MS 1000
/** Bytes of a reason, the end included. */
#define HEALTH_REASON_MAX 160

/**
 * Whether every loop makes turns.
 *
 * @param loops   n of them
 * @param reason  HEALTH_REASON_MAX bytes: what is wrong with the first that does not, one line
 * @return true when all do, and there is one
 */
bool health_of(const struct tg_snapshot_loop loops[], unsigned n, char *reason);

#endif
