/* context.h - the options of streams.
 *
 * The options are guarded by the lock until they are frozen, and by nothing
 * afterwards: then a context never changes but for its count of owners and for
 * what TLS has made of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_STREAM_CONTEXT_H
#define SK_STREAM_CONTEXT_H

#include "base/common.h"

#include <sock/context.h>

#include <pthread.h>
#include <stdatomic.h>

/* "off", "try", "require". */
enum sk_wish { SK_OFF, SK_TRY, SK_REQUIRE };

/* A number, or a yes or no, that nobody has set. */
#define SK_UNSET (-1)

/* One entry of a map: "ssl.SNI_server_certs.example.com". */
struct sk_option_entry {
    struct sk_option_entry *next;
    char                   *key;    /* "example.com" */
    char                   *value;  /* of SNI_server_certs, peer_fingerprint */
    char                   *value2; /* of SNI_server_keys; NULL: none */
};

/* Texts are NULL, numbers and yes-or-no SK_UNSET, where nothing is said and the
 * default is not one of their values. */
struct sk_options {
    /* socket.* */
    char        *bindto;
    int          backlog; /* -1: the most */
    bool         ipv6_v6only;
    int          so_reuseaddr; /* SK_UNSET: by the transport */
    bool         so_reuseport;
    bool         so_broadcast;
    bool         tcp_nodelay;
    bool         keepalive;
    int          tcp_keepidle; /* s; SK_UNSET: the system's, as are: */
    int          tcp_keepintvl;
    int          tcp_keepcnt;
    int          user_timeout; /* ms */
    enum sk_wish mptcp;
    enum sk_wish tfo;
    int          unix_mode; /* SK_UNSET: the umask's */
    bool         unlink;

    /* ssl.* */
    char *peer_name;
    int   verify_peer;      /* SK_UNSET: by the role */
    int   verify_peer_name; /* likewise */
    bool  allow_self_signed;
    char *cafile;
    char *capath;
    char *crlfile;
    char *local_cert;
    char *local_pk;
    char *passphrase;
    int   verify_depth;
    char *peer_fingerprint;
    char *ciphers;
    char *ciphersuites;
    char *curves;
    int   security_level; /* SK_UNSET: OpenSSL's */
    int   crypto_method;  /* 0: none said */
    int   min_proto_version;
    int   max_proto_version;
    char *alpn_protocols;
    bool  sni_enabled;
    bool  honor_cipher_order;
    bool  disable_compression;
    bool  no_ticket;
    bool  capture_peer_cert;
    bool  capture_peer_cert_chain;

    struct sk_option_entry *sni_server;   /* SNI_server_certs and _keys */
    struct sk_option_entry *fingerprints; /* by digest */
};

/* What TLS has made of a context: see tls_context.c. */
struct sk_tls_made;

struct sock_context {
    _Atomic int         owners;
    _Atomic bool        frozen;
    struct sk_options   options; /* constant once frozen */
    unsigned            forks;   /* sk_handle_forks as the lock was made */
    pthread_mutex_t     lock;    /* see sk_context_lock() */
    struct sk_tls_made *made[2]; /* by role: client, server; NULL: not yet;
                                    guarded by lock */
};

/* The lock, also in the child of a fork that left it locked. */
void sk_context_lock(sock_context_t *c);
void sk_context_unlock(sock_context_t *c);

/* Freeze c, or the context of defaults if it is NULL, and own it. ENOMEM. */
sk_err sk_context_use(sock_context_t *c, sock_context_t **out);

/* Own c once more; NULL is fine, and is returned. */
sock_context_t *sk_context_share(sock_context_t *c);

/* Own it no more; NULL is fine. */
void sk_context_release(sock_context_t *c);

#endif
