/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The straight-line responder's answers, and what the generator makes of answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "replies.h"
#include "responder.h"
#include "tcpopt.h"

#define MANY 2000

static struct flood_mix mix;
static struct tg_prf key;
static struct replies got;

static int
anew(void **state)
{
	static const uint8_t secret[16] = {1, 2, 3};
	struct flood_mix_config cfg = {
		.dst_mac = {2, 0, 0, 0, 0, 1},
		.src_mac = {2, 0, 0, 0, 0, 2},
		.dst = tg_addr_v4(192, 0, 2, 1),
		.dport = 7000,
		.dports = 1,
		.part = {[FLOOD_SYN] = 1},
		.opts = FLOOD_OPT_MIXED,
		.prefixes = 1,
		.prefix = {{tg_addr_v4(198, 18, 0, 0), 15}},
		.seed = 3,
	};

	(void)state;
	memset(&got, 0, sizeof(got));
	tg_prf_init(&key, secret, true);
	assert_int_equal(flood_mix_init(&mix, &cfg), 0);
	return 0;
}

static enum tg_frame_kind
parse(const uint8_t *frame, unsigned len, struct tg_frame *f, struct tg_tcpopt *o)
{
	struct tg_pkt pkt = {.data = (uint8_t *)(uintptr_t)frame, .len = (uint16_t)len};
	enum tg_frame_kind kind = tg_frame_parse(&pkt, f);

	memset(o, 0, sizeof(*o));
	if (kind == TG_FRAME_TCP)
		tg_tcpopt_parse(frame + f->l4_off + 20, f->payload_off - f->l4_off - 20u,
			(f->flags & TG_SYN) != 0, o);
	return kind;
}

static void
the_responder_answers_every_syn(void **state)
{
	uint8_t frame[FLOOD_FRAME_MAX];
	struct tg_frame syn, ack;
	struct tg_tcpopt a, b;
	uint32_t last = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		unsigned len = flood_frame(&mix, frame);

		assert_int_equal(parse(frame, len, &syn, &a), TG_FRAME_TCP);
		assert_true(responder_answer(&key, frame, len));
		assert_int_equal(parse(frame, len, &ack, &b), TG_FRAME_TCP);
		assert_memory_equal(&ack.src, &syn.dst, 16);
		assert_memory_equal(&ack.dst, &syn.src, 16);
		assert_memory_equal(ack.l2.dst, syn.l2.src, 6);
		assert_memory_equal(ack.l2.src, syn.l2.dst, 6);
		assert_int_equal(ack.sport, syn.dport);
		assert_int_equal(ack.dport, syn.sport);
		assert_int_equal(ack.flags, TG_SYN | TG_ACK);
		assert_int_equal(ack.ack, syn.seq + 1);
		assert_int_not_equal(ack.seq, last);
		last = ack.seq;
		assert_int_equal(b.present, a.present);
		if (a.present & TG_OPT_TS)
			assert_int_equal(b.tsecr, a.tsval);
	}
}

static void
the_responder_answers_nothing_else(void **state)
{
	uint8_t good[FLOOD_FRAME_MAX], frame[FLOOD_FRAME_MAX];
	unsigned len = flood_frame(&mix, good), taken = 0;

	(void)state;
	for (unsigned at = 12; at < len; at++) {
		memcpy(frame, good, len);
		frame[at] ^= 0x10;
		taken += responder_answer(&key, frame, len);
	}
	assert_int_equal(taken, 0);
	for (unsigned n = 0; n < len; n++) {
		uint8_t *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, good, n);
		assert_false(responder_answer(&key, cut, n));
		free(cut);
	}
}

static void
answers_are_counted_and_some_verified(void **state)
{
	uint8_t frame[FLOOD_FRAME_MAX];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		unsigned len = flood_frame(&mix, frame);

		assert_true(responder_answer(&key, frame, len));
		replies_take(&got, &mix, NULL, frame, len, false, 0);
	}
	assert_int_equal(got.synacks, MANY);
	assert_int_equal(got.sampled, (MANY + REPLIES_SAMPLE - 1) / REPLIES_SAMPLE);
	assert_int_equal(got.damaged, 0);
	assert_int_equal(got.rsts + got.others, 0);
}

static void
damaged_answers_are_found(void **state)
{
	uint8_t frame[FLOOD_FRAME_MAX];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		unsigned len = flood_frame(&mix, frame);

		assert_true(responder_answer(&key, frame, len));
		frame[40] ^= 1;
		replies_take(&got, &mix, NULL, frame, len, false, 0);
	}
	assert_int_equal(got.damaged, got.sampled);
	assert_true(got.sampled > 0);
}

static void
other_answers_are_told_apart(void **state)
{
	uint8_t frame[FLOOD_FRAME_MAX];
	unsigned len = flood_frame(&mix, frame);

	(void)state;
	frame[mix.l4 + 13] = TG_RST | TG_ACK;
	replies_take(&got, &mix, NULL, frame, len, false, 0);
	assert_int_equal(got.rsts, 1);
	frame[mix.l4 + 13] = TG_ACK;
	replies_take(&got, &mix, NULL, frame, len, false, 0);
	assert_int_equal(got.others, 1);
	replies_take(&got, &mix, NULL, frame, 20, false, 0);
	frame[mix.l3 + 9] = 17;
	replies_take(&got, &mix, NULL, frame, len, false, 0);
	assert_int_equal(got.others, 3);
	assert_int_equal(got.synacks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_responder_answers_every_syn, anew),
		cmocka_unit_test_setup(the_responder_answers_nothing_else, anew),
		cmocka_unit_test_setup(answers_are_counted_and_some_verified, anew),
		cmocka_unit_test_setup(damaged_answers_are_found, anew),
		cmocka_unit_test_setup(other_answers_are_told_apart, anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
