/* test_vector.c - proves PHP 4's vector: what its buffers hold when it changes,
 * and how bad requests are refused and leave it as it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define assert_refused(result, code, verb)                                     \
    do {                                                                       \
        sock_clear_error(NULL);                                                \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(NULL), code);                         \
        assert_int_equal(                                                      \
            strncmp(sock_last_message(NULL), verb ": ", sizeof verb), 0);      \
    } while (0)

/* Sanitizers would end the program for a request that is too large. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* "one", "two", ... as far as asked for. */
static sock_iovec_t *words(size_t count)
{
    static const char *const all[] = {"one", "two", "three", "four"};
    sock_iovec_t            *v     = sock_iovec_alloc(0, NULL);

    for (size_t i = 0; i < count; i++) {
        assert_true(sock_iovec_add(v, 1));
        assert_true(sock_iovec_set(v, i, all[i], strlen(all[i])));
    }
    return v;
}

static void holds(const sock_iovec_t *v, size_t at, const void *want,
                  size_t len)
{
    size_t      got   = SIZE_MAX;
    const void *bytes = sock_iovec_fetch(v, at, &got);

    assert_non_null(bytes);
    assert_int_equal(got, len);
    assert_memory_equal(bytes, want, len);
}

static void has_count(const sock_iovec_t *v, size_t count)
{
    if (count)
        assert_non_null(sock_iovec_fetch(v, count - 1, NULL));
    assert_null(sock_iovec_fetch(v, count, NULL));
}

static void is_words(const sock_iovec_t *v)
{
    has_count(v, 3);
    holds(v, 0, "one", 3);
    holds(v, 1, "two", 3);
    holds(v, 2, "three", 5);
}

/* ---- what it does ---- */

static void a_new_vector_has_buffers_of_zeros(void **state)
{
    static const char   zeros[1000];
    static const size_t lengths[] = {1, 1000, 7};
    sock_iovec_t       *v         = sock_iovec_alloc(3, lengths);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        holds(v, i, zeros, lengths[i]);
    has_count(v, 3);
    sock_iovec_free(v);
}

static void a_vector_may_start_empty(void **state)
{
    static const size_t unused[] = {1};
    sock_iovec_t       *v        = sock_iovec_alloc(0, NULL);
    sock_iovec_t       *w        = sock_iovec_alloc(0, unused);

    (void)state;
    has_count(v, 0);
    has_count(w, 0);
    assert_true(sock_iovec_add(v, 2));
    holds(v, 0, "\0", 2);
    sock_iovec_free(v);
    sock_iovec_free(w);
}

static void a_buffer_of_no_bytes_is_there(void **state)
{
    static const size_t lengths[] = {0, 3, 0};
    sock_iovec_t       *v         = sock_iovec_alloc(3, lengths);

    (void)state;
    assert_true(sock_iovec_add(v, 0));
    assert_true(sock_iovec_set(v, 1, NULL, 0));
    for (size_t i = 0; i < 4; i++)
        holds(v, i, "", 0);
    assert_true(sock_iovec_set(v, 2, "bytes", 5));
    assert_true(sock_iovec_delete(v, 0));
    holds(v, 1, "bytes", 5);
    has_count(v, 3);
    sock_iovec_free(v);
}

static void set_takes_a_copy_and_its_length(void **state)
{
    char          bytes[] = "a\0b\nc";
    sock_iovec_t *v       = words(3);

    (void)state;
    assert_true(sock_iovec_set(v, 1, bytes, sizeof bytes));
    memset(bytes, 'x', sizeof bytes);
    holds(v, 1, "a\0b\nc", sizeof bytes);
    assert_true(sock_iovec_set(v, 1, "two", 3));
    is_words(v);
    sock_iovec_free(v);
}

/* The bytes that replace a buffer may be its own, or a part of them. */
static void set_may_take_from_the_vector_itself(void **state)
{
    sock_iovec_t *v     = words(3);
    const char   *three = sock_iovec_fetch(v, 2, NULL);

    (void)state;
    assert_true(sock_iovec_set(v, 0, three, 5));
    assert_true(sock_iovec_set(v, 2, three + 1, 4));
    holds(v, 0, "three", 5);
    holds(v, 2, "hree", 4);
    assert_true(sock_iovec_set(v, 1, sock_iovec_fetch(v, 1, NULL), 3));
    holds(v, 1, "two", 3);
    sock_iovec_free(v);
}

