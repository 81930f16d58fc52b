/* test_buf.c - proves that the byte buffer gives back what went in, whole and
 * in order, and finds line ends wherever the bytes were split.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void put(struct sk_buf *b, const char *bytes, size_t count)
{
    size_t room;

    while (count) {
        assert_int_equal(sk_buf_reserve(b, sk_buf_size(b) + count, &room), 0);
        assert_true(room > 0);
        if (room > count)
            room = count;
        memcpy(sk_buf_back(b), bytes, room);
        sk_buf_added(b, room);
        bytes += room;
        count -= room;
    }
}

static void an_empty_buffer_has_no_line(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};

    (void)state;
    assert_int_equal(sk_buf_size(&b), 0);
    assert_int_equal(sk_buf_line(&b, 100), 0);
    sk_buf_free(&b);
}

static void line_ends_are_found_at_every_split(void **state)
{
    static const char text[] = "one\r\ntwo\n\rx";

    (void)state;
    for (size_t split = 0; split < sizeof text - 1; split++) {
        struct sk_buf b       = {NULL, 0, 0, 0, 0};
        char          out[16] = "";

        put(&b, text, split);
        if (split < 4)
            assert_int_equal(sk_buf_line(&b, 100), 0);
        put(&b, text + split, sizeof text - 1 - split);
        assert_int_equal(sk_buf_line(&b, 100), 4);
        sk_buf_take(&b, out, 4);
        assert_memory_equal(out, "one\r", 4);
        assert_int_equal(sk_buf_line(&b, 100), 1);
        sk_buf_take(&b, NULL, 1);
        assert_int_equal(sk_buf_line(&b, 100), 4);
        sk_buf_take(&b, NULL, 4);
        assert_int_equal(sk_buf_line(&b, 100), 1);
        sk_buf_take(&b, NULL, 1);
        assert_int_equal(sk_buf_line(&b, 100), 0);
        sk_buf_free(&b);
    }
}

static void a_long_line_comes_in_pieces(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};

    (void)state;
    put(&b, "abcdef\n", 7);
    assert_int_equal(sk_buf_line(&b, 3), 3);
    assert_int_equal(sk_buf_line(&b, 6), 6);
    assert_int_equal(sk_buf_line(&b, 7), 7);
    sk_buf_take(&b, NULL, 3);
    assert_int_equal(sk_buf_line(&b, 3), 3);
    sk_buf_take(&b, NULL, 3);
    assert_int_equal(sk_buf_line(&b, 3), 1);
    sk_buf_free(&b);
}

/* What is known to hold no line end must shrink with what is taken. */
static void taking_keeps_the_search_honest(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};

    (void)state;
    put(&b, "abcd", 4);
    assert_int_equal(sk_buf_line(&b, 100), 0);
    sk_buf_take(&b, NULL, 3);
    put(&b, "\nx", 2);
    assert_int_equal(sk_buf_line(&b, 100), 2);
    sk_buf_free(&b);
}

static void bytes_survive_growing_and_sliding(void **state)
{
    struct sk_buf b    = {NULL, 0, 0, 0, 0};
    unsigned      in   = 0;
    unsigned      next = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char bytes[97];

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)(in++ % 251);
        put(&b, bytes, sizeof bytes);
        while (sk_buf_size(&b) > (size_t)(round % 50) * 1000) {
            char one;

            sk_buf_take(&b, &one, 1);
            assert_int_equal((unsigned char)one, next++ % 251);
        }
    }
    sk_buf_free(&b);
}

static void a_large_array_is_given_back_when_empty(void **state)
{
    struct sk_buf b   = {NULL, 0, 0, 0, 0};
    char         *big = calloc(1, 200000);

    (void)state;
    put(&b, big, 200000);
    assert_true(b.room >= 200000);
    sk_buf_take(&b, NULL, 200000);
    assert_null(b.data);
    put(&b, "x", 1);
    assert_int_equal(b.room, SK_BUF_CHUNK);
    sk_buf_free(&b);
    free(big);
}

/* A reader may ask for a line of any length: memory comes with the bytes. */
static void a_huge_wish_allocates_little(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};
    size_t        room;

    (void)state;
    assert_int_equal(sk_buf_reserve(&b, SIZE_MAX, &room), 0);
    assert_int_equal(b.room, SK_BUF_CHUNK);
    sk_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_has_no_line),
        cmocka_unit_test(line_ends_are_found_at_every_split),
        cmocka_unit_test(a_long_line_comes_in_pieces),
        cmocka_unit_test(taking_keeps_the_search_honest),
        cmocka_unit_test(bytes_survive_growing_and_sliding),
        cmocka_unit_test(a_large_array_is_given_back_when_empty),
        cmocka_unit_test(a_huge_wish_allocates_little),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
