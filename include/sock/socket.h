/* sock/socket.h - PHP's sockets: the verbs, in the order a program uses them.
 *
 * An address is text and a port, as in PHP.  AF_INET: "127.0.0.1" or a name.
 * AF_INET6: "::1", "fe80::1%eth0", a name, or an IPv4 address, which is mapped
 * to "::ffff:127.0.0.1"; so IPv4 peers read back on a socket of every address,
 * which is for both families unless IPV6_V6ONLY is set.
 * AF_UNIX: a path, or "@name" for an abstract one; a file whose name starts
 * with @ is written "./@name".  The port of an AF_UNIX address is not looked
 * at, and read back as 0.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_SOCKET_H
#define SOCK_SOCKET_H

#include <sock/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How sock_read() reads: one of the first two, perhaps with the third. */
enum {
    LIBSOCK_NORMAL_READ = 1,    /**< up to and with the first "\r" or "\n" */
    LIBSOCK_BINARY_READ = 2,    /**< whatever is there */
    LIBSOCK_DONTWAIT    = 0x100 /**< EAGAIN rather than wait, this once */
};

/* ---- life ---- */

/**
 * Make a socket.
 *
 * It is close-on-exec, and blocking unless type has SOCK_NONBLOCK.
 *
 * PHP: socket_create().
 *
 * @param domain    AF_INET, AF_INET6 or AF_UNIX
 * @param type      SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET or SOCK_RAW,
 *                  perhaps with SOCK_NONBLOCK
 * @param protocol  0 for the usual one, or IPPROTO_...
 *
 * @return the socket; NULL with the reason in sock_last_error(NULL):
 *           EAFNOSUPPORT     the domain is none of the three
 *           EPROTONOSUPPORT  the protocol does not exist in that domain
 *           ESOCKTNOSUPPORT  the type does not exist in that domain
 *           EINVAL           the type or the protocol is no such number
 *           EPERM, EACCES    raw sockets are for the superuser
 *           EMFILE, ENFILE   too many descriptors are open
 *           ENOMEM, ENOBUFS  out of memory
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *sock_create(int domain, int type,
                                                 int protocol);

/**
 * Make two sockets that are connected to each other.
 *
 * PHP: socket_create_pair(), stream_socket_pair().
 *
 * @param domain    AF_UNIX
 * @param type      as in sock_create()
 * @param protocol  0
 * @param pair      where the two handles go; untouched on failure
 *
 * @return true; false with the reason in sock_last_error(NULL):
 *           EINVAL      pair is NULL
 *           EOPNOTSUPP  the domain has no pairs
 *           or a code of sock_create()'s
 */
LIBSOCK_API bool sock_create_pair(int domain, int type, int protocol,
                                  sock_t *pair[2]);

/**
 * Make a TCP server on every IPv4 address: create, bind, listen in one.
 *
 * Sets SO_REUSEADDR, so that a restart works at once.
 *
 * PHP: socket_create_listen(), which does not set it.
 *
 * @param port     0 to 65535; 0 has the system pick one, see
 *                 sock_getsockname()
 * @param backlog  as in sock_listen()
 *
 * @return the listening socket; NULL with the reason in sock_last_error(NULL):
 *           EINVAL      the port is out of range
 *           EADDRINUSE  somebody listens there
 *           EACCES      the port is for the superuser
 *           or a code of sock_create()'s
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *sock_create_listen(int port, int backlog);

/**
 * Close a socket. The handle is refused from now on, everywhere.
 *
 * Never waits. A call in progress on it in another thread returns with
 * ECANCELED, or with the bytes it already moved. If there may be one that
 * waits, the connection is shut down to wake it, also for other processes that
 * share it; else they keep it. Bytes already written are still delivered.
 *
 * PHP: socket_close().
 *
 * @param s  a socket
 *
 * @return true; false with EBADF in sock_last_error(s) if it is not open
 */
