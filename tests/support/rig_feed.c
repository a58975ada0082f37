/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "rig.h"
#include "seg.h"

/* A frame on its way in. */
struct rig_held {
	struct rig_rx rx;
	unsigned len;
	uint8_t *bytes;
};

/* A received packet: up to three segments, each in a buffer of its own. */
struct arrival {
	struct tg_pkt was[3]; /* as handed over */
	struct tg_pkt more[2];
	unsigned n;
};

static void
add(struct rig *r, struct arrival *a, struct tg_pkt *first, const uint8_t *p, unsigned len,
	unsigned head, unsigned tail)
{
	struct tenv_buf *b = tenv_buf_new(&r->tenv, head + len + tail);
	struct tg_pkt *k = a->n == 0 ? first : &a->more[a->n - 1];

	memset(k, 0, sizeof(*k));
	memcpy(b->mem + head, p, len);
	k->buf = b;
	k->data = b->mem + head;
	k->len = (uint16_t)len;
	k->headroom = (uint16_t)head;
	k->tailroom = (uint16_t)tail;
	if (a->n > 0)
		(a->n == 1 ? first : &a->more[a->n - 2])->next = k;
	a->n++;
}

static void
arrive(struct rig *r, struct arrival *a, struct tg_pkt *first, const struct rig_held *h)
{
	const struct rig_rx *rx = &h->rx;
	const uint8_t *frame = h->bytes;
	unsigned len = h->len;
	unsigned hdr = r->manner->chain && rx->hdr != 0 && rx->hdr < len ? rx->hdr : len;
	unsigned rest = len - hdr;
	uint8_t cut[SEG_FRAME_MAX];
	bool strip = r->manner->offload != 0 && len >= 18 && frame[12] == 0x81 && frame[13] == 0;

	a->n = 0;
	if (strip) {
		memcpy(cut, frame, 12);
		memcpy(cut + 12, frame + 16, len - 16);
		add(r, a, first, cut, len - 4, rx->headroom, rx->tailroom);
	} else if (rest == 0) {
		add(r, a, first, frame, len, rx->headroom, rx->tailroom);
	} else {
		/* an odd piece first: sums over the chain must mind the odd place */
		unsigned one = rest > 2 ? 1 : 0, two = (rest - one + 1) / 2;

		add(r, a, first, frame, hdr + one, rx->headroom, 0);
		add(r, a, first, frame + hdr + one, two, 0, 0);
		if (one + two < rest)
			add(r, a, first, frame + hdr + one + two, rest - one - two, 0, 0);
	}
	first->port = rx->port;
	for (unsigned i = 0; i + 1 < a->n; i++)
		a->more[i].port = rx->port;
	if (strip) {
		first->flags |= TG_PKT_VLAN_STRIPPED;
		first->vlan_tci = (uint16_t)(frame[14] << 8 | frame[15]);
	}
	if (r->manner->offload != 0 && !rx->unverified) {
		first->flags |= rx->bad_ip ? TG_RX_IP_CSUM_BAD : TG_RX_IP_CSUM_GOOD;
		first->flags |= rx->bad_l4 ? TG_RX_L4_CSUM_BAD : TG_RX_L4_CSUM_GOOD;
	}
	a->was[0] = *first;
	a->was[1] = a->more[0];
	a->was[2] = a->more[1];
}

static void
check_action(const struct tg_verdict *v)
{
	bool ok = v->disposition < TG_DISP_COUNT;

	switch (v->action) {
	case TG_KEEP:
		ok = ok && v->disposition == TG_DISP_DELIVERED;
		break;
	case TG_REPLY:
		ok = ok && v->disposition < TG_DISP_PASSED;
		break;
	case TG_PASS:
		ok = ok && v->disposition == TG_DISP_PASSED;
		break;
	case TG_DROP: /* an ACK that was taken, or answered from another buffer, is to be released
		       */
		ok = ok && v->disposition != TG_DISP_PASSED;
		break;
	default:
		ok = false;
	}
	if (!ok)
		die("verdict: action %u does not go with disposition %u", v->action,
			v->disposition);
}

