/* SPDX-License-Identifier: BSD-3-Clause */
#include "conn_util.h"

#include <errno.h>

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 9};

const struct numbers numbers[] = {
	{1000, 5000},
	{UINT32_MAX, UINT32_MAX},
	{UINT32_MAX - 700, UINT32_MAX - 1500},
	{INT32_MAX - 700, INT32_MAX - 1500},
};
const unsigned numbers_count = sizeof(numbers) / sizeof(numbers[0]);

void
world_init(struct world *w)
{
	struct tg_proven *p = &w->proven;

	memset(w, 0, sizeof(*w));
	tenv_init(&w->tenv);
	w->mem = (struct tg_mem){&w->tenv, w->tenv.env.alloc, w->tenv.env.free};
	w->now = 1000 * TG_SEC;
	w->cfg.hop_limit = 64;
	w->cfg.retries = 15;
	w->cfg.orphan_retries = 8;
	w->cfg.rto_min_ms = 200;
	w->cfg.delayed_ack_ms = 40;
	w->cfg.time_wait_ms = 60000;
	w->cfg.fin_timeout_ms = 60000;
	w->cfg.max_conns = 16;
	w->cfg.max_time_wait = 4;
	w->cfg.max_segments = 1024;
	w->cfg.rcvbuf = 65535;
	w->cfg.sndbuf = 65536;
	w->cfg.buf_size = 2048;

	p->irs = numbers[0].irs;
	p->iss = numbers[0].iss;
	p->rtt_ms = UINT32_MAX;
	p->mss = 1460;
	p->own_mss = 1460;
	p->rcv_wnd = UINT16_MAX;
	p->nodelay = true;
	p->key.rport = 40000;
	p->key.lport = 80;
	memcpy(p->mac, peer_mac, 6);
}

int
world_open(struct world *w)
{
	const struct tg_pool *pools[TG_FLOW_KINDS] = {
		[TG_FLOW_CONN] = &w->cs.tcb,
		[TG_FLOW_TW] = &w->cs.tw.pool,
	};
	struct tg_addr local = tg_addr_v4(10, 0, 0, 1), peer = tg_addr_v4(10, 0, 0, 2);
	struct tg_conns *cs = &w->cs;
	int rc;

	tg_host_init(&w->host);
	assert_int_equal(tg_host_add_port(&w->host, 0, our_mac, 9000, w->offload), 0);
	assert_int_equal(tg_host_add_addr(&w->host, 0, &local, 24), 0);
	memcpy(w->proven.key.raddr, peer.b, 16);
	cs->flow = &w->flow;
	cs->host = &w->host;
	cs->counters = &w->counters;
	cs->env = w->tenv.env;
	cs->rcvbuf = w->cfg.rcvbuf;
	cs->sndbuf = w->cfg.sndbuf;
	cs->rto_min_ms = w->cfg.rto_min_ms;
	cs->delayed_ack_ms = w->cfg.delayed_ack_ms;
	cs->fin_timeout_ms = w->cfg.fin_timeout_ms;
	cs->retries = w->cfg.retries;
	cs->orphan_retries = w->cfg.orphan_retries;
	cs->buf_size = w->cfg.buf_size;
	for (cs->rcv_wscale = 0; w->cfg.rcvbuf >> cs->rcv_wscale > UINT16_MAX; cs->rcv_wscale++)
		;
	w->cfg.now = w->now;
	rc = tg_conns_init(cs, &w->mem, &w->cfg);
	if (rc == 0)
		rc = tg_flow_init(
			&w->flow, &w->mem, w->cfg.max_conns + w->cfg.max_time_wait, pools);
	return rc;
}

void
world_start(struct world *w)
{
	world_init(w);
	assert_int_equal(world_open(w), 0);
}

void
world_close(struct world *w)
{
	tg_conns_fini(&w->cs, &w->mem);
	tg_flow_fini(&w->flow, &w->mem);
	tenv_check_empty(&w->tenv);
}

struct tg_tcb *
world_conn_unaccepted(struct world *w, uint32_t snd_wnd)
{
	struct tg_pkt pkt = {.port = 0};
	struct tg_frame f = {.l2 = {.tags = 0}};
	struct tg_tcb *t;

	w->proven.hash = w->proven.key.rport * UINT32_C(2654435761);
	w->proven.path = tg_path_get(&w->host, &pkt, &f);
	t = tg_tcb_open(&w->cs, &w->proven, snd_wnd, w->now);
	if (t == NULL) {
		tg_path_put(&w->host, w->proven.path);
		return NULL;
	}
	assert_int_equal(tg_flow_insert(&w->flow, w->proven.hash,
				 tg_flow_value(TG_FLOW_CONN, tg_tcb_index(&w->cs, t))),
		0);
	w->proven.key.rport++;
	return t;
}

