/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies.
 *
 * Layout
 * ------
 * Without timestamps the ISN is full:
 *
 *    31                            8   7   6   5   3 2   0
 *   +-------------------------------+---+---+-------+-----+
 *   |            tag 24             | E | S |wscale | mss |   the low byte XOR tag's top 8 bits
 *   +-------------------------------+---+---+-------+-----+
 *
 * With timestamps the state moves to the low bits of TSval and the tag grows by ten bits:
 *
 *    31                                                 1   0
 *   +----------------------------------------------------+---+
 *   |                    tag 31 (high)                   | E |   E XOR tag's top bit
 *   +----------------------------------------------------+---+
 *    31                  12  11  10   9      6 5   3 2     0
 *   +----------------------+---+---+----------+-----+-------+
 *   |  timestamp clock 20  |ECN| S |  wscale  | mss | tag 3 |   the 9 bits XOR tag's top 9 bits
 *   +----------------------+---+---+----------+-----+-------+
 *
 * E is the parity of the key epoch, S SACK-permitted. The XORs take bits that are in the same ISN,
 * so they are no secret; they only make every bit of ISN and TSval look even, so that neither
 * constant low bits tell a passive observer "cookie", nor do all clients of one operating system
 * share a byte of ISN.
 *
 * Tag
 * ---
 *   x   = raddr | laddr | rport | lport | client's ISN     (block.h: 1 block IPv4, 3 blocks IPv6)
 *   enc = everything encoded: 7 bits without timestamps, 9 with
 *   tag = first 24 or 34 bits of AES_k(x XOR T0[enc 3..0] XOR T1[enc 7..4] XOR T2[enc 8])
 *
 * An IPv4 tuple and the client's ISN are 16 bytes, an AES block to the last bit, so there is no
 * room for enc; a second block would double the price. XORing enc itself into x would be a hole:
 * the attacker picks the ISN of his SYN, and the tag of (ISN, enc) would be the tag of (ISN ^ 1,
 * enc ^ 1). Hence the masks T, random 16-byte values that come with the key. Two different enc have
 * masks that differ by an unknown 128-bit value, so two different pairs (x, enc) meet in one input
 * with odds 2^-128 and the tag is as good as a PRF of the pair. T is indexed by bits that are plain
 * on the wire: nothing secret decides an address. For IPv6 the masks go into the first block of a
 * CBC-MAC of fixed length, with the same argument.
 *
 * k and T differ for each epoch and each of {IPv4, IPv6} x {without, with timestamps}. So epoch,
 * family and form need no bits in x, and an ACK without timestamps never fits a cookie sent with.
 *
 * Epochs
 * ------
 * Keys change every 64 s of wall-clock time. One bit names the epoch, and one comparison is made
 * for each ACK: equal parity means this epoch; the other means the previous one in the first half
 * of an epoch, the next one in the second.
 *
 *   made in                 |<------- epoch n ------->|
 *   accepted as   |<- next -|<-------- this --------->|<- previous ->|
 *                -32        0                         64             96   s from the start of n
 *
 * Made p seconds into its epoch, 0 <= p < 64, a cookie ends at 96: it lives 96 - p, from just over
 * 32 to 96 s. A checker may be behind the maker by 32 s (a cookie made at 0 arrives at -32) or
 * ahead by 32 s (made just before 64, arrives just before 96), so machines of a fleet, or one whose
 * clock steps, may differ by that much. Two tries an ACK would buy a longer life for twice the
 * odds.
 *
 * Another seed
 * ------------
 * When the seed is changed while the engine runs (tg_secret_rotate()), an ACK that the keys in use
 * do not prove is held against those of the old seed for 96 s: what is out stays valid for as long
 * as it would have. So for these 96 s a second PRF call is made for each ACK that proves nothing,
 * and the odds below are twice what they are. The rule of epochs is the same for both seeds.
 *
 * Odds
 * ----
 * A blind ACK hits with odds 2^-24 (1 in 16.8 million) without timestamps, 2^-34 with. At 10
 * million forged ACKs a second: a forged connection every 1.7 s, or every 29 minutes. The forger
 * chooses the form, since a checker cannot know what the SYN offered: the odds of a listener are
 * 2^-24, and the timestamp form is there for what it carries, not to be leaned on. The bits that
 * are not tag do not help or hinder: each of their values is one key and one mask, whose tag is
 * as unknown as the others'.
 * Outputs under one key: 64 s at 20 million SYN/s are 2^30.3; telling AES from random needs 2^64.
 *
 * What an attacker may learn
 * --------------------------
 * The tags of his own SYNs, as many as he can receive: truncated PRF outputs that say nothing about
 * any other tuple, ISN or option. The state encoded is what he sent himself. That we answer with
 * cookies: the TSval of one tuple stands still in steps of 4.096 s. A cookie may be used more than
 * once while it lives, from its own tuple only; that is worth a SYN a time, and the accept queue
 * bounds it. The comparison is constant time, so there is no byte-by-byte guessing.
 *
 * Timestamps
 * ----------
 * TSval must not run ahead of the connection's clock: the client's PAWS would drop what we send
 * next, until the clock catches up. So the low 12 bits are replaced and, if that went forward, one
 * unit of 2^12 is taken off: 0 to 4095 ms behind, modulo 2^32. Later TSvals of the connection come
 * from the clock itself and are never older. TSecr above bit 11 is not checked: it is not used for
 * anything here, and the lower bits decide alone.
 *
 * Levels
 * ------
 * MSS and window scale are rounded down: a smaller MSS costs a little, a larger one is a black
 * hole. A wscale too small makes us believe in a smaller window than the peer has; one too large
 * would overrun it. "None" is a level of its own, since it also decides whether our window is
 * scaled.
 *
 * Deviations
 * ----------
 * - The ISN has no clock (RFC 6528): for one tuple, client ISN and state it repeats for 64 s. A SYN
 *   that reuses a TIME_WAIT pair must therefore get a queue entry, not a cookie.
 * - Without timestamps ECN is lost and wscale is coarse. With, TSval is up to 4.1 s behind, so an
 *   echo of it is no RTT sample.
 * - A lost SYN-ACK is resent only when the client resends its SYN, and a lost last ACK not at all
 *   before the client sends data.
 */
