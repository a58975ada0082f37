/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The public headers in C++: each compiles, and its functions link by their C names.
 */
#include <tidegate/counters.h>
#include <tidegate/pkt.h>
#include <tidegate/types.h>
#include <tidegate/engine.h>
#include <tidegate/worker.h>
#include <tidegate/tidegate.h>
#include <tidegate/dpdk.h>

#include <cstdio>

int
main()
{
	tg_engine_config engine;
	tg_listener_config listener;
	const tg_addr addr = tg_addr_v4(192, 0, 2, 1);

	tg_engine_config_init(&engine);
	tg_listener_config_init(&listener);
	tg_shard_destroy(nullptr);
	std::printf("%s %s\n", tg_state_name(TG_ESTABLISHED), tg_counter_name(TG_CNT_LISTEN_DROPS));
	return tg_addr_is_v4(&addr) && engine.max_conns != 0 && listener.backlog != 0 ? 0 : 1;
}
