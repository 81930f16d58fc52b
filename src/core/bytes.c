/* bytes.c - read and write, in all their forms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/connect.h"
#include "core/io.h"
#include "core/ip.h"
#include "core/line.h"
#include "core/outcome.h"
#include "core/peer.h"
#include "core/send.h"

#include <sock/socket.h>

#include <arpa/inet.h>
#include <errno.h>

/* Was a call that came to err only tried, and must it go the long way? So is
 * one that the system did not let wait although it should: a limit was set
 * meanwhile, or another process changed the mode they share. */
static bool is_undone(struct sk_call *c, sk_err err, int flags)
{
    return err == EINTR || (err == EAGAIN && !(flags & MSG_DONTWAIT) &&
                            !(sk_sock_flags(c->s) & SK_NONBLOCK));
}

/* ---- receiving ---- */

/* The long way of a receive whose short one came to `n`, no count of bytes. The
 * call SK_WAITS: that it need not be in memory keeps the short way short. */
SK_COLD static ssize_t receive(struct sk_sock *s, enum sk_verb verb, void *buf,
                               size_t len, int flags, ssize_t n)
{
    struct sk_call c   = {s, SK_WAITS};
    size_t         got = 0;
    sk_err         err = (sk_err)-n;

    if (is_undone(&c, err, flags))
        err = sk_io_receive(&c, buf, len, flags, NULL, &got);
    else
        sk_outcome_over(s, err, flags);
    return sk_call_count(&c, verb, err, got);
}

ssize_t sock_recv(sock_t *s, void *buf, size_t len, int flags)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_RECV, SK_WAITS))
        return -1;
    n = sk_io_recv_at_once(&c, buf, len, flags);
    return SK_LIKELY(n > 0) ? sk_call_moved(&c, SK_WAITS, n)
                            : receive(c.s, SK_RECV, buf, len, flags, n);
}

static ssize_t read_bytes(sock_t *s, void *buf, size_t len, int flags)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_READ, SK_WAITS))
        return -1;
    n = sk_io_recv_at_once(&c, buf, len, flags);
    return SK_LIKELY(n > 0) ? sk_call_moved(&c, SK_WAITS, n)
                            : receive(c.s, SK_READ, buf, len, flags, n);
}

/* The long way of a line that does not stand there. */
SK_COLD static ssize_t await_line(struct sk_call c, void *buf, size_t len,
                                  int flags)
{
    size_t got = 0;
    sk_err err = sk_line_read(&c, NULL, buf, len, flags, &got);

    return sk_call_count(&c, SK_READ, err, got);
}

static inline ssize_t read_line(sock_t *s, void *buf, size_t len, int flags)
{
    struct sk_call c;
    size_t         got;

    if (!sk_call_enter(&c, s, SK_READ, SK_LINES))
        return -1;
    got = sk_line_at_once(&c, '\r', '\n', buf, len);
    return SK_LIKELY(got) ? sk_call_moved(&c, SK_LINES, (ssize_t)got)
                          : await_line(c, buf, len, flags);
}

static ssize_t refuse_mode(sock_t *s)
{
    struct sk_call c;

    if (sk_call_enter(&c, s, SK_READ, SK_QUICK))
        sk_call_leave(&c, SK_READ, EINVAL);
    return -1;
}

ssize_t sock_read(sock_t *s, void *buf, size_t len, int mode)
{
    int flags = mode & LIBSOCK_DONTWAIT ? MSG_DONTWAIT : 0;

    switch (mode & ~LIBSOCK_DONTWAIT) {
    case LIBSOCK_NORMAL_READ:
        return read_line(s, buf, len, flags);
    case LIBSOCK_BINARY_READ:
        return read_bytes(s, buf, len, flags);
    default:
        return refuse_mode(s);
    }
}

