/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "wheel.h"

/*
 * Time stands at a cursor, the first tick that may still hold entries: now + 1. The level of a
 * deadline is the highest group of six bits in which it differs from the cursor, its slot is that
 * group. So level 0 holds the rest of the cursor's own block of 64 ms, level 1 the rest of its
 * block of 4.1 s, and so on, and three things follow:
 *
 * - the earliest entry is in the lowest level that is not empty, at the lowest slot;
 * - equal deadlines are always in the same slot, in the order in which they came;
 * - when the cursor enters a block, the slot of that block one level up, and no other, moves down.
 *
 * The last level also keeps what lies beyond its span of 2^24 ms: its slots are a ring, and who
 * is not in the cursor's span yet stays in his slot for one more turn of 4.7 h (123 at most). All
 * blocks divide 2^32, so the wrap of tg_ms is a block boundary like any other.
 *
 * An entry does not say where it is: it is always in slot_of(its deadline, the cursor), and the
 * cursor moves in enter() only, where this stays true. Let d be a deadline, c the cursor before and
 * c' after; next_event() stops the cursor at every d and at the beginning of every block that
 * has a slot with entries, so c' <= d.
 *
 * - Below the last level, at level L: d and c agree above group L and differ in it. While c' has
 *   not come to d's group L both are true of c' as well, since c < c' <= d: same slot. When it has,
 *   c' has entered the block of that slot and move_down() places d anew.
 * - In the last level the slot is d's group of bits 18 to 23, whatever lies above, as long as d and
 *   c differ anywhere in bits 18 to 31. They begin to agree only by entering the block of d, where
 *   move_down() places it anew; a block of the same slot one or more turns earlier does too, and
 *   finds the same slot.
 * - In `due` d is before the cursor. The cursor stands still as long as anyone is there:
 *   tg_wheel_expire() collects `due` first and goes on only when room is left.
 * - The exception is `moving`: whoever stood in a slot whose block c' has entered. There may be a
 *   million of them, so they are placed a few at a time, and the cursor stands still until all are.
 *   Meanwhile such an entry is in `moving` instead of slot_of(d, c'). Its neighbours are linked the
 *   same way in both; only the ends of a list have to be told apart, and an end says itself whose
 *   it is: no other list has the same head. That is why lists have no count.
 *
 * An empty wheel jumps to any time, with no entry to be found. Who breaks the rules of wheel.h on
 * time gets timers at wrong times, never entries in wrong slots: nothing above depends on them.
 */
enum {
	BITS = 6,
	TOP = TG_WHEEL_LEVELS - 1,
	SLOT_MASK = TG_WHEEL_SLOTS - 1,
	/** Number of `due`; a slot's number is level * TG_WHEEL_SLOTS + its place. */
	SLOT_DUE = TG_WHEEL_LEVELS * TG_WHEEL_SLOTS,
};
static_assert(TG_WHEEL_SLOTS == 1 << BITS, "a slot is a group of six bits");
static_assert(BITS * TG_WHEEL_LEVELS < 32, "the last level is a ring in 32 bits");
static_assert(offsetof(struct tg_timer, link) == 0, "the FIFO finds the link at the timer");

static struct tg_timer *
timer_of(const struct tg_wheel *w, uint32_t idx)
{
	return (struct tg_timer *)((uint8_t *)tg_pool_at(w->pool, idx) + w->off);
}

static tg_ms
cursor(const struct tg_wheel *w)
{
	return w->now + 1;
}

/** The number of a deadline's slot while the cursor stands where it does. */
static unsigned
slot_of(const struct tg_wheel *w, tg_ms deadline)
{
	const uint32_t diff = deadline ^ cursor(w);
	unsigned level;

	if (tg_ms_before(deadline, cursor(w)))
		return SLOT_DUE;
	level = (31 - (unsigned)__builtin_clz(diff | 1)) / BITS;
	if (level > TOP)
		level = TOP;
	return level * TG_WHEEL_SLOTS + (deadline >> (level * BITS) & SLOT_MASK);
}

