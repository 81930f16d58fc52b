/* sock/context.h - options for streams, by PHP's names.
 *
 * A context is a set of options that a stream is made with.  The first stream
 * made with it freezes it; it may be used for any number of them, from any
 * thread, and freed at any time: a stream keeps what it needs.
 *
 * Bad files are found when a context is first used, not when it is filled.
 *
 * Options.  Those marked C count for clients, those marked S for servers.  What
 * stands behind a semicolon is the default; without one it is the system's, or
 * OpenSSL's, or none.
 *
 *     socket.bindto          C  text   own address: "127.0.0.1:0", "[::1]:0"
 *     socket.backlog         S  int    waiting connections; -1: the most
 *     socket.ipv6_v6only     S  bool   [::] and * without IPv4; false
 *     socket.so_reuseaddr    S  bool   true for TCP, false for UDP
 *     socket.so_reuseport    S  bool   several servers share a port; false
 *     socket.so_broadcast    CS bool   UDP may broadcast; false
 *     socket.tcp_nodelay     CS bool   small writes go at once; false
 *     socket.keepalive       CS bool   probe an idle peer; false
 *     socket.tcp_keepidle    CS int    ... after so many seconds
 *     socket.tcp_keepintvl   CS int    ... every so many seconds
 *     socket.tcp_keepcnt     CS int    ... so often before giving up
 *     socket.user_timeout    CS int    ms that sent bytes may go unanswered
 *     socket.mptcp           CS text   Multipath TCP: "off", "try", "require"
 *     socket.tfo             CS text   TCP Fast Open: "off", "try", "require"
 *     socket.unix_mode       S  int    permissions of the file, such as 0600
 *     socket.unlink          S  bool   replace a file nobody answers on, and
 *                                      remove ours when closed; false
 *
 *     ssl.peer_name          C  text   the name to verify, among those of
 *                                      subjectAltName, and to send; the URL's
 *                                      host
 *     ssl.verify_peer        CS bool   verify the chain; true for clients. A
 *                                      server that does wants a certificate
 *     ssl.verify_peer_name   CS bool   verify the name; true for clients
 *     ssl.allow_self_signed  CS bool   false
 *     ssl.cafile             CS text   file of trusted certificates, PEM; the
 *                                      system's
 *     ssl.capath             CS text   directory of them
 *     ssl.crlfile            CS text   file of revoked ones, PEM: checked
 *                                      for the whole chain
 *     ssl.local_cert         CS text   own certificate and chain, PEM
 *     ssl.local_pk           CS text   its key, PEM; in local_cert
 *     ssl.passphrase         CS text   of the key
 *     ssl.verify_depth       CS int    longest chain; 9
 *     ssl.peer_fingerprint   CS text   of the certificate: 64 hex digits are
 *                                      SHA-256, 40 SHA-1, 32 MD5
 *     ssl.peer_fingerprint.sha256      the same by the digest's name
 *     ssl.ciphers            CS text   OpenSSL's list, up to TLS 1.2
 *     ssl.ciphersuites       CS text   OpenSSL's list, TLS 1.3
 *     ssl.curves             CS text   OpenSSL's list of groups
 *     ssl.security_level     CS int    0 to 5; OpenSSL's
 *     ssl.crypto_method      CS int    LIBSOCK_CRYPTO_...; TLS 1.2 and newer
 *     ssl.min_proto_version  CS int    LIBSOCK_CRYPTO_PROTO_...
 *     ssl.max_proto_version  CS int    LIBSOCK_CRYPTO_PROTO_...
 *     ssl.alpn_protocols     CS text   "h2,http/1.1", the best first
 *     ssl.SNI_enabled        C  bool   send the name; true
 *     ssl.SNI_server_certs.NAME S text certificate for NAME ("example.com",
 *                                      "*.example.com"), PEM with its key
 *     ssl.SNI_server_keys.NAME  S text its key, PEM; in the certificate's file
 *     ssl.honor_cipher_order S  bool   the server chooses the cipher; true
 *     ssl.disable_compression CS bool  true
 *     ssl.no_ticket          CS bool   no session tickets; false
 *     ssl.capture_peer_cert  CS bool   keep the peer's certificate for
 *     ssl.capture_peer_cert_chain CS bool  sock_stream_get_peer_certificate();
 *                                      both true
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_CONTEXT_H
#define SOCK_CONTEXT_H

#include <sock/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options for streams: only ever used as `sock_context_t *`. */
typedef struct sock_context sock_context_t;

/**
 * Make a context in which every option has its default.
 *
 * PHP: stream_context_create().
 *
 * @return the context; NULL with ENOMEM in sock_last_error(NULL)
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_context_t *sock_context_create(void);

/**
 * Set an option that is a text.
 *
 * PHP: stream_context_set_option(). A map takes one call for each entry:
 * "ssl.SNI_server_certs.example.com".
 *
 * @param c       a context that no stream was made with yet
 * @param option  wrapper and option, as in the list above: "ssl.local_cert"
 * @param value   the text, which is copied; NULL sets the default again
 *
 * @return true; false with the reason in sock_last_error(NULL), and the
 *         option's name in sock_last_message(NULL):
 *           EINVAL  c or option is NULL, there is no such option, it is not a
 *                   text, or the text is none that it may have
 *           EBUSY   a stream was made with c
 *           ENOMEM  out of memory
 */
LIBSOCK_API bool sock_context_set_string(sock_context_t *c, const char *option,
                                         const char *value);

/**
 * Set an option that is a number.
 *
 * PHP: stream_context_set_option().
 *
 * @param c       a context that no stream was made with yet
 * @param option  wrapper and option, as in the list above: "socket.backlog"
 * @param value   the number, in the unit that the list tells
 *
 * @return true; false with the reason in sock_last_error(NULL), and the
 *         option's name in sock_last_message(NULL):
 *           EINVAL  c or option is NULL, there is no such option, it is not a
 *                   number, or the number is out of its range
 *           EBUSY   a stream was made with c
 */
LIBSOCK_API bool sock_context_set_int(sock_context_t *c, const char *option,
                                      long value);

/**
 * Set an option that is yes or no.
 *
 * PHP: stream_context_set_option().
 *
 * @param c       a context that no stream was made with yet
 * @param option  wrapper and option, as in the list above: "ssl.verify_peer"
 * @param value   yes or no
 *
 * @return true; false with the reason in sock_last_error(NULL), and the
 *         option's name in sock_last_message(NULL):
 *           EINVAL  c or option is NULL, there is no such option, or it is not
 *                   yes or no
 *           EBUSY   a stream was made with c
 */
LIBSOCK_API bool sock_context_set_bool(sock_context_t *c, const char *option,
                                       bool value);

/**
 * Free a context. Streams that were made with it are not concerned.
 *
 * PHP: none; PHP frees by itself.
 *
 * @param c  a context; NULL is nothing
 *
 * @return nothing
 */
LIBSOCK_API void sock_context_free(sock_context_t *c);

#ifdef __cplusplus
}
#endif

#endif
