/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_SCRIPT_PLAYER_H
#define TG_SCRIPT_PLAYER_H
/**
 * @file
 * Plays a script against an engine.
 */
#include "pat.h"
#include "rig.h"
#include "script.h"

/** Bytes of one direction by their place in the stream. */
struct stream {
	uint8_t *byte;
	uint32_t len, cap;
};

/** A peer, its way to us, and what it and we said. */
struct client {
	char name[16];
	struct tg_endpoint remote, local; /**< remote: the client's own */
	uint8_t mac[6];
	uint8_t tags;
	uint16_t tpid[2], tci[2];
	uint16_t port;
	struct vars vars;
	bool known; /**< irs and iss are those of the latest SYN-ACK */
	uint32_t irs, iss;
	struct stream syn;    /**< payload of the latest SYN, */
	uint32_t syn_seq;     /**< and its number */
	struct stream sent;   /**< by the client, at SEQ - irs - 1 */
	struct stream served; /**< by the worker, at SEQ - iss - 1 */
	uint32_t received;    /**< bytes the worker has read */
	tg_conn conn;
	uint16_t events;
	int16_t error;
};

/** A listener by name. */
struct named_listener {
	char name[16];
	tg_listener l;
	struct tg_listener_config cfg; /**< as last taken */
	bool event;
};

#define LISTENERS_MAX 16

/** The player. */
struct player {
	const struct script *script;
	const struct line *line; /**< being played */
	struct rig rig;
	bool open;
	bool drain_event;
	tg_time start;
	unsigned clients;
	struct client **client; /**< [0] is the default one */
	unsigned listeners;
	struct named_listener listener[LISTENERS_MAX];
	char got[4096]; /**< why the line fails, for the message */
};

/** A verb. The line's time has come when it is called. */
typedef void (*play_verb)(struct player *p, struct client *c, const struct line *l);

/** How a script ended. */
enum play_result {
	PLAY_OK,
	PLAY_SKIPPED, /**< `only` names other manners */
};

/**
 * Plays a whole script. Fails through die(); player_fail_text() says where.
 *
 * @param counters  set to the engine's at the end
 */
enum play_result player_run(struct player *p, const struct script *s, const struct rig_manner *m,
	struct tg_counters *counters);

/** Releases what a failed or finished player holds. */
void player_free(struct player *p);

/** Makes the engine if that has not been done. */
void player_open(struct player *p);

/** A client by name; makes one when `make`, else fails. */
struct client *player_client(struct player *p, const char *name, bool make);

/** A listener by name, "" is the latest. */
struct named_listener *player_listener(struct player *p, const char *name);

/** Fails when a frame waits that no line has asked for. */
void player_expect_silence(struct player *p);

/** Pattern of the stream bytes nobody wrote out, by direction and place. */
uint8_t stream_pattern(bool from_client, uint32_t at);

/** Puts bytes at a place; gaps are zero until filled. Places beyond 8 MiB are not kept. */
void stream_put(struct stream *s, uint32_t at, const uint8_t *p, uint32_t n);

/** Splits `= NAME` off the end of a line: the errno value, negative; 0 for none. */
int result_of(const struct line *l, unsigned *argc);

/** Name of an errno value as the scripts write it. */
const char *result_name(int rc);

/** Value of `key=value` when the word has that key, else NULL. */
const char *word_value(const char *word, const char *key);

/** Fails unless the last packet fed got this disposition; NULL: any will do. */
void play_disposition(const struct player *p, const char *want);
/** Sets KEY=NUMBER of a set of options. @return false when there is no such key */
bool player_option(struct tg_conn_options *o, const char *word);

/** The same for a listener, the options of its connections included, */
bool player_listener_key(struct tg_listener_config *cfg, const char *word);

/** and for an engine. */
bool player_engine_key(struct tg_engine_config *cfg, const char *word);

/* The verbs, by file. */
void play_icmp(struct player *p, struct client *c, const struct line *l);
void play_in(struct player *p, struct client *c, const struct line *l);
void play_out(struct player *p, struct client *c, const struct line *l);
void play_acks(struct player *p, struct client *c, const struct line *l);
void play_synacks(struct player *p, struct client *c, const struct line *l);

void play_config(struct player *p, struct client *c, const struct line *l);
void play_port(struct player *p, struct client *c, const struct line *l);
void play_addr(struct player *p, struct client *c, const struct line *l);
void play_client(struct player *p, struct client *c, const struct line *l);
void play_link(struct player *p, struct client *c, const struct line *l);
void play_knows(struct player *p, struct client *c, const struct line *l);
void play_listen(struct player *p, struct client *c, const struct line *l);
void play_unlisten(struct player *p, struct client *c, const struct line *l);
void play_change(struct player *p, struct client *c, const struct line *l);
void play_relisten(struct player *p, struct client *c, const struct line *l);
void play_drain(struct player *p, struct client *c, const struct line *l);
void play_finish(struct player *p, struct client *c, const struct line *l);
void play_reset(struct player *p, struct client *c, const struct line *l);
void play_hold(struct player *p, struct client *c, const struct line *l);
void play_release(struct player *p, struct client *c, const struct line *l);
void play_rotate(struct player *p, struct client *c, const struct line *l);
void play_buffers(struct player *p, struct client *c, const struct line *l);

void play_accept(struct player *p, struct client *c, const struct line *l);
void play_recv(struct player *p, struct client *c, const struct line *l);
void play_send(struct player *p, struct client *c, const struct line *l);
void play_shutdown(struct player *p, struct client *c, const struct line *l);
void play_close(struct player *p, struct client *c, const struct line *l);
void play_abort(struct player *p, struct client *c, const struct line *l);
void play_options(struct player *p, struct client *c, const struct line *l);
void play_nodelay(struct player *p, struct client *c, const struct line *l);
void play_event(struct player *p, struct client *c, const struct line *l);

void play_counter(struct player *p, struct client *c, const struct line *l);
void play_drop(struct player *p, struct client *c, const struct line *l);
void play_usage(struct player *p, struct client *c, const struct line *l);
void play_listener(struct player *p, struct client *c, const struct line *l);
void play_info(struct player *p, struct client *c, const struct line *l);
void play_state(struct player *p, struct client *c, const struct line *l);
void play_check(struct player *p, struct client *c, const struct line *l);

#endif
