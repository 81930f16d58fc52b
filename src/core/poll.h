/* poll.h - what the rest of core tells poll sets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_POLL_H
#define SK_CORE_POLL_H

#include "core/state.h"
#include "platform/poller.h"

/* Once in a process, and in a forked child. */
void sk_poll_set_up(void);

/* s is closed: no set watches it any more. For the closer, who has set the mark
 * and has the descriptor still. */
void sk_poll_forget(struct sk_sock *s);

/* A read has left bytes in s's buffer. */
void sk_poll_notify_slow(struct sk_sock *s);

/* A call on s has met EAGAIN, or waited in vain. */
void sk_poll_rearm(struct sk_sock *s, enum sk_direction way);

/* For whoever has taken from, or added to, what is buffered. The buffer's flag
 * was raised before this looks at the others; a set looks at that flag after it
 * has changed the others: one of the two sees what the other did. */
static inline void sk_poll_notify(struct sk_sock *s)
{
    unsigned flags = sk_sock_flags(s);

    if (SK_UNLIKELY((flags & (SK_POLLED | SK_TOLD)) == SK_POLLED) &&
        sk_flags_readable(flags))
        sk_poll_notify_slow(s);
}

/* For a channel that has raised or dropped SK_KEPT or SK_SHAKING: what is asked
 * of the system for it changes. */
void sk_poll_rewatch_slow(struct sk_sock *s);

static inline void sk_poll_rewatch(struct sk_sock *s)
{
    if (SK_UNLIKELY(sk_sock_flags(s) & SK_POLLED))
        sk_poll_rewatch_slow(s);
}

/* The way that sets are made from now on; NULL: the best. For tests. */
void sk_poll_use(const struct sk_poller *backend);

#endif
