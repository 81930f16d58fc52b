/* tls_life.c - a TLS engine: made, freed, and what there is to know about it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/tls_engine.h"

#include "core/poll.h"

#include <sock/error.h>

#include <openssl/err.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const bool sk_tls_built_in = true;

/* ---- life ---- */

static int version_of(int bit)
{
    switch (bit) {
    case LIBSOCK_CRYPTO_PROTO_TLSv1_0:
        return TLS1_VERSION;
    case LIBSOCK_CRYPTO_PROTO_TLSv1_1:
        return TLS1_1_VERSION;
    case LIBSOCK_CRYPTO_PROTO_TLSv1_2:
        return TLS1_2_VERSION;
    default:
        return TLS1_3_VERSION;
    }
}

/* Of two bounds that the options may set, one that is set alone moves the
 * other's default. */
static void bounds_of(const struct sk_options *o, int *least, int *most)
{
    *least = LIBSOCK_CRYPTO_PROTO_TLSv1_2;
    *most  = LIBSOCK_CRYPTO_PROTO_TLSv1_3;
    if (o->max_proto_version)
        *most = o->max_proto_version;
    if (o->min_proto_version)
        *least = o->min_proto_version;
    if (*least > *most)
        *least = *most;
}

/* Those of the method, from its least to its most, as far as the options' own
 * bounds let them; without a method those within the bounds. */
static sk_err set_versions(SSL *ssl, int method, const struct sk_options *o)
{
    int bits = (method ? method : o->crypto_method) & ~1;
    int least, most;

    bounds_of(o, &least, &most);
    if (bits) {
        int low = bits & -bits, high = low;

        while (bits & ~(2 * high - 1))
            high *= 2;
        least = o->min_proto_version > low ? o->min_proto_version : low;
        most  = o->max_proto_version && o->max_proto_version < high
                    ? o->max_proto_version
                    : high;
    }
    if (least > most)
        return LIBSOCK_ETLS_OPTION;
    return SSL_set_min_proto_version(ssl, version_of(least)) &&
                   SSL_set_max_proto_version(ssl, version_of(most))
               ? 0
               : LIBSOCK_ETLS_OPTION;
}

static sk_err furnish(struct sk_tls *t, struct sk_tls_made *made)
{
    BIO   *bio = sk_tls_bio_new(t);
    sk_err err;

    if (!bio)
        return ENOMEM;
    if (!(t->ssl = SSL_new(made->ctx))) {
        BIO_free(bio);
        return ENOMEM;
    }
    SSL_set_bio(t->ssl, bio, bio);
    if (!SSL_set_app_data(t->ssl, t))
        return ENOMEM;
    if ((err = set_versions(t->ssl, t->method, made->options)))
        return err;
    if (t->role == SK_TLS_CLIENT)
        SSL_set_connect_state(t->ssl);
    else
        SSL_set_accept_state(t->ssl);
    return sk_tls_verify_set(t, made->options);
}

/* Whom a client expects, and asks for. */
static sk_err set_name(struct sk_tls *t, const struct sk_tls_wish *wish)
{
    const char *name = t->context->options.peer_name;

    if (!name)
        name = wish->host;
    if (t->role == SK_TLS_SERVER || !name)
        return 0;
    return (t->name = strdup(name)) ? 0 : ENOMEM;
}

sk_err sk_tls_new(sock_context_t *c, const struct sk_tls_wish *wish,
                  struct sk_tls **out)
{
    char                detail[SK_TLS_DETAIL];
    struct sk_tls_made *made;
    struct sk_tls      *t;
    sk_err err = sk_tls_prepare(c, wish->role, detail, sizeof detail);

    *out = NULL;
    if (err)
        return err;
    made = sk_tls_made_of(c, wish->role);
    if (!(t = calloc(1, sizeof *t)))
        return ENOMEM;
    pthread_mutex_init(&t->lock, NULL);
    t->context = sk_context_share(c);
    t->role    = wish->role;
    t->method  = wish->method;
    t->epoch   = atomic_load(&sk_handle_epoch);
    if ((err = set_name(t, wish)) || (err = furnish(t, made)))
        goto done;
    if (t->role == SK_TLS_CLIENT)
        sk_tls_session_resume(t, made, wish->session);
    *out = t;
    t    = NULL;
done:
    sk_tls_free(t);
    ERR_clear_error();
    return err;
}

