/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_ENGINE_H
#define TIDEGATE_ENGINE_H
/**
 * @file
 * The seam of the core: packets and time in, packets and events out.
 *
 * An engine is a function of (packets, time, configuration, seed): it reads no clock, has no
 * globals, takes no lock and allocates no memory after tg_engine_create(). One thread at a time
 * may call into an engine; different engines share nothing.
 *
 * A turn of the loop around it:
 *
 *     n = rx_burst(...);
 *     tg_engine_input(e, pkt, n, verdict, now);      // replies come back in the same buffers
 *     tg_engine_advance(e, now, wall_seconds, 64);   // timers
 *     worker code: tg_worker_events(), tg_accept(), tg_recv(), tg_send() ...
 *     m = tg_engine_output(e, pkt, cap, now);        // whatever else must leave
 */
#include "counters.h"
#include "info.h"
#include "pkt.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the engine is given of its surroundings. All callbacks run on the engine's thread. */
struct tg_env {
	void *ctx; /**< passed to every callback */
	/** Zeroed memory of `size` bytes at `align` (a power of 2), or NULL. Creation only. */
	void *(*alloc)(void *ctx, size_t size, size_t align);
	/** Takes back what alloc gave. Called by tg_engine_destroy() and a failed create only. */
	void (*free)(void *ctx, void *p, size_t size);
	/** Fills n packet buffers. All or nothing: returns n or 0. */
	unsigned (*buf_alloc)(void *ctx, struct tg_buf out[], unsigned n);
	/** Releases n buffers. */
	void (*buf_free)(void *ctx, void *const buf[], unsigned n);
};

/** When SYNs are answered with cookies. */
enum tg_syncookies {
	TG_SYNCOOKIES_OFF = 0,    /**< never: a full SYN queue drops */
	TG_SYNCOOKIES_FULL = 1,   /**< when the SYN queue is full */
	TG_SYNCOOKIES_ALWAYS = 2, /**< every SYN; no SYN-queue entry is made */
	/** From `syncookies_start` percent of the SYN queue on, until it is down to
	 * `syncookies_stop` percent; and when it is full */
	TG_SYNCOOKIES_ADAPTIVE = 3,
	TG_SYNCOOKIES_MONITOR = 4, /**< as OFF; counts what FULL would have answered so */
};

/** What a full accept queue does to SYNs. */
enum tg_accept_full {
	TG_ACCEPT_FULL_ALWAYS, /**< drops every SYN (Linux today) */
	TG_ACCEPT_FULL_YOUNG,  /**< drops it while more than one entry is young (Linux before 4.10)
				*/
};

/** Most ports in tg_engine_config.pass_port. */
#define TG_PASS_PORTS_MAX 32

