/* markdown.c - the ratios as one table for a page: a row for each work, a
 * column for each engine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include <string.h>

#define MAX_COLUMNS 40

struct columns {
    const char *names[MAX_COLUMNS];
    size_t      count;
};

static void add_column(struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return;
    if (c->count < MAX_COLUMNS)
        c->names[c->count++] = name;
}

/* The reference's own two runs have none. */
static void find_columns(struct columns *c, const struct result *results,
                         size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (size_t i = 2; i < results[k].count; i++)
            add_column(c, results[k].series[i].name);
}

static void put_head(FILE *f, const struct columns *c)
{
    fprintf(f, "| work | reference | its repeat | aim |");
    for (size_t i = 0; i < c->count; i++)
        fprintf(f, " %s |", c->names[i]);
    fprintf(f, "\n|---|---|---|---|");
    for (size_t i = 0; i < c->count; i++)
        fprintf(f, "---|");
    fputc('\n', f);
}

static void put_ratio(FILE *f, double ratio)
{
    if (ratio < .1)
        fprintf(f, " %.2g |", ratio);
    else
        fprintf(f, " %.*f |", ratio < 10 ? 3 : 1, ratio);
}

static void put_cell(FILE *f, const struct result *r, const char *engine)
{
    for (size_t i = 2; i < r->count; i++) {
        const struct series *s = &r->series[i];

        if (strcmp(s->name, engine) != 0)
            continue;
        if (s->why[0])
            break;
        put_ratio(f, s->ratio.median);
        return;
    }
    fprintf(f, " |");
}

static void put_row(FILE *f, const struct result *r, const struct columns *c)
{
    char   time[32];
    double aim = measure_aim(r->row, "libsock");

    fprintf(f, "| %s | %s %s |", r->row->text, r->series[0].name,
            time_text(r->series[0].cpu_ns, time, sizeof time));
    put_ratio(f, r->series[1].ratio.median);
    if (aim > 0)
        fprintf(f, " %.2f |", aim);
    else
        fprintf(f, " |");
    for (size_t i = 0; i < c->count; i++)
        put_cell(f, r, c->names[i]);
    fputc('\n', f);
}

bool markdown_write(const char *path, const struct machine *m,
                    const struct plan *plan, const struct result *results,
                    size_t count)
{
    struct columns columns = {{NULL}, 0};
    FILE          *f       = fopen(path, "w");

    if (!f)
        return false;
    find_columns(&columns, results, count);
    put_head(f, &columns);
    for (size_t i = 0; i < count; i++)
        if (results[i].count)
            put_row(f, &results[i], &columns);
    fprintf(f,
            "\n%s, %s, %s, OpenSSL %s, %s; medians of %zu rounds of about "
            "%.0f ms.\n",
            m->cpu, m->kernel, m->compiler, m->openssl, m->date, plan->rounds,
            plan->run_ns / 1e6);
    return !fclose(f);
}
