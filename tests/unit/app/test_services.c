/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <tidegate/engine.h>

#include "fake_worker.h"
#include "http_pages.h"
#include "services.h"
#include "support.h"

#define GET       "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_CLOSE "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static struct http_pages *pages;
static struct http_use use;
static struct service *svc;

/* config.c is linked for its messages; these two of the engine are not under test. */
void
tg_engine_config_init(struct tg_engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
}

void
tg_listener_config_init(struct tg_listener_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
}

static void
begin(enum service_kind kind, unsigned clients)
{
	service_destroy(svc);
	fake_reset();
	use.replies = 0;
	assert_int_equal(service_create(kind, FAKE_CONNS, &use, &svc), 0);
	fake_connect(clients);
	service_run(fake_worker(), svc);
	assert_int_equal(svc->conns.used, clients);
}

static void
turn(void)
{
	service_run(fake_worker(), svc);
}

static void
drain(void)
{
	world.drain_event = true;
	turn();
}

static const struct http_reply *
reply(enum page_status st, enum http_mode mode)
{
	return &pages->reply[st][mode];
}

/* What client i got is exactly this answer. */
static void
got(unsigned i, const struct http_reply *r, uint32_t len)
{
	assert_int_equal(world.conn[i].out_len, len);
	assert_memory_equal(world.conn[i].out, r->bytes, len);
}

static void
echo_sends_back_and_closes(void **state)
{
	(void)state;
	begin(SERVICE_ECHO, 2);
	fake_data(0, "hello");
	fake_data(1, "there");
	turn();
	assert_memory_equal(world.conn[0].out, "hello", 5);
	assert_memory_equal(world.conn[1].out, "there", 5);
	fake_eof(0);
	turn();
	assert_true(world.conn[0].closed);
	assert_false(world.conn[0].reset);
	assert_true(world.conn[1].open);
	assert_int_equal(svc->conns.used, 1);
}

static void
echo_leaves_in_the_queue_what_it_cannot_send(void **state)
{
	(void)state;
	begin(SERVICE_ECHO, 1);
	fake_take(0, 3);
	fake_data(0, "abcdefgh");
	fake_eof(0);
	turn();
	assert_int_equal(world.conn[0].out_len, 3);
	assert_int_equal(world.conn[0].in_len, 5);
	assert_true(world.conn[0].open);
	fake_take(0, 100);
	turn();
	assert_memory_equal(world.conn[0].out, "defgh", 5);
	assert_true(world.conn[0].closed);
	assert_false(world.conn[0].reset);
}

static void
echo_finishes_what_is_queued_when_draining(void **state)
{
	(void)state;
	begin(SERVICE_ECHO, 2);
	fake_take(0, 3);
	fake_data(0, "abcdef");
	turn();
	drain();
	/* The idle one ends its half at once, the other when all is sent back. */
	assert_true(world.conn[1].shut);
	assert_false(world.conn[0].shut);
	fake_take(0, 100);
	turn();
	assert_memory_equal(world.conn[0].out, "def", 3);
	assert_true(world.conn[0].shut);
	/* What comes after that cannot be sent back. */
	fake_data(0, "late");
	turn();
	assert_int_equal(world.conn[0].in_len, 0);
	fake_eof(0);
	fake_eof(1);
	turn();
	assert_int_equal(svc->conns.used, 0);
	assert_false(world.conn[0].reset);
}

static void
discard_throws_away(void **state)
{
	(void)state;
	begin(SERVICE_DISCARD, 2);
	fake_data(0, "hello");
	turn();
	assert_int_equal(world.conn[0].in_len, 0);
	assert_int_equal(world.conn[0].out_len, 0);
	fake_eof(0);
	turn();
	assert_true(world.conn[0].closed);
	drain();
	assert_true(world.conn[1].shut);
	fake_eof(1);
	turn();
	assert_int_equal(svc->conns.used, 0);
}

static void
hold_accepts_nothing(void **state)
{
	(void)state;
	service_destroy(svc);
	fake_reset();
	assert_int_equal(service_create(SERVICE_HOLD, FAKE_CONNS, &use, &svc), 0);
	fake_connect(3);
	turn();
	assert_int_equal(svc->conns.used, 0);
	assert_int_equal(world.waiting, 3);
	drain();
	assert_int_equal(world.waiting, 3);
}

