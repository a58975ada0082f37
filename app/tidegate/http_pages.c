/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_pages.h"

static const char built_in[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head><meta charset=\"utf-8\"><title>tidegate</title></head>\n"
	"<body>\n"
	"<h1>It answers.</h1>\n"
	"<p>This page came through tidegate, a TCP listener in user space on DPDK.</p>\n"
	"</body>\n"
	"</html>\n";

/* Status lines, further header fields, bodies (200 has the page for a body). */
static const struct {
	const char *line;
	const char *fields;
	const char *body;
} forms[PAGE_STATUS_COUNT] = {
	[PAGE_200] = {"200 OK", "", NULL},
	[PAGE_400] = {"400 Bad Request", "", "400 Bad Request\n"},
	[PAGE_404] = {"404 Not Found", "", "404 Not Found\n"},
	[PAGE_405] = {"405 Method Not Allowed", "Allow: GET, HEAD\r\n", "405 Method Not Allowed\n"},
};

static const char *const mode_fields[HTTP_MODE_COUNT] = {
	[HTTP_KEEP] = "",
	[HTTP_KEEP_10] = "Connection: keep-alive\r\n",
	[HTTP_CLOSE] = "Connection: close\r\n",
};

/*
 * No Date field: RFC 9110 6.6.1 asks for one only from servers with a clock, and a service here
 * has none.
 */
static int
write_reply(struct http_reply *r, enum page_status st, enum http_mode mode, const char *type,
	const char *body, size_t body_len)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
		"HTTP/1.1 %s\r\n"
		"Server: tidegate\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"%s%s\r\n",
		forms[st].line, type, body_len, forms[st].fields, mode_fields[mode]);

	if (n < 0 || (size_t)n >= sizeof(head))
		return -1;
	r->bytes = malloc((size_t)n + body_len);
	if (r->bytes == NULL)
		return -1;
	memcpy(r->bytes, head, (size_t)n);
	memcpy(r->bytes + n, body, body_len);
	r->head_len = (uint32_t)n;
	r->len = (uint32_t)((size_t)n + body_len);
	return 0;
}

/* Opens the page. NULL with errno, or with errno 0: it is no file. */
static FILE *
open_page(const char *path)
{
	/* O_NONBLOCK: a reload would wait for ever where nobody writes to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	errno = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		f = fdopen(fd, "rb");
	if (f == NULL)
		close(fd);
	return f;
}

/* Reads the page. Returns its length, or -1 with err filled. */
static long
read_page(const struct config *c, char *page, char *err)
{
	FILE *f = open_page(c->http.root_page);
	size_t n;

	if (f == NULL) {
		config_error(c, err, "http.root_page", "%s cannot be read: %s; name a file",
			c->http.root_page, errno != 0 ? strerror(errno) : "it is no regular file");
		return -1;
	}
	errno = 0;
	n = fread(page, 1, HTTP_PAGE_MAX + 1, f);
	if (ferror(f)) {
		config_error(c, err, "http.root_page", "%s cannot be read: %s; name a file",
			c->http.root_page, strerror(errno));
		fclose(f);
		return -1;
	}
	fclose(f);
	if (n > HTTP_PAGE_MAX) {
		config_error(c, err, "http.root_page", "%s is larger than 1 MiB; use a smaller one",
			c->http.root_page);
		return -1;
	}
	return (long)n;
}

static int
write_all(struct http_pages *p, const char *type, const char *page, size_t page_len)
{
	for (unsigned st = 0; st < PAGE_STATUS_COUNT; st++)
		for (unsigned mode = 0; mode < HTTP_MODE_COUNT; mode++) {
			bool is_page = forms[st].body == NULL;
			const char *body = is_page ? page : forms[st].body;
			size_t len = is_page ? page_len : strlen(body);

			if (write_reply(&p->reply[st][mode], st, mode,
				    is_page ? type : "text/plain", body, len) != 0)
				return -1;
		}
	return 0;
}

int
http_pages_make(const struct config *c, struct http_pages **out, char *err)
{
	const char *type = c->http.content_type;
	struct http_pages *p = calloc(1, sizeof(*p));
	char *page = NULL;
	long len = sizeof(built_in) - 1;
	int rc = -1;

	*out = NULL;
	if (c->http.root_page != NULL) {
		page = malloc(HTTP_PAGE_MAX + 1);
		if (page != NULL)
			len = read_page(c, page, err);
	}
	if (p == NULL || (c->http.root_page != NULL && page == NULL))
		config_error(c, err, "http", "no memory for the page");
	else if (len >= 0)
		rc = write_all(p, type != NULL ? type : "text/html; charset=utf-8",
			page != NULL ? page : built_in, (size_t)len);
	if (rc != 0 && p != NULL && len >= 0)
		config_error(c, err, "http", "no memory for the page");
	free(page);
	if (rc != 0) {
		http_pages_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

bool
http_pages_same(const struct http_pages *a, const struct http_pages *b)
{
	for (unsigned st = 0; st < PAGE_STATUS_COUNT; st++)
		for (unsigned mode = 0; mode < HTTP_MODE_COUNT; mode++) {
			const struct http_reply *x = &a->reply[st][mode], *y = &b->reply[st][mode];

			if (x->len != y->len || memcmp(x->bytes, y->bytes, x->len) != 0)
				return false;
		}
	return true;
}

void
http_pages_free(struct http_pages *p)
{
	if (p == NULL)
		return;
	for (unsigned st = 0; st < PAGE_STATUS_COUNT; st++)
		for (unsigned mode = 0; mode < HTTP_MODE_COUNT; mode++)
			free(p->reply[st][mode].bytes);
	free(p);
}
