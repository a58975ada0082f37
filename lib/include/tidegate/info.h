/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_INFO_H
#define TIDEGATE_INFO_H
/**
 * @file
 * What an operator sees of an engine: listeners, connections, counters, how full it is. All but the
 * counters and the memory are asked for on the engine's thread.
 */
#include "counters.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** TCP states as RFC 9293 3.3.2 names them. */
enum tg_state {
	TG_CLOSED,
	TG_LISTEN,
	TG_SYN_RECEIVED,
	TG_ESTABLISHED,
	TG_FIN_WAIT_1,
	TG_FIN_WAIT_2,
	TG_CLOSE_WAIT,
	TG_CLOSING,
	TG_LAST_ACK,
	TG_TIME_WAIT,
};

/** Name of a state as `ss` prints it ("ESTAB", "SYN-RECV", ...). Static storage. */
TG_API const char *tg_state_name(enum tg_state s);

/** A listener as an operator sees it. */
struct tg_listener_info {
	tg_listener listener;
	struct tg_endpoint local;
	bool dual_stack;
	uint32_t accept_queue; /**< connections waiting now (Recv-Q) */
	uint32_t accept_bound; /**< this shard's share of the bound (Send-Q) */
	uint32_t syn_queue;    /**< half-open entries now */
	uint32_t syn_young;    /**< of these, SYN-ACK sent once */
	uint32_t syn_acked;    /**< of these, last ACK seen and not acted on */
	uint32_t syn_bound;    /**< this shard's share of the bound */
	uint64_t passive_opens;
	uint64_t overflows; /**< ListenOverflows */
	uint64_t drops;     /**< ListenDrops */
	uint64_t cookies_sent;
	uint64_t cookies_recv;
	uint64_t cookies_failed;
	uint64_t defer_drops;      /**< bare ACKs not acted on (TCPDeferAcceptDrop) */
	uint32_t defer_accept_s;   /**< as configured */
	uint8_t defer_mode;        /**< enum tg_defer_mode */
	uint8_t fastopen;          /**< enum tg_fastopen */
	bool single_queue;         /**< one bound for both queues */
	bool cookies_on;           /**< a SYN would be answered with a cookie now */
	uint32_t fastopen_pending; /**< connections made of a SYN and without last ACK, plus slots
					that a RST keeps for 60 s */
	uint32_t fastopen_bound;   /**< this shard's share of fastopen_qlen */
	uint64_t fastopen_passive; /**< TCPFastOpenPassive */
	const char *service;       /**< name of its worker, or NULL: tg_worker_set_name() */
};

/** A connection, half-open entry or TIME_WAIT entry as an operator or worker sees it. */
struct tg_conn_info {
	tg_conn conn; /**< 0 for half-open and TIME_WAIT entries */
	struct tg_tuple tuple;
	uint8_t state;   /**< enum tg_state */
	bool accepted;   /**< a worker has taken it */
	bool sack;       /**< SACK permitted by both sides */
	bool timestamps; /**< RFC 7323 timestamps in use */
	bool window_scaling;
	uint8_t snd_wscale; /**< the peer's shift */
	uint8_t rcv_wscale; /**< ours */
	uint8_t retries;    /**< retransmissions without progress */
	bool from_cookie;   /**< came in by a SYN cookie */
	bool syn_data;      /**< data of its SYN was taken (Fast Open) */
	bool ecn;           /**< ECN in use (RFC 3168) */
	uint8_t soft_error; /**< errno of an ICMP error since data was last acknowledged, or 0 */
	uint16_t snd_mss;   /**< payload bytes we send at most per segment, options excluded */
	uint32_t recv_q;    /**< bytes the worker has not read */
	uint32_t send_q;    /**< bytes not acknowledged */
	uint32_t snd_wnd;   /**< the peer's window in bytes */
	uint32_t rcv_wnd;   /**< our window in bytes */
	uint32_t cwnd;      /**< congestion window in bytes */
	uint32_t ssthresh;  /**< slow-start threshold in bytes */
	uint32_t srtt_us;   /**< smoothed RTT, 0 = no sample */
	uint32_t rto_ms;
};

/** How full an engine is. */
struct tg_engine_usage {
	uint32_t conns, max_conns;
	uint32_t half_open, max_half_open;
	uint32_t time_wait, max_time_wait;
	uint32_t segments, max_segments; /**< buffers held in queues */
	uint32_t listeners;
};

/** Counts of this engine; readable from any thread, see struct tg_counters. */
TG_API const struct tg_counters *tg_engine_counters(const struct tg_engine *e);

/** Telemetry key, and text, of a disposition. Static storage; NULL when out of range. */
TG_API const char *tg_disposition_name(enum tg_disposition d);
TG_API const char *tg_disposition_text(enum tg_disposition d);

/** Name, and text, of a counter. Static storage; NULL when out of range. */
TG_API const char *tg_counter_name(enum tg_counter c);
TG_API const char *tg_counter_text(enum tg_counter c);

/** Fills in how full the engine is. */
TG_API void tg_engine_usage(const struct tg_engine *e, struct tg_engine_usage *u);

/** Bytes an engine has taken through env.alloc, by what they are for; all of them at creation. */
struct tg_engine_memory {
	uint64_t conns;     /**< connection entries */
	uint64_t half_open; /**< half-open entries */
	uint64_t time_wait; /**< TIME_WAIT entries */
	uint64_t segments;  /**< descriptors of buffers in queues; the buffers are env's */
	uint64_t flow;      /**< the table that finds an entry by its addresses */
	uint64_t other;     /**< the engine itself, proven peers, prefixes */
};

/** Fills in what an engine has taken. Any thread: it never changes. */
TG_API void tg_engine_memory(const struct tg_engine *e, struct tg_engine_memory *out);

/** Lists listeners from index *cursor on, which moves; start with 0. @return number filled */
TG_API unsigned tg_engine_listeners(
	const struct tg_engine *e, uint32_t *cursor, struct tg_listener_info out[], unsigned cap);

/**
 * Lists connections, then half-open entries, then TIME_WAIT entries; *cursor starts at 0 and
 * moves. Entries that come or go between calls may be seen or not; none is seen twice. At most
 * 4096 pool slots are looked at in a call, so 0 may be returned before the end.
 *
 * @return number filled; *cursor is UINT32_MAX at the end
 */
TG_API unsigned tg_engine_conns(
	const struct tg_engine *e, uint32_t *cursor, struct tg_conn_info out[], unsigned cap);

#ifdef __cplusplus
}
#endif

#endif
