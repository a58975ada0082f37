/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_CONN_TCB_H
#define TG_CONN_TCB_H
/**
 * @file
 * The transmission control block, and what all connections of an engine share.
 *
 * The verbs live beside their concern: arrival.h (a segment came in), ack.h, data.h (receive
 * queue), sendq.h, output.h, retransmit.h, congestion.h, close.h, timewait.h, event.h, synrcvd.h,
 * icmp.h.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/counters.h>
#include <tidegate/engine.h>
#include <tidegate/worker.h>

#include "fifo.h"
#include "flow.h"
#include "host.h"
#include "options.h"
#include "secret.h"
#include "segment.h"
#include "ticks.h"
#include "timewait.h"
#include "wheel.h"

/** At most so many workers in an engine. */
#define TG_WORKERS_MAX 16

/** Flags of a TCB. */
enum tg_tcb_flags {
	TG_TCB_TS = 1 << 0,          /**< timestamps in every segment */
	TG_TCB_SACK = 1 << 1,        /**< SACK agreed */
	TG_TCB_WSCALE = 1 << 2,      /**< window scaling agreed */
	TG_TCB_COOKIE = 1 << 3,      /**< came in by a SYN cookie */
	TG_TCB_NODELAY = 1 << 4,     /**< Nagle off */
	TG_TCB_ACCEPTED = 1 << 5,    /**< a worker has taken it */
	TG_TCB_ORPHAN = 1 << 6,      /**< the worker has closed its handle */
	TG_TCB_ACK_NOW = 1 << 7,     /**< an ACK must leave at the next output */
	TG_TCB_FIN_WANTED = 1 << 8,  /**< FIN after the send queue */
	TG_TCB_FIN_RCVD = 1 << 9,    /**< the peer's FIN is in rcv_nxt */
	TG_TCB_WANT_WRITE = 1 << 10, /**< a send was short: TG_EV_WRITE is owed */
	TG_TCB_IN_OUTQ = 1 << 11,    /**< linked in tg_conns.out */
	TG_TCB_IN_EVENTQ = 1 << 12,  /**< linked in a worker's event queue */
	TG_TCB_RST_WANTED = 1 << 13, /**< RST at the next output, then free */
	TG_TCB_DEAD = 1 << 14,       /**< over; kept until the worker closes the handle */
	TG_TCB_RECOVERY = 1 << 15,   /**< in fast recovery until `recover` is acknowledged */
	TG_TCB_REXMT_HEAD = 1 << 16, /**< the first unacknowledged segment must be sent again */
	TG_TCB_RTT_ON = 1 << 17,     /**< rtt_seq is being timed */
	TG_TCB_T_REXMT = 1 << 18,    /**< rexmt_at runs (retransmission or zero-window probe) */
	TG_TCB_T_DELACK = 1 << 19,   /**< delack_at runs */
	TG_TCB_T_IDLE = 1 << 20,     /**< idle_at runs (idle timeout, or FIN_WAIT_2 of an orphan) */
	TG_TCB_PROBE = 1 << 21,      /**< a zero-window probe must leave at the next output */
	TG_TCB_V6 = 1 << 22,         /**< IPv6 */
	TG_TCB_OOW_SET = 1 << 23,    /**< oow_at is valid */
	TG_TCB_RTO_DONE = 1 << 24,   /**< a timeout cut ssthresh; not again before progress */
	TG_TCB_NO_FLOW = 1 << 25,    /**< no longer in the flow table */
	TG_TCB_TIME_WAIT_WANTED = 1 << 26, /**< TIME_WAIT after the ACK that output owes */
	TG_TCB_SYN_RCVD = 1 << 27,         /**< our SYN is not acknowledged yet: synrcvd.h */
	TG_TCB_HIDDEN = 1 << 28,           /**< with SYN_RCVD and ORPHAN: in no accept queue yet */
	TG_TCB_ECN = 1 << 29,              /**< ECN agreed (RFC 3168) */
	TG_TCB_ECE_OWED = 1 << 30,         /**< CE came: ECE in every segment until CWR comes */
};

/** The last of them; an enumerator is an int and ends at 2^31 - 1. CWR with the next new data. */
#define TG_TCB_CWR_WANTED (UINT32_C(1) << 31)

