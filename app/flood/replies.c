/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "frame.h"
#include "replies.h"

static void
verify(struct replies *r, const uint8_t *frame, unsigned len)
{
	struct tg_pkt pkt = {.data = (uint8_t *)(uintptr_t)frame, .len = (uint16_t)len};
	struct tg_frame f;

	r->sampled++;
	if (tg_frame_parse(&pkt, &f) != TG_FRAME_TCP)
		r->damaged++;
}

void
replies_take(struct replies *r, const struct flood_mix *m, struct honest *h, const uint8_t *frame,
	unsigned len, bool good, tg_time now)
{
	uint8_t flags;

	if (h != NULL && honest_owns(h, frame, len)) {
		honest_input(h, frame, len, now);
		return;
	}
	if (len < m->l4 + 20u || frame[m->v6 ? m->l3 + 6u : m->l3 + 9u] != 6) {
		r->others++;
		return;
	}
	flags = frame[m->l4 + 13];
	if ((flags & (TG_SYN | TG_ACK | TG_RST)) == (TG_SYN | TG_ACK)) {
		if (r->synacks++ % REPLIES_SAMPLE == 0 && !good)
			verify(r, frame, len);
	} else if (flags & TG_RST) {
		r->rsts++;
	} else {
		r->others++;
	}
}

void
replies_result(const struct replies *r, const struct honest *h, struct flood_result *out)
{
	out->synacks = r->synacks;
	out->rsts = r->rsts;
	out->others = r->others;
	out->sampled = r->sampled;
	out->damaged = r->damaged;
	out->has_honest = h != NULL;
	if (h == NULL)
		return;
	out->honest = *honest_stats(h);
	out->undecided = honest_undecided(h);
}
