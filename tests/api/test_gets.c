/* test_gets.c - proves that sock_gets() reads a stream as fgets() reads a file,
 * and that nothing is lost whatever interrupts it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/memory.h"
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void gets_is(sock_t *s, const char *text)
{
    char line[64];

    memset(line, '#', sizeof line);
    assert_int_equal(sock_gets(s, line, sizeof line), strlen(text));
    assert_string_equal(line, text);
}

static void gets_fails(sock_t *s, int error)
{
    char line[64] = "before";

    assert_int_equal(sock_gets(s, line, sizeof line), -1);
    assert_int_equal(sock_last_error(s), error);
    assert_string_equal(line, "");
}

static void is_over(sock_t *s)
{
    char line[64] = "before";

    assert_int_equal(sock_gets(s, line, sizeof line), 0);
    assert_string_equal(line, "");
}

static void lines(sock_t *peer, sock_t *s)
{
    put(peer, "one\r\n\ntwo\rthree\nlast");
    sock_shutdown(peer, SHUT_WR);
    gets_is(s, "one\r\n");
    gets_is(s, "\n");
    gets_is(s, "two\rthree\n");
    gets_is(s, "last");
    is_over(s);
    is_over(s);
}

static void a_line_ends_with_its_feed_or_the_stream(void **state)
{
    (void)state;
    each(lines);
}

static void pieces(sock_t *peer, sock_t *s)
{
    char piece[5];

    put(peer, "abcdefgh\nxyz\n");
    assert_int_equal(sock_gets(s, piece, 5), 4);
    assert_string_equal(piece, "abcd");
    assert_int_equal(sock_gets(s, piece, 5), 4);
    assert_string_equal(piece, "efgh");
    assert_int_equal(sock_gets(s, piece, 5), 1);
    assert_string_equal(piece, "\n");
    assert_int_equal(sock_gets(s, piece, 2), 1);
    assert_string_equal(piece, "x");
    assert_int_equal(sock_gets(s, piece, 4), 3);
    assert_string_equal(piece, "yz\n");
}

static void a_longer_line_comes_in_pieces(void **state)
{
    (void)state;
    each(pieces);
}

static void nuls(sock_t *peer, sock_t *s)
{
    char line[16];

    assert_true(sock_write_all(peer, "a\0b\n\0\n", 6, NULL));
    assert_int_equal(sock_gets(s, line, sizeof line), 4);
    assert_memory_equal(line, "a\0b\n", 5);
    assert_int_equal(sock_gets(s, line, sizeof line), 2);
    assert_memory_equal(line, "\0\n", 3);
}

static void a_nul_is_a_byte_like_others(void **state)
{
    (void)state;
    each(nuls);
}

static void misused(sock_t *peer, sock_t *s)
{
    char line[8] = "before";

    put(peer, "line\n");
    assert_int_equal(sock_gets(s, NULL, 10), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_non_null(strstr(sock_last_message(s), "gets"));
    assert_int_equal(sock_gets(s, NULL, 0), -1);
    assert_int_equal(sock_gets(s, line, 0), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_string_equal(line, "before");
    assert_int_equal(sock_gets(s, line, 1), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_string_equal(line, "");
    gets_is(s, "line\n");
}

static void misuse_is_refused_and_takes_nothing(void **state)
{
    (void)state;
    each(misused);
}

static void huge(sock_t *peer, sock_t *s)
{
    char line[8];

    put(peer, "line\nx\n");
    assert_int_equal(sock_gets(s, line, SIZE_MAX), 5);
    assert_string_equal(line, "line\n");
    assert_int_equal(sock_gets(s, line, SIZE_MAX / 2 + 1), 2);
    assert_string_equal(line, "x\n");
}

static void any_size_may_be_claimed(void **state)
{
    (void)state;
    each(huge);
}

static void what_is_not_open_is_told(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    close_pair(pair);
    gets_fails(pair[0], EBADF);
    gets_fails(NULL, EBADF);
    gets_fails((sock_t *)0x12345678, EBADF);
}

static void datagrams_have_no_lines(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *pair[2];
        char    byte;

        unix_pair(types[i], pair);
        put(pair[0], "x\n");
        gets_fails(pair[1], EOPNOTSUPP);
        assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 1);
        close_pair(pair);
    }
}

static void an_unconnected_socket_is_told(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    gets_fails(s, ENOTCONN);
    sock_close(s);
}

static void refused(sock_t *peer, sock_t *s)
{
    sock_set_nonblock(s);
    gets_fails(s, EAGAIN);
    put(peer, "pa\r");
    wait_readable(s);
    gets_fails(s, EAGAIN);
    assert_false(is_readable(s));
    gets_fails(s, EAGAIN);
    assert_false(is_readable(s));
    put(peer, "t\nnext\n");
    wait_readable(s);
    gets_is(s, "pa\rt\n");
    assert_true(is_readable(s));
    gets_is(s, "next\n");
    assert_false(is_readable(s));
}

static void half_a_line_is_kept_and_wakes_nobody(void **state)
{
    (void)state;
    each(refused);
}

static void refused_in_a_set(sock_t *peer, sock_t *s)
{
    sock_poll_t *set = set_of(s, LIBSOCK_POLL_READ);

    sock_set_nonblock(s);
    put(peer, "pa\r");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    gets_fails(s, EAGAIN);
    assert_true(is_silent(set));
    put(peer, "t\nnext\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    gets_is(s, "pa\rt\n");
    assert_int_equal(told(set, s), LIBSOCK_POLL_READ);
    gets_is(s, "next\n");
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void half_a_line_wakes_no_set(void **state)
{
    (void)state;
    each(refused_in_a_set);
}

static void another_kind(sock_t *peer, sock_t *s)
{
    char line[16];

    sock_set_nonblock(s);
    put(peer, "one\rtwo");
    wait_readable(s);
    gets_fails(s, EAGAIN);
    assert_int_equal(sock_read(s, line, 16, LIBSOCK_NORMAL_READ), 4);
    assert_memory_equal(line, "one\r", 4);
    assert_int_equal(sock_read(s, line, 16, LIBSOCK_NORMAL_READ), -1);
    put(peer, "\n");
    wait_readable(s);
    gets_is(s, "two\n");
}

static void what_one_kind_refused_another_may_take(void **state)
{
    (void)state;
    each(another_kind);
}

static void timed_out(sock_t *peer, sock_t *s)
{
    int64_t before = now_ms();

    sock_set_timeout(s, 30);
    put(peer, "par");
    gets_fails(s, ETIMEDOUT);
    assert_in_range(now_ms() - before, 25, 2000);
    assert_false(is_readable(s));
    put(peer, "t\n");
    gets_is(s, "part\n");
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
    put(pair[0], "rm *");
    wait_readable(pair[1]);
    sock_set_timeout(pair[1], 0);
    gets_fails(pair[1], ETIMEDOUT);
    close_with_reset(pair[0]);
    sock_set_timeout(pair[1], -1);
    gets_fails(pair[1], ECONNRESET);
    gets_fails(pair[1], ECONNRESET);
    assert_int_equal(sock_recv(pair[1], part, 16, 0), 4);
    gets_fails(pair[1], ECONNRESET);
    sock_close(pair[1]);
}

static void *close_it(void *arg)
{
    sock_t **pair = arg;

    while (!is_readable(pair[1]) && sock_fd(pair[1]) >= 0)
        ;
    sock_close(pair[1]);
    return NULL;
}

static void closed(sock_t *peer, sock_t *s)
{
    sock_t   *pair[2] = {peer, s};
    pthread_t closer;
    char      line[16];

    put(peer, "part");
    assert_int_equal(pthread_create(&closer, NULL, close_it, pair), 0);
    assert_int_equal(sock_gets(s, line, sizeof line), -1);
    assert_true(sock_last_error(s) == ECANCELED || sock_last_error(s) == EBADF);
    assert_string_equal(line, "");
    pthread_join(closer, NULL);
}

static void a_close_by_another_thread_ends_it(void **state)
{
    (void)state;
    each(closed);
}

#if MEMORY_HAS_LIMIT
/* Send and try to read, until memory runs out or all is sent. */
static size_t send_until_it_fails(sock_t *peer, sock_t *s, size_t size)
{
    static const char block[65536];
    static char       line[8];
    size_t            sent = 0;

    while (sent < size) {
        ssize_t n = sock_send(peer, block, sizeof block, MSG_DONTWAIT);

        sent += n > 0 ? (size_t)n : 0;
        assert_int_equal(sock_gets(s, line, SIZE_MAX), -1);
        if (sock_last_error(s) == ENOMEM)
            return sent;
        assert_int_equal(sock_last_error(s), EAGAIN);
    }
    fail_msg("memory does not run out");
    return 0;
}

