/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "option_value.h"
#include "options.h"

#ifndef TIDEGATE_VERSION
#error "the build gives TIDEGATE_VERSION"
#endif

enum {
	OPT_SELF = 256,
	OPT_VETH,
	OPT_MEMIF,
	OPT_PORT,
	OPT_MINE,
	OPT_TO,
	OPT_TO_MAC,
	OPT_AGAINST,
	OPT_RAMP,
	OPT_SWEEP,
	OPT_REPEAT,
	OPT_VLAN,
	OPT_DPORT,
	OPT_SEED,
	OPT_STYLE,
	OPT_CLIENTS,
	OPT_SYNCOOKIES,
	OPT_BACKLOG,
	OPT_PLACEMENT,
	OPT_DEVICE,
	OPT_ZERO_COPY,
	OPT_QUEUE,
	OPT_TIDEGATE,
	OPT_CORES,
	OPT_NO_HUGE,
	OPT_JSON,
	OPT_PLOT,
};

static const struct option table[] = {
	{"self", optional_argument, NULL, OPT_SELF},
	{"veth", no_argument, NULL, OPT_VETH},
	{"memif", no_argument, NULL, OPT_MEMIF},
	{"port", required_argument, NULL, OPT_PORT},
	{"i-own-this-network", no_argument, NULL, OPT_MINE},
	{"to", required_argument, NULL, OPT_TO},
	{"to-mac", required_argument, NULL, OPT_TO_MAC},
	{"against", required_argument, NULL, OPT_AGAINST},
	{"flood", required_argument, NULL, 'f'},
	{"rate", required_argument, NULL, 'r'},
	{"ramp", required_argument, NULL, OPT_RAMP},
	{"sweep", required_argument, NULL, OPT_SWEEP},
	{"repeat", required_argument, NULL, OPT_REPEAT},
	{"tcp-options", required_argument, NULL, 'o'},
	{"sources", required_argument, NULL, 's'},
	{"ipv6", no_argument, NULL, '6'},
	{"vlan", required_argument, NULL, OPT_VLAN},
	{"dport", required_argument, NULL, OPT_DPORT},
	{"seed", required_argument, NULL, OPT_SEED},
	{"honest", required_argument, NULL, 'H'},
	{"style", required_argument, NULL, OPT_STYLE},
	{"clients", required_argument, NULL, OPT_CLIENTS},
	{"duration", required_argument, NULL, 'd'},
	{"syncookies", required_argument, NULL, OPT_SYNCOOKIES},
	{"backlog", required_argument, NULL, OPT_BACKLOG},
	{"placement", required_argument, NULL, OPT_PLACEMENT},
	{"device", required_argument, NULL, OPT_DEVICE},
	{"zero-copy", no_argument, NULL, OPT_ZERO_COPY},
	{"queue", required_argument, NULL, OPT_QUEUE},
	{"tidegate", required_argument, NULL, OPT_TIDEGATE},
	{"cores", required_argument, NULL, OPT_CORES},
	{"no-huge", no_argument, NULL, OPT_NO_HUGE},
	{"json", required_argument, NULL, OPT_JSON},
	{"plot", required_argument, NULL, OPT_PLOT},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Says what is wrong with the command line; returns the exit status. */
__attribute__((format(printf, 1, 2))) static int
wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("tidegate-flood: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; --help tells more\n", stderr);
	return 2;
}

/* A long option's name by what getopt_long() returns for it; NULL: there is none. */
static const char *
name_of(int option)
{
	for (unsigned i = 0; table[i].name != NULL; i++)
		if (table[i].val == option)
			return table[i].name;
	return NULL;
}

/* getopt_long() has refused the word before optind. */
static int
refused(const char *word)
{
	if (optopt == 0)
		return wrong("%s: unknown option", word);
	if (name_of(optopt) == NULL)
		return wrong("-%c: unknown option", optopt);
	return wrong("--%s: its value is missing, or it takes none", name_of(optopt));
}

/* take() has. */
static int
not_taken(int option, const char *value)
{
	if (value == NULL)
		return wrong("--%s: one place to flood at a time", name_of(option));
	return wrong("--%s %s: not understood, or out of range", name_of(option), value);
}

const char *
flood_contender_name(enum flood_contender c)
{
	static const char *const name[CONTENDERS] = {
#define X(e, n, t) n,
		FLOOD_CONTENDERS(X)
#undef X
	};

	return name[c];
}

const char *
flood_contender_text(enum flood_contender c)
{
	static const char *const text[CONTENDERS] = {
#define X(e, n, t) t,
		FLOOD_CONTENDERS(X)
#undef X
	};

	return text[c];
}

