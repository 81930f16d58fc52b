/* test_get_line.c - proves that sock_stream_get_line() knows lines, pieces and
 * the end apart, whatever text ends a line, and takes nothing beyond.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <string.h>

static void is_line(sock_t *s, size_t size, const char *ending,
                    const char *text)
{
    char   line[512];
    size_t len = 99;

    memset(line, '#', sizeof line);
    assert_int_equal(sock_stream_get_line(s, line, size, ending, &len), 1);
    assert_string_equal(line, text);
    assert_int_equal(len, strlen(text));
}

static void has_none(sock_t *s, const char *ending, int result)
{
    char   line[8] = "before";
    size_t len     = 99;

    assert_int_equal(sock_stream_get_line(s, line, 8, ending, &len), result);
    assert_string_equal(line, "");
    assert_int_equal(len, 0);
}

static void fails(sock_t *s, const char *ending, int error)
{
    has_none(s, ending, -1);
    assert_int_equal(sock_last_error(s), error);
}

static void lines(sock_t *peer, sock_t *s)
{
    put(peer, "one\r\n\r\ntwo\rthree\nfour\r\r\nlast");
    sock_shutdown(peer, SHUT_WR);
    is_line(s, 64, "\r\n", "one");
    is_line(s, 64, "\r\n", "");
    is_line(s, 64, "\r\n", "two\rthree\nfour\r");
    is_line(s, 64, "\r\n", "last");
    has_none(s, "\r\n", 0);
    has_none(s, "\r\n", 0);
}

static void an_empty_line_is_not_the_end(void **state)
{
    (void)state;
    each(lines);
}

static void pieces(sock_t *peer, sock_t *s)
{
    put(peer, "abcdefgh\r\nabc\r\nabcd\r\nabc\r.\r\n");
    is_line(s, 5, "\r\n", "abcd");
    is_line(s, 5, "\r\n", "efgh");
    is_line(s, 5, "\r\n", ""); /* the end of the piece's line */
    is_line(s, 5, "\r\n", "abc");
    is_line(s, 5, "\r\n", "abcd");
    is_line(s, 5, "\r\n", "");
    is_line(s, 5, "\r\n", "abc\r");
    is_line(s, 5, "\r\n", ".");
}

/* A line has fewer bytes than a piece, so that nobody takes one for the
 * other. */
static void a_line_is_shorter_than_a_piece(void **state)
{
    (void)state;
    each(pieces);
}

static void dripped(sock_t *peer, sock_t *s)
{
    sock_set_nonblock(s);
    put(peer, "abc\r");
    wait_readable(s);
    has_none(s, "\r\n\r\n", -1);
    put(peer, "\n\r");
    wait_readable(s);
    assert_int_equal(sock_stream_get_line(s, (char[5]){0}, 5, "\r\n\r\n", NULL),
                     -1);
    put(peer, "x");
    wait_readable(s);
    is_line(s, 5, "\r\n\r\n", "abc\r");
    put(peer, "\r\n\r\n");
    sock_set_block(s);
    is_line(s, 64, "\r\n\r\n", "\n\rx");
}

static void a_piece_waits_while_it_may_hold_an_end(void **state)
{
    (void)state;
    each(dripped);
}

static void at_once(sock_t *peer, sock_t *s)
{
    put(peer, "abcd");
    is_line(s, 5, "\r\n", "abcd");
    put(peer, "abcd\r");
    is_line(s, 5, "\r\n", "abcd");
}

static void a_piece_waits_for_nothing_else(void **state)
{
    (void)state;
    each(at_once);
}

static void cut_off(sock_t *peer, sock_t *s)
{
    put(peer, "abc\r\n\r");
    sock_shutdown(peer, SHUT_WR);
    is_line(s, 5, "\r\n\r\n", "abc\r");
    is_line(s, 5, "\r\n\r\n", "\n\r");
    has_none(s, "\r\n\r\n", 0);
}

static void half_an_end_is_text_if_the_stream_ends(void **state)
{
    (void)state;
    each(cut_off);
}

static void any_text(sock_t *peer, sock_t *s)
{
    char most[256];

    memset(most, 'e', 254);
    most[254] = '!';
    most[255] = '\0';
    put(peer, "x.y, z, \xff\xfe"
              "a b");
    put(peer, most);
    is_line(s, 64, ".", "x");
    is_line(s, 64, ", ", "y");
    is_line(s, 64, ", ", "z");
    is_line(s, 64, "\xff\xfe", "");
    is_line(s, 64, " ", "a");
    is_line(s, 3, most, "b");
}

static void any_text_of_up_to_255_bytes_ends_a_line(void **state)
{
    (void)state;
    each(any_text);
}

static void nuls(sock_t *peer, sock_t *s)
{
    char   line[16];
    size_t len;

    assert_true(sock_write_all(peer, "a\0b\r\n", 5, NULL));
    assert_int_equal(sock_stream_get_line(s, line, 16, "\r\n", &len), 1);
    assert_int_equal(len, 3);
    assert_memory_equal(line, "a\0b", 4);
}

static void a_nul_is_a_byte_like_others(void **state)
{
    (void)state;
    each(nuls);
}

