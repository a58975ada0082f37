/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "fake_worker.h"
#include "support.h"

struct fake_world world;

static struct fake_conn *
of(tg_conn c)
{
	if (c == 0 || c > FAKE_CONNS || !world.conn[c - 1].open)
		return NULL;
	return &world.conn[c - 1];
}

void
fake_reset(void)
{
	memset(&world, 0, sizeof(world));
}

void
fake_connect(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		world.conn[world.next + world.waiting + i].out_room = FAKE_QUEUE;
	world.waiting += n;
	world.accept_event = true;
}

void
fake_data(unsigned i, const char *text)
{
	struct fake_conn *f = &world.conn[i];
	size_t n = strlen(text);

	assert_true(f->in_len + n <= FAKE_QUEUE);
	memcpy(f->in + f->in_len, text, n);
	f->in_len += (uint32_t)n;
	f->events |= TG_EV_READ;
}

void
fake_eof(unsigned i)
{
	world.conn[i].eof = true;
	world.conn[i].events |= TG_EV_READ;
}

void
fake_take(unsigned i, uint32_t n)
{
	world.conn[i].out_len = 0;
	world.conn[i].out_room = n;
	world.conn[i].events |= TG_EV_WRITE;
}

struct tg_worker *
fake_worker(void)
{
	return (struct tg_worker *)(void *)&world;
}

unsigned
tg_worker_events(struct tg_worker *w, struct tg_event ev[], unsigned cap)
{
	unsigned n = 0;

	(void)w;
	if (world.drain_event && n < cap)
		ev[n++] = (struct tg_event){.what = TG_EV_DRAIN};
	world.drain_event = false;
	if (world.accept_event && n < cap)
		ev[n++] = (struct tg_event){.what = TG_EV_ACCEPT, .listener = 1};
	world.accept_event = false;
	for (unsigned i = 0; i < FAKE_CONNS && n < cap; i++) {
		struct fake_conn *f = &world.conn[i];

		if (!f->open || f->events == 0)
			continue;
		ev[n++] = (struct tg_event){.conn = i + 1, .what = f->events, .user = f->user};
		f->events = 0;
	}
	return n;
}

unsigned
tg_accept(struct tg_worker *w, tg_listener l, tg_conn conn[], unsigned cap)
{
	unsigned n = 0;

	(void)w;
	assert_int_equal(l, 1);
	while (n < cap && world.waiting > 0) {
		world.conn[world.next].open = true;
		conn[n++] = ++world.next;
		world.waiting--;
	}
	return n;
}

int
tg_peek(struct tg_worker *w, tg_conn c, const uint8_t **p)
{
	struct fake_conn *f = of(c);

	(void)w;
	if (f == NULL)
		return -EBADF;
	if (f->in_len == 0)
		return f->eof ? 0 : -EAGAIN;
	*p = f->in;
	return (int)f->in_len;
}

int
tg_consume(struct tg_worker *w, tg_conn c, uint32_t n)
{
	struct fake_conn *f = of(c);

	(void)w;
	assert_non_null(f);
	assert_true(n <= f->in_len);
	memmove(f->in, f->in + n, f->in_len - n);
	f->in_len -= n;
	return 0;
}

int
tg_send(struct tg_worker *w, tg_conn c, const void *buf, uint32_t len)
{
	struct fake_conn *f = of(c);

	(void)w;
	assert_non_null(f);
	assert_false(f->shut);
	if (f->out_room == 0)
		return -EAGAIN;
	if (len > f->out_room)
		len = f->out_room;
	memcpy(f->out + f->out_len, buf, len);
	f->out_len += len;
	f->out_room -= len;
	return (int)len;
}

int
tg_shutdown(struct tg_worker *w, tg_conn c)
{
	(void)w;
	assert_non_null(of(c));
	of(c)->shut = true;
	return 0;
}

int
tg_close(struct tg_worker *w, tg_conn c)
{
	struct fake_conn *f = of(c);

	(void)w;
	assert_non_null(f);
	f->reset = f->in_len != 0;
	f->closed = true;
	f->open = false;
	return 0;
}

int
tg_abort(struct tg_worker *w, tg_conn c)
{
	(void)w;
	assert_non_null(of(c));
	of(c)->reset = true;
	of(c)->open = false;
	return 0;
}

int
tg_set_user(struct tg_worker *w, tg_conn c, void *user)
{
	(void)w;
	assert_non_null(of(c));
	of(c)->user = user;
	return 0;
}

void *
tg_user(const struct tg_worker *w, tg_conn c)
{
	(void)w;
	return of(c) != NULL ? of(c)->user : NULL;
}
