/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>

#include "endpoint.h"
#include "text.h"

#define V4_BITS 96

/* The address alone, in the text from s to end. */
static bool
parse_address(const char *s, const char *end, struct endpoint *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[INET6_ADDRSTRLEN];
	size_t len = (size_t)(end - s);

	if (len == 0 || (len == 1 && *s == '*')) {
		out->any = true;
		return true;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	out->prefix = 128;
	if (inet_pton(AF_INET, text, out->addr + 12) == 1) {
		memcpy(out->addr, mapped, sizeof(mapped));
		out->v4 = true;
		return true;
	}
	if (inet_pton(AF_INET6, text, out->addr) != 1)
		return false;
	out->v4 = memcmp(out->addr, mapped, sizeof(mapped)) == 0;
	return true;
}

/* "/24", from s to end */
static bool
parse_prefix(const char *s, const char *end, struct endpoint *out)
{
	char text[8];
	size_t len = (size_t)(end - s);
	uint64_t bits;

	if (len >= sizeof(text) || out->any)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	if (!text_number(text, 0, out->v4 ? 32 : 128, &bits))
		return false;
	out->prefix = (unsigned)bits + (out->v4 ? V4_BITS : 0);
	return true;
}

bool
endpoint_parse(const char *s, struct endpoint *out)
{
	const char *end, *slash, *colon = NULL;
	uint64_t port;

	*out = (struct endpoint){0};
	if (*s == '\0')
		return false;
	if (*s == '[') {
		end = strchr(++s, ']');
		if (end == NULL || end == s || !parse_address(s, end, out) || out->any)
			return false;
		s = end + 1;
	} else {
		end = s + strcspn(s, "/:");
		/* two colons and no brackets: an IPv6 address by itself, perhaps with a prefix */
		if (*end == ':' && strchr(end + 1, ':') != NULL)
			end = s + strcspn(s, "/");
		if (!parse_address(s, end, out))
			return false;
		s = end;
	}
	slash = *s == '/' ? s : NULL;
	colon = strchr(s, ':');
	end = colon != NULL ? colon : s + strlen(s);
	if ((slash == NULL && end != s) || (slash != NULL && !parse_prefix(slash + 1, end, out)))
		return false;
	if (colon == NULL)
		return true;
	if (strcmp(colon + 1, "*") == 0)
		return true;
	if (!text_number(colon + 1, 0, UINT16_MAX, &port))
		return false;
	out->has_port = true;
	out->port = (uint16_t)port;
	return true;
}

bool
endpoint_matches(const struct endpoint *wanted, const struct endpoint *e)
{
	unsigned bytes = wanted->prefix / 8, bits = wanted->prefix % 8;

	if (wanted->has_port && wanted->port != e->port)
		return false;
	if (wanted->any)
		return true;
	/* 0.0.0.0/0 is all of IPv4; ::/0 is all of IPv6, and of nothing else */
	if (wanted->v4 != e->v4 || memcmp(wanted->addr, e->addr, bytes) != 0)
		return false;
	return bits == 0 || (wanted->addr[bytes] ^ e->addr[bytes]) >> (8 - bits) == 0;
}
