/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors and the segments they quote.
 */
#include "wire_util.h"

#include <errno.h>

#include "quote.h"

enum { TCP = 6, UDP = 17, ROUTING = 43, FRAGMENT = 44, DEST = 60 };

/* ICMP type, code and the word behind the checksum, on an IP header; what is quoted follows. */
static void
error_head(struct fb *b, unsigned version, unsigned type, unsigned code, uint32_t word)
{
	fb_eth(b, 0, version == 4 ? 0x0800 : 0x86dd);
	if (version == 4)
		fb_ipv4(b, 1, 0);
	else
		fb_ipv6(b, 58);
	FB_PUT(b, (uint8_t)type, (uint8_t)code, 0, 0, (uint8_t)(word >> 24), (uint8_t)(word >> 16),
		(uint8_t)(word >> 8), (uint8_t)word);
}

/* Only an IP header behind that, `opts` bytes of IPv4 options, `next` is what follows it. */
static uint8_t *
quoted_ip(struct fb *b, unsigned version, uint8_t next, unsigned opts)
{
	struct fb inner;

	fb_eth(&inner, 0, 0);
	if (version == 4)
		fb_ipv4(&inner, next, opts);
	else
		fb_ipv6(&inner, next);
	return fb_put(b, inner.b + inner.l3, inner.len - inner.l3);
}

/* From port 80 to 40000, number 0x01020304: no more of TCP than must be there. */
static void
quoted_tcp(struct fb *b)
{
	FB_PUT(b, 0, 80, 0x9c, 0x40, 1, 2, 3, 4);
}

static enum tg_quote_result
parse(struct fb *b, struct tg_quote *q)
{
	struct tg_pkt pkt;
	enum tg_quote_result r;
	struct tg_frame f;

	fb_finish(b);
	pkt = pkt_exact(b->b, b->len);
	assert_int_equal(tg_frame_parse(&pkt, &f),
		b->version == 4 ? TG_FRAME_ICMP_OTHER : TG_FRAME_ICMP6_OTHER);
	memset(q, 0xa5, sizeof(*q));
	r = tg_quote_parse(&pkt, &f, q);
	free(pkt.buf);
	return r;
}

static void
expect_quote(const struct tg_quote *q, const uint8_t *ip, unsigned version)
{
	unsigned n = version == 4 ? 4 : 16;

	assert_memory_equal(q->src.b + 16 - n, ip + (version == 4 ? 12 : 8), n);
	assert_memory_equal(q->dst.b + 16 - n, ip + (version == 4 ? 16 : 24), n);
	assert_int_equal(tg_addr_is_v4(&q->src), version == 4);
	assert_int_equal(tg_addr_is_v4(&q->dst), version == 4);
	assert_int_equal(q->sport, 80);
	assert_int_equal(q->dport, 40000);
	assert_int_equal(q->seq, 0x01020304);
}

/** What every type and code must be taken for; all that is not here is no error of ours. */
static const struct {
	uint8_t version, type, code;
	bool any_code;
	uint8_t what;
	int error;
} ERRORS[] = {
	{4, 3, 0, false, TG_ICMP_SOFT, ENETUNREACH},
	{4, 3, 1, false, TG_ICMP_SOFT, EHOSTUNREACH},
	{4, 3, 2, false, TG_ICMP_HARD, ENOPROTOOPT},
	{4, 3, 3, false, TG_ICMP_HARD, ECONNREFUSED},
	{4, 3, 4, false, TG_ICMP_TOO_BIG, EMSGSIZE},
	{4, 3, 5, false, TG_ICMP_SOFT, EOPNOTSUPP},
	{4, 3, 6, false, TG_ICMP_HARD, ENETUNREACH},
	{4, 3, 7, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 3, 8, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 3, 9, false, TG_ICMP_HARD, ENETUNREACH},
	{4, 3, 10, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 3, 11, false, TG_ICMP_SOFT, ENETUNREACH},
	{4, 3, 12, false, TG_ICMP_SOFT, EHOSTUNREACH},
	{4, 3, 13, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 3, 14, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 3, 15, false, TG_ICMP_HARD, EHOSTUNREACH},
	{4, 4, 0, true, TG_ICMP_QUENCH, 0},
	{4, 11, 0, true, TG_ICMP_SOFT, EHOSTUNREACH},
	{4, 12, 0, true, TG_ICMP_SOFT, EPROTO},
	{6, 1, 0, false, TG_ICMP_SOFT, ENETUNREACH},
	{6, 1, 1, false, TG_ICMP_HARD, EACCES},
	{6, 1, 2, false, TG_ICMP_SOFT, EHOSTUNREACH},
	{6, 1, 3, false, TG_ICMP_SOFT, EHOSTUNREACH},
	{6, 1, 4, false, TG_ICMP_HARD, ECONNREFUSED},
	{6, 1, 5, false, TG_ICMP_HARD, EACCES},
	{6, 1, 6, false, TG_ICMP_HARD, EACCES},
	{6, 2, 0, true, TG_ICMP_TOO_BIG, EMSGSIZE},
	{6, 3, 0, true, TG_ICMP_SOFT, EHOSTUNREACH},
	{6, 4, 0, true, TG_ICMP_SOFT, EPROTO},
};

