/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6, its extension headers, ICMPv6 echo and the rules for neighbour solicitations.
 */
#include "wire_util.h"

enum { HBH = 0, TCP = 6, ROUTING = 43, FRAGMENT = 44, ICMPV6 = 58, NONE = 59, DEST = 60 };

static void
v6_frame(struct fb *b, uint8_t next)
{
	fb_eth(b, 0, 0x86dd);
	fb_ipv6(b, next);
}

static void
solicit(struct fb *b)
{
	v6_frame(b, ICMPV6);
	fb_solicit(b);
	fb_finish(b);
}

/* The same from ::, without the source option. */
static void
solicit_dad(struct fb *b)
{
	solicit(b);
	memset(b->b + b->l3 + 8, 0, 16);
	b->len -= 8;
	fb_finish(b);
}

static void
every_field_of_tcp_over_ipv6_reaches_its_place(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	v6_frame(&b, TCP);
	fb_tcp(&b, 7);
	fb_finish(&b);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.ip_version, 6);
	assert_int_equal(f.ip_tos, 0xb8);
	assert_int_equal(f.hop_limit, 57);
	assert_int_equal(f.l4_off, 54);
	assert_int_equal(f.payload_off, 86);
	assert_int_equal(f.payload_len, 7);
	assert_memory_equal(&f.src, b.b + b.l3 + 8, 16);
	assert_memory_equal(&f.dst, b.b + b.l3 + 24, 16);
	assert_int_equal(f.seq, 0x01020304);
	b.b[b.len - 1] ^= 4;
	expect_bad(&b, TG_BAD_TCP_CSUM);
}

static void
extension_headers_before_tcp_are_walked(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	v6_frame(&b, HBH);
	fb_ext(&b, DEST, 0);
	fb_ext(&b, ROUTING, 2);
	fb_ext(&b, DEST, 1);
	fb_ext(&b, TCP, 0);
	fb_tcp(&b, 2);
	memset(fb_put(&b, NULL, 3), 0xee, 3);
	b.len -= 3;
	fb_finish(&b);
	b.len += 3; /* link padding */
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.l4_off, 54 + 8 + 24 + 16 + 8);
	assert_int_equal(f.payload_len, 2);
}

static void
eight_headers_are_walked_and_nine_are_bad(void **state)
{
	struct fb b;

	(void)state;
	for (unsigned n = 8; n <= 9; n++) {
		v6_frame(&b, DEST);
		for (unsigned i = 1; i <= n; i++)
			fb_ext(&b, i < n ? DEST : TCP, 0);
		fb_tcp(&b, 0);
		fb_finish(&b);
		if (n == 8)
			expect_kind(&b, TG_FRAME_TCP);
		else
			expect_bad(&b, TG_BAD_IP_HEADER);
	}
}

static void
hop_by_hop_anywhere_but_first_is_bad(void **state)
{
	struct fb b;

	(void)state;
	v6_frame(&b, DEST);
	fb_ext(&b, HBH, 0);
	fb_ext(&b, TCP, 0);
	fb_tcp(&b, 0);
	fb_finish(&b);
	expect_bad(&b, TG_BAD_IP_HEADER);
}

static void
a_routing_header_with_segments_left_is_not_for_us(void **state)
{
	struct fb b;
	uint8_t *ext;

	(void)state;
	v6_frame(&b, ROUTING);
	ext = fb_ext(&b, TCP, 2);
	ext[2] = 4;
	fb_tcp(&b, 0);
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_TCP);
	ext[3] = 1;
	expect_kind(&b, TG_FRAME_OTHER);
}

static void
fragment_headers_and_unknown_ones_end_the_walk(void **state)
{
	static const uint8_t other[] = {17, 50, 51, NONE, 135, 255};
	struct tg_frame f;
	struct fb b;

	(void)state;
	v6_frame(&b, DEST);
	fb_ext(&b, FRAGMENT, 0);
	fb_ext(&b, TCP, 0);
	fb_tcp(&b, 0);
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_FRAGMENT);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_FRAGMENT);
	assert_true(f.may_be_tcp);
	/* UDP cannot be TCP; behind another extension header there may be anything. */
	b.b[b.l3 + 40 + 8] = 17;
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_FRAGMENT);
	assert_false(f.may_be_tcp);
	b.b[b.l3 + 40 + 8] = DEST;
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_FRAGMENT);
	assert_true(f.may_be_tcp);
	b.len = b.l3 + 40 + 8 + 7;
	b.proto = 0;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_IP_HEADER);
	for (unsigned i = 0; i < sizeof(other); i++) {
		v6_frame(&b, other[i]);
		fb_put(&b, NULL, 8);
		fb_finish(&b);
		expect_kind(&b, TG_FRAME_OTHER);
	}
}

