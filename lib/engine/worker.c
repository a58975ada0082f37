/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's view: see <tidegate/worker.h>.
 */
#include <errno.h>
#include <string.h>

#include "close.h"
#include "data.h"
#include "engine_internal.h"
#include "event.h"
#include "keepalive.h"
#include "sendq.h"

int
tg_worker_create(struct tg_engine *e, void *ctx, struct tg_worker **out)
{
	struct tg_worker *w;

	if (e->workers == TG_WORKERS_MAX)
		return -ENOSPC;
	w = &e->worker[e->workers];
	w->engine = e;
	w->ctx = ctx;
	w->number = (uint8_t)e->workers++;
	*out = w;
	return 0;
}

void *
tg_worker_ctx(const struct tg_worker *w)
{
	return w->ctx;
}

static bool
any_acceptable(const struct tg_worker *w)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++)
		any |= w->acceptable[i];
	return any != 0;
}

bool
tg_worker_pending(const struct tg_worker *w)
{
	return w->engine->conns.events[w->number].head != TG_NONE || any_acceptable(w) || w->drain;
}

/* Listeners with an edge: at most one event each. */
static unsigned
take_acceptable(struct tg_worker *w, struct tg_event ev[], unsigned cap)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TG_LISTENERS_MAX / 64; i++) {
		while (w->acceptable[i] != 0 && n < cap) {
			unsigned bit = (unsigned)__builtin_ctzll(w->acceptable[i]);

			w->acceptable[i] &= w->acceptable[i] - 1;
			ev[n++] = (struct tg_event){
				.listener = tg_lsn_handle(&w->engine->listeners, i * 64 + bit),
				.what = TG_EV_ACCEPT,
			};
		}
	}
	return n;
}

unsigned
tg_worker_events(struct tg_worker *w, struct tg_event ev[], unsigned cap)
{
	unsigned n = 0;

	if (w->drain && cap > 0) {
		w->drain = false;
		ev[n++] = (struct tg_event){.what = TG_EV_DRAIN};
	}
	n += take_acceptable(w, ev + n, cap - n);
	while (n < cap && tg_event_take(&w->engine->conns, w->number, &ev[n]))
		n++;
	return n;
}

unsigned
tg_accept(struct tg_worker *w, tg_listener lh, tg_conn conn[], unsigned cap)
{
	struct tg_conns *cs = &w->engine->conns;
	uint32_t lsn = tg_lsn_index(&w->engine->listeners, lh), idx;
	struct tg_lsn *l;
	unsigned n = 0;

	if (lsn == TG_NONE || w->engine->listeners.lsn[lsn].worker != w->number)
		return 0;
	l = &w->engine->listeners.lsn[lsn];
	while (n < cap && (idx = tg_fifo_pop(&l->acceptq, &cs->tcb, TG_TCB_EVENT)) != TG_NONE) {
		struct tg_tcb *t = tg_tcb_at(cs, idx);

		/* The listener may have been another worker's when it was made. */
		t->worker = w->number & 0xf;
		tg_event_accepted(cs, t);
		conn[n++] = tg_tcb_handle(cs, t);
	}
	return n;
}

/* The TCB of a handle that this worker owns. */
static struct tg_tcb *
find(const struct tg_worker *w, tg_conn c)
{
	struct tg_tcb *t = tg_tcb_find(&w->engine->conns, c);

	return t != NULL && t->worker == w->number ? t : NULL;
}

/* What reading says when there is nothing to read. */
static int
nothing_to_read(const struct tg_tcb *t)
{
	if (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED))
		return t->error;
	return t->flags & TG_TCB_FIN_RCVD ? 0 : -EAGAIN;
}

int
tg_recv(struct tg_worker *w, tg_conn c, void *buf, uint32_t len)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	if (t->rcv_bytes == 0)
		return nothing_to_read(t);
	return (int)tg_data_read(&w->engine->conns, t, buf, len < INT32_MAX ? len : INT32_MAX);
}

