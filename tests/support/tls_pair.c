/* tls_pair.c - two ends of a TLS connection, in the states that tests need.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/tls_pair.h"
#include "support/certs.h"

#include <openssl/err.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static const struct cert *authority(void)
{
    static struct cert *ca;

    if (!ca)
        ca = cert_make_ca("tests");
    return ca;
}

const char *tls_authority_path(void)
{
    return authority()->cert_path;
}

static const struct cert *own(void)
{
    static struct cert *one;

    if (!one)
        one = cert_make_signed(authority());
    return one;
}

/* ---- contexts ---- */

static sock_context_t *new_context(int version)
{
    sock_context_t *c = sock_context_create();

    assert_non_null(c);
    assert_true(sock_context_set_int(c, "ssl.min_proto_version", version));
    assert_true(sock_context_set_int(c, "ssl.max_proto_version", version));
    /* What is written is there at once; and with TLS 1.2, where that changes
     * who speaks last, a handshake is a whole one. */
    assert_true(sock_context_set_bool(c, "socket.tcp_nodelay", true));
    assert_true(sock_context_set_bool(c, "ssl.no_ticket",
                                      version == LIBSOCK_CRYPTO_PROTO_TLSv1_2));
    return c;
}

static size_t place_of(int version)
{
    return version == LIBSOCK_CRYPTO_PROTO_TLSv1_3;
}

sock_context_t *tls_server_context(int version)
{
    static sock_context_t *made[2];
    sock_context_t       **c = &made[place_of(version)];

    if (!*c) {
        *c = new_context(version);
        assert_true(sock_context_set_string(*c, "ssl.local_cert", own()->path));
    }
    return *c;
}

sock_context_t *tls_client_context(int version)
{
    static sock_context_t *made[2];
    sock_context_t       **c = &made[place_of(version)];

    if (!*c) {
        *c = new_context(version);
        assert_true(
            sock_context_set_string(*c, "ssl.cafile", authority()->cert_path));
    }
    return *c;
}

/* ---- pairs ---- */

sock_t *tls_listen(int version, char *url, size_t size)
{
    sock_t *server =
        sock_stream_server("tls://127.0.0.1:0", 0, tls_server_context(version));

    assert_non_null(server);
    snprintf(url, size, "tls://127.0.0.1:%d", port_of(server));
    return server;
}

void tls_begin(int version, sock_t *pair[2])
{
    char    url[64];
    sock_t *server = tls_listen(version, url, sizeof url);

    pair[0] = sock_stream_client(url, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC,
                                 tls_client_context(version));
    assert_non_null(pair[0]);
    pair[1] = sock_stream_accept(server, PATIENCE_MS, NULL, 0);
    assert_non_null(pair[1]);
    sock_close(server);
}

static bool step(sock_t *s)
{
    if (sock_stream_enable_crypto(s, true, 0, NULL))
        return true;
    if (sock_last_error(s) != EAGAIN)
        fail_msg("%s", sock_last_message(s));
    return false;
}

static void await(sock_t *a, sock_t *b)
{
    sock_t *both[2] = {a, b};

    assert_true(sock_select(both, 2, NULL, 0, NULL, 0, PATIENCE_MS) > 0);
}

void tls_shake(sock_t *pair[2])
{
    bool done[2] = {false, false};

    assert_true(sock_set_nonblock(pair[0]) && sock_set_nonblock(pair[1]));
    for (;;) {
        for (int i = 0; i < 2; i++)
            done[i] = done[i] || step(pair[i]);
        if (done[0] && done[1])
            break;
        await(done[0] ? NULL : pair[0], done[1] ? NULL : pair[1]);
    }
    assert_true(sock_set_block(pair[0]) && sock_set_block(pair[1]));
}

