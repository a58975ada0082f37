/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks inside on purpose, and at everything: slow, and what the engine itself never does.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "engine_internal.h"

#define LINK offsetof(struct tg_half, timer.link)

/* Where an entry was met; 0: nowhere yet. */
enum place {
	IN_WAIT = 1,
	IN_RESEND,
	IN_WHEEL,
	IN_READY,
};

/* One audit. */
struct audit {
	const struct tg_engine *e;
	uint8_t *place; /* of each entry ever used */
	uint32_t met;
};

static void
meet(struct audit *a, uint32_t idx, enum place place)
{
	const struct tg_pool *p = &a->e->synq.pool;

	if (idx >= p->fresh)
		die("audit: a FIFO names entry %u, never used", idx);
	if (a->place[idx] != 0)
		die("audit: entry %u is in place %u and in place %d", idx, a->place[idx], place);
	a->place[idx] = (uint8_t)place;
	a->met++;
}

/* A FIFO from head to tail: links, count, and with `timed` deadlines that do not step back. */
static void
walk(struct audit *a, const struct tg_fifo *f, enum place place, bool timed)
{
	const struct tg_synq *q = &a->e->synq;
	uint32_t prev = TG_NONE, n = 0;

	for (uint32_t i = f->head; i != TG_NONE; n++) {
		const struct tg_half *h = tg_half_at(q, i);

		meet(a, i, place);
		if (h->timer.link.prev != prev)
			die("audit: entry %u names another one before it", i);
		if (timed && prev != TG_NONE &&
			tg_ms_before(h->timer.deadline, tg_half_at(q, prev)->timer.deadline))
			die("audit: entry %u comes behind a later deadline", i);
		prev = i;
		i = h->timer.link.next;
	}
	if (f->tail != prev || f->count != n)
		die("audit: a FIFO of %u says it holds %u", n, f->count);
}

/* A list of the wheel; it does not say how many it holds. */
static void
walk_list(struct audit *a, const struct tg_wheel_list *l)
{
	struct tg_fifo f = {.head = l->head, .tail = l->tail};

	for (uint32_t i = l->head; i != TG_NONE; i = tg_half_at(&a->e->synq, i)->timer.link.next)
		f.count++;
	walk(a, &f, IN_WHEEL, false);
}

static void
walk_all(struct audit *a)
{
	const struct tg_synq *q = &a->e->synq;
	uint32_t before;

	for (unsigned i = 0; i < TG_SYNQ_LEVELS; i++)
		walk(a, &q->wait[i], IN_WAIT, true);
	walk(a, &q->resend, IN_RESEND, false);
	before = a->met;
	walk_list(a, &q->deferred.due);
	walk_list(a, &q->deferred.moving);
	for (unsigned level = 0; level < TG_WHEEL_LEVELS; level++)
		for (unsigned i = 0; i < TG_WHEEL_SLOTS; i++)
			walk_list(a, &q->deferred.slot[level][i]);
	if (a->met - before != q->deferred.count)
		die("audit: the wheel counts %u, it holds %u", q->deferred.count, a->met - before);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++) {
		walk(a, &q->ready[i], IN_READY, true);
		if ((q->ready_map[i / 64] >> i % 64 & 1) != (q->ready[i].count > 0))
			die("audit: the map of ready FIFOs is wrong at listener %u", i);
	}
}

static void
check_flags(const struct audit *a, uint32_t idx, const struct tg_half *h)
{
	static const uint16_t want[] = {[IN_WAIT] = 0,
		[IN_RESEND] = TG_HALF_RESEND,
		[IN_WHEEL] = TG_HALF_DEFER,
		[IN_READY] = TG_HALF_READY};
	unsigned place = a->place[idx];

	if (place == 0)
		die("audit: entry %u waits for nothing", idx);
	if ((h->flags & (TG_HALF_RESEND | TG_HALF_DEFER | TG_HALF_READY)) != want[place])
		die("audit: entry %u is in place %u with flags %#x", idx, place, h->flags);
	if (place >= IN_WHEEL && (h->flags & TG_HALF_ACKED) == 0)
		die("audit: entry %u is deferred and not acked", idx);
	if ((h->flags & TG_HALF_GIVE_UP) != 0 &&
		(place != IN_RESEND || (h->flags & TG_HALF_ACKED) == 0))
		die("audit: entry %u is given up in place %u, flags %#x", idx, place, h->flags);
}

static void
check_flow(const struct tg_engine *e, uint32_t idx, const struct tg_half *h)
{
	struct tg_digest digest;
	struct tg_tuple tuple;

	tg_key_tuple(e, &h->key, &tuple);
	tg_secret_digest(&e->secret, &tuple, &digest);
	if (tg_flow_lookup(&e->flow, &h->key, digest.hash) != tg_flow_value(TG_FLOW_SYN, idx))
		die("audit: entry %u is not found by its addresses", idx);
}

static bool
is_there(const struct tg_lsn *l)
{
	return l->used || l->closing;
}

void
audit_engine(const struct tg_engine *e, bool shrunk)
{
	static uint32_t count[TG_LISTENERS_MAX], young[TG_LISTENERS_MAX], acked[TG_LISTENERS_MAX];
	struct audit a = {.e = e, .place = calloc(e->synq.pool.fresh + 1u, 1)};
	uint32_t used = 0;

	if (a.place == NULL)
		die("the test itself is out of memory");
	memset(count, 0, sizeof(count));
	memset(young, 0, sizeof(young));
	memset(acked, 0, sizeof(acked));
	walk_all(&a);
	for (uint32_t i = 0; i < e->synq.pool.fresh; i++) {
		const struct tg_half *h = tg_half_at(&e->synq, i);
		unsigned lsn = h->key.free_use;

		if (h->key.lport == 0)
			continue;
		used++;
		if (lsn >= TG_LISTENERS_MAX || !is_there(&e->listeners.lsn[lsn]))
			die("audit: entry %u is of a listener that is closed", i);
		check_flags(&a, i, h);
		check_flow(e, i, h);
		count[lsn]++;
		young[lsn] += h->retries == 0;
		acked[lsn] += (h->flags & TG_HALF_ACKED) != 0;
	}
	if (used != e->synq.pool.used || used != a.met)
		die("audit: %u entries in use, %u counted, %u in their places", used,
			e->synq.pool.used, a.met);
	for (unsigned i = 0; i < TG_LISTENERS_MAX; i++) {
		const struct tg_lsn *l = &e->listeners.lsn[i];

		if (is_there(l) &&
			(l->syn_count != count[i] || l->syn_young != young[i] ||
				l->syn_acked != acked[i]))
			die("audit: listener %u counts %u half-open, %u young, %u acked; there are "
			    "%u, %u, %u",
				i, l->syn_count, l->syn_young, l->syn_acked, count[i], young[i],
				acked[i]);
		if (l->used && !shrunk && l->acceptq.count > l->accept_holds)
			die("audit: listener %u holds %u connections of %u", i, l->acceptq.count,
				l->accept_holds);
	}
	free(a.place);
}
