/* test_tls_upgrade.c - TLS begun and ended on a connection that is there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TLS12 LIBSOCK_CRYPTO_PROTO_TLSv1_2
#define TLS13 LIBSOCK_CRYPTO_PROTO_TLSv1_3

/* pair[0] is a client by its context, pair[1] was accepted; both in the clear
 * and without waiting. */
static void plain_pair(int version, sock_t *pair[2])
{
    char    url[64];
    sock_t *server =
        sock_stream_server("tcp://127.0.0.1:0", 0, tls_server_context(version));

    assert_non_null(server);
    snprintf(url, sizeof url, "tcp://localhost:%d", port_of(server));
    pair[0] = sock_stream_client(url, 5000, 0, tls_client_context(version));
    assert_non_null(pair[0]);
    pair[1] = sock_stream_accept(server, 5000, NULL, 0);
    assert_non_null(pair[1]);
    sock_close(server);
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
}

/* Which socket the other end is does not matter: it has no name to expect. */
static void give_contexts(sock_t *pair[2])
{
    sock_context_t *c = sock_context_create();

    assert_true(sock_context_set_bool(c, "ssl.verify_peer", false));
    assert_true(sock_context_set_bool(c, "ssl.verify_peer_name", false));
    assert_true(sock_stream_set_context(pair[0], c));
    sock_context_free(c);
    assert_true(sock_stream_set_context(pair[1], tls_server_context(TLS13)));
}

static bool step(sock_t *s, bool enable, int method)
{
    if (sock_stream_enable_crypto(s, enable, method, NULL))
        return true;
    if (sock_last_error(s) != EAGAIN)
        fail_msg("%s", sock_last_message(s));
    return false;
}

/* Both ends, step by step, in this thread: select tells whose turn it is. */
static void both(sock_t *pair[2], bool enable, int client, int server)
{
    const int methods[2] = {client, server};
    bool      done[2]    = {false, false};

    for (;;) {
        sock_t *waiting[2] = {NULL, NULL};

        for (int i = 0; i < 2; i++) {
            done[i] = done[i] || step(pair[i], enable, methods[i]);
            if (!done[i])
                waiting[i] = pair[i];
        }
        if (done[0] && done[1])
            return;
        assert_true(sock_select(waiting, 2, NULL, 0, NULL, 0, 5000) > 0);
    }
}

/* A session ticket is readable, and no bytes. */
static void passes(sock_t *from, sock_t *to, const char *text)
{
    char    buf[64];
    size_t  len = strlen(text);
    ssize_t n;

    assert_int_equal(sock_write(from, text, len), (ssize_t)len);
    do {
        sock_t *one = to;

        assert_int_equal(sock_select(&one, 1, NULL, 0, NULL, 0, 5000), 1);
        n = sock_recv(to, buf, sizeof buf, MSG_DONTWAIT);
    } while (n < 0 && sock_last_error(to) == EAGAIN);
    assert_int_equal(n, (ssize_t)len);
    assert_memory_equal(buf, text, len);
}

static void talk(sock_t *pair[2])
{
    passes(pair[0], pair[1], "from the client");
    passes(pair[1], pair[0], "from the server");
}

static bool is_encrypted(sock_t *s)
{
    sock_meta_t meta;

    assert_true(sock_stream_get_meta_data(s, &meta, sizeof meta));
    return meta.protocol[0];
}

static void refused(sock_t *s, bool enable, int method, sock_t *session,
                    int code)
{
    assert_false(sock_stream_enable_crypto(s, enable, method, session));
    assert_int_equal(sock_last_error(s), code);
}

/* ---- on and off ---- */

static void twice(int version)
{
    sock_t *pair[2];

    plain_pair(version, pair);
    for (int i = 0; i < 2; i++) {
        talk(pair);
        both(pair, true, 0, 0);
        assert_true(is_encrypted(pair[0]) && is_encrypted(pair[1]));
        talk(pair);
        both(pair, false, 0, 0);
        assert_false(is_encrypted(pair[0]) || is_encrypted(pair[1]));
        talk(pair);
    }
    close_pair(pair);
}

static void tls_begins_and_ends_twice_on_one_connection(void **state)
{
    (void)state;
    tls_each(twice);
}

static void the_roles_may_be_the_other_way_round(void **state)
{
    sock_t *pair[2], *swapped[2];

    (void)state;
    plain_pair(TLS13, pair);
    swapped[0] = pair[1];
    swapped[1] = pair[0];
    give_contexts(swapped);
    both(pair, true, LIBSOCK_CRYPTO_TLS_SERVER, LIBSOCK_CRYPTO_TLS_CLIENT);
    talk(pair);
    close_pair(pair);
}

