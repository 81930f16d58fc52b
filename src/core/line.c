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
#include "core/outcome.h"
#include "core/poll.h"

#include <errno.h>
#include <string.h>

/* What is there of a line is kept, and wakes nobody until more comes. */
static sk_err refuse(struct sk_sock *s, sk_err err)
{
    if ((err == EAGAIN || err == ETIMEDOUT) && sk_buf_size(&s->buf))
        sk_sock_raise(s, SK_STARVED);
    return err;
}

/* None is buffered: 0 with *count, or an error. What is left at the end of the
 * stream may be more than the last piece. */
SK_COLD static sk_err await(struct sk_call *c, struct sk_limit *l,
                            const struct sk_ending *end, size_t len,
                            size_t *count)
{
    struct sk_sock *s = c->s;
    size_t          added;
    sk_err          err;

    while (!*count) {
        if (sk_sock_flags(s) & SK_FAILED)
            return atomic_load_explicit(&s->failure, memory_order_relaxed);
        if ((err = sk_io_fill(c, l, end, len, &added)))
            return refuse(s, err);
        if (!added) {
            *count = sk_buf_size(&s->buf) < len ? sk_buf_size(&s->buf) : len;
            return sk_handle_closing(s) ? ECANCELED : 0;
        }
        *count = sk_buf_line(&s->buf, end, len);
    }
    return 0;
}

/* Is there a line, or will none come? 0 with *count, or an error. */
static inline sk_err find(struct sk_call *c, struct sk_limit *l,
                          const struct sk_ending *end, size_t len, int flags,
                          size_t *count)
{
    sk_err err;

    if (SK_UNLIKELY((err = sk_limit_begin(l, c->s, SK_READING, flags))) ||
        SK_UNLIKELY((err = sk_call_turn(c, l))))
        return err;
    *count = sk_buf_line(&c->s->buf, end, len);
    return SK_LIKELY(*count) ? 0 : await(c, l, end, len, count);
}

/* What the last read was refused for is over. */
static inline void settle(struct sk_sock *s)
{
    const unsigned over = SK_STARVED | SK_TIMED_OUT;

    if (SK_UNLIKELY(sk_sock_flags(s) & over))
        sk_sock_drop(s, over);
    sk_poll_notify(s);
}

static inline sk_err check(const struct sk_sock *s, const void *buf, size_t len)
{
    if (SK_UNLIKELY(!len || !buf))
        return EINVAL;
    return SK_LIKELY(sk_sock_is_stream(s)) ? 0 : EOPNOTSUPP;
}

sk_err sk_line_read(struct sk_call *c, const struct sk_ending *end, void *buf,
                    size_t len, int flags, size_t *got)
{
    struct sk_sock *s = c->s;
    struct sk_limit l;
    sk_err          err = check(s, buf, len);

    if (SK_UNLIKELY(err))
        return err;
    if (SK_UNLIKELY((err = find(c, &l, end, len, flags, got)))) {
        *got = 0;
        sk_outcome_note(s, &l, err, 0, flags);
        sk_poll_notify(s);
        return err;
    }
    if (*got)
        sk_io_take(s, buf, *got);
    settle(s);
    return 0;
}

sk_err sk_line_get(struct sk_call *c, const struct sk_ending *end, void *buf,
                   size_t len, size_t *got, size_t *taken)
{
    struct sk_sock *s = c->s;
    struct sk_limit l;
    sk_err          err = check(s, buf, len);

    *got = *taken = 0;
    if (err)
        return err;
    if ((err = find(c, &l, end, len, 0, taken))) {
        *taken = 0;
        sk_outcome_note(s, &l, err, 0, 0);
        sk_poll_notify(s);
        return err;
    }
    if (*taken) {
        *got = sk_buf_text(&s->buf, end, *taken);
        memcpy(buf, sk_buf_front(&s->buf), *got);
        sk_io_take(s, NULL, *taken);
    }
    settle(s);
    return 0;
}
