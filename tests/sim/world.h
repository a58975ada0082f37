/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SIM_WORLD_H
#define TG_SIM_WORLD_H
/**
 * @file
 * Model clients, two wires, an engine with an echo service; one virtual clock.
 */
#include "echo.h"
#include "link.h"
#include "peer.h"
#include "rig.h"

/** Settings of a world. */
struct world_config {
	struct link_config link; /**< both directions */
	uint64_t seed;           /**< of wires and clients; the engine's is in the rig */
	const struct rig_manner *manner;
};

/** The world. */
struct world {
	struct rig rig;
	struct echo echo;
	struct link to_engine, to_peers;
	struct peer *peer;
	unsigned peers, peers_max;
	uint64_t hash;            /**< of every byte the engine sent, and when */
	uint64_t strays;          /**< frames for no client: their addresses were damaged */
	bool hold_worker;         /**< the service is kept from running */
	uint32_t idle_timeout_ms; /**< of the listeners, as what follows */
	bool fastopen, late;      /**< data of any SYN is taken; delivered after the last ACK */
	uint32_t defer_accept_s;
	uint8_t defer_mode;
	uint32_t syn_backlog;
	tg_listener listener[2]; /**< IPv4, IPv6 */
	struct tg_listener_config lcfg[2];
};

/** Starts; change w->rig.cfg, then world_open(). */
void world_init(struct world *w, const struct world_config *cfg, unsigned peers_max);

/** Makes engine, addresses, an IPv4 and an IPv6 listener on port 80. Dies when it cannot. */
void world_open(struct world *w, uint32_t backlog);

/** A client's usual settings: IPv4, timestamps, SACK, window scale 7, MSS 1460, port 1024 + n. */
void world_peer_config(const struct world *w, bool v6, struct peer_config *c);

/** Adds a client and sends its SYN. */
struct peer *world_connect(struct world *w, const struct peer_config *c);

/** Runs until every client is done or has failed, or `limit` of virtual time has passed. */
void world_run(struct world *w, tg_time limit);

/** Runs for so long, whatever happens. */
void world_wait(struct world *w, tg_time time);

/** Fails unless the engine holds no entry of any kind and no buffer. */
void world_is_empty(const struct world *w);

/** Balances the books and takes everything down. */
void world_close(struct world *w);

#endif
