/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "result.h"

static double
per(uint64_t count, double seconds)
{
	return seconds > 0 ? (double)count / seconds : 0;
}

double
result_offered(const struct flood_result *r)
{
	return per(r->flood_sent, r->seconds);
}

double
result_synack_rate(const struct flood_result *r)
{
	return per(r->synacks, r->seconds);
}

double
result_synack_per_cpu(const struct flood_result *r)
{
	return per(r->synacks, r->cpu_seconds);
}

double
result_honest_percent(const struct flood_result *r)
{
	const struct honest_stats *h = &r->honest;
	uint64_t failed = h->failed_syn + h->failed_data + h->failed_rst + h->skipped;
	uint64_t decided = h->succeeded + failed;

	return decided != 0 ? 100.0 * (double)h->succeeded / (double)decided : 100.0;
}

double
result_handshakes(const struct flood_result *r)
{
	return per(r->honest.closed, r->seconds);
}

void
result_add_drop(struct flood_result *r, const char *name, uint64_t count)
{
	if (count == 0 || r->drops == FLOOD_DROPS)
		return;
	snprintf(r->drop[r->drops].name, sizeof(r->drop[r->drops].name), "%s", name);
	r->drop[r->drops++].count = count;
}

const char *
flood_stage_name(enum flood_stage s)
{
	static const char *const name[STAGES] = {
#define X(e, n, t) n,
		FLOOD_STAGES(X)
#undef X
	};

	return name[s];
}

const char *
flood_stage_text(enum flood_stage s)
{
	static const char *const text[STAGES] = {
#define X(e, n, t) t,
		FLOOD_STAGES(X)
#undef X
	};

	return text[s];
}
