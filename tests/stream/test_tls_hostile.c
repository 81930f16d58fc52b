/* test_tls_hostile.c - peers that speak no TLS, too little of it, or too much:
 * each costs its own connection, and nobody's time but its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/ioctl.h>

#define TLS12 LIBSOCK_CRYPTO_PROTO_TLSv1_2
#define TLS13 LIBSOCK_CRYPTO_PROTO_TLSv1_3

static bool is_readable(sock_t *s)
{
    sock_t *one = s;

    return sock_select(&one, 1, NULL, 0, NULL, 0, 0) == 1;
}

/* What would wait says so at once. */
static void would_wait(sock_t *s)
{
    char byte;

    assert_int_equal(
        sock_read(s, &byte, 1, LIBSOCK_BINARY_READ | LIBSOCK_DONTWAIT), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
}

static void works(struct raw *raw, sock_t *s)
{
    char buf[4];

    assert_true(raw_write(raw, "ping", 4));
    assert_int_equal(sock_recv(s, buf, 4, MSG_WAITALL), 4);
    assert_int_equal(sock_write(s, "pong", 4), 4);
    assert_int_equal(raw_read(raw, buf, 4), 4);
    assert_memory_equal(buf, "pong", 4);
}

/* ---- no TLS at all ---- */

/* The code that a server's read comes to, again and again. */
static int told_for(const void *bytes, size_t len)
{
    struct raw raw;
    sock_t    *s;
    char       byte;
    int        code;

    raw_begin(TLS13, false, &raw, &s);
    assert_true(sock_write_all(raw.plain, bytes, len, NULL));
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    code = sock_last_error(s);
    for (int i = 0; i < 2; i++) {
        assert_true(is_readable(s));
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(s), code);
        assert_int_equal(sock_write(s, "x", 1), -1);
        assert_int_equal(sock_last_error(s), code);
    }
    assert_false(sock_stream_enable_crypto(s, true, 0, NULL));
    assert_int_equal(sock_last_error(s), code);
    raw_close(&raw);
    sock_close(s);
    return code;
}

static void plain_http_is_a_protocol_error(void **state)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";

    (void)state;
    assert_int_equal(told_for(request, sizeof request - 1),
                     LIBSOCK_ETLS_PROTOCOL);
}

static void garbage_is_a_protocol_error(void **state)
{
    char bytes[512];

    (void)state;
    memset(bytes, 0xa5, sizeof bytes);
    assert_int_equal(told_for(bytes, sizeof bytes), LIBSOCK_ETLS_PROTOCOL);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(told_for(bytes, sizeof bytes), LIBSOCK_ETLS_PROTOCOL);
}

static void an_oversized_record_is_a_protocol_error(void **state)
{
    static const char record[] = {0x16, 3, 1, (char)0xff, (char)0xff, 1};

    (void)state;
    assert_int_equal(told_for(record, sizeof record), LIBSOCK_ETLS_PROTOCOL);
}

static void an_alert_instead_of_a_hello_is_a_protocol_error(void **state)
{
    static const char fatal[] = {0x15, 3, 1, 0, 2, 2, 40};

    (void)state;
    assert_int_equal(told_for(fatal, sizeof fatal), LIBSOCK_ETLS_PROTOCOL);
}

static void an_alert_instead_of_an_answer_is_a_refusal(void **state)
{
    static const char fatal[] = {0x15, 3, 1, 0, 2, 2, 40};
    struct raw        raw;
    sock_t           *s;

    (void)state;
    raw_begin(TLS13, true, &raw, &s);
    assert_true(sock_write_all(raw.plain, fatal, sizeof fatal, NULL));
    for (int i = 0; i < 2; i++) {
        assert_false(sock_stream_enable_crypto(s, true, 0, NULL));
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_REFUSED);
    }
    raw_close(&raw);
    sock_close(s);
}

