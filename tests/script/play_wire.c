/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines about packets: `>` and `<`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

/* All words behind `raw`, joined. `..` is a byte that may be anything. */
static unsigned
raw_bytes(const struct line *l, unsigned argc, uint8_t *out, uint8_t *mind, unsigned cap)
{
	unsigned n = 0;

	for (unsigned i = 1; i < argc; i++)
		for (const char *w = l->argv[i]; *w != 0; w += 2, n++) {
			char pair[3] = {w[0], w[0] != 0 ? w[1] : 0, 0};

			if (n == cap)
				die("too many bytes");
			mind[n] = 0xff;
			out[n] = 0;
			if (strcmp(pair, "..") == 0)
				mind[n] = 0;
			else
				word_hex(pair, out + n, 1);
		}
	return n;
}

void
play_disposition(const struct player *p, const char *want)
{
	const char *got = tg_disposition_name(p->rig.last.disposition);

	if (want != NULL && p->rig.hold)
		die("a packet that is held has no disposition yet");
	if (want != NULL && strcmp(want, got) != 0)
		die("expected: => %s\n  got:      => %s", want, got);
}

static void
in_raw(struct player *p, struct client *c, const struct line *l)
{
	struct rig_rx rx = {.port = c->port, .headroom = 64, .tailroom = 64, .unverified = true};
	uint8_t bytes[SEG_FRAME_MAX], mind[SEG_FRAME_MAX];
	const char *want = NULL;
	unsigned argc = l->argc, n;

	if (argc > 2 && strcmp(l->argv[argc - 2], "=>") == 0) {
		want = l->argv[argc - 1];
		argc -= 2;
	}
	if (argc > 1 && strcmp(l->argv[argc - 1], "tight") == 0) {
		rx.headroom = rx.tailroom = 0;
		argc--;
	}
	n = raw_bytes(l, argc, bytes, mind, sizeof(bytes));
	rig_feed(&p->rig, bytes, n, &rx);
	play_disposition(p, want);
}

/* The payload a client sends, remembered by its place in the stream. */
static void
in_payload(struct client *c, const struct pat *pt, struct seg *s, uint8_t *room)
{
	bool syn = (s->flags & (SEG_S | SEG_A)) == SEG_S;
	uint32_t at = syn ? 0 : s->seq + ((s->flags & SEG_S) != 0) - c->irs - 1;

	if (pt->data == PAT_LEN) {
		s->len = num_value(&pt->len, &c->vars);
		if (s->len > 9000)
			die("segment too long");
		for (unsigned i = 0; i < s->len; i++)
			room[i] = stream_pattern(true, at + i);
	} else if (pt->data == PAT_TEXT) {
		s->len = pt->text_len;
		memcpy(room, pt->text, s->len);
	}
	s->data = room;
	if (syn) {
		/* part of the stream if the SYN-ACK acknowledges it (Fast Open) */
		c->syn_seq = s->seq;
		c->syn.len = 0;
		stream_put(&c->syn, 0, room, s->len);
	} else if (c->known)
		stream_put(&c->sent, at, room, s->len);
}

void
play_in(struct player *p, struct client *c, const struct line *l)
{
	struct rig_rx rx = {.port = c->port};
	uint8_t frame[SEG_FRAME_MAX], payload[SEG_FRAME_MAX];
	char *argv[64];
	struct pat pt;
	struct seg s;
	unsigned hdr, len;
	bool odd;

	if (l->argc > 0 && strcmp(l->argv[0], "raw") == 0) {
		in_raw(p, c, l);
		return;
	}
	if (l->argc > 0 && strcmp(l->argv[0], "icmp") == 0) {
		play_icmp(p, c, l);
		return;
	}
	memcpy(argv, l->argv, l->argc * sizeof(argv[0]));
	pat_parse(argv, l->argc, false, &pt);
	seg_init(&s);
	memcpy(s.eth_src, c->mac, 6);
	memcpy(s.eth_dst, p->rig.mac[c->port], 6);
	s.tags = c->tags;
	memcpy(s.tpid, c->tpid, sizeof(s.tpid));
	memcpy(s.tci, c->tci, sizeof(s.tci));
	s.src = c->remote.addr;
	s.dst = c->local.addr;
	s.sport = c->remote.port;
	s.dport = c->local.port;
	s.win = 65535;
	pat_make(&pt, &c->vars, &s);
	in_payload(c, &pt, &s, payload);
	len = seg_write(&s, frame, &hdr);

	odd = s.mf || s.frag != 0 || s.doff >= 0 || s.ip_len >= 0 || s.ip_ver >= 0 || s.trunc != 0;
	rx.unverified = odd;
	rx.hdr = odd || s.pad != 0 ? 0 : (uint16_t)hdr;
	rx.bad_l4 = s.bad_tcp;
	rx.bad_ip = s.bad_ip;
	if (!pt.tight && (!p->rig.manner->tight || (s.flags & SEG_S) != 0))
		rx.headroom = rx.tailroom = 64;
	rig_feed(&p->rig, frame, len, &rx);
	play_disposition(p, pt.disposition);
}

