/* poller_epoll.c - waiting on many descriptors with Linux's epoll.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"
#include "platform/poller.h"

#include <errno.h>

#include <sys/epoll.h>

struct epoll {
    int                fd;
    size_t             found; /* of the last wait */
    size_t             told;  /* of those */
    struct epoll_event events[SK_POLLER_MAX];
};

const struct sk_poller *const sk_poller_best = &sk_poller_epoll;

static sk_err open_set(void **state)
{
    struct epoll *e = malloc(sizeof *e);

    if (!e)
        return ENOMEM;
    e->found = e->told = 0;
    if ((e->fd = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        free(e);
        return errno;
    }
    *state = e;
    return 0;
}

static void shut_set(void *state)
{
    struct epoll *e = state;

    if (e->fd >= 0)
        sk_plat_close(e->fd, false);
    free(e);
}

static sk_err control(struct epoll *e, int what, struct sk_poller_node *node)
{
    struct epoll_event event = {0, {.ptr = node}};
    unsigned           asked = sk_poller_asked(node);

    if (asked & LIBSOCK_POLL_READ)
        event.events |= EPOLLIN;
    if (asked & LIBSOCK_POLL_WRITE)
        event.events |= EPOLLOUT;
    if (asked & LIBSOCK_POLL_RDHUP)
        event.events |= EPOLLRDHUP;
    if (asked & SK_POLLER_URGENT)
        event.events |= EPOLLPRI;
    if (node->events & LIBSOCK_POLL_ONESHOT)
        event.events |= EPOLLONESHOT;
    if (node->events & LIBSOCK_POLL_EDGE)
        event.events |= EPOLLET;
    return epoll_ctl(e->fd, what, node->fd, &event) ? errno : 0;
}

static sk_err add(void *state, struct sk_poller_node *node)
{
    return control(state, EPOLL_CTL_ADD, node);
}

static sk_err modify(void *state, struct sk_poller_node *node)
{
    return control(state, EPOLL_CTL_MOD, node);
}

static void take_out(void *state, struct sk_poller_node *node)
{
    control(state, EPOLL_CTL_DEL, node);
}

/* A descriptor that is none, or none of epoll's, is not ours any more: somebody
 * has closed it, and it may be another's by now. */
static sk_err fail(struct epoll *e, sk_err err)
{
    if (err == EBADF || err == EINVAL)
        e->fd = -1;
    return err;
}

static sk_err wait_for(void *state, size_t max, int timeout_ms, size_t *found)
{
    struct epoll *e = state;
    int           n = epoll_wait(e->fd, e->events,
                                 (int)(max < SK_POLLER_MAX ? max : SK_POLLER_MAX),
                                 timeout_ms);

    *found = e->found = n < 0 ? 0 : (size_t)n;
    e->told           = 0;
    return n < 0 ? fail(e, errno) : 0;
}

static unsigned happened(uint32_t events)
{
    unsigned all = 0;

    if (events & EPOLLIN)
        all |= LIBSOCK_POLL_READ;
    if (events & EPOLLOUT)
        all |= LIBSOCK_POLL_WRITE;
    if (events & EPOLLRDHUP)
        all |= LIBSOCK_POLL_RDHUP;
    if (events & EPOLLPRI)
        all |= SK_POLLER_URGENT;
    if (events & EPOLLERR)
        all |= LIBSOCK_POLL_ERROR;
    if (events & EPOLLHUP)
        all |= LIBSOCK_POLL_HUP;
    return all;
}

/* One that is silent was told otherwise meanwhile; the system has made it
 * silent, too, and modify finds again what is passed over here. */
static struct sk_poller_node *next(void *state, unsigned *events)
{
    struct epoll *e = state;

    while (e->told < e->found) {
        struct epoll_event    *event = &e->events[e->told++];
        struct sk_poller_node *node  = event->data.ptr;

        *events = sk_poller_told(node, happened(event->events));
        if (node->fd < 0 || node->silent || !*events)
            continue;
        node->silent = node->events & LIBSOCK_POLL_ONESHOT;
        return node;
    }
    return NULL;
}

const struct sk_poller sk_poller_epoll = {
    .name   = "epoll",
    .deaf   = false,
    .open   = open_set,
    .shut   = shut_set,
    .add    = add,
    .modify = modify,
    .remove = take_out,
    .rearm  = NULL,
    .begin  = NULL,
    .wait   = wait_for,
    .next   = next,
};
