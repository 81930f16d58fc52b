/* member.h - poll sets and their members, and who guards what.
 *
 * A member is in two lists: its socket's, guarded by the stripe the socket
 * falls into, and its set's, guarded by the set's lock. Both are held to make
 * or end one, the stripe first.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_MEMBER_H
#define SK_CORE_MEMBER_H

#include "base/list.h"
#include "core/state.h"
#include "platform/poller.h"

#include <sock/poll.h>

struct sock_poll {
    const struct sk_poller *backend; /* constant */
    void                   *state;   /* constant: the backend's */
    unsigned                forks;   /* constant: as they were counted */
    struct sk_poller_node   bell;    /* constant: a node like the members' */
    _Atomic bool            woken;   /* by sock_poll_wake() */
    pthread_mutex_t         lock;    /* a leaf: nothing is locked below it */
    _Atomic bool            waiting; /* somebody does; see await.c */
    _Atomic bool            news;    /* raised with lock: one of the next three
                                        lists, or unsent, is not empty */
    struct sk_link ready;            /* guarded by lock: bytes are buffered */
    struct sk_link gone;             /* guarded by lock: ended during a wait */
    struct sk_link ended;            /* guarded by lock: their end is untold */
    struct sk_link members;          /* guarded by lock */
    bool           tells_ends;       /* constant: of members, see poll.h */
    size_t         gone_count;       /* guarded by lock */
    bool           turn;             /* guarded by lock: the ready go first */
    size_t         unsent_count;     /* of these, for one who waits: */
    sock_t        *unsent[SK_POLLER_MAX]; /* can send what they kept */
    uint64_t       round;                 /* guarded by lock: counts looks */
};

struct sk_member {
    struct sk_poller_node node;   /* guarded by the set's lock */
    struct sock_poll     *set;    /* constant */
    struct sk_sock       *s;      /* constant */
    sock_t               *handle; /* constant */
    struct sk_member     *next;   /* guarded by the socket's stripe */
    void                 *data;   /* guarded by the set's lock, as are: */
    struct sk_link        all;    /* in members, in gone or in ended */
    struct sk_link        ready;  /* in ready, or in none */
    uint64_t              round;  /* of the look that has told of it ... */
    size_t                place;  /* ... and where */
};

/* Each with its socket held, and events that sk_poll_check() takes, or
 * SK_POLLER_URGENT. EEXIST, ENOENT, EBADF, ENOMEM, ENOSPC. */
sk_err sk_member_add(struct sock_poll *p, struct sk_sock *s, unsigned events,
                     void *data);
sk_err sk_member_modify(struct sock_poll *p, struct sk_sock *s, unsigned events,
                        void *data);
sk_err sk_member_remove(struct sock_poll *p, struct sk_sock *s);

/* Has m bytes in its buffer to be told of? If not it leaves the ready list.
 * With the set's lock. */
bool sk_member_has_bytes(struct sk_member *m);

/* What of `events`, which the system has told of m, is to be told. With the
 * set's lock. */
unsigned sk_member_translate_slow(struct sk_member *m, unsigned flags,
                                  unsigned events);

static inline unsigned sk_member_translate(struct sk_member *m, unsigned events)
{
    unsigned flags = sk_sock_flags(m->s);

    if (SK_LIKELY(!(flags & (SK_KEPT | SK_SHAKING)) && !m->node.added &&
                  !m->node.left))
        return events;
    return sk_member_translate_slow(m, flags, events);
}

/* End all members of p; nobody waits. */
void sk_member_remove_all(struct sock_poll *p);

#endif