static void a_socket_pair_is_encrypted_like_a_connection(void **state)
{
    sock_t *pair[2];

    (void)state;
    assert_true(sock_stream_pair(AF_UNIX, SOCK_STREAM, 0, pair));
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
    give_contexts(pair);
    both(pair, true, LIBSOCK_CRYPTO_TLS_CLIENT, LIBSOCK_CRYPTO_TLS_SERVER);
    talk(pair);
    both(pair, false, 0, 0);
    talk(pair);
    close_pair(pair);
}

static void a_plain_socket_is_encrypted_too(void **state)
{
    sock_t *pair[2];

    (void)state;
    tcp_pair(pair);
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
    give_contexts(pair);
    both(pair, true, LIBSOCK_CRYPTO_TLSv1_3_CLIENT, LIBSOCK_CRYPTO_TLS_SERVER);
    talk(pair);
    close_pair(pair);
}

/* What is said right behind the goodbye is in the clear, and is not lost. */
static void words_behind(int version)
{
    sock_t *pair[2];
    char    buf[64];

    plain_pair(version, pair);
    both(pair, true, 0, 0);
    talk(pair);
    assert_false(step(pair[0], false, 0));
    while (!step(pair[1], false, 0))
        ;
    assert_int_equal(sock_write(pair[1], "clear", 5), 5);
    while (!step(pair[0], false, 0))
        ;
    assert_true(sock_set_block(pair[0]));
    assert_int_equal(sock_recv(pair[0], buf, 5, MSG_WAITALL), 5);
    assert_memory_equal(buf, "clear", 5);
    close_pair(pair);
}

static void words_right_behind_the_goodbye_are_in_the_clear(void **state)
{
    (void)state;
    tls_each(words_behind);
}

static void ending_what_has_not_begun_is_nothing(void **state)
{
    sock_t *pair[2];

    (void)state;
    tcp_pair(pair);
    assert_true(sock_stream_enable_crypto(pair[0], false, 0, NULL));
    assert_int_equal(sock_write(pair[0], "x", 1), 1);
    assert_int_equal(sock_recv(pair[1], (char[1]){0}, 1, 0), 1);
    close_pair(pair);
}

/* ---- refused ---- */

/* An attacker's words in the clear, ahead of the handshake. */
static void bytes_read_in_the_clear_stop_a_beginning(void **state)
{
    sock_t *pair[2];
    char    line[64];

    (void)state;
    plain_pair(TLS13, pair);
    assert_int_equal(sock_write(pair[0], "STARTTLS\ninjected\n", 18), 18);
    assert_true(sock_set_block(pair[1]));
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 9);
    refused(pair[1], true, 0, NULL, EBUSY);
    refused(pair[1], true, 0, NULL, EBUSY);
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 9);
    assert_true(sock_set_nonblock(pair[1]));
    both(pair, true, 0, 0);
    talk(pair);
    close_pair(pair);
}

static void bytes_that_are_unread_stop_an_ending(void **state)
{
    sock_t *pair[2];
    char    line[64];

    (void)state;
    plain_pair(TLS13, pair);
    both(pair, true, 0, 0);
    assert_int_equal(sock_write(pair[0], "one\ntwo\n", 8), 8);
    assert_true(sock_set_block(pair[1]));
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    refused(pair[1], false, 0, NULL, EBUSY);
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    assert_true(sock_set_nonblock(pair[1]));
    both(pair, false, 0, 0);
    talk(pair);
    close_pair(pair);
}

static void another_method_is_refused_while_one_is_there(void **state)
{
    sock_t *pair[2];

    (void)state;
    plain_pair(TLS13, pair);
    both(pair, true, LIBSOCK_CRYPTO_TLS_CLIENT, LIBSOCK_CRYPTO_TLS_SERVER);
    refused(pair[0], true, LIBSOCK_CRYPTO_TLS_SERVER, NULL, EALREADY);
    refused(pair[0], true, LIBSOCK_CRYPTO_TLSv1_2_CLIENT, NULL, EALREADY);
    assert_true(sock_stream_enable_crypto(pair[0], true, 0, NULL));
    assert_true(sock_stream_enable_crypto(pair[0], true,
                                          LIBSOCK_CRYPTO_TLS_CLIENT, NULL));
    talk(pair);
    close_pair(pair);
}

static void a_method_that_is_none_is_refused(void **state)
{
    static const int methods[] = {-1, 1, 2, 7, 128, 129, 1 << 20, 4 | 97};
    sock_t          *pair[2];

    (void)state;
    plain_pair(TLS13, pair);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        refused(pair[0], true, methods[i], NULL, EINVAL);
    talk(pair);
    close_pair(pair);
}

static void sessions_come_from_tls_sockets_only(void **state)
{
    sock_t *pair[2];

    (void)state;
    plain_pair(TLS13, pair);
    refused(pair[0], true, 0, pair[1], EINVAL);
    sock_close(pair[1]);
    refused(pair[0], true, 0, pair[1], EBADF);
    sock_close(pair[0]);
}

