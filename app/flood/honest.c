/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of honest clients: begun at a rate, woken by a wheel, ended in one of the ways that
 * struct honest_stats counts. What arrives is in honest_arrival.c, what leaves in honest_emit.c.
 */
#include <stdlib.h>
#include <string.h>

#include "honest_internal.h"

static uint64_t
draw(struct honest *h)
{
	h->rng ^= h->rng << 13;
	h->rng ^= h->rng >> 7;
	h->rng ^= h->rng << 17;
	return h->rng;
}

/* Slots for two seconds of clients: one of patience, one of closing or lingering. */
static uint32_t
slots_for(double rate, uint32_t pairs)
{
	uint32_t n = 1024;

	while (n < pairs && n < rate * 2.5)
		n *= 2;
	return n;
}

static bool
take_addresses(struct honest *h)
{
	const struct flood_prefix *p = &h->cfg.from;
	unsigned skip, bytes, host_bits;

	h->v6 = !tg_addr_is_v4(&h->cfg.dst);
	skip = h->v6 ? 0 : 12;
	bytes = 16 - skip;
	if (tg_addr_is_v4(&p->base) == h->v6 || p->len > bytes * 8)
		return false;
	for (unsigned k = 0; k < bytes; k++) {
		unsigned fixed = p->len > k * 8 ? p->len - k * 8 : 0;

		h->net_mask[k] = fixed >= 8 ? 0xff : (uint8_t) ~(0xff >> fixed);
		h->net[k] = p->base.b[skip + k] & h->net_mask[k];
	}
	/* The first address may be a network's name: half of the rest is a power of two. */
	host_bits = bytes * 8 - p->len;
	h->addrs = 1;
	while (host_bits > 1 && h->addrs < ADDRS_MAX) {
		h->addrs *= 2;
		h->addr_bits++;
		host_bits--;
	}
	return true;
}

struct honest *
honest_create(const struct honest_config *cfg)
{
	struct honest *h;
	uint32_t slots;

	if (!(cfg->rate > 0) || cfg->rate > 1e6 || cfg->vlan > 4094 || cfg->dport == 0 ||
		cfg->dport == UINT16_MAX || cfg->style > HONEST_BOTH)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->cfg = *cfg;
	if (!take_addresses(h)) {
		free(h);
		return NULL;
	}
	slots = slots_for(cfg->rate, PORTS * h->addrs);
	h->client = calloc(slots, sizeof(*h->client));
	if (h->client == NULL) {
		free(h);
		return NULL;
	}
	h->mask = slots - 1;
	h->l3 = cfg->vlan != 0 ? 18 : 14;
	h->rng = cfg->seed * 2 + 1;
	for (unsigned i = 0; i < 8; i++)
		draw(h);
	h->gap = 1e9 / cfg->rate;
	h->next_at = cfg->start;
	h->ticked = cfg->start / TG_MSEC;
	h->ready_first = h->ready_last = NOBODY;
	for (unsigned i = 0; i < WHEEL_MS; i++)
		h->wheel[i] = NOBODY;
	return h;
}

void
honest_destroy(struct honest *h)
{
	if (h == NULL)
		return;
	free(h->client);
	free(h);
}

struct tg_addr
client_addr(const struct honest *h, const struct client *c)
{
	struct tg_addr a = tg_addr_v4(0, 0, 0, 0);
	uint32_t host = (uint32_t)(c->number & (h->addrs - 1));

	memcpy(a.b + (h->v6 ? 0 : 12), h->net, h->v6 ? 16 : 4);
	/* With one address it is the prefix's own; at most 64, so one byte is enough. */
	if (h->cfg.from.len != (h->v6 ? 128 : 32))
		a.b[15] = (uint8_t)(a.b[15] + 1 + host);
	return a;
}

uint16_t
client_port(const struct honest *h, const struct client *c)
{
	return (uint16_t)(PORT_FIRST + (c->number >> h->addr_bits) % PORTS);
}

