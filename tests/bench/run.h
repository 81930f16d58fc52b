/* run.h - one work, once, by one engine, in a process of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/engine.h"

#include <sys/types.h>

struct run {
    double wall_ns;  /* all of it together */
    double cpu_ns;   /* the same, of the process's threads together */
    double ops;      /* how many pieces of work that was */
    bool   ok;       /* else see why */
    bool   cannot;   /* not ok, but no failure either */
    char   why[160]; /* "connect: Connection refused" */
};

/* Once, before all else: this process and its children run on one CPU (the
 * last one if cpu is negative) and may have as many descriptors as allowed. */
bool run_set_up(int cpu);

/* The number of that CPU. */
int run_cpu(void);

/* Descriptors that a process may have. */
size_t run_descriptors(void);

/* False if it failed. */
bool run_once(const struct engine *e, enum work work, const struct job *job,
              struct run *out);

/* The same in this process, for who counts its instructions or system calls;
 * not for WORK_ECHO, whose server never ends. */
bool run_here(const struct engine *e, enum work work, const struct job *job,
              struct run *out);

/* The clients of WORK_ECHO, against a server of that process and port: its time
 * goes to out. NULL, or what failed. */
const char *echo_clients(pid_t server, int port, const struct job *job,
                         struct run *out);

/* The time on the monotonic clock, in nanoseconds. */
double run_now(void);

#endif
