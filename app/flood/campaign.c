/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"

/* One kind of run. */
struct kind {
	enum flood_contender contender;
	enum flood_placement placement;
};

#define KINDS_MAX (2 * CONTENDERS)

static unsigned
kinds_of(const struct flood_options *o, const struct flood_setup *setup, struct kind kind[])
{
	unsigned n = 0;

	for (unsigned c = 0; c < CONTENDERS; c++) {
		if ((o->against & 1u << c) == 0)
			continue;
		for (unsigned p = PLACE_SOFTIRQ; p <= PLACE_NAPI; p++)
			if (setup->placements ? o->placement == PLACE_BOTH || o->placement == p
					      : p == PLACE_SOFTIRQ)
				kind[n++] = (struct kind){c, p};
	}
	return n;
}

static int
run_one(struct campaign *c, void *ctx, const struct kind *k, double rate, char *err)
{
	struct flood_result *r = &c->run[c->runs];
	struct progress p;
	char what[64];
	int rc;

	memset(r, 0, sizeof(*r));
	r->contender = (uint8_t)k->contender;
	r->has_placement = c->setup->placements;
	r->placement = (uint8_t)k->placement;
	r->wanted = rate;
	snprintf(what, sizeof(what), "%s%s", flood_contender_name(k->contender),
		!r->has_placement                    ? ""
			: k->placement == PLACE_NAPI ? "/napi"
						     : "/softirq");
	progress_start(&p, what, c->o->quiet);
	rc = c->setup->run(ctx, r, &p, err);
	progress_end(&p);
	if (rc == 0)
		c->runs++;
	return rc;
}

static int
by_synacks(const void *a, const void *b)
{
	double x = result_synack_rate(*(const struct flood_result *const *)a);
	double y = result_synack_rate(*(const struct flood_result *const *)b);

	return (x > y) - (x < y);
}

/* The median of the runs of a kind at a rate; none when there was no such run. */
static void
sum_up_kind(struct campaign *c, const struct kind *k, double rate)
{
	const struct flood_result **list = calloc(c->runs + 1, sizeof(*list));
	struct campaign_point *p = &c->point[c->points];
	unsigned n = 0;

	for (unsigned i = 0; list != NULL && i < c->runs; i++)
		if (c->run[i].contender == k->contender && c->run[i].placement == k->placement &&
			c->run[i].wanted == rate)
			list[n++] = &c->run[i];
	if (n != 0) {
		qsort(list, n, sizeof(*list), by_synacks);
		*p = (struct campaign_point){.run = list[(n - 1) / 2],
			.runs = n,
			.least = result_synack_rate(list[0]),
			.most = result_synack_rate(list[n - 1]),
			.better = true};
		c->points++;
	}
	free(list);
}

/* Of two placements one is better; by honest success first only where SYN-ACKs are as many. */
static void
judge(struct campaign *c)
{
	for (unsigned i = 0; i + 1 < c->points; i++) {
		struct campaign_point *a = &c->point[i], *b = &c->point[i + 1];

		if (a->run->contender != b->run->contender || a->run->wanted != b->run->wanted)
			continue;
		a->better = result_synack_rate(a->run) >= result_synack_rate(b->run);
		b->better = !a->better;
	}
}

static void
sum_up(struct campaign *c, const struct kind kind[], unsigned kinds, const double rate[],
	unsigned rates)
{
	c->points = 0;
	for (unsigned i = 0; i < rates; i++)
		for (unsigned k = 0; k < kinds; k++)
			sum_up_kind(c, &kind[k], rate[i]);
	judge(c);
}

/* All runs at one rate, interleaved; of tidegate alone when its capacity is asked for. */
static int
run_rate(struct campaign *c, void *ctx, const struct kind kind[], unsigned kinds, double rate,
	bool alone, char *err)
{
	int rc = 0;

	for (unsigned n = 0; n < c->o->repeat && rc == 0; n++)
		for (unsigned k = 0; k < kinds && rc == 0 && !stop_wanted(); k++)
			if (!alone || kind[k].contender == CONTENDER_TIDEGATE)
				rc = run_one(c, ctx, &kind[k], rate, err);
	return rc;
}

/* SYN-ACKs per second of tidegate at full speed, in its better placement. */
static int
capacity(struct campaign *c, void *ctx, const struct kind kind[], unsigned kinds, double *out,
	char *err)
{
	static const double full;
	int rc = run_rate(c, ctx, kind, kinds, full, true, err);

	sum_up(c, kind, kinds, &full, 1);
	for (unsigned i = 0; i < c->points; i++)
		if (c->point[i].better)
			*out = result_synack_rate(c->point[i].run);
	if (rc == 0 && *out <= 0 && !stop_wanted()) {
		snprintf(err, SETUP_ERROR, "tidegate answers nothing: no share of it can be sent");
		rc = -ENODATA;
	}
	return rc;
}

static int
run_all(struct campaign *c, void *ctx, const struct kind kind[], unsigned kinds, char *err)
{
	const struct flood_options *o = c->o;
	double rate[FLOOD_STEPS] = {o->rate}, full = 0;
	unsigned rates = o->steps != 0 ? o->steps : 1, first = 0;
	int rc = 0;

	if (o->steps != 0)
		memcpy(rate, o->step, rates * sizeof(rate[0]));
	if (o->share > 0) {
		rc = capacity(c, ctx, kind, kinds, &full, err);
		rate[0] = 0;
		rate[1] = o->share * full;
		first = 1;
		rates = full > 0 ? 2 : 1;
	}
	for (unsigned i = first; i < rates && rc == 0; i++)
		rc = run_rate(c, ctx, kind, kinds, rate[i], false, err);
	sum_up(c, kind, kinds, rate, rates);
	return rc;
}

int
campaign_run(struct campaign *c, const struct flood_options *o, const struct flood_setup *setup,
	char *err)
{
	unsigned rates = o->steps != 0 ? o->steps : 2, kinds;
	struct kind kind[KINDS_MAX];
	void *ctx;
	int rc;

	memset(c, 0, sizeof(*c));
	c->o = o;
	c->setup = setup;
	kinds = kinds_of(o, setup, kind);
	c->run = calloc((size_t)rates * kinds * o->repeat, sizeof(*c->run));
	c->point = calloc((size_t)rates * kinds, sizeof(*c->point));
	if (c->run == NULL || c->point == NULL) {
		snprintf(err, SETUP_ERROR, "no memory for the results");
		return -ENOMEM;
	}
	rc = setup->open(o, &ctx, err);
	if (rc != 0)
		return rc;
	rc = run_all(c, ctx, kind, kinds, err);
	setup->close(ctx);
	return rc;
}

const struct campaign_point *
campaign_rival(
	const struct campaign *c, const struct campaign_point *p, enum flood_contender contender)
{
	for (unsigned i = 0; i < c->points; i++)
		if (c->point[i].run->contender == contender &&
			c->point[i].run->wanted == p->run->wanted && c->point[i].better)
			return &c->point[i];
	return NULL;
}

void
campaign_free(struct campaign *c)
{
	free(c->run);
	free(c->point);
	memset(c, 0, sizeof(*c));
}
