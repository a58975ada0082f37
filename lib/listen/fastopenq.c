/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots of pending Fast Open connections: see fastopenq.h.
 */
#include <string.h>

#include "fastopenq.h"

/* Moves on to the present second; what falls out of the minute is forgotten. At most 61 steps. */
static void
advance(struct tg_fastopenq *q, tg_time now)
{
	uint64_t second = now / TG_SEC;

	if (second - q->second >= TG_FASTOPENQ_SECONDS) {
		memset(q->reset, 0, sizeof(q->reset));
		q->kept = 0;
		q->second = second;
	}
	while (q->second < second) {
		uint32_t *r = &q->reset[++q->second % TG_FASTOPENQ_SECONDS];

		q->kept -= *r;
		*r = 0;
	}
}

bool
tg_fastopenq_room(struct tg_fastopenq *q, tg_time now)
{
	advance(q, now);
	return q->pending + q->kept < q->bound;
}

void
tg_fastopenq_reset(struct tg_fastopenq *q, tg_time now)
{
	advance(q, now);
	q->reset[q->second % TG_FASTOPENQ_SECONDS]++;
	q->kept++;
}

uint32_t
tg_fastopenq_used(const struct tg_fastopenq *q, tg_time now)
{
	struct tg_fastopenq copy = *q;

	advance(&copy, now);
	return copy.pending + copy.kept;
}