/** Settings of an engine; start from tg_engine_config_init(). */
struct tg_engine_config {
	struct tg_env env;
	uint8_t seed[32];             /**< secret random bytes; engines with one seed and one
					   wall clock accept each other's cookies */
	uint64_t wall_s;              /**< wall-clock seconds at creation */
	tg_time now;                  /**< monotonic time at creation */
	uint16_t shard;               /**< this engine's number, 0 to shards - 1 */
	uint16_t shards;              /**< engines that share the listeners' bounds, 1 to 256 */
	uint32_t max_conns;           /**< connection entries, 1 to 2^24 */
	uint32_t max_half_open;       /**< SYN-queue entries over all listeners, 1 to 2^24 */
	uint32_t max_time_wait;       /**< TIME_WAIT entries, 1 to 2^24; the oldest makes room */
	uint32_t max_segments;        /**< buffers held in send and receive queues, 1 to 2^24 */
	uint32_t buf_size;            /**< least tg_buf.size that env.buf_alloc gives, TG_BUF_MIN to
					   65535: bounds the segments that are sent */
	uint32_t somaxconn;           /**< cap of every backlog, 1 to 2^20 */
	uint32_t max_syn_backlog;     /**< SYN queue of listeners with TG_SYN_BACKLOG_AUTO; and with
					   cookies off, its last quarter is for proven peers; 1 to 2^20
				       */
	uint8_t syncookies;           /**< enum tg_syncookies */
	uint8_t syncookies_start;     /**< ADAPTIVE: percent of the SYN queue, 1 to 100 */
	uint8_t syncookies_stop;      /**< the same, 0 to syncookies_start */
	uint8_t accept_full;          /**< enum tg_accept_full */
	bool accept_exact;            /**< the accept queue holds its bound, not one more (Linux) */
	uint32_t proven_peers;        /**< addresses remembered that completed a handshake, with
					   cookies OFF or MONITOR; 0 to 2^20, 0 = none are known */
	uint32_t proven_ms;           /**< for so long, 1000 to 2^31 - 2 */
	uint32_t synack_prefix_rate;  /**< SYN-ACKs per second to one IPv4 /24 or IPv6 /56,
					   0 = no limit, to 10^6 */
	uint32_t synack_prefix_burst; /**< so many in a row, 1 to 10^6 */
	uint32_t synack_prefix_buckets; /**< prefixes told apart, 64 to 2^20; what comes on top
					     shares */
	uint32_t cookie_check_rate;     /**< cookie checks per second, 0 = no limit; forged
					     connections per second are at most rate / 2^24 */
	uint8_t cookie_seed[32]; /**< with cookie_seed_shared: in place of `seed` for cookies and
				      Fast Open keys, the same on all machines of a fleet */
	bool cookie_seed_shared; /**< cookies of other machines arrive: always check */
	uint8_t fastopen_key[2][16]; /**< Fast Open: current and previous key (SipHash-2-4) */
	uint8_t fastopen_keys;       /**< 0 to 2 given; 0: derived from the seed */
	uint8_t synack_retries;      /**< SYN-ACK retransmissions, 0 to 255 */
	uint8_t retries;         /**< retransmissions before a connection is given up, 1 to 30 */
	uint8_t orphan_retries;  /**< the same after the worker closed, 1 to 30 */
	uint32_t synack_rto_ms;  /**< first SYN-ACK timeout, doubled each time, 100 to 120000 */
	uint32_t rto_min_ms;     /**< least RTO, 1 to 60000 (RFC 6298 wants 1000) */
	uint32_t delayed_ack_ms; /**< longest wait of an ACK, 0 to 500 (RFC 9293 MUST-40) */
	uint32_t time_wait_ms;   /**< 2 MSL, 0 to 240000 */
	uint32_t fin_timeout_ms; /**< closed by the worker, FIN acked, no FIN from the peer */
	uint32_t rcvbuf;         /**< receive buffer of a connection in bytes, 4096 to 2^26 */
	uint32_t sndbuf;         /**< send buffer of a connection in bytes, 4096 to 2^26 */
	uint32_t rst_rate;       /**< RSTs per second to segments without connection, 0 = none */
	bool abort_on_overflow;  /**< RST when a last ACK finds the accept queue full */
	bool closed_port_drop;   /**< stay silent for ports nobody listens on */
	bool timestamps;         /**< offer RFC 7323 timestamps back */
	bool sack;               /**< offer SACK-permitted back */
	bool window_scaling;     /**< offer a window scale back */
	bool ecn;                /**< take up ECN when offered (RFC 3168) */
	uint8_t hop_limit; /**< TTL of IPv4, hop limit of IPv6, 1 to 255 (RFC 9293 MUST-49): of what
				belongs to no listener or connection, and what those begin with */
	uint8_t dscp;      /**< DiffServ code point, 0 to 63 (RFC 2474), of the same */
	/**
	 * TCP to a local address and a port nobody listens on is TG_PASS, for another stack that
	 * has the address too; on every port, or on these. Goes before closed_port_drop.
	 */
	bool closed_port_pass;
	uint8_t pass_ports; /**< ports in pass_port, 0 to TG_PASS_PORTS_MAX */
	uint16_t pass_port[TG_PASS_PORTS_MAX];
};

/** Fills in the defaults named in config/tidegate.yaml; env, seed and wall_s stay zero. */
TG_API void tg_engine_config_init(struct tg_engine_config *cfg);

/**
 * Makes an engine. Takes all memory it will ever use through cfg->env.alloc.
 *
 * @param cfg  copied
 * @param out  set on success; the caller's until tg_engine_destroy()
 * @return 0; -EINVAL when a value is out of its range; -ENOMEM (nothing is kept)
 */
TG_API int tg_engine_create(const struct tg_engine_config *cfg, struct tg_engine **out);

