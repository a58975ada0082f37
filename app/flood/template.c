/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "csum.h"
#include "frame.h"
#include "tcpopt.h"
#include "template.h"

#define ETH_LEN   14
#define TAG_LEN   4
#define IP4_LEN   20
#define IP6_LEN   40
#define TCP_LEN   20
#define PROTO_TCP 6
/* Ports below are for servers. */
#define SPORT_MIN 1024
/* Neighbouring seeds begin far from each other. */
#define SEED_STEP UINT64_C(0xbf58476d1ce4e5b9)

const char *
flood_kind_name(enum flood_kind k)
{
	static const char *const name[FLOOD_KINDS] = {"syn", "ack", "rst", "bad"};

	return name[k];
}

const char *
flood_bad_name(enum flood_bad b)
{
	static const char *const name[FLOOD_BADS] = {
#define X(e, n, t) n,
		FLOOD_BAD_LIST(X)
#undef X
	};

	return name[b];
}

static unsigned
put_options(uint8_t *p, enum flood_opts opts)
{
	struct tg_tcpopt o = {.mss = 1460, .wscale = 7};

	if (opts == FLOOD_OPT_MSS)
		o.present = TG_OPT_MSS;
	else if (opts == FLOOD_OPT_LINUX)
		o.present = TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE;
	return tg_tcpopt_write(p, &o);
}

static unsigned
put_l2(uint8_t *p, const struct flood_mix_config *cfg, bool v6)
{
	unsigned n = 12;

	memcpy(p, cfg->dst_mac, 6);
	memcpy(p + 6, cfg->src_mac, 6);
	if (cfg->vlan != 0) {
		tg_put16(p + n, 0x8100);
		tg_put16(p + n + 2, cfg->vlan);
		n += TAG_LEN;
	}
	tg_put16(p + n, v6 ? 0x86dd : 0x0800);
	return n + 2;
}

/* The IP header without source and checksum. */
static void
put_ip(uint8_t *ip, const struct flood_mix_config *cfg, bool v6, unsigned tcp_len)
{
	if (v6) {
		ip[0] = 0x60;
		tg_put16(ip + 4, (uint16_t)tcp_len);
		ip[6] = PROTO_TCP;
		ip[7] = 64;
		memcpy(ip + 24, cfg->dst.b, 16);
	} else {
		ip[0] = 0x45;
		tg_put16(ip + 2, (uint16_t)(IP4_LEN + tcp_len));
		ip[6] = 0x40; /* DF */
		ip[8] = 64;
		ip[9] = PROTO_TCP;
		memcpy(ip + 16, cfg->dst.b + 12, 4);
	}
}

/* What makes a good frame a malformed one. */
static void
damage(struct flood_template *t, uint8_t *ip, uint8_t *tcp, bool v6)
{
	switch (t->bad) {
	case FLOOD_BAD_TCP_CSUM:
		t->tcp_xor = 0x5555;
		break;
	case FLOOD_BAD_IP_CSUM:
		t->ip_xor = 0x5555;
		break;
	case FLOOD_BAD_SHORT_OFFSET:
		tcp[12] = 4 << 4;
		break;
	case FLOOD_BAD_LONG_OFFSET:
		tcp[12] = 15 << 4;
		break;
	case FLOOD_BAD_LENGTH:
		/* More than Ethernet's padding could hide. */
		ip[v6 ? 5 : 3] += 64;
		break;
	case FLOOD_BAD_VERSION:
		ip[0] = (uint8_t)(5 << 4 | (ip[0] & 0xf));
		break;
	case FLOOD_BAD_SYN_FIN:
		tcp[13] |= TG_FIN;
		break;
	case FLOOD_BAD_SYN_RST:
		tcp[13] |= TG_RST;
		break;
	case FLOOD_BAD_NO_FLAGS:
		tcp[13] = 0;
		break;
	case FLOOD_BAD_SPORT_ZERO:
		t->sport_mask = t->sport_or = 0;
		break;
	}
}

static void
make(struct flood_mix *m, const struct flood_mix_config *cfg, enum flood_kind kind,
	enum flood_opts opts, enum flood_bad bad, uint16_t dport)
{
	static const struct tg_addr none;
	struct flood_template *t = &m->template[m->templates++];
	uint8_t *ip, *tcp;
	unsigned tcp_len = TCP_LEN;
	struct tg_addr src = m->v6 ? none : tg_addr_v4(0, 0, 0, 0);

