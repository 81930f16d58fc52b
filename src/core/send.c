/* send.c - every byte leaves through here.
 *
 * Without limits, and with a timeout, a send blocks in its own system call: the
 * system's timer ends it. With a deadline, for what is left after a signal or a
 * first step, and with any limit over AF_UNIX, whose timer starts anew for each
 * piece, it starts without waiting and polls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/send.h"

#include "core/channel.h"
#include "core/outcome.h"
#include "core/wait.h"

#include <errno.h>

/* What one send takes along: bytes, or a message, or many. */
struct load {
    const void           *buf;
    size_t                len; /* of buf in bytes; of many, how many */
    const struct sk_addr *to;  /* of buf; NULL: the fixed peer */
    const struct msghdr  *message;
    struct mmsghdr       *many;
};

/* The count, of bytes or of messages; or less an error. */
static ssize_t send_once(int fd, const struct load *load, int flags)
{
    if (load->many)
        return sk_plat_sendmmsg(fd, load->many, load->len, flags);
    if (load->message)
        return sk_plat_sendmsg(fd, load->message, flags);
    if (load->to)
        return sk_plat_sendto(fd, load->buf, load->len, flags, load->to);
    return sk_plat_send(fd, load->buf, load->len, flags);
}

static bool has_address(const struct load *load)
{
    if (load->many)
        return load->many->msg_hdr.msg_namelen;
    return load->message ? load->message->msg_namelen : load->to != NULL;
}

/* Nothing tells when a datagram socket without a fixed peer has room again
 * with somebody else. So wait in slices, and look at the mark between. The
 * slice stays set: nothing else of such a socket blocks in the system. */
static ssize_t send_in_slices(struct sk_sock *s, struct sk_limit *l,
                              const struct load *load, int flags)
{
    struct load one  = *load;
    bool        last = false;
    ssize_t     n    = -EAGAIN;

    if (one.many)
        one.len = 1; /* each would wait a slice of its own */

    while (n == -EAGAIN || n == -EINTR) {
        sk_err err;

        if (last && !sk_wait_left(l->until))
            return -ETIMEDOUT;
        if ((err = sk_wait_slice(s, l->until, &last)))
            return -err;
        n = send_once(s->fd, &one, flags);
    }
    return n;
}

static sk_err send_step(struct sk_sock *s, struct sk_limit *l,
                        const struct load *load, int flags, size_t *sent)
{
    ssize_t n;
    sk_err  err;

    for (;;) {
        n = send_once(s->fd, load, sk_limit_flags(l, flags));
        if (n == -EAGAIN && !l->nonblock && s->domain == AF_UNIX &&
            has_address(load))
            n = send_in_slices(s, l, load, flags);
        if (SK_LIKELY(n >= 0)) {
            *sent = (size_t)n;
            return 0;
        }
        if ((err = sk_limit_go_on(l, s, (sk_err)-n, POLLOUT))) {
            sk_outcome_sent(s, err);
            return err;
        }
    }
}

/* ---- by way of a channel ---- */

static bool goes_through(struct sk_sock *s)
{
    return sk_channel_is_on(s) && sk_channel_of(s)->ops->send;
}

static sk_err send_through(struct sk_call *c, struct sk_limit *l,
                           const void *buf, size_t len, int flags, size_t *sent)
{
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE))
        return EOPNOTSUPP;
    return sk_channel_of(c->s)->ops->send(c, l, buf, len, flags, sent);
}

/* Part by part: an error behind the first bytes is told by the next call. */
static sk_err send_parts(struct sk_call *c, struct sk_limit *l,
                         const struct msghdr *m, int flags, size_t *sent)
{
    size_t some;
    sk_err err = 0;

    if (m->msg_controllen)
        return EOPNOTSUPP;
    *sent = 0;
    for (size_t i = 0; !err && i < m->msg_iovlen; i++) {
        const struct iovec *part = &m->msg_iov[i];

        some = 0;
        err  = send_through(c, l, part->iov_base, part->iov_len, flags, &some);
        *sent += some;
        if (!err && some < part->iov_len)
            break;
    }
    return *sent ? 0 : err;
}

static sk_err send_each(struct sk_call *c, struct sk_limit *l,
                        struct mmsghdr *list, size_t count, int flags,
                        size_t *sent)
{
    size_t some;
    sk_err err = 0;

    for (*sent = 0; !err && *sent < count; *sent += !err) {
        err = send_parts(c, l, &list[*sent].msg_hdr, flags, &some);
        if (!err)
            list[*sent].msg_len = (unsigned)some;
    }
    return *sent ? 0 : err;
}

ssize_t sk_send_raw(struct sk_sock *s, const void *buf, size_t len)
{
    return sk_plat_send(s->fd, buf, len, MSG_DONTWAIT);
}

/* ---- bytes ---- */

sk_err sk_send_begin(struct sk_limit *l, struct sk_sock *s, int flags)
{
    sk_err err = sk_limit_begin(l, s, SK_WRITING, flags);

    if ((sk_sock_flags(s) & SK_SEND_POLLS) ||
        (s->domain == AF_UNIX && l->until != SK_NEVER))
        l->polls = true;
    return err;
}

sk_err sk_send(struct sk_call *c, struct sk_limit *l, const void *buf,
               size_t len, int flags, const struct sk_addr *to, size_t *sent)
{
    const struct load load = {buf, len, to, NULL, NULL};

    if (SK_UNLIKELY(!buf && len))
        return EINVAL;
    if (SK_UNLIKELY(goes_through(c->s)))
        return to ? EISCONN : send_through(c, l, buf, len, flags, sent);
    return send_step(c->s, l, &load, flags, sent);
}

sk_err sk_send_all(struct sk_call *c, const void *buf, size_t len, size_t *sent)
{
    struct sk_limit l;
    size_t          some;
    sk_err          err;

    *sent = 0;
    if ((err = sk_send_begin(&l, c->s, 0)))
        return err;
    do {
        some = 0;
        err  = sk_send(c, &l, (const char *)buf + *sent, len - *sent, 0, NULL,
                       &some);
        *sent += some;
        l.polls = l.polls || l.until != SK_NEVER;
    } while (!err && *sent < len);
    return err;
}

/* ---- messages ---- */

sk_err sk_send_message(struct sk_call *c, struct sk_limit *l,
                       const struct msghdr *m, int flags, size_t *sent)
{
    const struct load load = {NULL, 0, NULL, m, NULL};

    if (goes_through(c->s))
        return send_parts(c, l, m, flags, sent);
    return send_step(c->s, l, &load, flags, sent);
}

/* The system's timer holds for each datagram, the limit for all: with one, each
 * step starts without waiting, and one that came short is gone on with. Else it
 * is a failure that made it short: the next call shall tell it. */
sk_err sk_send_many(struct sk_call *c, struct sk_limit *l, struct mmsghdr *list,
                    size_t count, int flags, size_t *sent)
{
    size_t some;
    sk_err err;

    if (goes_through(c->s))
        return send_each(c, l, list, count, flags, sent);
    *sent    = 0;
    l->polls = l->polls || l->until != SK_NEVER;
    do {
        const struct load load = {NULL, count - *sent, NULL, NULL,
                                  list + *sent};

        some = 0;
        err  = send_step(c->s, l, &load, flags, &some);
        *sent += some;
    } while (!err && *sent < count && l->polls && !l->nonblock);
    return *sent ? 0 : err;
}
