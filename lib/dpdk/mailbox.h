/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_DPDK_MAILBOX_H
#define TG_DPDK_MAILBOX_H
/**
 * @file
 * A question another thread puts to a shard, answered between bursts.
 *
 * Queues and connections may only be looked at on the shard's thread. So one thread at a time (the
 * caller sees to that) leaves a question here; the shard finds it in its next turn and copies a
 * bounded number of entries. A shard that is never asked pays one load a turn.
 */
#include <rte_branch_prediction.h>

#include <tidegate/tidegate.h>

/** Listeners in one answer. */
#define TG_MAIL_LISTENERS 20
/** Connections in one answer. */
#define TG_MAIL_CONNS 32

/** Questions. */
enum tg_mail_kind {
	TG_MAIL_USAGE,
	TG_MAIL_LISTEN,
	TG_MAIL_CONN,
	TG_MAIL_CALL,
};

/** Whose turn it is. */
enum tg_mail_state {
	TG_MAIL_IDLE,  /**< the asker's */
	TG_MAIL_ASKED, /**< the shard may take it, the asker may take it back */
	TG_MAIL_BUSY,  /**< the shard's */
	TG_MAIL_DONE,  /**< the asker's: answer is there */
};

/** A function to be called on the shard's thread. */
struct tg_mail_call {
	void (*fn)(struct tg_engine *e, void *arg);
	void *arg;
};

/** One question and its answer. All zero: nothing asked. */
struct tg_mailbox {
	uint32_t state;  /**< enum tg_mail_state, accessed atomically */
	uint32_t kind;   /**< enum tg_mail_kind */
	uint32_t cursor; /**< in: where to start; out: where to go on */
	uint32_t n;      /**< entries in the answer */
	union {
		struct tg_engine_usage usage;
		struct tg_listener_info listener[TG_MAIL_LISTENERS];
		struct tg_conn_info conn[TG_MAIL_CONNS];
		struct tg_mail_call call; /**< the question itself: filled in by the asker */
	};
};

/** The slow part of tg_mailbox_serve(). */
void tg_mailbox_answer(struct tg_mailbox *mb, struct tg_engine *e);

/** Shard's side, once a turn: answers a question when there is one. */
static inline void
tg_mailbox_serve(struct tg_mailbox *mb, struct tg_engine *e)
{
	if (unlikely(__atomic_load_n(&mb->state, __ATOMIC_RELAXED) == TG_MAIL_ASKED))
		tg_mailbox_answer(mb, e);
}

/**
 * Asker's side: asks and waits.
 *
 * @param cursor      0 at first; moves as that of tg_engine_listeners() or tg_engine_conns()
 * @param timeout_ms  how long the shard may take to notice
 * @return entries in mb (valid until the next question); -ETIMEDOUT when the shard's loop does
 *         not run: then the question is taken back, and what it points to is not used
 */
int tg_mailbox_ask(
	struct tg_mailbox *mb, enum tg_mail_kind kind, uint32_t *cursor, unsigned timeout_ms);

#endif