#include "block.h"
#include "cookie.h"

/*
 * IPv4: 64 the least we use; 536 the default of RFC 9293 3.7.1; 1220 tunnels and IPv6-minimum
 * paths (MTU 1260-1280); 1360 and 1400 VPN and mobile (1400, 1440); 1440 translated IPv6 and
 * tunnels, and 12 bytes off PPPoE's 1452; 1460 Ethernet; 8856 jumbo: MTU 8896 of a large cloud, and
 * VXLAN in 9000 (8910) or 9000 itself (8960) for 1.2 % less, where a higher level would drop the
 * others to 1460.
 * IPv6: the same paths with 20 bytes less; 1220 its minimum MTU of 1280.
 */
static const uint16_t mss_level[2][8] = {
	{64, 536, 1220, 1340, 1380, 1420, 1440, 8836}, /* IPv6 */
	{64, 536, 1220, 1360, 1400, 1440, 1460, 8856}, /* IPv4 */
};

/* Without timestamps, from level 1; level 0 is "none". 7 Linux, 8 Windows, 6 macOS and BSDs, 2 and
 * 5 small devices, 10 large buffers; 0 scaling offered, but not needed. */
static const uint8_t wscale_level[8] = {TG_COOKIE_NO_WSCALE, 0, 2, 5, 6, 7, 8, 10};

#define WSCALE_MAX     14 /* RFC 7323 2.3 */
#define WSCALE_NONE_TS 15
_Static_assert(TG_COOKIE_ENC_TS_BITS + TG_COOKIE_TAG_BITS == TG_COOKIE_TSBITS,
	"state and tag fill the bits");
_Static_assert(TG_COOKIE_ENC_TS_BITS <= 4 * TG_COOKIE_NIBBLES, "every nibble has a table");

static unsigned
encode(const struct tg_cookie_state *st, bool v4)
{
	unsigned mss = 0, wscale = 0;

	/* counting the levels reached has no branches; the levels rise */
	for (unsigned i = 1; i < 8; i++)
		mss += st->mss >= mss_level[v4][i];
	if (st->ts) {
		if (st->wscale == TG_COOKIE_NO_WSCALE)
			wscale = WSCALE_NONE_TS;
		else
			wscale = st->wscale > WSCALE_MAX ? WSCALE_MAX : st->wscale;
		return mss | wscale << 3 | (unsigned)st->sack << 7 | (unsigned)st->ecn << 8;
	}
	if (st->wscale != TG_COOKIE_NO_WSCALE)
		for (unsigned i = 1; i < 8; i++)
			wscale += st->wscale >= wscale_level[i];
	return mss | wscale << 3 | (unsigned)st->sack << 6;
}

static void
decode(unsigned enc, bool v4, bool ts, struct tg_cookie_state *st)
{
	unsigned wscale = enc >> 3 & (ts ? 15 : 7);

	st->mss = mss_level[v4][enc & 7];
	if (ts)
		st->wscale = wscale == WSCALE_NONE_TS ? TG_COOKIE_NO_WSCALE : (uint8_t)wscale;
	else
		st->wscale = wscale_level[wscale];
	st->sack = enc >> (ts ? 7 : 6) & 1;
	st->ecn = ts && (enc >> 8 & 1);
	st->ts = ts;
}

