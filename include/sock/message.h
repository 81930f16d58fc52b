/* sock/message.h - messages: bytes in parts, an address, and what travels
 * beside the bytes: descriptors, credentials, the address that was asked.
 *
 *     char            bytes[2000];
 *     struct iovec    part = {bytes, sizeof bytes};
 *     sock_message_t *m =
 *         sock_message_create(sock_cmsg_space(IPPROTO_IP, IP_PKTINFO, 1));
 *     ssize_t         n;
 *
 *     sock_set_option_int(s, IPPROTO_IP, IP_PKTINFO, 1);
 *     for (;;) {
 *         part.iov_len = sizeof bytes;
 *         sock_message_set_parts(m, &part, 1);
 *         if ((n = sock_recvmsg(s, m, 0)) < 0)
 *             break;
 *         part.iov_len = (size_t)n;
 *         n            = sock_sendmsg(s, m, 0);
 *     }
 *
 * answers every datagram from the address it was sent to: a message that was
 * received and is sent goes back to where it came from.
 *
 * Only that: its other control items are not sent back. Whoever wants to send
 * something else names and adds it: the first such call empties what was
 * received.
 *
 * A message and a vector are plain objects, not handles: whoever made one
 * frees it, and one thread at a time uses it, but for sending, which any number
 * of threads may do with one message at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_MESSAGE_H
#define SOCK_MESSAGE_H

#include <sock/base.h>

#include <sys/uio.h>

#include <netinet/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A message: parts, an address, control items. */
typedef struct sock_message sock_message_t;

/** A vector of buffers that it owns, as PHP 4 had it. */
typedef struct sock_iovec sock_iovec_t;

/** Why a datagram was not delivered, or which sent memory is free again: see
 * sock_message_get_error(). May grow. */
typedef struct {
    int      code;    /**< an errno value; 0 for a notice that memory is free */
    unsigned origin;  /**< SO_EE_ORIGIN_... of <linux/errqueue.h> */
    unsigned type;    /**< the ICMP type, if it came by ICMP */
    unsigned subtype; /**< the ICMP code, if it came by ICMP */
    unsigned info; /**< the path's MTU; the first send whose memory is free */
    unsigned data; /**< the last send whose memory is free */
    char     offender[LIBSOCK_ADDRSTRLEN]; /**< who reported it; "" unknown */
} sock_message_error_t;

/* ---- the object ---- */

/**
 * Make a message.
 *
 * It may be used again and again: sending and receiving never allocate, unless
 * a host name must be looked up.
 *
 * PHP: the array that socket_sendmsg() and socket_recvmsg() take.
 *
 * @param control_size  room for control items, in bytes: the sum of
 *                      sock_cmsg_space() over those it is to hold; 0 for none
 *
 * @return the message; NULL with the reason in sock_last_error(NULL):
 *           EINVAL  more than 1 MiB
 *           ENOMEM  out of memory
 *
 * @see sock_cmsg_space()
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_message_t *
sock_message_create(size_t control_size);

/**
 * Free a message; closes the received descriptors that nobody took.
 *
 * PHP: none; its arrays are freed by themselves.
 *
 * @param m  a message, or NULL
 *
 * @return nothing
 */
LIBSOCK_API void sock_message_free(sock_message_t *m);

/**
 * Make a message as it was when new; closes the received descriptors that
 * nobody took.
 *
 * PHP: none; its arrays are made anew.
 *
 * @param m  a message, or NULL
 *
 * @return nothing
 */
LIBSOCK_API void sock_message_clear(sock_message_t *m);

/**
 * Say where a message goes.
 *
 * PHP: the "name" of socket_sendmsg()'s array.
 *
 * @param m        a message
 * @param address  as for sock_sendto(); NULL or "": to the fixed peer. What it
 *                 means is decided by the family of the socket it is sent with
 * @param port     0 to 65535
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL        m is NULL, or the port is out of range
 *           ENAMETOOLONG  an address over 255 bytes
 */
LIBSOCK_API bool sock_message_set_name(sock_message_t *m, const char *address,
                                       int port);

