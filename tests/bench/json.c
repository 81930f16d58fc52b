/* json.c - the results for programs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include "bench/run.h"

static void put_text(FILE *f, const char *name, const char *text)
{
    fprintf(f, "\"%s\": \"", name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', f);
        if ((unsigned char)*text >= ' ')
            fputc(*text, f);
    }
    fputc('"', f);
}

static void put_numbers(FILE *f, const char *name, const double *values,
                        size_t count)
{
    fprintf(f, ", \"%s\": [", name);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%s%.3f", i ? ", " : "", values[i]);
    fputc(']', f);
}

static void put_machine(FILE *f, const struct machine *m,
                        const struct plan *plan)
{
    fprintf(f, "  \"machine\": {");
    put_text(f, "cpu", m->cpu);
    fprintf(f, ", \"cpus\": %ld, \"pinned_to\": %d,\n    ", m->cpus, run_cpu());
    put_text(f, "kernel", m->kernel);
    fprintf(f, ", ");
    put_text(f, "compiler", m->compiler);
    fprintf(f, ", ");
    put_text(f, "build", m->build);
    fprintf(f, ",\n    ");
    put_text(f, "libsock", m->libsock);
    fprintf(f, ", ");
    put_text(f, "openssl", m->openssl);
    fprintf(f, ", ");
    put_text(f, "date", m->date);
    fprintf(f, "},\n  \"rounds\": %zu, \"run_ms\": %.0f,\n", plan->rounds,
            plan->run_ns / 1e6);
}

static void put_series(FILE *f, const struct result *r, const struct series *s)
{
    enum verdict verdict = measure_verdict(r, s);

    fprintf(f, "      {");
    put_text(f, "engine", s->name);
    if (s->engine->version) {
        fprintf(f, ", ");
        put_text(f, "version", s->engine->version());
    }
    if (s->why[0]) {
        fprintf(f, ", ");
        put_text(f, s->cannot ? "cannot" : "failed", s->why);
        fputc('}', f);
        return;
    }
    fprintf(f, ", \"ratio\": %.4f, \"low\": %.4f, \"high\": %.4f",
            s->ratio.median, s->ratio.low, s->ratio.high);
    if (verdict != NO_AIM)
        fprintf(f, ", \"aim\": %.2f, \"verdict\": \"%s\"",
                measure_aim(r->row, s->name), verdict_word(verdict));
    fprintf(f, ",\n       \"cpu_ns\": %.3f, \"wall_ns\": %.3f, \"count\": %ld",
            s->cpu_ns, s->wall_ns, s->job.count);
    put_numbers(f, "cpu_ns_of_rounds", s->cpu, s->rounds);
    fputc('}', f);
}

static void put_row(FILE *f, const struct result *r)
{
    fprintf(f, "    {");
    put_text(f, "row", r->row->name);
    fprintf(f, ", ");
    put_text(f, "work", row_work_name(r->row->work));
    fprintf(f, ", ");
    put_text(f, "text", r->row->text);
    if (r->why[0]) {
        fprintf(f, ", ");
        put_text(f, "left_out", r->why);
    }
    fprintf(f, ",\n     \"size\": %zu, \"idle\": %zu, \"engines\": [\n",
            r->row->size, r->row->idle);
    for (size_t i = 0; i < r->count; i++) {
        put_series(f, r, &r->series[i]);
        fprintf(f, "%s\n", i + 1 < r->count ? "," : "");
    }
    fprintf(f, "    ]}");
}

bool json_write(const char *path, const struct machine *m,
                const struct plan *plan, const struct result *results,
                size_t count)
{
    FILE *f = fopen(path, "w");

    if (!f)
        return false;
    fprintf(f, "{\n");
    put_machine(f, m, plan);
    fprintf(f, "  \"rows\": [\n");
    for (size_t i = 0; i < count; i++) {
        put_row(f, &results[i]);
        fprintf(f, "%s\n", i + 1 < count ? "," : "");
    }
    fprintf(f, "  ]\n}\n");
    return !fclose(f);
}