static void plain_text_after_the_handshake(int version)
{
    struct raw raw;
    sock_t    *s;
    char       byte;

    raw_pair(version, false, &raw, &s);
    works(&raw, s);
    assert_true(sock_write_all(raw.plain, "plain text\r\n", 12, NULL));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_PROTOCOL);
        assert_true(is_readable(s));
    }
    raw_close(&raw);
    sock_close(s);
}

static void plain_text_in_the_middle_is_a_protocol_error(void **state)
{
    (void)state;
    tls_each(plain_text_after_the_handshake);
}

/* A record that somebody changed on its way. */
static void forged(int version)
{
    struct raw raw;
    sock_t    *s;
    BIO       *out = BIO_new(BIO_s_mem());
    char      *bytes, byte;
    long       count;

    raw_pair(version, false, &raw, &s);
    SSL_set0_wbio(raw.ssl, out);
    assert_int_equal(SSL_write(raw.ssl, "true", 4), 4);
    count = BIO_get_mem_data(out, &bytes);
    bytes[count - 1] ^= 1;
    assert_true(sock_write_all(raw.plain, bytes, (size_t)count, NULL));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_PROTOCOL);
    }
    raw_close(&raw);
    sock_close(s);
}

static void a_forged_record_is_a_protocol_error(void **state)
{
    (void)state;
    tls_each(forged);
}

/* ---- too little ---- */

static void a_hello_that_stops_costs_its_limit_and_no_more(void **state)
{
    static const char   hello[50] = {0x16, 3, 1, 2, 0, 1, 0, 1, (char)0xfc};
    static const size_t lengths[] = {0, 1, 5, 50};
    struct raw          raw;
    sock_t             *s;
    int64_t             before;
    char                byte;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        raw_begin(TLS13, false, &raw, &s);
        assert_true(sock_write_all(raw.plain, hello, lengths[i], NULL));
        would_wait(s);
        assert_false(is_readable(s));
        assert_true(sock_set_timeout(s, 50));
        before = now_ms();
        assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
        assert_int_equal(sock_write(s, "x", 1), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
        assert_true(now_ms() - before >= 100 && now_ms() - before < 2000);
        raw_close(&raw);
        sock_close(s);
    }
}

/* A limit that was over is no end: the handshake goes on. */
static void late(int version)
{
    struct raw raw;
    sock_t    *s;
    char       byte;

    raw_begin(version, false, &raw, &s);
    assert_true(sock_set_timeout(s, 0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
    }
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(raw.ssl);
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
    }
    assert_true(SSL_is_init_finished(raw.ssl));
    assert_true(sock_set_timeout(s, 5000));
    works(&raw, s);
    raw_close(&raw);
    sock_close(s);
}

static void a_handshake_goes_on_after_a_limit_even_of_nothing(void **state)
{
    (void)state;
    tls_each(late);
}

/* Each byte by itself, in both directions. */
static void trickle(struct raw *raw, BIO *out)
{
    char *bytes;
    long  count = BIO_get_mem_data(out, &bytes);

    for (long i = 0; i < count; i++)
        assert_int_equal(sock_write(raw->plain, bytes + i, 1), 1);
    (void)BIO_reset(out);
}

static void one_byte_at_a_time(int version)
{
    struct raw raw;
    sock_t    *s;
    BIO       *out = BIO_new(BIO_s_mem());
    bool       done;

    raw_begin(version, false, &raw, &s);
    SSL_set0_wbio(raw.ssl, out);
    assert_true(sock_set_option_int(raw.plain, SOL_TCP, TCP_NODELAY, 1));
    for (int i = 0; i < 10; i++) {
        done = SSL_do_handshake(raw.ssl) == 1;
        trickle(&raw, out);
        would_wait(s);
    }
    assert_true(done);
    assert_int_equal(SSL_write(raw.ssl, "slow", 4), 4);
    trickle(&raw, out);
    SSL_set0_wbio(raw.ssl, BIO_new_socket(sock_fd(raw.plain), BIO_NOCLOSE));
    assert_int_equal(sock_recv(s, (char[4]){0}, 4, MSG_WAITALL), 4);
    works(&raw, s);
    raw_close(&raw);
    sock_close(s);
}

