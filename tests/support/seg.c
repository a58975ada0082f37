/* SPDX-License-Identifier: BSD-3-Clause */
#include "seg.h"

#include <string.h>

#include "die.h"

void
seg_init(struct seg *s)
{
	memset(s, 0, sizeof(*s));
	s->ttl = 64;
	s->df = true;
	s->doff = -1;
	s->ip_len = -1;
	s->ip_ver = -1;
}

void
seg_opt_add(struct seg *s, uint8_t kind, const void *raw, unsigned n)
{
	struct seg_opt *o = &s->opt[s->opts];

	if (s->opts == SEG_OPTS_MAX || n > sizeof(o->raw))
		die("too many option bytes for a TCP header");
	s->opts++;
	o->kind = kind;
	o->len = kind <= SEG_OPT_NOP ? 1 : (uint8_t)(n + 2);
	memcpy(o->raw, raw, n);
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

void
seg_opt_mss(struct seg *s, uint16_t mss)
{
	uint8_t raw[2];

	put16(raw, mss);
	seg_opt_add(s, SEG_OPT_MSS, raw, 2);
}

void
seg_opt_wscale(struct seg *s, uint8_t shift)
{
	seg_opt_add(s, SEG_OPT_WSCALE, &shift, 1);
}

void
seg_opt_sack_ok(struct seg *s)
{
	seg_opt_add(s, SEG_OPT_SACK_OK, "", 0);
}

void
seg_opt_ts(struct seg *s, uint32_t val, uint32_t ecr)
{
	uint8_t raw[8];

	put32(raw, val);
	put32(raw + 4, ecr);
	seg_opt_add(s, SEG_OPT_TS, raw, 8);
}

const struct seg_opt *
seg_opt_find(const struct seg *s, uint8_t kind)
{
	for (unsigned i = 0; i < s->opts; i++)
		if (s->opt[i].kind == kind)
			return &s->opt[i];
	return NULL;
}

uint16_t
seg_raw16(const struct seg_opt *o, unsigned at)
{
	return (uint16_t)(o->raw[at] << 8 | o->raw[at + 1]);
}

uint32_t
seg_raw32(const struct seg_opt *o, unsigned at)
{
	return (uint32_t)seg_raw16(o, at) << 16 | seg_raw16(o, at + 2);
}

uint32_t
seg_space(const struct seg *s)
{
	return s->len + ((s->flags & SEG_S) != 0) + ((s->flags & SEG_F) != 0);
}

uint32_t
seg_sum(uint32_t sum, const uint8_t *p, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		sum += (i & 1) != 0 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

uint16_t
seg_fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The pseudo-header: addresses, protocol, length. */
static uint32_t
pseudo(const struct seg *s, bool v4, unsigned len)
{
	uint32_t sum = 0;

	sum = seg_sum(sum, s->src.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	sum = seg_sum(sum, s->dst.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	return sum + 6 + len;
}

static unsigned
write_opts(const struct seg *s, uint8_t *p)
{
	unsigned n = 0;

	if (s->opt_bytes != NULL) {
		if (s->opt_bytes_len > 40)
			die("more than 40 bytes of options");
		memcpy(p, s->opt_bytes, s->opt_bytes_len);
		n = s->opt_bytes_len;
	}
	for (unsigned i = 0; i < s->opts && s->opt_bytes == NULL; i++) {
		const struct seg_opt *o = &s->opt[i];
		unsigned raw = o->kind <= SEG_OPT_NOP ? 0 : o->len - 2u;

		if (n + (o->kind <= SEG_OPT_NOP ? 1 : o->len) > 40)
			die("more than 40 bytes of options");
		p[n++] = o->kind;
		if (o->kind <= SEG_OPT_NOP)
			continue;
		p[n++] = o->len;
		memcpy(p + n, o->raw, raw);
		n += raw;
	}
	while (n % 4 != 0)
		p[n++] = SEG_OPT_NOP;
	return n;
}

static unsigned
write_ip4(const struct seg *s, uint8_t *p, unsigned l4)
{
	unsigned hlen = 20 + (s->ip_opts + 3) / 4 * 4;

	memset(p, 0, hlen);
	p[0] = (uint8_t)((unsigned)(s->ip_ver < 0 ? 4 : s->ip_ver) << 4 | hlen / 4);
	p[1] = s->tos;
	put16(p + 2, s->ip_len < 0 ? hlen + l4 : (unsigned)s->ip_len);
	put16(p + 4, s->ip_id);
	put16(p + 6, (s->df ? 0x4000u : 0) | (s->mf ? 0x2000u : 0) | s->frag);
	p[8] = s->ttl;
	p[9] = 6;
	memcpy(p + 12, s->src.b + 12, 4);
	memcpy(p + 16, s->dst.b + 12, 4);
	memcpy(p + 20, s->ip_opt, s->ip_opts);
	put16(p + 10, seg_fold(seg_sum(0, p, hlen)));
	if (s->bad_ip)
		p[10] ^= 0x40;
	return hlen;
}

/* The extension headers, filled with a PadN each; the number of the first goes to *next. */
static unsigned
write_exts(const struct seg *s, uint8_t *p, uint8_t *next)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->exts; i++) {
		const struct seg_ext *x = &s->ext[i];

		*next = x->kind;
		next = p + n;
		memset(p + n, 0, x->bytes);
		p[n + 1] = (uint8_t)(x->bytes / 8 - 1);
		if (x->kind == 43) {
			p[n + 2] = 253; /* a routing type for experiments */
			p[n + 3] = x->left;
		} else {
			p[n + 2] = 1;
			p[n + 3] = (uint8_t)(x->bytes - 4);
		}
		n += x->bytes;
	}
	*next = 6;
	return n;
}

static unsigned
write_ip6(const struct seg *s, uint8_t *p, unsigned l4)
{
	bool frag = s->mf || s->frag != 0;
	unsigned n = 0;

	memset(p, 0, 48);
	put32(p, (uint32_t)(s->ip_ver < 0 ? 6 : s->ip_ver) << 28 | (uint32_t)s->tos << 20);
	if (!frag)
		n = write_exts(s, p + 40, p + 6);
	else
		p[6] = 44;
	put16(p + 4, s->ip_len < 0 ? l4 + n + (frag ? 8 : 0) : (unsigned)s->ip_len);
	p[7] = s->ttl;
	memcpy(p + 8, s->src.b, 16);
	memcpy(p + 24, s->dst.b, 16);
	if (!frag)
		return 40 + n;
	p[40] = 6;
	put16(p + 42, (unsigned)s->frag << 3 | (s->mf ? 1 : 0));
	put32(p + 44, s->ip_id);
	return 48;
}

unsigned
seg_write(const struct seg *s, uint8_t *out, unsigned *hdr)
{
	bool v4 = tg_addr_is_v4(&s->src) && tg_addr_is_v4(&s->dst);
	uint8_t opts[44], *p = out, *t;
	unsigned n_opts, l4;

	memcpy(p, s->eth_dst, 6);
	memcpy(p + 6, s->eth_src, 6);
	p += 12;
	for (unsigned i = 0; i < s->tags; i++, p += 4) {
		put16(p, s->tpid[i]);
		put16(p + 2, s->tci[i]);
	}
	put16(p, v4 ? 0x0800 : 0x86dd);
	p += 2;
	n_opts = write_opts(s, opts);
	l4 = 20 + n_opts + s->len;
	p += v4 ? write_ip4(s, p, l4) : write_ip6(s, p, l4);

	t = p;
	put16(t, s->sport);
	put16(t + 2, s->dport);
	put32(t + 4, s->seq);
	put32(t + 8, s->ack);
	put16(t + 12, (unsigned)(s->doff < 0 ? (int)(20 + n_opts) / 4 : s->doff) << 12 | s->flags);
	put16(t + 14, s->win);
	put16(t + 16, 0);
	put16(t + 18, s->urg);
	memcpy(t + 20, opts, n_opts);
	if (s->len > 0)
		memcpy(t + 20 + n_opts, s->data, s->len);
	put16(t + 16, seg_fold(seg_sum(pseudo(s, v4, l4), t, l4)));
	if (s->bad_tcp)
		t[16] ^= 0x40;
	p = t + l4;
	memset(p, 0, s->pad);
	p += s->pad;
	if (hdr != NULL)
		*hdr = (unsigned)(t + 20 + n_opts - out);
	if (s->trunc > (unsigned)(p - out))
		die("trunc %u is longer than the frame", s->trunc);
	return (unsigned)(p - out) - s->trunc;
}

/* IPv4 or IPv6 header and ICMP over `n` quoted bytes, which stand behind them. @return its bytes */
static unsigned
wrap_icmp(const struct seg_icmp *x, uint8_t *ip, bool v4, unsigned n)
{
	unsigned hlen = v4 ? 20 : 40, l4 = 8 + n;
	uint8_t *icmp = ip + hlen;
	uint32_t sum = 0;

	memset(ip, 0, hlen + 8);
	icmp[0] = x->type;
	icmp[1] = x->code;
	put32(icmp + 4, x->word);
	if (v4) {
		put32(ip, UINT32_C(0x45c00000) | (hlen + l4));
		put32(ip + 8, UINT32_C(0x40010000));
		memcpy(ip + 12, x->from.b + 12, 4);
		memcpy(ip + 16, x->to.b + 12, 4);
		put16(ip + 10, seg_fold(seg_sum(0, ip, hlen)));
	} else {
		put32(ip, UINT32_C(6) << 28);
		put32(ip + 4, l4 << 16 | 58 << 8 | 64);
		memcpy(ip + 8, x->from.b, 16);
		memcpy(ip + 24, x->to.b, 16);
		sum = seg_sum(58 + l4, ip + 8, 32);
	}
	put16(icmp + 2, seg_fold(seg_sum(sum, icmp, l4)) ^ (x->bad ? 1u : 0u));
	return hlen + l4;
}

unsigned
seg_icmp_write(const struct seg_icmp *x, const struct seg *quoted, uint8_t *out)
{
	bool v4 = tg_addr_is_v4(&x->to);
	unsigned eth = 14 + 4u * quoted->tags, head = v4 ? 28 : 48, len;
	uint8_t packet[SEG_FRAME_MAX];

	len = seg_write(quoted, packet, NULL);
	memcpy(out, packet, eth);
	put16(out + eth - 2, v4 ? 0x0800 : 0x86dd);
	len = len - eth < x->quote ? len - eth : x->quote;
	if (eth + head + len > SEG_FRAME_MAX)
		die("the quoted packet is too long");
	memcpy(out + eth + head, packet + eth, len);
	return eth + wrap_icmp(x, out + eth, v4, len);
}
