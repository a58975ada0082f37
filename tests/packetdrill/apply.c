/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options that are options of an engine's connection: see sock.h.
 */
#include <errno.h>
#include <netinet/in.h>

#include "sock.h"

#define TOS_ECN_BITS 3

void
pd_options_default(struct pd_opts *o)
{
	o->keep_idle_s = 7200;
	o->keep_intvl_s = 75;
	o->keep_cnt = 9;
	o->ttl = -1;
	o->hops = -1;
}

void
pd_options_of(const struct pd_sock *k, struct tg_conn_options *to)
{
	const struct pd_opts *o = &k->opt;
	bool v4 = k->family == AF_INET || (k->kind == PD_CONN && tg_addr_is_v4(&k->local.addr));
	int ttl = v4 ? o->ttl : o->hops, tos = v4 ? o->tos : o->tclass;

	*to = (struct tg_conn_options){
		.keepalive = o->keepalive != 0,
		.keep_count = (uint8_t)o->keep_cnt,
		.keep_idle_s = (uint16_t)o->keep_idle_s,
		.keep_interval_s = (uint16_t)o->keep_intvl_s,
		.user_timeout_ms = (uint32_t)o->user_timeout_ms,
		.window_clamp = (uint32_t)o->window_clamp,
		.hop_limit = (uint8_t)(ttl < 0 ? 0 : ttl), /* -1: the default again */
		.dscp = (uint8_t)((tos & ~TOS_ECN_BITS & UINT8_MAX) >> 2),
	};
	/* a day more or less: the engine's clock wraps in 49 */
	if (to->user_timeout_ms >= INT32_MAX)
		to->user_timeout_ms = INT32_MAX - 1;
}

int
pd_options_apply(struct pd_stack *s, struct pd_sock *k)
{
	struct tg_conn_options o;
	int rc;

	if (k->kind == PD_CONN && !k->dead) {
		pd_options_of(k, &o);
		return tg_set_options(s->rig.w, k->conn, &o);
	}
	if (k->kind != PD_LISTENER || k->lsn == 0)
		return 0;
	/* Those that wait already get them at accept(). */
	rc = pd_relisten(s, k);
	return rc == -EBUSY ? 0 : rc;
}
