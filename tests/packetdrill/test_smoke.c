/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin, loaded and driven as packetdrill does it: packets and calls in virtual time.
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

#define NEAR(a, b) assert_in_range(a, (b)-1000, (b) + 1100)

static void
all_options(struct seg *s)
{
	seg_opt_mss(s, 1460);
	seg_opt_sack_ok(s);
	seg_opt_ts(s, 100, 0);
	seg_opt_add(s, SEG_OPT_NOP, "", 0);
	seg_opt_wscale(s, 7);
}

static void
time_moves_by_itself(void **state)
{
	struct drill d;
	long long t;

	(void)state;
	drill_open(&d, false, NULL);
	t = drill_now(&d);
	assert_true(drill_now(&d) > t);
	drill_sleep(&d, 1500000);
	assert_in_range(drill_now(&d) - t, 1500000, 1500010);
	drill_quiet(&d);
	assert_in_range(drill_now(&d) - t, 6500000, 6500020);
	drill_close(&d);
}

static void
sysctls_make_the_syn_ack(void **state)
{
	struct drill d;

	(void)state;
	/* the window scale of 15 MB is 8 */
	drill_open(&d, false, "ipv4/tcp_rmem=4096 540000 15728640\nipv4/tcp_sack=0");
	drill_listen(&d, 0);
	drill_in(&d, SEG_S, 1000, 0, 0, all_options);
	drill_out(&d, SEG_S | SEG_A, 0, 1001, 0);
	assert_int_equal(seg_raw16(seg_opt_find(&d.out, SEG_OPT_MSS), 0), 1460);
	assert_int_equal(seg_opt_find(&d.out, SEG_OPT_WSCALE)->raw[0], 8);
	assert_null(seg_opt_find(&d.out, SEG_OPT_SACK_OK));
	assert_non_null(seg_opt_find(&d.out, SEG_OPT_TS));
	drill_close(&d);
}

static void
syn_ack_comes_again_in_its_time(void **state)
{
	struct drill d;
	long long first;

	(void)state;
	drill_open(&d, false, "ipv4/tcp_synack_retries=2");
	drill_listen(&d, 0);
	drill_in(&d, SEG_S, 1000, 0, 0, NULL);
	drill_out(&d, SEG_S | SEG_A, 0, 1001, 0);
	first = d.out_us;
	drill_out(&d, SEG_S | SEG_A, 0, 1001, 0);
	NEAR(d.out_us - first, 1000000);
	drill_out(&d, SEG_S | SEG_A, 0, 1001, 0);
	NEAR(d.out_us - first, 3000000);
	drill_quiet(&d);
	drill_close(&d);
}

static void
accept_read_write_close(void **state)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[2000];
	struct drill d;
	int l, c;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	drill_handshake(&d);
	c = PD(accept, l, (struct sockaddr *)&a, &len);
	assert_true(c > l);
	assert_int_equal(len, sizeof(a));
	assert_int_equal(ntohs(a.sin_port), d.sport);
	assert_int_equal(ntohl(a.sin_addr.s_addr), 0xc0000201);

	drill_in(&d, SEG_A | SEG_P, 1001, 1, 1000, NULL);
	drill_out(&d, SEG_A, 1, 2001, 0);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 1000);
	assert_int_equal(PD(write, c, buf, 2000), 2000);
	drill_out(&d, SEG_A, 1, 2001, 1460);
	drill_in(&d, SEG_A, 2001, 1461, 0, NULL); /* Nagle */
	drill_out(&d, SEG_A | SEG_P, 1461, 2001, 540);
	drill_in(&d, SEG_A, 2001, 2001, 0, NULL);

	assert_int_equal(PD(shutdown, c, SHUT_WR), 0);
	drill_out(&d, SEG_F | SEG_A, 2001, 2001, 0);
	drill_fails(PD(write, c, buf, 1), EPIPE);
	drill_in(&d, SEG_A | SEG_F, 2001, 2002, 0, NULL);
	drill_out(&d, SEG_A, 2002, 2002, 0);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 0);
	assert_int_equal(PD(close, c), 0);
	drill_fails(PD(read, c, buf, 1), EBADF);
	drill_close(&d);
}

