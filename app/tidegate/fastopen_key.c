/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "fastopen_key.h"
#include "hex.h"

#define GROUPS       4
#define GROUP_DIGITS 8

/* One key. Returns what follows it, or NULL. */
static const char *
read_one(const char *s, uint8_t key[16])
{
	for (unsigned g = 0; g < GROUPS; g++) {
		uint32_t v = 0;

		if (g != 0 && *s++ != '-')
			return NULL;
		for (unsigned i = 0; i < GROUP_DIGITS; i++) {
			int d = hex_digit(*s++);

			if (d < 0)
				return NULL;
			v = v << 4 | (uint32_t)d;
		}
		for (unsigned b = 0; b < 4; b++)
			key[4 * g + b] = (uint8_t)(v >> 8 * b);
	}
	return s;
}

int
fastopen_key_read(const char *text, uint8_t key[2][16])
{
	const char *rest = read_one(text, key[0]);
	int n = 1;

	memset(key[1], 0, sizeof(key[1]));
	if (rest != NULL && *rest == ',') {
		rest = read_one(rest + 1, key[1]);
		n = 2;
	}
	if (rest != NULL && *rest == '\0')
		return n;
	explicit_bzero(key, 2 * sizeof(key[0]));
	return -1;
}
