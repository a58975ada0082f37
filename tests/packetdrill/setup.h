/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_PD_SETUP_H
#define TG_PD_SETUP_H
/**
 * @file
 * What a script says of the kernel it expects: sysctls, and the flags of the command line.
 */
#include <stdbool.h>
#include <stdint.h>

#include <tidegate/engine.h>

/** Where the settings come from, and those that are no settings of an engine. */
struct pd_setup {
	char sysctl_dir[256]; /**< where net/ipv4 and net/core are looked for */
	uint32_t mtu;         /**< of the port; 0: not said */
	uint32_t patience_s;  /**< virtual seconds netdev_receive waits for a packet */
	bool fastopen_server; /**< tcp_fastopen: servers may use it */
	bool fastopen_no_cookie;
	bool fastopen_always; /**< for every listener, without a socket option */
	uint8_t wscale;       /**< announced, whatever rcvbuf is */
	uint32_t sndbuf;      /**< what a connection's send buffer holds at first */
};

/**
 * Reads the flags: comma-separated `mtu=N`, `patience=SECONDS`, `sysctl=DIRECTORY`; then the
 * program's own command line for `--mtu=N` where no flag says it.
 */
void pd_setup_flags(struct pd_setup *s, const char *flags);

/** Reads the sysctls into an engine's settings; what cannot be read keeps its default. */
void pd_setup_sysctls(struct pd_setup *s, struct tg_engine_config *cfg);

#endif
