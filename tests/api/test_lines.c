/* test_lines.c - proves what a line read promises: where lines end, that
 * nothing is lost whatever interrupts one, and that every other reader and
 * select see what is buffered.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every test runs over TCP and over AF_UNIX. */
static void each(void (*test)(sock_t *a, sock_t *b))
{
    for (int kind = 0; kind < 2; kind++) {
        sock_t *pair[2];

        if (kind)
            unix_pair(SOCK_STREAM, pair);
        else
            tcp_pair(pair);
        test(pair[0], pair[1]);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

static void put(sock_t *s, const char *text)
{
    assert_true(sock_write_all(s, text, strlen(text), NULL));
}

static void line_is(sock_t *s, const char *text)
{
    char    line[256];
    ssize_t n = sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ);

    assert_int_equal(n, strlen(text));
    assert_memory_equal(line, text, strlen(text));
}

static void line_fails(sock_t *s, int mode, int error)
{
    char line[256];

    assert_int_equal(
        sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ | mode), -1);
    assert_int_equal(sock_last_error(s), error);
}

static bool is_readable(sock_t *s)
{
    sock_t *reads[] = {s};

    return sock_select(reads, 1, NULL, 0, NULL, 0, 0) == 1;
}

/* Until the kernel has it: TCP on loopback may take a moment. */
static void wait_readable(sock_t *s)
{
    sock_t *reads[] = {s};

    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 5000), 1);
}

static void splits(sock_t *a, sock_t *b)
{
    static const char text[] = "one\r\ntwo\r\n";

    for (size_t at = 0; at <= strlen(text); at++) {
        assert_true(sock_write_all(a, text, at, NULL));
        assert_true(sock_write_all(a, text + at, strlen(text) - at, NULL));
        line_is(b, "one\r");
        line_is(b, "\n");
        line_is(b, "two\r");
        line_is(b, "\n");
    }
}

static void lines_end_at_cr_and_at_lf(void **state)
{
    (void)state;
    each(splits);
}

