/* tls_peer.h - a stranger who speaks TLS with a program: OpenSSL's own calls
 * over a plain socket.
 *
 * Nothing here uses libsock. Every wait ends after SPAWN_PATIENCE. The socket
 * stays the caller's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "support/certs.h"

#include <openssl/ssl.h>

/** A server with that certificate, or with NULL a client that trusts anybody;
 * it speaks this version at most, 0: any. */
SSL *tls_peer_new(int fd, const struct cert *own, int version);

/** Do the handshake: has it succeeded? */
bool tls_peer_shake(SSL *ssl);

/** Send what begins the client's handshake, and do not wait for an answer. */
void tls_peer_begin(SSL *ssl);

/** Send all of it, as one record if it fits. */
bool tls_peer_send(SSL *ssl, const void *bytes, size_t len);
bool tls_peer_send_text(SSL *ssl, const char *text);

/** Are the next bytes exactly these? */
bool tls_peer_expect(SSL *ssl, const void *bytes, size_t len);
bool tls_peer_expect_text(SSL *ssl, const char *text);

/** Is there nothing more, but TLS's own goodbye? */
bool tls_peer_expect_goodbye(SSL *ssl);

/** Say it; one may still read. */
void tls_peer_say_goodbye(SSL *ssl);

/** Forget it; NULL does nothing. */
void tls_peer_free(SSL *ssl);

#endif