LIBSOCK_API bool sock_close(sock_t *s);

/**
 * End one direction of a connection, or both; the handle stays open.
 *
 * On a TLS socket SHUT_WR waits until all is sent, SHUT_RDWR also for the
 * peer's goodbye, within the handle's limits or 5 seconds.
 *
 * PHP: socket_shutdown(), stream_socket_shutdown().
 *
 * @param s    a connected socket
 * @param how  SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF     s is not open
 *           EINVAL    how is none of the three
 *           ENOTCONN  s is not connected
 *         of a TLS socket also, the connection then being ended all the same:
 *           ETIMEDOUT  the limits passed
 *           EAGAIN     s is non-blocking: call again, this one did not end it
 *           or a code of sock_read()'s
 */
LIBSOCK_API bool sock_shutdown(sock_t *s, int how);

/**
 * A number for people: "Resource id #5". Numbers of closed sockets are used
 * again.
 *
 * PHP: spl_object_id(), (int) of a resource in PHP 4.
 *
 * @param s  a socket, open or not
 *
 * @return a number from 1; 0 for NULL
 */
LIBSOCK_API long sock_id(sock_t *s);

/* ---- names ---- */

/**
 * Give a socket its own address.
 *
 * Sets no options: see SO_REUSEADDR. A host name is looked up in the socket's
 * family, its first address taken.
 *
 * PHP: socket_bind().
 *
 * @param s        a socket without an address
 * @param address  as at the head of this file; "" or NULL: every address (of
 *                 AF_UNIX: an abstract name the system picks)
 * @param port     0 to 65535; 0 has the system pick one
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF          s is not open
 *           EINVAL         a port out of range, an address that cannot be one,
 *                          or s has an address
 *           EAFNOSUPPORT   an IPv6 address for an AF_INET socket
 *           ENAMETOOLONG   a path over 107 bytes, a name over 255
 *           ENODEV         the scope after % names no interface
 *           EADDRINUSE     somebody has that address; AF_UNIX: the file exists
 *           EADDRNOTAVAIL  the address is not this machine's
 *           EACCES         the port, or the folder, is not for this user
 *           ENOENT         AF_UNIX: there is no such folder
 *           LIBSOCK_EAI_...  the name was not found
 *           ETIMEDOUT      the limits passed during the look-up
 *           ECANCELED      s was closed by another thread meanwhile
 */
LIBSOCK_API bool sock_bind(sock_t *s, const char *address, int port);

/**
 * Connect to a peer; a datagram socket gets a fixed peer.
 *
 * A host name is looked up in the socket's family and every address tried in
 * turn. Look-up and attempts together are bound by the handle's limits for
 * writing. After a failure the socket may connect again.
 *
 * A non-blocking socket waits for a look-up only, starts with the first
 * address, and fails with EINPROGRESS: when sock_select() finds it writable,
 * SO_ERROR tells how it ended.
 *
 * PHP: socket_connect(), which tries the first address only.
 *
 * @param s        a socket
 * @param address  as at the head of this file
 * @param port     0 to 65535
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF         s is not open
 *           EINVAL        address NULL or empty, or it cannot be one; a port
 *                         out of range; s listens
 *           EAFNOSUPPORT  an IPv6 address for an AF_INET socket
 *           ENAMETOOLONG  a path over 107 bytes, a name over 255
 *           ENODEV        the scope after % names no interface
 *           LIBSOCK_EAI_... the name was not found
 *           ECONNREFUSED  nobody listens there
 *           ENOENT        AF_UNIX: there is no such file
 *           EPROTOTYPE    AF_UNIX: that socket is of another type
 *           EISCONN       s is connected; a TCP socket that listens
 *           ENETUNREACH, EHOSTUNREACH  there is no way there
 *           EADDRNOTAVAIL no local port is free
 *           EACCES, EPERM not for this user; a broadcast address without
 *                         SO_BROADCAST
 *           EINPROGRESS   s is non-blocking: under way
 *           EALREADY      s is non-blocking: still under way; or another
 *                         thread is connecting it
 *           EAGAIN        s is non-blocking, AF_UNIX: the backlog is full
 *           ECONNABORTED  s was shut down by another thread meanwhile
 *           ETIMEDOUT     the limits passed, or the system gave up
 *           ECANCELED     s was closed by another thread meanwhile
 */
