/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers written over their questions.
 */
#include "host_util.h"

/* A TCP frame of `version` with `tags` and n bytes of payload, in a block with `tailroom` behind.
 */
static struct tg_pkt
question(unsigned version, unsigned tags, unsigned n, unsigned tailroom, struct tg_frame *f)
{
	struct tg_pkt pkt;
	struct fb b;

	fb_eth(&b, tags, version == 4 ? 0x0800 : 0x86dd);
	if (version == 4)
		fb_ipv4(&b, 6, 0);
	else
		fb_ipv6(&b, 6);
	fb_tcp(&b, n);
	fb_finish(&b);
	pkt = pkt_exact(b.b, b.len + tailroom);
	pkt.len = (uint16_t)b.len;
	pkt.tailroom = (uint16_t)tailroom;
	assert_int_equal(tg_frame_parse(&pkt, f), TG_FRAME_TCP);
	return pkt;
}

static void
an_answer_goes_back_where_its_question_came_from(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned tags = 0; tags <= 2; tags++) {
			struct tg_segment s;
			struct tg_frame f, g;
			struct tg_pkt pkt;
			struct tg_host h;

			host_with_ports(&h);
			pkt = question(version, tags, 30, 0, &f);
			pkt.port = 63;
			memset(&s, 0xa5, sizeof(s));
			tg_reply_init(&h, &f, &s);
			assert_ptr_equal(s.answers, &f);
			assert_int_equal(s.seq | s.ack | s.flags | s.wnd | s.tos | s.ip_id, 0);
			assert_int_equal(s.opt.present, 0);
			assert_int_equal(tg_emit_answer_size(&f, &s),
				14 + 4 * tags + (version == 4 ? 20u : 40u) + 20);

			s.seq = 1;
			s.flags = TG_RST;
			h.port[63].offload = 0;
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_int_equal(tg_frame_parse(&pkt, &g), TG_FRAME_TCP);
			assert_int_equal(g.payload_len, 0);
			assert_memory_equal(g.l2.dst, f.l2.src, 6);
			assert_memory_equal(g.l2.src, mac1, 6);
			assert_int_equal(g.l2.tags, tags);
			assert_memory_equal(g.l2.tpid, f.l2.tpid, sizeof(g.l2.tpid));
			assert_memory_equal(g.l2.tci, f.l2.tci, sizeof(g.l2.tci));
			assert_memory_equal(&g.src, &f.dst, sizeof(g.src));
			assert_memory_equal(&g.dst, &f.src, sizeof(g.dst));
			assert_int_equal(g.sport, f.dport);
			assert_int_equal(g.dport, f.sport);
			assert_int_equal(g.flags, TG_RST);
			free(pkt.buf);
		}
}

/* In place or from a description: the same bytes, for all that an answer may hold. */
static void
an_answer_is_what_would_have_been_emitted(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned tags = 0; tags <= 2; tags++)
			for (unsigned present = 0; present < 128; present++) {
				unsigned offload = present % 4 == 1 ? TG_OFFLOAD_IP
					: present % 4 == 2          ? TG_OFFLOAD_TCP
					: present % 4 == 3          ? TG_OFFLOAD_IP | TG_OFFLOAD_TCP
								    : 0;
				uint8_t room[TG_HEADERS_MAX] = {0};
				struct tg_pkt pkt, want = {.data = room};
				struct tg_segment s = {
					.seq = 0x01020304 * present,
					.ack = 0xfffffff0 + present,
					.flags = TG_ACK | TG_SYN,
					.wnd = (uint16_t)(present * 511),
					.tos = (uint8_t)present,
					.ip_id = (uint16_t)(present * 257),
					.opt = {.present = (uint8_t)present,
						.wscale = 7,
						.sacks = 4,
						.tfo_len = 8,
						.mss = 1460,
						.tsval = ~present,
						.tsecr = present},
				};
				struct tg_frame f;
				struct tg_host h;

				if ((present & TG_OPT_TFO) && (present & TG_OPT_TFO_EXP))
					continue;
				host_with_ports(&h);
				h.port[63].offload = (uint16_t)offload;
				pkt = question(version, tags, 30, 100, &f);
				pkt.port = 63;
				s.answers = &f;
				assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
				s.l2 = f.l2;
				memcpy(s.l2.dst, f.l2.src, 6);
				memcpy(s.l2.src, mac1, 6);
				s.src = f.dst;
				s.dst = f.src;
				s.sport = f.dport;
				s.dport = f.sport;
				tg_emit_tcp(&want, &s, 0, 0, offload);
				assert_int_equal(pkt.len, want.len);
				assert_memory_equal(pkt.data, room, want.len);
				assert_int_equal(pkt.flags, want.flags);
				assert_int_equal(pkt.l2_len, want.l2_len);
				assert_int_equal(pkt.l3_len, want.l3_len);
				assert_int_equal(pkt.l4_len, want.l4_len);
				free(pkt.buf);
			}
}

/* The tag the port took off is put back by the port. */
static void
a_stripped_tag_stays_with_the_answer(void **state)
{
	struct tg_segment s;
	struct tg_frame f;
	struct tg_pkt pkt;
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	pkt = question(4, 1, 0, 0, &f);
	pkt.flags |= TG_PKT_VLAN_STRIPPED | TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD;
	pkt.vlan_tci = 0xe123;
	tg_reply_init(&h, &f, &s);
	assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
	assert_int_equal(pkt.flags, TG_PKT_VLAN_STRIPPED);
	assert_int_equal(pkt.vlan_tci, 0xe123);
	assert_int_equal(pkt.l2_len, 18);
	free(pkt.buf);
}

