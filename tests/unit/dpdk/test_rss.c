/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a port's state means, and that of a port which tells of it: net_null has a hash and a table.
 */
#include <string.h>

#include <rte_ethdev.h>

#include "port.h"
#include "rss.h"
#include "support.h"

#define TCP (RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP)

static void
every_state_has_its_verdict(void **state)
{
	static const struct {
		struct tg_rss rss;
		unsigned queues;
		enum tg_rss_verdict verdict;
	} cases[] = {
		{{0}, 1, TG_RSS_ONE_QUEUE},
		{{.hash_known = true, .hash = TCP, .table_size = 128, .queues = 1}, 1,
			TG_RSS_ONE_QUEUE},
		{{.hash_known = true, .hash = TCP, .table_size = 128, .queues = 2}, 2, TG_RSS_GOOD},
		{{.hash_known = true, .hash = TCP}, 2, TG_RSS_HASH_ONLY},
		{{.hash_known = true, .hash = RTE_ETH_RSS_IPV4, .table_size = 128, .queues = 2}, 2,
			TG_RSS_ADDRESSES},
		{{.hash_known = true, .hash = TCP, .table_size = 128, .queues = 1}, 2,
			TG_RSS_FEWER},
		{{.table_size = 128, .queues = 3}, 4, TG_RSS_FEWER},
		{{.hash_known = true}, 2, TG_RSS_OFF},
		{{0}, 2, TG_RSS_UNKNOWN},
		{{.table_size = 128, .queues = 2}, 2, TG_RSS_UNKNOWN},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (tg_rss_judge(&cases[i].rss, cases[i].queues) != cases[i].verdict)
			fail_msg("case %u", i);
}

static void
functions_have_names(void **state)
{
	char text[64];

	(void)state;
	tg_rss_names(0, text, sizeof(text));
	assert_string_equal(text, "none");
	tg_rss_names(RTE_ETH_RSS_IPV4 | TCP, text, sizeof(text));
	assert_string_equal(text, "ipv4 ipv4-tcp ipv6-tcp");
	tg_rss_names(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP, text, sizeof(text));
	assert_string_equal(text, "ipv4 others");
	tg_rss_names(RTE_ETH_RSS_NONFRAG_IPV4_UDP, text, sizeof(text));
	assert_string_equal(text, "others");
	tg_rss_names(RTE_ETH_RSS_IPV4 | TCP, text, 8);
	assert_true(strlen(text) < 8);
}

static void
a_port_is_read_back(void **state)
{
	struct tg_port_config cfg = {
		.device = "net_null7,no-rx=1", .queues = 2, .descriptors = 64, .pool = *state};
	struct tg_port port;
	struct tg_rss rss;
	const char *why;

	assert_int_equal(tg_port_open(&cfg, &port), 0);
	assert_int_equal(tg_port_configure(&cfg, &port, &why), 0);
	assert_int_equal(tg_port_start(&port), 0);
	assert_int_equal(port.rx_ring, 64);
	tg_rss_read(port.id, &rss);
	assert_true(rss.hash_known);
	assert_true(rss.table_size > 0);
	assert_true(rss.queues <= rss.table_size);
	tg_port_close(&port);
}

static void
a_port_without_rss_says_nothing(void **state)
{
	struct tg_rss rss;

	(void)state;
	/* There is no such port. */
	tg_rss_read(31, &rss);
	assert_false(rss.hash_known);
	assert_int_equal(rss.table_size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_verdict),
		cmocka_unit_test(functions_have_names),
		cmocka_unit_test(a_port_is_read_back),
		cmocka_unit_test(a_port_without_rss_says_nothing),
	};

	return cmocka_run_group_tests(tests, test_eal_setup, test_eal_teardown);
}
