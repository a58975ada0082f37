/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flood frames as lib/wire's parser sees them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "tcpopt.h"
#include "template.h"

#define MANY 4000

static struct flood_mix mix;

/* The way a frame goes: IPv4 or IPv6, tagged or not. */
struct way {
	bool v6;
	uint16_t vlan;
};

static const struct way ways[] = {{false, 0}, {false, 100}, {true, 0}, {true, 4094}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static const struct tg_addr server6 = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

static struct flood_mix_config
config(const struct way *w, enum flood_kind kind, enum flood_opts opts)
{
	struct flood_mix_config c = {
		.dst_mac = {2, 0, 0, 0, 0, 1},
		.src_mac = {2, 0, 0, 0, 0, 2},
		.vlan = w->vlan,
		.dst = w->v6 ? server6 : tg_addr_v4(192, 0, 2, 1),
		.dport = 7000,
		.dports = 1,
		.opts = (uint8_t)opts,
		.prefixes = 1,
		.seed = 42,
	};

	c.part[kind] = 1;
	c.prefix[0].base = tg_addr_v4(198, 18, 0, 0);
	c.prefix[0].len = 15;
	if (w->v6) {
		c.prefix[0].base = (struct tg_addr){{0x20, 1, 0, 2}};
		c.prefix[0].len = 48;
	}
	return c;
}

/* Parses the next frame out of a block of its own size, so that a sanitizer sees the end. */
static enum tg_frame_kind
next(struct tg_frame *f, struct tg_tcpopt *o, unsigned *len)
{
	uint8_t room[FLOOD_FRAME_MAX], *frame;
	struct tg_pkt pkt = {0};
	enum tg_frame_kind kind;

	/* Whatever was there before must be overwritten. */
	memset(room, 0xa5, sizeof(room));
	*len = flood_frame(&mix, room);
	assert_in_range(*len, 54, FLOOD_FRAME_MAX);
	frame = malloc(*len);
	assert_non_null(frame);
	memcpy(frame, room, *len);
	pkt.data = frame;
	pkt.len = (uint16_t)*len;
	kind = tg_frame_parse(&pkt, f);
	memset(o, 0, sizeof(*o));
	if (kind == TG_FRAME_TCP)
		tg_tcpopt_parse(frame + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
			(f->flags & TG_SYN) != 0, o);
	free(frame);
	return kind;
}

static void
assert_way(const struct tg_frame *f, const struct way *w)
{
	struct flood_mix_config c = config(w, FLOOD_SYN, 0);

	assert_int_equal(f->ip_version, w->v6 ? 6 : 4);
	assert_int_equal(f->l2.tags, w->vlan != 0);
	assert_int_equal(f->l2.tci[0], w->vlan);
	assert_memory_equal(f->l2.dst, c.dst_mac, 6);
	assert_memory_equal(f->l2.src, c.src_mac, 6);
	assert_memory_equal(&f->dst, &c.dst, sizeof(c.dst));
	if (w->v6) {
		assert_memory_equal(f->src.b, c.prefix[0].base.b, 6);
	} else {
		assert_int_equal(f->src.b[12], 198);
		assert_int_equal(f->src.b[13] & 0xfe, 18);
	}
	assert_int_equal(f->dport, 7000);
	assert_int_equal(f->payload_len, 0);
}

static void
syns_are_good(void **state)
{
	static const unsigned present[] = {
		0, TG_OPT_MSS, TG_OPT_MSS | TG_OPT_SACK_OK | TG_OPT_TS | TG_OPT_WSCALE};
	static const unsigned size[] = {0, 4, 20};
	struct tg_frame f;
	struct tg_tcpopt o;
	unsigned len;

	(void)state;
	for (unsigned w = 0; w < WAYS; w++)
		for (unsigned opts = FLOOD_OPT_NONE; opts < FLOOD_OPT_MIXED; opts++) {
			struct flood_mix_config c = config(&ways[w], FLOOD_SYN, opts);

			assert_int_equal(flood_mix_init(&mix, &c), 0);
			for (unsigned i = 0; i < MANY; i++) {
				assert_int_equal(next(&f, &o, &len), TG_FRAME_TCP);
				assert_way(&f, &ways[w]);
				assert_int_equal(f.flags, TG_SYN);
				assert_int_equal(f.ack, 0);
				assert_true(f.sport >= 1024);
				assert_int_equal(o.present, present[opts]);
				assert_int_equal(len, f.l4_off + 20u + size[opts]);
				assert_int_equal(flood_mix_last(&mix)->kind, FLOOD_SYN);
			}
		}
}

static void
acks_and_rsts_are_good(void **state)
{
	static const unsigned flags[] = {[FLOOD_ACK] = TG_ACK, [FLOOD_RST] = TG_RST};
	struct tg_frame f;
	struct tg_tcpopt o;
	unsigned len;

	(void)state;
	for (unsigned w = 0; w < WAYS; w++)
		for (unsigned kind = FLOOD_ACK; kind <= FLOOD_RST; kind++) {
			struct flood_mix_config c = config(&ways[w], kind, FLOOD_OPT_LINUX);
			unsigned zero = 0;

			assert_int_equal(flood_mix_init(&mix, &c), 0);
			for (unsigned i = 0; i < MANY; i++) {
				assert_int_equal(next(&f, &o, &len), TG_FRAME_TCP);
				assert_way(&f, &ways[w]);
				assert_int_equal(f.flags, flags[kind]);
				assert_int_equal(o.present, 0);
				zero += f.ack == 0;
			}
			assert_int_equal(zero > 1, kind == FLOOD_RST);
		}
}

/* What the parser must say to each kind of damage. */
static void
assert_bad(enum flood_bad bad, enum tg_frame_kind kind, const struct tg_frame *f)
{
	static const uint8_t as[FLOOD_BADS] = {
		[FLOOD_BAD_TCP_CSUM] = TG_BAD_TCP_CSUM,
		[FLOOD_BAD_IP_CSUM] = TG_BAD_IP_CSUM,
		[FLOOD_BAD_SHORT_OFFSET] = TG_BAD_TCP_HEADER,
		[FLOOD_BAD_LONG_OFFSET] = TG_BAD_TCP_HEADER,
		[FLOOD_BAD_LENGTH] = TG_BAD_IP_HEADER,
		[FLOOD_BAD_VERSION] = TG_BAD_IP_HEADER,
	};

	if (as[bad] != TG_BAD_NONE) {
		assert_int_equal(kind, TG_FRAME_BAD);
		assert_int_equal(f->bad, as[bad]);
		return;
	}
	assert_int_equal(kind, TG_FRAME_TCP);
	switch (bad) {
	case FLOOD_BAD_SYN_FIN:
		assert_int_equal(f->flags, TG_SYN | TG_FIN);
		break;
	case FLOOD_BAD_SYN_RST:
		assert_int_equal(f->flags, TG_SYN | TG_RST);
		break;
	case FLOOD_BAD_NO_FLAGS:
		assert_int_equal(f->flags, 0);
		break;
	case FLOOD_BAD_SPORT_ZERO:
		assert_int_equal(f->sport, 0);
		break;
	default:
		fail_msg("no check for %s", flood_bad_name(bad));
	}
}

static void
malformed_ones_are_bad_as_they_say(void **state)
{
	struct tg_frame f;
	struct tg_tcpopt o;
	unsigned len;

	(void)state;
	for (unsigned w = 0; w < WAYS; w++) {
		struct flood_mix_config c = config(&ways[w], FLOOD_BAD, FLOOD_OPT_NONE);
		unsigned seen[FLOOD_BADS] = {0};

		assert_int_equal(flood_mix_init(&mix, &c), 0);
		for (unsigned i = 0; i < MANY; i++) {
			enum tg_frame_kind kind = next(&f, &o, &len);
			enum flood_bad bad = flood_mix_last(&mix)->bad;

			assert_bad(bad, kind, &f);
			seen[bad]++;
		}
		for (unsigned b = 0; b < FLOOD_BADS; b++)
			if (ways[w].v6 && b == FLOOD_BAD_IP_CSUM)
				assert_int_equal(seen[b], 0);
			else
				assert_true(seen[b] >= MANY / FLOOD_BADS);
	}
}

static void
kinds_come_in_their_parts(void **state)
{
	struct flood_mix_config c = config(&ways[0], FLOOD_SYN, FLOOD_OPT_MIXED);
	unsigned seen[FLOOD_KINDS] = {0}, sizes[3] = {0}, port[2] = {0};
	struct tg_frame f;
	struct tg_tcpopt o;
	unsigned len;

	(void)state;
	c.part[FLOOD_SYN] = 2;
	c.part[FLOOD_ACK] = 1;
	c.part[FLOOD_RST] = 1;
	c.dports = 2;
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(next(&f, &o, &len), TG_FRAME_TCP);
		seen[flood_mix_last(&mix)->kind]++;
		assert_in_range(f.dport, 7000, 7001);
		port[f.dport - 7000]++;
		if (f.flags == TG_SYN)
			sizes[len == 54 ? 0 : len == 58 ? 1 : 2]++;
	}
	assert_in_range(seen[FLOOD_SYN], MANY * 45 / 100, MANY * 55 / 100);
	assert_in_range(seen[FLOOD_ACK], MANY * 20 / 100, MANY * 30 / 100);
	assert_in_range(seen[FLOOD_RST], MANY * 20 / 100, MANY * 30 / 100);
	assert_int_equal(seen[FLOOD_BAD], 0);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(sizes[i], seen[FLOOD_SYN] / 3 - 2, seen[FLOOD_SYN] / 3 + 2);
	assert_in_range(port[0], MANY / 2 - 4, MANY / 2 + 4);
}

