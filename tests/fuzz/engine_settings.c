/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The settings at the head of fuzz_engine's input: see engine_settings.h.
 */
#include "engine_settings.h"

#include <string.h>

uint8_t
fuzz_take(struct fuzz_bytes *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

/*
 * The queues' rules, four bytes:
 *
 *   0  bits 0-2 syncookies, 3-4 defer_mode, 5-7 defer_accept_s
 *   1  bit 0 single_queue, 1 accept_exact, 2 accept_full young, 3 defer_cookies, 4-5 syn_backlog,
 *      6 shared cookie seed, 7 synack_rto 3 s
 *   2  bits 0-1 synack_prefix_rate, 2-3 its burst, 4-5 proven_peers, 6-7 cookie_check_rate
 *   3  bits 0-3 max_syn_backlog, 4-5 synack_retries, 6-7 start and stop of adaptive cookies
 */
static void
more_settings(struct fuzz_bytes *in, struct tg_engine_config *c, struct tg_listener_config *l)
{
	static const uint32_t seconds[] = {0, 1, 2, 3, 5, 8, 20, 63};
	static const uint32_t syn_backlog[] = {0, TG_SYN_BACKLOG_AUTO, 1, 5};
	static const uint32_t rate[] = {0, 1, 5, 50}, burst[] = {1, 2, 16, 256};
	static const uint32_t peers[] = {0, 1, 4, 64}, checks[] = {0, 1, 3, 100};
	static const uint8_t retries[] = {2, 0, 1, 5};
	static const uint8_t start[] = {75, 100, 1, 50}, stop[] = {25, 100, 0, 50};
	uint8_t x[4];

	for (unsigned i = 0; i < 4; i++)
		x[i] = fuzz_take(in);
	c->syncookies = (x[0] & 7) % (TG_SYNCOOKIES_MONITOR + 1);
	l->defer_mode = (x[0] >> 3 & 3) % (TG_DEFER_LEGACY + 1);
	l->defer_accept_s = seconds[x[0] >> 5];
	l->single_queue = (x[1] & 1) != 0;
	c->accept_exact = (x[1] & 2) != 0;
	c->accept_full = (x[1] & 4) != 0 ? TG_ACCEPT_FULL_YOUNG : TG_ACCEPT_FULL_ALWAYS;
	l->defer_cookies = (x[1] & 8) != 0;
	l->syn_backlog = syn_backlog[x[1] >> 4 & 3];
	c->cookie_seed_shared = (x[1] & 64) != 0;
	memset(c->cookie_seed, 0x5a, sizeof(c->cookie_seed));
	c->synack_rto_ms = (x[1] & 128) != 0 ? 3000 : 1000;
	c->synack_prefix_rate = rate[x[2] & 3];
	c->synack_prefix_burst = burst[x[2] >> 2 & 3];
	c->synack_prefix_buckets = 64;
	c->proven_peers = peers[x[2] >> 4 & 3];
	c->proven_ms = 10000;
	c->cookie_check_rate = checks[x[2] >> 6];
	c->max_syn_backlog = 1 + (x[3] & 15);
	c->synack_retries = retries[x[3] >> 4 & 3];
	c->syncookies_start = start[x[3] >> 6];
	c->syncookies_stop = stop[x[3] >> 6];
}

void
engine_settings(struct fuzz_bytes *in, struct rig *rig, struct tg_listener_config l[2])
{
	uint8_t first = fuzz_take(in), a = fuzz_take(in), b = fuzz_take(in);
	unsigned m = first & 127, fo = m / 5;
	struct tg_engine_config *c = &rig->cfg;

	rig_init(rig, &rig_manners[m % rig_manner_count]);
	c->syncookies = (a & 3) % 3;
	c->abort_on_overflow = (a & 4) != 0;
	c->timestamps = (a & 8) == 0;
	c->sack = (a & 16) == 0;
	c->window_scaling = (a & 32) == 0;
	c->closed_port_drop = (a & 64) != 0;
	c->rcvbuf = c->sndbuf = 4096u << (b & 3) * 2;
	c->max_conns = (b & 16) != 0 ? 2 : 8;
	c->max_half_open = (b & 16) != 0 ? 2 : 8;
	c->max_time_wait = (b & 32) != 0 ? 1 : 8;
	c->max_segments = (b & 64) != 0 ? 4 : 128;
	c->retries = 4;
	c->orphan_retries = 3;
	c->synack_retries = 2;

	tg_listener_config_init(&l[0]);
	l[0].local.port = 80;
	l[0].backlog = 1u << (b >> 2 & 3);
	l[0].nodelay = (a & 128) != 0;
	l[0].fastopen = (fo & 3) % 3;
	l[0].fastopen_late = (fo & 4) != 0;
	l[0].fastopen_under_flood = (fo & 8) != 0;
	l[0].fastopen_qlen = (fo & 16) != 0 ? 1 : 5;
	l[0].idle_timeout_ms = (b & 128) != 0 ? 5000 : 0;
	if ((first & 128) != 0)
		more_settings(in, c, &l[0]);
	l[1] = l[0];
	memset(&l[1].local.addr, 0, sizeof(l[1].local.addr));
}
