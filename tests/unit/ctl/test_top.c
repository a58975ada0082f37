/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "support.h"
#include "top.h"

static struct top_picture p;

static unsigned
columns(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
sparklines(void **state)
{
	static const double v[] = {0, 1, 2, 4, 8};
	char out[64];

	(void)state;
	top_spark(v, 5, true, out, sizeof(out));
	assert_string_equal(out, " .:=#");
	top_spark(v, 5, false, out, sizeof(out));
	assert_string_equal(out, " \u2581\u2582\u2584\u2588");
	top_spark(v, 1, true, out, sizeof(out));
	assert_string_equal(out, " ");
	top_spark(v, 0, true, out, sizeof(out));
	assert_string_equal(out, "");
	top_spark(v, 5, false, out, 8); /* room for two at most: never half a character */
	assert_true(columns(out) <= 2);
}

/* Two samples with many shards and listeners. */
static void
samples(struct sample *a, struct sample *b, unsigned shards, unsigned listeners)
{
	*a = (struct sample){.at = 1};
	*b = (struct sample){.at = 2, .shards = json_array(), .listeners = json_array()};
	b->usage = json("{'conns': 5, 'max_conns': 65536}");
	for (unsigned i = 0; i < shards; i++)
		json_array_append_new(b->shards,
			json_pack("{s:i, s:i, s:i, s:i}", "shard", (int)i, "busy_cycles", 30,
				"idle_cycles", 70, "rx", 10));
	for (unsigned i = 0; i < listeners; i++) {
		char local[32];

		snprintf(local, sizeof(local), "0.0.0.0:%u", 1000 + i);
		json_array_append_new(b->listeners,
			json_pack("{s:s, s:i, s:i, s:i}", "local", local, "recv_q", (int)i,
				"send_q", 4096, "syn_queue", (int)(listeners - i)));
	}
}

static void
every_size_fits(void **state)
{
	struct top t = {.name = "gate", .every = 1};
	struct figures f = {.seconds = 1, .syns = 12345};
	struct sample a, b;

	(void)state;
	for (unsigned i = 0; i < 2 * TOP_HISTORY; i++)
		top_add(&t, &f);
	assert_int_equal(t.intervals, TOP_HISTORY);
	samples(&a, &b, 64, 256);
	for (unsigned width = 40; width <= 240; width += 40)
		for (unsigned height = 1; height < 60; height++) {
			top_draw(&t, &a, &b, width, height, &p);
			assert_true(p.lines <= height);
			for (unsigned i = 0; i < p.lines; i++)
				assert_true(columns(p.line[i].text) <= width);
		}
	top_draw(&t, &a, &b, 80, 0, &p);
	assert_true(p.lines <= TOP_LINES);
	sample_free(&a);
	sample_free(&b);
}

/* Whether a line of the picture has this in it; its number or -1. */
static int
line_with(const char *text)
{
	for (unsigned i = 0; i < p.lines; i++)
		if (strstr(p.line[i].text, text) != NULL)
			return (int)i;
	return -1;
}

static void
eighty_by_twenty_four(void **state)
{
	struct top t = {.name = "gate", .every = 1, .ascii = true};
	struct figures f = {.seconds = 1, .syns = 12345, .cookies = 7};
	struct sample a, b;

	(void)state;
	top_add(&t, &f);
	samples(&a, &b, 2, 3);
	top_draw(&t, &a, &b, 80, 23, &p);
	assert_true(line_with("SYN/s            12.3k  #") >= 0);
	assert_true(line_with("cookies/s            7") >= 0);
	assert_true(line_with(" 30.0% [###.......]") >= 0);
	assert_true(
		line_with("         2/4096             1/0        0  -        0.0.0.0:1002") >= 0);
	assert_true(line_with("0.0.0.0:1000") > line_with("0.0.0.0:1002"));
	t.sort = TOP_BY_SYN_Q;
	top_draw(&t, &a, &b, 80, 23, &p);
	assert_true(line_with("0.0.0.0:1000") < line_with("0.0.0.0:1002"));
	t.sort = TOP_BY_ADDRESS;
	top_draw(&t, &a, &b, 80, 23, &p);
	assert_true(line_with("0.0.0.0:1000") < line_with("0.0.0.0:1001"));
	strcpy(b.silent, "the shard's loop\033[2J did not answer");
	t.paused = true;
	top_draw(&t, &a, &b, 80, 23, &p);
	assert_true(line_with("!! the shard's loop?[2J did not answer") >= 0);
	assert_true(line_with("PAUSED") == 0);
	sample_free(&a);
	sample_free(&b);
}

static void
figures(void **state)
{
	struct sample a = {.at = 10}, b = {.at = 12};
	struct figures f;

	(void)state;
	a.counters = json("{'answered': 100, 'received': 50}");
	b.counters = json("{'answered': 1100, 'received': 2050, 'ArpReplies': 100, 'OutRsts': 100,"
			  " 'SyncookiesSent': 400, 'PassiveOpens': 200, 'drop_synq_full': 200,"
			  " 'drop_window': 10}");
	sample_figures(&a, &b, &f);
	assert_true(f.received == 1000);
	assert_true(f.synacks == 400);
	assert_true(f.cookies == 200);
	assert_true(f.syns == 500);
	assert_true(f.completed == 100);
	assert_true(f.dropped == 105);
	assert_true(f.busy < 0 && f.cycles < 0);
	a.shards = json("[{'shard': 0, 'rx': 0, 'busy_cycles': 0, 'idle_cycles': 0}]");
	b.shards = json("[{'shard': 0, 'rx': 100, 'tx': 50, 'busy_cycles': 25000,"
			" 'idle_cycles': 75000, 'tx_dropped': 8}]");
	sample_figures(&a, &b, &f);
	assert_true(f.received == 50 && f.sent == 25);
	assert_true(f.busy == 0.25 && f.cycles == 250);
	assert_true(f.dropped == 109);
	sample_free(&a);
	sample_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparklines),
		cmocka_unit_test(every_size_fits),
		cmocka_unit_test(eighty_by_twenty_four),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
