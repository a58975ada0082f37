/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SECRETS_H
#define TIDEGATE_APP_SECRETS_H
/**
 * @file
 * The secret files a configuration names.
 */
#include "config.h"

/**
 * Reads them into the settings of an engine: cookie_seed and cookie_seed_shared, fastopen_key and
 * fastopen_keys.
 *
 * @param ec   the caller's copy of c->engine, to be wiped with explicit_bzero() after use
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled: the file, what is wrong with it and how to make one
 */
int secrets_read(const struct config *c, struct tg_engine_config *ec, char *err);

/** Which secrets are in use: what two are compared by without being kept. */
struct secrets_print {
	uint8_t key[16];   /**< random, of this process */
	uint64_t seed;     /**< of cookie_seed; 0 when there is none */
	uint64_t fastopen; /**< of fastopen_key; 0 when there is none */
};

/**
 * Takes the prints of what secrets_read() read.
 *
 * @param p  its key is set
 */
void secrets_take_print(struct secrets_print *p, const struct tg_engine_config *ec);

/**
 * Whether they can be read. Warns on stdout when others may read a configuration with a key in it.
 *
 * @return 0; -1 with err filled
 */
int secrets_check(const struct config *c, char *err);

/**
 * Overwrites what calls that returned have left on this thread's stack, 64 KiB of it: whoever wiped
 * its variables still leaves what registers held when they were saved (seen: the whole seed, by the
 * dynamic linker's lazy binding). After secrets were read, from a function that outlives that.
 */
void secrets_wipe_stack(void);

#endif