/**
 * Changes settings between two bursts. Half-open entries, connections, TIME_WAIT entries and counts
 * live on, and cookies that are out stay valid.
 *
 * Left alone, whatever `cfg` says of it, is what was settled for good at creation: env, seed,
 * wall_s and now; shard and shards; the sizes max_conns, max_half_open, max_time_wait,
 * max_segments, proven_peers, synack_prefix_buckets and buf_size; synack_rto_ms, by which the SYN
 * queue is sorted; and the keys, cookie_seed and fastopen_key (tg_engine_rotate(),
 * tg_engine_rotate_fastopen()). All else holds from the next packet on:
 *
 * - somaxconn, max_syn_backlog and accept_exact: bounds of all listeners are computed anew. What is
 *   in a queue that is smaller now stays there; the queue takes more when it is below its bound.
 * - rcvbuf: the window scale stays that of the creation (peers and cookies count on it), so windows
 *   grow to 65535 times that at most. A window once offered is not taken back; new connections may
 *   begin with the larger one for as long as SYN-ACKs that offered it may be answered.
 * - hop_limit and dscp: connections keep what they began with; new ones, SYN-ACKs and answers that
 *   belong to no connection have the new values.
 * - time_wait_ms: entries keep their end. New ones last as long as those before them at least.
 * - cookie_seed_shared: whether cookies of other machines may arrive. After false, those that may
 * be out are accepted for one cookie lifetime more.
 *
 * @param cfg  complete: start from what the engine was made of
 * @return 0; -EINVAL (a value out of its range) and -ENOSPC (sets of options, see tg_listen()):
 *         nothing has changed
 */
TG_API int tg_engine_reconfigure(struct tg_engine *e, const struct tg_engine_config *cfg);

/** Ends an engine: every buffer and all memory go back through env. Nothing is sent. */
TG_API void tg_engine_destroy(struct tg_engine *e);

/**
 * Tells the engine of a port.
 *
 * @param port     id, 0 to 63, as it will stand in tg_pkt.port
 * @param mac      the port's address
 * @param mtu      IP MTU in bytes, 576 to 9216 (1280 for IPv6)
 * @param offload  TG_TX_IP_CSUM, TG_TX_TCP_CSUM: checksums the port computes
 * @return 0, -EINVAL, -EEXIST
 */
TG_API int tg_engine_add_port(
	struct tg_engine *e, uint16_t port, const uint8_t mac[6], uint16_t mtu, uint16_t offload);

/**
 * Adds a local address. ARP and ND are answered for it on this port only; TCP and echo on any.
 *
 * @param prefix_len  on-link prefix (0 to 32 for IPv4, 0 to 128 for IPv6); tells the directed
 *                    broadcast address, from which and to which nothing is taken
 * @return 0; -EINVAL (not a unicast address, no such port); -EEXIST; -ENOSPC (more than 256)
 */
TG_API int tg_engine_add_addr(
	struct tg_engine *e, uint16_t port, const struct tg_addr *addr, uint8_t prefix_len);

/** Whether tg_engine_add_addr() added this address, on any port. */
TG_API bool tg_engine_has_addr(const struct tg_engine *e, const struct tg_addr *addr);

/** What the caller must now do with a packet's buffer. */
enum tg_action {
	TG_DROP,  /**< release it */
	TG_REPLY, /**< transmit it on the port it came from: it holds the answer now */
	TG_KEEP,  /**< nothing: the engine owns it and will release it through env.buf_free */
	TG_PASS,  /**< it is not tidegate's and unchanged: the caller's choice */
};

/** The engine's word on one packet. */
struct tg_verdict {
	uint8_t action;      /**< enum tg_action */
	uint8_t disposition; /**< enum tg_disposition */
};

/**
 * Takes a burst of received packets.
 *
 * @param pkt      n packets; a TG_REPLY entry is rewritten in place (data, len, flags, offload
 *                 fields). Chains: every segment is an own buffer; on TG_KEEP all of them are the
 *                 engine's, otherwise all the caller's.
 * @param n        any number; worked on in groups of 32
 * @param verdict  n verdicts, filled
 * @param now      monotonic time, not before that of any earlier call
 * @return n
 */
TG_API unsigned tg_engine_input(struct tg_engine *e, struct tg_pkt pkt[], unsigned n,
	struct tg_verdict verdict[], tg_time now);

/**
 * Gives what must leave: segments, ACKs, retransmissions, RSTs, at most cap packets in buffers
 * of env.buf_alloc. They are the caller's from here on. Call until it returns less than cap, or
 * go on next turn.
 *
 * @return packets filled, 0 to cap
 */
TG_API unsigned tg_engine_output(
	struct tg_engine *e, struct tg_pkt pkt[], unsigned cap, tg_time now);

/**
 * Says whether buffers are short: what is left is a reserve for connections, ARP and ND. While it
 * is so, SYN-ACKs by timer are left out, as if they were lost; each one's next timeout tries again.
 * Off at first.
 */
