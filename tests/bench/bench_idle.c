/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an idle connection costs in memory, all tables included: so many connections are really
 * opened, each with a handshake of its own, accepted and left alone, and the process is weighed
 * before and after.
 *
 *     bench_idle [CONNECTIONS]
 *
 * One million by default, which says the same of each; 10,000,000 needs 2.7 GB and some seconds.
 */
#include <string.h>
#include <unistd.h>

#include "life.h"
#include "tcb.h"

/* Bytes of memory the process has, not only asked for. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		abort();
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

int
main(int argc, char **argv)
{
	uint32_t n = (uint32_t)(argc > 1 ? atoi(argv[1]) : 1000000) / LIFE_BURST * LIFE_BURST;
	static struct life l;
	struct tg_engine_config cfg;
	struct tg_engine_usage u;
	double before;

	tg_engine_config_init(&cfg);
	cfg.max_conns = n;
	cfg.max_half_open = 4 * LIFE_AHEAD;
	cfg.max_time_wait = 1;
	cfg.max_segments = 1;
	life_open(&l, &cfg, LIFE_AHEAD);
	/* What it costs without connections: packets and the handshakes under way. */
	life_fill(&l);
	before = resident();
	for (uint32_t i = 0; i < n; i += LIFE_BURST) {
		life_shake(&l);
		life_accept(&l);
	}
	tg_engine_usage(l.engine, &u);
	if (u.conns != n)
		abort();
	printf("idle connections, opened and accepted: %u\n", u.conns);
	printf("taken from the system at start: %.1f MB, %.1f bytes for each (TCB %zu, flow table "
	       "9.85)\n",
		(double)l.bytes / 1e6, (double)l.bytes / n, sizeof(struct tg_tcb));
	printf("grown by: %.1f MB, %.1f bytes for each; so 10 M take %.2f GB%s\n",
		(resident() - before) / 1e6, (resident() - before) / n,
		(resident() - before) / n * 1e7 / 1e9, n == 10000000 ? "" : ", scaled");
	life_close(&l);
	return 0;
}