#define NOT_FOUND UINT32_MAX

/* Index of the oldest frame to this client. */
static unsigned
find(const struct player *p, const struct client *c, const struct pat *pt, struct seg *s)
{
	const struct tg_addr *from = pt->has_src ? &pt->mod.src : &c->local.addr;
	const struct tg_addr *to = pt->has_dst ? &pt->mod.dst : &c->remote.addr;
	const struct rig_frame *f;

	for (unsigned i = 0; (f = rig_peek(&p->rig, i)) != NULL; i++)
		if (seg_read(f->bytes, f->len, s) == NULL && memcmp(&s->src, from, 16) == 0 &&
			memcmp(&s->dst, to, 16) == 0 &&
			s->sport == (pt->has_sport ? pt->mod.sport : c->local.port) &&
			s->dport == (pt->has_dport ? pt->mod.dport : c->remote.port))
			return i;
	return NOT_FOUND;
}

static const char *
link_differs(const struct client *c, const struct pat *pt, const struct seg *s,
	const struct rig_frame *f)
{
	if (memcmp(s->eth_dst, pt->has_to ? pt->mod.eth_dst : c->mac, 6) != 0)
		return "it goes to another MAC address than the client's";
	if (f->port != c->port)
		return "it leaves by another port";
	if (s->tags != c->tags || memcmp(s->tci, c->tci, sizeof(s->tci)) != 0 ||
		memcmp(s->tpid, c->tpid, sizeof(s->tpid)) != 0)
		return "its VLAN tags are not the client's";
	return NULL;
}

/* A SYN-ACK, not one repeated: streams begin. Data of the SYN is in them if it is acknowledged. */
static void
learn(struct client *c, const struct seg *s)
{
	uint32_t early = s->ack - 1 - c->syn_seq;

	if (early > c->syn.len)
		early = 0;
	c->known = true;
	c->iss = s->seq;
	c->irs = s->ack - 1 - early;
	c->sent.len = c->served.len = c->received = 0;
	if (c->sent.byte != NULL)
		memset(c->sent.byte, 0, c->sent.cap);
	stream_put(&c->sent, 0, c->syn.byte, early);
}

/* What we send in a connection is what the worker wrote at that place. */
static const char *
payload_differs(struct client *c, const struct seg *s)
{
	uint32_t at = s->seq - c->iss - 1;

	if ((s->flags & SEG_S) != 0 && (s->flags & SEG_A) != 0 &&
		(!c->known || c->iss != s->seq || s->ack - 1 - c->irs > c->sent.len))
		learn(c, s);
	if (s->len == 0)
		return NULL;
	if (!c->known)
		return "data without a connection";
	if (at >= c->served.len || s->len > c->served.len - at)
		return "bytes that the worker never wrote";
	return memcmp(s->data, c->served.byte + at, s->len) == 0
		? NULL
		: "other bytes than the worker wrote";
}

static _Noreturn void
fail_out(const struct player *p, const struct client *c, const struct seg *s, tg_time at,
	const char *why)
{
	char text[512];

	at -= p->start;
	pat_show(s, &c->vars, true, text, sizeof(text));
	die("expected: %s\n  got:      %llu.%03llums %s < %s\n  because:  %s", p->line->text,
		(unsigned long long)(at / TG_MSEC), (unsigned long long)(at % TG_MSEC / 1000),
		c->name, text, why);
}

