/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_util.h"

void
bench_init(struct rig *r)
{
	rig_init(r, &rig_manners[0]);
}

void
bench_open(struct rig *r)
{
	assert_int_equal(rig_open(r), 0);
	rig_usual(r);
}

tg_listener
bench_listen(struct rig *r, struct tg_worker *w, uint16_t port, uint32_t backlog)
{
	struct tg_listener_config cfg;
	tg_listener l = 0;

	tg_listener_config_init(&cfg);
	cfg.local.port = port;
	cfg.backlog = backlog;
	cfg.worker = w;
	assert_int_equal(tg_listen(r->e, &cfg, &l), 0);
	assert_true(l != 0);
	return l;
}

struct client
client_of(struct rig *r, uint16_t sport, uint16_t dport)
{
	return (struct client){
		.r = r, .sport = sport, .dport = dport, .seq = 1000000, .win = 60000};
}

struct tg_verdict
client_sends(struct client *c, unsigned flags, unsigned len)
{
	static const uint8_t zeros[2000];
	const struct rig_rx rx = {.port = 0, .headroom = 64, .tailroom = 64};
	uint8_t frame[SEG_FRAME_MAX];
	struct tg_verdict v;
	struct seg s;

	seg_init(&s);
	memcpy(s.eth_dst, c->r->mac[0], 6);
	s.eth_src[0] = 2;
	s.eth_src[5] = 99;
	s.src = tg_addr_v4(10, 0, 0, 2);
	s.dst = tg_addr_v4(10, 0, 0, 1);
	s.sport = c->sport;
	s.dport = c->dport;
	s.seq = c->seq;
	s.ack = (flags & SEG_A) != 0 ? c->ack : 0;
	s.flags = (uint16_t)flags;
	s.win = c->win;
	s.data = zeros;
	s.len = len;
	v = rig_feed(c->r, frame, seg_write(&s, frame, NULL), &rx);
	c->seq += seg_space(&s);
	return v;
}

struct tg_verdict
client_syn(struct client *c)
{
	struct tg_verdict v;
	struct seg s;

	forget_sent(c->r);
	v = client_sends(c, SEG_S, 0);
	if (v.action == TG_REPLY && next_sent(c->r, &s) && (s.flags & SEG_S) != 0)
		c->ack = s.seq + 1;
	return v;
}

struct tg_verdict
client_opens(struct client *c)
{
	assert_int_equal(client_syn(c).action, TG_REPLY);
	return client_sends(c, SEG_A, 0);
}

bool
next_sent(struct rig *r, struct seg *s)
{
	static uint8_t kept[SEG_FRAME_MAX];
	const struct rig_frame *f = rig_peek(r, 0);

	if (f == NULL)
		return false;
	memcpy(kept, f->bytes, f->len);
	assert_null(seg_read(kept, f->len, s));
	rig_take(r, 0);
	return true;
}

void
forget_sent(struct rig *r)
{
	while (rig_waiting(r) > 0)
		rig_take(r, 0);
}

tg_conn
accept_one(struct tg_worker *w, tg_listener l)
{
	tg_conn c = 0;

	assert_int_equal(tg_accept(w, l, &c, 1), 1);
	assert_true(c != 0);
	return c;
}
