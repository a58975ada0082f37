/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "seg.h"

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* One's complement sum over the whole of something with a right checksum in it: all ones. */
static bool
sums_up(uint32_t sum, const uint8_t *p, unsigned len)
{
	return seg_fold(seg_sum(sum, p, len)) == 0;
}

static const char *
read_ip4(const uint8_t **pp, unsigned *len, struct seg *s)
{
	const uint8_t *p = *pp;
	unsigned off;

	if (*len < 20 || p[0] != 0x45)
		return "IPv4 header is not the plain one of 20 bytes";
	if (get16(p + 2) != *len)
		return "IPv4 total length is not the length of the frame";
	if (!sums_up(0, p, 20))
		return "IPv4 header checksum is wrong";
	s->tos = p[1];
	s->ip_id = (uint16_t)get16(p + 4);
	off = get16(p + 6);
	if ((off & 0x8000) != 0)
		return "reserved IPv4 flag is set";
	s->df = (off & 0x4000) != 0;
	s->mf = (off & 0x2000) != 0;
	s->frag = off & 0x1fff;
	s->ttl = p[8];
	s->src = tg_addr_v4(p[12], p[13], p[14], p[15]);
	s->dst = tg_addr_v4(p[16], p[17], p[18], p[19]);
	if (p[9] != 6)
		return "";
	*pp += 20;
	*len -= 20;
	return NULL;
}

static const char *
read_ip6(const uint8_t **pp, unsigned *len, struct seg *s)
{
	const uint8_t *p = *pp;

	if (*len < 40 || p[0] >> 4 != 6)
		return "IPv6 header is short or of another version";
	if (get16(p + 4) + 40 != *len)
		return "IPv6 payload length is not the length of the frame";
	s->tos = (uint8_t)(get16(p) >> 4);
	s->ttl = p[7];
	s->df = true;
	memcpy(s->src.b, p + 8, 16);
	memcpy(s->dst.b, p + 24, 16);
	if (p[6] != 6)
		return "";
	*pp += 40;
	*len -= 40;
	return NULL;
}

static const char *
read_opts(const uint8_t *p, unsigned n, struct seg *s)
{
	while (n > 0) {
		struct seg_opt *o = &s->opt[s->opts++];

		o->kind = p[0];
		o->len = 1;
		if (o->kind > SEG_OPT_NOP) {
			if (n < 2 || p[1] < 2 || p[1] > n)
				return "option runs past the header";
			o->len = p[1];
			memcpy(o->raw, p + 2, o->len - 2u);
		}
		p += o->len;
		n -= o->len;
		if (o->kind == SEG_OPT_EOL)
			break;
	}
	for (; n > 0; n--)
		if (*p++ != 0)
			return "something stands behind the end of the options";
	return NULL;
}

const char *
seg_read(const uint8_t *frame, unsigned len, struct seg *s)
{
	const uint8_t *p = frame;
	const char *err;
	unsigned type, doff;
	uint32_t sum;
	bool v4;

	seg_init(s);
	if (len < 14)
		return "shorter than an Ethernet header";
	memcpy(s->eth_dst, p, 6);
	memcpy(s->eth_src, p + 6, 6);
	p += 12;
	len -= 12;
	for (;;) {
		type = get16(p);
		if ((type != 0x8100 && type != 0x88a8) || s->tags == 2 || len < 6)
			break;
		s->tpid[s->tags] = (uint16_t)type;
		s->tci[s->tags++] = (uint16_t)get16(p + 2);
		p += 4;
		len -= 4;
	}
	p += 2;
	len -= 2;
	if (type != 0x0800 && type != 0x86dd)
		return "";
	v4 = type == 0x0800;
	err = v4 ? read_ip4(&p, &len, s) : read_ip6(&p, &len, s);
	if (err != NULL)
		return err;
	if (s->mf || s->frag != 0)
		return "a fragment";

	if (len < 20)
		return "shorter than a TCP header";
	sum = seg_sum(0, s->src.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	sum = seg_sum(sum, s->dst.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	if (!sums_up(sum + 6 + len, p, len))
		return "TCP checksum is wrong";
	s->sport = (uint16_t)get16(p);
	s->dport = (uint16_t)get16(p + 2);
	s->seq = get32(p + 4);
	s->ack = get32(p + 8);
	s->flags = get16(p + 12) & 0x1ff;
	s->win = (uint16_t)get16(p + 14);
	s->urg = (uint16_t)get16(p + 18);
	if ((get16(p + 12) & 0xe00) != 0)
		return "reserved TCP bits are set";
	doff = (get16(p + 12) >> 12) * 4;
	if (doff < 20 || doff > len)
		return "TCP data offset is impossible";
	err = read_opts(p + 20, doff - 20, s);
	s->data = p + doff;
	s->len = len - doff;
	return err;
}
