/* promises.c - one list of promises, run over any transport.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/promises.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a test gets as its state. */
struct stage {
    const struct transport *t;
    int                     self; /* which of the pair */
};

struct ends ends_open(void **state)
{
    const struct stage *stage = *state;
    struct ends         e     = {.t = stage->t};
    sock_t             *pair[2];

    stage->t->pair(stage->t, pair);
    e.self        = pair[stage->self];
    e.is_accepted = stage->self;
    e.peer        = pair[1 - stage->self];
    return e;
}

void ends_close(struct ends *e)
{
    sock_close(e->self);
    sock_close(e->peer);
}

/* ---- the list ---- */

static const struct promise *const lists[] = {
    promises_of_bytes,     promises_of_time,  promises_of_closing,
    promises_of_readiness, promises_of_lines, promises_of_names,
    promises_of_processes,
};

static void add(struct CMUnitTest *test, const struct promise *p,
                struct stage *stage)
{
    char name[160];

    snprintf(name, sizeof name, "%s%s: %s", stage->t->name,
             stage->self ? ", accepted" : "", p->name);
    *test = (struct CMUnitTest){strdup(name), p->test, NULL, NULL, stage};
}

static size_t add_all(struct CMUnitTest *tests, struct stage *stage)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct promise *p = lists[i]; p->name; p++) {
            if (p->needs & ~stage->t->is)
                continue;
            if (tests)
                add(&tests[count], p, stage);
            count++;
        }
    return count;
}

static int run_on(const struct transport *t, int self)
{
    struct stage       stage = {t, self};
    size_t             count = add_all(NULL, &stage);
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    int                failed;

    add_all(tests, &stage);
    failed =
        _cmocka_run_group_tests(t->name, tests, count, count_descriptors, NULL);
    if (!failed) /* what has failed leaves its pair open */
        compare_descriptors(NULL);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)tests[i].name);
    free(tests);
    return failed;
}

int promises_run(const struct transport *list, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count; i++)
        for (int self = 0; self < (list[i].is & IS_EVEN ? 1 : 2); self++)
            failed += run_on(&list[i], self);
    return failed;
}

/* ---- small steps ---- */

unsigned char byte_at(size_t at)
{
    return (unsigned char)(at * 7 + at / 251);
}

void make_bytes(unsigned char *out, size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = byte_at(from + i);
}

void are_bytes(const unsigned char *bytes, size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != byte_at(from + i))
            fail_msg("byte %zu is %u, not %u", from + i, bytes[i],
                     byte_at(from + i));
}

void take_exactly(sock_t *s, void *out, size_t count)
{
    for (size_t had = 0; had < count;) {
        ssize_t n =
            sock_read(s, (char *)out + had, count - had, LIBSOCK_BINARY_READ);

        if (n <= 0)
            fail_msg("%zu of %zu bytes, then %s", had, count,
                     n ? sock_last_message(s) : "the end");
        had += (size_t)n;
    }
}

void take_text(sock_t *s, const char *text)
{
    char out[256] = "";

    assert_true(strlen(text) < sizeof out);
    take_exactly(s, out, strlen(text));
    assert_string_equal(out, text);
}

void put_text(sock_t *s, const char *text)
{
    if (!sock_write_all(s, text, strlen(text), NULL))
        fail_msg("%s", sock_last_message(s));
}
