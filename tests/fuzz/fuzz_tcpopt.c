/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The option walker on anything at all.
 *
 * Input: one byte, bit 0 of which says SYN, then the option bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tcpopt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What stands in a struct before it is filled in; blocks and cookie bytes behind their counts keep
 * it. */
#define STALE 0xa5

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
check_invariants(const struct tg_tcpopt *o, int syn)
{
	const unsigned syn_only =
		TG_OPT_MSS | TG_OPT_WSCALE | TG_OPT_SACK_OK | TG_OPT_TFO | TG_OPT_TFO_EXP;
	const unsigned tfo = TG_OPT_TFO | TG_OPT_TFO_EXP;

	require(o->wscale <= TG_WSCALE_MAX);
	require(o->sacks <= TG_SACK_MAX);
	require((o->sacks != 0) == ((o->present & TG_OPT_SACK) != 0));
	require(o->tfo_len == 0 || (o->tfo_len >= 4 && o->tfo_len <= 16 && o->tfo_len % 2 == 0));
	require(o->tfo_len == 0 || (o->present & tfo) != 0);
	require((o->present & tfo) != tfo);
	require(syn || (o->present & syn_only) == 0);
}

/* Copies to the end of a heap block: the sanitizer sees one byte too far. */
static void
parse(const uint8_t *p, unsigned n, int syn, struct tg_tcpopt *o)
{
	uint8_t *copy = malloc(n != 0 ? n : 1);

	require(copy != NULL);
	if (n != 0)
		memcpy(copy, p, n);
	memset(o, STALE, sizeof(*o));
	tg_tcpopt_parse(copy + (n == 0), n, syn, o);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_tcpopt a, b;
	uint8_t out[40];
	unsigned len;
	int syn;

	if (size < 1 || size > 41)
		return 0;
	syn = data[0] & 1;
	parse(data + 1, (unsigned)size - 1, syn, &a);
	check_invariants(&a, syn);

	len = tg_tcpopt_write(out, &a);
	require(len == tg_tcpopt_size(&a) && len <= sizeof(out) && len % 4 == 0);
	parse(out, len, syn, &b);
	check_invariants(&b, syn);
	/* SACK blocks come last and may have found no room; everything else must be there. */
	if (b.sacks < a.sacks) {
		require(len + (b.sacks != 0 ? 8 : 12) > sizeof(out));
		memset(a.sack + b.sacks, STALE, (TG_SACK_MAX - b.sacks) * sizeof(a.sack[0]));
		a.sacks = b.sacks;
		if (b.sacks == 0)
			a.present &= (uint8_t)~TG_OPT_SACK;
	}
	require(memcmp(&a, &b, sizeof(a)) == 0);
	return 0;
}
