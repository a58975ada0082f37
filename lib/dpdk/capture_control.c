/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "capture_control.h"
#include "pcapng.h"
#include "shard.h"
#include "shown.h"
#include "snapshot.h"

/*
 * The capture there is. The rings hang at the shards, whose thread uses them and who free them when
 * they end; one is only hung up or taken down here, on the shard's thread.
 */
static struct {
	pthread_mutex_t lock;
	uint32_t id; /* 0: none */
	uint32_t last_id;
	struct tg_capture_request request;
	uint64_t written;
	uint64_t missed; /* of rings that are gone */
	time_t until;
	time_t read_at;
	bool section;        /* the section header is written */
	unsigned interfaces; /* so many are written, one for each shard */
	unsigned next;       /* shard whose turn it is */
} session = {.lock = PTHREAD_MUTEX_INITIALIZER};

static time_t
seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Hangs a ring on a shard, on its thread. */
struct hanging {
	struct tg_shard *shard;
	struct tg_capture *capture;
};

static void
hang(struct tg_engine *e, void *arg)
{
	struct hanging *h = arg;

	(void)e;
	h->shard->capture = h->capture;
}

/* Takes the ring of a shard down and frees it. -ETIMEDOUT: its loop does not run; it stays. */
static int
disarm(struct tg_shard *s)
{
	struct hanging h = {.shard = s};
	struct tg_capture *was = s->capture;
	int rc;

	if (was == NULL)
		return 0;
	rc = tg_shard_call(s, hang, &h, TG_SNAPSHOT_MS);
	if (rc != 0)
		return rc;
	session.missed += tg_capture_missed(was);
	tg_capture_destroy(was);
	return 0;
}

static int
disarm_all(const struct tg_shown *shown)
{
	int rc = 0;

	for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
		if (shown->shard[i] != NULL) {
			int one = disarm(shown->shard[i]);

			rc = one != 0 ? one : rc;
		}
	return rc;
}

static int
arm_all(const struct tg_shown *shown, const struct tg_capture_request *r)
{
	unsigned armed = 0;

	for (unsigned i = 0; i < TG_SHOWN_MAX; i++) {
		struct hanging h = {.shard = shown->shard[i]};
		int rc;

		if (h.shard == NULL)
			continue;
		h.capture = tg_capture_create(r->want, (uint16_t)r->snaplen, r->seconds);
		if (h.capture == NULL)
			return -ENOMEM;
		rc = tg_shard_call(h.shard, hang, &h, TG_SNAPSHOT_MS);
		if (rc != 0) {
			tg_capture_destroy(h.capture);
			return rc;
		}
		armed++;
	}
	return armed != 0 ? 0 : -ENOENT;
}

static bool
is_good(const struct tg_capture_request *r)
{
	return r->want != 0 && r->snaplen >= TG_CAPTURE_SNAPLEN_MIN &&
		r->snaplen <= TG_CAPTURE_SNAPLEN_MAX && r->seconds >= 1 &&
		r->seconds <= TG_CAPTURE_SECONDS_MAX && r->count >= 1 &&
		r->count <= TG_CAPTURE_COUNT_MAX;
}

static int
start(const struct tg_shown *shown, const struct tg_capture_request *r, uint32_t *id)
{
	time_t now = seconds_now();
	int rc;

	if (session.id != 0 && now - session.read_at < TG_CAPTURE_SILENCE_S)
		return -EBUSY;
	session.id = 0;
	rc = disarm_all(shown);
	if (rc == 0)
		rc = arm_all(shown, r);
	if (rc != 0) {
		disarm_all(shown);
		return rc;
	}
	session.request = *r;
	session.written = session.missed = 0;
	session.section = false;
	session.interfaces = session.next = 0;
	session.read_at = now;
	session.until = now + (time_t)r->seconds;
	if (++session.last_id == 0)
		session.last_id = 1;
	*id = session.id = session.last_id;
	return 0;
}

int
tg_capture_start(const struct tg_capture_request *r, uint32_t *id)
{
	int rc;

	if (!is_good(r))
		return -EINVAL;
	pthread_mutex_lock(&session.lock);
	rc = start(tg_shown_hold(), r, id);
	tg_shown_release();
	pthread_mutex_unlock(&session.lock);
	return rc;
}

