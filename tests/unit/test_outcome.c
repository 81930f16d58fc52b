/* test_outcome.c - proves that a handle knows whether the last read met its
 * limit, and tells a limit from an end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <string.h>

static unsigned flags_of(sock_t *h)
{
    uint64_t        held;
    struct sk_sock *s = sk_handle_hold(h, SK_HOLDER, &held);
    unsigned        flags;

    assert_non_null(s);
    flags = sk_sock_flags(s) & (SK_ENDED | SK_TIMED_OUT | SK_FAILED);
    sk_handle_release(s, held);
    return flags;
}

static void a_socket_fits_its_cache_lines(void **state)
{
    (void)state;
    assert_true(sizeof(struct sk_sock) <= 192);
}

/* Each way to read, once with a limit that ends it. */
static void limited(sock_t *peer, sock_t *s)
{
    char bytes[8];

    for (int way = 0; way < 4; way++) {
        ssize_t n;

        sock_set_timeout(s, 5);
        n = way == 0   ? sock_recv(s, bytes, 8, 0)
            : way == 1 ? sock_read(s, bytes, 8, LIBSOCK_NORMAL_READ)
            : way == 2 ? sock_gets(s, bytes, 8)
                       : sock_stream_get_contents(s, bytes, 8);
        assert_int_equal(n, -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
        assert_int_equal(flags_of(s), SK_TIMED_OUT);
        sock_set_timeout(s, -1);
        put(peer, "x\n");
        n = way < 2 ? sock_recv(s, bytes, 2, MSG_WAITALL)
                    : sock_gets(s, bytes, 8);
        assert_int_equal(n, 2);
        assert_int_equal(flags_of(s), 0);
    }
}

static void a_limit_is_known_until_bytes_come(void **state)
{
    (void)state;
    each(limited);
}

static void over(sock_t *peer, sock_t *s)
{
    char byte;

    sock_set_deadline(s, 0);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(flags_of(s), SK_TIMED_OUT);
    sock_set_deadline(s, -1);
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    assert_int_equal(flags_of(s), SK_ENDED);
}

static void the_end_follows_a_limit(void **state)
{
    (void)state;
    each(over);
}

static void part(sock_t *peer, sock_t *s)
{
    char bytes[8];

    sock_set_timeout(s, 5);
    put(peer, "part");
    assert_int_equal(sock_stream_get_contents(s, bytes, 8), 4);
    assert_int_equal(flags_of(s), SK_TIMED_OUT);
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_stream_get_contents(s, bytes, 8), 0);
    assert_int_equal(flags_of(s), SK_ENDED);
}

static void a_part_that_a_limit_made_tells(void **state)
{
    (void)state;
    each(part);
}

static void refused(sock_t *peer, sock_t *s)
{
    char byte;

    (void)peer;
    assert_int_equal(sock_recv(s, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_gets(s, NULL, 0), -1);
    assert_int_equal(flags_of(s), 0);
}

static void a_refusal_is_no_limit(void **state)
{
    (void)state;
    each(refused);
}

static void datagrams_know_their_limits_and_no_end(void **state)
{
    sock_t *pair[2];
    char    byte;

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    sock_set_timeout(pair[1], 5);
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), -1);
    assert_int_equal(flags_of(pair[1]), SK_TIMED_OUT);
    assert_int_equal(sock_write(pair[0], "", 0), 0);
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 0);
    assert_int_equal(flags_of(pair[1]), 0);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_fits_its_cache_lines),
        cmocka_unit_test(a_limit_is_known_until_bytes_come),
        cmocka_unit_test(the_end_follows_a_limit),
        cmocka_unit_test(a_part_that_a_limit_made_tells),
        cmocka_unit_test(a_refusal_is_no_limit),
        cmocka_unit_test(datagrams_know_their_limits_and_no_end),
    };

    return cmocka_run_group_tests_name("outcome", tests, count_descriptors,
                                       compare_descriptors);
}
