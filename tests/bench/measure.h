/* measure.h - one row, all engines in turn.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench/rows.h"
#include "bench/stats.h"

#define MAX_ROUNDS 31
#define MAX_ENGINES 24

/* An engine's runs of one row. */
struct series {
    const struct engine *engine;
    const char          *name;
    struct job           job;
    size_t               rounds;           /* run so far */
    double               cpu[MAX_ROUNDS];  /* ns for one piece of work */
    double               wall[MAX_ROUNDS]; /* ns for one piece of work */
    char                 why[160];         /* failed; else "" */
    bool                 cannot;           /* why tells no failure */
    struct middle        ratio;            /* of the reference's CPU to ours */
    double               cpu_ns;           /* the median */
    double               wall_ns;          /* the median */
};

/* series[0] is the reference and series[1] the reference once more, whose
 * ratio shows the noise. */
struct result {
    const struct row *row;
    char              why[80]; /* it was left out; else "" */
    size_t            count;   /* of series */
    struct series     series[MAX_ENGINES];
};

struct plan {
    size_t      rounds;
    double      run_ns;      /* how long one run lasts, about */
    long        fixed_count; /* not 0: so many pieces of work, once each */
    size_t      most;        /* not 0: no rows with more idle ones */
    const char *engine;      /* none but the reference and this one; NULL */
};

void measure(const struct row *row, const struct plan *plan,
             struct result *out);

/* The row by that engine, NULL: "raw", once, in this process. False: failed, or
 * there is no such thing. */
bool measure_here(const struct row *row, const struct plan *plan);

/* The aim of an engine in a row; 0: it has none. */
double measure_aim(const struct row *row, const char *engine);

enum verdict {
    NO_AIM,
    MET,  /* the median reaches it */
    NEAR, /* the interval reaches it, widened by the reference's repeat */
    MISSED
};

enum verdict measure_verdict(const struct result *result,
                             const struct series *series);

extern const struct engine *const bench_engines[]; /* ended by NULL */

#endif
