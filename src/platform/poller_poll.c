/* poller_poll.c - waiting on many descriptors with poll(2).
 *
 * The descriptors stand in one array, to which changes are made; a wait looks
 * at a copy, which is made anew if there were any. poll(2) tells what is, not
 * what has come: what an EDGE has told is left out until a call meets EAGAIN.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"
#include "platform/poller.h"

#include <errno.h>
#include <string.h>

#define ALL                                                                    \
    (LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE | LIBSOCK_POLL_RDHUP |             \
     LIBSOCK_POLL_ERROR | LIBSOCK_POLL_HUP | SK_POLLER_URGENT)

struct array {
    struct pollfd          *fds;
    struct sk_poller_node **nodes; /* of each */
    size_t                  count;
    size_t                  room;
};

struct poller {
    struct array now;     /* all that are watched */
    struct array waited;  /* as they were when the wait began */
    bool         changed; /* the two differ */
    size_t       start;   /* where the wait looks first ... */
    size_t       after;   /* ... and the next one: nobody is always last */
    size_t       looked;  /* places looked at since the wait */
    size_t       left;    /* events that were found and not told */
    size_t       most;    /* to tell */
};

static sk_err make_room(struct array *a, size_t count)
{
    size_t                  room = a->room ? a->room : 16;
    struct pollfd          *fds;
    struct sk_poller_node **nodes;

    if (count <= a->room)
        return 0;
    while (room < count)
        room *= 2;
    if (!(fds = realloc(a->fds, room * sizeof *fds)))
        return ENOMEM;
    a->fds = fds;
    if (!(nodes = realloc(a->nodes, room * sizeof *nodes)))
        return ENOMEM;
    a->nodes = nodes;
    a->room  = room;
    return 0;
}

static sk_err open_set(void **state)
{
    *state = calloc(1, sizeof(struct poller));
    return *state ? 0 : ENOMEM;
}

static void shut_set(void *state)
{
    struct poller *p = state;

    free(p->now.fds);
    free(p->now.nodes);
    free(p->waited.fds);
    free(p->waited.nodes);
    free(p);
}

/* ---- changes ---- */

/* What the system is asked; a descriptor of which nothing may be told is not
 * asked for. */
static void ask(struct poller *p, struct sk_poller_node *node)
{
    struct pollfd *entry = &p->now.fds[node->place];
    unsigned       asked = sk_poller_asked(node) & node->armed;

    entry->fd     = node->silent || !node->armed ? -1 : node->fd;
    entry->events = 0;
    if (asked & LIBSOCK_POLL_READ)
        entry->events |= POLLIN;
    if (asked & LIBSOCK_POLL_WRITE)
        entry->events |= POLLOUT;
    if (asked & LIBSOCK_POLL_RDHUP)
        entry->events |= POLLRDHUP;
    if (asked & SK_POLLER_URGENT)
        entry->events |= POLLPRI;
    p->changed = true;
}

static sk_err add(void *state, struct sk_poller_node *node)
{
    struct poller *p   = state;
    sk_err         err = make_room(&p->now, p->now.count + 1);

    if (err)
        return err;
    node->armed               = ALL;
    node->place               = p->now.count++;
    p->now.nodes[node->place] = node;
    ask(p, node);
    return 0;
}

static sk_err modify(void *state, struct sk_poller_node *node)
{
    node->armed = ALL;
    ask(state, node);
    return 0;
}

/* The last one takes its place. */
static void take_out(void *state, struct sk_poller_node *node)
{
    struct poller         *p    = state;
    struct sk_poller_node *last = p->now.nodes[--p->now.count];

    p->now.fds[node->place]   = p->now.fds[p->now.count];
    p->now.nodes[node->place] = last;
    last->place               = node->place;
    p->changed                = true;
}

static void rearm(void *state, struct sk_poller_node *node, unsigned events)
{
    node->armed |= events | LIBSOCK_POLL_ERROR | LIBSOCK_POLL_HUP;
    ask(state, node);
}

/* ---- waiting ---- */

static sk_err begin(void *state)
{
    struct poller *p = state;
    size_t         n = p->now.count;
    sk_err         err;

    if (!p->changed)
        return 0;
    if ((err = make_room(&p->waited, n)))
        return err;
    memcpy(p->waited.fds, p->now.fds, n * sizeof *p->now.fds);
    memcpy(p->waited.nodes, p->now.nodes, n * sizeof *p->now.nodes);
    p->waited.count = n;
    p->changed      = false;
    return 0;
}

static sk_err wait_for(void *state, size_t max, int timeout_ms, size_t *found)
{
    struct poller *p = state;
    int            ready;
    sk_err         err =
        sk_plat_poll(p->waited.fds, p->waited.count, timeout_ms, &ready);

    *found    = (size_t)ready;
    p->left   = (size_t)ready;
    p->most   = max;
    p->start  = p->after;
    p->looked = 0;
    return err;
}

static unsigned happened(short events)
{
    unsigned all = 0;

    if (events & POLLIN)
        all |= LIBSOCK_POLL_READ;
    if (events & POLLOUT)
        all |= LIBSOCK_POLL_WRITE;
    if (events & POLLRDHUP)
        all |= LIBSOCK_POLL_RDHUP;
    if (events & POLLPRI)
        all |= SK_POLLER_URGENT;
    if (events & (POLLERR | POLLNVAL))
        all |= LIBSOCK_POLL_ERROR;
    if (events & POLLHUP)
        all |= LIBSOCK_POLL_HUP;
    return all;
}

/* What is told of one, and what may be told later. If nothing may although
 * poll(2) goes on finding it, it is not asked for until it is armed again. */
static unsigned tell(struct poller *p, struct sk_poller_node *node, short found)
{
    unsigned events = sk_poller_told(node, happened(found)) & node->armed;

    if (node->silent)
        events = 0;
    if (events && (node->events & LIBSOCK_POLL_ONESHOT))
        node->silent = true;
    if (node->events & LIBSOCK_POLL_EDGE)
        node->armed = events ? node->armed & ~events : 0;
    if (node->events & (LIBSOCK_POLL_ONESHOT | LIBSOCK_POLL_EDGE))
        ask(p, node);
    return events;
}

/* Is something else asked for by now? Then what was found is no answer to it,
 * and the next wait finds one. */
static bool was_changed(const struct poller         *p,
                        const struct sk_poller_node *node,
                        const struct pollfd         *entry)
{
    const struct pollfd *now = &p->now.fds[node->place];

    return now->fd != entry->fd || now->events != entry->events;
}

static struct sk_poller_node *next(void *state, unsigned *events)
{
    struct poller *p = state;

    while (p->left && p->most && p->looked < p->waited.count) {
        size_t                 at = (p->start + p->looked++) % p->waited.count;
        struct pollfd         *entry = &p->waited.fds[at];
        struct sk_poller_node *node  = p->waited.nodes[at];

        if (entry->fd < 0 || !entry->revents)
            continue;
        p->left--;
        if (node->fd < 0 || was_changed(p, node, entry) ||
            !(*events = tell(p, node, entry->revents)))
            continue;
        p->most--;
        p->after = at + 1;
        return node;
    }
    return NULL;
}

const struct sk_poller sk_poller_poll = {
    .name   = "poll",
    .deaf   = true,
    .open   = open_set,
    .shut   = shut_set,
    .add    = add,
    .modify = modify,
    .remove = take_out,
    .rearm  = rearm,
    .begin  = begin,
    .wait   = wait_for,
    .next   = next,
};
