/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP options: the one walker and the one writer of this project.
 *
 * The walker reads byte p[i] only after i < len was tested, moves at least one byte per step, and
 * copies values out, clamped: nothing behind it needs to know that they came from a stranger.
 */
#include "tcpopt.h"

#include <stddef.h>

#include "bytes.h"

enum {
	EXP_TFO_MAGIC = 0xf989, /**< RFC 7413 4.1.1, RFC 6994 */
	OPT_MAX = 40,           /**< data offset 15 leaves 60 - 20 bytes */
	TFO_MIN = 4,
	TFO_MAX = 16,
};

static void
read_fastopen(const uint8_t *p, unsigned len, uint8_t which, struct tg_tcpopt *o)
{
	/* One cookie in one segment: whichever kind comes first speaks for both. */
	if (o->present & (TG_OPT_TFO | TG_OPT_TFO_EXP))
		return;
	if (len != 0 && (len < TFO_MIN || len > TFO_MAX || len % 2 != 0))
		return;
	memcpy(o->tfo, p, len);
	o->tfo_len = (uint8_t)len;
	o->present |= which;
}

static void
read_sack(const uint8_t *p, unsigned len, struct tg_tcpopt *o)
{
	unsigned n = (len - 2) / 8;

	if ((o->present & TG_OPT_SACK) || (len - 2) % 8 != 0 || n == 0 || n > TG_SACK_MAX)
		return;
	for (unsigned i = 0; i < n; i++) {
		o->sack[i].left = tg_get32(p + 2 + 8 * i);
		o->sack[i].right = tg_get32(p + 6 + 8 * i);
	}
	o->sacks = (uint8_t)n;
	o->present |= TG_OPT_SACK;
}

/* Options that mean something in a SYN only (a later one would rewrite what was negotiated). */
static void
read_syn_only(const uint8_t *p, unsigned len, struct tg_tcpopt *o)
{
	switch (p[0]) {
	case TG_KIND_MSS:
		if (len == TG_LEN_MSS) {
			o->mss = tg_get16(p + 2);
			o->present |= TG_OPT_MSS;
		}
		break;
	case TG_KIND_WSCALE:
		if (len == TG_LEN_WSCALE) {
			o->wscale = p[2] <= TG_WSCALE_MAX ? p[2] : TG_WSCALE_MAX;
			o->present |= TG_OPT_WSCALE;
		}
		break;
	case TG_KIND_SACK_OK:
		if (len == TG_LEN_SACK_OK)
			o->present |= TG_OPT_SACK_OK;
		break;
	case TG_KIND_TFO:
		read_fastopen(p + TG_LEN_TFO, len - TG_LEN_TFO, TG_OPT_TFO, o);
		break;
	case TG_KIND_EXP:
		if (len >= TG_LEN_TFO_EXP && tg_get16(p + 2) == EXP_TFO_MAGIC)
			read_fastopen(p + TG_LEN_TFO_EXP, len - TG_LEN_TFO_EXP, TG_OPT_TFO_EXP, o);
		break;
	default:
		break;
	}
}

void
tg_tcpopt_parse(const uint8_t *p, unsigned len, bool syn, struct tg_tcpopt *o)
{
	unsigned i = 0;

	/* Blocks and cookie bytes are there as far as their counts say: no need to clear them. */
	memset(o, 0, offsetof(struct tg_tcpopt, sack));
	if (syn && tg_tcpopt_linux_syn(p, len, o))
		return;
	/* Header prediction: nearly every segment of an established connection is this one. */
	if (len == 12 && tg_get32(p) == TG_OPT_TS_WORD) {
		o->tsval = tg_get32(p + 4);
		o->tsecr = tg_get32(p + 8);
		o->present = TG_OPT_TS;
		return;
	}
	if (len > OPT_MAX)
		len = OPT_MAX;
	while (i < len) {
		const uint8_t *q = p + i;
		unsigned n;

		if (q[0] == TG_KIND_NOP) {
			i++;
			continue;
		}
		if (q[0] == TG_KIND_EOL || len - i < 2)
			return;
		n = q[1];
		if (n < 2 || n > len - i)
			return;
		if (q[0] == TG_KIND_TS) {
			if (n == TG_LEN_TS) {
				o->tsval = tg_get32(q + 2);
				o->tsecr = tg_get32(q + 6);
				o->present |= TG_OPT_TS;
			}
		} else if (q[0] == TG_KIND_SACK) {
			read_sack(q, n, o);
		} else if (syn) {
			read_syn_only(q, n, o);
		}
		i += n;
	}
}