struct tg_tcb *
world_conn(struct world *w, uint32_t snd_wnd)
{
	struct tg_tcb *t = world_conn_unaccepted(w, snd_wnd);

	if (t != NULL)
		tg_event_accepted(&w->cs, t);
	return t;
}

static uint32_t
peer_base(const struct world *w)
{
	return w->proven.irs + 1;
}

static uint32_t
our_base(const struct world *w)
{
	return w->proven.iss + 1;
}

uint8_t
pattern(uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + 1);
}

void
pattern_fill(uint8_t *p, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = pattern(at + i);
}

void
pattern_check(const uint8_t *p, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i] != pattern(at + i))
			fail_msg("byte %u of the stream is %u, not %u", at + i, p[i],
				pattern(at + i));
}

static struct tg_pkt *
add_buffer(struct world *w, struct tg_pkt *k, const uint8_t *p, unsigned len, unsigned tail)
{
	struct tenv_buf *b = tenv_buf_new(&w->tenv, len + tail);

	memset(k, 0, sizeof(*k));
	memcpy(b->mem, p, len);
	k->buf = b;
	k->data = b->mem;
	k->len = (uint16_t)len;
	k->tailroom = (uint16_t)tail;
	return k;
}

void
peer_packet(struct world *w, const struct tg_tcb *t, const struct in *s, struct tg_pkt pkt[],
	struct tg_frame *f, struct tg_tcpopt *o)
{
	struct tg_segment g = {
		.src = tg_addr_v4(10, 0, 0, 2),
		.dst = tg_addr_v4(10, 0, 0, 1),
		.sport = t->key.rport,
		.dport = t->key.lport,
		.seq = s->seq + peer_base(w),
		.ack = s->ack + our_base(w),
		.flags = s->flags,
		.wnd = s->wnd,
		.ttl = 64,
		.opt = {.present = s->ts ? TG_OPT_TS : 0, .tsval = s->tsval, .tsecr = s->tsecr},
	};
	uint8_t room[TG_HEADERS_MAX + 9200];
	struct tg_pkt whole = {.data = room};
	unsigned head, size, n = 0;

	memcpy(g.l2.dst, our_mac, 6);
	memcpy(g.l2.src, peer_mac, 6);
	if (s->vlan) {
		g.l2.tags = 1;
		g.l2.tpid[0] = 0x8100;
		g.l2.tci[0] = 5;
	}
	head = tg_emit_tcp_size(&g);
	assert_true(s->len <= 9200);
	if (s->data != NULL)
		memcpy(room + head, s->data, s->len);
	else
		pattern_fill(room + head, s->seq, s->len);
	tg_emit_tcp(&whole, &g, s->len, tg_csum_add(0, room + head, s->len), 0);
	size = s->pieces > 0 ? head : head + s->len;
	add_buffer(w, &pkt[0], room, size, s->tail);
	for (unsigned at = size; at < head + s->len; n++) {
		unsigned len = n + 1 == s->pieces ? head + s->len - at : s->len / s->pieces;

		pkt[n].next = add_buffer(w, &pkt[n + 1], room + at, len, s->tail);
		at += len;
	}
	assert_int_equal(tg_frame_parse(pkt, f), TG_FRAME_TCP);
	tg_tcpopt_parse(room + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
		(s->flags & TG_SYN) != 0, o);
}

void
peer_packet_free(struct world *w, struct tg_pkt *pkt)
{
	for (; pkt != NULL; pkt = pkt->next)
		tenv_buf_release(&w->tenv, pkt->buf);
}

/* A packet back to values; wire correctness is proved by the tests of lib/wire. */
static void
read_back(const struct world *w, const struct tg_pkt *pkt, struct sent *s)
{
	struct tg_pkt copy = *pkt;
	struct tg_tcpopt o;
	struct tg_frame f;

	if (pkt->flags & TG_TX_IP_CSUM)
		copy.flags |= TG_RX_IP_CSUM_GOOD;
	if (pkt->flags & TG_TX_TCP_CSUM)
		copy.flags |= TG_RX_L4_CSUM_GOOD;
	assert_int_equal(tg_frame_parse(&copy, &f), TG_FRAME_TCP);
	tg_tcpopt_parse(pkt->data + f.l4_off + 20, f.payload_off - f.l4_off - 20u, false, &o);
	s->seq = f.seq - our_base(w);
	s->ack = f.ack - peer_base(w);
	s->flags = f.flags;
	s->wnd = f.wnd;
	s->len = f.payload_len;
	s->ts = (o.present & TG_OPT_TS) != 0;
	s->tsval = o.tsval;
	s->tsecr = o.tsecr;
	s->l2 = f.l2;
	s->port = pkt->port;
	assert_true(f.payload_len <= sizeof(s->data));
	memcpy(s->data, pkt->data + f.payload_off, f.payload_len);
}

