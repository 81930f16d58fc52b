/* raw_tls.c - TLS by OpenSSL alone: one SSL_CTX for each side, buffers that an
 * idle connection does not keep, else as OpenSSL is by itself; and tuned.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENT, SERVER };

struct ends {
    SSL_CTX           *ctx[2];
    int                listener;
    struct sockaddr_in at;
    SSL               *ssl[2];
};

/* ---- contexts ---- */

static SSL_CTX *new_context(int side)
{
    SSL_CTX *ctx =
        SSL_CTX_new(side == SERVER ? TLS_server_method() : TLS_client_method());

    if (ctx) {
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    }
    return ctx;
}

static bool furnish(struct ends *e)
{
    const char *file = bench_certificate();

    e->ctx[CLIENT] = new_context(CLIENT);
    e->ctx[SERVER] = new_context(SERVER);
    if (!e->ctx[CLIENT] || !e->ctx[SERVER])
        return false;
    SSL_CTX_set_verify(e->ctx[CLIENT], SSL_VERIFY_PEER, NULL);
    return SSL_CTX_load_verify_file(e->ctx[CLIENT], file) == 1 &&
           SSL_CTX_use_certificate_chain_file(e->ctx[SERVER], file) == 1 &&
           SSL_CTX_use_PrivateKey_file(e->ctx[SERVER], file,
                                       SSL_FILETYPE_PEM) == 1;
}

/* What OpenSSL's defaults leave on the table: one read for a record instead of
 * two, and no tickets for nobody who comes back. */
static void tune(struct ends *e)
{
    SSL_CTX_set_read_ahead(e->ctx[CLIENT], 1);
    SSL_CTX_set_read_ahead(e->ctx[SERVER], 1);
    SSL_CTX_set_num_tickets(e->ctx[SERVER], 0);
}

static bool set_up(struct ends *e, bool tuned)
{
    int port;

    e->listener           = raw_listen(&port);
    e->at                 = (struct sockaddr_in){.sin_family = AF_INET,
                                                 .sin_port   = htons((uint16_t)port)};
    e->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (e->listener < 0)
        return false;
    if (!furnish(e))
        return bench_failed("a TLS context");
    if (tuned)
        tune(e);
    return true;
}

/* ---- a connection ---- */

static bool dress(struct ends *e, int side, int fd)
{
    const int one = 1;
    SSL      *ssl = SSL_new(e->ctx[side]);

    e->ssl[side] = ssl;
    if (fd < 0 || !ssl || SSL_set_fd(ssl, fd) != 1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one))
        return false;
    if (side == SERVER)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return side == SERVER ||
           X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1") == 1;
}

/* Both ends do not wait, so that one thread can shake hands with itself. */
static bool open_both(struct ends *e)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (client < 0)
        return false;
    connect(client, (struct sockaddr *)&e->at, sizeof e->at);
    return dress(e, CLIENT, client) &&
           dress(
               e, SERVER,
               accept4(e->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

/* 1: done, 0: not yet, -1: failed. */
static int step(SSL *ssl)
{
    int n = SSL_do_handshake(ssl), why;

    if (n == 1)
        return 1;
    why = SSL_get_error(ssl, n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static bool shake(struct ends *e)
{
    int client = 0, server = 0;

    while (client >= 0 && server >= 0 && (!client || !server)) {
        client = client == 1 ? 1 : step(e->ssl[CLIENT]);
        server = server == 1 ? 1 : step(e->ssl[SERVER]);
    }
    return client == 1 && server == 1;
}

static void close_both(struct ends *e)
{
    for (int side = CLIENT; side <= SERVER; side++) {
        int fd = SSL_get_fd(e->ssl[side]);

        SSL_shutdown(e->ssl[side]);
        SSL_free(e->ssl[side]);
        close(fd);
    }
}

/* ---- the works ---- */

static bool handshake_once(struct ends *e)
{
    char byte = 'x';
    bool ok   = open_both(e) && shake(e) &&
              SSL_write(e->ssl[SERVER], &byte, 1) == 1 &&
              SSL_read(e->ssl[CLIENT], &byte, 1) == 1;

    close_both(e);
    return ok;
}

static bool handshakes(const struct job *job, bool tuned)
{
    struct ends e;
    bool        ok = set_up(&e, tuned) && handshake_once(&e);

    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = handshake_once(&e);
    bench_end();
    return ok || bench_failed("handshake");
}

bool raw_handshake(const struct job *job)
{
    return handshakes(job, false);
}

bool raw_handshake_tuned(const struct job *job)
{
    return handshakes(job, true);
}

static bool take(SSL *ssl, char *bytes, size_t size)
{
    size_t got = 0, n;

    for (; got < size; got += n)
        if (!SSL_read_ex(ssl, bytes + got, size - got, &n))
            return false;
    return true;
}

static bool tls_bulk(const struct job *job, bool tuned)
{
    struct ends e;
    char       *bytes = calloc(1, job->size);
    bool        ok = bytes && set_up(&e, tuned) && open_both(&e) && shake(&e);
    size_t      put;

    for (int side = CLIENT; ok && side <= SERVER; side++)
        ok = !fcntl(SSL_get_fd(e.ssl[side]), F_SETFL, 0);
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = SSL_write_ex(e.ssl[SERVER], bytes, job->size, &put) &&
             take(e.ssl[CLIENT], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || bench_failed("TLS bulk");
}

bool raw_tls_bulk(const struct job *job)
{
    return tls_bulk(job, false);
}

bool raw_tls_bulk_tuned(const struct job *job)
{
    return tls_bulk(job, true);
}
