/* handle.c - from a handle to its socket, safely.
 *
 * A handle is a slot number and a life number in one word. Slots stand in
 * blocks that never move and are never freed, so any word can be looked up. A
 * slot's own word holds its life and who is in it; every call enters by one
 * compare-and-swap that checks the life and raises the holders together.
 * Closing marks the word, so that nobody enters any more; the last holder to
 * leave closes the descriptor, moves the slot to its next life and puts it at
 * the end of the free list. A slot that has used up its lives is left out.
 *
 * Rejected: a mutex per slot (slower than an uncontended hold and release),
 * and reference-counted memory (a stale pointer cannot be checked).
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"

#include "core/channel.h"
#include "core/poll.h"
#include "core/select.h"
#include "core/wait.h"

#include <errno.h>
#include <string.h>

_Atomic(struct sk_sock *) sk_handle_blocks[SK_BLOCKS];
_Atomic uint32_t          sk_handle_slots;
unsigned                  sk_handle_forks;
_Atomic unsigned          sk_handle_epoch;

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static uint32_t        free_first; /* guarded by table: slot number, 0 none */
static uint32_t        free_last;  /* guarded by table */
static pthread_once_t  once = PTHREAD_ONCE_INIT;

sock_t *sk_handle_of(struct sk_sock *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    return (sock_t *)(((uintptr_t)(word >> 32) << SK_HANDLE_HALF) | s->id);
}

/* ---- the table ---- */

static struct sk_sock *add_block(uint32_t at)
{
    struct sk_sock *block;

    if (at >= SK_BLOCKS)
        return NULL;
    block = aligned_alloc(64, SK_BLOCK_SLOTS * sizeof *block);
    if (block)
        memset(block, 0, SK_BLOCK_SLOTS * sizeof *block);
    atomic_store_explicit(&sk_handle_blocks[at], block, memory_order_relaxed);
    return block;
}

/* Every slot starts in life 1, closed. Called with the table locked. */
static struct sk_sock *add_slot(void)
{
    uint32_t index =
        atomic_load_explicit(&sk_handle_slots, memory_order_relaxed);
    struct sk_sock *s;

    if (index % SK_BLOCK_SLOTS == 0 && !add_block(index / SK_BLOCK_SLOTS))
        return NULL;
    s = atomic_load_explicit(&sk_handle_blocks[index / SK_BLOCK_SLOTS],
                             memory_order_relaxed) +
        index % SK_BLOCK_SLOTS;
    s->id = index + 1;
    pthread_mutex_init(&s->lock, NULL);
    atomic_init(&s->word, ((uint64_t)1 << 32) | SK_CLOSING);
    atomic_store_explicit(&sk_handle_slots, index + 1, memory_order_release);
    return s;
}

/* Oldest first, so that a number stays unused as long as possible. */
static struct sk_sock *take_slot(void)
{
    struct sk_sock *s = sk_handle_slot(free_first);

    if (!s)
        return add_slot();
    free_first = s->next;
    if (!free_first)
        free_last = 0;
    s->next = 0;
    return s;
}

static void put_slot(struct sk_sock *s)
{
    s->next = 0;
    if (free_last)
        sk_handle_slot(free_last)->next = s->id;
    else
        free_first = s->id;
    free_last = s->id;
}

static void free_channel(struct sk_sock *s)
{
    struct sk_channel *channel = sk_channel_of(s);

    if (!channel)
        return;
    channel->ops->free(s);
    atomic_store_explicit(&s->channel, NULL, memory_order_relaxed);
}

/* The descriptor and what belongs to this life go; the next life begins. */
static void empty(struct sk_sock *s)
{
    uint64_t life = atomic_load_explicit(&s->word, memory_order_relaxed) >> 32;
    int      fd;

    free_channel(s);
    fd    = s->fd;
    s->fd = -1; /* first: a child of a fork closes what stands here */
    if (fd >= 0)
        sk_plat_close(fd, sk_sock_flags(s) & SK_LINGERS);
    sk_buf_free(&s->buf);
    free(s->where);
    s->where = NULL;
    if (life == SK_HANDLE_MOST)
        return;
    pthread_mutex_lock(&table);
    atomic_store_explicit(&s->word, ((life + 1) << 32) | SK_CLOSING,
                          memory_order_release);
    put_slot(s);
    pthread_mutex_unlock(&table);
}

