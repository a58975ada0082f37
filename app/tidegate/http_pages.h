/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_HTTP_PAGES_H
#define TIDEGATE_APP_HTTP_PAGES_H
/**
 * @file
 * Everything the http service can answer, written out once.
 */
#include <stdint.h>

#include "config.h"

/** Status codes it knows. */
enum page_status {
	PAGE_200,
	PAGE_400,
	PAGE_404,
	PAGE_405,
	PAGE_STATUS_COUNT,
};

/** What an answer says of the connection. */
enum http_mode {
	HTTP_KEEP,    /**< HTTP/1.1: nothing, it stays open */
	HTTP_KEEP_10, /**< HTTP/1.0 that asked to keep it: Connection: keep-alive */
	HTTP_CLOSE,   /**< Connection: close */
	HTTP_MODE_COUNT,
};

/** One answer. */
struct http_reply {
	char *bytes;
	uint32_t head_len; /**< bytes of the header, what a HEAD gets */
	uint32_t len;      /**< header and body */
};

/** All answers. */
struct http_pages {
	struct http_reply reply[PAGE_STATUS_COUNT][HTTP_MODE_COUNT];
};

/**
 * One service's hold on the answers: which ones it gives, and how many of them are being sent. So
 * another set can take its place while clients still read from this one.
 */
struct http_use {
	_Alignas(64) const struct http_pages *pages; /**< never changed */
	uint32_t replies; /**< under way; written by the service, read by anyone (atomic) */
};

/** Largest page in bytes. */
#define HTTP_PAGE_MAX (1 << 20)

/**
 * Writes the answers out.
 *
 * @param c    tells root_page and content_type
 * @param err  CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled (root_page cannot be read, or no memory)
 */
int http_pages_make(const struct config *c, struct http_pages **out, char *err);

/** Whether two sets answer the same, byte for byte. */
bool http_pages_same(const struct http_pages *a, const struct http_pages *b);

/** Frees them. NULL does nothing. */
void http_pages_free(struct http_pages *p);

#endif
