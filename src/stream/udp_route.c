/* udp_route.c - the datagrams of a UDP server that were taken from the system
 * and read by nobody yet, and whose they are.
 *
 * A handle is told from others by its peer and by the address of this side that
 * the peer wrote to, as a connection is. Datagrams are numbered as they are
 * taken; a queue is in that order, also after some were given back, so that
 * nobody who sends much goes before somebody who wrote earlier.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/udp_hub.h"

#include "core/poll.h"
#include "platform/control.h"

#include <errno.h>
#include <string.h>

/* Room for the items that a server may have asked for. */
#define CONTROL 512u

/* A drain ends, however fast they come. */
#define DRAIN_MOST (4 * SK_UDP_MOST)

/* ---- whose a datagram is ---- */

/* Is this peer, writing to that address, u's? */
static bool is_peer(const struct sk_udp *u, const union sk_place *from,
                    const union sk_place *to)
{
    return sk_place_port(&u->peer) == sk_place_port(from) &&
           sk_place_is_host(&u->peer, from) && sk_place_may_be(&u->here, to);
}

static struct sk_link *chain_of(struct sk_udp_hub    *hub,
                                const union sk_place *peer)
{
    const unsigned char *last = peer->any.sa_family == AF_INET
                                    ? (const void *)&peer->in4.sin_addr
                                    : &peer->in6.sin6_addr.s6_addr[12];
    unsigned             key  = (unsigned)sk_place_port(peer);

    for (int i = 0; i < 4; i++)
        key = key * 31 + last[i];
    return &hub->chains[(key ^ key >> 8) % SK_UDP_CHAINS];
}

/* ---- queues ---- */

static void ring(struct sk_udp_hub *hub)
{
    if (hub->bell < 0 || hub->rung || !hub->waiters)
        return;
    sk_plat_ring(hub->bell);
    hub->rung = true;
}

static void muffle(struct sk_udp_hub *hub)
{
    if (!hub->rung)
        return;
    sk_plat_muffle(hub->bell);
    hub->rung = false;
}

/* Whoever waits for u is told that its queue holds something, or nothing. */
static void tell(struct sk_udp *u)
{
    if (u->count) {
        sk_sock_raise(u->s, SK_PENDING);
        sk_poll_notify(u->s);
    } else {
        sk_sock_drop(u->s, SK_PENDING);
    }
    if (u != u->hub->server)
        return;
    if (u->count)
        ring(u->hub);
    else
        muffle(u->hub);
}

struct sk_datagram *sk_udp_shift(struct sk_udp *u)
{
    struct sk_link *link = sk_list_shift(&u->queue);

    if (!link)
        return NULL;
    u->count--;
    if (!u->count)
        tell(u);
    return SK_ITEM(link, struct sk_datagram, link);
}

void sk_udp_empty(struct sk_udp *u)
{
    struct sk_datagram *d;

    while ((d = sk_udp_shift(u)))
        free(d);
}

static void drop_newest(struct sk_udp *u)
{
    struct sk_datagram *d = SK_ITEM(u->queue.before, struct sk_datagram, link);

    sk_list_remove(&d->link);
    u->count--;
    free(d);
}

void sk_udp_insert(struct sk_udp *u, struct sk_datagram *d)
{
    struct sk_link *at = u->queue.before;

    while (at != &u->queue &&
           SK_ITEM(at, struct sk_datagram, link)->number > d->number)
        at = at->before;
    sk_list_append(at->behind, &d->link);
    if (++u->count > SK_UDP_MOST)
        drop_newest(u);
    tell(u);
}

/* What is in `from`, or what of it is of to's peer, goes to where its number
 * belongs. */
static void move(struct sk_udp *from, struct sk_udp *to, bool all)
{
    struct sk_link *at    = from->queue.behind, *next;
    struct sk_link *place = to->queue.behind;

    for (; at != &from->queue; at = next) {
        struct sk_datagram *d = SK_ITEM(at, struct sk_datagram, link);

        next = at->behind;
        if (!all && !is_peer(to, &d->from, &d->to))
            continue;
        while (place != &to->queue &&
               SK_ITEM(place, struct sk_datagram, link)->number < d->number)
            place = place->behind;
        sk_list_remove(at);
        sk_list_append(place, at);
        from->count--;
        to->count++;
    }
    while (to->count > SK_UDP_MOST)
        drop_newest(to);
    tell(from);
    tell(to);
}

/* ---- arriving ---- */

/* The address that was written to, if it is one to answer from. */
static void learn_own(const struct sk_udp *u, const struct sk_control *items,
                      union sk_place *out)
{
    struct sk_addr own;
    unsigned       index;

    memset(out, 0, sizeof *out);
    if (sk_control_get_pktinfo(items, &own, &index))
        return;
    sk_place_set(out, &own);
    if (out->any.sa_family != u->s->domain || sk_place_is_many(out))
        memset(out, 0, sizeof *out);
}