/* Who sent it, as text; "" if that has none. IP goes its shortest way. */
static inline void tell_sender(const struct sk_addr *from, char *address,
                               size_t size, int *port)
{
    int family = from->len && address ? from->u.any.sa_family : AF_UNSPEC;

    if (SK_LIKELY(family == AF_INET)) {
        sk_ip4_print(&from->u.in4.sin_addr, address);
        if (port)
            *port = ntohs(from->u.in4.sin_port);
    } else if (family == AF_INET6 && !from->u.in6.sin6_scope_id) {
        sk_ip6_print(&from->u.in6.sin6_addr, address);
        if (port)
            *port = ntohs(from->u.in6.sin6_port);
    } else if (sk_addr_text(from, address, size, port) && address) {
        address[0] = '\0';
    }
}

/* Whatever the sender's text is, does it fit? */
static inline bool has_room(struct sk_call *c, const char *address, size_t size)
{
    return !address || size >= LIBSOCK_ADDRSTRLEN ||
           size >= sk_addr_room(c->s->domain);
}

static sk_err receive_from(struct sk_call *c, void *buf, size_t len, int flags,
                           char *address, size_t size, int *port, size_t *got)
{
    struct sk_addr from;
    sk_err         err;

    if (!has_room(c, address, size))
        return EINVAL;
    if ((err = sk_io_receive(c, buf, len, flags, &from, got)))
        return err;
    sk_peer_sent(c->s, &from);
    tell_sender(&from, address, size, port);
    return 0;
}

/* A datagram straight from the system, where nothing needs care: the count, or
 * less an error. -EINTR: not done, go the long way. */
static inline ssize_t receive_from_at_once(struct sk_call *c, void *buf,
                                           size_t len, int flags, char *address,
                                           size_t size, int *port)
{
    struct sk_addr from;
    ssize_t        n;

    if (SK_UNLIKELY(!len || !buf || (flags & SK_PAST_BUFFER) ||
                    (sk_sock_flags(c->s) & SK_READ_CARE) ||
                    sk_sock_is_stream(c->s) || !has_room(c, address, size)))
        return -EINTR;
    n = sk_plat_recvfrom(c->s->fd, buf, len, flags, &from);
    if (SK_LIKELY(n >= 0))
        tell_sender(&from, address, size, port);
    return n;
}

/* The long way of a receive whose short one came to `n`, no count of bytes. */
SK_COLD static ssize_t receive_from_on(struct sk_call *c, void *buf, size_t len,
                                       int flags, char *address, size_t size,
                                       int *port, ssize_t n)
{
    size_t got = 0;
    sk_err err = (sk_err)-n;

    if (is_undone(c, err, flags))
        err = receive_from(c, buf, len, flags, address, size, port, &got);
    else
        sk_outcome_over(c->s, err, flags);
    return sk_call_count(c, SK_RECVFROM, err, got);
}

ssize_t sock_recvfrom(sock_t *s, void *buf, size_t len, int flags,
                      char *address, size_t size, int *port)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_RECVFROM, SK_WAITS))
        return -1;
    n = receive_from_at_once(&c, buf, len, flags, address, size, port);
    return SK_LIKELY(n > 0)
               ? sk_call_moved(&c, SK_WAITS, n)
               : receive_from_on(&c, buf, len, flags, address, size, port, n);
}

/* ---- sending ---- */

/* A count of 0 bytes sent is a success, not an end. */
static ssize_t leave_sent(struct sk_call *c, enum sk_verb verb, sk_err err,
                          size_t sent)
{
    return sk_call_leave(c, verb, err) ? (ssize_t)sent : -1;
}

/* The long way of a send whose short one came to `n`, no count of bytes. */
SK_COLD static ssize_t send_on(struct sk_sock *s, enum sk_verb verb,
                               const void *buf, size_t len, int flags,
                               ssize_t n)
{
    struct sk_call  c = {s, SK_WAITS};
    struct sk_limit l;
    size_t          sent = 0;
    sk_err          err  = (sk_err)-n;

    if (!is_undone(&c, err, flags))
        sk_outcome_sent(s, err);
    else if (!(err = sk_send_begin(&l, s, flags)))
        err = sk_send(&c, &l, buf, len, flags, NULL, &sent);
    return leave_sent(&c, verb, err, sent);
}

ssize_t sock_write(sock_t *s, const void *buf, size_t len)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_WRITE, SK_WAITS))
        return -1;
    n = sk_send_at_once(&c, buf, len, 0);
    return SK_LIKELY(n > 0) ? sk_call_moved(&c, SK_WAITS, n)
                            : send_on(c.s, SK_WRITE, buf, len, 0, n);
}

