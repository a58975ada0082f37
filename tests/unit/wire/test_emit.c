/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments: what is emitted parses to what was meant, with checksums a naive twin agrees with.
 */
#include "wire_util.h"

#include "csum.h"
#include "emit.h"

static struct tg_segment
random_segment(uint64_t *s)
{
	static const uint8_t syn_sets[] = {0, TG_OPT_MSS, TG_OPT_MSS | TG_OPT_WSCALE,
		TG_OPT_MSS | TG_OPT_SACK_OK, TG_OPT_MSS | TG_OPT_TS, 0x0f, 0x2f, 0x4f, 0x2d};
	static const uint8_t sets[] = {0, TG_OPT_TS, TG_OPT_SACK, TG_OPT_TS | TG_OPT_SACK};
	struct tg_segment g;

	memset(&g, 0, sizeof(g));
	rnd_fill(s, g.l2.dst, 6);
	rnd_fill(s, g.l2.src, 6);
	g.l2.tags = (uint8_t)rnd_below(s, 3);
	for (unsigned i = 0; i < g.l2.tags; i++) {
		g.l2.tpid[i] = rnd_below(s, 2) ? 0x8100 : 0x88a8;
		g.l2.tci[i] = (uint16_t)rnd(s);
	}
	rnd_fill(s, g.src.b, 16);
	rnd_fill(s, g.dst.b, 16);
	if (rnd_below(s, 2)) {
		g.src = tg_addr_v4(g.src.b[0], g.src.b[1], g.src.b[2], g.src.b[3]);
		g.dst = tg_addr_v4(g.dst.b[0], g.dst.b[1], g.dst.b[2], g.dst.b[3]);
	}
	g.sport = (uint16_t)rnd(s);
	g.dport = (uint16_t)rnd(s);
	g.seq = (uint32_t)rnd(s);
	g.ack = (uint32_t)rnd(s);
	g.flags = rnd(s) & 0x1ff;
	g.wnd = (uint16_t)rnd(s);
	g.tos = (uint8_t)rnd(s);
	g.ttl = (uint8_t)rnd(s);
	g.ip_id = (uint16_t)rnd(s);
	if (g.flags & TG_SYN)
		g.opt.present = syn_sets[rnd_below(s, sizeof(syn_sets))];
	else
		g.opt.present = sets[rnd_below(s, sizeof(sets))];
	if (g.opt.present & TG_OPT_MSS)
		g.opt.mss = (uint16_t)rnd(s);
	if (g.opt.present & TG_OPT_WSCALE)
		g.opt.wscale = (uint8_t)rnd_below(s, 15);
	if (g.opt.present & TG_OPT_TS) {
		g.opt.tsval = (uint32_t)rnd(s);
		g.opt.tsecr = (uint32_t)rnd(s);
	}
	if (g.opt.present & TG_OPT_SACK) {
		unsigned max = g.opt.present & TG_OPT_TS ? 3 : 4;

		g.opt.sacks = (uint8_t)(1 + rnd_below(s, max));
		rnd_fill(s, (uint8_t *)g.opt.sack, sizeof(g.opt.sack[0]) * g.opt.sacks);
	}
	if (g.opt.present & (TG_OPT_TFO | TG_OPT_TFO_EXP)) {
		g.opt.tfo_len = (uint8_t)(rnd_below(s, 2) ? 4 + 2 * rnd_below(s, 7) : 0);
		rnd_fill(s, g.opt.tfo, g.opt.tfo_len);
	}
	return g;
}

