/* SPDX-License-Identifier: BSD-3-Clause */
/* Which key an engine takes from where, and that none of them stays behind (engine.c). */
#include "engine_util.h"

#include <errno.h>

#include "engine_internal.h"

static const struct tg_addr client = {{[10] = 0xff, 0xff, 198, 51, 100, 7}};
static const struct tg_addr server = {{[10] = 0xff, 0xff, 192, 0, 2, 1}};

/** Small tables; seed 1 1 1 .., cookie seed 2 2 2 .., Fast Open keys 3 3 3 .. and 4 4 4 .. */
static void
config(struct tg_engine_config *c)
{
	tg_engine_config_init(c);
	c->max_conns = c->max_half_open = c->max_time_wait = c->max_segments = 4;
	c->wall_s = 1000000;
	memset(c->seed, 1, sizeof(c->seed));
	memset(c->cookie_seed, 2, sizeof(c->cookie_seed));
	memset(c->fastopen_key[0], 3, 16);
	memset(c->fastopen_key[1], 4, 16);
}

static struct tg_engine *
create(const struct tg_engine_config *c)
{
	struct tg_engine *e = NULL;

	assert_int_equal(tg_engine_create(c, &e), 0);
	return e;
}

static void
all_bytes_are(const uint8_t *p, size_t n, uint8_t v)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], v);
}

static void
cookies_come_from_the_shared_seed_and_digests_never(void **state)
{
	struct tg_engine_config c;
	struct tg_secret want;
	struct tenv t;

	(void)state;
	tenv_init(&t);
	for (unsigned shared = 0; shared < 2; shared++) {
		struct tg_engine *e;

		config(&c);
		c.env = t.env;
		c.cookie_seed_shared = shared;
		e = create(&c);
		tg_secret_init(&want, c.seed, shared ? c.cookie_seed : NULL, c.wall_s, true);
		assert_memory_equal(&e->secret, &want, sizeof(want));
		tg_engine_destroy(e);
	}
	tenv_check_empty(&t);
}

static void
fast_open_keys_are_those_given_or_one_of_the_cookie_seed(void **state)
{
	struct tg_engine_config c;
	struct tenv t;

	(void)state;
	tenv_init(&t);
	for (unsigned n = 0; n <= 2; n++) {
		struct tg_engine *e;
		uint8_t derived[16];

		config(&c);
		c.env = t.env;
		c.cookie_seed_shared = true;
		c.fastopen_keys = (uint8_t)n;
		e = create(&c);
		tg_secret_fastopen_key(&e->secret, derived);
		assert_int_equal(e->fastopen.n, n == 2 ? 2 : 1);
		assert_memory_equal(e->fastopen.key[0], n == 0 ? derived : c.fastopen_key[0], 16);
		all_bytes_are(e->fastopen.key[1], 16, n == 2 ? 4 : 0);
		tg_engine_destroy(e);
	}
	config(&c);
	c.env = t.env;
	c.fastopen_keys = 3;
	assert_int_equal(tg_engine_create(&c, &(struct tg_engine *){NULL}), -EINVAL);
	tenv_check_empty(&t);
}

static void
a_rotation_keeps_the_cookies_of_one_key_more(void **state)
{
	static const enum tg_fastopen_match want[3] = {
		TG_FASTOPEN_INVALID, TG_FASTOPEN_PREVIOUS, TG_FASTOPEN_CURRENT};
	uint8_t cookie[3][TG_FASTOPEN_LEN], key[16];
	struct tg_engine_config c;
	struct tg_engine *e;
	struct tenv t;

	(void)state;
	tenv_init(&t);
	config(&c);
	c.env = t.env;
	e = create(&c);
	for (unsigned i = 0; i < 3; i++) {
		if (i != 0) {
			memset(key, 10 + (int)i, sizeof(key));
			tg_engine_rotate_fastopen(e, key);
		}
		tg_fastopen_cookie(&e->fastopen, &client, &server, cookie[i]);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
			tg_fastopen_check(&e->fastopen, &client, &server, cookie[i], 8), want[i]);
	tg_engine_destroy(e);
	tenv_check_empty(&t);
}

/** What must not be found in memory any more, each 16 bytes. */
static uint8_t forbidden[8][16];
static unsigned forbiddens;
static struct tenv *under;

static void
assert_free_of_secrets(const uint8_t *p, size_t size)
{
	for (size_t at = 0; at + 16 <= size; at++)
		for (unsigned i = 0; i < forbiddens; i++)
			assert_memory_not_equal(p + at, forbidden[i], 16);
}

static void
free_and_look(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (p != NULL)
		assert_free_of_secrets(p, size);
	under->env.free(under, p, size);
}

static void *
alloc_below(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	return under->env.alloc(under, size, align);
}

static void
no_secret_is_kept_or_given_back(void **state)
{
	struct tg_engine_config c;
	struct tg_engine *e = NULL;
	struct tenv t;
	int rc;

	(void)state;
	for (uint32_t fail_at = 0;; fail_at++) {
		tenv_init(&t);
		under = &t;
		t.mem_fail_at = fail_at; /* 0: none; then every allocation once */
		config(&c);
		c.env = t.env;
		c.env.alloc = alloc_below;
		c.env.free = free_and_look;
		c.cookie_seed_shared = true;
		c.fastopen_keys = 2;
		memset(forbidden[0], 1, 16);
		memset(forbidden[1], 2, 16);
		memset(forbidden[2], 3, 16);
		memset(forbidden[3], 4, 16);
		forbiddens = 4;
		rc = tg_engine_create(&c, &e);
		if (rc == 0) {
			/* The settings hold no key once the engine has it. */
			assert_free_of_secrets((const uint8_t *)&e->cfg, sizeof(e->cfg));
			memcpy(forbidden[4], e->secret.tuple4.round_key[0], 16);
			memcpy(forbidden[5], e->secret.tuple6.round_key[0], 16);
			memcpy(forbidden[6], e->secret.addr.round_key[0], 16);
			memcpy(forbidden[7], e->secret.cookie[e->secret.epoch % 4][0].t[0][0], 16);
			forbiddens = 8;
			tg_engine_destroy(e);
		} else {
			assert_int_equal(rc, -ENOMEM);
		}
		tenv_check_empty(&t);
		if (rc == 0 && fail_at != 0)
			break;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_come_from_the_shared_seed_and_digests_never),
		cmocka_unit_test(fast_open_keys_are_those_given_or_one_of_the_cookie_seed),
		cmocka_unit_test(a_rotation_keeps_the_cookies_of_one_key_more),
		cmocka_unit_test(no_secret_is_kept_or_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
