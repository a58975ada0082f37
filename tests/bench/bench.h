/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TG_TESTS_BENCH_H
#define TG_TESTS_BENCH_H
/**
 * @file
 * Cycles per operation, by many short slices: the median says what is usual, the 10th percentile
 * what the machine can do when nobody disturbs it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BENCH_SLICES 401

#if defined(__x86_64__)
#include <x86intrin.h>
static inline uint64_t
bench_cycles(void)
{
	unsigned aux;

	return __rdtscp(&aux);
}
#elif defined(__aarch64__)
static inline uint64_t
bench_cycles(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v));
	return v;
}
#endif

static int
bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/** Runs `slice(arg)`, which does `ops` operations, and prints a line of the table. */
static inline void
bench_run(const char *name, void (*slice)(void *), void *arg, unsigned ops)
{
	static double t[BENCH_SLICES];

	for (unsigned i = 0; i < BENCH_SLICES; i++) {
		uint64_t start = bench_cycles();

		slice(arg);
		t[i] = (double)(bench_cycles() - start) / ops;
	}
	qsort(t, BENCH_SLICES, sizeof(t[0]), bench_order);
	printf("%-44s %9.1f %9.1f\n", name, t[BENCH_SLICES / 2], t[BENCH_SLICES / 10]);
}

#endif