int
tg_peek(struct tg_worker *w, tg_conn c, const uint8_t **p)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	if (t->rcv_bytes == 0)
		return nothing_to_read(t);
	return (int)tg_data_peek(&w->engine->conns, t, p);
}

int
tg_consume(struct tg_worker *w, tg_conn c, uint32_t n)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	if (n > t->rcv_bytes)
		return -EINVAL;
	if (n > 0)
		tg_data_consume(&w->engine->conns, t, n);
	return 0;
}

int
tg_send(struct tg_worker *w, tg_conn c, const void *buf, uint32_t len)
{
	struct tg_conns *cs = &w->engine->conns;
	struct tg_tcb *t = find(w, c);
	uint32_t done;

	if (t == NULL)
		return -EBADF;
	if (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED))
		return t->error != 0 ? t->error : -EPIPE;
	if (t->flags & TG_TCB_FIN_WANTED)
		return -EPIPE;
	if (len == 0)
		return 0;
	done = tg_sendq_append(cs, t, buf, len < INT32_MAX ? len : INT32_MAX);
	if (done < len)
		t->flags |= TG_TCB_WANT_WRITE;
	/* Also when none was taken: output() looks again for buffers (see tg_conn_output). */
	if (done > 0 || t->snd_bytes <= cs->sndbuf / 2)
		tg_tcb_want_output(cs, t);
	return done > 0 ? (int)done : -EAGAIN;
}

int
tg_shutdown(struct tg_worker *w, tg_conn c)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	if (t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED | TG_TCB_FIN_WANTED))
		return -EPIPE;
	tg_conn_shutdown(&w->engine->conns, t);
	return 0;
}

int
tg_close(struct tg_worker *w, tg_conn c)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	tg_conn_close(&w->engine->conns, t, w->engine->now);
	return 0;
}

int
tg_abort(struct tg_worker *w, tg_conn c)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	if ((t->flags & (TG_TCB_DEAD | TG_TCB_RST_WANTED)) == 0)
		tg_count(&w->engine->conns, TG_CNT_ABORT_ON_DATA); /* as Linux counts linger 0 */
	tg_conn_abort(&w->engine->conns, t);
	return 0;
}

int
tg_set_nodelay(struct tg_worker *w, tg_conn c, bool nodelay)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	t->flags &= ~(uint32_t)TG_TCB_NODELAY;
	if (nodelay) {
		t->flags |= TG_TCB_NODELAY;
		tg_tcb_want_output(&w->engine->conns, t);
	}
	return 0;
}

int
tg_set_options(struct tg_worker *w, tg_conn c, const struct tg_conn_options *o)
{
	struct tg_option_table *all = &w->engine->conns.options;
	struct tg_tcb *t = find(w, c);
	struct tg_options set, old;
	uint16_t idx;

	if (t == NULL)
		return -EBADF;
	if (tg_options_make(all, o, all->set[t->options].idle_ms, &set) != 0)
		return -EINVAL;
	idx = tg_options_get(all, &set);
	if (idx == TG_OPTIONS_NONE)
		return -ENOSPC;
	old = all->set[t->options];
	tg_options_put(all, t->options);
	t->options = idx;
	tg_keep_changed(&w->engine->conns, t, &old, w->engine->now);
	return 0;
}

int
tg_get_options(const struct tg_worker *w, tg_conn c, struct tg_conn_options *o)
{
	const struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	tg_options_tell(tg_tcb_options(&w->engine->conns, t), o);
	return 0;
}

int
tg_set_user(struct tg_worker *w, tg_conn c, void *user)
{
	struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	t->user = user;
	return 0;
}

void *
tg_user(const struct tg_worker *w, tg_conn c)
{
	const struct tg_tcb *t = find(w, c);

	return t != NULL ? t->user : NULL;
}

int
tg_get_info(const struct tg_worker *w, tg_conn c, struct tg_conn_info *info)
{
	const struct tg_tcb *t = find(w, c);

	if (t == NULL)
		return -EBADF;
	tg_info_of_tcb(w->engine, t, info);
	return 0;
}
