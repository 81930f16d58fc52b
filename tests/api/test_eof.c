/* test_eof.c - proves that sock_eof() is true once a read has met the end, or
 * the stream has failed, and there is nothing left to read; never before.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <string.h>

/* ---- every way to read meets the end ---- */

typedef ssize_t (*reader)(sock_t *s, char *buf, size_t len);

static ssize_t by_read(sock_t *s, char *buf, size_t len)
{
    return sock_read(s, buf, len, LIBSOCK_BINARY_READ);
}

static ssize_t by_line(sock_t *s, char *buf, size_t len)
{
    return sock_read(s, buf, len, LIBSOCK_NORMAL_READ);
}

static ssize_t by_recv(sock_t *s, char *buf, size_t len)
{
    return sock_recv(s, buf, len, 0);
}

static ssize_t by_look(sock_t *s, char *buf, size_t len)
{
    return sock_recv(s, buf, len, MSG_PEEK);
}

static ssize_t by_recv_all(sock_t *s, char *buf, size_t len)
{
    return sock_recv(s, buf, len, MSG_WAITALL);
}

static ssize_t by_recvfrom(sock_t *s, char *buf, size_t len)
{
    return sock_recvfrom(s, buf, len, 0, NULL, 0, NULL);
}

static ssize_t by_message(sock_t *s, char *buf, size_t len)
{
    struct iovec    part = {buf, len};
    sock_message_t *m    = sock_message_create(0);
    ssize_t         n;

    sock_message_set_parts(m, &part, 1);
    n = sock_recvmsg(s, m, 0);
    sock_message_free(m);
    return n;
}

static ssize_t by_vector(sock_t *s, char *buf, size_t len)
{
    sock_iovec_t *v = sock_iovec_alloc(1, &len);
    ssize_t       n = sock_readv(s, v);

    (void)buf;
    sock_iovec_free(v);
    return n;
}

static ssize_t by_gets(sock_t *s, char *buf, size_t len)
{
    return sock_gets(s, buf, len);
}

static ssize_t by_get_line(sock_t *s, char *buf, size_t len)
{
    return sock_stream_get_line(s, buf, len, "\r\n", NULL);
}

static ssize_t by_contents(sock_t *s, char *buf, size_t len)
{
    return sock_stream_get_contents(s, buf, len);
}

static const reader readers[] = {
    by_read,    by_line,   by_recv, by_look,     by_recv_all, by_recvfrom,
    by_message, by_vector, by_gets, by_get_line, by_contents,
};

#define READERS (sizeof readers / sizeof *readers)

static void make(int kind, sock_t *pair[2])
{
    if (kind)
        unix_pair(SOCK_STREAM, pair);
    else
        tcp_pair(pair);
}

static void every_read_that_meets_the_end_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * READERS; i++) {
        sock_t *pair[2];
        char    bytes[16];

        make(i & 1, pair);
        assert_false(sock_eof(pair[1]));
        sock_shutdown(pair[0], SHUT_WR);
        wait_readable(pair[1]);
        assert_false(sock_eof(pair[1])); /* nobody has read yet */
        assert_int_equal(readers[i / 2](pair[1], bytes, 16), 0);
        if (!sock_eof(pair[1]))
            fail_msg("reader %zu", i / 2);
        assert_false(sock_eof(pair[0]));
        close_pair(pair);
    }
}

static void every_read_that_meets_a_reset_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < READERS; i++)
        for (int nonblock = 0; nonblock < 2; nonblock++) {
            sock_t *pair[2];
            char    bytes[16];

            tcp_pair(pair);
            if (nonblock)
                sock_set_nonblock(pair[1]);
            close_with_reset(pair[0]);
            wait_readable(pair[1]);
            assert_false(sock_eof(pair[1]));
            assert_int_equal(readers[i](pair[1], bytes, 16), -1);
            assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
            if (!sock_eof(pair[1]))
                fail_msg("reader %zu", i);
            sock_close(pair[1]);
        }
}

static void reads_with_a_limit(sock_t *peer, sock_t *s)
{
    char byte;

    sock_set_timeout(s, 5000);
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
    assert_true(sock_eof(s));
}

static void limits_do_not_matter(void **state)
{
    (void)state;
    each(reads_with_a_limit);
}

/* ---- not yet ---- */

