/* tls.h - TLS over a socket, without a word of OpenSSL's.
 *
 * tls_none.c stands for all of it where TLS is not built in: EOPNOTSUPP.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_TLS_H
#define SK_STREAM_TLS_H

#include "core/channel.h"
#include "stream/context.h"

#include <sock/stream.h>

struct sk_tls;

enum sk_tls_role { SK_TLS_CLIENT, SK_TLS_SERVER };

/* Read and check the files of c for a role. Done once; the result is kept with
 * c. LIBSOCK_ETLS_... with `detail`. */
sk_err sk_tls_prepare(sock_context_t *c, enum sk_tls_role role, char *detail,
                      size_t size);
void   sk_tls_forget(struct sk_tls_made *made); /* NULL is fine */

/* What one connection is to be. */
struct sk_tls_wish {
    enum sk_tls_role role;
    int              method;  /* versions as bits 8 to 64; 0: the secure ones */
    const char      *host;    /* a client's: whom to expect; NULL: nobody */
    struct sk_tls   *session; /* go on with its session; NULL: none */
};

/* A TLS engine for one connection; the handshake has not begun. */
sk_err sk_tls_new(sock_context_t *c, const struct sk_tls_wish *wish,
                  struct sk_tls **out);
void   sk_tls_free(struct sk_tls *t); /* NULL is fine */
void   sk_tls_forked(struct sk_tls *t);

/* Cipher text, or what follows it in the clear, that nobody has asked for: once
 * TLS is over it is the socket's. With the turn. ENOMEM. */
sk_err sk_tls_hand_back(struct sk_sock *s, struct sk_tls *t);

/* Is TLS built in? */
extern SK_PRIVATE const bool sk_tls_built_in;

/* These work for the socket c holds; the handshake comes first if it is not
 * done. Reading: with the turn. */
sk_err sk_tls_shake(struct sk_call *c, struct sk_limit *l, struct sk_tls *t);
sk_err sk_tls_read(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                   void *buf, size_t len, size_t *got);
sk_err sk_tls_write(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                    const void *buf, size_t len, size_t *sent);

/* How far a goodbye goes. */
enum sk_tls_end {
    SK_TLS_SAY,  /* once all is sent */
    SK_TLS_DROP, /* and await the peer's, dropping what comes before */
    SK_TLS_HEAR  /* the same, but EBUSY if something comes before */
};
sk_err sk_tls_goodbye(struct sk_call *c, struct sk_limit *l, struct sk_tls *t,
                      enum sk_tls_end end);

/* Nothing is read any more: the end. */
void sk_tls_end_reading(struct sk_tls *t);

/* None of these waits. */
void sk_tls_flush(struct sk_sock *s, struct sk_tls *t);
void sk_tls_last_words(struct sk_sock *s, struct sk_tls *t);
void sk_tls_explain(struct sk_tls *t, sk_err err, char *out, size_t size);
/* Has t that role, and one of these versions (0: any)? */
bool sk_tls_is_method(struct sk_tls *t, enum sk_tls_role role, int method);

/* Why TLS cannot be ended: it has failed, or the handshake is not done. */
sk_err sk_tls_may_end(struct sk_tls *t);

bool   sk_tls_is_done(struct sk_tls *t); /* the handshake */
void   sk_tls_describe(struct sk_tls *t, sock_meta_t *out);
size_t sk_tls_unread(struct sk_tls *t); /* decrypted, not taken */

/* ENOTCONN, ENOMEM; *length 0: none at that depth. */
sk_err sk_tls_peer_certificate(struct sk_tls *t, size_t depth, char *pem,
                               size_t size, size_t *length);

#endif