struct tg_verdict
peer_sends(struct world *w, struct tg_tcb *t, const struct in *s)
{
	struct tg_pkt pkt[8], was[8];
	struct tg_tcpopt o;
	struct tg_frame f;
	struct tg_verdict v;
	unsigned n = 0;

	peer_packet(w, t, s, pkt, &f, &o);
	for (struct tg_pkt *p = pkt; p != NULL; p = p->next) {
		tenv_buf_pass(&w->tenv, p->buf, TENV_TEST, TENV_ENGINE);
		was[n++] = *p;
	}
	v = tg_conn_segment(&w->cs, t, pkt, &f, &o, w->now);
	w->replied = v.action == TG_REPLY;
	if (v.action == TG_KEEP)
		return v;
	if (w->replied)
		read_back(w, pkt, &w->reply);
	for (unsigned i = 0; i < n; i++) {
		tenv_buf_pass(&w->tenv, was[i].buf, TENV_ENGINE, TENV_TEST);
		tenv_buf_release(&w->tenv, was[i].buf);
	}
	return v;
}

unsigned
world_output_cap(struct world *w, unsigned cap)
{
	struct tg_conns *cs = &w->cs;
	struct tg_pkt pkt[64];
	struct tg_outbox ob;

	tg_outbox_open(&ob, pkt, cap, &cs->env);
	while (ob.n < ob.cap && !ob.starved) {
		uint32_t idx = tg_fifo_pop(&cs->out, &cs->tcb, TG_TCB_OUT);
		struct tg_tcb *t;

		if (idx == TG_NONE)
			break;
		t = tg_tcb_at(cs, idx);
		t->flags &= ~(uint32_t)TG_TCB_IN_OUTQ;
		if (tg_conn_output(cs, t, &ob, w->now) != TG_OUT_DONE)
			tg_tcb_want_output(cs, t);
	}
	tg_outbox_close(&ob);
	w->outs = ob.n;
	for (unsigned i = 0; i < ob.n; i++) {
		read_back(w, &pkt[i], &w->out[i]);
		tenv_buf_pass(&w->tenv, pkt[i].buf, TENV_ENGINE, TENV_TEST);
		tenv_buf_release(&w->tenv, pkt[i].buf);
	}
	return ob.n;
}

unsigned
world_output(struct world *w)
{
	return world_output_cap(w, 64);
}

static void
fire(struct world *w)
{
	uint32_t due[4];
	unsigned n;

	do {
		n = tg_wheel_expire(&w->cs.wheel, tg_ms_of(w->now), due, 4);
		for (unsigned i = 0; i < n; i++)
			tg_tcb_timers(&w->cs, tg_tcb_at(&w->cs, due[i]), w->now);
	} while (n == 4);
}

void
world_wait(struct world *w, uint32_t ms)
{
	const tg_time to = w->now + ms * TG_MSEC;

	for (;;) {
		tg_time next;
		tg_ms when;

		fire(w);
		if (!tg_wheel_next(&w->cs.wheel, &when))
			break;
		next = tg_ms_time(when, w->now);
		if (next > to)
			break;
		w->now = next > w->now ? next : w->now + TG_MSEC;
		if (w->now >= to)
			break;
	}
	w->now = to;
	fire(w);
}

uint32_t
world_until_output(struct world *w, uint32_t most)
{
	for (uint32_t ms = 0; ms < most; ms++) {
		if (world_output(w) > 0)
			return ms;
		w->now += TG_MSEC;
		fire(w);
	}
	world_output(w);
	return most;
}

void
worker_writes(struct world *w, struct tg_tcb *t, uint32_t at, uint32_t n)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	pattern_fill(p, at, n);
	assert_int_equal(tg_sendq_append(&w->cs, t, p, n), n);
	tg_tcb_want_output(&w->cs, t);
	free(p);
}

void
expect_segment(const struct sent *s, uint32_t seq, uint32_t ack, unsigned flags, uint32_t len)
{
	if (s->seq != seq || s->ack != ack || s->flags != flags || s->len != len)
		fail_msg("seq %u ack %u flags %#x len %u, not seq %u ack %u flags %#x len %u",
			s->seq, s->ack, s->flags, s->len, seq, ack, flags, len);
	pattern_check(s->data, seq, len);
}

unsigned
next_event(struct world *w, struct tg_event *ev)
{
	struct tg_event e;

	if (ev == NULL)
		ev = &e;
	return tg_event_take(&w->cs, 0, ev) ? ev->what : 0;
}
