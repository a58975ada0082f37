/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SCRAPE_H
#define TIDEGATE_APP_SCRAPE_H
/**
 * @file
 * What one look at all shards, loops, listeners and ports finds.
 */
#include "config.h"
#include "snapshot.h"

/** A number as the value of a label. */
typedef char scrape_label[16];

/**
 * A listener on one shard: sums over shards would go back when one of them does not answer, and
 * that looks like a restart.
 */
struct scrape_listener {
	char local[64];
	scrape_label shard;
	struct tg_listener_info info;
};

/** Everything, read at once: what is written of it goes over the shards many times. */
struct scrape {
	unsigned nb_shards;
	scrape_label shard_label[TG_SHOWN_MAX];
	struct tg_snapshot_counters counters[TG_SHOWN_MAX];
	bool answered[TG_SHOWN_MAX];
	unsigned nb_usages; /**< of the shards that answered */
	scrape_label usage_label[TG_SHOWN_MAX];
	struct tg_engine_usage usage[TG_SHOWN_MAX];
	unsigned nb_loops;
	scrape_label loop_label[TG_SHOWN_MAX];
	struct tg_snapshot_loop loop[TG_SHOWN_MAX];
	unsigned nb_listeners; /**< of all shards that answered */
	struct scrape_listener *listener;
	unsigned nb_ports;
	scrape_label port_label[CONFIG_PORTS];
	struct tg_snapshot_port port[CONFIG_PORTS];
};

/**
 * Looks. A shard that stands still is not asked; one that stops just now takes a second.
 *
 * @param s  all zero; scrape_release() it
 */
void scrape_gather(struct scrape *s);

/** Frees what s points to. */
void scrape_release(struct scrape *s);

/** The loops alone. @return their number, TG_SHOWN_MAX at most */
unsigned scrape_loops(struct tg_snapshot_loop loops[]);

#endif
