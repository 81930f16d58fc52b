/* open.c - streams by URL: servers and clients.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/connect.h"
#include "core/resolve.h"
#include "core/wait.h"
#include "stream/fit.h"
#include "stream/handed.h"
#include "stream/race.h"
#include "stream/stream.h"
#include "stream/udp.h"

#include <sock/error.h>
#include <sock/stream.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DETAIL 512

/* One stream that is being made. */
struct opening {
    const char     *text; /* the URL */
    struct sk_url   url;
    int             flags;
    sock_context_t *context; /* owned until the stream has it */
    int64_t         until;
    struct sk_sock *s;
    char            detail[DETAIL]; /* what there is to say beyond the code */
};

/* ---- what both share ---- */

static int type_of(enum sk_transport transport)
{
    return transport == SK_URL_UDP || transport == SK_URL_UDG ? SOCK_DGRAM
                                                              : SOCK_STREAM;
}

static sk_err prepare(struct opening *o, sock_context_t *ctx,
                      enum sk_tls_role role)
{
    sk_err err = sk_context_use(ctx, &o->context);

    if (!err && o->url.transport == SK_URL_TLS)
        err = sk_tls_prepare(o->context, role, o->detail, sizeof o->detail);
    return err;
}

/* The host or the path as a text of its own. */
static sk_err copy_host(const struct sk_url *url, char *out, size_t size)
{
    if (url->length >= size)
        return ENAMETOOLONG;
    memcpy(out, url->host, url->length);
    out[url->length] = '\0';
    return 0;
}

/* What stands in brackets is one address and no name. */
static sk_err check_literal(struct opening *o)
{
    char           host[SK_URL_HOST_MAX + 1];
    struct sk_addr at;
    sk_err         err = copy_host(&o->url, host, sizeof host);

    if (!err)
        err = sk_addr_parse(AF_INET6, host, o->url.port, &at);
    if (err == EINVAL)
        snprintf(o->detail, sizeof o->detail, "at byte %zu: no IPv6 address",
                 (size_t)(o->url.host - o->text));
    return err;
}

static sk_err parse(struct opening *o)
{
    struct sk_url_error wrong = {0, NULL};
    sk_err              err   = sk_url_parse(o->text, &o->url, &wrong);

    if (err && wrong.why)
        snprintf(o->detail, sizeof o->detail, "at byte %zu: %s", wrong.at,
                 wrong.why);
    if (!err && o->url.bracketed)
        err = check_literal(o);
    return err;
}

static sk_err hang(struct opening *o, struct sk_stream **out)
{
    sk_err err = sk_stream_hang(o->s, o->url.transport, o->context, out);

    if (err)
        return err;
    o->context      = NULL;
    (*out)->version = o->url.version;
    return 0;
}

/* Returns NULL, for makers. */
static sock_t *refuse(enum sk_verb verb, struct opening *o, sk_err err)
{
    const struct sk_scene scene = {verb, o->text ? o->text : "", SK_NO_PORT,
                                   o->detail};

    sk_handle_discard(o->s);
    sk_context_release(o->context);
    sk_report(NULL, NULL, &scene, err);
    return NULL;
}

/* ---- servers ---- */

static sk_err bind_one(struct opening *o, const struct sk_addr *at)
{
    const struct sk_options *options = &o->context->options;
    int                      type    = type_of(o->url.transport);
    sk_err err = sk_fit_server(at->u.any.sa_family, type, options, &o->s);

    if (err)
        return err;
    err = sk_plat_bind(o->s->fd, at);
    if (!err && (o->flags & LIBSOCK_SERVER_LISTEN))
        err = sk_plat_listen(o->s->fd, options->backlog);
    if (err) {
        sk_handle_discard(o->s);
        o->s = NULL;
    }
    return err;
}

/* Every address: of both families where the system has both. */
static sk_err bind_any(struct opening *o)
{
    struct sk_addr at;
    sk_err         err = sk_addr_any(AF_INET6, o->url.port, &at);

    if (!err)
        err = bind_one(o, &at);
    if (err != EAFNOSUPPORT && err != EADDRNOTAVAIL)
        return err;
    err = sk_addr_any(AF_INET, o->url.port, &at);
    return err ? err : bind_one(o, &at);
}

/* The first address that can be taken. */
static sk_err bind_name(struct opening *o, const char *host)
{
    const struct addrinfo hints = {.ai_socktype = type_of(o->url.transport),
                                   .ai_flags    = AI_PASSIVE};
    struct addrinfo      *found = NULL;
    struct sk_addr        at;
    sk_err                err = sk_resolve_here(host, NULL, &hints, &found);

    if (err)
        return err;
    err = LIBSOCK_EAI_NODATA;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        if (a->ai_addrlen > sizeof at.u)
            continue;
        memcpy(&at.u, a->ai_addr, a->ai_addrlen);
        at.len = a->ai_addrlen;
        sk_addr_set_port(&at, o->url.port);
        if (!(err = bind_one(o, &at)))
            break;
    }
    sk_resolve_release(found);
    return err;
}

