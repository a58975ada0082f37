/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "die.h"
#include "rig.h"
#include "seg.h"

/* A received packet: up to three segments, each in a buffer of its own. */
struct arrival {
	struct tg_pkt pkt[3];
	unsigned n;
};

static void
add(struct rig *r, struct arrival *a, const uint8_t *p, unsigned len, unsigned head, unsigned tail)
{
	struct tenv_buf *b = tenv_buf_new(&r->tenv, head + len + tail);
	struct tg_pkt *k = &a->pkt[a->n];

	memset(k, 0, sizeof(*k));
	memcpy(b->mem + head, p, len);
	k->buf = b;
	k->data = b->mem + head;
	k->len = (uint16_t)len;
	k->headroom = (uint16_t)head;
	k->tailroom = (uint16_t)tail;
	if (a->n > 0)
		a->pkt[a->n - 1].next = k;
	a->n++;
}

static void
arrive(struct rig *r, struct arrival *a, const uint8_t *frame, unsigned len,
	const struct rig_rx *rx)
{
	unsigned hdr = r->manner->chain && rx->hdr != 0 && rx->hdr < len ? rx->hdr : len;
	unsigned rest = len - hdr;
	uint8_t cut[SEG_FRAME_MAX];
	bool strip = r->manner->offload != 0 && len >= 18 && frame[12] == 0x81 && frame[13] == 0;

	a->n = 0;
	if (strip) {
		memcpy(cut, frame, 12);
		memcpy(cut + 12, frame + 16, len - 16);
		add(r, a, cut, len - 4, rx->headroom, rx->tailroom);
	} else if (rest == 0) {
		add(r, a, frame, len, rx->headroom, rx->tailroom);
	} else {
		/* an odd piece first: sums over the chain must mind the odd place */
		unsigned first = rest > 2 ? 1 : 0, second = (rest - first + 1) / 2;

		add(r, a, frame, hdr + first, rx->headroom, 0);
		add(r, a, frame + hdr + first, second, 0, 0);
		if (first + second < rest)
			add(r, a, frame + hdr + first + second, rest - first - second, 0, 0);
	}
	for (unsigned i = 0; i < a->n; i++)
		a->pkt[i].port = rx->port;
	if (strip) {
		a->pkt[0].flags |= TG_PKT_VLAN_STRIPPED;
		a->pkt[0].vlan_tci = (uint16_t)(frame[14] << 8 | frame[15]);
	}
	if (r->manner->offload != 0 && !rx->unverified) {
		a->pkt[0].flags |= rx->bad_ip ? TG_RX_IP_CSUM_BAD : TG_RX_IP_CSUM_GOOD;
		a->pkt[0].flags |= rx->bad_l4 ? TG_RX_L4_CSUM_BAD : TG_RX_L4_CSUM_GOOD;
	}
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
check_unchanged(
	const struct arrival *a, const struct arrival *was, const uint8_t *frame, unsigned len)
{
	unsigned at = 0;

	for (unsigned i = 0; i < a->n; i++) {
		const struct tg_pkt *p = &a->pkt[i], *q = &was->pkt[i];

		if (p->buf != q->buf || p->data != q->data || p->len != q->len ||
			p->flags != q->flags || p->vlan_tci != q->vlan_tci)
			die("a packet was passed on, but its description is changed");
		if ((p->flags & TG_PKT_VLAN_STRIPPED) != 0) {
			if (memcmp(p->data, frame, 12) != 0 ||
				memcmp(p->data + 12, frame + 16, len - 16) != 0)
				die("a packet was passed on, but changed");
			return;
		}
		if (memcmp(p->data, frame + at, p->len) != 0)
			die("a packet was passed on, but changed");
		at += p->len;
	}
}

struct tg_verdict
rig_feed(struct rig *r, const uint8_t *frame, unsigned len, const struct rig_rx *rx)
{
	const struct tg_counters *c = tg_engine_counters(r->e);
	struct arrival a, was;
	struct tg_verdict v = {0xff, 0xff};
	uint64_t before[TG_DISP_COUNT];

	arrive(r, &a, frame, len, rx);
	was = a;
	for (unsigned i = 1; i < was.n; i++)
		was.pkt[i - 1].next = &was.pkt[i];
	memcpy(before, c->disposition, sizeof(before));
	/* until the verdict the buffers are in the engine's hands */
	for (unsigned i = 0; i < was.n; i++)
		tenv_buf_pass(&r->tenv, was.pkt[i].buf, TENV_TEST, TENV_ENGINE);
	if (tg_engine_input(r->e, a.pkt, 1, &v, r->now) != 1)
		die("tg_engine_input did not take its packet");
	r->fed++;
	r->last = v;
	check_action(&v);
	for (unsigned i = 0; i < TG_DISP_COUNT; i++)
		if (c->disposition[i] != before[i] + (i == v.disposition))
			die("disposition %s moved from %llu to %llu, the verdict says %s",
				tg_disposition_name(i), (unsigned long long)before[i],
				(unsigned long long)c->disposition[i],
				tg_disposition_name(v.disposition));
	if (v.action == TG_KEEP)
		goto out;
	for (unsigned i = 0; i < was.n; i++)
		tenv_buf_pass(&r->tenv, was.pkt[i].buf, TENV_ENGINE, TENV_TEST);
	if (v.action == TG_PASS)
		check_unchanged(&a, &was, frame, len);
	if (v.action == TG_REPLY) {
		if (a.pkt[0].buf != was.pkt[0].buf || a.pkt[0].port != rx->port)
			die("the answer is in another buffer, or for another port");
		rig_collect(r, &a.pkt[0]);
	}
	for (unsigned i = 0; i < was.n; i++)
		tenv_buf_release(&r->tenv, was.pkt[i].buf);
out:
	rig_turn(r);
	return v;
}
