/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <tidegate/engine.h>

#include "report.h"

#define ROOM 16
/* Less of a CPU's time is worth a word. */
#define ENOUGH_CPU 0.98

const char *
report_rate(double v, char *room)
{
	if (v >= 1e6)
		snprintf(room, ROOM, "%.3f M", v / 1e6);
	else if (v >= 10e3)
		snprintf(room, ROOM, "%.1f k", v / 1e3);
	else
		snprintf(room, ROOM, "%.0f", v);
	return room;
}

const char *
report_time(uint64_t ns, char *room)
{
	double v = (double)ns;

	if (ns >= 1000000000)
		snprintf(room, ROOM, "%.2f s", v / 1e9);
	else if (ns >= 10000000)
		snprintf(room, ROOM, "%.0f ms", v / 1e6);
	else if (ns >= 1000000)
		snprintf(room, ROOM, "%.2f ms", v / 1e6);
	else
		snprintf(room, ROOM, ns >= 100000 ? "%.0f us" : "%.1f us", v / 1e3);
	return room;
}

static void
print_flood(const struct campaign *c, FILE *out)
{
	static const char *const opts[] = {"none", "mss", "linux", "mixed"};
	const struct flood_options *o = c->o;
	const char *sep = "";

	fprintf(out, "%s, IPv%d%s, %g s a run; flood:", c->setup->name, o->v6 ? 6 : 4,
		o->mix.vlan != 0 ? " in a VLAN" : "", o->duration);
	if (o->rate < 0) {
		fprintf(out, " none");
	} else {
		for (unsigned k = 0; k < FLOOD_KINDS; k++)
			if (o->mix.part[k] != 0) {
				fprintf(out, "%s %s", sep, flood_kind_name(k));
				sep = " +";
			}
		fprintf(out, ", options %s", opts[o->mix.opts]);
	}
	if (o->honest > 0)
		fprintf(out, "; honest %g/s, %s", o->honest,
			o->style == HONEST_BOTH                   ? "both styles"
				: o->style == HONEST_SERVER_FIRST ? "server-first"
								  : "request-first");
	fprintf(out, "\n\n");
}

static void
print_head(FILE *out)
{
	fprintf(out, "%-21s %9s %9s %9s %7s | %9s %9s %9s %9s | %9s %9s | %8s\n", "", "SYN/s",
		"SYN-ACK/s", "per CPU s", "honest", "first", "byte", "", "", "connect", "",
		"opens/s");
	fprintf(out, "%-21s %9s %9s %9s %7s | %9s %9s %9s %9s | %9s %9s | %8s\n", "contender",
		"offered", "returned", "", "%", "p50", "p90", "p99", "p99.9", "p50", "p99", "");
}

static void
print_times(const struct hist *h, const double percent[], unsigned n, FILE *out)
{
	char room[ROOM];

	for (unsigned i = 0; i < n; i++)
		fprintf(out, " %9s",
			h->count != 0 ? report_time(hist_percentile(h, percent[i]), room) : "-");
}

static void
print_point(const struct campaign_point *p, FILE *out)
{
	static const double byte[] = {50, 90, 99, 99.9}, connect[] = {50, 99};
	const struct flood_result *r = p->run;
	char a[ROOM], b[ROOM], d[ROOM], name[32], honest[ROOM] = "-";

	snprintf(name, sizeof(name), "%s%s%s", flood_contender_name(r->contender),
		!r->has_placement                    ? ""
			: r->placement == PLACE_NAPI ? "/napi"
						     : "/softirq",
		p->better ? "" : " -");
	if (r->honest.first_byte.count != 0)
		snprintf(honest, sizeof(honest), "%.2f", result_honest_percent(r));
	fprintf(out, "%-21s %9s %9s %9s %7s |", name, report_rate(result_offered(r), a),
		report_rate(result_synack_rate(r), b),
		r->cpu_seconds > 0 ? report_rate(result_synack_per_cpu(r), d) : "-", honest);
	print_times(&r->honest.first_byte, byte, 4, out);
	fprintf(out, " |");
	print_times(&r->honest.connect, connect, 2, out);
	fprintf(out, " | %8s\n", r->has_honest ? report_rate(result_handshakes(r), a) : "-");
}

static void
print_drops(const struct flood_result *r, FILE *out)
{
	if (r->has_counters)
		for (unsigned d = 0; d < TG_DISP_COUNT; d++)
			if (r->counters.disposition[d] != 0)
				fprintf(out, "    %-20s %12" PRIu64 "  %s\n",
					tg_disposition_name(d), r->counters.disposition[d],
					tg_disposition_text(d));
	for (unsigned i = 0; i < r->drops; i++)
		fprintf(out, "    %-20s %12" PRIu64 "\n", r->drop[i].name, r->drop[i].count);
	if (r->flood_unsent != 0)
		fprintf(out, "    %-20s %12" PRIu64 "  flood frames that found the wire full\n",
			"unsent", r->flood_unsent);
}

static void
print_clients(const struct flood_result *r, FILE *out)
{
	const struct honest_stats *h = &r->honest;

	fprintf(out,
		"    honest: %" PRIu64 " begun, %" PRIu64 " connected, %" PRIu64
		" with a first byte, %" PRIu64 " closed\n",
		h->started, h->connected, h->succeeded, h->closed);
	fprintf(out,
		"    failed: %" PRIu64 " without SYN-ACK, %" PRIu64 " without a byte, %" PRIu64
		" reset, %" PRIu64 " without a slot; undecided %" PRIu64 "\n",
		h->failed_syn, h->failed_data, h->failed_rst, h->skipped, r->undecided);
	if (h->broken != 0 || h->wrong != 0)
		fprintf(out,
			"    after the first byte: %" PRIu64 " broken; %" PRIu64 " wrong frames\n",
			h->broken, h->wrong);
}

