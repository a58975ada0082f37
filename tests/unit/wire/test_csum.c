/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast checksum against the one RFC 1071 describes, at every alignment and length.
 */
#include "wire_util.h"

#include "bytes.h"
#include "csum.h"

/* A folded sum as the big-endian number the naive twin computes. */
static uint16_t
big(uint64_t sum)
{
	uint16_t v = tg_csum_fold(sum);
	uint8_t b[2];

	memcpy(b, &v, 2);
	return tg_get16(b);
}

static void
rfc1071_example_sums_to_ddf2(void **state)
{
	static const uint8_t p[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(big(tg_csum_add(0, p, sizeof(p))), 0xddf2);
}

static void
nothing_sums_to_zero_and_fills_of_ff_to_ffff(void **state)
{
	uint8_t p[300];

	(void)state;
	memset(p, 0, sizeof(p));
	assert_int_equal(tg_csum_fold(tg_csum_add(0, p, sizeof(p))), 0);
	assert_int_equal(tg_csum_fold(tg_csum_add(0, p, 0)), 0);
	memset(p, 0xff, sizeof(p));
	for (unsigned n = 2; n <= sizeof(p); n += 2)
		assert_int_equal(tg_csum_fold(tg_csum_add(0, p, n)), 0xffff);
}

static void
fold_handles_the_extremes_of_64_bits(void **state)
{
	(void)state;
	assert_int_equal(tg_csum_fold(0), 0);
	assert_int_equal(tg_csum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(tg_csum_fold(UINT64_C(0xffffffff00000000)), 0xffff);
	assert_int_equal(tg_csum_fold(UINT64_C(0xffffffff00000001)), 1);
	assert_int_equal(tg_csum_fold(UINT64_C(0xfffffffffffffffe)), 0xfffe);
	assert_int_equal(tg_csum_fold(0x10000), 1);
}

static void
add_equals_its_naive_twin_at_every_alignment_and_length(void **state)
{
	uint64_t s = 1;

	(void)state;
	for (unsigned n = 0; n <= 200; n++) {
		for (unsigned align = 0; align < 16; align++) {
			uint8_t *p = malloc(align + n + 1);

			assert_non_null(p);
			rnd_fill(&s, p, align + n);
			/* Long runs of ones are where carries get lost. */
			if (n % 3 == 0)
				memset(p, 0xff, align + n - n / 7);
			p = realloc(p, align + n != 0 ? align + n : 1);
			assert_int_equal(
				big(tg_csum_add(0, p + align, n)), naive_sum(0, p + align, n));
			free(p);
		}
	}
}

static void
add_carries_around_a_sum_near_2_to_the_64(void **state)
{
	uint64_t s = 2;
	uint8_t p[100];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t start = UINT64_MAX - rnd_below(&s, 1000);
		uint64_t both = (uint64_t)tg_csum_fold(start);

		rnd_fill(&s, p, sizeof(p));
		both += tg_csum_fold(tg_csum_add(0, p, sizeof(p)));
		assert_int_equal(
			tg_csum_fold(tg_csum_add(start, p, sizeof(p))), tg_csum_fold(both));
	}
}

static void
sums_of_parts_add_up_however_a_block_is_cut(void **state)
{
	uint64_t s = 3;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		uint8_t p[400];
		unsigned n = rnd_below(&s, sizeof(p)), pos = 0;
		uint64_t sum = 0;

		rnd_fill(&s, p, n);
		while (pos < n) {
			unsigned cut = 1 + rnd_below(&s, n - pos);

			sum = tg_csum_add_at(sum, p + pos, cut, pos);
			pos += cut;
		}
		assert_int_equal(big(sum), naive_sum(0, p, n));
	}
}

static void
unfolded_sums_may_be_added_to_each_other(void **state)
{
	uint64_t total = 0;
	uint8_t p[64];

	(void)state;
	/* 2^16 blocks of ones: the unfolded sum stays far from 64 bits. */
	memset(p, 0xff, sizeof(p));
	for (int i = 0; i < 65536; i++) {
		uint64_t part = tg_csum_add(0, p, sizeof(p));

		assert_true(part < UINT64_C(1) << 40);
		total += part;
	}
	assert_int_equal(tg_csum_fold(total), 0xffff);
}

static void
copy_copies_and_sums_as_memcpy_and_add_do(void **state)
{
	uint64_t s = 4;

	(void)state;
	for (unsigned n = 0; n <= 200; n++) {
		for (unsigned align = 0; align < 8; align++) {
			unsigned to = rnd_below(&s, 8);
			uint8_t *src = malloc(align + n + 1), *dst = malloc(to + n + 1);
			uint64_t start = rnd(&s) >> 8;

			assert_non_null(src);
			assert_non_null(dst);
			rnd_fill(&s, src, align + n);
			memset(dst, 0x5a, to + n + 1);
			assert_int_equal(
				tg_csum_fold(tg_csum_copy(start, dst + to, src + align, n)),
				tg_csum_fold(tg_csum_add(start, src + align, n)));
			assert_memory_equal(dst + to, src + align, n);
			assert_int_equal(dst[to + n], 0x5a);
			assert_true(to == 0 || dst[to - 1] == 0x5a);
			free(src);
			free(dst);
		}
	}
}

static void
pseudo_header_is_that_of_its_address_family(void **state)
{
	uint64_t s = 5;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t len = (uint32_t)rnd(&s) & (i % 2 ? 0xffff : 0xfffff);
		uint8_t proto = (uint8_t)(1 + rnd_below(&s, 255));
		struct tg_addr a, b;
		uint8_t h[40] = {0};

		rnd_fill(&s, a.b, 16);
		rnd_fill(&s, b.b, 16);
		memcpy(h, a.b, 16);
		memcpy(h + 16, b.b, 16);
		tg_put32(h + 32, len);
		h[39] = proto;
		assert_int_equal(big(tg_csum_pseudo(&a, &b, proto, len)), naive_sum(0, h, 40));

		len &= 0xffff;
		a = tg_addr_v4(a.b[0], a.b[1], a.b[2], a.b[3]);
		b = tg_addr_v4(b.b[0], b.b[1], b.b[2], b.b[3]);
		memcpy(h, a.b + 12, 4);
		memcpy(h + 4, b.b + 12, 4);
		h[8] = 0;
		h[9] = proto;
		set16(h + 10, len);
		assert_int_equal(big(tg_csum_pseudo(&a, &b, proto, len)), naive_sum(0, h, 12));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc1071_example_sums_to_ddf2),
		cmocka_unit_test(nothing_sums_to_zero_and_fills_of_ff_to_ffff),
		cmocka_unit_test(fold_handles_the_extremes_of_64_bits),
		cmocka_unit_test(add_equals_its_naive_twin_at_every_alignment_and_length),
		cmocka_unit_test(add_carries_around_a_sum_near_2_to_the_64),
		cmocka_unit_test(sums_of_parts_add_up_however_a_block_is_cut),
		cmocka_unit_test(unfolded_sums_may_be_added_to_each_other),
		cmocka_unit_test(copy_copies_and_sums_as_memcpy_and_add_do),
		cmocka_unit_test(pseudo_header_is_that_of_its_address_family),
	};

	return cmocka_run_group_tests_name("csum", tests, NULL, NULL);
}
