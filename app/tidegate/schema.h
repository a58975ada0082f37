/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_SCHEMA_H
#define TIDEGATE_APP_SCHEMA_H
/**
 * @file
 * Which keys there are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Kinds of values. */
enum key_kind {
	KEY_UINT,    /**< whole number -> uint8_t, uint16_t or uint32_t */
	KEY_BOOL,    /**< yes or no -> bool */
	KEY_TIME_MS, /**< time with a unit -> uint32_t milliseconds */
	KEY_TIME_US, /**< time with a unit -> uint32_t microseconds */
	KEY_TIME_S,  /**< time with a unit -> uint32_t seconds */
	KEY_CHOICE,  /**< one of some words -> uint8_t or uint32_t, the word's number */
	KEY_FLAG,    /**< one of two words -> bool, true for the second */
	KEY_TEXT,    /**< text -> char *, its own copy */
};

/** Whether a running daemon can take a new value. */
enum key_when {
	WHEN_GROUP,   /**< as its group says */
	WHEN_LIVE,    /**< yes: a reload or `set` changes it */
	WHEN_RESTART, /**< no: memory, threads or ports were made by it */
};

/** A key with a single value. */
struct key {
	const char *name;
	enum key_kind kind;
	uint8_t size;      /**< bytes of the field it goes to */
	uint8_t required;  /**< must be there */
	uint8_t when;      /**< enum key_when */
	bool secret;       /**< a text that no message repeats */
	uint16_t offset;   /**< of that field in the group's struct */
	uint64_t min, max; /**< range; of the length for texts; in microseconds for times */
	const char *const *choices; /**< words of a KEY_CHOICE or KEY_FLAG, and those a KEY_UINT
					 has beside its numbers; ended by NULL */
	const uint32_t *meant;      /**< with words of a KEY_UINT: the numbers they stand for */
};

/** A mapping: its keys with single values, and the names of those with lists or mappings. */
struct key_group {
	const char *path; /**< "", "engine", "ports[]", ... */
	const struct key *keys;
	unsigned nb_keys;
	const char *const *nested; /**< ended by NULL */
	bool live;                 /**< its keys of WHEN_GROUP can change in a running daemon */
};

/** The groups, ended by one without path. */
extern const struct key_group key_groups[];

/** Places of the groups in key_groups. */
enum key_group_index {
	GROUP_TOP,
	GROUP_ENGINE,
	GROUP_HTTP,
	GROUP_LOG,
	GROUP_METRICS,
	GROUP_EXCEPTION,
	GROUP_CAPTURE,
	GROUP_PROCESS,
	GROUP_PORT,
	GROUP_LISTENER,
	GROUP_COUNT,
};

/** A group that is there once, and where its struct lies in struct config. */
struct key_section {
	enum key_group_index group;
	size_t base; /**< what the offsets of its keys count from */
};

/** All groups but those of lists (ports, listeners), ended by GROUP_COUNT. */
extern const struct key_section key_sections[];

/** The field of a section's i-th key, which must be a KEY_TEXT. */
static inline char **
key_text(const struct key_section *s, unsigned i, void *config)
{
	return (char **)(void *)((char *)config + s->base + key_groups[s->group].keys[i].offset);
}

/** Most keys with single values in one group: a mask of them has so many bits. */
#define GROUP_KEYS_MAX 64

/**
 * The bit of a key in the masks of keys that stand in the file (config.h).
 *
 * @param name  one of the group's; anything else aborts
 */
uint64_t key_bit(enum key_group_index g, const char *name);

/** Whether a running daemon can take a new value of the group's i-th key. */
bool key_is_live(enum key_group_index g, unsigned i);

#endif
