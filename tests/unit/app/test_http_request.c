/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "http_request.h"
#include "support.h"

/* Feeds a text in pieces of `piece` bytes until an answer is due. Returns bytes read. */
static size_t
feed(struct http_request *r, const char *text, size_t piece)
{
	size_t len = strlen(text), at = 0;

	while (at < len && !r->complete && !r->bad) {
		size_t n = len - at < piece ? len - at : piece;

		at += http_request_feed(r, (const uint8_t *)text + at, n);
	}
	return at;
}

/* The answer to one request, the same whatever the pieces it comes in. */
static struct http_answer
answer_to(const char *text)
{
	struct http_answer a = {0}, first = {0};

	for (size_t piece = strlen(text); piece > 0; piece--) {
		struct http_request r;

		http_request_init(&r);
		feed(&r, text, piece);
		if (!r.complete && !r.bad)
			fail_msg("no answer to %s", text);
		a = http_request_answer(&r);
		if (piece == strlen(text))
			first = a;
		assert_int_equal(a.status, first.status);
		assert_int_equal(a.mode, first.mode);
		assert_int_equal(a.head, first.head);
	}
	return first;
}

static void
expect(const char *text, enum page_status st, enum http_mode mode, bool head)
{
	struct http_answer a = answer_to(text);

	assert_int_equal(a.status, st);
	assert_int_equal(a.mode, mode);
	assert_int_equal(a.head, head);
}

static void
the_page_has_three_names(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200, HTTP_KEEP, false);
	expect("GET /?a=/b HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200, HTTP_KEEP, false);
	expect("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200, HTTP_KEEP, false);
	expect("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200, HTTP_KEEP, false);
	expect("GET http://a.example:80/index.html?x HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200,
		HTTP_KEEP, false);
	expect("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_200, HTTP_KEEP, true);
}

static void
other_paths_and_methods(void **state)
{
	(void)state;
	expect("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_404, HTTP_KEEP, false);
	expect("GET /index.htm HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_404, HTTP_KEEP, false);
	expect("GET /index.html/and/much/more/of/it HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_404,
		HTTP_KEEP, false);
	expect("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_404, HTTP_KEEP, true);
	expect("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", PAGE_405, HTTP_KEEP,
		false);
	expect("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	       "3\r\nabc\r\n0\r\n\r\n",
		PAGE_405, HTTP_KEEP, false);
	expect("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_405, HTTP_KEEP, false);
	expect("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", PAGE_405, HTTP_CLOSE, false);
}

static void
what_becomes_of_the_connection(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", PAGE_200, HTTP_CLOSE,
		false);
	expect("GET / HTTP/1.0\r\n\r\n", PAGE_200, HTTP_CLOSE, false);
	expect("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", PAGE_200, HTTP_KEEP_10, false);
	/* curl --http2 offers this; it may be ignored. */
	expect("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
	       "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		PAGE_200, HTTP_KEEP, false);
}

static void
bad_requests(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\n\r\n", PAGE_400, HTTP_CLOSE, false);
	expect("GET / HTTP/1.1\r\nHos: a\r\nHostt: a\r\n\r\n", PAGE_400, HTTP_CLOSE, false);
	expect("hello\r\n\r\n", PAGE_400, HTTP_CLOSE, false);
	expect("GET\r\n\r\n", PAGE_400, HTTP_CLOSE, false);
	expect("GET / HTTP/9.9\r\nHost: a\r\n\r\n", PAGE_400, HTTP_CLOSE, false);
	expect("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		PAGE_400, HTTP_CLOSE, false);
	expect("\x16\x03\x01\x02\x01\x01", PAGE_400, HTTP_CLOSE, false); /* a TLS hello */
}

static void
endless_headers_end_in_400(void **state)
{
	static char junk[1024];
	struct http_request r;
	size_t sent = 0;

	(void)state;
	memset(junk, 'a', sizeof(junk));
	http_request_init(&r);
	feed(&r, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 4096);
	while (!r.bad && sent < (1 << 20))
		sent += http_request_feed(&r, (const uint8_t *)junk, sizeof(junk));
	assert_true(r.bad);
	assert_int_equal(http_request_answer(&r).status, PAGE_400);
}

static void
requests_in_a_row_are_answered_one_by_one(void **state)
{
	static const char *const row[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"HEAD /x HTTP/1.1\r\nhOsT:\r\n\r\n",
		"GET /index.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	};
	static const enum page_status want[] = {PAGE_200, PAGE_405, PAGE_404, PAGE_200};
	char text[512];
	struct http_request r;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		const char *at = text;

		snprintf(text, sizeof(text), "%s%s%s%s", row[0], row[1], row[2], row[3]);
		http_request_init(&r);
		for (unsigned i = 0; i < 4; i++) {
			size_t n = feed(&r, at, piece);

			/* Not one byte of the next request is touched. */
			assert_int_equal(n, strlen(row[i]));
			assert_true(r.complete);
			assert_int_equal(http_request_answer(&r).status, want[i]);
			at += n;
			http_request_next(&r);
			assert_false(r.begun);
		}
		assert_int_equal(*at, '\0');
	}
}

static void
empty_lines_before_a_request_are_no_request(void **state)
{
	struct http_request r;

	(void)state;
	http_request_init(&r);
	feed(&r, "\r\n\r\n", 1);
	assert_false(r.begun);
	assert_false(r.complete);
	feed(&r, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 100);
	assert_int_equal(http_request_answer(&r).status, PAGE_200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_has_three_names),
		cmocka_unit_test(other_paths_and_methods),
		cmocka_unit_test(what_becomes_of_the_connection),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(endless_headers_end_in_400),
		cmocka_unit_test(requests_in_a_row_are_answered_one_by_one),
		cmocka_unit_test(empty_lines_before_a_request_are_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