/**
 * The address of a message: who sent it, or where sock_message_set_name() has
 * it go.
 *
 * PHP: the "name" of socket_recvmsg()'s array.
 *
 * @param m        a message
 * @param address  where the text goes, "" for a sender without a name or with
 *                 a NUL in it; may be NULL
 * @param size     room in address, in bytes; LIBSOCK_ADDRSTRLEN suffices for
 *                 every sender
 * @param port     where the port goes; may be NULL
 *
 * @return true; false with the reason in sock_last_error(NULL):
 *           EINVAL  m is NULL, or size is less than the address's family can
 *                   need
 */
LIBSOCK_API bool sock_message_get_name(const sock_message_t *m, char *address,
                                       size_t size, int *port);

/**
 * Say which bytes a message sends, or where those go that it receives.
 *
 * Neither the array nor the bytes are copied: they must stay as long as the
 * message is used with them.
 *
 * PHP: the "iov" and "buffer_size" of its arrays.
 *
 * @param m      a message; NULL is ignored
 * @param parts  the parts, in order; may be NULL if count is 0
 * @param count  how many; see sock_sendmsg() for how many may be
 *
 * @return nothing; what is wrong with them is told when they are used
 */
LIBSOCK_API void sock_message_set_parts(sock_message_t     *m,
                                        const struct iovec *parts,
                                        size_t              count);

/**
 * How many bytes the last receive put into the parts.
 *
 * PHP: strlen() over the "iov" of socket_recvmsg()'s array.
 *
 * @param m  a message
 *
 * @return bytes, also for each message of sock_recvmmsg(), and with MSG_TRUNC
 *         asked for the whole length of the datagram; 0 for NULL
 */
LIBSOCK_API size_t sock_message_length(const sock_message_t *m);

/**
 * What the last receive had to say.
 *
 * PHP: the "flags" of socket_recvmsg()'s array.
 *
 * @param m  a message
 *
 * @return MSG_TRUNC if the datagram was longer than the parts, MSG_CTRUNC if
 *         control items did not fit (descriptors among them are closed),
 *         MSG_EOR, MSG_OOB, MSG_ERRQUEUE; 0 for NULL
 */
LIBSOCK_API int sock_message_flags(const sock_message_t *m);

/* ---- control items ---- */

/**
 * Have a message carry the descriptors of handles to another process.
 *
 * They stay open here and yours; a message carries at most 253 descriptors.
 * The handles are looked up when the message is sent, and it is that call
 * which fails for one that is closed.
 *
 * PHP: SCM_RIGHTS in the "control" of socket_sendmsg()'s array.
 *
 * @param m        a message
 * @param handles  open sockets; copied
 * @param count    how many, from 1
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL   m or handles is NULL, count is 0, or over 253 in all
 *           ENOBUFS  the message has no room for the item
 *           ENOMEM   out of memory
 *
 * @see sock_message_add_fds(), sock_sendmsg()
 */
LIBSOCK_API bool sock_message_add_handles(sock_message_t *m,
                                          sock_t *const *handles, size_t count);

/**
 * Have a message carry bare descriptors to another process.
 *
 * They stay open here and yours; close them when the message is sent.
 *
 * PHP: SCM_RIGHTS with streams in the "control" of socket_sendmsg()'s array.
 *
 * @param m      a message
 * @param fds    descriptors of any kind; copied
 * @param count  how many, from 1
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL   m or fds is NULL, count is 0, or over 253 in all
 *           EBADF    a descriptor is negative
 *           ENOBUFS  the message has no room for the item
 */
LIBSOCK_API bool sock_message_add_fds(sock_message_t *m, const int *fds,
                                      size_t count);

/**
 * Take descriptors that were received. They are close-on-exec.
 *
 * Those not taken stay for the next call, until the message is cleared, freed
 * or received into again, which closes them.
 *
 * PHP: SCM_RIGHTS in the "control" of socket_recvmsg()'s array.
 *
 * @param m    a message
 * @param fds  where they go: yours now, see sock_import_fd()
 * @param max  how many fit
 *
 * @return how many were taken, 0 if there are none left; -1 with EINVAL in
 *         sock_last_error(NULL) if m is NULL, or fds is and max is not 0
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_message_take_fds(sock_message_t *m,
                                                           int            *fds,
                                                           size_t          max);

/**
 * Add a control item that is a number.
 *
 * IPPROTO_IP: IP_TTL, IP_TOS. IPPROTO_IPV6: IPV6_HOPLIMIT, IPV6_TCLASS.
 * SOL_UDP: UDP_SEGMENT, the size of the datagrams into which the bytes are cut.
 * SOL_SOCKET: SO_MARK.
 *
 * PHP: IPV6_HOPLIMIT and IPV6_TCLASS in the "control" of socket_sendmsg()'s
 * array.
 *
 * @param m      a message
 * @param level  as above
 * @param type   as above
 * @param value  the number; what is out of range is told by sock_sendmsg()
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL   m is NULL, the pair is unknown or no number, or value does
 *                    not fit the item
 *           ENOBUFS  the message has no room for the item
 */
