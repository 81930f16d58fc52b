/* member.c - the members of poll sets: made, changed, ended, and told by the
 * calls on their sockets what no system sees.
 *
 * The system tells a set what arrives at a descriptor; it cannot know of bytes
 * that a line read has taken from it too many. A read that leaves some puts its
 * socket on the ready list of each set it is in, once: a flag of the socket
 * says that the sets know. A wait takes those off whose buffer is empty, and
 * clears the flag before it looks at the buffer a last time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/member.h"

#include "core/channel.h"
#include "core/poll.h"

#include <errno.h>

/* Who guards a socket's list of members: not the socket's own lock, which is
 * held while the system sets an option, for a close must not wait for that. */
#define STRIPES 64u
static pthread_mutex_t stripes[STRIPES];

void sk_poll_set_up(void)
{
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&stripes[i], NULL);
}

static void lock_members(struct sk_sock *s)
{
    pthread_mutex_lock(&stripes[s->id % STRIPES]);
}

static void unlock_members(struct sk_sock *s)
{
    pthread_mutex_unlock(&stripes[s->id % STRIPES]);
}

/* So many may end during a wait before it looks anew, and frees them. */
#define MOST_GONE 256u

/* A wait in progress looks anew. */
static void ring(struct sock_poll *p)
{
    if (atomic_load(&p->waiting))
        sk_plat_ring(p->bell.fd);
}

/* A wait in progress, and else the next one, has to look before it waits. */
static void announce(struct sock_poll *p)
{
    atomic_store(&p->news, true);
    ring(p);
}

/* ---- the ready list: with the set's lock ---- */

static bool may_be_ready(const struct sk_member *m)
{
    return (m->node.events & LIBSOCK_POLL_READ) && !m->node.silent;
}

static void make_ready(struct sk_member *m)
{
    if (sk_list_has(&m->ready) || !may_be_ready(m))
        return;
    sk_list_append(&m->set->ready, &m->ready);
    announce(m->set);
}

bool sk_member_has_bytes(struct sk_member *m)
{
    if (may_be_ready(m) && (sk_flags_readable(sk_sock_flags(m->s)) ||
                            sk_flags_readable(sk_sock_drop(m->s, SK_TOLD))))
        return true;
    sk_list_remove(&m->ready);
    return false;
}

void sk_poll_notify_slow(struct sk_sock *s)
{
    lock_members(s);
    sk_sock_raise(s, SK_TOLD);
    for (struct sk_member *m = s->members; m; m = m->next) {
        pthread_mutex_lock(&m->set->lock);
        if (!(m->node.events & LIBSOCK_POLL_EDGE))
            make_ready(m);
        pthread_mutex_unlock(&m->set->lock);
    }
    unlock_members(s);
}

void sk_poll_rearm(struct sk_sock *s, enum sk_direction way)
{
    const unsigned events = way == SK_READING
                                ? LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP
                                : LIBSOCK_POLL_WRITE;

    lock_members(s);
    for (struct sk_member *m = s->members; m; m = m->next) {
        if (!m->set->backend->rearm)
            continue;
        pthread_mutex_lock(&m->set->lock);
        if (m->node.events & LIBSOCK_POLL_EDGE) {
            m->set->backend->rearm(m->set->state, &m->node, events);
            ring(m->set);
        }
        pthread_mutex_unlock(&m->set->lock);
    }
    unlock_members(s);
}

/* ---- channels: with the set's lock ---- */

static short to_system(unsigned events)
{
    return (short)((events & LIBSOCK_POLL_READ ? POLLIN : 0) |
                   (events & LIBSOCK_POLL_WRITE ? POLLOUT : 0));
}

static unsigned from_system(short events)
{
    return (events & POLLIN ? LIBSOCK_POLL_READ : 0) |
           (events & POLLOUT ? LIBSOCK_POLL_WRITE : 0);
}

