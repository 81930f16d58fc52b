/* call.h - the border: every public call holds, works, reports, releases.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_CALL_H
#define SK_CORE_CALL_H

#include "core/handle.h"
#include "core/limit.h"
#include "core/report.h"

/* What a call may do while it holds its socket. */
#define SK_QUICK (SK_HOLDER)
#define SK_WAITS (SK_HOLDER | SK_BLOCKED)
#define SK_LINES (SK_HOLDER | SK_BLOCKED | SK_TURN)

/* One public call in progress. */
struct sk_call {
    struct sk_sock *s;    /* held */
    uint64_t        held; /* what the release gives back */
};

/* The handle is refused: report it. */
SK_COLD void sk_call_refused(sock_t *handle, enum sk_verb verb);

/* False, and reported, if the handle is refused. */
static inline bool sk_call_enter(struct sk_call *c, sock_t *handle,
                                 enum sk_verb verb, uint64_t want)
{
    c->s = sk_handle_hold(handle, want, &c->held);
    if (SK_LIKELY(c->s))
        return true;
    sk_call_refused(handle, verb);
    return false;
}

/* Report err if it is one, release; true if it is none. */
bool sk_call_leave(struct sk_call *c, enum sk_verb verb, sk_err err);

/* The same for a call that was given an address. */
bool sk_call_leave_at(struct sk_call *c, enum sk_verb verb, sk_err err,
                      const char *address, int port, const char *detail);

/* The same for a count that is 0 or failed: an error, and 0 on a socket that
 * was closed meanwhile, is -1. */
ssize_t sk_call_count_slow(struct sk_call *c, enum sk_verb verb, sk_err err);

/* The most frequent end of a call that holds `held`: it moved bytes. */
SK_COLD ssize_t sk_call_moved_slow(struct sk_sock *s, uint64_t held,
                                   ssize_t count, uint64_t old);

static inline ssize_t sk_call_moved(struct sk_call *c, uint64_t held,
                                    ssize_t count)
{
    uint64_t old = sk_handle_let_go(c->s, held);

    if (SK_UNLIKELY(old & SK_SLOW))
        return sk_call_moved_slow(c->s, held, count, old);
    return count;
}

static inline ssize_t sk_call_count(struct sk_call *c, enum sk_verb verb,
                                    sk_err err, size_t count)
{
    if (SK_UNLIKELY(err || !count))
        return sk_call_count_slow(c, verb, err);
    sk_handle_release(c->s, c->held);
    return (ssize_t)count;
}

/* A call without a socket failed. Returns NULL, for makers. */
sock_t *sk_call_refuse(enum sk_verb verb, sk_err err);

/* Take the reading turn, or wait for it within the limit. */
sk_err sk_call_turn(struct sk_call *c, struct sk_limit *limit);

#endif