TG_API void tg_engine_set_low(struct tg_engine *e, bool low);

/**
 * Fires timers that are due, at most `budget` of them.
 *
 * @param wall_s  wall-clock seconds, for the rotation of cookie keys
 * @return timers fired; `budget` means there may be more
 */
TG_API unsigned tg_engine_advance(
	struct tg_engine *e, tg_time now, uint64_t wall_s, unsigned budget);

/**
 * When advance or output must be called next, if no packet comes before.
 *
 * @return `now` when something is due or waits to leave, TG_TIME_NEVER when idle
 */
TG_API tg_time tg_engine_deadline(const struct tg_engine *e, tg_time now);

/**
 * Changes the secret that SYN cookies are made of, from the next packet on. Cookies of the one
 * before stay valid for as long as they would have, at most 96 s; then, or with the next call if it
 * comes earlier, its keys are wiped: a second call within 96 s refuses what was made before the
 * first. For these 96 s the odds of a forged ACK are twice what they are (lib/secret/cookie.c).
 *
 * The Fast Open key, where it is derived and not given, is derived anew as by
 * tg_engine_rotate_fastopen(); the previous one has no end but the next call.
 *
 * Machines that share the secret should all be told within 32 s: each accepts what others make of
 * the old one for 96 s, but nothing of the new one before it is told.
 *
 * The wall clock it goes by is that of the last tg_engine_advance().
 *
 * @param cookie_seed  32 secret bytes, copied: as tg_engine_config.cookie_seed where machines share
 *                     it, random where they do not
 */
TG_API void tg_engine_rotate(struct tg_engine *e, const uint8_t cookie_seed[32]);

/**
 * Changes the Fast Open keys: `key` becomes the current one, the current one the previous one,
 * whose cookies stay valid and are renewed (RFC 7413 4.1.3). From here on keys are given, not
 * derived: tg_engine_rotate() leaves them alone.
 */
TG_API void tg_engine_rotate_fastopen(struct tg_engine *e, const uint8_t key[16]);

/** tg_listener_config.syn_backlog: max(64, tg_engine_config.max_syn_backlog). */
#define TG_SYN_BACKLOG_AUTO UINT32_MAX

/** What a listener with defer_accept_s does with a bare last ACK (listener-semantics 7). */
enum tg_defer_mode {
	TG_DEFER_SILENT, /**< remembers it; the connection is made at the deadline, by itself */
	TG_DEFER_LINUX,  /**< remembers it, and asks again with the last SYN-ACKs */
	TG_DEFER_LEGACY, /**< forgets it (Linux before 2.6.32) */
};

/** TCP Fast Open of a listener (RFC 7413). */
enum tg_fastopen {
	TG_FASTOPEN_OFF,
	TG_FASTOPEN_COOKIE,    /**< data in a SYN needs a valid cookie */
	TG_FASTOPEN_NO_COOKIE, /**< data in any SYN is taken: for networks without spoofing */
};

/** tg_conn_options.dscp: tg_engine_config.dscp. */
#define TG_DSCP_ENGINE UINT8_MAX

/** Least tg_conn_options.window_clamp in bytes, as Linux. */
#define TG_WINDOW_CLAMP_MIN 1152

/** Settings of a connection (tg_set_options()); a listener's connections begin with its. */
struct tg_conn_options {
	bool keepalive;           /**< probe a silent peer, and give it up when it does not answer
				       (RFC 9293 3.8.4) */
	uint8_t keep_count;       /**< so many probes without an answer, 1 to 127; 0 = 9 */
	uint16_t keep_idle_s;     /**< silence before the first, in seconds, to 32767; 0 = 7200 */
	uint16_t keep_interval_s; /**< between them, in seconds, to 32767; 0 = 75 */
	uint32_t user_timeout_ms; /**< the peer may leave data unacknowledged, its window shut or
				       keep-alives unanswered for so long, counted from the first
				       timeout (Linux); 0 = tg_engine_config.retries decides; to
				       2^31 - 2 */
	uint32_t window_clamp;    /**< most bytes of receive window to offer, TG_WINDOW_CLAMP_MIN
				       or more; 0 = all that the buffer holds */
	uint8_t hop_limit;        /**< TTL or hop limit, 1 to 255; 0 = the engine's */
	uint8_t dscp;             /**< DiffServ code point, 0 to 63, or TG_DSCP_ENGINE; the two ECN
				       bits beside it are the engine's */
};

