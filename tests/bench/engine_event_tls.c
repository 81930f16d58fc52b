/* engine_event_tls.c - TLS by the bufferevents of libevent.
 *
 * Both ends are on one base; what OpenSSL decides by itself stays as it is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

struct scene {
    struct event_base     *base;
    SSL_CTX               *ctx[2];  /* of the client, of the server */
    struct bufferevent    *ends[2]; /* the same */
    struct evconnlistener *listener;
    struct sockaddr_in     at;   /* of the listener */
    int                    open; /* ends that have shaken hands */
    bool                   failed;
    size_t                 arrived; /* at the client, in bytes */
};

static SSL_CTX *make_ctx(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (ctx)
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    return ctx;
}

static bool start(struct scene *s)
{
    const char *pem = bench_certificate();

    memset(s, 0, sizeof *s);
    s->base   = event_base_new();
    s->ctx[0] = make_ctx(TLS_client_method());
    s->ctx[1] = make_ctx(TLS_server_method());
    if (!pem || !s->base || !s->ctx[0] || !s->ctx[1] ||
        SSL_CTX_load_verify_locations(s->ctx[0], pem, NULL) != 1 ||
        SSL_CTX_use_certificate_file(s->ctx[1], pem, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(s->ctx[1], pem, SSL_FILETYPE_PEM) != 1)
        return bench_failed("TLS contexts");
    SSL_CTX_set_verify(s->ctx[0], SSL_VERIFY_PEER, NULL);
    return true;
}

static void finish(struct scene *s)
{
    if (s->listener)
        evconnlistener_free(s->listener);
    SSL_CTX_free(s->ctx[0]);
    SSL_CTX_free(s->ctx[1]);
    event_base_free(s->base);
}

static void happened(struct bufferevent *end, short what, void *scene)
{
    struct scene *s = scene;

    (void)end;
    if (what & BEV_EVENT_CONNECTED)
        s->open += 1;
    else
        s->failed = true;
}

static void arrived(struct bufferevent *end, void *scene)
{
    static char   room[64 * 1024];
    struct scene *s = scene;

    for (size_t n; (n = bufferevent_read(end, room, sizeof room));)
        s->arrived += n;
}

static void hurry(int fd)
{
    const int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* The end is on fd, or will be on what bufferevent_socket_connect() makes. */
static bool make_end(struct scene *s, int which, int fd)
{
    SSL                *ssl = SSL_new(s->ctx[which]);
    struct bufferevent *end;

    if (!ssl || (!which && SSL_set1_host(ssl, "localhost") != 1))
        return false;
    end = bufferevent_openssl_socket_new(s->base, fd, ssl,
                                         which ? BUFFEREVENT_SSL_ACCEPTING
                                               : BUFFEREVENT_SSL_CONNECTING,
                                         BEV_OPT_CLOSE_ON_FREE);
    if (!end)
        return false;
    bufferevent_setcb(end, arrived, NULL, happened, s);
    bufferevent_enable(end, EV_READ | EV_WRITE);
    s->ends[which] = end;
    return true;
}

static bool until_open(struct scene *s)
{
    while (s->open < 2 && !s->failed)
        if (event_base_loop(s->base, EVLOOP_ONCE))
            return false;
    return !s->failed;
}

/* From the server to the client. */
static bool carry(struct scene *s, size_t size)
{
    static char out[64 * 1024];

    s->arrived = 0;
    if (bufferevent_write(s->ends[1], out, size))
        return false;
    while (s->arrived < size && !s->failed)
        if (event_base_loop(s->base, EVLOOP_ONCE))
            return false;
    return s->arrived == size;
}

static void free_ends(struct scene *s)
{
    bufferevent_free(s->ends[0]);
    bufferevent_free(s->ends[1]);
    s->open = 0;
}

/* ---- handshakes ---- */

static void welcome(struct evconnlistener *l, evutil_socket_t fd,
                    struct sockaddr *peer, int size, void *scene)
{
    struct scene *s = scene;

    (void)l;
    (void)peer;
    (void)size;
    hurry(fd);
    if (!make_end(s, 1, fd))
        s->failed = true;
}

static bool listen_anywhere(struct scene *s)
{
    socklen_t size = sizeof s->at;

    s->at.sin_family      = AF_INET;
    s->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener           = evconnlistener_new_bind(
                  s->base, welcome, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64,
                  (struct sockaddr *)&s->at, sizeof s->at);
    return s->listener && !getsockname(evconnlistener_get_fd(s->listener),
                                       (struct sockaddr *)&s->at, &size);
}

static bool shake_once(struct scene *s)
{
    if (!make_end(s, 0, -1) ||
        bufferevent_socket_connect(s->ends[0], (struct sockaddr *)&s->at,
                                   sizeof s->at))
        return false;
    hurry(bufferevent_getfd(s->ends[0]));
    if (!until_open(s) || !carry(s, 1))
        return false;
    free_ends(s);
    return true;
}

static bool handshake(const struct job *job)
{
    struct scene s;

    if (!start(&s) || !listen_anywhere(&s))
        return bench_failed("TLS listener");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!shake_once(&s))
            return bench_failed("handshake");
    bench_end();
    finish(&s);
    return true;
}

/* ---- bulk ---- */

static bool start_pair(struct scene *s)
{
    int fd[2];

    return bench_pair(fd) && !evutil_make_socket_nonblocking(fd[0]) &&
           !evutil_make_socket_nonblocking(fd[1]) && make_end(s, 0, fd[0]) &&
           make_end(s, 1, fd[1]) && until_open(s);
}

static bool tls_bulk(const struct job *job)
{
    struct scene s;

    if (!start(&s) || !start_pair(&s))
        return bench_failed("TLS connection");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!carry(&s, job->size))
            return bench_failed("bytes got lost");
    bench_end();
    free_ends(&s);
    finish(&s);
    return true;
}

const struct engine engine_event_tls[] = {
    {
        .name    = "libevent",
        .version = event_get_version,
        .work    = {[WORK_HANDSHAKE] = handshake, [WORK_TLS_BULK] = tls_bulk},
    },
    {0},
};
