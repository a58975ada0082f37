/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main thread and those who ask it: one at a time, each gets his own answer, signals come
 * first, and nobody waits for a daemon that has ended.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control.h"
#include "support.h"

#define ASKERS 8
#define ROUNDS 200
/* Long enough for a thread to be where it waits; nothing depends on it. */
#define WHILE_US 20000

static unsigned inside;

/* Asks again and again, and wants what it asked for. */
static void *
asker(void *arg)
{
	unsigned long wrong = 0;
	struct control_answer a;
	char param[32];

	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(param, sizeof(param), "%p %u", arg, i);
		control_ask(CONTROL_SET, param, &a);
		wrong += a.code != CONTROL_REFUSED || strcmp(a.text, param) != 0;
	}
	return (void *)wrong;
}

static void
everybody_gets_his_own_answer(void **state)
{
	pthread_t t[ASKERS];
	struct control_request r;

	(void)state;
	for (uintptr_t i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, asker, (void *)(i + 1)), 0);
	for (unsigned n = 0; n < ASKERS * ROUNDS; n++) {
		while (control_wait(1000, &r) != CONTROL_REQUEST)
			;
		assert_int_equal(r.command, CONTROL_SET);
		/* Nobody else is let in meanwhile. */
		assert_int_equal(inside++, 0);
		assert_int_equal(control_wait(0, &(struct control_request){0}), CONTROL_NOTHING);
		r.answer->code = CONTROL_REFUSED;
		snprintf(r.answer->text, sizeof(r.answer->text), "%s", r.param);
		inside--;
		control_answered();
	}
	for (unsigned i = 0; i < ASKERS; i++) {
		void *wrong;

		pthread_join(t[i], &wrong);
		assert_null(wrong);
	}
}

static void
signals_come_first(void **state)
{
	pthread_t t;
	struct control_request r;
	void *wrong;

	(void)state;
	assert_int_equal(control_wait(0, &r), CONTROL_NOTHING);
	pthread_create(&t, NULL, asker, NULL);
	usleep(WHILE_US);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGHUP);
	assert_int_equal(control_wait(1000, &r), CONTROL_HANGUP);
	kill(getpid(), SIGTERM);
	assert_int_equal(control_wait(1000, &r), CONTROL_STOP);
	kill(getpid(), SIGINT);
	assert_int_equal(control_wait(1000, &r), CONTROL_STOP);
	for (unsigned n = 0; n < ROUNDS; n++) {
		while (control_wait(1000, &r) != CONTROL_REQUEST)
			;
		r.answer->code = CONTROL_REFUSED;
		snprintf(r.answer->text, sizeof(r.answer->text), "%s", r.param);
		control_answered();
	}
	pthread_join(t, &wrong);
	assert_null(wrong);
}

static void
what_there_is_to_know(void **state)
{
	struct control_info i;

	(void)state;
	control_get_info(&i);
	assert_string_equal(i.config, "/etc/t.yaml");
	assert_int_equal(i.state, CONTROL_STARTING);
	assert_int_equal(i.generation, 1);
	assert_false(i.flood);
	control_set_state(CONTROL_READY);
	control_set_flood(true);
	control_set_log_level(LOG_LEVEL_DEBUG);
	assert_int_equal(control_count_change(), 2);
	control_get_info(&i);
	assert_int_equal(i.state, CONTROL_READY);
	assert_int_equal(i.generation, 2);
	assert_true(i.flood);
	assert_int_equal(i.log_level, LOG_LEVEL_DEBUG);
}

static void *
late(void *arg)
{
	control_ask(CONTROL_RELOAD, NULL, arg);
	return NULL;
}

/* The last test: it stays closed. */
static void
nobody_waits_for_one_who_has_ended(void **state)
{
	struct control_answer waited = {.text = ""}, after = {.text = ""};
	pthread_t t;

	(void)state;
	pthread_create(&t, NULL, late, &waited);
	usleep(WHILE_US);
	control_close();
	pthread_join(t, NULL);
	assert_int_equal(waited.code, CONTROL_BUSY);
	assert_string_equal(waited.text, "tidegate is not running");
	control_ask(CONTROL_DRAIN, NULL, &after);
	assert_int_equal(after.code, CONTROL_BUSY);
}

static int
open_it(void **state)
{
	(void)state;
	return control_open("/etc/t.yaml");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_there_is_to_know),
		cmocka_unit_test(everybody_gets_his_own_answer),
		cmocka_unit_test(signals_come_first),
		cmocka_unit_test(nobody_waits_for_one_who_has_ended),
	};

	return cmocka_run_group_tests(tests, open_it, NULL);
}