/* Bytes of a Fast Open option with its padding, at most 20. */
static unsigned
fastopen_size(const struct tg_tcpopt *o)
{
	unsigned n = o->tfo_len <= TFO_MAX ? o->tfo_len : TFO_MAX;

	n += (o->present & TG_OPT_TFO) ? TG_LEN_TFO : TG_LEN_TFO_EXP;
	return (n + 3) & ~3u;
}

/* SACK blocks that fit behind `used` bytes of options. */
static unsigned
sack_fit(const struct tg_tcpopt *o, unsigned used)
{
	unsigned n = o->sacks <= TG_SACK_MAX ? o->sacks : TG_SACK_MAX;

	/* used <= 40: MSS 4, SACK-permitted and timestamps 12, window scale 4, Fast Open 20. */
	while (n > 0 && used + 4 + 8 * n > OPT_MAX)
		n--;
	return n;
}

unsigned
tg_tcpopt_size_rest(const struct tg_tcpopt *o, unsigned n)
{
	if (o->present & (TG_OPT_TFO | TG_OPT_TFO_EXP))
		n += fastopen_size(o);
	if (o->present & TG_OPT_SACK) {
		unsigned blocks = sack_fit(o, n);

		if (blocks != 0)
			n += 4 + 8 * blocks;
	}
	return n;
}

static uint8_t *
put_fastopen(uint8_t *p, const struct tg_tcpopt *o)
{
	unsigned n = o->tfo_len <= TFO_MAX ? o->tfo_len : TFO_MAX;
	unsigned head = TG_LEN_TFO, size = fastopen_size(o);

	if (o->present & TG_OPT_TFO) {
		p[0] = TG_KIND_TFO;
	} else {
		head = TG_LEN_TFO_EXP;
		p[0] = TG_KIND_EXP;
		tg_put16(p + 2, EXP_TFO_MAGIC);
	}
	p[1] = (uint8_t)(head + n);
	memcpy(p + head, o->tfo, n);
	for (unsigned i = head + n; i < size; i++)
		p[i] = TG_KIND_NOP;
	return p + size;
}

static uint8_t *
put_sack(uint8_t *p, const struct tg_tcpopt *o, unsigned used)
{
	unsigned n = sack_fit(o, used);

	if (n == 0)
		return p;
	tg_put32(p, TG_KIND_NOP << 24 | TG_KIND_NOP << 16 | TG_KIND_SACK << 8 | (2 + 8 * n));
	p += 4;
	for (unsigned i = 0; i < n; i++, p += 8) {
		tg_put32(p, o->sack[i].left);
		tg_put32(p + 4, o->sack[i].right);
	}
	return p;
}

unsigned
tg_tcpopt_write_rest(uint8_t *p, const struct tg_tcpopt *o, unsigned used)
{
	const uint8_t *start = p;

	if (o->present & (TG_OPT_TFO | TG_OPT_TFO_EXP))
		p = put_fastopen(p, o);
	if (o->present & TG_OPT_SACK)
		p = put_sack(p, o, used + (unsigned)(p - start));
	return (unsigned)(p - start);
}

unsigned
tg_tcpopt_write(uint8_t *p, const struct tg_tcpopt *o)
{
	uint64_t sum = 0;
	unsigned n = tg_tcpopt_write_usual(p, o, &sum);

	return n + tg_tcpopt_write_rest(p + n, o, n);
}
