/* raw_peer.h - OpenSSL without libsock as the peer, and a client's first words
 * as they are on the wire.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_STREAM_RAW_PEER_H
#define TESTS_STREAM_RAW_PEER_H

#include "tls_ends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>
#include <sys/time.h>

/* ---- plain sockets ---- */

static inline void be_patient(int fd)
{
    const struct timeval patience = {PATIENCE_MS / 1000, 0};

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

/* A listener on 127.0.0.1. */
static inline int raw_listen(int *port)
{
    struct sockaddr_in at   = {.sin_family = AF_INET};
    socklen_t          size = sizeof at;
    int                fd   = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    be_patient(fd);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline int raw_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    be_patient(fd);
    return fd;
}

static inline int raw_connect(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    be_patient(fd);
    at.sin_port        = htons((uint16_t)port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* ---- a peer ---- */

struct raw {
    SSL_CTX *ctx;
    SSL     *ssl;
    int      fd;
    bool     shaken;
    int      reason; /* OpenSSL's, if not */
    int      sessions;
    int      asked; /* for a certificate */
};

static inline int count_session(SSL *ssl, SSL_SESSION *session)
{
    struct raw *r = SSL_get_app_data(ssl);

    (void)session;
    r->sessions++;
    return 0;
}

static inline int count_question(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct raw *r = SSL_get_app_data(ssl);

    (void)certificate;
    (void)key;
    r->asked++;
    return 0;
}

/* Of one version, whose age does not matter. It verifies nobody. */
static inline void raw_open(struct raw *r, int fd, const SSL_METHOD *method,
                            int version)
{
    memset(r, 0, sizeof *r);
    r->fd = fd;
    assert_non_null(r->ctx = SSL_CTX_new(method));
    SSL_CTX_set_security_level(r->ctx, 0);
    SSL_CTX_set_session_cache_mode(r->ctx, SSL_SESS_CACHE_CLIENT |
                                               SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(r->ctx, count_session);
    SSL_CTX_set_client_cert_cb(r->ctx, count_question);
    assert_true(SSL_CTX_set_min_proto_version(r->ctx, version));
    assert_true(SSL_CTX_set_max_proto_version(r->ctx, version));
    assert_non_null(r->ssl = SSL_new(r->ctx));
    SSL_set_app_data(r->ssl, r);
    SSL_set_fd(r->ssl, fd);
}

static inline void raw_use(struct raw *r, const struct cert *c)
{
    assert_int_equal(SSL_use_certificate(r->ssl, c->x509), 1);
    assert_int_equal(SSL_use_PrivateKey(r->ssl, c->key), 1);
}

static inline void raw_shake(struct raw *r)
{
    ERR_clear_error();
    r->shaken = SSL_do_handshake(r->ssl) == 1;
    r->reason = r->shaken ? 0 : ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
}

static inline void raw_close(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    close(r->fd);
}

/* A raw client of e->server; e's client is none. */
static inline void raw_client(struct raw *r, struct ends *e, int version)
{
    memset(&e->at_server, 0, sizeof e->at_server);
    memset(&e->at_client, 0, sizeof e->at_client);
    e->client = e->accepted = NULL;
    raw_open(r, raw_connect(port_of(e->server)), TLS_client_method(), version);
    SSL_set_connect_state(r->ssl);
    assert_int_equal(pthread_create(&e->thread, NULL, shake_as_server, e), 0);
    raw_shake(r);
    pthread_join(e->thread, NULL);
}

static inline void *raw_shake_apart(void *arg)
{
    raw_shake(arg);
    return NULL;
}

/* A raw server, and a client of it: what sock_stream_client() gives for `url`,
 * whose port is missing. */
static inline sock_t *raw_server(struct raw *r, const struct cert *c,
                                 int version, const char *url,
                                 sock_context_t *client)
{
    int       port, listener = raw_listen(&port);
    char      whole[64];
    pthread_t thread;
    sock_t   *s;

    snprintf(whole, sizeof whole, "%s:%d", url, port);
    s = sock_stream_client(whole, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC, client);
    assert_non_null(s);
    raw_open(r, raw_accept(listener), TLS_server_method(), version);
    close(listener);
    raw_use(r, c);
    SSL_set_accept_state(r->ssl);
    assert_int_equal(pthread_create(&thread, NULL, raw_shake_apart, r), 0);
    sock_set_timeout(s, PATIENCE_MS);
    sock_stream_enable_crypto(s, true, 0, NULL);
    pthread_join(thread, NULL);
    return s;
}

/* ---- a client's first words ---- */

struct hello {
    unsigned char        bytes[4096];
    const unsigned char *ciphers, *compressions, *extensions;
    size_t               ciphers_size, compressions_size, extensions_size;
};

static inline size_t number(const unsigned char *at, int bytes)
{
    size_t n = 0;

    while (bytes--)
        n = n << 8 | *at++;
    return n;
}

/* Behind the record's head of 5 bytes stand the message's of 4, the version, 32
 * random bytes, and then lists with their lengths before them. */
static inline void read_hello(int fd, struct hello *h)
{
    const unsigned char *at = h->bytes + 5 + 4 + 2 + 32;
    size_t               size;

    assert_int_equal(recv(fd, h->bytes, 5, MSG_WAITALL), 5);
    assert_int_equal(h->bytes[0], 22);
    size = number(h->bytes + 3, 2);
    assert_true(size < sizeof h->bytes - 5);
    assert_int_equal(recv(fd, h->bytes + 5, size, MSG_WAITALL), size);
    assert_int_equal(h->bytes[5], 1);
    at += 1 + *at;
    h->ciphers_size      = number(at, 2);
    h->ciphers           = at + 2;
    at                   = h->ciphers + h->ciphers_size;
    h->compressions_size = *at;
    h->compressions      = at + 1;
    at                   = h->compressions + h->compressions_size;
    h->extensions_size   = number(at, 2);
    h->extensions        = at + 2;
    assert_ptr_equal(h->extensions + h->extensions_size, h->bytes + 5 + size);
}

/* NULL: it is not there. */
static inline const unsigned char *find_extension(const struct hello *h,
                                                  unsigned type, size_t *size)
{
    const unsigned char *at = h->extensions, *end = at + h->extensions_size;

    for (; at < end; at += 4 + number(at + 2, 2)) {
        if (number(at, 2) != type)
            continue;
        *size = number(at + 2, 2);
        return at + 4;
    }
    return NULL;
}

/* What a client says first; `url` lacks its port. */
static inline void listen_to(struct hello *h, const char *url,
                             sock_context_t *c)
{
    int     port, listener = raw_listen(&port), fd;
    char    whole[64];
    sock_t *s;

    snprintf(whole, sizeof whole, "%s:%d", url, port);
    s = sock_stream_client(whole, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC, c);
    if (!s)
        fail_msg("%s", sock_last_message(NULL));
    fd = raw_accept(listener);
    assert_true(sock_set_nonblock(s));
    assert_false(sock_stream_enable_crypto(s, true, 0, NULL));
    assert_int_equal(sock_last_error(s), EAGAIN);
    read_hello(fd, h);
    sock_close(s);
    close(fd);
    close(listener);
}

#endif
