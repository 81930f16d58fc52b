/* test_tls_otherwise.c - TLS on sockets that were made without a URL: they get
 * their context by sock_stream_set_context(), and their role by how they came
 * to be.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"

#include <string.h>

/* A client by connect, and what the listener accepts. */
static sock_t *pair_of(sock_t *listener, sock_t *pair[2])
{
    assert_non_null(listener);
    pair[0] = sock_create(AF_INET, SOCK_STREAM, 0);
    assert_non_null(pair[0]);
    assert_true(sock_connect(pair[0], "127.0.0.1", port_of(listener)));
    pair[1] = sock_accept(listener);
    assert_non_null(pair[1]);
    return listener;
}

static sock_context_t *client_context(const char *name)
{
    sock_context_t *c = sock_context_create();

    assert_non_null(c);
    assert_true(sock_context_set_string(c, "ssl.cafile", tls_authority_path()));
    if (name)
        assert_true(sock_context_set_string(c, "ssl.peer_name", name));
    return c;
}

static void give(sock_t *s, sock_context_t *c)
{
    assert_true(sock_stream_set_context(s, c));
    sock_context_free(c);
}

static sock_context_t *server_context(void)
{
    return tls_server_context(LIBSOCK_CRYPTO_PROTO_TLSv1_3);
}

static void a_listeners_context_counts_for_what_it_accepts(void **state)
{
    sock_t *listener = sock_create_listen(0, 5), *pair[2];

    (void)state;
    assert_true(sock_stream_set_context(listener, server_context()));
    pair_of(listener, pair);
    give(pair[0], client_context("localhost"));
    tls_shake(pair);
    assert_int_equal(sock_write(pair[0], "x", 1), 1);
    assert_int_equal(sock_recv(pair[1], (char[1]){0}, 1, 0), 1);
    sock_close(listener);
    close_pair(pair);
}

static void an_accepted_socket_plays_the_server(void **state)
{
    sock_t *listener = sock_create_listen(0, 5), *pair[2];

    (void)state;
    pair_of(listener, pair);
    assert_true(sock_stream_set_context(pair[1], server_context()));
    give(pair[0], client_context("localhost"));
    tls_shake(pair);
    sock_close(listener);
    close_pair(pair);
}

static void a_client_without_a_name_verifies_nobody(void **state)
{
    sock_t *listener = sock_create_listen(0, 5), *pair[2];
    bool    done     = false;

    (void)state;
    pair_of(listener, pair);
    assert_true(sock_stream_set_context(pair[1], server_context()));
    give(pair[0], client_context(NULL));
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
    while (!done) {
        done = sock_stream_enable_crypto(pair[0], true, 0, NULL) ||
               sock_last_error(pair[0]) != EAGAIN;
        sock_stream_enable_crypto(pair[1], true, 0, NULL);
    }
    assert_int_equal(sock_last_error(pair[0]), LIBSOCK_ETLS_NAME);
    assert_non_null(strstr(sock_last_message(pair[0]), "set ssl.peer_name"));
    sock_close(listener);
    close_pair(pair);
}

/* OpenSSL takes it for any name below. */
static void a_name_with_a_dot_in_front_is_none(void **state)
{
    sock_t *listener = sock_create_listen(0, 5), *pair[2];

    (void)state;
    pair_of(listener, pair);
    give(pair[0], client_context(".example.com"));
    assert_false(sock_stream_enable_crypto(pair[0], true, 0, NULL));
    assert_int_equal(sock_last_error(pair[0]), LIBSOCK_ETLS_OPTION);
    sock_close(listener);
    close_pair(pair);
}

/* A server of OpenSSL's own that has no certificate to show. */
static SSL *nameless_server(SSL_CTX *ctx, sock_t *s)
{
    SSL *ssl;

    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, "aNULL:@SECLEVEL=0"), 1);
    assert_non_null(ssl = SSL_new(ctx));
    assert_int_equal(SSL_set_fd(ssl, sock_fd(s)), 1);
    SSL_set_accept_state(ssl);
    return ssl;
}

static void a_peer_without_a_certificate_is_nobody(void **state)
{
    sock_context_t *c        = client_context("localhost");
    SSL_CTX        *ctx      = SSL_CTX_new(TLS_server_method());
    sock_t         *listener = sock_create_listen(0, 5), *pair[2];
    SSL            *ssl;
    bool            done;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.ciphers", "ALL:@SECLEVEL=0"));
    pair_of(listener, pair);
    give(pair[0], c);
    ssl = nameless_server(ctx, pair[1]);
    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
    do {
        done = sock_stream_enable_crypto(pair[0], true, 0, NULL);
        SSL_do_handshake(ssl);
    } while (!done && sock_last_error(pair[0]) == EAGAIN);
    assert_false(done);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    sock_close(listener);
    close_pair(pair);
}

static void a_context_comes_too_late_once_tls_has_begun(void **state)
{
    sock_t *pair[2];

    (void)state;
    tls_pair(LIBSOCK_CRYPTO_PROTO_TLSv1_3, pair);
    assert_false(sock_stream_set_context(pair[0], NULL));
    assert_int_equal(sock_last_error(pair[0]), EALREADY);
    close_pair(pair);
}

static void a_listener_that_refused_tls_accepts_on(void **state)
{
    sock_t *listener = sock_create_listen(0, 5), *pair[2];

    (void)state;
    assert_false(sock_stream_enable_crypto(listener, true, 0, NULL));
    assert_int_equal(sock_last_error(listener), ENOTCONN);
    pair_of(listener, pair);
    assert_int_equal(sock_write(pair[0], "x", 1), 1);
    assert_int_equal(sock_recv(pair[1], (char[1]){0}, 1, 0), 1);
    sock_close(listener);
    close_pair(pair);
}

/* The peer's goodbye is here already, in the same piece as nothing else. */
static void tls_ends_when_the_peer_has_ended_it_first(void **state)
{
    sock_t *pair[2];

    (void)state;
    tls_pair(LIBSOCK_CRYPTO_PROTO_TLSv1_3, pair);
    assert_true(sock_set_nonblock(pair[0]));
    assert_false(sock_stream_enable_crypto(pair[0], false, 0, NULL));
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    assert_true(sock_stream_enable_crypto(pair[1], false, 0, NULL));
    assert_true(sock_stream_enable_crypto(pair[0], false, 0, NULL));
    assert_int_equal(sock_write(pair[1], "clear", 5), 5);
    assert_true(sock_set_block(pair[0]));
    assert_int_equal(sock_recv(pair[0], (char[5]){0}, 5, MSG_WAITALL), 5);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listeners_context_counts_for_what_it_accepts),
        cmocka_unit_test(an_accepted_socket_plays_the_server),
        cmocka_unit_test(a_client_without_a_name_verifies_nobody),
        cmocka_unit_test(a_name_with_a_dot_in_front_is_none),
        cmocka_unit_test(a_peer_without_a_certificate_is_nobody),
        cmocka_unit_test(a_context_comes_too_late_once_tls_has_begun),
        cmocka_unit_test(a_listener_that_refused_tls_accepts_on),
        cmocka_unit_test(tls_ends_when_the_peer_has_ended_it_first),
    };

    return cmocka_run_group_tests_name("otherwise", tests, count_descriptors,
                                       compare_descriptors);
}
