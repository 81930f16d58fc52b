/* test_readv_bytes.c - proves what sock_readv() and sock_writev() move between
 * the buffers of a vector and each type of socket, and how they fail.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/vector.h"

#define MOST 1024 /* buffers that go at once */
#define MANY 10000

/* ---- bytes ---- */

/* All of a buffer is fetched, however much came. */
static void short_count(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of("....", "....", "....");

    (void)kind;
    put(a, "abcde");
    assert_int_equal(sock_readv(b, v), 5);
    buffer_is(v, 0, "abcd", 4);
    buffer_is(v, 1, "e...", 4);
    buffer_is(v, 2, "....", 4);
    sock_iovec_free(v);
}

static void a_short_read_leaves_the_lengths_and_the_rest(void **state)
{
    (void)state;
    each_kind(short_count);
}

static void too_small(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector("21");

    put(a, "abcde");
    put(a, "x");
    assert_int_equal(sock_readv(b, v), 3);
    buffer_is(v, 0, "ab", 2);
    buffer_is(v, 1, "c", 1);
    assert_true(sock_readv(b, v) > 0);
    buffer_is(v, 0, kind->stream ? "de" : "xb", 2);
    sock_iovec_free(v);
}

static void what_does_not_fit_waits_on_a_stream_and_is_lost_else(void **state)
{
    (void)state;
    each_kind(too_small);
}

static void one_datagram(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of("one", "two", "three");
    char          in[16];

    if (!kind->stream) {
        assert_int_equal(sock_writev(a, v), 11);
        assert_int_equal(sock_recv(b, in, sizeof in, 0), 11);
        assert_memory_equal(in, "onetwothree", 11);
        assert_fails(b, sock_recv(b, in, sizeof in, MSG_DONTWAIT), EAGAIN);
    }
    sock_iovec_free(v);
}

static void all_buffers_are_one_datagram(void **state)
{
    (void)state;
    each_kind(one_datagram);
}

static void nothing(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *none = sock_iovec_alloc(0, NULL), *empty = vector("00");
    sock_iovec_t *in = vector("9");

    assert_int_equal(sock_writev(a, none), 0);
    assert_int_equal(sock_writev(a, empty), 0);
    put(a, "x");
    for (int i = 0; i < 2 && !kind->stream; i++)
        assert_int_equal(sock_readv(b, in), 0);
    assert_int_equal(sock_readv(b, in), 1);
    sock_iovec_free(none);
    sock_iovec_free(empty);
    sock_iovec_free(in);
}

static void no_bytes_are_an_empty_datagram_or_nothing(void **state)
{
    (void)state;
    each_kind(nothing);
}

static void ends(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of("bye", "", "");

    if (kind->stream) {
        assert_int_equal(sock_writev(a, v), 3);
        assert_true(sock_shutdown(a, SHUT_WR));
        assert_int_equal(sock_readv(b, v), 3);
        assert_int_equal(sock_readv(b, v), 0);
        assert_fails(a, sock_writev(a, v), EPIPE);
    }
    sock_iovec_free(v);
}

static void an_end_is_read_as_0(void **state)
{
    (void)state;
    each_kind(ends);
}

/* ---- many buffers ---- */

static sock_iovec_t *vector_of_bytes(void)
{
    static size_t lengths[MANY];
    sock_iovec_t *v;

    for (size_t i = 0; i < MANY; i++)
        lengths[i] = 1;
    v = sock_iovec_alloc(MANY, lengths);
    assert_non_null(v);
    return v;
}

/* Buffers that have gone are taken out, until none is left. */
static void write_many(sock_t *s)
{
    sock_iovec_t *v    = vector_of_bytes();
    size_t        left = MANY;

    for (size_t i = 0; i < MANY; i++)
        assert_true(sock_iovec_set(v, i, &(char){(char)(i % 251)}, 1));
    while (left > 0) {
        ssize_t n = sock_writev(s, v);

        assert_in_range(n, 1, left < MOST ? left : MOST);
        for (left -= (size_t)n; n > 0; n--)
            assert_true(sock_iovec_delete(v, 0));
    }
    has_buffers(v, 0);
    sock_iovec_free(v);
}

static void read_many(sock_t *s)
{
    sock_iovec_t *v   = vector_of_bytes();
    size_t        got = 0;
    ssize_t       n   = 0;

    for (; got < MANY; got += (size_t)n) {
        n = sock_readv(s, v);
        assert_in_range(n, 1, MOST);
        for (ssize_t i = 0; i < n; i++) {
            char want = (char)((got + (size_t)i) % 251);

            buffer_is(v, (size_t)i, &want, 1);
        }
    }
    buffer_is(v, MOST, "\0", 1);
    sock_iovec_free(v);
}

static void stream_of_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    if (!kind->stream)
        return;
    write_many(a);
    read_many(b);
}

static void of_a_stream_the_first_1024_buffers_move(void **state)
{
    (void)state;
    each_kind(stream_of_many);
}

