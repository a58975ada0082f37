/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "port.h"
#include "support.h"

static struct tg_port_config
config_of(void **state, const char *device)
{
	return (struct tg_port_config){
		.device = device, .queues = 1, .descriptors = 64, .pool = *state};
}

static void
opens_configures_starts_and_closes(void **state)
{
	struct tg_port_config cfg = config_of(state, "net_null7,no-rx=1");
	struct tg_port port;
	struct rte_mbuf *m;
	const char *why;
	uint16_t id;

	assert_int_equal(tg_port_open(&cfg, &port), 0);
	assert_true(port.ours);
	assert_int_equal(tg_port_configure(&cfg, &port, &why), 0);
	assert_string_equal(port.driver, "net_null");
	assert_int_equal(port.queues, 1);
	assert_int_equal(port.mtu, RTE_ETHER_MTU);
	assert_false(port.rss);
	assert_false(port.keeps_mbufs);
	assert_int_equal(tg_port_start(&port), 0);
	assert_non_null(port.multicast);
	assert_int_equal(rte_eth_rx_burst(port.id, 0, &m, 1), 0);
	m = rte_pktmbuf_alloc(*state);
	assert_int_equal(rte_eth_tx_burst(port.id, 0, &m, 1), 1);
	tg_port_close(&port);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null7", &id), -ENODEV);
	assert_int_equal(test_in_use(*state), 0);
}

static void
finds_a_port_that_is_there(void **state)
{
	struct tg_port_config cfg = config_of(state, "net_null8,no-rx=1");
	struct tg_port first, second;

	assert_int_equal(tg_port_open(&cfg, &first), 0);
	cfg.device = "net_null8";
	assert_int_equal(tg_port_open(&cfg, &second), 0);
	assert_int_equal(second.id, first.id);
	assert_false(second.ours);
	tg_port_close(&first);
}

static void
says_that_there_is_no_such_device(void **state)
{
	struct tg_port_config cfg = config_of(state, "net_nothing0");
	struct tg_port port;

	assert_true(tg_port_open(&cfg, &port) < 0);
	cfg.device = "0000:ff:1f.7";
	assert_true(tg_port_open(&cfg, &port) < 0);
}

static void
says_why_a_port_does_not_fit(void **state)
{
	struct tg_port_config cfg = config_of(state, "net_null9,no-rx=1");
	struct tg_port port;
	const char *why = NULL;

	assert_int_equal(tg_port_open(&cfg, &port), 0);
	cfg.queues = 5000;
	assert_int_equal(tg_port_configure(&cfg, &port, &why), -EINVAL);
	assert_string_equal(why, "the port has fewer queues than that");
	cfg.queues = 1;
	cfg.mtu = 9000;
	assert_int_equal(tg_port_configure(&cfg, &port, &why), -EINVAL);
	assert_string_equal(
		why, "packets of its MTU are larger than an mbuf, and the port cannot split them");
	/* A driver without an MTU of its own takes a smaller one, not a larger one. */
	cfg.queues = 2;
	cfg.mtu = 1400;
	assert_int_equal(tg_port_configure(&cfg, &port, &why), 0);
	assert_int_equal(port.mtu, 1400);
	tg_port_close(&port);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_configures_starts_and_closes),
		cmocka_unit_test(finds_a_port_that_is_there),
		cmocka_unit_test(says_that_there_is_no_such_device),
		cmocka_unit_test(says_why_a_port_does_not_fit),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