ssize_t sock_send(sock_t *s, const void *buf, size_t len, int flags)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_SEND, SK_WAITS))
        return -1;
    n = sk_send_at_once(&c, buf, len, flags);
    return SK_LIKELY(n > 0) ? sk_call_moved(&c, SK_WAITS, n)
                            : send_on(c.s, SK_SEND, buf, len, flags, n);
}

/* A datagram straight to the system, as sk_send_at_once(). */
static inline ssize_t send_to_at_once(struct sk_call *c, const void *buf,
                                      size_t len, int flags,
                                      const char *address, int port)
{
    struct sk_addr to;

    if (SK_UNLIKELY(!buf || (sk_sock_flags(c->s) & SK_WRITE_CARE) ||
                    sk_sock_is_stream(c->s) ||
                    !sk_addr_quick(c->s->domain, address, port, &to)))
        return -EINTR;
    return sk_plat_sendto(c->s->fd, buf, len, flags, &to);
}

/* The long way of a send whose short one came to `n`, no count of bytes. */
SK_COLD static ssize_t send_to_on(struct sk_call *c, const void *buf,
                                  size_t len, int flags, const char *address,
                                  int port, ssize_t n)
{
    struct sk_limit l;
    struct sk_addr  to;
    size_t          sent = 0;
    sk_err          err  = (sk_err)-n;

    if (is_undone(c, err, flags) && !(err = sk_peer_allows(c->s)) &&
        !(err = sk_send_begin(&l, c->s, flags)) &&
        !(err = sk_connect_find(c, &l, address, port, &to)))
        err = sk_send(c, &l, buf, len, flags, &to, &sent);
    return sk_call_leave_at(c, SK_SENDTO, err, address, port, NULL)
               ? (ssize_t)sent
               : -1;
}

ssize_t sock_sendto(sock_t *s, const void *buf, size_t len, int flags,
                    const char *address, int port)
{
    struct sk_call c;
    ssize_t        n;

    if (!sk_call_enter(&c, s, SK_SENDTO, SK_WAITS))
        return -1;
    n = send_to_at_once(&c, buf, len, flags, address, port);
    return SK_LIKELY(n > 0) ? sk_call_moved(&c, SK_WAITS, n)
                            : send_to_on(&c, buf, len, flags, address, port, n);
}

/* The long way of a send of all whose short one came to `n`. */
SK_COLD static bool send_rest(struct sk_sock *s, const char *buf, size_t len,
                              size_t *done, ssize_t n)
{
    struct sk_call c    = {s, SK_WAITS};
    size_t         some = n > 0 ? (size_t)n : 0, sent = 0;
    sk_err         err = (sk_err)-n;

    if (n >= 0 || is_undone(&c, err, 0))
        err = sk_send_all(&c, buf ? buf + some : NULL, len - some, &sent);
    else
        sk_outcome_sent(s, err);
    if (done)
        *done = some + sent;
    return sk_call_leave(&c, SK_WRITE_ALL, err);
}

bool sock_write_all(sock_t *s, const void *buf, size_t len, size_t *done)
{
    struct sk_call c;
    ssize_t        n;

    if (done)
        *done = 0;
    if (!sk_call_enter(&c, s, SK_WRITE_ALL, SK_WAITS))
        return false;
    n = sk_send_at_once(&c, buf, len, 0);
    if (SK_UNLIKELY(n < 0 || (size_t)n < len))
        return send_rest(c.s, buf, len, done, n);
    if (done)
        *done = len;
    sk_call_moved(&c, SK_WAITS, n);
    return true;
}

bool sock_atmark(sock_t *s, bool *at)
{
    struct sk_call c;
    bool           mark = false;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_ATMARK, SK_QUICK))
        return false;
    err = at ? sk_plat_atmark(c.s->fd, &mark) : EINVAL;
    if (!err)
        *at = mark && !(sk_sock_flags(c.s) & SK_BUFFERED);
    return sk_call_leave(&c, SK_ATMARK, err);
}