LIBSOCK_API bool sock_message_add_int(sock_message_t *m, int level, int type,
                                      int value);

/**
 * Read a control item that is a number.
 *
 * What sock_message_add_int() knows, and SOL_UDP's UDP_GRO: the size of the
 * datagrams that were joined (see sock_recvmsg()). The option that has a socket
 * deliver the item: IP_RECVTTL, IP_RECVTOS, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS,
 * UDP_GRO.
 *
 * PHP: IPV6_HOPLIMIT and IPV6_TCLASS in the "control" of socket_recvmsg()'s
 * array.
 *
 * @param m      a message
 * @param level  as in sock_message_add_int()
 * @param type   the item's; IP_TTL, say, for IP_RECVTTL
 * @param value  where the number goes
 *
 * @return true; false with the reason in sock_last_error(NULL), *value
 *         untouched:
 *           EINVAL  m or value is NULL, or the pair is unknown or no number
 *           ENOMSG  the message holds no such item
 */
LIBSOCK_API bool sock_message_get_int(const sock_message_t *m, int level,
                                      int type, int *value);

/**
 * Say from which own address, or through which interface, a datagram goes.
 *
 * PHP: IPV6_PKTINFO in the "control" of socket_sendmsg()'s array; IPv4: none.
 *
 * @param m                a message
 * @param source           an address of this machine, of the family of the
 *                         peer; "0.0.0.0" or "::" leaves it to the system
 * @param interface_index  the interface; 0 leaves it to the system, or to the
 *                         scope of source
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL   m or source is NULL, source is no IPv4 or IPv6 address, or
 *                    its scope is another interface
 *           ENODEV   the scope after % names no interface
 *           ENOBUFS  the message has no room for the item
 */
LIBSOCK_API bool sock_message_add_pktinfo(sock_message_t *m, const char *source,
                                          unsigned interface_index);

/**
 * The own address to which a datagram was sent, to answer from, and the
 * interface it came in by.
 *
 * Delivered if IPPROTO_IP's IP_PKTINFO, or IPPROTO_IPV6's IPV6_RECVPKTINFO, is
 * set on the socket. For a datagram to a group, or to everybody, it is the
 * interface's address (IPv4), or "::": no answer can come from a group. An
 * AF_INET6 socket that IPv4 peers ask, too, sets both options if they may ask
 * everybody: IPV6_RECVPKTINFO alone cannot tell such an address from one's own.
 *
 * PHP: IPV6_PKTINFO in the "control" of socket_recvmsg()'s array; IPv4: none.
 *
 * @param m                a message
 * @param address          where the text goes; may be NULL
 * @param size             room in address, in bytes; LIBSOCK_ADDRSTRLEN always
 *                         suffices
 * @param interface_index  where the interface goes; may be NULL
 *
 * @return true; false with the reason in sock_last_error(NULL):
 *           EINVAL  m is NULL, or size is less than the address's family can
 *                   need
 *           ENOMSG  the message holds no such item
 */
LIBSOCK_API bool sock_message_get_pktinfo(const sock_message_t *m,
                                          char *address, size_t size,
                                          unsigned *interface_index);

/**
 * Have a message say who sends it: the system checks that it is true.
 *
 * PHP: SCM_CREDENTIALS in the "control" of socket_sendmsg()'s array.
 *
 * @param m  a message
 * @param c  the sender; one that is not this process is for the superuser
 *
 * @return true; false with the reason in sock_last_error(NULL), the message as
 *         it was:
 *           EINVAL   m or c is NULL
 *           ENOBUFS  the message has no room for the item
 */
LIBSOCK_API bool sock_message_add_credentials(sock_message_t           *m,
                                              const sock_credentials_t *c);