static void
print_cycles(const struct flood_result *r, FILE *out)
{
	fprintf(out, "    cycles a packet, median and p10 of %u bursts of 32:\n", r->slices);
	for (unsigned s = 0; s < STAGES; s++)
		fprintf(out, "      %-9s %7.1f %7.1f  %s\n", flood_stage_name(s),
			r->cycles[s].median, r->cycles[s].p10, flood_stage_text(s));
	if (r->cycles[STAGE_LOOP].p10 > 0)
		fprintf(out, "      at %.2f GHz the loop's p10 is %.2f M/s\n", r->tsc_hz / 1e9,
			r->tsc_hz / r->cycles[STAGE_LOOP].p10 / 1e6);
}

/* On a machine with other work nothing is what it could be: an explanation before all others. */
static void
print_share(const char *who, double cpu, double seconds, FILE *out)
{
	if (cpu > 0 && cpu < ENOUGH_CPU * seconds)
		fprintf(out, "    the %s had its CPU for %.0f %% of the time only\n", who,
			100 * cpu / seconds);
}

static void
print_details(const struct campaign_point *p, FILE *out)
{
	const struct flood_result *r = p->run;
	char a[ROOM], b[ROOM];

	fprintf(out, "\n%s%s", flood_contender_name(r->contender),
		!r->has_placement                    ? ""
			: r->placement == PLACE_NAPI ? "/napi"
						     : "/softirq");
	if (r->detail[0] != '\0')
		fprintf(out, " (%s)", r->detail);
	if (r->wanted > 0)
		fprintf(out, ", %s/s wanted", report_rate(r->wanted, a));
	fprintf(out, ", %.1f s%s\n", r->seconds, r->interrupted ? ", interrupted" : "");
	if (p->runs > 1)
		fprintf(out, "    median of %u runs, SYN-ACK/s from %s to %s\n", p->runs,
			report_rate(p->least, a), report_rate(p->most, b));
	/* Both poll, but for --veth. */
	if (!r->has_placement) {
		print_share("generator", r->generator_cpu_seconds, r->seconds, out);
		print_share("listener", r->cpu_seconds, r->seconds, out);
	}
	if (r->has_honest)
		print_clients(r, out);
	if (r->damaged != 0)
		fprintf(out, "    %" PRIu64 " of %" PRIu64 " answers looked at are damaged\n",
			r->damaged, r->sampled);
	if (r->synack_rx > 0)
		fprintf(out,
			"    CPU cycles a SYN-ACK: %.0f to take packets in (softirq, NAPI "
			"threads), "
			"%.0f in system\n"
			"    calls, %.0f outside the kernel; what an idle poll costs is in them\n",
			r->synack_rx, r->synack_tx, r->synack_own);
	if (r->slices != 0)
		print_cycles(r, out);
	print_drops(r, out);
}

/* tidegate against another in one line. */
static void
print_ratio(const struct flood_result *p, const struct flood_result *q, const char *how, bool *any,
	FILE *out)
{
	char a[ROOM];

	fprintf(out, "%stidegate / %s at %s%s%s: SYN-ACK/s %.2f", *any ? "" : "\n",
		flood_contender_name(q->contender),
		p->wanted > 0 ? report_rate(p->wanted, a) : "full speed", p->wanted > 0 ? "/s" : "",
		how, result_synack_rate(p) / result_synack_rate(q));
	if (p->cpu_seconds > 0 && q->cpu_seconds > 0)
		fprintf(out, ", per CPU second %.2f",
			result_synack_per_cpu(p) / result_synack_per_cpu(q));
	if (p->has_honest && q->has_honest)
		fprintf(out, "; honest %.2f %% and %.2f %%", result_honest_percent(p),
			result_honest_percent(q));
	fprintf(out, "\n");
	*any = true;
}

/* tidegate against each of the others, in the same placement and both in their better one. */
static void
print_ratios(const struct campaign *c, FILE *out)
{
	bool any = false;

	for (unsigned i = 0; i < c->points; i++) {
		const struct campaign_point *p = &c->point[i];

		if (p->run->contender != CONTENDER_TIDEGATE)
			continue;
		for (unsigned k = 0; k < c->points; k++) {
			const struct campaign_point *q = &c->point[k];

			if (q->run->contender == CONTENDER_TIDEGATE ||
				q->run->wanted != p->run->wanted || result_synack_rate(q->run) <= 0)
				continue;
			if (p->run->has_placement && p->run->placement == q->run->placement)
				print_ratio(p->run, q->run,
					p->run->placement == PLACE_NAPI ? ", both napi"
									: ", both softirq",
					&any, out);
			if (p->better && q->better)
				print_ratio(p->run, q->run,
					p->run->has_placement ? ", each in its better placement"
							      : "",
					&any, out);
		}
	}
}

void
report_text(const struct campaign *c, FILE *out)
{
	if (c->points == 0)
		return;
	print_flood(c, out);
	print_head(out);
	for (unsigned i = 0; i < c->points; i++)
		print_point(&c->point[i], out);
	print_ratios(c, out);
	for (unsigned i = 0; i < c->points; i++)
		print_details(&c->point[i], out);
}
