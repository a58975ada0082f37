/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_ROWS_H
#define TG_DPDK_ROWS_H
/**
 * @file
 * Rows of a telemetry answer. DPDK 22.11 has no lists of dictionaries: a table is a dictionary of
 * rows named "0", "1" and so on.
 */
#include <rte_telemetry.h>

#include <tidegate/tidegate.h>

#include "snapshot.h"

/** Adds a number. */
void tg_row_u64(struct rte_tel_data *row, const char *name, uint64_t v);

/** A table below d, or NULL when there is no memory. Freed with d. */
struct rte_tel_data *tg_rows_new(struct rte_tel_data *d, const char *name);

/** Row n of a table, or NULL when there is no memory. Freed with the table. */
struct rte_tel_data *tg_row_new(struct rte_tel_data *list, unsigned n);

/** Fills in a row with a listener. */
void tg_row_listener(struct rte_tel_data *row, const struct tg_listener_info *l);

/** Fills in a row with a connection of a shard. */
void tg_row_conn(struct rte_tel_data *row, const struct tg_conn_info *c, unsigned shard);

/** Fills in a row with a loop. */
void tg_row_loop(struct rte_tel_data *row, const struct tg_snapshot_loop *l);

/** Fills in a row with a port. @return 0 or -ENOMEM */
int tg_row_port(struct rte_tel_data *row, const struct tg_snapshot_port *p);

#endif