static sk_err bind_host(struct opening *o)
{
    char           host[SK_URL_HOST_MAX + 1];
    struct sk_addr at;
    sk_err         err = copy_host(&o->url, host, sizeof host);

    if (err)
        return err;
    if (!strcmp(host, "*"))
        return bind_any(o);
    err = sk_addr_parse(o->url.bracketed ? AF_INET6 : AF_INET, host,
                        o->url.port, &at);
    if (!err)
        return bind_one(o, &at);
    return err == SK_ADDR_IS_NAME && !o->url.bracketed ? bind_name(o, host)
                                                       : err;
}

static sk_err bind_file(struct opening *o, struct sk_file *file)
{
    char   path[SK_URL_ABSTRACT_MAX + 1];
    sk_err err = copy_host(&o->url, path, sizeof path);

    if (!err)
        err = sk_fit_server(AF_UNIX, type_of(o->url.transport),
                            &o->context->options, &o->s);
    if (err)
        return err;
    return sk_file_bind(o->s, path, o->flags & LIBSOCK_SERVER_LISTEN,
                        &o->context->options, file);
}

static sk_err take_handed(struct opening *o)
{
    const char *why = NULL;
    sk_err      err = sk_handed_take(o->url.host, o->url.length, &o->s, &why);

    if (err && why)
        snprintf(o->detail, sizeof o->detail, "%s", why);
    return err;
}

static sk_err check_flags(struct opening *o)
{
    const int all      = LIBSOCK_SERVER_BIND | LIBSOCK_SERVER_LISTEN;
    bool      datagram = type_of(o->url.transport) == SOCK_DGRAM;

    if (!o->flags)
        o->flags = datagram ? LIBSOCK_SERVER_BIND : all;
    if (!(o->flags & ~all) && (o->flags & LIBSOCK_SERVER_BIND) &&
        !(datagram && (o->flags & LIBSOCK_SERVER_LISTEN)))
        return 0;
    snprintf(o->detail, sizeof o->detail, "the flags do not suit");
    return EINVAL;
}

/* A datagram socket that was handed over accepts peers, too. */
static sk_err serve(struct opening *o)
{
    struct sk_file    file = {0};
    struct sk_stream *stream;
    sk_err            err;

    switch (o->url.transport) {
    case SK_URL_UNIX:
    case SK_URL_UDG:
        err = bind_file(o, &file);
        break;
    case SK_URL_FD:
        err = take_handed(o);
        break;
    default:
        err = bind_host(o);
        break;
    }
    if (err)
        return err;
    if (o->s->type == SOCK_DGRAM && o->s->domain != AF_UNIX)
        return sk_udp_serve(o->s);
    if ((err = hang(o, &stream))) {
        sk_file_remove(&file);
        return err;
    }
    stream->file = file;
    stream->fits = o->url.transport != SK_URL_FD;
    return 0;
}

sock_t *sock_stream_server(const char *url, int flags, sock_context_t *ctx)
{
    struct opening o = {.text = url, .flags = flags};
    sk_err         err;

    if ((err = parse(&o)) || (err = check_flags(&o)) ||
        (err = prepare(&o, ctx, SK_TLS_SERVER)) || (err = serve(&o)))
        return refuse(SK_STREAM_SERVER, &o, err);
    sk_context_release(o.context);
    return sk_handle_publish(o.s);
}

/* ---- clients ---- */

static sk_err run_race(struct opening *o)
{
    char           host[SK_URL_HOST_MAX + 1];
    struct sk_race race = {host,
                           o->url.port,
                           type_of(o->url.transport),
                           &o->context->options,
                           o->until,
                           o->flags & LIBSOCK_CLIENT_ASYNC};
    sk_err         err  = copy_host(&o->url, host, sizeof host);

    if (!err && !strcmp(host, "*")) {
        snprintf(o->detail, sizeof o->detail, "* is for servers");
        return EINVAL;
    }
    return err ? err : sk_race_run(&race, &o->s, o->detail, sizeof o->detail);
}

/* Until the stream is given out its handle is nobody's, but calls that wait
 * need an open one. */
static sk_err enter(struct opening *o, struct sk_call *c)
{
    sk_sock_raise(o->s, SK_UNTOLD);
    return sk_call_enter(c, sk_handle_publish(o->s), SK_STREAM_CLIENT, SK_WAITS)
               ? 0
               : ECANCELED;
}

