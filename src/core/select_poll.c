/* select_poll.c - select by poll(2), from scratch.
 *
 * A handle that stands in several slots is held and polled once, since the
 * system refuses more entries than descriptors may be open; a small hash finds
 * its entry again. Up to 64 slots need no memory but the stack's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/channel.h"
#include "core/select.h"
#include "core/wait.h"

#include <errno.h>

#define SMALL 64u

/* How long to wait in one piece while not everything wakes us. */
#define SLICE_MS 100

/* What poll(2) is asked for each array. */
static const short asks_of[SK_SELECT_KINDS] = {POLLIN, POLLOUT, POLLPRI};

/* One handle, however many slots it stands in. */
struct entry {
    sock_t         *handle;
    struct sk_sock *s; /* held; NULL: the handle is not open */
    uint64_t        held;
    short           asks;  /* POLLIN, POLLOUT, POLLPRI: by the caller */
    short           ready; /* which of POLLIN, POLLOUT, POLLPRI, at last look */
};

struct set {
    struct pollfd *fds;
    struct entry  *entries;
    uint32_t      *index; /* hash of a handle to entry + 1; 0 empty */
    size_t         mask;  /* slots of the index, less one */
    size_t         count;
    bool           ready;    /* something is, before we wait */
    bool           channels; /* some have one */
    bool           sliced;   /* not everything wakes us: wait in slices ... */
    bool           other;    /* ... or better not */
};

/* ---- the set ---- */

static uint32_t *find(struct set *set, sock_t *h)
{
    uintptr_t key = (uintptr_t)h;
    size_t    at  = (size_t)(key ^ key >> 20) & set->mask;

    while (set->index[at] && set->entries[set->index[at] - 1].handle != h)
        at = (at + 1) & set->mask;
    return &set->index[at];
}

/* A line read that began before may yet buffer what we would wait for; one that
 * begins later sees that somebody selects, and leaves it to the system. */
static void count_in(struct set *set, struct sk_sock *s)
{
    atomic_fetch_add_explicit(&s->selectors, 1, memory_order_acq_rel);
    if (atomic_load_explicit(&s->word, memory_order_relaxed) & SK_TURN)
        set->sliced = true;
}

static sk_err add_entry(struct set *set, sock_t *h, uint32_t *at)
{
    struct entry *e = &set->entries[set->count];

    *e                   = (struct entry){h, NULL, 0, 0, 0};
    e->s                 = sk_handle_hold(h, SK_WAITS, &e->held);
    set->fds[set->count] = (struct pollfd){e->s ? e->s->fd : -1, 0, 0};
    *at                  = (uint32_t)++set->count;
    set->ready           = set->ready || !e->s;
    return e->s || sk_handle_refusal(h) == EBADF ? 0 : EBUSY;
}

static sk_err add(struct set *set, sock_t *h, short asks)
{
    uint32_t      *at = find(set, h);
    struct pollfd *p;
    struct entry  *e;
    sk_err         err;

    if (!*at && (err = add_entry(set, h, at)))
        return err;
    e = &set->entries[*at - 1];
    p = &set->fds[*at - 1];
    if (e->s && (asks & POLLIN & ~e->asks)) {
        count_in(set, e->s);
        set->ready = set->ready || sk_flags_readable(sk_sock_flags(e->s));
    }
    if (e->s && (sk_sock_flags(e->s) & SK_CHANNEL))
        set->channels = set->sliced = true;
    e->asks |= asks;
    p->events = e->asks;
    return 0;
}

static sk_err add_all(struct set *set, const struct sk_select *call)
{
    sk_err err = 0;

    for (size_t i = 0; i < SK_SELECT_KINDS; i++) {
        const struct sk_select_array *array = &call->arrays[i];

        for (size_t k = 0; !err && k < array->count; k++)
            if (array->slots[k])
                err = add(set, array->slots[k], asks_of[i]);
    }
    return err;
}

static void release_all(struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct entry *e = &set->entries[i];

        if (!e->s)
            continue;
        if (e->asks & POLLIN)
            atomic_fetch_sub_explicit(&e->s->selectors, 1,
                                      memory_order_relaxed);
        sk_handle_release(e->s, e->held);
    }
}

/* ---- the answer ---- */

/* What the system has told means something else for a channel. */
static void look_through(struct sk_sock *s, struct pollfd *p)
{
    const short both = POLLIN | POLLOUT;
    short       ready;

    if ((sk_sock_flags(s) & SK_KEPT) && (p->revents & POLLOUT))
        sk_channel_of(s)->ops->flush(s);
    ready      = sk_channel_ready(sk_sock_flags(s), both, p->revents);
    p->revents = (short)((p->revents & ~both) | ready);
}

/* Before each wait: what the system is asked for may have changed. */
static void ask_through(struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct entry *e = &set->entries[i];

        if (e->s && (sk_sock_flags(e->s) & SK_CHANNEL))
            set->fds[i].events = sk_channel_asks(sk_sock_flags(e->s), e->asks);
    }
}

