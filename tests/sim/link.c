/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "seg.h"

struct link_frame {
	tg_time at;
	uint64_t order;
	uint8_t *bytes;
	unsigned len;
};

static bool
before(const struct link_frame *a, const struct link_frame *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
swap(struct link_frame *a, struct link_frame *b)
{
	struct link_frame t = *a;

	*a = *b;
	*b = t;
}

void
link_init(struct link *l, const struct link_config *cfg, uint64_t seed)
{
	memset(l, 0, sizeof(*l));
	l->cfg = *cfg;
	l->rng.at = seed;
}

void
link_fini(struct link *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->heap[i].bytes);
	free(l->heap);
	l->heap = NULL;
	l->n = l->cap = 0;
}

/* Sets CE in an untagged IPv4 or IPv6 frame that is ECN-capable. */
static bool
mark(uint8_t *p, unsigned len)
{
	bool v4 = len >= 34 && p[12] == 0x08 && p[13] == 0x00;
	bool v6 = len >= 54 && p[12] == 0x86 && p[13] == 0xdd;
	unsigned shift = v6 ? 4 : 0;
	uint16_t sum;

	if ((!v4 && !v6) || (p[15] >> shift & 3) == 0)
		return false;
	p[15] |= (uint8_t)(3 << shift);
	if (v4) {
		p[24] = p[25] = 0;
		sum = seg_fold(seg_sum(0, p + 14, 20));
		p[24] = (uint8_t)(sum >> 8);
		p[25] = (uint8_t)sum;
	}
	return true;
}

static void
push(struct link *l, const uint8_t *frame, unsigned len, tg_time at)
{
	struct link_frame *f;
	unsigned i = l->n;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 256 : 2 * l->cap;
		l->heap = realloc(l->heap, l->cap * sizeof(*f));
	}
	if (l->heap == NULL)
		die("the test itself is out of memory");
	f = &l->heap[l->n++];
	f->at = at;
	f->order = l->count++;
	f->len = len;
	f->bytes = malloc(len);
	if (f->bytes == NULL)
		die("the test itself is out of memory");
	memcpy(f->bytes, frame, len);
	/* no number is drawn where nothing is marked: other tests keep their worlds */
	if (l->cfg.mark != 0 && rng_chance(&l->rng, l->cfg.mark))
		l->marked += mark(f->bytes, len);
	if (rng_chance(&l->rng, l->cfg.flip)) {
		/* Not the two MAC addresses: nothing but the frame check sequence guards them, and
		 * whoever answers to where a frame came from goes astray by a wrong one. */
		uint32_t bit = 12 * 8 + rng_below(&l->rng, (len - 12) * 8);

		f->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		l->flipped++;
	}
	for (; i > 0 && before(&l->heap[i], &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&l->heap[i], &l->heap[(i - 1) / 2]);
}

void
link_send(struct link *l, const uint8_t *frame, unsigned len, tg_time now)
{
	tg_time at = now + l->cfg.delay;

	if (rng_chance(&l->rng, l->cfg.drop)) {
		l->dropped++;
		return;
	}
	if (rng_chance(&l->rng, l->cfg.reorder)) {
		at += 1 + rng_next(&l->rng) % (3 * l->cfg.delay);
		l->reordered++;
	}
	push(l, frame, len, at);
	if (rng_chance(&l->rng, l->cfg.duplicate)) {
		push(l, frame, len, at + rng_next(&l->rng) % (l->cfg.delay + 1));
		l->duplicated++;
	}
}

tg_time
link_next(const struct link *l)
{
	return l->n > 0 ? l->heap[0].at : TG_TIME_NEVER;
}

uint8_t *
link_recv(struct link *l, tg_time now, unsigned *len)
{
	uint8_t *bytes;

	if (l->n == 0 || l->heap[0].at > now)
		return NULL;
	bytes = l->heap[0].bytes;
	*len = l->heap[0].len;
	l->heap[0] = l->heap[--l->n];
	for (unsigned i = 0;;) {
		unsigned least = i;

		for (unsigned k = 2 * i + 1; k <= 2 * i + 2; k++)
			if (k < l->n && before(&l->heap[k], &l->heap[least]))
				least = k;
		if (least == i)
			break;
		swap(&l->heap[i], &l->heap[least]);
		i = least;
	}
	return bytes;
}