/** Further flags: what a Fast Open connection (synrcvd.h) and keep-alive need. */
enum tg_tcb_flags2 {
	TG_TCB2_SYN_DATA = 1 << 0,    /**< data of its SYN was taken; stays for ever */
	TG_TCB2_SYNACK = 1 << 1,      /**< a SYN-ACK must leave at the next output */
	TG_TCB2_TFO = 1 << 2,         /**< the same with a fresh cookie, kind 34, */
	TG_TCB2_TFO_EXP = 1 << 3,     /**< or the experimental kind */
	TG_TCB2_SYNACK_SENT = 1 << 4, /**< a SYN-ACK has left */
	TG_TCB2_ACKED = 1 << 5,       /**< a last ACK came that found no room (HIDDEN) */
	TG_TCB2_KEEP = 1 << 6,        /**< keep_at runs (keepalive.h) */
	TG_TCB2_KEEP_PROBE = 1 << 7,  /**< a keep-alive probe must leave at the next output */
	TG_TCB2_KEEP_TRIED = 1 << 8,  /**< retries counts keep-alive probes */
	TG_TCB2_STUCK = 1 << 9,       /**< the retransmission timer has run out, and no progress
					   since: stuck_at is valid, keep_at is not */
};

/** State of a connection. Four cache lines; all sequence numbers are wire numbers. */
struct tg_tcb {
	/* What an in-order segment touches. */
	alignas(64) struct tg_flow_key key; /**< free_use: index of the listener */
	uint32_t rcv_nxt;                   /**< next byte expected */
	uint32_t rcv_adv;                   /**< right edge of the window we have offered */
	uint32_t snd_una;                   /**< first byte not acknowledged */
	uint32_t snd_nxt;                   /**< next byte to send; falls back on a timeout */
	uint32_t snd_max;                   /**< first byte never sent */
	uint32_t snd_wnd;                   /**< the peer's window in bytes */
	uint32_t snd_wl1;                   /**< SEG.SEQ of the segment that set snd_wnd */
	uint32_t ts_recent;                 /**< TS.Recent of RFC 7323 */
	uint32_t flags;                     /**< enum tg_tcb_flags */

	uint32_t ts_offset;     /**< our timestamp clock is ms + this */
	tg_ms ts_recent_at;     /**< when ts_recent was set: older than 24 days is not believed */
	uint32_t last_ack_sent; /**< RFC 7323 4.3: Last.ACK.sent */
	uint8_t state;          /**< enum tg_state */
	uint8_t snd_wscale : 4; /**< shift of the peer's windows */
	uint8_t quick : 4;      /**< segments still to be acknowledged at once */
	uint8_t dupacks;        /**< duplicate ACKs in a row, saturating */
	uint8_t retries;        /**< timeouts or probes since the last progress */
	uint16_t snd_mss;       /**< payload bytes per segment at most */
	uint16_t rcv_mss;   /**< what the peer seems to send at most: 2 of them are acknowledged */
	uint32_t rcv_bytes; /**< in the receive queue, not yet read */
	uint32_t rcv_head;  /**< receive queue: first and */
	uint32_t rcv_tail;  /**< last segment in tg_conns.seg */
	uint16_t rcv_off;   /**< bytes of the first segment already read */
	uint16_t rcv_segs;  /**< buffers in the receive queue */
	uint32_t rcv_unacked; /**< bytes taken in since the last ACK left */

	uint32_t snd_bytes;   /**< in the send queue: acknowledged ones are gone */
	uint32_t snd_head;    /**< send queue: first and */
	uint32_t snd_tail;    /**< last segment */
	uint32_t snd_cur;     /**< segment that holds snd_nxt, TG_NONE when all was sent */
	uint16_t snd_off;     /**< bytes of the first segment already acknowledged */
	uint16_t snd_cur_off; /**< offset of snd_nxt in snd_cur */
	uint32_t max_wnd;     /**< largest window the peer ever offered (sender's SWS avoidance) */
	uint32_t cwnd;        /**< congestion window in bytes */
	uint32_t ssthresh;
	uint32_t recover;    /**< RFC 6582: end of fast recovery */
	uint32_t cut;        /**< snd_max when cwnd was last cut: once a window (RFC 3168) */
	uint32_t rtt_seq;    /**< timed by Karn's algorithm: sampled when this is acknowledged */
	uint32_t rtt_at_us;  /**< when it was sent, microseconds modulo 2^32 */
	uint32_t srtt_us8;   /**< smoothed RTT in 1/8 microseconds, 0 = no sample */
	uint32_t rttvar_us4; /**< RTT variance in 1/4 microseconds */
	uint32_t rto_ms;

