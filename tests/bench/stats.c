/* stats.c - the middle of what was measured, and how sure it is.
 *
 * The interval comes from the order of the values alone: whatever their
 * distribution, the k-th smallest and the k-th largest of n enclose the median
 * but for 2 P(B(n, 1/2) < k). Of 7 values these are the smallest and the
 * largest (98 %), of 9 the second ones (96 %). Fewer than 6 cannot tell it with
 * 95 %; then they are the smallest and the largest, too.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/stats.h"

#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* How many values may be left out at each end. */
static size_t spare(size_t count)
{
    double chance = 1, below = 0;
    size_t k;

    for (size_t i = 0; i < count; i++)
        chance /= 2; /* of none of n falling below the median */
    for (k = 0; k < count / 2; k++) {
        below += chance;
        if (2 * below > 0.05)
            break;
        chance *= (double)(count - k) / (double)(k + 1);
    }
    return k > 0 ? k - 1 : 0;
}

struct middle stats_middle(double *values, size_t count)
{
    struct middle m;
    size_t        out = spare(count);

    qsort(values, count, sizeof *values, by_size);
    m.median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    m.low    = values[out];
    m.high   = values[count - 1 - out];
    return m;
}
