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
    assert_int_equal(sk_buf_line(&b, NULL, 100), 0);
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
            assert_int_equal(sk_buf_line(&b, NULL, 100), 0);
        put(&b, text + split, sizeof text - 1 - split);
        assert_int_equal(sk_buf_line(&b, NULL, 100), 4);
        sk_buf_take(&b, out, 4);
        assert_memory_equal(out, "one\r", 4);
        assert_int_equal(sk_buf_line(&b, NULL, 100), 1);
        sk_buf_take(&b, NULL, 1);
        assert_int_equal(sk_buf_line(&b, NULL, 100), 4);
        sk_buf_take(&b, NULL, 4);
        assert_int_equal(sk_buf_line(&b, NULL, 100), 1);
        sk_buf_take(&b, NULL, 1);
        assert_int_equal(sk_buf_line(&b, NULL, 100), 0);
        sk_buf_free(&b);
    }
}

static void a_long_line_comes_in_pieces(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};

    (void)state;
    put(&b, "abcdef\n", 7);
    assert_int_equal(sk_buf_line(&b, NULL, 3), 3);
    assert_int_equal(sk_buf_line(&b, NULL, 6), 6);
    assert_int_equal(sk_buf_line(&b, NULL, 7), 7);
    sk_buf_take(&b, NULL, 3);
    assert_int_equal(sk_buf_line(&b, NULL, 3), 3);
    sk_buf_take(&b, NULL, 3);
    assert_int_equal(sk_buf_line(&b, NULL, 3), 1);
    sk_buf_free(&b);
}

/* What is known to hold no line end must shrink with what is taken. */
static void taking_keeps_the_search_honest(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};

    (void)state;
    put(&b, "abcd", 4);
    assert_int_equal(sk_buf_line(&b, NULL, 100), 0);
    sk_buf_take(&b, NULL, 3);
    put(&b, "\nx", 2);
    assert_int_equal(sk_buf_line(&b, NULL, 100), 2);
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

/* ---- other line ends ---- */

static const char long_text[SK_ENDING_MAX + 1] =
    "abababababababababababababababababababababababababababababababab"
    "abababababababababababababababababababababababababababababababab"
    "abababababababababababababababababababababababababababababababab"
    "abababababababababababababababababababababababababababababababc";

static const struct sk_ending feed   = {"\n", 1};
static const struct sk_ending crlf   = {"\r\n", 2};
static const struct sk_ending blank  = {"\r\n\r\n", 4};
static const struct sk_ending aab    = {"aab", 3};
static const struct sk_ending longer = {long_text, sizeof long_text - 1};

static const struct sk_ending *const endings[] = {NULL,   &feed, &crlf,
                                                  &blank, &aab,  &longer};

#define ENDINGS (sizeof endings / sizeof *endings)

static size_t length_of(const struct sk_ending *end)
{
    return end ? end->len : 1;
}

/* "aa" and the end, wherever it is cut: told when the last byte is there. */
static void every_end_is_found_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDINGS; i++) {
        const struct sk_ending *end      = endings[i];
        size_t                  size     = 2 + length_of(end);
        char                    out[300] = "aa";

        memcpy(out + 2, end ? end->text : "\r", length_of(end));
        for (size_t split = 0; split < size; split++) {
            struct sk_buf b = {NULL, 0, 0, 0, 0};

            put(&b, out, split);
            assert_int_equal(sk_buf_line(&b, end, 1000), 0);
            put(&b, out + split, size - split);
            put(&b, "aab\r\n", 5);
            assert_int_equal(sk_buf_line(&b, end, 1000), size);
            if (end)
                assert_int_equal(sk_buf_text(&b, end, size), 2);
            sk_buf_free(&b);
        }
    }
}

/* What is there, how much of a line is asked for, and what comes of it: 0 if
 * that cannot be told yet. */
