/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP_INFO as the kernel lays it out: see sock.h. A file of its own, since <linux/tcp.h> and
 * <netinet/tcp.h> cannot both be included.
 */
#include <linux/tcp.h>
#include <string.h>

#include "sock.h"

#define INFINITE_SSTHRESH 0x7fffffff

/* The kernel's numbers of the states, which no header for programs has without <netinet/tcp.h>. */
static const uint8_t state_number[] = {
	[TG_CLOSED] = 7,
	[TG_LISTEN] = 10,
	[TG_SYN_RECEIVED] = 3,
	[TG_ESTABLISHED] = 1,
	[TG_FIN_WAIT_1] = 4,
	[TG_FIN_WAIT_2] = 5,
	[TG_CLOSE_WAIT] = 8,
	[TG_CLOSING] = 11,
	[TG_LAST_ACK] = 9,
	[TG_TIME_WAIT] = 6,
};

/* enum tcp_ca_state there */
enum {
	CA_OPEN = 0,
	CA_RECOVERY = 3,
	CA_LOSS = 4,
};

static void
of_listener(const struct pd_stack *s, const struct pd_sock *k, struct tcp_info *o)
{
	struct tg_listener_info i;

	pd_listener_info(s, k, &i);
	o->tcpi_state = state_number[TG_LISTEN];
	o->tcpi_unacked = i.accept_queue;
	o->tcpi_sacked = i.accept_bound;
}

static uint32_t
segments(uint32_t bytes, uint32_t mss)
{
	return (bytes + mss - 1) / mss;
}

static void
of_connection(const struct tg_conn_info *i, const struct pd_inside *in, struct tcp_info *o)
{
	uint32_t mss = i->snd_mss > 0 ? i->snd_mss : 1;

	o->tcpi_state = state_number[i->state];
	o->tcpi_ca_state = in->rto ? CA_LOSS : in->recovery ? CA_RECOVERY : CA_OPEN;
	o->tcpi_retransmits = i->retries;
	o->tcpi_backoff = (uint8_t)in->backoff;
	o->tcpi_options = (i->timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
		(i->sack ? TCPI_OPT_SACK : 0) | (i->window_scaling ? TCPI_OPT_WSCALE : 0) |
		(i->ecn ? TCPI_OPT_ECN : 0) | (i->syn_data ? TCPI_OPT_SYN_DATA : 0);
	o->tcpi_snd_wscale = i->snd_wscale & 15;
	o->tcpi_rcv_wscale = i->rcv_wscale & 15;
	o->tcpi_rto = i->rto_ms * 1000;
	o->tcpi_snd_mss = i->snd_mss;
	o->tcpi_rcv_mss = in->rcv_mss;
	o->tcpi_advmss = in->own_mss;
	o->tcpi_unacked = segments(in->flight, mss);
	o->tcpi_rtt = i->srtt_us;
	o->tcpi_rttvar = in->rttvar_us;
	o->tcpi_snd_ssthresh =
		i->ssthresh >= 1u << 30 ? INFINITE_SSTHRESH : segments(i->ssthresh, mss);
	o->tcpi_snd_cwnd = i->cwnd / mss;
	o->tcpi_reordering = 3;
	o->tcpi_rcv_space = i->rcv_wnd;
	o->tcpi_notsent_bytes = in->unsent;
	o->tcpi_snd_wnd = i->snd_wnd;
}

void
pd_tcp_info(const struct pd_stack *s, const struct pd_sock *k, void *out, socklen_t len)
{
	struct tg_conn_info info;
	struct pd_inside inside;
	struct tcp_info o;

	memset(&o, 0, sizeof(o));
	o.tcpi_state = state_number[TG_CLOSED];
	if (k->kind == PD_LISTENER && k->lsn != 0)
		of_listener(s, k, &o);
	if (k->kind == PD_CONN && tg_get_info(s->rig.w, k->conn, &info) == 0) {
		pd_inside(s, k->conn, &inside);
		of_connection(&info, &inside, &o);
	}
	/* A newer kernel's struct is longer; what is not known of it is 0. */
	memset(out, 0, len);
	memcpy(out, &o, len < sizeof(o) ? len : sizeof(o));
}
