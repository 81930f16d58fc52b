/* test_tls_half_message.c - what is not the peer's bytes but TLS's own may come
 * in pieces, too: a session ticket of which the second record is late. Until it
 * is whole nothing can be encrypted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define HEAD 5

/* A client of ours and a server that has a ticket for it, of which the first
 * record has been sent. */
struct half {
    struct raw           raw;
    sock_t              *s;
    BIO                 *records; /* what the server would send */
    const unsigned char *rest;
    size_t               rest_len;
};

/* More than one record holds, since a record of this server is small. */
static void make_ticket(struct half *h)
{
    static const char large[2000];
    unsigned char    *bytes;
    size_t            size, first;

    h->records = BIO_new(BIO_s_mem());
    assert_int_equal(SSL_set_max_send_fragment(h->raw.ssl, 512), 1);
    assert_int_equal(SSL_SESSION_set1_ticket_appdata(
                         SSL_get_session(h->raw.ssl), large, sizeof large),
                     1);
    SSL_set0_wbio(h->raw.ssl, h->records);
    assert_int_equal(SSL_new_session_ticket(h->raw.ssl), 1);
    assert_int_equal(SSL_do_handshake(h->raw.ssl), 1);
    size  = (size_t)BIO_get_mem_data(h->records, (char **)&bytes);
    first = HEAD + ((size_t)bytes[3] << 8 | bytes[4]);
    assert_true(first < size);
    assert_true(sock_write_all(h->raw.plain, bytes, first, NULL));
    h->rest     = bytes + first;
    h->rest_len = size - first;
}

static void send_rest(struct half *h)
{
    assert_true(sock_write_all(h->raw.plain, h->rest, h->rest_len, NULL));
}

/* Our client has met the first record, and has nothing to read. */
static void meet(struct half *h)
{
    char    byte;
    sock_t *one[1] = {h->s};

    raw_pair(LIBSOCK_CRYPTO_PROTO_TLSv1_3, true, &h->raw, &h->s);
    assert_true(sock_set_option_int(h->raw.plain, SOL_TCP, TCP_NODELAY, 1));
    while (sock_recv(h->s, &byte, 1, MSG_DONTWAIT) >= 0)
        ;
    make_ticket(h);
    assert_int_equal(sock_select(one, 1, NULL, 0, NULL, 0, 10000), 1);
    assert_int_equal(sock_recv(h->s, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(h->s), EAGAIN);
}

static void part(struct half *h)
{
    sock_close(h->s);
    raw_close(&h->raw);
}

static void assert_arrives(struct half *h, const char *text)
{
    char got[16] = "";

    assert_int_equal(raw_read(&h->raw, got, sizeof got - 1), (int)strlen(text));
    assert_string_equal(got, text);
}

static void half_of_it_wakes_nobody_twice(void **state)
{
    struct half h;
    sock_t     *one[1];

    (void)state;
    meet(&h);
    one[0] = h.s;
    assert_int_equal(sock_select(one, 1, NULL, 0, NULL, 0, 0), 0);
    part(&h);
}

static void a_write_that_may_not_wait_takes_nothing(void **state)
{
    struct half h;

    (void)state;
    meet(&h);
    assert_true(sock_set_nonblock(h.s));
    assert_int_equal(sock_write(h.s, "early", 5), -1);
    assert_int_equal(sock_last_error(h.s), EAGAIN);
    send_rest(&h);
    assert_int_equal(sock_write(h.s, "late", 4), 4);
    assert_arrives(&h, "late");
    part(&h);
}

static void a_write_waits_within_its_limit(void **state)
{
    struct half h;
    int64_t     began;

    (void)state;
    meet(&h);
    assert_true(sock_set_timeout(h.s, 50));
    began = now_ms();
    assert_int_equal(sock_write(h.s, "early", 5), -1);
    assert_int_equal(sock_last_error(h.s), ETIMEDOUT);
    assert_in_range(now_ms() - began, 45, 2000);
    send_rest(&h);
    assert_int_equal(sock_write(h.s, "late", 4), 4);
    assert_arrives(&h, "late");
    part(&h);
}

static void it_is_not_writable_until_the_rest_has_come(void **state)
{
    struct half h;
    sock_t     *one[1];

    (void)state;
    meet(&h);
    one[0] = h.s;
    assert_int_equal(sock_select(NULL, 0, one, 1, NULL, 0, 30), 0);
    send_rest(&h);
    one[0] = h.s;
    assert_int_equal(sock_select(NULL, 0, one, 1, NULL, 0, 10000), 1);
    assert_int_equal(sock_write(h.s, "late", 4), 4);
    one[0] = h.s;
    assert_int_equal(sock_select(NULL, 0, one, 1, NULL, 0, 10000), 1);
    assert_arrives(&h, "late");
    part(&h);
}

static void *read_one(void *h)
{
    char byte = 0;

    assert_int_equal(sock_recv(((struct half *)h)->s, &byte, 1, 0), 1);
    assert_int_equal(byte, '!');
    return NULL;
}

static void *write_late(void *h)
{
    assert_int_equal(sock_write(((struct half *)h)->s, "late", 4), 4);
    return NULL;
}

/* The reader has the turn, and waits on after the rest has come: for what the
 * peer will only say to what is written. */
static void a_writer_goes_on_beside_a_reader(void **state)
{
    struct half h;
    pthread_t   reader, writer;

    (void)state;
    meet(&h);
    assert_int_equal(pthread_create(&reader, NULL, read_one, &h), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_late, &h), 0);
    send_rest(&h);
    pthread_join(writer, NULL);
    assert_arrives(&h, "late");
    SSL_set_fd(h.raw.ssl, sock_fd(h.raw.plain));
    assert_true(raw_write(&h.raw, "!", 1));
    pthread_join(reader, NULL);
    part(&h);
}

static void a_write_is_told_that_the_rest_never_comes(void **state)
{
    struct half h;

    (void)state;
    meet(&h);
    assert_true(sock_set_timeout(h.s, 10000));
    assert_true(sock_shutdown(h.raw.plain, SHUT_WR));
    assert_int_equal(sock_write(h.s, "early", 5), -1);
    assert_int_equal(sock_last_error(h.s), LIBSOCK_ETLS_TRUNCATED);
    part(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_it_wakes_nobody_twice),
        cmocka_unit_test(a_write_that_may_not_wait_takes_nothing),
        cmocka_unit_test(a_write_waits_within_its_limit),
        cmocka_unit_test(it_is_not_writable_until_the_rest_has_come),
        cmocka_unit_test(a_writer_goes_on_beside_a_reader),
        cmocka_unit_test(a_write_is_told_that_the_rest_never_comes),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
