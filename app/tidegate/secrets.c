/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "privileges.h"
#include "secret_file.h"
#include "secrets.h"
#include "siphash.h"

/* How deep calls go between main() and whoever reads a secret, many times over. */
#define STACK_BYTES 65536

int
secrets_read(const struct config *c, struct tg_engine_config *ec, char *err)
{
	uid_t owner = privileges_owner(c);
	char msg[SECRET_MESSAGE_MAX];
	int n;

	if (c->cookie_seed_file != NULL) {
		if (secret_seed_read(c->cookie_seed_file, owner, ec->cookie_seed, msg) != 0)
			return config_error(c, err, "engine.cookie_seed_file",
				"%s %s; make one: head -c 32 /dev/urandom > FILE; chmod 600 FILE",
				c->cookie_seed_file, msg);
		ec->cookie_seed_shared = true;
	}
	if (c->fastopen_key_file != NULL) {
		n = secret_fastopen_read(c->fastopen_key_file, owner, ec->fastopen_key, msg);
		if (n < 0)
			return config_error(c, err, "engine.fastopen_key_file",
				"%s %s; make one: cat /proc/sys/net/ipv4/tcp_fastopen_key > FILE; "
				"chmod 600 FILE",
				c->fastopen_key_file, msg);
		ec->fastopen_keys = (uint8_t)n;
	}
	return 0;
}

void
secrets_take_print(struct secrets_print *p, const struct tg_engine_config *ec)
{
	p->seed = p->fastopen = 0;
	/* 0 is "none", whatever a hash may come to. */
	if (ec->cookie_seed_shared)
		p->seed = tg_siphash(p->key, ec->cookie_seed, sizeof(ec->cookie_seed)) | 1;
	if (ec->fastopen_keys != 0)
		p->fastopen = tg_siphash(p->key, ec->fastopen_key,
				      ec->fastopen_keys * sizeof(ec->fastopen_key[0])) |
			1;
}

void __attribute__((noinline)) secrets_wipe_stack(void)
{
	uint8_t below[STACK_BYTES];

	explicit_bzero(below, sizeof(below));
}

/* A key in the configuration itself is as secret as its file. */
static void
note_mode(const struct config *c)
{
	struct stat st;

	if (c->fastopen_key != NULL && stat(c->file, &st) == 0 && (st.st_mode & 077) != 0)
		printf("warning: %s has engine.fastopen_key and mode %04o: others may know the "
		       "key; chmod 600, or use fastopen_key_file\n",
			c->file, (unsigned)(st.st_mode & 07777));
}

int
secrets_check(const struct config *c, char *err)
{
	struct tg_engine_config ec = c->engine;
	int rc = secrets_read(c, &ec, err);

	explicit_bzero(&ec, sizeof(ec));
	if (rc == 0)
		note_mode(c);
	return rc;
}
