/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <strings.h>

#include "http_request.h"

static int
on_begin(http_parser *p)
{
	struct http_request *r = p->data;

	r->begun = true;
	return 0;
}

/* One byte of the target, in origin form ("/x") or absolute form ("http://name/x"). */
static void
take_target(struct http_request *r, char c)
{
	if (c == '?' || c == '#')
		r->in_query = true;
	if (r->in_query)
		return;
	if (r->path_len == 0 && c != '/') {
		/* Before the path of an absolute form: its third slash begins it. */
		if (r->slashes == 0)
			r->slashes = 1;
		return;
	}
	if (r->path_len == 0 && r->slashes != 0 && r->slashes < 3) {
		r->slashes++;
		return;
	}
	if (r->path_len < HTTP_PATH_MAX)
		r->path[r->path_len++] = c;
	else
		r->path_len = HTTP_PATH_MAX + 1;
}

static int
on_url(http_parser *p, const char *at, size_t len)
{
	struct http_request *r = p->data;

	for (size_t i = 0; i < len; i++)
		take_target(r, at[i]);
	return 0;
}

/* Field names come in pieces of any size: only whether this one is "host" is followed. */
static int
on_field(http_parser *p, const char *at, size_t len)
{
	static const char host[] = "host";
	struct http_request *r = p->data;

	if (r->in_value) {
		r->in_value = false;
		r->field_len = 0;
		r->maybe_host = true;
	}
	for (size_t i = 0; i < len && r->maybe_host; i++) {
		if (r->field_len < 4 && (at[i] | 0x20) == host[r->field_len])
			r->field_len++;
		else
			r->maybe_host = false;
	}
	return 0;
}

static int
on_value(http_parser *p, const char *at, size_t len)
{
	struct http_request *r = p->data;

	(void)at;
	(void)len;
	if (!r->in_value && r->maybe_host && r->field_len == 4)
		r->host = true;
	r->in_value = true;
	return 0;
}

static int
on_headers_complete(http_parser *p)
{
	/*
	 * An offer to upgrade (curl --http2 makes one) may be ignored, RFC 9110 7.8; http_parser
	 * would take the rest of the stream for another protocol.
	 */
	if (p->method != HTTP_CONNECT)
		p->upgrade = 0;
	return 0;
}

static int
on_complete(http_parser *p)
{
	struct http_request *r = p->data;

	r->complete = true;
	/* The next request waits until this one's answer is on its way. */
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_headers_complete,
	.on_message_complete = on_complete,
};

/* Forgets the last request, not the parser's state between requests. */
static void
forget(struct http_request *r)
{
	r->path_len = 0;
	r->slashes = 0;
	r->field_len = 0;
	r->in_value = true; /* the first piece of a field name starts a name */
	r->in_query = false;
	r->maybe_host = false;
	r->host = false;
	r->begun = false;
	r->complete = false;
}

void
http_request_init(struct http_request *r)
{
	memset(r, 0, sizeof(*r));
	http_parser_init(&r->parser, HTTP_REQUEST);
	r->parser.data = r;
	forget(r);
}

void
http_request_next(struct http_request *r)
{
	http_parser_pause(&r->parser, 0);
	forget(r);
}

size_t
http_request_feed(struct http_request *r, const uint8_t *data, size_t len)
{
	size_t n = http_parser_execute(&r->parser, &settings, (const char *)data, len);
	enum http_errno e = HTTP_PARSER_ERRNO(&r->parser);

	if (e == HPE_PAUSED && r->complete)
		return n;
	if (e != HPE_OK) {
		r->bad = true;
		return len;
	}
	return n;
}

static bool
path_is(const struct http_request *r, const char *path)
{
	return r->path_len == strlen(path) && memcmp(r->path, path, r->path_len) == 0;
}

struct http_answer
http_request_answer(const struct http_request *r)
{
	struct http_answer a = {PAGE_400, HTTP_CLOSE, false};

	if (r->bad || !r->complete)
		return a;
	a.head = r->parser.method == HTTP_HEAD;
	/* Versions 0.9 and 2 and above are other protocols than this one. */
	if (r->parser.http_major != 1)
		return a;
	/* RFC 9112 3.2: a 1.1 request without Host is answered with 400. */
	if (!r->host && r->parser.http_minor >= 1)
		return a;
	if (r->parser.method == HTTP_CONNECT) {
		a.status = PAGE_405;
		return a;
	}
	if (r->parser.method != HTTP_GET && r->parser.method != HTTP_HEAD)
		a.status = PAGE_405;
	else if (path_is(r, "/") || path_is(r, "/index.html") ||
		(r->path_len == 0 && r->slashes >= 3))
		a.status = PAGE_200;
	else
		a.status = PAGE_404;
	if (!http_should_keep_alive(&r->parser))
		a.mode = HTTP_CLOSE;
	else
		a.mode = r->parser.http_minor >= 1 ? HTTP_KEEP : HTTP_KEEP_10;
	return a;
}
