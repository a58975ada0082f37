/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_FAKE_WORKER_H
#define TG_TEST_FAKE_WORKER_H
/**
 * @file
 * tidegate/worker.h without an engine: connections are a few byte queues the test fills and
 * empties. Only what services call is there.
 */
#include <tidegate/worker.h>

/** Connections at a time. */
#define FAKE_CONNS 64
/** Bytes of a queue. */
#define FAKE_QUEUE (1 << 16)

/** One connection; its handle is its index + 1. */
struct fake_conn {
	bool open;   /**< accepted and neither closed nor aborted */
	bool eof;    /**< the peer sends no more */
	bool shut;   /**< tg_shutdown() was called */
	bool reset;  /**< closed with unread bytes, or aborted: the peer sees a RST */
	bool closed; /**< tg_close() was called */
	uint16_t events;
	void *user;
	uint32_t in_len;
	uint8_t in[FAKE_QUEUE];
	uint32_t out_len;
	uint32_t out_room; /**< bytes the send queue takes */
	uint8_t out[FAKE_QUEUE];
};

/** All there is. */
struct fake_world {
	struct fake_conn conn[FAKE_CONNS];
	unsigned waiting; /**< connections in the accept queue: the first ones not open */
	unsigned next;    /**< the next one accepted */
	bool accept_event;
	bool drain_event;
};

extern struct fake_world world;

/** Forgets everything. */
void fake_reset(void);

/** n clients connect. */
void fake_connect(unsigned n);

/** Bytes from a client. */
void fake_data(unsigned i, const char *text);

/** A client closes its half. */
void fake_eof(unsigned i);

/** Takes what was sent to a client and makes room for n more bytes. */
void fake_take(unsigned i, uint32_t n);

/** What the service runs on. */
struct tg_worker *fake_worker(void);

#endif
