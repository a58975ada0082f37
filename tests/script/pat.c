/* SPDX-License-Identifier: BSD-3-Clause */
#include "pat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

/* The words of a line, taken one by one. */
struct words {
	char **at;
	unsigned left;
};

static char *
take(struct words *w, const char *after)
{
	if (w->left == 0)
		die("something is missing behind %s", after);
	w->left--;
	return *w->at++;
}

static uint16_t
flags_parse(const char *s)
{
	static const char letter[] = "FSRPAUECN";
	uint16_t f = 0;

	if (strcmp(s, "-") == 0)
		return 0;
	for (; *s != 0; s++) {
		const char *l = strchr(letter, *s);

		if (l == NULL)
			die("%c is no flag; flags are %s, or - for none", *s, letter);
		f |= (uint16_t)(1 << (l - letter));
	}
	return f;
}

static void
parse_flags(char *word, struct pat *p)
{
	char *save = NULL;

	if (strcmp(word, "*") == 0)
		return;
	for (char *s = strtok_r(word, "|", &save); s != NULL; s = strtok_r(NULL, "|", &save)) {
		if (p->n_flags == sizeof(p->flags) / sizeof(p->flags[0]))
			die("too many alternatives of flags");
		p->flags[p->n_flags++] = flags_parse(s);
	}
}

/* fo, fo NAME, fo *: a Fast Open cookie of 8 bytes, as two numbers NAME and NAME_. */
static void
parse_fastopen(struct opt_pat *o, const char *name, bool experimental)
{
	o->kind = experimental ? SEG_OPT_EXP : SEG_OPT_TFO;
	if (experimental)
		o->bytes_len = word_hex("f989", o->bytes, sizeof(o->bytes));
	if (name == NULL)
		return;
	o->n = 2;
	num_parse(name, &o->num[0]);
	o->num[1] = o->num[0];
	if (o->num[0].any)
		return;
	if (o->num[0].name[0] == 0 || strlen(o->num[0].name) + 1 == sizeof(o->num[0].name))
		die("%s is no name of a cookie, or too long", name);
	strcat(o->num[1].name, "_");
	o->num[1].lo = o->num[1].hi = 0;
}

static void
parse_opt(char *item, struct pat *p)
{
	static const struct {
		const char *name;
		uint8_t kind;
		unsigned numbers;
	} known[] = {{"eol", SEG_OPT_EOL, 0}, {"nop", SEG_OPT_NOP, 0}, {"mss", SEG_OPT_MSS, 1},
		{"wscale", SEG_OPT_WSCALE, 1}, {"sackOK", SEG_OPT_SACK_OK, 0},
		{"ts", SEG_OPT_TS, 2}, {"sack", SEG_OPT_SACK, 8}};
	struct opt_pat *o = &p->opt[p->n_opts];
	char *save = NULL, *word = strtok_r(item, " ", &save);

	if (word == NULL || p->n_opts == SEG_OPTS_MAX)
		die("an option is missing, or there are too many");
	p->n_opts++;
	if (strcmp(word, "opt") == 0) {
		char *kind = strtok_r(NULL, " ", &save), *hex = strtok_r(NULL, " ", &save);

		if (kind == NULL)
			die("opt KIND [HEX]");
		o->kind = (uint8_t)word_number(kind, 0, 255);
		o->raw = true;
		if (hex != NULL)
			o->bytes_len = word_hex(hex, o->bytes, sizeof(o->bytes));
		return;
	}
	if (strcmp(word, "fo") == 0 || strcmp(word, "foexp") == 0) {
		parse_fastopen(o, strtok_r(NULL, " ", &save), word[2] != 0);
		return;
	}
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(word, known[i].name) != 0)
			continue;
		o->kind = known[i].kind;
		for (char *n; (n = strtok_r(NULL, " ", &save)) != NULL; o->n++) {
			if (o->n == known[i].numbers)
				die("%s has %u numbers", word, known[i].numbers);
			num_parse(n, &o->num[o->n]);
		}
		if (o->kind == SEG_OPT_SACK ? o->n % 2 != 0 : o->n != known[i].numbers)
			die("%s has %u numbers", word, known[i].numbers);
		return;
	}
	die("%s is no option", word);
}

static void
parse_opts(char *word, struct pat *p)
{
	char *save = NULL, *end = strrchr(word, '>');

	if (end == NULL)
		die("%s has no end", word);
	*end = 0;
	word++;
	if (strcmp(word, "*") == 0) {
		p->any_opts = true;
		return;
	}
	for (char *s = strtok_r(word, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save)) {
		/* the options are split at blanks with a strtok of their own */
		parse_opt(s, p);
	}
}

