/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "shard.h"
#include "shown.h"

static struct tg_shown shown;
/* Whoever looks may wait a second for a stalled shard; whoever takes a shard away goes first then.
 */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

const struct tg_shown *
tg_shown_hold(void)
{
	pthread_rwlock_rdlock(&lock);
	return &shown;
}

void
tg_shown_release(void)
{
	pthread_rwlock_unlock(&lock);
}

int
tg_telemetry_add_shard(struct tg_shard *s)
{
	int rc = 0;

	if (s->number >= TG_SHOWN_MAX)
		return -ENOSPC;
	pthread_rwlock_wrlock(&lock);
	if (shown.shard[s->number] != NULL)
		rc = -EEXIST;
	else
		shown.shard[s->number] = s;
	pthread_rwlock_unlock(&lock);
	return rc;
}

void
tg_telemetry_remove_shard(struct tg_shard *s)
{
	pthread_rwlock_wrlock(&lock);
	if (s->number < TG_SHOWN_MAX && shown.shard[s->number] == s)
		shown.shard[s->number] = NULL;
	pthread_rwlock_unlock(&lock);
}

int
tg_shown_add_loop(struct tg_loop *loop)
{
	unsigned number = loop->shard->number;
	int rc = 0;

	if (number >= TG_SHOWN_MAX)
		return -ENOSPC;
	pthread_rwlock_wrlock(&lock);
	if (shown.loop[number] != NULL)
		rc = -EEXIST;
	else
		shown.loop[number] = loop;
	pthread_rwlock_unlock(&lock);
	return rc;
}

void
tg_shown_remove_loop(struct tg_loop *loop)
{
	pthread_rwlock_wrlock(&lock);
	for (unsigned i = 0; i < TG_SHOWN_MAX; i++)
		if (shown.loop[i] == loop)
			shown.loop[i] = NULL;
	pthread_rwlock_unlock(&lock);
}
