/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of connection options: see options.h.
 */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* As Linux: tcp_keepalive_time, tcp_keepalive_intvl and tcp_keepalive_probes, and their bounds. */
#define KEEP_IDLE_S     7200
#define KEEP_INTERVAL_S 75
#define KEEP_COUNT      9
#define KEEP_SECONDS    32767
#define KEEP_COUNT_MAX  127

#define DSCP_MAX 63

/* The values of two sets begin here; there is no padding behind. */
#define VALUES offsetof(struct tg_options, idle_ms)
_Static_assert(sizeof(struct tg_options) == 28, "sets are compared byte by byte");

const struct tg_options tg_options_default = {
	.window = UINT32_MAX,
	.keep_idle_ms = KEEP_IDLE_S * 1000,
	.keep_interval_ms = KEEP_INTERVAL_S * 1000,
	.keep_count = KEEP_COUNT,
};

void
tg_options_init(struct tg_option_table *t, uint8_t ttl, uint8_t dscp)
{
	memset(t, 0, sizeof(*t));
	t->set[0] = tg_options_default;
	t->set[0].refs = 1;
	t->set[0].ttl = ttl;
	t->set[0].tos = (uint8_t)(dscp << 2);
	t->top = 1;
	t->base = t->set[0];
}

bool
tg_options_rebase(struct tg_option_table *t, uint8_t ttl, uint8_t dscp)
{
	const uint8_t tos = (uint8_t)(dscp << 2);

	if (t->base.ttl == ttl && t->base.tos == tos)
		return false;
	t->base.ttl = ttl;
	t->base.tos = tos;
	return true;
}

int
tg_options_make(const struct tg_option_table *t, const struct tg_conn_options *o, uint32_t idle_ms,
	struct tg_options *out)
{
	if (o->keep_idle_s > KEEP_SECONDS || o->keep_interval_s > KEEP_SECONDS ||
		o->keep_count > KEEP_COUNT_MAX || o->user_timeout_ms >= INT32_MAX ||
		(o->window_clamp != 0 && o->window_clamp < TG_WINDOW_CLAMP_MIN) ||
		(o->dscp > DSCP_MAX && o->dscp != TG_DSCP_ENGINE) || idle_ms >= INT32_MAX)
		return -EINVAL;
	*out = t->base;
	out->refs = 0;
	out->idle_ms = idle_ms;
	out->keepalive = o->keepalive;
	if (o->keep_idle_s != 0)
		out->keep_idle_ms = o->keep_idle_s * 1000u;
	if (o->keep_interval_s != 0)
		out->keep_interval_ms = o->keep_interval_s * 1000u;
	if (o->keep_count != 0)
		out->keep_count = o->keep_count;
	out->user_timeout_ms = o->user_timeout_ms;
	if (o->window_clamp != 0)
		out->window = o->window_clamp;
	if (o->hop_limit != 0)
		out->ttl = o->hop_limit;
	if (o->dscp != TG_DSCP_ENGINE)
		out->tos = (uint8_t)(o->dscp << 2);
	return 0;
}

void
tg_options_tell(const struct tg_options *s, struct tg_conn_options *out)
{
	*out = (struct tg_conn_options){
		.keepalive = s->keepalive,
		.keep_count = s->keep_count,
		.keep_idle_s = (uint16_t)(s->keep_idle_ms / 1000),
		.keep_interval_s = (uint16_t)(s->keep_interval_ms / 1000),
		.user_timeout_ms = s->user_timeout_ms,
		.window_clamp = s->window == UINT32_MAX ? 0 : s->window,
		.hop_limit = s->ttl,
		.dscp = s->tos >> 2,
	};
}

uint16_t
tg_options_get(struct tg_option_table *t, const struct tg_options *s)
{
	uint16_t idx = TG_OPTIONS_NONE;

	for (uint16_t i = 0; i < t->top; i++) {
		struct tg_options *o = &t->set[i];

		if (o->refs == 0) {
			if (idx == TG_OPTIONS_NONE)
				idx = i;
		} else if (memcmp((const uint8_t *)o + VALUES, (const uint8_t *)s + VALUES,
				   sizeof(*o) - VALUES) == 0) {
			o->refs++;
			return i;
		}
	}
	if (idx == TG_OPTIONS_NONE) {
		if (t->top == TG_OPTION_SETS)
			return TG_OPTIONS_NONE;
		idx = t->top++;
	}
	t->set[idx] = *s;
	t->set[idx].refs = 1;
	return idx;
}

void
tg_options_put(struct tg_option_table *t, uint16_t idx)
{
	t->set[idx].refs--;
}
