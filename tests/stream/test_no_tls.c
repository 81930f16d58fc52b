/* test_no_tls.c - a library that was built without TLS says so, and does all
 * else.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void said_so(sock_t *s)
{
    assert_int_equal(sock_last_error(s), EOPNOTSUPP);
    assert_non_null(strstr(sock_last_message(s), "TLS is not built in"));
}

static const char *const urls[] = {
    "tls://127.0.0.1:0",     "ssl://127.0.0.1:0",     "tlsv1.0://127.0.0.1:0",
    "tlsv1.1://127.0.0.1:0", "tlsv1.2://127.0.0.1:0", "tlsv1.3://127.0.0.1:0",
};

static void no_server_is_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        sock_clear_error(NULL);
        assert_null(sock_stream_server(urls[i], 0, NULL));
        said_so(NULL);
        assert_non_null(strstr(sock_last_message(NULL), urls[i]));
    }
}

static void no_client_is_made_and_nobody_is_connected_to(void **state)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    char    name[LIBSOCK_NAMESTRLEN], url[LIBSOCK_NAMESTRLEN + 8];

    (void)state;
    assert_true(sock_stream_get_name(server, false, name, sizeof name));
    snprintf(url, sizeof url, "tls://%s", name);
    assert_null(sock_stream_client(url, 5000, 0, NULL));
    said_so(NULL);
    assert_null(sock_stream_client(url, 5000, LIBSOCK_CLIENT_ASYNC, NULL));
    said_so(NULL);
    assert_null(sock_stream_accept(server, 0, NULL, 0));
    assert_int_equal(sock_last_error(server), ETIMEDOUT);
    assert_true(sock_close(server));
}

static void a_wrong_url_is_still_wrong(void **state)
{
    (void)state;
    assert_null(sock_stream_server("tls://", 0, NULL));
    assert_int_equal(sock_last_error(NULL), EINVAL);
}

static void no_connection_is_encrypted(void **state)
{
    sock_t *pair[2];
    char    got[8];

    (void)state;
    tcp_pair(pair);
    assert_false(sock_stream_enable_crypto(pair[0], true, 0, NULL));
    said_so(pair[0]);
    assert_false(sock_stream_enable_crypto(pair[0], true,
                                           LIBSOCK_CRYPTO_TLS_CLIENT, NULL));
    said_so(pair[0]);
    assert_int_equal(sock_stream_get_peer_certificate(pair[0], 0, NULL, 0), -1);
    assert_int_equal(sock_last_error(pair[0]), EOPNOTSUPP);
    assert_true(sock_write_all(pair[0], "clear", 5, NULL));
    assert_int_equal(sock_recv(pair[1], got, sizeof got, 0), 5);
    close_pair(pair);
}

static void no_transport_is_named_that_is_not_there(void **state)
{
    bool tcp = false;

    (void)state;
    for (const char *const *t = sock_stream_get_transports(); *t; t++) {
        assert_null(strstr(*t, "tls"));
        assert_null(strstr(*t, "ssl"));
        tcp = tcp || !strcmp(*t, "tcp");
    }
    assert_true(tcp);
}

/* A program sets its options without asking first. */
static void options_of_tls_harm_nobody(void **state)
{
    sock_context_t *c = sock_context_create();
    sock_t         *server;

    (void)state;
    assert_true(sock_context_set_string(c, "ssl.local_cert", "/no/such/file"));
    assert_true(sock_context_set_bool(c, "ssl.verify_peer", false));
    assert_true(sock_context_set_int(c, "ssl.crypto_method",
                                     LIBSOCK_CRYPTO_TLSv1_2_SERVER));
    server = sock_stream_server("tcp://127.0.0.1:0", 0, c);
    assert_non_null(server);
    assert_true(sock_stream_set_context(server, NULL));
    sock_context_free(c);
    assert_true(sock_close(server));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_server_is_made),
        cmocka_unit_test(no_client_is_made_and_nobody_is_connected_to),
        cmocka_unit_test(a_wrong_url_is_still_wrong),
        cmocka_unit_test(no_connection_is_encrypted),
        cmocka_unit_test(no_transport_is_named_that_is_not_there),
        cmocka_unit_test(options_of_tls_harm_nobody),
    };

    return cmocka_run_group_tests(tests, count_descriptors,
                                  compare_descriptors);
}
