/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that is not TCP for one of our addresses: what a host must answer (ARP, neighbour
 * solicitation, echo), what is damaged, and what is somebody else's.
 */
#include <string.h>

#include "engine_internal.h"

static struct tg_verdict
drop(enum tg_disposition d)
{
	return tg_verdict(TG_DROP, d);
}

static struct tg_verdict
pass(void)
{
	return tg_verdict(TG_PASS, TG_DISP_PASSED);
}

/* Is addr ours, and answered for on this port? */
static bool
ours_here(const struct tg_engine *e, const struct tg_addr *addr, uint16_t port)
{
	int local = tg_host_find(&e->host, addr);

	return local >= 0 && e->host.local[local].port == port;
}

/* An address that one host may send from: not ours, no group, none of the forbidden ones. */
static bool
good_source(const struct tg_engine *e, const struct tg_frame *f)
{
	return (f->l2.src[0] & 1) == 0 &&
		tg_host_classify(&e->host, &f->src, f->ip_version) == TG_ADDR_UNICAST;
}

static struct tg_verdict
answered(struct tg_engine *e, enum tg_counter c)
{
	tg_engine_count(e, c);
	return tg_verdict(TG_REPLY, TG_DISP_ANSWERED);
}

static struct tg_verdict
arp(struct tg_engine *e, struct tg_rx *rx)
{
	if (!ours_here(e, &rx->f.dst, rx->pkt->port))
		return pass();
	/* Who claims one of our addresses is not to be told where we are. */
	if ((rx->f.l2.src[0] & 1) != 0 || tg_host_find(&e->host, &rx->f.src) >= 0)
		return drop(TG_DISP_DROP_LAND);
	tg_emit_arp_reply(rx->pkt, &rx->f, e->host.port[rx->pkt->port].mac);
	rx->pkt->flags |= TG_TX_RESERVE;
	return answered(e, TG_CNT_ARP_REPLIES);
}

static struct tg_verdict
solicit(struct tg_engine *e, struct tg_rx *rx)
{
	static const struct tg_addr unspecified;
	const struct tg_frame *f = &rx->f;
	bool dad = memcmp(&f->src, &unspecified, sizeof(unspecified)) == 0;

	if (!ours_here(e, &f->target, rx->pkt->port))
		return pass();
	if (!dad && !good_source(e, f))
		return drop(TG_DISP_DROP_SOURCE);
	if (tg_emit_nd_advert(rx->pkt, f, e->host.port[rx->pkt->port].mac) != 0)
		return drop(TG_DISP_DROP_NO_ROOM);
	rx->pkt->flags |= TG_TX_RESERVE;
	return answered(e, TG_CNT_ND_ADVERTS);
}

static struct tg_verdict
echo(struct tg_engine *e, struct tg_rx *rx)
{
	const uint8_t *mac = e->host.port[rx->pkt->port].mac;

	/* Broadcast echo is not answered: RFC 1122 3.2.2.6 lets us, amplification forbids it. */
	if (tg_host_find(&e->host, &rx->f.dst) < 0 || memcmp(rx->f.l2.dst, mac, 6) != 0)
		return pass();
	if (!good_source(e, &rx->f))
		return drop(TG_DISP_DROP_SOURCE);
	tg_emit_echo_reply(rx->pkt, &rx->f, mac);
	return answered(e, TG_CNT_ICMP_ECHOS);
}

static struct tg_verdict
damaged(struct tg_engine *e, struct tg_rx *rx)
{
	static const enum tg_disposition why[] = {
		[TG_BAD_NONE] = TG_DISP_DROP_ETH,
		[TG_BAD_ETH] = TG_DISP_DROP_ETH,
		[TG_BAD_ARP] = TG_DISP_DROP_ARP,
		[TG_BAD_IP_HEADER] = TG_DISP_DROP_IP_HEADER,
		[TG_BAD_IP_CSUM] = TG_DISP_DROP_IP_CSUM,
		[TG_BAD_ICMP] = TG_DISP_DROP_ICMP,
		[TG_BAD_TCP_HEADER] = TG_DISP_DROP_TCP_HEADER,
		[TG_BAD_TCP_CSUM] = TG_DISP_DROP_TCP_CSUM,
	};
	enum tg_frame_bad bad = rx->f.bad;

	/* Where the addresses could be read, damage to other hosts' packets is not ours to judge.
	 */
	if (bad == TG_BAD_TCP_HEADER || bad == TG_BAD_TCP_CSUM) {
		if (tg_host_find(&e->host, &rx->f.dst) < 0)
			return pass();
		tg_engine_count(e, TG_CNT_IN_SEGS);
		tg_engine_count(e, TG_CNT_IN_ERRS);
		if (bad == TG_BAD_TCP_CSUM)
			tg_engine_count(e, TG_CNT_IN_CSUM_ERRORS);
	}
	return drop(why[bad]);
}

struct tg_verdict
tg_input_host(struct tg_engine *e, struct tg_rx *rx)
{
	const struct tg_frame *f = &rx->f;

	switch ((enum tg_frame_kind)f->kind) {
	case TG_FRAME_BAD:
		return damaged(e, rx);
	case TG_FRAME_ARP_REQUEST:
		return arp(e, rx);
	case TG_FRAME_ND_SOLICIT:
		return solicit(e, rx);
	case TG_FRAME_ICMP_ECHO:
	case TG_FRAME_ICMP6_ECHO:
		return echo(e, rx);
	case TG_FRAME_FRAGMENT:
		/* Of other protocols as the whole datagrams: somebody else's. */
		return f->may_be_tcp && tg_host_find(&e->host, &f->dst) >= 0
			? drop(TG_DISP_DROP_FRAGMENT)
			: pass();
	case TG_FRAME_ICMP_OTHER:
	case TG_FRAME_ICMP6_OTHER:
		return tg_input_icmp(e, rx);
	case TG_FRAME_TCP:
		/* RFC 9293 MUST-57: TCP to a group address is dropped, not handed on. */
		return tg_host_classify(&e->host, &f->dst, f->ip_version) == TG_ADDR_GROUP
			? drop(TG_DISP_DROP_DEST)
			: pass();
	default:
		return pass();
	}
}
