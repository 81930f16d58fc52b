/* tls_pair.h - two ends of a TLS connection, both libsock's or one of them
 * OpenSSL's own, in the states that tests need.
 *
 * A version is LIBSOCK_CRYPTO_PROTO_TLSv1_2 or _TLSv1_3.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_TLS_PAIR_H
#define TESTS_SUPPORT_TLS_PAIR_H

#include "support/net.h"

#include <openssl/ssl.h>

/* Contexts of one version, made once: a certificate for "localhost", and a
 * client that trusts it. The caller does not free them. */
sock_context_t *tls_server_context(int version);
sock_context_t *tls_client_context(int version);

/* The file with the certificate that such a client trusts. */
const char *tls_authority_path(void);

/* A server on a free port of 127.0.0.1, and the URL to reach it. */
sock_t *tls_listen(int version, char *url, size_t size);

/* Connected, and nobody has said a word: pair[0] is the client. */
void tls_begin(int version, sock_t *pair[2]);

/* Do the handshake, step by step in this thread. The client may have a session
 * ticket unread. */
void tls_shake(sock_t *pair[2]);

/* Connected, the handshake done, and nothing unread. */
void tls_pair(int version, sock_t *pair[2]);

/* A small buffer in the system, so that writes are soon refused. */
void tls_make_narrow(sock_t *pair[2], int bytes);

/* The test with each version. */
void tls_each(void (*test)(int version));

/* ---- OpenSSL's own end, over a plain socket ---- */

struct raw {
    sock_t  *plain; /* whose descriptor it is */
    SSL_CTX *ctx;
    SSL     *ssl; /* reads and writes the descriptor without waiting */
};

/* A libsock end and a raw one, connected, the handshake not begun. */
void raw_begin(int version, bool raw_is_server, struct raw *raw, sock_t **s);

/* The same with the handshake done. */
void raw_pair(int version, bool raw_is_server, struct raw *raw, sock_t **s);
void raw_shake(struct raw *raw, sock_t *s);

/* All of it, waiting; false if the connection is gone. */
bool raw_write(struct raw *raw, const void *bytes, size_t len);

/* What comes next, waiting some seconds: 0 after a goodbye, -1 after any other
 * end. */
int raw_read(struct raw *raw, void *buf, size_t len);

void raw_close(struct raw *raw);

#endif
