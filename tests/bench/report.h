/* report.h - the results, for people and for programs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/measure.h"

#include <stdio.h>

/* Where it was measured. */
struct machine {
    char        cpu[128];
    char        kernel[160];
    long        cpus;
    char        date[32]; /* UTC */
    const char *compiler;
    const char *build; /* "Release" */
    const char *libsock;
    const char *openssl; /* "none" */
};

void machine_learn(struct machine *m);

/* The text table: a head, a row as soon as it is there, and the sum of it. */
void table_head(FILE *to, const struct machine *m, const struct plan *plan);
void table_row(FILE *to, const struct result *r);
void table_foot(FILE *to, const struct result *results, size_t count);

/* "1.23 us", in the unit that reads best; returns text. */
const char *time_text(double ns, char *text, size_t size);

/* "met", "near" ...; "" without an aim. */
const char *verdict_word(enum verdict v);

bool json_write(const char *path, const struct machine *m,
                const struct plan *plan, const struct result *results,
                size_t count);

/* The ratios in one table. */
bool markdown_write(const char *path, const struct machine *m,
                    const struct plan *plan, const struct result *results,
                    size_t count);

/* The data of the charts, and the charts if there is a gnuplot. False if a file
 * could not be written. */
bool charts_write(const char *folder, const struct result *results,
                  size_t count);

#endif
