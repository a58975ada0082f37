/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FLOOD_CPU_H
#define FLOOD_CPU_H
/**
 * @file
 * CPU time of a contender over veth. Its own threads are the smaller part: what the kernel does for
 * it runs as softirq on the CPU of whoever sent the packet, or in NAPI threads.
 *
 * From /proc, in steps of 10 ms, so for runs of a second or more.
 */
#include <stdbool.h>
#include <sys/types.h>

/** NAPI threads of an interface at most. */
#define CPU_NAPI 16

/** Whose time is taken. */
struct cpu_who {
	pid_t server;         /**< a process, with all its threads */
	pid_t napi[CPU_NAPI]; /**< threads of the server's interface */
	unsigned nb_napi;
	int generator_cpu; /**< softirq there is the server's: the generator's frames taken in */
	int server_cpu;
};

/** Seconds of CPU time, since boot or between two readings. */
struct cpu_use {
	double user;        /**< the server's threads, outside the kernel */
	double system;      /**< and inside it; with softirqs that run in their calls */
	double napi;        /**< the NAPI threads */
	double softirq;     /**< softirqs on the generator's CPU */
	double softirq_own; /**< softirqs on the server's CPU that are not in system already */
	double generator;   /**< the calling thread, without such softirqs */
};

/** Reads. @param first  an earlier reading that is taken off, or NULL */
void cpu_read(const struct cpu_who *w, const struct cpu_use *first, struct cpu_use *out);

/** All that the contender costs. */
double cpu_of_server(const struct cpu_use *u);

#endif
