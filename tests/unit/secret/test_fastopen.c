/* SPDX-License-Identifier: BSD-3-Clause */
/* Fast Open cookies: those of the Linux kernel, what is refused, rotation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fastopen.h"
#include "seeded.h"

#define V4(a, b, c, d)                                \
	{                                             \
		{                                     \
			[10] = 0xff, 0xff, a, b, c, d \
		}                                     \
	}

static const struct tg_addr client4 = V4(192, 0, 2, 2), server4 = V4(192, 0, 2, 1);
static const struct tg_addr client6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
static const struct tg_addr server6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

/** What a kernel answered to a SYN with an empty option 34. */
struct kernel_row {
	struct tg_addr client, server;
	const char *cookie[3]; /**< for each of the keys */
};

/* As net.ipv4.tcp_fastopen_key names them. */
static const char *const kernel_key[3] = {
	"00010203-04050607-08090a0b-0c0d0e0f",
	"03020100-07060504-0b0a0908-0f0e0d0c",
	"fedcba98-76543210-deadbeef-01234567",
};

/*
 * Read off the wire from Linux 6.18, a dual-stack listener with TCP_FASTOPEN and
 * net.ipv4.tcp_fastopen=3 behind a veth pair; each cookie was then sent with data in a SYN, which
 * the kernel acknowledged.
 */
static const struct kernel_row kernel[] = {
	{V4(192, 0, 2, 2), V4(192, 0, 2, 1),
		{"74f6923c93b9c6a1", "dfd0798e5a208d57", "13daf9d1351e47b3"}},
	{V4(198, 51, 100, 7), V4(198, 51, 100, 1),
		{"490081724da17bba", "cd955a1c70971727", "e476cf278d6b1c9f"}},
	{V4(10, 255, 0, 1), V4(10, 0, 0, 254),
		{"69575333e6652970", "39b82889decf7ecc", "041fe9006ef891ff"}},
	{{{0x20, 0x01, 0x0d, 0xb8, [15] = 2}}, {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
		{"e48f681976688985", "25c707fd23427c87", "f2eba1a570e0cab9"}},
	{{{0xfd, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}},
		{{0xfd, 0, 0, 1, 0, 2, 0xff, 0xff, [15] = 1}},
		{"0ee552e1c29f03e2", "be183cc768014eac", "93eb11d44c9db2e3"}},
};
enum { ROWS = sizeof(kernel) / sizeof(kernel[0]) };

/** The bytes of a key from the kernel's text: four words, least significant byte first. */
static void
key_of_text(const char *text, uint8_t key[16])
{
	for (unsigned w = 0; w < 4; w++) {
		uint8_t be[4];

		unhex(text + 9 * w, be, 4);
		for (unsigned i = 0; i < 4; i++)
			key[4 * w + i] = be[3 - i];
	}
}

static struct tg_fastopen_keys
one_key(uint8_t first)
{
	return (struct tg_fastopen_keys){.key = {{first}}, .n = 1};
}

static void
cookies_are_those_of_the_kernel(void **state)
{
	struct tg_fastopen_keys k = {.n = 1};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		key_of_text(kernel_key[i], k.key[0]);
		for (unsigned r = 0; r < ROWS; r++) {
			const struct kernel_row *row = &kernel[r];
			uint8_t want[TG_FASTOPEN_LEN], got[TG_FASTOPEN_LEN];

			unhex(row->cookie[i], want, sizeof(want));
			tg_fastopen_cookie(&k, &row->client, &row->server, got);
			assert_memory_equal(got, want, sizeof(want));
			assert_int_equal(tg_fastopen_check(&k, &row->client, &row->server, want, 8),
				TG_FASTOPEN_CURRENT);
		}
	}
}