sk_err sk_udp_pull(struct sk_udp *u, int flags, const struct msghdr *items,
                   struct sk_arrival *a)
{
    _Alignas(max_align_t) unsigned char bytes[CONTROL];
    struct sk_addr                      from;
    struct sk_control                   control = {bytes, sizeof bytes, 0};
    struct iovec  part = {u->hub->scratch, sizeof u->hub->scratch};
    struct msghdr m    = {.msg_name    = &from.u,
                          .msg_namelen = sizeof from.u,
                          .msg_iov     = &part,
                          .msg_iovlen  = 1};
    ssize_t       n;

    if (items)
        control =
            (struct sk_control){items->msg_control, items->msg_controllen, 0};
    m.msg_control    = control.bytes;
    m.msg_controllen = control.room;
    n                = sk_plat_recvmsg(u->fd, &m, flags | MSG_DONTWAIT);
    if (n < 0)
        return (sk_err)-n;
    from.len     = m.msg_namelen;
    control.size = m.msg_controllen;
    sk_place_set(&a->from, &from);
    a->to = u->here;
    if (u->hub->any && u->peer.any.sa_family == AF_UNSPEC)
        learn_own(u, &control, &a->to);
    a->length       = (size_t)n;
    a->flags        = m.msg_flags;
    a->control_size = control.size;
    return 0;
}

struct sk_udp *sk_udp_owner(struct sk_udp_hub *hub, const union sk_place *from,
                            const union sk_place *to)
{
    struct sk_link *chain = chain_of(hub, from);

    for (struct sk_link *at = chain->behind; at != chain; at = at->behind) {
        struct sk_udp *u = SK_ITEM(at, struct sk_udp, link);

        if (is_peer(u, from, to))
            return u;
    }
    return hub->server;
}

sk_err sk_udp_copy(struct sk_udp_hub *hub, const struct sk_arrival *a,
                   struct sk_datagram **out)
{
    struct sk_datagram *d = malloc(sizeof *d + a->length);

    if (!d)
        return ENOMEM;
    sk_list_init(&d->link);
    d->number = hub->taken++;
    d->from   = a->from;
    d->to     = a->to;
    d->length = a->length;
    memcpy(d->bytes, hub->scratch, a->length);
    *out = d;
    return 0;
}

void sk_udp_route(struct sk_udp_hub *hub, const struct sk_arrival *a)
{
    struct sk_udp      *u = sk_udp_owner(hub, &a->from, &a->to);
    struct sk_datagram *d;

    if (u && u->count < SK_UDP_MOST && !sk_udp_copy(hub, a, &d))
        sk_udp_insert(u, d);
}

static bool has_room(const struct sk_udp *u, size_t held)
{
    const struct sk_udp *server = u->hub->server;

    return u->count + held < SK_UDP_MOST &&
           (!server || server->count < SK_UDP_MOST);
}

/* Those that are u's go to `own`, if it is not NULL. */
static void drain(struct sk_udp *u, struct sk_link *own)
{
    struct sk_udp_hub  *hub  = u->hub;
    size_t              held = 0;
    struct sk_datagram *d;
    struct sk_arrival   a;
    sk_err              err = 0;

    for (unsigned i = 0; i < DRAIN_MOST && err != EAGAIN; i++) {
        if (!has_room(u, held))
            break;
        if ((err = sk_udp_pull(u, 0, NULL, &a)))
            continue;
        if (!own || sk_udp_owner(hub, &a.from, &a.to) != u) {
            sk_udp_route(hub, &a);
        } else if (!sk_udp_copy(hub, &a, &d)) {
            sk_list_append(own, &d->link);
            held++;
        }
    }
}

void sk_udp_drain(struct sk_udp *u)
{
    drain(u, NULL);
}

/* A stranger's came here before its later ones went to the server again; the
 * peer's may have gone to the server before its later ones came here. */
void sk_udp_settle(struct sk_udp *u)
{
    struct sk_link     own, *link;
    struct sk_udp_hub *hub = u->hub;

    sk_list_init(&own);
    drain(u, &own);
    if (hub->server)
        drain(hub->server, NULL);
    while ((link = sk_list_shift(&own))) {
        struct sk_datagram *d = SK_ITEM(link, struct sk_datagram, link);

        d->number = hub->taken++;
        sk_udp_insert(u, d);
    }
}

/* ---- handles ---- */

void sk_udp_enter(struct sk_udp *u)
{
    u->open = true;
    sk_list_append(chain_of(u->hub, &u->peer), &u->link);
    if (u->hub->server)
        move(u->hub->server, u, false);
}

void sk_udp_leave(struct sk_udp *u, bool back)
{
    u->open = false;
    sk_list_remove(&u->link);
    if (u->hub->server == u) {
        u->hub->server = NULL;
        sk_udp_unpark(u->hub, true);
    }
    if (back && u->hub->server)
        move(u, u->hub->server, true);
    else
        sk_udp_empty(u);
}
