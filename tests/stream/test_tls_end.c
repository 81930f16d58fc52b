/* test_tls_end.c - how a TLS connection ends: an orderly end is 0 for ever, one
 * that somebody cut never is, and each side may say goodbye by itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"

#include <openssl/err.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(s, text)                                                          \
    assert_int_equal(sock_write(s, text, strlen(text)), (ssize_t)strlen(text))

static bool is_readable(sock_t *s)
{
    sock_t *one = s;

    return sock_select(&one, 1, NULL, 0, NULL, 0, 0) == 1;
}

/* A cut is told by every reading call, and goes on being told. */
static void is_cut(sock_t *s)
{
    char byte;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
        assert_int_equal(sock_recv(s, &byte, 1, MSG_PEEK), -1);
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
        assert_true(is_readable(s));
    }
}

/* So is an orderly end: it is 0, and readable. */
static void is_over(sock_t *s)
{
    char byte;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_recv(s, &byte, 1, 0), 0);
        assert_int_equal(sock_recv(s, &byte, 1, MSG_PEEK), 0);
        assert_int_equal(sock_recv(s, &byte, 1, MSG_DONTWAIT), 0);
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), 0);
        assert_true(is_readable(s));
    }
}

static void reads(sock_t *s, const char *text)
{
    char buf[256];

    assert_int_equal(sock_recv(s, buf, strlen(text), MSG_WAITALL),
                     (ssize_t)strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

/* ---- cut ---- */

/* Somebody sends so many bytes that look like a handshake, and is gone. */
static void server_of_a_cut_handshake(int version, size_t length)
{
    static const char hello[64] = {0x16, 3, 1, 2, 0, 1, 0, 1, (char)0xfc, 3, 3};
    struct raw        raw;
    sock_t           *s;

    raw_begin(version, false, &raw, &s);
    if (length)
        assert_true(sock_write_all(raw.plain, hello, length, NULL));
    raw_close(&raw);
    is_cut(s);
    sock_close(s);
}

static void a_cut_before_or_in_the_handshake_is_truncation(void **state)
{
    static const size_t lengths[] = {0, 1, 5, 50};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        server_of_a_cut_handshake(LIBSOCK_CRYPTO_PROTO_TLSv1_2, lengths[i]);
        server_of_a_cut_handshake(LIBSOCK_CRYPTO_PROTO_TLSv1_3, lengths[i]);
    }
}

/* The server answers with `flights` of its own, less one byte, and is gone. */
static void client_of_a_cut_handshake(int version)
{
    struct raw raw;
    sock_t    *s;
    BIO       *out = BIO_new(BIO_s_mem());
    char      *bytes;
    long       count;

    raw_begin(version, true, &raw, &s);
    SSL_set0_wbio(raw.ssl, out);
    assert_true(sock_set_nonblock(s));
    assert_false(sock_stream_enable_crypto(s, true, 0, NULL));
    assert_int_equal(sock_last_error(s), EAGAIN);
    while ((count = BIO_get_mem_data(out, &bytes)) == 0)
        assert_true(SSL_do_handshake(raw.ssl) <= 0);
    assert_true(sock_write_all(raw.plain, bytes, (size_t)count - 1, NULL));
    raw_close(&raw);
    assert_true(sock_set_block(s));
    is_cut(s);
    assert_false(sock_stream_enable_crypto(s, true, 0, NULL));
    assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
    sock_close(s);
}

static void a_client_tells_a_cut_in_the_handshake(void **state)
{
    (void)state;
    tls_each(client_of_a_cut_handshake);
}

static void cut_after(int version)
{
    struct raw raw;
    sock_t    *s;

    for (int role = 0; role < 2; role++) {
        raw_pair(version, role, &raw, &s);
        raw_close(&raw);
        is_cut(s);
        sock_close(s);
    }
}

static void a_cut_after_the_handshake_is_truncation(void **state)
{
    (void)state;
    tls_each(cut_after);
}

/* One whole record, and of a second one all but its last bytes. */
static void cut_in_record(int version)
{
    struct raw raw;
    sock_t    *s;
    BIO       *out = BIO_new(BIO_s_mem());
    char      *bytes;
    long       count;

    raw_pair(version, false, &raw, &s);
    SSL_set0_wbio(raw.ssl, out);
    assert_int_equal(SSL_write(raw.ssl, "whole", 5), 5);
    assert_int_equal(SSL_write(raw.ssl, "half", 4), 4);
    count = BIO_get_mem_data(out, &bytes);
    assert_true(sock_write_all(raw.plain, bytes, (size_t)count - 3, NULL));
    raw_close(&raw);
    reads(s, "whole");
    is_cut(s);
    sock_close(s);
}

static void a_cut_in_a_record_is_truncation(void **state)
{
    (void)state;
    tls_each(cut_in_record);
}

static void cut_in_line(int version)
{
    struct raw raw;
    sock_t    *s;
    char       line[64];

    raw_pair(version, false, &raw, &s);
    assert_true(raw_write(&raw, "one\nhalf", 8));
    raw_close(&raw);
    assert_int_equal(sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ), 4);
    assert_int_equal(sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_TRUNCATED);
    assert_true(is_readable(s));
    reads(s, "half");
    is_cut(s);
    sock_close(s);
}