static void refused(sock_t *peer, sock_t *s)
{
    char byte;

    sock_set_timeout(s, 5);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_false(sock_eof(s));
    assert_int_equal(sock_gets(s, (char[8]){0}, 8), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_false(sock_eof(s));
    sock_set_deadline(s, 0);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_false(sock_eof(s));
    sock_set_deadline(s, -1);
    assert_int_equal(sock_recv(s, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_recv(s, &byte, 0, 0), -1);
    assert_int_equal(sock_recv(s, NULL, 1, 0), -1);
    assert_int_equal(sock_recv(s, &byte, 1, MSG_OOB), -1);
    assert_false(sock_eof(s));
    put(peer, "x");
    sock_set_timeout(s, -1);
    assert_int_equal(sock_recv(s, &byte, 1, 0), 1);
    assert_false(sock_eof(s));
}

static void a_read_that_was_refused_is_no_end(void **state)
{
    (void)state;
    each(refused);
}

/* An error queue may be empty, or tell without a byte, long before the end. */
static void error_queue(sock_t *peer, sock_t *s)
{
    char byte;

    (void)peer;
    assert_int_equal(sock_recv(s, &byte, 1, MSG_ERRQUEUE | MSG_DONTWAIT), -1);
    assert_false(sock_eof(s));
}

static void an_empty_error_queue_is_no_end(void **state)
{
    (void)state;
    each(error_queue);
}

static void buffered(sock_t *peer, sock_t *s)
{
    char bytes[8];

    put(peer, "line\nrest");
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_gets(s, bytes, 8), 5);
    assert_int_equal(sock_recv(s, bytes, 8, MSG_PEEK | MSG_WAITALL), 4);
    assert_false(sock_eof(s)); /* met the end, but "rest" is there */
    assert_int_equal(sock_gets(s, bytes, 8), 4);
    assert_true(sock_eof(s));
    assert_int_equal(sock_gets(s, bytes, 8), 0);
    assert_true(sock_eof(s));
}

static void what_is_buffered_comes_before_the_end(void **state)
{
    sock_t *pair[2];

    (void)state;
    tcp_pair(pair);
    buffered(pair[0], pair[1]);
    close_pair(pair);
}

static void last_line(sock_t *peer, sock_t *s)
{
    char line[16];

    put(peer, "first\nlast");
    sock_shutdown(peer, SHUT_WR);
    assert_int_equal(sock_gets(s, line, 16), 6);
    assert_false(sock_eof(s));
    assert_int_equal(sock_gets(s, line, 16), 4);
    assert_true(sock_eof(s));
}

static void a_last_line_without_its_end_has_met_the_end(void **state)
{
    (void)state;
    each(last_line);
}

static void a_failed_stream_ends_behind_its_bytes(void **state)
{
    sock_t *pair[2];
    char    part[16];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "part");
    wait_readable(pair[1]);
    line_is_refused(pair[1]);
    close_with_reset(pair[0]);
    wait_readable(pair[1]);
    assert_int_equal(sock_gets(pair[1], part, 16), -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
    assert_false(sock_eof(pair[1]));
    assert_int_equal(sock_recv(pair[1], part, 16, 0), 4);
    assert_true(sock_eof(pair[1]));
    sock_close(pair[1]);
}

/* ---- other kinds of socket ---- */

static void an_empty_datagram_is_no_end(void **state)
{
    sock_t *pair[2];
    char    bytes[8];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    assert_int_equal(sock_write(pair[0], "", 0), 0);
    assert_int_equal(sock_recv(pair[1], bytes, 8, 0), 0);
    assert_false(sock_eof(pair[1]));
    close_pair(pair);
}

static void a_connection_of_packets_ends_like_a_stream(void **state)
{
    sock_t *pair[2];
    char    bytes[8];

    (void)state;
    unix_pair(SOCK_SEQPACKET, pair);
    put(pair[0], "x");
    sock_close(pair[0]);
    assert_int_equal(sock_recv(pair[1], bytes, 8, 0), 1);
    assert_false(sock_eof(pair[1]));
    assert_int_equal(sock_recv(pair[1], bytes, 8, 0), 0);
    assert_true(sock_eof(pair[1]));
    sock_close(pair[1]);
}

static void a_listener_has_no_end(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    char    byte;

    (void)state;
    assert_int_equal(sock_recv(server, &byte, 1, 0), -1);
    assert_false(sock_eof(server));
    sock_close(server);
}

/* ---- the life of it ---- */

static void what_is_not_open_is_at_its_end(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    sock_clear_error(NULL);
    close_pair(pair);
    assert_true(sock_eof(pair[0]));
    assert_true(sock_eof(NULL));
    assert_true(sock_eof((sock_t *)0x7654321));
    assert_int_equal(sock_last_error(NULL), 0); /* an answer, not a failure */
}

/* The system lets go of the old connection, then there may be another. */
static void disconnect(sock_t *s)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    assert_int_equal(connect(sock_fd(s), &nobody, sizeof nobody), 0);
}

static void another_connection_has_another_end(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *s      = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *peer;
    char    byte;

    (void)state;
    for (int nonblock = 0; nonblock < 2; nonblock++) {
        if (nonblock)
            sock_set_nonblock(s);
        sock_connect(s, "127.0.0.1", port_of(server));
        assert_non_null(peer = sock_accept(server));
        assert_false(sock_eof(s));
        close_with_reset(peer);
        wait_readable(s);
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_true(sock_eof(s));
        disconnect(s);
    }
    sock_close(s);
    sock_close(server);
}

static void copied(sock_t *peer, sock_t *s)
{
    size_t lines = 0;
    char   line[16];

    put(peer, "1\n2\n3\n");
    sock_shutdown(peer, SHUT_WR);
    while (!sock_eof(s))
        if (sock_gets(s, line, sizeof line) > 0)
            lines++;
    assert_int_equal(lines, 3);
}

static void phps_loop_ends(void **state)
{
    (void)state;
    each(copied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_read_that_meets_the_end_tells),
        cmocka_unit_test(every_read_that_meets_a_reset_tells),
        cmocka_unit_test(limits_do_not_matter),
        cmocka_unit_test(a_read_that_was_refused_is_no_end),
        cmocka_unit_test(an_empty_error_queue_is_no_end),
        cmocka_unit_test(what_is_buffered_comes_before_the_end),
        cmocka_unit_test(a_last_line_without_its_end_has_met_the_end),
        cmocka_unit_test(a_failed_stream_ends_behind_its_bytes),
        cmocka_unit_test(an_empty_datagram_is_no_end),
        cmocka_unit_test(a_connection_of_packets_ends_like_a_stream),
        cmocka_unit_test(a_listener_has_no_end),
        cmocka_unit_test(what_is_not_open_is_at_its_end),
        cmocka_unit_test(another_connection_has_another_end),
        cmocka_unit_test(phps_loop_ends),
    };

    return cmocka_run_group_tests_name("eof", tests, count_descriptors,
                                       compare_descriptors);
}