/**
 * Who sent a message over AF_UNIX, as the system vouches.
 *
 * Delivered if SOL_SOCKET's SO_PASSCRED is set on the receiving socket.
 *
 * PHP: SCM_CREDENTIALS in the "control" of socket_recvmsg()'s array.
 *
 * @param m    a message
 * @param out  where they go
 *
 * @return true; false with the reason in sock_last_error(NULL), *out
 *         untouched:
 *           EINVAL  m or out is NULL
 *           ENOMSG  the message holds no such item
 *
 * @see sock_get_peer_credentials()
 */
LIBSOCK_API bool sock_message_get_credentials(const sock_message_t *m,
                                              sock_credentials_t   *out);

/**
 * What a message says that was received with MSG_ERRQUEUE.
 *
 * That a datagram did not arrive, if IP_RECVERR (IPPROTO_IP) or IPV6_RECVERR
 * (IPPROTO_IPV6) is set: then sock_message_get_name() is whom it was for and
 * the bytes are its beginning. Or that memory is free again which was sent with
 * MSG_ZEROCOPY, if SO_ZEROCOPY is set: the sends `info` to `data`, counted from
 * 0. Room for it: sock_cmsg_space(IPPROTO_IP, IP_RECVERR, 1), or
 * sock_cmsg_space(IPPROTO_IPV6, IPV6_RECVERR, 1).
 *
 * PHP: none; it refuses such items.
 *
 * @param m     a message
 * @param out   where it goes
 * @param size  sizeof *out: what a newer header has more becomes 0
 *
 * @return true; false with the reason in sock_last_error(NULL), *out
 *         untouched:
 *           EINVAL  m or out is NULL, or size is 0
 *           ENOMSG  the message holds no such item
 */
LIBSOCK_API bool sock_message_get_error(const sock_message_t *m,
                                        sock_message_error_t *out, size_t size);

/**
 * Room that a control item takes in a message.
 *
 * PHP: socket_cmsg_space(), which throws for an unknown pair.
 *
 * @param level  SOL_SOCKET: SCM_RIGHTS, SCM_CREDENTIALS, SO_MARK. IPPROTO_IP:
 *               IP_PKTINFO, IP_TTL, IP_TOS, IP_RECVERR. IPPROTO_IPV6:
 *               IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS, IPV6_RECVERR.
 *               SOL_UDP: UDP_SEGMENT, UDP_GRO
 * @param type   as above
 * @param count  descriptors, for SCM_RIGHTS; else 1
 *
 * @return bytes; 0 for an unknown pair, or more than a size can tell
 */
LIBSOCK_API size_t sock_cmsg_space(int level, int type, size_t count);

/* ---- sending and receiving ---- */

