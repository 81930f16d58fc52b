/* meta.c - what there is to know about a stream.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/stream.h"

#include "core/addr.h"
#include "core/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct sk_tls *tls_of(struct sk_sock *s)
{
    struct sk_stream *stream = sk_stream_of(s);

    return stream ? atomic_load(&stream->tls) : NULL;
}

static const char *transport_of(struct sk_sock *s)
{
    const struct sk_stream *stream   = sk_stream_of(s);
    bool                    datagram = s->type == SOCK_DGRAM;

    if (tls_of(s) || (stream && stream->transport == SK_URL_TLS))
        return "tls";
    if (s->domain == AF_UNIX)
        return datagram ? "udg" : "unix";
    return datagram ? "udp" : "tcp";
}

/* What is buffered belongs to the one who has the turn: without it that is not
 * counted. */
static size_t unread(struct sk_call *c, struct sk_tls *t)
{
    size_t count = t ? sk_tls_unread(t) : 0;

    return c->held & SK_TURN ? count + sk_buf_size(&c->s->buf) : count;
}

static void fill(struct sk_call *c, sock_meta_t *out)
{
    unsigned       flags = sk_sock_flags(c->s);
    struct sk_tls *t     = tls_of(c->s);

    memset(out, 0, sizeof *out);
    out->timed_out = flags & SK_TIMED_OUT;
    out->blocked   = !(flags & SK_NONBLOCK);
    out->eof       = (flags & (SK_ENDED | SK_FAILED)) &&
               !(flags & (SK_BUFFERED | SK_PENDING));
    out->unread_bytes = unread(c, t);
    snprintf(out->transport, sizeof out->transport, "%s", transport_of(c->s));
    if (t)
        sk_tls_describe(t, out);
}

bool sock_stream_get_meta_data(sock_t *s, sock_meta_t *out, size_t size)
{
    struct sk_call c;
    sock_meta_t    meta;

    if (!sk_call_enter(&c, s, SK_STREAM_GET_META_DATA, SK_HOLDER | SK_TURN))
        return false;
    if (!out || !size)
        return sk_call_leave(&c, SK_STREAM_GET_META_DATA, EINVAL);
    fill(&c, &meta);
    memset(out, 0, size);
    memcpy(out, &meta, size < sizeof meta ? size : sizeof meta);
    return sk_call_leave(&c, SK_STREAM_GET_META_DATA, 0);
}

ssize_t sock_stream_get_peer_certificate(sock_t *s, size_t depth, char *pem,
                                         size_t size)
{
    struct sk_call c;
    size_t         length = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_STREAM_GET_PEER_CERTIFICATE, SK_QUICK))
        return -1;
    if (!pem && size)
        err = EINVAL;
    else if (!tls_of(c.s))
        err = EOPNOTSUPP;
    else
        err = sk_tls_peer_certificate(tls_of(c.s), depth, pem, size, &length);
    return sk_call_leave(&c, SK_STREAM_GET_PEER_CERTIFICATE, err)
               ? (ssize_t)length
               : -1;
}

bool sk_stream_own_name(struct sk_sock *s, char *name, size_t size)
{
    struct sk_addr a;

    if (!sk_peer(s, &a) && sk_addr_name(&a, name, size))
        return true;
    return !sk_plat_sockname(s->fd, &a) && sk_addr_name(&a, name, size);
}
