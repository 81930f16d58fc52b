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

/* With this many holders nobody more is let in, but a closer. */
#define SK_FULL (SK_HOLDER << 13)

/* A handle: a life number above a slot number. */
#define SK_HANDLE_HALF (sizeof(uintptr_t) * 4)
#define SK_HANDLE_MOST ((((uint64_t)1 << (SK_HANDLE_HALF - 1)) << 1) - 1)

/* Slots stand in blocks that never move and are never freed. */
#define SK_BLOCK_SLOTS 256u
#define SK_BLOCKS (SK_HANDLE_HALF == 32 ? 16384u : 255u)

extern SK_PRIVATE _Atomic(struct sk_sock *) sk_handle_blocks[SK_BLOCKS];

/* How many slots there are; only ever grows, after their block is there. */
extern SK_PRIVATE _Atomic uint32_t sk_handle_slots;

/* How many forks lie between this process and the first: what remembers the
 * count knows whether it is in the process that made it. Counted once the table
 * is set up, by a child that has no threads yet. */
extern SK_PRIVATE unsigned sk_handle_forks;

/* How often this process, or the one it came from, has forked: who remembers
 * the count knows whether another process may have the same socket since. */
extern SK_PRIVATE _Atomic unsigned sk_handle_epoch;

/* Once in a process, before the first handle or poll set. */
void sk_handle_set_up(void);

/* A slot for a socket that is being made; no handle names it yet. ENOMEM. */
sk_err sk_handle_reserve(struct sk_sock **out);

/* Give the slot its handle; fd, domain and type are set by now. */
sock_t *sk_handle_publish(struct sk_sock *s);

/* The handle of a slot that is held, or just published. */
sock_t *sk_handle_of(struct sk_sock *s);

/* The socket came to nothing: the slot and its descriptor go. NULL is fine. */
void sk_handle_discard(struct sk_sock *s);

/* The slot's number; 0 for NULL. */
static inline uint32_t sk_handle_id(sock_t *h)
{
    return (uint32_t)((uintptr_t)h & SK_HANDLE_MOST);
}

/* The life, as it stands in the slot's word. Where a word has room for both,
 * the slot's number may stay below it: it is too small to reach a bit that a
 * life is compared with. */
static inline uint64_t sk_handle_life(sock_t *h)
{
    if (SK_HANDLE_HALF == 32)
        return (uintptr_t)h;
    return ((uint64_t)(uintptr_t)h & ~SK_HANDLE_MOST) << (32 - SK_HANDLE_HALF);
}

/* NULL if there never was such a slot. */
static inline struct sk_sock *sk_handle_slot(uint32_t id)
{
    uint32_t index = id - 1;
    uint32_t slots =
        atomic_load_explicit(&sk_handle_slots, memory_order_acquire);
    struct sk_sock *block;

    if (SK_UNLIKELY(index >= slots))
        return NULL;
    block = atomic_load_explicit(&sk_handle_blocks[index / SK_BLOCK_SLOTS],
                                 memory_order_relaxed);
    SK_KNOWN(block); /* stored before the slots were counted */
    return &block[index % SK_BLOCK_SLOTS];
}

/* Why a hold was refused: EBADF, or EBUSY if the slot is full. */
sk_err sk_handle_refusal(sock_t *h);

/* Hold the slot that h names, adding `want`: SK_HOLDER, perhaps with
 * SK_BLOCKED and SK_TURN. If another call has the turn it is left out;
 * *held says what was added. NULL: see sk_handle_refusal(). Every call comes
 * through here: hence inline. */
static inline struct sk_sock *sk_handle_hold(sock_t *h, uint64_t want,
                                             uint64_t *held)
{
    struct sk_sock *s    = sk_handle_slot(sk_handle_id(h));
    uint64_t        life = sk_handle_life(h);
    uint64_t        word;

    if (SK_UNLIKELY(!s))
        return NULL;
    word = atomic_load_explicit(&s->word, memory_order_relaxed);
    do {
        if (SK_UNLIKELY((word ^ life) & (SK_LIFE_MASK | SK_CLOSING | SK_FULL)))
            return NULL;
        *held = want & ~(word & SK_TURN);
    } while (SK_UNLIKELY(!atomic_compare_exchange_weak_explicit(
        &s->word, &word, word + *held, memory_order_acq_rel,
        memory_order_relaxed)));
    return s;
}

/* Take the turn if nobody has it. */
bool sk_handle_take_turn(struct sk_sock *s);

/* Give back what was held; the last one out of a closed slot empties it. */
void sk_handle_release_slow(struct sk_sock *s, uint64_t old, uint64_t held);

/* The quick half: the word as it was. With one of SK_SLOW in it the slow one
 * has to follow. */
#define SK_SLOW (SK_WAITED | SK_CLOSING)

static inline uint64_t sk_handle_let_go(struct sk_sock *s, uint64_t held)
{
    return atomic_fetch_sub_explicit(&s->word, held, memory_order_acq_rel);
}

static inline void sk_handle_release(struct sk_sock *s, uint64_t held)
{
    uint64_t old = sk_handle_let_go(s, held);

    if (SK_UNLIKELY(old & SK_SLOW))
        sk_handle_release_slow(s, old, held);
}

static inline bool sk_handle_closing(struct sk_sock *s)
{
    return atomic_load_explicit(&s->word, memory_order_acquire) & SK_CLOSING;
}

/* s is closed: end what blocks in the system. */
void sk_handle_interrupt(struct sk_sock *s);

/* Mark the slot closed and wake those in it; it is emptied when the last has
 * left. EBADF. */
sk_err sk_handle_close(sock_t *h);

/* Close s without its descriptor, which becomes the caller's. The caller holds
 * s, and is the only one; else EBUSY. */
sk_err sk_handle_detach(struct sk_sock *s, int *fd);

#endif
