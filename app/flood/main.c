/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tidegate-flood: the command line, the runs, the report.
 */
#include <stdio.h>
#include <string.h>

#include "eal.h"
#include "process.h"
#include "report.h"
#include "responder.h"

static const struct flood_setup *const setups[] = {
	[WHERE_SELF] = &setup_self,
	[WHERE_VETH] = &setup_veth,
	[WHERE_MEMIF] = &setup_memif,
	[WHERE_PORT] = &setup_port,
};

/* Writes what files were asked for. Returns the exit status. */
static int
write_files(const struct campaign *c)
{
	char err[SETUP_ERROR] = "";
	int status = 0, rc;

	if (c->o->json != NULL) {
		rc = report_json(c, c->o->json);
		if (rc != 0) {
			fprintf(stderr, "tidegate-flood: %s: %s\n", c->o->json, strerror(-rc));
			status = 1;
		}
	}
	if (c->o->plot != NULL && report_plot(c, c->o->plot, err) != 0) {
		fprintf(stderr, "tidegate-flood: %s: %s\n", c->o->plot, err);
		status = 1;
	}
	return status;
}

int
main(int argc, char **argv)
{
	static struct flood_options o;
	struct campaign c;
	char err[SETUP_ERROR] = "it failed";
	int status, rc;

	if (argc > 1 && strcmp(argv[1], RESPONDER_WORD) == 0)
		return responder_main(argc - 1, argv + 1);
	status = flood_options_read(argc, argv, &o);
	if (status >= 0)
		return status;
	if (!flood_cpus_there(&o)) {
		fprintf(stderr, "tidegate-flood: --cores: this process may not use them\n");
		return 2;
	}
	stop_catch();
	process_remember_cpus();
	rc = campaign_run(&c, &o, setups[o.where], err);
	report_text(&c, stdout);
	status = c.points != 0 ? write_files(&c) : 0;
	if (rc != 0) {
		fprintf(stderr, "tidegate-flood: %s\n", err);
		status = 1;
	}
	campaign_free(&c);
	return status;
}
