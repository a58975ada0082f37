/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sysctls and flags: see setup.h.
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* net.ipv4.tcp_fastopen */
#define FASTOPEN_SERVER     0x002
#define FASTOPEN_NO_COOKIE  0x200
#define FASTOPEN_NO_SOCKOPT 0x400

/* The longest a script waits: the kernel's give-up of an orphan, and some. */
#define PATIENCE_S 1000

static bool
starts(const char *text, const char *with, const char **rest)
{
	size_t n = strlen(with);

	if (strncmp(text, with, n) != 0)
		return false;
	*rest = text + n;
	return true;
}

/* packetdrill does not tell a shared object the MTU of its own --mtu. */
static uint32_t
mtu_of_command_line(void)
{
	char line[8192];
	const char *v;
	size_t n = 0;
	FILE *f = fopen("/proc/self/cmdline", "r");

	if (f == NULL)
		return 0;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	for (const char *p = line; p < line + n; p += strlen(p) + 1)
		if (starts(p, "--mtu=", &v))
			return (uint32_t)strtoul(v, NULL, 10);
	return 0;
}

void
pd_setup_flags(struct pd_setup *s, const char *flags)
{
	char text[512];
	char *save = NULL;
	const char *v;

	memset(s, 0, sizeof(*s));
	s->patience_s = PATIENCE_S;
	snprintf(s->sysctl_dir, sizeof(s->sysctl_dir), "/proc/sys");
	snprintf(text, sizeof(text), "%s", flags != NULL ? flags : "");
	for (char *p = strtok_r(text, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save)) {
		if (starts(p, "mtu=", &v))
			s->mtu = (uint32_t)strtoul(v, NULL, 10);
		else if (starts(p, "patience=", &v))
			s->patience_s = (uint32_t)strtoul(v, NULL, 10);
		else if (starts(p, "sysctl=", &v))
			snprintf(s->sysctl_dir, sizeof(s->sysctl_dir), "%s", v);
		else
			fprintf(stderr, "tidegate_packetdrill: unknown flag %s\n", p);
	}
	if (s->mtu == 0)
		s->mtu = mtu_of_command_line();
}

/* First line of a sysctl's file. */
static bool
text_of(const struct pd_setup *s, const char *name, char *line, int size)
{
	char path[512];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/net/%s", s->sysctl_dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	ok = fgets(line, size, f) != NULL;
	fclose(f);
	return ok;
}

/* The which-th number of a sysctl, within bounds, or `otherwise`. */
static uint32_t
number(const struct pd_setup *s, const char *name, unsigned which, uint32_t least, uint32_t most,
	uint32_t otherwise)
{
	char line[256];
	char *p = line, *end;
	long long v = 0;

	if (!text_of(s, name, line, sizeof(line)))
		return otherwise;
	for (unsigned i = 0; i <= which; i++) {
		v = strtoll(p, &end, 0);
		if (end == p)
			return otherwise;
		p = end;
	}
	return v < least ? least : v > most ? most : (uint32_t)v;
}

/* "w-x-y-z" or two of them with a comma: words in hex, each stored with its low byte first. */
static unsigned
fastopen_keys(const struct pd_setup *s, uint8_t key[2][16])
{
	char line[256];
	unsigned w[2][4];
	int n;

	if (!text_of(s, "ipv4/tcp_fastopen_key", line, sizeof(line)))
		return 0;
	n = sscanf(line, "%x-%x-%x-%x,%x-%x-%x-%x", &w[0][0], &w[0][1], &w[0][2], &w[0][3],
		&w[1][0], &w[1][1], &w[1][2], &w[1][3]);
	if (n < 4)
		return 0;
	for (int k = 0; k < n / 4; k++)
		for (int i = 0; i < 16; i++)
			key[k][i] = (uint8_t)(w[k][i / 4] >> 8 * (i % 4));
	return (unsigned)n / 4;
}

void
pd_setup_sysctls(struct pd_setup *s, struct tg_engine_config *c)
{
	uint32_t flags = number(s, "ipv4/tcp_fastopen", 0, 0, UINT32_MAX, 1), most;

	s->fastopen_server = (flags & FASTOPEN_SERVER) != 0;
	s->fastopen_no_cookie = (flags & FASTOPEN_NO_COOKIE) != 0;
	s->fastopen_always = (flags & FASTOPEN_NO_SOCKOPT) != 0;
	c->fastopen_keys = (uint8_t)fastopen_keys(s, c->fastopen_key);

	c->somaxconn = number(s, "core/somaxconn", 0, 1, 1u << 20, c->somaxconn);
	c->max_syn_backlog =
		number(s, "ipv4/tcp_max_syn_backlog", 0, 1, 1u << 20, c->max_syn_backlog);
	c->syncookies = (uint8_t)number(
		s, "ipv4/tcp_syncookies", 0, 0, TG_SYNCOOKIES_ALWAYS, TG_SYNCOOKIES_FULL);
	c->synack_retries =
		(uint8_t)number(s, "ipv4/tcp_synack_retries", 0, 0, 255, c->synack_retries);
	c->abort_on_overflow = number(s, "ipv4/tcp_abort_on_overflow", 0, 0, 1, 0) != 0;
	c->timestamps = number(s, "ipv4/tcp_timestamps", 0, 0, 2, 1) != 0;
	c->sack = number(s, "ipv4/tcp_sack", 0, 0, 1, 1) != 0;
	c->window_scaling = number(s, "ipv4/tcp_window_scaling", 0, 0, 1, 1) != 0;
	c->ecn = number(s, "ipv4/tcp_ecn", 0, 0, 5, 2) != 0;
	c->retries = (uint8_t)number(s, "ipv4/tcp_retries2", 0, 1, 30, c->retries);
	/* 0 means 8 there */
	most = number(s, "ipv4/tcp_orphan_retries", 0, 0, 30, 0);
	c->orphan_retries = most == 0 ? 8 : (uint8_t)most;
	c->fin_timeout_ms = 1000 * number(s, "ipv4/tcp_fin_timeout", 0, 1, 3600, 60);
	c->rto_min_ms = number(s, "ipv4/tcp_rto_min_us", 0, 1000, 60000000, 200000) / 1000;
	/* Half of the buffer is the kernel's own; and it opens no window beyond 64 KB at first. */
	c->rcvbuf = number(s, "ipv4/tcp_rmem", 1, 8192, 131070, 131072) / 2;
	/* It grows buffers up to the third number, and its window scale tells so from the start. */
	most = number(s, "ipv4/tcp_rmem", 2, 4096, 1u << 30, 6291456);
	s->wscale = 0;
	while (s->wscale < 14 && most >> s->wscale > UINT16_MAX)
		s->wscale++;
	c->sndbuf = number(s, "ipv4/tcp_wmem", 2, 4096, 1u << 26, 4194304);
	/* With a connection it has room for two initial windows, whatever the second one says. */
	s->sndbuf = number(s, "ipv4/tcp_wmem", 1, 4096, c->sndbuf, 16384);
	if (s->sndbuf < 87040)
		s->sndbuf = c->sndbuf < 87040 ? c->sndbuf : 87040;
}