void tls_pair(int version, sock_t *pair[2])
{
    char byte;

    tls_begin(version, pair);
    tls_shake(pair);
    assert_int_equal(sock_recv(pair[0], &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
}

/* Room to receive stays as it is: with little of it TCP itself stalls, as a
 * packet of the loopback's size never fits. */
void tls_make_narrow(sock_t *pair[2], int bytes)
{
    for (int i = 0; i < 2; i++)
        assert_true(sock_set_option_int(pair[i], SOL_SOCKET, SO_SNDBUF, bytes));
}

void tls_each(void (*test)(int version))
{
    test(LIBSOCK_CRYPTO_PROTO_TLSv1_2);
    test(LIBSOCK_CRYPTO_PROTO_TLSv1_3);
}

/* ---- OpenSSL's own end ---- */

static void furnish(struct raw *raw, int version, bool is_server)
{
    int number = version == LIBSOCK_CRYPTO_PROTO_TLSv1_3 ? TLS1_3_VERSION
                                                         : TLS1_2_VERSION;

    raw->ctx = SSL_CTX_new(TLS_method());
    assert_non_null(raw->ctx);
    SSL_CTX_set_min_proto_version(raw->ctx, number);
    SSL_CTX_set_max_proto_version(raw->ctx, number);
    SSL_CTX_set_mode(raw->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (is_server) {
        assert_true(SSL_CTX_use_certificate(raw->ctx, own()->x509));
        assert_true(SSL_CTX_use_PrivateKey(raw->ctx, own()->key));
    }
    raw->ssl = SSL_new(raw->ctx);
    assert_non_null(raw->ssl);
    assert_true(SSL_set_fd(raw->ssl, sock_fd(raw->plain)));
    if (is_server)
        SSL_set_accept_state(raw->ssl);
    else
        SSL_set_connect_state(raw->ssl);
}

static void connect_to_raw(int version, struct raw *raw, sock_t **s)
{
    char    url[64];
    sock_t *server = sock_create_listen(0, 1);

    snprintf(url, sizeof url, "tls://127.0.0.1:%d", port_of(server));
    *s = sock_stream_client(url, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC,
                            tls_client_context(version));
    assert_non_null(*s);
    raw->plain = sock_accept(server);
    assert_non_null(raw->plain);
    sock_close(server);
}

static void connect_from_raw(int version, struct raw *raw, sock_t **s)
{
    char    url[64];
    sock_t *server = tls_listen(version, url, sizeof url);

    raw->plain = sock_stream_client(url + 6, PATIENCE_MS, 0, NULL);
    assert_non_null(raw->plain);
    *s = sock_stream_accept(server, PATIENCE_MS, NULL, 0);
    assert_non_null(*s);
    sock_close(server);
}

void raw_begin(int version, bool raw_is_server, struct raw *raw, sock_t **s)
{
    if (raw_is_server)
        connect_to_raw(version, raw, s);
    else
        connect_from_raw(version, raw, s);
    assert_true(sock_set_nonblock(raw->plain));
    furnish(raw, version, raw_is_server);
}

/* Did OpenSSL's call fail only for want of the system? Then wait for that. */
static bool go_on(struct raw *raw, int result)
{
    int           why = SSL_get_error(raw->ssl, result);
    struct pollfd one = {sock_fd(raw->plain), 0, 0};

    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ)
        one.events = POLLIN;
    else if (why == SSL_ERROR_WANT_WRITE)
        one.events = POLLOUT;
    else
        return false;
    return poll(&one, 1, PATIENCE_MS) == 1;
}

void raw_shake(struct raw *raw, sock_t *s)
{
    bool done[2] = {false, false};

    assert_true(sock_set_nonblock(s));
    while (!done[0] || !done[1]) {
        done[0] = done[0] || SSL_do_handshake(raw->ssl) == 1;
        done[1] = done[1] || step(s);
        if (!done[1])
            await(raw->plain, s);
    }
    /* A ticket that nobody has read would make of a close a reset. */
    assert_true(SSL_peek(raw->ssl, &(char){0}, 1) <= 0);
    assert_true(sock_set_block(s));
}

void raw_pair(int version, bool raw_is_server, struct raw *raw, sock_t **s)
{
    raw_begin(version, raw_is_server, raw, s);
    raw_shake(raw, *s);
}

bool raw_write(struct raw *raw, const void *bytes, size_t len)
{
    const char *from = bytes;
    int         n;

    while (len) {
        n = SSL_write(raw->ssl, from, (int)len);
        if (n <= 0 && !go_on(raw, n))
            return false;
        if (n > 0) {
            from += n;
            len -= (size_t)n;
        }
    }
    return true;
}

int raw_read(struct raw *raw, void *buf, size_t len)
{
    int n;

    while ((n = SSL_read(raw->ssl, buf, (int)len)) <= 0) {
        if (SSL_get_error(raw->ssl, n) == SSL_ERROR_ZERO_RETURN)
            return 0;
        if (!go_on(raw, n))
            return -1;
    }
    return n;
}

void raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->ctx);
    sock_close(raw->plain);
}