static void misused(sock_t *peer, sock_t *s)
{
    char line[8] = "before";
    char long_text[257];

    memset(long_text, 'x', 256);
    long_text[256] = '\0';
    put(peer, "line.");
    assert_int_equal(sock_stream_get_line(s, NULL, 8, ".", NULL), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_non_null(strstr(sock_last_message(s), "stream_get_line"));
    assert_int_equal(sock_stream_get_line(s, line, 0, ".", NULL), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_string_equal(line, "before");
    assert_int_equal(sock_stream_get_line(s, line, 1, ".", NULL), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    fails(s, NULL, EINVAL);
    fails(s, "", EINVAL);
    fails(s, long_text, EINVAL);
    is_line(s, SIZE_MAX, ".", "line");
}

static void misuse_is_refused_and_takes_nothing(void **state)
{
    (void)state;
    each(misused);
}

static void what_has_no_lines_is_told(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    sock_t          *pair[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        unix_pair(types[i], pair);
        put(pair[0], "x.");
        fails(pair[1], ".", EOPNOTSUPP);
        close_pair(pair);
    }
    fails(pair[0], ".", EBADF);
    fails(NULL, ".", EBADF);
}

static void refused(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    sock_set_nonblock(s);
    put(peer, "part\r");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    fails(s, "\r\n", EAGAIN);
    assert_true(is_silent(set));
    assert_false(is_readable(s));
    put(peer, "\nnext\r\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    assert_true(is_readable(s));
    is_line(s, 64, "\r\n", "part");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    is_line(s, 64, "\r\n", "next");
    assert_true(is_silent(set));
    assert_false(is_readable(s));
    sock_poll_free(set);
}

static void half_a_line_is_kept_and_wakes_nobody(void **state)
{
    (void)state;
    each(refused);
}

static void timed_out(sock_t *peer, sock_t *s)
{
    sock_set_timeout(s, 20);
    put(peer, "part\r");
    fails(s, "\r\n", ETIMEDOUT);
    put(peer, "\n");
    is_line(s, 64, "\r\n", "part");
}

static void half_a_line_is_kept_over_a_timeout(void **state)
{
    (void)state;
    each(timed_out);
}

static void half_a_command_is_no_command(void **state)
{
    sock_t *pair[2];
    char    part[16];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "rm *\r");
    wait_readable(pair[1]);
    sock_set_timeout(pair[1], 0);
    fails(pair[1], "\r\n", ETIMEDOUT);
    close_with_reset(pair[0]);
    sock_set_timeout(pair[1], -1);
    fails(pair[1], "\r\n", ECONNRESET);
    fails(pair[1], "\r\n", ECONNRESET);
    assert_int_equal(sock_recv(pair[1], part, 16, 0), 5);
    fails(pair[1], "\r\n", ECONNRESET);
    sock_close(pair[1]);
}

/* ---- over AF_UNIX what is behind a line stays in the system ---- */

static void waits_in_system(sock_t *s, const char *text)
{
    char bytes[64];

    assert_int_equal(recv(sock_fd(s), bytes, 64, MSG_PEEK | MSG_DONTWAIT),
                     strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

static void what_is_behind_a_line_is_not_touched(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_set_nonblock(pair[1]);
    put(pair[0], "one\r\ntwo\r");
    is_line(pair[1], 64, "\r\n", "one");
    waits_in_system(pair[1], "two\r");
    fails(pair[1], "\r\n", EAGAIN);
    put(pair[0], "\nthree");
    is_line(pair[1], 64, "\r\n", "two");
    waits_in_system(pair[1], "three");
    is_line(pair[1], 5, "\r\n", "thre");
    waits_in_system(pair[1], "e");
    close_pair(pair);
}

/* That a piece holds no end is told by a byte that is not its line's. */
static void a_byte_that_only_tells_is_not_touched(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_set_nonblock(pair[1]);
    put(pair[0], "abc\r\n");
    assert_int_equal(
        sock_stream_get_line(pair[1], (char[5]){0}, 5, "\r\n\r\n", NULL), -1);
    put(pair[0], "x");
    is_line(pair[1], 5, "\r\n\r\n", "abc\r");
    waits_in_system(pair[1], "x");
    assert_false(sock_eof(pair[1]));
    put(pair[0], "\r\n\r\n");
    is_line(pair[1], 5, "\r\n\r\n", "\nx");
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_line_is_not_the_end),
        cmocka_unit_test(a_line_is_shorter_than_a_piece),
        cmocka_unit_test(a_piece_waits_while_it_may_hold_an_end),
        cmocka_unit_test(a_piece_waits_for_nothing_else),
        cmocka_unit_test(half_an_end_is_text_if_the_stream_ends),
        cmocka_unit_test(any_text_of_up_to_255_bytes_ends_a_line),
        cmocka_unit_test(a_nul_is_a_byte_like_others),
        cmocka_unit_test(misuse_is_refused_and_takes_nothing),
        cmocka_unit_test(what_has_no_lines_is_told),
        cmocka_unit_test(half_a_line_is_kept_and_wakes_nobody),
        cmocka_unit_test(half_a_line_is_kept_over_a_timeout),
        cmocka_unit_test(half_a_command_is_no_command),
        cmocka_unit_test(what_is_behind_a_line_is_not_touched),
        cmocka_unit_test(a_byte_that_only_tells_is_not_touched),
    };

    return cmocka_run_group_tests_name("get_line", tests, count_descriptors,
                                       compare_descriptors);
}
