/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "text.h"

static void
counts(const json_t *row, const char *title, const char *const keys[])
{
	printf("    %-10s", title);
	for (; *keys != NULL; keys++)
		printf(" %s %" PRIu64, *keys, text_u64(row, *keys));
	putchar('\n');
}

static int
print(void *ctx, const json_t *row)
{
	static const char *const in[] = {
		"ipackets", "ibytes", "imissed", "ierrors", "rx_nombuf", NULL};
	static const char *const out[] = {"opackets", "obytes", "oerrors", NULL};
	const json_t *queues = json_object_get(row, "queue_rx"), *q;
	const char *names[] = {"name", "driver", "mac", "link", "rx_checksum", "tx_checksum"};
	char clean[sizeof(names) / sizeof(names[0])][80];
	size_t i;

	(void)ctx;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		text_clean(text_str(row, names[i], "-"), clean[i], sizeof(clean[i]));
	printf("port %" PRIu64 ": %s, driver %s\n", text_u64(row, "port"), clean[0], clean[1]);
	printf("    %-10s %s, link %s, %" PRIu64 " Mbit/s, MTU %" PRIu64 "\n", "link", clean[2],
		clean[3], text_u64(row, "speed_mbps"), text_u64(row, "mtu"));
	printf("    %-10s received: %s; sent: %s\n", "checksums", clean[4], clean[5]);
	counts(row, "in", in);
	counts(row, "out", out);
	printf("    %-10s %" PRIu64 ", packets of each:", "queues", text_u64(row, "queues"));
	json_array_foreach((json_t *)queues, i, q)
		printf(" %" JSON_INTEGER_FORMAT, json_integer_value(q));
	putchar('\n');
	return CTL_OK;
}

static int
run(struct ctl *c, int argc, char *argv[])
{
	json_t *j;
	int rc;

	if (ctl_no_options(c, argc, argv) != CTL_OK || ctl_no_words(c, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (!c->json)
		return ctl_rows(c, "/tidegate/ports", "ports", NULL, print, NULL);
	rc = ctl_ask(c, "/tidegate/ports", &j);
	return rc == CTL_OK ? ctl_print_json(j) : rc;
}

const struct ctl_command cmd_ports = {
	.name = "ports",
	.synopsis = "",
	.summary = "Ports: link, driver, checksums, queues, what they counted",
	.help = "imissed: packets the port had no room for; rx_nombuf: it found no mbuf. \"port\" "
		"at\n"
		"checksums: the hardware does them; \"software\": tidegate does.\n"
		"\n",
	.run = run,
};
