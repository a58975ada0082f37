/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stack: see stack.h.
 */
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "seg.h"
#include "sock.h"

#define ETH        14
#define MTU        1500
#define MTU_V6     1520 /* with which IPv6 scripts are run, so that their MSS is 1460 too */
#define SETTLE_S   1    /* real seconds a woken thread may take to ask the time */
#define FRAME_ROOM 128

/* What the other end of the port has as its address. */
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 1, 0};

/* What time waits for of this thread. */
static _Thread_local enum {
	FREE,  /* nothing */
	AWAKE, /* woken in a blocking call, has not looked or gone to sleep again yet */
	OWING, /* has returned from such a call, and has not asked the time yet */
} self;

bool
pd_enter(struct pd_stack *s)
{
	bool ends = self == OWING;

	pthread_mutex_lock(&s->lock);
	if (ends && s->owing > 0 && --s->owing == 0)
		pthread_cond_broadcast(&s->settled);
	self = FREE;
	return ends;
}

long
pd_leave(struct pd_stack *s, long rc)
{
	if (self == AWAKE) {
		self = OWING;
		s->awake--;
		s->owing++;
		pthread_cond_broadcast(&s->settled);
	}
	pthread_mutex_unlock(&s->lock);
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

static void
keep(void *ctx, const struct rig_frame *f)
{
	struct pd_stack *s = ctx;
	struct pd_out *o;

	if (f->len <= ETH)
		return;
	o = malloc(sizeof(*o) + f->len - ETH);
	if (o == NULL)
		abort();
	o->next = NULL;
	o->at = f->at / 1000;
	o->len = f->len - ETH;
	memcpy(o->bytes, f->bytes + ETH, o->len);
	if (s->out_tail != NULL)
		s->out_tail->next = o;
	else
		s->out_head = o;
	s->out_tail = o;
}

int
pd_stack_open(struct pd_stack *s, const struct pd_tune *tune)
{
	unsigned least = tune->v6 ? 1280 : 576;
	struct tg_engine_config *c = &s->rig.cfg;
	unsigned mtu = s->setup.mtu;
	int rc;

	if (s->rig.e != NULL) {
		struct tg_engine_config now = *c;

		pd_setup_sysctls(&s->setup, &now);
		pd_inside_settings(s, &now);
		memcpy(c->fastopen_key, now.fastopen_key, sizeof(c->fastopen_key));
		c->fastopen_keys = now.fastopen_keys;
		return 0;
	}
	if (mtu == 0)
		mtu = tune->v6 ? MTU_V6 : MTU;
	mtu = mtu < least ? least : mtu > 9216 ? 9216 : mtu;

	s->manner = (struct rig_manner){.name = "packetdrill", .start = 1000 * s->now};
	s->manner.buf_size = mtu > 1500 ? 10240 : 2048;
	rig_init(&s->rig, &s->manner);
	s->rig.on_send = keep;
	s->rig.on_send_ctx = s;
	c->max_conns = 1024;
	c->max_half_open = 8192;
	c->max_time_wait = 1024;
	c->max_segments = 65536;
	pd_setup_sysctls(&s->setup, c);
	if (tune->rcvbuf != 0)
		c->rcvbuf = tune->rcvbuf;
	rc = rig_open(&s->rig);
	if (rc != 0)
		return rc;
	if (tune->rcvbuf == 0)
		pd_inside_wscale(s, s->setup.wscale);
	rig_port(&s->rig, 0, (uint16_t)mtu);
	s->mtu = mtu;
	return 0;
}

void
pd_stack_close(struct pd_stack *s)
{
	struct pd_out *o;

	s->closing = true;
	s->awake += s->sleeping;
	s->sleeping = 0;
	s->round++;
	pthread_cond_broadcast(&s->woken);
	while (s->awake > 0)
		pthread_cond_wait(&s->settled, &s->lock);
	if (s->rig.e != NULL)
		rig_close(&s->rig);
	while ((o = pd_take(s)) != NULL)
		free(o);
}

int
pd_stack_addr(struct pd_stack *s, const struct tg_addr *a)
{
	int rc;

	if (s->rig.e == NULL || tg_addr_is_any(a))
		return 0;
	rc = tg_engine_add_addr(s->rig.e, 0, a, tg_addr_is_v4(a) ? 32 : 128);
	return rc == -EEXIST ? 0 : rc == -EINVAL ? -EADDRNOTAVAIL : rc;
}

void
pd_stack_mss(struct pd_stack *s, unsigned mss, bool v6)
{
	unsigned mtu = mss + (v6 ? 60 : 40);

	if (mss == 0 || mtu > s->mtu)
		mtu = s->mtu;
	pd_inside_mtu(s, (uint16_t)(mtu < 576 ? 576 : mtu));
}

void
pd_stack_keys(struct pd_stack *s, uint8_t key[2][16], unsigned n)
{
	if (n == 0) {
		key = s->rig.cfg.fastopen_key;
		n = s->rig.cfg.fastopen_keys;
	}
	if (n == 0)
		return; /* the engine's own, from its seed */
	/* Each becomes the current one in turn; alone, it is the previous one too. */
	tg_engine_rotate_fastopen(s->rig.e, key[n - 1]);
	tg_engine_rotate_fastopen(s->rig.e, key[0]);
}

/* Lets every thread that was woken look, and those that return ask the time. */
static void
settle(struct pd_stack *s)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += SETTLE_S;
	while (s->awake > 0 || s->owing > 0) {
		if (pthread_cond_timedwait(&s->settled, &s->lock, &end) != ETIMEDOUT)
			continue;
		/* A program that does not ask the time after a call owes nothing. */
		s->owing = 0;
		if (s->awake == 0)
			break;
		end.tv_sec += SETTLE_S;
	}
}

