/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP Fast Open cookies: see fastopen.h.
 */
#include <string.h>

#include "block.h"
#include "fastopen.h"
#include "siphash.h"

static void
make(const uint8_t key[16], const struct tg_addr *client, const struct tg_addr *server,
	uint8_t out[TG_FASTOPEN_LEN])
{
	/* Where the four bytes of a v4-mapped address begin, or the sixteen of an IPv6 one. */
	const unsigned from = tg_addr_is_v4(client) ? 12 : 0, n = 16 - from;
	uint8_t msg[32];
	uint64_t h;

	memcpy(msg, client->b + from, n);
	memcpy(msg + n, server->b + from, n);
	h = tg_siphash(key, msg, 2 * (size_t)n);
	for (unsigned i = 0; i < TG_FASTOPEN_LEN; i++)
		out[i] = (uint8_t)(h >> (8 * i));
}

void
tg_fastopen_cookie(const struct tg_fastopen_keys *k, const struct tg_addr *client,
	const struct tg_addr *server, uint8_t out[TG_FASTOPEN_LEN])
{
	make(k->key[0], client, server, out);
}

enum tg_fastopen_match
tg_fastopen_check(const struct tg_fastopen_keys *k, const struct tg_addr *client,
	const struct tg_addr *server, const uint8_t *cookie, unsigned len)
{
	if (len != TG_FASTOPEN_LEN)
		return TG_FASTOPEN_INVALID;
	for (unsigned i = 0; i < k->n; i++) {
		uint8_t want[TG_FASTOPEN_LEN], differ = 0;

		make(k->key[i], client, server, want);
		for (unsigned j = 0; j < TG_FASTOPEN_LEN; j++)
			differ |= want[j] ^ cookie[j];
		if (differ == 0)
			return i == 0 ? TG_FASTOPEN_CURRENT : TG_FASTOPEN_PREVIOUS;
	}
	return TG_FASTOPEN_INVALID;
}

void
tg_fastopen_rotate(struct tg_fastopen_keys *k, const uint8_t key[16])
{
	memcpy(k->key[1], k->key[0], sizeof(k->key[1]));
	memcpy(k->key[0], key, sizeof(k->key[0]));
	if (k->n < 2)
		k->n++;
}

void
tg_fastopen_wipe(struct tg_fastopen_keys *k)
{
	tg_wipe(k, sizeof(*k));
}