/* Does the system have to be asked for something else than before? */
static bool fit_channel(struct sk_member *m, unsigned flags)
{
    const unsigned both   = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    unsigned       wanted = m->node.events & both;
    unsigned asked = from_system(sk_channel_asks(flags, to_system(wanted)));
    unsigned added = asked & ~wanted, left = wanted & ~asked;

    if (m->node.added == added && m->node.left == left)
        return false;
    m->node.added = added;
    m->node.left  = left;
    return true;
}

/* What a channel keeps is sent later, by the one who waits: the set's lock is a
 * leaf. A ONESHOT that was told of nothing has its shot still. */
unsigned sk_member_translate_slow(struct sk_member *m, unsigned flags,
                                  unsigned events)
{
    const unsigned    both = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    const unsigned    over = LIBSOCK_POLL_ERROR | LIBSOCK_POLL_HUP;
    struct sock_poll *p    = m->set;
    short             ready;

    if ((flags & SK_KEPT) && (events & LIBSOCK_POLL_WRITE) &&
        p->unsent_count < SK_POLLER_MAX) {
        p->unsent[p->unsent_count++] = m->handle;
        atomic_store(&p->news, true);
    }
    if (events & over)
        return events & (m->node.events | over);
    ready =
        sk_channel_ready(flags, to_system(m->node.events), to_system(events));
    events = (events & m->node.events & ~both) | from_system(ready);
    if (!events && m->node.silent) {
        m->node.silent = false;
        p->backend->modify(p->state, &m->node);
    }
    return events;
}

/* An EDGE may have been spent on the channel's own business: it is set anew. */
void sk_poll_rewatch_slow(struct sk_sock *s)
{
    lock_members(s);
    for (struct sk_member *m = s->members; m; m = m->next) {
        pthread_mutex_lock(&m->set->lock);
        if (fit_channel(m, sk_sock_flags(s)) ||
            (m->node.events & LIBSOCK_POLL_EDGE)) {
            m->set->backend->modify(m->set->state, &m->node);
            if (m->set->backend->deaf)
                ring(m->set);
        }
        pthread_mutex_unlock(&m->set->lock);
    }
    unlock_members(s);
}

/* ---- making and changing: with the socket's stripe ---- */

/* The link that points to s's member in p; to NULL if it has none. */
static struct sk_member **find(struct sock_poll *p, struct sk_sock *s)
{
    struct sk_member **at = &s->members;

    while (*at && (*at)->set != p)
        at = &(*at)->next;
    return at;
}

/* Does the system tell of m anyway? Of an EDGE it does so once, and then what
 * is buffered is no news. */
static bool is_told(const struct sk_member *m)
{
    struct pollfd one   = {m->node.fd, POLLIN, 0};
    int           ready = 0;

    return (m->node.events & LIBSOCK_POLL_EDGE) &&
           !sk_plat_poll(&one, 1, 0, &ready) && ready;
}

/* With the set's lock, too: the backend watches m as m's events say, from now
 * on. What is buffered is told of anew. */
static void begin_watching(struct sk_member *m)
{
    struct sock_poll *p      = m->set;
    unsigned          raised = SK_POLLED, flags;

    if (p->backend->rearm && (m->node.events & LIBSOCK_POLL_EDGE))
        raised |= SK_REARMS;
    sk_sock_drop(m->s, SK_TOLD);
    flags = sk_sock_raise(m->s, raised);
    if (fit_channel(m, flags))
        p->backend->modify(p->state, &m->node);
    if (sk_flags_readable(flags) && !is_told(m))
        make_ready(m);
    if (p->backend->deaf)
        ring(p);
}

static struct sk_member *new_member(struct sock_poll *p, struct sk_sock *s,
                                    unsigned events, void *data)
{
    struct sk_member *m = calloc(1, sizeof *m);

    if (!m)
        return NULL;
    m->node.fd     = s->fd;
    m->node.events = events;
    m->set         = p;
    m->s           = s;
    m->handle      = sk_handle_of(s);
    m->data        = data;
    sk_list_init(&m->all);
    sk_list_init(&m->ready);
    return m;
}