static void half_a_line_of_a_cut_connection_is_no_line(void **state)
{
    (void)state;
    tls_each(cut_in_line);
}

static void reset_one(int version)
{
    struct raw raw;
    sock_t    *s;
    char       byte;

    raw_pair(version, false, &raw, &s);
    assert_true(sock_set_linger(raw.plain, 0));
    raw_close(&raw);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ECONNRESET);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
    }
    sock_close(s);
}

static void a_reset_is_never_an_orderly_end(void **state)
{
    (void)state;
    tls_each(reset_one);
}

/* ---- orderly ---- */

static void closed_by_either(int version)
{
    sock_t *pair[2];

    for (int i = 0; i < 2; i++) {
        tls_begin(version, pair);
        tls_shake(pair);
        TEXT(pair[i], "last words");
        assert_true(sock_close(pair[i]));
        reads(pair[!i], "last words");
        is_over(pair[!i]);
        sock_close(pair[!i]);
    }
}

static void close_says_goodbye_behind_all_that_was_written(void **state)
{
    (void)state;
    tls_each(closed_by_either);
}

static void last_line(int version)
{
    sock_t *pair[2];
    char    line[64];

    tls_pair(version, pair);
    TEXT(pair[0], "one\nlast");
    sock_close(pair[0]);
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    assert_memory_equal(line, "last", 4);
    is_over(pair[1]);
    sock_close(pair[1]);
}

static void an_orderly_end_delivers_the_last_line(void **state)
{
    (void)state;
    tls_each(last_line);
}

/* The peer says goodbye and leaves the connection open: the system has nothing
 * to tell, yet the end is readable. */
static void goodbye_alone(int version)
{
    struct raw   raw;
    sock_t      *s;
    sock_poll_t *set = sock_poll_create();
    sock_event_t event;

    raw_pair(version, false, &raw, &s);
    assert_int_equal(SSL_shutdown(raw.ssl), 0);
    is_over(s);
    assert_true(sock_poll_add(set, s, LIBSOCK_POLL_READ, NULL));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_poll_wait(set, &event, 1, 0), 1);
        assert_true(event.events & LIBSOCK_POLL_READ);
    }
    TEXT(s, "still");
    sock_poll_free(set);
    raw_close(&raw);
    sock_close(s);
}

static void an_end_without_the_systems_is_readable_and_stays_so(void **state)
{
    (void)state;
    tls_each(goodbye_alone);
}

/* ---- half of it ---- */

static void one_way(sock_t *a, sock_t *b)
{
    assert_true(sock_shutdown(a, SHUT_WR));
    is_over(b);
    assert_int_equal(sock_write(a, "x", 1), -1);
    assert_int_equal(sock_last_error(a), EPIPE);
    for (int i = 0; i < 3; i++) {
        TEXT(b, "goes on");
        reads(a, "goes on");
    }
    assert_true(sock_shutdown(b, SHUT_WR));
    is_over(a);
    is_over(b);
    assert_true(sock_shutdown(a, SHUT_RDWR));
}

static void half_close(int version)
{
    sock_t *pair[2];

    for (int i = 0; i < 2; i++) {
        tls_pair(version, pair);
        one_way(pair[i], pair[!i]);
        close_pair(pair);
    }
}

static void half_a_close_leaves_the_other_way_open(void **state)
{
    (void)state;
    tls_each(half_close);
}

static void no_reading(int version)
{
    sock_t *pair[2];
    char    byte;

    tls_pair(version, pair);
    TEXT(pair[0], "unread");
    assert_true(sock_shutdown(pair[1], SHUT_RD));
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 0);
    assert_true(is_readable(pair[1]));
    TEXT(pair[1], "still");
    reads(pair[0], "still");
    close_pair(pair);
}

static void a_shut_reader_still_writes(void **state)
{
    (void)state;
    tls_each(no_reading);
}

static void refused_how(int version)
{
    sock_t *pair[2];

    tls_pair(version, pair);
    assert_false(sock_shutdown(pair[0], 17));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_false(sock_shutdown(pair[0], -1));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    TEXT(pair[0], "whole");
    reads(pair[1], "whole");
    close_pair(pair);
}

static void a_shutdown_of_no_side_changes_nothing(void **state)
{
    (void)state;
    tls_each(refused_how);
}

/* ---- both of it ---- */

