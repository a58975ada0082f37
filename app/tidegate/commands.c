/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_telemetry.h>

#include "commands.h"
#include "control.h"
#include "logging.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	enum control_command command;
	bool param; /* needs one; the others take none */
	const char *help;
} changing[] = {
	{"/tidegate/reload", CONTROL_RELOAD, false,
		"Reads the configuration again, as SIGHUP does"},
	{"/tidegate/set", CONTROL_SET, true,
		"Sets a key until the next reload. Parameter: engine.syncookies=2, "
		"listeners[0].backlog=512, 192.0.2.1:80 backlog=512"},
	{"/tidegate/listen_add", CONTROL_LISTEN_ADD, true,
		"Adds a listener until the next reload. Parameter: {address: 192.0.2.1, port: 81, "
		"service: echo}"},
	{"/tidegate/listen_del", CONTROL_LISTEN_DEL, true,
		"Closes a listener until the next reload; accepted connections go on. Parameter: "
		"192.0.2.1:80 or [2001:db8::1]:80"},
	{"/tidegate/cookie_rotate", CONTROL_ROTATE, false,
		"Makes a new secret of SYN cookies, and of Fast Open's unless their key is "
		"configured; those given out stay good"},
	{"/tidegate/drain", CONTROL_DRAIN, false, "Stops, as SIGTERM does"},
};

static const char *const code_name[] = {
	[CONTROL_OK] = "ok",
	[CONTROL_CONFIG] = "config",
	[CONTROL_REFUSED] = "refused",
	[CONTROL_BUSY] = "busy",
};

static const char *const state_name[] = {
	[CONTROL_STARTING] = "starting",
	[CONTROL_READY] = "ready",
	[CONTROL_DRAINING] = "draining",
};

/*
 * Copies what fits into a value; returns how much. What is not printable ASCII becomes '?': DPDK
 * 22.11 looks bytes above it up before the start of its table of escapes, and leaves most control
 * characters as they are, and neither is JSON.
 */
static size_t
piece(char value[RTE_TEL_MAX_STRING_LEN], const char *s)
{
	size_t n = 0;

	for (; n < RTE_TEL_MAX_STRING_LEN - 1 && s[n] != '\0'; n++)
		value[n] = (char)(s[n] >= ' ' && s[n] < 127 ? s[n] : '?');
	value[n] = '\0';
	return n;
}

/*
 * A value of 22.11 has at most 127 bytes. What is longer goes on under NAME_2, NAME_3, ...: put
 * together they are the text.
 */
static void
add_text(struct rte_tel_data *d, const char *name, const char *text)
{
	char key[32], value[RTE_TEL_MAX_STRING_LEN];

	snprintf(key, sizeof(key), "%s", name);
	for (unsigned i = 2; i == 2 || *text != '\0'; i++) {
		size_t n = piece(value, text);

		rte_tel_data_add_dict_string(d, key, value);
		text += n;
		snprintf(key, sizeof(key), "%s_%u", name, i);
	}
}

static int
change(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct control_answer a = {.code = CONTROL_CONFIG};
	bool empty = params == NULL || *params == '\0';
	unsigned i = 0;

	while (i < COUNT(changing) - 1 && strcmp(changing[i].name, cmd) != 0)
		i++;
	if (changing[i].param == empty)
		snprintf(a.text, sizeof(a.text), "%s %s; see /help,%s", cmd,
			empty ? "needs a parameter" : "takes no parameter", cmd);
	else
		control_ask(changing[i].command, params, &a);
	rte_tel_data_start_dict(d);
	if (a.code == CONTROL_OK) {
		rte_tel_data_add_dict_int(d, "ok", 1);
		add_text(d, "applied", a.text);
		return 0;
	}
	add_text(d, "error", a.text);
	rte_tel_data_add_dict_string(d, "code", code_name[a.code]);
	return 0;
}

static int
info(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct control_info i;

	(void)cmd;
	(void)params;
	control_get_info(&i);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "version", TIDEGATE_VERSION);
	rte_tel_data_add_dict_int(d, "pid", getpid());
	add_text(d, "config", i.config);
	rte_tel_data_add_dict_u64(d, "uptime_s", i.uptime_s);
	rte_tel_data_add_dict_string(d, "state", state_name[i.state]);
	rte_tel_data_add_dict_u64(d, "generation", i.generation);
	rte_tel_data_add_dict_int(d, "flood", i.flood);
	rte_tel_data_add_dict_string(d, "log_level", log_level_name(i.log_level));
	return 0;
}

int
commands_init(void)
{
	int rc = rte_telemetry_register_cmd("/tidegate/info", info,
		"Version, process, configuration file and state. No parameters");

	for (unsigned i = 0; rc == 0 && i < COUNT(changing); i++)
		rc = rte_telemetry_register_cmd(changing[i].name, change, changing[i].help);
	return rc;
}
