/* line.c - reading a line.
 *
 * Bytes are read ahead into the handle's buffer and lines handed out of it, so
 * a line costs a fraction of a system call. A part of a line stays in the
 * buffer whatever interrupts it: EAGAIN and a limit leave it for the next call,
 * the end of the stream delivers it, a failed stream keeps it for a binary
 * read, since half a command is no command.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/line.h"

#include "core/io.h"
#include "core/poll.h"

#include <errno.h>

/* Is there a line, or will none come? 0 with *count, or an error. */
static sk_err next_line(struct sk_call *c, struct sk_limit *l, size_t len,
                        size_t *count)
{
    struct sk_sock *s = c->s;
    size_t          added;
    sk_err          err;

    while (!(*count = sk_buf_line(&s->buf, len))) {
        if (sk_sock_flags(s) & SK_FAILED)
            return atomic_load_explicit(&s->failure, memory_order_relaxed);
        if ((err = sk_io_fill(c, l, len, &added)))
            return err;
        if (added)
            continue;
        *count = sk_buf_size(&s->buf);
        return sk_handle_closing(s) ? ECANCELED : 0;
    }
    return 0;
}

sk_err sk_line_read(struct sk_call *c, void *buf, size_t len, int flags,
                    size_t *got)
{
    struct sk_sock *s = c->s;
    struct sk_limit l;
    sk_err          err;

    if (SK_UNLIKELY(!len || !buf))
        return EINVAL;
    if (SK_UNLIKELY(!sk_sock_is_stream(s)))
        return EOPNOTSUPP;
    if (SK_UNLIKELY((err = sk_limit_begin(&l, s, SK_READING, flags))) ||
        SK_UNLIKELY((err = sk_call_turn(c, &l))))
        return err;
    err = next_line(c, &l, len, got);
    if (SK_LIKELY(!err)) {
        if (*got)
            sk_io_take(s, buf, *got);
        if (SK_UNLIKELY(sk_sock_flags(s) & SK_STARVED))
            sk_sock_drop(s, SK_STARVED);
        sk_poll_notify(s);
    } else if ((err == EAGAIN || err == ETIMEDOUT) && sk_buf_size(&s->buf)) {
        sk_sock_raise(s, SK_STARVED);
    }
    return err;
}