static sk_err add(struct sock_poll *p, struct sk_sock *s, unsigned events,
                  void *data)
{
    struct sk_member *m;
    sk_err            err;

    if (sk_handle_closing(s))
        return EBADF;
    if (*find(p, s))
        return EEXIST;
    if (!(m = new_member(p, s, events, data)))
        return ENOMEM;
    pthread_mutex_lock(&p->lock);
    if (!(err = p->backend->add(p->state, &m->node))) {
        m->next    = s->members;
        s->members = m;
        sk_list_append(&p->members, &m->all);
        begin_watching(m);
        m = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    free(m);
    return err;
}

sk_err sk_member_add(struct sock_poll *p, struct sk_sock *s, unsigned events,
                     void *data)
{
    sk_err err;

    lock_members(s);
    err = add(p, s, events, data);
    unlock_members(s);
    return err;
}

/* A member stays as it was if the backend refuses the change. */
static sk_err modify(struct sk_member *m, unsigned events, void *data)
{
    struct sock_poll     *p      = m->set;
    struct sk_poller_node before = m->node;
    sk_err                err;

    m->node.events = events;
    m->node.silent = false;
    if ((err = p->backend->modify(p->state, &m->node))) {
        m->node = before;
        return err;
    }
    m->data = data;
    begin_watching(m);
    return 0;
}

sk_err sk_member_modify(struct sock_poll *p, struct sk_sock *s, unsigned events,
                        void *data)
{
    struct sk_member *m;
    sk_err            err;

    lock_members(s);
    if ((m = *find(p, s))) {
        pthread_mutex_lock(&p->lock);
        err = modify(m, events, data);
        pthread_mutex_unlock(&p->lock);
    } else {
        err = ENOENT;
    }
    unlock_members(s);
    return err;
}

/* ---- ending: with the socket's stripe ---- */

/* A wait in progress may have found it already: then its memory stays until
 * that is over. It also stays if its end is to be told, which wakes a wait. */
static void end(struct sk_member **at, bool told)
{
    struct sk_member *m = *at;
    struct sock_poll *p = m->set;

    *at = m->next;
    pthread_mutex_lock(&p->lock);
    p->backend->remove(p->state, &m->node);
    m->node.fd = -1;
    sk_list_remove(&m->all);
    sk_list_remove(&m->ready);
    if (told) {
        sk_list_append(&p->ended, &m->all);
        announce(p);
        m = NULL;
    } else if (atomic_load(&p->waiting)) {
        sk_list_append(&p->gone, &m->all);
        atomic_store(&p->news, true);
        m = NULL;
        if (p->backend->deaf || ++p->gone_count >= MOST_GONE)
            ring(p);
    }
    pthread_mutex_unlock(&p->lock);
    free(m);
}

sk_err sk_member_remove(struct sock_poll *p, struct sk_sock *s)
{
    struct sk_member **at;
    sk_err             err = ENOENT;

    lock_members(s);
    if (*(at = find(p, s))) {
        end(at, false);
        err = 0;
    }
    if (!s->members)
        sk_sock_drop(s, SK_POLLED | SK_TOLD | SK_REARMS);
    unlock_members(s);
    return err;
}

void sk_poll_forget(struct sk_sock *s)
{
    lock_members(s);
    while (s->members)
        end(&s->members, s->members->set->tells_ends);
    unlock_members(s);
}

/* The socket's stripe comes first, but the member tells which socket: its slot
 * never goes, and if it is another's by then there is nothing to remove. */
void sk_member_remove_all(struct sock_poll *p)
{
    struct sk_sock *s;

    do {
        pthread_mutex_lock(&p->lock);
        s = sk_list_is_empty(&p->members)
                ? NULL
                : SK_ITEM(p->members.behind, struct sk_member, all)->s;
        pthread_mutex_unlock(&p->lock);
        if (s)
            sk_member_remove(p, s);
    } while (s);
}
