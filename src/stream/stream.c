/* stream.c - what a stream keeps beyond its socket, and how its bytes are
 * encrypted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/stream.h"

#include "core/send.h"
#include "core/wait.h"
#include "stream/fit.h"

#include <errno.h>
#include <string.h>

/* Awaiting the peer's goodbye without another limit ends after this. */
#define GOODBYE_MS 5000

static struct sk_stream *stream_on(struct sk_sock *s)
{
    return (struct sk_stream *)sk_channel_of(s);
}

static struct sk_tls *tls_of(struct sk_sock *s)
{
    return atomic_load_explicit(&stream_on(s)->tls, memory_order_acquire);
}

/* ---- bytes: only with SK_CHANNEL ---- */

/* A call that came in as the flag was there, and found TLS ended meanwhile,
 * tries again. */
static sk_err receive(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got)
{
    struct sk_tls *t    = tls_of(c->s);
    struct iovec   part = in->parts[0];

    (void)flags;
    if (in->from)
        in->from->len = 0;
    if (!t)
        return sk_io_receive_raw(c->s, l, part.iov_base, part.iov_len, got);
    return sk_tls_read(c, l, t, part.iov_base, part.iov_len, got);
}

static sk_err send_bytes(struct sk_call *c, struct sk_limit *l, const void *buf,
                         size_t len, int flags, size_t *sent)
{
    struct sk_tls *t = tls_of(c->s);

    if (!t) /* the flag is dropped by now */
        return sk_send(c, l, buf, len, flags, NULL, sent);
    return sk_tls_write(c, l, t, buf, len, sent);
}

sk_err sk_stream_begin_goodbye(struct sk_limit *l, struct sk_sock *s)
{
    sk_err err = sk_limit_begin(l, s, SK_WRITING, 0);

    if (!err && l->until == SK_NEVER && !l->nonblock) {
        l->until = sk_wait_until(GOODBYE_MS);
        l->polls = true;
    }
    return err;
}

static sk_err say_goodbye(struct sk_call *c, struct sk_tls *t, int how)
{
    struct sk_limit l;
    sk_err          err = sk_stream_begin_goodbye(&l, c->s);

    if (err)
        return err;
    return sk_tls_goodbye(c, &l, t, how == SHUT_WR ? SK_TLS_SAY : SK_TLS_DROP);
}

/* Nothing is cut off that could not be sent yet: then it is to be called
 * again. */
static sk_err shut_down(struct sk_call *c, int how)
{
    struct sk_tls *t   = tls_of(c->s);
    sk_err         err = 0;

    if (!t || (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR))
        return sk_plat_shutdown(c->s->fd, how);
    if (how != SHUT_RD)
        err = say_goodbye(c, t, how);
    if (err == EAGAIN)
        return err;
    if (how != SHUT_WR)
        sk_tls_end_reading(t);
    sk_plat_shutdown(c->s->fd, how);
    return err;
}

static void flush(struct sk_sock *s)
{
    struct sk_tls *t = tls_of(s);

    if (t)
        sk_tls_flush(s, t);
}

/* ---- life ---- */

static void closing(struct sk_sock *s)
{
    struct sk_tls *t = tls_of(s);

    if (t)
        sk_tls_last_words(s, t);
}

static void explain(struct sk_sock *s, sk_err err, char *out, size_t size)
{
    struct sk_tls *t = tls_of(s);

    out[0] = '\0';
    if (t)
        sk_tls_explain(t, err, out, size);
}

static void forked(struct sk_sock *s)
{
    struct sk_tls *t = tls_of(s);

    if (t)
        sk_tls_forked(t);
}

static void dispose(struct sk_stream *stream)
{
    struct sk_retired *r;

    sk_tls_free(atomic_load(&stream->tls));
    while ((r = stream->retired)) {
        stream->retired = r->next;
        sk_tls_free(r->tls);
        free(r);
    }
    sk_context_release(stream->context);
    free(stream->host);
    free(stream);
}

/* The file stays if the descriptor was given away. */
static void free_stream(struct sk_sock *s)
{
    struct sk_stream *stream = stream_on(s);

    if (s->fd >= 0)
        sk_file_remove(&stream->file);
    free(stream->file.path);
    dispose(stream);
}

/* ---- accepting ---- */

/* Does s, which was accepted, lack options that its listener's context has? A
 * listener may have no context: then nobody asked for any. */
static bool lacks_options(struct sk_sock *listener, struct sk_stream *from,
                          struct sk_sock *s)
{
    bool lacks;

    pthread_mutex_lock(&listener->lock);
    lacks = from->context && !from->fits && s->domain != AF_UNIX;
    pthread_mutex_unlock(&listener->lock);
    return lacks;
}

