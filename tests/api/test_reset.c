/* test_reset.c - a reset that a write has met is no orderly end for the reads
 * that come after it: complete lines are read, half a line is not, and every
 * read tells the reset. */
#include "support/scene.h"

#include <string.h>

#include <sys/uio.h>

/* The peer has sent `text` and reset the connection, as a send was told. */
static void reset_behind(sock_t *pair[2], const char *text, bool plain)
{
    ssize_t n;

    tcp_pair(pair);
    if (!plain)
        sock_set_deadline(pair[1], 60000);
    put(pair[0], text);
    wait_readable(pair[1]);
    close_with_reset(pair[0]);
    n = sock_send(pair[1], "x", 1, 0);
    assert_int_equal(n, -1);
    assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
}

static void reads_line(sock_t *s, const char *line)
{
    char buf[64];

    assert_int_equal(sock_read(s, buf, sizeof buf, LIBSOCK_NORMAL_READ),
                     strlen(line));
    assert_memory_equal(buf, line, strlen(line));
}

static void is_reset(sock_t *s, ssize_t result)
{
    assert_int_equal(result, -1);
    assert_int_equal(sock_last_error(s), ECONNRESET);
}

static void half_a_line_is_none(void **state)
{
    sock_t *pair[2];
    char    buf[64];

    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        reset_behind(pair, "one\ntwo\npart", plain);
        reads_line(pair[1], "one\n");
        reads_line(pair[1], "two\n");
        for (int i = 0; i < 2; i++)
            is_reset(pair[1],
                     sock_read(pair[1], buf, sizeof buf, LIBSOCK_NORMAL_READ));
        sock_clear_error(pair[1]);
        is_reset(pair[1], sock_gets(pair[1], buf, sizeof buf));
        assert_int_equal(
            sock_read(pair[1], buf, sizeof buf, LIBSOCK_BINARY_READ), 4);
        assert_memory_equal(buf, "part", 4);
        assert_true(sock_eof(pair[1]));
        sock_close(pair[1]);
    }
}

/* The kinds of reads: each into up to 8 bytes. */
static ssize_t by_read(sock_t *s, char *buf)
{
    return sock_read(s, buf, 8, LIBSOCK_BINARY_READ);
}

static ssize_t by_recv(sock_t *s, char *buf)
{
    return sock_recv(s, buf, 8, 0);
}

static ssize_t by_recvfrom(sock_t *s, char *buf)
{
    return sock_recvfrom(s, buf, 8, 0, NULL, 0, NULL);
}

static ssize_t by_recvmsg(sock_t *s, char *buf)
{
    sock_message_t    *m    = sock_message_create(64);
    const struct iovec part = {buf, 8};
    ssize_t            n;

    sock_message_set_parts(m, &part, 1);
    n = sock_recvmsg(s, m, 0);
    sock_message_free(m);
    return n;
}

static ssize_t by_peek(sock_t *s, char *buf)
{
    ssize_t n = sock_recv(s, buf, 8, MSG_PEEK);

    return n > 0 ? sock_recv(s, buf, 8, 0) : n;
}

static ssize_t by_contents(sock_t *s, char *buf)
{
    return sock_stream_get_contents(s, buf, 8);
}

static void every_read_tells_it_behind_the_bytes(void **state)
{
    static ssize_t (*const reads[])(sock_t *, char *) = {
        by_read, by_recv, by_recvfrom, by_recvmsg, by_peek, by_contents};
    sock_t *pair[2];
    char    buf[8];

    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        for (int plain = 0; plain < 2; plain++) {
            reset_behind(pair, "bytes", plain);
            assert_int_equal(reads[i](pair[1], buf), 5);
            assert_memory_equal(buf, "bytes", 5);
            sock_clear_error(pair[1]);
            is_reset(pair[1], reads[i](pair[1], buf));
            sock_clear_error(pair[1]);
            is_reset(pair[1], reads[i](pair[1], buf));
            assert_true(sock_eof(pair[1]));
            sock_close(pair[1]);
        }
}

static bool all_by_write(sock_t *s)
{
    return sock_write(s, "x", 1) == 1;
}

static bool all_by_write_all(sock_t *s)
{
    return sock_write_all(s, "x", 1, NULL);
}

static bool all_by_printf(sock_t *s)
{
    return sock_printf(s, "x") == 1;
}

static bool all_by_sendmsg(sock_t *s)
{
    sock_message_t    *m    = sock_message_create(64);
    char               byte = 0;
    const struct iovec part = {&byte, 1};
    ssize_t            n;

    sock_message_set_parts(m, &part, 1);
    n = sock_sendmsg(s, m, 0);
    sock_message_free(m);
    return n == 1;
}

static void every_write_may_have_met_it(void **state)
{
    static bool (*const writes[])(sock_t *) = {all_by_write, all_by_write_all,
                                               all_by_printf, all_by_sendmsg};
    sock_t *pair[2];
    char    buf[8];

    (void)state;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        tcp_pair(pair);
        close_with_reset(pair[0]);
        assert_false(writes[i](pair[1]));
        assert_int_equal(sock_last_error(pair[1]), ECONNRESET);
        sock_clear_error(pair[1]);
        is_reset(pair[1], by_read(pair[1], buf));
        sock_close(pair[1]);
    }
}

/* The peer had ended before: its reset of what we send is another matter. */
static void an_orderly_end_stays_one(void **state)
{
    sock_t *pair[2];
    char    buf[8];

    (void)state;
    tcp_pair(pair);
    put(pair[0], "one\npart");
    sock_close(pair[0]);
    while (sock_write_all(pair[1], "x", 1, NULL))
        continue;
    reads_line(pair[1], "one\n");
    reads_line(pair[1], "part");
    assert_int_equal(by_read(pair[1], buf), 0);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_line_is_none),
        cmocka_unit_test(every_read_tells_it_behind_the_bytes),
        cmocka_unit_test(every_write_may_have_met_it),
        cmocka_unit_test(an_orderly_end_stays_one),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
