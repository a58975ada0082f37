/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <jansson.h>

#include <tidegate/engine.h>

#include "report.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

static json_t *
whole(uint64_t v)
{
	return json_integer((json_int_t)v);
}

/* Microseconds: what a reader compares, and exact enough in a double. */
static json_t *
times(const struct hist *h)
{
	static const struct {
		const char *name;
		double percent;
	} of[] = {{"p50_us", 50}, {"p90_us", 90}, {"p99_us", 99}, {"p99_9_us", 99.9}};
	json_t *j = json_object();

	json_object_set_new(j, "count", whole(h->count));
	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		json_object_set_new(
			j, of[i].name, json_real((double)hist_percentile(h, of[i].percent) / 1e3));
	json_object_set_new(j, "max_us", json_real((double)h->max / 1e3));
	return j;
}

static json_t *
clients(const struct flood_result *r)
{
	const struct honest_stats *h = &r->honest;
	json_t *j = json_object();

	json_object_set_new(j, "percent", json_real(result_honest_percent(r)));
	json_object_set_new(j, "handshakes_per_s", json_real(result_handshakes(r)));
#define COUNT(f) json_object_set_new(j, #f, whole(h->f))
	COUNT(started);
	COUNT(skipped);
	COUNT(connected);
	COUNT(succeeded);
	COUNT(failed_syn);
	COUNT(failed_data);
	COUNT(failed_rst);
	COUNT(closed);
	COUNT(broken);
	COUNT(wrong);
	COUNT(repeated);
#undef COUNT
	json_object_set_new(j, "undecided", whole(r->undecided));
	json_object_set_new(j, "connect", times(&h->connect));
	json_object_set_new(j, "first_byte", times(&h->first_byte));
	return j;
}

static json_t *
drops(const struct flood_result *r)
{
	json_t *j = json_object();

	for (unsigned d = TG_DISP_PASSED + 1; r->has_counters && d < TG_DISP_COUNT; d++)
		if (r->counters.disposition[d] != 0)
			json_object_set_new(
				j, tg_disposition_name(d), whole(r->counters.disposition[d]));
	for (unsigned i = 0; i < r->drops; i++)
		json_object_set_new(j, r->drop[i].name, whole(r->drop[i].count));
	if (r->flood_unsent != 0)
		json_object_set_new(j, "unsent", whole(r->flood_unsent));
	return j;
}

static json_t *
counters(const struct flood_result *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "received", whole(r->counters.received));
	for (unsigned d = 0; d < TG_DISP_COUNT; d++)
		if (r->counters.disposition[d] != 0)
			json_object_set_new(
				j, tg_disposition_name(d), whole(r->counters.disposition[d]));
	for (unsigned i = 0; i < TG_CNT_COUNT; i++)
		if (r->counters.event[i] != 0)
			json_object_set_new(j, tg_counter_name(i), whole(r->counters.event[i]));
	return j;
}

static json_t *
cycles(const struct flood_result *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "bursts", whole(r->slices));
	json_object_set_new(j, "tsc_hz", json_real(r->tsc_hz));
	for (unsigned s = 0; s < STAGES; s++) {
		json_t *of = json_object();

		json_object_set_new(of, "median", json_real(r->cycles[s].median));
		json_object_set_new(of, "p10", json_real(r->cycles[s].p10));
		json_object_set_new(j, flood_stage_name(s), of);
	}
	return j;
}

static json_t *
run(const struct flood_result *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "contender", json_string(flood_contender_name(r->contender)));
	if (r->has_placement)
		json_object_set_new(j, "placement",
			json_string(r->placement == PLACE_NAPI ? "napi" : "softirq"));
	json_object_set_new(j, "detail", json_string(r->detail));
	json_object_set_new(j, "wanted_per_s", json_real(r->wanted));
	json_object_set_new(j, "seconds", json_real(r->seconds));
	json_object_set_new(j, "interrupted", json_boolean(r->interrupted));
	json_object_set_new(j, "offered_per_s", json_real(result_offered(r)));
	json_object_set_new(j, "synacks_per_s", json_real(result_synack_rate(r)));
	if (r->cpu_seconds > 0) {
		json_object_set_new(j, "cpu_seconds", json_real(r->cpu_seconds));
		json_object_set_new(j, "synacks_per_cpu_s", json_real(result_synack_per_cpu(r)));
	}
	if (r->synack_rx > 0) {
		json_object_set_new(j, "cycles_per_synack_rx", json_real(r->synack_rx));
		json_object_set_new(j, "cycles_per_synack_tx", json_real(r->synack_tx));
		json_object_set_new(j, "cycles_per_synack_own", json_real(r->synack_own));
	}
	json_object_set_new(j, "flood_sent", whole(r->flood_sent));
	json_object_set_new(j, "synacks", whole(r->synacks));
	json_object_set_new(j, "rsts", whole(r->rsts));
	json_object_set_new(j, "others", whole(r->others));
	json_object_set_new(j, "answers_verified", whole(r->sampled));
	json_object_set_new(j, "answers_damaged", whole(r->damaged));
	json_object_set_new(j, "passive_opens", whole(r->passive_opens));
	json_object_set_new(j, "drops", drops(r));
	if (r->has_honest)
		json_object_set_new(j, "honest", clients(r));
	if (r->has_counters)
		json_object_set_new(j, "counters", counters(r));
	if (r->slices != 0)
		json_object_set_new(j, "cycles", cycles(r));
	return j;
}

static json_t *
point(const struct campaign *c, const struct campaign_point *p)
{
	json_t *j = json_object();

	json_object_set_new(j, "run", whole((uint64_t)(p->run - c->run)));
	json_object_set_new(j, "median_of", whole(p->runs));
	json_object_set_new(j, "synacks_per_s_least", json_real(p->least));
	json_object_set_new(j, "synacks_per_s_most", json_real(p->most));
	json_object_set_new(j, "better_placement", json_boolean(p->better));
	for (unsigned k = CONTENDER_TIDEGATE + 1;
		p->better && p->run->contender == CONTENDER_TIDEGATE && k < CONTENDERS; k++) {
		const struct campaign_point *q = campaign_rival(c, p, k);
		char name[64];

		if (q == NULL || result_synack_rate(q->run) <= 0)
			continue;
		snprintf(name, sizeof(name), "synacks_ratio_to_%s", flood_contender_name(k));
		json_object_set_new(j, name,
			json_real(result_synack_rate(p->run) / result_synack_rate(q->run)));
	}
	return j;
}

int
report_json(const struct campaign *c, const char *file)
{
	json_t *j = json_object(), *runs = json_array(), *points = json_array();
	int rc;

	json_object_set_new(j, "program", json_string("tidegate-flood " TIDEGATE_VERSION));
	json_object_set_new(j, "setup", json_string(c->setup->name));
	json_object_set_new(j, "duration_s", json_real(c->o->duration));
	json_object_set_new(j, "ip_version", whole(c->o->v6 ? 6 : 4));
	json_object_set_new(j, "honest_per_s", json_real(c->o->honest));
	for (unsigned i = 0; i < c->runs; i++)
		json_array_append_new(runs, run(&c->run[i]));
	for (unsigned i = 0; i < c->points; i++)
		json_array_append_new(points, point(c, &c->point[i]));
	json_object_set_new(j, "runs", runs);
	json_object_set_new(j, "points", points);
	errno = 0;
	rc = json_dump_file(j, file, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(j);
	return rc == 0 ? 0 : errno != 0 ? -errno : -EIO;
}
