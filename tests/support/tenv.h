/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TEST_TENV_H
#define TG_TEST_TENV_H
/**
 * @file
 * The surroundings of an engine under test: a tg_env on malloc that knows who owns what.
 *
 * Every block of memory and every packet buffer is a malloc of its own, of exactly the size asked
 * for, so that AddressSanitizer sees the first byte read or written beyond it. Blocks and buffers
 * are remembered: a foreign pointer, a double release, a wrong size and a leak are failures by
 * themselves, with or without a sanitizer.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>

/** Who may touch a packet buffer now. */
enum tenv_owner {
	TENV_TEST,
	TENV_ENGINE,
};

/** A packet buffer: what tg_pkt.buf and tg_buf.buf point to. */
struct tenv_buf {
	struct tenv_buf *next, *prev;
	uint8_t *mem;
	uint32_t size;
	uint32_t magic;
	enum tenv_owner owner;
};

struct tenv_mem;

/** The surroundings. */
struct tenv {
	struct tg_env env;       /**< to be copied into tg_engine_config.env */
	uint32_t buf_size;       /**< bytes of each buffer given to the engine */
	uint32_t mem_calls;      /**< calls of alloc so far */
	uint32_t buf_calls;      /**< calls of buf_alloc so far */
	uint32_t mem_fail_at;    /**< this call of alloc fails, counted from 1; 0: none */
	uint32_t buf_fail_at;    /**< this call of buf_alloc fails; 0: none */
	uint32_t buf_fail_count; /**< and so many more, 0 and 1: only that one */
	bool buf_outage;         /**< every call of buf_alloc fails */
	uint32_t buf_refused;    /**< calls of buf_alloc that failed */
	uint32_t mem_live;       /**< blocks the engine holds */
	uint64_t mem_bytes;      /**< their bytes */
	uint32_t engine_bufs;    /**< buffers the engine owns */
	uint32_t test_bufs;      /**< buffers the test owns */
	struct tenv_mem *mems;   /**< live blocks */
	struct tenv_buf *bufs;   /**< live buffers */
};

/** Starts with nothing handed out; t must stay where it is. */
void tenv_init(struct tenv *t);

/** Makes a buffer of `size` bytes that the test owns. */
struct tenv_buf *tenv_buf_new(struct tenv *t, uint32_t size);

/** Releases a buffer that the test owns. */
void tenv_buf_release(struct tenv *t, struct tenv_buf *b);

/** Passes a buffer on; fails when `from` is not its owner. */
void tenv_buf_pass(struct tenv *t, struct tenv_buf *b, enum tenv_owner from, enum tenv_owner to);

/** Fails unless everything has come back. */
void tenv_check_empty(const struct tenv *t);

#endif
