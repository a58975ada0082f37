/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "bytes.h"
#include "csum.h"
#include "frame.h"
#include "responder.h"

#define IP  14u
#define TCP 34u
#define OPT 54u

/* The pseudo-header's share that is not addresses: protocol and length. */
static uint64_t
pseudo(unsigned tcp_len)
{
	return (uint64_t)__builtin_bswap16(6) + __builtin_bswap16((uint16_t)tcp_len);
}

static void
swap(uint8_t *a, uint8_t *b, unsigned n)
{
	uint8_t t[6];

	memcpy(t, a, n);
	memcpy(a, b, n);
	memcpy(b, t, n);
}

static void
put_sum(uint8_t *p, uint64_t sum)
{
	uint16_t v = (uint16_t)~tg_csum_fold(sum);

	memcpy(p, &v, sizeof(v));
}

bool
responder_answer(const struct tg_prf *key, uint8_t *f, unsigned len)
{
	uint8_t x[16] = {0};
	unsigned ip_len, tcp_len;
	uint32_t isn, seq;

	if (len < OPT || f[12] != 8 || f[13] != 0 || f[IP] != 0x45 || f[IP + 9] != 6)
		return false;
	ip_len = tg_get16(f + IP + 2);
	if (ip_len < 40 || ip_len > len - IP || f[TCP + 13] != TG_SYN)
		return false;
	tcp_len = ip_len - 20;
	if (tcp_len != (f[TCP + 12] >> 4) * 4u)
		return false;
	if (tg_csum_fold(tg_csum_add(0, f + IP, 20)) != 0xffff ||
		tg_csum_fold(tg_csum_add(pseudo(tcp_len), f + IP + 12, 8 + tcp_len)) != 0xffff)
		return false;
	memcpy(x, f + IP + 12, 16); /* addresses, ports and sequence number in a row */
	seq = tg_get32(f + TCP + 4);
	tg_prf_block(key, x, x);
	memcpy(&isn, x, sizeof(isn));
	swap(f, f + 6, 6);
	swap(f + IP + 12, f + IP + 16, 4);
	swap(f + TCP, f + TCP + 2, 2);
	memcpy(f + TCP + 4, &isn, sizeof(isn));
	tg_put32(f + TCP + 8, seq + 1);
	f[TCP + 13] = TG_SYN | TG_ACK;
	f[TCP + 14] = f[TCP + 15] = 0xff;
	f[IP + 8] = 64;
	if (tcp_len == 40 && f[OPT + 6] == 8) {
		memcpy(f + OPT + 12, f + OPT + 8, 4);
		memcpy(f + OPT + 8, x + 4, 4);
	}
	f[IP + 10] = f[IP + 11] = 0;
	put_sum(f + IP + 10, tg_csum_add(0, f + IP, 20));
	f[TCP + 16] = f[TCP + 17] = 0;
	put_sum(f + TCP + 16, tg_csum_add(pseudo(tcp_len), f + IP + 12, 8 + tcp_len));
	return true;
}