static void
wake(struct pd_stack *s)
{
	if (s->sleeping == 0 && s->owing == 0)
		return;
	s->awake += s->sleeping;
	s->sleeping = 0;
	s->wake_at = PD_NEVER;
	s->round++;
	pthread_cond_broadcast(&s->woken);
	if (self != AWAKE)
		settle(s);
}

void
pd_look(struct pd_stack *s)
{
	if (s->rig.e != NULL) {
		rig_turn(&s->rig);
		pd_sock_look(s);
	}
	wake(s);
}

pd_us
pd_due(const struct pd_stack *s)
{
	pd_us due = s->wake_at;
	tg_time d;

	if (s->rig.e == NULL)
		return due;
	d = tg_engine_deadline(s->rig.e, s->rig.now);
	if (d != TG_TIME_NEVER && (d + 999) / 1000 < due)
		due = (d + 999) / 1000;
	return due;
}

void
pd_run(struct pd_stack *s, pd_us to)
{
	for (;;) {
		pd_us due = pd_due(s);
		pd_us next = due < to ? due : to;

		if (next > s->now)
			s->now = next;
		if (s->rig.e != NULL)
			rig_until(&s->rig, 1000 * s->now, RIG_NO_STOP);
		if (due > to)
			return;
		pd_look(s);
		if (s->now >= to && pd_due(s) > to)
			return;
	}
}

int
pd_inject(struct pd_stack *s, const void *buf, size_t n)
{
	struct rig_rx rx = {.headroom = FRAME_ROOM, .tailroom = FRAME_ROOM};
	const uint8_t *ip = buf;
	struct tg_addr dst = tg_addr_v4(0, 0, 0, 0);
	uint8_t *frame;
	bool v6;

	if (n < 20 || n > UINT16_MAX - ETH)
		return -EINVAL;
	v6 = ip[0] >> 4 == 6;
	if (v6 && n < 40)
		return -EINVAL;
	if (s->rig.e == NULL)
		return 0; /* nobody listens, nobody answers */
	memcpy(dst.b + (v6 ? 0 : 12), ip + (v6 ? 24 : 16), v6 ? 16 : 4);
	/* Who listens on the wildcard learns its addresses from the packets. */
	(void)pd_stack_addr(s, &dst);
	frame = malloc(ETH + n);
	if (frame == NULL)
		return -ENOMEM;
	memcpy(frame, s->rig.mac[0], 6);
	memcpy(frame + 6, peer_mac, 6);
	frame[12] = v6 ? 0x86 : 0x08;
	frame[13] = v6 ? 0xdd : 0x00;
	memcpy(frame + ETH, buf, n);
	rig_until(&s->rig, 1000 * s->now, RIG_NO_STOP);
	rig_feed(&s->rig, frame, (unsigned)(ETH + n), &rx);
	free(frame);
	pd_look(s);
	return 0;
}

struct pd_out *
pd_take(struct pd_stack *s)
{
	struct pd_out *o = s->out_head;

	if (o == NULL)
		return NULL;
	s->out_head = o->next;
	if (s->out_head == NULL)
		s->out_tail = NULL;
	return o;
}

pd_us
pd_until(const struct pd_stack *s, pd_us timeout)
{
	/* Who moves time would otherwise probe a shut window for ever. */
	if (timeout == PD_NEVER && pthread_equal(pthread_self(), s->owner))
		timeout = s->setup.patience_s * UINT64_C(1000000);
	return timeout > PD_NEVER - s->now ? PD_NEVER : s->now + timeout;
}

/* The thread that moves time waits: it does so by moving time. */
static int
block_owner(struct pd_stack *s, pd_us until)
{
	pd_us due = pd_due(s);

	pd_run(s, due < until ? due : until);
	return 0;
}

int
pd_block(struct pd_stack *s, pd_us until)
{
	uint64_t mine = s->round;

	if (s->closing)
		return -EINTR;
	if (s->now >= until)
		return -ETIME;
	if (pthread_equal(pthread_self(), s->owner))
		return block_owner(s, until);
	if (self == AWAKE)
		s->awake--;
	self = FREE;
	if (until < s->wake_at)
		s->wake_at = until;
	s->sleeping++;
	pthread_cond_broadcast(&s->settled);
	while (s->round == mine)
		pthread_cond_wait(&s->woken, &s->lock);
	self = AWAKE;
	return s->closing ? -EINTR : 0;
}