static int
expected(unsigned version, unsigned type, unsigned code)
{
	for (unsigned i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++)
		if (ERRORS[i].version == version && ERRORS[i].type == type &&
			(ERRORS[i].any_code || ERRORS[i].code == code))
			return (int)i;
	return -1;
}

static void
every_type_and_code_is_taken_for_what_it_is(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned type = 0; type < 256; type++) {
			/* echo and solicitation are kinds of their own */
			if (type == (version == 4 ? 8 : 128) || (version == 6 && type == 135))
				continue;
			for (unsigned code = 0; code < 256; code++) {
				int want = expected(version, type, code);
				struct tg_quote q;
				struct fb b;

				error_head(&b, version, type, code, 0);
				quoted_ip(&b, version, TCP, 0);
				quoted_tcp(&b);
				if (want < 0) {
					assert_int_equal(parse(&b, &q), TG_QUOTE_NONE);
					continue;
				}
				assert_int_equal(parse(&b, &q), TG_QUOTE_TCP);
				assert_int_equal(q.what, ERRORS[want].what);
				assert_int_equal(q.error, ERRORS[want].error);
			}
		}
}

static void
the_next_hops_mtu_is_16_bits_or_32(void **state)
{
	struct tg_quote q;
	struct fb b;

	(void)state;
	error_head(&b, 4, 3, 4, 0xabcd0578);
	quoted_ip(&b, 4, TCP, 0);
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_TCP);
	assert_int_equal(q.mtu, 1400);
	error_head(&b, 6, 2, 0, 0xabcd0578);
	quoted_ip(&b, 6, TCP, 0);
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_TCP);
	assert_int_equal(q.mtu, 0xabcd0578);
}

static void
rfc792_eight_bytes_of_tcp_are_enough_behind_any_ipv4_header(void **state)
{
	(void)state;
	for (unsigned opts = 0; opts <= 40; opts += 4) {
		struct tg_quote q;
		struct fb b;
		unsigned at, whole;

		error_head(&b, 4, 3, 4, 1400);
		at = b.len;
		quoted_ip(&b, 4, TCP, opts);
		quoted_tcp(&b);
		whole = b.len;
		assert_int_equal(parse(&b, &q), TG_QUOTE_TCP);
		expect_quote(&q, b.b + at, 4);
		/* every shorter one is bad, and read no further than it goes */
		for (b.len = at; b.len < whole; b.len++)
			assert_int_equal(parse(&b, &q), TG_QUOTE_BAD);
	}
}

static void
ipv6_extension_headers_are_walked_eight_at_most(void **state)
{
	static const uint8_t KIND[] = {0, ROUTING, FRAGMENT, DEST};

	(void)state;
	for (unsigned count = 0; count <= 10; count++) {
		struct tg_quote q;
		struct fb b;
		unsigned at, whole;

		error_head(&b, 6, 2, 0, 1400);
		at = b.len;
		quoted_ip(&b, 6, count == 0 ? TCP : KIND[0], 0);
		for (unsigned i = 0; i < count; i++) {
			uint8_t kind = KIND[i % 4];
			/* a fragment header's second byte is no length */
			uint8_t units = kind == FRAGMENT ? 0 : (uint8_t)(i % 3);
			uint8_t *ext = fb_put(&b, NULL, (units + 1u) * 8);

			ext[0] = i + 1 == count ? TCP : KIND[(i + 1) % 4];
			ext[1] = kind == FRAGMENT ? 0xff : units;
		}
		quoted_tcp(&b);
		whole = b.len;
		assert_int_equal(parse(&b, &q), count <= 8 ? TG_QUOTE_TCP : TG_QUOTE_BAD);
		if (count <= 8)
			expect_quote(&q, b.b + at, 6);
		for (b.len = at; b.len < whole; b.len++)
			assert_int_equal(parse(&b, &q), TG_QUOTE_BAD);
	}
}