/* Takes frames with exactly these flags and no payload away; only those to `c` unless it is NULL.
 */
static void
skip(struct player *p, const struct client *c, const struct line *l, uint16_t flags)
{
	const struct rig_frame *f;
	struct seg s;

	if (l->when.given)
		rig_until(&p->rig, (l->when.relative ? p->rig.now : p->start) + l->when.at,
			RIG_NO_STOP);
	for (unsigned i = 0; (f = rig_peek(&p->rig, i)) != NULL;) {
		bool fits =
			seg_read(f->bytes, f->len, &s) == NULL && s.flags == flags && s.len == 0;

		if (c != NULL)
			fits = fits && s.dport == c->remote.port &&
				memcmp(&s.dst, &c->remote.addr, 16) == 0;
		if (fits)
			rig_take(&p->rig, i);
		else
			i++;
	}
	player_expect_silence(p);
}

/* [CLIENT] acks: bare ACKs to the client are no one's business here */
void
play_acks(struct player *p, struct client *c, const struct line *l)
{
	skip(p, c, l, SEG_A);
}

/* synacks: nor are SYN-ACKs, to whomever */
void
play_synacks(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	skip(p, NULL, l, SEG_S | SEG_A);
}

static void
out_raw(struct player *p, const struct line *l, tg_time to)
{
	uint8_t bytes[SEG_FRAME_MAX], mind[SEG_FRAME_MAX];
	unsigned n = raw_bytes(l, l->argc, bytes, mind, sizeof(bytes));
	const struct rig_frame *f;

	rig_until(&p->rig, to, 1);
	f = rig_peek(&p->rig, 0);
	if (f == NULL)
		die("expected: %s\n  got:      nothing", l->text);
	for (unsigned i = 0; i < n || i < f->len; i++)
		if (i >= n || i >= f->len || ((f->bytes[i] ^ bytes[i]) & mind[i]) != 0) {
			char hex[3 * 200 + 1];

			for (unsigned k = 0; k < f->len && k < 200; k++)
				(void)snprintf(hex + 2 * k, 4, "%02x", f->bytes[k]);
			die("expected: %s\n  got:      < raw %s\n  because:  byte %u of %u",
				l->text, hex, i, f->len);
		}
	rig_take(&p->rig, 0);
}

void
play_out(struct player *p, struct client *c, const struct line *l)
{
	struct rig *r = &p->rig;
	tg_time from = r->now, to;
	char *argv[64];
	struct pat pt;
	struct rig_frame f;
	struct seg s;
	const char *why;
	unsigned i;

	if (l->when.given) {
		from = (l->when.relative ? r->now : p->start) + l->when.at;
		if (from > r->now)
			player_expect_silence(p);
	}
	/* timers come in whole milliseconds, never early */
	to = from + (l->when.given ? l->when.slack + TG_MSEC : 0);
	if (to < r->now)
		to = r->now;
	if (l->argc > 0 && strcmp(l->argv[0], "raw") == 0) {
		out_raw(p, l, to);
		return;
	}
	memcpy(argv, l->argv, l->argc * sizeof(argv[0]));
	pat_parse(argv, l->argc, true, &pt);
	while ((i = find(p, c, &pt, &s)) == NOT_FOUND) {
		if (r->now >= to) {
			player_expect_silence(p);
			die("expected: %s\n  got:      nothing until %llu ms", l->text,
				(unsigned long long)((to - p->start) / TG_MSEC));
		}
		rig_until(r, to, rig_waiting(r) + 1);
	}
	f = *rig_peek(r, i);
	if (f.at < from || f.at > to)
		fail_out(p, c, &s, f.at, f.at < from ? "too early" : "too late");
	why = link_differs(c, &pt, &s, &f);
	if (why == NULL)
		why = pat_match(&pt, &c->vars, &s);
	if (why == NULL)
		why = payload_differs(c, &s);
	if (why != NULL)
		fail_out(p, c, &s, f.at, why);
	rig_take(r, i);
}
