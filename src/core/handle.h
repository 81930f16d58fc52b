/* handle.h - from a handle to its socket, safely.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_HANDLE_H
#define SK_CORE_HANDLE_H

#include "core/state.h"

#include <sock/base.h>

/* The word of a slot: 32 bits of life above these. */
#define SK_BLOCKED ((uint64_t)1)       /* one holder that may be blocked */
#define SK_HOLDER ((uint64_t)1 << 14)  /* one holder */
#define SK_TURN ((uint64_t)1 << 28)    /* somebody has the reading turn */
#define SK_WAITED ((uint64_t)1 << 29)  /* somebody sleeps: see wait.h */
#define SK_CLOSING ((uint64_t)1 << 30) /* closed, or not open yet */

#define SK_BLOCKED_MASK (SK_HOLDER - 1)
#define SK_HOLDERS_MASK (SK_TURN - SK_HOLDER)
#define SK_LIFE_MASK (~(uint64_t)0 << 32)

/* How many calls may hold one slot; the closer comes on top. */
#define SK_HOLDERS_MOST (SK_HOLDERS_MASK - SK_HOLDER)

/* A slot for a socket that is being made; no handle names it yet. ENOMEM. */
sk_err sk_handle_reserve(struct sk_sock **out);

/* Give the slot its handle; fd, domain and type are set by now. */
sock_t *sk_handle_publish(struct sk_sock *s);

/* The socket came to nothing: the slot and its descriptor go. NULL is fine. */
void sk_handle_discard(struct sk_sock *s);

/* Hold the slot that h names, adding `want`: SK_HOLDER, perhaps with
 * SK_BLOCKED and SK_TURN. If another call has the turn it is left out;
 * *held says what was added. EBADF, EBUSY. */
sk_err sk_handle_hold(sock_t *h, uint64_t want, struct sk_sock **out,
                      uint64_t *held);

/* Take the turn if nobody has it. */
bool sk_handle_take_turn(struct sk_sock *s);

/* Give back what was held; the last one out of a closed slot empties it. */
void sk_handle_release_slow(struct sk_sock *s, uint64_t old, uint64_t held);

static inline void sk_handle_release(struct sk_sock *s, uint64_t held)
{
    uint64_t old =
        atomic_fetch_sub_explicit(&s->word, held, memory_order_acq_rel);

    if (SK_UNLIKELY(old & (SK_WAITED | SK_CLOSING)))
        sk_handle_release_slow(s, old, held);
}

static inline bool sk_handle_closing(struct sk_sock *s)
{
    return atomic_load_explicit(&s->word, memory_order_acquire) & SK_CLOSING;
}

/* Mark the slot closed and wake those in it; it is emptied when the last has
 * left. EBADF. */
sk_err sk_handle_close(sock_t *h);

/* Close s without its descriptor, which becomes the caller's. The caller holds
 * s, and is the only one; else EBUSY. */
sk_err sk_handle_detach(struct sk_sock *s, int *fd);

/* The slot's number; 0 for NULL. */
uint32_t sk_handle_id(sock_t *h);

#endif
