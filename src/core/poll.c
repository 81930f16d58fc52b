/* poll.c - poll sets: made, changed, waited for, woken, freed.
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

sk_err sk_poll_make(bool tells_ends, struct sock_poll **out)
{
    struct sock_poll *p = calloc(1, sizeof *p);
    sk_err            err;

    if (!p)
        return ENOMEM;
    sk_handle_set_up();
    p->backend    = chosen ? chosen : sk_poller_best;
    p->forks      = sk_handle_forks;
    p->bell.fd    = -1;
    p->tells_ends = tells_ends;
    pthread_mutex_init(&p->lock, NULL);
    sk_list_init(&p->members);
    sk_list_init(&p->ready);
    sk_list_init(&p->gone);
    sk_list_init(&p->ended);
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
    sk_err       err = sk_poll_make(false, &p);

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
    free_all(&p->ended);
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
        free_all(&p->ended);
        free_all(&p->gone); /* a thread may have been cancelled in a wait */
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

void sk_poll_abandon(struct sock_poll *p)
{
    p->backend->shut(p->state);
    sk_plat_close(p->bell.fd, false);
}

/* ---- members ---- */

static sk_err check_events(unsigned events)
{
    const unsigned known = LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE |
                           LIBSOCK_POLL_RDHUP | LIBSOCK_POLL_ERROR |
                           LIBSOCK_POLL_HUP | LIBSOCK_POLL_ONESHOT |
                           LIBSOCK_POLL_EDGE;

    return events & ~known ? EINVAL : 0;
}

typedef sk_err change_fn(sock_poll_t *p, struct sk_sock *s, unsigned events,
                         void *data);

static bool change(sock_poll_t *p, sock_t *s, enum sk_verb verb, change_fn *how,
                   unsigned events, void *data)
{
    struct sk_call c;
    sk_err         err;

    if (!sk_call_enter(&c, s, verb, SK_QUICK))
        return false;
    if (!(err = check(p)) && !(err = check_events(events)))
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

int sock_poll_wait(sock_poll_t *p, sock_event_t *events, size_t max,
                   int timeout_ms)
{
    int64_t until = timeout_ms > 0 ? sk_wait_until(timeout_ms) : SK_NEVER;
    struct sk_poll_report r   = {events, max, 0, false};
    sk_err                err = EINVAL;

    if (events && max && timeout_ms >= -1 && !(err = check(p)))
        err = sk_poll_await(p, &r, timeout_ms, until);
    if (!err)
        return (int)r.count;
    sk_call_refuse(SK_POLL_WAIT, err);
    return -1;
}
