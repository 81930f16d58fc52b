/* test_memory_flat.c - proves that an idle handle takes little memory, and that
 * handles which come and go take no more than those that are open at once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#define OPEN 5000u
#define REPLACEMENTS (SANITIZED ? 50000u : 1000000u)
#define MOST_FOR_ONE 256u
#define NOISE (512u * 1024u) /* what the C library keeps for itself */

static sock_t  *handles[OPEN];
static uint32_t seed = 1;

static uint32_t any_below(uint32_t most)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % most;
}

static size_t resident(void)
{
    unsigned long all, pages = 0;
    FILE         *f = fopen("/proc/self/statm", "r");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu", &all, &pages), 2);
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static sock_t *open_one(void)
{
    sock_t *s = sock_create(AF_UNIX, SOCK_DGRAM, 0);

    assert_non_null(s);
    return s;
}

static int make_room(void **state)
{
    struct rlimit most;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    return most.rlim_cur < OPEN + 100;
}

static void close_all(void)
{
    for (size_t i = 0; i < OPEN; i++)
        sock_close(handles[i]);
}

/* A half read line leaves a buffer, which goes with its handle. */
static void come_and_go_with_a_buffer(void)
{
    sock_t *pair[2];
    char    line[8];

    tcp_pair(pair);
    assert_int_equal(sock_write(pair[0], "a\nb\n", 4), 4);
    assert_int_equal(sock_gets(pair[1], line, sizeof line), 2);
    close_pair(pair);
}

static void an_idle_handle_takes_little(void **state)
{
    size_t before, taken;

    (void)state;
    sock_close(open_one());
    before = resident();
    for (size_t i = 0; i < OPEN; i++)
        handles[i] = open_one();
    taken = resident() - before;
    close_all();
    if (SANITIZED)
        skip_aloud("a sanitizer has memory of its own");
    assert_in_range(taken / OPEN, 1, MOST_FOR_ONE);
}

static void what_comes_and_goes_leaves_nothing(void **state)
{
    size_t before  = 0, after;
    long   highest = 0;

    (void)state;
    for (size_t i = 0; i < OPEN; i++)
        handles[i] = open_one();
    for (size_t n = 0; n < REPLACEMENTS; n++) {
        uint32_t at = any_below(OPEN);

        if (n == REPLACEMENTS / 10)
            before = resident();
        if (n % 1024 == 0)
            come_and_go_with_a_buffer();
        sock_close(handles[at]);
        handles[at] = open_one();
        if (sock_id(handles[at]) > highest)
            highest = sock_id(handles[at]);
    }
    after = resident();
    close_all();
    assert_in_range(highest, OPEN, OPEN + 10);
    if (!SANITIZED)
        assert_in_range(after, 0, before + NOISE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_idle_handle_takes_little, make_room),
        cmocka_unit_test_setup(what_comes_and_goes_leaves_nothing, make_room),
    };

    return cmocka_run_group_tests_name("memory_flat", tests, count_descriptors,
                                       compare_descriptors);
}
