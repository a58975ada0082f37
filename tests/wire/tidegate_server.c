/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tidegate's side of the side-by-side tests: an engine on one network interface, in real time, told
 * what to do by lines on standard input, each answered by one line.
 *
 *     tidegate_server INTERFACE ADDRESS/PREFIX...
 *
 *     set KEY VALUE              a field of struct tg_engine_config, before `start`
 *     start                      makes the engine
 *     listen ADDRESS PORT [KEY=VALUE]...   fields of struct tg_listener_config
 *     unlisten                   closes every listener
 *     rotate HEX                 tg_engine_rotate_fastopen()
 *     accept                     "conn N ADDRESS PORT" or "none"
 *     recv N BYTES, send N BYTES, shutdown N, close N, abort N
 *                                "data HEX", "eof", "sent BYTES", "ok", or the name of the error
 *     count                      "NAME=VALUE ..." of every counter, then every disposition
 *
 * An error in a line ends the program with status 2. At the end of input it says whether every
 * packet and every buffer is accounted for, by its exit status.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <tidegate/engine.h>
#include <tidegate/worker.h>

#include "server_keys.h"

enum {
	PORT = 0,
	BURST = 32,
	BUF_SIZE = 2048,
	LINE = 1024,
	CONNS = 256,
	LISTENERS = 8,
};

struct server {
	struct tg_engine_config cfg;
	struct tg_engine *e;
	struct tg_worker *w;
	int fd;
	uint8_t mac[6];
	char **addrs;
	unsigned naddrs;
	tg_listener listener[LISTENERS];
	unsigned nlisteners;
	tg_conn conn[CONNS];
	unsigned nconns;
	long held; /* buffers that are out */
	char line[LINE];
	size_t line_len;
};

__attribute__((format(printf, 1, 2), noreturn)) static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static tg_time
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (tg_time)ts.tv_sec * TG_SEC + (tg_time)ts.tv_nsec;
}

/* --- the engine's surroundings ------------------------------------------------------------------
 */

static void *
env_alloc(void *ctx, size_t size, size_t align)
{
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	(void)ctx;
	if (p != NULL)
		memset(p, 0, size);
	return p;
}

static void
env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void *
buf_new(struct server *s)
{
	void *p = malloc(BUF_SIZE);

	if (p == NULL)
		die("no memory");
	s->held++;
	return p;
}

static void
buf_release(struct server *s, void *p)
{
	s->held--;
	free(p);
}

static unsigned
env_buf_alloc(void *ctx, struct tg_buf out[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		void *p = buf_new(ctx);

		out[i] = (struct tg_buf){p, p, BUF_SIZE};
	}
	return n;
}

static void
env_buf_free(void *ctx, void *const buf[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_release(ctx, buf[i]);
}

/* --- packets ------------------------------------------------------------------------------------
 */

/* A frame that the kernel does not take is lost, as on any wire; the comparison will show it. */
static void
transmit(struct server *s, const struct tg_pkt *p)
{
	if (send(s->fd, p->data, p->len, 0) != (ssize_t)p->len)
		fprintf(stderr, "a frame of %u bytes was not sent\n", p->len);
}

static void
receive(struct server *s)
{
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t *buf = buf_new(s);
		ssize_t n = recv(s->fd, buf, BUF_SIZE, MSG_DONTWAIT);
		struct tg_pkt pkt = {.buf = buf, .data = buf, .port = PORT};
		struct tg_verdict v;

		if (n <= 0) {
			buf_release(s, buf);
			return;
		}
		pkt.len = (uint16_t)n;
		pkt.tailroom = (uint16_t)(BUF_SIZE - n);
		tg_engine_input(s->e, &pkt, 1, &v, now_ns());
		if (v.action == TG_REPLY)
			transmit(s, &pkt);
		if (v.action != TG_KEEP)
			buf_release(s, buf);
	}
}

static void
turn(struct server *s)
{
	struct tg_pkt pkt[BURST];
	tg_time now = now_ns();
	unsigned n;

	while (tg_engine_advance(s->e, now, (uint64_t)time(NULL), 64) == 64)
		;
	do {
		n = tg_engine_output(s->e, pkt, BURST, now);
		for (unsigned i = 0; i < n; i++) {
			transmit(s, &pkt[i]);
			buf_release(s, pkt[i].buf);
		}
	} while (n == BURST);
}

