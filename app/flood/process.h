/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_PROCESS_H
#define FLOOD_PROCESS_H
/**
 * @file
 * A child process that is flooded: started with its output in memory, ready when it says so, ended
 * by its id, dead when this process is.
 *
 * Its protocol is the daemon's: a line that begins with "ready: ", and at its end after SIGTERM
 * lines "count: NAME VALUE".
 */
#include <sys/types.h>

#include <tidegate/types.h>

#include "result.h"

/** What a child may say at most. */
#define PROCESS_OUT 16384

/** A child. */
struct process {
	pid_t pid; /**< 0: none */
	int out;   /**< its output, a file in memory; -1: none */
};

/**
 * Remembers the CPUs this process may use, for its children: EAL leaves it one. Before EAL starts.
 */
void process_remember_cpus(void);

/**
 * Starts a program and waits until it is ready.
 *
 * @param argv  its arguments, NULL behind the last; argv[0] is looked up in PATH when it has no
 *              slash
 * @param keep  a descriptor the child shall have too; -1: none
 * @param err   SETUP_ERROR bytes, filled on failure: the last line it said
 * @return 0 or a negative errno; nothing runs after a failure
 */
int process_start(struct process *p, char *const argv[], int keep, char *err);

/**
 * Waits until a child that was started otherwise is ready.
 *
 * @param p     its id and output
 * @param name  for err, filled on failure
 * @return 0 or a negative errno; nothing runs after a failure
 */
int process_await(struct process *p, const char *name, char *err);

/** Ends it: SIGTERM, and SIGKILL when that takes more than 10 s. What it has said stays. */
void process_end(struct process *p);

/** The value of "count: NAME VALUE" in what it has said; 0 when it has not. */
uint64_t process_count(const struct process *p, const char *name);

/** All of tidegate's counters out of what it has said, into a result. */
void process_counters(const struct process *p, struct flood_result *r);

/** CPU time of all its threads so far in seconds, in steps of 10 ms. */
double process_cpu(const struct process *p);

/** Forgets what it has said. After process_end(). */
void process_close(struct process *p);

/**
 * The path of the daemon: as given, or beside this program if it is there, or "tidegate".
 *
 * @param given  o->tidegate
 */
void process_find_daemon(const char *given, char *path, size_t size);

#endif