static void
greet_speaks_first(void **state)
{
	(void)state;
	begin(SERVICE_GREET, 2);
	assert_memory_equal(world.conn[0].out, "220 ", 4);
	assert_true(world.conn[0].out_len > 4);
	fake_take(0, 100);
	fake_data(0, "HELO");
	turn();
	assert_int_equal(world.conn[0].in_len, 0);
	assert_int_equal(world.conn[0].out_len, 0);
	fake_eof(0);
	turn();
	assert_true(world.conn[0].closed);
	assert_false(world.conn[0].reset);
	drain();
	assert_true(world.conn[1].shut);
	fake_eof(1);
	turn();
	assert_int_equal(svc->conns.used, 0);
}

static void
http_answers_and_keeps_the_connection(void **state)
{
	const struct http_reply *r = reply(PAGE_200, HTTP_KEEP);

	(void)state;
	begin(SERVICE_HTTP, 1);
	for (unsigned i = 0; i < 3; i++) {
		fake_data(0, GET);
		turn();
		got(0, r, r->len);
		fake_take(0, FAKE_QUEUE);
	}
	fake_data(0, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	turn();
	got(0, r, r->head_len);
	fake_eof(0);
	turn();
	assert_true(world.conn[0].closed);
}

static void
http_answers_in_a_row(void **state)
{
	const struct http_reply *r = reply(PAGE_200, HTTP_KEEP);

	(void)state;
	begin(SERVICE_HTTP, 1);
	fake_data(0, GET GET GET);
	turn();
	assert_int_equal(world.conn[0].out_len, 3 * r->len);
	for (unsigned i = 0; i < 3; i++)
		assert_memory_equal(world.conn[0].out + i * r->len, r->bytes, r->len);
}

static void
http_waits_for_room_without_reading_on(void **state)
{
	const struct http_reply *r = reply(PAGE_200, HTTP_KEEP);
	char all[4096];
	size_t n = 0;

	(void)state;
	begin(SERVICE_HTTP, 1);
	fake_take(0, 10);
	fake_data(0, GET GET);
	turn();
	assert_int_equal(world.conn[0].out_len, 10);
	/* The second request waits in the receive queue, where the window slows the client down. */
	assert_int_equal(world.conn[0].in_len, strlen(GET));
	while (n < 2 * r->len) {
		memcpy(all + n, world.conn[0].out, world.conn[0].out_len);
		n += world.conn[0].out_len;
		fake_take(0, 7);
		turn();
	}
	assert_int_equal(n, 2 * r->len);
	assert_memory_equal(all, r->bytes, r->len);
	assert_memory_equal(all + r->len, r->bytes, r->len);
}

static void
http_closes_when_asked(void **state)
{
	const struct http_reply *r = reply(PAGE_200, HTTP_CLOSE);

	(void)state;
	begin(SERVICE_HTTP, 2);
	fake_data(0, GET_CLOSE);
	turn();
	got(0, r, r->len);
	assert_true(world.conn[0].closed);
	assert_false(world.conn[0].reset);
	/* Closed only when the answer is in the send queue. */
	fake_take(1, 5);
	fake_data(1, GET_CLOSE);
	turn();
	assert_true(world.conn[1].open);
	fake_take(1, FAKE_QUEUE);
	turn();
	assert_true(world.conn[1].closed);
}

static void
http_lingers_when_the_client_still_sends(void **state)
{
	(void)state;
	begin(SERVICE_HTTP, 2);
	/* Bytes behind the last request: closing now would be a RST and could cost the answer. */
	fake_data(0, GET_CLOSE "more");
	turn();
	got(0, reply(PAGE_200, HTTP_CLOSE), reply(PAGE_200, HTTP_CLOSE)->len);
	assert_true(world.conn[0].shut);
	assert_true(world.conn[0].open);
	assert_int_equal(world.conn[0].in_len, 0);
	fake_data(0, GET); /* not answered any more */
	turn();
	fake_eof(0);
	turn();
	assert_true(world.conn[0].closed);
	assert_false(world.conn[0].reset);
	/* Not HTTP: the same, and 400. */
	fake_data(1, "rubbish");
	turn();
	got(1, reply(PAGE_400, HTTP_CLOSE), reply(PAGE_400, HTTP_CLOSE)->len);
	assert_true(world.conn[1].shut);
	assert_true(world.conn[1].open);
}

static void
http_lingering_is_bounded(void **state)
{
	char junk[1025];

	(void)state;
	begin(SERVICE_HTTP, 18);
	for (unsigned i = 0; i < 17; i++) {
		fake_data(i, "rubbish");
		turn();
	}
	/* Sixteen places: the first made room for the seventeenth. */
	assert_true(world.conn[0].closed);
	assert_true(world.conn[1].open);
	assert_true(world.conn[16].open);
	/* A client that sends on and on is not listened to for ever. */
	memset(junk, 'x', sizeof(junk) - 1);
	junk[sizeof(junk) - 1] = '\0';
	for (unsigned i = 0; i < 1000 && world.conn[5].open; i++) {
		fake_data(5, junk);
		turn();
	}
	assert_true(world.conn[5].closed);
	/* Its place is free again: nobody else has to go. */
	fake_data(17, "rubbish");
	turn();
	assert_true(world.conn[17].open);
}

static void
http_drains(void **state)
{
	const struct http_reply *r = reply(PAGE_200, HTTP_CLOSE);

	(void)state;
	begin(SERVICE_HTTP, 5);
	fake_data(1, GET);             /* idle again after its answer */
	fake_data(2, "GET / HTTP/1."); /* in the middle of a request */
	fake_take(3, 10);
	fake_data(3, GET); /* in the middle of an answer */
	turn();
	fake_data(4, GET); /* arrived, not yet seen */
	drain();
	assert_true(world.conn[0].closed);
	assert_true(world.conn[1].closed);
	assert_true(world.conn[2].open);
	assert_true(world.conn[3].open);
	got(4, r, r->len);
	assert_true(world.conn[4].closed);
	fake_data(2, "1\r\nHost: a\r\n\r\n");
	turn();
	got(2, r, r->len);
	assert_true(world.conn[2].closed);
}

static void
a_reset_connection_is_forgotten(void **state)
{
	(void)state;
	begin(SERVICE_HTTP, 2);
	world.conn[0].events = TG_EV_CLOSED | TG_EV_READ;
	turn();
	assert_int_equal(svc->conns.used, 1);
	assert_true(world.conn[0].closed);
}

static void
more_connections_than_records_are_refused(void **state)
{
	(void)state;
	service_destroy(svc);
	fake_reset();
	assert_int_equal(service_create(SERVICE_ECHO, 3, NULL, &svc), 0);
	fake_connect(5);
	turn();
	assert_int_equal(svc->conns.used, 3);
	assert_true(world.conn[4].reset);
	fake_eof(0);
	turn();
	fake_connect(1);
	turn();
	assert_int_equal(svc->conns.used, 3);
	assert_true(world.conn[5].open);
}

static void
a_page_comes_from_a_file(void **state)
{
	static const char page[] =
		"HTTP/1.1 200 OK\r\nServer: tidegate\r\nContent-Type: text/plain\r\n"
		"Content-Length: 7\r\n\r\nmy page";
	const struct http_reply *got_page;
	char name[] = "/tmp/tg-page-XXXXXX", err[CONFIG_ERROR_MAX], want[CONFIG_ERROR_MAX];
	char nowhere[] = "/nonexistent/page", type[] = "text/plain", yaml[] = "t.yaml", text[] = "";
	struct config c = {.file = yaml, .text = text};
	struct http_pages *p;
	int fd = mkstemp(name);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	fputs("my page", f);
	fclose(f);
	c.http.root_page = name;
	c.http.content_type = type;
	assert_int_equal(http_pages_make(&c, &p, err), 0);
	got_page = &p->reply[PAGE_200][HTTP_KEEP];
	assert_int_equal(got_page->len, strlen(page));
	assert_memory_equal(got_page->bytes, page, strlen(page));
	http_pages_free(p);
	remove(name);
	c.http.root_page = nowhere;
	assert_int_equal(http_pages_make(&c, &p, err), -1);
	snprintf(want, sizeof(want),
		"t.yaml: http.root_page: %s cannot be read: No such file or "
		"directory; name a file",
		nowhere);
	assert_string_equal(err, want);
	/* Nobody will ever write to it. */
	assert_int_equal(mkfifo(name, 0600), 0);
	c.http.root_page = name;
	assert_int_equal(http_pages_make(&c, &p, err), -1);
	snprintf(want, sizeof(want),
		"t.yaml: http.root_page: %s cannot be read: it is no regular file; name a file",
		name);
	assert_string_equal(err, want);
	remove(name);
}

/* A client that is still reading the old page gets the rest of it; the next answer is the new one.
 */
static void
http_pages_change_under_way(void **state)
{
	char yaml[] = "t.yaml", text[] = "", type[] = "text/x", err[CONFIG_ERROR_MAX];
	struct config c = {.file = yaml, .text = text, .http = {.content_type = type}};
	const struct http_reply *was = reply(PAGE_200, HTTP_KEEP), *is;
	struct http_use other = {0};
	struct http_pages *p;

	(void)state;
	assert_int_equal(http_pages_make(&c, &p, err), 0);
	assert_false(http_pages_same(p, pages));
	assert_true(http_pages_same(p, p));
	is = &p->reply[PAGE_200][HTTP_KEEP];
	other.pages = p;
	begin(SERVICE_HTTP, 3);
	assert_int_equal(use.replies, 0);
	fake_take(0, 10);
	fake_take(2, 10);
	for (unsigned i = 0; i < 3; i++)
		fake_data(i, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	turn();
	assert_int_equal(use.replies, 2);
	svc->use = &other;
	fake_data(1, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	fake_take(0, 100000);
	turn();
	assert_int_equal(world.conn[0].out_len, was->len - 10);
	assert_memory_equal(world.conn[0].out, was->bytes + 10, was->len - 10);
	assert_int_equal(world.conn[1].out_len, was->len + is->len);
	assert_memory_equal(world.conn[1].out + was->len, is->bytes, is->len);
	/* One that ends in the middle lets go of it too. */
	assert_int_equal(use.replies, 1);
	world.conn[2].events = TG_EV_CLOSED;
	turn();
	assert_int_equal(use.replies, 0);
	assert_int_equal(other.replies, 0);
	service_destroy(svc);
	svc = NULL;
	http_pages_free(p);
}

static int
make_pages(void **state)
{
	char yaml[] = "t.yaml", text[] = "", err[CONFIG_ERROR_MAX];
	struct config c = {.file = yaml, .text = text};

	(void)state;
	if (http_pages_make(&c, &pages, err) != 0)
		return -1;
	use.pages = pages;
	return 0;
}

static int
free_pages(void **state)
{
	(void)state;
	service_destroy(svc);
	http_pages_free(pages);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_sends_back_and_closes),
		cmocka_unit_test(echo_leaves_in_the_queue_what_it_cannot_send),
		cmocka_unit_test(echo_finishes_what_is_queued_when_draining),
		cmocka_unit_test(discard_throws_away),
		cmocka_unit_test(greet_speaks_first),
		cmocka_unit_test(hold_accepts_nothing),
		cmocka_unit_test(http_answers_and_keeps_the_connection),
		cmocka_unit_test(http_answers_in_a_row),
		cmocka_unit_test(http_waits_for_room_without_reading_on),
		cmocka_unit_test(http_closes_when_asked),
		cmocka_unit_test(http_lingers_when_the_client_still_sends),
		cmocka_unit_test(http_lingering_is_bounded),
		cmocka_unit_test(http_drains),
		cmocka_unit_test(http_pages_change_under_way),
		cmocka_unit_test(a_reset_connection_is_forgotten),
		cmocka_unit_test(more_connections_than_records_are_refused),
		cmocka_unit_test(a_page_comes_from_a_file),
	};

	return cmocka_run_group_tests(tests, make_pages, free_pages);
}
