/* io.h - the tap: every byte enters and leaves through here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_IO_H
#define SK_CORE_IO_H

#include "core/call.h"

/* Receive, what is buffered first; as recv(2) with `flags`. from may be NULL;
 * its len is 0 if nobody told the address. */
sk_err sk_io_receive(struct sk_call *c, void *buf, size_t len, int flags,
                     struct sk_addr *from, size_t *got);

/* The limit of a send with `flags`. ETIMEDOUT: the deadline has passed. */
sk_err sk_io_begin_send(struct sk_limit *l, struct sk_sock *s, int flags);

/* Send once within the limit, as send(2) with `flags`. to may be NULL. */
sk_err sk_io_send(struct sk_call *c, struct sk_limit *l, const void *buf,
                  size_t len, int flags, const struct sk_addr *to,
                  size_t *sent);

/* The same two straight to the system, where nothing needs care: the count, or
 * less an error. -EINTR: not done, go the long way. */
static inline ssize_t sk_io_recv_at_once(struct sk_call *c, void *buf,
                                         size_t len, int flags)
{
    if (SK_UNLIKELY(!len || !buf || (flags & MSG_WAITALL) ||
                    (sk_sock_flags(c->s) & SK_READ_CARE)))
        return -EINTR;
    return sk_plat_recv(c->s->fd, buf, len, flags);
}

static inline ssize_t sk_io_send_at_once(struct sk_call *c, const void *buf,
                                         size_t len, int flags)
{
    if (SK_UNLIKELY(!buf || (sk_sock_flags(c->s) & SK_WRITE_CARE)))
        return -EINTR;
    return sk_plat_send(c->s->fd, buf, len, flags);
}

/* Send all; *sent tells how many went out, also on failure. */
sk_err sk_io_send_all(struct sk_call *c, const void *buf, size_t len,
                      size_t *sent);

/* Read ahead once into the buffer, for a reader who wants `want` bytes in all.
 * The caller has the turn. *got 0: the stream is over. */
sk_err sk_io_fill(struct sk_call *c, struct sk_limit *l, size_t want,
                  size_t *got);

/* Take from the buffer, and keep the flags that speak of it. The caller has
 * the turn. */
void sk_io_take(struct sk_sock *s, void *out, size_t count);

#endif
