/* tls_peer.c - a stranger who speaks TLS with a program.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "tls_peer.h"
#include "spawn.h"

#include <openssl/err.h>

#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL writes to sockets with write(2). */
SSL *tls_peer_new(int fd, const struct cert *own, int version)
{
    struct timeval patience = {.tv_sec = SPAWN_PATIENCE / 1000};
    SSL_CTX *ctx = SSL_CTX_new(own ? TLS_server_method() : TLS_client_method());
    SSL     *ssl;

    signal(SIGPIPE, SIG_IGN);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (own) {
        SSL_CTX_use_certificate_chain_file(ctx, own->path);
        SSL_CTX_use_PrivateKey(ctx, own->key);
    }
    if (version)
        SSL_CTX_set_max_proto_version(ctx, version);
    ssl = SSL_new(ctx);
    SSL_CTX_free(ctx); /* the connection keeps it */
    SSL_set_fd(ssl, fd);
    if (own)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

void tls_peer_free(SSL *ssl)
{
    SSL_free(ssl);
    ERR_clear_error();
}

bool tls_peer_shake(SSL *ssl)
{
    ERR_clear_error();
    return SSL_do_handshake(ssl) == 1;
}

void tls_peer_begin(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)SSL_do_handshake(ssl);
    fcntl(fd, F_SETFL, 0);
}

bool tls_peer_send(SSL *ssl, const void *bytes, size_t len)
{
    size_t sent;

    ERR_clear_error();
    return len == 0 || SSL_write_ex(ssl, bytes, len, &sent) == 1;
}

bool tls_peer_send_text(SSL *ssl, const char *text)
{
    return tls_peer_send(ssl, text, strlen(text));
}

static void show(const char *what, const void *bytes, size_t len)
{
    fprintf(stderr, "%s: \"", what);
    fwrite(bytes, 1, len, stderr);
    fprintf(stderr, "\"\n");
}

bool tls_peer_expect(SSL *ssl, const void *bytes, size_t len)
{
    char  *got  = malloc(len + 1);
    size_t have = 0, n;
    bool   equal;

    ERR_clear_error();
    while (have < len && SSL_read_ex(ssl, got + have, len - have, &n) == 1)
        have += n;
    equal = have == len && memcmp(got, bytes, len) == 0;
    if (!equal) {
        show("expected", bytes, len);
        show("but got", got, have);
        ERR_print_errors_fp(stderr);
    }
    free(got);
    return equal;
}

bool tls_peer_expect_text(SSL *ssl, const char *text)
{
    return tls_peer_expect(ssl, text, strlen(text));
}

bool tls_peer_expect_goodbye(SSL *ssl)
{
    char   more[256];
    size_t n = 0;
    int    got, reason;

    ERR_clear_error();
    got    = SSL_read_ex(ssl, more, sizeof more, &n);
    reason = SSL_get_error(ssl, got);
    if (got != 1 && reason == SSL_ERROR_ZERO_RETURN)
        return true;
    show("expected a goodbye, but got", more, n);
    fprintf(stderr, "and SSL_get_error() %d\n", reason);
    return false;
}

void tls_peer_say_goodbye(SSL *ssl)
{
    ERR_clear_error();
    (void)SSL_shutdown(ssl);
}
