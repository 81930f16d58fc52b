/* sock/stream.h - sockets by URL, encrypted or not, and the calls of files on
 * them.
 *
 * A stream is a socket like any other: every call of socket.h works on it, and
 * these calls work on every socket.  A URL says what it is:
 *
 *     tcp://host:port  udp://host:port     "host:port" alone is tcp
 *     tls://host:port  ssl://host:port     TLS 1.2 or newer
 *     tlsv1.0:// tlsv1.1:// tlsv1.2:// tlsv1.3://   that version only
 *     unix:///path     udg:///path         AF_UNIX: stream, datagram
 *     unix://@name     udg://@name         abstract
 *     fd://3           fd://name           a listening socket that systemd
 *                                          opened; of a connection that it has
 *                                          accepted make a handle with
 *                                          sock_import_fd()
 *
 * IPv6 addresses stand in brackets, "tcp://[::1]:80", perhaps with a scope,
 * "[fe80::1%eth0]".  A server on "*" or "[::]" serves IPv4 and IPv6.
 *
 * TLS is secure with no option set: a client verifies the server's certificate
 * against the system's, and its name against the URL's host.  See context.h.
 *
 * The handshake of an accepted TLS socket is done by its first read or write,
 * or by sock_stream_enable_crypto(), within the handle's own limits: no client
 * can hold up the accept.  Without a limit a handshake that has begun ends
 * after 60 seconds; a call tells that, but select and poll sets do not, so a
 * loop ends clients that stay silent by itself.  After EAGAIN wait for what you
 * called: to read for a read, to write for a write; the library waits for what
 * TLS needs.  Readable may mean that only part of a record has come, and
 * writable that the handshake is still to do: so a loop that must not wait sets
 * what it accepts non-blocking, as LIBSOCK_DONTWAIT is for reads only.  There
 * the first read, or sock_stream_enable_crypto() again and again, does the
 * handshake a step at a time; and what sock_write_all() did not get rid of
 * with EAGAIN, from its *done on, is kept by the program until the socket is
 * writable, in any buffer.  A loop that may wait a little gives its clients a
 * short timeout or deadline instead, and drops who meets it.
 *
 * An end without TLS's own goodbye is LIBSOCK_ETLS_TRUNCATED: somebody may have
 * cut the connection.  Many clients end so; a server whose messages tell their
 * own end may take it for one.  sock_close() says goodbye if it can at once;
 * sock_shutdown() with SHUT_WR waits until it is sent, with SHUT_RDWR also for
 * the peer's, within the handle's limits or 5 seconds.
 *
 * TLS empties OpenSSL's own queue of errors of the calling thread.  One thread
 * may read a TLS socket while another writes it.  What a write left
 * behind that did not wait goes out with the next call on the socket, select
 * and poll sets included.  Two processes must not use one TLS connection: fork
 * before the handshake, or close it in one of the two.  A close says no goodbye
 * if the process has forked since it used the connection last.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_STREAM_H
#define SOCK_STREAM_H

#include <sock/base.h>
#include <sock/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What sock_stream_server() does; 0: what is usual for the transport. */
enum {
    LIBSOCK_SERVER_BIND   = 4, /**< take the address */
    LIBSOCK_SERVER_LISTEN = 8  /**< and accept connections */
};

/** How sock_stream_client() connects; 0: LIBSOCK_CLIENT_CONNECT. */
enum {
    LIBSOCK_CLIENT_ASYNC    = 2,    /**< return while it connects */
    LIBSOCK_CLIENT_CONNECT  = 4,    /**< return when it is connected */
    LIBSOCK_CLIENT_DEADLINE = 0x100 /**< the time goes on as its deadline */
};

/** Who speaks first in TLS, and which versions: for
 * sock_stream_enable_crypto() and "ssl.crypto_method". PHP's numbers. */
