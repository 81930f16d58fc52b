/* send.h - every byte leaves through here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_SEND_H
#define SK_CORE_SEND_H

#include "core/call.h"

/* The limit of a send with `flags`. ETIMEDOUT: the deadline has passed. */
sk_err sk_send_begin(struct sk_limit *l, struct sk_sock *s, int flags);

/* Send once within the limit, as send(2) with `flags`. to may be NULL. */
sk_err sk_send(struct sk_call *c, struct sk_limit *l, const void *buf,
               size_t len, int flags, const struct sk_addr *to, size_t *sent);

/* The same straight to the system, where nothing needs care: the count, or less
 * an error. -EINTR: not done, go the long way. */
static inline ssize_t sk_send_at_once(struct sk_call *c, const void *buf,
                                      size_t len, int flags)
{
    if (SK_UNLIKELY(!buf || (sk_sock_flags(c->s) & SK_WRITE_CARE)))
        return -EINTR;
    return sk_plat_send(c->s->fd, buf, len, flags);
}

/* Send all; *sent tells how many bytes went out, also on failure. */
sk_err sk_send_all(struct sk_call *c, const void *buf, size_t len,
                   size_t *sent);

/* Send a message once within the limit. */
sk_err sk_send_message(struct sk_call *c, struct sk_limit *l,
                       const struct msghdr *m, int flags, size_t *sent);

/* Send datagrams, all that the limit lets: *sent tells how many went out. An
 * error is the first's; one of those behind is told when they are sent. */
sk_err sk_send_many(struct sk_call *c, struct sk_limit *l, struct mmsghdr *list,
                    size_t count, int flags, size_t *sent);

/* For a channel: straight to the system, without waiting: the count, or less an
 * error. */
ssize_t sk_send_raw(struct sk_sock *s, const void *buf, size_t len);

#endif
