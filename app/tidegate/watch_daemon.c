/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the main thread looks at once a second: words with one writer, the mempool's own count and
 * the links. No shard is asked, and none waits.
 */
#include <rte_ethdev.h>

#include "control.h"
#include "daemon.h"
#include "eal_args.h"
#include "logging.h"
#include "shard.h"

/* The word of a counter that another thread writes. */
static uint64_t
word(const uint64_t *w)
{
	return __atomic_load_n(w, __ATOMIC_RELAXED);
}

static void
take_sample(const struct daemon *d, struct watch_sample *s)
{
	*s = (struct watch_sample){0};
	for (unsigned i = 0; i < d->nb_shards; i++) {
		const struct tg_shard *sh = d->shard[i].shard;
		const uint64_t *event = tg_engine_counters(sh->engine)->event;

		uint64_t turns = word(&event[TG_CNT_REQQ_FULL_COOKIES]);
		uint64_t sent = word(&event[TG_CNT_SYNCOOKIES_SENT]);

		/* Adaptive cookies go out before the queue is full, which only the second counts.
		 */
		s->no_place += RTE_MAX(turns, sent) + word(&event[TG_CNT_REQQ_FULL_DROP]);
		s->cookies_sent += sent;
		s->cookies_recv += word(&event[TG_CNT_SYNCOOKIES_RECV]);
		s->overflows += word(&event[TG_CNT_LISTEN_OVERFLOWS]);
		s->no_buffer += word(&event[TG_CNT_TX_NO_BUFFER]) +
			word(&event[TG_CNT_SYNACK_LOW]) + word(&sh->count.rx_no_copy);
	}
	s->cookies_always = d->config->engine.syncookies == TG_SYNCOOKIES_ALWAYS;
	s->short_of_mbufs = rte_mempool_get_ops(d->pool->ops_index)->get_count(d->pool) <=
		mbufs_kept(d->config);
}

static void
say(void *ctx, enum config_log_level level, const char *line)
{
	(void)ctx;
	log_line(LOG_LOAD, level, "%s", line);
}

/* Ports are told when their link changes; at first only those whose link is down. */
static void
look_at_links(struct daemon *d)
{
	for (unsigned i = 0; i < d->nb_ports; i++) {
		struct rte_eth_link link = {0};
		enum daemon_link now;

		if (rte_eth_link_get_nowait(d->port[i].id, &link) != 0)
			continue;
		now = link.link_status == RTE_ETH_LINK_UP ? LINK_UP : LINK_DOWN;
		if (now == LINK_DOWN && d->link[i] != LINK_DOWN)
			log_line(LOG_PORT, LOG_LEVEL_WARNING, "port %u (%s): link down", i,
				d->port[i].driver);
		else if (now == LINK_UP && d->link[i] == LINK_DOWN)
			log_line(LOG_PORT, LOG_LEVEL_NOTICE, "port %u (%s): link up, %u Mbit/s", i,
				d->port[i].driver, link.link_speed);
		d->link[i] = now;
	}
}

void
watch_daemon(struct daemon *d)
{
	struct watch_sample s;

	take_sample(d, &s);
	watch_step(&d->watch, &s, say, NULL);
	control_set_flood(d->watch.flood.on);
	look_at_links(d);
	page_set_reap(d->pages);
	log_tick();
}
