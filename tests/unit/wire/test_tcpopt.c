/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The option walker against hostile bytes and a naive twin; the writer against what Linux sends.
 */
#include "wire_util.h"

#include "tcpopt.h"

/* Parses an exact heap copy, so that a sanitizer sees any over-read. */
static struct tg_tcpopt
parse(const uint8_t *p, unsigned n, bool syn)
{
	struct tg_pkt pkt = pkt_exact(p, n);
	struct tg_tcpopt o;

	memset(&o, 0xa5, sizeof(o));
	tg_tcpopt_parse(pkt.data, n, syn, &o);
	free(pkt.buf);
	return o;
}

#define PARSE(syn, ...) \
	parse((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), syn)

#define EXPECT_BYTES(o, ...) \
	expect_bytes(o, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void
expect_bytes(const struct tg_tcpopt *o, const uint8_t *want, unsigned n)
{
	uint8_t p[40];

	assert_int_equal(tg_tcpopt_write(p, o), n);
	assert_int_equal(tg_tcpopt_size(o), n);
	assert_memory_equal(p, want, n);
}

static void
expect_same(const struct tg_tcpopt *a, const struct tg_tcpopt *b)
{
	assert_int_equal(a->present, b->present);
	assert_int_equal(a->wscale, b->wscale);
	assert_int_equal(a->sacks, b->sacks);
	assert_int_equal(a->tfo_len, b->tfo_len);
	assert_int_equal(a->mss, b->mss);
	assert_int_equal(a->tsval, b->tsval);
	assert_int_equal(a->tsecr, b->tsecr);
	assert_memory_equal(a->sack, b->sack, a->sacks * sizeof(a->sack[0]));
	assert_memory_equal(a->tfo, b->tfo, a->tfo_len);
}

static void
the_syn_of_linux_is_read_whole(void **state)
{
	struct tg_tcpopt o = PARSE(
		true, 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7, 34, 2, 1, 1);

	(void)state;
	assert_int_equal(
		o.present, TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE | TG_OPT_TFO);
	assert_int_equal(o.mss, 1460);
	assert_int_equal(o.tsval, 0x01020304);
	assert_int_equal(o.tsecr, 0);
	assert_int_equal(o.wscale, 7);
	assert_int_equal(o.tfo_len, 0);
}

static void
syn_only_options_are_ignored_elsewhere(void **state)
{
	struct tg_tcpopt o = PARSE(false, 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3,
		3, 7, 34, 2, 254, 4, 0xf9, 0x89);

	(void)state;
	assert_int_equal(o.present, TG_OPT_TS);
	assert_int_equal(o.mss, 0);
	assert_int_equal(o.tsecr, 0x05060708);
}

static void
nop_nop_ts_is_read_as_the_slow_path_reads_it(void **state)
{
	struct tg_tcpopt fast = PARSE(false, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
	struct tg_tcpopt slow = PARSE(false, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1);

	(void)state;
	assert_int_equal(fast.present, TG_OPT_TS);
	expect_same(&fast, &slow);
}

static void
a_window_scale_above_14_is_clamped(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 256; shift++) {
		struct tg_tcpopt o = PARSE(true, 3, 3, (uint8_t)shift);

		assert_int_equal(o.wscale, shift < 14 ? shift : 14);
	}
}

static void
lengths_zero_and_one_end_the_walk(void **state)
{
	struct tg_tcpopt o;

	(void)state;
	for (uint8_t n = 0; n < 2; n++) {
		o = PARSE(true, 2, 4, 5, 0xb4, 77, n, 3, 3, 7);
		assert_int_equal(o.present, TG_OPT_MSS);
		o = PARSE(true, 2, 4, 5, 0xb4, 3, n, 3, 3, 7);
		assert_int_equal(o.present, TG_OPT_MSS);
	}
}

static void
an_option_past_the_end_ends_the_walk(void **state)
{
	struct tg_tcpopt o = PARSE(true, 3, 3, 2, 2, 4, 5);

	(void)state;
	assert_int_equal(o.present, TG_OPT_WSCALE);
	o = PARSE(true, 3, 3, 2, 2);
	assert_int_equal(o.present, TG_OPT_WSCALE);
	o = PARSE(true, 99, 255, 3, 3, 2);
	assert_int_equal(o.present, 0);
}

static void
end_of_list_ends_the_walk(void **state)
{
	struct tg_tcpopt o = PARSE(true, 0, 2, 4, 5, 0xb4);

	(void)state;
	assert_int_equal(o.present, 0);
}

static void
known_options_of_a_wrong_length_are_skipped(void **state)
{
	struct tg_tcpopt o = PARSE(true, 2, 3, 5, 3, 4, 1, 1, 4, 3, 0, 8, 9, 1, 2, 3, 4, 5, 6, 7, 5,
		3, 0, 34, 3, 0, 253, 4, 0xf9, 0x89, 3, 3, 5);

	(void)state;
	assert_int_equal(o.present, TG_OPT_WSCALE);
	assert_int_equal(o.wscale, 5);
}

static void
a_later_mss_scale_or_timestamp_replaces_and_a_later_sack_does_not(void **state)
{
	struct tg_tcpopt o = PARSE(true, 2, 4, 0, 1, 3, 3, 1, 2, 4, 0, 2, 3, 3, 2);

	(void)state;
	assert_int_equal(o.mss, 2);
	assert_int_equal(o.wscale, 2);
	o = PARSE(false, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 10, 0, 0, 0, 3, 0, 0, 0, 4);
	assert_int_equal(o.sacks, 1);
	assert_int_equal(o.sack[0].left, 1);
	assert_int_equal(o.sack[0].right, 2);
	o = PARSE(true, 34, 6, 1, 2, 3, 4, 254, 8, 0xf9, 0x89, 5, 6, 7, 8);
	assert_int_equal(o.present, TG_OPT_TFO);
	assert_memory_equal(o.tfo, "\1\2\3\4", 4);
}

static void
one_to_four_sack_blocks_are_read(void **state)
{
	uint8_t p[40];

	(void)state;
	for (unsigned len = 2; len <= 40; len++) {
		bool good = len > 2 && (len - 2) % 8 == 0;
		struct tg_tcpopt o;

		for (unsigned i = 0; i < len; i++)
			p[i] = (uint8_t)i;
		p[0] = 5;
		p[1] = (uint8_t)len;
		o = parse(p, len, false);
		assert_int_equal(o.sacks, good ? (len - 2) / 8 : 0);
		assert_int_equal(o.present, good ? TG_OPT_SACK : 0);
		if (good)
			assert_int_equal(o.sack[o.sacks - 1].right & 0xff, len - 1);
	}
}

static void
fast_open_cookies_are_empty_or_4_to_16_and_even(void **state)
{
	(void)state;
	for (unsigned kind = 34; kind <= 254; kind += 220) {
		unsigned head = kind == 34 ? 2 : 4;

		for (unsigned n = 0; n <= 20; n++) {
			uint8_t p[40] = {(uint8_t)kind, (uint8_t)(head + n), 0xf9, 0x89};
			bool good = n == 0 || (n >= 4 && n <= 16 && n % 2 == 0);
			struct tg_tcpopt o;

			memset(p + head, 'c', n);
			o = parse(p, head + n, true);
			assert_int_equal(o.present,
				!good                ? 0
					: kind == 34 ? TG_OPT_TFO
						     : TG_OPT_TFO_EXP);
			assert_int_equal(o.tfo_len, good ? n : 0);
		}
	}
}

static void
another_experiment_is_not_fast_open(void **state)
{
	struct tg_tcpopt o = PARSE(true, 254, 8, 0xf9, 0x88, 1, 2, 3, 4, 254, 3, 0xf9, 254, 2);

	(void)state;
	assert_int_equal(o.present, 0);
}

static void
the_writer_keeps_the_order_of_linux(void **state)
{
	struct tg_tcpopt o = {
		.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE | TG_OPT_TFO,
		.mss = 1460,
		.tsval = 0x01020304,
		.tsecr = 0x05060708,
		.wscale = 7,
		.tfo_len = 8,
		.tfo = {1, 2, 3, 4, 5, 6, 7, 8}};

	(void)state;
	EXPECT_BYTES(&o, 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7, 34, 10, 1,
		2, 3, 4, 5, 6, 7, 8, 1, 1);
	o.present = TG_OPT_MSS | TG_OPT_TS;
	EXPECT_BYTES(&o, 2, 4, 5, 0xb4, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
	o.present = TG_OPT_SACK_OK | TG_OPT_WSCALE;
	EXPECT_BYTES(&o, 1, 1, 4, 2, 1, 3, 3, 7);
	o.present = TG_OPT_TFO_EXP;
	EXPECT_BYTES(&o, 254, 12, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 7, 8);
	o.tfo_len = 0;
	EXPECT_BYTES(&o, 254, 4, 0xf9, 0x89);
	o.present = TG_OPT_TFO;
	EXPECT_BYTES(&o, 34, 2, 1, 1);
	o.present = 0;
	assert_int_equal(tg_tcpopt_size(&o), 0);
}

static void
as_many_sack_blocks_are_written_as_fit(void **state)
{
	struct tg_tcpopt o = {.present = TG_OPT_SACK, .sacks = 4};
	uint8_t p[40];

	(void)state;
	assert_int_equal(tg_tcpopt_write(p, &o), 36);
	assert_int_equal(p[3], 34);
	o.present |= TG_OPT_TS;
	assert_int_equal(tg_tcpopt_write(p, &o), 40);
	assert_int_equal(p[15], 26);
	o.present |= TG_OPT_MSS | TG_OPT_WSCALE | TG_OPT_TFO;
	o.tfo_len = 16;
	assert_int_equal(tg_tcpopt_write(p, &o), 40);
	o.present &= (uint8_t)~TG_OPT_TFO;
	assert_int_equal(tg_tcpopt_write(p, &o), 40);
	assert_int_equal(p[23], 18);
}

/* The walker again, driven by a table; it only says which options are there. */
static unsigned
naive_present(const uint8_t *p, unsigned n, bool syn)
{
	static const struct {
		uint8_t kind, len, bit;
		bool syn_only;
	} fixed[] = {{2, 4, TG_OPT_MSS, true}, {3, 3, TG_OPT_WSCALE, true},
		{4, 2, TG_OPT_SACK_OK, true}, {8, 10, TG_OPT_TS, false}};
	unsigned present = 0;

	while (n > 0 && p[0] != 0) {
		unsigned len = p[0] == 1 ? 1 : n < 2 ? 0 : p[1], cookie;

		if (len == 0 || len > n || (len == 1 && p[0] != 1))
			break;
		for (unsigned i = 0; i < 4; i++)
			if (p[0] == fixed[i].kind && len == fixed[i].len &&
				(syn || !fixed[i].syn_only))
				present |= fixed[i].bit;
		if (p[0] == 5 && (len == 10 || len == 18 || len == 26 || len == 34))
			present |= TG_OPT_SACK;
		cookie = p[0] == 34                                               ? len - 2
			: p[0] == 254 && len >= 4 && p[2] == 0xf9 && p[3] == 0x89 ? len - 4
										  : 99;
		if (syn && !(present & (TG_OPT_TFO | TG_OPT_TFO_EXP)) && cookie % 2 == 0 &&
			cookie <= 16 && cookie != 2)
			present |= p[0] == 34 ? TG_OPT_TFO : TG_OPT_TFO_EXP;
		p += len;
		n -= len;
	}
	return present;
}

/* Random bytes, made of real kinds and nearly right lengths half of the time. */
static unsigned
random_options(uint64_t *s, uint8_t *p)
{
	static const uint8_t kinds[][2] = {{2, 4}, {3, 3}, {4, 2}, {5, 10}, {5, 18}, {5, 26},
		{8, 10}, {34, 2}, {34, 10}, {254, 12}, {1, 0}, {77, 5}};
	unsigned n = rnd_below(s, 41), i = 0;

	rnd_fill(s, p, n);
	while (i + 3 < n && rnd_below(s, 12) != 0) {
		unsigned k = rnd_below(s, sizeof(kinds) / sizeof(kinds[0]));

		p[i] = kinds[k][0];
		if (p[i] == 1) {
			i++;
			continue;
		}
		p[i + 1] = rnd_below(s, 20) == 0 ? (uint8_t)rnd(s) : kinds[k][1];
		if (p[i] == 254) {
			p[i + 2] = 0xf9;
			p[i + 3] = 0x89;
		}
		i += kinds[k][1];
	}
	return n;
}

static void
random_bytes_are_read_as_the_naive_twin_reads_them(void **state)
{
	uint64_t s = 11;
	unsigned seen = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint8_t p[40];
		unsigned n = random_options(&s, p);
		bool syn = rnd_below(&s, 2) != 0;
		struct tg_tcpopt o = parse(p, n, syn);

		assert_int_equal(o.present, naive_present(p, n, syn));
		assert_true(o.wscale <= TG_WSCALE_MAX);
		assert_true(o.sacks <= TG_SACK_MAX);
		seen |= o.present;
	}
	assert_int_equal(seen, 0x7f);
}

static void
what_was_read_and_fits_is_written_and_read_again_the_same(void **state)
{
	uint64_t s = 12;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t p[40], q[40];
		unsigned n = random_options(&s, p), len;
		struct tg_tcpopt a = parse(p, n, true), b;

		len = tg_tcpopt_write(q, &a);
		assert_int_equal(len, tg_tcpopt_size(&a));
		assert_true(len <= 40 && len % 4 == 0);
		b = parse(q, len, true);
		/* Only SACK blocks may have found no room. */
		if (b.sacks < a.sacks) {
			assert_true(len + 8 > 40 || (b.sacks == 0 && len + 12 > 40));
			memset(a.sack + b.sacks, 0, sizeof(a.sack[0]) * (TG_SACK_MAX - b.sacks));
			a.sacks = b.sacks;
			a.present = (uint8_t)((a.present & ~TG_OPT_SACK) |
				(b.sacks != 0 ? TG_OPT_SACK : 0));
		}
		expect_same(&a, &b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_syn_of_linux_is_read_whole),
		cmocka_unit_test(syn_only_options_are_ignored_elsewhere),
		cmocka_unit_test(nop_nop_ts_is_read_as_the_slow_path_reads_it),
		cmocka_unit_test(a_window_scale_above_14_is_clamped),
		cmocka_unit_test(lengths_zero_and_one_end_the_walk),
		cmocka_unit_test(an_option_past_the_end_ends_the_walk),
		cmocka_unit_test(end_of_list_ends_the_walk),
		cmocka_unit_test(known_options_of_a_wrong_length_are_skipped),
		cmocka_unit_test(a_later_mss_scale_or_timestamp_replaces_and_a_later_sack_does_not),
		cmocka_unit_test(one_to_four_sack_blocks_are_read),
		cmocka_unit_test(fast_open_cookies_are_empty_or_4_to_16_and_even),
		cmocka_unit_test(another_experiment_is_not_fast_open),
		cmocka_unit_test(the_writer_keeps_the_order_of_linux),
		cmocka_unit_test(as_many_sack_blocks_are_written_as_fit),
		cmocka_unit_test(random_bytes_are_read_as_the_naive_twin_reads_them),
		cmocka_unit_test(what_was_read_and_fits_is_written_and_read_again_the_same),
	};

	return cmocka_run_group_tests_name("tcpopt", tests, NULL, NULL);
}
