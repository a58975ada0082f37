/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "diagnose.h"
#include "support.h"

static struct watch w;
static struct findings got;

static int
begin(void **state)
{
	(void)state;
	w = (struct watch){.first.at = 100, .last.at = 103};
	return 0;
}

static int
end(void **state)
{
	(void)state;
	watch_free(&w);
	return 0;
}

static void
counters(const char *first, const char *last)
{
	w.first.counters = json(first);
	w.last.counters = json(last);
}

/* n looks at one listener, whose numbers go from those of `first` to those of `last`. */
static void
looks(unsigned n, const char *first, const char *last)
{
	for (unsigned i = 0; i < n; i++) {
		json_t *rows = json_array();

		json_array_append_new(rows, json(i + 1 < n ? first : last));
		watch_look(&w, rows);
		json_decref(rows);
	}
}

/* These are found, separated by blanks, and nothing else. */
static void
finds(const char *ids)
{
	char all[512] = "";

	diagnose(&w, &got);
	for (unsigned i = 0; i < got.n; i++) {
		if (i != 0)
			strcat(all, " ");
		strcat(all, got.f[i].id);
		assert_non_null(got.f[i].advice);
		assert_true(got.f[i].evidence[0] != '\0');
	}
	assert_string_equal(all, ids);
}

#define LISTENER(recv_q, opens, overflows, syn_queue, cookies)                                 \
	"{'local': '0.0.0.0:80', 'recv_q': " #recv_q ", 'send_q': 8, 'passive_opens': " #opens \
	", 'overflows': " #overflows ", 'syn_queue': " #syn_queue                              \
	", 'syn_bound': 256, 'cookies_on': " #cookies "}"

static void
nothing_is_nothing(void **state)
{
	(void)state;
	finds("");
	counters("{}", "{}");
	finds("");
	looks(10, "{}", "{}");
	finds("");
}

static void
a_busy_healthy_one(void **state)
{
	(void)state;
	counters("{'received': 0, 'answered': 0, 'PassiveOpens': 0}",
		"{'received': 90000, 'answered': 30000, 'PassiveOpens': 29990, 'drop_tcp_csum': "
		"3}");
	looks(10, LISTENER(2, 0, 0, 5, 0), LISTENER(1, 29990, 0, 3, 0));
	w.first.shards = json("[{'shard': 0, 'rx': 0}, {'shard': 1, 'rx': 0}]");
	w.last.shards = json("[{'shard': 0, 'rx': 44000, 'busy_cycles': 10, 'idle_cycles': 90},"
			     " {'shard': 1, 'rx': 46000, 'busy_cycles': 10, 'idle_cycles': 90}]");
	w.last.ports = json("[{'port': 0, 'name': 'a', 'link': 'up', 'ipackets': 90000}]");
	finds("");
}

static void
a_small_backlog(void **state)
{
	(void)state;
	counters("{}", "{'PassiveOpens': 500}");
	looks(10, LISTENER(8, 0, 3, 0, 0), LISTENER(8, 500, 70, 0, 0));
	finds("backlog");
	assert_string_equal(got.f[0].where, "0.0.0.0:80");
	assert_non_null(strstr(got.f[0].evidence, "+67"));
}

static void
a_worker_that_takes_nothing(void **state)
{
	(void)state;
	counters("{}", "{}");
	looks(10, LISTENER(9, 9, 3, 0, 0), LISTENER(9, 9, 12, 0, 0));
	finds("worker_stalled");
	watch_free(&w);
	/* not full yet, but what came stays */
	counters("{}", "{}");
	looks(10, LISTENER(2, 2, 0, 0, 0), LISTENER(5, 5, 0, 0, 0));
	finds("worker_stalled");
	watch_free(&w);
	/* it took one */
	counters("{}", "{}");
	looks(10, LISTENER(2, 2, 0, 0, 0), LISTENER(5, 6, 0, 0, 0));
	finds("");
}

static void
a_shard_that_stands_still(void **state)
{
	(void)state;
	w.first.shards = json("[{'shard': 0, 'turns': 5}, {'shard': 1, 'turns': 9},"
			      " {'shard': 2, 'turns': 9}]");
	w.last.shards = json("[{'shard': 0, 'turns': 7, 'turn_age_ms': 2},"
			     " {'shard': 1, 'turns': 9, 'turn_age_ms': 4000},"
			     " {'shard': 2, 'turns': 10, 'turn_age_ms': 2000}]");
	strcpy(w.last.silent, "the shard's loop did not answer for a second");
	finds("shard_stalled");
	assert_string_equal(got.f[0].where, "shard 1");
	watch_free(&w);
	/* without turn ages the silence itself tells */
	strcpy(w.last.silent, "the shard's loop did not answer for a second");
	finds("shard_stalled");
}

