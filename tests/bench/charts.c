/* charts.c - the data of the charts, and gnuplot.
 *
 * Where a bar stands is worked out here, because each row has other engines.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between the bars of a row and those of the next, in bars. */
#define GAP 1.5

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "w");
}

/* Some text may hold a quotation mark; gnuplot reads it as the end. */
static void put_quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++)
        fputc(*text == '"' ? '\'' : *text, f);
    fputc('"', f);
}

/* ---- ratios ---- */

/* A colour in charts.gp. */
enum kind { WITHOUT_LIBRARY, OWN, LIBRARY };

static enum kind kind_of(const struct series *s, bool again)
{
    if (again || !s->engine->version)
        return WITHOUT_LIBRARY;
    return strncmp(s->name, "libsock", 7) == 0 ? OWN : LIBRARY;
}

/* Where it stands, the ratio and its interval, the aim, the colour, the name.
 */
static void put_bar(FILE *f, double at, const struct result *r, size_t i)
{
    const struct series *s     = &r->series[i];
    bool                 again = i == 1;

    fprintf(f, "%.2f %.5f %.5f %.5f %.3f %d ", at, s->ratio.median,
            s->ratio.low, s->ratio.high,
            again ? 0 : measure_aim(r->row, s->name), (int)kind_of(s, again));
    put_quoted(f, again ? "the reference again" : s->name);
    fputc('\n', f);
}

/* The bars of a row from `at` on; how many. */
static size_t put_row(FILE *f, double at, const struct result *r)
{
    size_t bars = 0;

    for (size_t i = 1; i < r->count; i++)
        if (!r->series[i].why[0] && r->series[i].ratio.median > 0)
            put_bar(f, at + (double)bars++, r, i);
    return bars;
}

/* The middle of a row's bars, and its text. */
static void put_label(FILE *f, double at, const struct result *r)
{
    char text[200], time[32];

    snprintf(text, sizeof text, "%s\\n1 = %s: %s", r->row->text,
             r->series[0].name,
             time_text(r->series[0].cpu_ns, time, sizeof time));
    fprintf(f, "%.2f ", at);
    put_quoted(f, text);
    fputc('\n', f);
}

static bool write_ratios(const char *folder, const struct result *results,
                         size_t count)
{
    FILE  *bars = open_in(folder, "ratio.dat");
    FILE  *text = open_in(folder, "ratio-rows.dat");
    double top  = 0;

    for (size_t k = 0; bars && text && k < count; k++) {
        size_t n = put_row(bars, top, &results[k]);

        if (n)
            put_label(text, top + (double)(n - 1) / 2, &results[k]);
        top += n ? (double)n + GAP : 0;
    }
    if (bars)
        fclose(bars);
    if (text)
        fclose(text);
    return bars && text;
}

/* ---- a wake-up against how many are idle ----
 *
 * Blocks parted by two empty lines, each a name and its points. */

struct line {
    enum work   work;
    const char *engine;
    const char *text;
};

static const struct line lines[] = {
    {WORK_SELECT, "select(2)", "select(2)"},
    {WORK_SELECT, "poll(2)", "poll(2)"},
    {WORK_SELECT, "libsock", "sock_select()"},
    {WORK_WAKE, "libsock", "sock_poll_wait()"},
    {WORK_WAKE, "raw", "epoll_wait(2)"},
    {WORK_SELECT, "PHP", "PHP's socket_select()"},
};

static const struct series *find(const struct result *r, const char *engine)
{
    for (size_t i = 0; i < r->count; i++)
        if (i != 1 && !r->series[i].why[0] &&
            strcmp(r->series[i].name, engine) == 0)
            return &r->series[i];
    return NULL;
}

/* A name, then a point for each row; nothing if there are none. */
static bool put_line(FILE *f, const struct line *line,
                     const struct result *results, size_t count, bool first)
{
    size_t points = 0;

    for (size_t i = 0; i < count; i++) {
        const struct series *s = results[i].row->work == line->work
                                     ? find(&results[i], line->engine)
                                     : NULL;

        if (s && !points++)
            fprintf(f, "%s\"%s\"\n", first ? "" : "\n\n", line->text);
        if (s)
            fprintf(f, "%zu %.4f\n", results[i].row->idle, s->cpu_ns / 1000);
    }
    return points > 0;
}

static bool write_wakes(const char *folder, const struct result *results,
                        size_t count)
{
    FILE *f     = open_in(folder, "wake.dat");
    bool  first = true;

    if (!f)
        return false;
    for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++)
        if (put_line(f, &lines[k], results, count, first))
            first = false;
    return !fclose(f);
}

/* ---- gnuplot ---- */

extern char **environ;

static void draw(const char *folder)
{
    char  set[4200], program[] = "gnuplot", with[] = "-e";
    char  script[] = BENCH_CHARTS;
    char *words[]  = {program, with, set, script, NULL};
    pid_t child;
    int   status = -1;

    snprintf(set, sizeof set, "folder = '%s'", folder);
    if (posix_spawnp(&child, program, NULL, NULL, words, environ) == 0)
        waitpid(child, &status, 0);
    if (status)
        fprintf(stderr, "sock_bench: no charts, for want of gnuplot\n");
}

bool charts_write(const char *folder, const struct result *results,
                  size_t count)
{
    if (!write_ratios(folder, results, count) ||
        !write_wakes(folder, results, count))
        return false;
    draw(folder);
    return true;
}
