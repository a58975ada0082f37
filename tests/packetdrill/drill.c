/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin driven by hand: see drill.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "drill.h"

#define ETH 14

/* packetdrill loads with RTLD_DEEPBIND, which sanitizers refuse. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif
#define DEEP (SANITIZED ? 0 : RTLD_DEEPBIND)

static const struct tg_addr local6 = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct tg_addr remote6 = {{0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}};

static void
must(bool ok, const char *what)
{
	if (!ok)
		die("%s: %s", what, strerror(errno));
}

static void
write_sysctls(const char *dir, const char *lines)
{
	char path[128], text[1024], *save = NULL;

	snprintf(path, sizeof(path), "%s/net", dir);
	must(mkdir(path, 0700) == 0, path);
	snprintf(path, sizeof(path), "%s/net/ipv4", dir);
	must(mkdir(path, 0700) == 0, path);
	snprintf(path, sizeof(path), "%s/net/core", dir);
	must(mkdir(path, 0700) == 0, path);
	snprintf(text, sizeof(text), "%s", lines);
	for (char *p = strtok_r(text, "\n", &save); p != NULL; p = strtok_r(NULL, "\n", &save)) {
		char *eq = strchr(p, '=');
		FILE *f;

		must(eq != NULL, p);
		*eq = '\0';
		snprintf(path, sizeof(path), "%s/net/%s", dir, p);
		f = fopen(path, "w");
		must(f != NULL, path);
		fprintf(f, "%s\n", eq + 1);
		fclose(f);
	}
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *f)
{
	(void)st;
	(void)what;
	(void)f;
	return remove(path);
}

void
drill_open(struct drill *d, bool v6, const char *sysctls)
{
	void (*init)(const char *, struct packetdrill_interface *);
	char flags[128];
	void *symbol;

	memset(d, 0, sizeof(*d));
	d->v6 = v6;
	d->sport = 40000;
	snprintf(d->dir, sizeof(d->dir), "/tmp/tidegate-drill-XXXXXX");
	must(mkdtemp(d->dir) != NULL, d->dir);
	write_sysctls(d->dir, sysctls != NULL ? sysctls : "");
	d->so = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL | DEEP);
	if (d->so == NULL)
		die("%s", dlerror());
	symbol = dlsym(d->so, "packetdrill_interface_init");
	if (symbol == NULL)
		die("%s", dlerror());
	memcpy(&init, &symbol, sizeof(init));
	snprintf(flags, sizeof(flags), "patience=5,sysctl=%s", d->dir);
	init(flags, &d->i);
	d->start_us = drill_now(d);
}

void
drill_close(struct drill *d)
{
	d->i.free(d->i.userdata);
	dlclose(d->so);
	must(nftw(d->dir, remove_one, 4, FTW_DEPTH | FTW_PHYS) == 0, d->dir);
}

long long
drill_now(struct drill *d)
{
	struct timeval tv;

	must(d->i.gettimeofday(d->i.userdata, &tv, NULL) == 0, "gettimeofday");
	return tv.tv_sec * 1000000LL + tv.tv_usec - d->start_us;
}

void
drill_sleep(struct drill *d, unsigned us)
{
	must(d->i.usleep(d->i.userdata, us) == 0, "usleep");
}

int
drill_listen(struct drill *d, int flags)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(DRILL_PORT)};
	struct sockaddr_in6 b = {.sin6_family = AF_INET6, .sin6_port = htons(DRILL_PORT)};
	int fd = d->i.socket(
		d->i.userdata, d->v6 ? AF_INET6 : AF_INET, SOCK_STREAM | flags, IPPROTO_TCP);

	must(fd >= 100000, "socket");
	a.sin_addr.s_addr = htonl(0xc0a80001);
	memcpy(&b.sin6_addr, local6.b, 16);
	must(d->i.bind(d->i.userdata, fd, d->v6 ? (struct sockaddr *)&b : (struct sockaddr *)&a,
		     d->v6 ? sizeof(b) : sizeof(a)) == 0,
		"bind");
	must(d->i.listen(d->i.userdata, fd, 5) == 0, "listen");
	return fd;
}

void
drill_set(struct drill *d, int fd, int level, int name, int value)
{
	must(d->i.setsockopt(d->i.userdata, fd, level, name, &value, sizeof(value)) == 0,
		"setsockopt");
}

int
drill_get(struct drill *d, int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	must(d->i.getsockopt(d->i.userdata, fd, level, name, &value, &len) == 0, "getsockopt");
	if (len != sizeof(value))
		die("getsockopt gave %u bytes", len);
	return value;
}

void
drill_in(struct drill *d, unsigned flags, uint32_t seq, uint32_t ack, unsigned len,
	void (*opts)(struct seg *s))
{
	static const uint8_t data[SEG_FRAME_MAX];
	uint8_t frame[SEG_FRAME_MAX];
	struct seg s;
	unsigned n;

	seg_init(&s);
	s.src = d->v6 ? remote6 : tg_addr_v4(192, 0, 2, 1);
	s.dst = d->v6 ? local6 : tg_addr_v4(192, 168, 0, 1);
	s.sport = d->sport;
	s.dport = DRILL_PORT;
	s.flags = (uint16_t)flags;
	s.seq = seq;
	s.ack = flags & SEG_A ? d->iss + ack : 0;
	s.win = 65535;
	s.data = data;
	s.len = len;
	if (opts != NULL)
		opts(&s);
	n = seg_write(&s, frame, NULL);
	must(d->i.netdev_send(d->i.userdata, frame + ETH, n - ETH) == 0, "netdev_send");
}

/* The next packet out, as it is; false when none came. */
static bool
next(struct drill *d)
{
	size_t n = sizeof(d->last) - ETH;
	const char *wrong;
	long long at;

	must(d->i.netdev_receive(d->i.userdata, d->last + ETH, &n, &at) == 0, "netdev_receive");
	if (n == 0)
		return false;
	/* the reader wants a frame */
	memset(d->last, 2, ETH);
	d->last[12] = d->v6 ? 0x86 : 0x08;
	d->last[13] = d->v6 ? 0xdd : 0x00;
	wrong = seg_read(d->last, (unsigned)n + ETH, &d->out);
	if (wrong != NULL)
		die("a packet out is no TCP segment: %s", wrong);
	d->out_us = at - d->start_us;
	return true;
}

