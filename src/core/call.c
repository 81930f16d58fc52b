/* call.c - the border: every public call holds, works, reports, releases.
 *
 * A failure while the socket is being closed is the close's doing, so it is
 * reported as ECANCELED. The mark is looked at before the release: a close that
 * comes later finds the call already over.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/call.h"

#include "core/channel.h"
#include "core/poll.h"
#include "core/wait.h"

#include <sock/error.h>

#include <errno.h>

void sk_call_refused(sock_t *handle, enum sk_verb verb)
{
    const struct sk_scene scene = {verb, NULL, 0, NULL};

    sk_report(handle, NULL, &scene, sk_handle_refusal(handle));
}

/* Which way the call would have gone on. */
static enum sk_direction way_of(enum sk_verb verb)
{
    switch (verb) {
    case SK_CONNECT:
    case SK_PRINTF:
    case SK_SEND:
    case SK_SENDMMSG:
    case SK_SENDMSG:
    case SK_SENDTO:
    case SK_STREAM_SENDTO:
    case SK_WRITE:
    case SK_WRITE_ALL:
    case SK_WRITEV:
        return SK_WRITING;
    default:
        return SK_READING;
    }
}

/* A failure of TLS has more to say than its code. */
static void report(struct sk_call *c, const struct sk_scene *scene, sk_err err)
{
    struct sk_channel *channel = sk_channel_of(c->s);
    struct sk_scene    more    = *scene;
    char               detail[512];

    if (err >= LIBSOCK_ETLS_TRUNCATED && channel && channel->ops->explain &&
        !(scene->detail && *scene->detail)) {
        channel->ops->explain(c->s, err, detail, sizeof detail);
        more.detail = detail;
    }
    sk_report(sk_handle_of(c->s), c->s, &more, err);
}

static bool leave(struct sk_call *c, const struct sk_scene *scene, sk_err err)
{
    if (err && (c->held & SK_BLOCKED_MASK) && sk_handle_closing(c->s))
        err = ECANCELED;
    if (SK_UNLIKELY(err))
        report(c, scene, err);
    if ((err == EAGAIN || err == ETIMEDOUT || err == EINPROGRESS) &&
        (sk_sock_flags(c->s) & SK_REARMS))
        sk_poll_rearm(c->s, way_of(scene->verb));
    sk_handle_release(c->s, c->held);
    return !err;
}

bool sk_call_leave(struct sk_call *c, enum sk_verb verb, sk_err err)
{
    const struct sk_scene scene = {verb, NULL, 0, NULL};

    return leave(c, &scene, err);
}

bool sk_call_leave_at(struct sk_call *c, enum sk_verb verb, sk_err err,
                      const char *address, int port, const char *detail)
{
    const struct sk_scene scene = {verb, address ? address : "", port, detail};

    return leave(c, &scene, err);
}

ssize_t sk_call_moved_slow(struct sk_sock *s, uint64_t held, ssize_t count,
                           uint64_t old)
{
    sk_handle_release_slow(s, old, held);
    return count;
}

ssize_t sk_call_count_slow(struct sk_call *c, enum sk_verb verb, sk_err err)
{
    if (!err && sk_handle_closing(c->s))
        err = ECANCELED;
    return sk_call_leave(c, verb, err) ? 0 : -1;
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

sk_err sk_call_turn(struct sk_call *c, struct sk_limit *limit)
{
    sk_err err = 0;

    if (c->held & SK_TURN)
        return 0;
    if (!sk_handle_take_turn(c->s)) {
        if (limit->nonblock)
            return EAGAIN;
        err            = sk_wait_for(c->s, take_turn, c->s, limit->until);
        limit->polls   = limit->polls || limit->until != SK_NEVER;
        limit->expired = err == ETIMEDOUT;
    }
    if (!err)
        c->held |= SK_TURN;
    return err;
}