static void
data_comes_again_in_its_time(void **state)
{
	struct drill d;
	long long first;
	char buf[500] = {0};
	int c;

	(void)state;
	drill_open(&d, false, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	assert_int_equal(PD(send, c, buf, sizeof(buf), 0), 500);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 500);
	first = d.out_us;
	/* a round trip of 10 ms: the least RTO, then twice that */
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 500);
	NEAR(d.out_us - first, 200000);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 500);
	NEAR(d.out_us - first, 600000);
	/* also while the program sleeps: stamped when it left */
	drill_sleep(&d, 3000000);
	drill_out(&d, SEG_A | SEG_P, 1, 1001, 500);
	NEAR(d.out_us - first, 1400000);
	drill_close(&d);
}

static long
call_accept(struct drill_call *c)
{
	return c->d->i.accept(c->d->i.userdata, c->fd, NULL, NULL);
}

static long
call_read(struct drill_call *c)
{
	return c->d->i.read(c->d->i.userdata, c->fd, c->buf, sizeof(c->buf));
}

static long
call_poll(struct drill_call *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	return c->d->i.poll(c->d->i.userdata, &p, 1, 700);
}

static void
blocking_calls_end_with_what_they_wait_for(void **state)
{
	struct drill d;
	struct drill_call c = {.d = &d, .call = call_accept};
	long long at;

	(void)state;
	drill_open(&d, false, NULL);
	c.fd = drill_listen(&d, 0);
	drill_call(&c);
	drill_handshake(&d);
	at = drill_now(&d);
	/* time is moved on at once: the call has ended before that all the same */
	drill_sleep(&d, 900000);
	drill_join(&c);
	assert_true(c.rc >= 100000);
	assert_in_range(c.end_us, at - 100, at + 100);

	c.fd = (int)c.rc;
	c.call = call_read;
	drill_call(&c);
	drill_sleep(&d, 50000);
	drill_in(&d, SEG_A | SEG_P, 1001, 1, 300, NULL);
	at = drill_now(&d);
	drill_out(&d, SEG_A, 1, 1301, 0);
	drill_sleep(&d, 900000);
	drill_join(&c);
	assert_int_equal(c.rc, 300);
	assert_in_range(c.end_us, at - 100, at + 100);

	/* a wait with an end, and nothing comes */
	c.call = call_poll;
	at = drill_now(&d);
	drill_call(&c);
	drill_sleep(&d, 2000000);
	drill_join(&c);
	assert_int_equal(c.rc, 0);
	assert_in_range(c.end_us, at + 700000, at + 700100);
	drill_close(&d);
}

static void
closing_wakes_who_waits(void **state)
{
	struct drill d;
	struct drill_call c = {.d = &d, .call = call_accept};

	(void)state;
	drill_open(&d, false, NULL);
	c.fd = drill_listen(&d, 0);
	drill_call(&c);
	assert_int_equal(PD(close, c.fd), 0);
	drill_join(&c);
	drill_fails((errno = c.err, c.rc), EBADF);
	drill_close(&d);
}

static void
accept_is_deferred(void **state)
{
	struct drill d;
	char buf[100];
	int l, c;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, SOCK_NONBLOCK);
	drill_set(&d, l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	assert_int_equal(drill_get(&d, l, IPPROTO_TCP, TCP_DEFER_ACCEPT), 7);
	drill_handshake(&d);
	drill_fails(PD(accept, l, NULL, NULL), EAGAIN);
	drill_in(&d, SEG_A | SEG_P, 1001, 1, 80, NULL);
	drill_out(&d, SEG_A, 1, 1081, 0);
	c = PD(accept, l, NULL, NULL);
	assert_true(c > l);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 80);
	drill_close(&d);
}

static uint8_t cookie[8];

static void
asks_for_a_cookie(struct seg *s)
{
	seg_opt_mss(s, 1460);
	seg_opt_add(s, 34, "", 0);
}

static void
has_a_cookie(struct seg *s)
{
	seg_opt_mss(s, 1460);
	seg_opt_add(s, 34, cookie, sizeof(cookie));
}