static uint32_t
index_of(const struct honest *h, const struct client *c)
{
	return (uint32_t)(c - h->client);
}

void
client_want(struct honest *h, struct client *c, unsigned wants)
{
	c->wants |= (uint8_t)wants;
	if (c->in_ready)
		return;
	c->in_ready = true;
	c->ready_next = NOBODY;
	if (h->ready_first == NOBODY)
		h->ready_first = index_of(h, c);
	else
		h->client[h->ready_last].ready_next = index_of(h, c);
	h->ready_last = index_of(h, c);
}

static void
disarm(struct honest *h, struct client *c)
{
	if (!c->in_wheel)
		return;
	if (c->prev != NOBODY)
		h->client[c->prev].next = c->next;
	else
		h->wheel[c->due / TG_MSEC % WHEEL_MS] = c->next;
	if (c->next != NOBODY)
		h->client[c->next].prev = c->prev;
	c->in_wheel = false;
	h->timed--;
}

void
client_arm(struct honest *h, struct client *c, tg_time at)
{
	uint32_t *place;
	uint64_t ms = (at + TG_MSEC - 1) / TG_MSEC;

	disarm(h, c);
	/* Whole milliseconds, never early, and never a place that was emptied already. */
	if (ms <= h->ticked)
		ms = h->ticked + 1;
	if (ms >= h->ticked + WHEEL_MS)
		ms = h->ticked + WHEEL_MS - 1;
	c->due = ms * TG_MSEC;
	place = &h->wheel[ms % WHEEL_MS];
	c->prev = NOBODY;
	c->next = *place;
	if (c->next != NOBODY)
		h->client[c->next].prev = index_of(h, c);
	*place = index_of(h, c);
	c->in_wheel = true;
	h->timed++;
}

void
client_free(struct honest *h, struct client *c)
{
	disarm(h, c);
	if (c->state != CLIENT_FREE && c->state != CLIENT_LINGER)
		h->open--;
	c->state = CLIENT_FREE;
	c->wants = 0;
}

/* The next moment at which something must be done. */
static void
arm_next(struct honest *h, struct client *c)
{
	client_arm(h, c, c->resend < c->give_up ? c->resend : c->give_up);
}

void
client_close(struct honest *h, struct client *c, tg_time now)
{
	c->state = CLIENT_CLOSING;
	c->give_up = now + CLOSE_PATIENCE;
	c->rto_ms = DATA_RTO / TG_MSEC;
	c->resend = now + DATA_RTO;
	/* An answer acknowledges the request, whatever its header says. */
	c->wants &= (uint8_t) ~(WANT_REQUEST | WANT_PROBE);
	client_want(h, c, WANT_FIN);
	arm_next(h, c);
}

void
client_fail(struct honest *h, struct client *c, bool by_rst)
{
	if (c->succeeded)
		h->st.broken++;
	else if (by_rst)
		h->st.failed_rst++;
	else if (c->state == CLIENT_SYN_SENT)
		h->st.failed_syn++;
	else
		h->st.failed_data++;
	if (c->state == CLIENT_SYN_SENT)
		hist_add(&h->st.connect, HONEST_PATIENCE);
	if (!c->succeeded)
		hist_add(&h->st.first_byte, HONEST_PATIENCE);
	if (by_rst || c->state == CLIENT_SYN_SENT) {
		client_free(h, c);
	} else {
		/* The RST is the last that is heard of it. */
		disarm(h, c);
		c->wants = 0;
		client_want(h, c, WANT_RST);
	}
}

