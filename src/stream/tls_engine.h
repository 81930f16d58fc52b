/* tls_engine.h - what the files of TLS share: OpenSSL's objects and ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_TLS_ENGINE_H
#define SK_STREAM_TLS_ENGINE_H

#include "stream/tls.h"

#include <openssl/ssl.h>

#define SK_TLS_DETAIL 256

/* The most that one record carries. */
#define SK_TLS_RECORD 16384u

/* What came from the system and OpenSSL has not asked for yet: whole records,
 * and a part of one. Filled by the one who has the reading turn, without the
 * lock; emptied by the same one under the lock, in a step that feeds. */
struct sk_tls_input {
    char  *data; /* NULL: nothing is there */
    size_t start;
    size_t end;
    bool   over;    /* the system has told the end */
    bool   feeding; /* guarded by lock: OpenSSL may take from the rest */
};

struct sk_tls {
    /* Set once, then constant. */
    sock_context_t  *context; /* owned */
    enum sk_tls_role role;
    int              method; /* as it was wished for */
    char            *name;   /* whom to expect; NULL: nobody */

    struct sk_tls_input in;    /* guarded by the reading turn */
    pthread_mutex_t     lock;  /* never held while waiting */
    _Atomic bool        ready; /* OpenSSL does not wait for a message; changed
                                  with the lock */
    /* Guarded by lock. */
    SSL            *ssl;
    struct sk_sock *s;       /* whose it is, while a step goes on */
    struct sk_buf   kept;    /* cipher text that the system refused */
    bool            done;    /* the handshake */
    int64_t         began;   /* what it waits for; sk_plat_now(), 0 nothing */
    bool            said;    /* our goodbye went out */
    bool            heard;   /* the peer's came */
    bool            shut;    /* nobody reads any more */
    sk_err          failure; /* nothing goes on; 0 all is well */
    sk_err          unsendable; /* why nothing can be sent any more */
    unsigned        epoch;      /* sk_handle_epoch as it was used last */
    sk_err          verdict;    /* the first objection to the certificate */
    char detail[SK_TLS_DETAIL]; /* what there is to say about failure */
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
    struct sk_tls_session   *sessions;    /* a client's, the newest first;
    guarded by the context's lock */
};

/* tls_feed.c: a step of OpenSSL's, between which the lock is held. A feeding
 * one needs the reading turn. */
void sk_tls_step_begin(struct sk_tls *t, struct sk_sock *s, bool feeding);
void sk_tls_step_end(struct sk_tls *t);

/* Why OpenSSL's call came to `result`; EAGAIN: it wants to read. In a step. */
sk_err sk_tls_step_reason(struct sk_tls *t, int result);

/* Nothing goes on any more. Returns err. With the lock. */
sk_err sk_tls_fail(struct sk_tls *t, sk_err err);

/* Raise or drop the flags of what the system cannot tell of. In a step that
 * feeds. */
void sk_tls_tell_pending(struct sk_tls *t);

/* Fetch cipher text, OpenSSL having taken all that was here, within the limit.
 * With the turn, without the lock. The second never waits. */
sk_err sk_tls_fetch(struct sk_sock *s, struct sk_limit *l, struct sk_tls *t);
sk_err sk_tls_fetch_last(struct sk_sock *s, struct sk_tls *t);

/* A peer that always has something to say does not stretch the limit: this is
 * asked before each fetch but the first, which may find all it needs. */
bool sk_tls_is_late(struct sk_limit *l);

/* tls_shake.c: has a message of the peer's begun, or ended, that OpenSSL awaits
 * before all else? True: it has ended, for those who wait. In a step. */
bool sk_tls_look_if_ready(struct sk_tls *t);

/* The handshake, for one who gives the reading turn back after it. */
sk_err sk_tls_shake_to_write(struct sk_call *c, struct sk_limit *l,
                             struct sk_tls *t);

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
sk_err sk_tls_session_allow(struct sk_tls_made *m);
void   sk_tls_session_resume(struct sk_tls *t, struct sk_tls_made *m,
                             struct sk_tls *from);
void   sk_tls_session_forget(struct sk_tls_made *m);

#endif