LIBSOCK_API bool sock_connect(sock_t *s, const char *address, int port);

/**
 * Let others connect to a bound socket.
 *
 * PHP: socket_listen().
 *
 * @param s        a stream or seqpacket socket
 * @param backlog  connections that may wait for sock_accept(); negative, or
 *                 more than the system allows: as many as it allows
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EOPNOTSUPP  a socket of this type cannot listen
 *           EINVAL      s is connected, or AF_UNIX and not bound
 *           EADDRINUSE  somebody listens there
 */
LIBSOCK_API bool sock_listen(sock_t *s, int backlog);

/**
 * Take the next waiting connection.
 *
 * The new socket is blocking and has its listener's timeouts, not its
 * deadline. A connection that was dropped before its turn is passed over.
 *
 * PHP: socket_accept().
 *
 * @param s  a listening socket
 *
 * @return the connection; NULL with the reason in sock_last_error(s):
 *           EBADF           s is not open
 *           EINVAL          s does not listen
 *           EOPNOTSUPP      a socket of this type cannot listen
 *           EAGAIN          nobody waits and s is non-blocking
 *           ETIMEDOUT       the limits for reading passed
 *           EINTR           a handler ran that was set without SA_RESTART:
 *                           a server can end on SIGTERM. One that must not
 *                           miss it waits in a poll set, see sock_poll_wake()
 *           EMFILE, ENFILE  too many descriptors; the connection goes on
 *                           waiting, so a select tells of it at once again:
 *                           leave s out until there are descriptors
 *           ENOMEM, ENOBUFS out of memory; likewise
 *           ECANCELED       s was closed by another thread meanwhile
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *sock_accept(sock_t *s);

/**
 * The socket's own address.
 *
 * PHP: socket_getsockname().
 *
 * @param s        a socket
 * @param address  where the text goes, "" for an AF_UNIX socket without a
 *                 name; may be NULL
 * @param size     room in address, in bytes; LIBSOCK_ADDRSTRLEN always suffices
 * @param port     where the port goes; may be NULL
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      size is less than s's family can need
 *           EOPNOTSUPP  an abstract name with a NUL in it, or a family without
 *                       a text form
 */
LIBSOCK_API bool sock_getsockname(sock_t *s, char *address, size_t size,
                                  int *port);

/**
 * The address of the peer a socket is connected to.
 *
 * PHP: socket_getpeername().
 *
 * @param s        a connected socket
 * @param address  as in sock_getsockname()
 * @param size     as in sock_getsockname()
 * @param port     as in sock_getsockname()
 *
 * @return true; false with the reason in sock_last_error(s): ENOTCONN, or a
 *         code of sock_getsockname()'s
 */
LIBSOCK_API bool sock_getpeername(sock_t *s, char *address, size_t size,
                                  int *port);

/* ---- bytes ---- */

