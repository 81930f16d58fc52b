/* await.c - waiting for the events of a poll set.
 *
 * A wait asks the backend for what the system knows and adds the members whose
 * buffer holds bytes. If there was no room left for those they go first the
 * next time, so that neither keeps the other from being told.
 *
 * The set's lock is not held while waiting, and taken once a wait, for what the
 * wait has found. What has to be seen before is announced: whoever adds to it
 * raises `news` and then looks whether somebody waits; who waits says so and
 * then looks at `news`. One of the two sees the other.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/channel.h"
#include "core/member.h"
#include "core/poll.h"
#include "core/wait.h"

#include <errno.h>
#include <string.h>

/* ---- what is told ---- */

/* A member appears once, however often it is told of. */
static void tell(struct sk_poll_report *r, struct sk_member *m, unsigned what)
{
    struct sock_poll *p = m->set;

    if (m->round == p->round) {
        r->events[m->place].events |= what;
        return;
    }
    m->round              = p->round;
    m->place              = r->count;
    r->events[r->count++] = (sock_event_t){m->handle, m->data, what};
}

/* As many as fit; those that stay ready go to the end of the list. */
static void tell_buffered(struct sock_poll *p, struct sk_poll_report *r)
{
    const unsigned  once = LIBSOCK_POLL_ONESHOT | LIBSOCK_POLL_EDGE;
    struct sk_link  todo;
    struct sk_link *link;

    sk_list_init(&todo);
    sk_list_prepend_all(&todo, &p->ready);
    while (r->count < r->max && (link = sk_list_shift(&todo))) {
        struct sk_member *m = SK_ITEM(link, struct sk_member, ready);

        if (!sk_member_has_bytes(m))
            continue;
        tell(r, m, LIBSOCK_POLL_READ);
        m->node.silent = m->node.events & LIBSOCK_POLL_ONESHOT;
        if (!(m->node.events & once))
            sk_list_append(&p->ready, &m->ready);
    }
    sk_list_prepend_all(&p->ready, &todo);
}

/* How many there are, as far as `most`. */
static size_t count_buffered(struct sock_poll *p, size_t most)
{
    struct sk_link *link  = p->ready.behind, *behind;
    size_t          count = 0;

    for (; link != &p->ready && count < most; link = behind) {
        behind = link->behind;
        count += sk_member_has_bytes(SK_ITEM(link, struct sk_member, ready));
    }
    return count;
}

/* Members whose end is to be told, as many as fit. */
static void tell_ended(struct sock_poll *p, struct sk_poll_report *r)
{
    struct sk_link *link;

    while (r->count < r->max && (link = sk_list_shift(&p->ended))) {
        struct sk_member *m = SK_ITEM(link, struct sk_member, all);

        tell(r, m, SK_POLL_ENDED);
        free(m);
    }
}

/* Did the bell ring? It takes the place of an event. */
static bool tell_polled(struct sock_poll *p, struct sk_poll_report *r)
{
    struct sk_poller_node *node;
    unsigned               events;
    bool                   rang = false;

    while ((node = p->backend->next(p->state, &events))) {
        if (node == &p->bell) {
            sk_plat_muffle(p->bell.fd);
            rang = true;
        } else {
            struct sk_member *m = SK_ITEM(node, struct sk_member, node);

            /* Both at once: an event may be the member's only one. */
            if (!(events = sk_member_translate(m, events)))
                continue;
            if (sk_list_has(&m->ready) &&
                sk_flags_readable(sk_sock_flags(m->s)))
                events |= LIBSOCK_POLL_READ;
            tell(r, m, events);
        }
    }
    return rang;
}

/* ---- one look ---- */

/* Sockets whose channel kept what the system refused can send it now. Called
 * and left with the lock, which is not held meanwhile. */
static void send_unsent(struct sock_poll *p)
{
    sock_t *handles[SK_POLLER_MAX];
    size_t  count = p->unsent_count;

    memcpy(handles, p->unsent, count * sizeof *handles);
    p->unsent_count = 0;
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < count; i++) {
        uint64_t        held;
        struct sk_sock *s = sk_handle_hold(handles[i], SK_HOLDER, &held);

        if (!s)
            continue;
        sk_channel_of(s)->ops->flush(s);
        sk_handle_release(s, held);
    }
    pthread_mutex_lock(&p->lock);
}