/**
 * Send a message.
 *
 * Goes to its name, else to the fixed peer. On a stream the count may be short,
 * as of sock_send(); the control items went with the first byte. One that was
 * received before goes back to its sender, from the address it was sent to; of
 * its control items only that is used.
 *
 * PHP: socket_sendmsg().
 *
 * @param s      a socket
 * @param m      the message: of a datagram at most 1,024 parts; of a stream the
 *               first 1,024 are sent
 * @param flags  as in sock_send(), and MSG_ZEROCOPY if SO_ZEROCOPY is set: the
 *               bytes must then stay as they are until
 *               sock_message_get_error() says that they are free
 *
 * @return bytes sent; -1 with the reason in sock_last_error(s), nothing sent:
 *         as sock_sendto(), and
 *           EBADF       s, or a handle that the message carries, is not open
 *           EINVAL      m is NULL; a part is NULL; all parts together are over
 *                       SSIZE_MAX bytes; control items on a stream with no
 *                       byte to go with; an item that the system refuses
 *           EMSGSIZE    too many parts or bytes for a datagram
 *           EOPNOTSUPP  an item that s's family does not know
 *           EBUSY       bytes are buffered for a handle that it carries: they
 *                       would be lost
 *           EFAULT      a part is no memory of the program's
 *           EPERM       credentials of somebody else
 *           ETOOMANYREFS  too many descriptors are on their way
 *           ENOBUFS     MSG_ZEROCOPY: too much is under way
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_sendmsg(sock_t               *s,
                                                  const sock_message_t *m,
                                                  int                   flags);

/**
 * Receive a message: bytes into its parts, in order, and its name, flags and
 * control items.
 *
 * What the message held of these is replaced. Bytes that a line read left come
 * first. Descriptors arrive close-on-exec; those for which there is no room are
 * closed. On a stream, what follows bytes that came with descriptors is left
 * for the next receive, even with MSG_WAITALL.
 *
 * With SOL_UDP's UDP_GRO set, a message with room for 64,000 bytes and for its
 * control items, UDP_GRO's among them, gets datagrams as the system has joined
 * them, all of the size that the item tells but the last. With less room it
 * gets one at a time, as every other receive does: see sock_recvmmsg().
 *
 * PHP: socket_recvmsg().
 *
 * @param s      a socket
 * @param m      where it goes: with at most 1,024 parts, or of a stream the
 *               first 1,024
 * @param flags  as in sock_recv()
 *
 * @return bytes stored (with MSG_TRUNC, a datagram's whole length); 0 at the
 *         end of a stream, or for an empty datagram; -1 with the reason in
 *         sock_last_error(s), the message then empty but for its parts: as
 *         sock_recv(), and
 *           EINVAL    m is NULL; no room in its parts, but with MSG_ERRQUEUE; a
 *                     part is NULL, or all together are over SSIZE_MAX bytes
 *           EMSGSIZE  more than 1,024 parts for a datagram
 *           EFAULT    a part is no memory of the program's
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_recvmsg(sock_t *s, sock_message_t *m,
                                                  int flags);

/**
 * Send many datagrams, 64 with each system call.
 *
 * Over UDP, neighbours of one size to one place cost the system little more
 * than one datagram; the last of them may be shorter.
 *
 * PHP: none.
 *
 * @param s         a datagram, raw or seqpacket socket
 * @param messages  the messages, each as in sock_sendmsg()
 * @param count     how many, from 1
 * @param flags     as in sock_send(), for each
 *
 * @return messages sent, from the first on; less than count if one failed, or
 *         would have had to wait longer than it may: sending those behind tells
 *         why. -1 if the first failed, with the reason in sock_last_error(s),
 *         as sock_sendmsg(), and
 *           EINVAL      messages, or one of them, is NULL; count is 0
 *           EOPNOTSUPP  s is a stream: see sock_writev()
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_sendmmsg(
    sock_t *s, sock_message_t *const *messages, size_t count, int flags);

/**
 * Receive many datagrams, at most 64, with one system call.
 *
 * Waits for the first; takes the others that are there.
 *
 * Over UDP sock_set_option_int(s, SOL_UDP, UDP_GRO, 1), best before the first
 * receive, lets the system hand over bursts, neighbours of one size from one
 * sender, at little more than the cost of one datagram. They are taken apart:
 * each message, and every other receive on s, but for a sock_recvmsg() with
 * room for all, gets one datagram, as without. Messages that get none may have
 * been written into. After a fork both processes have what was left of a burst,
 * as they have what is buffered of a stream. Who reads the same socket without
 * a handle, by sock_fd(), after sock_export_fd(), in a program that was given
 * it, gets bursts joined; imported again they are taken apart.
 *
 * PHP: none.
 *
 * @param s         a datagram, raw or seqpacket socket
 * @param messages  where they go, each as in sock_recvmsg(); a message must
 *                  stand there once
 * @param count     how many, from 1; those behind the 64th are left as they are
 * @param flags     as in sock_recv(), for each
 *
 * @return messages received, sock_message_length() tells the bytes of each; -1
 *         with the reason in sock_last_error(s), as sock_recvmsg(), and
 *           EINVAL      messages, or one of them, is NULL; count is 0
 *           EOPNOTSUPP  s is a stream
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_recvmmsg(
    sock_t *s, sock_message_t *const *messages, size_t count, int flags);

/* ---- PHP 4's scatter and gather vector ---- */

/**
 * Make a vector of buffers, each of zeros.
 *
 * PHP: PHP 4's socket_iovec_alloc(), build_iovec(); their buffers hold
 * anything.
 *
 * @param count    how many buffers; 0 for none yet
 * @param lengths  bytes of each; may be NULL if count is 0
 *
 * @return the vector; NULL with the reason in sock_last_error(NULL):
 *           EINVAL  lengths is NULL, or together over SSIZE_MAX bytes
 *           ENOMEM  out of memory
 */