static void
defaults(struct flood_options *o)
{
	memset(o, 0, sizeof(*o));
	o->against = 1u << CONTENDER_TIDEGATE;
	o->placement = PLACE_BOTH;
	o->duration = 10;
	o->rate = 100e3;
	o->repeat = 1;
	o->honest = 500;
	o->style = HONEST_BOTH;
	o->mix.part[FLOOD_SYN] = 1;
	o->mix.opts = FLOOD_OPT_LINUX;
	o->mix.dport = 7000;
	o->mix.seed = 1;
	o->syncookies = TG_SYNCOOKIES_FULL;
	o->backlog = 4096;
	o->cpu_generator = o->cpu_listener = -1;
}

static bool
set_where(struct flood_options *o, enum flood_where w)
{
	if (o->where != WHERE_NONE && o->where != w)
		return false;
	o->where = (uint8_t)w;
	return true;
}

/* One option. False: its value is not understood. */
static bool
take(struct flood_options *o, int option, const char *v)
{
	static const char *const couplings[] = {"ring", "direct", NULL};
	static const char *const opts[] = {"none", "mss", "linux", "mixed", NULL};
	static const char *const styles[] = {"request", "server", "both", NULL};
	static const char *const placements[] = {"softirq", "napi", "both", NULL};
	static const char *const cookies[] = {"off", "full", "always", "adaptive", NULL};

	switch (option) {
	case OPT_SELF:
		return set_where(o, WHERE_SELF) &&
			(v == NULL || value_word(v, couplings, &o->coupling));
	case OPT_VETH:
		return set_where(o, WHERE_VETH);
	case OPT_MEMIF:
		return set_where(o, WHERE_MEMIF);
	case OPT_PORT:
		o->port = v;
		return value_pci(v) && set_where(o, WHERE_PORT);
	case OPT_MINE:
		return o->mine = true;
	case OPT_TO:
		return o->target_given = value_addr(v, &o->target);
	case OPT_TO_MAC:
		return o->target_mac_given = value_mac(v, o->target_mac);
	case OPT_AGAINST:
		return value_contenders(v, &o->against);
	case 'f':
		return value_kinds(v, o);
	case 'r':
		o->share = 0;
		o->rate_given = true;
		return value_rate(v, &o->rate) || value_share(v, &o->share);
	case OPT_RAMP:
		return value_rate(v, &o->ramp_to) && o->ramp_to > 0;
	case OPT_SWEEP:
		return value_sweep(v, o);
	case OPT_REPEAT:
		return value_number(v, 1, 99, &o->repeat);
	case 'o':
		return value_word(v, opts, &o->mix.opts);
	case 's':
		o->sources_given = true;
		return value_prefixes(v, &o->mix);
	case '6':
		return o->v6 = true;
	case OPT_VLAN:
		return value_number16(v, 1, 4094, &o->mix.vlan);
	case OPT_DPORT:
		return value_number16(v, 1, 32766, &o->mix.dport);
	case OPT_SEED:
		return value_seed(v, &o->mix.seed);
	case 'H':
		return value_rate(v, &o->honest) && o->honest <= 1e6 && strcmp(v, "max") != 0;
	case OPT_STYLE:
		return value_word(v, styles, &o->style);
	case OPT_CLIENTS:
		return o->clients_given = value_prefix(v, &o->clients);
	case 'd':
		return value_seconds(v, 0.1, 3600, &o->duration);
	case OPT_SYNCOOKIES:
		return value_word(v, cookies, &o->syncookies);
	case OPT_BACKLOG:
		return value_number(v, 1, 1u << 20, &o->backlog);
	case OPT_PLACEMENT:
		return value_word(v, placements, &o->placement);
	case OPT_DEVICE:
		o->device = v;
		return true;
	case OPT_ZERO_COPY:
		return o->memif_zero_copy = true;
	case OPT_QUEUE:
		return value_number(v, 256, 16384, &o->memif_queue) &&
			(o->memif_queue & (o->memif_queue - 1)) == 0;
	case OPT_TIDEGATE:
		o->tidegate = v;
		return true;
	case OPT_CORES:
		return value_cores(v, &o->cpu_generator, &o->cpu_listener);
	case OPT_NO_HUGE:
		return o->no_huge = true;
	case OPT_JSON:
		o->json = v;
		return true;
	case OPT_PLOT:
		o->plot = v;
		return value_picture(v);
	case 'q':
		return o->quiet = true;
	default:
		return false;
	}
}