enum {
    LIBSOCK_CRYPTO_TLSv1_0_SERVER = 8,   /**< TLS 1.0 */
    LIBSOCK_CRYPTO_TLSv1_0_CLIENT = 9,   /**< TLS 1.0 */
    LIBSOCK_CRYPTO_TLSv1_1_SERVER = 16,  /**< TLS 1.1 */
    LIBSOCK_CRYPTO_TLSv1_1_CLIENT = 17,  /**< TLS 1.1 */
    LIBSOCK_CRYPTO_TLSv1_2_SERVER = 32,  /**< TLS 1.2 */
    LIBSOCK_CRYPTO_TLSv1_2_CLIENT = 33,  /**< TLS 1.2 */
    LIBSOCK_CRYPTO_TLSv1_3_SERVER = 64,  /**< TLS 1.3 */
    LIBSOCK_CRYPTO_TLSv1_3_CLIENT = 65,  /**< TLS 1.3 */
    LIBSOCK_CRYPTO_TLS_SERVER     = 96,  /**< the secure ones: 1.2 and 1.3 */
    LIBSOCK_CRYPTO_TLS_CLIENT     = 97,  /**< the secure ones: 1.2 and 1.3 */
    LIBSOCK_CRYPTO_ANY_SERVER     = 120, /**< all, the old ones too */
    LIBSOCK_CRYPTO_ANY_CLIENT     = 121  /**< all, the old ones too */
};

/** A version of TLS: for "ssl.min_proto_version" and "ssl.max_proto_version".
 * PHP's numbers. */
enum {
    LIBSOCK_CRYPTO_PROTO_TLSv1_0 = 8,  /**< TLS 1.0 */
    LIBSOCK_CRYPTO_PROTO_TLSv1_1 = 16, /**< TLS 1.1 */
    LIBSOCK_CRYPTO_PROTO_TLSv1_2 = 32, /**< TLS 1.2 */
    LIBSOCK_CRYPTO_PROTO_TLSv1_3 = 64  /**< TLS 1.3 */
};

/** What sock_stream_get_meta_data() tells. Later versions add fields at the
 * end. */
typedef struct {
    bool   timed_out;     /**< the last read met its limit */
    bool   blocked;       /**< calls wait */
    bool   eof;           /**< as sock_eof() */
    size_t unread_bytes;  /**< bytes that libsock holds already */
    char   transport[16]; /**< "tcp", "udp", "unix", "udg", "tls" */
    char   protocol[16];  /**< "TLSv1.3"; "" without TLS, as are: */
    char   cipher[64];    /**< "TLS_AES_256_GCM_SHA384" */
    int    cipher_bits;   /**< 256; 0 without TLS */
    bool   resumed;       /**< the TLS session went on from an earlier one */
    char   alpn[256];     /**< the protocol chosen by ALPN, "" for none */
} sock_meta_t;

/* ---- making ---- */

