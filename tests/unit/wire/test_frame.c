/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, tags, ARP, IPv4, ICMP and TCP off the wire. IPv6 has test_ipv6ext.c.
 */
#include "wire_util.h"

static void
tcp_frame(struct fb *b, unsigned tags, unsigned ip_opts, unsigned payload)
{
	fb_eth(b, tags, 0x0800);
	fb_ipv4(b, 6, ip_opts);
	fb_tcp(b, payload);
	fb_finish(b);
}

static void
arp_frame(struct fb *b, unsigned tags)
{
	fb_eth(b, tags, 0x0806);
	FB_PUT(b, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0,
		2, 9);
}

static void
every_tcp_field_reaches_its_place(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 0, 0, 5);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.bad, TG_BAD_NONE);
	assert_int_equal(f.ip_version, 4);
	assert_int_equal(f.ip_tos, 0xb8);
	assert_int_equal(f.hop_limit, 57);
	assert_int_equal(f.l3_off, 14);
	assert_int_equal(f.l4_off, 34);
	assert_int_equal(f.payload_off, 66);
	assert_int_equal(f.payload_len, 5);
	assert_int_equal(f.sport, 0x1234);
	assert_int_equal(f.dport, 80);
	assert_int_equal(f.seq, 0x01020304);
	assert_int_equal(f.ack, 0x05060708);
	assert_int_equal(f.flags, TG_SYN | TG_ACK | TG_AE);
	assert_int_equal(f.wnd, 0xabcd);
	assert_memory_equal(&f.src, &((struct tg_addr[]){tg_addr_v4(192, 0, 2, 7)}), 16);
	assert_memory_equal(&f.dst, &((struct tg_addr[]){tg_addr_v4(198, 51, 100, 9)}), 16);
	assert_memory_equal(f.l2.dst, "\2\0\0\0\0\1", 6);
	assert_memory_equal(f.l2.src, "\2\0\0\0\0\2", 6);
	assert_int_equal(f.l2.tags, 0);
}

static void
up_to_two_tags_are_read_outermost_first(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 1, 0, 0);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.l2.tags, 1);
	assert_int_equal(f.l2.tpid[0], 0x8100);
	assert_int_equal(f.l2.tci[0], 0xe007);
	assert_int_equal(f.l3_off, 18);
	tcp_frame(&b, 2, 0, 0);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.l2.tags, 2);
	assert_int_equal(f.l2.tpid[0], 0x88a8);
	assert_int_equal(f.l2.tci[0], 0x2064);
	assert_int_equal(f.l2.tpid[1], 0x8100);
	assert_int_equal(f.l2.tci[1], 0xe007);
	assert_int_equal(f.l3_off, 22);
}

static void
a_third_tag_and_unknown_ethertypes_are_other(void **state)
{
	struct fb b;

	(void)state;
	fb_eth(&b, 2, 0x8100);
	FB_PUT(&b, 0, 1, 8, 0);
	expect_kind(&b, TG_FRAME_OTHER);
	fb_eth(&b, 0, 0x88cc);
	expect_kind(&b, TG_FRAME_OTHER);
	fb_eth(&b, 0, 0x0026); /* an 802.3 length */
	expect_kind(&b, TG_FRAME_OTHER);
}

static void
ipv4_options_are_skipped(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	for (unsigned n = 0; n <= 40; n += 4) {
		tcp_frame(&b, 0, n, 3);
		assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
		assert_int_equal(f.l4_off, 34 + n);
		assert_int_equal(f.payload_len, 3);
	}
}

static void
bytes_behind_the_total_length_are_padding(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 0, 0, 1);
	memset(fb_put(&b, NULL, 9), 0xee, 9);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_TCP);
	assert_int_equal(f.payload_len, 1);
}

static void
impossible_ipv4_headers_are_bad(void **state)
{
	static const uint8_t first[] = {0x55, 0x65, 0x05, 0x44, 0x40, 0x4f};
	struct fb b;

	(void)state;
	for (unsigned i = 0; i < sizeof(first); i++) {
		tcp_frame(&b, 0, 0, 8);
		b.b[b.l3] = first[i];
		expect_bad(&b, first[i] == 0x4f ? TG_BAD_IP_CSUM : TG_BAD_IP_HEADER);
	}
	tcp_frame(&b, 0, 0, 8);
	set16(b.b + b.l3 + 2, 19);
	expect_bad(&b, TG_BAD_IP_HEADER);
	set16(b.b + b.l3 + 2, b.len - b.l3 + 1);
	expect_bad(&b, TG_BAD_IP_HEADER);
}

