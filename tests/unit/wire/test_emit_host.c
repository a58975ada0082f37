/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies of a host, written over their requests.
 */
#include "wire_util.h"

#include <errno.h>

#include "emit.h"

static const uint8_t mac[6] = {6, 1, 2, 3, 4, 5};

/* True when the message in [l4, end) of an IP frame sums to 0xffff with its pseudo-header. */
static bool
csum_good(const uint8_t *ip, unsigned l4, unsigned end, uint8_t proto)
{
	uint8_t tail[4] = {0, proto, (uint8_t)((end - l4) >> 8), (uint8_t)(end - l4)};
	uint16_t sum = 0;

	if (proto == 58)
		sum = naive_sum(naive_sum(0, ip + 8, 32), tail, 4);
	return naive_sum(sum, ip + l4, end - l4) == 0xffff;
}

static void
expect_turned(const struct tg_pkt *pkt, const struct fb *request)
{
	assert_memory_equal(pkt->data, request->b + 6, 6);
	assert_memory_equal(pkt->data + 6, mac, 6);
	assert_memory_equal(pkt->data + 12, request->b + 12, request->l3 - 12);
}

static void
an_arp_request_becomes_its_reply(void **state)
{
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		struct fb b;
		struct tg_frame f;
		struct tg_pkt pkt;

		fb_eth(&b, tags, 0x0806);
		FB_PUT(&b, 0, 1, 8, 0, 6, 4, 0, 1, 2, 9, 9, 9, 9, 9, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0,
			192, 0, 2, 9);
		pkt = pkt_exact(b.b, b.len);
		pkt.flags = TG_RX_IP_CSUM_GOOD | TG_PKT_VLAN_STRIPPED;
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ARP_REQUEST);
		tg_emit_arp_reply(&pkt, &f, mac);
		expect_turned(&pkt, &b);
		assert_int_equal(pkt.flags, TG_PKT_VLAN_STRIPPED);
		assert_int_equal(pkt.len, b.len);
		assert_memory_equal(pkt.data + b.l3, "\0\1\10\0\6\4\0\2", 8);
		assert_memory_equal(pkt.data + b.l3 + 8, mac, 6);
		assert_memory_equal(pkt.data + b.l3 + 14, "\xc0\0\2\11", 4);
		assert_memory_equal(pkt.data + b.l3 + 18, "\2\11\11\11\11\11\xc0\0\2\7", 10);
		free(pkt.buf);
	}
}

static void
an_icmp_echo_is_answered_without_its_options(void **state)
{
	uint64_t s = 31;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned n = rnd_below(&s, 60), opts = 4 * rnd_below(&s, 11);
		struct fb b;
		struct tg_frame f;
		struct tg_pkt pkt;
		const uint8_t *ip;

		fb_eth(&b, i % 3, 0x0800);
		fb_ipv4(&b, 1, opts);
		fb_echo(&b, n);
		rnd_fill(&s, b.b + b.l4 + 4, n + 4);
		fb_finish(&b);
		pkt = pkt_exact(b.b, b.len);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP_ECHO);
		tg_emit_echo_reply(&pkt, &f, mac);
		expect_turned(&pkt, &b);
		assert_int_equal(pkt.len, b.len - opts);
		assert_int_equal(pkt.tailroom, opts);
		ip = pkt.data + b.l3;
		assert_int_equal(naive_sum(0, ip, 20), 0xffff);
		assert_true(csum_good(ip, 20, 28 + n, 1));
		assert_int_equal(ip[8], 64);
		assert_memory_equal(ip + 12, b.b + b.l3 + 16, 4);
		assert_memory_equal(ip + 16, b.b + b.l3 + 12, 4);
		assert_memory_equal(ip + 24, b.b + b.l4 + 4, n + 4);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP_OTHER);
		assert_int_equal(f.payload_len, n);
		free(pkt.buf);
	}
}

static void
an_echo_reply_of_zero_bytes_has_a_checksum_that_verifies(void **state)
{
	struct fb b;
	struct tg_frame f;
	struct tg_pkt pkt;

	(void)state;
	fb_eth(&b, 0, 0x0800);
	fb_ipv4(&b, 1, 0);
	FB_PUT(&b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	fb_finish(&b);
	pkt = pkt_exact(b.b, b.len);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP_ECHO);
	tg_emit_echo_reply(&pkt, &f, mac);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP_OTHER);
	free(pkt.buf);
}

static void
an_echo_in_a_chain_is_answered_without_touching_its_payload(void **state)
{
	(void)state;
	for (unsigned cut = 42 + 4; cut < 60; cut++) {
		struct fb b;
		struct tg_frame f;
		struct tg_pkt one, two;

		fb_eth(&b, 0, 0x0800);
		fb_ipv4(&b, 1, 4);
		fb_echo(&b, 15);
		fb_finish(&b);
		one = pkt_exact(b.b, cut);
		two = pkt_exact(b.b + cut, b.len - cut);
		one.next = &two;
		assert_int_equal(tg_frame_parse(&one, &f), TG_FRAME_ICMP_ECHO);
		tg_emit_echo_reply(&one, &f, mac);
		assert_int_equal(one.len, cut - 4);
		assert_ptr_equal(one.next, &two);
		assert_memory_equal(two.data, b.b + cut, b.len - cut);
		assert_int_equal(tg_frame_parse(&one, &f), TG_FRAME_ICMP_OTHER);
		assert_int_equal(f.payload_len, 15);
		free(one.buf);
		free(two.buf);
	}
}