/**
 * Make a server.
 *
 * PHP: stream_socket_server(). PHP asks for STREAM_SERVER_BIND alone with udp
 * and udg; here 0 does.
 *
 * @param url    where: "tcp://127.0.0.1:80", "tls://[::]:443", "unix:///run/x";
 *               port 0 has the system pick one, see sock_stream_get_name()
 * @param flags  0, or LIBSOCK_SERVER_BIND, perhaps with LIBSOCK_SERVER_LISTEN
 * @param ctx    options; NULL: all at their defaults
 *
 * @return the server; NULL with the reason in sock_last_error(NULL):
 *           EINVAL        the URL is not one (sock_last_message() tells where),
 *                         the flags do not suit, or an option has no meaning
 *           EADDRINUSE    somebody has the address; of unix, the file exists
 *           EADDRNOTAVAIL this machine has no such address
 *           EACCES        the port or the directory is not for this user
 *           ENAMETOOLONG  the path has more than 107 bytes
 *           ENOENT        the directory does not exist; fd: no such name or
 *                         number was handed over
 *           EBUSY         fd: that one was taken already; socket.unlink:
 *                         another program keeps the directory locked
 *           EOPNOTSUPP    TLS is not built in, or an option that is required
 *           LIBSOCK_EAI_...   the host name has no address
 *           LIBSOCK_ETLS_...  a file of the context is bad: which, and why
 *           or a code of sock_create()'s
 *
 * @see sock_stream_accept(), sock_context_create()
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *
sock_stream_server(const char *url, int flags, sock_context_t *ctx);

/**
 * Make a client: look the host up, connect, and with TLS shake hands.
 *
 * A name's addresses of both families race, as RFC 8305 describes. All of it
 * ends when the time is over.
 *
 * PHP: stream_socket_client(), fsockopen().
 *
 * @param url         where to: "tcp://example.com:80", "tls://example.com:443"
 * @param timeout_ms  for all of it together, in milliseconds; -1 for ever
 * @param flags       0 or LIBSOCK_CLIENT_CONNECT; LIBSOCK_CLIENT_ASYNC waits
 *                    for the look-up only: the socket is writable when it is
 *                    decided, and SO_ERROR tells how; TLS begins at the first
 *                    read or write. Perhaps with LIBSOCK_CLIENT_DEADLINE: what
 *                    is left of the time holds for all calls on the handle
 * @param ctx         options; NULL: all at their defaults
 *
 * @return the connected socket; NULL with the reason in sock_last_error(NULL),
 *         and the reason of each address in sock_last_message(NULL):
 *           EINVAL        as in sock_stream_server(); or timeout_ms < -1
 *           ECONNREFUSED  nobody listens there
 *           ETIMEDOUT     the time is over
 *           ENETUNREACH, EHOSTUNREACH  no way leads there
 *           ENOENT        unix: no such file
 *           ENAMETOOLONG  the path or the name is too long
 *           EOPNOTSUPP    TLS is not built in, or an option that is required
 *           LIBSOCK_EAI_...   the host name has no address
 *           LIBSOCK_ETLS_...  a file of the context is bad, the handshake
 *                             failed, or the server is not who it should be
 *           or a code of sock_create()'s
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *sock_stream_client(const char *url,
                                                        int         timeout_ms,
                                                        int         flags,
                                                        sock_context_t *ctx);

/**
 * Take the next connection, or on UDP the next peer.
 *
 * On UDP the handle is bound to the sender of a datagram: its first read is
 * that datagram, the next ones are what the same sender sends, and its writes
 * answer. What it has not read when it is closed goes back to the server.
 *
 * The new socket is blocking, and has its server's timeouts and context. The
 * server's timeouts do not count here: timeout_ms does, and is not looked at if
 * the server is non-blocking.
 *
 * PHP: stream_socket_accept(), which does not work with udp.
 *
 * @param server      a server of tcp, tls, unix or udp; of udg EOPNOTSUPP
 * @param timeout_ms  in milliseconds; -1 for ever, 0 at once
 * @param peer        where the peer's name goes; may be NULL
 * @param size        room there, in bytes: LIBSOCK_NAMESTRLEN always suffices
 *
 * @return the connection; NULL with the reason in sock_last_error(server):
 *           EBADF      server is not open
 *           EINVAL     it does not listen, size is too small, or timeout_ms is
 *                      less than -1
 *           ETIMEDOUT  the time, or the server's deadline, is over
 *           EAGAIN     nobody is there, and server is non-blocking
 *           EINTR      a handler without SA_RESTART ran
 *           ECANCELED  server was closed by another thread meanwhile
 *           EMFILE, ENFILE, ENOMEM, ENOBUFS  no room for another; see
 *                      sock_accept()
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *
sock_stream_accept(sock_t *server, int timeout_ms, char *peer, size_t size);

/**
 * Make two sockets that are connected to each other.
 *
 * PHP: stream_socket_pair().
 *
 * @param domain    AF_UNIX
 * @param type      as in sock_create()
 * @param protocol  0
 * @param pair      where the two handles go; untouched on failure
 *
 * @return true; false with a code of sock_create_pair()'s in
 *         sock_last_error(NULL)
 */
LIBSOCK_API bool sock_stream_pair(int domain, int type, int protocol,
                                  sock_t *pair[2]);

/**
 * The transports that URLs may name.
 *
 * PHP: stream_get_transports().
 *
 * @return constant names, NULL behind the last; never NULL
 */
LIBSOCK_API const char *const *sock_stream_get_transports(void);

/* ---- names and datagrams ---- */

/**
 * The name of either end: "127.0.0.1:80", "[::1]:80", "/path", "@name".
 *
 * PHP: stream_socket_get_name().
 *
 * @param s       a socket
 * @param remote  the peer's name, not its own
 * @param name    where it goes; "" if that end has none
 * @param size    room there, in bytes: LIBSOCK_NAMESTRLEN always suffices
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      name is NULL, or size less than s's family can need
 *           ENOTCONN    there is no peer
 *           EOPNOTSUPP  the name is an abstract one with a NUL in it
 */
LIBSOCK_API bool sock_stream_get_name(sock_t *s, bool remote, char *name,
                                      size_t size);