static void
fragments_are_told_apart_and_the_df_and_evil_bits_ignored(void **state)
{
	static const struct {
		uint16_t field;
		uint8_t kind;
	} rows[] = {{0x0000, TG_FRAME_TCP}, {0x4000, TG_FRAME_TCP}, {0x8000, TG_FRAME_TCP},
		{0x2000, TG_FRAME_FRAGMENT}, {0x0001, TG_FRAME_FRAGMENT},
		{0x1fff, TG_FRAME_FRAGMENT}, {0x6000, TG_FRAME_FRAGMENT}};
	struct fb b;
	struct tg_frame f;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tcp_frame(&b, 0, 0, 8);
		set16(b.b + b.l3 + 6, rows[i].field);
		fb_finish(&b);
		expect_kind(&b, rows[i].kind);
	}
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_FRAGMENT);
	assert_true(f.may_be_tcp);
	b.b[b.l3 + 9] = 17;
	b.proto = 0;
	fb_finish(&b);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_FRAGMENT);
	assert_false(f.may_be_tcp);
}

static void
impossible_tcp_headers_are_bad(void **state)
{
	struct fb b;

	(void)state;
	tcp_frame(&b, 0, 0, 0);
	b.b[b.l4 + 12] = 0x40;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_TCP_HEADER);
	b.b[b.l4 + 12] = 0x90; /* 36 bytes of 32 */
	fb_finish(&b);
	expect_bad(&b, TG_BAD_TCP_HEADER);
	b.len = b.l4 + 19;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_TCP_HEADER);
	b.len = b.l4;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_TCP_HEADER);
}

static void
the_ports_checksum_verdict_is_believed(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 0, 0, 4);
	assert_int_equal(parse_exact(b.b, b.len, TG_RX_IP_CSUM_BAD, &f), TG_FRAME_BAD);
	assert_int_equal(f.bad, TG_BAD_IP_CSUM);
	assert_int_equal(parse_exact(b.b, b.len, TG_RX_L4_CSUM_BAD, &f), TG_FRAME_BAD);
	assert_int_equal(f.bad, TG_BAD_TCP_CSUM);
	b.b[b.l4 + 17] ^= 1;
	expect_bad(&b, TG_BAD_TCP_CSUM);
	assert_int_equal(parse_exact(b.b, b.len, TG_RX_L4_CSUM_GOOD, &f), TG_FRAME_TCP);
	b.b[b.l3 + 11] ^= 1;
	expect_bad(&b, TG_BAD_IP_CSUM);
	assert_int_equal(
		parse_exact(b.b, b.len, TG_RX_L4_CSUM_GOOD | TG_RX_IP_CSUM_GOOD, &f), TG_FRAME_TCP);
}

/* Parses b cut into three segments at the two positions. */
static enum tg_frame_kind
parse_cut(const struct fb *b, unsigned one, unsigned two, struct tg_frame *f)
{
	struct tg_pkt seg[3] = {pkt_exact(b->b, one), pkt_exact(b->b + one, two - one),
		pkt_exact(b->b + two, b->len - two)};
	enum tg_frame_kind kind;

	seg[0].next = &seg[1];
	seg[1].next = &seg[2];
	kind = tg_frame_parse(&seg[0], f);
	for (int i = 0; i < 3; i++)
		free(seg[i].buf);
	return kind;
}

static void
a_chain_is_summed_over_all_its_segments(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 0, 0, 21);
	for (unsigned one = 66; one <= b.len; one++) {
		for (unsigned two = one; two <= b.len; two++) {
			assert_int_equal(parse_cut(&b, one, two, &f), TG_FRAME_TCP);
			assert_int_equal(f.payload_off, 66);
			assert_int_equal(f.payload_len, 21);
		}
	}
	b.b[b.len - 1] ^= 0x10;
	for (unsigned one = 66; one <= b.len; one++) {
		assert_int_equal(parse_cut(&b, one, (one + b.len) / 2, &f), TG_FRAME_BAD);
		assert_int_equal(f.bad, TG_BAD_TCP_CSUM);
	}
}

static void
headers_split_over_segments_are_bad_where_they_break(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 1, 4, 21);
	for (unsigned one = 0; one < b.l4 + 32; one++) {
		unsigned why = one < 18 ? TG_BAD_ETH
			: one < b.l4    ? TG_BAD_IP_HEADER
					: TG_BAD_TCP_HEADER;

		assert_int_equal(parse_cut(&b, one, one + 7, &f), TG_FRAME_BAD);
		assert_int_equal(f.bad, why);
	}
}

static void
padding_in_a_later_segment_is_still_padding(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	tcp_frame(&b, 0, 0, 3);
	memset(fb_put(&b, NULL, 10), 0xee, 10);
	assert_int_equal(parse_cut(&b, b.len - 10, b.len - 5, &f), TG_FRAME_TCP);
	assert_int_equal(f.payload_len, 3);
}

