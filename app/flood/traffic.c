/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "traffic.h"

int
traffic_flood(const struct flood_options *o, const struct traffic_net *net, struct flood_mix *mix)
{
	struct flood_mix_config cfg = o->mix;

	memcpy(cfg.dst_mac, net->dst_mac, sizeof(cfg.dst_mac));
	memcpy(cfg.src_mac, net->src_mac, sizeof(cfg.src_mac));
	cfg.dst = net->dst;
	/* The flood is where the clients are: each listener has a SYN queue of its own. */
	cfg.dports = 1;
	if (o->honest > 0 && o->style == HONEST_BOTH)
		cfg.dports = 2;
	else if (o->honest > 0 && o->style == HONEST_SERVER_FIRST)
		cfg.dport++;
	return flood_mix_init(mix, &cfg);
}

int
traffic_clients(const struct flood_options *o, const struct traffic_net *net, tg_time start,
	struct honest **out)
{
	/* A hundredth more than their patience, for the wheel to say that it has ended. */
	double seconds = o->duration >= 2 ? o->duration - 1.01 : o->duration / 2;
	struct honest_config cfg = {
		.vlan = o->mix.vlan,
		.dst = net->dst,
		.dport = o->mix.dport,
		.style = o->style,
		.from = o->clients,
		.rate = o->honest,
		.start = start,
		.stop = start + (tg_time)(seconds * 1e9),
		.seed = o->mix.seed,
	};

	*out = NULL;
	if (!(o->honest > 0))
		return 0;
	memcpy(cfg.dst_mac, net->dst_mac, sizeof(cfg.dst_mac));
	memcpy(cfg.src_mac, net->src_mac, sizeof(cfg.src_mac));
	*out = honest_create(&cfg);
	return *out != NULL ? 0 : -ENOMEM;
}

struct pace
pace_of(const struct flood_options *o, double rate, tg_time start)
{
	struct pace p = {.rate = rate, .start = start, .end = start + (tg_time)(o->duration * 1e9)};

	if (o->ramp_to > 0)
		p.slope = (o->ramp_to - rate) / o->duration;
	return p;
}

uint64_t
pace_due(const struct pace *p, tg_time now)
{
	double t;

	if (p->rate < 0 || now <= p->start)
		return 0;
	if (p->rate == 0)
		return UINT64_MAX;
	t = (double)((now < p->end ? now : p->end) - p->start) / 1e9;
	return (uint64_t)(p->rate * t + p->slope * t * t / 2);
}
