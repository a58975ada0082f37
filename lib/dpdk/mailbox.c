/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <time.h>

#include "mailbox.h"

/* How often the asker looks: far below what a person notices, far above what costs anything. */
#define LOOK_US 50

void
tg_mailbox_answer(struct tg_mailbox *mb, struct tg_engine *e)
{
	uint32_t asked = TG_MAIL_ASKED;

	/* The asker may just be taking its question back. */
	if (!__atomic_compare_exchange_n(
		    &mb->state, &asked, TG_MAIL_BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	switch (mb->kind) {
	case TG_MAIL_USAGE:
		tg_engine_usage(e, &mb->usage);
		mb->n = 1;
		break;
	case TG_MAIL_LISTEN:
		mb->n = tg_engine_listeners(e, &mb->cursor, mb->listener, TG_MAIL_LISTENERS);
		break;
	case TG_MAIL_CONN:
		mb->n = tg_engine_conns(e, &mb->cursor, mb->conn, TG_MAIL_CONNS);
		break;
	case TG_MAIL_CALL:
		mb->call.fn(e, mb->call.arg);
		mb->n = 0;
		break;
	default:
		mb->n = 0;
		break;
	}
	__atomic_store_n(&mb->state, TG_MAIL_DONE, __ATOMIC_RELEASE);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * Waits until the answer is there. False when it did not come in time, which a clock tells: a sleep
 * of 50 us takes 110 on an idle machine, and some 100 more where CPUs are short.
 */
static bool
wait_done(const struct tg_mailbox *mb, uint64_t timeout_ms)
{
	const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
	uint64_t began = now_ms();

	for (;;) {
		if (__atomic_load_n(&mb->state, __ATOMIC_ACQUIRE) == TG_MAIL_DONE)
			return true;
		if (now_ms() - began > timeout_ms)
			return false;
		nanosleep(&pause, NULL);
	}
}

int
tg_mailbox_ask(struct tg_mailbox *mb, enum tg_mail_kind kind, uint32_t *cursor, unsigned timeout_ms)
{
	mb->kind = kind;
	mb->cursor = *cursor;
	mb->n = 0;
	__atomic_store_n(&mb->state, TG_MAIL_ASKED, __ATOMIC_RELEASE);
	if (!wait_done(mb, timeout_ms)) {
		uint32_t asked = TG_MAIL_ASKED;

		if (__atomic_compare_exchange_n(&mb->state, &asked, TG_MAIL_IDLE, false,
			    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return -ETIMEDOUT;
		/*
		 * It was taken at the last moment, and is worked on: the answer comes. Whoever left
		 * now would take away what a call points to.
		 */
		wait_done(mb, UINT64_MAX);
	}
	*cursor = mb->cursor;
	return (int)mb->n;
}
