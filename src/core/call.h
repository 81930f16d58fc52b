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
    struct sk_sock *s;      /* held */
    uint64_t        held;   /* what the release gives back */
    sock_t         *handle; /* as the caller gave it */
    struct sk_scene scene;  /* for the report, should it fail */
};

/* False, and reported, if the handle is refused. */
bool sk_call_enter(struct sk_call *c, sock_t *handle, enum sk_verb verb,
                   uint64_t want);

/* Report err if it is one, release; true if it is none. */
bool sk_call_leave(struct sk_call *c, sk_err err);

/* The same for a count: -1 for an error, and for 0 on a socket that was closed
 * meanwhile. */
ssize_t sk_call_count(struct sk_call *c, sk_err err, size_t count);

/* A call without a socket failed. Returns NULL, for makers. */
sock_t *sk_call_refuse(enum sk_verb verb, sk_err err);

/* Take the reading turn, or wait for it within the limit. */
sk_err sk_call_turn(struct sk_call *c, const struct sk_limit *limit);

#endif