/* A thread that reads to the end, then closes. */
static void *answer(void *handle)
{
    sock_t *s = handle;
    char    buf[512];

    while (sock_recv(s, buf, sizeof buf, 0) > 0)
        ;
    sock_close(s);
    return NULL;
}

static void awaited(int version)
{
    sock_t   *pair[2];
    pthread_t thread;

    tls_pair(version, pair);
    TEXT(pair[0], "bye");
    assert_int_equal(pthread_create(&thread, NULL, answer, pair[1]), 0);
    assert_true(sock_shutdown(pair[0], SHUT_RDWR));
    pthread_join(thread, NULL);
    is_over(pair[0]);
    sock_close(pair[0]);
}

static void a_whole_shutdown_awaits_the_peers_goodbye(void **state)
{
    (void)state;
    tls_each(awaited);
}

static void unanswered(int version)
{
    sock_t *pair[2];
    int64_t before;

    tls_pair(version, pair);
    assert_true(sock_set_timeout(pair[0], 80));
    before = now_ms();
    assert_false(sock_shutdown(pair[0], SHUT_RDWR));
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    assert_true(now_ms() - before >= 80 && now_ms() - before < 2000);
    is_over(pair[1]);
    close_pair(pair);
}

static void a_silent_peer_holds_up_a_shutdown_for_its_limit(void **state)
{
    (void)state;
    tls_each(unanswered);
}

/* Records made beforehand, so that the peer is far faster than we can be. */
struct flood {
    sock_t   *s;
    char     *bytes;
    size_t    count;
    size_t    sent;
    pthread_t thread;
};

static void *pour(void *arg)
{
    struct flood *f = arg;

    sock_write_all(f->s, f->bytes, f->count, &f->sent);
    return NULL;
}

/* `records` of one byte each. */
static void flood_start(struct flood *f, struct raw *raw, int records)
{
    BIO *out = BIO_new(BIO_s_mem());

    SSL_set0_wbio(raw->ssl, out);
    for (int i = 0; i < records; i++)
        assert_int_equal(SSL_write(raw->ssl, "x", 1), 1);
    f->s     = raw->plain;
    f->count = (size_t)BIO_get_mem_data(out, &f->bytes);
    assert_true(sock_set_block(f->s));
    assert_int_equal(pthread_create(&f->thread, NULL, pour, f), 0);
}

/* What does not end does not stretch the limit. */
static void flooded(int version)
{
    struct raw   raw;
    struct flood f = {0};
    sock_t      *s;

    raw_pair(version, false, &raw, &s);
    assert_true(sock_set_timeout(s, 10));
    flood_start(&f, &raw, 300000);
    assert_false(sock_shutdown(s, SHUT_RDWR));
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    sock_close(s);
    pthread_join(f.thread, NULL);
    assert_true(f.sent < f.count);
    raw_close(&raw);
}

static void a_talking_peer_holds_up_a_shutdown_for_its_limit(void **state)
{
    (void)state;
    tls_each(flooded);
}

static void stepwise(int version)
{
    sock_t *pair[2];

    tls_pair(version, pair);
    assert_true(sock_set_nonblock(pair[0]));
    for (int i = 0; i < 3; i++) {
        assert_false(sock_shutdown(pair[0], SHUT_RDWR));
        assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    }
    is_over(pair[1]);
    sock_close(pair[1]);
    for (int i = 0; i < 100 && !sock_shutdown(pair[0], SHUT_RDWR); i++) {
        sock_t *one = pair[0];

        assert_int_equal(sock_last_error(pair[0]), EAGAIN);
        assert_int_equal(sock_select(&one, 1, NULL, 0, NULL, 0, 5000), 1);
    }
    assert_true(sock_shutdown(pair[0], SHUT_RDWR));
    is_over(pair[0]);
    sock_close(pair[0]);
}

static void a_shutdown_without_waiting_is_called_again(void **state)
{
    (void)state;
    tls_each(stepwise);
}

static void before_any_word(int version)
{
    static const int ways[] = {SHUT_WR, SHUT_RDWR, SHUT_RD};
    sock_t          *pair[2];
    int64_t          before = now_ms();

    for (size_t i = 0; i < 3; i++) {
        tls_begin(version, pair);
        assert_true(sock_shutdown(pair[1], ways[i]));
        close_pair(pair);
    }
    assert_true(now_ms() - before < 2000);
}

static void a_shutdown_before_the_handshake_waits_for_nobody(void **state)
{
    (void)state;
    tls_each(before_any_word);
}

/* ---- close, while others are in it ---- */

struct call {
    sock_t     *s;
    bool        writes;
    _Atomic int tid;
    ssize_t     result;
    int         error;
    pthread_t   thread;
};

