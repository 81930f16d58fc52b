/* poll.c - poll sets: made, waited for, woken, freed.
 *
 * A wait asks the backend for what the system knows and adds the members whose
 * buffer holds bytes. If there was no room left for those they go first the
 * next time, so that neither keeps the other from being told. The set's lock is
 * not held while waiting.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/poll.h"

#include "core/channel.h"
#include "core/member.h"
#include "core/wait.h"

#include <errno.h>
#include <string.h>

static const struct sk_poller *chosen;

void sk_poll_use(const struct sk_poller *backend)
{
    chosen = backend;
}

/* ---- life ---- */

static sk_err hang_bell(struct sock_poll *p)
{
    sk_err err = sk_plat_bell(&p->bell.fd);

    p->bell.events = LIBSOCK_POLL_READ;
    return err ? err : p->backend->add(p->state, &p->bell);
}

static void dispose(struct sock_poll *p)
{
    if (!p)
        return;
    if (p->state)
        p->backend->shut(p->state);
    if (p->bell.fd >= 0)
        sk_plat_close(p->bell.fd, false);
    free(p);
}

static sk_err make(struct sock_poll **out)
{
    struct sock_poll *p = calloc(1, sizeof *p);
    sk_err            err;

    if (!p)
        return ENOMEM;
    sk_handle_set_up();
    p->backend = chosen ? chosen : sk_poller_best;
    p->forks   = sk_handle_forks;
    p->bell.fd = -1;
    pthread_mutex_init(&p->lock, NULL);
    sk_list_init(&p->members);
    sk_list_init(&p->ready);
    sk_list_init(&p->gone);
    if ((err = p->backend->open(&p->state)) || (err = hang_bell(p)))
        goto done;
    *out = p;
    p    = NULL;
done:
    dispose(p);
    return err;
}

sock_poll_t *sock_poll_create(void)
{
    sock_poll_t *p   = NULL;
    sk_err       err = make(&p);

    if (err)
        sk_call_refuse(SK_POLL_CREATE, err);
    return p;
}

/* Is the set this process's? Nothing else may be done in a signal handler. */
static sk_err check(const sock_poll_t *p)
{
    if (!p)
        return EINVAL;
    return p->forks == sk_handle_forks ? 0 : EPERM;
}

static void free_all(struct sk_link *list)
{
    struct sk_link *link;

    while ((link = sk_list_shift(list)))
        free(SK_ITEM(link, struct sk_member, all));
}

/* In a child no socket knows of the members any more. If a thread of the
 * parent's was just changing them their memory is let alone. */
static void free_copies(struct sock_poll *p)
{
    if (pthread_mutex_trylock(&p->lock))
        return;
    free_all(&p->members);
    free_all(&p->gone);
    pthread_mutex_unlock(&p->lock);
}

void sock_poll_free(sock_poll_t *p)
{
    if (!p)
        return;
    if (check(p)) {
        free_copies(p);
    } else {
        sk_member_remove_all(p);
        pthread_mutex_destroy(&p->lock);
    }
    dispose(p);
}

bool sock_poll_wake(sock_poll_t *p)
{
    if (check(p))
        return false;
    atomic_store(&p->woken, true);
    sk_plat_ring(p->bell.fd);
    return true;
}

/* ---- members ---- */

typedef sk_err change_fn(sock_poll_t *p, struct sk_sock *s, unsigned events,
                         void *data);

static bool change(sock_poll_t *p, sock_t *s, enum sk_verb verb, change_fn *how,
                   unsigned events, void *data)
{
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, s, verb, SK_QUICK))
        return false;
    if (!(err = check(p)))
        err = how(p, c.s, events, data);
    return sk_call_leave(&c, verb, err);
}

static sk_err take_out(sock_poll_t *p, struct sk_sock *s, unsigned events,
                       void *data)
{
    (void)events;
    (void)data;
    return sk_member_remove(p, s);
}