/** Settings of a listener; start from tg_listener_config_init(). */
struct tg_listener_config {
	struct tg_endpoint local; /**< `::` or `::ffff:0.0.0.0` are wildcards; port 1 to 65535 */
	bool dual_stack;          /**< local.addr is `::`: IPv4 too */
	uint32_t backlog;         /**< bounds the accept queue and, in its default, the SYN queue;
				       1 to 2^20, capped by somaxconn; for all shards together */
	uint32_t idle_timeout_ms; /**< connections on which no byte moved in either direction for
				       so long are reset; 0 = never, up to 2^31 - 2 */
	bool nodelay;         /**< connections start with Nagle's algorithm off (RFC 9293 3.7.4) */
	bool single_queue;    /**< one bound, backlog, over half-open and not yet accepted (BSD) */
	uint32_t syn_backlog; /**< bounds the SYN queue: 0 = as the accept queue (Linux since 4.4),
				   TG_SYN_BACKLOG_AUTO, or 1 to 2^20 */
	uint32_t defer_accept_s; /**< wait so long for data before a connection may be accepted, in
				      seconds; 0 = off, to 65535 */
	uint8_t defer_mode;      /**< enum tg_defer_mode */
	bool defer_cookies;      /**< with a cookie there is no state to wait with: false ignores a
				      bare ACK, true accepts the connection at once (Linux) */
	uint8_t fastopen;        /**< enum tg_fastopen */
	bool fastopen_late;      /**< data of a SYN is delivered after the last ACK only */
	bool fastopen_under_flood; /**< a valid Fast Open cookie is honoured where a SYN cookie
					would answer */
	uint32_t fastopen_qlen;    /**< connections made of a SYN and without last ACK yet, 1 to
					2^20 with fastopen; for all shards together */
	struct tg_conn_options options; /**< of its connections; hop limit, DSCP and window of its
					     SYN-ACKs too */
	struct tg_worker *worker;       /**< who is told of connections; required */
};

/** Defaults: IPv4 wildcard, backlog 4096, no idle timeout, nodelay. */
TG_API void tg_listener_config_init(struct tg_listener_config *cfg);

/**
 * Opens a listener.
 *
 * @param out  its handle
 * @return 0; -EINVAL; -EADDRINUSE (same address and port, or a dual-stack overlap);
 *         -EADDRNOTAVAIL (not a wildcard and not a local address); -ENOSPC (more than 256,
 *         those included whose closing is not done, or all 1024 sets of options in use, see
 * tg_set_options())
 */
TG_API int tg_listen(struct tg_engine *e, const struct tg_listener_config *cfg, tg_listener *out);

/**
 * Changes a listener between two bursts. Its half-open entries, connections and counts live on.
 *
 * - Bounds, queue model: what is in a queue that is smaller now stays there; the queue takes more
 *   when it is below its bound.
 * - Deferral: entries that wait for their deadline keep it.
 * - Fast Open switched off: connections that wait for their last ACK go on.
 * - Options, idle timeout, nodelay: of connections to come, and of SYN-ACKs; others keep theirs.
 * - Worker: has the connections that nobody has accepted yet.
 *
 * @param cfg  complete; local and dual_stack are as they were
 * @return 0; -EBADF (stale); -EINVAL; -ENOSPC (sets of options, see tg_listen()): nothing has
 *         changed
 */
TG_API int tg_listener_reconfigure(
	struct tg_engine *e, tg_listener l, const struct tg_listener_config *cfg);

/**
 * Closes a listener: half-open entries vanish silently, connections nobody accepted get a RST,
 * accepted ones live on. The address can be listened on again at once.
 *
 * No more than a few cache lines are touched here, however full the queues are: what is left in
 * them is worked off by tg_engine_advance(), within its budget. Until then it takes room in the
 * engine's tables, and the listener counts among the 256 of tg_listen(); to the network its entries
 * are gone.
 *
 * @return 0 or -EBADF
 */
TG_API int tg_unlisten(struct tg_engine *e, tg_listener l);

/**
 * Begins to stop: every listener is closed, every worker gets TG_EV_DRAIN. Connections go on.
 */
TG_API void tg_engine_drain(struct tg_engine *e);

/** Second step of stopping: a FIN on every connection that has not sent one. */
TG_API void tg_engine_finish(struct tg_engine *e);

/**
 * Last step of stopping: listeners are closed, every connection gets a RST and its handle is stale
 * from here on, without an event; call tg_engine_output() until it is empty.
 */
TG_API void tg_engine_reset(struct tg_engine *e);

#ifdef __cplusplus
}
#endif

#endif
