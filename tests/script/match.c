/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pat.h"

static void
make_opt(const struct opt_pat *o, const struct vars *v, struct seg *s)
{
	uint8_t raw[sizeof(o->bytes) + 32];
	unsigned n = o->bytes_len;

	if (o->raw) {
		seg_opt_add(s, o->kind, o->bytes, o->bytes_len);
		return;
	}
	memcpy(raw, o->bytes, o->bytes_len);
	for (unsigned i = 0; i < o->n; i++) {
		uint32_t x = num_value(&o->num[i], v);
		unsigned size = o->kind == SEG_OPT_MSS ? 2 : o->kind == SEG_OPT_WSCALE ? 1 : 4;

		while (size-- > 0)
			raw[n++] = (uint8_t)(x >> 8 * size);
	}
	seg_opt_add(s, o->kind, raw, n);
}

void
pat_make(const struct pat *p, const struct vars *v, struct seg *s)
{
	s->flags = p->flags[0];
	s->seq = num_value(&p->seq, v);
	if (p->has_ack)
		s->ack = num_value(&p->ack, v);
	if (p->has_win)
		s->win = (uint16_t)num_value(&p->win, v);
	for (unsigned i = 0; i < p->n_opts; i++)
		make_opt(&p->opt[i], v, s);
	if (p->opt_hex) {
		s->opt_bytes = p->opt_bytes;
		s->opt_bytes_len = p->opt_bytes_len;
	}
	if (p->has_tos)
		s->tos = p->mod.tos;
	if (p->has_to)
		memcpy(s->eth_dst, p->mod.eth_dst, 6);
	if (p->has_src)
		s->src = p->mod.src;
	if (p->has_dst)
		s->dst = p->mod.dst;
	if (p->has_sport)
		s->sport = p->mod.sport;
	if (p->has_dport)
		s->dport = p->mod.dport;
	s->bad_tcp = p->mod.bad_tcp;
	s->bad_ip = p->mod.bad_ip;
	s->mf = p->mod.mf;
	s->frag = p->mod.frag;
	s->df = !s->mf && s->frag == 0;
	s->doff = p->mod.doff;
	s->ip_len = p->mod.ip_len;
	s->ip_ver = p->mod.ip_ver;
	s->trunc = p->mod.trunc;
	s->pad = p->mod.pad;
	s->ttl = p->mod.ttl;
	s->urg = p->mod.urg;
	s->exts = p->mod.exts;
	memcpy(s->ext, p->mod.ext, sizeof(s->ext));
	s->ip_opts = p->mod.ip_opts;
	memcpy(s->ip_opt, p->mod.ip_opt, sizeof(s->ip_opt));
}

static bool
match_opt(const struct opt_pat *o, struct vars *v, const struct seg_opt *x)
{
	unsigned size = o->kind == SEG_OPT_MSS ? 2 : o->kind == SEG_OPT_WSCALE ? 1 : 4;
	unsigned raw = x->kind <= SEG_OPT_NOP ? 0 : x->len - 2u;

	if (x->kind != o->kind)
		return false;
	if (o->raw)
		return raw == o->bytes_len && memcmp(x->raw, o->bytes, raw) == 0;
	if (raw != o->bytes_len + o->n * size || memcmp(x->raw, o->bytes, o->bytes_len) != 0)
		return false;
	for (unsigned i = 0; i < o->n; i++) {
		uint32_t value = 0;

		for (unsigned k = 0; k < size; k++)
			value = value << 8 | x->raw[o->bytes_len + i * size + k];
		if (!num_match(&o->num[i], v, value))
			return false;
	}
	return true;
}

static bool
match_flags(const struct pat *p, uint16_t flags)
{
	if (p->n_flags == 0)
		return true;
	for (unsigned i = 0; i < p->n_flags; i++) {
		/* PSH is expected where it is written and is no one's business elsewhere */
		uint16_t mind = (p->flags[i] & SEG_P) != 0 ? 0x1ff : 0x1ff & ~SEG_P;

		if ((flags & mind) == p->flags[i])
			return true;
	}
	return false;
}

static const char *
match_data(const struct pat *p, struct vars *v, const struct seg *s)
{
	switch (p->data) {
	case PAT_ANY:
		return NULL;
	case PAT_LEN:
		return num_match(&p->len, v, s->len) ? NULL : "length";
	case PAT_TEXT:
		return s->len == p->text_len && memcmp(s->data, p->text, s->len) == 0 ? NULL
										      : "text";
	case PAT_NONE:
		break;
	}
	return s->len == 0 ? NULL : "payload where none is expected";
}

const char *
pat_match(const struct pat *p, struct vars *v, const struct seg *s)
{
	if (!match_flags(p, s->flags))
		return "flags";
	if (!num_match(&p->seq, v, s->seq))
		return "sequence number";
	if (p->has_ack && !num_match(&p->ack, v, s->ack))
		return "acknowledgment number";
	if (p->has_win && !num_match(&p->win, v, s->win))
		return "window";
	if (match_data(p, v, s) != NULL)
		return match_data(p, v, s);
	if (p->has_tos && s->tos != p->mod.tos)
		return "tos";
	if (p->has_ttl && s->ttl != p->mod.ttl)
		return "ttl";
	if (p->any_opts)
		return NULL;
	if (p->n_opts != s->opts)
		return "number of options, NOPs included";
	for (unsigned i = 0; i < p->n_opts; i++)
		if (!match_opt(&p->opt[i], v, &s->opt[i]))
			return "options";
	return NULL;
}