/* All lines that are there, until a part is refused; each followed by "|". */
static size_t read_lines(sock_t *s, char *out, size_t size)
{
    size_t  len = 0;
    ssize_t n;

    while ((n = sock_read(s, out + len, size - len,
                          LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT)) > 0) {
        len += (size_t)n;
        out[len++] = '|';
    }
    assert_int_equal(n, -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    return len;
}

static void arrives_in_parts(sock_t *a, sock_t *b)
{
    static const char text[] = "one\r\ntwo\r\n";
    static const char want[] = "one\r|\n|two\r|\n|";

    for (size_t at = 1; at < strlen(text); at++) {
        char   out[64];
        size_t len;

        assert_true(sock_write_all(a, text, at, NULL));
        wait_readable(b);
        len = read_lines(b, out, sizeof out);
        assert_true(sock_write_all(a, text + at, strlen(text) - at, NULL));
        wait_readable(b);
        len += read_lines(b, out + len, sizeof out - len);
        assert_int_equal(len, strlen(want));
        assert_memory_equal(out, want, len);
    }
}

static void a_line_may_arrive_in_parts_cut_anywhere(void **state)
{
    (void)state;
    each(arrives_in_parts);
}

static void pieces(sock_t *a, sock_t *b)
{
    char piece[4];

    put(a, "abcdefg\n");
    assert_int_equal(sock_read(b, piece, 4, LIBSOCK_NORMAL_READ), 4);
    assert_memory_equal(piece, "abcd", 4);
    assert_int_equal(sock_read(b, piece, 4, LIBSOCK_NORMAL_READ), 4);
    assert_memory_equal(piece, "efg\n", 4);
}

static void a_longer_line_comes_in_pieces(void **state)
{
    (void)state;
    each(pieces);
}

static void last_line(sock_t *a, sock_t *b)
{
    char byte;

    put(a, "first\nlast");
    sock_shutdown(a, SHUT_WR);
    line_is(b, "first\n");
    line_is(b, "last");
    assert_int_equal(sock_read(b, &byte, 1, LIBSOCK_NORMAL_READ), 0);
    assert_int_equal(sock_read(b, &byte, 1, LIBSOCK_NORMAL_READ), 0);
}

static void a_last_line_without_its_end_is_delivered(void **state)
{
    (void)state;
    each(last_line);
}

static void refused(sock_t *a, sock_t *b)
{
    put(a, "par");
    wait_readable(b);
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    assert_false(is_readable(b));
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    put(a, "t\nnext\n");
    wait_readable(b);
    line_is(b, "part\n");
    assert_true(is_readable(b));
    line_is(b, "next\n");
    assert_false(is_readable(b));
}

static void a_part_that_was_refused_is_kept_and_wakes_nobody(void **state)
{
    (void)state;
    each(refused);
}

static void woken(sock_t *a, sock_t *b)
{
    char byte;

    put(a, "part");
    wait_readable(b);
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    assert_int_equal(sock_recv(b, &byte, 1, MSG_PEEK), 1);
    assert_true(is_readable(b));
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    assert_false(is_readable(b));
    sock_shutdown(a, SHUT_WR);
    wait_readable(b);
    line_is(b, "part");
}

static void another_read_or_the_end_wakes_again(void **state)
{
    (void)state;
    each(woken);
}

static void timed_out(sock_t *a, sock_t *b)
{
    int64_t before = now_ms();

    sock_set_timeout(b, 30);
    put(a, "par");
    line_fails(b, 0, ETIMEDOUT);
    assert_in_range(now_ms() - before, 25, 280);
    put(a, "t\n");
    line_is(b, "part\n");
}

static void a_part_is_kept_over_a_timeout(void **state)
{
    (void)state;
    each(timed_out);
}

/* A peer that goes on sending does not stretch a deadline, and nothing is lost
 * to it. */
static void a_deadline_ends_a_line_that_drips(void **state)
{
    sock_t *pair[2];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "x");
    sock_set_deadline(pair[1], 40);
    line_fails(pair[1], 0, ETIMEDOUT);
    put(pair[0], "\n");
    line_fails(pair[1], 0, ETIMEDOUT);
    sock_set_deadline(pair[1], -1);
    line_is(pair[1], "x\n");
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void half_a_command_is_no_command(void **state)
{
    sock_t *pair[2];
    char    part[16];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "rm *");
    wait_readable(pair[1]);
    line_fails(pair[1], LIBSOCK_DONTWAIT, EAGAIN);
    sock_set_linger(pair[0], 0);
    sock_close(pair[0]);
    wait_readable(pair[1]);
    line_fails(pair[1], 0, ECONNRESET);
    line_fails(pair[1], 0, ECONNRESET);
    assert_true(is_readable(pair[1]));
    assert_int_equal(sock_read(pair[1], part, 16, LIBSOCK_BINARY_READ), 4);
    assert_int_equal(sock_read(pair[1], part, 16, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    sock_close(pair[1]);
}

static void readers(sock_t *a, sock_t *b)
{
    char out[16];
    int  port;
    char from[LIBSOCK_ADDRSTRLEN];
    bool mark = true;

    put(a, "l\nabcdefgh");
    line_is(b, "l\n");
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    assert_int_equal(sock_export_fd(b), -1);
    assert_int_equal(sock_last_error(b), EBUSY);
    if (sock_atmark(b, &mark))
        assert_false(mark);
    assert_int_equal(sock_recv(b, out, 4, MSG_PEEK), 4);
    assert_memory_equal(out, "abcd", 4);
    assert_int_equal(sock_recv(b, out, 2, 0), 2);
    assert_memory_equal(out, "ab", 2);
    assert_int_equal(sock_recvfrom(b, out, 2, 0, from, sizeof from, &port), 2);
    assert_memory_equal(out, "cd", 2);
    put(a, "ij");
    assert_int_equal(sock_recv(b, out, 6, MSG_WAITALL), 6);
    assert_memory_equal(out, "efghij", 6);
    assert_int_equal(sock_recv(b, out, 2, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(b), EAGAIN);
}

static void every_reader_sees_the_buffer_first(void **state)
{
    (void)state;
    each(readers);
}

static void peeks(sock_t *a, sock_t *b)
{
    char out[16];

    put(a, "abc");
    wait_readable(b);
    line_fails(b, LIBSOCK_DONTWAIT, EAGAIN);
    put(a, "def\n");
    assert_int_equal(sock_recv(b, out, 6, MSG_PEEK | MSG_WAITALL), 6);
    assert_memory_equal(out, "abcdef", 6);
    line_is(b, "abcdef\n");
}

static void a_peek_for_all_waits_for_all(void **state)
{
    (void)state;
    each(peeks);
}

/* The bytes of a file's descriptor follow a line: it stays with them. */
static void a_descriptor_stays_with_the_bytes_behind_a_line(void **state)
{
    union {
        struct cmsghdr align;
        char           room[CMSG_SPACE(sizeof(int))];
    } control;
    char          byte = 'x';
    struct iovec  part = {&byte, 1};
    struct msghdr msg  = {.msg_iov        = &part,
                          .msg_iovlen     = 1,
                          .msg_control    = &control,
                          .msg_controllen = sizeof control};
    sock_t       *pair[2];
    int           fd = -1;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    put(pair[0], "line\n");
    memset(&control, 0, sizeof control);
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type  = SCM_RIGHTS;
    control.align.cmsg_len   = CMSG_LEN(sizeof(int));
    fd                       = dup(1);
    memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
    assert_int_equal(sendmsg(sock_fd(pair[0]), &msg, 0), 1);
    close(fd);
    line_is(pair[1], "line\n");
    msg.msg_controllen = sizeof control;
    assert_int_equal(recvmsg(sock_fd(pair[1]), &msg, MSG_CMSG_CLOEXEC), 1);
    assert_int_equal(msg.msg_controllen, CMSG_SPACE(sizeof(int)));
    memcpy(&fd, CMSG_DATA(&control.align), sizeof fd);
    close(fd);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void mebibyte(sock_t *a, sock_t *b)
{
    const size_t size = 1 << 20;
    char        *in   = malloc(size);
    char        *out  = malloc(size);
    size_t       sent = 0;
    ssize_t      n    = -1;

    memset(in, 'y', size);
    in[size - 1] = '\n';
    while (n < 0) {
        ssize_t some = sent < size
                           ? sock_send(a, in + sent, size - sent, MSG_DONTWAIT)
                           : 0;

        sent += some > 0 ? (size_t)some : 0;
        n = sock_read(b, out, size, LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT);
    }
    assert_int_equal(n, size);
    assert_memory_equal(in, out, size);
    free(in);
    free(out);
}

static void a_line_of_a_mebibyte_comes_whole(void **state)
{
    (void)state;
    each(mebibyte);
}

static void datagrams_have_no_lines(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *pair[2];

        unix_pair(types[i], pair);
        assert_true(sock_write_all(pair[0], "x\n", 2, NULL));
        line_fails(pair[1], 0, EOPNOTSUPP);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_at_cr_and_at_lf),
        cmocka_unit_test(a_line_may_arrive_in_parts_cut_anywhere),
        cmocka_unit_test(a_longer_line_comes_in_pieces),
        cmocka_unit_test(a_last_line_without_its_end_is_delivered),
        cmocka_unit_test(a_part_that_was_refused_is_kept_and_wakes_nobody),
        cmocka_unit_test(another_read_or_the_end_wakes_again),
        cmocka_unit_test(a_part_is_kept_over_a_timeout),
        cmocka_unit_test(a_deadline_ends_a_line_that_drips),
        cmocka_unit_test(half_a_command_is_no_command),
        cmocka_unit_test(every_reader_sees_the_buffer_first),
        cmocka_unit_test(a_peek_for_all_waits_for_all),
        cmocka_unit_test(a_descriptor_stays_with_the_bytes_behind_a_line),
        cmocka_unit_test(a_line_of_a_mebibyte_comes_whole),
        cmocka_unit_test(datagrams_have_no_lines),
    };

    return cmocka_run_group_tests_name("lines", tests, count_descriptors,
                                       compare_descriptors);
}
