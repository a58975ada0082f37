/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `> icmp TYPE CODE MTU FLAGS SEQ ...`: an ICMP error that quotes a segment of ours to the client,
 * written without lib/wire as all that the tests send.
 */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

/* What the error itself is like; the rest of the line is the quoted segment. */
struct error {
	uint8_t type, code;
	uint32_t mtu;
	struct tg_addr from, to;
	const uint8_t *eth_dst;
	unsigned quote; /* bytes of the quoted packet at most */
	bool bad;
};

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

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* IPv4 or IPv6 header and ICMP over `n` quoted bytes, which stand behind them. @return its bytes */
static unsigned
wrap(const struct error *x, uint8_t *ip, bool v4, unsigned n)
{
	unsigned hlen = v4 ? 20 : 40, l4 = 8 + n;
	uint8_t *icmp = ip + hlen;
	uint32_t sum = 0;
	uint16_t c;

	memset(ip, 0, hlen + 8);
	put32(icmp, (uint32_t)x->type << 24 | (uint32_t)x->code << 16);
	put32(icmp + 4, x->mtu);
	if (v4) {
		put32(ip, UINT32_C(0x45c00000) | (hlen + l4));
		put32(ip + 8, UINT32_C(0x40010000));
		memcpy(ip + 12, x->from.b + 12, 4);
		memcpy(ip + 16, x->to.b + 12, 4);
		c = seg_fold(seg_sum(0, ip, hlen));
		ip[10] = (uint8_t)(c >> 8);
		ip[11] = (uint8_t)c;
	} else {
		put32(ip, UINT32_C(6) << 28);
		put32(ip + 4, l4 << 16 | 58 << 8 | 64);
		memcpy(ip + 8, x->from.b, 16);
		memcpy(ip + 24, x->to.b, 16);
		sum = seg_sum(58 + l4, ip + 8, 32);
	}
	c = seg_fold(seg_sum(sum, icmp, l4));
	icmp[2] = (uint8_t)(c >> 8);
	icmp[3] = (uint8_t)(c ^ (x->bad ? 1 : 0));
	return hlen + l4;
}

void
play_icmp(struct player *p, struct client *c, const struct line *l)
{
	struct rig_rx rx = {.port = c->port, .unverified = true};
	uint8_t frame[SEG_FRAME_MAX], quoted[SEG_FRAME_MAX], payload[SEG_FRAME_MAX] = {0};
	struct error x = {.from = c->remote.addr, .to = c->local.addr};
	char *word[64], *from, *to, *quote;
	unsigned n = l->argc - 1, len, off = 14;
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
	x.mtu = word_number(word[2], 0, UINT32_MAX);
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
	pat_make(&pt, &c->vars, &s);
	s.data = payload;
	s.len = pt.data == PAT_LEN ? num_value(&pt.len, &c->vars) : 0;
	if (s.len > 9000)
		die("segment too long");
	len = seg_write(&s, quoted, &n);

	/* by default headers and 8 bytes over IPv4, as old routers quote; all that fits over IPv6
	 */
	x.quote = quote != NULL ? word_number(quote, 0, 9000)
		: v4            ? 28 + (s.ip_opts + 3) / 4 * 4
				: 1232;
	len = len - 14 < x.quote ? len - 14 : x.quote;
	memcpy(frame, s.eth_dst, 6);
	memcpy(frame + 6, c->mac, 6);
	for (unsigned i = 0; i < c->tags; i++, off += 4)
		put32(frame + off - 2, (uint32_t)c->tpid[i] << 16 | c->tci[i]);
	frame[off - 2] = v4 ? 0x08 : 0x86;
	frame[off - 1] = v4 ? 0x00 : 0xdd;
	memcpy(frame + off + (v4 ? 28 : 48), quoted + 14, len);
	len = wrap(&x, frame + off, v4, len);
	if (!pt.tight && !p->rig.manner->tight)
		rx.headroom = rx.tailroom = 64;
	rig_feed(&p->rig, frame, off + len, &rx);
	play_disposition(p, pt.disposition);
}