/* A page of the file. */
struct page {
	uint8_t *out;
	size_t room, n;
};

static bool
took(struct page *p, size_t n)
{
	p->n += n;
	return n != 0;
}

/* Section header, and an interface for each shard up to the last one. False: the page is full. */
static bool
write_head(struct page *p, const struct tg_shown *shown)
{
	unsigned shards = TG_SHOWN_MAX;
	char name[16];

	while (shards > 0 && shown->shard[shards - 1] == NULL)
		shards--;
	if (!session.section &&
		!took(p, tg_pcapng_section(p->out + p->n, p->room - p->n, "tidegate")))
		return false;
	session.section = true;
	for (; session.interfaces < shards; session.interfaces++) {
		snprintf(name, sizeof(name), "shard %u", session.interfaces);
		if (!took(p,
			    tg_pcapng_interface(
				    p->out + p->n, p->room - p->n, name, session.request.snaplen)))
			return false;
	}
	return true;
}

/* The oldest packet of a shard. 1: written; 0: there is none; -1: the page is full. */
static int
write_one(struct page *p, unsigned shard, struct tg_capture *c)
{
	const struct tg_captured *k = c != NULL ? tg_capture_peek(c) : NULL;
	struct tg_pcapng_packet packet;

	if (k == NULL || shard >= session.interfaces)
		return 0;
	packet = (struct tg_pcapng_packet){
		.interface = shard,
		.ns = k->ns,
		.caplen = k->caplen,
		.len = k->len,
		.data = k->data,
		.comment = tg_disposition_name(k->disposition),
	};
	if (!took(p, tg_pcapng_packet(p->out + p->n, p->room - p->n, &packet)))
		return -1;
	tg_capture_pop(c);
	session.written++;
	return 1;
}

/* Packets of all shards in turn, so that none fills the file alone. */
static void
write_packets(struct page *p, const struct tg_shown *shown)
{
	for (unsigned empty = 0; empty < TG_SHOWN_MAX && session.written < session.request.count;) {
		struct tg_shard *s = shown->shard[session.next];
		int rc = s != NULL ? write_one(p, session.next, s->capture) : 0;

		if (rc < 0)
			return;
		empty = rc == 0 ? empty + 1 : 0;
		session.next = (session.next + 1) % TG_SHOWN_MAX;
	}
}

static void
fill_status(const struct tg_shown *shown, struct tg_capture_status *st)
{
	st->written = session.written;
	st->missed = session.missed;
	for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
		if (shown->shard[i] != NULL && shown->shard[i]->capture != NULL)
			st->missed += tg_capture_missed(shown->shard[i]->capture);
	st->over = session.written >= session.request.count || seconds_now() >= session.until;
}

int
tg_capture_read(uint32_t id, uint8_t *out, size_t room, size_t *n)
{
	struct page p = {out, room, 0};
	const struct tg_shown *shown;
	int rc = 0;

	if (room < TG_CAPTURE_PAGE_MIN)
		return -EINVAL;
	pthread_mutex_lock(&session.lock);
	if (id == 0 || id != session.id) {
		rc = -ENOENT;
	} else {
		shown = tg_shown_hold();
		session.read_at = seconds_now();
		if (write_head(&p, shown))
			write_packets(&p, shown);
		tg_shown_release();
	}
	pthread_mutex_unlock(&session.lock);
	*n = p.n;
	return rc;
}

int
tg_capture_status(uint32_t id, struct tg_capture_status *st)
{
	int rc = 0;

	pthread_mutex_lock(&session.lock);
	if (id == 0 || id != session.id)
		rc = -ENOENT;
	else
		fill_status(tg_shown_hold(), st);
	if (rc == 0)
		tg_shown_release();
	pthread_mutex_unlock(&session.lock);
	return rc;
}

int
tg_capture_stop(uint32_t id, struct tg_capture_status *st)
{
	const struct tg_shown *shown;
	int rc = 0;

	pthread_mutex_lock(&session.lock);
	if (id == 0 || id != session.id) {
		rc = -ENOENT;
	} else {
		shown = tg_shown_hold();
		fill_status(shown, st);
		st->over = 1;
		/* A loop that stands still keeps its ring; the next start tries again. */
		disarm_all(shown);
		session.id = 0;
		tg_shown_release();
	}
	pthread_mutex_unlock(&session.lock);
	return rc;
}
