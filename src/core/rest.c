/* rest.c - what follows the first bytes of a MSG_WAITALL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/rest.h"

#include "core/channel.h"
#include "core/outcome.h"
#include "platform/control.h"

#include <errno.h>

bool sk_rest_has_items(struct sk_sock *s)
{
    return s->domain == AF_UNIX && !sk_channel_is_on(s);
}

/* Of a part, the bytes behind the first `skip` of all parts. */
static struct iovec behind(const struct sk_intake *in, size_t skip)
{
    struct iovec rest = {NULL, 0};

    for (size_t i = 0; i < in->count; i++) {
        if (skip < in->parts[i].iov_len) {
            rest.iov_base = (char *)in->parts[i].iov_base + skip;
            rest.iov_len  = in->parts[i].iov_len - skip;
            break;
        }
        skip -= in->parts[i].iov_len;
    }
    return rest;
}

/* One more piece. On AF_UNIX descriptors may come with it. */
static sk_err receive_more(struct sk_call *c, struct sk_limit *l,
                           const struct sk_intake *in, int flags,
                           struct msghdr *piece, size_t *more)
{
    struct iovec     part = *piece->msg_iov;
    struct sk_intake one  = {&part, 1, part.iov_len, NULL, NULL};

    if (in->message && sk_rest_has_items(c->s))
        one.message = piece;
    return sk_io_step(c, l, &one, flags, more);
}

static bool is_same_sender(const struct sk_control *a,
                           const struct sk_control *b)
{
    sock_credentials_t one, other;

    return a->size == b->size && !sk_control_get_credentials(a, &one) &&
           !sk_control_get_credentials(b, &other) && one.pid == other.pid &&
           one.uid == other.uid && one.gid == other.gid;
}

/* May what comes next over AF_UNIX be joined with what is there? Not with
 * descriptors on either side, nor with what somebody else has sent: a look
 * tells who it is. */
static bool may_join(struct sk_call *c, struct sk_limit *l,
                     const struct msghdr *m, int flags)
{
    _Alignas(max_align_t) unsigned char bytes[SK_CONTROL_ANSWER];
    struct sk_control here = {m->msg_control, 0, m->msg_controllen};
    struct sk_control there;
    char              byte;
    struct iovec      part = {&byte, 1};
    struct msghdr     next = {.msg_iov        = &part,
                              .msg_iovlen     = 1,
                              .msg_control    = bytes,
                              .msg_controllen = here.size};
    struct sk_intake  in   = {&part, 1, 1, NULL, &next};
    size_t            got;
    int               fd;
    bool              same;

    if (here.size > sizeof bytes || sk_control_fd(&here, 0, &fd) ||
        sk_io_step(c, l, &in, flags | MSG_PEEK, &got))
        return false;
    there = (struct sk_control){bytes, 0, next.msg_controllen};
    same  = !(next.msg_flags & MSG_CTRUNC) && is_same_sender(&here, &there);
    sk_control_close_fds(&there);
    return same;
}

/* MSG_WAITALL goes on after a signal, and with a deadline. An error that comes
 * after the first bytes is told by the next call. `room` is that for items. */
sk_err sk_rest_receive(struct sk_call *c, struct sk_limit *l,
                       const struct sk_intake *in, size_t room, int flags,
                       size_t *got)
{
    struct sk_sock *s    = c->s;
    struct msghdr   none = {0}, *m = in->message ? in->message : &none;
    sk_err          err = 0;
    size_t          more;

    l->polls = l->polls || l->until != SK_NEVER;
    while (*got < in->len && !err) {
        struct iovec  part  = behind(in, *got);
        struct msghdr piece = {.msg_iov        = &part,
                               .msg_iovlen     = 1,
                               .msg_control    = m->msg_control,
                               .msg_controllen = room};

        if (sk_rest_has_items(s) &&
            ((m->msg_flags & MSG_CTRUNC) ||
             (m->msg_controllen && !may_join(c, l, m, flags))))
            break;
        more = 0;
        err  = receive_more(c, l, in, flags, &piece, &more);
        if (!err && !more) {
            sk_outcome_over(s, 0, flags);
            break;
        }
        *got += more;
        if (!err && in->message && sk_rest_has_items(s)) {
            m->msg_controllen = piece.msg_controllen;
            m->msg_flags |= piece.msg_flags;
        }
    }
    if (err && !l->expired)
        sk_outcome_tell_later(s, err);
    return *got ? 0 : err;
}
