/* crypto.c - TLS on a stream that is there: begun, ended, asked about; and the
 * context it is made with.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/stream.h"

#include "core/addr.h"
#include "core/peer.h"
#include "stream/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DETAIL 512

/* The bit of a method that makes it a client's. */
#define CLIENT 1

/* ---- beginning ---- */

/* What the call, the context and the stream say together. */
static void settle_method(const struct sk_stream *stream, bool accepted,
                          const sock_context_t *context, int method,
                          struct sk_tls_wish *wish)
{
    if (!method)
        method = context->options.crypto_method;
    if (method)
        wish->role = method & CLIENT ? SK_TLS_CLIENT : SK_TLS_SERVER;
    else
        wish->role = accepted ? SK_TLS_SERVER : SK_TLS_CLIENT;
    wish->method = method & ~CLIENT;
    wish->host   = stream->host;
}

/* A stream without a context gets that of defaults. */
static sk_err need_context(struct sk_sock *s, struct sk_stream *stream,
                           sock_context_t **out)
{
    sock_context_t *none = NULL;
    sk_err          err;

    if ((*out = sk_stream_context(s, stream)))
        return 0;
    if ((err = sk_context_use(NULL, &none)))
        return err;
    pthread_mutex_lock(&s->lock);
    if (!stream->context) {
        stream->context = none;
        none            = NULL;
    }
    *out = sk_context_share(stream->context);
    pthread_mutex_unlock(&s->lock);
    sk_context_release(none);
    return 0;
}

/* What has come in the clear must not be taken for something that was said
 * under TLS; nor cipher text for the reverse, which a call that waits already
 * would do. */
static sk_err check_connection(struct sk_sock *s, char *detail)
{
    uint64_t       word = atomic_load_explicit(&s->word, memory_order_acquire);
    const char    *busy = NULL;
    struct sk_addr peer;

    if (sk_sock_flags(s) & SK_BUFFERED)
        busy = "bytes came in the clear that nobody has read";
    else if ((word & SK_BLOCKED_MASK) > SK_BLOCKED)
        busy = "another call waits on it";
    if (!busy)
        return sk_plat_peername(s->fd, &peer);
    snprintf(detail, DETAIL, "%s", busy);
    return EBUSY;
}

static sk_err begin(struct sk_call *c, struct sk_stream *stream,
                    struct sk_tls_wish *wish, int method, char *detail)
{
    sock_context_t *context;
    sk_err          err;

    if ((err = check_connection(c->s, detail)) ||
        (err = need_context(c->s, stream, &context)))
        return err;
    settle_method(stream, sk_sock_flags(c->s) & SK_ACCEPTED, context, method,
                  wish);
    err = sk_tls_prepare(context, wish->role, detail, DETAIL);
    sk_context_release(context);
    return err ? err : sk_stream_encrypt(c->s, stream, wish);
}

/* Two threads that begin or end at once do so one after the other. */
static sk_err enable(struct sk_call *c, int method, struct sk_tls *session,
                     char *detail)
{
    struct sk_tls_wish wish = {SK_TLS_CLIENT, 0, NULL, session};
    struct sk_stream  *stream;
    struct sk_limit    l;
    struct sk_tls     *t;
    sk_err             err;

    if (method && !sk_options_is_method(method))
        return EINVAL;
    if ((err = sk_stream_need(c->s, &stream)) ||
        (err = sk_limit_begin(&l, c->s, SK_READING, 0)) ||
        (err = sk_call_turn(c, &l)))
        return err;
    if (!(t = sk_stream_tls(c->s))) {
        if ((err = begin(c, stream, &wish, method, detail)))
            return err;
        t = sk_stream_tls(c->s);
    } else if (method) {
        wish.role = method & CLIENT ? SK_TLS_CLIENT : SK_TLS_SERVER;
        if (!sk_tls_is_method(t, wish.role, method & ~CLIENT))
            return EALREADY;
    }
    return sk_tls_shake(c, &l, t);
}

/* ---- ending ---- */

static sk_err end(struct sk_call *c, struct sk_limit *l)
{
    struct sk_tls *t;
    sk_err         err = sk_call_turn(c, l);

    if (err || !(t = sk_stream_tls(c->s)))
        return err;
    if ((sk_sock_flags(c->s) & SK_BUFFERED) || sk_tls_unread(t))
        return EBUSY;
    if ((err = sk_tls_may_end(t)) ||
        (err = sk_tls_goodbye(c, l, t, SK_TLS_HEAR)))
        return err;
    return sk_stream_decrypt(c->s, sk_stream_of(c->s));
}