void sk_tls_free(struct sk_tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    free(t->in.data);
    sk_buf_free(&t->kept);
    sk_context_release(t->context);
    pthread_mutex_destroy(&t->lock);
    free(t->name);
    free(t);
}

/* An engine in the middle of a step of another thread is let alone: nothing of
 * it may be relied on, so it is not even freed. */
void sk_tls_forked(struct sk_tls *t)
{
    if (!pthread_mutex_trylock(&t->lock)) {
        pthread_mutex_unlock(&t->lock);
        return;
    }
    t->failure = ECANCELED;
    t->done    = false;
    t->ssl     = NULL;
    pthread_mutex_init(&t->lock, NULL);
}

sk_err sk_tls_hand_back(struct sk_sock *s, struct sk_tls *t)
{
    struct sk_tls_input *in    = &t->in;
    size_t               count = in->end - in->start, room;
    sk_err               err;

    while (count) {
        if ((err =
                 sk_buf_reserve(&s->buf, sk_buf_size(&s->buf) + count, &room)))
            return err;
        room = room < count ? room : count;
        memcpy(sk_buf_back(&s->buf), in->data + in->start, room);
        sk_buf_added(&s->buf, room);
        sk_sock_raise(s, SK_BUFFERED);
        in->start += room;
        count -= room;
    }
    sk_sock_drop(s, SK_PENDING | SK_OVER | SK_KEPT | SK_SHAKING);
    sk_poll_rewatch(s);
    sk_poll_notify(s);
    return 0;
}

/* ---- what there is to know ---- */

void sk_tls_explain(struct sk_tls *t, sk_err err, char *out, size_t size)
{
    pthread_mutex_lock(&t->lock);
    snprintf(out, size, "%s", err == t->failure ? t->detail : "");
    pthread_mutex_unlock(&t->lock);
}

bool sk_tls_is_method(struct sk_tls *t, enum sk_tls_role role, int method)
{
    const int secure = LIBSOCK_CRYPTO_TLS_SERVER;
    int       mine   = t->method ? t->method : secure;
    bool      agreed;

    pthread_mutex_lock(&t->lock);
    agreed = t->done;
    for (int bit = 8; agreed && bit <= 64; bit *= 2)
        if (version_of(bit) == SSL_version(t->ssl))
            mine = bit;
    pthread_mutex_unlock(&t->lock);
    return t->role == role && (!method || (mine & method));
}

bool sk_tls_is_done(struct sk_tls *t)
{
    bool done;

    pthread_mutex_lock(&t->lock);
    done = t->done;
    pthread_mutex_unlock(&t->lock);
    return done;
}

size_t sk_tls_unread(struct sk_tls *t)
{
    size_t count;

    pthread_mutex_lock(&t->lock);
    count = t->ssl ? (size_t)SSL_pending(t->ssl) : 0;
    pthread_mutex_unlock(&t->lock);
    return count;
}

sk_err sk_tls_may_end(struct sk_tls *t)
{
    sk_err err;

    pthread_mutex_lock(&t->lock);
    if (t->failure)
        err = t->failure;
    else
        err = t->began && !t->done ? ENOTCONN : 0;
    pthread_mutex_unlock(&t->lock);
    return err;
}

void sk_tls_describe(struct sk_tls *t, sock_meta_t *out)
{
    const unsigned char *alpn;
    unsigned             length;

    pthread_mutex_lock(&t->lock);
    if (t->done) {
        snprintf(out->protocol, sizeof out->protocol, "%s",
                 SSL_get_version(t->ssl));
        snprintf(out->cipher, sizeof out->cipher, "%s",
                 SSL_get_cipher_name(t->ssl));
        out->cipher_bits = SSL_get_cipher_bits(t->ssl, NULL);
        out->resumed     = SSL_session_reused(t->ssl);
        SSL_get0_alpn_selected(t->ssl, &alpn, &length);
        snprintf(out->alpn, sizeof out->alpn, "%.*s", (int)length,
                 length ? (const char *)alpn : "");
    }
    pthread_mutex_unlock(&t->lock);
}