	memset(t, 0, sizeof(*t));
	m->l3 = (uint8_t)put_l2(t->bytes, cfg, m->v6);
	m->l4 = (uint8_t)(m->l3 + (m->v6 ? IP6_LEN : IP4_LEN));
	ip = t->bytes + m->l3;
	tcp = t->bytes + m->l4;
	t->kind = (uint8_t)kind;
	t->bad = (uint8_t)bad;
	t->sport_mask = UINT16_MAX;
	t->sport_or = __builtin_bswap16(SPORT_MIN);
	tg_put16(tcp + 2, dport);
	if (kind == FLOOD_SYN || kind == FLOOD_BAD) {
		tcp[13] = TG_SYN;
		tcp_len += put_options(tcp + TCP_LEN, opts);
		if (opts == FLOOD_OPT_LINUX)
			t->ts = (uint8_t)(m->l4 + TCP_LEN + 8);
	} else {
		tcp[13] = kind == FLOOD_RST ? TG_RST : TG_ACK;
		t->ack_mask = kind == FLOOD_ACK ? UINT32_MAX : 0;
	}
	tcp[12] = (uint8_t)(tcp_len / 4 << 4);
	tg_put16(tcp + 14, 64240);
	put_ip(ip, cfg, m->v6, tcp_len);
	t->len = (uint8_t)(m->l4 + tcp_len);
	if (kind == FLOOD_BAD)
		damage(t, ip, tcp, m->v6);
	if (!m->v6)
		t->ip_sum = tg_csum_add(0, ip, IP4_LEN);
	t->tcp_sum = tg_csum_pseudo(&src, &cfg->dst, PROTO_TCP, tcp_len);
	t->tcp_sum = tg_csum_add(t->tcp_sum, tcp, tcp_len);
}

static void
make_kind(struct flood_mix *m, const struct flood_mix_config *cfg, enum flood_kind kind)
{
	m->of[kind].first = (uint8_t)m->templates;
	for (unsigned i = 0; i < cfg->dports; i++) {
		uint16_t dport = (uint16_t)(cfg->dport + i);

		if (kind == FLOOD_SYN) {
			for (unsigned o = FLOOD_OPT_NONE; o < FLOOD_OPT_MIXED; o++)
				if (cfg->opts == o || cfg->opts == FLOOD_OPT_MIXED)
					make(m, cfg, kind, o, 0, dport);
		} else if (kind == FLOOD_BAD) {
			for (unsigned b = 0; b < FLOOD_BADS; b++)
				if (!m->v6 || b != FLOOD_BAD_IP_CSUM)
					make(m, cfg, kind, FLOOD_OPT_NONE, b, dport);
		} else {
			make(m, cfg, kind, FLOOD_OPT_NONE, 0, dport);
		}
	}
	m->of[kind].count = (uint8_t)(m->templates - m->of[kind].first);
}

static int
take_prefix(struct flood_mix *m, const struct flood_prefix *p)
{
	unsigned skip = m->v6 ? 0 : 12, bytes = 16 - skip, i = m->prefixes++;

	if (tg_addr_is_v4(&p->base) == m->v6 || p->len > bytes * 8)
		return -EINVAL;
	for (unsigned k = 0; k < bytes; k++) {
		unsigned fixed = p->len > k * 8 ? p->len - k * 8 : 0;

		m->prefix[i].mask[k] = fixed >= 8 ? 0 : (uint8_t)(0xff >> fixed);
		m->prefix[i].base[k] = p->base.b[skip + k] & (uint8_t)~m->prefix[i].mask[k];
	}
	return 0;
}

/* Shares the 256 values of a random byte out; each kind that is wanted has at least one. */
static int
share_out(struct flood_mix *m, const struct flood_mix_config *cfg)
{
	unsigned sum = 0, seen = 0, at = 0, after = 0;

	for (unsigned k = 0; k < FLOOD_KINDS; k++) {
		sum += cfg->part[k];
		after += cfg->part[k] != 0;
	}
	if (sum == 0 || sum > 1000)
		return -EINVAL;
	for (unsigned k = 0; k < FLOOD_KINDS; k++) {
		unsigned to;

		if (cfg->part[k] == 0)
			continue;
		after--;
		seen += cfg->part[k];
		to = seen * FLOOD_DRAWS / sum;
		if (to <= at)
			to = at + 1;
		if (to > FLOOD_DRAWS - after)
			to = FLOOD_DRAWS - after;
		while (at < to)
			m->kind[at++] = (uint8_t)k;
	}
	m->single = m->prefixes == 1 && m->kind[0] == m->kind[FLOOD_DRAWS - 1];
	return 0;
}

int
flood_mix_init(struct flood_mix *m, const struct flood_mix_config *cfg)
{
	memset(m, 0, sizeof(*m));
	if (cfg->vlan > 4094 || cfg->dport == 0 || cfg->dports < 1 || cfg->dports > 2 ||
		cfg->dport + cfg->dports - 1 > UINT16_MAX || cfg->opts > FLOOD_OPT_MIXED ||
		cfg->prefixes < 1 || cfg->prefixes > FLOOD_PREFIXES)
		return -EINVAL;
	m->rng = cfg->seed * SEED_STEP;
	m->v6 = !tg_addr_is_v4(&cfg->dst);
	for (unsigned i = 0; i < cfg->prefixes; i++)
		if (take_prefix(m, &cfg->prefix[i]) != 0)
			return -EINVAL;
	for (unsigned k = 0; k < FLOOD_KINDS; k++)
		make_kind(m, cfg, k);
	return share_out(m, cfg);
}

const struct flood_template *
flood_mix_last(const struct flood_mix *m)
{
	return &m->template[m->last];
}
