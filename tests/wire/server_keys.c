/* SPDX-License-Identifier: BSD-3-Clause */
#include "server_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A field by name: where it is, and how wide. */
struct key {
	const char *name;
	size_t offset;
	size_t size;
};

#define ENGINE_KEY(f)                                             \
	{                                                         \
#f, offsetof(struct tg_engine_config, f),         \
			sizeof(((struct tg_engine_config *)0)->f) \
	}
#define LISTENER_KEY(f)                                             \
	{                                                           \
#f, offsetof(struct tg_listener_config, f),         \
			sizeof(((struct tg_listener_config *)0)->f) \
	}

#define OPTION_KEY(f)                                                       \
	{                                                                   \
#f, offsetof(struct tg_listener_config, options.f),         \
			sizeof(((struct tg_listener_config *)0)->options.f) \
	}

static const struct key engine_keys[] = {
	ENGINE_KEY(max_conns),
	ENGINE_KEY(max_half_open),
	ENGINE_KEY(max_time_wait),
	ENGINE_KEY(somaxconn),
	ENGINE_KEY(max_syn_backlog),
	ENGINE_KEY(syncookies),
	ENGINE_KEY(accept_full),
	ENGINE_KEY(accept_exact),
	ENGINE_KEY(proven_peers),
	ENGINE_KEY(proven_ms),
	ENGINE_KEY(synack_retries),
	ENGINE_KEY(retries),
	ENGINE_KEY(orphan_retries),
	ENGINE_KEY(synack_rto_ms),
	ENGINE_KEY(time_wait_ms),
	ENGINE_KEY(fin_timeout_ms),
	ENGINE_KEY(rcvbuf),
	ENGINE_KEY(sndbuf),
	ENGINE_KEY(rst_rate),
	ENGINE_KEY(abort_on_overflow),
	ENGINE_KEY(timestamps),
	ENGINE_KEY(sack),
	ENGINE_KEY(window_scaling),
	ENGINE_KEY(ecn),
	ENGINE_KEY(fastopen_keys),
};

static const struct key listener_keys[] = {
	LISTENER_KEY(dual_stack),
	LISTENER_KEY(backlog),
	LISTENER_KEY(nodelay),
	LISTENER_KEY(syn_backlog),
	LISTENER_KEY(defer_accept_s),
	LISTENER_KEY(defer_mode),
	LISTENER_KEY(defer_cookies),
	LISTENER_KEY(fastopen),
	LISTENER_KEY(fastopen_late),
	LISTENER_KEY(fastopen_qlen),
	OPTION_KEY(keepalive),
	OPTION_KEY(keep_idle_s),
	OPTION_KEY(keep_interval_s),
	OPTION_KEY(keep_count),
	OPTION_KEY(user_timeout_ms),
	OPTION_KEY(hop_limit),
	OPTION_KEY(dscp),
};

static int
digit(char c)
{
	const char *digits = "0123456789abcdef", *p = c != '\0' ? strchr(digits, c) : NULL;

	return p == NULL ? -1 : (int)(p - digits);
}

bool
server_hex(const char *text, uint8_t *out, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool
set(void *base, const struct key *keys, size_t n, const char *name, const char *value)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(value, &end, 0);
	if (*value == '\0' || *end != '\0' || errno != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t *p = (uint8_t *)base + keys[i].offset;

		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (keys[i].size == 1 && v <= UINT8_MAX)
			*p = (uint8_t)v; /* a bool too: 0 or 1 */
		else if (keys[i].size == 2 && v <= UINT16_MAX)
			memcpy(p, &(uint16_t){(uint16_t)v}, 2);
		else if (keys[i].size == 4 && v <= UINT32_MAX)
			memcpy(p, &(uint32_t){(uint32_t)v}, 4);
		else
			return false;
		return true;
	}
	return false;
}

bool
server_set_engine(struct tg_engine_config *c, const char *key, const char *value)
{
	if (strcmp(key, "fastopen_key0") == 0)
		return server_hex(value, c->fastopen_key[0], sizeof(c->fastopen_key[0]));
	if (strcmp(key, "fastopen_key1") == 0)
		return server_hex(value, c->fastopen_key[1], sizeof(c->fastopen_key[1]));
	return set(c, engine_keys, sizeof(engine_keys) / sizeof(engine_keys[0]), key, value);
}

bool
server_set_listener(struct tg_listener_config *c, const char *key, const char *value)
{
	if (strcmp(key, "syn_backlog") == 0 && strcmp(value, "auto") == 0) {
		c->syn_backlog = TG_SYN_BACKLOG_AUTO;
		return true;
	}
	return set(c, listener_keys, sizeof(listener_keys) / sizeof(listener_keys[0]), key, value);
}