static struct tg_wheel_list *
list_of(struct tg_wheel *w, unsigned slot)
{
	if (slot == SLOT_DUE)
		return &w->due;
	return &w->slot[slot / TG_WHEEL_SLOTS][slot % TG_WHEEL_SLOTS];
}

static void
list_init(struct tg_wheel_list *l)
{
	l->head = TG_NONE;
	l->tail = TG_NONE;
}

static void
link_timer(struct tg_wheel *w, uint32_t idx, unsigned slot)
{
	struct tg_wheel_list *l = list_of(w, slot);
	struct tg_link *link = &timer_of(w, idx)->link;

	link->next = TG_NONE;
	link->prev = l->tail;
	if (l->tail != TG_NONE)
		timer_of(w, l->tail)->link.next = idx;
	else
		l->head = idx;
	l->tail = idx;
	if (slot != SLOT_DUE)
		w->occupied[slot / TG_WHEEL_SLOTS] |= UINT64_C(1) << (slot % TG_WHEEL_SLOTS);
}

/** Out of its slot, or of `moving` where it stands in for that slot. */
static void
unlink_timer(struct tg_wheel *w, uint32_t idx, unsigned slot)
{
	struct tg_wheel_list *l = list_of(w, slot);
	const struct tg_link *link = &timer_of(w, idx)->link;

	if (link->prev != TG_NONE)
		timer_of(w, link->prev)->link.next = link->next;
	else if (w->moving.head == idx)
		w->moving.head = link->next;
	else
		l->head = link->next;
	if (link->next != TG_NONE)
		timer_of(w, link->next)->link.prev = link->prev;
	else if (w->moving.tail == idx)
		w->moving.tail = link->prev;
	else
		l->tail = link->prev;
	if (l->head == TG_NONE && slot != SLOT_DUE)
		w->occupied[slot / TG_WHEEL_SLOTS] &= ~(UINT64_C(1) << (slot % TG_WHEEL_SLOTS));
}

void
tg_wheel_init(struct tg_wheel *w, const struct tg_pool *pool, size_t off, tg_ms now)
{
	memset(w, 0, sizeof(*w));
	w->pool = pool;
	w->off = off;
	w->now = now;
	for (unsigned level = 0; level < TG_WHEEL_LEVELS; level++)
		for (unsigned i = 0; i < TG_WHEEL_SLOTS; i++)
			list_init(&w->slot[level][i]);
	list_init(&w->due);
	list_init(&w->moving);
}

void
tg_wheel_arm(struct tg_wheel *w, uint32_t idx, tg_ms deadline)
{
	struct tg_timer *tm = timer_of(w, idx);
	const bool armed = tg_timer_armed(tm);
	const tg_ms at = deadline != 0 ? deadline : 1;
	const unsigned slot = slot_of(w, at), old = slot_of(w, tm->deadline);

	tm->deadline = at;
	/* A retransmission timer pushed on by every ACK mostly lands where it was. */
	if (armed && old == slot)
		return;
	if (armed)
		unlink_timer(w, idx, old);
	else
		w->count++;
	link_timer(w, idx, slot);
}

void
tg_wheel_cancel(struct tg_wheel *w, uint32_t idx)
{
	struct tg_timer *tm = timer_of(w, idx);

	if (!tg_timer_armed(tm))
		return;
	unlink_timer(w, idx, slot_of(w, tm->deadline));
	tm->deadline = 0;
	w->count--;
}

/**
 * The first tick, from the cursor on, at which there is an entry to collect or a slot to move
 * down. False when no slot is occupied.
 */
