/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secret files: who may own them, who may read them, what may stand in them. Files are made in a
 * directory of their own below the working directory's TMPDIR or /tmp.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fastopen_key.h"
#include "secret_file.h"
#include "secrets.h"
#include "support.h"

#define HEX "00112233445566778899aabbccddeeff0123456789ABCDEFfedcba9876543210"

#define NOBODY ((uid_t)-1) /* no owner besides root and the running user */

static char dir[64], path[128];
static char msg[SECRET_MESSAGE_MAX];
static uint8_t seed[32];

static void
write_file(const void *bytes, size_t len, mode_t mode)
{
	FILE *f;

	unlink(path);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
bad_seed(const char *message)
{
	assert_int_equal(secret_seed_read(path, NOBODY, seed, msg), -1);
	assert_string_equal(msg, message);
}

static void
hex_and_raw_bytes(void **state)
{
	static const char *const good[] = {HEX, HEX "\n", " \t" HEX "\r\n\n"};
	uint8_t raw[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(seed, 0xee, sizeof(seed));
		write_file(good[i], strlen(good[i]), 0600);
		assert_int_equal(secret_seed_read(path, NOBODY, seed, msg), 0);
		assert_int_equal(seed[0], 0x00);
		assert_int_equal(seed[3], 0x33);
		assert_int_equal(seed[15], 0xff);
		assert_int_equal(seed[22], 0xcd);
		assert_int_equal(seed[31], 0x10);
	}
	/* Blanks are bytes like any other, at the end too. */
	memset(raw, ' ', sizeof(raw));
	raw[31] = '\n';
	write_file(raw, sizeof(raw), 0400);
	assert_int_equal(secret_seed_read(path, NOBODY, seed, msg), 0);
	assert_memory_equal(seed, raw, sizeof(raw));
}

static void
other_content_is_refused(void **state)
{
	char longer[SECRET_FILE_MAX + 1];

	(void)state;
	write_file("", 0, 0600);
	bad_seed("holds 0 bytes that are neither 64 hex digits nor 32 bytes");
	write_file(HEX, 63, 0600);
	bad_seed("holds 63 bytes that are neither 64 hex digits nor 32 bytes");
	write_file(HEX "0", 65, 0600);
	bad_seed("holds 65 bytes that are neither 64 hex digits nor 32 bytes");
	write_file("g" HEX, 64, 0600);
	bad_seed("holds 64 bytes that are neither 64 hex digits nor 32 bytes");
	write_file(HEX, 33, 0600);
	bad_seed("holds 33 bytes that are neither 64 hex digits nor 32 bytes");
	memset(longer, ' ', sizeof(longer));
	write_file(longer, sizeof(longer), 0600);
	bad_seed("is longer than 256 bytes");
	memcpy(longer, HEX, 64);
	write_file(longer, SECRET_FILE_MAX, 0600);
	assert_int_equal(secret_seed_read(path, NOBODY, seed, msg), 0);
}

static void
nobody_else_may_read_it(void **state)
{
	static const unsigned modes[] = {0644, 0640, 0604, 0620, 0601, 0700, 0500, 04600, 0200};

	(void)state;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char want[128];

		/* Who is not root cannot even open a file of mode 0200. */
		if (modes[i] == 0200 && geteuid() != 0)
			continue;
		write_file(HEX, 64, modes[i]);
		snprintf(want, sizeof(want), "has mode %04o; only its owner may read it: chmod 600",
			modes[i]);
		bad_seed(want);
	}
}

static void
it_must_belong_to_root_or_us(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(HEX, 64, 0600);
	assert_int_equal(chown(path, 12345, 0), 0);
	bad_seed("is owned by user 12345; it must be root's or the running user's (0): chown");
	/* Or to the user that root is to become, who reads it again at a reload. */
	assert_int_equal(secret_seed_read(path, 12345, seed, msg), 0);
	assert_int_equal(secret_seed_read(path, 12346, seed, msg), -1);
}

