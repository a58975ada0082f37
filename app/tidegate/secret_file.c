/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fastopen_key.h"
#include "hex.h"
#include "secret_file.h"

#define SEED_BYTES 32

static int say(char *msg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
say(char *msg, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, SECRET_MESSAGE_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

/* Whether nobody but root and the running user can have seen or changed the file. */
static int
check(const struct stat *st, uid_t owner, char *msg)
{
	if (!S_ISREG(st->st_mode))
		return say(msg, "is no regular file");
	if (st->st_uid != 0 && st->st_uid != geteuid() && st->st_uid != owner)
		return say(msg,
			"is owned by user %u; it must be root's or the running user's (%u): chown",
			(unsigned)st->st_uid, (unsigned)geteuid());
	if ((st->st_mode & 07777) != 0600 && (st->st_mode & 07777) != 0400)
		return say(msg, "has mode %04o; only its owner may read it: chmod 600",
			(unsigned)(st->st_mode & 07777));
	if (st->st_size > SECRET_FILE_MAX)
		return say(msg, "is longer than %d bytes", SECRET_FILE_MAX);
	return 0;
}

/* Reads to the end. One byte more than fits is too much: the file may grow while it is read. */
static int
read_all(int fd, uint8_t *buf, size_t *len, char *msg)
{
	uint8_t more;
	ssize_t n;

	*len = 0;
	do {
		bool full = *len == SECRET_FILE_MAX;

		n = full ? read(fd, &more, 1) : read(fd, buf + *len, SECRET_FILE_MAX - *len);
		if (n < 0 && errno != EINTR)
			return say(msg, "cannot be read: %s", strerror(errno));
		if (n > 0 && full)
			return say(msg, "is longer than %d bytes", SECRET_FILE_MAX);
		*len += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	return 0;
}

int
secret_file_read(const char *path, uid_t owner, uint8_t *buf, size_t *len, char *msg)
{
	/* O_NONBLOCK: nobody may ever write to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return say(msg, "cannot be opened: %s", strerror(errno));
	rc = fstat(fd, &st) != 0 ? say(msg, "cannot be looked at: %s", strerror(errno))
				 : check(&st, owner, msg);
	if (rc == 0)
		rc = read_all(fd, buf, len, msg);
	close(fd);
	if (rc != 0)
		explicit_bzero(buf, SECRET_FILE_MAX);
	return rc;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts blanks off both ends. Returns the first byte that is none. */
static uint8_t *
trim(uint8_t *buf, size_t *len)
{
	while (*len > 0 && is_blank(buf[*len - 1]))
		--*len;
	while (*len > 0 && is_blank(*buf)) {
		buf++;
		--*len;
	}
	return buf;
}

static bool
read_hex(const uint8_t *s, size_t len, uint8_t seed[SEED_BYTES])
{
	if (len != 2 * SEED_BYTES)
		return false;
	for (size_t i = 0; i < SEED_BYTES; i++) {
		int hi = hex_digit((char)s[2 * i]), lo = hex_digit((char)s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		seed[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

int
secret_seed_read(const char *path, uid_t owner, uint8_t seed[32], char *msg)
{
	uint8_t buf[SECRET_FILE_MAX], *text;
	size_t len = 0, text_len;
	int rc = secret_file_read(path, owner, buf, &len, msg);

	if (rc == 0) {
		text_len = len;
		/* Raw bytes first: a blank at their end is one of them. */
		if (len == SEED_BYTES)
			memcpy(seed, buf, SEED_BYTES);
		else if (text = trim(buf, &text_len), !read_hex(text, text_len, seed))
			rc = say(msg, "holds %zu bytes that are neither 64 hex digits nor 32 bytes",
				len);
	}
	explicit_bzero(buf, sizeof(buf));
	return rc;
}

int
secret_fastopen_read(const char *path, uid_t owner, uint8_t key[2][16], char *msg)
{
	uint8_t buf[SECRET_FILE_MAX];
	char text[SECRET_FILE_MAX + 1];
	size_t len = 0;
	int rc = secret_file_read(path, owner, buf, &len, msg);

	if (rc == 0) {
		memcpy(text, trim(buf, &len), len);
		text[len] = '\0';
		/* A zero byte would hide what stands behind it. */
		rc = strlen(text) == len ? fastopen_key_read(text, key) : -1;
		if (rc < 0)
			say(msg, "%s", FASTOPEN_KEY_WRONG);
		explicit_bzero(text, sizeof(text));
	}
	explicit_bzero(buf, sizeof(buf));
	return rc;
}
