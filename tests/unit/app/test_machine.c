/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A copy of /sys/devices/system/cpu with two CPUs, in a directory of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "machine.h"

static char root[] = "/tmp/tidegate-machine-XXXXXX";

/* Writes a file below root, and the directories above it. */
static void
put(const char *name, const char *text)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	put("isolated", "1,4-6\n");
	put("cpu0/cpufreq/scaling_governor", "powersave\n");
	put("cpu0/topology/thread_siblings_list", "0,2\n");
	put("cpu0/cpuidle/state0/latency", "0\n");
	put("cpu0/cpuidle/state0/name", "POLL\n");
	put("cpu0/cpuidle/state1/latency", "2\n");
	put("cpu0/cpuidle/state1/name", "C1\n");
	put("cpu0/cpuidle/state2/latency", "133\n");
	put("cpu0/cpuidle/state2/name", "C6\n");
	put("cpu0/cpuidle/state3/latency", "900\n");
	put("cpu0/cpuidle/state3/name", "C10\n");
	put("cpu0/cpuidle/state3/disable", "1\n");
	return 0;
}

static int
take_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void
what_is_there_is_read(void **state)
{
	struct machine_cpu m;

	(void)state;
	machine_look(root, 0, &m);
	assert_string_equal(m.governor, "powersave");
	assert_string_equal(m.siblings, "0,2");
	assert_false(m.isolated);
	/* The deepest state that is not switched off. */
	assert_int_equal(m.idle_latency_us, 133);
	assert_string_equal(m.idle_state, "C6");
}

static void
what_is_not_there_is_empty(void **state)
{
	struct machine_cpu m;

	(void)state;
	machine_look(root, 1, &m);
	assert_string_equal(m.governor, "");
	assert_string_equal(m.siblings, "");
	assert_int_equal(m.idle_latency_us, 0);
	assert_true(m.isolated);
	machine_look("/nonexistent", 0, &m);
	assert_false(m.isolated);
}

static void
lists_of_cpus(void **state)
{
	(void)state;
	assert_true(machine_list_has("0", 0));
	assert_true(machine_list_has("0-3,8", 3));
	assert_true(machine_list_has("0-3,8", 8));
	assert_false(machine_list_has("0-3,8", 4));
	assert_false(machine_list_has("18", 8));
	assert_false(machine_list_has("", 0));
	assert_false(machine_list_has("none", 0));
	assert_false(machine_list_has("1,,0", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_read),
		cmocka_unit_test(what_is_not_there_is_empty),
		cmocka_unit_test(lists_of_cpus),
	};

	return cmocka_run_group_tests(tests, set_up, take_down);
}
