/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "capture.h"

/* Bytes of a tag, and where it stands: behind both addresses. */
#define TAG_LEN 4
#define TAG_AT  (2 * RTE_ETHER_ADDR_LEN)

struct tg_capture {
	uint64_t want;
	uint64_t epoch; /* nanoseconds since 1970 at time 0 of the engine; 0: not known yet */
	tg_time length; /* how long it lasts */
	tg_time until;  /* with epoch: when it is over */
	size_t slot;    /* bytes of one */
	size_t bytes;   /* of all */
	uint16_t snaplen;
	uint64_t missed;
	/* Count up; the oldest packet is in slot head % TG_CAPTURE_SLOTS. */
	uint32_t tail __rte_cache_aligned; /* the shard's */
	uint32_t head __rte_cache_aligned; /* the reader's */
	uint8_t *burst;                    /* the packets at hand: TG_BURST slots */
	uint8_t *ring;
};

struct tg_capture *
tg_capture_create(uint64_t want, uint16_t snaplen, uint32_t seconds)
{
	struct tg_capture *c = aligned_alloc(_Alignof(struct tg_capture), sizeof(*c));
	size_t slot = RTE_ALIGN_CEIL(sizeof(struct tg_captured) + snaplen, sizeof(uint64_t));

	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->want = want;
	c->length = seconds * TG_SEC;
	c->snaplen = snaplen;
	c->slot = slot;
	c->bytes = (TG_BURST + TG_CAPTURE_SLOTS) * slot;
	/* Shared, so that a core dump leaves them out with the other packets (core(5)). */
	c->burst = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->burst == MAP_FAILED) {
		free(c);
		return NULL;
	}
	c->ring = c->burst + TG_BURST * slot;
	/* Not zero, which some kernels map lazily all the same. */
	memset(c->burst, 0xa5, c->bytes);
	return c;
}

void
tg_capture_destroy(struct tg_capture *c)
{
	if (c == NULL)
		return;
	munmap(c->burst, c->bytes);
	free(c);
}

static struct tg_captured *
slot_at(uint8_t *slots, const struct tg_capture *c, uint32_t i)
{
	return (struct tg_captured *)(void *)(slots + i * c->slot);
}

/* Appends bytes as far as there is room. */
static void
append(struct tg_captured *p, const struct tg_capture *c, const void *bytes, uint32_t n)
{
	uint32_t room = (uint32_t)(c->snaplen - p->caplen);
	uint32_t k = RTE_MIN(n, room);

	memcpy(p->data + p->caplen, bytes, k);
	p->caplen = (uint16_t)(p->caplen + k);
	p->len += n;
}

/* The bytes as they were on the wire: a tag the port took off is put back. */
static void
copy(struct tg_captured *p, const struct tg_capture *c, const struct tg_pkt *pkt)
{
	const uint8_t *from = pkt->data;
	uint32_t n = pkt->len;

	p->len = 0;
	p->caplen = 0;
	if ((pkt->flags & TG_PKT_VLAN_STRIPPED) != 0 && n >= TAG_AT) {
		const uint8_t tag[TAG_LEN] = {
			0x81, 0, (uint8_t)(pkt->vlan_tci >> 8), (uint8_t)pkt->vlan_tci};

		append(p, c, from, TAG_AT);
		append(p, c, tag, TAG_LEN);
		from += TAG_AT;
		n -= TAG_AT;
	}
	append(p, c, from, n);
	for (pkt = pkt->next; pkt != NULL; pkt = pkt->next)
		append(p, c, pkt->data, pkt->len);
}

static uint64_t
epoch_of(tg_time now)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * TG_SEC + (uint64_t)ts.tv_nsec - now;
}

static bool
is_full(const struct tg_capture *c)
{
	return c->tail - __atomic_load_n(&c->head, __ATOMIC_ACQUIRE) == TG_CAPTURE_SLOTS;
}

/* Puts one into the ring; NULL, or where there is no room: it is missed. */
static void
keep(struct tg_capture *c, const struct tg_captured *p, uint64_t ns, uint8_t disposition)
{
	struct tg_captured *to;

	if (p == NULL || is_full(c)) {
		__atomic_store_n(&c->missed, c->missed + 1, __ATOMIC_RELAXED);
		return;
	}
	to = slot_at(c->ring, c, c->tail % TG_CAPTURE_SLOTS);
	memcpy(to, p, sizeof(*p) + p->caplen);
	to->ns = ns;
	to->disposition = disposition;
	__atomic_store_n(&c->tail, c->tail + 1, __ATOMIC_RELEASE);
}

void
tg_capture_input(struct tg_capture *c, struct tg_engine *e, struct tg_rx_burst *b,
	struct tg_verdict verdict[], tg_time now)
{
	bool full;

	if (unlikely(c->epoch == 0)) {
		c->epoch = epoch_of(now);
		c->until = now + c->length;
	}
	if (now >= c->until) {
		tg_engine_input(e, b->pkt, b->n, verdict, now);
		return;
	}
	/* A reader that is slow or gone leaves it full: then copies would be for nothing. */
	full = is_full(c);
	for (unsigned i = 0; !full && i < b->n; i++)
		copy(slot_at(c->burst, c, i), c, &b->pkt[i]);
	tg_engine_input(e, b->pkt, b->n, verdict, now);
	for (unsigned i = 0; i < b->n; i++)
		if (c->want >> verdict[i].disposition & 1)
			keep(c, full ? NULL : slot_at(c->burst, c, i), c->epoch + now,
				verdict[i].disposition);
}

const struct tg_captured *
tg_capture_peek(const struct tg_capture *c)
{
	if (c->head == __atomic_load_n(&c->tail, __ATOMIC_ACQUIRE))
		return NULL;
	return slot_at(c->ring, c, c->head % TG_CAPTURE_SLOTS);
}

void
tg_capture_pop(struct tg_capture *c)
{
	__atomic_store_n(&c->head, c->head + 1, __ATOMIC_RELEASE);
}

uint64_t
tg_capture_missed(const struct tg_capture *c)
{
	return __atomic_load_n(&c->missed, __ATOMIC_RELAXED);
}
