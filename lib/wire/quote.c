/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors: see quote.h. Hostile as everything off the wire, and no hop's checksum covers what
 * the quoted packet claims: whether it is one of ours is the engine's to ask.
 */
#include <errno.h>

#include "bytes.h"
#include "frame_internal.h"
#include "quote.h"

/** ICMP types (RFC 792), ICMPv6 types (RFC 4443), and the one code with a meaning of its own. */
enum {
	ICMP_UNREACHABLE = 3,
	ICMP_FRAGMENTATION_NEEDED = 4,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER = 4,
};

/** Least of TCP that an error quotes: ports and sequence number (RFC 792). */
#define QUOTED_TCP 8

/** A row of the tables of unreachable codes. */
struct code {
	uint8_t what;  /**< enum tg_icmp_error */
	uint8_t error; /**< errno */
};

/*
 * RFC 1122 3.2.2.1 and RFC 1812 5.2.7.1. 0, 1, 5, 11 and 12 may pass; which of the others Linux
 * gives up for is what is hard here.
 */
static const struct code unreachable4[16] = {
	{TG_ICMP_SOFT, ENETUNREACH},
	{TG_ICMP_SOFT, EHOSTUNREACH},
	{TG_ICMP_HARD, ENOPROTOOPT},
	{TG_ICMP_HARD, ECONNREFUSED},
	{TG_ICMP_TOO_BIG, EMSGSIZE},
	{TG_ICMP_SOFT, EOPNOTSUPP},
	{TG_ICMP_HARD, ENETUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
	{TG_ICMP_HARD, ENETUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
	{TG_ICMP_SOFT, ENETUNREACH},
	{TG_ICMP_SOFT, EHOSTUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
	{TG_ICMP_HARD, EHOSTUNREACH},
};

/* RFC 4443 3.1. */
static const struct code unreachable6[7] = {
	{TG_ICMP_SOFT, ENETUNREACH},
	{TG_ICMP_HARD, EACCES},
	{TG_ICMP_SOFT, EHOSTUNREACH},
	{TG_ICMP_SOFT, EHOSTUNREACH},
	{TG_ICMP_HARD, ECONNREFUSED},
	{TG_ICMP_HARD, EACCES},
	{TG_ICMP_HARD, EACCES},
};

/* False for messages that are no errors, and codes nobody has defined. */
static bool
classify(const uint8_t *icmp, unsigned version, struct code *c)
{
	const struct code *table = version == 4 ? unreachable4 : unreachable6;
	unsigned codes = version == 4 ? sizeof(unreachable4) / sizeof(*table)
				      : sizeof(unreachable6) / sizeof(*table);
	uint8_t type = icmp[0], code = icmp[1];

	if (type == (version == 4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE)) {
		if (code >= codes)
			return false;
		*c = table[code];
	} else if (type == (version == 4 ? ICMP_TIME_EXCEEDED : ICMPV6_TIME_EXCEEDED)) {
		*c = (struct code){TG_ICMP_SOFT, EHOSTUNREACH};
	} else if (type == (version == 4 ? ICMP_PARAMETER : ICMPV6_PARAMETER)) {
		*c = (struct code){TG_ICMP_SOFT, EPROTO};
	} else if (version == 4 && type == ICMP_SOURCE_QUENCH) {
		*c = (struct code){TG_ICMP_QUENCH, 0};
	} else if (version == 6 && type == ICMPV6_TOO_BIG) {
		*c = (struct code){TG_ICMP_TOO_BIG, EMSGSIZE};
	} else {
		return false;
	}
	return true;
}

static enum tg_quote_result
quoted_tcp(const uint8_t *tcp, uint32_t room, struct tg_quote *q)
{
	if (room < QUOTED_TCP)
		return TG_QUOTE_BAD;
	q->sport = tg_get16(tcp);
	q->dport = tg_get16(tcp + 2);
	q->seq = tg_get32(tcp + 4);
	return TG_QUOTE_TCP;
}

static enum tg_quote_result
quoted_ipv4(const uint8_t *ip, uint32_t room, struct tg_quote *q)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned hlen;

	if (room < IPV4_LEN || ip[0] >> 4 != 4)
		return TG_QUOTE_BAD;
	hlen = (ip[0] & 15) * 4u;
	if (hlen < IPV4_LEN || hlen > room)
		return TG_QUOTE_BAD;
	if (ip[9] != PROTO_TCP || (tg_get16(ip + 6) & 0x1fff) != 0)
		return TG_QUOTE_NONE;
	memcpy(q->src.b, mapped, sizeof(mapped));
	memcpy(q->src.b + 12, ip + 12, 4);
	memcpy(q->dst.b, mapped, sizeof(mapped));
	memcpy(q->dst.b + 12, ip + 16, 4);
	return quoted_tcp(ip + hlen, room - hlen, q);
}

static enum tg_quote_result
quoted_ipv6(const uint8_t *ip, uint32_t room, struct tg_quote *q)
{
	uint32_t off = IPV6_LEN;
	uint8_t proto;

	if (room < IPV6_LEN || ip[0] >> 4 != 6)
		return TG_QUOTE_BAD;
	proto = ip[6];
	memcpy(q->src.b, ip + 8, 16);
	memcpy(q->dst.b, ip + 24, 16);
	/* We send none; what a router on the way put in, others may have left there. */
	for (unsigned count = 0; count <= EXT_HEADERS_MAX; count++) {
		const uint8_t *ext = ip + off;
		uint32_t len;

		if (proto == PROTO_TCP)
			return quoted_tcp(ext, room - off, q);
		if (proto != EXT_HOP_BY_HOP && proto != EXT_ROUTING && proto != EXT_DEST &&
			proto != EXT_FRAGMENT)
			return TG_QUOTE_NONE;
		if (room - off < EXT_UNIT)
			return TG_QUOTE_BAD;
		if (proto == EXT_FRAGMENT && (tg_get16(ext + 2) & 0xfff8) != 0)
			return TG_QUOTE_NONE;
		len = proto == EXT_FRAGMENT ? EXT_UNIT : (ext[1] + 1u) * EXT_UNIT;
		if (len > room - off)
			return TG_QUOTE_BAD;
		proto = ext[0];
		off += len;
	}
	return TG_QUOTE_BAD;
}

enum tg_quote_result
tg_quote_parse(const struct tg_pkt *pkt, const struct tg_frame *f, struct tg_quote *q)
{
	const uint8_t *icmp = pkt->data + f->l4_off;
	uint32_t end = f->payload_off + f->payload_len, room;
	struct code c;

	if (!classify(icmp, f->ip_version, &c))
		return TG_QUOTE_NONE;
	q->what = c.what;
	q->error = c.error;
	q->mtu = f->ip_version == 4 ? tg_get16(icmp + 6) : tg_get32(icmp + 4);
	room = (end < pkt->len ? end : pkt->len) - f->payload_off;
	return f->ip_version == 4 ? quoted_ipv4(pkt->data + f->payload_off, room, q)
				  : quoted_ipv6(pkt->data + f->payload_off, room, q);
}
