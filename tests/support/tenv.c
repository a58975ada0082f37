/* SPDX-License-Identifier: BSD-3-Clause */
#include "tenv.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

#define BUF_MAGIC 0x7e57b0f5u
#define BUF_DEAD  0xdeadb0f5u

struct tenv_mem {
	struct tenv_mem *next;
	void *p;
	size_t size;
};

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	struct tenv *t = ctx;
	struct tenv_mem *m;
	void *p = NULL;

	if (align == 0 || (align & (align - 1)) != 0)
		die("alloc: alignment %zu is no power of 2", align);
	if (++t->mem_calls == t->mem_fail_at)
		return NULL;
	if (align < sizeof(void *))
		align = sizeof(void *);
	m = malloc(sizeof(*m));
	if (m == NULL || posix_memalign(&p, align, size) != 0)
		die("the test itself is out of memory");
	memset(p, 0, size);
	m->next = t->mems;
	m->p = p;
	m->size = size;
	t->mems = m;
	t->mem_live++;
	t->mem_bytes += size;
	return p;
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	struct tenv *t = ctx;
	struct tenv_mem **at, *m;

	if (p == NULL)
		return;
	for (at = &t->mems; *at != NULL && (*at)->p != p; at = &(*at)->next)
		;
	m = *at;
	if (m == NULL)
		die("free: %p was never handed out, or was freed before", p);
	if (m->size != size)
		die("free: a block of %zu bytes is given back as one of %zu", m->size, size);
	*at = m->next;
	t->mem_live--;
	t->mem_bytes -= size;
	free(p);
	free(m);
}

static uint32_t *
owned(struct tenv *t, enum tenv_owner who)
{
	return who == TENV_ENGINE ? &t->engine_bufs : &t->test_bufs;
}

struct tenv_buf *
tenv_buf_new(struct tenv *t, uint32_t size)
{
	struct tenv_buf *b = calloc(1, sizeof(*b));

	if (b == NULL)
		die("the test itself is out of memory");
	/* malloc(0) may be NULL; an empty buffer is one byte that nobody may rely on */
	b->mem = malloc(size > 0 ? size : 1);
	if (b->mem == NULL)
		die("the test itself is out of memory");
	memset(b->mem, 0xa5, size);
	b->size = size;
	b->magic = BUF_MAGIC;
	b->owner = TENV_TEST;
	b->next = t->bufs;
	if (b->next != NULL)
		b->next->prev = b;
	t->bufs = b;
	t->test_bufs++;
	return b;
}

static void
check_owner(const struct tenv_buf *b, enum tenv_owner who)
{
	if (b == NULL)
		die("buffer pointer is NULL");
	if (b->magic != BUF_MAGIC)
		die("%p is no live buffer", (const void *)b);
	if (b->owner != who)
		die("buffer %p belongs to the %s", (const void *)b,
			b->owner == TENV_ENGINE ? "engine" : "caller");
}

static void
buf_drop(struct tenv *t, struct tenv_buf *b)
{
	(*owned(t, b->owner))--;
	if (b->prev != NULL)
		b->prev->next = b->next;
	else
		t->bufs = b->next;
	if (b->next != NULL)
		b->next->prev = b->prev;
	b->magic = BUF_DEAD;
	free(b->mem);
	free(b);
}

void
tenv_buf_release(struct tenv *t, struct tenv_buf *b)
{
	check_owner(b, TENV_TEST);
	buf_drop(t, b);
}

void
tenv_buf_pass(struct tenv *t, struct tenv_buf *b, enum tenv_owner from, enum tenv_owner to)
{
	check_owner(b, from);
	(*owned(t, from))--;
	(*owned(t, to))++;
	b->owner = to;
}

static unsigned
buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	struct tenv *t = ctx;

	bool fails = t->buf_outage;

	t->buf_calls++;
	if (t->buf_fail_at != 0 && t->buf_calls >= t->buf_fail_at)
		fails = fails || t->buf_calls == t->buf_fail_at ||
			t->buf_calls < t->buf_fail_at + t->buf_fail_count;
	if (fails) {
		t->buf_refused++;
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		struct tenv_buf *b = tenv_buf_new(t, t->buf_size);

		tenv_buf_pass(t, b, TENV_TEST, TENV_ENGINE);
		out[i].buf = b;
		out[i].base = b->mem;
		out[i].size = b->size;
	}
	return n;
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	struct tenv *t = ctx;

	for (unsigned i = 0; i < n; i++) {
		check_owner(buf[i], TENV_ENGINE);
		buf_drop(t, buf[i]);
	}
}

void
tenv_init(struct tenv *t)
{
	memset(t, 0, sizeof(*t));
	t->buf_size = 2048;
	t->env.ctx = t;
	t->env.alloc = mem_alloc;
	t->env.free = mem_free;
	t->env.buf_alloc = buf_alloc;
	t->env.buf_free = buf_free;
}

void
tenv_check_empty(const struct tenv *t)
{
	if (t->engine_bufs != 0)
		die("%u buffers were never released by the engine", t->engine_bufs);
	if (t->test_bufs != 0)
		die("%u buffers were never released by the test", t->test_bufs);
	if (t->mem_live != 0)
		die("%u blocks, %llu bytes of memory were never given back", t->mem_live,
			(unsigned long long)t->mem_bytes);
}
