/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bursts, and which packets are ours at all (input.c, tcp_input.c).
 */
#include "engine_util.h"

/** A SYN from 10.0.0.2 to 10.0.0.1:80, to be spoilt. */
static struct seg
syn(const struct rig *r)
{
	struct seg s;

	seg_init(&s);
	memcpy(s.eth_dst, r->mac[0], 6);
	s.eth_src[0] = 2;
	s.eth_src[5] = 99;
	s.src = tg_addr_v4(10, 0, 0, 2);
	s.dst = tg_addr_v4(10, 0, 0, 1);
	s.sport = 1000;
	s.dport = 80;
	s.seq = 1;
	s.flags = SEG_S;
	s.win = 1000;
	return s;
}

static struct tg_verdict
feed(struct rig *r, const struct seg *s, uint16_t port)
{
	const struct rig_rx rx = {.port = port, .headroom = 64, .tailroom = 64};
	uint8_t frame[SEG_FRAME_MAX];
	struct tg_verdict v = rig_feed(r, frame, seg_write(s, frame, NULL), &rx);

	forget_sent(r);
	return v;
}

static void
start(struct rig *r)
{
	bench_init(r);
	bench_open(r);
	bench_listen(r, r->w, 80, 100);
}

static void
sources_no_host_may_have_are_dropped_by_name(void **state)
{
	static const struct {
		uint8_t a[4];
		uint8_t disposition;
	} ROW[] = {
		{{0, 0, 0, 0}, TG_DISP_DROP_SOURCE},
		{{0, 1, 2, 3}, TG_DISP_DROP_SOURCE},
		{{127, 0, 0, 1}, TG_DISP_DROP_SOURCE},
		{{224, 0, 0, 1}, TG_DISP_DROP_SOURCE},
		{{239, 255, 255, 255}, TG_DISP_DROP_SOURCE},
		{{240, 0, 0, 1}, TG_DISP_DROP_SOURCE},
		{{255, 255, 255, 255}, TG_DISP_DROP_SOURCE},
		{{10, 0, 0, 255}, TG_DISP_DROP_SOURCE},
		{{10, 0, 0, 1}, TG_DISP_DROP_LAND},
		{{223, 255, 255, 255}, TG_DISP_ANSWERED},
	};
	struct rig r;

	(void)state;
	start(&r);
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct seg s = syn(&r);

		s.src = tg_addr_v4(ROW[i].a[0], ROW[i].a[1], ROW[i].a[2], ROW[i].a[3]);
		assert_int_equal(feed(&r, &s, 0).disposition, ROW[i].disposition);
	}
	rig_close(&r);
}

static void
ipv6_sources_too(void **state)
{
	static const struct {
		struct tg_addr a;
		uint8_t disposition;
	} ROW[] = {
		{{{0}}, TG_DISP_DROP_SOURCE}, {{{[15] = 1}}, TG_DISP_DROP_SOURCE},
		{{{0xff, 2, [15] = 1}}, TG_DISP_DROP_SOURCE},
		{{{[10] = 0xff, 0xff, 10, 0, 0, 2}}, TG_DISP_DROP_SOURCE},
		{{{0xfd, [15] = 1}}, TG_DISP_DROP_LAND},
		{{{0xfd, [15] = 2}}, TG_DISP_ANSWERED}, /* nobody listens on IPv6: a RST */
	};
	struct rig r;

	(void)state;
	start(&r);
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct seg s = syn(&r);

		s.src = ROW[i].a;
		s.dst = (struct tg_addr){{0xfd, [15] = 1}};
		assert_int_equal(feed(&r, &s, 0).disposition, ROW[i].disposition);
	}
	rig_close(&r);
}

static void
what_is_not_ours_is_handed_back(void **state)
{
	struct rig r;
	struct seg s;

	(void)state;
	start(&r);
	s = syn(&r);
	s.dst = tg_addr_v4(10, 0, 0, 77);
	assert_int_equal(feed(&r, &s, 0).action, TG_PASS);
	s = syn(&r);
	s.eth_dst[5] = 55; /* another station's: a promiscuous port */
	assert_int_equal(feed(&r, &s, 0).action, TG_PASS);
	s = syn(&r);
	assert_int_equal(feed(&r, &s, 1).action, TG_PASS); /* ports we were not told of */
	assert_int_equal(feed(&r, &s, 64).action, TG_PASS);
	assert_int_equal(feed(&r, &s, UINT16_MAX).action, TG_PASS);
	assert_int_equal(COUNT(&r, IN_SEGS), 0);
	rig_close(&r);
}

static void
rfc9293_must57_tcp_to_a_group_is_dropped(void **state)
{
	struct rig r;
	struct seg s;

	(void)state;
	start(&r);
	s = syn(&r);
	s.dst = tg_addr_v4(10, 0, 0, 255);
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_DEST);
	s.dst = tg_addr_v4(224, 0, 0, 1);
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_DEST);
	s.dst = tg_addr_v4(255, 255, 255, 255);
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_DEST);
	s = syn(&r);
	memset(s.eth_dst, 0xff, 6); /* our address in a broadcast frame */
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_DEST);
	s = syn(&r);
	s.eth_src[0] = 3; /* answers would go to a group */
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_SOURCE);
	rig_close(&r);
}

