/* table.c - the results as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include "bench/run.h"

#include <string.h>

const char *verdict_word(enum verdict v)
{
    static const char *const words[] = {"", "met", "near", "missed"};

    return words[v];
}

const char *time_text(double ns, char *text, size_t size)
{
    if (ns < 1000)
        snprintf(text, size, "%.1f ns", ns);
    else if (ns < 1e6)
        snprintf(text, size, "%.2f us", ns / 1e3);
    else
        snprintf(text, size, "%.2f ms", ns / 1e6);
    return text;
}

static void explain(FILE *to, const struct plan *plan)
{
    fprintf(to,
            "The time is CPU time of the process that does the work, both ends "
            "of a connection\n"
            "in it and on CPU %d; of an echo server the server's alone. ratio "
            "is the\n"
            "reference's time by the engine's: 1 is as fast, 2 twice as fast. "
            "It is the\n"
            "median of %zu rounds of about %.0f ms each with its interval of "
            "95 %%; \"again\" is\n"
            "the reference once more and shows the noise.\n"
            "An aim is met by the median; it is near if the interval reaches "
            "it, widened\n"
            "by what the reference's repeat was off.\n",
            run_cpu(), plan->rounds, plan->run_ns / 1e6);
    if (plan->rounds < 6)
        fprintf(to, "With so few rounds the interval is just the smallest and "
                    "the largest.\n");
}

void table_head(FILE *to, const struct machine *m, const struct plan *plan)
{
    fprintf(to,
            "libsock %s, OpenSSL %s, %s build by %s\n"
            "%s, %ld CPUs; %s; %s\n"
            "\n",
            m->libsock, m->openssl, m->build, m->compiler, m->cpu, m->cpus,
            m->kernel, m->date);
    if (plan->fixed_count)
        fprintf(to, "Only to see that it works; these times tell nothing.\n");
    else
        explain(to, plan);
}

static void print_aim(FILE *to, const struct result *r, const struct series *s)
{
    enum verdict verdict = measure_verdict(r, s);

    if (verdict != NO_AIM)
        fprintf(to, "   aim %.2f %s", measure_aim(r->row, s->name),
                verdict_word(verdict));
}

/* That of the reference says nothing: it is held against itself. */
static void print_ratio(FILE *to, const struct series *s, bool is_reference)
{
    int  digits = s->ratio.median < .1 ? 5 : 3;
    char interval[64];

    snprintf(interval, sizeof interval, "[%.*f, %.*f]", digits, s->ratio.low,
             digits, s->ratio.high);
    if (is_reference)
        fprintf(to, "  %-16s %7s  %-18s", s->name, "1", "");
    else
        fprintf(to, "  %-16s %7.*f  %-18s", s->name, digits, s->ratio.median,
                interval);
}

static void print_series(FILE *to, const struct result *r,
                         const struct series *s)
{
    char cpu[32], wall[32];

    if (s->why[0]) {
        fprintf(to, "  %-16s %s: %s\n", s->name,
                s->cannot ? "cannot" : "failed", s->why);
        return;
    }
    print_ratio(to, s, s == &r->series[0]);
    fprintf(to, "  %11s  %11s", time_text(s->cpu_ns, cpu, sizeof cpu),
            time_text(s->wall_ns, wall, sizeof wall));
    print_aim(to, r, s);
    fputc('\n', to);
}

static const struct series *find(const struct result *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (i != 1 && strcmp(r->series[i].name, name) == 0 &&
            !r->series[i].why[0])
            return &r->series[i];
    return NULL;
}

/* It is slower than an engine that it must not be slower than. */
static bool below_other(const struct result *r)
{
    const struct series *own = find(r, "libsock"), *other;

    other = r->row->not_below ? find(r, r->row->not_below) : NULL;
    return own && other && own->ratio.high < other->ratio.low;
}

void table_row(FILE *to, const struct result *r)
{
    fprintf(to, "\n%s: %s\n", r->row->name, r->row->text);
    if (r->why[0]) {
        fprintf(to, "  left out: %s\n", r->why);
        return;
    }
    fprintf(to, "  %-16s %7s  %-18s  %11s  %11s\n", "", "ratio", "95 %",
            "CPU time", "by clock");
    for (size_t i = 0; i < r->count; i++)
        print_series(to, r, &r->series[i]);
    if (below_other(r))
        fprintf(to, "  libsock is slower than %s, and must not be\n",
                r->row->not_below);
    fflush(to);
}

void table_foot(FILE *to, const struct result *results, size_t count)
{
    size_t verdicts[4] = {0}, failed = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < results[i].count; k++) {
            verdicts[measure_verdict(&results[i], &results[i].series[k])]++;
            failed += results[i].series[k].why[0] != 0 &&
                      !results[i].series[k].cannot;
        }
    fprintf(to, "\nOf the aims %zu are met, %zu near, %zu missed.",
            verdicts[MET], verdicts[NEAR], verdicts[MISSED]);
    if (failed)
        fprintf(to, " %zu engines failed.", failed);
    fputc('\n', to);
}
