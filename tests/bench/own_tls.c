/* own_tls.c - TLS by libsock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 5000

enum { CLIENT, SERVER };

struct ends {
    sock_context_t *ctx[2];
    sock_t         *listener;
    char            url[64];
    sock_t         *pair[2];
};

static bool set_up(struct ends *e)
{
    const char *file = bench_certificate();
    int         port;
    bool        ok = true;

    for (int side = CLIENT; ok && side <= SERVER; side++) {
        e->ctx[side] = sock_context_create();
        ok = sock_context_set_int(e->ctx[side], "ssl.min_proto_version",
                                  LIBSOCK_CRYPTO_PROTO_TLSv1_3) &&
             sock_context_set_bool(e->ctx[side], "socket.tcp_nodelay", true) &&
             sock_context_set_bool(e->ctx[side], "ssl.no_ticket", true);
    }
    ok = ok && sock_context_set_string(e->ctx[CLIENT], "ssl.cafile", file) &&
         sock_context_set_string(e->ctx[SERVER], "ssl.local_cert", file);
    e->listener =
        ok ? sock_stream_server("tls://127.0.0.1:0", 0, e->ctx[SERVER]) : NULL;
    if (!e->listener || !sock_getsockname(e->listener, NULL, 0, &port))
        return own_failed();
    snprintf(e->url, sizeof e->url, "tls://127.0.0.1:%d", port);
    return true;
}

/* Both ends do not wait, so that one thread can shake hands with itself. */
static bool open_both(struct ends *e)
{
    e->pair[CLIENT] = sock_stream_client(e->url, PATIENCE_MS,
                                         LIBSOCK_CLIENT_ASYNC, e->ctx[CLIENT]);
    e->pair[SERVER] = sock_stream_accept(e->listener, PATIENCE_MS, NULL, 0);
    return sock_set_nonblock(e->pair[CLIENT]) &&
           sock_set_nonblock(e->pair[SERVER]);
}

/* 1: done, 0: not yet, -1: failed. */
static int step(sock_t *s)
{
    if (sock_stream_enable_crypto(s, true, 0, NULL))
        return 1;
    return sock_last_error(s) == EAGAIN ? 0 : -1;
}

static bool shake(struct ends *e)
{
    int client = 0, server = 0;

    while (client >= 0 && server >= 0 && (!client || !server)) {
        client = client == 1 ? 1 : step(e->pair[CLIENT]);
        server = server == 1 ? 1 : step(e->pair[SERVER]);
    }
    return client == 1 && server == 1;
}

/* A session that goes on from an earlier one would be cheap. */
static bool is_full(sock_t *s)
{
    sock_meta_t meta;

    return sock_stream_get_meta_data(s, &meta, sizeof meta) && !meta.resumed;
}

static bool handshake_once(struct ends *e)
{
    char byte = 'x';
    bool ok   = open_both(e) && shake(e) &&
              sock_send(e->pair[SERVER], &byte, 1, 0) == 1 &&
              sock_recv(e->pair[CLIENT], &byte, 1, 0) == 1;

    return sock_close(e->pair[CLIENT]) && sock_close(e->pair[SERVER]) && ok;
}

bool own_handshake(const struct job *job)
{
    struct ends e;
    bool        ok = set_up(&e) && handshake_once(&e);

    ok = ok && open_both(&e) && shake(&e);
    if (ok && !(is_full(e.pair[CLIENT]) && is_full(e.pair[SERVER])))
        return bench_failed("no full handshake");
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = handshake_once(&e);
    bench_end();
    return ok || own_failed();
}

bool own_tls_bulk(const struct job *job)
{
    struct ends e;
    char       *bytes = calloc(1, job->size);
    bool        ok    = bytes && set_up(&e) && open_both(&e) && shake(&e) &&
              sock_set_block(e.pair[CLIENT]) && sock_set_block(e.pair[SERVER]);

    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = sock_write_all(e.pair[SERVER], bytes, job->size, NULL) &&
             own_take(e.pair[CLIENT], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || own_failed();
}