/* ---- fork ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&table);
    sk_select_before_fork();
}

static void in_parent(void)
{
    sk_select_in_parent();
    sk_handle_epoch++;
    pthread_mutex_unlock(&table);
}

/* What a thread was making or unmaking as the process forked is let alone. */
static void revive_channel(struct sk_sock *s, bool closing)
{
    struct sk_channel *channel = sk_channel_of(s);

    if (!channel)
        return;
    if (closing)
        atomic_store_explicit(&s->channel, NULL, memory_order_relaxed);
    else if (channel->ops->forked)
        channel->ops->forked(s);
}

/* Only the forking thread lives on: nobody else holds anything. A close that
 * was under way, and a socket that was being made, end here by closing this
 * process's copy. A buffer that was being read may be half changed: the child
 * starts that one empty. */
static void revive(struct sk_sock *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    if (sk_sock_flags(s) & SK_UNTOLD) /* being made, too */
        word |= SK_CLOSING;
    revive_channel(s, word & SK_CLOSING);
    if (pthread_mutex_trylock(&s->lock))
        s->where = NULL; /* somebody was changing it */
    else
        pthread_mutex_unlock(&s->lock);
    pthread_mutex_init(&s->lock, NULL);
    s->members = NULL; /* of the parent's sets */
    sk_sock_drop(s, SK_CONNECTING | SK_STUCK | SK_POLLED | SK_TOLD | SK_REARMS);
    atomic_store_explicit(&s->selectors, 0, memory_order_relaxed);
    if (word & SK_TURN) {
        s->buf = (struct sk_buf){NULL, 0, 0, 0, 0};
        sk_sock_drop(s, SK_BUFFERED | SK_STARVED);
    }
    atomic_store_explicit(&s->word, word & (SK_LIFE_MASK | SK_CLOSING),
                          memory_order_relaxed);
    if ((word & SK_CLOSING) && ((word & SK_HOLDERS_MASK) || s->fd >= 0))
        empty(s);
}

static void in_child(void)
{
    sk_handle_forks++;
    sk_handle_epoch++;
    sk_select_in_child();
    pthread_mutex_unlock(&table); /* before_fork() ran in this very thread */
    sk_wait_after_fork();
    sk_poll_set_up();
    for (uint32_t id = 1; id <= sk_handle_slots; id++)
        revive(sk_handle_slot(id));
}

static void set_up(void)
{
    sk_wait_set_up();
    sk_poll_set_up();
    pthread_atfork(before_fork, in_parent, in_child);
}

void sk_handle_set_up(void)
{
    pthread_once(&once, set_up);
}

/* ---- making ---- */

sk_err sk_handle_reserve(struct sk_sock **out)
{
    struct sk_sock *s;

    sk_handle_set_up();
    pthread_mutex_lock(&table);
    s = take_slot();
    pthread_mutex_unlock(&table);
    if (!s)
        return ENOMEM;
    s->fd          = -1;
    s->where_error = 0;
    memset(&s->peer, 0, sizeof s->peer);
    atomic_store_explicit(&s->flags, 0, memory_order_relaxed);
    atomic_store_explicit(&s->limit_ms[SK_READING], -1, memory_order_relaxed);
    atomic_store_explicit(&s->limit_ms[SK_WRITING], -1, memory_order_relaxed);
    atomic_store_explicit(&s->deadline, SK_NEVER, memory_order_relaxed);
    atomic_store_explicit(&s->failure, 0, memory_order_relaxed);
    atomic_store_explicit(&s->selectors, 0, memory_order_relaxed);
    atomic_store_explicit(&s->error, 0, memory_order_relaxed);
    atomic_store_explicit(&s->burst, 0, memory_order_relaxed);
    atomic_store_explicit(&s->channel, NULL, memory_order_relaxed);
    *out = s;
    return 0;
}

