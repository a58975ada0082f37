/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_DONTDUMP_H
#define TIDEGATE_APP_DONTDUMP_H
/**
 * @file
 * Core dumps without secrets and without what clients sent.
 *
 * Engines (keys, connections, queues) and packet buffers are in EAL's memory, all of it, and little
 * else is: it is left out as a whole (MADV_DONTDUMP). Packets also pass through memory shared with
 * the kernel or another process, which drivers map when they like (the ring of af_packet, regions
 * of memif and vhost): shared memory and hugepages are left out as kinds. A dump keeps stacks, heap
 * and the daemon's own data, which tell where it ended and why.
 */

/**
 * Leaves all that out, and what is mapped later. While the process is still who it was at start.
 *
 * @return 0 or a negative errno
 */
int dontdump_packets(void);

#endif
