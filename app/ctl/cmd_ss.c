/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "filter.h"
#include "sample.h"
#include "text.h"

/* One run. */
struct ss {
	struct ctl *c;
	bool per_core, details;
	bool titled;     /* connections have their headings: not before the daemon has answered */
	unsigned states; /* to be shown, by bits of filter.h */
	struct filter filter;
	json_t *array; /* listeners, and connections with --json; else these are printed as they
			  come */
	uint64_t core; /* whose listeners are asked for, with per_core */
};

/* Columns of a listener; the last two are left out when they would say nothing. */
static const char *const listener_titles[] = {"<State", "Recv-Q", "Send-Q", "SynQ", "Young",
	"Acked", "SynBound", "<Cookies", "<Local Address:Port", "<Service", "Core"};
static const char *const core_titles[] = {"<State", "Recv-Q", "Send-Q", "SynQ", "Young", "Acked",
	"SynBound", "<Cookies", "<Local Address:Port", "Core"};

static void
listener_details(struct text_table *t, const json_t *row)
{
	text_table_note(t,
		"opens:%" PRIu64 " overflows:%" PRIu64 " drops:%" PRIu64 " cookies:%" PRIu64
		"/%" PRIu64 "/%" PRIu64 " defer:%" PRIu64 "s,%s fastopen:%s,%" PRIu64 "/%" PRIu64,
		text_u64(row, "passive_opens"), text_u64(row, "overflows"), text_u64(row, "drops"),
		text_u64(row, "cookies_sent"), text_u64(row, "cookies_recv"),
		text_u64(row, "cookies_failed"), text_u64(row, "defer_accept"),
		text_str(row, "defer_mode", "-"), text_str(row, "fastopen", "-"),
		text_u64(row, "fastopen_pending"), text_u64(row, "fastopen_bound"));
}

static int
listener_row(void *ctx, const json_t *row)
{
	struct ss *ss = ctx;
	struct endpoint local, peer = {0};
	json_t *copy;

	if (!endpoint_parse(text_str(row, "local", ""), &local) ||
		!filter_matches(&ss->filter, &local, &peer))
		return CTL_OK;
	copy = json_copy((json_t *)row);
	if (ss->per_core)
		json_object_set_new(copy, "shard", json_integer((json_int_t)ss->core));
	json_array_append_new(ss->array, copy);
	return CTL_OK;
}

/* Whether the daemon says which service a listener has. */
static bool
has_services(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
		(json_t *)rows, i, row) if (json_object_get(row, "service") != NULL) return true;
	return false;
}

