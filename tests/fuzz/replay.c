/* replay.c - runs a fuzz target without a fuzzer: each file of a folder as it
 * is, then thousands of texts made from them.
 *
 *     fuzz_url FOLDER [MUTATIONS]      all; 100000 mutations unless told
 *     fuzz_url FILE                    that one, to see it in a debugger
 *
 * Files are taken in the order of their names and the generator begins with the
 * same number each time, so a run can be repeated. If the target aborts, the
 * input is told, and kept in the file "crash-input" of the working directory;
 * for what the address sanitizer finds, ASAN_OPTIONS=abort_on_error=1.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL 100000
#define FILES_MAX 4096
#define INPUT_MAX 65536
#define GROWTH_MAX 512 /* what mutations may add to a file's length */

struct input {
    uint8_t *data;
    size_t   size;
};

static struct input inputs[FILES_MAX];
static size_t       count;

/* What runs at the moment, for the handler to keep. */
static uint8_t current[INPUT_MAX + GROWTH_MAX];
static size_t  current_size;
static char    current_name[512];

/* ---- when the target aborts ---- */

/* Calls only what a handler may. */
static void keep(int sig)
{
    int     fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t n  = write(fd, current, current_size);

    n = write(2, current_name, strlen(current_name));
    n = write(2, " failed, see crash-input\n", 25);
    (void)n;
    (void)sig;
    _exit(1);
}

/* A sanitizer's own handler says more than ours. */
static void watch(int sig)
{
    struct sigaction now, ours = {.sa_handler = keep};

    sigaction(sig, NULL, &now);
    if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        sigaction(sig, &ours, NULL);
}

static void stop(const char *what, const char *name)
{
    fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
    exit(2);
}

/* In memory of its own size, so that a sanitizer sees what reads on. */
static void feed(void)
{
    uint8_t *data = malloc(current_size ? current_size : 1);

    if (!data)
        stop("memory for", current_name);
    memcpy(data, current, current_size);
    LLVMFuzzerTestOneInput(data, current_size);
    free(data);
}

/* ---- the folder ---- */

static void load(const char *path)
{
    struct input *in   = &inputs[count];
    FILE         *file = fopen(path, "rb");

    if (!file || count == FILES_MAX)
        stop("cannot open", path);
    in->size = fread(current, 1, INPUT_MAX, file);
    if (in->size == INPUT_MAX)
        stop("too long:", path);
    if (ferror(file) || !(in->data = malloc(in->size + 1)))
        stop("cannot read", path);
    memcpy(in->data, current, in->size);
    fclose(file);
    count++;
    current_size = in->size;
    snprintf(current_name, sizeof current_name, "%s", path);
    feed();
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By byte value: alphasort() would ask the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Whether it was a folder, and not a file. */
static bool load_all(const char *folder)
{
    struct dirent **list;
    char            path[512];
    int             n = scandir(folder, &list, is_file, by_name);

    if (n < 0 && errno == ENOTDIR) {
        load(folder);
        return false;
    }
    if (n <= 0)
        stop("no files in", folder);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        load(path);
        free(list[i]);
    }
    free(list);
    return true;
}

/* ---- mutations ---- */

/* Marsaglia's xorshift: the same numbers on every machine. */
static size_t below(size_t limit)
{
    static uint64_t seed = 0x9e3779b97f4a7c15;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return limit ? (size_t)((seed >> 16) % limit) : 0;
}

/* Bytes that mean something in more formats than one, or the neighbours. */
static uint8_t some_byte(void)
{
    static const uint8_t telling[] = {0,   1,   '\t', '\n', '\r', ' ', '/', ':',
                                      '@', '[', ']',  '%',  '*',  '0', '9', '-',
                                      '.', '?', '#',  0x7f, 0x80, 0xff};

    return below(2) ? telling[below(sizeof telling)] : (uint8_t)below(256);
}

static void open_gap(size_t at, size_t size)
{
    memmove(current + at + size, current + at, current_size - at);
    current_size += size;
}

static void remove_some(size_t at)
{
    size_t size = 1 + below(current_size - at);

    memmove(current + at, current + at + size, current_size - at - size);
    current_size -= size;
}

static void repeat_some(size_t at)
{
    size_t  size = 1 + below(current_size - at < 16 ? current_size - at : 16);
    uint8_t piece[16];

    memcpy(piece, current + at, size);
    for (size_t n = 1 + below(16); n; n--)
        if (current_size + size <= sizeof current) {
            open_gap(at, size);
            memcpy(current + at, piece, size);
        }
}

/* From here on another input. */
static void end_as_another(size_t at)
{
    const struct input *other = &inputs[below(count)];
    size_t              from  = below(other->size);
    size_t              size  = other->size - from;

    if (size > sizeof current - at)
        size = sizeof current - at;
    memcpy(current + at, other->data + from, size);
    current_size = at + size;
}

static void insert_one(size_t at)
{
    if (current_size == sizeof current)
        return;
    open_gap(at, 1);
    current[at] = some_byte();
}

static void mutate(void)
{
    size_t at = below(current_size);

    if (!current_size) {
        insert_one(0);
        return;
    }
    switch (below(7)) {
    case 0:
        current[at] ^= (uint8_t)(1u << below(8));
        return;
    case 1:
        current[at] = some_byte();
        return;
    case 2:
        current[at] = current[below(current_size)];
        return;
    case 3:
        insert_one(below(current_size + 1));
        return;
    case 4:
        remove_some(at);
        return;
    case 5:
        repeat_some(at);
        return;
    default:
        end_as_another(at);
    }
}

static void run_mutation(size_t number)
{
    const struct input *in = &inputs[below(count)];

    memcpy(current, in->data, in->size);
    current_size = in->size;
    snprintf(current_name, sizeof current_name, "mutation %zu", number);
    for (size_t n = 1 + below(4); n; n--)
        mutate();
    feed();
}

static size_t number_in(const char *text)
{
    char              *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (end == text || *end) {
        errno = EINVAL;
        stop("no number of mutations:", text);
    }
    return (size_t)n;
}

int main(int argc, char **argv)
{
    size_t mutations;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s FOLDER [MUTATIONS]\n", argv[0]);
        return 2;
    }
    watch(SIGABRT);
    watch(SIGSEGV);
    mutations = argc > 2 ? number_in(argv[2]) : USUAL;
    if (!load_all(argv[1]))
        mutations = 0;
    for (size_t i = 1; i <= mutations; i++)
        run_mutation(i);
    printf("%zu files, %zu mutations\n", count, mutations);
    for (size_t i = 0; i < count; i++)
        free(inputs[i].data);
    return 0;
}