static void pieces_have_nothing_of_an_end(void **state)
{
    static const struct {
        const struct sk_ending *end;
        const char             *there;
        size_t                  max, line, text;
    } rows[] = {
        {&crlf, "abc", 4, 0, 0},          {&crlf, "abc\r", 4, 0, 0},
        {&crlf, "abc\r\n", 4, 5, 3},      {&crlf, "abc\rd", 4, 4, 4},
        {&crlf, "abcd", 4, 4, 4},         {&crlf, "abcd\r", 4, 4, 4},
        {&crlf, "abcd\r\n", 4, 4, 4},     {&crlf, "\r\n", 4, 2, 0},
        {&crlf, "\n\r\n", 4, 3, 1},       {&crlf, "\r", 1, 0, 0},
        {&crlf, "\r\n", 1, 2, 0},         {&crlf, "\r\r", 1, 1, 1},
        {&blank, "abc\r\n", 4, 0, 0},     {&blank, "abc\r\n\r", 4, 0, 0},
        {&blank, "abc\r\n\r\n", 4, 7, 3}, {&blank, "abc\r\nd", 4, 4, 4},
        {&blank, "a\r\n\r", 3, 0, 0},     {&blank, "a\r\n\rb", 3, 3, 3},
        {&aab, "aaa", 2, 0, 0},           {&aab, "aaaa", 2, 2, 2},
        {&aab, "aaab", 2, 4, 1},          {&feed, "abc\n", 4, 4, 3},
        {&feed, "abc\n", 3, 3, 3},        {&feed, "ab", 3, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sk_buf b = {NULL, 0, 0, 0, 0};
        size_t        line;

        put(&b, rows[i].there, strlen(rows[i].there));
        line = sk_buf_line(&b, rows[i].end, rows[i].max);
        if (line != rows[i].line)
            fail_msg("row %zu: %zu, not %zu", i, line, rows[i].line);
        if (line)
            assert_int_equal(sk_buf_text(&b, rows[i].end, line), rows[i].text);
        assert_int_equal(sk_buf_line_ahead(&b, rows[i].end, rows[i].max, 0),
                         line);
        sk_buf_free(&b);
    }
}

/* What was searched for one end in vain may hold every other. */
static void one_search_does_not_blind_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDINGS; i++)
        for (size_t k = 0; k < ENDINGS; k++) {
            struct sk_buf           b   = {NULL, 0, 0, 0, 0};
            const struct sk_ending *end = endings[k];
            size_t                  line;

            put(&b, "x", 1);
            put(&b, end ? end->text : "\r", length_of(end));
            line = sk_buf_line(&b, endings[i], 1000);
            assert_true(i != k || line == 1 + length_of(end));
            assert_int_equal(sk_buf_line(&b, end, 1000), 1 + length_of(end));
            sk_buf_free(&b);
        }
}

/* Texts of one length are no less different, and growing forgets neither. */
static void ends_are_told_apart_by_every_byte(void **state)
{
    static const struct sk_ending one = {"abcdefgh1", 9},
                                  two = {"abcdefgh2", 9};
    struct sk_buf b                   = {NULL, 0, 0, 0, 0};
    char         *big                 = malloc(40000);

    (void)state;
    memset(big, 'x', 40000);
    put(&b, "..abcdefgh2..", 13);
    assert_int_equal(sk_buf_line(&b, &one, 100000), 0);
    put(&b, big, 40000);
    assert_int_equal(sk_buf_line(&b, &one, 100000), 0);
    assert_true(b.seen > 40000);
    assert_int_equal(sk_buf_line(&b, &two, 100000), 11);
    sk_buf_free(&b);
    free(big);
}

/* Of a line that trickles in, what was searched is not searched again; nor when
 * the array grows. */
static void a_trickle_is_searched_once(void **state)
{
    enum { MANY = 40000 };

    (void)state;
    for (size_t i = 0; i < ENDINGS; i++) {
        struct sk_buf           b   = {NULL, 0, 0, 0, 0};
        const struct sk_ending *end = endings[i];
        size_t                  len = length_of(end);

        for (size_t size = 1; size <= MANY; size++) {
            put(&b, "a", 1);
            assert_int_equal(sk_buf_line(&b, end, MANY * 2), 0);
            if (size >= len)
                assert_int_equal(b.seen, size - len + 1);
        }
        put(&b, end ? end->text : "\n", len);
        assert_int_equal(sk_buf_line(&b, end, MANY * 2), MANY + len);
        sk_buf_free(&b);
    }
}

/* Bytes that somebody has only looked at count for the answer alone. */
static void a_look_ahead_is_not_remembered(void **state)
{
    struct sk_buf b = {NULL, 0, 0, 0, 0};
    size_t        room;

    (void)state;
    put(&b, "ab\r", 3);
    assert_int_equal(sk_buf_line(&b, &crlf, 100), 0);
    assert_int_equal(sk_buf_reserve(&b, 6, &room), 0);
    memcpy(sk_buf_back(&b), "xyz", 3);
    assert_int_equal(sk_buf_line_ahead(&b, &crlf, 100, 3), 0);
    assert_int_equal(sk_buf_size(&b), 3);
    memcpy(sk_buf_back(&b), "\nz", 2);
    assert_int_equal(sk_buf_line_ahead(&b, &crlf, 100, 2), 4);
    assert_int_equal(sk_buf_line_ahead(&b, &feed, 100, 2), 4);
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
        cmocka_unit_test(every_end_is_found_at_every_split),
        cmocka_unit_test(pieces_have_nothing_of_an_end),
        cmocka_unit_test(one_search_does_not_blind_another),
        cmocka_unit_test(ends_are_told_apart_by_every_byte),
        cmocka_unit_test(a_trickle_is_searched_once),
        cmocka_unit_test(a_look_ahead_is_not_remembered),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
