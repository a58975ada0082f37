/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_EAL_ARGS_H
#define TIDEGATE_APP_EAL_ARGS_H
/**
 * @file
 * The command line EAL gets: what the file and the user say, and what follows from the
 * configuration where they say nothing.
 */
#include "config.h"

/** Room for arguments. */
#define EAL_ARGS_MAX 160

/** An argument list for rte_eal_init(). */
struct eal_args {
	int argc;
	char *argv[EAL_ARGS_MAX + 1];
	char made[3][2048]; /**< texts of arguments made here */
};

/**
 * Puts the list together: program name, derived arguments, config's, user's.
 *
 * Derived: --lcores (lcore 0, which only waits for signals, on every CPU the process may use, and
 * lcore i + 1 for shard i on its CPU) unless -l, -c or --lcores is given; -m when --no-huge is
 * given without -m or --socket-mem.
 *
 * @param user    arguments after `--`
 * @param megabytes  memory the configuration needs
 * @param err     CONFIG_ERROR_MAX bytes
 * @return 0; -1 with err filled (too many arguments)
 */
int eal_args_make(const struct config *c, int nb_user, char *const user[], unsigned megabytes,
	struct eal_args *out, char *err);

/** mbufs the configuration needs; config/tidegate.yaml tells the sum. */
uint32_t mbufs_needed(const struct config *c);

/** mbufs of these that are for connections, ARP and ND alone; the same file tells. */
uint32_t mbufs_kept(const struct config *c);

/** Megabytes the configuration needs, rather too many than too few: unused ones cost nothing. */
unsigned megabytes_needed(const struct config *c);

#endif
