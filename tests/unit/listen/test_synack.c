/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN-ACK (listener-semantics section 4), down to its bytes.
 */
#include "support.h"

#include "synack.h"

static const struct tg_synack own = {.wnd = 64240, .wscale = 7, .ttl = 61, .tos = 0xb8};
static const uint8_t mac[6] = {2, 0xaa, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0xbb, 0, 0, 0, 9};

/* A segment whose every byte is garbage before it is filled. */
static struct tg_segment
fill(unsigned flags, uint16_t mtu)
{
	struct tg_port port = {.used = true, .mtu = mtu};
	struct tg_segment s;

	memset(&s, 0xa5, sizeof(s));
	tg_synack_fill(&s, &own, flags, &port, 0x11223344, 0xffffffff, 0x55667788, 0x99aabbcc);
	return s;
}

/* The SYN-ACK as it leaves on an untagged IPv4 port: bytes from the TCP header on, and how many. */
static unsigned
emit(unsigned flags, uint8_t tcp[60])
{
	struct tg_segment s = fill(flags, 1500);
	uint8_t buf[TG_HEADERS_MAX];
	struct tg_pkt pkt;

	memset(&s.l2, 0, sizeof(s.l2));
	s.src = tg_addr_v4(192, 0, 2, 9);
	s.dst = tg_addr_v4(198, 51, 100, 7);
	s.sport = 80;
	s.dport = 4660;
	memset(&pkt, 0, sizeof(pkt));
	memset(buf, 0xee, sizeof(buf));
	pkt.data = buf;
	tg_emit_tcp(&pkt, &s, 0, 0, 0);
	assert_int_equal(pkt.l2_len + pkt.l3_len, 34);
	assert_true(pkt.l4_len <= 60);
	assert_int_equal(pkt.len, 34 + pkt.l4_len);
	memcpy(tcp, buf + 34, pkt.l4_len);
	return pkt.l4_len;
}

/* The order and the padding that Linux writes, for each of the eight sets of options. */
static void
options_are_written_as_linux_writes_them(void **state)
{
#define MSS 2, 4, 0x05, 0xb4
#define TS  8, 10, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc
#define WS  1, 3, 3, 7
	static const struct {
		unsigned flags, len;
		uint8_t bytes[40];
	} want[] = {
		{0, 4, {MSS}},
		{TG_HALF_WSCALE, 8, {MSS, WS}},
		{TG_HALF_SACK, 8, {MSS, 1, 1, 4, 2}},
		{TG_HALF_SACK | TG_HALF_WSCALE, 12, {MSS, 1, 1, 4, 2, WS}},
		{TG_HALF_TS, 16, {MSS, 1, 1, TS}},
		{TG_HALF_TS | TG_HALF_WSCALE, 20, {MSS, 1, 1, TS, WS}},
		{TG_HALF_TS | TG_HALF_SACK, 16, {MSS, 4, 2, TS}},
		{TG_HALF_TS | TG_HALF_SACK | TG_HALF_WSCALE, 20, {MSS, 4, 2, TS, WS}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint8_t tcp[60];

		assert_int_equal(emit(want[i].flags, tcp), 20 + want[i].len);
		assert_memory_equal(tcp + 20, want[i].bytes, want[i].len);
		assert_int_equal(tcp[12], (5 + want[i].len / 4) << 4);
	}
#undef MSS
#undef TS
#undef WS
}

static void
the_header_carries_our_number_and_the_peers_plus_one(void **state)
{
	uint8_t tcp[60];

	(void)state;
	emit(TG_HALF_WSCALE | TG_HALF_SACK | TG_HALF_TS, tcp);
	assert_memory_equal(tcp, "\0\x50\x12\x34", 4);
	assert_memory_equal(tcp + 4, "\x11\x22\x33\x44", 4);
	assert_memory_equal(tcp + 8, "\0\0\0\0", 4); /* the peer's ISN was 2^32 - 1 */
	assert_int_equal(tcp[13], TG_SYN | TG_ACK);
	assert_memory_equal(tcp + 18, "\0\0", 2);
}

/* RFC 7323 2.2: the window of a segment with SYN is not scaled, whatever is agreed on. */
static void
the_window_is_never_scaled(void **state)
{
	uint8_t tcp[60];

	(void)state;
	for (unsigned wscale = 0; wscale < 2; wscale++) {
		assert_int_equal(fill(wscale ? TG_HALF_WSCALE : 0, 1500).wnd, 64240);
		emit(wscale ? TG_HALF_WSCALE : 0, tcp);
		assert_int_equal(tcp[14] << 8 | tcp[15], 64240);
	}
}

static void
the_mss_is_what_the_port_carries_less_headers_without_options(void **state)
{
	static const struct {
		uint16_t mtu, v4, v6;
	} want[] = {{576, 536, 516}, {1280, 1240, 1220}, {1492, 1452, 1432}, {1500, 1460, 1440},
		{9000, 8960, 8940}, {9216, 9176, 9156}};

	(void)state;
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(fill(0, want[i].mtu).opt.mss, want[i].v4);
		assert_int_equal(fill(TG_HALF_V6, want[i].mtu).opt.mss, want[i].v6);
		assert_int_equal(fill(TG_HALF_TS | TG_HALF_SACK, want[i].mtu).opt.mss, want[i].v4);
	}
}

