/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_HONEST_INTERNAL_H
#define FLOOD_HONEST_INTERNAL_H
/**
 * @file
 * The inside of the honest clients: one slot for each, timers in a wheel of milliseconds.
 */
#include "frame.h"
#include "honest.h"

/** Client ports: the upper half, so that port and address number a client by shifts alone. */
#define PORT_FIRST 32768u
#define PORTS      32768u
/** Client addresses at most. */
#define ADDRS_MAX 64u
/** The wheel: longer than any timeout, a power of two. */
#define WHEEL_MS 2048u
/** No client. */
#define NOBODY UINT32_MAX
/** First retransmission of data and FIN, doubled each time: Linux's TCP_RTO_MIN. */
#define DATA_RTO (200 * TG_MSEC)
/** From FIN to the end of both directions, then the client gives up. */
#define CLOSE_PATIENCE TG_SEC
/** A closed client answers a repeated FIN for so long. */
#define LINGER TG_SEC

/** Where a client is. */
enum client_state {
	CLIENT_FREE,
	CLIENT_SYN_SENT,
	CLIENT_WAITING, /**< connected, no byte yet */
	CLIENT_READING, /**< first byte is here, more is to come */
	CLIENT_CLOSING, /**< FIN sent */
	CLIENT_LINGER,  /**< both directions closed */
};

/** What must be sent. */
enum client_wants {
	WANT_ACK = 1 << 0,
	WANT_REQUEST = 1 << 1,
	WANT_FIN = 1 << 2,
	WANT_RST = 1 << 3,   /**< and then the slot is free */
	WANT_PROBE = 1 << 4, /**< the server's window is shut: asks for news */
};

/** A client. */
struct client {
	uint64_t number;
	tg_time began;       /**< first SYN sent */
	tg_time give_up;     /**< patience ends */
	tg_time resend;      /**< data or FIN is sent again; TG_TIME_NEVER: nothing is out */
	tg_time due;         /**< when the wheel wakes it */
	uint32_t next, prev; /**< in its place of the wheel */
	uint32_t ready_next; /**< in the list of those that want to send */
	uint32_t iss;
	uint32_t una; /**< oldest number not acknowledged */
	uint32_t nxt; /**< next number: una + what is out */
	uint32_t rcv_nxt;
	uint32_t ts_recent;
	uint32_t got; /**< bytes of payload */
	uint32_t wnd; /**< the server's window in bytes */
	uint32_t rto_ms;
	uint8_t state; /**< enum client_state */
	uint8_t style; /**< HONEST_REQUEST_FIRST or HONEST_SERVER_FIRST */
	uint8_t wants; /**< enum client_wants */
	uint8_t wscale;
	bool ts; /**< timestamps agreed */
	bool in_ready;
	bool in_wheel;
	bool asked; /**< the request was sent once */
	bool fin_sent;
	bool fin_got;
	bool succeeded;
};

/** All clients. */
struct honest {
	struct honest_config cfg;
	struct honest_stats st;
	uint64_t rng;
	uint64_t begun;  /**< number of the next client */
	double gap;      /**< ns between two SYNs */
	tg_time next_at; /**< of the next SYN */
	uint32_t addrs;  /**< a power of two */
	unsigned addr_bits;
	uint32_t mask; /**< slots - 1 */
	uint8_t l3;    /**< offset of the IP header */
	bool v6;
	uint8_t net[16], net_mask[16]; /**< for honest_owns(); IPv4 in the first four bytes */
	uint32_t ready_first, ready_last;
	unsigned open;
	uint64_t ticked; /**< milliseconds the wheel has seen */
	unsigned timed;  /**< clients in the wheel */
	uint32_t wheel[WHEEL_MS];
	struct client *client;
};

/** Client i's address and port. */
struct tg_addr client_addr(const struct honest *h, const struct client *c);
uint16_t client_port(const struct honest *h, const struct client *c);

/** Notes what a client wants to send. */
void client_want(struct honest *h, struct client *c, unsigned wants);

/** Wakes the client no later than at `at` (or at once after it). */
void client_arm(struct honest *h, struct client *c, tg_time at);

/** Makes the slot free. */
void client_free(struct honest *h, struct client *c);

/** The client has its answer: FIN, and patience for the close. */
void client_close(struct honest *h, struct client *c, tg_time now);

/** Ends a client that is not satisfied; what it died of counts by its state. */
void client_fail(struct honest *h, struct client *c, bool by_rst);

/** Byte i of a client's request, and of what a server must echo. */
static inline uint8_t
request_byte(const struct client *c, unsigned i)
{
	return (uint8_t)('a' + (c->number + i) % 26);
}

/**
 * Writes the client's next frame of what it wants and takes that off its wishes.
 *
 * @param frame  HONEST_FRAME_MAX bytes
 * @return length, 0 when there was nothing to be sent after all
 */
unsigned client_emit(struct honest *h, struct client *c, uint8_t *frame, tg_time now);

#endif
