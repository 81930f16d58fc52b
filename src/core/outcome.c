/* outcome.c - what a read came to, kept for those who ask or read later.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/outcome.h"

#include "core/handle.h"
#include "core/poll.h"

#include <sock/error.h>

#include <errno.h>

bool sk_outcome_is_final(sk_err err)
{
    static const sk_err ends[] = {ECONNRESET, ECONNABORTED, ETIMEDOUT,
                                  EPIPE,      ENETDOWN,     ENETUNREACH,
                                  EHOSTDOWN,  EHOSTUNREACH, EPROTO};

    for (size_t i = 0; i < SK_COUNT(ends); i++)
        if (ends[i] == err)
            return true;
    return err >= LIBSOCK_ETLS_TRUNCATED && err <= LIBSOCK_ETLS_OTHER;
}

/* Datagrams may be empty, and fail one by one. */
void sk_outcome_over(struct sk_sock *s, sk_err err, int flags)
{
    bool connects = s->type == SOCK_STREAM || s->type == SOCK_SEQPACKET;

    if (connects &&
        (err ? sk_outcome_is_final(err) : !(flags & SK_PAST_BUFFER)))
        sk_sock_raise(s, SK_ENDED);
}

void sk_outcome_note(struct sk_sock *s, const struct sk_limit *l, sk_err err,
                     size_t got, int flags)
{
    if (l->expired) {
        sk_sock_raise(s, SK_TIMED_OUT);
        return;
    }
    if (err || !got)
        sk_outcome_over(s, err, flags);
    if ((!err || sk_outcome_is_final(err)) && (sk_sock_flags(s) & SK_TIMED_OUT))
        sk_sock_drop(s, SK_TIMED_OUT);
}

void sk_outcome_tell_later(struct sk_sock *s, sk_err err)
{
    if (!sk_outcome_is_final(err) || sk_handle_closing(s))
        return;
    atomic_store_explicit(&s->failure, err, memory_order_relaxed);
    sk_sock_raise(s, SK_FAILED);
    sk_poll_notify(s);
}

void sk_outcome_sent(struct sk_sock *s, sk_err err)
{
    if (SK_UNLIKELY(err == ECONNRESET) && sk_sock_is_stream(s))
        sk_sock_raise(s, SK_RESET);
}

sk_err sk_outcome_end(struct sk_sock *s, int flags)
{
    bool reset = sk_sock_flags(s) & SK_RESET;

    return reset && !(flags & SK_PAST_BUFFER) ? ECONNRESET : 0;
}