	tg_ms rexmt_at;
	tg_ms delack_at;
	tg_ms idle_at;
	tg_ms oow_at;          /**< last ACK that answered an unacceptable segment */
	struct tg_timer timer; /**< armed at the earliest of the deadlines, or earlier */
	struct tg_link out;    /**< in tg_conns.out */
	struct tg_link event;  /**< in a worker's event queue, or an accept queue before */
	void *user;
	uint32_t hash;       /**< flow hash */
	uint32_t generation; /**< of the handle; survives free */
	uint8_t mac[6];      /**< the peer's, of its last valid segment */
	uint8_t worker : 4;
	uint8_t backoff : 4; /**< RTO is doubled so many times */
	uint8_t event_mask;  /**< enum tg_event_what pending */
	int16_t error;       /**< why it is dead: -ECONNRESET or -ETIMEDOUT */
	uint16_t path;       /**< the way back (host.h) */
	union {
		tg_ms keep_at;  /**< keep-alive: next probe, or the end */
		tg_ms stuck_at; /**< with TG_TCB2_STUCK: when the timer first ran out */
	};
	uint16_t options;   /**< its set in tg_conns.options */
	uint16_t own_mss;   /**< the MSS we announced */
	uint16_t flags2;    /**< enum tg_tcb_flags2 */
	uint8_t soft_error; /**< errno of the last ICMP error, 0 once data is acknowledged */
};
_Static_assert(sizeof(struct tg_tcb) == 256, "four cache lines; 320 bytes with all tables");
_Static_assert(offsetof(struct tg_tcb, snd_bytes) <= 128, "in-order data: two cache lines");

/** Everything the connections of an engine share. Part of the engine, one thread. */
struct tg_conns {
	struct tg_pool tcb; /**< struct tg_tcb */
	struct tg_wheel wheel;
	struct tg_segs segs;
	struct tg_timewait tw;
	struct tg_option_table options;
	struct tg_fifo out;                    /**< TCBs with something to send */
	struct tg_fifo events[TG_WORKERS_MAX]; /**< TCBs with pending events */
	struct tg_flow *flow;
	struct tg_host *host;
	struct tg_counters *counters;
	struct tg_env env;
	/* settings, copied from tg_engine_config */
	uint32_t rcvbuf;
	uint32_t sndbuf;
	uint32_t rto_min_ms;
	uint32_t delayed_ack_ms;
	uint32_t fin_timeout_ms;
	uint8_t retries;
	uint8_t orphan_retries;
	uint8_t rcv_wscale; /**< our shift, from rcvbuf */
	uint32_t buf_size;  /**< usable bytes of a buffer: bounds what a segment carries */
	uint32_t synack_rto_ms;
	uint8_t synack_retries;
	/** A TCB with TG_TCB_SYN_RCVD has lost it: the last ACK came, or it ended. May not be NULL
	 * where such TCBs are made. */
	void (*synrcvd_over)(void *ctx, const struct tg_tcb *t);
	void *synrcvd_ctx;
};

/** A handshake that is complete, as half-open entry or cookie knew it; or begun, by Fast Open. */
struct tg_proven {
	struct tg_flow_key key;
	uint32_t hash;
	uint32_t irs;
	uint32_t iss;
	uint32_t ts_recent;
	uint32_t ts_offset;
	uint32_t rtt_ms; /**< from SYN-ACK to ACK, UINT32_MAX = not known */
	uint16_t mss;    /**< what the peer can receive */
	uint16_t path;   /**< the reference goes over to the TCB */
	uint8_t mac[6];
	uint8_t wscale;
	bool has_wscale;
	bool sack;
	bool ts;
	bool v6;
	bool cookie;
	bool ecn;           /**< RFC 3168 agreed */
	bool synack_resent; /**< RFC 6298 5.7: start with RTO 3 s and one segment */
	bool nodelay;
	bool syn_rcvd; /**< the last ACK is still to come (synrcvd.h) */
	bool hidden;   /**< the same, and nobody is told before (TG_TCB_HIDDEN) */
	uint8_t worker;
	uint16_t options; /**< in tg_conns.options; the TCB takes a reference of its own */
	uint16_t own_mss; /**< the MSS we announced */
	uint16_t rcv_wnd; /**< the window the SYN-ACK offered */
};

#define TG_TCB_TIMER offsetof(struct tg_tcb, timer)
#define TG_TCB_OUT   offsetof(struct tg_tcb, out)
#define TG_TCB_EVENT offsetof(struct tg_tcb, event)

static inline struct tg_tcb *
tg_tcb_at(const struct tg_conns *cs, uint32_t idx)
{
	return tg_pool_at(&cs->tcb, idx);
}

static inline uint32_t
tg_tcb_index(const struct tg_conns *cs, const struct tg_tcb *t)
{
	return (uint32_t)((size_t)((const uint8_t *)t - cs->tcb.base) / sizeof(struct tg_tcb));
}

/** Its options. */
static inline const struct tg_options *
tg_tcb_options(const struct tg_conns *cs, const struct tg_tcb *t)
{
	return &cs->options.set[t->options];
}

static inline void
tg_count(const struct tg_conns *cs, enum tg_counter c)
{
	cs->counters->event[c]++;
}