static void
payload_length_zero_is_only_good_with_nothing_behind(void **state)
{
	struct fb b;

	(void)state;
	v6_frame(&b, NONE);
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_OTHER);
	v6_frame(&b, HBH);
	FB_PUT(&b, TCP, 0, 0xc2, 4, 0, 1, 0, 0); /* RFC 2675: jumbo payload of 65536 */
	fb_put(&b, NULL, 200);
	set16(b.b + b.l3 + 4, 0);
	expect_bad(&b, TG_BAD_IP_HEADER);
}

static void
extension_headers_past_the_end_are_bad(void **state)
{
	struct fb b;

	(void)state;
	for (unsigned units = 1; units < 256; units++) {
		v6_frame(&b, DEST);
		FB_PUT(&b, TCP, (uint8_t)units, 0, 0, 0, 0, 0, 0);
		b.proto = 0;
		fb_finish(&b);
		fb_put(&b, NULL, 4); /* padding is no excuse */
		expect_bad(&b, TG_BAD_IP_HEADER);
	}
}

static void
version_and_length_lies_are_bad(void **state)
{
	struct fb b;

	(void)state;
	v6_frame(&b, TCP);
	fb_tcp(&b, 0);
	fb_finish(&b);
	b.b[b.l3] = 0x45;
	expect_bad(&b, TG_BAD_IP_HEADER);
	b.b[b.l3] = 0x60;
	set16(b.b + b.l3 + 4, b.len - b.l4 + 1);
	expect_bad(&b, TG_BAD_IP_HEADER);
}

static void
a_v4_mapped_destination_is_bad(void **state)
{
	struct tg_addr a = tg_addr_v4(198, 51, 100, 9);
	struct fb b;

	(void)state;
	v6_frame(&b, TCP);
	memcpy(b.b + b.l3 + 24, a.b, 16);
	fb_tcp(&b, 0);
	fb_finish(&b);
	expect_bad(&b, TG_BAD_IP_HEADER);
}

static void
icmpv6_echo_is_told_from_other_icmpv6(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	v6_frame(&b, ICMPV6);
	fb_echo(&b, 5);
	fb_finish(&b);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_ICMP6_ECHO);
	assert_int_equal(f.payload_len, 5);
	b.b[b.l4 + 2] ^= 1;
	expect_bad(&b, TG_BAD_ICMP);
	b.b[b.l4] = 129;
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_ICMP6_OTHER);
	b.len = b.l4 + 7;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_ICMP);
}

static void
a_good_solicitation_yields_its_target(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	solicit(&b);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_ND_SOLICIT);
	assert_memory_equal(&f.target, b.b + b.l4 + 8, 16);
	solicit_dad(&b);
	expect_kind(&b, TG_FRAME_ND_SOLICIT);
}

static void
rfc4861_7_1_1_each_broken_rule_is_bad(void **state)
{
	struct fb b;

	(void)state;
	for (int rule = 0; rule < 9; rule++) {
		if (rule < 6)
			solicit(&b);
		else
			solicit_dad(&b);
		switch (rule) {
		case 0: /* came through a router */
			b.b[b.l3 + 7] = 254;
			break;
		case 1:
			b.b[b.l4 + 1] = 1;
			break;
		case 2: /* too short for a target */
			b.len = b.l4 + 23;
			break;
		case 3: /* multicast target */
			b.b[b.l4 + 8] = 0xff;
			break;
		case 4: /* option of length 0: an endless loop elsewhere */
			b.b[b.l4 + 25] = 0;
			break;
		case 5: /* option longer than the message */
			b.b[b.l4 + 25] = 2;
			break;
		case 6: /* from :: but not to a solicited-node address */
			b.b[b.l3 + 24 + 12] = 0;
			break;
		case 7: /* from :: with a source address option */
			FB_PUT(&b, 1, 1, 2, 0, 0, 0, 0, 2);
			break;
		case 8: /* half an option */
			FB_PUT(&b, 14, 1, 0, 0);
			break;
		}
		fb_finish(&b);
		expect_bad(&b, TG_BAD_ICMP);
	}
}