static void
every_bit_of_a_cookie_counts(void **state)
{
	const struct tg_fastopen_keys k = one_key(1);
	uint8_t c[TG_FASTOPEN_LEN];

	(void)state;
	tg_fastopen_cookie(&k, &client4, &server4, c);
	for (unsigned bit = 0; bit < 64; bit++) {
		c[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(
			tg_fastopen_check(&k, &client4, &server4, c, 8), TG_FASTOPEN_INVALID);
		c[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(tg_fastopen_check(&k, &client4, &server4, c, 8), TG_FASTOPEN_CURRENT);
}

static void
every_bit_of_both_addresses_counts(void **state)
{
	const struct tg_fastopen_keys k = one_key(1);

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const struct tg_addr *client = v6 ? &client6 : &client4;
		const struct tg_addr *server = v6 ? &server6 : &server4;
		uint8_t c[TG_FASTOPEN_LEN];

		tg_fastopen_cookie(&k, client, server, c);
		assert_int_equal(tg_fastopen_check(&k, server, client, c, 8), TG_FASTOPEN_INVALID);
		for (unsigned bit = v6 ? 0 : 96; bit < 128; bit++) {
			struct tg_addr x = *client, y = *server;

			x.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			y.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(
				tg_fastopen_check(&k, &x, server, c, 8), TG_FASTOPEN_INVALID);
			assert_int_equal(
				tg_fastopen_check(&k, client, &y, c, 8), TG_FASTOPEN_INVALID);
		}
	}
}

/* RFC 7413 4.1.1: 4 to 16 bytes may come, and off the wire anything may. */
static void
any_other_length_is_invalid(void **state)
{
	const struct tg_fastopen_keys k = one_key(1);
	uint8_t c[64] = {0};

	(void)state;
	tg_fastopen_cookie(&k, &client4, &server4, c);
	for (unsigned len = 0; len < sizeof(c); len++)
		assert_int_equal(tg_fastopen_check(&k, &client4, &server4, c, len),
			len == 8 ? TG_FASTOPEN_CURRENT : TG_FASTOPEN_INVALID);
	assert_int_equal(tg_fastopen_check(&k, &client4, &server4, NULL, 0), TG_FASTOPEN_INVALID);
}

static void
a_rotated_key_is_good_until_the_next_rotation(void **state)
{
	static const uint8_t second[16] = {2}, third[16] = {3};
	struct tg_fastopen_keys k = one_key(1);
	uint8_t c[3][TG_FASTOPEN_LEN];

	(void)state;
	tg_fastopen_cookie(&k, &client6, &server6, c[0]);
	tg_fastopen_rotate(&k, second);
	assert_int_equal(k.n, 2);
	tg_fastopen_cookie(&k, &client6, &server6, c[1]);
	assert_memory_not_equal(c[0], c[1], 8);
	assert_int_equal(tg_fastopen_check(&k, &client6, &server6, c[0], 8), TG_FASTOPEN_PREVIOUS);
	assert_int_equal(tg_fastopen_check(&k, &client6, &server6, c[1], 8), TG_FASTOPEN_CURRENT);
	tg_fastopen_rotate(&k, third);
	assert_int_equal(k.n, 2);
	tg_fastopen_cookie(&k, &client6, &server6, c[2]);
	assert_int_equal(tg_fastopen_check(&k, &client6, &server6, c[0], 8), TG_FASTOPEN_INVALID);
	assert_int_equal(tg_fastopen_check(&k, &client6, &server6, c[1], 8), TG_FASTOPEN_PREVIOUS);
	assert_int_equal(tg_fastopen_check(&k, &client6, &server6, c[2], 8), TG_FASTOPEN_CURRENT);
}

/* The place of a key that is not set is not a key of zeros. */
static void
a_key_that_is_not_set_opens_nothing(void **state)
{
	struct tg_fastopen_keys zero = {.n = 1}, none = {.n = 0}, one = one_key(1);
	static const uint8_t first[16] = {1};
	uint8_t c[TG_FASTOPEN_LEN];

	(void)state;
	tg_fastopen_cookie(&zero, &client4, &server4, c);
	assert_int_equal(tg_fastopen_check(&none, &client4, &server4, c, 8), TG_FASTOPEN_INVALID);
	assert_int_equal(tg_fastopen_check(&one, &client4, &server4, c, 8), TG_FASTOPEN_INVALID);
	tg_fastopen_rotate(&none, first);
	assert_int_equal(none.n, 1);
	assert_int_equal(tg_fastopen_check(&none, &client4, &server4, c, 8), TG_FASTOPEN_INVALID);
}

static void
wiping_leaves_zeros(void **state)
{
	static const struct tg_fastopen_keys zero;
	struct tg_fastopen_keys k;

	(void)state;
	memset(&k, 0xa5, sizeof(k));
	tg_fastopen_wipe(&k);
	assert_memory_equal(&k, &zero, sizeof(k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_are_those_of_the_kernel),
		cmocka_unit_test(every_bit_of_a_cookie_counts),
		cmocka_unit_test(every_bit_of_both_addresses_counts),
		cmocka_unit_test(any_other_length_is_invalid),
		cmocka_unit_test(a_rotated_key_is_good_until_the_next_rotation),
		cmocka_unit_test(a_key_that_is_not_set_opens_nothing),
		cmocka_unit_test(wiping_leaves_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