static void
the_port_is_left_the_checksums_it_computes(void **state)
{
	static const struct {
		unsigned version;
		uint16_t port, flags;
	} want[] = {{4, 0, 0}, {6, 0, 0}, {4, 63, TG_TX_IP_CSUM | TG_TX_TCP_CSUM},
		{6, 63, TG_TX_TCP_CSUM | TG_TX_IPV6}};
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned i = 0; i < 4; i++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(want[i].version, 0, 0, 0, &f);

		pkt.port = want[i].port;
		tg_reply_init(&h, &f, &s);
		assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
		assert_int_equal(pkt.flags, want[i].flags);
		free(pkt.buf);
	}
}

/* The answer's options take 20 bytes, the question's 12: eight bytes of tailroom, or no answer. */
static void
an_answer_uses_the_tailroom_to_the_last_byte_and_not_one_more(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned tailroom = 0; tailroom <= 12; tailroom++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(4, 0, 0, tailroom, &f), before;
		uint8_t *bytes = malloc(pkt.len + tailroom);

		assert_non_null(bytes);
		memcpy(bytes, pkt.data, pkt.len + tailroom);
		before = pkt;
		tg_reply_init(&h, &f, &s);
		s.flags = TG_SYN | TG_ACK;
		s.opt.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;
		s.opt.mss = 1460;
		s.opt.wscale = 7;
		s.opt.tsval = 1;
		s.opt.tsecr = 2;
		if (tailroom < 8) {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), -ENOSPC);
			assert_memory_equal(&pkt, &before, sizeof(pkt));
			assert_memory_equal(pkt.data, bytes, pkt.len + tailroom);
		} else {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_int_equal(pkt.len, before.len + 8);
			assert_int_equal(pkt.tailroom, tailroom - 8);
			assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		}
		free(bytes);
		free(pkt.buf);
	}
}

/* Payload makes room: it is not part of the answer. */
static void
payload_of_the_question_becomes_tailroom(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (unsigned n = 0; n < 40; n++) {
		struct tg_segment s;
		struct tg_frame f;
		struct tg_pkt pkt = question(6, 0, n, 3, &f);
		unsigned len = pkt.len;

		tg_reply_init(&h, &f, &s);
		s.flags = TG_ACK;
		assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
		assert_int_equal(pkt.len, 14 + 40 + 20);
		assert_int_equal(pkt.len + pkt.tailroom, len + 3);
		free(pkt.buf);
	}
}

/* The question's IP options are not answered, so they make room as well. */
static void
ip_options_of_the_question_do_not_come_back(void **state)
{
	struct tg_segment s;
	struct tg_frame f;
	struct tg_pkt pkt;
	struct tg_host h;
	struct fb b;

	(void)state;
	host_with_ports(&h);
	fb_eth(&b, 0, 0x0800);
	fb_ipv4(&b, 6, 40);
	fb_tcp(&b, 0);
	fb_finish(&b);
	pkt = pkt_exact(b.b, b.len);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
	tg_reply_init(&h, &f, &s);
	assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
	assert_int_equal(pkt.len, 54);
	assert_int_equal(pkt.tailroom, b.len - 54);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
	assert_int_equal(f.l4_off, 34);
	free(pkt.buf);
}

/* The rest of a chain is let go, untouched; on failure the chain stays whole. */
static void
an_answer_to_a_chain_is_one_segment(void **state)
{
	struct tg_host h;

	(void)state;
	host_with_ports(&h);
	for (int fits = 0; fits < 2; fits++) {
		struct tg_pkt pkt, rest;
		struct tg_segment s;
		struct tg_frame f;
		struct fb b;

		fb_eth(&b, 0, 0x0800);
		fb_ipv4(&b, 6, 0);
		fb_tcp(&b, 100);
		fb_finish(&b);
		pkt = pkt_exact(b.b, 66 + 5); /* headers and five bytes of payload */
		rest = pkt_exact(b.b + 71, b.len - 71);
		pkt.next = &rest;
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		assert_int_equal(f.payload_len, 100);
		tg_reply_init(&h, &f, &s);
		s.flags = TG_ACK;
		s.opt.present = fits ? TG_OPT_TS : TG_OPT_TS | TG_OPT_SACK;
		s.opt.tsval = s.opt.tsecr = 0;
		s.opt.sacks = 1;
		memset(s.opt.sack, 0, sizeof(s.opt.sack));
		if (fits) {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), 0);
			assert_null(pkt.next);
			assert_int_equal(pkt.len, 66);
			assert_int_equal(pkt.tailroom, 5);
			assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
			assert_int_equal(f.payload_len, 0);
		} else {
			assert_int_equal(tg_reply_write(&h, &pkt, &s), -ENOSPC);
			assert_ptr_equal(pkt.next, &rest);
			assert_int_equal(pkt.len, 71);
			assert_memory_equal(pkt.data, b.b, 71);
		}
		assert_int_equal(rest.len, b.len - 71);
		assert_memory_equal(rest.data, b.b + 71, b.len - 71);
		free(pkt.buf);
		free(rest.buf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_goes_back_where_its_question_came_from),
		cmocka_unit_test(an_answer_is_what_would_have_been_emitted),
		cmocka_unit_test(a_stripped_tag_stays_with_the_answer),
		cmocka_unit_test(the_port_is_left_the_checksums_it_computes),
		cmocka_unit_test(an_answer_uses_the_tailroom_to_the_last_byte_and_not_one_more),
		cmocka_unit_test(payload_of_the_question_becomes_tailroom),
		cmocka_unit_test(ip_options_of_the_question_do_not_come_back),
		cmocka_unit_test(an_answer_to_a_chain_is_one_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
