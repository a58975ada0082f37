/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines that set things up: engine, ports, addresses, clients, listeners.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "player.h"

#define FIELD(s, k)                                                   \
	{                                                             \
#k, offsetof(struct s, k), sizeof(((struct s *)0)->k) \
	}
#define KEY(k)    FIELD(tg_engine_config, k)
#define LISTN(k)  FIELD(tg_listener_config, k)
#define OPTION(k) FIELD(tg_conn_options, k)

/* A number in a struct, by its own name. */
struct field {
	const char *name;
	size_t at, size;
};

/* The numbers of struct tg_engine_config, by their own names. */
static const struct field config_keys[] = {
	KEY(shard),
	KEY(shards),
	KEY(max_conns),
	KEY(max_half_open),
	KEY(max_time_wait),
	KEY(max_segments),
	KEY(somaxconn),
	KEY(syncookies),
	KEY(syncookies_start),
	KEY(syncookies_stop),
	KEY(max_syn_backlog),
	KEY(accept_full),
	KEY(accept_exact),
	KEY(proven_peers),
	KEY(proven_ms),
	KEY(synack_prefix_rate),
	KEY(synack_prefix_burst),
	KEY(synack_prefix_buckets),
	KEY(cookie_check_rate),
	KEY(cookie_seed_shared),
	KEY(synack_retries),
	KEY(retries),
	KEY(orphan_retries),
	KEY(synack_rto_ms),
	KEY(rto_min_ms),
	KEY(delayed_ack_ms),
	KEY(time_wait_ms),
	KEY(fin_timeout_ms),
	KEY(rcvbuf),
	KEY(sndbuf),
	KEY(rst_rate),
	KEY(abort_on_overflow),
	KEY(closed_port_drop),
	KEY(timestamps),
	KEY(sack),
	KEY(window_scaling),
	KEY(ecn),
	KEY(hop_limit),
	KEY(dscp),
};

static const struct field listener_keys[] = {
	LISTN(backlog),
	LISTN(idle_timeout_ms),
	LISTN(nodelay),
	LISTN(dual_stack),
	LISTN(single_queue),
	LISTN(syn_backlog),
	LISTN(defer_accept_s),
	LISTN(defer_mode),
	LISTN(defer_cookies),
	LISTN(fastopen),
	LISTN(fastopen_qlen),
	LISTN(fastopen_late),
	LISTN(fastopen_under_flood),
};

static const struct field option_keys[] = {
	OPTION(keepalive),
	OPTION(keep_count),
	OPTION(keep_idle_s),
	OPTION(keep_interval_s),
	OPTION(user_timeout_ms),
	OPTION(window_clamp),
	OPTION(hop_limit),
	OPTION(dscp),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Sets KEY=NUMBER in a struct. Returns false when it has no such key. */
static bool
set_field(void *base, const struct field *field, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = word_value(word, field[i].name);
		uint8_t *to = (uint8_t *)base + field[i].at;
		uint32_t x;

		if (v == NULL)
			continue;
		x = word_number(v, 0, UINT32_MAX);
		/* little-endian or not: by size, so that a bool stays a bool */
		if (field[i].size == 1)
			*to = (uint8_t)x;
		else if (field[i].size == 2)
			memcpy(to, &(uint16_t){(uint16_t)x}, 2);
		else
			memcpy(to, &x, 4);
		return true;
	}
	return false;
}

bool
player_engine_key(struct tg_engine_config *cfg, const char *word)
{
	return set_field(cfg, config_keys, COUNT(config_keys), word);
}

bool
player_listener_key(struct tg_listener_config *cfg, const char *word)
{
	return set_field(cfg, listener_keys, COUNT(listener_keys), word) ||
		player_option(&cfg->options, word);
}

bool
player_option(struct tg_conn_options *o, const char *word)
{
	return set_field(o, option_keys, COUNT(option_keys), word);
}

/* fastopen_key=HEX, fastopen_key2=HEX: 16 bytes, the current and the previous Fast Open key */
static bool
set_fastopen_key(struct tg_engine_config *cfg, const char *word)
{
	static const char *const names[2] = {"fastopen_key", "fastopen_key2"};

	for (uint8_t i = 0; i < 2; i++) {
		const char *v = word_value(word, names[i]);

		if (v == NULL)
			continue;
		if (word_hex(v, cfg->fastopen_key[i], 16) != 16)
			die("%s: a key has 16 bytes", word);
		cfg->fastopen_keys = (uint8_t)(i + 1);
		return true;
	}
	return false;
}

