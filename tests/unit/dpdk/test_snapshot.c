/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What other threads see: which shards and loops are shown, a loop's turn, a port's queues.
 */
#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "client.h"
#include "port.h"
#include "snapshot.h"

/* A shard on a port with two queues; nothing runs. */
struct fixture {
	struct tg_port port;
	struct tg_shard *shard;
	struct tg_loop loop;
};

static void
set_up(struct fixture *f, struct rte_mempool *pool)
{
	struct tg_port_config pc = {
		.device = "net_null7,no-rx=1", .queues = 2, .descriptors = 64, .pool = pool};
	const char *why;

	memset(f, 0, sizeof(*f));
	assert_int_equal(tg_port_open(&pc, &f->port), 0);
	assert_int_equal(tg_port_configure(&pc, &f->port, &why), 0);
	assert_int_equal(tg_port_start(&f->port), 0);
	f->shard = client_shard(pool, f->port.id);
	f->loop.shard = f->shard;
	f->loop.nb_ports = 1;
	f->loop.port[0].id = f->port.id;
	f->loop.port[0].queue = 1;
	f->loop.lcore = 3;
	f->loop.cpu = 2;
}

static void
take_down(struct fixture *f)
{
	tg_port_close(&f->port);
	tg_shard_destroy(f->shard);
}

static void
shown_until_removed(void **state)
{
	const struct tg_shown *shown;
	struct fixture f;

	set_up(&f, *state);
	assert_int_equal(tg_telemetry_add_shard(f.shard), 0);
	assert_int_equal(tg_telemetry_add_shard(f.shard), -EEXIST);
	assert_int_equal(tg_shown_add_loop(&f.loop), 0);
	assert_int_equal(tg_shown_add_loop(&f.loop), -EEXIST);
	shown = tg_shown_hold();
	assert_ptr_equal(shown->shard[0], f.shard);
	assert_ptr_equal(shown->loop[0], &f.loop);
	tg_shown_release();
	tg_telemetry_remove_shard(f.shard);
	tg_shown_remove_loop(&f.loop);
	shown = tg_shown_hold();
	assert_null(shown->shard[0]);
	assert_null(shown->loop[0]);
	assert_int_equal(tg_snapshot_next_port(shown, 0), -1);
	tg_shown_release();
	take_down(&f);
}

static void
a_stalled_turn_shows_its_age(void **state)
{
	struct tg_snapshot_loop view;
	struct fixture f;

	set_up(&f, *state);
	tg_snapshot_loop(&f.loop, &view);
	assert_false(view.running);
	assert_int_equal(view.turn_age_ms, 0);
	f.loop.stats.turn_tsc = rte_rdtsc() - 5 * rte_get_tsc_hz();
	f.loop.stats.busy_cycles = 7;
	tg_snapshot_loop(&f.loop, &view);
	assert_true(view.running);
	assert_true(view.turn_age_ms >= 5000);
	assert_true(view.turn_age_ms < 60000);
	assert_int_equal(view.stats.busy_cycles, 7);
	assert_int_equal(view.lcore, 3);
	assert_int_equal(view.cpu, 2);
	/* Ahead of this CPU's counter: just begun. */
	f.loop.stats.turn_tsc = rte_rdtsc() + 10 * rte_get_tsc_hz();
	tg_snapshot_loop(&f.loop, &view);
	assert_int_equal(view.turn_age_ms, 0);
	take_down(&f);
}

static void
a_port_has_its_queues(void **state)
{
	struct tg_snapshot_port view;
	const struct tg_shown *shown;
	struct fixture f;

	set_up(&f, *state);
	f.loop.port[0].rx = 11;
	assert_int_equal(tg_shown_add_loop(&f.loop), 0);
	shown = tg_shown_hold();
	assert_int_equal(tg_snapshot_next_port(shown, 0), f.port.id);
	assert_int_equal(tg_snapshot_next_port(shown, f.port.id + 1u), -1);
	tg_snapshot_port(shown, f.port.id, &view);
	tg_shown_release();
	assert_string_equal(view.name, "net_null7");
	assert_string_equal(view.driver, "net_null");
	assert_int_equal(view.queues, 2);
	assert_int_equal(view.queue_rx[0], 0);
	assert_int_equal(view.queue_rx[1], 11);
	assert_false(view.rx_checksum);
	assert_false(view.tx_checksum);
	tg_shown_remove_loop(&f.loop);
	take_down(&f);
}

/* A shard whose loop does not run cannot be asked, but its counters can be read. */
static void
counters_need_no_answer(void **state)
{
	struct tg_snapshot_counters sum = {0};
	struct tg_listener_info rows[1];
	struct tg_engine_usage u;
	struct fixture f;
	unsigned n = 0;

	set_up(&f, *state);
	tg_snapshot_add_counters(f.shard, &sum);
	tg_snapshot_add_counters(f.shard, &sum);
	assert_int_equal(sum.shards, 2);
	assert_int_equal(tg_snapshot_usage(f.shard, &u), -ETIMEDOUT);
	assert_int_equal(tg_snapshot_add_listeners(f.shard, rows, &n), -ETIMEDOUT);
	assert_int_equal(n, 0);
	take_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_until_removed),
		cmocka_unit_test(a_stalled_turn_shows_its_age),
		cmocka_unit_test(a_port_has_its_queues),
		cmocka_unit_test(counters_need_no_answer),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