/**
 * Receive, and learn the sender's name.
 *
 * Sees what is buffered or encrypted like any other call.
 *
 * PHP: stream_socket_recvfrom(), with MSG_PEEK for STREAM_PEEK and MSG_OOB for
 * STREAM_OOB.
 *
 * @param s      a socket
 * @param buf    where the bytes go
 * @param len    room in buf, in bytes; 0 is EINVAL
 * @param flags  as in sock_recv()
 * @param peer   where the sender's name goes, "127.0.0.1:80"; may be NULL
 * @param size   room there, in bytes: LIBSOCK_NAMESTRLEN always suffices
 *
 * @return as sock_recvfrom(); EINVAL also if size is less than s's family can
 *         need
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_stream_recvfrom(sock_t *s, void *buf,
                                                          size_t len, int flags,
                                                          char  *peer,
                                                          size_t size);

/**
 * Send to whom peer names.
 *
 * PHP: stream_socket_sendto().
 *
 * @param s      a socket
 * @param buf    the bytes
 * @param len    how many
 * @param flags  as in sock_send()
 * @param peer   "127.0.0.1:80", "[::1]:80", "/path"; NULL or "": the peer that
 *               s is connected to
 *
 * @return as sock_sendto(); EINVAL also if peer is no name
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_stream_sendto(sock_t     *s,
                                                        const void *buf,
                                                        size_t len, int flags,
                                                        const char *peer);

/* ---- TLS ---- */

/**
 * Begin TLS on a connection, or end it.
 *
 * Beginning does the whole handshake, within the handle's limits or 60
 * seconds; on a non-blocking handle a step of it: call again after EAGAIN, once
 * s is readable; true says that it is done. The options are those of the URL's
 * context; of a socket made otherwise, of sock_stream_set_context(). On a
 * handle that has TLS already it finishes the handshake. Ending says goodbye,
 * awaits the peer's, and goes on in the clear.
 *
 * PHP: stream_socket_enable_crypto(), which returns 0 where this fails with
 * EAGAIN.
 *
 * @param s        a connected TCP or AF_UNIX stream
 * @param enable   begin, or end
 * @param method   LIBSOCK_CRYPTO_...; 0: the context's, else a server's for
 *                 accepted sockets and a client's for all others
 * @param session  a client's: another TLS socket whose session this one goes
 *                 on with; may be NULL
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s, or session, is not open
 *           EINVAL      method is none, or session has no TLS
 *           EALREADY    s has TLS, of another method
 *           EOPNOTSUPP  s is no stream, or TLS is not built in
 *           EBUSY       beginning: s holds bytes that were read in the clear,
 *                       or another call waits on it; ending: there are bytes
 *                       that nobody has read
 *           EAGAIN      s is non-blocking, and the peer is awaited
 *           ENOTCONN    s is not connected; ending: the handshake is not done
 *           ETIMEDOUT   the time is over
 *           ECANCELED   s was closed by another thread meanwhile
 *           LIBSOCK_ETLS_...  a file of the context is bad, the handshake
 *                             failed, or the peer is not who it should be
 */
LIBSOCK_API bool sock_stream_enable_crypto(sock_t *s, bool enable, int method,
                                           sock_t *session);

/**
 * A certificate that the peer has shown, as PEM.
 *
 * PHP: the options capture_peer_cert and capture_peer_cert_chain.
 *
 * @param s      a TLS socket whose handshake is done
 * @param depth  0: its own; 1: who signed that, and so on
 * @param pem    where the text goes, with its end; may be NULL if size is 0
 * @param size   room there, in bytes
 *
 * @return the bytes of the text without its end, which may be more than fit:
 *         then nothing was stored; 0: there is none at that depth; -1 with the
 *         reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EOPNOTSUPP  s has no TLS
 *           ENOTCONN    the handshake is not done
 *           EINVAL      pem is NULL and size is not 0
 *           ENOMEM      out of memory
 */
LIBSOCK_API ssize_t sock_stream_get_peer_certificate(sock_t *s, size_t depth,
                                                     char *pem, size_t size);