static void *run(void *arg)
{
    static char  block[65536];
    struct call *c = arg;

    c->tid = (int)syscall(SYS_gettid);
    do
        c->result = c->writes ? sock_write(c->s, block, sizeof block)
                              : sock_recv(c->s, block, 1, 0);
    while (c->writes && c->result > 0);
    c->error = sock_last_error(NULL);
    return NULL;
}

static void start(struct call *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, run, c), 0);
    while (!c->tid)
        sched_yield();
    wait_until_asleep(c->tid);
}

static void closed_reader(int version)
{
    sock_t     *pair[2];
    struct call c = {0};

    tls_pair(version, pair);
    c.s = pair[0];
    start(&c);
    assert_true(sock_close(pair[0]));
    pthread_join(c.thread, NULL);
    assert_int_equal(c.result, -1);
    assert_int_equal(c.error, ECANCELED);
    is_over(pair[1]);
    sock_close(pair[1]);
}

static void close_ends_a_reader_and_the_peer_has_an_orderly_end(void **state)
{
    (void)state;
    tls_each(closed_reader);
}

static void closed_writer(int version)
{
    sock_t     *pair[2];
    struct call c = {.writes = true};

    tls_pair(version, pair);
    c.s = pair[0];
    start(&c);
    assert_true(sock_close(pair[0]));
    pthread_join(c.thread, NULL);
    assert_int_equal(c.result, -1);
    assert_true(c.error == ECANCELED || c.error == EBADF);
    sock_close(pair[1]);
}

static void close_ends_a_writer(void **state)
{
    (void)state;
    tls_each(closed_writer);
}

static void closed_handshake(int version)
{
    sock_t     *pair[2];
    struct call c = {0};

    tls_begin(version, pair);
    c.s = pair[1];
    start(&c);
    assert_true(sock_close(pair[1]));
    pthread_join(c.thread, NULL);
    assert_int_equal(c.result, -1);
    assert_int_equal(c.error, ECANCELED);
    sock_close(pair[0]);
}

static void close_ends_a_handshake(void **state)
{
    (void)state;
    tls_each(closed_handshake);
}

/* ---- the peer is gone ---- */

/* With the usual answer to SIGPIPE, which is to die. 0: it is alive and was
 * told. */
static int write_until_told(sock_t *s)
{
    int error = 0;

    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 100 && sock_write(s, "x", 1) == 1; i++) {
        sock_t *one = s;

        sock_select(&one, 1, NULL, 0, NULL, 0, 20);
    }
    error = sock_last_error(s);
    sock_shutdown(s, SHUT_RDWR);
    sock_write_all(s, "x", 1, NULL);
    sock_close(s);
    return error == EPIPE || error == ECONNRESET ? 0 : 1;
}

static void gone(int version)
{
    sock_t *pair[2];
    int     status;
    pid_t   pid;

    tls_pair(version, pair);
    sock_close(pair[1]);
    if (!(pid = fork()))
        _exit(write_until_told(pair[0]));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    sock_close(pair[0]);
}

static void a_write_to_a_closed_peer_is_an_error_and_no_signal(void **state)
{
    (void)state;
    tls_each(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_before_or_in_the_handshake_is_truncation),
        cmocka_unit_test(a_client_tells_a_cut_in_the_handshake),
        cmocka_unit_test(a_cut_after_the_handshake_is_truncation),
        cmocka_unit_test(a_cut_in_a_record_is_truncation),
        cmocka_unit_test(half_a_line_of_a_cut_connection_is_no_line),
        cmocka_unit_test(a_reset_is_never_an_orderly_end),
        cmocka_unit_test(close_says_goodbye_behind_all_that_was_written),
        cmocka_unit_test(an_orderly_end_delivers_the_last_line),
        cmocka_unit_test(an_end_without_the_systems_is_readable_and_stays_so),
        cmocka_unit_test(half_a_close_leaves_the_other_way_open),
        cmocka_unit_test(a_shut_reader_still_writes),
        cmocka_unit_test(a_shutdown_of_no_side_changes_nothing),
        cmocka_unit_test(a_whole_shutdown_awaits_the_peers_goodbye),
        cmocka_unit_test(a_silent_peer_holds_up_a_shutdown_for_its_limit),
        cmocka_unit_test(a_talking_peer_holds_up_a_shutdown_for_its_limit),
        cmocka_unit_test(a_shutdown_without_waiting_is_called_again),
        cmocka_unit_test(a_shutdown_before_the_handshake_waits_for_nobody),
        cmocka_unit_test(close_ends_a_reader_and_the_peer_has_an_orderly_end),
        cmocka_unit_test(close_ends_a_writer),
        cmocka_unit_test(close_ends_a_handshake),
        cmocka_unit_test(a_write_to_a_closed_peer_is_an_error_and_no_signal),
    };

    return cmocka_run_group_tests_name("end", tests, count_descriptors,
                                       compare_descriptors);
}
