/* select.c - waiting for one of many sockets, as PHP's select does.
 *
 * Behind it stands poll(2): no limit on numbers. A handle that stands in
 * several slots is held and polled once, since the system refuses more entries
 * than descriptors may be open; a small hash finds its entry again. Up to 64
 * slots need no memory but the stack's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/call.h"
#include "core/wait.h"

#include <sock/socket.h>

#include <errno.h>

#define SMALL 64u

/* How long to wait in one piece while an entry is muted. */
#define MUTED_MS 100

/* One of the caller's arrays. */
struct array {
    sock_t **slots;
    size_t   count;
    short    asks;  /* what to poll for */
    short    means; /* what makes a slot ready */
};

/* One handle, however many slots it stands in. */
struct entry {
    sock_t         *handle;
    struct sk_sock *s; /* held; NULL: the handle is not open */
    uint64_t        held;
};

struct set {
    struct pollfd *fds;
    struct entry  *entries;
    uint32_t      *index; /* hash of a handle to entry + 1; 0 empty */
    size_t         mask;  /* slots of the index, less one */
    size_t         count;
    bool           ready; /* something is, before we wait */
    bool           muted; /* an entry is no longer polled */
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

/* Bytes that we hold make a socket readable, but for those that a line read
 * has refused. */
static bool has_bytes(struct sk_sock *s)
{
    unsigned flags = sk_sock_flags(s);

    return (flags & SK_FAILED) ||
           (flags & (SK_BUFFERED | SK_STARVED)) == SK_BUFFERED;
}

static sk_err add(struct set *set, sock_t *h, short asks)
{
    uint32_t      *at = find(set, h);
    struct entry  *e;
    struct pollfd *p;
    sk_err         err;

    if (!*at) {
        e    = &set->entries[set->count];
        p    = &set->fds[set->count];
        *e   = (struct entry){h, NULL, 0};
        *p   = (struct pollfd){-1, 0, 0};
        e->s = sk_handle_hold(h, SK_WAITS, &e->held);
        *at  = (uint32_t)++set->count;
        if (!e->s && (err = sk_handle_refusal(h)) != EBADF)
            return err;
        if (e->s)
            p->fd = e->s->fd;
    }
    e = &set->entries[*at - 1];
    set->fds[*at - 1].events |= asks;
    set->ready = set->ready || !e->s || ((asks & POLLIN) && has_bytes(e->s));
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
    for (size_t i = 0; i < set->count; i++)
        if (set->entries[i].s)
            sk_handle_release(set->entries[i].s, set->entries[i].held);
}

/* ---- the answer ---- */

static bool is_ready(struct set *set, sock_t *h, const struct array *array)
{
    size_t        at = *find(set, h) - 1;
    struct entry *e  = &set->entries[at];

    if (!e->s || sk_handle_closing(e->s))
        return true;
    if ((array->asks & POLLIN) && has_bytes(e->s))
        return true;
    return set->fds[at].revents & array->means;
}

/* How many slots are ready. */
static int count_ready(struct set *set, const struct array *arrays)
{
    int ready = 0;

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < arrays[i].count; k++)
            if (arrays[i].slots[k])
                ready += is_ready(set, arrays[i].slots[k], &arrays[i]);
    return ready;
}

static int keep_ready(struct set *set, const struct array *arrays)
{
    int ready = 0;

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < arrays[i].count; k++) {
            sock_t **slot = &arrays[i].slots[k];

            if (*slot && is_ready(set, *slot, &arrays[i]))
                ready++;
            else
                *slot = NULL;
        }
    return ready;
}

/* poll(2) tells of an end that nobody asked for, again and again. Such a
 * socket is left out from now on; since its close no longer wakes us, the wait
 * goes on in slices. */
static void mute(struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->fds[i].revents) {
            set->fds[i].fd      = -1;
            set->fds[i].revents = 0;
            set->muted          = true;
        }
}

/* What was ready at first may be gone when we look: another thread read it.
 * Then it is waited for as if it had never been. */
static sk_err wait_for_any(struct set *set, const struct array *arrays,
                           int64_t until)
{
    int    most_ms = set->ready ? 0 : -1;
    int    polled;
    sk_err err;

    for (;;) {
        err = sk_wait_many(set->fds, set->count, until, most_ms, &polled);
        if (count_ready(set, arrays))
            return 0;
        if (err)
            return err;
        if (!polled && !sk_wait_left(until))
            return 0;
        mute(set);
        most_ms = set->muted ? MUTED_MS : -1;
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
        err = wait_for_any(set, arrays, until);
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
    struct set    set = {fds, entries, index, 2 * SMALL - 1, 0, false, false};

    return run(&set, arrays, until, ready);
}

static sk_err select_large(const struct array *arrays, size_t handles,
                           int64_t until, int *ready)
{
    struct set set   = {NULL, NULL, NULL, 0, 0, false, false};
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
        {read, nread, POLLIN, POLLIN | POLLHUP | POLLERR | POLLNVAL},
        {write, nwrite, POLLOUT, POLLOUT | POLLHUP | POLLERR | POLLNVAL},
        {except, nexcept, POLLPRI, POLLPRI | POLLNVAL},
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
