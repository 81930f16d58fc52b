/* test_poll_half_lines.c - proves that half a line that a line read has refused
 * wakes nobody again, until something else happens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

static bool has_read(sock_poll_t *set, sock_t *s)
{
    return told(set, s) & LIBSOCK_POLL_READ;
}

static void half_a_line_comes(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    put(peer, "ab");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is_refused(s);
    assert_true(is_silent(set));
    put(peer, "c");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is_refused(s);
    assert_true(is_silent(set));
    put(peer, "\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is(s, "abc\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void half_a_line_wakes_nobody_twice(void **state)
{
    (void)state;
    each(half_a_line_comes);
}

static void half_a_line_comes_behind_a_line(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    put(peer, "a\nb");
    assert_true(has_read(set, s));
    line_is(s, "a\n");
    assert_true(has_read(set, s)); /* nobody has refused it yet */
    line_is_refused(s);
    assert_true(is_silent(set));
    put(peer, "\nc\n");
    assert_true(has_read(set, s));
    line_is(s, "b\n");
    assert_true(has_read(set, s));
    line_is(s, "c\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void half_a_line_behind_a_line_is_told_once(void **state)
{
    (void)state;
    each(half_a_line_comes_behind_a_line);
}

static void a_line_times_out(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         line[8];

    put(peer, "ab");
    assert_true(has_read(set, s));
    assert_true(sock_set_timeout(s, 5));
    assert_int_equal(sock_read(s, line, 8, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_true(is_silent(set));
    put(peer, "\n");
    assert_true(has_read(set, s));
    line_is(s, "ab\n");
    sock_poll_free(set);
}

static void half_a_line_that_timed_out_is_silent(void **state)
{
    (void)state;
    each(a_line_times_out);
}

static void half_a_line_is_the_last(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         line[8];

    put(peer, "ab");
    assert_true(has_read(set, s));
    line_is_refused(s);
    assert_true(is_silent(set));
    assert_true(sock_shutdown(peer, SHUT_WR));
    assert_true(has_read(set, s));
    line_is(s, "ab");
    assert_true(has_read(set, s));
    assert_int_equal(sock_read(s, line, 8, LIBSOCK_NORMAL_READ), 0);
    sock_poll_free(set);
}

static void the_end_behind_half_a_line_is_told(void **state)
{
    (void)state;
    each(half_a_line_is_the_last);
}

static void a_reset_behind_half_a_line_is_told(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    char         line[8];

    (void)state;
    tcp_pair(pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    put(pair[0], "ab");
    assert_true(has_read(set, pair[1]));
    line_is_refused(pair[1]);
    close_with_reset(pair[0]);
    assert_true(has_read(set, pair[1]));
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    assert_true(has_read(set, pair[1]));
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_BINARY_READ), 2);
    assert_true(has_read(set, pair[1]));
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_BINARY_READ), -1);
    sock_poll_free(set);
    sock_close(pair[1]);
}

static void another_kind_of_read(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         bytes[8];

    put(peer, "abc");
    assert_true(has_read(set, s));
    line_is_refused(s);
    assert_true(is_silent(set));
    assert_int_equal(sock_read(s, bytes, 1, LIBSOCK_BINARY_READ), 1);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    line_is_refused(s);
    assert_true(is_silent(set));
    assert_int_equal(sock_recv(s, bytes, 8, MSG_PEEK), 2);
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_int_equal(sock_recv(s, bytes, 8, 0), 2);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void half_a_line_is_told_again_after_another_kind_of_read(void **state)
{
    (void)state;
    each(another_kind_of_read);
}

static void agrees(sock_poll_t *set, sock_t *s)
{
    assert_int_equal(!is_silent(set), is_readable(s));
}

static void every_step_is_compared(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);
    char         piece[2];

    agrees(set, s);
    put(peer, "a\nbcd");
    wait_readable(s);
    agrees(set, s);
    line_is(s, "a\n");
    agrees(set, s);
    line_is_refused(s);
    agrees(set, s);
    assert_int_equal(sock_read(s, piece, 2, LIBSOCK_NORMAL_READ), 2);
    agrees(set, s);
    line_is_refused(s);
    agrees(set, s);
    assert_true(sock_shutdown(peer, SHUT_WR));
    wait_readable(s);
    agrees(set, s);
    line_is(s, "d");
    agrees(set, s);
    sock_poll_free(set);
}

static void a_poll_set_agrees_with_select(void **state)
{
    (void)state;
    each(every_step_is_compared);
}

static void half_a_line_is_silent_beside_other_events(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    put(pair[0], "ab");
    wait_readable(pair[1]);
    assert_int_equal(told(set, pair[1]),
                     LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    line_is_refused(pair[1]);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_line_wakes_nobody_twice),
        cmocka_unit_test(half_a_line_behind_a_line_is_told_once),
        cmocka_unit_test(half_a_line_that_timed_out_is_silent),
        cmocka_unit_test(the_end_behind_half_a_line_is_told),
        cmocka_unit_test(a_reset_behind_half_a_line_is_told),
        cmocka_unit_test(half_a_line_is_told_again_after_another_kind_of_read),
        cmocka_unit_test(a_poll_set_agrees_with_select),
        cmocka_unit_test(half_a_line_is_silent_beside_other_events),
    };

    return run_on_every_backend("poll_half_lines", tests);
}
