/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments without payload: byte for byte what tg_emit_tcp() writes for the same values, and the
 * same said of them.
 */
#include "wire_util.h"

#include "bare.h"

static struct tg_segment
random_segment(uint64_t *s)
{
	struct tg_segment g;

	memset(&g, 0, sizeof(g));
	rnd_fill(s, g.l2.dst, 6);
	rnd_fill(s, g.l2.src, 6);
	rnd_fill(s, g.src.b, 16);
	rnd_fill(s, g.dst.b, 16);
	if (rnd_below(s, 2)) {
		g.src = tg_addr_v4(g.src.b[0], g.src.b[1], g.src.b[2], g.src.b[3]);
		g.dst = tg_addr_v4(g.dst.b[0], g.dst.b[1], g.dst.b[2], g.dst.b[3]);
	} else {
		g.src.b[0] = 0x20; /* never v4-mapped */
	}
	g.sport = (uint16_t)rnd(s);
	g.dport = (uint16_t)rnd(s);
	g.seq = (uint32_t)rnd(s);
	g.ack = (uint32_t)rnd(s);
	g.flags = rnd(s) & 0x1ff;
	g.wnd = (uint16_t)rnd(s);
	g.tos = (uint8_t)rnd(s);
	g.ttl = (uint8_t)rnd(s);
	if (rnd_below(s, 2)) {
		g.opt.present = TG_OPT_TS;
		g.opt.tsval = (uint32_t)rnd(s);
		g.opt.tsecr = (uint32_t)rnd(s);
	}
	return g;
}

static struct tg_bare
bare_of(const struct tg_segment *g, unsigned offload)
{
	return (struct tg_bare){
		.peer_mac = g->l2.dst,
		.mac = g->l2.src,
		.src = g->src.b,
		.dst = g->dst.b,
		.sport = g->sport,
		.dport = g->dport,
		.seq = g->seq,
		.ack = g->ack,
		.tsval = g->opt.tsval,
		.tsecr = g->opt.tsecr,
		.flags = g->flags,
		.wnd = g->wnd,
		.tos = g->tos,
		.ttl = g->ttl,
		.ts = g->opt.present != 0,
		.v6 = !tg_addr_is_v4(&g->src),
		.offload = (uint16_t)offload,
	};
}

static void
both_write_the_same(void **state)
{
	static const unsigned offloads[] = {
		0, TG_OFFLOAD_IP, TG_OFFLOAD_TCP, TG_OFFLOAD_IP | TG_OFFLOAD_TCP};
	uint64_t s = 41;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		const struct tg_segment g = random_segment(&s);
		unsigned size = tg_emit_tcp_size(&g), offload = offloads[i % 4];
		const struct tg_bare b = bare_of(&g, offload);
		uint16_t flags = i & 4 ? TG_PKT_VLAN_STRIPPED : 0;
		uint8_t *room[2] = {malloc(size), malloc(size)};
		struct tg_pkt p[2];

		for (unsigned k = 0; k < 2; k++) {
			assert_non_null(room[k]);
			memset(room[k], 0xa5 + (int)k, size);
			p[k] = (struct tg_pkt){.data = room[k], .flags = flags};
		}
		p[1].tailroom = (uint16_t)(size + 7);
		tg_emit_tcp(&p[0], &g, 0, 0, offload);
		tg_bare_write(&p[1], &b);
		assert_int_equal(p[0].len, size);
		assert_int_equal(p[1].len, size);
		assert_int_equal(p[1].tailroom, 7);
		assert_memory_equal(room[0], room[1], size);
		assert_int_equal(p[0].flags, p[1].flags);
		assert_int_equal(p[0].l2_len, p[1].l2_len);
		assert_int_equal(p[0].l3_len, p[1].l3_len);
		assert_int_equal(p[0].l4_len, p[1].l4_len);
		free(room[0]);
		free(room[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_write_the_same)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
