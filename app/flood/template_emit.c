/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from templates, as cheaply as they can be had: the generator shares its core with the
 * listener in --self=direct. A template is copied whole and what varies written over it; checksums
 * are the template's sums and those of what was written.
 */
#include <string.h>

#include "bytes.h"
#include "template.h"

/* Frames are copied in whole stores of known size: a copy of len bytes would be a call. */
#define SHORT 80

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Odd, with as many ones as zeros, and no pattern. */
#define STEP  UINT64_C(0x9e3779b97f4a7c15)
#define OTHER UINT64_C(0xd1342543de82ef95)

__extension__ typedef unsigned __int128 wide;

/*
 * 64 random bits: a counter squared, nearly, both halves of the product. Draws do not wait for each
 * other as those of a shift register would, and a flood needs no better ones.
 */
static ALWAYS_INLINE uint64_t
draw(uint64_t *rng)
{
	wide w;

	*rng += STEP;
	w = (wide)*rng * (*rng ^ OTHER);
	return (uint64_t)(w >> 64) ^ (uint64_t)w;
}

static ALWAYS_INLINE uint64_t
halves(uint64_t v)
{
	return (v & UINT32_MAX) + (v >> 32);
}

/* A number added to itself with its halves exchanged has their sum above, carry included. */
static ALWAYS_INLINE void
put_sum(uint8_t *p, uint64_t sum, uint16_t damage_xor)
{
	uint32_t s = (uint32_t)((sum + (sum >> 32 | sum << 32)) >> 32);
	uint16_t v = (uint16_t) ~((s + (s >> 16 | s << 16)) >> 16) ^ damage_xor;

	memcpy(p, &v, sizeof(v));
}

/* Draws the source; returns its sum. `r` are 32 bits drawn already. */
static ALWAYS_INLINE uint64_t
put_source(
	const struct flood_mix *m, uint64_t *rng, uint8_t *ip, uint32_t r, unsigned prefix, bool v6)
{
	const uint8_t *base = m->prefix[prefix].base, *mask = m->prefix[prefix].mask;

	if (v6) {
		uint64_t a = tg_load64(base) | (draw(rng) & tg_load64(mask));
		uint64_t b = tg_load64(base + 8) | (draw(rng) & tg_load64(mask + 8));

		memcpy(ip + 8, &a, sizeof(a));
		memcpy(ip + 16, &b, sizeof(b));
		return halves(a) + halves(b);
	}
	r = tg_load32(base) | (r & tg_load32(mask));
	memcpy(ip + 12, &r, sizeof(r));
	return r;
}

/* The template whose turn it is. */
static ALWAYS_INLINE const struct flood_template *
choose(struct flood_mix *m, unsigned kind)
{
	unsigned next = m->of[kind].next;

	m->last = (uint8_t)(m->of[kind].first + next);
	m->of[kind].next = (uint8_t)(next + 1 < m->of[kind].count ? next + 1 : 0);
	return &m->template[m->last];
}

/* v6, single: as m says, but known at compile time. */
static ALWAYS_INLINE unsigned
emit(struct flood_mix *m, uint64_t *rng, uint8_t *frame, bool v6, bool single)
{
	uint64_t a = draw(rng), b = draw(rng), sum;
	const struct flood_template *t = choose(m, m->kind[single ? 0 : a & 0xff]);
	unsigned prefix = single ? 0 : (unsigned)((a >> 8 & 0xff) * m->prefixes >> 8);
	uint16_t sport = ((uint16_t)(a >> 16) & t->sport_mask) | t->sport_or;
	uint32_t seq = (uint32_t)b, other = (uint32_t)(b >> 32), ack = other & t->ack_mask;
	uint8_t *ip = frame + m->l3, *tcp = frame + m->l4;

	memcpy(frame, t->bytes, SHORT);
	if (t->len > SHORT)
		memcpy(frame + SHORT, t->bytes + SHORT, FLOOD_FRAME_MAX - SHORT);
	sum = put_source(m, rng, ip, (uint32_t)(a >> 32), prefix, v6);
	if (!v6)
		put_sum(ip + 10, t->ip_sum + sum, t->ip_xor);
	memcpy(tcp, &sport, 2);
	memcpy(tcp + 4, &seq, 4);
	memcpy(tcp + 8, &ack, 4);
	sum += t->tcp_sum + sport + seq + ack;
	if (t->ts != 0) {
		memcpy(frame + t->ts, &other, 4);
		sum += other;
	}
	put_sum(tcp + 16, sum, t->tcp_xor);
	return t->len;
}

static ALWAYS_INLINE void
emit_all(struct flood_mix *m, uint8_t *const frame[], uint16_t len[], unsigned n, bool v6,
	bool single)
{
	uint64_t rng = m->rng;

	for (unsigned i = 0; i < n; i++)
		len[i] = (uint16_t)emit(m, &rng, frame[i], v6, single);
	m->rng = rng;
}

void
flood_frames(struct flood_mix *m, uint8_t *const frame[], uint16_t len[], unsigned n)
{
	if (m->v6)
		emit_all(m, frame, len, n, true, false);
	else if (m->single)
		emit_all(m, frame, len, n, false, true);
	else
		emit_all(m, frame, len, n, false, false);
}

unsigned
flood_frame(struct flood_mix *m, uint8_t *frame)
{
	uint16_t len;

	flood_frames(m, &frame, &len, 1);
	return len;
}