static void who_has_no_connection_is_refused(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *u = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t *l = sock_create_listen(0, 1);

    (void)state;
    refused(s, true, 0, NULL, ENOTCONN);
    refused(l, true, LIBSOCK_CRYPTO_TLS_CLIENT, NULL, ENOTCONN);
    refused(u, true, 0, NULL, EOPNOTSUPP);
    refused(NULL, true, 0, NULL, EBADF);
    refused(NULL, false, 0, NULL, EBADF);
    sock_close(s);
    refused(s, true, 0, NULL, EBADF);
    refused(s, false, 0, NULL, EBADF);
    sock_close(u);
    sock_close(l);
}

static void a_datagram_pair_is_refused(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_DGRAM, pair);
    refused(pair[0], true, 0, NULL, EOPNOTSUPP);
    close_pair(pair);
    unix_pair(SOCK_SEQPACKET, pair);
    refused(pair[0], true, 0, NULL, EOPNOTSUPP);
    close_pair(pair);
}

/* Before the peer has said a word, and again and again. */
static void a_handshake_that_awaits_its_peer_says_so(void **state)
{
    sock_t *pair[2], *one;

    (void)state;
    plain_pair(TLS13, pair);
    for (int i = 0; i < 3; i++) {
        refused(pair[1], true, 0, NULL, EAGAIN);
        one = pair[1];
        assert_int_equal(sock_select(&one, 1, NULL, 0, NULL, 0, 0), 0);
        one = pair[1];
        assert_int_equal(sock_select(NULL, 0, &one, 1, NULL, 0, 0), 0);
    }
    both(pair, true, 0, 0);
    talk(pair);
    close_pair(pair);
}

static void a_handshake_that_waits_keeps_its_limit(void **state)
{
    sock_t *pair[2];
    int64_t before = now_ms();

    (void)state;
    plain_pair(TLS13, pair);
    assert_true(sock_set_block(pair[1]) && sock_set_timeout(pair[1], 40));
    refused(pair[1], true, 0, NULL, ETIMEDOUT);
    assert_true(sock_set_timeout(pair[1], -1));
    assert_true(sock_set_deadline(pair[1], 40));
    refused(pair[1], true, 0, NULL, ETIMEDOUT);
    assert_true(now_ms() - before >= 80 && now_ms() - before < 2000);
    close_pair(pair);
}

/* The peer goes on in the clear, and that is no TLS. */
static void a_peer_that_stays_in_the_clear_is_a_protocol_error(void **state)
{
    sock_t *pair[2];

    (void)state;
    plain_pair(TLS13, pair);
    assert_int_equal(sock_write(pair[0], "what do you mean?\n", 18), 18);
    assert_true(sock_set_block(pair[1]));
    refused(pair[1], true, 0, NULL, LIBSOCK_ETLS_PROTOCOL);
    refused(pair[1], true, 0, NULL, LIBSOCK_ETLS_PROTOCOL);
    close_pair(pair);
}

static void a_silent_peer_holds_up_an_ending_for_its_limit(void **state)
{
    sock_t *pair[2];

    (void)state;
    plain_pair(TLS13, pair);
    both(pair, true, 0, 0);
    assert_true(sock_set_block(pair[0]) && sock_set_timeout(pair[0], 40));
    refused(pair[0], false, 0, NULL, ETIMEDOUT);
    assert_true(is_encrypted(pair[0]));
    while (!step(pair[1], false, 0))
        ;
    assert_true(sock_stream_enable_crypto(pair[0], false, 0, NULL));
    assert_true(sock_set_nonblock(pair[0]));
    talk(pair);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_begins_and_ends_twice_on_one_connection),
        cmocka_unit_test(the_roles_may_be_the_other_way_round),
        cmocka_unit_test(a_socket_pair_is_encrypted_like_a_connection),
        cmocka_unit_test(a_plain_socket_is_encrypted_too),
        cmocka_unit_test(words_right_behind_the_goodbye_are_in_the_clear),
        cmocka_unit_test(ending_what_has_not_begun_is_nothing),
        cmocka_unit_test(bytes_read_in_the_clear_stop_a_beginning),
        cmocka_unit_test(bytes_that_are_unread_stop_an_ending),
        cmocka_unit_test(another_method_is_refused_while_one_is_there),
        cmocka_unit_test(a_method_that_is_none_is_refused),
        cmocka_unit_test(sessions_come_from_tls_sockets_only),
        cmocka_unit_test(who_has_no_connection_is_refused),
        cmocka_unit_test(a_datagram_pair_is_refused),
        cmocka_unit_test(a_handshake_that_awaits_its_peer_says_so),
        cmocka_unit_test(a_handshake_that_waits_keeps_its_limit),
        cmocka_unit_test(a_peer_that_stays_in_the_clear_is_a_protocol_error),
        cmocka_unit_test(a_silent_peer_holds_up_an_ending_for_its_limit),
    };

    return cmocka_run_group_tests_name("upgrade", tests, count_descriptors,
                                       compare_descriptors);
}
