/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control: see congestion.h.
 */
#include "bytes.h"
#include "congestion.h"

/* A window past any send buffer: keeps the sums below 2^32. */
#define CWND_MAX (UINT32_C(1) << 30)

static uint32_t
half_flight(const struct tg_tcb *t)
{
	uint32_t flight = t->snd_max - t->snd_una, least = 2u * t->snd_mss;
	/* RFC 5681 3.2 step 2: what limited transmit sent beyond cwnd does not count. */
	uint32_t half = (flight < t->cwnd ? flight : t->cwnd) / 2;

	return half > least ? half : least;
}

/*
 * cwnd has been cut. What is out now does not cut it again, neither by a loss nor by a mark, and
 * the next new data tells the peer, whatever the reason was (RFC 3168 6.1.2).
 */
static void
note_cut(struct tg_tcb *t)
{
	t->cut = t->snd_max;
	if (t->flags & TG_TCB_ECN)
		t->flags |= TG_TCB_CWR_WANTED;
}

void
tg_cc_open(struct tg_tcb *t, bool lost)
{
	uint32_t mss = t->snd_mss;
	uint32_t most = 2 * mss > 14600 ? 2 * mss : 14600;

	t->cwnd = lost ? mss : 10 * mss < most ? 10 * mss : most; /* RFC 6928 2, RFC 5681 3.1 */
	t->ssthresh = CWND_MAX;
	tg_cc_numbers(t);
}

void
tg_cc_acked(struct tg_tcb *t, uint32_t acked)
{
	uint32_t mss = t->snd_mss;

	t->dupacks = 0;
	if (t->flags & TG_TCB_RECOVERY) {
		if (tg_seq_leq(t->recover, t->snd_una)) {
			uint32_t flight = t->snd_max - t->snd_una;
			uint32_t most = (flight > mss ? flight : mss) + mss;

			/* RFC 6582 3.2 step 3: full acknowledgment. */
			t->cwnd = t->ssthresh < most ? t->ssthresh : most;
			t->flags &= ~(uint32_t)TG_TCB_RECOVERY;
		} else {
			/* Partial acknowledgment: the next hole starts at snd_una. */
			t->cwnd = t->cwnd > acked ? t->cwnd - acked : mss;
			if (acked >= mss)
				t->cwnd += mss;
			if (t->cwnd < mss)
				t->cwnd = mss;
			t->flags |= TG_TCB_REXMT_HEAD;
		}
		return;
	}
	/* `recover` and `cut` follow, or after 2 GiB they would look like the future again. */
	if (tg_seq_lt(t->recover, t->snd_una))
		t->recover = t->snd_una - 1;
	if (tg_seq_lt(t->cut, t->snd_una))
		t->cut = t->snd_una - 1;
	if (t->cwnd < t->ssthresh)
		t->cwnd += acked < mss ? acked : mss;
	else
		t->cwnd += mss * mss / t->cwnd > 0 ? mss * mss / t->cwnd : 1;
	if (t->cwnd > CWND_MAX)
		t->cwnd = CWND_MAX;
}

void
tg_cc_dupack(struct tg_tcb *t)
{
	if (t->dupacks < UINT8_MAX)
		t->dupacks++;
	if (t->flags & TG_TCB_RECOVERY) {
		if (t->cwnd < CWND_MAX)
			t->cwnd += t->snd_mss; /* a segment has left the network */
		return;
	}
	/*
	 * RFC 6582 3.2 step 2: not again for losses of a window already recovered. Exactly at
	 * `recover`, duplicates may be the answers to what was sent twice.
	 */
	if (t->dupacks != 3 || !tg_seq_lt(t->recover, t->snd_una))
		return;
	/* RFC 3168 6.1.2: a mark in the same window of data has cut it already. */
	if (!tg_seq_lt(t->snd_una, t->cut))
		t->ssthresh = half_flight(t);
	t->cwnd = t->ssthresh + 3u * t->snd_mss;
	t->recover = t->snd_max;
	note_cut(t);
	t->flags |= TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD;
	t->flags &= ~(uint32_t)TG_TCB_RTT_ON; /* Karn */
}

void
tg_cc_echo(struct tg_tcb *t, uint32_t ack)
{
	if (!tg_seq_lt(t->cut, ack))
		return;
	t->ssthresh = half_flight(t);
	if (t->cwnd > t->ssthresh)
		t->cwnd = t->ssthresh;
	note_cut(t);
}

void
tg_cc_timeout(struct tg_tcb *t)
{
	/* RFC 5681 3.1: a second timeout of the same segment does not halve again. */
	if ((t->flags & TG_TCB_RTO_DONE) == 0)
		t->ssthresh = half_flight(t);
	t->cwnd = t->snd_mss;
	t->dupacks = 0;
	t->recover = t->snd_max;
	note_cut(t);
	t->flags |= TG_TCB_RTO_DONE;
	t->flags &= ~(uint32_t)(TG_TCB_RECOVERY | TG_TCB_REXMT_HEAD | TG_TCB_RTT_ON);
}