bool sock_poll_add(sock_poll_t *p, sock_t *s, unsigned events, void *data)
{
    return change(p, s, SK_POLL_ADD, sk_member_add, events, data);
}

bool sock_poll_modify(sock_poll_t *p, sock_t *s, unsigned events, void *data)
{
    return change(p, s, SK_POLL_MODIFY, sk_member_modify, events, data);
}

bool sock_poll_remove(sock_poll_t *p, sock_t *s)
{
    return change(p, s, SK_POLL_REMOVE, take_out, 0, NULL);
}

/* ---- waiting ---- */

/* What is told to the caller. */
struct report {
    sock_event_t *events;
    size_t        count;
    size_t        max;
};

/* A member appears once, however often it is told of. */
static void tell(struct report *r, struct sk_member *m, unsigned what)
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
static void tell_buffered(struct sock_poll *p, struct report *r)
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

/* Did the bell ring? It takes the place of an event. */
static bool tell_polled(struct sock_poll *p, struct report *r)
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

/* Ask the system for at most `room` events, without the lock. *again: the bell
 * rang, so there may be more than was seen. */
static sk_err look_at_system(struct sock_poll *p, struct report *r, size_t room,
                             int64_t until, bool *again)
{
    sk_err err = p->backend->begin(p->state);

    if (err)
        return err;
    pthread_mutex_unlock(&p->lock);
    err = sk_wait_poller(p->backend, p->state, room, until);
    pthread_mutex_lock(&p->lock);
    *again = tell_polled(p, r) || p->unsent_count;
    return err;
}

/* One look, which waits only if there is nothing to tell yet. What it tells it
 * has seen after the wait: nothing is told of a member that ended meanwhile. If
 * it is the turn of those that are buffered, their room is kept for them. */
static sk_err look(struct sock_poll *p, struct report *r, int64_t until,
                   bool *again)
{
    size_t kept;
    sk_err err = 0;

    if (p->unsent_count)
        send_unsent(p);
    kept   = count_buffered(p, p->turn ? r->max : 1);
    *again = false;
    p->round++;
    free_all(&p->gone);
    p->gone_count = 0;
    if (kept || atomic_load(&p->woken))
        until = 0;
    if (!p->turn)
        kept = 0;
    if (kept < r->max)
        err = look_at_system(p, r, r->max - kept, until, again);
    p->turn = !kept && r->count == r->max;
    tell_buffered(p, r);
    return err;
}

/* A bell that goes on ringing does not stretch the time. */
static sk_err look_until(struct sock_poll *p, struct report *r, int64_t until)
{
    bool   over, again, once_more = true;
    sk_err err;

    do {
        over = !sk_wait_left(until);
        err  = look(p, r, until, &again);
        if (err == EINTR && !r->count) /* what the handler did counts */
            look(p, r, 0, &again);
        if (r->count || atomic_exchange(&p->woken, false))
            return 0;
        if (over) {
            again     = again && once_more;
            once_more = false;
        }
    } while (!err && (!over || again));
    return err;
}

static sk_err wait_for_events(struct sock_poll *p, struct report *r,
                              int64_t until)
{
    sk_err err = check(p);

    if (err)
        return err;
    pthread_mutex_lock(&p->lock);
    if (p->waiting) {
        err = EBUSY;
    } else {
        p->waiting = true;
        err        = look_until(p, r, until);
        p->waiting = false;
        free_all(&p->gone);
        p->gone_count = 0;
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

int sock_poll_wait(sock_poll_t *p, sock_event_t *events, size_t max,
                   int timeout_ms)
{
    struct report r   = {events, 0, max < SK_POLLER_MAX ? max : SK_POLLER_MAX};
    sk_err        err = EINVAL;

    if (events && max && timeout_ms >= -1)
        err = wait_for_events(p, &r, sk_wait_until(timeout_ms));
    if (!err)
        return (int)r.count;
    sk_call_refuse(SK_POLL_WAIT, err);
    return -1;
}