/* config KEY=VALUE... [seed=N] [fastopen_key=HEX [fastopen_key2=HEX]] */
void
play_config(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	if (p->open)
		die("config stands before everything that needs an engine");
	for (unsigned i = 0; i < l->argc; i++) {
		const char *seed = word_value(l->argv[i], "seed");

		if (seed != NULL)
			memset(p->rig.cfg.seed, (int)word_number(seed, 0, 255),
				sizeof(p->rig.cfg.seed));
		else if (set_fastopen_key(&p->rig.cfg, l->argv[i]))
			continue;
		else if (!player_engine_key(&p->rig.cfg, l->argv[i]))
			die("%s is no setting of an engine", l->argv[i]);
	}
}

/* port N [mtu=N] */
void
play_port(struct player *p, struct client *c, const struct line *l)
{
	uint32_t mtu = 1500;

	(void)c;
	if (l->argc < 1)
		die("port NUMBER [mtu=N]");
	if (l->argc > 1 && word_value(l->argv[1], "mtu") != NULL)
		mtu = word_number(word_value(l->argv[1], "mtu"), 0, 65535);
	rig_port(&p->rig, (uint16_t)word_number(l->argv[0], 0, 63), (uint16_t)mtu);
}

/* addr ADDRESS/LENGTH [PORT] [= RESULT] */
void
play_addr(struct player *p, struct client *c, const struct line *l)
{
	unsigned argc;
	int want = result_of(l, &argc), rc;
	char *slash = argc > 0 ? strchr(l->argv[0], '/') : NULL;
	uint16_t port = 0;
	struct tg_addr a;

	(void)c;
	if (slash == NULL)
		die("addr ADDRESS/LENGTH [PORT]");
	*slash = 0;
	a = word_addr(l->argv[0]);
	if (argc > 1)
		port = (uint16_t)word_number(l->argv[1], 0, 63);
	rc = tg_engine_add_addr(p->rig.e, port, &a, (uint8_t)word_number(slash + 1, 0, 128));
	if (rc != want)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
}

/* mac M, vlan TCI[,TCI], port N: from where a client's packets come. */
static void
set_link(struct client *c, const struct line *l, unsigned i)
{
	for (; i + 1 < l->argc; i += 2) {
		const char *key = l->argv[i];
		char *v = l->argv[i + 1], *comma = strchr(v, ',');

		if (strcmp(key, "mac") == 0) {
			word_mac(v, c->mac);
		} else if (strcmp(key, "port") == 0) {
			c->port = (uint16_t)word_number(v, 0, 63);
		} else if (strcmp(key, "vlan") == 0 && strcmp(v, "none") == 0) {
			c->tags = 0;
			memset(c->tci, 0, sizeof(c->tci));
			memset(c->tpid, 0, sizeof(c->tpid));
		} else if (strcmp(key, "vlan") == 0) {
			memset(c->tci, 0, sizeof(c->tci));
			memset(c->tpid, 0, sizeof(c->tpid));
			c->tags = comma != NULL ? 2 : 1;
			c->tpid[0] = comma != NULL ? 0x88a8 : 0x8100;
			if (comma != NULL) {
				*comma = 0;
				c->tpid[1] = 0x8100;
				c->tci[1] = (uint16_t)word_number(comma + 1, 0, 65535);
			}
			c->tci[0] = (uint16_t)word_number(v, 0, 65535);
		} else {
			die("%s: a link has mac, vlan and port", key);
		}
	}
	if (i < l->argc)
		die("%s: a link has mac, vlan and port, each with a value", l->argv[i]);
}

/* client NAME ADDRESS:PORT [to ADDRESS:PORT] [mac M] [vlan T[,T]] [port N] */
void
play_client(struct player *p, struct client *c, const struct line *l)
{
	unsigned i = 2;

	if (l->argc < 2)
		die("client NAME ADDRESS:PORT");
	c = player_client(p, l->argv[0], true);
	c->remote = word_endpoint(l->argv[1]);
	c->local = p->client[0]->local;
	if (l->argc > 3 && strcmp(l->argv[2], "to") == 0) {
		c->local = word_endpoint(l->argv[3]);
		i = 4;
	}
	set_link(c, l, i);
}