static void
an_icmpv6_echo_is_answered_without_its_extension_headers(void **state)
{
	uint64_t s = 32;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned n = rnd_below(&s, 60), ext = i % 2;
		struct fb b;
		struct tg_frame f;
		struct tg_pkt pkt;
		const uint8_t *ip;

		fb_eth(&b, i % 3, 0x86dd);
		fb_ipv6(&b, ext ? 60 : 58);
		if (ext)
			fb_ext(&b, 58, 1);
		fb_echo(&b, n);
		rnd_fill(&s, b.b + b.l4 + 4, n + 4);
		fb_finish(&b);
		pkt = pkt_exact(b.b, b.len);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP6_ECHO);
		tg_emit_echo_reply(&pkt, &f, mac);
		expect_turned(&pkt, &b);
		assert_int_equal(pkt.len, b.len - 16 * ext);
		ip = pkt.data + b.l3;
		assert_int_equal(ip[40], 129);
		assert_int_equal(ip[7], 64);
		assert_true(csum_good(ip, 40, 48 + n, 58));
		assert_memory_equal(ip + 8, b.b + b.l3 + 24, 16);
		assert_memory_equal(ip + 24, b.b + b.l3 + 8, 16);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP6_OTHER);
		assert_int_equal(f.ip_tos, 0xb8);
		assert_int_equal(f.payload_len, n);
		free(pkt.buf);
	}
}

static void
solicit_frame(struct fb *b, unsigned tags, bool dad)
{
	fb_eth(b, tags, 0x86dd);
	fb_ipv6(b, 58);
	fb_solicit(b);
	if (dad) {
		memset(b->b + b->l3 + 8, 0, 16);
		b->len -= 8;
	}
	fb_finish(b);
}

static void
a_solicitation_becomes_a_solicited_advertisement(void **state)
{
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		struct fb b;
		struct tg_frame f;
		struct tg_pkt pkt;
		const uint8_t *ip;

		solicit_frame(&b, tags, false);
		pkt = pkt_exact(b.b, b.len);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ND_SOLICIT);
		assert_int_equal(tg_emit_nd_advert(&pkt, &f, mac), 0);
		expect_turned(&pkt, &b);
		assert_int_equal(pkt.len, b.l3 + 72);
		ip = pkt.data + b.l3;
		assert_int_equal(ip[7], 255);
		assert_memory_equal(ip + 8, f.target.b, 16);
		assert_memory_equal(ip + 24, b.b + b.l3 + 8, 16);
		assert_memory_equal(ip + 40, "\x88\0", 2);
		assert_memory_equal(ip + 44, "\x60\0\0\0", 4);
		assert_memory_equal(ip + 48, f.target.b, 16);
		assert_memory_equal(ip + 64, "\2\1", 2);
		assert_memory_equal(ip + 66, mac, 6);
		assert_true(csum_good(ip, 40, 72, 58));
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ICMP6_OTHER);
		free(pkt.buf);
	}
}

static void
duplicate_address_detection_is_answered_to_all_nodes(void **state)
{
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
	struct fb b;
	struct tg_frame f;
	struct tg_pkt pkt;
	const uint8_t *ip;

	(void)state;
	solicit_frame(&b, 1, true);
	pkt = pkt_exact(b.b, b.len + 10);
	pkt.len = (uint16_t)b.len;
	pkt.tailroom = 10;
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ND_SOLICIT);
	assert_int_equal(tg_emit_nd_advert(&pkt, &f, mac), 0);
	assert_int_equal(pkt.len, b.len + 8);
	assert_int_equal(pkt.tailroom, 2);
	assert_memory_equal(pkt.data, "\x33\x33\0\0\0\1", 6);
	ip = pkt.data + b.l3;
	assert_memory_equal(ip + 24, all_nodes, 16);
	assert_memory_equal(ip + 44, "\x20\0\0\0", 4);
	assert_true(csum_good(ip, 40, 72, 58));
	free(pkt.buf);
}

static void
an_advertisement_without_room_leaves_the_packet_alone(void **state)
{
	struct fb b;
	struct tg_frame f;
	struct tg_pkt pkt, pad;

	(void)state;
	solicit_frame(&b, 0, true);
	pkt = pkt_exact(b.b, b.len + 7);
	pkt.len = (uint16_t)b.len;
	pkt.tailroom = 7;
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ND_SOLICIT);
	assert_int_equal(tg_emit_nd_advert(&pkt, &f, mac), -ENOSPC);
	assert_int_equal(pkt.len, b.len);
	assert_memory_equal(pkt.data, b.b, b.len);

	pad = pkt_exact(b.b, 4);
	pkt.tailroom = 100;
	pkt.next = &pad;
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_ND_SOLICIT);
	assert_int_equal(tg_emit_nd_advert(&pkt, &f, mac), -ENOSPC);
	assert_memory_equal(pkt.data, b.b, b.len);
	free(pkt.buf);
	free(pad.buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arp_request_becomes_its_reply),
		cmocka_unit_test(an_icmp_echo_is_answered_without_its_options),
		cmocka_unit_test(an_echo_reply_of_zero_bytes_has_a_checksum_that_verifies),
		cmocka_unit_test(an_echo_in_a_chain_is_answered_without_touching_its_payload),
		cmocka_unit_test(an_icmpv6_echo_is_answered_without_its_extension_headers),
		cmocka_unit_test(a_solicitation_becomes_a_solicited_advertisement),
		cmocka_unit_test(duplicate_address_detection_is_answered_to_all_nodes),
		cmocka_unit_test(an_advertisement_without_room_leaves_the_packet_alone),
	};

	return cmocka_run_group_tests_name("emit_host", tests, NULL, NULL);
}