static void
a_flood(void **state)
{
	(void)state;
	counters("{'SyncookiesSent': 100, 'answered': 200}",
		"{'SyncookiesSent': 30100, 'answered': 30456, 'PassiveOpens': 150}");
	looks(10, LISTENER(0, 0, 0, 256, 1), LISTENER(0, 150, 0, 256, 1));
	finds("flood");
	assert_non_null(strstr(got.f[0].evidence, "cookies on"));
	watch_free(&w);
	/* cookies off: they are dropped */
	counters("{}", "{'drop_synq_full': 30000, 'TCPReqQFullDrop': 30000}");
	looks(10, LISTENER(0, 0, 0, 256, 0), LISTENER(0, 0, 0, 256, 0));
	finds("flood");
	watch_free(&w);
	/* a SYN queue that is too small for honest clients is no flood */
	counters("{}",
		"{'answered': 3000, 'drop_synq_full': 300, 'TCPReqQFullDrop': 300,"
		" 'PassiveOpens': 2900}");
	looks(10, LISTENER(0, 0, 0, 256, 0), LISTENER(0, 2900, 0, 256, 0));
	finds("syn_backlog");
}

static void
other_answers_are_no_syns(void **state)
{
	(void)state;
	counters("{}",
		"{'answered': 30000, 'ArpReplies': 10000, 'IcmpEchoReps': 15000,"
		" 'OutRsts': 4990}");
	finds("");
}

static void
wrong_checksums(void **state)
{
	(void)state;
	counters("{'received': 1000, 'drop_tcp_csum': 10}",
		"{'received': 1100, 'drop_tcp_csum': 20}");
	finds("checksum");
	watch_free(&w);
	counters("{'received': 0}", "{'received': 100000, 'drop_tcp_csum': 10}");
	finds("");
}

static void
one_queue(void **state)
{
	(void)state;
	counters("{'PassiveOpens': 0}", "{'PassiveOpens': 100}");
	w.first.shards = json("[{'shard': 0, 'rx': 5}, {'shard': 1, 'rx': 5}]");
	w.last.shards = json("[{'shard': 0, 'rx': 7}, {'shard': 1, 'rx': 1005}]");
	finds("one_queue");
	assert_non_null(strstr(got.f[0].evidence, "shard 1 of 2 got 1000 of 1002"));
	watch_free(&w);
	/* quiet now, but so it was since the start */
	counters("{'PassiveOpens': 100}", "{'PassiveOpens': 100}");
	w.last.shards = json("[{'shard': 0, 'rx': 7}, {'shard': 1, 'rx': 1005}]");
	finds("one_queue");
	watch_free(&w);
	/* a single flow is where it is */
	counters("{'PassiveOpens': 0}", "{'PassiveOpens': 1}");
	w.last.shards = json("[{'shard': 0, 'rx': 7}, {'shard': 1, 'rx': 100500}]");
	finds("");
	watch_free(&w);
	/* and so is a single shard */
	counters("{'PassiveOpens': 0}", "{'PassiveOpens': 100}");
	w.last.shards = json("[{'shard': 0, 'rx': 1005}]");
	finds("");
}

static void
ports_and_memory(void **state)
{
	(void)state;
	counters("{}", "{'TxNoBuffer': 3, 'TcbPoolFull': 2}");
	w.first.ports = json("[{'port': 0}]");
	w.last.ports = json("[{'port': 0, 'name': 'x', 'link': 'down', 'imissed': 5, 'ierrors': 1,"
			    " 'rx_nombuf': 2}]");
	w.first.shards = json("[{'shard': 0}]");
	w.last.shards =
		json("[{'shard': 0, 'busy_cycles': 99, 'idle_cycles': 1, 'tx_dropped': 4}]");
	finds("link_down ring_full no_mbufs port_errors no_mbufs conns_full core_busy tx_dropped");
}

static void
hostile_rows(void **state)
{
	json_t *rows = json("[null, 5, 'x', [], {}, {'local': 7}, {'local': 'a', 'recv_q': -3}]");

	(void)state;
	counters("{}", "{}");
	for (unsigned i = 0; i < 5; i++)
		watch_look(&w, rows);
	json_decref(rows);
	w.last.shards = json("[1, null, {'shard': {}}]");
	w.last.ports = json("['a', {'port': 'b', 'link': 9}]");
	diagnose(&w, &got);
	rows = json_array();
	for (unsigned i = 0; i < 2 * WATCH_LISTENERS; i++) {
		char text[64];

		snprintf(text, sizeof(text), "{'local': '0.0.0.0:%u', 'overflows': %u}", i, i);
		json_array_append_new(rows, json(text));
	}
	watch_look(&w, rows);
	json_decref(rows);
	assert_int_equal(w.listeners, WATCH_LISTENERS);
	diagnose(&w, &got);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(nothing_is_nothing),
		T(a_busy_healthy_one),
		T(a_small_backlog),
		T(a_worker_that_takes_nothing),
		T(a_shard_that_stands_still),
		T(a_flood),
		T(other_answers_are_no_syns),
		T(wrong_checksums),
		T(one_queue),
		T(ports_and_memory),
		T(hostile_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