static void
it_must_be_a_regular_file(void **state)
{
	char target[160];

	(void)state;
	unlink(path);
	bad_seed("cannot be opened: No such file or directory");
	assert_int_equal(secret_seed_read(dir, NOBODY, seed, msg), -1);
	assert_string_equal(msg, "is no regular file");
	/* Nobody will ever write to it: it must not be waited for. */
	assert_int_equal(mkfifo(path, 0600), 0);
	bad_seed("is no regular file");
	assert_int_equal(secret_seed_read("/dev/zero", NOBODY, seed, msg), -1);
	assert_string_equal(msg, "is no regular file");

	/* A link is as good as what it leads to. */
	write_file(HEX, 64, 0600);
	snprintf(target, sizeof(target), "%s.target", path);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(secret_seed_read(path, NOBODY, seed, msg), 0);
	assert_int_equal(chmod(target, 0644), 0);
	bad_seed("has mode 0644; only its owner may read it: chmod 600");
	unlink(target);
}

static void
fast_open_keys_as_linux_writes_them(void **state)
{
	static const uint8_t want[2][16] = {
		{0x33, 0x22, 0x11, 0x00, 0x77, 0x66, 0x55, 0x44, 0xbb, 0xaa, 0x99, 0x88, 0xff, 0xee,
			0xdd, 0xcc},
		{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0x0a},
	};
	static const char one[] = "00112233-44556677-8899aabb-CCDDEEFF";
	static const char two[] = "00112233-44556677-8899aabb-ccddeeff,"
				  "00000001-00000002-00000003-0a000004";
	static const char *const wrong[] = {"", "0", "00112233-44556677-8899aabb",
		"00112233-44556677-8899aabb-ccddeef", "00112233-44556677-8899aabb-ccddeeff0",
		"00112233-44556677-8899aabb-ccddeeff,", "0011223344556677-8899aabb-ccddeeff",
		"00112233-44556677-8899aabb-ccddeefg", "00112233445566778899aabbccddeeff",
		"00112233-44556677-8899aabb-ccddeeff, 00000001-00000002-00000003-0a000004",
		"00112233-44556677-8899aabb-ccddeeff,00000001-00000002-00000003-0a000004,"};
	uint8_t key[2][16], zero[2][16] = {{0}};

	(void)state;
	assert_int_equal(fastopen_key_read(one, key), 1);
	assert_memory_equal(key[0], want[0], 16);
	assert_memory_equal(key[1], zero[1], 16);
	assert_int_equal(fastopen_key_read(two, key), 2);
	assert_memory_equal(key, want, sizeof(want));
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(fastopen_key_read(wrong[i], key), -1);
		assert_memory_equal(key, zero, sizeof(zero));
	}
	write_file(two, strlen(two), 0600);
	assert_int_equal(secret_fastopen_read(path, NOBODY, key, msg), 2);
	assert_memory_equal(key, want, sizeof(want));
	write_file("00112233-44556677-8899aabb-ccddeeff\n", 36, 0600);
	assert_int_equal(secret_fastopen_read(path, NOBODY, key, msg), 1);
	write_file("secret\n", 7, 0600);
	assert_int_equal(secret_fastopen_read(path, NOBODY, key, msg), -1);
	assert_string_equal(msg, FASTOPEN_KEY_WRONG);
	/* What stands behind a zero byte would not be seen. */
	write_file("00112233-44556677-8899aabb-ccddeeff\0x", 37, 0600);
	assert_int_equal(secret_fastopen_read(path, NOBODY, key, msg), -1);
}

