/* select.c - waiting for one of many sockets, as PHP's select does.
 *
 * Behind it stands poll(2): no limit on numbers. A handle that stands in
 * several slots is held and polled once, since the system refuses more entries
 * than descriptors may be open; a small hash finds its entry again. Up to 64
 * slots need no memory but the stack's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/channel.h"
#include "core/wait.h"

#include <sock/socket.h>

#include <errno.h>

#define SMALL 64u

/* How long to wait in one piece while not everything wakes us. */
#define SLICE_MS 100

/* One of the caller's arrays. */
struct array {
    sock_t **slots;
    size_t   count;
    short    asks; /* POLLIN, POLLOUT or POLLPRI */
};

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
    bool           sliced;   /* not everything wakes us: wait in slices */
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

static sk_err add_all(struct set *set, const struct array *arrays)
{
    sk_err err = 0;

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; !err && k < arrays[i].count; k++)
            if (arrays[i].slots[k])
                err = add(set, arrays[i].slots[k], arrays[i].asks);
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

static int keep_ready(struct set *set, const struct array *arrays)
{
    int ready = 0;

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < arrays[i].count; k++) {
            sock_t **slot = &arrays[i].slots[k];

            if (*slot &&
                (set->entries[*find(set, *slot) - 1].ready & arrays[i].asks))
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

/* ---- the call ---- */

static sk_err count_handles(const struct array *arrays, size_t *handles)
{
    *handles = 0;
    for (size_t i = 0; i < 3; i++) {
        if (!arrays[i].slots && arrays[i].count)
            return EINVAL;
        for (size_t k = 0; k < arrays[i].count; k++)
            *handles += arrays[i].slots[k] != NULL;
    }
    return *handles ? 0 : EINVAL;
}

static sk_err run(struct set *set, const struct array *arrays, int64_t until,
                  int *ready)
{
    sk_err err = add_all(set, arrays);

    if (!err)
        err = wait_for_any(set, until);
    if (!err)
        *ready = keep_ready(set, arrays);
    release_all(set);
    return err;
}

static sk_err select_small(const struct array *arrays, int64_t until,
                           int *ready)
{
    struct pollfd fds[SMALL];
    struct entry  entries[SMALL];
    uint32_t      index[2 * SMALL] = {0};
    struct set    set              = {fds, entries, index, 2 * SMALL - 1,
                                      0,   false,   false, false};

    return run(&set, arrays, until, ready);
}

static sk_err select_large(const struct array *arrays, size_t handles,
                           int64_t until, int *ready)
{
    struct set set   = {NULL, NULL, NULL, 0, 0, false, false, false};
    size_t     slots = 2 * SMALL;
    sk_err     err   = ENOMEM;

    while (slots < 2 * handles)
        slots *= 2;
    set.mask    = slots - 1;
    set.fds     = calloc(handles, sizeof *set.fds);
    set.entries = calloc(handles, sizeof *set.entries);
    set.index   = calloc(slots, sizeof *set.index);
    if (set.fds && set.entries && set.index)
        err = run(&set, arrays, until, ready);
    free(set.fds);
    free(set.entries);
    free(set.index);
    return err;
}

int sock_select(sock_t **read, size_t nread, sock_t **write, size_t nwrite,
                sock_t **except, size_t nexcept, int timeout_ms)
{
    const struct array arrays[3] = {
        {read, nread, POLLIN},
        {write, nwrite, POLLOUT},
        {except, nexcept, POLLPRI},
    };
    int64_t until   = sk_wait_until(timeout_ms);
    size_t  handles = 0;
    int     ready   = 0;
    sk_err  err = timeout_ms < -1 ? EINVAL : count_handles(arrays, &handles);

    if (!err)
        err = handles <= SMALL ? select_small(arrays, until, &ready)
                               : select_large(arrays, handles, until, &ready);
    if (!err)
        return ready;
    sk_call_refuse(SK_SELECT, err);
    return -1;
}