static sk_err accepted(struct sk_sock *listener, struct sk_sock *s)
{
    struct sk_stream *from    = stream_on(listener), *stream;
    sock_context_t   *context = sk_stream_context(listener, from);
    sk_err err = sk_stream_hang(s, from->transport, context, &stream);

    if (err) {
        sk_context_release(context);
        return err;
    }
    stream->version = from->version;
    if (context && lacks_options(listener, from, s) &&
        (err = sk_fit_accepted(s, &context->options)))
        return err;
    if (stream->transport == SK_URL_TLS) {
        const struct sk_tls_wish wish = {SK_TLS_SERVER, stream->version, NULL,
                                         NULL};

        err = sk_stream_encrypt(s, stream, &wish);
    }
    return err;
}

static const struct sk_channel_ops ops = {
    .receive  = receive,
    .send     = send_bytes,
    .accepted = accepted,
    .shutdown = shut_down,
    .flush    = flush,
    .closing  = closing,
    .explain  = explain,
    .forked   = forked,
    .free     = free_stream,
};

/* ---- making ---- */

struct sk_tls *sk_stream_tls(struct sk_sock *s)
{
    return sk_stream_of(s) ? tls_of(s) : NULL;
}

struct sk_stream *sk_stream_of(struct sk_sock *s)
{
    struct sk_channel *channel = sk_channel_of(s);

    return channel && channel->ops == &ops ? (struct sk_stream *)channel : NULL;
}

sk_err sk_stream_hang(struct sk_sock *s, enum sk_transport transport,
                      sock_context_t *context, struct sk_stream **out)
{
    struct sk_stream  *stream = calloc(1, sizeof *stream);
    struct sk_channel *none   = NULL;

    if (!stream)
        return ENOMEM;
    stream->channel.ops = &ops;
    stream->transport   = transport;
    if (!atomic_compare_exchange_strong(&s->channel, &none, &stream->channel)) {
        dispose(stream);
        return EALREADY;
    }
    stream->context = context;
    *out            = stream;
    return 0;
}

sk_err sk_stream_need(struct sk_sock *s, struct sk_stream **out)
{
    enum sk_transport transport =
        s->domain == AF_UNIX ? SK_URL_UNIX : SK_URL_TCP;
    sk_err err = 0;

    if (!sk_sock_is_stream(s))
        return EOPNOTSUPP;
    pthread_mutex_lock(&s->lock);
    if (!(*out = sk_stream_of(s)))
        err = sk_stream_hang(s, transport, NULL, out);
    pthread_mutex_unlock(&s->lock);
    return err;
}

sock_context_t *sk_stream_context(struct sk_sock *s, struct sk_stream *stream)
{
    sock_context_t *context;

    pthread_mutex_lock(&s->lock);
    context = sk_context_share(stream->context);
    pthread_mutex_unlock(&s->lock);
    return context;
}

/* ---- TLS, on and off ---- */

sk_err sk_stream_encrypt(struct sk_sock *s, struct sk_stream *stream,
                         const struct sk_tls_wish *wish)
{
    sock_context_t *context = sk_stream_context(s, stream);
    struct sk_tls  *t;
    sk_err          err = sk_tls_new(context, wish, &t);

    sk_context_release(context);
    if (err)
        return err;
    atomic_store_explicit(&stream->tls, t, memory_order_release);
    sk_channel_switch_on(s);
    return 0;
}

/* Nobody but the caller has the socket: what is retired is in no other call. A
 * call that comes in now finds the new engine, or none: it raised the holders,
 * here looked at by changing them by nothing, after the old one was put away.
 */
static bool is_alone(struct sk_sock *s)
{
    uint64_t word = atomic_fetch_add(&s->word, 0);

    return (word & SK_HOLDERS_MASK) == SK_HOLDER;
}

static void free_retired(struct sk_sock *s, struct sk_stream *stream)
{
    struct sk_retired *r, *next;

    pthread_mutex_lock(&s->lock);
    r               = stream->retired;
    stream->retired = NULL;
    pthread_mutex_unlock(&s->lock);
    for (; r; r = next) {
        next = r->next;
        sk_tls_free(r->tls);
        free(r);
    }
}

sk_err sk_stream_decrypt(struct sk_sock *s, struct sk_stream *stream)
{
    struct sk_tls     *t = atomic_load(&stream->tls);
    struct sk_retired *r = malloc(sizeof *r);
    sk_err             err;

    if (!r)
        return ENOMEM;
    sk_sock_drop(s, SK_CHANNEL);
    if ((err = sk_tls_hand_back(s, t))) {
        sk_sock_raise(s, SK_CHANNEL);
        free(r);
        return err;
    }
    atomic_store(&stream->tls, NULL);
    pthread_mutex_lock(&s->lock);
    *r              = (struct sk_retired){stream->retired, t};
    stream->retired = r;
    pthread_mutex_unlock(&s->lock);
    if (is_alone(s))
        free_retired(s, stream);
    return 0;
}
