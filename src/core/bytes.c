/* bytes.c - read and write, in all their forms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"
#include "core/connect.h"
#include "core/io.h"
#include "core/line.h"

#include <sock/socket.h>

#include <errno.h>
#include <string.h>

ssize_t sock_read(sock_t *s, void *buf, size_t len, int mode)
{
    int            flags = mode & LIBSOCK_DONTWAIT ? MSG_DONTWAIT : 0;
    int            kind  = mode & ~LIBSOCK_DONTWAIT;
    bool           line  = kind == LIBSOCK_NORMAL_READ;
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_READ, line ? SK_LINES : SK_WAITS))
        return -1;
    if (line)
        err = sk_line_read(&c, buf, len, flags, &got);
    else if (kind == LIBSOCK_BINARY_READ)
        err = sk_io_receive(&c, buf, len, flags, NULL, &got);
    else
        err = EINVAL;
    return sk_call_count(&c, err, got);
}

ssize_t sock_recv(sock_t *s, void *buf, size_t len, int flags)
{
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_RECV, SK_WAITS))
        return -1;
    err = sk_io_receive(&c, buf, len, flags, NULL, &got);
    return sk_call_count(&c, err, got);
}

/* A stream tells no sender with its bytes: it is the peer. */
static void fill_in_peer(struct sk_sock *s, struct sk_addr *from)
{
    if (from->len || !sk_sock_is_stream(s))
        return;
    pthread_mutex_lock(&s->lock);
    memcpy(&from->u, &s->peer, sizeof s->peer);
    pthread_mutex_unlock(&s->lock);
    if (from->u.any.sa_family != AF_UNSPEC)
        from->len = sizeof s->peer;
    else if (sk_plat_peername(s->fd, from))
        from->len = 0;
}

static sk_err receive_from(struct sk_call *c, void *buf, size_t len, int flags,
                           char *address, size_t size, int *port, size_t *got)
{
    struct sk_addr from;
    sk_err         err;

    if (address && size < sk_addr_room(c->s->domain))
        return EINVAL;
    if ((err = sk_io_receive(c, buf, len, flags, &from, got)))
        return err;
    fill_in_peer(c->s, &from);
    if (sk_addr_text(&from, address, size, port) && address)
        address[0] = '\0';
    return 0;
}

ssize_t sock_recvfrom(sock_t *s, void *buf, size_t len, int flags,
                      char *address, size_t size, int *port)
{
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_RECVFROM, SK_WAITS))
        return -1;
    err = receive_from(&c, buf, len, flags, address, size, port, &got);
    return sk_call_count(&c, err, got);
}

/* A count of 0 bytes sent is a success, not an end. */
static ssize_t leave_sent(struct sk_call *c, sk_err err, size_t sent)
{
    return sk_call_leave(c, err) ? (ssize_t)sent : -1;
}

ssize_t sock_write(sock_t *s, const void *buf, size_t len)
{
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_WRITE, SK_WAITS))
        return -1;
    err = sk_io_send(&c, buf, len, 0, NULL, &sent);
    return leave_sent(&c, err, sent);
}

ssize_t sock_send(sock_t *s, const void *buf, size_t len, int flags)
{
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_SEND, SK_WAITS))
        return -1;
    err = sk_io_send(&c, buf, len, flags, NULL, &sent);
    return leave_sent(&c, err, sent);
}

ssize_t sock_sendto(sock_t *s, const void *buf, size_t len, int flags,
                    const char *address, int port)
{
    struct sk_call c;
    struct sk_addr to;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_SENDTO, SK_WAITS))
        return -1;
    c.scene.address = address ? address : "";
    c.scene.port    = port;
    err             = sk_connect_find(&c, address, port, SK_WRITING, &to);
    if (!err)
        err = sk_io_send(&c, buf, len, flags, &to, &sent);
    return leave_sent(&c, err, sent);
}

bool sock_write_all(sock_t *s, const void *buf, size_t len, size_t *done)
{
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (done)
        *done = 0;
    if (!sk_call_enter(&c, s, SK_WRITE_ALL, SK_WAITS))
        return false;
    err = sk_io_send_all(&c, buf, len, &sent);
    if (done)
        *done = sent;
    return sk_call_leave(&c, err);
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
    return sk_call_leave(&c, err);
}
