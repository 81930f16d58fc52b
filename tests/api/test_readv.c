/* test_readv.c - proves that PHP 4's vectors are read into and written, over
 * streams and datagrams, with what is buffered first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <string.h>

static sock_iovec_t *vector(size_t a, size_t b, size_t c)
{
    const size_t  lengths[] = {a, b, c};
    sock_iovec_t *v         = sock_iovec_alloc(3, lengths);

    assert_non_null(v);
    return v;
}

static void holds(const sock_iovec_t *v, size_t at, const char *text)
{
    size_t      len   = 0;
    const char *bytes = sock_iovec_fetch(v, at, &len);

    assert_non_null(bytes);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(bytes, text, len);
}

static void passes(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *out = vector(0, 0, 0), *in = vector(2, 0, 4);

    (void)kind;
    assert_true(sock_iovec_set(out, 0, "on", 2));
    assert_true(sock_iovec_set(out, 1, "e\0", 2));
    assert_true(sock_iovec_set(out, 2, "wo", 2));
    assert_int_equal(sock_writev(a, out), 6);
    assert_int_equal(sock_readv(b, in), 6);
    holds(in, 0, "on");
    assert_memory_equal(sock_iovec_fetch(in, 2, NULL), "e\0wo", 4);
    sock_iovec_free(out);
    sock_iovec_free(in);
}

static void a_vector_passes_over_every_type(void **state)
{
    (void)state;
    each_kind(passes);
}

static void a_short_read_leaves_the_lengths(void **state)
{
    sock_t       *pair[2];
    sock_iovec_t *v = vector(2, 2, 2);

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "abc");
    assert_int_equal(sock_readv(pair[1], v), 3);
    holds(v, 0, "ab");
    assert_memory_equal(sock_iovec_fetch(v, 1, NULL), "c\0", 2);
    sock_close(pair[0]);
    assert_int_equal(sock_readv(pair[1], v), 0);
    sock_iovec_free(v);
    sock_close(pair[1]);
}

static void what_a_line_read_left_comes_first(void **state)
{
    sock_t       *pair[2];
    sock_iovec_t *v = vector(1, 1, 8);
    char          line[8];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "1\nabc");
    assert_int_equal(sock_read(pair[1], line, sizeof line, LIBSOCK_NORMAL_READ),
                     2);
    assert_int_equal(sock_readv(pair[1], v), 3);
    holds(v, 0, "a");
    holds(v, 1, "b");
    sock_set_timeout(pair[1], 20);
    assert_fails(pair[1], sock_readv(pair[1], v), ETIMEDOUT);
    sock_iovec_free(v);
    close_pair(pair);
}

static void writes_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    static const size_t ones[10000] = {1, 1, 1};
    sock_iovec_t       *v           = sock_iovec_alloc(10000, ones);

    for (size_t i = 0; i < 10000; i++)
        assert_true(sock_iovec_set(v, i, "x", 1));
    if (kind->stream) {
        assert_int_equal(sock_writev(a, v), 1024);
        assert_int_equal(sock_readv(b, v), 1024);
    } else {
        assert_fails(a, sock_writev(a, v), EMSGSIZE);
        assert_fails(b, sock_readv(b, v), EMSGSIZE);
    }
    sock_iovec_free(v);
}

static void ten_thousand_buffers_go_in_pieces_or_not_at_all(void **state)
{
    (void)state;
    each_kind(writes_many);
}

static void what_cannot_be_is_refused(void **state)
{
    sock_t       *pair[2];
    sock_iovec_t *v = vector(0, 0, 0), *none = sock_iovec_alloc(0, NULL);

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_fails(pair[0], sock_readv(pair[0], v), EINVAL);
    assert_fails(pair[0], sock_readv(pair[0], none), EINVAL);
    assert_fails(pair[0], sock_readv(pair[0], NULL), EINVAL);
    assert_fails(pair[0], sock_writev(pair[0], NULL), EINVAL);
    assert_int_equal(sock_writev(pair[0], none), 0);
    assert_fails(NULL, sock_readv(NULL, v), EBADF);
    close_pair(pair);
    assert_fails(pair[0], sock_writev(pair[0], v), EBADF);
    sock_iovec_free(v);
    sock_iovec_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vector_passes_over_every_type),
        cmocka_unit_test(a_short_read_leaves_the_lengths),
        cmocka_unit_test(what_a_line_read_left_comes_first),
        cmocka_unit_test(ten_thousand_buffers_go_in_pieces_or_not_at_all),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests_name("readv", tests, count_descriptors,
                                       compare_descriptors);
}
