/* call.c - the border: every public call holds, works, reports, releases.
 *
 * A failure while the socket is being closed is the close's doing, so it is
 * reported as ECANCELED. The mark is looked at before the release: a close that
 * comes later finds the call already over.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/call.h"

#include "core/wait.h"

#include <errno.h>

bool sk_call_enter(struct sk_call *c, sock_t *handle, enum sk_verb verb,
                   uint64_t want)
{
    sk_err err;

    c->handle = handle;
    c->scene  = (struct sk_scene){verb, NULL, 0, NULL};
    err       = sk_handle_hold(handle, want, &c->s, &c->held);
    if (SK_UNLIKELY(err))
        sk_report(handle, NULL, &c->scene, err);
    return !err;
}

static void report(struct sk_call *c, sk_err err)
{
    if (sk_handle_closing(c->s))
        err = ECANCELED;
    sk_report(c->handle, c->s, &c->scene, err);
}

bool sk_call_leave(struct sk_call *c, sk_err err)
{
    if (err)
        report(c, err);
    sk_handle_release(c->s, c->held);
    return !err;
}

ssize_t sk_call_count(struct sk_call *c, sk_err err, size_t count)
{
    if (SK_LIKELY(!err && count)) {
        sk_handle_release(c->s, c->held);
        return (ssize_t)count;
    }
    if (!err && sk_handle_closing(c->s))
        err = ECANCELED;
    return sk_call_leave(c, err) ? 0 : -1;
}

sock_t *sk_call_refuse(enum sk_verb verb, sk_err err)
{
    const struct sk_scene scene = {verb, NULL, 0, NULL};

    sk_report(NULL, NULL, &scene, err);
    return NULL;
}

static bool take_turn(void *what)
{
    return sk_handle_take_turn(what);
}

sk_err sk_call_turn(struct sk_call *c, const struct sk_limit *limit)
{
    sk_err err = 0;

    if (c->held & SK_TURN)
        return 0;
    if (!sk_handle_take_turn(c->s)) {
        if (limit->nonblock)
            return EAGAIN;
        err = sk_wait_for(c->s, take_turn, c->s, limit->until);
    }
    if (!err)
        c->held |= SK_TURN;
    return err;
}