/* Begins the next client, in a slot that is free or only lingers. NULL: all in use. */
static struct client *
begin(struct honest *h, tg_time now)
{
	struct client *c = &h->client[h->begun & h->mask];
	uint64_t number = h->begun++;

	if (c->state == CLIENT_LINGER && !c->in_ready)
		client_free(h, c);
	if (c->state != CLIENT_FREE || c->in_ready) {
		h->st.skipped++;
		hist_add(&h->st.connect, HONEST_PATIENCE);
		hist_add(&h->st.first_byte, HONEST_PATIENCE);
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	c->number = number;
	c->state = CLIENT_SYN_SENT;
	c->style = h->cfg.style != HONEST_BOTH ? h->cfg.style : (uint8_t)(number & 1);
	c->began = now;
	c->give_up = now + HONEST_PATIENCE;
	c->resend = TG_TIME_NEVER;
	c->iss = c->una = (uint32_t)draw(h);
	c->nxt = c->iss + 1;
	c->ts = true;
	h->st.started++;
	h->open++;
	client_arm(h, c, c->give_up + 1);
	return c;
}

static void
resend(struct honest *h, struct client *c, tg_time now)
{
	h->st.repeated++;
	c->rto_ms *= 2;
	c->resend = now + c->rto_ms * TG_MSEC;
	if (c->state == CLIENT_CLOSING)
		client_want(h, c, WANT_FIN);
	else
		client_want(h, c, c->wnd < HONEST_REQUEST ? WANT_PROBE : WANT_REQUEST);
	arm_next(h, c);
}

static void
wake(struct honest *h, struct client *c, tg_time now)
{
	if (c->state == CLIENT_LINGER)
		client_free(h, c);
	else if (now >= c->give_up)
		client_fail(h, c, false);
	else if (now >= c->resend)
		resend(h, c, now);
	else
		arm_next(h, c);
}

static void
turn_wheel(struct honest *h, tg_time now)
{
	uint64_t to = now / TG_MSEC;

	while (h->ticked < to) {
		uint32_t *place = &h->wheel[++h->ticked % WHEEL_MS];

		while (*place != NOBODY) {
			struct client *c = &h->client[*place];

			disarm(h, c);
			wake(h, c, now);
		}
	}
}

static unsigned
send_ready(struct honest *h, uint8_t *const frame[], uint16_t len[], unsigned cap, tg_time now)
{
	unsigned n = 0;

	while (h->ready_first != NOBODY && n < cap) {
		struct client *c = &h->client[h->ready_first];

		if (c->wants != 0) {
			len[n] = (uint16_t)client_emit(h, c, frame[n], now);
			if (len[n] != 0)
				n++;
		}
		if (c->wants == 0) {
			h->ready_first = c->ready_next;
			c->in_ready = false;
		}
	}
	if (h->ready_first == NOBODY)
		h->ready_last = NOBODY;
	return n;
}

unsigned
honest_output(struct honest *h, uint8_t *const frame[], uint16_t len[], unsigned cap, tg_time now)
{
	unsigned n;

	turn_wheel(h, now);
	n = send_ready(h, frame, len, cap, now);
	while (n < cap && h->next_at <= now && h->next_at < h->cfg.stop) {
		struct client *c = begin(h, now);

		h->next_at = h->cfg.start + (tg_time)((double)h->begun * h->gap);
		if (c != NULL) {
			len[n] = (uint16_t)client_emit(h, c, frame[n], now);
			n++;
		}
	}
	h->st.sent += n;
	return n;
}

tg_time
honest_deadline(const struct honest *h)
{
	tg_time at = h->next_at < h->cfg.stop ? h->next_at : TG_TIME_NEVER;

	if (h->ready_first != NOBODY)
		return 0;
	for (unsigned i = 1; h->timed != 0 && i < WHEEL_MS; i++)
		if (h->wheel[(h->ticked + i) % WHEEL_MS] != NOBODY) {
			tg_time due = (h->ticked + i) * TG_MSEC;

			return due < at ? due : at;
		}
	return at;
}

unsigned
honest_open(const struct honest *h)
{
	return h->open;
}

uint64_t
honest_undecided(const struct honest *h)
{
	return h->st.started - h->st.succeeded - h->st.failed_syn - h->st.failed_data -
		h->st.failed_rst;
}

const struct honest_stats *
honest_stats(const struct honest *h)
{
	return &h->st;
}
