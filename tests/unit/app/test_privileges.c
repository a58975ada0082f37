/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom the process may become, and whose EAL's directory is. Becoming somebody is tried in
 * tests/net/cases/privileges.sh: this program stays who it is.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privileges.h"
#include "runtime_dir.h"
#include "support.h"

#define REST                                                    \
	"ports: [{device: x, addresses: [\"192.0.2.1/24\"]}]\n" \
	"listeners: [{address: 0.0.0.0, port: 80, service: echo}]\n"

static char err[CONFIG_ERROR_MAX];

static struct config *
configured(const char *process)
{
	struct config *c;
	char text[512];

	snprintf(text, sizeof(text), "process: {%s}\n" REST, process);
	assert_int_equal(config_parse("t.yaml", text, strlen(text), &c, err), 0);
	return c;
}

static void
refused(const char *process, const char *message)
{
	struct config *c = configured(process);
	struct privileges p;

	assert_int_equal(privileges_find(c, &p, err), -1);
	assert_string_equal(err, message);
	assert_false(p.change);
	assert_int_equal(privileges_find(c, NULL, err), -1);
	config_free(c);
}

static void
who_is_not_there_is_refused(void **state)
{
	(void)state;
	refused("user: no-such-user",
		"t.yaml:1: process.user: there is no user no-such-user; make it (useradd --system "
		"--shell /usr/sbin/nologin no-such-user), or leave this out");
	refused("user: nobody, group: no-such-group",
		"t.yaml:1: process.group: there is no group no-such-group; make it (groupadd "
		"--system no-such-group), or leave this out");
	refused("user: root",
		"t.yaml:1: process.user: root is root; name a user that may do nothing else, or "
		"leave this out");
}

static void
who_is_there_is_found(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct privileges p;
	struct config *c;

	(void)state;
	c = configured("");
	assert_int_equal(privileges_find(c, &p, err), 0);
	assert_false(p.change);
	assert_int_equal(privileges_owner(c), (uid_t)-1);
	/* Nothing to give up is no error. */
	assert_int_equal(privileges_limit(&p), 0);
	config_free(c);
	if (geteuid() != 0 || nobody == NULL)
		skip();
	c = configured("user: nobody");
	assert_int_equal(privileges_find(c, &p, err), 0);
	assert_true(p.change);
	assert_int_equal(p.uid, nobody->pw_uid);
	assert_int_equal(p.gid, nobody->pw_gid);
	assert_int_equal(privileges_owner(c), nobody->pw_uid);
	config_free(c);
	c = configured("user: nobody, group: daemon");
	assert_int_equal(privileges_find(c, &p, err), 0);
	assert_int_not_equal(p.gid, nobody->pw_gid);
	config_free(c);
}

static void
eal_makes_its_directory_there(void **state)
{
	static char *const none[] = {"tidegate", "--no-huge"};
	static char *const joined[] = {"tidegate", "--file-prefix=a", "--no-pci"};
	static char *const apart[] = {"tidegate", "--file-prefix=a", "--file-prefix", "b"};
	static char *const cut[] = {"tidegate", "--file-prefix"};
	char path[RUNTIME_DIR_MAX];

	(void)state;
	unsetenv("RUNTIME_DIRECTORY");
	runtime_dir_find(2, none, path);
	assert_string_equal(path, "/var/run/dpdk/rte");
	runtime_dir_find(3, joined, path);
	assert_string_equal(path, "/var/run/dpdk/a");
	runtime_dir_find(4, apart, path);
	assert_string_equal(path, "/var/run/dpdk/b");
	runtime_dir_find(2, cut, path);
	assert_string_equal(path, "/var/run/dpdk/rte");
	setenv("RUNTIME_DIRECTORY", "/run/tidegate", 1);
	runtime_dir_find(3, joined, path);
	assert_string_equal(path, "/run/tidegate/dpdk/a");
	unsetenv("RUNTIME_DIRECTORY");
}

static void
write_file(const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
}

static bool
is_there(const char *dir, const char *name, uid_t *owner)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (lstat(path, &st) != 0)
		return false;
	*owner = st.st_uid;
	return true;
}

static void
the_directory_goes_to_the_user_and_back(void **state)
{
	char above[] = "/tmp/tidegate-test-XXXXXX", dir[64], path[128], link_path[128];
	uid_t owner;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(above));
	snprintf(dir, sizeof(dir), "%s/prefix", above);
	assert_int_equal(runtime_dir_take_back(dir), 0);
	assert_int_equal(runtime_dir_hand_over(dir, 65534, 65534), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_file(dir, "config");
	write_file(above, "victim");
	assert_int_equal(runtime_dir_hand_over(dir, 65534, 65534), 0);
	assert_true(is_there(above, "prefix", &owner));
	assert_int_equal(owner, 65534);
	assert_true(is_there(dir, "config", &owner));
	assert_int_equal(owner, 65534);
	assert_true(is_there(above, "victim", &owner));
	assert_int_equal(owner, 0);

	/* Links of both kinds, and a FIFO that would be waited on. */
	snprintf(path, sizeof(path), "%s/victim", above);
	snprintf(link_path, sizeof(link_path), "%s/soft", dir);
	assert_int_equal(symlink(path, link_path), 0);
	snprintf(link_path, sizeof(link_path), "%s/hard", dir);
	assert_int_equal(link(path, link_path), 0);
	snprintf(link_path, sizeof(link_path), "%s/fifo", dir);
	assert_int_equal(mkfifo(link_path, 0600), 0);
	assert_int_equal(runtime_dir_take_back(dir), 0);
	assert_true(is_there(above, "prefix", &owner));
	assert_int_equal(owner, 0);
	assert_true(is_there(dir, "config", &owner));
	assert_false(is_there(dir, "soft", &owner));
	assert_false(is_there(dir, "hard", &owner));
	assert_false(is_there(dir, "fifo", &owner));
	assert_true(is_there(above, "victim", &owner));

	/* The directory itself is no link either. */
	snprintf(link_path, sizeof(link_path), "%s/link", above);
	assert_int_equal(symlink(dir, link_path), 0);
	assert_int_not_equal(runtime_dir_take_back(link_path), 0);
	assert_int_not_equal(runtime_dir_hand_over(link_path, 65534, 65534), 0);

	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/config", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(rmdir(above), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_there_is_refused),
		cmocka_unit_test(who_is_there_is_found),
		cmocka_unit_test(eal_makes_its_directory_there),
		cmocka_unit_test(the_directory_goes_to_the_user_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