/* As select(2): an end and an error are readable and writable. */
static short look_at(const struct entry *e, struct pollfd *p)
{
    const short over  = POLLHUP | POLLERR | POLLNVAL;
    short       ready = 0;

    if (!e->s || sk_handle_closing(e->s))
        return POLLIN | POLLOUT | POLLPRI;
    if (sk_sock_flags(e->s) & SK_CHANNEL)
        look_through(e->s, p);
    if ((p->revents & (POLLIN | over)) ||
        sk_flags_readable(sk_sock_flags(e->s)))
        ready |= POLLIN;
    if (p->revents & (POLLOUT | over))
        ready |= POLLOUT;
    if (p->revents & (POLLPRI | POLLNVAL))
        ready |= POLLPRI;
    return ready;
}

/* Looked at once, whatever other threads read meanwhile: what is counted is
 * what is told. */
static bool any_ready(struct set *set)
{
    bool any = false;

    for (size_t i = 0; i < set->count; i++) {
        struct entry *e = &set->entries[i];

        e->ready = look_at(e, &set->fds[i]) & e->asks;
        any      = any || e->ready;
    }
    return any;
}

static int keep_ready(struct set *set, const struct sk_select *call)
{
    int ready = 0;

    for (size_t i = 0; i < SK_SELECT_KINDS; i++)
        for (size_t k = 0; k < call->arrays[i].count; k++) {
            sock_t **slot = &call->arrays[i].slots[k];

            if (*slot &&
                (set->entries[*find(set, *slot) - 1].ready & asks_of[i]))
                ready++;
            else
                *slot = NULL;
        }
    return ready;
}

/* poll(2) tells of an end that nobody asked for, again and again. Such a
 * socket is left out from now on, and its close no longer wakes us. */
static void mute(struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->fds[i].revents & ~set->fds[i].events) {
            set->fds[i].fd      = -1;
            set->fds[i].revents = 0;
            set->sliced         = true;
        }
}

/* What was ready at first may be gone when we look: another thread read it.
 * Then it is waited for as if it had never been. */
static sk_err wait_for_any(struct set *set, int64_t until)
{
    int    most_ms = set->ready ? 0 : set->sliced ? SLICE_MS : -1;
    int    polled;
    sk_err err;

    for (;;) {
        if (set->channels)
            ask_through(set);
        err = sk_wait_many(set->fds, set->count, until, most_ms, &polled);
        if (any_ready(set))
            return 0;
        if (err)
            return err;
        if (!polled && !sk_wait_left(until))
            return 0;
        mute(set);
        most_ms = set->sliced ? SLICE_MS : -1;
    }
}

/* If nothing is ready now the other way had better wait for it. */
static sk_err look_once(struct set *set)
{
    int    polled;
    sk_err err;

    if (set->channels)
        ask_through(set);
    err = sk_wait_many(set->fds, set->count, SK_NEVER, 0, &polled);
    if (any_ready(set))
        return 0;
    return err ? err : SK_SELECT_OTHER;
}

/* ---- the call ---- */

static sk_err count_handles(const struct sk_select *call, size_t *handles)
{
    *handles = 0;
    for (size_t i = 0; i < SK_SELECT_KINDS; i++)
        for (size_t k = 0; k < call->arrays[i].count; k++)
            *handles += call->arrays[i].slots[k] != NULL;
    return *handles ? 0 : EINVAL;
}

static sk_err run(struct set *set, const struct sk_select *call, int *ready)
{
    int64_t until = sk_wait_until(call->timeout_ms);
    sk_err  err   = add_all(set, call);

    if (!err && set->sliced && set->other && !set->ready && call->timeout_ms)
        err = look_once(set);
    else if (!err)
        err = wait_for_any(set, until);
    if (!err)
        *ready = keep_ready(set, call);
    release_all(set);
    return err;
}

/* Twice as many slots of the index as handles, at least. */
static size_t slots_for(size_t handles)
{
    size_t slots = 4;

    while (slots < 2 * handles)
        slots *= 2;
    return slots;
}

static sk_err select_small(const struct sk_select *call, size_t handles,
                           bool other, int *ready)
{
    struct pollfd fds[SMALL];
    struct entry  entries[SMALL];
    uint32_t      index[2 * SMALL];
    size_t        slots = slots_for(handles);
    struct set    set   = {.fds     = fds,
                           .entries = entries,
                           .index   = index,
                           .mask    = slots - 1,
                           .other   = other};

    for (size_t i = 0; i < slots; i++)
        index[i] = 0;
    return run(&set, call, ready);
}

static sk_err select_large(const struct sk_select *call, size_t handles,
                           bool other, int *ready)
{
    size_t     slots = slots_for(handles);
    struct set set   = {.mask = slots - 1, .other = other};
    sk_err     err   = ENOMEM;

    set.fds     = calloc(handles, sizeof *set.fds);
    set.entries = calloc(handles, sizeof *set.entries);
    set.index   = calloc(slots, sizeof *set.index);
    if (set.fds && set.entries && set.index)
        err = run(&set, call, ready);
    free(set.fds);
    free(set.entries);
    free(set.index);
    return err;
}

sk_err sk_select_by_poll(const struct sk_select *call, bool other, int *ready)
{
    size_t handles;
    sk_err err = count_handles(call, &handles);

    if (err)
        return err;
    return handles <= SMALL ? select_small(call, handles, other, ready)
                            : select_large(call, handles, other, ready);
}