void
drill_out(struct drill *d, unsigned flags, uint32_t seq, uint32_t ack, unsigned len)
{
	const struct seg *s = &d->out;

	if (!next(d))
		die("nothing came, expected flags %#x, seq %u, len %u", flags, seq, len);
	if (s->flags == (SEG_S | SEG_A))
		d->iss = s->seq;
	if (s->flags != flags || s->seq - d->iss != seq || (flags & SEG_A && s->ack != ack) ||
		s->len != len || s->dport != d->sport)
		die("expected flags %#x, seq %u, ack %u, len %u; came %#x, %u, %u, %u", flags, seq,
			ack, len, s->flags, s->seq - d->iss, s->ack, s->len);
}

void
drill_quiet(struct drill *d)
{
	if (next(d))
		die("unexpected: flags %#x, seq %u, ack %u, len %u", d->out.flags,
			d->out.seq - d->iss, d->out.ack, d->out.len);
}

static void
mss(struct seg *s)
{
	seg_opt_mss(s, 1460);
}

void
drill_handshake(struct drill *d)
{
	drill_in(d, SEG_S, 1000, 0, 0, mss);
	if (!next(d) || d->out.flags != (SEG_S | SEG_A) || d->out.ack != 1001)
		die("no SYN-ACK");
	d->iss = d->out.seq;
	drill_sleep(d, 10000);
	drill_in(d, SEG_A, 1001, 1, 0, NULL);
}

int
drill_connect(struct drill *d, int listener)
{
	int fd;

	drill_handshake(d);
	fd = d->i.accept(d->i.userdata, listener, NULL, NULL);
	must(fd >= 100000, "accept");
	return fd;
}

void
drill_fails(long rc, int err)
{
	int got = errno;

	if (rc != -1 || got != err)
		die("returned %ld, errno %d; expected -1, %d", rc, got, err);
}

static void *
run(void *arg)
{
	struct drill_call *c = arg;

	atomic_store(&c->tid, (int)gettid());
	c->rc = c->call(c);
	c->err = errno;
	c->end_us = drill_now(c->d);
	return NULL;
}

/* True when the thread sleeps in the kernel: its state is the third word. */
static bool
sleeps(const struct drill_call *c)
{
	char path[64], text[256] = "", state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&c->tid));
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fgets(text, sizeof(text), f) != NULL && sscanf(text, "%*d %*s %c", &state) != 1)
		state = '?';
	fclose(f);
	return state == 'S';
}

void
drill_call(struct drill_call *c)
{
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		die("pthread_create failed");
	while (!sleeps(c))
		sched_yield();
}

void
drill_join(struct drill_call *c)
{
	pthread_join(c->thread, NULL);
}
