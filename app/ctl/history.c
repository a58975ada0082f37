/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "text.h"

/* A history larger than this is not one of ours: 100 counters take 4 KiB. */
#define FILE_MAX (256 * 1024)

static void
make_path(struct history *h, const char *name)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (run != NULL && *run == '/')
		n = snprintf(h->path, sizeof(h->path), "%s/tidegatectl-nstat.", run);
	else
		n = snprintf(
			h->path, sizeof(h->path), "/tmp/tidegatectl-nstat.u%ld.", (long)geteuid());
	for (; n >= 0 && (size_t)n + 1 < sizeof(h->path) && *name != '\0'; name++)
		h->path[n++] =
			(char)(isalnum((unsigned char)*name) || strchr("._-", *name) != NULL ? *name
											     : '_');
	h->path[(size_t)n < sizeof(h->path) ? (size_t)n : sizeof(h->path) - 1] = '\0';
}

/* /tmp is everybody's: the file must be plain, ours, and writable by us alone. */
static const char *
untrusted(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "not a plain file";
	if (st.st_uid != geteuid())
		return "belongs to somebody else";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write it";
	if (st.st_nlink != 1)
		return "has a second name";
	if (st.st_size > FILE_MAX)
		return "too large to be a history";
	return NULL;
}

static void
read_before(struct history *h, pid_t pid)
{
	json_t *whole = json_loadfd(h->fd, 0, NULL);

	if (json_integer_value(json_object_get(whole, "pid")) == pid) {
		h->at = json_number_value(json_object_get(whole, "at"));
		h->before = json_incref(json_object_get(whole, "counters"));
		if (!json_is_object(h->before)) {
			json_decref(h->before);
			h->before = NULL;
		}
	}
	json_decref(whole);
}

int
history_open(struct history *h, const char *name, pid_t pid, const char **err)
{
	int rc;

	*h = (struct history){.fd = -1};
	make_path(h, name);
	h->fd = open(h->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (h->fd < 0) {
		rc = -errno;
		*err = rc == -ELOOP ? "is a link" : strerror(-rc);
		return rc;
	}
	*err = untrusted(h->fd);
	if (*err == NULL && flock(h->fd, LOCK_EX) != 0)
		*err = strerror(errno);
	if (*err != NULL) {
		history_close(h);
		return -EPERM;
	}
	read_before(h, pid);
	return 0;
}

int
history_write(struct history *h, pid_t pid, double at, const json_t *counters)
{
	json_t *whole =
		json_pack("{s:i, s:f, s:O}", "pid", (int)pid, "at", at, "counters", counters);
	int rc = 0;

	if (whole == NULL)
		return -ENOMEM;
	if (lseek(h->fd, 0, SEEK_SET) < 0 || ftruncate(h->fd, 0) != 0 ||
		json_dumpfd(whole, h->fd, JSON_COMPACT) != 0)
		rc = errno != 0 ? -errno : -EIO;
	json_decref(whole);
	return rc;
}

void
history_close(struct history *h)
{
	json_decref(h->before);
	h->before = NULL;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

uint64_t
history_delta(const json_t *before, const json_t *now, const char *key)
{
	uint64_t a = text_u64(before, key), b = text_u64(now, key);

	return b >= a ? b - a : b;
}
