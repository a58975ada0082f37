/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SCRIPT_PAT_H
#define TG_SCRIPT_PAT_H
/**
 * @file
 * A segment as a script line describes it: to be sent, or to be expected.
 */
#include "seg.h"
#include "word.h"

/** An option with its numbers. */
struct opt_pat {
	uint8_t kind;
	unsigned n; /**< numbers */
	struct num num[8];
	bool raw;          /**< `opt KIND HEX` */
	uint8_t bytes[38]; /**< these; or, if not raw, what stands before the numbers */
	unsigned bytes_len;
};

/** Payload of a segment. */
enum pat_data {
	PAT_NONE,
	PAT_LEN,  /**< so many bytes of the stream */
	PAT_TEXT, /**< these */
	PAT_ANY,
};

/** The description. */
struct pat {
	unsigned n_flags; /**< alternatives; 0: any flags */
	uint16_t flags[4];
	struct num seq;
	bool has_ack, has_win;
	struct num ack, win;
	enum pat_data data;
	struct num len;
	const uint8_t *text;
	unsigned text_len;
	bool any_opts;
	unsigned n_opts;
	struct opt_pat opt[SEG_OPTS_MAX];
	bool opt_hex; /**< to be sent: options are these bytes */
	uint8_t opt_bytes[40];
	unsigned opt_bytes_len;
	struct seg mod; /**< damage and IP fields */
	bool has_tos, has_ttl, has_to, has_src, has_dst, has_sport, has_dport, tight;
	const char *disposition; /**< `=> NAME`, or NULL */
};

/** Reads the words behind `>` (expect false) or `<`. Fails with a reason. */
void pat_parse(char **word, unsigned n, bool expect, struct pat *p);

/** Fills flags, numbers, options and damage of a segment to be sent; payload is the caller's. */
void pat_make(const struct pat *p, const struct vars *v, struct seg *s);

/** NULL when the segment fits; else what does not. Binds names. */
const char *pat_match(const struct pat *p, struct vars *v, const struct seg *s);

/**
 * A segment in the notation of the scripts.
 *
 * @param from_us  SEQ is shown relative to the newest name beginning with "iss", else ACK
 */
void pat_show(const struct seg *s, const struct vars *v, bool from_us, char *out, unsigned cap);

#endif
