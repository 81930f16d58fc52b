/* main.c - sock_bench: libsock beside what it stands on, and beside what one
 * would take instead.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/report.h"

#include "bench/run.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    struct plan plan;
    const char *only;
    const char *folder; /* for table.txt and the rest; NULL: none */
    int         cpu;
    bool        list;
    bool        here;
};

static const char help[] =
    "sock_bench - libsock beside bare system calls and other libraries\n"
    "\n"
    "  --quick         a first impression: 3 rounds of 20 ms\n"
    "  --only WORK     one work, \"lines\", or one row of it, \"lines-8\"\n"
    "  --engine NAME   none but the reference and this one\n"
    "  --rounds N      so many rounds, up to 31; 15\n"
    "  --ms N          so long a run, about; 50\n"
    "  --count N       so many pieces of work, once: do they work at all?\n"
    "  --here          in this process, by one engine, without times: for\n"
    "                  tests/bench/count.sh; the first row of --only\n"
    "  --most N        no work with more than so many idle connections\n"
    "  --cpu N         on this CPU; the last one\n"
    "  --out FOLDER    tables, bench.json and charts go there\n"
    "  --list          what there is to measure, and by which engines\n"
    "  --help          this text\n";

/* ---- options ---- */

static const struct option names[] = {{"quick", no_argument, NULL, 'q'},
                                      {"only", required_argument, NULL, 'w'},
                                      {"engine", required_argument, NULL, 'e'},
                                      {"rounds", required_argument, NULL, 'r'},
                                      {"ms", required_argument, NULL, 'm'},
                                      {"count", required_argument, NULL, 'n'},
                                      {"most", required_argument, NULL, 't'},
                                      {"cpu", required_argument, NULL, 'c'},
                                      {"out", required_argument, NULL, 'o'},
                                      {"here", no_argument, NULL, 'i'},
                                      {"list", no_argument, NULL, 'l'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

/* A number from least to most, or the end of the program. */
static long number(const char *text, long least, long most)
{
    char *end;
    long  value = strtol(text, &end, 10);

    if (!*text || *end || value < least || value > most) {
        fprintf(stderr, "sock_bench: %s is not a number from %ld to %ld\n",
                text, least, most);
        exit(2);
    }
    return value;
}

static void take_option(struct options *o, int option)
{
    switch (option) {
    case 'q':
        o->plan.rounds = 3;
        o->plan.run_ns = 20e6;
        break;
    case 'w':
        o->only = optarg;
        break;
    case 'e':
        o->plan.engine = optarg;
        break;
    case 'r':
        o->plan.rounds = (size_t)number(optarg, 1, MAX_ROUNDS);
        break;
    case 'm':
        o->plan.run_ns = (double)number(optarg, 1, 10000) * 1e6;
        break;
    case 'n':
        o->plan.fixed_count = number(optarg, 1, 1000000000);
        break;
    case 't':
        o->plan.most = (size_t)number(optarg, 1, 1000000);
        break;
    case 'c':
        o->cpu = (int)number(optarg, 0, 1023);
        break;
    case 'o':
        o->folder = optarg;
        break;
    case 'i':
        o->here = true;
        break;
    case 'l':
        o->list = true;
        break;
    case 'h':
        fputs(help, stdout);
        exit(0);
    default:
        fputs(help, stderr);
        exit(2);
    }
}

static void take_options(struct options *o, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1)
        take_option(o, option);
    if (optind < argc) {
        fprintf(stderr, "sock_bench: what is %s?\n", argv[optind]);
        exit(2);
    }
}

static bool known(const char *engine)
{
    for (size_t i = 0; bench_engines[i]; i++)
        for (const struct engine *e = bench_engines[i]; e->name; e++)
            if (!engine || strcmp(engine, e->name) == 0)
                return true;
    return false;
}

static bool is_chosen(const struct row *row, const struct options *o)
{
    return row_matches(row, o->only) &&
           (!o->plan.most || row->idle <= o->plan.most);
}

static size_t chosen_rows(const struct options *o)
{
    size_t count = 0;

    for (size_t i = 0; i < row_count; i++)
        count += is_chosen(&rows[i], o);
    return count;
}

/* ---- work ---- */

static void list(void)
{
    for (size_t i = 0; i < row_count; i++) {
        printf("%-14s %s\n              ", rows[i].name, rows[i].text);
        for (size_t k = 0; bench_engines[k]; k++)
            for (const struct engine *e = bench_engines[k]; e->name; e++)
                if (e->work[rows[i].work])
                    printf(" %s;", e->name);
        putchar('\n');
    }
}

static int work_here(const struct options *o)
{
    size_t i = 0;

    while (!is_chosen(&rows[i], o))
        i++;
    return measure_here(&rows[i], &o->plan) ? 0 : 1;
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "w");
}

static bool write_files(const struct options *o, const struct machine *m,
                        const struct result *results, size_t count)
{
    char  path[4096];
    FILE *table = open_in(o->folder, "table.txt");

    if (!table)
        return false;
    table_head(table, m, &o->plan);
    for (size_t i = 0; i < count; i++)
        table_row(table, &results[i]);
    table_foot(table, results, count);
    if (fclose(table))
        return false;
    snprintf(path, sizeof path, "%s/table.md", o->folder);
    if (!markdown_write(path, m, &o->plan, results, count))
        return false;
    snprintf(path, sizeof path, "%s/bench.json", o->folder);
    return json_write(path, m, &o->plan, results, count) &&
           charts_write(o->folder, results, count);
}

static bool any_failed(const struct result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < results[i].count; k++)
            if (results[i].series[k].why[0] && !results[i].series[k].cannot)
                return true;
    return false;
}

static int work(const struct options *o, struct result *results)
{
    struct machine machine;
    size_t         count = 0;

    machine_learn(&machine);
    table_head(stdout, &machine, &o->plan);
    for (size_t i = 0; i < row_count; i++)
        if (is_chosen(&rows[i], o)) {
            measure(&rows[i], &o->plan, &results[count]);
            table_row(stdout, &results[count++]);
        }
    table_foot(stdout, results, count);
    if (o->folder && !write_files(o, &machine, results, count)) {
        perror(o->folder);
        return 1;
    }
    return any_failed(results, count);
}

int main(int argc, char **argv)
{
    struct options o = {.plan = {.rounds = 15, .run_ns = 50e6}, .cpu = -1};
    struct result *results;
    int            status;

    take_options(&o, argc, argv);
    if (o.list) {
        list();
        return 0;
    }
    if (!chosen_rows(&o) || !known(o.plan.engine)) {
        fprintf(stderr, "sock_bench: no such work or engine; see --list\n");
        return 2;
    }
    if (o.folder)
        mkdir(o.folder, 0777);
    results = calloc(row_count, sizeof *results);
    if (!results || !run_set_up(o.cpu)) {
        perror("sock_bench");
        return 1;
    }
    bench_certificate(); /* made here, once, for all the processes to come */
    status = o.here ? work_here(&o) : work(&o, results);
    free(results);
    return status;
}