static void
open_wire(struct server *s, const char *ifname)
{
	struct ifreq ifr = {0};
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int one = 1;

	s->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (s->fd < 0)
		die("AF_PACKET: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(s->fd, SIOCGIFHWADDR, &ifr) != 0)
		die("%s: %s", ifname, strerror(errno));
	memcpy(s->mac, ifr.ifr_hwaddr.sa_data, 6);
	ll.sll_ifindex = (int)if_nametoindex(ifname);
	if (setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
		bind(s->fd, (struct sockaddr *)&ll, sizeof(ll)) != 0)
		die("%s: %s", ifname, strerror(errno));
}

/* --- orders -------------------------------------------------------------------------------------
 */

static struct tg_addr
parse_addr(const char *text)
{
	struct tg_addr a = {{0}};
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		return tg_addr_v4(v4[0], v4[1], v4[2], v4[3]);
	if (inet_pton(AF_INET6, text, a.b) != 1)
		die("address %s", text);
	return a;
}

static const char *
show_addr(const struct tg_addr *a, char out[INET6_ADDRSTRLEN])
{
	if (tg_addr_is_v4(a))
		return inet_ntop(AF_INET, a->b + 12, out, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, a->b, out, INET6_ADDRSTRLEN);
}

static void
start(struct server *s)
{
	int rc;

	s->cfg.env = (struct tg_env){s, env_alloc, env_free, env_buf_alloc, env_buf_free};
	s->cfg.buf_size = BUF_SIZE;
	s->cfg.now = now_ns();
	s->cfg.wall_s = (uint64_t)time(NULL);
	if (getrandom(s->cfg.seed, sizeof(s->cfg.seed), 0) != sizeof(s->cfg.seed))
		die("getrandom");
	if ((rc = tg_engine_create(&s->cfg, &s->e)) != 0 ||
		(rc = tg_worker_create(s->e, NULL, &s->w)) != 0 ||
		(rc = tg_engine_add_port(s->e, PORT, s->mac, 1500, 0)) != 0)
		die("engine: %s", strerror(-rc));
	for (unsigned i = 0; i < s->naddrs; i++) {
		char *slash = strchr(s->addrs[i], '/');
		struct tg_addr a;

		if (slash == NULL)
			die("no prefix: %s", s->addrs[i]);
		*slash = '\0';
		a = parse_addr(s->addrs[i]);
		rc = tg_engine_add_addr(s->e, PORT, &a, (uint8_t)atoi(slash + 1));
		if (rc != 0)
			die("%s: %s", s->addrs[i], strerror(-rc));
	}
}

static void
do_listen(struct server *s, char *words[], unsigned n)
{
	struct tg_listener_config lc;
	int rc;

	if (n < 2 || s->nlisteners == LISTENERS)
		die("listen");
	tg_listener_config_init(&lc);
	lc.local.addr = parse_addr(words[0]);
	lc.local.port = (uint16_t)atoi(words[1]);
	lc.worker = s->w;
	for (unsigned i = 2; i < n; i++) {
		char *eq = strchr(words[i], '=');

		if (eq == NULL)
			die("listen: %s", words[i]);
		*eq = '\0';
		if (!server_set_listener(&lc, words[i], eq + 1))
			die("listen: %s=%s", words[i], eq + 1);
	}
	rc = tg_listen(s->e, &lc, &s->listener[s->nlisteners++]);
	if (rc != 0)
		die("listen: %s", strerror(-rc));
	puts("ok");
}

static void
do_unlisten(struct server *s)
{
	for (unsigned i = 0; i < s->nlisteners; i++)
		tg_unlisten(s->e, s->listener[i]);
	s->nlisteners = 0;
	puts("ok");
}

static void
do_accept(struct server *s)
{
	char text[INET6_ADDRSTRLEN];
	struct tg_conn_info info;
	unsigned i = 0;

	if (s->nconns == CONNS)
		die("too many connections");
	while (i < s->nlisteners && tg_accept(s->w, s->listener[i], &s->conn[s->nconns], 1) == 0)
		i++;
	if (i == s->nlisteners) {
		puts("none");
		return;
	}
	if (tg_get_info(s->w, s->conn[s->nconns], &info) != 0)
		die("tg_get_info");
	printf("conn %u %s %u\n", s->nconns++, show_addr(&info.tuple.remote.addr, text),
		info.tuple.remote.port);
}

static void
do_recv(struct server *s, tg_conn c, uint32_t len)
{
	static uint8_t buf[65536];
	int n = tg_recv(s->w, c, buf, len < sizeof(buf) ? len : sizeof(buf));

	if (n == 0)
		puts("eof");
	else if (n < 0)
		puts(strerrorname_np(-n));
	else {
		fputs("data ", stdout);
		for (int i = 0; i < n; i++)
			printf("%02x", buf[i]);
		putchar('\n');
	}
}

static void
do_send(struct server *s, tg_conn c, uint32_t len)
{
	static uint8_t buf[65536];
	int n;

	for (uint32_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)('a' + i % 26);
	n = tg_send(s->w, c, buf, len < sizeof(buf) ? len : sizeof(buf));
	if (n < 0)
		puts(strerrorname_np(-n));
	else
		printf("sent %d\n", n);
}

static void
do_conn(struct server *s, const char *what, unsigned idx, uint32_t len)
{
	tg_conn c = idx < s->nconns ? s->conn[idx] : 0;
	int rc;

	if (strcmp(what, "recv") == 0) {
		do_recv(s, c, len);
		return;
	}
	if (strcmp(what, "send") == 0) {
		do_send(s, c, len);
		return;
	}
	if (strcmp(what, "shutdown") == 0)
		rc = tg_shutdown(s->w, c);
	else if (strcmp(what, "close") == 0)
		rc = tg_close(s->w, c);
	else if (strcmp(what, "abort") == 0)
		rc = tg_abort(s->w, c);
	else
		die("unknown: %s", what);
	puts(rc == 0 ? "ok" : strerrorname_np(-rc));
}

static bool
accounted(const struct server *s)
{
	const struct tg_counters *c = tg_engine_counters(s->e);
	uint64_t sum = 0;

	for (int i = 0; i < TG_DISP_COUNT; i++)
		sum += c->disposition[i];
	return sum == c->received;
}

static void
do_count(const struct server *s)
{
	const struct tg_counters *c = tg_engine_counters(s->e);

	for (int i = 0; i < TG_CNT_COUNT; i++)
		printf("%s=%llu ", tg_counter_name((enum tg_counter)i),
			(unsigned long long)c->event[i]);
	for (int i = 0; i < TG_DISP_COUNT; i++)
		printf("%s=%llu ", tg_disposition_name((enum tg_disposition)i),
			(unsigned long long)c->disposition[i]);
	printf("accounted=%d\n", accounted(s));
}

static void
rotate(struct server *s, const char *hex)
{
	uint8_t key[16];

	if (!server_hex(hex, key, sizeof(key)))
		die("rotate: %s", hex);
	tg_engine_rotate_fastopen(s->e, key);
	puts("ok");
}

static void
obey(struct server *s, char *line)
{
	char *words[32], *rest = NULL;
	unsigned n = 0;

	for (char *p = strtok_r(line, " ", &rest); p != NULL && n < 32;
		p = strtok_r(NULL, " ", &rest))
		words[n++] = p;
	if (n == 0)
		return;
	if (strcmp(words[0], "set") == 0 && n == 3 && s->e == NULL) {
		if (!server_set_engine(&s->cfg, words[1], words[2]))
			die("set %s %s", words[1], words[2]);
		puts("ok");
	} else if (strcmp(words[0], "start") == 0 && s->e == NULL) {
		start(s);
		puts("ok");
	} else if (s->e == NULL) {
		die("not started: %s", words[0]);
	} else if (strcmp(words[0], "listen") == 0) {
		do_listen(s, words + 1, n - 1);
	} else if (strcmp(words[0], "unlisten") == 0) {
		do_unlisten(s);
	} else if (strcmp(words[0], "accept") == 0) {
		do_accept(s);
	} else if (strcmp(words[0], "count") == 0) {
		do_count(s);
	} else if (strcmp(words[0], "rotate") == 0 && n == 2) {
		rotate(s, words[1]);
	} else if (n >= 2) {
		do_conn(s, words[0], (unsigned)atoi(words[1]),
			n > 2 ? (uint32_t)atoi(words[2]) : 65536);
	} else {
		die("unknown: %s", words[0]);
	}
	fflush(stdout);
}

/* @return false at the end of input */
static bool
read_orders(struct server *s)
{
	ssize_t n = read(STDIN_FILENO, s->line + s->line_len, LINE - 1 - s->line_len);
	char *end;

	if (n <= 0)
		return false;
	s->line_len += (size_t)n;
	s->line[s->line_len] = '\0';
	while ((end = strchr(s->line, '\n')) != NULL) {
		*end = '\0';
		obey(s, s->line);
		fflush(stdout);
		s->line_len -= (size_t)(end + 1 - s->line);
		memmove(s->line, end + 1, s->line_len + 1);
	}
	if (s->line_len == LINE - 1)
		die("line too long");
	return true;
}

/* Milliseconds until the engine wants its turn, rounded up so that a turn finds something due. */
static int
patience(const struct server *s)
{
	tg_time now = now_ns(), at;

	if (s->e == NULL)
		return -1;
	at = tg_engine_deadline(s->e, now);
	if (at <= now)
		return 0;
	at = (at - now + TG_MSEC - 1) / TG_MSEC;
	return at > 1000 ? 1000 : (int)at;
}

static int
finish(struct server *s)
{
	bool good = true;

	if (s->e != NULL) {
		good = accounted(s);
		tg_engine_reset(s->e);
		turn(s);
		tg_engine_destroy(s->e);
	}
	if (!good)
		fputs("not every packet has a disposition\n", stderr);
	if (s->held != 0)
		fprintf(stderr, "%ld buffers are lost\n", s->held);
	return good && s->held == 0 ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	static struct server s;

	if (argc < 3)
		die("usage: tidegate_server INTERFACE ADDRESS/PREFIX...");
	tg_engine_config_init(&s.cfg);
	s.addrs = argv + 2;
	s.naddrs = (unsigned)argc - 2;
	open_wire(&s, argv[1]);
	for (;;) {
		struct pollfd p[2] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = s.e != NULL ? s.fd : -1, .events = POLLIN},
		};

		poll(p, 2, patience(&s));
		if (p[1].revents != 0)
			receive(&s);
		if (p[0].revents != 0 && !read_orders(&s))
			return finish(&s);
		if (s.e != NULL)
			turn(&s);
	}
}