static void
data_in_a_syn(void **state)
{
	uint8_t key[16] = "0123456789abcdef";
	const struct seg_opt *o;
	struct drill d;
	char buf[100];
	int l, c;

	(void)state;
	drill_open(&d, false, "ipv4/tcp_fastopen=3");
	l = drill_listen(&d, SOCK_NONBLOCK);
	drill_set(&d, l, IPPROTO_TCP, TCP_FASTOPEN, 5);
	drill_in(&d, SEG_S, 1000, 0, 0, asks_for_a_cookie);
	drill_out(&d, SEG_S | SEG_A, 0, 1001, 0);
	o = seg_opt_find(&d.out, 34);
	assert_non_null(o);
	assert_int_equal(o->len, 10);
	memcpy(cookie, o->raw, sizeof(cookie));

	d.sport++;
	drill_in(&d, SEG_S, 5000, 0, 60, has_a_cookie);
	drill_out(&d, SEG_S | SEG_A, 0, 5061, 0);
	c = PD(accept, l, NULL, NULL);
	assert_true(c > l);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 60);
	assert_int_equal(PD(write, c, buf, 30), 30);
	drill_out(&d, SEG_A | SEG_P, 1, 5061, 30);
	drill_in(&d, SEG_A, 5061, 31, 0, NULL);

	/* another key: the cookie is none any more */
	d.sport++;
	assert_int_equal(PD(setsockopt, l, IPPROTO_TCP, 33, key, sizeof(key)), 0);
	drill_in(&d, SEG_S, 7000, 0, 60, has_a_cookie);
	drill_out(&d, SEG_S | SEG_A, 0, 7001, 0);
	o = seg_opt_find(&d.out, 34);
	assert_non_null(o);
	assert_memory_not_equal(o->raw, cookie, sizeof(cookie));
	drill_close(&d);
}

static void
resets_are_told_once(void **state)
{
	struct linger lin = {1, 0};
	struct drill d;
	char buf[10];
	int l, c;

	(void)state;
	drill_open(&d, false, NULL);
	l = drill_listen(&d, 0);
	c = drill_connect(&d, l);
	drill_in(&d, SEG_R, 1001, 0, 0, NULL);
	drill_fails(PD(read, c, buf, sizeof(buf)), ECONNRESET);
	assert_int_equal(PD(read, c, buf, sizeof(buf)), 0);
	drill_fails(PD(write, c, buf, 1), EPIPE);
	assert_int_equal(PD(close, c), 0);

	d.sport++;
	c = drill_connect(&d, l);
	drill_in(&d, SEG_R, 1001, 0, 0, NULL);
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_ERROR), ECONNRESET);
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_ERROR), 0);

	/* ours, at once */
	d.sport++;
	c = drill_connect(&d, l);
	assert_int_equal(PD(setsockopt, c, SOL_SOCKET, SO_LINGER, &lin, sizeof(lin)), 0);
	assert_int_equal(PD(close, c), 0);
	drill_out(&d, SEG_R | SEG_A, 1, 1001, 0);

	/* after the last close: nothing listens, and the reset that ends a script is swallowed */
	assert_int_equal(PD(close, l), 0);
	d.sport++;
	drill_in(&d, SEG_A, 1001, 0, 0, NULL);
	drill_out(&d, SEG_R, 0, 0, 0);
	drill_in(&d, SEG_R | SEG_A, 1001, 1, 0, NULL);
	drill_quiet(&d);
	drill_close(&d);
}

static void
ipv6_and_the_wildcard(void **state)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(DRILL_PORT)};
	socklen_t len = sizeof(a);
	struct drill d;
	int l, c;

	(void)state;
	drill_open(&d, true, NULL);
	c = drill_connect(&d, drill_listen(&d, 0));
	drill_in(&d, SEG_A, 1001, 1, 700, NULL);
	drill_out(&d, SEG_A, 1, 1701, 0);
	assert_int_equal(drill_get(&d, c, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	drill_close(&d);

	/* bound to ::, asked by IPv4: the address is learnt from the packet */
	drill_open(&d, false, NULL);
	l = PD(socket, AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(PD(bind, l, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(PD(listen, l, 1), 0);
	drill_handshake(&d);
	assert_true(PD(accept, l, (struct sockaddr *)&a, &len) > l);
	assert_true(IN6_IS_ADDR_V4MAPPED(&a.sin6_addr));
	drill_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_moves_by_itself),
		cmocka_unit_test(sysctls_make_the_syn_ack),
		cmocka_unit_test(syn_ack_comes_again_in_its_time),
		cmocka_unit_test(accept_read_write_close),
		cmocka_unit_test(data_comes_again_in_its_time),
		cmocka_unit_test(blocking_calls_end_with_what_they_wait_for),
		cmocka_unit_test(closing_wakes_who_waits),
		cmocka_unit_test(accept_is_deferred),
		cmocka_unit_test(data_in_a_syn),
		cmocka_unit_test(resets_are_told_once),
		cmocka_unit_test(ipv6_and_the_wildcard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
