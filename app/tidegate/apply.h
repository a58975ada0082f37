/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_APPLY_H
#define TIDEGATE_APP_APPLY_H
/**
 * @file
 * Brings a change to every shard, between bursts, or to none of them.
 */
#include "config_diff.h"
#include "daemon.h"

/** What shall be different. */
struct change {
	const struct config *new; /**< complete and checked; differs in nothing but diff */
	struct config_diff diff;
	struct tg_engine_config engine; /**< of new, with its secrets: to be wiped after use */
	bool rotate_seed;               /**< engine.cookie_seed is a new one */
	bool rotate_fastopen;           /**< engine.fastopen_key are new ones */
	struct page_set *pages;         /**< new answers of http, or NULL: as they are */
};

/**
 * Applies a change. On success it is on every shard; d->config and d->pages are the caller's to
 * replace.
 *
 * Three steps, each on one shard after the other: first what may fail and can be taken back
 * (settings, new listeners), then listeners that others must make room for, then what cannot fail.
 * A listener that had to make room and is opened again since a later step failed has lost its
 * half-open entries.
 *
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; with err filled and nothing changed: -EBUSY (a shard does not answer), or another
 *         negative number
 */
int apply(struct daemon *d, const struct change *ch, char *err);

#endif
