/* measure.c - one row, all engines in turn.
 *
 * A round runs each engine once, the reference twice; ratios are taken within a
 * round, so that what slows the machine for a while slows both sides of the
 * fraction. Each round begins one engine further, lest one always has the same
 * neighbour.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/measure.h"

#include "bench/run.h"
#include "bench/setup.h"

#include <stdio.h>
#include <string.h>

/* ---- who takes part ---- */

static void add(struct result *r, const struct engine *e, const char *name,
                size_t idle)
{
    struct series *s = &r->series[r->count++];

    memset(s, 0, sizeof *s);
    s->engine   = e;
    s->name     = name;
    s->job.size = r->row->size;
    s->job.idle = idle;
}

static bool is_own(const struct engine *e)
{
    return strncmp(e->name, "libsock", 7) == 0;
}

static bool takes_part(const struct result *r, const struct engine *e,
                       const struct plan *plan)
{
    bool is_reference = !r->row->reference && e == r->series[0].engine;

    return e->work[r->row->work] && !is_reference && r->count < MAX_ENGINES &&
           (!plan->engine || strcmp(plan->engine, e->name) == 0);
}

/* A process has an end of each connection; and some more, of its own. */
#define SPARE 64

static bool possible(struct result *r)
{
    size_t needed = r->row->idle + SPARE;
    bool tls = r->row->work == WORK_HANDSHAKE || r->row->work == WORK_TLS_BULK;

    if (tls && !bench_certificate())
        snprintf(r->why, sizeof r->why, "built without TLS");
    else if (needed > run_descriptors())
        snprintf(r->why, sizeof r->why,
                 "needs %zu descriptors, %zu are allowed", needed,
                 run_descriptors());
    return !r->why[0];
}

static void gather_others(struct result *r, const struct plan *plan, bool own)
{
    for (size_t i = 0; bench_engines[i]; i++)
        for (const struct engine *e = bench_engines[i]; e->name; e++)
            if (is_own(e) == own && takes_part(r, e, plan))
                add(r, e, e->name, r->row->idle);
}

/* The reference twice, libsock, the others. */
static void gather(struct result *r, const struct plan *plan)
{
    const struct row *row       = r->row;
    const char       *reference = row->reference ? row->reference : "raw";
    size_t            idle = row->reference ? row->reference_idle : row->idle;

    for (size_t i = 0; bench_engines[i]; i++)
        for (const struct engine *e = bench_engines[i]; e->name; e++)
            if (strcmp(e->name, reference) == 0 && e->work[row->work]) {
                add(r, e, e->name, idle);
                add(r, e, "again", idle);
            }
    if (!r->count)
        return;
    gather_others(r, plan, true);
    gather_others(r, plan, false);
}

/* ---- how many pieces of work make a run ---- */

static bool run(const struct row *row, struct series *s, struct run *out)
{
    if (run_once(s->engine, row->work, &s->job, out))
        return true;
    snprintf(s->why, sizeof s->why, "%s", out->why);
    s->cannot = out->cannot;
    return false;
}

/* Until a run lasts a good part of what is wanted: then the rest is a rule of
 * three. */
static void calibrate(const struct row *row, struct series *s, double wanted)
{
    struct run one;
    bool       enough = false;
    double     count;

    s->job.count = 16;
    for (int i = 0; i < 8 && !enough && run(row, s, &one); i++) {
        enough = one.cpu_ns >= wanted / 3;
        count  = wanted / one.cpu_ns * one.ops;
        if (count > 200 * (double)s->job.count)
            count = 200 * (double)s->job.count;
        s->job.count = (long)count + 1;
    }
}

static void prepare(struct result *r, const struct plan *plan)
{
    for (size_t i = 0; i < r->count; i++) {
        struct series *s = &r->series[i];

        s->job.count = plan->fixed_count;
        if (i == 1)
            s->job = r->series[0].job;
        else if (!plan->fixed_count)
            calibrate(r->row, s, plan->run_ns);
    }
}

/* ---- the rounds ---- */

static void run_round(struct result *r, size_t round)
{
    for (size_t i = 0; i < r->count; i++) {
        struct series *s = &r->series[(round + i) % r->count];
        struct run     one;

        if (s->why[0] || !run(r->row, s, &one))
            continue;
        s->cpu[round]  = one.cpu_ns / one.ops;
        s->wall[round] = one.wall_ns / one.ops;
        s->rounds      = round + 1;
    }
}

static double median_of(const double *values, size_t count)
{
    double copy[MAX_ROUNDS];

    memcpy(copy, values, count * sizeof *values);
    return stats_middle(copy, count).median;
}

/* The reference's two runs of a round count as one of twice the length; for its
 * own repeat they are held against each other. */
static void work_out(struct result *r, struct series *s, size_t rounds)
{
    const struct series *a = &r->series[0], *b = &r->series[1];
    double               ratio[MAX_ROUNDS];

    if (s->why[0] || a->why[0] || b->why[0])
        return;
    for (size_t i = 0; i < rounds; i++)
        ratio[i] = s == b ? a->cpu[i] / b->cpu[i]
                          : (a->cpu[i] + b->cpu[i]) / 2 / s->cpu[i];
    s->ratio   = stats_middle(ratio, rounds);
    s->cpu_ns  = median_of(s->cpu, rounds);
    s->wall_ns = median_of(s->wall, rounds);
}

static void run_all(struct result *r, const struct plan *plan)
{
    size_t rounds = plan->fixed_count ? 1 : plan->rounds;

    gather(r, plan);
    prepare(r, plan);
    for (size_t i = 0; i < rounds; i++)
        run_round(r, i);
    for (size_t i = 0; i < r->count; i++)
        work_out(r, &r->series[i], rounds);
}

void measure(const struct row *row, const struct plan *plan, struct result *out)
{
    bool crowded = row->work == WORK_WAKE || row->work == WORK_SELECT;

    memset(out, 0, sizeof *out);
    out->row = row;
    if (!possible(out))
        return;
    if (crowded && !crowd_open(row->idle))
        snprintf(out->why, sizeof out->why, "no %zu connections", row->idle);
    else
        run_all(out, plan);
    if (crowded)
        crowd_close();
}

static const struct engine *engine_of(const char *name)
{
    for (size_t i = 0; bench_engines[i]; i++)
        for (const struct engine *e = bench_engines[i]; e->name; e++)
            if (strcmp(e->name, name) == 0)
                return e;
    return NULL;
}

bool measure_here(const struct row *row, const struct plan *plan)
{
    const char          *name = plan->engine ? plan->engine : "raw";
    const struct engine *e    = engine_of(name);
    struct job           job  = {row->size, row->idle, plan->fixed_count, 0};
    bool       crowded = row->work == WORK_WAKE || row->work == WORK_SELECT;
    struct run one;
    bool       ok;

    if (!e || !e->work[row->work] || row->work == WORK_ECHO)
        return false;
    if (crowded && !crowd_open(row->idle))
        return false;
    ok = run_here(e, row->work, &job, &one);
    if (crowded)
        crowd_close();
    if (!ok)
        fprintf(stderr, "%s by %s: %s\n", row->name, name, one.why);
    return ok;
}
