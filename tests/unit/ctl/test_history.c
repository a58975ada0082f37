/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "support.h"

static char dir[64];
static char path[128];

static int
begin(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/tgctl-history-XXXXXX");
	assert_non_null(mkdtemp(dir));
	setenv("XDG_RUNTIME_DIR", dir, 1);
	snprintf(path, sizeof(path), "%s/tidegatectl-nstat.gate", dir);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static void
the_last_call_comes_back(void **state)
{
	json_t *counters = json("{'a': 5}"), *empty = json_object();
	struct history h;
	struct stat st;
	const char *err;

	(void)state;
	assert_int_equal(history_open(&h, "gate", 7, &err), 0);
	assert_null(h.before);
	assert_int_equal(history_write(&h, 7, 100.5, counters), 0);
	history_close(&h);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(history_open(&h, "gate", 7, &err), 0);
	assert_int_equal(json_integer_value(json_object_get(h.before, "a")), 5);
	assert_true(h.at > 100 && h.at < 101);
	/* a shorter one leaves nothing of the longer one behind */
	assert_int_equal(history_write(&h, 7, 1, empty), 0);
	json_decref(empty);
	history_close(&h);
	assert_int_equal(history_open(&h, "gate", 7, &err), 0);
	assert_int_equal(json_object_size(h.before), 0);
	history_close(&h);
	/* another process has counted from zero */
	assert_int_equal(history_open(&h, "gate", 8, &err), 0);
	assert_null(h.before);
	history_close(&h);
	json_decref(counters);
}

static void
names_stay_in_the_directory(void **state)
{
	struct history h;
	const char *err;

	(void)state;
	assert_int_equal(history_open(&h, "/run/x y", 7, &err), 0);
	assert_non_null(strstr(h.path, "/tidegatectl-nstat._run_x_y"));
	assert_int_equal(unlink(h.path), 0);
	history_close(&h);
}

static void
what_is_not_ours_is_not_touched(void **state)
{
	struct history h;
	const char *err = NULL;
	char other[128];
	int fd;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", dir);
	/* a link */
	fd = open(other, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "keep", 4), 4);
	assert_int_equal(symlink(other, path), 0);
	assert_int_not_equal(history_open(&h, "gate", 7, &err), 0);
	assert_string_equal(err, "is a link");
	unlink(path);
	/* a second name for another file */
	assert_int_equal(link(other, path), 0);
	assert_int_not_equal(history_open(&h, "gate", 7, &err), 0);
	assert_string_equal(err, "has a second name");
	unlink(path);
	close(fd);
	unlink(other);
	/* others may write it */
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(fchmod(fd, 0666), 0);
	assert_int_not_equal(history_open(&h, "gate", 7, &err), 0);
	assert_string_equal(err, "others may write it");
	/* too large */
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_not_equal(history_open(&h, "gate", 7, &err), 0);
	assert_string_equal(err, "too large to be a history");
	close(fd);
	unlink(path);
	/* a pipe: opening it must not wait for a writer */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_not_equal(history_open(&h, "gate", 7, &err), 0);
	assert_string_equal(err, "not a plain file");
}

static void
a_damaged_file_is_no_history(void **state)
{
	struct history h;
	const char *err;
	FILE *f = fopen(path, "w");

	(void)state;
	fputs("{\"pid\": 7, \"counters\": [1", f);
	fclose(f);
	chmod(path, 0600);
	assert_int_equal(history_open(&h, "gate", 7, &err), 0);
	assert_null(h.before);
	history_close(&h);
	f = fopen(path, "w");
	fputs("{\"pid\": 7, \"counters\": [1]}", f);
	fclose(f);
	assert_int_equal(history_open(&h, "gate", 7, &err), 0);
	assert_null(h.before);
	history_close(&h);
}

static void
deltas(void **state)
{
	json_t *a = json("{'x': 5, 'y': 9}"), *b = json("{'x': 8, 'y': 2, 'z': 4}");

	(void)state;
	assert_int_equal(history_delta(a, b, "x"), 3);
	assert_int_equal(history_delta(a, b, "y"), 2); /* it went back: it began anew */
	assert_int_equal(history_delta(a, b, "z"), 4);
	assert_int_equal(history_delta(NULL, b, "x"), 8);
	assert_int_equal(history_delta(a, b, "none"), 0);
	json_decref(a);
	json_decref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_call_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(names_stay_in_the_directory, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_ours_is_not_touched, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_no_history, begin, end),
		cmocka_unit_test(deltas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