static void starved_of_memory(sock_t *peer, sock_t *s)
{
    enum { SIZE = 256 << 20 };
    char  *all;
    size_t sent;

    sock_set_nonblock(s);
    memory_limit(8 << 20);
    sent = send_until_it_fails(peer, s, SIZE);
    memory_unlimit();
    put(peer, "end\n");
    sock_set_block(s);
    all = malloc(sent + 8);
    assert_non_null(all);
    assert_int_equal(sock_gets(s, all, sent + 8), sent + 4);
    assert_string_equal(all + sent, "end\n");
    free(all);
}

static void a_line_survives_that_memory_runs_out(void **state)
{
    (void)state;
    each(starved_of_memory);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_with_its_feed_or_the_stream),
        cmocka_unit_test(a_longer_line_comes_in_pieces),
        cmocka_unit_test(a_nul_is_a_byte_like_others),
        cmocka_unit_test(misuse_is_refused_and_takes_nothing),
        cmocka_unit_test(any_size_may_be_claimed),
        cmocka_unit_test(what_is_not_open_is_told),
        cmocka_unit_test(datagrams_have_no_lines),
        cmocka_unit_test(an_unconnected_socket_is_told),
        cmocka_unit_test(half_a_line_is_kept_and_wakes_nobody),
        cmocka_unit_test(half_a_line_wakes_no_set),
        cmocka_unit_test(what_one_kind_refused_another_may_take),
        cmocka_unit_test(half_a_line_is_kept_over_a_timeout),
        cmocka_unit_test(half_a_command_is_no_command),
        cmocka_unit_test(a_close_by_another_thread_ends_it),
#if MEMORY_HAS_LIMIT
        cmocka_unit_test(a_line_survives_that_memory_runs_out),
#endif
    };

    return cmocka_run_group_tests_name("gets", tests, count_descriptors,
                                       compare_descriptors);
}
