/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket options that the engine acts on: keep-alive, user timeout, window, TTL and DSCP.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "drill.h"

/* A call through the table; d is the drill's name in every test. */
#define PD(call, ...) d.i.call(d.i.userdata, __VA_ARGS__)

#define SEC        1000000LL
#define NEAR(a, b) assert_in_range(a, (b)-1000, (b) + 2500)
#define REFUSED(value) \
	drill_fails(PD(setsockopt, c, level, name, &(int){value}, sizeof(int)), EINVAL)

static void
keepalive_of_a_connection(void **state)
{
	struct drill d;
	long long at;
	char b[4];
	int c;

	(void)state;
	drill_open(&d, false, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_KEEPIDLE), 7200);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_KEEPINTVL), 75);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_KEEPCNT), 9);
	at = drill_now(&d);
	drill_set(&d, c, SOL_SOCKET, SO_KEEPALIVE, 1);
	drill_set(&d, c, IPPROTO_TCP, TCP_KEEPIDLE, 3);
	drill_set(&d, c, IPPROTO_TCP, TCP_KEEPINTVL, 2);
	drill_set(&d, c, IPPROTO_TCP, TCP_KEEPCNT, 2);
	drill_out(&d, SEG_A, 0, 1001, 0);
	NEAR(d.out_us, at + 3 * SEC);
	drill_in(&d, SEG_A, 1001, 1, 0, NULL);
	at = d.out_us;
	drill_out(&d, SEG_A, 0, 1001, 0);
	NEAR(d.out_us, at + 3 * SEC);
	drill_out(&d, SEG_A, 0, 1001, 0);
	NEAR(d.out_us, at + 5 * SEC);
	drill_out(&d, SEG_R | SEG_A, 1, 1001, 0);
	NEAR(d.out_us, at + 7 * SEC);
	drill_fails(PD(read, c, b, sizeof(b)), ETIMEDOUT);
	drill_close(&d);
}

static void
keepalive_of_a_listener_is_inherited(void **state)
{
	struct drill d;
	int l, c;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	drill_set(&d, l, SOL_SOCKET, SO_KEEPALIVE, 1);
	drill_set(&d, l, IPPROTO_TCP, TCP_KEEPIDLE, 2);
	c = drill_connect(&d, l);
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_KEEPIDLE), 2);
	drill_out(&d, SEG_A, 0, 1001, 0);
	drill_set(&d, c, SOL_SOCKET, SO_KEEPALIVE, 0);
	drill_quiet(&d);
	drill_close(&d);
}

static void
user_timeout_ends_what_is_not_acknowledged(void **state)
{
	struct drill d;
	char b[4] = {0};
	int c;

	(void)state;
	drill_open(&d, false, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	drill_set(&d, c, IPPROTO_TCP, TCP_USER_TIMEOUT, 500);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_USER_TIMEOUT), 500);
	assert_int_equal(PD(write, c, b, 4), 4);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 4);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 4);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 4);
	drill_sleep(&d, 50000);
	assert_int_equal(PD(write, c, b, 1), 1);
	drill_sleep(&d, 100000);
	drill_fails(PD(write, c, b, 1), ETIMEDOUT);
	drill_close(&d);
}

static void
window_clamp_of_a_connection(void **state)
{
	struct drill d;
	char b[8000];
	int c;

	(void)state;
	drill_open(&d, false, "ipv4/tcp_rmem=4096 16000 16000");
	c = drill_connect(&d, drill_listen(&d, 0));
	drill_set(&d, c, IPPROTO_TCP, TCP_WINDOW_CLAMP, 1);
	assert_int_equal(drill_get(&d, c, IPPROTO_TCP, TCP_WINDOW_CLAMP), 1152);
	drill_set(&d, c, IPPROTO_TCP, TCP_WINDOW_CLAMP, 2000);
	for (unsigned i = 0; i < 7; i++) {
		drill_in(&d, SEG_A, 1001 + 1000 * i, 1, 1000, NULL);
		drill_out(&d, SEG_A, 1, 2001 + 1000 * i, 0);
		assert_int_equal(PD(read, c, b, sizeof(b)), 1000);
	}
	assert_in_range(d.out.win, 1000, 2000);
	drill_close(&d);
}

static void
ttl_and_tos(void **state)
{
	const int level = IPPROTO_IP;
	struct drill d;
	int l, c, name;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	assert_int_equal(drill_get(&d, l, IPPROTO_IP, IP_TTL), 64);
	drill_set(&d, l, IPPROTO_IP, IP_TTL, 99);
	drill_set(&d, l, IPPROTO_IP, IP_TOS, 0xb8 | 3);
	c = drill_connect(&d, l);
	assert_int_equal(d.out.ttl, 99); /* the SYN-ACK */
	assert_int_equal(d.out.tos, 0xb8);
	drill_set(&d, c, IPPROTO_IP, IP_TTL, 255);
	drill_set(&d, c, IPPROTO_IP, IP_TOS, 0x20);
	assert_int_equal(PD(write, c, "x", 1), 1);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 1);
	assert_int_equal(d.out.ttl, 255);
	assert_int_equal(d.out.tos, 0x20);
	drill_in(&d, SEG_A, 1001, 2, 0, NULL);
	drill_set(&d, c, IPPROTO_IP, IP_TTL, -1);
	drill_set(&d, c, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7); /* of the other family */
	assert_int_equal(PD(write, c, "x", 1), 1);
	drill_out(&d, SEG_A | SEG_P, 2, 1001, 1);
	assert_int_equal(d.out.ttl, 64);
	name = IP_TTL;
	REFUSED(0);
	REFUSED(256);
	drill_close(&d);
}

static void
hop_limit_and_traffic_class(void **state)
{
	const int level = IPPROTO_IPV6;
	struct drill d;
	int c, name;

	(void)state;
	drill_open(&d, true, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	assert_int_equal(d.out.ttl, 64);
	drill_set(&d, c, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33);
	drill_set(&d, c, IPPROTO_IPV6, IPV6_TCLASS, 0x28);
	assert_int_equal(PD(write, c, "x", 1), 1);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 1);
	assert_int_equal(d.out.ttl, 33);
	assert_int_equal(d.out.tos, 0x28);
	drill_in(&d, SEG_A, 1001, 2, 0, NULL);
	drill_set(&d, c, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1);
	assert_int_equal(drill_get(&d, c, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64);
	name = IPV6_UNICAST_HOPS;
	REFUSED(256);
	name = IPV6_TCLASS;
	REFUSED(256);
	drill_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keepalive_of_a_connection),
		cmocka_unit_test(keepalive_of_a_listener_is_inherited),
		cmocka_unit_test(user_timeout_ends_what_is_not_acknowledged),
		cmocka_unit_test(window_clamp_of_a_connection),
		cmocka_unit_test(ttl_and_tos),
		cmocka_unit_test(hop_limit_and_traffic_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