/**
 * Read up to len bytes, or up to and including the next line end.
 *
 * Waits for the first byte unless told not to. A line ends at the first "\r"
 * or "\n", which is included: "one\r\n" is the line "one\r" and the line "\n".
 * A longer line comes in pieces of len bytes. A last line without its end is
 * delivered, but not if the connection failed: then it is a binary read that
 * gets it. What arrived behind a line stays buffered: the next read, recv or
 * select on this handle sees it first. A line that is cut off by EAGAIN or
 * ETIMEDOUT is kept for the next call.
 *
 * PHP: socket_read(). PHP_NORMAL_READ loses a last line without its end.
 *
 * @param s     a connected socket
 * @param buf   where the bytes go; not NUL-terminated
 * @param len   room in buf, in bytes
 * @param mode  LIBSOCK_BINARY_READ or LIBSOCK_NORMAL_READ, perhaps with
 *              LIBSOCK_DONTWAIT
 *
 * @return bytes stored; 0 at the end of a stream, or for an empty datagram; -1
 *         with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      buf NULL, len 0, or no such mode
 *           ENOTCONN    s is not connected
 *           EOPNOTSUPP  a line from a datagram or seqpacket socket
 *           EAGAIN      nothing, or no whole line, there yet, and s is
 *                       non-blocking or LIBSOCK_DONTWAIT was given
 *           ETIMEDOUT   the handle's timeout or deadline passed
 *           ECONNRESET  the peer dropped the connection
 *           ENOMEM      no memory for the line buffer
 *           ECANCELED   s was closed by another thread meanwhile
 *
 * @see sock_recv(), sock_select()
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_read(sock_t *s, void *buf, size_t len,
                                               int mode);

/**
 * Write up to len bytes. May be short, as PHP's; sock_write_all() never is.
 *
 * PHP: socket_write().
 *
 * @param s    a connected socket
 * @param buf  the bytes
 * @param len  how many; 0 returns 0, and sends an empty datagram
 *
 * @return bytes sent; -1 with the reason in sock_last_error(s), nothing sent:
 *           EBADF        s is not open
 *           EINVAL       buf is NULL and len is not 0
 *           ENOTCONN     s is not connected
 *           EDESTADDRREQ a datagram socket without a fixed peer
 *           EPIPE        the connection is over
 *           ECONNRESET   the peer dropped the connection
 *           ECONNREFUSED a datagram sent before found nobody
 *           EMSGSIZE     too long for a datagram
 *           EAGAIN       no room yet and s is non-blocking
 *           ETIMEDOUT    the handle's timeout or deadline passed
 *           ENOBUFS, ENOMEM  out of memory
 *           ECANCELED    s was closed by another thread meanwhile
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_write(sock_t *s, const void *buf,
                                                size_t len);

/**
 * Receive, as recv(2), with what is buffered first.
 *
 * PHP: socket_recv().
 *
 * @param s      a connected socket
 * @param buf    where the bytes go
 * @param len    room in buf, in bytes
 * @param flags  MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_OOB, MSG_TRUNC ...;
 *               MSG_OOB and MSG_ERRQUEUE go past the buffer
 *
 * @return bytes stored (with MSG_TRUNC, a datagram's whole length); 0 at the
 *         end of a stream, or for an empty datagram; -1 with the reason in
 *         sock_last_error(s): as sock_read(), and
 *           EOPNOTSUPP  s has no such flag
 *           EINVAL      there is no urgent byte
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_recv(sock_t *s, void *buf, size_t len,
                                               int flags);

/**
 * Send, as send(2); SIGPIPE is never raised.
 *
 * PHP: socket_send().
 *
 * @param s      a connected socket
 * @param buf    the bytes
 * @param len    how many; 0 as in sock_write()
 * @param flags  MSG_DONTWAIT, MSG_MORE, MSG_OOB, MSG_DONTROUTE ...
 *
 * @return bytes sent; -1 with the reason in sock_last_error(s): as
 *         sock_write(), and
 *           EOPNOTSUPP  s has no such flag
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_send(sock_t *s, const void *buf,
                                               size_t len, int flags);

/**
 * Receive, and learn from whom.
 *
 * PHP: socket_recvfrom(), stream_socket_recvfrom().
 *
 * @param s        a socket
 * @param buf      where the bytes go
 * @param len      room in buf, in bytes
 * @param flags    as in sock_recv()
 * @param address  where the sender's address goes, "" for an AF_UNIX sender
 *                 without a name or with a NUL in it; the peer of a stream;
 *                 may be NULL
 * @param size     room in address, in bytes; LIBSOCK_ADDRSTRLEN always suffices
 * @param port     where the sender's port goes; may be NULL
 *
 * @return as sock_recv(), and
 *           EINVAL  size is less than s's family can need; nothing received
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_recvfrom(sock_t *s, void *buf,
                                                   size_t len, int flags,
                                                   char *address, size_t size,
                                                   int *port);

/**
 * Send to an address.
 *
 * PHP: socket_sendto(), stream_socket_sendto().
 *
 * @param s        a socket
 * @param buf      the bytes
 * @param len      how many; 0 sends an empty datagram
 * @param flags    as in sock_send()
 * @param address  as at the head of this file; a name is looked up at each
 *                 call, its first address taken
 * @param port     0 to 65535
 *
 * @return bytes sent; -1 with the reason in sock_last_error(s): as
 *         sock_write() and for the address as sock_connect(), and
 *           EISCONN  s is a connected stream
 *           EACCES   a broadcast address without SO_BROADCAST
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_sendto(sock_t *s, const void *buf,
                                                 size_t len, int flags,
                                                 const char *address, int port);

/**
 * Write all bytes, or fail and tell how many went out.
 *
 * The handle's limits for writing hold for the whole of it.
 *
 * PHP: the loop around socket_write() that every program needs.
 *
 * @param s     a connected socket
 * @param buf   the bytes
 * @param len   how many
 * @param done  where the count of bytes sent goes, also on failure; may be
 *              NULL
 *
 * @return true if all are sent; false with the reason in sock_last_error(s),
 *         as sock_write()
 */