/* Every set of flags an entry may have: the options follow the agreement and nothing else. */
static void
an_option_is_there_when_it_was_agreed_on(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 4096; flags++) {
		struct tg_segment s = fill(flags, 1500);
		unsigned present = TG_OPT_MSS;

		present |= flags & TG_HALF_SACK ? TG_OPT_SACK_OK : 0;
		present |= flags & TG_HALF_TS ? TG_OPT_TS : 0;
		present |= flags & TG_HALF_WSCALE ? TG_OPT_WSCALE : 0;
		assert_int_equal(s.opt.present, present);
		assert_int_equal(s.opt.mss, flags & TG_HALF_V6 ? 1440 : 1460);
		/* The low bits are the peer's shift; what we offer is ours. */
		if (flags & TG_HALF_WSCALE)
			assert_int_equal(s.opt.wscale, 7);
		if (flags & TG_HALF_TS) {
			assert_int_equal(s.opt.tsval, 0x55667788);
			assert_int_equal(s.opt.tsecr, 0x99aabbcc);
		}
		assert_int_equal(s.flags, TG_SYN | TG_ACK | (flags & TG_HALF_ECN ? TG_ECE : 0));
		assert_int_equal(s.seq, 0x11223344);
		assert_int_equal(s.ack, 0);
		assert_int_equal(s.tos, 0xb8);
		assert_int_equal(s.ttl, 61);
		assert_int_equal(s.ip_id, 0);
	}
}

/* A timer's SYN-ACK goes to the MAC and by the tags of the entry, there is nothing to look up. */
static void
an_entry_knows_its_way_back(void **state)
{
	static const struct tg_addr local6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 9}};
	static const struct tg_addr remote6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 7}};
	struct tg_addr local4 = tg_addr_v4(192, 0, 2, 9), remote4 = tg_addr_v4(198, 51, 100, 7);
	struct tg_host host;

	(void)state;
	tg_host_init(&host);
	assert_int_equal(tg_host_add_port(&host, 5, mac, 1500, 0), 0);
	assert_int_equal(tg_host_add_addr(&host, 5, &local4, 24), 0);
	assert_int_equal(tg_host_add_addr(&host, 5, &local6, 64), 0);
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned tags = 0; tags <= 2; tags++) {
			const struct tg_addr *local = v6 ? &local6 : &local4;
			const struct tg_addr *remote = v6 ? &remote6 : &remote4;
			struct tg_port *port = &host.port[5];
			uint8_t buf[TG_HEADERS_MAX];
			struct tg_tcpopt opt;
			struct tg_segment s;
			struct tg_half h;
			struct tg_frame f;
			struct tg_pkt pkt;

			memset(&pkt, 0, sizeof(pkt));
			memset(&f, 0, sizeof(f));
			pkt.port = 5;
			f.l2.tags = (uint8_t)tags;
			for (unsigned i = 0; i < tags; i++) {
				f.l2.tpid[i] = i + 1 < tags ? 0x88a8 : 0x8100;
				f.l2.tci[i] = (uint16_t)(100 + i);
			}
			memset(&h, 0, sizeof(h));
			memcpy(h.key.raddr, remote->b, 16);
			h.key.rport = 40000;
			h.key.lport = 443;
			h.key.laddr = (uint16_t)v6;
			h.path = tg_path_get(&host, &pkt, &f);
			memcpy(h.mac, peer_mac, 6);

			memset(&s, 0xa5, sizeof(s));
			assert_int_equal(tg_half_address(&host, &h, &s), 5);
			tg_synack_fill(&s, &own, v6 ? TG_HALF_V6 : 0, port, 1, 2, 0, 0);
			pkt.data = buf;
			tg_emit_tcp(&pkt, &s, 0, 0, 0);
			assert_int_equal(tg_frame_parse(&pkt, &f), TG_FRAME_TCP);
			assert_memory_equal(f.l2.dst, peer_mac, 6);
			assert_memory_equal(f.l2.src, mac, 6);
			assert_int_equal(f.l2.tags, tags);
			for (unsigned i = 0; i < tags; i++) {
				assert_int_equal(f.l2.tpid[i], i + 1 < tags ? 0x88a8 : 0x8100);
				assert_int_equal(f.l2.tci[i], 100 + i);
			}
			assert_memory_equal(&f.src, local, 16);
			assert_memory_equal(&f.dst, remote, 16);
			assert_int_equal(f.sport, 443);
			assert_int_equal(f.dport, 40000);
			assert_int_equal(f.flags, TG_SYN | TG_ACK);
			tg_tcpopt_parse(
				buf + f.l4_off + 20, f.payload_off - f.l4_off - 20u, true, &opt);
			assert_int_equal(opt.present, TG_OPT_MSS);
			assert_int_equal(opt.mss, v6 ? 1440 : 1460);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_written_as_linux_writes_them),
		cmocka_unit_test(the_header_carries_our_number_and_the_peers_plus_one),
		cmocka_unit_test(the_window_is_never_scaled),
		cmocka_unit_test(the_mss_is_what_the_port_carries_less_headers_without_options),
		cmocka_unit_test(an_option_is_there_when_it_was_agreed_on),
		cmocka_unit_test(an_entry_knows_its_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