/**
 * Give a server another context: sockets that are accepted from now on use it.
 * So certificates change without a restart. Given to another stream it counts
 * when TLS begins there.
 *
 * PHP: none.
 *
 * @param server  a server, or a stream that has no TLS yet
 * @param ctx     its new options, those of a TLS server checked at once; NULL:
 *                all at their defaults. The socket.* of the server itself do
 *                not change
 *
 * @return true; false with the reason in sock_last_error(server), and the
 *         server goes on with what it had:
 *           EBADF     server is not open
 *           EINVAL    it is no stream
 *           EALREADY  it has TLS already
 *           ENOMEM    out of memory
 *           LIBSOCK_ETLS_...  a file of the context is bad
 */
LIBSOCK_API bool sock_stream_set_context(sock_t *server, sock_context_t *ctx);

/**
 * What there is to know about a stream.
 *
 * PHP: stream_get_meta_data().
 *
 * @param s     a socket
 * @param out   where it goes
 * @param size  sizeof *out
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EINVAL  out is NULL, or size is 0
 */
LIBSOCK_API bool sock_stream_get_meta_data(sock_t *s, sock_meta_t *out,
                                           size_t size);

/* ---- as with files ---- */

/**
 * Read a line, up to and with "\n"; other than a file's a "\r" stays, too.
 *
 * PHP: fgets().
 *
 * @param s     a connected stream
 * @param buf   where the line goes, with a NUL behind it
 * @param size  room there, in bytes; a longer line comes in pieces of size - 1
 *              bytes; less than 2 is EINVAL
 *
 * @return bytes stored, without the NUL; 0 at the end of the stream, whose last
 *         line may lack its "\n"; -1 with a code of sock_read()'s, which keeps
 *         what there is of the line for the next call. buf is "" in both
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_gets(sock_t *s, char *buf,
                                               size_t size);

/**
 * Read a line that ends as you say, and drop its ending.
 *
 * An empty line and the end of the stream differ, as do a line and a piece of
 * one: a piece has size - 1 bytes, and the rest of its line, which may be
 * empty, is still to come.
 *
 * PHP: stream_get_line().
 *
 * @param s       a connected stream
 * @param buf     where the line goes, with a NUL behind it
 * @param size    room there, in bytes, less than 2 is EINVAL
 * @param ending  what ends a line, such as "\r\n"; "" or NULL is EINVAL, as is
 *                one of 256 bytes or more
 * @param length  bytes stored, without the NUL; may be NULL
 *
 * @return 1: a line, or a piece; 0: the end of the stream; -1 with a code of
 *         sock_read()'s, as in sock_gets()
 */
LIBSOCK_API LIBSOCK_MUST_USE int sock_stream_get_line(sock_t *s, char *buf,
                                                      size_t      size,
                                                      const char *ending,
                                                      size_t     *length);

/**
 * Read until the end of the stream, or until buf is full.
 *
 * PHP: stream_get_contents().
 *
 * @param s     a connected stream
 * @param buf   where the bytes go; not NUL-terminated
 * @param size  room there, in bytes; 0 is EINVAL
 *
 * @return bytes stored: fewer than size if that was all until the end, or if
 *         the stream failed, which the next call tells; 0 at the end; -1 with a
 *         code of sock_read()'s if not a byte came
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_stream_get_contents(sock_t *s,
                                                              void   *buf,
                                                              size_t  size);

/**
 * Write formatted text, all of it.
 *
 * Not for non-blocking handles, whose text may be cut anywhere: format it
 * yourself, and let sock_write_all() tell how far it came.
 *
 * PHP: fprintf().
 *
 * @param s       a connected socket
 * @param format  as in printf(), and what it asks for behind it
 *
 * @return bytes written; -1 with the reason in sock_last_error(s), when part of
 *         it may have been written:
 *           EINVAL     format is NULL, or cannot be carried out
 *           EOVERFLOW  the text has more than INT_MAX bytes
 *           ENOMEM     out of memory
 *           or a code of sock_write_all()'s
 */
LIBSOCK_API ssize_t sock_printf(sock_t *s, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/**
 * Has a read met the end of the stream?
 *
 * Never asks the system: only a read finds the end. A part of a line that a
 * failed line read has left counts as buffered, as another kind of read gets
 * it: so a loop of line reads ends when one fails, and not only here.
 *
 * PHP: feof(), which does ask.
 *
 * @param s  a socket
 *
 * @return true: a read has met the end or failed for good, or s is not open;
 *         false: there may be more, or bytes are buffered
 */
LIBSOCK_API bool sock_eof(sock_t *s);

#ifdef __cplusplus
}
#endif

#endif