LIBSOCK_API bool sock_write_all(sock_t *s, const void *buf, size_t len,
                                size_t *done);

/**
 * Is the next byte to be read the first one after urgent data?
 *
 * PHP: socket_atmark().
 *
 * @param s   a stream socket
 * @param at  where the answer goes; false while bytes are buffered
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF       s is not open
 *           EINVAL      at is NULL
 *           EOPNOTSUPP  s has no urgent data
 */
LIBSOCK_API bool sock_atmark(sock_t *s, bool *at);

/* ---- mode and time ---- */

/**
 * From now on, fail with EAGAIN rather than wait.
 *
 * The mode is the descriptor's, shared with processes that have it too.
 *
 * PHP: socket_set_nonblock(), stream_set_blocking(false).
 *
 * @param s  a socket
 *
 * @return true; false with EBADF in sock_last_error(s) if it is not open
 */
LIBSOCK_API bool sock_set_nonblock(sock_t *s);

/**
 * From now on, wait; the mode a socket starts in.
 *
 * PHP: socket_set_block(), stream_set_blocking(true).
 *
 * @param s  a socket
 *
 * @return true; false with EBADF in sock_last_error(s) if it is not open
 */
LIBSOCK_API bool sock_set_block(sock_t *s);

/**
 * How long each call may wait: connect, accept, read, write.
 *
 * Sets the limits for reading (and accept) and for writing (and connect)
 * alike; SO_RCVTIMEO and SO_SNDTIMEO set one of them. A call that reaches its
 * limit fails with ETIMEDOUT. Holds from the next call.
 *
 * PHP: socket_set_option() with SO_RCVTIMEO and SO_SNDTIMEO,
 * stream_set_timeout().
 *
 * @param s           a socket
 * @param timeout_ms  milliseconds; -1 for ever, 0 not at all
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EINVAL  timeout_ms is below -1
 *
 * @see sock_set_deadline()
 */
LIBSOCK_API bool sock_set_timeout(sock_t *s, int timeout_ms);

/**
 * How long all calls together may take, from now on.
 *
 * When the time is over every call that would move bytes, connect or accept
 * fails with ETIMEDOUT, at once and even if it need not wait: a peer that
 * keeps sending cannot stretch it. The earlier of timeout and deadline counts.
 * Calls that do not wait, being non-blocking, look at neither: a loop of
 * them keeps its own clock.
 *
 * PHP: none.
 *
 * @param s           a socket
 * @param timeout_ms  milliseconds from now; -1: no deadline
 *
 * @return true; false with the reason in sock_last_error(s):
 *           EBADF   s is not open
 *           EINVAL  timeout_ms is below -1
 */