static bool
next_event(const struct tg_wheel *w, tg_ms *when)
{
	const tg_ms cur = cursor(w);

	/* The lower levels never hold a slot behind the cursor, nor, above 0, the cursor's own. */
	for (unsigned level = 0; level < TOP; level++) {
		const unsigned shift = level * BITS;

		if (w->occupied[level] == 0)
			continue;
		*when = ((cur >> shift & ~(tg_ms)SLOT_MASK) +
				(tg_ms)__builtin_ctzll(w->occupied[level]))
			<< shift;
		return true;
	}
	if (w->occupied[TOP] != 0) {
		/* The ring begins behind the cursor's slot, which itself comes last. */
		const unsigned from = ((cur >> (TOP * BITS)) + 1) & SLOT_MASK;
		const uint64_t bits = w->occupied[TOP];
		const uint64_t ring = bits >> from | bits << (-from & SLOT_MASK);

		*when = ((cur >> (TOP * BITS)) + 1 + (tg_ms)__builtin_ctzll(ring)) << (TOP * BITS);
		return true;
	}
	return false;
}

/** All entries of a slot begin to move down. */
static void
set_moving(struct tg_wheel *w, unsigned level, unsigned i)
{
	struct tg_wheel_list *l = &w->slot[level][i];

	if (w->moving.tail != TG_NONE) {
		timer_of(w, w->moving.tail)->link.next = l->head;
		timer_of(w, l->head)->link.prev = w->moving.tail;
	} else {
		w->moving.head = l->head;
	}
	w->moving.tail = l->tail;
	list_init(l);
	w->occupied[level] &= ~(UINT64_C(1) << i);
}

/** Places some that are moving; the last level may get entries back. False: not all of them. */
static bool
move_down(struct tg_wheel *w)
{
	for (unsigned n = 0; n < TG_WHEEL_MOVES && w->moving.head != TG_NONE; n++) {
		const uint32_t idx = w->moving.head;
		const struct tg_timer *tm = timer_of(w, idx);

		w->moving.head = tm->link.next;
		if (w->moving.head != TG_NONE) {
			timer_of(w, w->moving.head)->link.prev = TG_NONE;
			__builtin_prefetch(timer_of(w, w->moving.head));
		} else {
			w->moving.tail = TG_NONE;
		}
		link_timer(w, idx, slot_of(w, tm->deadline));
	}
	return w->moving.head == TG_NONE;
}

/** Moves the cursor on to `to`. No entry and no block of entries may lie between. */
static void
enter(struct tg_wheel *w, tg_ms to)
{
	const uint32_t diff = cursor(w) ^ to;

	w->now = to - 1;
	for (unsigned level = TOP; level > 0; level--) {
		const unsigned i = to >> (level * BITS) & SLOT_MASK;

		if (diff >> (level * BITS) != 0 && w->occupied[level] >> i & 1)
			set_moving(w, level, i);
	}
}

/** Disarms up to cap entries of a slot, first come first served. */
static unsigned
collect(struct tg_wheel *w, unsigned slot, uint32_t out[], unsigned cap)
{
	const struct tg_wheel_list *l = list_of(w, slot);
	unsigned n = 0;

	while (n < cap && l->head != TG_NONE) {
		const uint32_t idx = l->head;

		unlink_timer(w, idx, slot);
		timer_of(w, idx)->deadline = 0;
		out[n++] = idx;
	}
	w->count -= n;
	return n;
}

unsigned
tg_wheel_expire(struct tg_wheel *w, tg_ms now, uint32_t out[], unsigned cap)
{
	unsigned n;
	tg_ms when;

	/* An empty wheel has no time of its own: after weeks of sleep it follows any clock. */
	if (w->count == 0) {
		w->now = now;
		return 0;
	}
	/* What is in `due` was late when it was armed: before all that is in a slot. */
	n = collect(w, SLOT_DUE, out, cap);
	if (tg_ms_before(now, w->now) || !move_down(w))
		return n;
	while (n < cap) {
		if (!next_event(w, &when) || tg_ms_before(now, when)) {
			enter(w, now + 1);
			move_down(w);
			break;
		}
		enter(w, when);
		if (!move_down(w))
			break;
		n += collect(w, when & SLOT_MASK, out + n, cap - n);
	}
	return n;
}

bool
tg_wheel_next(const struct tg_wheel *w, tg_ms *when)
{
	if (w->due.head != TG_NONE || w->moving.head != TG_NONE) {
		*when = w->now;
		return true;
	}
	return next_event(w, when);
}
