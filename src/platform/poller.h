/* poller.h - what waits on many descriptors: a table of functions for each way
 * a system has.
 *
 * The set's lock is held in every function but open, shut and wait; wait is
 * called by one thread at a time, and never before begin.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_PLATFORM_POLLER_H
#define SK_PLATFORM_POLLER_H

#include "base/common.h"

#include <sock/poll.h>

/* Most events that one wait finds. */
#define SK_POLLER_MAX 256u

/* Beside LIBSOCK_POLL_READ and its kind: urgent data. */
#define SK_POLLER_URGENT 0x20u

/* A descriptor that is watched. It stays where it is, and stays readable until
 * no wait is in progress. */
struct sk_poller_node {
    int      fd;     /* -1 once it is watched no more */
    unsigned events; /* LIBSOCK_POLL_..., the modes too */
    unsigned added;  /* watched in addition, for whoever adds the node ... */
    unsigned left;   /* ... and not watched although in events */
    bool     silent; /* ONESHOT, and its event has been told */
    unsigned armed;  /* the backend's: what an EDGE may tell of */
    size_t   place;  /* the backend's */
};

struct sk_poller {
    const char *name;

    /* A wait in progress does not notice changes: it must be ended. */
    bool deaf;

    /* EMFILE, ENFILE, ENOMEM. */
    sk_err (*open)(void **state);
    void (*shut)(void *state);

    /* ENOMEM, ENOSPC. modify follows a change of the node's events, and finds
     * again what was already told. */
    sk_err (*add)(void *state, struct sk_poller_node *node);
    sk_err (*modify)(void *state, struct sk_poller_node *node);
    void (*remove)(void *state, struct sk_poller_node *node);

    /* A call met EAGAIN: an EDGE may tell of `events` again. NULL: the system
     * sees to it. */
    void (*rearm)(void *state, struct sk_poller_node *node, unsigned events);

    /* Before a wait, with the lock: ENOMEM. NULL: there is nothing to do. */
    sk_err (*begin)(void *state);

    /* Find at most `max` events, waiting for the first; one attempt. With
     * *found of `max` or more there may be others. EINTR; EBADF and EINVAL if
     * somebody has closed the backend's descriptor. */
    sk_err (*wait)(void *state, size_t max, int timeout_ms, size_t *found);

    /* The next that wait found, with the lock: NULL, there are no more. */
    struct sk_poller_node *(*next)(void *state, unsigned *events);
};

extern SK_PRIVATE const struct sk_poller sk_poller_epoll;
extern SK_PRIVATE const struct sk_poller sk_poller_poll;

/* The best of them here. */
extern SK_PRIVATE const struct sk_poller *const sk_poller_best;

/* What the system is asked for, apart from the modes. */
static inline unsigned sk_poller_asked(const struct sk_poller_node *node)
{
    return (node->events & ~node->left) | node->added;
}

/* What is told of what happened: an error and an end are readable and writable,
 * as for select. */
static inline unsigned sk_poller_told(const struct sk_poller_node *node,
                                      unsigned                     happened)
{
    const unsigned over = LIBSOCK_POLL_ERROR | LIBSOCK_POLL_HUP;

    if (happened & over)
        happened |= LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    return happened & (sk_poller_asked(node) | over);
}

#endif
