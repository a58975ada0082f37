/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `> icmp TYPE CODE MTU FLAGS SEQ ...`: an ICMP error that quotes a segment of ours to the client.
 */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

/* Takes `key` and the word behind it out of the line; NULL when it is not there. */
static char *
option(char **word, unsigned *n, const char *key, bool value)
{
	for (unsigned i = 0; i < *n; i++) {
		unsigned used = value ? 2 : 1;
		char *at;

		if (strcmp(word[i], key) != 0 || i + used > *n)
			continue;
		at = word[i + used - 1];
		memmove(word + i, word + i + used, (*n - i - used) * sizeof(*word));
		*n -= used;
		return at;
	}
	return NULL;
}

void
play_icmp(struct player *p, struct client *c, const struct line *l)
{
	struct rig_rx rx = {.port = c->port, .unverified = true};
	uint8_t frame[SEG_FRAME_MAX], payload[SEG_FRAME_MAX] = {0};
	struct seg_icmp x = {.from = c->remote.addr, .to = c->local.addr};
	char *word[64], *from, *to, *quote;
	unsigned n = l->argc - 1, len;
	struct pat pt;
	struct seg s;
	bool v4 = tg_addr_is_v4(&c->local.addr);

	memcpy(word, l->argv + 1, n * sizeof(word[0]));
	from = option(word, &n, "from", true);
	to = option(word, &n, "for", true);
	quote = option(word, &n, "quote", true);
	x.bad = option(word, &n, "badicmp", false) != NULL;
	if (n < 5)
		die("icmp TYPE CODE MTU FLAGS SEQ ...");
	x.type = (uint8_t)word_number(word[0], 0, 255);
	x.code = (uint8_t)word_number(word[1], 0, 255);
	x.word = word_number(word[2], 0, UINT32_MAX);
	if (from != NULL)
		x.from = word_addr(from);
	if (to != NULL)
		x.to = word_addr(to);

	pat_parse(word + 3, n - 3, false, &pt);
	seg_init(&s);
	s.src = c->local.addr;
	s.dst = c->remote.addr;
	s.sport = c->local.port;
	s.dport = c->remote.port;
	memcpy(s.eth_dst, p->rig.mac[c->port], 6);
	memcpy(s.eth_src, c->mac, 6);
	s.tags = c->tags;
	memcpy(s.tpid, c->tpid, sizeof(s.tpid));
	memcpy(s.tci, c->tci, sizeof(s.tci));
	pat_make(&pt, &c->vars, &s);
	s.data = payload;
	s.len = pt.data == PAT_LEN ? num_value(&pt.len, &c->vars) : 0;
	if (s.len > 9000)
		die("segment too long");

	/* by default headers and 8 bytes over IPv4, as old routers quote; all that fits over IPv6
	 */
	x.quote = quote != NULL ? word_number(quote, 0, 9000)
		: v4            ? 28 + (s.ip_opts + 3) / 4 * 4
				: 1232;
	len = seg_icmp_write(&x, &s, frame);
	if (!pt.tight && !p->rig.manner->tight)
		rx.headroom = rx.tailroom = 64;
	rig_feed(&p->rig, frame, len, &rx);
	play_disposition(p, pt.disposition);
}