static void free_gone(struct sock_poll *p)
{
    struct sk_link *link;

    while ((link = sk_list_shift(&p->gone)))
        free(SK_ITEM(link, struct sk_member, all));
    p->gone_count = 0;
}

/* With the lock: there is news. How many places are kept for those that are
 * buffered, if it is their turn; *left_ms becomes 0 if there is something to
 * tell already. */
SK_COLD static size_t prepare(struct sock_poll            *p,
                              const struct sk_poll_report *r, int *left_ms)
{
    size_t kept;

    if (p->unsent_count)
        send_unsent(p);
    kept = count_buffered(p, p->turn ? r->max : 1);
    free_gone(p);
    if (kept || !sk_list_is_empty(&p->ended) || atomic_load(&p->woken))
        *left_ms = 0;
    return p->turn ? kept : 0;
}

static sk_err ask_system(struct sock_poll *p, size_t room, int left_ms,
                         bool *more)
{
    size_t found = 0;
    sk_err err   = 0;

    if (p->backend->begin) {
        pthread_mutex_lock(&p->lock);
        err = p->backend->begin(p->state);
        pthread_mutex_unlock(&p->lock);
    }
    if (!err)
        err = sk_wait_poller(p->backend, p->state, room, left_ms, &found);
    *more = found >= room;
    return err;
}

/* With the lock. */
SK_COLD static void tell_news(struct sock_poll *p, struct sk_poll_report *r)
{
    tell_buffered(p, r);
    tell_ended(p, r);
    atomic_store(&p->news, p->unsent_count || !sk_list_is_empty(&p->ready) ||
                               !sk_list_is_empty(&p->ended) ||
                               !sk_list_is_empty(&p->gone));
}

/* Without the lock before, and with it afterwards. Waits only if there is
 * nothing to tell yet. What it tells it has seen after the wait: nothing is
 * told of a member that ended meanwhile, but its end. *again: the bell rang, so
 * there may be more than was seen. */
static sk_err look(struct sock_poll *p, struct sk_poll_report *r, int left_ms,
                   bool *again)
{
    size_t kept = 0;
    sk_err err  = 0;

    if (SK_UNLIKELY(atomic_load(&p->news) || atomic_load(&p->woken))) {
        pthread_mutex_lock(&p->lock);
        kept = prepare(p, r, &left_ms);
        pthread_mutex_unlock(&p->lock);
    }
    if (kept < r->max)
        err = ask_system(p, r->max - kept, left_ms, &r->more);
    pthread_mutex_lock(&p->lock);
    p->round++;
    *again  = tell_polled(p, r) || p->unsent_count;
    p->turn = !kept && r->count == r->max;
    if (SK_UNLIKELY(atomic_load_explicit(&p->news, memory_order_relaxed)))
        tell_news(p, r);
    r->more = r->more || r->count == r->max;
    return err;
}

/* ---- waiting ---- */

/* Left with the lock. A bell that goes on ringing does not stretch the time,
 * and what a signal handler did counts. */
static sk_err look_until(struct sock_poll *p, struct sk_poll_report *r,
                         int left_ms, int64_t until)
{
    bool   again, once_more = true, signalled = false;
    sk_err err;

    for (;;) {
        err = look(p, r, left_ms, &again);
        if (r->count || atomic_exchange(&p->woken, false))
            return 0;
        if (signalled)
            return EINTR;
        if (err == EINTR && !sk_plat_handles_signals())
            err = 0; /* the process was stopped, and went on */
        if (err && err != EINTR)
            return err;
        if (err) {
            signalled = true;
            left_ms   = 0;
        } else if (left_ms) {
            left_ms = sk_wait_left(until);
        } else {
            if (!again || !once_more)
                return 0;
            once_more = false;
        }
        pthread_mutex_unlock(&p->lock);
    }
}

sk_err sk_poll_await(struct sock_poll *p, struct sk_poll_report *r, int left_ms,
                     int64_t until)
{
    sk_err err;

    r->count = 0;
    r->more  = false;
    if (r->max > SK_POLLER_MAX)
        r->max = SK_POLLER_MAX;
    if (atomic_exchange(&p->waiting, true))
        return EBUSY;
    err = look_until(p, r, left_ms, until);
    free_gone(p);
    atomic_store_explicit(&p->waiting, false, memory_order_release);
    pthread_mutex_unlock(&p->lock);
    return err;
}