static sk_err disable(struct sk_call *c)
{
    struct sk_limit l;
    sk_err          err = sk_stream_begin_goodbye(&l, c->s);

    return err ? err : end(c, &l);
}

/* ---- the border ---- */

static sk_err change(struct sk_call *c, bool on, int method, sock_t *session,
                     char *detail)
{
    struct sk_sock *other = NULL;
    uint64_t        held;
    sk_err          err;

    if (!on)
        return disable(c);
    if (session && !(other = sk_handle_hold(session, SK_HOLDER, &held)))
        return sk_handle_refusal(session);
    if (other && !sk_stream_tls(other))
        err = EINVAL;
    else
        err = enable(c, method, other ? sk_stream_tls(other) : NULL, detail);
    if (other)
        sk_handle_release(other, held);
    return err;
}

/* The peer's, else the socket's own. */
static bool name_of(struct sk_sock *s, char *name, size_t size)
{
    struct sk_addr a;

    if (!sk_peer(s, &a) && sk_addr_name(&a, name, size))
        return true;
    return !sk_plat_sockname(s->fd, &a) && sk_addr_name(&a, name, size);
}

/* A failure's own details, if there are any, else those of the engine. */
static bool leave(struct sk_call *c, enum sk_verb verb, sk_err err,
                  char *detail)
{
    struct sk_tls *t = sk_stream_tls(c->s);
    char           name[LIBSOCK_NAMESTRLEN];

    if (err && !*detail && t)
        sk_tls_explain(t, err, detail, DETAIL);
    if (!*detail)
        return sk_call_leave(c, verb, err);
    if (!name_of(c->s, name, sizeof name))
        name[0] = '\0';
    return sk_call_leave_at(c, verb, err, name, SK_NO_PORT, detail);
}

bool sock_stream_enable_crypto(sock_t *s, bool on, int method, sock_t *session)
{
    char           detail[DETAIL] = "";
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_ENABLE_CRYPTO, SK_WAITS))
        return false;
    err = change(&c, on, method, session, detail);
    return leave(&c, SK_STREAM_ENABLE_CRYPTO, err, detail);
}

/* ---- contexts ---- */

static sk_err give_context(struct sk_sock *s, sock_context_t *ctx, char *detail)
{
    struct sk_stream *stream;
    sock_context_t   *fresh = NULL, *old;
    sk_err            err;

    if (!sk_sock_is_stream(s))
        return EINVAL;
    if (sk_stream_tls(s))
        return EALREADY;
    if ((err = sk_stream_need(s, &stream)) ||
        (err = sk_context_use(ctx, &fresh)))
        return err;
    if (stream->transport == SK_URL_TLS &&
        (err = sk_tls_prepare(fresh, SK_TLS_SERVER, detail, DETAIL))) {
        sk_context_release(fresh);
        return err;
    }
    pthread_mutex_lock(&s->lock);
    old             = stream->context;
    stream->context = fresh;
    stream->fits    = false;
    pthread_mutex_unlock(&s->lock);
    sk_context_release(old);
    return 0;
}

bool sock_stream_set_context(sock_t *server, sock_context_t *ctx)
{
    char           detail[DETAIL] = "";
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, server, SK_STREAM_SET_CONTEXT, SK_QUICK))
        return false;
    err = give_context(c.s, ctx, detail);
    return leave(&c, SK_STREAM_SET_CONTEXT, err, detail);
}

/* ---- certificates ---- */

ssize_t sock_stream_get_peer_certificate(sock_t *s, size_t depth, char *pem,
                                         size_t size)
{
    struct sk_call c;
    size_t         length = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_GET_PEER_CERTIFICATE, SK_QUICK))
        return -1;
    if (!pem && size)
        err = EINVAL;
    else if (!sk_stream_tls(c.s))
        err = EOPNOTSUPP;
    else
        err = sk_tls_peer_certificate(sk_stream_tls(c.s), depth, pem, size,
                                      &length);
    return sk_call_leave(&c, SK_STREAM_GET_PEER_CERTIFICATE, err)
               ? (ssize_t)length
               : -1;
}
