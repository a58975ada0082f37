/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cap-ng.h>

#include "privileges.h"
#include "runtime_dir.h"

static int
find_group(const struct config *c, gid_t *gid, char *err)
{
	const struct group *g;

	if (c->process.group == NULL)
		return 0;
	g = getgrnam(c->process.group);
	if (g == NULL)
		return config_error(c, err, "process.group",
			"there is no group %s; make it (groupadd --system %s), or leave this out",
			c->process.group, c->process.group);
	*gid = g->gr_gid;
	return 0;
}

int
privileges_find(const struct config *c, struct privileges *out, char *err)
{
	struct privileges p = {.change = true};
	const struct passwd *pw;

	if (out != NULL)
		memset(out, 0, sizeof(*out));
	if (c->process.user == NULL)
		return 0;
	pw = getpwnam(c->process.user);
	if (pw == NULL)
		return config_error(c, err, "process.user",
			"there is no user %s; make it (useradd --system --shell /usr/sbin/nologin "
			"%s), or leave this out",
			c->process.user, c->process.user);
	p.uid = pw->pw_uid;
	p.gid = pw->pw_gid;
	if (find_group(c, &p.gid, err) != 0)
		return -1;
	if (p.uid == 0)
		return config_error(c, err, "process.user",
			"%s is root; name a user that may do nothing else, or leave this out",
			c->process.user);
	if (geteuid() != 0 && geteuid() != p.uid)
		return config_error(c, err, "process.user",
			"only root can become %s, and this is user %u; start it as root, or leave "
			"this out",
			c->process.user, (unsigned)geteuid());
	/* Somebody else has done it already, systemd's User= for one. */
	p.change = geteuid() == 0;
	if (out != NULL)
		*out = p;
	return 0;
}

uid_t
privileges_owner(const struct config *c)
{
	const struct passwd *pw = c->process.user != NULL ? getpwnam(c->process.user) : NULL;

	return pw != NULL ? pw->pw_uid : (uid_t)-1;
}

int
privileges_limit(const struct privileges *p)
{
	if (!p->change)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	/*
	 * Without CAP_SETPCAP, in a narrow container, the set stays. It only says what a program
	 * with file capabilities could gain, and that is nothing since the line above.
	 */
	capng_get_caps_process();
	capng_clear(CAPNG_SELECT_BOUNDS);
	capng_apply(CAPNG_SELECT_BOUNDS);
	return 0;
}

/* The number behind a name in a thread's status, or -1. Numbers of Cap lines are hexadecimal. */
static long long
field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	if (at == NULL)
		return -1;
	return strtoll(at + strlen(name), NULL, strncmp(name, "\nCap", 4) == 0 ? 16 : 10);
}

/* Whether a thread is the user, and holds nothing; the main thread what it was left. */
static bool
has_dropped(const struct privileges *p, const char *tid, int tasks)
{
	bool main_thread = strtol(tid, NULL, 10) == (long)getpid();
	char path[64], status[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.20s/status", tid);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT; /* ended meanwhile */
	n = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (n <= 0)
		return errno == ESRCH;
	status[n] = '\0';
	return field(status, "\nUid:") == (long long)p->uid &&
		field(status, "\nGid:") == (long long)p->gid && field(status, "\nCapEff:") == 0 &&
		field(status, "\nCapPrm:") == (main_thread && p->raised ? 1ll << CAP_NET_ADMIN : 0);
}

static bool
all_have_dropped(const struct privileges *p)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *e;
	bool all = dir != NULL;

	while (all && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			all = has_dropped(p, e->d_name, dirfd(dir));
	if (dir != NULL)
		closedir(dir);
	return all;
}

/* A user's name for initgroups(), which asks for it. */
static int
set_groups(const struct privileges *p)
{
	const struct passwd *pw = getpwuid(p->uid);

	return pw != NULL ? initgroups(pw->pw_name, p->gid) : -1;
}

int
privileges_drop(
	struct privileges *p, const char *runtime_dir, bool keep_net_admin, const char **why)
{
	int rc;

	if (!p->change)
		return 0;
	*why = "EAL's runtime directory cannot be handed over";
	rc = runtime_dir_hand_over(runtime_dir, p->uid, p->gid);
	if (rc != 0)
		return rc;
	/* Of this thread alone: the others lose all they have with their user id. */
	*why = "the user cannot be changed";
	if ((keep_net_admin && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) || set_groups(p) != 0 ||
		setresgid(p->gid, p->gid, p->gid) != 0 || setresuid(p->uid, p->uid, p->uid) != 0)
		return -errno;
	*why = "capabilities cannot be given up";
	capng_clear(CAPNG_SELECT_BOTH);
	if (keep_net_admin)
		capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_NET_ADMIN);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	/* Not before: privileges_raise() would take away what root still has. */
	p->raised = keep_net_admin;
	/*
	 * The kernel takes away core dumps and the right to look into our own /proc with the user
	 * id. Both are wanted: what must not be in a dump is left out (dontdump.h).
	 */
	*why = "the process cannot be looked at by its user";
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		return -errno;
	*why = "a thread has kept user or capabilities";
	return all_have_dropped(p) ? 0 : -EPERM;
}

void
privileges_raise(const struct privileges *p)
{
	if (!p->raised)
		return;
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_PERMITTED | CAPNG_EFFECTIVE, CAP_NET_ADMIN, -1);
	capng_apply(CAPNG_SELECT_CAPS);
}
