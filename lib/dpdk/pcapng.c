/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pcapng.h"

/* Block types. */
#define SECTION   0x0a0d0d0au
#define INTERFACE 1u
#define PACKET    6u
/* Codes of options; 1 is a comment in every block. */
#define END              0
#define COMMENT          1
#define APPLICATION      4 /* in a section */
#define NAME             2 /* in an interface */
#define RESOLUTION       9 /* in an interface: 10 to the minus so much seconds */
#define NANOSECONDS      9
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define ETHERNET         1
#define TEXT_MAX         64

/* A block under construction; at counts on when there is no room, nothing is written then. */
struct block {
	uint8_t *out;
	size_t room, at;
};

static void
put(struct block *b, const void *bytes, size_t n)
{
	static const uint8_t zero[3];
	size_t pad = -n & 3;

	if (b->at + n + pad <= b->room) {
		memcpy(b->out + b->at, bytes, n);
		memcpy(b->out + b->at + n, zero, pad);
	}
	b->at += n + pad;
}

static void
put32(struct block *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

static void
put16x2(struct block *b, uint16_t first, uint16_t second)
{
	const uint16_t v[2] = {first, second};

	put(b, v, sizeof(v));
}

static void
option(struct block *b, uint16_t code, const void *value, size_t n)
{
	put16x2(b, code, (uint16_t)n);
	put(b, value, n);
}

static struct block
begin(uint8_t *out, size_t room, uint32_t type)
{
	struct block b = {out, room, 0};

	put32(&b, type);
	put32(&b, 0); /* the length, when it is known */
	return b;
}

static size_t
end(struct block *b)
{
	uint32_t len;

	put16x2(b, END, 0);
	len = (uint32_t)(b->at + sizeof(len));
	put32(b, len);
	if (b->at > b->room)
		return 0;
	memcpy(b->out + sizeof(uint32_t), &len, sizeof(len));
	return b->at;
}

size_t
tg_pcapng_section(uint8_t *out, size_t room, const char *application)
{
	struct block b = begin(out, room, SECTION);

	put32(&b, BYTE_ORDER_MAGIC);
	put16x2(&b, 1, 0); /* version 1.0 */
	put32(&b, UINT32_MAX);
	put32(&b, UINT32_MAX); /* length of the section: not told */
	option(&b, APPLICATION, application, strnlen(application, TEXT_MAX));
	return end(&b);
}

size_t
tg_pcapng_interface(uint8_t *out, size_t room, const char *name, uint32_t snaplen)
{
	const uint8_t resolution = NANOSECONDS;
	struct block b = begin(out, room, INTERFACE);

	put16x2(&b, ETHERNET, 0);
	put32(&b, snaplen);
	option(&b, NAME, name, strnlen(name, TEXT_MAX));
	option(&b, RESOLUTION, &resolution, sizeof(resolution));
	return end(&b);
}

size_t
tg_pcapng_packet(uint8_t *out, size_t room, const struct tg_pcapng_packet *p)
{
	struct block b = begin(out, room, PACKET);

	put32(&b, p->interface);
	put32(&b, (uint32_t)(p->ns >> 32));
	put32(&b, (uint32_t)p->ns);
	put32(&b, p->caplen);
	put32(&b, p->len);
	put(&b, p->data, p->caplen);
	option(&b, COMMENT, p->comment, strnlen(p->comment, TEXT_MAX));
	return end(&b);
}