static void what_is_behind_a_deleted_buffer_moves_up(void **state)
{
    sock_iovec_t *v = words(4);

    (void)state;
    assert_true(sock_iovec_delete(v, 3));
    is_words(v);
    assert_true(sock_iovec_delete(v, 0));
    holds(v, 0, "two", 3);
    holds(v, 1, "three", 5);
    has_count(v, 2);
    assert_true(sock_iovec_delete(v, 0));
    assert_true(sock_iovec_delete(v, 0));
    has_count(v, 0);
    assert_true(sock_iovec_add(v, 1));
    has_count(v, 1);
    sock_iovec_free(v);
}

static void other_buffers_stay_where_they_are(void **state)
{
    sock_iovec_t *v   = words(3);
    const void   *two = sock_iovec_fetch(v, 1, NULL);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(sock_iovec_add(v, 10));
    assert_true(sock_iovec_set(v, 0, "longer", 6));
    assert_ptr_equal(sock_iovec_fetch(v, 1, NULL), two);
    assert_true(sock_iovec_delete(v, 0));
    assert_ptr_equal(sock_iovec_fetch(v, 0, NULL), two);
    sock_iovec_free(v);
}

static void ten_thousand_buffers_are_all_there(void **state)
{
    enum { COUNT = 10000 };
    sock_iovec_t *v = sock_iovec_alloc(0, NULL);

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(sock_iovec_add(v, 1));
        assert_true(sock_iovec_set(v, i, &i, sizeof i));
    }
    for (size_t i = COUNT; i > 0; i -= 2)
        assert_true(sock_iovec_delete(v, i - 1));
    has_count(v, COUNT / 2);
    for (uint32_t i = 0; i < COUNT / 2; i++) {
        const uint32_t want = i * 2;

        holds(v, i, &want, sizeof want);
    }
    sock_iovec_free(v);
}

static void ten_thousand_buffers_are_made_at_once(void **state)
{
    enum { COUNT = 10000 };
    static size_t lengths[COUNT];
    sock_iovec_t *v;
    size_t        len;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        lengths[i] = i % 17;
    v = sock_iovec_alloc(COUNT, lengths);
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(sock_iovec_fetch(v, i, &len));
        assert_int_equal(len, i % 17);
    }
    has_count(v, COUNT);
    sock_iovec_free(v);
}

/* ---- what it refuses ---- */

static void no_vector_is_invalid(void **state)
{
    size_t len = 5;

    (void)state;
    assert_refused(sock_iovec_set(NULL, 0, "x", 1), EINVAL, "iovec_set");
    assert_refused(sock_iovec_add(NULL, 1), EINVAL, "iovec_add");
    assert_refused(sock_iovec_delete(NULL, 0), EINVAL, "iovec_delete");
    assert_refused(sock_iovec_fetch(NULL, 0, &len), EINVAL, "iovec_fetch");
    assert_int_equal(len, 5);
    sock_iovec_free(NULL);
}

static void a_buffer_that_is_not_there_is_invalid(void **state)
{
    static const size_t places[] = {3, 4, 1000, SIZE_MAX / 2, SIZE_MAX};
    sock_iovec_t       *v        = words(3);

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        size_t at = places[i];

        assert_refused(sock_iovec_set(v, at, "x", 1), EINVAL, "iovec_set");
        assert_refused(sock_iovec_delete(v, at), EINVAL, "iovec_delete");
        assert_refused(sock_iovec_fetch(v, at, NULL), EINVAL, "iovec_fetch");
    }
    is_words(v);
    sock_iovec_free(v);
}