/* [CLIENT] link ... */
void
play_link(struct player *p, struct client *c, const struct line *l)
{
	(void)p;
	set_link(c, l, 0);
}

/* CLIENT knows NAME: a Fast Open cookie that the nameless client was given */
void
play_knows(struct player *p, struct client *c, const struct line *l)
{
	struct num n;
	uint32_t half;

	if (l->argc != 1 || c == p->client[0])
		die("CLIENT knows NAME");
	num_parse(l->argv[0], &n);
	for (unsigned i = 0; i < 2; i++) {
		half = num_value(&n, &p->client[0]->vars);
		if (!num_match(&n, &c->vars, half))
			die("%s is another one here", n.name);
		strcat(n.name, "_");
	}
}

/* listen ADDRESS:PORT [as NAME] [KEY=N...] [= RESULT] */
void
play_listen(struct player *p, struct client *c, const struct line *l)
{
	struct tg_listener_config cfg;
	struct named_listener *n = &p->listener[p->listeners];
	static const uint8_t zero[16];
	const char *name = "";
	unsigned argc;
	int want = result_of(l, &argc), rc;

	(void)c;
	if (argc < 1 || p->listeners == LISTENERS_MAX)
		die("listen ADDRESS:PORT, and not too often");
	tg_listener_config_init(&cfg);
	cfg.local = word_endpoint(l->argv[0]);
	cfg.worker = p->rig.w;
	for (unsigned i = 1; i < argc; i++) {
		if (strcmp(l->argv[i], "as") == 0 && i + 1 < argc)
			name = l->argv[++i];
		else if (!player_listener_key(&cfg, l->argv[i]))
			die("%s is no setting of a listener", l->argv[i]);
	}
	rc = tg_listen(p->rig.e, &cfg, &n->l);
	if (rc != want)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
	if (rc != 0)
		return;
	n->cfg = cfg;
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	/* the default client talks to the first listener */
	if (p->listeners == 0) {
		struct client *d = p->client[0];

		d->local = cfg.local;
		if (!tg_addr_is_v4(&cfg.local.addr))
			d->remote.addr = word_addr("fd00::2");
		if (memcmp(cfg.local.addr.b, zero, 16) == 0)
			d->local.addr = word_addr("fd00::1");
		else if (memcmp(&cfg.local.addr,
				 &(struct tg_addr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
				 16) == 0)
			d->local.addr = word_addr("10.0.0.1");
	}
	p->listeners++;
}

/* unlisten [NAME] [= RESULT] */
void
play_unlisten(struct player *p, struct client *c, const struct line *l)
{
	unsigned argc;
	int want = result_of(l, &argc);
	int rc = tg_unlisten(p->rig.e, player_listener(p, argc > 0 ? l->argv[0] : "")->l);

	(void)c;
	if (rc != want)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
	rig_turn(&p->rig);
}

void
play_drain(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	(void)l;
	tg_engine_drain(p->rig.e);
	rig_turn(&p->rig);
}

void
play_finish(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	(void)l;
	tg_engine_finish(p->rig.e);
	rig_turn(&p->rig);
}

void
play_reset(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	(void)l;
	tg_engine_reset(p->rig.e);
	rig_turn(&p->rig);
}

/* buffers none|low|some: whether the engine gets packet buffers, or is told to be sparing */
void
play_buffers(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	if (l->argc != 1)
		die("buffers none, buffers low or buffers some");
	p->rig.tenv.buf_outage = strcmp(l->argv[0], "none") == 0;
	tg_engine_set_low(p->rig.e, strcmp(l->argv[0], "low") == 0);
	rig_turn(&p->rig);
}

/* hold, packets, release: they arrive in one burst */
void
play_hold(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	(void)l;
	rig_hold(&p->rig);
}

void
play_release(struct player *p, struct client *c, const struct line *l)
{
	(void)c;
	(void)l;
	rig_release(&p->rig);
}