/* Emits g with n bytes of payload into a buffer of exactly the size announced. */
static struct tg_pkt
emit(const struct tg_segment *g, const uint8_t *payload, unsigned n, unsigned offload)
{
	unsigned head = tg_emit_tcp_size(g);
	struct tg_pkt pkt;

	assert_true(head <= TG_HEADERS_MAX);
	memset(&pkt, 0, sizeof(pkt));
	pkt.buf = malloc(head + n);
	assert_non_null(pkt.buf);
	memset(pkt.buf, 0xee, head + n);
	pkt.data = pkt.buf;
	pkt.flags = TG_RX_IP_CSUM_GOOD | TG_RX_L4_CSUM_GOOD | TG_PKT_VLAN_STRIPPED;
	pkt.vlan_tci = 7;
	tg_emit_tcp(&pkt, g, n, tg_csum_copy(0, pkt.data + head, payload, n), offload);
	assert_int_equal(pkt.len, head + n);
	assert_int_equal(pkt.vlan_tci, 7);
	assert_int_equal(pkt.l2_len + pkt.l3_len + pkt.l4_len, head);
	return pkt;
}

/* Flags that stay when the port has nothing left to do. */
#define DONE TG_PKT_VLAN_STRIPPED

static void
parse_of_emit_is_the_segment(void **state)
{
	uint64_t s = 21;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		struct tg_segment g = random_segment(&s);
		unsigned n = rnd_below(&s, 3) ? rnd_below(&s, 200) : 0;
		uint8_t payload[200];
		struct tg_tcpopt o;
		struct tg_frame f;
		struct tg_pkt pkt;

		rnd_fill(&s, payload, n);
		pkt = emit(&g, payload, n, 0);
		assert_int_equal(pkt.flags, DONE);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		assert_int_equal(f.ip_version, tg_addr_is_v4(&g.src) ? 4 : 6);
		assert_int_equal(f.ip_tos, g.tos);
		assert_int_equal(f.hop_limit, g.ttl);
		assert_memory_equal(&f.src, &g.src, 16);
		assert_memory_equal(&f.dst, &g.dst, 16);
		assert_memory_equal(&f.l2, &g.l2, sizeof(g.l2));
		assert_int_equal(f.sport, g.sport);
		assert_int_equal(f.dport, g.dport);
		assert_int_equal(f.seq, g.seq);
		assert_int_equal(f.ack, g.ack);
		assert_int_equal(f.flags, g.flags);
		assert_int_equal(f.wnd, g.wnd);
		assert_int_equal(f.l3_off, pkt.l2_len);
		assert_int_equal(f.l4_off, pkt.l2_len + pkt.l3_len);
		assert_int_equal(f.payload_off, pkt.len - n);
		assert_int_equal(f.payload_len, n);
		assert_memory_equal(pkt.data + f.payload_off, payload, n);
		memset(&o, 0, sizeof(o));
		tg_tcpopt_parse(pkt.data + f.l4_off + 20, f.payload_off - f.l4_off - 20,
			(g.flags & TG_SYN) != 0, &o);
		assert_memory_equal(&o, &g.opt, sizeof(o));
		free(pkt.buf);
	}
}

static void
offloaded_checksums_are_zero_and_the_pseudo_header_sum(void **state)
{
	uint64_t s = 22;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct tg_segment g = random_segment(&s);
		unsigned n = rnd_below(&s, 50);
		bool v4 = tg_addr_is_v4(&g.src);
		uint8_t payload[50];
		struct tg_pkt pkt;
		uint8_t *ip, *tcp, tail[4] = {0, 6}, want[2];

		rnd_fill(&s, payload, n);
		pkt = emit(&g, payload, n, TG_OFFLOAD_IP | TG_OFFLOAD_TCP);
		ip = pkt.data + pkt.l2_len;
		tcp = ip + pkt.l3_len;
		assert_int_equal(
			pkt.flags, DONE | TG_TX_TCP_CSUM | (v4 ? TG_TX_IP_CSUM : TG_TX_IPV6));
		if (v4)
			assert_int_equal(ip[10] | ip[11], 0);
		set16(tail + 2, pkt.l4_len + n);
		set16(want, naive_sum(naive_sum(0, v4 ? ip + 12 : ip + 8, v4 ? 8 : 32), tail, 4));
		assert_memory_equal(tcp + 16, want, 2);
		free(pkt.buf);
	}
}

