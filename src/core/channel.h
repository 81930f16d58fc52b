/* channel.h - what the layer above keeps with a socket, and where the bytes of
 * one that is more than its descriptor go.
 *
 * Core knows nothing of URLs or of TLS. It calls these functions at the few
 * places where a socket with a channel differs from one without; some flags
 * (SK_CHANNEL and those behind it, see state.h) say so without a look here.
 *
 * A channel is hung on a socket once and stays until the socket's last holder
 * has left, so whoever holds the socket may use it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_CHANNEL_H
#define SK_CORE_CHANNEL_H

#include "core/call.h"
#include "core/io.h"

/* Most may be NULL: then the socket is like one without a channel. */
struct sk_channel_ops {
    /* Receive as sk_io_take_in() does, but for the handle's own buffer, which
     * is empty. The caller has the reading turn. No MSG_PEEK on streams. */
    sk_err (*receive)(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got);

    /* Receive datagrams as sk_io_receive_many() does; NULL: one by one. The
     * caller has the reading turn. */
    sk_err (*receive_many)(struct sk_call *c, struct sk_limit *l,
                           struct mmsghdr *list, size_t count, int flags,
                           size_t *got);

    /* Send bytes, as sk_send() without an address. */
    sk_err (*send)(struct sk_call *c, struct sk_limit *l, const void *buf,
                   size_t len, int flags, size_t *sent);

    /* Take the next one. *out is open, and nobody else's yet (SK_UNTOLD). */
    sk_err (*accept)(struct sk_call *c, struct sk_limit *l,
                     struct sk_sock **out, struct sk_addr *from);

    /* The listener has accepted s, which is not published yet. */
    sk_err (*accepted)(struct sk_sock *listener, struct sk_sock *s);

    sk_err (*shutdown)(struct sk_call *c, int how);

    /* Send what was kept, as far as the system takes it. Never waits. */
    void (*flush)(struct sk_sock *s);

    /* s is marked closed; its descriptor is whole. Never waits. */
    void (*closing)(struct sk_sock *s);

    /* What there is to say about err beyond its text; "" if nothing. */
    void (*explain)(struct sk_sock *s, sk_err err, char *out, size_t size);

    /* In a child of fork, where no other thread lives: make locks new. */
    void (*forked)(struct sk_sock *s);

    /* Never NULL. The last holder has left; the descriptor is still open, or
     * -1 if it was given away. In a child of fork the process that made the
     * channel may use the socket on. */
    void (*free)(struct sk_sock *s);
};

/* The first member of what hangs there. */
struct sk_channel {
    const struct sk_channel_ops *ops; /* constant */
};

static inline struct sk_channel *sk_channel_of(struct sk_sock *s)
{
    return atomic_load_explicit(&s->channel, memory_order_acquire);
}

/* Do s's bytes go through its channel? If so, all that was made before that was
 * switched on is seen. */
static inline bool sk_channel_is_on(struct sk_sock *s)
{
    if (SK_LIKELY(!(sk_sock_flags(s) & SK_CHANNEL)))
        return false;
    return atomic_load_explicit(&s->flags, memory_order_acquire) & SK_CHANNEL;
}

static inline void sk_channel_switch_on(struct sk_sock *s)
{
    atomic_fetch_or_explicit(&s->flags, SK_CHANNEL, memory_order_release);
}

/* What the system is to tell of for one who wants `asks` (POLLIN, POLLOUT) of
 * a socket with these flags. A handshake reads whatever it is called for. */
static inline short sk_channel_asks(unsigned flags, short asks)
{
    if ((flags & SK_SHAKING) && (asks & POLLOUT))
        asks = (short)((asks & ~POLLOUT) | POLLIN);
    if (flags & SK_KEPT)
        asks |= POLLOUT;
    return asks;
}

/* What of `asks` the socket is ready for, the system having told `events`. */
static inline short sk_channel_ready(unsigned flags, short asks, short events)
{
    if ((flags & SK_SHAKING) && (events & POLLIN))
        events |= POLLOUT;
    else if (flags & SK_SHAKING)
        events &= (short)~POLLOUT;
    if (flags & SK_KEPT)
        events &= (short)~POLLOUT;
    return events & asks;
}

#endif