/* ext KIND[/BYTES[/LEFT]],...: IPv6 extension headers. */
static void
parse_exts(char *word, struct seg *m)
{
	char *save = NULL;

	for (char *s = strtok_r(word, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save)) {
		char *part = NULL, *kind = strtok_r(s, "/", &part);
		char *bytes = strtok_r(NULL, "/", &part), *left = strtok_r(NULL, "/", &part);
		struct seg_ext *x = &m->ext[m->exts];

		if (m->exts++ == SEG_EXTS_MAX)
			die("too many extension headers");
		x->kind = (uint8_t)word_number(kind, 0, 255);
		x->bytes = bytes == NULL ? 8 : (uint16_t)word_number(bytes, 8, 256);
		x->left = left == NULL ? 0 : (uint8_t)word_number(left, 0, 255);
		if (x->bytes % 8 != 0)
			die("an extension header has a multiple of 8 bytes");
	}
}

/* Fields that are not part of every line. */
static bool
parse_mod(const char *key, struct words *w, struct pat *p)
{
	struct seg *m = &p->mod;

	if (strcmp(key, "ttl") == 0) {
		p->has_ttl = true;
		m->ttl = (uint8_t)word_number(take(w, key), 0, 255);
	} else if (strcmp(key, "tos") == 0) {
		p->has_tos = true;
		m->tos = (uint8_t)word_number(take(w, key), 0, 255);
	} else if (strcmp(key, "to") == 0) {
		p->has_to = true;
		word_mac(take(w, key), m->eth_dst);
	} else if (strcmp(key, "src") == 0) {
		p->has_src = true;
		m->src = word_addr(take(w, key));
	} else if (strcmp(key, "dst") == 0) {
		p->has_dst = true;
		m->dst = word_addr(take(w, key));
	} else if (strcmp(key, "sport") == 0) {
		p->has_sport = true;
		m->sport = (uint16_t)word_number(take(w, key), 0, 65535);
	} else if (strcmp(key, "dport") == 0) {
		p->has_dport = true;
		m->dport = (uint16_t)word_number(take(w, key), 0, 65535);
	} else {
		return false;
	}
	return true;
}

static bool
parse_damage(const char *key, struct words *w, struct pat *p)
{
	struct seg *m = &p->mod;

	if (strcmp(key, "badcsum") == 0)
		m->bad_tcp = true;
	else if (strcmp(key, "badip") == 0)
		m->bad_ip = true;
	else if (strcmp(key, "ext") == 0)
		parse_exts(take(w, key), m);
	else if (strcmp(key, "ipopt") == 0)
		m->ip_opts = word_hex(take(w, key), m->ip_opt, sizeof(m->ip_opt));
	else if (strcmp(key, "tight") == 0)
		p->tight = true;
	else if (strcmp(key, "mf") == 0)
		m->mf = true;
	else if (strcmp(key, "frag") == 0)
		m->frag = (uint16_t)word_number(take(w, key), 0, 8191);
	else if (strcmp(key, "doff") == 0)
		m->doff = (int)word_number(take(w, key), 0, 15);
	else if (strcmp(key, "iplen") == 0)
		m->ip_len = (int)word_number(take(w, key), 0, 65535);
	else if (strcmp(key, "ipver") == 0)
		m->ip_ver = (int)word_number(take(w, key), 0, 15);
	else if (strcmp(key, "trunc") == 0)
		m->trunc = word_number(take(w, key), 0, 1500);
	else if (strcmp(key, "pad") == 0)
		m->pad = word_number(take(w, key), 0, 64);
	else if (strcmp(key, "urg") == 0)
		m->urg = (uint16_t)word_number(take(w, key), 0, 65535);
	else
		return false;
	return true;
}

void
pat_parse(char **word, unsigned n, bool expect, struct pat *p)
{
	struct words w = {word, n};

	memset(p, 0, sizeof(*p));
	seg_init(&p->mod);
	parse_flags(take(&w, "the arrow"), p);
	num_parse(take(&w, "the flags"), &p->seq);
	while (w.left > 0) {
		char *key = take(&w, "");

		if (strcmp(key, "ack") == 0) {
			p->has_ack = true;
			num_parse(take(&w, key), &p->ack);
		} else if (strcmp(key, "win") == 0) {
			p->has_win = true;
			num_parse(take(&w, key), &p->win);
		} else if (strcmp(key, "len") == 0) {
			num_parse(take(&w, key), &p->len);
			p->data = p->len.any ? PAT_ANY : PAT_LEN;
		} else if (key[0] == '"') {
			p->data = PAT_TEXT;
			p->text_len = word_text(key, &p->text);
		} else if (key[0] == '<') {
			parse_opts(key, p);
		} else if (strcmp(key, "opthex") == 0 && !expect) {
			p->opt_hex = true;
			p->opt_bytes_len = word_hex(take(&w, key), p->opt_bytes, 40);
		} else if (strcmp(key, "=>") == 0 && !expect) {
			p->disposition = take(&w, key);
		} else if (!parse_mod(key, &w, p) && (expect || !parse_damage(key, &w, p))) {
			die("%s is no word of a packet line", key);
		}
	}
	if (!expect && p->n_flags != 1)
		die("a segment to be sent has one set of flags");
	if (p->n_flags > 0 && (p->flags[0] & SEG_A) != 0 && !p->has_ack)
		die("A needs ack NUMBER");
}