static void
other_options_in_a_solicitation_are_skipped(void **state)
{
	struct fb b;

	(void)state;
	solicit_dad(&b);
	FB_PUT(&b, 14, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14); /* a nonce, RFC 7527 */
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_ND_SOLICIT);
}

static void
a_solicitation_over_two_segments_is_bad(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	solicit(&b);
	for (unsigned cut = b.l4 + 8; cut < b.len; cut++) {
		struct tg_pkt one = pkt_exact(b.b, cut), two = pkt_exact(b.b + cut, b.len - cut);

		one.next = &two;
		assert_int_equal(tg_frame_parse(&one, &f), TG_FRAME_BAD);
		assert_int_equal(f.bad, TG_BAD_ICMP);
		free(one.buf);
		free(two.buf);
	}
}

static bool
sample(unsigned i, struct fb *b)
{
	switch (i) {
	case 0:
		v6_frame(b, TCP);
		fb_tcp(b, 9);
		break;
	case 1:
		fb_eth(b, 2, 0x86dd);
		fb_ipv6(b, HBH);
		fb_ext(b, DEST, 0);
		fb_ext(b, ROUTING, 1);
		fb_ext(b, TCP, 2);
		fb_tcp(b, 0);
		break;
	case 2:
		solicit(b);
		break;
	case 3:
		fb_eth(b, 1, 0x86dd);
		fb_ipv6(b, DEST);
		fb_ext(b, ICMPV6, 0);
		fb_echo(b, 20);
		break;
	default:
		return false;
	}
	fb_finish(b);
	return true;
}

static void
a_frame_cut_anywhere_is_bad_and_never_over_read(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	for (unsigned i = 0; sample(i, &b); i++) {
		for (unsigned n = 0; n < b.len; n++) {
			assert_int_equal(parse_exact(b.b, n, 0, &f), TG_FRAME_BAD);
			/* Lengths that agree with the cut: only the inner bounds can save us. */
			if (n >= b.l3 + 40) {
				struct fb c = b;

				set16(c.b + c.l3 + 4, n - c.l3 - 40);
				parse_exact(c.b, n, TG_RX_L4_CSUM_GOOD, &f);
				assert_true(f.kind == TG_FRAME_BAD || n > b.l4 + 20);
			}
		}
	}
}

static void
a_flipped_bit_under_a_checksum_is_noticed(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	for (unsigned i = 0; sample(i, &b); i++) {
		for (unsigned bit = 0; bit < b.len * 8; bit++) {
			unsigned at = bit / 8;
			enum tg_frame_kind kind;

			b.b[at] ^= (uint8_t)(1 << bit % 8);
			kind = parse_exact(b.b, b.len, 0, &f);
			if (at >= b.l4 || (at >= b.l3 + 8 && at < b.l3 + 40))
				assert_int_equal(kind, TG_FRAME_BAD);
			parse_exact(b.b, b.len, TG_RX_L4_CSUM_GOOD, &f);
			b.b[at] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_tcp_over_ipv6_reaches_its_place),
		cmocka_unit_test(extension_headers_before_tcp_are_walked),
		cmocka_unit_test(eight_headers_are_walked_and_nine_are_bad),
		cmocka_unit_test(hop_by_hop_anywhere_but_first_is_bad),
		cmocka_unit_test(a_routing_header_with_segments_left_is_not_for_us),
		cmocka_unit_test(fragment_headers_and_unknown_ones_end_the_walk),
		cmocka_unit_test(payload_length_zero_is_only_good_with_nothing_behind),
		cmocka_unit_test(extension_headers_past_the_end_are_bad),
		cmocka_unit_test(version_and_length_lies_are_bad),
		cmocka_unit_test(a_v4_mapped_destination_is_bad),
		cmocka_unit_test(icmpv6_echo_is_told_from_other_icmpv6),
		cmocka_unit_test(a_good_solicitation_yields_its_target),
		cmocka_unit_test(rfc4861_7_1_1_each_broken_rule_is_bad),
		cmocka_unit_test(other_options_in_a_solicitation_are_skipped),
		cmocka_unit_test(a_solicitation_over_two_segments_is_bad),
		cmocka_unit_test(a_frame_cut_anywhere_is_bad_and_never_over_read),
		cmocka_unit_test(a_flipped_bit_under_a_checksum_is_noticed),
	};

	return cmocka_run_group_tests_name("ipv6ext", tests, NULL, NULL);
}