static void
a_configuration_gets_its_secrets(void **state)
{
	char text[512], err[CONFIG_ERROR_MAX], want[CONFIG_ERROR_MAX];
	struct tg_engine_config ec;
	struct config *c;

	(void)state;
	write_file(HEX, 64, 0600);
	snprintf(text, sizeof(text),
		"engine:\n  cookie_seed_file: %s\n"
		"ports: [{device: d0, addresses: [\"192.0.2.1/24\"]}]\n"
		"listeners: [{address: \"0.0.0.0\", port: 80, service: http}]\n",
		path);
	assert_int_equal(config_parse("t.yaml", text, strlen(text), &c, err), 0);
	ec = c->engine;
	assert_int_equal(secrets_read(c, &ec, err), 0);
	assert_true(ec.cookie_seed_shared);
	assert_int_equal(ec.cookie_seed[15], 0xff);
	/* Nothing of it in the configuration itself. */
	assert_false(c->engine.cookie_seed_shared);
	assert_int_equal(c->engine.cookie_seed[15], 0);
	assert_int_equal(secrets_check(c, err), 0);

	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(secrets_check(c, err), -1);
	snprintf(want, sizeof(want),
		"t.yaml:2: engine.cookie_seed_file: %s has mode 0644; only its owner may read it: "
		"chmod 600; make one: head -c 32 /dev/urandom > FILE; chmod 600 FILE",
		path);
	assert_string_equal(err, want);
	config_free(c);

	snprintf(text, sizeof(text),
		"engine:\n  fastopen_key_file: %s\n"
		"ports: [{device: d0, addresses: [\"192.0.2.1/24\"]}]\n"
		"listeners: [{address: \"0.0.0.0\", port: 80, service: http}]\n",
		path);
	write_file("00112233-44556677-8899aabb-ccddeeff\n", 36, 0600);
	assert_int_equal(config_parse("t.yaml", text, strlen(text), &c, err), 0);
	ec = c->engine;
	assert_int_equal(secrets_read(c, &ec, err), 0);
	assert_int_equal(ec.fastopen_keys, 1);
	assert_int_equal(ec.fastopen_key[0][0], 0x33);
	unlink(path);
	assert_int_equal(secrets_check(c, err), -1);
	config_free(c);
}

/* What a reload knows of a secret without keeping it: whether it is another one. */
static void
prints_tell_secrets_apart(void **state)
{
	struct tg_engine_config ec = {.cookie_seed = {0}};
	struct secrets_print a = {.key = {1}}, b = {.key = {1}}, other = {.key = {2}};

	(void)state;
	secrets_take_print(&a, &ec);
	assert_true(a.seed == 0 && a.fastopen == 0);
	/* A seed of zeros is a seed. */
	ec.cookie_seed_shared = true;
	secrets_take_print(&a, &ec);
	secrets_take_print(&b, &ec);
	secrets_take_print(&other, &ec);
	assert_true(a.seed != 0 && a.seed == b.seed && a.seed != other.seed);
	ec.cookie_seed[31] = 1;
	secrets_take_print(&b, &ec);
	assert_true(a.seed != b.seed && b.fastopen == 0);
	ec.fastopen_keys = 1;
	secrets_take_print(&a, &ec);
	assert_true(a.seed == b.seed && a.fastopen != 0);
	/* The second key is part of it when it is given. */
	ec.fastopen_key[1][0] = 7;
	secrets_take_print(&b, &ec);
	assert_true(a.fastopen == b.fastopen);
	ec.fastopen_keys = 2;
	secrets_take_print(&b, &ec);
	assert_true(a.fastopen != b.fastopen);
}

static int
make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%.40s/tg-secret-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_and_raw_bytes),
		cmocka_unit_test(other_content_is_refused),
		cmocka_unit_test(nobody_else_may_read_it),
		cmocka_unit_test(it_must_belong_to_root_or_us),
		cmocka_unit_test(it_must_be_a_regular_file),
		cmocka_unit_test(fast_open_keys_as_linux_writes_them),
		cmocka_unit_test(a_configuration_gets_its_secrets),
		cmocka_unit_test(prints_tell_secrets_apart),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
