/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures over DPDK's telemetry:
 *
 *     /tidegate/capture_start,WHAT,SNAPLEN,SECONDS,COUNT
 *         {"id": 1}
 *     /tidegate/capture_read,ID
 *         the next bytes of a pcapng file as a text of hex digits, which may be empty
 *     /tidegate/capture_status,ID
 *         {"written": 5, "missed": 0, "over": 0}
 *     /tidegate/capture_stop,ID
 *         the same, for the last time
 *
 * DPDK 22.11 has texts of 8191 characters at most, of which a page makes as much as it can.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "capture.h"
#include "capture_control.h"
#include "rows.h"

/* Bytes on a page. */
#define PAGE 4080

_Static_assert(PAGE >= TG_CAPTURE_PAGE_MIN && 2 * PAGE < RTE_TEL_MAX_SINGLE_STRING_LEN,
	"a page has room for the longest block, and is one text");

int
tg_capture_want(const char *text, uint64_t *want)
{
	*want = 0;
	while (text != NULL) {
		size_t n = strcspn(text, "+");
		uint64_t bits = 0;

		for (unsigned i = 0; i < TG_DISP_COUNT; i++) {
			const char *key = tg_disposition_name(i);
			const char *bare = strncmp(key, "drop_", 5) == 0 ? key + 5 : NULL;

			if ((strlen(key) == n && strncmp(key, text, n) == 0) ||
				(bare != NULL && strlen(bare) == n &&
					strncmp(bare, text, n) == 0) ||
				(bare != NULL && n == 5 && strncmp(text, "drops", n) == 0) ||
				(n == 3 && strncmp(text, "all", n) == 0))
				bits |= UINT64_C(1) << i;
		}
		if (bits == 0)
			return -EINVAL;
		*want |= bits;
		text = text[n] == '+' ? text + n + 1 : NULL;
	}
	return *want != 0 ? 0 : -EINVAL;
}

/* One number, which ends at a comma or the end. Returns where to go on, NULL: none. */
static const char *
number(const char *p, uint32_t *out)
{
	unsigned long v;
	char *end;

	if (p == NULL || *p < '0' || *p > '9')
		return NULL;
	errno = 0;
	v = strtoul(p, &end, 10);
	if (errno != 0 || v > UINT32_MAX || (*end != ',' && *end != '\0'))
		return NULL;
	*out = (uint32_t)v;
	return *end == ',' ? end + 1 : end;
}

static int
read_request(const char *params, struct tg_capture_request *r)
{
	char what[1024];
	size_t n = params != NULL ? strcspn(params, ",") : 0;
	const char *p;

	if (n == 0 || n >= sizeof(what) || params[n] != ',')
		return -EINVAL;
	memcpy(what, params, n);
	what[n] = '\0';
	p = number(params + n + 1, &r->snaplen);
	p = number(p, &r->seconds);
	p = number(p, &r->count);
	return p != NULL && *p == '\0' ? tg_capture_want(what, &r->want) : -EINVAL;
}

static int
show_start(const char *params, struct rte_tel_data *d)
{
	struct tg_capture_request r;
	uint32_t id = 0;
	int rc = read_request(params, &r);

	if (rc == 0)
		rc = tg_capture_start(&r, &id);
	if (rc == 0)
		tg_row_u64(d, "id", id);
	return rc;
}

static int
show_page(uint32_t id, struct rte_tel_data *d)
{
	char text[2 * PAGE + 1];
	uint8_t bytes[PAGE];
	size_t n;
	int rc = tg_capture_read(id, bytes, sizeof(bytes), &n);

	if (rc != 0)
		return rc;
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return rte_tel_data_string(d, text);
}

static int
show_status(const char *cmd, uint32_t id, struct rte_tel_data *d)
{
	struct tg_capture_status st;
	int rc = strcmp(cmd, "/tidegate/capture_stop") == 0 ? tg_capture_stop(id, &st)
							    : tg_capture_status(id, &st);

	if (rc != 0)
		return rc;
	tg_row_u64(d, "written", st.written);
	tg_row_u64(d, "missed", st.missed);
	tg_row_u64(d, "over", (uint64_t)st.over);
	return 0;
}

/* What is said when it did not go. */
static const char *
reason(int rc)
{
	switch (rc) {
	case -EINVAL:
		return "wrong parameters, see /help";
	case -EBUSY:
		return "another capture runs; one at a time";
	case -ENOENT:
		return "there is no such capture; one that was not read for 10 s ends when another "
		       "begins";
	case -ETIMEDOUT:
		return "a shard's loop did not answer for a second";
	default:
		return strerror(-rc);
	}
}

static int
command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	const char *rest;
	uint32_t id = 0;
	int rc;

	rte_tel_data_start_dict(d);
	if (strcmp(cmd, "/tidegate/capture_start") == 0) {
		rc = show_start(params, d);
	} else {
		rest = number(params, &id);
		if (rest == NULL || *rest != '\0')
			rc = -EINVAL;
		else if (strcmp(cmd, "/tidegate/capture_read") == 0)
			rc = show_page(id, d);
		else
			rc = show_status(cmd, id, d);
	}
	if (rc == 0)
		return 0;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "error", reason(rc));
	rte_tel_data_add_dict_string(d, "code",
		rc == -EBUSY            ? "busy"
			: rc == -EINVAL ? "config"
					: "refused");
	return 0;
}

int
tg_capture_telemetry(void)
{
	static const struct {
		const char *cmd;
		const char *help;
	} commands[] = {
		{"/tidegate/capture_start",
			"Starts a capture. Parameters: dispositions with + between them, drops or "
			"all; bytes of a packet; seconds; packets"},
		{"/tidegate/capture_read",
			"The next bytes of a capture, pcapng in hex. Parameter: its id"},
		{"/tidegate/capture_status", "How a capture stands. Parameter: its id"},
		{"/tidegate/capture_stop", "Ends a capture. Parameter: its id"},
	};

	for (unsigned i = 0; i < RTE_DIM(commands); i++) {
		int rc = rte_telemetry_register_cmd(commands[i].cmd, command, commands[i].help);

		if (rc != 0)
			return rc;
	}
	return 0;
}