static const struct tg_cookie_key *
key_in(const struct tg_cookie_key slot[4][TG_COOKIE_MODES], uint64_t epoch, bool v4, bool ts)
{
	return &slot[epoch % 4][2 * !v4 + ts];
}

static const struct tg_cookie_key *
key_of(const struct tg_secret *s, uint64_t epoch, bool v4, bool ts)
{
	return key_in(s->cookie, epoch, v4, ts);
}

static tg_block
mask_of(const struct tg_cookie_key *key, unsigned enc, bool ts)
{
	tg_block mask =
		tg_load_block(key->t[0][enc & 15]) ^ tg_load_block(key->t[1][enc >> 4 & 15]);

	return ts ? mask ^ tg_load_block(key->t[2][enc >> 8]) : mask;
}

/* The first 64 bits of the PRF over tuple, client's ISN and state. */
static uint64_t
tag(const struct tg_cookie_key *key, const struct tg_tuple *t, bool v4, bool ts, uint32_t irs,
	unsigned enc)
{
	uint8_t x[16];

	tg_tuple_prf(&key->k, t, v4, irs, mask_of(key, enc, ts), x);
	return tg_cookie_first64(x);
}

unsigned
tg_cookie_common(const struct tg_secret *s, bool v4, const struct tg_cookie_state *st,
	const struct tg_prf **key, tg_block *mask)
{
	const struct tg_cookie_key *k = key_of(s, s->epoch, v4, st->ts);
	unsigned enc = encode(st, v4);

	*key = &k->k;
	*mask = mask_of(k, enc, st->ts);
	return enc;
}

unsigned
tg_cookie_ask(const struct tg_secret *s, struct tg_prf_group *g, unsigned who, bool v4,
	const struct tg_addr *raddr, const struct tg_addr *laddr, uint32_t ports, uint32_t irs,
	const struct tg_cookie_state *st)
{
	const struct tg_prf *key;
	tg_block mask;
	unsigned enc = tg_cookie_common(s, v4, st, &key, &mask);

	tg_group_add(g, who, key, v4, raddr, laddr, ports, irs, mask);
	return enc;
}

uint32_t
tg_cookie_make(const struct tg_secret *s, const struct tg_tuple *t, uint32_t irs,
	struct tg_cookie_state *st, uint32_t ts_clock, uint32_t *tsval)
{
	bool v4 = tg_tuple_is_v4(t), ts = st->ts;
	unsigned enc = encode(st, v4);

	decode(enc, v4, ts, st);
	return tg_cookie_compose(
		s, tag(key_of(s, s->epoch, v4, ts), t, v4, ts, irs, enc), enc, ts, ts_clock, tsval);
}

/*
 * Whether a tag is the one that an ACK echoes: all its bits that differ, then one decision. Time
 * tells only what the answer tells anyway.
 */
static bool
echoed(uint64_t mac, uint32_t iss, bool has_ts, uint32_t tsecr)
{
	uint32_t diff = (uint32_t)(mac >> 32) ^ iss;

	if (has_ts)
		diff = diff >> 1 |
			(((uint32_t)(mac >> (32 - TG_COOKIE_TAG_BITS)) ^ tsecr) &
				((1u << TG_COOKIE_TAG_BITS) - 1));
	else
		diff >>= 8;
	return diff == 0;
}

bool
tg_cookie_check(const struct tg_secret *s, const struct tg_tuple *t, uint32_t irs, uint32_t iss,
	bool has_ts, uint32_t tsecr, struct tg_cookie_state *st)
{
	bool v4 = tg_tuple_is_v4(t);
	uint64_t epoch = s->epoch;
	uint32_t parity, enc;

	if (has_ts) {
		parity = (iss ^ iss >> 31) & 1;
		enc = ((tsecr & TG_COOKIE_TS_MASK) >> TG_COOKIE_TAG_BITS) ^
			iss >> (32 - TG_COOKIE_ENC_TS_BITS);
	} else {
		enc = (iss ^ iss >> 24) & 0xff;
		parity = enc >> TG_COOKIE_ENC_BITS;
		enc &= (1u << TG_COOKIE_ENC_BITS) - 1;
	}
	if (parity != (epoch & 1))
		epoch += s->second_half ? 1 : UINT64_MAX;
	if (!echoed(tag(key_of(s, epoch, v4, has_ts), t, v4, has_ts, irs, enc), iss, has_ts,
		    tsecr) &&
		(s->old_until == 0 || epoch - s->old_first > 3 ||
			!echoed(tag(key_in(s->old, epoch, v4, has_ts), t, v4, has_ts, irs, enc),
				iss, has_ts, tsecr)))
		return false;
	decode(enc, v4, has_ts, st);
	return true;
}
