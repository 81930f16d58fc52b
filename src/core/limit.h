/* limit.h - how long one call may wait, worked out once when it begins.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_LIMIT_H
#define SK_CORE_LIMIT_H

#include "core/state.h"

struct sk_limit {
    int64_t until;    /* SK_NEVER: none */
    bool    nonblock; /* EAGAIN rather than wait */
    bool    polls;    /* the system's own timer does not do: start without
                         waiting, then poll */
    bool expired;     /* this limit ended the call, not the system's own */
};

/* The slow half of sk_limit_begin(). */
sk_err sk_limit_work_out(struct sk_limit *l, struct sk_sock *s,
                         enum sk_direction way);

/* `flags` are those of recv and send. ETIMEDOUT: the deadline has passed. */
static inline sk_err sk_limit_begin(struct sk_limit *l, struct sk_sock *s,
                                    enum sk_direction way, int flags)
{
    unsigned now  = sk_sock_flags(s);
    unsigned mine = way == SK_READING ? SK_READ_LIMIT : SK_WRITE_LIMIT;

    l->until    = SK_NEVER;
    l->nonblock = (flags & MSG_DONTWAIT) || (now & SK_NONBLOCK);
    l->polls    = false;
    l->expired  = false;
    if (SK_LIKELY(l->nonblock || !(now & (mine | SK_DEADLINE))))
        return 0;
    return sk_limit_work_out(l, s, way);
}

/* The limit of a call that was given a time of its own, in ms: that, and the
 * deadline. -1 none. */
sk_err sk_limit_begin_within(struct sk_limit *l, struct sk_sock *s,
                             int timeout_ms);

/* The flags of one step of a call with `flags`. */
static inline int sk_limit_flags(const struct sk_limit *l, int flags)
{
    return l->nonblock || l->polls ? flags | MSG_DONTWAIT : flags;
}

/* After a step that failed with err: 0 to try again, having waited for
 * `events` if that was the reason. */
sk_err sk_limit_go_on(struct sk_limit *l, struct sk_sock *s, sk_err err,
                      short events);

/* Set s's limits for one direction; -1 none. The caller holds the lock. */
sk_err sk_limit_set(struct sk_sock *s, enum sk_direction way, int timeout_ms);

/* Give the descriptor its limit for writing anew, after a connect that bent it.
 * The caller holds the lock. */
void sk_limit_restore(struct sk_sock *s);

/* Give s the limits its listener has; not its deadline. */
sk_err sk_limit_inherit(struct sk_sock *s, struct sk_sock *listener);

/* The deadline timeout_ms from now; -1 none. */
void sk_limit_deadline(struct sk_sock *s, int timeout_ms);

#endif