/* The socket is the caller's to give out, or gone. */
static sk_err leave(struct opening *o, struct sk_call *c, sk_err err)
{
    sock_t *h = sk_handle_of(o->s);

    if (!err)
        sk_sock_drop(o->s, SK_UNTOLD);
    sk_handle_release(c->s, c->held);
    if (err) {
        o->s = NULL;
        sk_handle_close(h);
    }
    return err;
}

static struct sk_limit limit_of(const struct opening *o)
{
    const struct sk_limit l = {o->until, false, o->until != SK_NEVER, false};

    return l;
}

/* The handle's own deadline is the limit meanwhile. */
static void set_deadline(struct opening *o, int64_t until)
{
    atomic_store_explicit(&o->s->deadline, until, memory_order_relaxed);
    if (until != SK_NEVER)
        sk_sock_raise(o->s, SK_DEADLINE);
    else
        sk_sock_drop(o->s, SK_DEADLINE);
}

static sk_err fit_file(struct opening *o, struct sk_addr *to)
{
    char   path[SK_URL_ABSTRACT_MAX + 1];
    sk_err err = copy_host(&o->url, path, sizeof path);

    if (!err)
        err = sk_addr_parse(AF_UNIX, path, 0, to);
    if (err)
        return err;
    return sk_fit_client(AF_UNIX, type_of(o->url.transport),
                         &o->context->options, &o->s);
}

/* What there is to do before the socket is open: all but what waits for it. */
static sk_err begin(struct opening *o, struct sk_addr *to)
{
    struct sk_stream *stream;
    sk_err            err;

    if (o->url.transport == SK_URL_UNIX || o->url.transport == SK_URL_UDG)
        err = fit_file(o, to);
    else
        err = run_race(o);
    if (err || o->s->type == SOCK_DGRAM || (err = hang(o, &stream)))
        return err;
    if (o->s->domain == AF_UNIX)
        return 0;
    if (!(stream->host = strndup(o->url.host, o->url.length)))
        return ENOMEM;
    if (o->url.transport == SK_URL_TLS) {
        const struct sk_tls_wish wish = {SK_TLS_CLIENT, stream->version,
                                         stream->host, NULL};

        err = sk_stream_encrypt(o->s, stream, &wish);
    }
    return err;
}

static sk_err shake(struct opening *o, struct sk_call *c)
{
    struct sk_limit l   = limit_of(o);
    struct sk_tls  *t   = atomic_load(&sk_stream_of(o->s)->tls);
    sk_err          err = sk_tls_shake(c, &l, t);

    if (err == ETIMEDOUT)
        snprintf(o->detail, sizeof o->detail, "in the TLS handshake");
    else if (err)
        sk_tls_explain(t, err, o->detail, sizeof o->detail);
    return err;
}

/* Then what waits. */
static sk_err connect_and_shake(struct opening *o, const struct sk_addr *to)
{
    struct sk_call c;
    sk_err         err = enter(o, &c);

    if (err)
        return err;
    set_deadline(o, o->until);
    if (o->s->domain == AF_UNIX)
        err = sk_connect_to(&c, to);
    if (!err && o->url.transport == SK_URL_TLS &&
        !(o->flags & LIBSOCK_CLIENT_ASYNC))
        err = shake(o, &c);
    if (!err && !(o->flags & LIBSOCK_CLIENT_DEADLINE))
        set_deadline(o, SK_NEVER);
    return leave(o, &c, err);
}

static sk_err check_call(struct opening *o, int timeout_ms)
{
    const int all =
        LIBSOCK_CLIENT_CONNECT | LIBSOCK_CLIENT_ASYNC | LIBSOCK_CLIENT_DEADLINE;

    if (o->flags & ~all)
        snprintf(o->detail, sizeof o->detail, "no such flag");
    else if (timeout_ms < -1)
        snprintf(o->detail, sizeof o->detail, "the time is negative");
    else if (o->url.transport == SK_URL_FD)
        snprintf(o->detail, sizeof o->detail, "fd is for servers");
    else
        return 0;
    return EINVAL;
}

sock_t *sock_stream_client(const char *url, int timeout_ms, int flags,
                           sock_context_t *ctx)
{
    struct opening o = {
        .text = url, .flags = flags, .until = sk_wait_until(timeout_ms)};
    struct sk_addr to = {0};
    sk_err         err;

    if ((err = parse(&o)) || (err = check_call(&o, timeout_ms)) ||
        (err = prepare(&o, ctx, SK_TLS_CLIENT)) || (err = begin(&o, &to)) ||
        (err = connect_and_shake(&o, &to)))
        return refuse(SK_STREAM_CLIENT, &o, err);
    sk_context_release(o.context);
    return sk_handle_of(o.s);
}