sock_t *sk_handle_publish(struct sk_sock *s)
{
    sock_t *h = sk_handle_of(s);

    atomic_fetch_and_explicit(&s->word, ~SK_CLOSING, memory_order_release);
    return h;
}

void sk_handle_discard(struct sk_sock *s)
{
    if (s)
        empty(s);
}

/* ---- holding ---- */

sk_err sk_handle_refusal(sock_t *h)
{
    struct sk_sock *s = sk_handle_slot(sk_handle_id(h));
    uint64_t        word;

    if (!s)
        return EBADF;
    word = atomic_load_explicit(&s->word, memory_order_relaxed);
    return (word ^ sk_handle_life(h)) & (SK_LIFE_MASK | SK_CLOSING) ? EBADF
                                                                    : EBUSY;
}

bool sk_handle_take_turn(struct sk_sock *s)
{
    uint64_t old =
        atomic_fetch_or_explicit(&s->word, SK_TURN, memory_order_acq_rel);

    return !(old & SK_TURN);
}

void sk_handle_release_slow(struct sk_sock *s, uint64_t old, uint64_t held)
{
    if ((old & SK_WAITED) && (held & SK_TURN))
        sk_wait_wake(s);
    if ((old & SK_CLOSING) && !((old - held) & SK_HOLDERS_MASK))
        empty(s);
}

static void say_goodbye(struct sk_sock *s)
{
    struct sk_channel *channel = sk_channel_of(s);

    if (SK_UNLIKELY(channel) && channel->ops->closing)
        channel->ops->closing(s);
}

/* It has raised its flag and then looks at the mark, we have set the mark and
 * then look at its flag, both by changing the flags: one of the two comes
 * second, and sees the other. */
static bool is_stuck(struct sk_sock *s)
{
    return atomic_fetch_or_explicit(&s->flags, 0, memory_order_acq_rel) &
           SK_STUCK;
}

/* A connect that begins only now would not notice the shutdown: it gets no time
 * to wait, for as long as it is in the system. */
void sk_handle_interrupt(struct sk_sock *s)
{
    if (SK_UNLIKELY(is_stuck(s))) {
        pthread_mutex_lock(&s->lock);
        if (is_stuck(s))
            sk_plat_limit(s->fd, true, 1);
        pthread_mutex_unlock(&s->lock);
    }
    sk_plat_shutdown(s->fd, SHUT_RDWR);
}

/* The mark comes first and shutdown second: a call that looks at the mark
 * before it waits, or waits in the system, misses neither. Between the two the
 * poll sets forget the socket, or they would tell of the shutdown. */
sk_err sk_handle_close(sock_t *h)
{
    struct sk_sock *s    = sk_handle_slot(sk_handle_id(h));
    uint64_t        life = sk_handle_life(h);
    uint64_t        word;

    if (!s)
        return EBADF;
    word = atomic_load_explicit(&s->word, memory_order_relaxed);
    do {
        if ((word ^ life) & (SK_LIFE_MASK | SK_CLOSING))
            return EBADF;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, (word | SK_CLOSING) + SK_HOLDER, memory_order_acq_rel,
        memory_order_relaxed));
    sk_poll_forget(s);
    say_goodbye(s);
    if (word & SK_BLOCKED_MASK)
        sk_handle_interrupt(s);
    if (word & SK_WAITED)
        sk_wait_wake(s);
    sk_handle_release(s, SK_HOLDER);
    return 0;
}

sk_err sk_handle_detach(struct sk_sock *s, int *fd)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    do {
        if ((word & SK_CLOSING) || (word & SK_HOLDERS_MASK) != SK_HOLDER)
            return EBUSY;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, word | SK_CLOSING, memory_order_acq_rel,
        memory_order_relaxed));
    sk_poll_forget(s);
    *fd   = s->fd;
    s->fd = -1;
    return 0;
}