static void a_handshake_byte_by_byte_is_one(void **state)
{
    (void)state;
    tls_each(one_byte_at_a_time);
}

/* ---- one silent among ten ---- */

#define WORKING 10

struct server {
    sock_t *listener;
    sock_t *clients[WORKING + 1];
    size_t  count;
    int     echoed; /* bytes */
};

static void take(struct server *v)
{
    assert_true(v->count < WORKING + 1);
    v->clients[v->count] = sock_stream_accept(v->listener, 0, NULL, 0);
    assert_non_null(v->clients[v->count]);
    v->count++;
}

static void echo(struct server *v, sock_t *s)
{
    char    buf[64];
    ssize_t n = sock_recv(s, buf, sizeof buf, MSG_DONTWAIT);

    if (n < 0) {
        assert_int_equal(sock_last_error(s), EAGAIN);
        return;
    }
    assert_int_equal(sock_write(s, buf, (size_t)n), n);
    v->echoed += (int)n;
}

static void serve(struct server *v)
{
    int64_t until = now_ms() + 5000;

    while (v->echoed < 4 * WORKING && now_ms() < until) {
        sock_t *ready[WORKING + 2] = {v->listener};

        memcpy(ready + 1, v->clients, v->count * sizeof *ready);
        assert_true(sock_select(ready, v->count + 1, NULL, 0, NULL, 0, 5000) >
                    0);
        if (ready[0])
            take(v);
        for (size_t i = 1; i < WORKING + 2; i++)
            if (ready[i])
                echo(v, ready[i]);
    }
}

/* NULL: each was served. */
static void *visit(void *url)
{
    char buf[4] = "";

    for (int i = 0; i < WORKING; i++) {
        sock_t *s = sock_stream_client(url, 5000, 0, tls_client_context(TLS13));

        if (!s || sock_write(s, "ping", 4) != 4 ||
            sock_recv(s, buf, 4, MSG_WAITALL) != 4)
            return url;
        sock_close(s);
    }
    return NULL;
}

