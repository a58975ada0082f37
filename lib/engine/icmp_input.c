/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about segments we sent (RFC 9293 3.9.2.2, RFC 5927). None is ever answered, and each
 * costs one PRF block and one look-up at most. A cookie leaves no state: errors about it, as all
 * that match nothing of ours, go back to the caller.
 */
#include <string.h>

#include "engine_internal.h"
#include "icmp.h"

static struct tg_verdict
taken(void)
{
	return tg_verdict(TG_DROP, TG_DISP_DELIVERED);
}

static struct tg_verdict
outside(struct tg_engine *e)
{
	tg_engine_count(e, TG_CNT_OUT_OF_WINDOW_ICMPS);
	return tg_verdict(TG_DROP, TG_DISP_DROP_ICMP_WINDOW);
}

static struct tg_verdict
pass(struct tg_engine *e)
{
	tg_engine_count(e, TG_CNT_ICMP_IN_ERRORS);
	return tg_verdict(TG_PASS, TG_DISP_PASSED);
}

/*
 * All that a half-open entry has sent is its SYN-ACK, far below any MTU. A hard error frees the
 * entry (RFC 9293 SHLD-26), counted as Linux counts; not one whose client has answered, which is
 * real, and reached.
 */
static struct tg_verdict
half(struct tg_engine *e, const struct tg_quote *q, uint32_t idx)
{
	const struct tg_half *h = tg_half_at(&e->synq, idx);

	if (tg_half_closing(e, h)) {
		tg_half_remove(e, idx);
		return pass(e);
	}
	if (q->seq != h->iss)
		return outside(e);
	if (q->what == TG_ICMP_HARD && (h->flags & TG_HALF_ACKED) == 0) {
		e->listeners.lsn[h->key.free_use].drops++;
		tg_engine_count(e, TG_CNT_LISTEN_DROPS);
		tg_half_remove(e, idx);
	}
	return taken();
}

static struct tg_verdict
conn(struct tg_engine *e, const struct tg_quote *q, uint32_t idx)
{
	struct tg_tcb *t = tg_tcb_at(&e->conns, idx);

	switch (tg_conn_icmp(&e->conns, t, q, e->now)) {
	case TG_ICMP_WINDOW:
		return outside(e);
	case TG_ICMP_ENDS:
		tg_fastopen_refused(e, t);
		break;
	case TG_ICMP_TAKEN:
		break;
	}
	return taken();
}

/* The entry whose segment is quoted: what was its source is us. */
static uint32_t
find(const struct tg_engine *e, const struct tg_quote *q, uint16_t local)
{
	struct tg_tuple tuple = {
		.local = {.addr = q->src, .port = q->sport},
		.remote = {.addr = q->dst, .port = q->dport},
	};
	struct tg_flow_key key = {.rport = q->dport, .lport = q->sport, .laddr = local};
	struct tg_digest digest;

	memcpy(key.raddr, q->dst.b, sizeof(key.raddr));
	tg_secret_digest(&e->secret, &tuple, &digest);
	return tg_flow_lookup(&e->flow, &key, digest.hash);
}

struct tg_verdict
tg_input_icmp(struct tg_engine *e, struct tg_rx *rx)
{
	const struct tg_frame *f = &rx->f;
	const uint8_t *mac = e->host.port[rx->pkt->port].mac;
	enum tg_quote_result r;
	struct tg_quote q;
	uint32_t value, idx;
	int local = tg_host_find(&e->host, &f->dst);

	/* To one of our unicast addresses, by the link too; groups are never believed. */
	if (local < 0 || memcmp(f->l2.dst, mac, 6) != 0)
		return tg_verdict(TG_PASS, TG_DISP_PASSED);
	r = tg_quote_parse(rx->pkt, f, &q);
	if (r == TG_QUOTE_NONE)
		return tg_verdict(TG_PASS, TG_DISP_PASSED);
	if (r == TG_QUOTE_BAD) {
		tg_engine_count(e, TG_CNT_ICMP_IN_ERRORS);
		return tg_verdict(TG_DROP, TG_DISP_DROP_ICMP);
	}
	/* An error goes back to where the quoted packet came from. */
	if (memcmp(&q.src, &f->dst, sizeof(q.src)) != 0)
		return pass(e);
	if ((f->l2.src[0] & 1) != 0 ||
		tg_host_classify(&e->host, &f->src, f->ip_version) != TG_ADDR_UNICAST)
		return tg_verdict(TG_DROP, TG_DISP_DROP_SOURCE);
	value = find(e, &q, (uint16_t)local);
	if (value == TG_NONE)
		return pass(e);
	idx = tg_flow_index_of(value);
	switch (tg_flow_kind_of(value)) {
	case TG_FLOW_CONN:
		return conn(e, &q, idx);
	case TG_FLOW_SYN:
		return half(e, &q, idx);
	default:
		return taken(); /* TIME_WAIT has nothing left to send */
	}
}