static void
the_least_part_is_there_too(void **state)
{
	struct flood_mix_config c = config(&ways[0], FLOOD_SYN, FLOOD_OPT_NONE);
	unsigned seen[FLOOD_KINDS] = {0};

	(void)state;
	c.part[FLOOD_SYN] = 250;
	c.part[FLOOD_ACK] = c.part[FLOOD_RST] = c.part[FLOOD_BAD] = 1;
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	for (unsigned i = 0; i < FLOOD_DRAWS; i++)
		seen[mix.kind[i]]++;
	assert_in_range(seen[FLOOD_ACK], 1, 2);
	assert_in_range(seen[FLOOD_RST], 1, 2);
	assert_in_range(seen[FLOOD_BAD], 1, 2);
}

static void
sources_are_of_every_prefix(void **state)
{
	struct flood_mix_config c = config(&ways[0], FLOOD_SYN, FLOOD_OPT_NONE);
	unsigned seen[3] = {0};
	struct tg_frame f;
	struct tg_tcpopt o;
	unsigned len;

	(void)state;
	c.prefixes = 3;
	c.prefix[1] = (struct flood_prefix){tg_addr_v4(10, 1, 2, 3), 32};
	c.prefix[2] = (struct flood_prefix){tg_addr_v4(172, 16, 0, 0), 12};
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(next(&f, &o, &len), TG_FRAME_TCP);
		if (f.src.b[12] == 198)
			seen[0]++;
		else if (f.src.b[12] == 10)
			assert_true(++seen[1] && f.src.b[13] == 1 && f.src.b[14] == 2 &&
				f.src.b[15] == 3);
		else
			assert_true(++seen[2] && f.src.b[12] == 172 && (f.src.b[13] & 0xf0) == 16);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(seen[i], MANY / 4, MANY / 2);
}

