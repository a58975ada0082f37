/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal.h"
#include "progress.h"
#include "responder.h"

#define MBUFS 8191

static bool
start_port(struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};

	return rte_eth_dev_configure(0, 1, 1, &conf) == 0 &&
		rte_eth_rx_queue_setup(
			0, 0, FLOOD_DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL, pool) == 0 &&
		rte_eth_tx_queue_setup(0, 0, FLOOD_DESCRIPTORS, (unsigned)SOCKET_ID_ANY, NULL) ==
		0 &&
		rte_eth_dev_start(0) == 0;
}

/* Answers what can be answered and frees the rest; waits for room as the daemon's loop does. */
static uint64_t
serve(const struct tg_prf *key)
{
	struct rte_mbuf *m[FLOOD_BURST];
	uint64_t answered = 0;

	while (!stop_wanted()) {
		uint16_t n = rte_eth_rx_burst(0, 0, m, FLOOD_BURST), k = 0, sent = 0;

		for (uint16_t i = 0; i < n; i++) {
			if (responder_answer(
				    key, rte_pktmbuf_mtod(m[i], uint8_t *), m[i]->data_len))
				m[k++] = m[i];
			else
				rte_pktmbuf_free(m[i]);
		}
		while (sent < k && !stop_wanted())
			sent += rte_eth_tx_burst(0, 0, m + sent, k - sent);
		answered += sent;
		rte_pktmbuf_free_bulk(m + sent, (unsigned)(k - sent));
	}
	return answered;
}

int
responder_main(int argc, char **argv)
{
	static const uint8_t secret[16] = "no secret at all";
	struct rte_mempool *pool;
	struct tg_prf key;
	uint64_t answered;

	setvbuf(stdout, NULL, _IOLBF, 0);
	stop_catch();
	if (rte_eal_init(argc, argv) < 0) {
		fprintf(stderr, "EAL does not start: %s\n", rte_strerror(rte_errno));
		return 1;
	}
	pool = rte_pktmbuf_pool_create(
		"responder", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL || !start_port(pool)) {
		fprintf(stderr, "no port: %s\n", rte_strerror(rte_errno));
		return 1;
	}
	tg_prf_init(&key, secret, true);
	printf("ready: responder\n");
	answered = serve(&key);
	printf("count: answered %" PRIu64 "\n", answered);
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	rte_eal_cleanup();
	flood_eal_remove_dir(NULL);
	return 0;
}
