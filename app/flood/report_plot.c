/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "report.h"

/* A curve for each contender and placement. */
#define CURVES (CONTENDERS * PLACE_BOTH)
/* What a shell says when there is no such command. */
#define NOT_FOUND 127

/* A file name in gnuplot's double quotes. */
static void
put_quoted(FILE *g, const char *s)
{
	fputc('"', g);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s == '`')
			fputc('\\', g);
		fputc(*s, g);
	}
	fputc('"', g);
}

/* Below this part of the rate wanted, the flood did not reach the contender (see is_curve()). */
#define REACHED 0.9

/*
 * A curve for each contender and placement, up to the rate that reaches it: where the kernel takes
 * packets in on the sender's CPU, a slow contender slows the sender down, which no attacker's
 * machine would let happen to itself.
 */
static bool
is_curve(const struct flood_result *r, unsigned contender, unsigned placement)
{
	return r->contender == contender && r->placement == placement &&
		(r->wanted <= 0 || result_offered(r) >= REACHED * r->wanted);
}

/* Rate, honest %, p99 in ms, SYN-ACK/s. */
static void
put_data(const struct campaign *c, FILE *g, bool drawn[CURVES])
{
	for (unsigned k = 0; k < CURVES; k++) {
		drawn[k] = false;
		for (unsigned i = 0; i < c->points; i++) {
			const struct flood_result *r = c->point[i].run;

			if (!is_curve(r, k / PLACE_BOTH, k % PLACE_BOTH))
				continue;
			if (!drawn[k])
				fprintf(g, "$c%u << EOD\n", k);
			drawn[k] = true;
			fprintf(g, "%.0f %.4f %.6f %.0f\n", result_offered(r),
				result_honest_percent(r),
				(double)hist_percentile(&r->honest.first_byte, 99) / 1e6,
				result_synack_rate(r));
		}
		if (drawn[k])
			fprintf(g, "EOD\n");
	}
}

static void
put_curves(const struct campaign *c, FILE *g, const bool drawn[CURVES], unsigned column)
{
	const char *sep = "plot";

	for (unsigned k = 0; k < CURVES; k++) {
		if (!drawn[k])
			continue;
		fprintf(g,
			"%s $c%u using 1:%u with linespoints linewidth 2 linecolor %u dashtype %u "
			"title \"%s%s\"",
			sep, k, column, k / PLACE_BOTH + 1, k % PLACE_BOTH + 1,
			flood_contender_name(k / PLACE_BOTH),
			!c->setup->placements                  ? ""
				: k % PLACE_BOTH == PLACE_NAPI ? ", NAPI thread"
							       : ", softirq");
		sep = ",";
	}
	fprintf(g, "\n");
}

static void
put_script(const struct campaign *c, const char *file, FILE *g)
{
	bool drawn[CURVES];
	size_t n = strlen(file);

	fprintf(g, "set terminal %s size 900,900\nset output ",
		strcmp(file + n - 4, ".svg") == 0 ? "svg enhanced background rgb \"white\""
						  : "pngcairo enhanced");
	put_quoted(g, file);
	fprintf(g, "\n");
	put_data(c, g, drawn);
	fprintf(g,
		"set multiplot layout 3,1 title \"tidegate-flood, %s: honest clients under a SYN "
		"flood\"\n"
		"set grid\nset logscale x\nset format x \"%%.0s%%c\"\nset key left bottom\n"
		"set ylabel \"first byte within 1 s, %%\"\nset yrange [-5:105]\n",
		c->setup->name);
	put_curves(c, g, drawn, 2);
	fprintf(g,
		"set ylabel \"first byte p99, ms\"\nset logscale y\nset yrange [*:2000]\n"
		"set key left top\n");
	put_curves(c, g, drawn, 3);
	fprintf(g,
		"set ylabel \"SYN-ACK/s returned\"\nset yrange [*:*]\n"
		"set format y \"%%.0s%%c\"\nset xlabel \"flood, SYN/s offered\"\n");
	put_curves(c, g, drawn, 4);
	fprintf(g, "unset multiplot\n");
}

int
report_plot(const struct campaign *c, const char *file, char *err)
{
	FILE *g;
	int status;

	/* Should gnuplot end early, its exit status says so. */
	signal(SIGPIPE, SIG_IGN);
	g = popen("exec gnuplot", "w");
	if (g == NULL) {
		snprintf(err, SETUP_ERROR, "gnuplot does not start: %s", strerror(errno));
		return -errno;
	}
	put_script(c, file, g);
	status = pclose(g);
	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		snprintf(err, SETUP_ERROR,
			"gnuplot is not installed (Debian: gnuplot-nox); the other reports are "
			"complete");
	else
		snprintf(err, SETUP_ERROR, "gnuplot failed");
	return -ENOEXEC;
}