static void
arp_requests_for_ethernet_and_ipv4_are_recognised(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	arp_frame(&b, 1);
	assert_int_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_ARP_REQUEST);
	assert_int_equal(f.ip_version, 0);
	assert_int_equal(f.l3_off, 18);
	assert_memory_equal(&f.src, &((struct tg_addr[]){tg_addr_v4(192, 0, 2, 7)}), 16);
	assert_memory_equal(&f.dst, &((struct tg_addr[]){tg_addr_v4(192, 0, 2, 9)}), 16);
	b.b[b.l3 + 7] = 2;
	expect_kind(&b, TG_FRAME_ARP_OTHER);
	b.b[b.l3 + 7] = 1;
	b.b[b.l3 + 1] = 6;
	expect_kind(&b, TG_FRAME_ARP_OTHER);
	b.b[b.l3 + 1] = 1;
	b.b[b.l3 + 4] = 8;
	expect_bad(&b, TG_BAD_ARP);
	b.b[b.l3 + 4] = 6;
	b.b[b.l3 + 5] = 16;
	expect_bad(&b, TG_BAD_ARP);
}

static void
icmp_echo_is_told_from_other_icmp(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	fb_eth(&b, 0, 0x0800);
	fb_ipv4(&b, 1, 0);
	fb_echo(&b, 11);
	fb_finish(&b);
	assert_int_equal(parse_exact(b.b, b.len, TG_RX_L4_CSUM_BAD, &f), TG_FRAME_ICMP_ECHO);
	assert_int_equal(f.payload_off, b.l4 + 8);
	assert_int_equal(f.payload_len, 11);
	b.b[b.l4 + 3] ^= 1;
	assert_int_equal(parse_exact(b.b, b.len, TG_RX_L4_CSUM_GOOD, &f), TG_FRAME_BAD);
	assert_int_equal(f.bad, TG_BAD_ICMP);
	b.b[b.l4] = 3;
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_ICMP_OTHER);
	b.len = b.l4 + 7;
	fb_finish(&b);
	expect_bad(&b, TG_BAD_ICMP);
}

static void
other_ip_protocols_are_other(void **state)
{
	struct fb b;

	(void)state;
	fb_eth(&b, 0, 0x0800);
	fb_ipv4(&b, 17, 0);
	fb_put(&b, NULL, 8);
	fb_finish(&b);
	expect_kind(&b, TG_FRAME_OTHER);
}

/* One frame of every kind, with and without tags. */
static bool
sample(unsigned i, struct fb *b)
{
	switch (i) {
	case 0:
		tcp_frame(b, 0, 0, 9);
		return true;
	case 1:
		tcp_frame(b, 2, 40, 0);
		return true;
	case 2:
		arp_frame(b, 1);
		return true;
	case 3:
		fb_eth(b, 1, 0x0800);
		fb_ipv4(b, 1, 8);
		fb_echo(b, 33);
		fb_finish(b);
		return true;
	default:
		return false;
	}
}

static void
a_frame_cut_anywhere_is_bad_and_never_over_read(void **state)
{
	struct fb b;
	struct tg_frame f;

	(void)state;
	for (unsigned i = 0; sample(i, &b); i++) {
		assert_int_not_equal(parse_exact(b.b, b.len, 0, &f), TG_FRAME_BAD);
		for (unsigned n = 0; n < b.len; n++) {
			assert_int_equal(parse_exact(b.b, n, 0, &f), TG_FRAME_BAD);
			parse_exact(b.b, n, TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD, &f);
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
			enum tg_frame_kind kind;

			b.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			kind = parse_exact(b.b, b.len, 0, &f);
			if (bit / 8 >= b.l3 && b.version == 4)
				assert_int_equal(kind, TG_FRAME_BAD);
			parse_exact(b.b, b.len, TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD, &f);
			b.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tcp_field_reaches_its_place),
		cmocka_unit_test(up_to_two_tags_are_read_outermost_first),
		cmocka_unit_test(a_third_tag_and_unknown_ethertypes_are_other),
		cmocka_unit_test(ipv4_options_are_skipped),
		cmocka_unit_test(bytes_behind_the_total_length_are_padding),
		cmocka_unit_test(impossible_ipv4_headers_are_bad),
		cmocka_unit_test(fragments_are_told_apart_and_the_df_and_evil_bits_ignored),
		cmocka_unit_test(impossible_tcp_headers_are_bad),
		cmocka_unit_test(the_ports_checksum_verdict_is_believed),
		cmocka_unit_test(a_chain_is_summed_over_all_its_segments),
		cmocka_unit_test(headers_split_over_segments_are_bad_where_they_break),
		cmocka_unit_test(padding_in_a_later_segment_is_still_padding),
		cmocka_unit_test(arp_requests_for_ethernet_and_ipv4_are_recognised),
		cmocka_unit_test(icmp_echo_is_told_from_other_icmp),
		cmocka_unit_test(other_ip_protocols_are_other),
		cmocka_unit_test(a_frame_cut_anywhere_is_bad_and_never_over_read),
		cmocka_unit_test(a_flipped_bit_under_a_checksum_is_noticed),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
