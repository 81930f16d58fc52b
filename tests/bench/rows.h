/* rows.h - what is measured, and what libsock aims at.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "bench/engine.h"

#define AIMS 2

struct aim {
    const char *engine; /* NULL: no more of them */
    double      ratio;  /* at least this: 1 is as fast as the reference */
};

struct row {
    const char *name; /* "ping-64" */
    const char *text; /* what it is, for people */
    enum work   work;
    size_t      size;
    size_t      idle;
    struct aim  aims[AIMS];
    const char *not_below; /* an engine that libsock must not be slower than */
    /* NULL: the reference is "raw". Else that engine with so many idle ones
     * is. */
    const char *reference;
    size_t      reference_idle;
};

extern const struct row rows[];
extern const size_t     row_count;

/* "ping", "bulk" ... */
const char *row_work_name(enum work work);

/* It is the row's name, or that of its work, or NULL. */
bool row_matches(const struct row *row, const char *name);

#endif
