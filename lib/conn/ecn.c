/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explicit congestion notification: see ecn.h.
 */
#include "bytes.h"
#include "ecn.h"

/* Does any of the payload lie where data is expected? */
static bool
in_window(const struct tg_tcb *t, const struct tg_frame *f)
{
	return f->payload_len > 0 && (t->flags & TG_TCB_FIN_RCVD) == 0 &&
		tg_seq_lt(t->rcv_nxt, f->seq + f->payload_len) && tg_seq_lt(f->seq, t->rcv_adv);
}

/* The next n segments are acknowledged at once: a sender that has cut its window, or is about to,
 * may have one segment out and wait for our ACK of it (as Linux). */
static void
hurry(struct tg_tcb *t, unsigned n)
{
	if (t->quick < n)
		t->quick = n & 0xf;
}

void
tg_ecn_arrived(struct tg_tcb *t, const struct tg_frame *f)
{
	bool data;

	if ((t->flags & TG_TCB_ECN) == 0)
		return;
	data = in_window(t, f);
	/*
	 * A pure ACK may say CWR too, though RFC 3168 6.1.2 has it on data: stacks do that, and
	 * Linux takes it. A copy of old data may not: the mark is older than what we echo now.
	 */
	if ((f->flags & TG_CWR) != 0 && (data || f->payload_len == 0)) {
		t->flags &= ~(uint32_t)TG_TCB_ECE_OWED;
		if (data)
			hurry(t, 1);
	}
	if (data && (f->ip_tos & TG_ECN_MASK) == TG_ECN_CE) {
		if ((t->flags & TG_TCB_ECE_OWED) == 0)
			hurry(t, 2);
		t->flags |= TG_TCB_ECE_OWED;
	}
}

void
tg_ecn_mark(struct tg_tcb *t, struct tg_segment *s, uint32_t len)
{
	if ((t->flags & TG_TCB_ECN) == 0)
		return;
	if ((t->flags & TG_TCB_ECE_OWED) != 0 && (s->flags & TG_RST) == 0)
		s->flags |= TG_ECE;
	if (len == 0 || tg_seq_lt(s->seq, t->snd_max) || (t->flags & TG_TCB_PROBE) != 0)
		return;
	s->tos |= TG_ECN_ECT_0;
	if (t->flags & TG_TCB_CWR_WANTED) {
		s->flags |= TG_CWR;
		t->flags &= ~TG_TCB_CWR_WANTED;
	}
}
