/* line.h - reading a line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_LINE_H
#define SK_CORE_LINE_H

#include "base/find.h"
#include "core/call.h"
#include "core/poll.h"

/* Read up to and with the first `end` (NULL: "\r" or "\n"), or len bytes. The
 * end has one byte. `flags` is 0 or MSG_DONTWAIT. */
sk_err sk_line_read(struct sk_call *c, const struct sk_ending *end, void *buf,
                    size_t len, int flags, size_t *got);

/* Read up to the first `end`, which is taken and not stored, if fewer than len
 * bytes come before it; else len bytes. *got is what was stored, *taken is 0 at
 * the end of the stream only. */
sk_err sk_line_get(struct sk_call *c, const struct sk_ending *end, void *buf,
                   size_t len, size_t *got, size_t *taken);

/* A line that ends with the first `one` or `other` and stands in the buffer,
 * where nothing needs care: its length. 0: go the long way. */
static inline size_t sk_line_at_once(struct sk_call *c, char one, char other,
                                     void *buf, size_t len)
{
    const unsigned  care = SK_DEADLINE | SK_STARVED | SK_TIMED_OUT;
    struct sk_sock *s    = c->s;
    struct sk_buf  *b    = &s->buf;
    size_t          size, line;

    if (SK_UNLIKELY(!buf || !(c->held & SK_TURN) || b->seen ||
                    (sk_sock_flags(s) & care)))
        return 0;
    size = sk_buf_size(b);
    line = sk_find(sk_buf_front(b), size < len ? size : len, one, other);
    if (SK_UNLIKELY(!line || line == size)) /* it runs empty */
        return 0;
    memcpy(buf, sk_buf_front(b), line);
    b->start += (uint32_t)line;
    sk_poll_notify(s);
    return line;
}

#endif
