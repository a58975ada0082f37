/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <rte_byteorder.h>

#include "pcapng.h"

#if RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN
static uint8_t out[4096];

/* The same with every room: what does not fit whole is not there. */
#define EXPECT(bytes, call)                                         \
	do {                                                        \
		size_t room = sizeof(out);                          \
		assert_int_equal(call, sizeof(bytes));              \
		assert_memory_equal(out, bytes, sizeof(bytes));     \
		room = sizeof(bytes);                               \
		assert_int_equal(call, sizeof(bytes));              \
		for (room = 0; room < sizeof(bytes); room++) {      \
			memset(out, 0xee, sizeof(out));             \
			assert_int_equal(call, 0);                  \
			for (size_t i = room; i < sizeof(out); i++) \
				assert_int_equal(out[i], 0xee);     \
		}                                                   \
	} while (0)

static void
a_section_begins_the_file(void **state)
{
	static const uint8_t bytes[] = {0x0a, 0x0d, 0x0d, 0x0a, 44, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a,
		1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0, 5, 0, 'h', 'e',
		'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0};

	(void)state;
	EXPECT(bytes, tg_pcapng_section(out, room, "hello"));
}

static void
an_interface_has_a_name_and_nanoseconds(void **state)
{
	static const uint8_t bytes[] = {1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 7, 0,
		's', 'h', 'a', 'r', 'd', ' ', '3', 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0,
		0};

	(void)state;
	EXPECT(bytes, tg_pcapng_interface(out, room, "shard 3", 256));
}

static void
a_packet_has_a_comment(void **state)
{
	static const uint8_t data[] = {0xa, 0xb, 0xc, 0xd, 0xe};
	static const uint8_t bytes[] = {6, 0, 0, 0, 56, 0, 0, 0, 2, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5,
		5, 0, 0, 0, 0xdc, 5, 0, 0, 0xa, 0xb, 0xc, 0xd, 0xe, 0, 0, 0, 1, 0, 6, 0, 'd', 'r',
		'o', 'p', '_', 'x', 0, 0, 0, 0, 0, 0, 56, 0, 0, 0};
	const struct tg_pcapng_packet p = {
		.interface = 2,
		.ns = UINT64_C(0x0102030405060708),
		.caplen = sizeof(data),
		.len = 1500,
		.data = data,
		.comment = "drop_x",
	};

	(void)state;
	EXPECT(bytes, tg_pcapng_packet(out, room, &p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_begins_the_file),
		cmocka_unit_test(an_interface_has_a_name_and_nanoseconds),
		cmocka_unit_test(a_packet_has_a_comment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int
main(void)
{
	return 77; /* the bytes above are little-endian */
}
#endif
