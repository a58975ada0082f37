/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_PEER_H
#define TG_SIM_PEER_H
/**
 * @file
 * A model TCP client: opens, sends a stream, expects it back, closes.
 *
 * Written to be read, not to be fast or clever, and from the RFCs alone: positions in both streams
 * are 64-bit numbers (0 is the SYN, 1 the first byte, the FIN comes behind the last), received data
 * is taken in order or not at all, losses are repaired by going back to the first byte that is not
 * acknowledged. It also watches its peer: whatever a correct TCP would never send is a failure of
 * the test.
 */
#include <tidegate/types.h>

#include "rng.h"
#include "seg.h"

/** Who ends the connection. */
enum peer_close {
	PEER_CLOSES_FIRST,  /**< FIN when the whole stream has come back */
	PEER_CLOSES_EARLY,  /**< FIN right behind the stream, while it is still coming back */
	PEER_CLOSES_SECOND, /**< FIN in answer to a FIN */
};

/** A client's settings. */
struct peer_config {
	struct tg_endpoint local, remote;
	uint8_t mac[6], gateway[6];
	bool ts, sack, ecn;
	int wscale; /**< -1: not offered */
	uint16_t mss;
	uint32_t rcvbuf;
	uint32_t read_rate; /**< bytes the application reads in a millisecond; 0: at once */
	uint64_t bytes;     /**< length of the stream */
	tg_time think; /**< from the SYN-ACK to the first byte; TG_TIME_NEVER: silent for ever */
	uint64_t seed;
	enum peer_close close;
	bool fastopen; /**< the SYN carries the first bytes, without a cookie (RFC 7413) */
	void (*send)(void *ctx, const uint8_t *frame, unsigned len, tg_time now);
	void *ctx;
};

/** Where a client stands. */
enum peer_state {
	PEER_IDLE,
	PEER_SYN_SENT,
	PEER_OPEN,  /**< from the SYN-ACK on, until both FINs are acknowledged */
	PEER_DONE,  /**< still answers a FIN that comes again */
	PEER_RESET, /**< got a RST */
};

/** A client. */
struct peer {
	struct peer_config cfg;
	enum peer_state state;
	uint32_t isn, irs;
	uint32_t syn_len; /**< bytes of data in the SYN */
	/* sending, in positions */
	uint64_t una, nxt, max; /**< first not acknowledged, next to send, end of what was sent */
	uint64_t wnd_edge;      /**< positions below this may be sent */
	uint8_t snd_shift, rcv_shift;
	bool ts_ok, ecn_ok;
	uint32_t ts_recent;
	uint16_t snd_mss;
	unsigned dupacks;
	uint64_t recover; /**< no second fast retransmission before this is acknowledged */
	tg_time rexmt_at; /**< TG_TIME_NEVER: not running */
	bool mute;        /**< still thinking */
	tg_time speak_at;
	unsigned backoff;
	tg_time srtt, rttvar;
	uint64_t timed; /**< position whose ACK is an RTT sample; 0: none */
	tg_time timed_at;
	/* receiving */
	uint64_t rcv_nxt, rcv_edge; /**< next position; end of what was ever offered */
	uint32_t unread;
	tg_time read_at;
	uint64_t fin_at; /**< position of the peer's FIN, 0: not seen */
	/* what was seen, for the watch */
	uint64_t seen_seq, seen_ack, seen_edge;
	uint32_t seen_ts;
	uint64_t segs_in, segs_out, rexmts, discarded;
	uint32_t wrong_port; /**< TCP frames not for this client */
	/* ECN, with ecn_ok */
	bool echoing;               /**< CE came, CWR did not yet */
	bool cwr_wanted;            /**< CWR on the next new data */
	uint64_t cut;               /**< an ECN-Echo counts when more than this is acknowledged */
	uint64_t sent_max;          /**< end of the data that was ever sent to this client */
	uint64_t ces, echoes, cwrs; /**< CE marks; ECN-Echoes that counted; CWRs */
};

/** Starts a client that has not sent anything. */
void peer_init(struct peer *p, const struct peer_config *cfg);

/** Sends the SYN. */
void peer_open(struct peer *p, tg_time now);

/** A frame arrives that may be damaged or for someone else; returns false for the latter. */
bool peer_input(struct peer *p, const struct seg *s, tg_time now);

/** The other end has sent this to it: what may be said of ECN before the wire had its way. */
void peer_sent_to(struct peer *p, const struct seg *s);

/** When peer_timer() must be called. */
tg_time peer_deadline(const struct peer *p);

/** Fires what is due. */
void peer_timer(struct peer *p, tg_time now);

/** Bytes of the stream that have come back. */
uint64_t peer_echoed(const struct peer *p);

#endif
