/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

static struct flood_options o;

/* Reads a command line given as one text, words apart by blanks. */
static int
read_line(const char *line)
{
	static char copy[1024], *argv[64];
	int argc = 0;

	snprintf(copy, sizeof(copy), "tidegate-flood %s", line);
	for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	return flood_options_read(argc, argv, &o);
}

static void
good_lines(void **state)
{
	static const char *const lines[] = {
		"--self",
		"--self=ring",
		"--self=direct --rate max",
		"--memif --against responder --repeat 3 --no-huge",
		"--veth --against kernel,nft-synproxy --placement napi --sweep 50k:2M:8 --plot "
		"x.svg",
		"--port 0000:01:00.0 --i-own-this-network --to 10.0.0.1 --to-mac "
		"02:00:00:00:00:01",
		"--self -f syn:8,ack,rst:2,bad -r 1.5M -o mixed -6 --vlan 5 -d 250ms -q",
		"--self -f none -H 1000",
		"--self -H 0",
		"--self -f none -f syn -r 5k",
		"--memif --rate 80% --against responder --queue 16384",
		"--self -- --no-huge -m 512",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(read_line(lines[i]), -1);
}

static void
wrong_lines_are_wrong_use(void **state)
{
	static const char *const lines[] = {
		"",
		"--selfish",
		"--self --memif",
		"--self=sideways",
		"--self word",
		"--self -r -5",
		"--self -r 5G",
		"--self -r inf",
		"--self -r 0%",
		"--self -r 80% --sweep 1k,2k",
		"--self -f none -r 80%",
		"--self -r 5k -f none",
		"--self -r",
		"--self -d 0",
		"--self -d 1h",
		"--self -f syn:0",
		"--self -f udp",
		"--self -f none -H 0",
		"--self -H max",
		"--self -s 10.0.0.0/33",
		"--self -s 2001:db8::/32",
		"--self -6 -s 10.0.0.0/8",
		"--self --clients ::/0",
		"--self --vlan 4095",
		"--self --sweep 2,1",
		"--self --sweep 1k:2k:1",
		"--self --sweep 1k,2k --ramp 5k",
		"--self --ramp 5k -r max",
		"--self --plot x.svg",
		"--self --sweep 1k,2k --plot x.gif",
		"--self --against kernel",
		"--veth --against responder",
		"--memif --against nobody",
		"--memif --zero-copy --no-huge",
		"--self --to 10.0.0.1",
		"--self --i-own-this-network",
		"--port 0000:01:00.0",
		"--port eth0 --i-own-this-network --to 10.0.0.1 --to-mac 02:00:00:00:00:01",
		"--port net_null0 --i-own-this-network --to 10.0.0.1 --to-mac 02:00:00:00:00:01",
		"--port 0000:01:00.0 --to 10.0.0.1 --to-mac 02:00:00:00:00:01",
		"--port 0000:01:00.0 --i-own-this-network --to 10.0.0.1",
		"--port 0000:01:00.0 --i-own-this-network --to 10.0.0.1 --to-mac 02:00",
		"--self --cores 0",
		"--self -f none,syn",
		"--self --device net_af_packet",
		"--self --placement napi",
		"--self --zero-copy",
		"--self --queue 4096",
		"--memif --queue 5000",
		"--memif --queue 32768",
		"--memif=1",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (read_line(lines[i]) != 2)
			fail_msg("taken: %s", lines[i]);
}

static void
values_arrive(void **state)
{
	(void)state;
	assert_int_equal(read_line("--self -f syn:8,ack -r 1.5M --ramp 2M -H 250 -d 1.5s --style "
				   "server --seed 0x10 --syncookies always --cores 3,5 -o mss"),
		-1);
	assert_int_equal(o.where, WHERE_SELF);
	assert_int_equal(o.coupling, COUPLE_RING);
	assert_int_equal(o.mix.part[FLOOD_SYN], 8);
	assert_int_equal(o.mix.part[FLOOD_ACK], 1);
	assert_int_equal(o.mix.part[FLOOD_RST], 0);
	assert_int_equal(o.mix.opts, FLOOD_OPT_MSS);
	assert_true(o.rate == 1.5e6 && o.ramp_to == 2e6 && o.honest == 250 && o.duration == 1.5);
	assert_int_equal(o.style, HONEST_SERVER_FIRST);
	assert_int_equal(o.mix.seed, 16);
	assert_int_equal(o.syncookies, TG_SYNCOOKIES_ALWAYS);
	assert_int_equal(o.cpu_generator, 3);
	assert_int_equal(o.cpu_listener, 5);
	assert_int_equal(o.against, 1u << CONTENDER_TIDEGATE);
	assert_int_equal(o.mix.prefixes, 1);
	assert_int_equal(o.mix.prefix[0].len, 15);
}

static void
sweeps(void **state)
{
	(void)state;
	assert_int_equal(read_line("--self --sweep 10k,20k,1M"), -1);
	assert_int_equal(o.steps, 3);
	assert_true(o.step[0] == 10e3 && o.step[2] == 1e6);
	assert_int_equal(read_line("--self --sweep 1k:16k:5"), -1);
	assert_int_equal(o.steps, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_true(fabs(o.step[i] - 1000 * (1 << i)) < 1);
}

static void
words_behind_are_eals(void **state)
{
	(void)state;
	assert_int_equal(read_line("--self -q -- -m 512 --no-huge"), -1);
	assert_int_equal(o.eal_words, 3);
	assert_string_equal(o.eal[0], "-m");
	assert_true(o.quiet);
	assert_false(o.no_huge);
}

static void
families_go_together(void **state)
{
	(void)state;
	assert_int_equal(read_line("--port 01:00.0 --i-own-this-network --to 2001:db8::1 --to-mac "
				   "02:00:00:00:00:01"),
		-1);
	assert_true(o.v6);
	assert_int_equal(o.mix.prefix[0].len, 48);
	assert_false(tg_addr_is_v4(&o.clients.base));
	assert_int_equal(read_line("--port 01:00.0 -6 --i-own-this-network --to 10.0.0.1 --to-mac "
				   "02:00:00:00:00:01"),
		2);
}

static void
help_is_no_failure(void **state)
{
	(void)state;
	assert_int_equal(read_line("--help"), 0);
	assert_int_equal(read_line("--version"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines),
		cmocka_unit_test(wrong_lines_are_wrong_use),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(sweeps),
		cmocka_unit_test(words_behind_are_eals),
		cmocka_unit_test(families_go_together),
		cmocka_unit_test(help_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
