/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_WIRE_UTIL_H
#define TG_TEST_WIRE_UTIL_H
/**
 * @file
 * What the wire tests share: a seeded generator, naive checksums, and a builder of frames that owes
 * nothing to the code under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

/** splitmix64: same seed, same test. */
static inline uint64_t
rnd(uint64_t *s)
{
	uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline unsigned
rnd_below(uint64_t *s, unsigned n)
{
	return (unsigned)(rnd(s) % n);
}

static inline void
rnd_fill(uint64_t *s, uint8_t *p, size_t n)
{
	while (n-- > 0)
		*p++ = (uint8_t)rnd(s);
}

/** RFC 1071 as its text says it: 16-bit big-endian words, one by one, carry folded each time. */
static inline uint16_t
naive_sum(uint16_t start, const uint8_t *p, size_t n)
{
	uint32_t s = start;

	for (size_t i = 0; i < n; i++) {
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		s = (s & 0xffff) + (s >> 16);
	}
	return (uint16_t)s;
}

static inline void
set16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/** A frame under construction; l3 and l4 are offsets. */
struct fb {
	uint8_t b[2048];
	unsigned len, l3, l4;
	uint8_t version, proto;
};

static inline uint8_t *
fb_put(struct fb *f, const void *p, unsigned n)
{
	uint8_t *at = f->b + f->len;

	assert_true(f->len + n <= sizeof(f->b));
	if (p != NULL)
		memcpy(at, p, n);
	else
		memset(at, 0, n);
	f->len += n;
	return at;
}

#define FB_PUT(f, ...) \
	fb_put(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/** Starts a frame with 0 to 2 tags (two: 802.1ad around 802.1Q). */
static inline void
fb_eth(struct fb *f, unsigned tags, uint16_t type)
{
	memset(f, 0, sizeof(*f));
	FB_PUT(f, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);
	if (tags == 2)
		FB_PUT(f, 0x88, 0xa8, 0x20, 0x64);
	if (tags >= 1)
		FB_PUT(f, 0x81, 0x00, 0xe0, 0x07);
	set16(fb_put(f, NULL, 2), type);
	f->l3 = f->len;
}

/** 192.0.2.7 to 198.51.100.9, `opts` bytes of NOP options. */
static inline void
fb_ipv4(struct fb *f, uint8_t proto, unsigned opts)
{
	uint8_t *ip = FB_PUT(f, 0x45, 0xb8, 0, 0, 0x12, 0x34, 0x40, 0, 57, 0, 0, 0, 192, 0, 2, 7,
		198, 51, 100, 9);

	ip[0] = (uint8_t)(0x45 + opts / 4);
	ip[9] = proto;
	memset(fb_put(f, NULL, opts), 1, opts);
	f->l4 = f->len;
	f->version = 4;
	f->proto = proto;
}

/** 2001:db8::7 to 2001:db8::9; `next` is the header behind, set f->proto if it is an extension. */
static inline void
fb_ipv6(struct fb *f, uint8_t next)
{
	uint8_t *ip = FB_PUT(f, 0x6b, 0x81, 0x23, 0x45, 0, 0, 0, 57, 0x20, 0x01, 0x0d, 0xb8, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 9);

	ip[6] = next;
	f->l4 = f->len;
	f->version = 6;
	f->proto = next;
}

/** Adds an extension header of (units + 1) * 8 bytes and moves l4 behind it. */
static inline uint8_t *
fb_ext(struct fb *f, uint8_t next, uint8_t units)
{
	uint8_t *ext = fb_put(f, NULL, (units + 1u) * 8);

	ext[0] = next;
	ext[1] = units;
	f->l4 = f->len;
	f->proto = next;
	return ext;
}

/** A SYN+ACK+AE header, 12 bytes of options and `n` bytes of payload 1, 2, 3... */
static inline void
fb_tcp(struct fb *f, unsigned n)
{
	uint8_t *p;

	FB_PUT(f, 0x12, 0x34, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0x81, 0x12, 0xab, 0xcd, 0, 0, 0, 0);
	FB_PUT(f, 1, 1, 8, 10, 9, 8, 7, 6, 5, 4, 3, 2);
	p = fb_put(f, NULL, n);
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(i + 1);
}

/** An echo request of ICMP or ICMPv6 with `n` bytes of payload. */
static inline void
fb_echo(struct fb *f, unsigned n)
{
	uint8_t *p = FB_PUT(f, 8, 0, 0, 0, 0xca, 0xfe, 0, 1);

	if (f->version == 6)
		p[0] = 128;
	memset(fb_put(f, NULL, n), 'x', n);
}

/** A solicitation for 2001:db8::9 to its solicited-node address, with a source option. */
static inline void
fb_solicit(struct fb *f)
{
	uint8_t *ip = f->b + f->l3;
	static const uint8_t group[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 9};

	FB_PUT(f, 135, 0, 0, 0, 0, 0, 0, 0);
	fb_put(f, ip + 24, 16);
	FB_PUT(f, 1, 1, 2, 0, 0, 0, 0, 2);
	ip[7] = 255;
	memcpy(ip + 24, group, 16);
}

/** Fills lengths and checksums for whatever the frame holds now. */
static inline void
fb_finish(struct fb *f)
{
	uint8_t *ip = f->b + f->l3, *l4 = f->b + f->l4;
	unsigned n = f->len - f->l4;
	uint16_t sum = 0;

	if (f->version == 4) {
		set16(ip + 2, f->len - f->l3);
		set16(ip + 10, 0);
		set16(ip + 10, (uint16_t)~naive_sum(0, ip, f->l4 - f->l3));
	} else {
		set16(ip + 4, f->len - f->l3 - 40);
	}
	if (f->proto == 6 || f->proto == 58) {
		uint8_t tail[4] = {0, f->proto, (uint8_t)(n >> 8), (uint8_t)n};

		if (f->version == 4)
			sum = naive_sum(0, ip + 12, 8);
		else
			sum = naive_sum(0, ip + 8, 32);
		sum = naive_sum(sum, tail, 4);
	}
	if (f->proto == 6 && n >= 20) {
		set16(l4 + 16, 0);
		set16(l4 + 16, (uint16_t)~naive_sum(sum, l4, n));
	} else if ((f->proto == 1 || f->proto == 58) && n >= 4) {
		set16(l4 + 2, 0);
		set16(l4 + 2, (uint16_t)~naive_sum(sum, l4, n));
	}
}

/** A packet of exactly n heap bytes, so that a sanitizer sees the first byte read behind it. */
static inline struct tg_pkt
pkt_exact(const uint8_t *p, unsigned n)
{
	struct tg_pkt pkt;

	memset(&pkt, 0, sizeof(pkt));
	pkt.buf = malloc(n != 0 ? n : 1);
	assert_non_null(pkt.buf);
	if (n != 0)
		memcpy(pkt.buf, p, n);
	/* Of no bytes, the end of the block: nothing at data may be read. */
	pkt.data = (uint8_t *)pkt.buf + (n == 0);
	pkt.len = (uint16_t)n;
	return pkt;
}

/** Parses a copy of exactly n bytes. */
static inline enum tg_frame_kind
parse_exact(const uint8_t *p, unsigned n, unsigned flags, struct tg_frame *f)
{
	struct tg_pkt pkt = pkt_exact(p, n);
	enum tg_frame_kind kind;

	pkt.flags = (uint16_t)flags;
	memset(f, 0xa5, sizeof(*f));
	kind = tg_frame_parse(&pkt, f);
	assert_int_equal(kind, f->kind);
	assert_true((kind == TG_FRAME_BAD) == (f->bad != TG_BAD_NONE));
	free(pkt.buf);
	return kind;
}

static inline void
expect_kind(const struct fb *b, enum tg_frame_kind kind)
{
	struct tg_frame f;

	assert_int_equal(parse_exact(b->b, b->len, 0, &f), kind);
}

static inline void
expect_bad(const struct fb *b, enum tg_frame_bad why)
{
	struct tg_frame f;

	assert_int_equal(parse_exact(b->b, b->len, 0, &f), TG_FRAME_BAD);
	assert_int_equal(f.bad, why);
}

#endif
