/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "setup.h"
#include "xdp_live.h"
#include "xdp_live_object.h"
#include "xdp_live_shared.h"

static_assert(FLOOD_FRAME_MAX == LIVE_FRAME, "a slot holds any frame");
static_assert(XDP_LIVE_BURST == LIVE_SLOTS, "a burst fits");
static_assert(XDP_LIVE_SAMPLE == LIVE_SAMPLE, "said twice");

/* Frames the test runner makes at a time: with more the ring of the peer, 256, is soon full. */
#define BATCH 64

struct xdp_live {
	struct bpf_object *object;
	struct live_shared *shared;
	int prog;
	int ifindex; /* 0: not attached */
};

static int
say(char *err, int rc, const char *what)
{
	snprintf(err, SETUP_ERROR, "%s: %s", what, strerror(-rc));
	return rc;
}

/* libbpf's own lines say what the verifier thinks; the error line here is enough for users. */
static int
be_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int
load(struct xdp_live *x, char *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "tidegate_flood");
	struct bpf_map *map;
	int rc;

	libbpf_set_print(be_silent);
	x->object = bpf_object__open_mem(xdp_live_object, sizeof(xdp_live_object), &opts);
	if (x->object == NULL)
		return say(err, -errno, "the BPF program cannot be read");
	rc = bpf_object__load(x->object);
	if (rc != 0)
		return say(err, rc, "the kernel refuses the BPF program");
	map = bpf_object__find_map_by_name(x->object, ".bss");
	x->prog = bpf_program__fd(bpf_object__find_program_by_name(x->object, "live"));
	if (map == NULL || x->prog < 0 || bpf_map__value_size(map) < sizeof(*x->shared))
		return say(err, -EINVAL, "the BPF program is not the one it should be");
	x->shared = mmap(
		NULL, sizeof(*x->shared), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (x->shared == MAP_FAILED) {
		x->shared = NULL;
		return say(err, -errno, "the BPF program's memory cannot be mapped");
	}
	return 0;
}

int
xdp_live_open(struct xdp_live **out, char *err)
{
	struct xdp_live *x = calloc(1, sizeof(*x));
	int rc;

	*out = NULL;
	if (x == NULL)
		return say(err, -ENOMEM, "xdp");
	rc = load(x, err);
	if (rc != 0) {
		xdp_live_close(x);
		return rc;
	}
	*out = x;
	return 0;
}

void
xdp_live_close(struct xdp_live *x)
{
	if (x == NULL)
		return;
	xdp_live_detach(x);
	if (x->shared != NULL)
		munmap(x->shared, sizeof(*x->shared));
	bpf_object__close(x->object);
	free(x);
}

/* A network as the program compares it: whole words of the (v4-mapped) address. */
static void
set_clients(struct live_shared *s, const struct flood_prefix *p)
{
	unsigned bits = p->len + (tg_addr_is_v4(&p->base) ? 96u : 0u);
	uint8_t net[16], mask[16] = {0};

	for (unsigned i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	for (unsigned i = 0; i < sizeof(net); i++)
		net[i] = p->base.b[i] & mask[i];
	memcpy(s->net, net, sizeof(net));
	memcpy(s->mask, mask, sizeof(mask));
}

int
xdp_live_attach(
	struct xdp_live *x, const char *ifname, const struct flood_prefix *clients, char *err)
{
	unsigned ifindex = if_nametoindex(ifname);
	int rc;

	xdp_live_detach(x);
	if (ifindex == 0)
		return say(err, -errno, ifname);
	memset(x->shared, 0, sizeof(*x->shared));
	set_clients(x->shared, clients);
	x->shared->ifindex = ifindex;
	/*
	 * Attaching does two things. Answers are counted; and a program that is attached somewhere
	 * is known to the kernel's dispatcher already, else each run of the test runner would enter
	 * and remove it, and wait for RCU twice: 25 ms a call instead of 35 us.
	 */
	rc = bpf_xdp_attach((int)ifindex, x->prog, XDP_FLAGS_DRV_MODE, NULL);
	if (rc != 0)
		return say(err, rc, "XDP on a veth");
	x->ifindex = (int)ifindex;
	return 0;
}

void
xdp_live_detach(struct xdp_live *x)
{
	if (x->ifindex != 0)
		bpf_xdp_detach(x->ifindex, XDP_FLAGS_DRV_MODE, NULL);
	x->ifindex = 0;
}

int
xdp_live_send(struct xdp_live *x, struct flood_mix *mix, unsigned n)
{
	static const uint8_t blank[LIVE_FRAME];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = blank, .data_size_in = sizeof(blank),
		.repeat = (int)n, .batch_size = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	for (unsigned i = 0; i < n; i++)
		x->shared->slot[i].len = flood_frame(mix, x->shared->slot[i].bytes);
	x->shared->next = 0;
	return bpf_prog_test_run_opts(x->prog, &opts);
}

void
xdp_live_counts(const struct xdp_live *x, struct xdp_live_counts *out)
{
	const volatile struct live_shared *s = x->shared;

	out->synacks = s->synacks;
	out->rsts = s->rsts;
	out->others = s->others;
}
