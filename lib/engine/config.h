/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_ENGINE_CONFIG_H
#define TG_ENGINE_CONFIG_H
/**
 * @file
 * What settings turn into: one place for creation and for changes while the engine runs.
 */
#include "engine_internal.h"

/** Whether every setting is in its range. */
bool tg_config_ok(const struct tg_engine_config *c);

/** What listeners need to know of e->cfg. */
struct tg_share tg_config_share(const struct tg_engine *e);

/** Derives from e->cfg, which is complete, what is settled at creation for good. */
void tg_config_fix(struct tg_engine *e);

/**
 * Derives from e->cfg what may change while the engine runs, but for the listeners. The tables are
 * there already.
 */
void tg_config_settle(struct tg_engine *e);

/**
 * Another TTL and DSCP for what says nothing of its own (listen.c): listeners get sets of options
 * that have them, connections keep theirs.
 *
 * @return 0; -ENOSPC: no set is free, and nothing has changed
 */
int tg_listeners_rebase(struct tg_engine *e, uint8_t hop_limit, uint8_t dscp);

/** Derives anew what listeners have of e->cfg: bounds, and what their SYN-ACKs say (listen.c). */
void tg_listeners_settle(struct tg_engine *e);

/** Closes all listeners (listen.c). */
void tg_listeners_close(struct tg_engine *e);

#endif
