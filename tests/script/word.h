/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SCRIPT_WORD_H
#define TG_SCRIPT_WORD_H
/**
 * @file
 * Small words of the script language: times, numbers with names, text, hex, addresses.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/types.h>

/** When a line happens. */
struct when {
	bool given;
	bool relative; /**< counted from the line before, else from the start */
	tg_time at;
	tg_time slack; /**< expected packets: may come so much later */
};

/** A number to be sent, or to be matched: `*`, `7`, `iss+1`, `1400..1460`, `t0+990..1010`. */
struct num {
	bool any;
	char name[12]; /**< empty: none */
	uint32_t lo;   /**< added to the name's value */
	uint32_t hi;
};

/** Names and their values. A name has none until something it matches gives it one. */
struct vars {
	unsigned n;
	struct {
		char name[12];
		uint32_t value;
	} v[24];
};

/** `5ms`, `+1s`, `+0..40ms`. False when the word is no time at all. */
bool when_parse(const char *word, struct when *w);

/** Fails on anything that is no number. */
void num_parse(const char *word, struct num *n);

/** Value of a number that must be one value. */
uint32_t num_value(const struct num *n, const struct vars *v);

/** Whether a value fits; binds a name that has no value yet. */
bool num_match(const struct num *n, struct vars *v, uint32_t value);

/** The value of a name; false when it has none. */
bool vars_get(const struct vars *v, const char *name, uint32_t *value);

/** A whole word as a plain number within bounds; fails else. */
uint32_t word_number(const char *word, uint32_t min, uint32_t max);

/** Resolves escapes of a "quoted" word in place. @return bytes at *out, inside the word */
unsigned word_text(char *word, const uint8_t **out);

/** Hex digits, spaces ignored. @return bytes written to out */
unsigned word_hex(const char *word, uint8_t *out, unsigned cap);

/** `10.0.0.1` or `fd00::1`. */
struct tg_addr word_addr(const char *word);

/** `10.0.0.1:80` or `[fd00::1]:80`. */
struct tg_endpoint word_endpoint(const char *word);

/** `02:00:00:00:00:01` */
void word_mac(const char *word, uint8_t mac[6]);

#endif