static void a_silent_client_holds_up_nobody(void **state)
{
    struct server v = {0};
    char          url[64], byte;
    void         *failed;
    sock_t       *silent;
    pthread_t     thread;

    (void)state;
    tls_client_context(TLS13);
    v.listener = tls_listen(TLS13, url, sizeof url);
    silent     = sock_stream_client(url + 6, 5000, 0, NULL);
    assert_non_null(silent);
    take(&v);
    assert_int_equal(pthread_create(&thread, NULL, visit, url), 0);
    serve(&v);
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_true(sock_set_timeout(v.clients[0], 30));
    assert_int_equal(sock_recv(v.clients[0], &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(v.clients[0]), ETIMEDOUT);
    for (size_t i = 0; i < v.count; i++)
        sock_close(v.clients[i]);
    sock_close(v.listener);
    sock_close(silent);
}

/* ---- too much ---- */

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

/* What `make` writes, poured in as fast as the system takes it. */
static void flood_start(struct flood *f, struct raw *raw, int times,
                        bool (*make)(SSL *ssl))
{
    BIO *out = BIO_new(BIO_s_mem());

    SSL_set0_wbio(raw->ssl, out);
    for (int i = 0; i < times; i++)
        assert_true(make(raw->ssl));
    f->s     = raw->plain;
    f->count = (size_t)BIO_get_mem_data(out, &f->bytes);
    assert_true(sock_set_block(f->s));
    assert_int_equal(pthread_create(&f->thread, NULL, pour, f), 0);
}

static bool write_byte(SSL *ssl)
{
    static char byte;

    byte++;
    return SSL_write(ssl, &byte, 1) == 1;
}

static void small_records(int version)
{
    struct raw   raw;
    struct flood f = {0};
    sock_t      *s;
    char         buf[100], before = 0;
    ssize_t      n;
    size_t       all = 0;

    raw_pair(version, false, &raw, &s);
    flood_start(&f, &raw, 20000, write_byte);
    while (all < 20000 && (n = sock_recv(s, buf, sizeof buf, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            assert_true(!all || buf[i] == (char)(before + 1));
            before = buf[i];
            all++;
        }
    }
    assert_int_equal(all, 20000);
    pthread_join(f.thread, NULL);
    raw_close(&raw);
    sock_close(s);
}

static void many_small_records_come_in_order(void **state)
{
    (void)state;
    tls_each(small_records);
}

static bool update_key(SSL *ssl)
{
    return SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl) == 1;
}

/* Not one of these records has a byte for the reader. */
static void records_without_bytes_do_not_stretch_a_limit(void **state)
{
    struct raw   raw;
    struct flood f = {0};
    sock_t      *s;
    char         byte;

    (void)state;
    raw_pair(TLS13, false, &raw, &s);
    assert_true(sock_set_option_int(s, SOL_SOCKET, SO_RCVBUF, 65536));
    assert_true(sock_set_option_int(raw.plain, SOL_SOCKET, SO_SNDBUF, 65536));
    assert_true(sock_set_timeout(s, 10));
    flood_start(&f, &raw, 40000, update_key);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    sock_close(s);
    pthread_join(f.thread, NULL);
    assert_true(f.sent < f.count);
    raw_close(&raw);
}

static int waiting_bytes(sock_t *s)
{
    int count = 0;

    assert_int_equal(ioctl(sock_fd(s), FIONREAD, &count), 0);
    return count;
}

static void records_without_bytes_do_not_hold_up_who_does_not_wait(void **state)
{
    struct raw   raw;
    struct flood f = {0};
    sock_t      *s;
    char         byte;

    (void)state;
    raw_pair(TLS13, false, &raw, &s);
    assert_true(sock_set_option_int(s, SOL_SOCKET, SO_RCVBUF, 1 << 20));
    flood_start(&f, &raw, 40000, update_key);
    for (int i = 0; i < 5000 && waiting_bytes(s) < 350000; i++)
        poll(NULL, 0, 1);
    assert_true(waiting_bytes(s) >= 350000);
    assert_int_equal(sock_recv(s, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    assert_true(waiting_bytes(s) > 0);
    sock_close(s);
    pthread_join(f.thread, NULL);
    raw_close(&raw);
}

/* A ticket too long for one record. */
static int fatten(SSL *ssl, void *size)
{
    static char data[4000];

    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), data,
                                           *(size_t *)size);
}

/* Of a message in several records the first has come, and a peer may leave it
 * at that. */
static void half_a_message(struct raw *raw, sock_t **s)
{
    static size_t size = 4000;
    BIO          *out  = BIO_new(BIO_s_mem());
    char         *bytes;

    raw_begin(TLS13, true, raw, s);
    SSL_CTX_set_session_ticket_cb(raw->ctx, fatten, NULL, &size);
    SSL_set_num_tickets(raw->ssl, 0);
    raw_shake(raw, *s);
    assert_true(SSL_set_max_send_fragment(raw->ssl, 512));
    SSL_set0_wbio(raw->ssl, out);
    assert_int_equal(SSL_new_session_ticket(raw->ssl), 1);
    assert_int_equal(SSL_do_handshake(raw->ssl), 1);
    assert_true(BIO_get_mem_data(out, &bytes) > 2 * 600);
    assert_int_equal(sock_write(raw->plain, bytes, 600), 600);
}

static bool is_writable(sock_t *s, int within_ms)
{
    sock_t *one = s;

    return sock_select(NULL, 0, &one, 1, NULL, 0, within_ms) == 1;
}

/* A write says so, or waits its time, and asleep. */
static void half_a_message_holds_up_no_writer(void **state)
{
    struct raw raw;
    sock_t    *s;
    clock_t    spent;

    (void)state;
    half_a_message(&raw, &s);
    would_wait(s);
    alarm(10); /* a write that hangs has failed */
    assert_int_equal(sock_send(s, "x", 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    assert_false(is_writable(s, 20));
    assert_true(sock_set_timeout(s, 200));
    spent = clock();
    assert_int_equal(sock_write(s, "x", 1), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    assert_true(clock() - spent < CLOCKS_PER_SEC / 10);
    alarm(110);
    raw_close(&raw);
    sock_close(s);
}

static void send_rest(struct raw *raw)
{
    char *bytes;
    long  count = BIO_get_mem_data(SSL_get_wbio(raw->ssl), &bytes);

    assert_true(
        sock_write_all(raw->plain, bytes + 600, (size_t)count - 600, NULL));
    SSL_set0_wbio(raw->ssl, BIO_new_socket(sock_fd(raw->plain), BIO_NOCLOSE));
}

static void a_write_goes_on_behind_the_rest_of_a_message(void **state)
{
    struct raw raw;
    sock_t    *s;

    (void)state;
    half_a_message(&raw, &s);
    would_wait(s);
    assert_int_equal(sock_send(s, "x", 1, MSG_DONTWAIT), -1);
    send_rest(&raw);
    assert_true(is_writable(s, 5000));
    assert_int_equal(sock_send(s, "x", 1, MSG_DONTWAIT), 1);
    assert_int_equal(raw_read(&raw, (char[1]){0}, 1), 1);
    works(&raw, s);
    raw_close(&raw);
    sock_close(s);
}

static void *read_one(void *s)
{
    char byte;

    return sock_recv(s, &byte, 1, 0) == 1 ? s : NULL;
}

static void *write_one(void *s)
{
    return sock_write(s, "x", 1) == 1 ? s : NULL;
}

/* The one who reads has the turn, and keeps it when the message is whole. */
static void a_writer_goes_on_while_another_thread_reads_on(void **state)
{
    struct raw raw;
    sock_t    *s;
    pthread_t  reader, writer;
    void      *read, *written;

    (void)state;
    half_a_message(&raw, &s);
    would_wait(s);
    assert_int_equal(pthread_create(&reader, NULL, read_one, s), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_one, s), 0);
    send_rest(&raw);
    assert_int_equal(raw_read(&raw, (char[1]){0}, 1), 1);
    pthread_join(writer, &written);
    assert_ptr_equal(written, s);
    assert_true(raw_write(&raw, "y", 1));
    pthread_join(reader, &read);
    assert_ptr_equal(read, s);
    raw_close(&raw);
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_http_is_a_protocol_error),
        cmocka_unit_test(garbage_is_a_protocol_error),
        cmocka_unit_test(an_oversized_record_is_a_protocol_error),
        cmocka_unit_test(an_alert_instead_of_a_hello_is_a_protocol_error),
        cmocka_unit_test(an_alert_instead_of_an_answer_is_a_refusal),
        cmocka_unit_test(plain_text_in_the_middle_is_a_protocol_error),
        cmocka_unit_test(a_forged_record_is_a_protocol_error),
        cmocka_unit_test(a_hello_that_stops_costs_its_limit_and_no_more),
        cmocka_unit_test(a_handshake_goes_on_after_a_limit_even_of_nothing),
        cmocka_unit_test(a_handshake_byte_by_byte_is_one),
        cmocka_unit_test(a_silent_client_holds_up_nobody),
        cmocka_unit_test(many_small_records_come_in_order),
        cmocka_unit_test(records_without_bytes_do_not_stretch_a_limit),
        cmocka_unit_test(
            records_without_bytes_do_not_hold_up_who_does_not_wait),
        cmocka_unit_test(half_a_message_holds_up_no_writer),
        cmocka_unit_test(a_write_goes_on_behind_the_rest_of_a_message),
        cmocka_unit_test(a_writer_goes_on_while_another_thread_reads_on),
    };

    signal(SIGPIPE, SIG_IGN); /* OpenSSL's own end would die of it */
    return cmocka_run_group_tests_name("hostile", tests, count_descriptors,
                                       compare_descriptors);
}
