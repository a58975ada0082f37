/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_DONTDUMP_H
#define TIDEGATE_APP_DONTDUMP_H
/**
 * @file
 * Core dumps without secrets and without what clients sent.
 *
 * Engines (keys, connections, queues) and packet buffers are in EAL's memory, all of it, and little
 * else is. So that memory is left out as a whole (MADV_DONTDUMP): a dump keeps stacks, heap and the
 * daemon's own data, which tell where it ended and why.
 */

/**
 * Leaves all EAL memory out, and what EAL takes from the system later.
 *
 * @return 0 or a negative errno
 */
int dontdump_eal(void);

#endif