static void
each_offload_stands_alone(void **state)
{
	uint64_t s = 23;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct tg_segment g = random_segment(&s);
		bool v4 = tg_addr_is_v4(&g.src);
		struct tg_frame f;
		struct tg_pkt pkt = emit(&g, NULL, 0, TG_OFFLOAD_IP);

		assert_int_equal(pkt.flags, DONE | (v4 ? TG_TX_IP_CSUM : 0));
		pkt.flags = TG_RX_IP_CSUM_GOOD;
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		free(pkt.buf);
		pkt = emit(&g, NULL, 0, TG_OFFLOAD_TCP);
		assert_int_equal(pkt.flags, DONE | TG_TX_TCP_CSUM | (v4 ? 0 : TG_TX_IPV6));
		pkt.flags = TG_RX_L4_CSUM_GOOD;
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
		free(pkt.buf);
	}
}

static void
a_payload_sum_of_any_64_bits_is_folded_in(void **state)
{
	uint64_t s = 24;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct tg_segment g = random_segment(&s);
		unsigned head = tg_emit_tcp_size(&g);
		uint8_t buf[TG_HEADERS_MAX + 2];
		struct tg_pkt pkt;
		struct tg_frame f;
		uint64_t sum = UINT64_MAX - rnd_below(&s, 3);
		uint16_t word = tg_csum_fold(sum);

		memset(&pkt, 0, sizeof(pkt));
		pkt.data = buf;
		memcpy(buf + head, &word, 2);
		tg_emit_tcp(&pkt, &g, 2, sum, 0);
		assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
	}
}

static void
without_payload_its_sum_is_not_looked_at(void **state)
{
	uint64_t s = 25;
	struct tg_segment g = random_segment(&s);
	uint8_t buf[TG_HEADERS_MAX];
	struct tg_pkt pkt;
	struct tg_frame f;

	(void)state;
	memset(&pkt, 0, sizeof(pkt));
	pkt.data = buf;
	tg_emit_tcp(&pkt, &g, 0, 12345, 0);
	assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
}

static void
a_syn_ack_looks_like_that_of_linux(void **state)
{
	static const uint8_t want[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 60, 0,
		0, 0x40, 0, 64, 6, 0xb6, 0xb8, 192, 0, 2, 1, 192, 0, 2, 2, 0, 80, 0x30, 0x39, 0, 0,
		0, 1, 0, 0, 0, 2, 0xa0, 0x12, 0xfa, 0xf0};
	struct tg_segment g = {.l2 = {.dst = {2, 0, 0, 0, 0, 1}, .src = {2, 0, 0, 0, 0, 2}},
		.sport = 80,
		.dport = 12345,
		.seq = 1,
		.ack = 2,
		.flags = TG_SYN | TG_ACK,
		.wnd = 64240,
		.ttl = 64,
		.opt = {.present = 0x0f, .mss = 1460, .wscale = 7, .tsval = 1, .tsecr = 2}};
	struct tg_pkt pkt;

	(void)state;
	g.src = tg_addr_v4(192, 0, 2, 1);
	g.dst = tg_addr_v4(192, 0, 2, 2);
	pkt = emit(&g, NULL, 0, 0);
	assert_int_equal(pkt.len, 74);
	assert_memory_equal(pkt.data, want, sizeof(want));
	assert_memory_equal(pkt.data + 54, "\2\4\5\xb4\4\2\10\12\0\0\0\1\0\0\0\2\1\3\3\7", 20);
	free(pkt.buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_of_emit_is_the_segment),
		cmocka_unit_test(offloaded_checksums_are_zero_and_the_pseudo_header_sum),
		cmocka_unit_test(each_offload_stands_alone),
		cmocka_unit_test(a_payload_sum_of_any_64_bits_is_folded_in),
		cmocka_unit_test(without_payload_its_sum_is_not_looked_at),
		cmocka_unit_test(a_syn_ack_looks_like_that_of_linux),
	};

	return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
