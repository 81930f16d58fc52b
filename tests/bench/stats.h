/* stats.h - the middle of what was measured, and how sure it is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>

struct middle {
    double median;
    double low; /* the true median is between these two, with 95 % */
    double high;
};

/* Sorts values; count is at least 1. */
struct middle stats_middle(double *values, size_t count);

#endif
