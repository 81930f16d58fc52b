/* poll.h - what the rest of core tells poll sets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_POLL_H
#define SK_CORE_POLL_H

#include "core/state.h"
#include "platform/poller.h"

/* Of a member whose handle was closed or given up, once, in a set that tells of
 * ends: the last event with its data. */
#define SK_POLL_ENDED 0x40u

/* EMFILE, ENFILE, ENOMEM. */
sk_err sk_poll_make(bool tells_ends, struct sock_poll **out);

/* What a wait tells. */
struct sk_poll_report {
    sock_event_t *events; /* with room for `max` */
    size_t        max;
    size_t        count; /* of them that are told */
    bool          more;  /* there may be others */
};

/* Wait for events of a set of this process's until that time, before which
 * there are left_ms. EBUSY, EINTR, ENOMEM. */
sk_err sk_poll_await(struct sock_poll *p, struct sk_poll_report *r, int left_ms,
                     int64_t until);

/* In a child of fork, of a set that another thread had: its descriptors go. Its
 * memory is let alone, for that thread may have been changing it. */
void sk_poll_abandon(struct sock_poll *p);

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