/* A source, a port or a number that stands still would make the flood another one. */
static void
frames_differ_and_a_seed_repeats_them(void **state)
{
	static uint8_t first[MANY][FLOOD_FRAME_MAX];
	struct flood_mix_config c = config(&ways[0], FLOOD_SYN, FLOOD_OPT_LINUX);
	uint8_t frame[FLOOD_FRAME_MAX];
	unsigned same_source = 0, len;

	(void)state;
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	for (unsigned i = 0; i < MANY; i++) {
		flood_frame(&mix, first[i]);
		same_source += i > 0 && memcmp(first[i] + 26, first[i - 1] + 26, 4) == 0;
	}
	assert_true(same_source < 3);
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	for (unsigned i = 0; i < MANY; i++) {
		len = flood_frame(&mix, frame);
		assert_memory_equal(frame, first[i], len);
	}
	c.seed++;
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	len = flood_frame(&mix, frame);
	assert_memory_not_equal(frame, first[0], len);
}

/* Whichever of its ways a burst goes, it is what single frames would have been. */
static void
a_burst_is_frames_one_by_one(void **state)
{
	static struct flood_mix other;
	uint8_t room[32][FLOOD_FRAME_MAX], one[FLOOD_FRAME_MAX], *frame[32];
	uint16_t len[32];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		frame[i] = room[i];
	for (unsigned w = 0; w < WAYS; w++)
		for (unsigned kinds = 1; kinds <= FLOOD_KINDS; kinds++) {
			struct flood_mix_config c = config(&ways[w], FLOOD_SYN, FLOOD_OPT_MIXED);

			for (unsigned k = 0; k < kinds; k++)
				c.part[k] = 1;
			assert_int_equal(flood_mix_init(&mix, &c), 0);
			assert_int_equal(flood_mix_init(&other, &c), 0);
			for (unsigned i = 0; i < MANY; i++) {
				if (i % 32 == 0)
					flood_frames(&mix, frame, len, 32);
				assert_int_equal(flood_frame(&other, one), len[i % 32]);
				assert_memory_equal(one, room[i % 32], len[i % 32]);
			}
			assert_int_equal(flood_mix_last(&mix)->kind, flood_mix_last(&other)->kind);
		}
}

static void
wrong_settings_are_refused(void **state)
{
	const struct flood_mix_config good = config(&ways[0], FLOOD_SYN, FLOOD_OPT_NONE);
	struct flood_mix_config c = good;

	(void)state;
	assert_int_equal(flood_mix_init(&mix, &c), 0);
	c.vlan = 4095;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
	c = good;
	c.dport = UINT16_MAX;
	c.dports = 2;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
	c = good;
	c.dst = server6;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
	c = good;
	c.prefix[0].len = 33;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
	c = good;
	c.part[FLOOD_SYN] = 0;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
	c = good;
	c.prefixes = 0;
	assert_int_equal(flood_mix_init(&mix, &c), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syns_are_good),
		cmocka_unit_test(acks_and_rsts_are_good),
		cmocka_unit_test(malformed_ones_are_bad_as_they_say),
		cmocka_unit_test(kinds_come_in_their_parts),
		cmocka_unit_test(the_least_part_is_there_too),
		cmocka_unit_test(sources_are_of_every_prefix),
		cmocka_unit_test(frames_differ_and_a_seed_repeats_them),
		cmocka_unit_test(a_burst_is_frames_one_by_one),
		cmocka_unit_test(wrong_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
