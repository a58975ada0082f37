/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor: see floor.h. Words are added as they lie in memory; whatever is a constant of the
 * layout is a constant here.
 */
#include <string.h>

#include "floor.h"

/* Offsets of the one layout. */
enum {
	ETH = 0,
	IP = 14,
	TCP = 34,
	OPT = 54,
	AHEAD = 4, /* packets between prefetch and use */
};

static inline uint64_t
load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t
fold(uint64_t sum)
{
	uint32_t v;

	sum = (sum & UINT32_MAX) + (sum >> 32);
	v = (uint32_t)(sum & 0xffff) + (uint32_t)(sum >> 16);
	v = (v & 0xffff) + (v >> 16);
	return (v & 0xffff) + (v >> 16);
}

#define BE16(x) ((uint32_t)__builtin_bswap16((uint16_t)(x)))
#define BE32(x) __builtin_bswap32(x)

#if defined(__x86_64__)
#include <immintrin.h>
#define HW __attribute__((target("aes,sse4.1")))

bool
floor_possible(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1");
}

HW static inline __m128i
load128(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Length, IPv4 without options or fragments, TCP of 40 bytes, SYN alone, Linux's options. */
HW static inline bool
layout(const uint8_t *p)
{
	const uint64_t type = load32(p + 12) ^ (BE16(0x0800) | 0x45u << 16);
	const uint64_t frag = load16(p + IP + 6) & BE16(0x3fff);
	const uint64_t proto = load16(p + IP + 8) >> 8 ^ 6;
	const uint64_t off = load16(p + TCP + 12) ^ BE16(0xa002);
	const uint64_t head = load64(p + OPT) & ~((uint64_t)BE16(0xffff) << 16);
	const uint64_t tail = load32(p + OPT + 16) & ~(UINT32_C(0xff) << 24);

	return ((type & 0x00ffffff) | frag | proto | off |
		       (head ^ (BE32(0x02040000) | (uint64_t)BE32(0x0402080a) << 32)) |
		       (tail ^ BE32(0x01030300))) == 0;
}

HW static inline bool
answer(const struct tg_cookie_key *key, uint32_t parity, uint32_t ms, uint8_t *p)
{
	const uint64_t addrs = load32(p + IP + 12) + load32(p + IP + 16);
	const uint64_t ports = load32(p + TCP);
	const uint32_t irs = (uint32_t)load32(p + TCP + 4);
	const uint32_t tsval = (uint32_t)load32(p + OPT + 8);
	const unsigned mss = __builtin_bswap16((uint16_t)load16(p + OPT + 2));
	const unsigned wscale = p[OPT + 19] < 14 ? p[OPT + 19] : 14;
	uint64_t ip, tcp, mac;
	unsigned enc = 0;
	uint32_t iss, low, seq, ts;
	__m128i x;

	ip = addrs + load32(p + IP) + load32(p + IP + 4) + load32(p + IP + 8);
	tcp = addrs + BE16(6) + BE16(40) + ports + irs + tsval;
	for (unsigned i = 8; i < 40; i += 4)
		tcp += i == 28 ? 0 : load32(p + TCP + i);
	if (!layout(p) || (fold(ip) ^ 0xffff) != 0 || (fold(tcp) ^ 0xffff) != 0)
		return false;

	/* The state: the levels of IPv4 that cookie.c has, window scale, SACK. */
	enc = (mss >= 536) + (mss >= 1220) + (mss >= 1360) + (mss >= 1400) + (mss >= 1440) +
		(mss >= 1460) + (mss >= 8856);
	enc |= wscale << 3 | 1u << 7;

	/* raddr | laddr | rport | lport | client's ISN, as they lie in the packet. */
	x = _mm_set_epi32((int)irs, (int)ports, (int)load32(p + IP + 16), (int)load32(p + IP + 12));
	x = _mm_xor_si128(x, load128(key->t[0][enc & 15]));
	x = _mm_xor_si128(x, load128(key->t[1][enc >> 4 & 15]));
	x = _mm_xor_si128(x, load128(key->t[2][0]));
	x = _mm_xor_si128(x, load128(key->k.round_key[0]));
	for (unsigned r = 1; r < 10; r++)
		x = _mm_aesenc_si128(x, load128(key->k.round_key[r]));
	x = _mm_aesenclast_si128(x, load128(key->k.round_key[10]));
	mac = __builtin_bswap64((uint64_t)_mm_cvtsi128_si64(x));

	iss = (uint32_t)(mac >> 32);
	low = (enc ^ iss >> 23) << 3 | ((uint32_t)mac >> 29);
	ts = ms - ((ms - low) & 0xfff);
	iss = (iss & ~1u) | (parity ^ iss >> 31);

	/* Ethernet: turned round; the bytes between are IPv4's type. */
	{
		const uint64_t dst = load64(p), src = load64(p + 6);

		memcpy(p, &src, 8);
		store32(p + 6, (uint32_t)dst);
		memcpy(p + 10, (const uint8_t *)&dst + 4, 2);
	}
	/* IPv4: 60 bytes, DF, TTL 64. */
	{
		const uint32_t dst = (uint32_t)load32(p + IP + 12),
			       src = (uint32_t)load32(p + IP + 16);
		const uint64_t fixed =
			(uint64_t)BE32(0x4500003c) + BE32(0x00004000) + BE32(0x40060000);

		store32(p + IP, BE32(0x4500003c));
		store32(p + IP + 4, BE32(0x00004000));
		store32(p + IP + 8, BE16(0x4006) | (uint32_t)(uint16_t)~fold(fixed + addrs) << 16);
		store32(p + IP + 12, src);
		store32(p + IP + 16, dst);
	}
	/* TCP: ports turned round, SYN and ACK, window 65535, our options. */
	seq = BE32(iss);
	ts = BE32(ts);
	{
		const uint32_t ack = BE32(BE32(irs) + 1),
			       turned = (uint32_t)(ports << 16 | ports >> 16);
		const uint32_t off = BE32(0xa012ffff);
		const uint32_t o0 = BE32(0x020405b4), o1 = BE32(0x0402080a), o4 = BE32(0x01030307);
		uint64_t sum = addrs + BE16(6) + BE16(40) + ports;

		sum += (uint64_t)seq + ack + off + o0 + o1 + ts + tsval + o4;
		store32(p + TCP, turned);
		store32(p + TCP + 4, seq);
		store32(p + TCP + 8, ack);
		store32(p + TCP + 12, off);
		store32(p + TCP + 16, (uint16_t)~fold(sum));
		store32(p + OPT, o0);
		store32(p + OPT + 4, o1);
		store32(p + OPT + 8, ts);
		store32(p + OPT + 12, tsval);
		store32(p + OPT + 16, o4);
	}
	return true;
}

HW unsigned
floor_answer(const struct tg_cookie_key *key, uint32_t parity, uint32_t ms, struct tg_pkt pkt[],
	unsigned n)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < n; i++) {
		if (i + AHEAD < n) {
			__builtin_prefetch(pkt[i + AHEAD].data);
			__builtin_prefetch(pkt[i + AHEAD].data + 64);
		}
		answered += pkt[i].len == FLOOR_SYN_LEN && answer(key, parity, ms, pkt[i].data);
	}
	return answered;
}

#else

bool
floor_possible(void)
{
	return false;
}

unsigned
floor_answer(const struct tg_cookie_key *key, uint32_t parity, uint32_t ms, struct tg_pkt pkt[],
	unsigned n)
{
	(void)key, (void)parity, (void)ms, (void)pkt, (void)n;
	return 0;
}

#endif
