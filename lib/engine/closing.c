/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners that are being closed. Their address is free at once and nothing more gets in; what is
 * left of them, a million half-open entries or a full accept queue, is worked off a bit at a time.
 * Whoever meets such an entry on the way, by a segment or by its timer, removes it there and then
 * and goes on as if it had not been found. So on the wire the entries are gone from the start.
 */
#include "close.h"
#include "engine_internal.h"

/* Pool entries looked at for the price of one that is removed: they lie side by side. */
#define LOOKS 16

static bool
is_empty(const struct tg_lsn *l)
{
	return l->acceptq.count == 0 && l->syn_count == 0 && l->fastopenq.pending == 0;
}

void
tg_closing_begin(struct tg_engine *e, uint32_t lsn)
{
	struct tg_lsn *l = &e->listeners.lsn[lsn];

	tg_options_put(&e->conns.options, l->options);
	e->worker[l->worker].acceptable[lsn / 64] &= ~(UINT64_C(1) << lsn % 64);
	tg_lsn_close(&e->listeners, lsn);
	if (is_empty(l))
		tg_lsn_free(&e->listeners, lsn);
}

static unsigned
abort_unaccepted(struct tg_engine *e, struct tg_lsn *l, unsigned budget)
{
	unsigned n = 0;
	uint32_t idx;

	while (n < budget &&
		(idx = tg_fifo_pop(&l->acceptq, &e->conns.tcb, TG_TCB_EVENT)) != TG_NONE) {
		tg_conn_abort(&e->conns, tg_tcb_at(&e->conns, idx));
		n++;
	}
	return n;
}

/* Where a walk over a pool goes on; round and round, as listeners are closed while it is under way.
 */
static uint32_t
step(const struct tg_pool *p, uint32_t *at)
{
	if (*at >= p->fresh)
		*at = 0;
	return (*at)++;
}

/* `left` entries of listeners that are being closed are somewhere in the pool. */
static unsigned
remove_half_open(struct tg_engine *e, uint64_t left, unsigned budget)
{
	uint64_t looks = (uint64_t)budget * LOOKS;
	unsigned n = 0;

	for (; left > 0 && n < budget && looks > 0; looks--) {
		uint32_t idx = step(&e->synq.pool, &e->closing_half);
		const struct tg_half *h = tg_half_at(&e->synq, idx);

		if (h->key.lport == 0 || !tg_half_closing(e, h))
			continue;
		tg_half_remove(e, idx);
		left--;
		n++;
	}
	return n;
}

/* The same for connections without last ACK. */
static unsigned
leave_pending(struct tg_engine *e, uint64_t left, unsigned budget)
{
	uint64_t looks = (uint64_t)budget * LOOKS;
	unsigned n = 0;

	for (; left > 0 && n < budget && looks > 0; looks--) {
		struct tg_tcb *t = tg_tcb_at(&e->conns, step(&e->conns.tcb, &e->closing_tcb));

		if ((t->flags & TG_TCB_SYN_RCVD) == 0 || !tg_fastopen_leave(e, t))
			continue;
		left--;
		n++;
	}
	return n;
}

unsigned
tg_closing_work(struct tg_engine *e, unsigned budget)
{
	struct tg_listeners *t = &e->listeners;
	uint64_t half = 0, pending = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		for (uint64_t m = t->closing[i]; m != 0; m &= m - 1) {
			uint32_t lsn = i * 64 + (unsigned)__builtin_ctzll(m);
			struct tg_lsn *l = &t->lsn[lsn];

			n += abort_unaccepted(e, l, budget - n);
			half += l->syn_count;
			pending += l->fastopenq.pending;
			if (is_empty(l))
				tg_lsn_free(t, lsn);
		}
	n += remove_half_open(e, half, budget - n);
	return n + leave_pending(e, pending, budget - n);
}
