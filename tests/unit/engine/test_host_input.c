/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP, neighbour discovery and echo: who is answered, and who is not. How the answers look is
 * proved in tests/unit/wire.
 */
#include "engine_util.h"

static const uint8_t peer[6] = {2, 0, 0, 0, 0, 99};

/** An ARP request from 10.0.0.`from` for 10.0.0.`target`. */
static unsigned
arp(uint8_t *p, uint8_t from, uint8_t target)
{
	static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};

	memset(p, 0, 42);
	memset(p, 0xff, 6);
	memcpy(p + 6, peer, 6);
	memcpy(p + 12, head, sizeof(head));
	memcpy(p + 22, peer, 6);
	memcpy(p + 28, (const uint8_t[]){10, 0, 0, from}, 4);
	memcpy(p + 38, (const uint8_t[]){10, 0, 0, target}, 4);
	return 42;
}

static void
put_sum(uint8_t *at, uint32_t sum, const uint8_t *p, unsigned len)
{
	uint16_t v = seg_fold(seg_sum(sum, p, len));

	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/** An ICMP echo request from 10.0.0.`from` to 10.0.0.`to`. */
static unsigned
echo(const struct rig *r, uint8_t *p, uint8_t from, uint8_t to)
{
	static const uint8_t ip[] = {8, 0, 0x45, 0, 0, 36, 0, 0, 0x40, 0, 64, 1, 0, 0};

	memset(p, 0, 50);
	memcpy(p, r->mac[0], 6);
	memcpy(p + 6, peer, 6);
	memcpy(p + 12, ip, sizeof(ip));
	memcpy(p + 26, (const uint8_t[]){10, 0, 0, from, 10, 0, 0, to}, 8);
	p[34] = 8;
	put_sum(p + 24, 0, p + 14, 20);
	put_sum(p + 36, 0, p + 34, 16);
	return 50;
}

/** A neighbour solicitation from fd00::`from` for fd00::`target`; from 0 is ::. */
static unsigned
solicit(uint8_t *p, uint8_t from, uint8_t target)
{
	static const uint8_t ip[] = {0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255};
	uint32_t sum;

	memset(p, 0, 78);
	memcpy(p, (const uint8_t[]){0x33, 0x33, 0xff, 0, 0, target}, 6);
	memcpy(p + 6, peer, 6);
	memcpy(p + 12, ip, sizeof(ip));
	if (from != 0)
		p[22] = 0xfd;
	p[37] = from;
	memcpy(p + 38, (const uint8_t[]){0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, target},
		16);
	p[54] = 135;
	p[62] = 0xfd;
	p[77] = target;
	sum = seg_sum(58 + 24, p + 22, 32);
	put_sum(p + 56, sum, p + 54, 24);
	return 78;
}

static struct tg_verdict
feed(struct rig *r, const uint8_t *p, unsigned len, uint16_t port)
{
	const struct rig_rx rx = {.port = port, .headroom = 64, .tailroom = 64};
	struct tg_verdict v = rig_feed(r, p, len, &rx);

	forget_sent(r);
	return v;
}

static void
start(struct rig *r)
{
	bench_init(r);
	bench_open(r);
	rig_port(r, 1, 1500);
}

static void
arp_is_answered_on_the_port_of_the_address(void **state)
{
	uint8_t p[64];
	struct rig r;

	(void)state;
	start(&r);
	assert_int_equal(feed(&r, p, arp(p, 2, 1), 0).action, TG_REPLY);
	assert_int_equal(COUNT(&r, ARP_REPLIES), 1);
	assert_int_equal(feed(&r, p, arp(p, 2, 1), 1).action, TG_PASS);
	assert_int_equal(feed(&r, p, arp(p, 2, 3), 0).action, TG_PASS);
	assert_int_equal(feed(&r, p, arp(p, 1, 1), 0).action, TG_DROP); /* gratuitous, of ours */
	arp(p, 2, 1);
	p[21] = 2; /* a reply is none of our business */
	assert_int_equal(feed(&r, p, 42, 0).action, TG_PASS);
	assert_int_equal(feed(&r, p, 41, 0).disposition, TG_DISP_DROP_ARP);
	assert_int_equal(COUNT(&r, ARP_REPLIES), 1);
	rig_close(&r);
}

static void
rfc5227_a_probe_is_answered(void **state)
{
	uint8_t p[64];
	struct rig r;

	(void)state;
	start(&r);
	arp(p, 2, 1);
	memset(p + 28, 0, 4); /* sender 0.0.0.0: is this address taken? */
	assert_int_equal(feed(&r, p, 42, 0).action, TG_REPLY);
	rig_close(&r);
}

static void
solicitations_are_answered_on_the_port_of_the_address(void **state)
{
	uint8_t p[96];
	struct rig r;

	(void)state;
	start(&r);
	assert_int_equal(feed(&r, p, solicit(p, 2, 1), 0).action, TG_REPLY);
	assert_int_equal(feed(&r, p, solicit(p, 0, 1), 0).action, TG_REPLY); /* is it taken? */
	assert_int_equal(COUNT(&r, ND_ADVERTS), 2);
	assert_int_equal(feed(&r, p, solicit(p, 2, 1), 1).action, TG_PASS);
	assert_int_equal(feed(&r, p, solicit(p, 2, 3), 0).action, TG_PASS);
	assert_int_equal(feed(&r, p, solicit(p, 1, 1), 0).disposition, TG_DISP_DROP_SOURCE);
	solicit(p, 2, 1);
	p[21] = 254; /* RFC 4861 7.1.1: it came over a router */
	assert_int_equal(feed(&r, p, 78, 0).disposition, TG_DISP_DROP_ICMP);
	assert_int_equal(COUNT(&r, ND_ADVERTS), 2);
	rig_close(&r);
}

static void
echo_is_answered_for_our_addresses_on_any_port(void **state)
{
	uint8_t p[64];
	struct rig r;

	(void)state;
	start(&r);
	assert_int_equal(feed(&r, p, echo(&r, p, 2, 1), 0).action, TG_REPLY);
	assert_int_equal(COUNT(&r, ICMP_ECHOS), 1);
	echo(&r, p, 2, 1);
	memcpy(p, r.mac[1], 6);
	assert_int_equal(feed(&r, p, 50, 1).action, TG_REPLY);
	assert_int_equal(feed(&r, p, echo(&r, p, 2, 3), 0).action, TG_PASS);
	assert_int_equal(feed(&r, p, echo(&r, p, 2, 255), 0).action, TG_PASS); /* no smurf */
	echo(&r, p, 2, 1);
	memset(p, 0xff, 6);
	assert_int_equal(feed(&r, p, 50, 0).action, TG_PASS);
	assert_int_equal(feed(&r, p, echo(&r, p, 255, 1), 0).disposition, TG_DISP_DROP_SOURCE);
	assert_int_equal(feed(&r, p, echo(&r, p, 1, 1), 0).disposition, TG_DISP_DROP_SOURCE);
	echo(&r, p, 2, 1);
	p[6] |= 1;
	assert_int_equal(feed(&r, p, 50, 0).disposition, TG_DISP_DROP_SOURCE);
	echo(&r, p, 2, 1);
	p[45] ^= 1;
	assert_int_equal(feed(&r, p, 50, 0).disposition, TG_DISP_DROP_ICMP);
	assert_int_equal(COUNT(&r, ICMP_ECHOS), 2);
	rig_close(&r);
}

static void
every_cut_of_every_frame_has_an_end(void **state)
{
	uint8_t p[3][96];
	unsigned len[3];
	struct rig r;

	(void)state;
	start(&r);
	len[0] = arp(p[0], 2, 1);
	len[1] = echo(&r, p[1], 2, 1);
	len[2] = solicit(p[2], 2, 1);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned n = 0; n < len[i]; n++) {
			const struct rig_rx rx = {.port = 0};

			assert_int_not_equal(rig_feed(&r, p[i], n, &rx).action, TG_REPLY);
			assert_int_equal(rig_waiting(&r), 0);
		}
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_is_answered_on_the_port_of_the_address),
		cmocka_unit_test(rfc5227_a_probe_is_answered),
		cmocka_unit_test(solicitations_are_answered_on_the_port_of_the_address),
		cmocka_unit_test(echo_is_answered_for_our_addresses_on_any_port),
		cmocka_unit_test(every_cut_of_every_frame_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
