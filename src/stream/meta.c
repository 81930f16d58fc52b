/* meta.c - what there is to know about a stream.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *transport_of(struct sk_sock *s)
{
    const struct sk_stream *stream   = sk_stream_of(s);
    bool                    datagram = s->type == SOCK_DGRAM;

    if (sk_stream_tls(s) || (stream && stream->transport == SK_URL_TLS))
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
    struct sk_tls *t     = sk_stream_tls(c->s);

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