static void
print_listeners(const struct ss *ss)
{
	static const char *const numbers[] = {
		"recv_q", "send_q", "syn_queue", "syn_young", "syn_acked", "syn_bound"};
	bool services = has_services(ss->array);
	struct text_table *t = text_table_new(
		9u + services + ss->per_core, services ? listener_titles : core_titles);
	const json_t *row;
	char text[128];
	size_t i;

	json_array_foreach(ss->array, i, row)
	{
		text_table_add(t, "%s", text_str(row, "state", "LISTEN"));
		for (unsigned k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
			text_table_add(t, "%" PRIu64, text_u64(row, numbers[k]));
		text_table_add(t, "%s", text_u64(row, "cookies_on") != 0 ? "on" : "-");
		sample_local(row, text, sizeof(text));
		text_table_add(t, "%s", text);
		if (services)
			text_table_add(t, "%s", text_str(row, "service", "-"));
		if (ss->per_core)
			text_table_add(t, "%" PRIu64, text_u64(row, "shard"));
		if (ss->details)
			listener_details(t, row);
	}
	text_table_print(t, stdout);
}

/* The rows of all listeners, or of each shard's share of them, in ss->array. */
static int
gather_listeners(struct ss *ss)
{
	uint64_t shards = 1;
	json_t *counters;
	int rc = CTL_OK;

	if (ss->per_core) {
		rc = ctl_ask(ss->c, "/tidegate/counters", &counters);
		shards = text_u64(counters, "shards");
		json_decref(counters);
	}
	for (ss->core = 0; ss->core < shards && ss->core < 256 && rc == CTL_OK; ss->core++) {
		char tail[8];

		snprintf(tail, sizeof(tail), "%u", (unsigned)ss->core);
		rc = ctl_rows(ss->c, "/tidegate/listeners", "listeners", ss->per_core ? tail : NULL,
			listener_row, ss);
	}
	return rc;
}

static void
conn_details(const json_t *row)
{
	char clean[64];

	printf("\t core:%" PRIu64 " mss:%" PRIu64 " wscale:%" PRIu64 ",%" PRIu64 " rto:%" PRIu64
	       " rtt:%.3f retries:%" PRIu64,
		text_u64(row, "shard"), text_u64(row, "mss"), text_u64(row, "snd_wscale"),
		text_u64(row, "rcv_wscale"), text_u64(row, "rto_ms"),
		(double)text_u64(row, "srtt_us") / 1000, text_u64(row, "retries"));
	static const char *const flags[][2] = {{"timestamps", "ts"}, {"sack", "sack"},
		{"ecn", "ecn"}, {"cookie", "cookie"}, {"syn_data", "syn_data"}};
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (text_u64(row, flags[i][0]) != 0)
			printf(" %s", flags[i][1]);
	if (text_u64(row, "accepted") == 0 &&
		strcmp(text_clean(text_str(row, "state", ""), clean, sizeof(clean)), "ESTAB") == 0)
		fputs(" waits_for_accept", stdout);
	putchar('\n');
}

static void
conn_titles(struct ss *ss)
{
	if (ss->titled)
		return;
	ss->titled = true;
	if ((ss->states & FILTER_LISTENING) != 0)
		putchar('\n');
	printf("%-10s %9s %9s  %-28s %s\n", "State", "Recv-Q", "Send-Q", "Local Address:Port",
		ss->per_core ? "Peer Address:Port            Core" : "Peer Address:Port");
}

static int
conn_row(void *ctx, const json_t *row)
{
	struct ss *ss = ctx;
	const char *state = text_str(row, "state", "?");
	char a[64], b[64], s[32];
	struct endpoint local, peer;

	if ((filter_state_bit(state) & ss->states) == 0 ||
		!endpoint_parse(text_str(row, "local", ""), &local) ||
		!endpoint_parse(text_str(row, "peer", ""), &peer) ||
		!filter_matches(&ss->filter, &local, &peer))
		return CTL_OK;
	if (ss->c->json) {
		json_array_append(ss->array, (json_t *)row);
		return CTL_OK;
	}
	conn_titles(ss);
	printf("%-10s %9" PRIu64 " %9" PRIu64 "  %-28s ", text_clean(state, s, sizeof(s)),
		text_u64(row, "recv_q"), text_u64(row, "send_q"),
		text_clean(text_str(row, "local", "?"), a, sizeof(a)));
	text_clean(text_str(row, "peer", "?"), b, sizeof(b));
	if (ss->per_core)
		printf("%-28s %4" PRIu64 "\n", b, text_u64(row, "shard"));
	else
		printf("%s\n", b);
	if (ss->details)
		conn_details(row);
	return CTL_OK;
}

static int
show(struct ss *ss)
{
	json_t *whole = json_object();
	int rc = CTL_OK;

	if ((ss->states & FILTER_LISTENING) != 0) {
		json_object_set_new(whole, "listeners", ss->array = json_array());
		rc = gather_listeners(ss);
		if (rc == CTL_OK && !ss->c->json)
			print_listeners(ss);
	}
	if (rc == CTL_OK && (ss->states & ~FILTER_LISTENING) != 0) {
		json_object_set_new(whole, "connections", ss->array = json_array());
		rc = ctl_rows(ss->c, "/tidegate/conns", "conns", NULL, conn_row, ss);
		if (rc == CTL_OK && !ss->c->json)
			conn_titles(ss);
	}
	if (rc == CTL_OK && ss->c->json)
		return ctl_print_json(whole);
	json_decref(whole);
	return rc;
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	static const struct option longs[] = {{"listening", no_argument, NULL, 'l'},
		{"all", no_argument, NULL, 'a'}, {"tcp", no_argument, NULL, 't'},
		{"numeric", no_argument, NULL, 'n'}, {"core", no_argument, NULL, 'c'},
		{"info", no_argument, NULL, 'i'}, {0}};
	struct ss ss = {.c = c, .states = FILTER_ESTABLISHED_KIND};
	const char *err;
	int option;

	while ((option = ctl_getopt(c, argc, argv, "latnci", longs)) != -1) {
		switch (option) {
		case 'l':
			ss.states = FILTER_LISTENING;
			break;
		case 'a':
			ss.states = FILTER_EVERY;
			break;
		case 'c':
			ss.per_core = true;
			break;
		case 'i':
			ss.details = true;
			break;
		case 't':
		case 'n':
			break;
		default:
			return CTL_USAGE;
		}
	}
	if (filter_parse(&ss.filter, argc - optind, argv + optind, &err) != 0)
		return ctl_wrong(c, "filter: %s: not understood", err);
	if (ss.filter.states != 0)
		ss.states = ss.filter.states;
	ss.states &= ~ss.filter.excluded;
	return show(&ss);
}

const struct ctl_command cmd_ss = {
	.name = "ss",
	.synopsis = "[-latnci] [FILTER]",
	.summary = "Listeners with their queues, and connections",
	.help = "  -l, --listening       listeners only\n"
		"  -a, --all             listeners, and connections in every state; otherwise\n"
		"                        connections without half-open and TIME-WAIT entries\n"
		"  -c, --core            per core: each shard's share of a listener; which shard "
		"has\n"
		"                        a connection\n"
		"  -i, --info            details of TCP\n"
		"  -t, -n                accepted, as ss has them: it is always TCP and numbers\n"
		"\n"
		"FILTER, a small part of what ss(8) understands:\n"
		"  [state STATE]... [exclude STATE]... [EXPRESSION]\n"
		"  STATE       established syn-recv fin-wait-1 fin-wait-2 close-wait closing "
		"last-ack\n"
		"              time-wait listening; all connected synchronized bucket big\n"
		"  EXPRESSION  terms with and, or, not and ( ); two terms in a row mean and\n"
		"  sport = :80, dport >= :1024, port 80       = != < > <= >=, or eq ne lt gt le "
		"ge\n"
		"  src 192.0.2.0/24, dst [2001:db8::1]:4711   src is here, dst is the peer\n"
		"  192.0.2.7, :80, [2001:db8::]/32            either side\n"
		"\n"
		"Columns of a listener: Recv-Q connections that wait for accept, Send-Q their "
		"bound;\n"
		"SynQ half-open entries, Young of these with one SYN-ACK sent, Acked of these "
		"with\n"
		"their last ACK, SynBound their bound; Cookies \"on\" when a SYN gets one now.\n"
		"Columns of a connection: Recv-Q bytes not read by the service, Send-Q bytes not\n"
		"acknowledged. With -i: cookies sent/good/bad.\n"
		"\n",
	.run = run,
};