/* Sources and clients that were not named. */
static int
fill_addresses(struct flood_options *o)
{
	bool v6 = o->v6;

	if (o->target_given) {
		v6 = !tg_addr_is_v4(&o->target);
		if (o->v6 && !v6)
			return wrong("--ipv6 and an IPv4 --to");
	}
	o->v6 = v6;
	if (!o->sources_given) {
		o->mix.prefixes = 1;
		value_prefix(v6 ? "2001:2::/48" : "198.18.0.0/15", &o->mix.prefix[0]);
	}
	if (!o->clients_given)
		value_prefix(v6 ? "2001:db8:c::/64" : "203.0.113.0/24", &o->clients);
	for (unsigned i = 0; i < o->mix.prefixes; i++)
		if (tg_addr_is_v4(&o->mix.prefix[i].base) == v6)
			return wrong("--sources are not of the flood's family, IPv%d", v6 ? 6 : 4);
	if (tg_addr_is_v4(&o->clients.base) == v6)
		return wrong("--clients are not of the flood's family, IPv%d", v6 ? 6 : 4);
	return -1;
}

/* What is good by itself but not together. */
static int
check(struct flood_options *o)
{
	static const uint32_t only[] = {
		[WHERE_SELF] = 1u << CONTENDER_TIDEGATE,
		[WHERE_VETH] = 1u << CONTENDER_TIDEGATE | 1u << CONTENDER_KERNEL |
			1u << CONTENDER_KERNEL2 | 1u << CONTENDER_SYNPROXY,
		[WHERE_MEMIF] = 1u << CONTENDER_TIDEGATE | 1u << CONTENDER_RESPONDER,
		[WHERE_PORT] = 1u << CONTENDER_TIDEGATE,
	};

	if (o->where == WHERE_NONE)
		return wrong("no --self, --veth, --memif or --port");
	if (o->against & ~only[o->where])
		return wrong("--against names who cannot be had there");
	if (o->where == WHERE_PORT) {
		if (!o->mine)
			return wrong("--port floods a real network: say --i-own-this-network if "
				     "it is yours alone");
		if (!o->target_given || !o->target_mac_given)
			return wrong("--port needs --to and --to-mac");
	} else if (o->mine || o->target_given || o->target_mac_given) {
		return wrong("--i-own-this-network, --to and --to-mac go with --port");
	}
	if (o->where != WHERE_VETH && (o->device != NULL || o->placement != PLACE_BOTH))
		return wrong("--device and --placement go with --veth");
	if (o->where != WHERE_MEMIF && (o->memif_zero_copy || o->memif_queue != 0))
		return wrong("--zero-copy and --queue go with --memif");
	if (o->against & 1u << CONTENDER_RESPONDER && (o->v6 || o->mix.vlan != 0))
		return wrong("the responder knows IPv4 without a VLAN only");
	if (o->no_flood) {
		if (o->rate_given || o->steps != 0 || o->ramp_to > 0)
			return wrong("no flood has no rate");
		o->rate = -1;
	}
	if (o->steps != 0 && o->ramp_to > 0)
		return wrong("--sweep and --ramp exclude each other");
	if (o->ramp_to > 0 && o->rate <= 0)
		return wrong("--ramp needs a --rate to begin with");
	if (o->share > 0 && (o->steps != 0 || o->ramp_to > 0))
		return wrong("--rate in percent is one rate");
	if (o->rate < 0 && o->honest <= 0)
		return wrong("neither a flood nor honest clients");
	if (o->plot != NULL && o->steps < 2)
		return wrong("--plot draws a curve: it needs a --sweep of at least two rates");
	if (o->memif_zero_copy && o->no_huge)
		return wrong("--zero-copy needs hugepages");
	return fill_addresses(o);
}

int
flood_options_read(int argc, char **argv, struct flood_options *o)
{
	int c, status;

	defaults(o);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+f:r:o:s:6H:d:qhV", table, NULL)) != -1) {
		if (c == 'h') {
			fputs(flood_usage, stdout);
			return 0;
		}
		if (c == 'V') {
			puts("tidegate-flood " TIDEGATE_VERSION);
			return 0;
		}
		if (c == '?')
			return refused(argv[optind - 1]);
		if (!take(o, c, optarg))
			return not_taken(c, optarg);
	}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return wrong("unexpected argument %s; EAL arguments stand after --", argv[optind]);
	if (argc - optind > FLOOD_EAL_WORDS)
		return wrong("more than %d EAL arguments", FLOOD_EAL_WORDS);
	while (optind < argc)
		o->eal[o->eal_words++] = argv[optind++];
	status = check(o);
	return status;
}
