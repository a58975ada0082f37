/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_WORKER_H
#define TIDEGATE_WORKER_H
/**
 * @file
 * What a service sees: events, accept, and connections by handle.
 *
 * A worker belongs to one engine and is used on the engine's thread, between bursts. It owns
 * listeners (tg_listener_config.worker) and every connection accepted from them.
 *
 * Events are edges: each says that a condition has become true since the worker last ran into its
 * opposite. So on TG_EV_READ read until -EAGAIN, on TG_EV_ACCEPT accept until 0. A connection's
 * pending events are merged into one; none is ever lost.
 *
 * Errors are negative errno values. Every call on a stale handle is -EBADF.
 */
#include "engine.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Conditions in tg_event.what. */
enum tg_event_what {
	TG_EV_ACCEPT = 1 << 0, /**< listener: connections wait in the accept queue */
	TG_EV_READ = 1 << 1,   /**< bytes, or the end of the stream, can be read */
	TG_EV_WRITE = 1 << 2,  /**< after a short tg_send(): half of the send buffer is free */
	TG_EV_CLOSED =
		1 << 3, /**< the connection is over: reset or timed out (tg_event.error); bytes
			     received before may still be read; tg_close() frees the handle */
	TG_EV_DRAIN = 1 << 4, /**< the engine is stopping (conn and listener are 0): finish what is
				   under way, close the rest */
};

/** One event. */
struct tg_event {
	tg_conn conn;         /**< 0 for TG_EV_ACCEPT and TG_EV_DRAIN */
	tg_listener listener; /**< for TG_EV_ACCEPT */
	uint16_t what;        /**< enum tg_event_what bits */
	int16_t error;        /**< with TG_EV_CLOSED: -ECONNRESET or -ETIMEDOUT, else 0 */
	void *user;           /**< as given to tg_set_user() */
};

/**
 * Makes a worker.
 *
 * @param ctx  the service's own, given back by tg_worker_ctx()
 * @param out  freed with the engine
 * @return 0; -ENOSPC when the engine has its 16 workers
 */
TG_API int tg_worker_create(struct tg_engine *e, void *ctx, struct tg_worker **out);

/**
 * Names a worker, for an operator who looks at listeners (tg_listener_info.service). NULL at first.
 *
 * @param name  not copied: must live as long as the engine, a string in static storage
 */
TG_API void tg_worker_set_name(struct tg_worker *w, const char *name);

/** What was given as ctx. */
TG_API void *tg_worker_ctx(const struct tg_worker *w);

/** True when tg_worker_events() would return something. Cheap: for the loop around. */
TG_API bool tg_worker_pending(const struct tg_worker *w);

/** Takes up to cap events, oldest first. @return number taken */
TG_API unsigned tg_worker_events(struct tg_worker *w, struct tg_event ev[], unsigned cap);

/**
 * Takes connections out of a listener's accept queue, oldest first. Data that is already there
 * raises TG_EV_READ.
 *
 * @return number taken, 0 when the queue is empty or the handle is not this worker's listener
 */
TG_API unsigned tg_accept(struct tg_worker *w, tg_listener l, tg_conn conn[], unsigned cap);

/**
 * Reads.
 *
 * @param len  bytes of room at buf, at least 1
 * @return bytes read; 0 at the end of the stream (peer's FIN); -EAGAIN; -EBADF; -ECONNRESET or
 *         -ETIMEDOUT once what was received before is read
 */
TG_API int tg_recv(struct tg_worker *w, tg_conn c, void *buf, uint32_t len);

/**
 * Looks at received bytes where they lie.
 *
 * @param p  set to the first unread byte; valid until the next call on this connection
 * @return contiguous bytes at *p; else as tg_recv()
 */
TG_API int tg_peek(struct tg_worker *w, tg_conn c, const uint8_t **p);

/** Drops n bytes seen by tg_peek(), n up to what it returned. @return 0, -EINVAL, -EBADF */
TG_API int tg_consume(struct tg_worker *w, tg_conn c, uint32_t n);

/**
 * Writes: copies into the send queue.
 *
 * @return bytes taken, may be less than len; -EAGAIN when none (TG_EV_WRITE will come in both
 *         cases); -EPIPE after tg_shutdown(); -EBADF; -ECONNRESET, -ETIMEDOUT
 */
TG_API int tg_send(struct tg_worker *w, tg_conn c, const void *buf, uint32_t len);

/** Ends our direction: FIN after what is queued. Reading goes on. @return 0, -EBADF, -EPIPE */
TG_API int tg_shutdown(struct tg_worker *w, tg_conn c);

/**
 * Gives the connection up: the handle is invalid from here on. What is queued is still sent, then
 * FIN; with unread received bytes it is a RST at once (RFC 2525 2.17). Data that arrives later
 * gets a RST (RFC 9293 3.6.1).
 *
 * @return 0, -EBADF
 */
TG_API int tg_close(struct tg_worker *w, tg_conn c);

/** RST now, no TIME_WAIT; the handle is invalid from here on. @return 0, -EBADF */
TG_API int tg_abort(struct tg_worker *w, tg_conn c);

/** Switches Nagle's algorithm off (true) or on. @return 0, -EBADF */
TG_API int tg_set_nodelay(struct tg_worker *w, tg_conn c, bool nodelay);

/**
 * Sets a connection's options, from now on: change what tg_get_options() gives.
 *
 * Connections with the same options share one set. An engine has room for 1024 different ones,
 * those of its listeners included.
 *
 * @return 0; -EINVAL when a value is out of its range; -ENOSPC when no set is free; -EBADF
 */
TG_API int tg_set_options(struct tg_worker *w, tg_conn c, const struct tg_conn_options *o);

/** The options in force, with every default as its value. @return 0, -EBADF */
TG_API int tg_get_options(const struct tg_worker *w, tg_conn c, struct tg_conn_options *o);

/** Attaches a pointer of the service's. @return 0, -EBADF */
TG_API int tg_set_user(struct tg_worker *w, tg_conn c, void *user);

/** The attached pointer; NULL when none or the handle is stale. */
TG_API void *tg_user(const struct tg_worker *w, tg_conn c);

/** Peer, local address, state and TCP details. @return 0, -EBADF */
TG_API int tg_get_info(const struct tg_worker *w, tg_conn c, struct tg_conn_info *info);

#ifdef __cplusplus
}
#endif

#endif
