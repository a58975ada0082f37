/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors for a connection: see icmp.h.
 */
#include "icmp.h"

#include "bytes.h"
#include "retransmit.h"
#include "sendq.h"

/*
 * Smaller next hops are not believed: 552 is what Linux stops at (ip_rt_min_pmtu), and it bounds
 * what a forged error costs us to three segments in place of one. It is also what an old router's
 * 0 means. No IPv6 link is smaller than 1280, and who says so is ignored (RFC 8201 4, RFC 8021).
 */
enum {
	MTU_LEAST_4 = 552,
	MTU_LEAST_6 = 1280,
};

/* IP, TCP and timestamps. */
static uint32_t
header_bytes(const struct tg_tcb *t)
{
	return (t->flags & TG_TCB_V6 ? 60u : 40u) + (t->flags & TG_TCB_TS ? 12u : 0u);
}

/*
 * Everything outstanding once more from snd_una, in segments of the new size: where the old ones
 * began nobody remembers. Only units change, so neither cwnd nor ssthresh is cut; duplicate ACKs of
 * what was sent twice must not cut them either, hence `recover`.
 */
static void
send_again(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	if (t->flags & TG_TCB_RECOVERY)
		t->cwnd = t->ssthresh; /* without what duplicate ACKs had added */
	t->flags &= ~(uint32_t)(TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD);
	t->dupacks = 0;
	t->recover = t->snd_max;
	/* Karn. The SYN-ACK's own time is measured on. */
	if (!tg_seq_lt(t->rtt_seq, t->snd_una))
		t->flags &= ~(uint32_t)TG_TCB_RTT_ON;
	t->snd_nxt = t->snd_una;
	tg_sendq_rewind(t);
	if ((t->flags & TG_TCB_SYN_RCVD) == 0)
		tg_rexmt_start(cs, t, now);
	tg_tcb_want_output(cs, t);
}

static void
too_big(struct tg_conns *cs, struct tg_tcb *t, uint32_t mtu, tg_time now)
{
	uint32_t mss;

	if ((t->flags & TG_TCB_V6) != 0 && mtu < MTU_LEAST_6)
		return;
	if (mtu < MTU_LEAST_4)
		mtu = MTU_LEAST_4;
	mss = mtu - header_bytes(t);
	if (mss >= t->snd_mss)
		return;
	t->snd_mss = (uint16_t)mss;
	tg_count(cs, TG_CNT_PATH_MTU_LOWERED);
	if (t->snd_max - t->snd_una > mss)
		send_again(cs, t, now);
}

enum tg_icmp_verdict
tg_conn_icmp(struct tg_conns *cs, struct tg_tcb *t, const struct tg_quote *q, tg_time now)
{
	bool syn_rcvd = (t->flags & TG_TCB_SYN_RCVD) != 0;
	uint32_t first = t->snd_una - syn_rcvd;

	if (q->seq - first > t->snd_max - first)
		return TG_ICMP_WINDOW;
	/* Only its RST is left to send. */
	if (t->flags & TG_TCB_RST_WANTED)
		return TG_ICMP_TAKEN;
	switch ((enum tg_icmp_error)q->what) {
	case TG_ICMP_QUENCH:
		break;
	case TG_ICMP_TOO_BIG:
		too_big(cs, t, q->mtu, now);
		break;
	case TG_ICMP_HARD:
		if (syn_rcvd && (t->flags & TG_TCB_ACCEPTED) == 0)
			return TG_ICMP_ENDS;
		/* fall through */
	case TG_ICMP_SOFT:
		t->soft_error = q->error;
		break;
	}
	return TG_ICMP_TAKEN;
}
