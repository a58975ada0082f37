/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_OPTION_VALUE_H
#define FLOOD_OPTION_VALUE_H
/**
 * @file
 * Texts of the command line to values. Each returns false when the text is not one.
 */
#include "options.h"

/** One of the words, NULL behind the last; its index. */
bool value_word(const char *text, const char *const words[], uint8_t *out);

/** A whole number from min to max. */
bool value_number(const char *text, unsigned min, unsigned max, unsigned *out);
bool value_number16(const char *text, unsigned min, unsigned max, uint16_t *out);

/** A 64-bit number, decimal or 0x. */
bool value_seed(const char *text, uint64_t *out);

/** Packets per second: "200000", "200k", "1.5M"; "max" is 0. At most 10^9. */
bool value_rate(const char *text, double *out);

/** "80%", of 1 to 1000, to 0.8. */
bool value_share(const char *text, double *out);

/** Seconds, with an optional "s" or "ms" behind. */
bool value_seconds(const char *text, double min, double max, double *out);

/** Rates in rising order, "A,B,..." or "FROM:TO:STEPS" in equal ratios, to o->step. */
bool value_sweep(const char *text, struct flood_options *o);

/** "KIND[:PARTS],..." to o->mix.part; "none" sets o->no_flood. */
bool value_kinds(const char *text, struct flood_options *o);

/** An IPv4 or IPv6 address; one with "/LEN", the whole address without; some with commas. */
bool value_addr(const char *text, struct tg_addr *out);
bool value_prefix(const char *text, struct flood_prefix *out);
bool value_prefixes(const char *text, struct flood_mix_config *out);

/** A PCI address as lspci prints it, with or without its domain. */
bool value_pci(const char *text);

/** "02:00:00:00:00:01". */
bool value_mac(const char *text, uint8_t out[6]);

/** Contenders by name with commas, added to the set. */
bool value_contenders(const char *text, uint32_t *out);

/** "G,L": two CPUs, different or not. */
bool value_cores(const char *text, int *generator, int *listener);

/** A file name that ends in .svg or .png. */
bool value_picture(const char *text);

#endif
