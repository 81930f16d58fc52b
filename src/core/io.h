/* io.h - the tap: every byte enters through here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_IO_H
#define SK_CORE_IO_H

#include "core/call.h"

/* What a receive fills. */
struct sk_intake {
    const struct iovec *parts;
    size_t              count; /* of parts, from 1 unless message is there */
    size_t              len;   /* of all parts together */
    struct sk_addr     *from;  /* who sent it; NULL: not asked, or in message */
    struct msghdr      *message; /* the same parts; NULL: one part, no items */
};

/* Receive, what is buffered first; as recv(2) with `flags`. from's len is 0,
 * and message has neither name nor items, if nobody told them. */
sk_err sk_io_take_in(struct sk_call *c, struct sk_intake *in, int flags,
                     size_t *got);

/* The same into one piece of memory. from may be NULL. */
sk_err sk_io_receive(struct sk_call *c, void *buf, size_t len, int flags,
                     struct sk_addr *from, size_t *got);

/* One step: from the channel or, within the limit, from the system. */
sk_err sk_io_step(struct sk_call *c, struct sk_limit *l, struct sk_intake *in,
                  int flags, size_t *got);

/* Receive datagrams, *got of them: wait for the first, take those behind it
 * that are there. */
sk_err sk_io_receive_many(struct sk_call *c, struct mmsghdr *list, size_t count,
                          int flags, size_t *got);

/* A receive straight to the system, where nothing needs care: the count, or
 * less an error. -EINTR: not done, go the long way. */
static inline ssize_t sk_io_recv_at_once(struct sk_call *c, void *buf,
                                         size_t len, int flags)
{
    if (SK_UNLIKELY(!len || !buf || (flags & MSG_WAITALL) ||
                    (sk_sock_flags(c->s) & SK_READ_CARE)))
        return -EINTR;
    return sk_plat_recv(c->s->fd, buf, len, flags);
}

/* Read ahead once into the buffer, for a reader who wants a line that ends with
 * `end`, or a piece of `max` bytes. The caller has the turn. *got 0: no more
 * will come, or the reader need not wait for it: a piece is there. */
sk_err sk_io_fill(struct sk_call *c, struct sk_limit *l,
                  const struct sk_ending *end, size_t max, size_t *got);

/* For a channel: receive straight from the system within the limit, for the
 * one who has the turn. *got 0: the end. */
sk_err sk_io_receive_raw(struct sk_sock *s, struct sk_limit *l, void *buf,
                         size_t len, size_t *got);

/* The same with all that comes beside the bytes, as recv(2) with `flags`. */
sk_err sk_io_receive_whole(struct sk_sock *s, struct sk_limit *l,
                           const struct sk_intake *in, int flags, size_t *got);

/* The first without waiting: the count, or less an error. */
ssize_t sk_io_try_raw(struct sk_sock *s, void *buf, size_t len);

/* Take from the buffer, and keep the flags that speak of it. The caller has
 * the turn. */
void sk_io_take(struct sk_sock *s, void *out, size_t count);

#endif
