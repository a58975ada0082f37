/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TIME_WAIT: see timewait.h.
 */
#include "bytes.h"
#include "timewait.h"

#define LINK offsetof(struct tg_tw, link)

/* ACKs to segments without data or FIN: one in so many ms, or two such ends would talk forever. */
#define ACK_GAP 500

int
tg_tw_init(struct tg_timewait *tw, const struct tg_mem *mem, uint32_t capacity, uint32_t wait_ms)
{
	tg_fifo_init(&tw->fifo);
	tw->wait_ms = wait_ms;
	return tg_pool_init(&tw->pool, mem, sizeof(struct tg_tw), capacity, LINK);
}

void
tg_tw_fini(struct tg_timewait *tw, const struct tg_mem *mem)
{
	tg_pool_fini(&tw->pool, mem);
}

void
tg_tw_remove(struct tg_timewait *tw, struct tg_flow *flow, uint32_t idx)
{
	tg_flow_remove(flow, tg_tw_at(tw, idx)->hash, tg_flow_value(TG_FLOW_TW, idx));
	tg_fifo_remove(&tw->fifo, &tw->pool, LINK, idx);
	tg_tw_at(tw, idx)->key.lport = 0;
	tg_pool_put(&tw->pool, idx);
}

/*
 * Who comes last waits as long as the one before, where a change of the wait would put an earlier
 * deadline behind a later one.
 */
static void
wait_anew(struct tg_timewait *tw, uint32_t idx, tg_time now)
{
	struct tg_tw *t = tg_tw_at(tw, idx);
	tg_ms at = tg_ms_after(now, tw->wait_ms);

	if (tw->fifo.tail != TG_NONE && tg_ms_before(at, tg_tw_at(tw, tw->fifo.tail)->deadline))
		at = tg_tw_at(tw, tw->fifo.tail)->deadline;
	t->deadline = at;
	tg_fifo_push(&tw->fifo, &tw->pool, LINK, idx);
}

void
tg_tw_enter(struct tg_timewait *tw, struct tg_flow *flow, struct tg_counters *counters,
	const struct tg_tw *from, uint32_t old, tg_time now)
{
	uint32_t idx = tg_pool_get(&tw->pool);
	struct tg_tw *t;

	if (idx == TG_NONE) {
		counters->event[TG_CNT_TW_OVERFLOW]++;
		tg_tw_remove(tw, flow, tw->fifo.head);
		idx = tg_pool_get(&tw->pool);
	}
	t = tg_tw_at(tw, idx);
	*t = *from;
	t->ack_at = 0;
	wait_anew(tw, idx, now);
	tg_flow_replace(flow, t->hash, old, tg_flow_value(TG_FLOW_TW, idx));
}

unsigned
tg_tw_expire(struct tg_timewait *tw, struct tg_flow *flow, struct tg_counters *counters, tg_ms now,
	unsigned budget)
{
	unsigned n = 0;

	while (n < budget && tw->fifo.head != TG_NONE &&
		tg_ms_due(tg_tw_at(tw, tw->fifo.head)->deadline, now)) {
		tg_tw_remove(tw, flow, tw->fifo.head);
		counters->event[TG_CNT_TW]++;
		n++;
	}
	return n;
}

static bool
may_ack(struct tg_tw *t, tg_ms now)
{
	if (t->ack_at != 0 && now - t->ack_at < ACK_GAP)
		return false;
	t->ack_at = now != 0 ? now : UINT32_MAX; /* 0 is never: a millisecond off */
	return true;
}

enum tg_tw_verdict
tg_tw_segment(struct tg_timewait *tw, uint32_t idx, const struct tg_frame *f,
	const struct tg_tcpopt *opt, tg_time now)
{
	struct tg_tw *t = tg_tw_at(tw, idx);
	bool has_ts = t->ts && (opt->present & TG_OPT_TS) != 0;
	bool paws = has_ts && tg_seq_lt(opt->tsval, t->ts_recent);

	/* RFC 1337: a RST must not end TIME_WAIT early. */
	if (f->flags & TG_RST)
		return TG_TW_DROP;
	if ((f->flags & (TG_SYN | TG_ACK | TG_FIN)) == TG_SYN && !paws &&
		(tg_seq_lt(t->rcv_nxt, f->seq) || (has_ts && tg_seq_lt(t->ts_recent, opt->tsval))))
		return TG_TW_SYN;
	if (f->flags & TG_FIN) {
		/* Our last ACK was lost: the peer is still in LAST_ACK, so the wait starts anew. */
		if (!paws && f->seq + f->payload_len + 1 == t->rcv_nxt) {
			tg_fifo_remove(&tw->fifo, &tw->pool, LINK, idx);
			wait_anew(tw, idx, now);
		}
		return TG_TW_ACK;
	}
	if (f->payload_len > 0)
		return TG_TW_ACK;
	if ((f->flags & TG_SYN) == 0 && !paws && f->seq == t->rcv_nxt)
		return TG_TW_DROP; /* the ACK of our FIN again: nothing to say */
	return may_ack(t, tg_ms_of(now)) ? TG_TW_ACK : TG_TW_DROP;
}

uint32_t
tg_tw_next_iss(const struct tg_tw *t, uint32_t iss)
{
	/*
	 * Everything the old connection may still have in the network lies below snd_nxt; a full
	 * unscaled window above it is out of reach of old duplicates' acknowledgments too.
	 */
	uint32_t least = t->snd_nxt + 65535 + 2;

	return tg_seq_lt(iss, least) ? least : iss;
}
