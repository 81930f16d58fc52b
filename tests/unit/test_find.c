/* test_find.c - proves that the first of two bytes is found wherever it is, and
 * that nothing is looked at before or behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/find.h"

#include "support/net.h"

#include <sys/mman.h>
#include <unistd.h>

#define LONGEST 200u

static char  *pages; /* two of them, of which the second must not be read */
static size_t page;

static int set_up(void **state)
{
    (void)state;
    page  = (size_t)sysconf(_SC_PAGESIZE);
    pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE);
}

static int tear_down(void **state)
{
    (void)state;
    return munmap(pages, 2 * page);
}

/* `len` bytes right before what must not be read; both ends stand before them,
 * where they do not count. */
static char *field(size_t len)
{
    char *bytes = pages + page - len;

    memset(pages, '\n', page - len);
    memset(pages, '\r', (page - len) / 2);
    memset(bytes, 'x', len);
    return bytes;
}

static void a_byte_is_found_at_every_place(void **state)
{
    (void)state;
    for (size_t len = 1; len <= LONGEST; len++)
        for (size_t at = 0; at < len; at++) {
            char *bytes = field(len);

            bytes[at] = '\n';
            assert_int_equal(sk_find(bytes, len, '\r', '\n'), at + 1);
            assert_int_equal(sk_find(bytes, len, '\n', '\r'), at + 1);
            assert_int_equal(sk_find(bytes, len, '\n', '\n'), at + 1);
            assert_int_equal(sk_find(bytes, len, '\r', '\r'), 0);
        }
}

static void the_first_of_two_counts(void **state)
{
    (void)state;
    for (size_t at = 0; at < LONGEST; at++)
        for (size_t other = 0; other < LONGEST; other++) {
            char  *bytes = field(LONGEST);
            size_t first = at < other ? at : other;

            bytes[at]    = '\r';
            bytes[other] = '\n';
            assert_int_equal(sk_find(bytes, LONGEST, '\r', '\n'), first + 1);
        }
}

static void where_there_is_none_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(sk_find(NULL, 0, '\r', '\n'), 0);
    for (size_t len = 0; len <= LONGEST; len++) {
        char *bytes = field(len);

        assert_int_equal(sk_find(bytes, len, '\r', '\n'), 0);
        assert_int_equal(sk_find(bytes, len, '\n', '\n'), 0);
    }
}

/* Neither its sign nor a neighbour makes a byte another one. */
static void every_byte_is_itself(void **state)
{
    (void)state;
    for (int wanted = 0; wanted < 256; wanted++)
        for (int there = 0; there < 256; there++) {
            char  *bytes = field(40);
            size_t due   = there == wanted ? 38 : 0;

            memset(bytes, wanted ^ 1, 40);
            bytes[37] = (char)there;
            assert_int_equal(sk_find(bytes, 40, (char)wanted, (char)wanted),
                             due);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_is_found_at_every_place),
        cmocka_unit_test(the_first_of_two_counts),
        cmocka_unit_test(where_there_is_none_there_is_none),
        cmocka_unit_test(every_byte_is_itself),
    };

    return cmocka_run_group_tests_name("find", tests, set_up, tear_down);
}