/* "It is not tidegate's and unchanged." */
static void
check_unchanged(const struct arrival *a, const struct tg_pkt *first, const struct rig_held *h)
{
	unsigned at = 0;

	for (unsigned i = 0; i < a->n; i++) {
		const struct tg_pkt *p = i == 0 ? first : &a->more[i - 1], *q = &a->was[i];

		if (p->buf != q->buf || p->data != q->data || p->len != q->len ||
			p->flags != q->flags || p->vlan_tci != q->vlan_tci || p->next != q->next)
			die("a packet was passed on, but its description is changed");
		if ((p->flags & TG_PKT_VLAN_STRIPPED) != 0) {
			if (memcmp(p->data, h->bytes, 12) != 0 ||
				memcmp(p->data + 12, h->bytes + 16, h->len - 16) != 0)
				die("a packet was passed on, but changed");
			return;
		}
		if (memcmp(p->data, h->bytes + at, p->len) != 0)
			die("a packet was passed on, but changed");
		at += p->len;
	}
}

/* Does with a packet what its verdict says. */
static void
settle(struct rig *r, const struct arrival *a, struct tg_pkt *first, const struct tg_verdict *v,
	const struct rig_held *h)
{
	check_action(v);
	if (v->action == TG_KEEP)
		return;
	for (unsigned i = 0; i < a->n; i++)
		tenv_buf_pass(&r->tenv, a->was[i].buf, TENV_ENGINE, TENV_TEST);
	if (v->action == TG_PASS)
		check_unchanged(a, first, h);
	if (v->action == TG_REPLY) {
		if (first->buf != a->was[0].buf || first->port != h->rx.port)
			die("the answer is in another buffer, or for another port");
		rig_collect(r, first);
	}
	for (unsigned i = 0; i < a->n; i++)
		tenv_buf_release(&r->tenv, a->was[i].buf);
}

/* One burst in. */
static void
feed(struct rig *r, const struct rig_held held[], unsigned n)
{
	const struct tg_counters *c = tg_engine_counters(r->e);
	struct arrival *a = calloc(n, sizeof(*a));
	struct tg_pkt *pkt = calloc(n, sizeof(*pkt));
	struct tg_verdict *v = calloc(n, sizeof(*v));
	uint64_t want[TG_DISP_COUNT];

	if (a == NULL || pkt == NULL || v == NULL)
		die("the test itself is out of memory");
	memcpy(want, c->disposition, sizeof(want));
	for (unsigned i = 0; i < n; i++) {
		arrive(r, &a[i], &pkt[i], &held[i]);
		v[i].action = v[i].disposition = 0xff;
		/* until the verdict the buffers are in the engine's hands */
		for (unsigned k = 0; k < a[i].n; k++)
			tenv_buf_pass(&r->tenv, a[i].was[k].buf, TENV_TEST, TENV_ENGINE);
	}
	if (tg_engine_input(r->e, pkt, n, v, r->now) != n)
		die("tg_engine_input did not take all its packets");
	r->fed += n;
	for (unsigned i = 0; i < n; i++) {
		settle(r, &a[i], &pkt[i], &v[i], &held[i]);
		want[v[i].disposition]++;
		r->last = v[i];
	}
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		if (c->disposition[i] != want[i])
			die("disposition %s counts %llu, the verdicts say %llu",
				tg_disposition_name(i), (unsigned long long)c->disposition[i],
				(unsigned long long)want[i]);
	free(a);
	free(pkt);
	free(v);
	rig_turn(r);
}

struct tg_verdict
rig_feed(struct rig *r, const uint8_t *frame, unsigned len, const struct rig_rx *rx)
{
	struct rig_held h = {.rx = *rx, .len = len};

	if (!r->hold) {
		h.bytes = (uint8_t *)(uintptr_t)frame;
		feed(r, &h, 1);
		return r->last;
	}
	if (r->held_count % 32 == 0)
		r->held = realloc(r->held, (r->held_count + 32) * sizeof(h));
	h.bytes = malloc(len);
	if (r->held == NULL || h.bytes == NULL)
		die("the test itself is out of memory");
	memcpy(h.bytes, frame, len);
	r->held[r->held_count++] = h;
	return (struct tg_verdict){0xff, 0xff};
}

void
rig_hold(struct rig *r)
{
	r->hold = true;
}

void
rig_release(struct rig *r)
{
	r->hold = false;
	if (r->held_count > 0)
		feed(r, r->held, r->held_count);
	rig_held_forget(r);
}

void
rig_held_forget(struct rig *r)
{
	for (unsigned i = 0; i < r->held_count; i++)
		free(r->held[i].bytes);
	free(r->held);
	r->held = NULL;
	r->held_count = 0;
	r->hold = false;
}