LIBSOCK_API bool sock_set_deadline(sock_t *s, int timeout_ms);

/**
 * Wait until one of many sockets can be read, written, or has urgent data.
 *
 * The arrays keep their places: a NULL slot is skipped, a slot that is not
 * ready becomes NULL. Readable: bytes, the end, an error, a connection to
 * accept, or bytes that libsock has buffered (but a part of a line that a line
 * read has already refused does not count). Writable: room, or a connect that
 * has ended, well or not. Except: urgent data. A handle that is closed, or is
 * closed meanwhile, counts as ready: the next call on it says EBADF.
 *
 * A thread that selects more than four, and much the same again and again, pays
 * for what is ready, not for how many it asks for: it keeps a set of them,
 * which takes two descriptors until the thread ends. If those cannot be had it
 * does without. Not for a signal handler.
 *
 * PHP: socket_select(), stream_select().
 *
 * @param read        sockets to read from; may be NULL
 * @param nread       slots in read
 * @param write       sockets to write to; may be NULL
 * @param nwrite      slots in write
 * @param except      sockets to watch for urgent data; may be NULL
 * @param nexcept     slots in except
 * @param timeout_ms  milliseconds; -1 for ever, 0 only looks
 *
 * @return how many slots are ready, over the three arrays; 0 when the time is
 *         over; -1 with the reason in sock_last_error(NULL), every slot then
 *         as it was:
 *           EINVAL  no handle in any array, an array NULL with slots, arrays
 *                   that overlap, or timeout_ms is below -1
 *           EINTR   a signal handler ran and nothing was ready; in a program
 *                   that has handlers perhaps also because it was stopped and
 *                   continued
 *           EBUSY   too many calls at once on one of the sockets
 *           ENOMEM  no memory to look at that many
 *
 * Threads: a handle that another thread gives up by sock_export_fd() meanwhile
 * counts as closed, unless that call was refused with EBUSY.
 */
LIBSOCK_API int sock_select(sock_t **read, size_t nread, sock_t **write,
                            size_t nwrite, sock_t **except, size_t nexcept,
                            int timeout_ms);

/* ---- descriptors ---- */

/**
 * Make a handle of a descriptor made elsewhere.
 *
 * Owns the descriptor from then on, on success only. It becomes
 * close-on-exec. Domain, type, mode, timeouts and state are learned from it.
 * Nobody else may close it, nor import it again.
 *
 * PHP: socket_import_stream().
 *
 * @param fd  an open socket descriptor
 *
 * @return the handle; NULL with the reason in sock_last_error(NULL):
 *           EBADF     fd is not open
 *           ENOTSOCK  fd is no socket
 *           ENOMEM    out of memory
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_t *sock_import_fd(int fd);

/**
 * Give the descriptor up; the handle is closed, the descriptor yours.
 *
 * It keeps its mode and its options, UDP_GRO too; its timeouts are cleared.
 *
 * PHP: socket_export_stream().
 *
 * @param s  a socket
 *
 * @return the descriptor; -1 with the reason in sock_last_error(s), the handle
 *         then as it was:
 *           EBADF  s is not open
 *           EBUSY  bytes are buffered, or another call uses s
 */
LIBSOCK_API int sock_export_fd(sock_t *s);

/**
 * The descriptor's number: a look, not a gift.
 *
 * It may be closed and used again by the time you look; the handle still owns
 * it.
 *
 * PHP: none.
 *
 * @param s  a socket
 *
 * @return the number; -1 with EBADF in sock_last_error(s) if it is not open
 */
LIBSOCK_API int sock_fd(sock_t *s);

#ifdef __cplusplus
}
#endif

#endif