static void
what_is_not_the_head_of_a_tcp_segment_is_nobodys(void **state)
{
	struct tg_quote q;
	struct fb b;

	(void)state;
	error_head(&b, 4, 3, 3, 0);
	quoted_ip(&b, 4, UDP, 0);
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_NONE);
	error_head(&b, 4, 3, 3, 0);
	quoted_ip(&b, 4, TCP, 0)[7] = 1;
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_NONE);
	error_head(&b, 4, 3, 3, 0);
	quoted_ip(&b, 4, TCP, 0)[6] = 0x20; /* more fragments: the first one */
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_TCP);
	error_head(&b, 6, 1, 4, 0);
	quoted_ip(&b, 6, UDP, 0);
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_NONE);
	error_head(&b, 6, 1, 4, 0);
	quoted_ip(&b, 6, FRAGMENT, 0);
	FB_PUT(&b, TCP, 0, 0, 8, 0, 0, 0, 1);
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_NONE);
}

static void
impossible_headers_are_bad(void **state)
{
	struct tg_quote q;
	struct fb b;

	(void)state;
	error_head(&b, 4, 3, 3, 0);
	quoted_ip(&b, 4, TCP, 0)[0] = 0x65;
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_BAD);
	error_head(&b, 4, 3, 3, 0);
	quoted_ip(&b, 4, TCP, 0)[0] = 0x44;
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_BAD);
	error_head(&b, 6, 1, 4, 0);
	quoted_ip(&b, 6, TCP, 0)[0] = 0x4b;
	quoted_tcp(&b);
	assert_int_equal(parse(&b, &q), TG_QUOTE_BAD);
}

static void
a_quote_that_leaves_the_first_segment_is_bad(void **state)
{
	struct tg_quote q;
	struct tg_frame f;
	struct fb b;

	(void)state;
	error_head(&b, 4, 3, 4, 1400);
	quoted_ip(&b, 4, TCP, 0);
	quoted_tcp(&b);
	fb_finish(&b);
	for (unsigned cut = b.l4 + 8; cut <= b.len; cut++) {
		struct tg_pkt head = pkt_exact(b.b, cut), tail = pkt_exact(b.b + cut, b.len - cut);

		head.next = &tail;
		assert_int_equal(tg_frame_parse(&head, &f), TG_FRAME_ICMP_OTHER);
		assert_int_equal(
			tg_quote_parse(&head, &f, &q), cut < b.len ? TG_QUOTE_BAD : TG_QUOTE_TCP);
		free(head.buf);
		free(tail.buf);
	}
}

static void
random_bytes_are_read_within_their_bounds(void **state)
{
	uint64_t seed = 1191;
	unsigned got[3] = {0};

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		unsigned version = i % 2 == 0 ? 4 : 6, n = rnd_below(&seed, 120);
		struct tg_quote q;
		uint8_t *p;
		struct fb b;

		error_head(&b, version, version == 4 ? 3 : 1, 4, 0);
		p = fb_put(&b, NULL, n);
		rnd_fill(&seed, p, n);
		if (n > 9) {
			p[0] = version == 4 ? (uint8_t)(0x40 | (p[0] & 15)) : 0x60;
			p[version == 4 ? 9 : 6] = (const uint8_t[]){
				TCP, ROUTING, DEST, FRAGMENT}[rnd_below(&seed, 4)];
		}
		got[parse(&b, &q)]++;
	}
	assert_true(got[TG_QUOTE_NONE] > 0 && got[TG_QUOTE_BAD] > 0 && got[TG_QUOTE_TCP] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_and_code_is_taken_for_what_it_is),
		cmocka_unit_test(the_next_hops_mtu_is_16_bits_or_32),
		cmocka_unit_test(rfc792_eight_bytes_of_tcp_are_enough_behind_any_ipv4_header),
		cmocka_unit_test(ipv6_extension_headers_are_walked_eight_at_most),
		cmocka_unit_test(what_is_not_the_head_of_a_tcp_segment_is_nobodys),
		cmocka_unit_test(impossible_headers_are_bad),
		cmocka_unit_test(a_quote_that_leaves_the_first_segment_is_bad),
		cmocka_unit_test(random_bytes_are_read_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