static void
damage_is_counted_by_kind(void **state)
{
	struct rig r;
	struct seg s;

	(void)state;
	start(&r);
	s = syn(&r);
	s.bad_tcp = true;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_TCP_CSUM);
	s = syn(&r);
	s.bad_ip = true;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_IP_CSUM);
	s = syn(&r);
	s.doff = 4;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_TCP_HEADER);
	s = syn(&r);
	s.doff = 15;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_TCP_HEADER);
	s = syn(&r);
	s.trunc = 10;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_IP_HEADER);
	s = syn(&r);
	s.mf = true;
	s.df = false;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_FRAGMENT);
	assert_int_equal(COUNT(&r, IN_ERRS), 3);
	assert_int_equal(COUNT(&r, IN_CSUM_ERRORS), 1);
	s = syn(&r);
	s.bad_tcp = true;
	s.dst = tg_addr_v4(10, 0, 0, 77); /* others' damage is theirs */
	assert_int_equal(feed(&r, &s, 0).action, TG_PASS);
	s = syn(&r);
	s.sport = 0;
	assert_int_equal(feed(&r, &s, 0).disposition, TG_DISP_DROP_SPORT_ZERO);
	rig_close(&r);
}

static void
flags_that_make_no_sense_for_a_listener(void **state)
{
	static const struct {
		uint16_t flags;
		uint8_t disposition;
	} ROW[] = {
		{SEG_S | SEG_F, TG_DISP_DROP_SYN_FLAGS},
		{SEG_S | SEG_R, TG_DISP_DROP_SYN_FLAGS},
		{SEG_S | SEG_F | SEG_A, TG_DISP_DROP_SYN_FLAGS},
		{SEG_R, TG_DISP_DROP_STRAY_RST},
		{SEG_R | SEG_A, TG_DISP_DROP_STRAY_RST},
		{0, TG_DISP_DROP_NO_FLAGS},
		{SEG_F, TG_DISP_DROP_NO_FLAGS},
		{SEG_P | SEG_U, TG_DISP_DROP_NO_FLAGS},
		{SEG_A, TG_DISP_ANSWERED},
		{SEG_S | SEG_A, TG_DISP_ANSWERED},
	};
	struct rig r;

	(void)state;
	start(&r);
	for (unsigned i = 0; i < sizeof(ROW) / sizeof(ROW[0]); i++) {
		struct seg s = syn(&r);

		s.flags = ROW[i].flags;
		assert_int_equal(feed(&r, &s, 0).disposition, ROW[i].disposition);
	}
	rig_close(&r);
}

static void
a_syn_with_fin_does_not_reuse_a_time_wait_pair(void **state)
{
	struct tg_engine_usage u;
	struct client c;
	tg_listener l;
	struct rig r;

	(void)state;
	bench_init(&r);
	bench_open(&r);
	l = bench_listen(&r, r.w, 80, 100);
	c = client_of(&r, 1, 80);
	client_opens(&c);
	tg_close(r.w, accept_one(r.w, l));
	rig_turn(&r);
	c.ack++;
	client_sends(&c, SEG_A | SEG_F, 0);
	forget_sent(&r);
	c.seq += 100000;
	assert_int_equal(client_sends(&c, SEG_S | SEG_F, 0).disposition, TG_DISP_ANSWERED);
	tg_engine_usage(r.e, &u);
	assert_int_equal(u.time_wait, 1);
	assert_int_equal(client_sends(&c, SEG_S, 0).action, TG_REPLY);
	tg_engine_usage(r.e, &u);
	assert_int_equal(u.time_wait, 0);
	assert_int_equal(u.half_open, 1);
	assert_int_equal(COUNT(&r, TW_REUSED), 1);
	forget_sent(&r);
	rig_close(&r);
}

enum {
	BURST = 100,
};

/** A burst of n SYNs from different ports, every third one damaged, in one call. */
static void
burst(unsigned n)
{
	struct tg_pkt pkt[BURST] = {{0}};
	struct tg_verdict v[BURST];
	struct tenv_buf *b[BURST];
	struct rig r;

	start(&r);
	for (unsigned i = 0; i < n; i++) {
		struct seg s = syn(&r);
		uint8_t frame[200];
		unsigned len;

		s.sport = (uint16_t)(1000 + i);
		s.bad_tcp = i % 3 == 2;
		len = seg_write(&s, frame, NULL);
		b[i] = tenv_buf_new(&r.tenv, len + 8);
		memcpy(b[i]->mem, frame, len);
		pkt[i].buf = b[i];
		pkt[i].data = b[i]->mem;
		pkt[i].len = (uint16_t)len;
		pkt[i].tailroom = 8; /* for the MSS that a bare SYN has not */
		tenv_buf_pass(&r.tenv, b[i], TENV_TEST, TENV_ENGINE);
	}
	assert_int_equal(tg_engine_input(r.e, pkt, n, v, r.now), n);
	r.fed += n;
	for (unsigned i = 0; i < n; i++) {
		tenv_buf_pass(&r.tenv, b[i], TENV_ENGINE, TENV_TEST);
		assert_int_equal(
			v[i].disposition, i % 3 == 2 ? TG_DISP_DROP_TCP_CSUM : TG_DISP_ANSWERED);
		tenv_buf_release(&r.tenv, b[i]);
	}
	rig_close(&r);
}

static void
bursts_of_every_size_are_worked_on_in_order(void **state)
{
	static const unsigned SIZES[] = {0, 1, 31, 32, 33, 64, 65, BURST};

	(void)state;
	for (unsigned i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
		burst(SIZES[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_no_host_may_have_are_dropped_by_name),
		cmocka_unit_test(ipv6_sources_too),
		cmocka_unit_test(what_is_not_ours_is_handed_back),
		cmocka_unit_test(rfc9293_must57_tcp_to_a_group_is_dropped),
		cmocka_unit_test(damage_is_counted_by_kind),
		cmocka_unit_test(flags_that_make_no_sense_for_a_listener),
		cmocka_unit_test(a_syn_with_fin_does_not_reuse_a_time_wait_pair),
		cmocka_unit_test(bursts_of_every_size_are_worked_on_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
