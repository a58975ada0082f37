/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime_dir.h"

#define PREFIX_OPTION "--file-prefix"
/* What everybody may do with the directory above: pass through it. */
#define PASS_THROUGH 0111

void
runtime_dir_find(int argc, char *const argv[], char *path)
{
	const char *above = getenv("RUNTIME_DIRECTORY"), *prefix = "rte";
	size_t n = strlen(PREFIX_OPTION);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], PREFIX_OPTION, n) != 0)
			continue;
		if (argv[i][n] == '=')
			prefix = argv[i] + n + 1;
		else if (argv[i][n] == '\0' && i + 1 < argc)
			prefix = argv[i + 1];
	}
	snprintf(path, RUNTIME_DIR_MAX, "%s/dpdk/%s", above != NULL ? above : "/var/run", prefix);
}

/* Opens it to be read. NULL with *rc 0 when it is not there. */
static DIR *
open_dir(const char *path, int *rc)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	*rc = dir != NULL || (fd < 0 && errno == ENOENT) ? 0 : -errno;
	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

static bool
is_itself(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int
runtime_dir_take_back(const char *path)
{
	const struct dirent *e;
	struct stat st;
	int rc;
	DIR *dir = open_dir(path, &rc);

	if (dir == NULL)
		return rc;
	if (fchown(dirfd(dir), 0, 0) != 0 || fchmod(dirfd(dir), 0700) != 0)
		rc = -errno;
	while (rc == 0 && (e = readdir(dir)) != NULL) {
		if (is_itself(e->d_name) ||
			fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if ((S_ISREG(st.st_mode) && st.st_nlink == 1) || S_ISSOCK(st.st_mode) ||
			S_ISDIR(st.st_mode))
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) != 0)
			rc = -errno;
	}
	closedir(dir);
	return rc;
}

int
runtime_dir_hand_over(const char *path, uid_t uid, gid_t gid)
{
	const struct dirent *e;
	struct stat st;
	int rc;
	DIR *dir = open_dir(path, &rc);

	if (dir == NULL)
		return rc;
	if (fstatat(dirfd(dir), "..", &st, 0) == 0 && st.st_uid == 0 &&
		(st.st_mode & PASS_THROUGH) != PASS_THROUGH &&
		fchmodat(dirfd(dir), "..", (st.st_mode & 07777) | PASS_THROUGH, 0) != 0)
		rc = -errno;
	while (rc == 0 && (e = readdir(dir)) != NULL)
		if (!is_itself(e->d_name) &&
			fchownat(dirfd(dir), e->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
			rc = -errno;
	/* Last: until here nobody else could put anything in. */
	if (rc == 0 && fchown(dirfd(dir), uid, gid) != 0)
		rc = -errno;
	closedir(dir);
	return rc;
}
