/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In place of xdp_live.c where clang or libbpf were missing when this was built.
 */
#include <errno.h>
#include <stdio.h>

#include "setup.h"
#include "xdp_live.h"

int
xdp_live_open(struct xdp_live **out, char *err)
{
	*out = NULL;
	snprintf(err, SETUP_ERROR,
		"--veth is not in this build: it needs clang and libbpf-dev (meson option veth)");
	return -ENOTSUP;
}

void
xdp_live_close(struct xdp_live *x)
{
	(void)x;
}

int
xdp_live_attach(
	struct xdp_live *x, const char *ifname, const struct flood_prefix *clients, char *err)
{
	(void)x;
	(void)ifname;
	(void)clients;
	(void)err;
	return -ENOTSUP;
}

void
xdp_live_detach(struct xdp_live *x)
{
	(void)x;
}

int
xdp_live_send(struct xdp_live *x, struct flood_mix *mix, unsigned n)
{
	(void)x;
	(void)mix;
	(void)n;
	return -ENOTSUP;
}

void
xdp_live_counts(const struct xdp_live *x, struct xdp_live_counts *out)
{
	(void)x;
	*out = (struct xdp_live_counts){0};
}
