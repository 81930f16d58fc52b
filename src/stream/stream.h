/* stream.h - what a stream keeps beyond its socket.
 *
 * Hung on the socket as its channel. A plain stream's bytes do not go through
 * it; with TLS they do (SK_CHANNEL). UDP servers and the peers they accept have
 * a channel of another kind: see udp.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_STREAM_H
#define SK_STREAM_STREAM_H

#include "base/url.h"
#include "core/channel.h"
#include "stream/context.h"
#include "stream/file.h"
#include "stream/tls.h"

/* An engine that TLS was ended with: other calls may still be in it. */
struct sk_retired {
    struct sk_retired *next;
    struct sk_tls     *tls;
};

struct sk_stream {
    struct sk_channel channel;    /* first */
    enum sk_transport transport;  /* constant: as its URL said */
    int               version;    /* constant: of TLS, as its URL said; or 0 */
    char             *host;       /* constant: of a client's URL; NULL none */
    sock_context_t   *context;    /* guarded by the socket's lock; owned */
    _Atomic(struct sk_tls *) tls; /* NULL: the bytes are plain */
    struct sk_retired       *retired; /* guarded by the socket's lock */
    bool fits; /* guarded by the socket's lock: a listener has its context's
                  socket options */
    struct sk_file file; /* constant: of an AF_UNIX server */
};

/* The stream of s; NULL: it has none, or is a UDP server's. */
struct sk_stream *sk_stream_of(struct sk_sock *s);

/* Hang a stream on s, of which it has none yet; owns `context` on success.
 * ENOMEM, EALREADY. */
sk_err sk_stream_hang(struct sk_sock *s, enum sk_transport transport,
                      sock_context_t *context, struct sk_stream **out);

/* The same for a socket that may have one already. */
sk_err sk_stream_need(struct sk_sock *s, struct sk_stream **out);

/* From now on s's bytes are encrypted. Nobody reads or writes meanwhile. */
sk_err sk_stream_encrypt(struct sk_sock *s, struct sk_stream *stream,
                         const struct sk_tls_wish *wish);

/* And from now on they are not. With the turn. */
sk_err sk_stream_decrypt(struct sk_sock *s, struct sk_stream *stream);

/* The context of s's stream, owned by the caller. */
sock_context_t *sk_stream_context(struct sk_sock *s, struct sk_stream *stream);

/* The engine of s; NULL: its bytes are plain. */
struct sk_tls *sk_stream_tls(struct sk_sock *s);

/* The limit of a goodbye: the handle's, or 5 seconds. */
sk_err sk_stream_begin_goodbye(struct sk_limit *l, struct sk_sock *s);

#endif
