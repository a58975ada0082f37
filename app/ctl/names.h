/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_NAMES_H
#define TIDEGATE_CTL_NAMES_H
/**
 * @file
 * What the keys of /tidegate/counters mean, from the lists in <tidegate/counters.h>.
 */
#include <stdbool.h>

/** What a key counts. */
enum name_kind {
	NAME_PACKETS, /**< a disposition that is no drop: delivered, answered, passed */
	NAME_DROP,    /**< a disposition that is one */
	NAME_EVENT,   /**< something that happened */
	NAME_GLUE,    /**< something around the engine */
	NAME_LOSS,    /**< of these, packets lost */
};

/** A key. */
struct name {
	const char *key;
	const char *text;
	enum name_kind kind;
};

/** All keys, in the daemon's order; the last row's key is NULL. */
extern const struct name names[];

/** The text of a key, NULL for one that is not known here: the daemon is newer. */
const char *name_text(const char *key);

#endif
