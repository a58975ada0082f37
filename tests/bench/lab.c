/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Engines for the benchmarks: see lab.h.
 */
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "frames.h"
#include "lab.h"
#include "tcpopt.h"

static void *
mem_alloc(void *ctx, size_t size, size_t align)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	(void)ctx;
	return p != NULL ? memset(p, 0, size) : NULL;
}

static void
mem_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static unsigned
buf_none(void *ctx, struct tg_buf out[], unsigned n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return 0;
}

static void
buf_free(void *ctx, void *const buf[], unsigned n)
{
	(void)ctx;
	(void)buf;
	(void)n;
}

/* A segment of client `id` goes in; the answer, if there is one, is left in p. */
static struct tg_verdict
send(struct lab *lab, struct tg_pkt *p, uint8_t *room, uint32_t id, uint16_t dport, unsigned flags,
	uint32_t ack)
{
	struct tg_verdict v;
	struct tg_segment s = {
		.src = tg_addr_v4(10, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id),
		.dst = frame_our4,
		.sport = (uint16_t)(1024 + id % 60000),
		.dport = dport,
		.seq = id + ((flags & TG_ACK) != 0),
		.ack = ack,
		.flags = (uint16_t)flags,
		.wnd = 64240,
	};

	*p = (struct tg_pkt){.data = room, .tailroom = 128};
	memcpy(s.l2.dst, frame_our_mac, 6);
	s.l2.src[0] = 2;
	tg_emit_tcp(p, &s, 0, 0, 0);
	tg_engine_input(lab->engine, p, 1, &v, lab->now);
	return v;
}

/* Handshakes with the listener behind FRAMES_PORT's, whose SYN queue has room. */
static void
establish(struct lab *lab, uint32_t conns)
{
	tg_conn c;

	for (uint32_t id = 1; id <= conns; id++) {
		uint8_t room[192];
		struct tg_pkt p;
		uint32_t iss;

		if (send(lab, &p, room, id, FRAMES_PORT + 1, TG_SYN, 0).action != TG_REPLY)
			abort();
		memcpy(&iss, p.data + 38, sizeof(iss));
		send(lab, &p, room, id, FRAMES_PORT + 1, TG_ACK, __builtin_bswap32(iss) + 1);
		if (tg_accept(lab->worker, lab->listener[1], &c, 1) != 1)
			abort();
	}
}

void
lab_make(struct lab *lab, uint32_t conns, uint32_t rst_rate)
{
	struct tg_engine_config cfg;
	struct tg_listener_config lc;
	uint8_t room[192];
	struct tg_pkt p;

	tg_engine_config_init(&cfg);
	cfg.env = (struct tg_env){NULL, mem_alloc, mem_free, buf_none, buf_free};
	cfg.now = lab->now = TG_SEC;
	cfg.wall_s = 1700000000;
	cfg.rst_rate = rst_rate;
	if (conns > cfg.max_conns)
		cfg.max_conns = conns;
	if (tg_engine_create(&cfg, &lab->engine) != 0 ||
		tg_engine_add_port(lab->engine, 0, frame_our_mac, 1500, 0) != 0 ||
		tg_engine_add_addr(lab->engine, 0, &frame_our4, 24) != 0 ||
		tg_engine_add_addr(lab->engine, 0, &frame_our6, 64) != 0 ||
		tg_worker_create(lab->engine, NULL, &lab->worker) != 0)
		abort();
	tg_listener_config_init(&lc);
	lc.worker = lab->worker;
	memset(&lc.local.addr, 0, sizeof(lc.local.addr));
	lc.dual_stack = true;
	for (unsigned i = 0; i < LAB_LISTENERS; i++) {
		lc.local.port = (uint16_t)(FRAMES_PORT + i);
		lc.syn_backlog = i == 0 ? 1 : 0;
		if (tg_listen(lab->engine, &lc, &lab->listener[i]) != 0)
			abort();
	}
	establish(lab, conns);
	if (send(lab, &p, room, 0, FRAMES_PORT, TG_SYN, 0).action != TG_REPLY)
		abort();
}

void
lab_free(struct lab *lab)
{
	tg_engine_destroy(lab->engine);
}
