/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_ECHO_H
#define TG_SIM_ECHO_H
/**
 * @file
 * An echo service on the worker API: what is received is sent back, as far as there is room.
 */
#include <tidegate/tidegate.h>

#define ECHO_CONNS 512

/** One connection of it. */
struct echo_conn {
	tg_conn conn; /**< 0: free */
	uint64_t echoed;
	uint32_t held; /**< bytes read and not yet sent */
	uint8_t hold[8192];
};

/** The service. */
struct echo {
	struct tg_worker *w;
	uint64_t close_after; /**< closes when so many bytes went back; 0: at the end of the stream
			       */
	uint32_t accepted, closed, failed;
	struct echo_conn conn[ECHO_CONNS];
};

/** Does everything there is to do now. */
void echo_run(struct echo *s);

#endif
