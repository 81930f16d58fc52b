/* tls_engine.h - what the files of TLS share: OpenSSL's objects and ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_TLS_ENGINE_H
#define SK_STREAM_TLS_ENGINE_H

#include "stream/tls.h"

#include <openssl/ssl.h>

#define SK_TLS_DETAIL 256

/* What came from the system and OpenSSL has not asked for yet: whole records,
 * and a part of one. Filled by the one who has the reading turn, without the
 * lock; emptied under the lock, and only while that one waits for it. */
struct sk_tls_input {
    char  *data; /* NULL: nothing is there */
    size_t start;
    size_t end;
    bool   over;    /* the system has told the end */
    bool   feeding; /* guarded by lock: OpenSSL may take from it */
};

struct sk_tls {
    SSL             *ssl;     /* guarded by lock, as all but what says else */
    struct sk_sock  *s;       /* whose it is, while a step goes on */
    sock_context_t  *context; /* constant: owned */
    enum sk_tls_role role;    /* constant */
    int              method;  /* constant: as it was wished for */
    char            *name;    /* constant: whom to expect; NULL: nobody */
    pthread_mutex_t  lock;    /* never held while waiting */

    struct sk_tls_input in;
    struct sk_buf       kept; /* cipher text that the system refused */

    _Atomic bool done;       /* the handshake */
    int64_t      began;      /* by sk_plat_now(): the handshake; 0 not yet */
    bool         said;       /* our goodbye went out, or nothing can any more */
    bool         heard;      /* the peer's came */
    bool         shut;       /* nobody reads any more */
    sk_err       failure;    /* nothing goes on; 0 all is well */
    sk_err       unsendable; /* why nothing can be sent any more */
    unsigned     epoch;      /* sk_handle_epoch as it was used last */

    sk_err verdict; /* the first thing wrong with the peer's certificate */
    char   detail[SK_TLS_DETAIL]; /* what there is to say about failure */
};

/* One name's certificate of a server. */
struct sk_tls_name {
    struct sk_tls_name *next;
    SSL_CTX            *ctx;
    char                name[]; /* "example.com", "*.example.com" */
};

/* A client's session to go on with. */
struct sk_tls_session {
    struct sk_tls_session *next;
    SSL_SESSION           *session;
    char                   name[]; /* whom it was made with */
};

struct sk_tls_made {
    const struct sk_options *options;
    SSL_CTX                 *ctx;
    struct sk_tls_name      *names;       /* constant: a server's */
    unsigned char           *alpn;        /* constant: in wire form; NULL */
    size_t                   alpn_length; /* constant */
    pthread_mutex_t          lock;        /* guards sessions */
    struct sk_tls_session   *sessions;    /* a client's, the newest first */
};

/* tls_bio.c: a BIO over t's input and t's socket; NULL: no memory. */
BIO *sk_tls_bio_new(struct sk_tls *t);

/* Send what is kept as far as the system takes it. With the lock. */
void sk_tls_bio_flush(struct sk_tls *t);

/* tls_context.c: what was made of c for a role; it is prepared. */
struct sk_tls_made *sk_tls_made_of(sock_context_t *c, enum sk_tls_role role);

/* tls_names.c: a servername callback; arg is a struct sk_tls_made. */
int sk_tls_choose_name(SSL *ssl, int *alert, void *arg);

/* tls_verify.c: have ssl verify its peer as the options say. */
sk_err sk_tls_verify_set(struct sk_tls *t, const struct sk_options *o);

/* The handshake is done: is the certificate the one expected? With the lock. */
sk_err sk_tls_verify_done(struct sk_tls *t, const struct sk_options *o);

/* tls_error.c: the code for what is in OpenSSL's queue, which is emptied; what
 * there is to say goes to detail. */
sk_err sk_tls_error_take(char *detail, size_t size);
sk_err sk_tls_error_of_certificate(int error);

/* tls_session.c: a client's sessions, by the name they were made with. */
void sk_tls_session_allow(struct sk_tls_made *m);
void sk_tls_session_resume(struct sk_tls *t, struct sk_tls_made *m,
                           struct sk_tls *from);
void sk_tls_session_forget(struct sk_tls_made *m);

#endif