/** First byte after what the worker has written; the FIN's number once it is wanted. */
static inline uint32_t
tg_tcb_snd_end(const struct tg_tcb *t)
{
	return t->snd_una + t->snd_bytes;
}

/** True when our FIN has been sent at least once. */
static inline bool
tg_tcb_fin_sent(const struct tg_tcb *t)
{
	return t->state == TG_FIN_WAIT_1 || t->state == TG_FIN_WAIT_2 || t->state == TG_CLOSING ||
		t->state == TG_LAST_ACK;
}

/** Sizes everything. cs->flow, host, counters, env and settings are already set. @return 0, -ENOMEM
 */
int tg_conns_init(
	struct tg_conns *cs, const struct tg_mem *mem, const struct tg_engine_config *cfg);

/** Releases every buffer and all memory. */
void tg_conns_fini(struct tg_conns *cs, const struct tg_mem *mem);

/**
 * Makes an ESTABLISHED connection of a proven handshake, or a SYN_RECEIVED one with p->syn_rcvd,
 * whose SYN-ACK timer runs and whose SYN-ACK the caller sends. The caller inserts it into the flow
 * table (index from tg_tcb_index()) and an accept queue.
 *
 * @return the TCB, or NULL when none is free
 */
struct tg_tcb *tg_tcb_open(
	struct tg_conns *cs, const struct tg_proven *p, uint32_t snd_wnd, tg_time now);

/**
 * Takes a TCB and makes it like another one.
 *
 * @param like  an ESTABLISHED connection on which no timer runs, as tg_tcb_open() left it; need not
 *              be alive. What is not the same for all like it is the caller's to fill in: key,
 *              hash, numbers (tg_tcb_number()), the peer's windows, timestamps, RTT, mac, path
 * @return NULL when none is free
 */
struct tg_tcb *tg_tcb_copy(struct tg_conns *cs, const struct tg_tcb *like, tg_time now);

/** Numbers of a connection whose handshake is just over. @param rcv_wnd  what the SYN-ACK offered
 */
static inline void
tg_tcb_number(struct tg_tcb *t, uint32_t irs, uint32_t iss, uint16_t rcv_wnd)
{
	t->rcv_nxt = irs + 1;
	t->rcv_adv = t->rcv_nxt + rcv_wnd;
	t->last_ack_sent = t->rcv_nxt;
	t->snd_una = iss + 1;
	t->snd_nxt = t->snd_una;
	t->snd_max = t->snd_una;
	t->snd_wl1 = irs;
}

/** Handle of a TCB. */
tg_conn tg_tcb_handle(const struct tg_conns *cs, const struct tg_tcb *t);

/** The TCB of a handle, or NULL when it is stale or its worker has closed it. */
struct tg_tcb *tg_tcb_find(const struct tg_conns *cs, tg_conn c);

/**
 * Ends the life of a TCB on the wire: timers off, out of the flow table, send queue released.
 * Memory goes at once when the worker has closed the handle (or never saw it), otherwise with
 * tg_close(): until then the TCB is dead and what was received can be read.
 *
 * @param error  0, -ECONNRESET, -ETIMEDOUT; told to the worker by TG_EV_CLOSED
 */
void tg_tcb_end(struct tg_conns *cs, struct tg_tcb *t, int error);

/** Returns a TCB that is off the wire to the pool. */
void tg_tcb_free(struct tg_conns *cs, struct tg_tcb *t);

/** Links the TCB for output. */
void tg_tcb_want_output(struct tg_conns *cs, struct tg_tcb *t);

/** Sees to it that the wheel wakes the TCB at a deadline, or earlier. */
void tg_tcb_arm(struct tg_conns *cs, struct tg_tcb *t, tg_ms at);

/** Starts a timer: which is one of TG_TCB_T_*; wait in ms. */
void tg_tcb_start(
	struct tg_conns *cs, struct tg_tcb *t, uint32_t which, uint32_t wait, tg_time now);

/** A byte has moved: the idle timeout, where there is one, begins anew. */
static inline void
tg_tcb_moved(struct tg_conns *cs, struct tg_tcb *t, tg_time now)
{
	uint32_t idle_ms = tg_tcb_options(cs, t)->idle_ms;

	if (idle_ms != 0 && (t->flags & TG_TCB_ORPHAN) == 0)
		tg_tcb_start(cs, t, TG_TCB_T_IDLE, idle_ms, now);
}

/** Stops a timer. */
static inline void
tg_tcb_stop(struct tg_tcb *t, uint32_t which)
{
	t->flags &= ~which;
}

/** Fires what is due on a TCB whose wheel timer went off, and arms the next. */
void tg_tcb_timers(struct tg_conns *cs, struct tg_tcb *t, tg_time now);

#endif