LIBSOCK_API LIBSOCK_MUST_USE sock_iovec_t *
sock_iovec_alloc(size_t count, const size_t *lengths);

/**
 * Replace a buffer by a copy of other bytes, and its length by theirs.
 *
 * PHP: PHP 4's socket_iovec_set(), set_iovec().
 *
 * @param v    a vector
 * @param at   which buffer, from 0
 * @param buf  the bytes; may be NULL if len is 0
 * @param len  how many
 *
 * @return true; false with the reason in sock_last_error(NULL), the vector as
 *         it was:
 *           EINVAL  v is NULL; there is no such buffer; buf is NULL; together
 *                   over SSIZE_MAX bytes
 *           ENOMEM  out of memory
 */
LIBSOCK_API bool sock_iovec_set(sock_iovec_t *v, size_t at, const void *buf,
                                size_t len);

/**
 * Add a buffer of zeros at the end.
 *
 * PHP: PHP 4's socket_iovec_add(), add_iovec().
 *
 * @param v    a vector
 * @param len  its bytes
 *
 * @return true; false with the reason in sock_last_error(NULL), the vector as
 *         it was:
 *           EINVAL  v is NULL, or together over SSIZE_MAX bytes
 *           ENOMEM  out of memory
 */
LIBSOCK_API bool sock_iovec_add(sock_iovec_t *v, size_t len);

/**
 * Remove a buffer; those behind it move up.
 *
 * PHP: PHP 4's socket_iovec_delete(), delete_iovec(), which moved them the
 * wrong way.
 *
 * @param v   a vector
 * @param at  which buffer, from 0
 *
 * @return true; false with EINVAL in sock_last_error(NULL) if v is NULL or
 *         there is no such buffer
 */
LIBSOCK_API bool sock_iovec_delete(sock_iovec_t *v, size_t at);

/**
 * Look at a buffer: all of it, however much was received into it.
 *
 * PHP: PHP 4's socket_iovec_fetch(), fetch_iovec().
 *
 * @param v    a vector
 * @param at   which buffer, from 0
 * @param len  where its length goes, in bytes; may be NULL
 *
 * @return the bytes, valid until the vector changes or is received into, never
 *         NULL; NULL with EINVAL in sock_last_error(NULL) if v is NULL or there
 *         is no such buffer
 */
LIBSOCK_API const void *sock_iovec_fetch(const sock_iovec_t *v, size_t at,
                                         size_t *len);

/**
 * Free a vector and its buffers.
 *
 * PHP: PHP 4's socket_iovec_free(), free_iovec().
 *
 * @param v  a vector, or NULL
 *
 * @return nothing
 */
LIBSOCK_API void sock_iovec_free(sock_iovec_t *v);

/**
 * Read into the buffers of a vector, in order.
 *
 * May be short, as sock_recv(). Bytes that a line read left come first.
 *
 * PHP: PHP 4's socket_readv(), readv(), which say false for every success.
 *
 * @param s  a connected socket
 * @param v  the vector; its buffers keep their lengths
 *
 * @return bytes stored; 0 at the end of a stream, or for an empty datagram; -1
 *         with the reason in sock_last_error(s): as sock_read(), and
 *           EINVAL    v is NULL, or has no room
 *           EMSGSIZE  more than 1,024 buffers for a datagram; of a stream the
 *                     first 1,024 are filled
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_readv(sock_t *s, sock_iovec_t *v);

/**
 * Write the buffers of a vector, in order.
 *
 * May be short, as sock_write(). A datagram socket sends them as one datagram.
 *
 * PHP: PHP 4's socket_writev(), writev(), which say false for every success.
 *
 * @param s  a connected socket
 * @param v  the vector
 *
 * @return bytes sent; -1 with the reason in sock_last_error(s): as
 *         sock_write(), and
 *           EINVAL    v is NULL
 *           EMSGSIZE  more than 1,024 buffers for a datagram; of a stream the
 *                     first 1,024 are sent
 */
LIBSOCK_API LIBSOCK_MUST_USE ssize_t sock_writev(sock_t             *s,
                                                 const sock_iovec_t *v);

#ifdef __cplusplus
}
#endif

#endif