static void bytes_from_nowhere_are_invalid(void **state)
{
    sock_iovec_t *v = words(3);

    (void)state;
    assert_refused(sock_iovec_set(v, 0, NULL, 1), EINVAL, "iovec_set");
    is_words(v);
    sock_iovec_free(v);
    assert_refused(sock_iovec_alloc(1, NULL), EINVAL, "iovec_alloc");
    assert_refused(sock_iovec_alloc(SIZE_MAX, NULL), EINVAL, "iovec_alloc");
}

static void lengths_over_the_most_are_invalid(void **state)
{
    static const size_t rows[][3] = {
        {SIZE_MAX, 0, 0},  {(size_t)SSIZE_MAX + 1, 0, 0}, {1, SSIZE_MAX, 0},
        {SSIZE_MAX, 0, 1}, {SSIZE_MAX, SSIZE_MAX, 2}, /* would be 0 */
        {SIZE_MAX, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(sock_iovec_alloc(3, rows[i]), EINVAL, "iovec_alloc");
}

static void a_change_over_the_most_is_invalid(void **state)
{
    static const size_t lengths[] = {SSIZE_MAX - 10, SSIZE_MAX, SIZE_MAX - 10,
                                     SIZE_MAX};
    sock_iovec_t       *v         = words(3); /* 11 bytes */

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t len = lengths[i];

        assert_refused(sock_iovec_add(v, len), EINVAL, "iovec_add");
        assert_refused(sock_iovec_set(v, 0, "", len + 3 < len ? len : len + 3),
                       EINVAL, "iovec_set");
    }
    is_words(v);
    sock_iovec_free(v);
}

/* Allowed, but no machine has it. What was replaced or deleted counts no more:
 * else these were over the most. */
static void what_memory_does_not_hold_leaves_the_vector_as_it_was(void **state)
{
    sock_iovec_t *v = words(4);

    (void)state;
    assert_refused(sock_iovec_add(v, SSIZE_MAX - 11), EINVAL, "iovec_add");
    assert_true(sock_iovec_delete(v, 3));
    assert_refused(sock_iovec_add(v, SSIZE_MAX - 11), ENOMEM, "iovec_add");
    assert_refused(sock_iovec_set(v, 2, "", SSIZE_MAX - 6), ENOMEM,
                   "iovec_set");
    is_words(v);
    assert_true(sock_iovec_add(v, 4));
    holds(v, 3, "\0\0\0", 4);
    sock_iovec_free(v);
}

static void a_vector_memory_does_not_hold_is_not_made(void **state)
{
    static const size_t lengths[] = {100, 0, SSIZE_MAX - 100};

    (void)state;
    assert_refused(sock_iovec_alloc(3, lengths), ENOMEM, "iovec_alloc");
    assert_refused(sock_iovec_alloc(SIZE_MAX, lengths), ENOMEM, "iovec_alloc");
    assert_refused(sock_iovec_alloc(SIZE_MAX / 16 + 2, lengths), ENOMEM,
                   "iovec_alloc"); /* times 16 would be 16 bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_vector_has_buffers_of_zeros),
        cmocka_unit_test(a_vector_may_start_empty),
        cmocka_unit_test(a_buffer_of_no_bytes_is_there),
        cmocka_unit_test(set_takes_a_copy_and_its_length),
        cmocka_unit_test(set_may_take_from_the_vector_itself),
        cmocka_unit_test(what_is_behind_a_deleted_buffer_moves_up),
        cmocka_unit_test(other_buffers_stay_where_they_are),
        cmocka_unit_test(ten_thousand_buffers_are_all_there),
        cmocka_unit_test(ten_thousand_buffers_are_made_at_once),
        cmocka_unit_test(no_vector_is_invalid),
        cmocka_unit_test(a_buffer_that_is_not_there_is_invalid),
        cmocka_unit_test(bytes_from_nowhere_are_invalid),
        cmocka_unit_test(lengths_over_the_most_are_invalid),
        cmocka_unit_test(a_change_over_the_most_is_invalid),
        cmocka_unit_test(what_memory_does_not_hold_leaves_the_vector_as_it_was),
        cmocka_unit_test(a_vector_memory_does_not_hold_is_not_made),
    };

    return cmocka_run_group_tests_name("vector", tests, count_descriptors,
                                       compare_descriptors);
}
