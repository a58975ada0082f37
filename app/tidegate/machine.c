/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* Idle states of a CPU: Linux has ten at most. */
#define STATES_MAX 10

/* First line of a file; empty when there is none. */
static void
read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

static unsigned
read_number(const char *path)
{
	char line[32];

	read_line(path, line, sizeof(line));
	return (unsigned)strtoul(line, NULL, 10);
}

static void
look_at_idle(const char *root, unsigned cpu, struct machine_cpu *out)
{
	char path[256];

	for (unsigned i = 0; i < STATES_MAX; i++) {
		unsigned latency;

		snprintf(path, sizeof(path), "%s/cpu%u/cpuidle/state%u/disable", root, cpu, i);
		if (read_number(path) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/cpu%u/cpuidle/state%u/latency", root, cpu, i);
		latency = read_number(path);
		if (latency <= out->idle_latency_us)
			continue;
		out->idle_latency_us = latency;
		snprintf(path, sizeof(path), "%s/cpu%u/cpuidle/state%u/name", root, cpu, i);
		read_line(path, out->idle_state, sizeof(out->idle_state));
	}
}

void
machine_look(const char *root, unsigned cpu, struct machine_cpu *out)
{
	char path[256], list[256];

	memset(out, 0, sizeof(*out));
	snprintf(path, sizeof(path), "%s/cpu%u/cpufreq/scaling_governor", root, cpu);
	read_line(path, out->governor, sizeof(out->governor));
	snprintf(path, sizeof(path), "%s/cpu%u/topology/thread_siblings_list", root, cpu);
	read_line(path, out->siblings, sizeof(out->siblings));
	snprintf(path, sizeof(path), "%s/isolated", root);
	read_line(path, list, sizeof(list));
	out->isolated = machine_list_has(list, cpu);
	look_at_idle(root, cpu, out);
}

bool
machine_list_has(const char *list, unsigned n)
{
	while (*list != '\0') {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			return false;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (n >= from && n <= to)
			return true;
		list = *end == ',' ? end + 1 : end + strlen(end);
	}
	return false;
}