static void datagram_of_many(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of_bytes();

    if (!kind->stream) {
        assert_fails(a, sock_writev(a, v), EMSGSIZE);
        put(a, "x");
        assert_fails(b, sock_readv(b, v), EMSGSIZE);
        for (size_t i = MANY; i > MOST; i--)
            assert_true(sock_iovec_delete(v, i - 1));
        assert_int_equal(sock_readv(b, v), 1);
        buffer_is(v, 0, "x", 1);
        assert_int_equal(sock_writev(a, v), MOST);
        assert_int_equal(sock_readv(b, v), MOST);
    }
    sock_iovec_free(v);
}

static void a_datagram_has_1024_buffers_at_most(void **state)
{
    (void)state;
    each_kind(datagram_of_many);
}

/* ---- failures ---- */

static void impatient(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of("x", "y", "z");

    sock_set_nonblock(b);
    assert_fails(b, sock_readv(b, v), EAGAIN);
    sock_set_block(b);
    sock_set_timeout(b, 30);
    assert_fails(b, sock_readv(b, v), ETIMEDOUT);
    buffer_is(v, 0, "x", 1);
    if (kind->is_unix || kind->stream) {
        fill(a);
        sock_set_timeout(a, 0);
        assert_fails(a, sock_writev(a, v), ETIMEDOUT);
        sock_set_nonblock(a);
        assert_fails(a, sock_writev(a, v), EAGAIN);
    }
    sock_iovec_free(v);
}

static void they_wait_no_longer_than_they_may(void **state)
{
    (void)state;
    each_kind(impatient);
}

static void expired(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_iovec_t *v = vector_of("x", "y", "z");

    (void)kind;
    put(a, "abc");
    assert_true(sock_set_deadline(a, 0) && sock_set_deadline(b, 0));
    assert_fails(a, sock_writev(a, v), ETIMEDOUT);
    assert_fails(b, sock_readv(b, v), ETIMEDOUT);
    assert_true(sock_set_deadline(b, -1));
    assert_int_equal(sock_readv(b, v), 3);
    sock_iovec_free(v);
}

static void an_expired_deadline_fails_though_nothing_need_wait(void **state)
{
    (void)state;
    each_kind(expired);
}

static void what_a_socket_cannot_do_is_told(void **state)
{
    sock_t       *closed = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t       *tcp    = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t       *udp    = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_iovec_t *v      = vector_of("x", "y", "z");

    (void)state;
    sock_close(closed);
    assert_fails(closed, sock_readv(closed, v), EBADF);
    assert_fails(closed, sock_writev(closed, v), EBADF);
    assert_fails(NULL, sock_readv(NULL, v), EBADF);
    assert_fails(NULL, sock_writev(NULL, v), EBADF);
    assert_fails(tcp, sock_readv(tcp, v), ENOTCONN);
    assert_fails(udp, sock_writev(udp, v), EDESTADDRREQ);
    sock_iovec_free(v);
    sock_close(tcp);
    sock_close(udp);
}

static void a_datagram_that_is_too_long_is_refused(void **state)
{
    static const size_t lengths[] = {35000, 35000};
    sock_iovec_t       *v         = sock_iovec_alloc(2, lengths);
    sock_t             *pair[2];

    (void)state;
    udp_pair(pair);
    assert_fails(pair[0], sock_writev(pair[0], v), EMSGSIZE);
    sock_iovec_free(v);
    close_pair(pair);
}

static void a_reset_is_told(void **state)
{
    sock_iovec_t *v = vector("3");
    sock_t       *pair[2];

    (void)state;
    tcp_pair(pair);
    close_with_reset(pair[0]);
    wait_readable(pair[1]);
    assert_fails(pair[1], sock_readv(pair[1], v), ECONNRESET);
    assert_fails(pair[1], sock_writev(pair[1], v), EPIPE);
    sock_iovec_free(v);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_read_leaves_the_lengths_and_the_rest),
        cmocka_unit_test(what_does_not_fit_waits_on_a_stream_and_is_lost_else),
        cmocka_unit_test(all_buffers_are_one_datagram),
        cmocka_unit_test(no_bytes_are_an_empty_datagram_or_nothing),
        cmocka_unit_test(an_end_is_read_as_0),
        cmocka_unit_test(of_a_stream_the_first_1024_buffers_move),
        cmocka_unit_test(a_datagram_has_1024_buffers_at_most),
        cmocka_unit_test(they_wait_no_longer_than_they_may),
        cmocka_unit_test(an_expired_deadline_fails_though_nothing_need_wait),
        cmocka_unit_test(what_a_socket_cannot_do_is_told),
        cmocka_unit_test(a_datagram_that_is_too_long_is_refused),
        cmocka_unit_test(a_reset_is_told),
    };

    return cmocka_run_group_tests_name("readv_bytes", tests, count_descriptors,
                                       compare_descriptors);
}
