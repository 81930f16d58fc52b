/* udp.c - accepting peers on a UDP socket.
 *
 * An accepted handle has a descriptor of its own, bound to the address its peer
 * wrote to and connected to the peer: select, poll sets and writes work as on
 * any socket. What the system cannot do is done here.
 *
 * Between bind and connect datagrams of strangers may reach the new descriptor,
 * and until then those of the peer reach the server's: so an accept empties
 * both, in an order that keeps each sender's. When a handle is closed it
 * connects to its own address: from then on the system gives the peer's
 * datagrams to the server, and what is unread goes there, too. The system may
 * have chosen a descriptor and not given it the datagram yet: each read looks
 * who sent what it has taken, and a closed handle's socket stays open for a
 * moment. Such a one may be overtaken by the next; it is not lost.
 *
 * The server's address is its own until it accepts: only then does it share the
 * port, with sockets of the same user that ask for it. What was sent to a group
 * comes to the server only, and reaches its sender's handle with the next
 * accept. One process accepts: others know nothing of its handles.
 *
 * Rejected: one descriptor for all, with the datagrams dealt out in memory.
 * Somebody must read it then, or nobody is woken; and a reader must keep what
 * is for the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/udp.h"

#include "core/wait.h"
#include "stream/udp_open.h"

#include <errno.h>
#include <string.h>

#include <netinet/udp.h>

/* How long to wait in one piece where another thread may bring something. */
#define SLICE_MS 100

/* How long a socket outlives its handle, at most, while somebody accepts. */
#define PARK_MS 10

static const struct sk_channel_ops handle_ops;

static struct sk_udp *udp_of(struct sk_sock *s)
{
    return SK_ITEM(sk_channel_of(s), struct sk_udp, channel);
}

/* ---- accepting: with the hub locked ---- */

/* Datagrams that the system joins could not be told apart. */
static sk_err prepare(struct sk_udp *server)
{
    struct sk_sock *s   = server->s;
    sk_err          err = 0;

    if (server->hub->prepared)
        return 0;
    if ((err = sk_udp_set(s, SOL_SOCKET, SO_REUSEPORT, 1)))
        return err;
    if (server->hub->any)
        err = s->domain == AF_INET
                  ? sk_udp_set(s, IPPROTO_IP, IP_PKTINFO, 1)
                  : sk_udp_set(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (err)
        return err;
    sk_udp_set(s, SOL_UDP, UDP_GRO, 0);
    sk_channel_switch_on(s);
    server->hub->prepared = true;
    return 0;
}

static sk_err take_next(struct sk_udp *server, struct sk_datagram **out)
{
    struct sk_udp_hub *hub = server->hub;
    struct sk_arrival  a;
    sk_err             err;

    while (!(*out = sk_udp_shift(server))) {
        if ((err = sk_udp_pull(server, 0, NULL, &a)))
            return err;
        if (sk_udp_owner(hub, &a.from, &a.to) == server)
            return sk_udp_copy(hub, &a, out);
        sk_udp_route(hub, &a);
    }
    return 0;
}

static bool is_parking_over(const struct sk_udp_hub *hub)
{
    return hub->parked_count &&
           sk_plat_now() - hub->parked_at >= PARK_MS * (int64_t)1000000;
}

/* d could not be accepted for. 0: try again. */
static sk_err put_back(struct sk_udp *server, struct sk_datagram *d, bool lost,
                       sk_err err)
{
    if (lost) {
        free(d);
        return 0;
    }
    sk_udp_insert(server, d);
    if (err != EMFILE || !server->hub->parked_count)
        return err;
    sk_udp_unpark(server->hub, true);
    return 0;
}

/* *out NULL without an error: who wrote cannot be answered; try again. */
static sk_err accept_next(struct sk_udp *server, struct sk_udp **out)
{
    struct sk_datagram *d    = NULL;
    bool                lost = false;
    sk_err              err;

    if (!server->open)
        return ECANCELED;
    if ((err = prepare(server)))
        return err;
    err = take_next(server, &d);
    if (err == EAGAIN && is_parking_over(server->hub)) {
        sk_udp_unpark(server->hub, true);
        err = take_next(server, &d);
    }
    if (err)
        return err == EAGAIN && server->ended ? EINVAL : err;
    if ((err = sk_udp_open(server, d, &handle_ops, out, &lost)))
        return put_back(server, d, lost, err);
    sk_udp_enter(*out);
    sk_udp_insert(*out, d);
    sk_udp_settle(*out);
    return 0;
}

/* ---- accepting: waiting ---- */

/* Nobody is there: whoever gives something back rings from now on. Without a
 * bell the wait is in slices. */
static void begin_waiting(struct sk_udp_hub *hub)
{
    if (hub->bell < 0 && sk_plat_bell(&hub->bell))
        hub->bell = -1;
    hub->waiters++;
}

static sk_err wait_for_somebody(struct sk_call *c, struct sk_limit *l, int bell,
                                int most_ms)
{
    struct pollfd fds[2] = {{c->s->fd, POLLIN, 0}, {bell, POLLIN, 0}};
    int           ready  = 0;
    sk_err        err;

    if (sk_handle_closing(c->s))
        return ECANCELED;
    err = sk_wait_many(fds, SK_COUNT(fds), l->until, most_ms, &ready);
    if (err == EINTR && sk_plat_restarts())
        return 0;
    if (err || ready || sk_wait_left(l->until))
        return err;
    l->expired = true;
    return ETIMEDOUT;
}

static sk_err accept_or_wait(struct sk_call *c, struct sk_limit *l,
                             struct sk_udp **out)
{
    struct sk_udp     *server = udp_of(c->s);
    struct sk_udp_hub *hub    = server->hub;
    sk_err             err;
    int                bell, most_ms;

    sk_udp_lock(hub);
    err = accept_next(server, out);
    if (err == EAGAIN && !l->nonblock) {
        begin_waiting(hub);
        bell    = hub->bell;
        most_ms = hub->parked_count ? PARK_MS : bell < 0 ? SLICE_MS : -1;
        sk_udp_unlock(hub);
        err = wait_for_somebody(c, l, bell, most_ms);
        sk_udp_lock(hub);
        hub->waiters--;
    }
    sk_udp_unlock(hub);
    return err;
}

static sk_err accept_peer(struct sk_call *c, struct sk_limit *l,
                          struct sk_sock **out, struct sk_addr *from)
{
    struct sk_udp *u = NULL;
    sk_err         err;

    do
        err = accept_or_wait(c, l, &u);
    while (!err && !u);
    if (err)
        return err;
    if (from)
        sk_place_address(from, &u->peer);
    *out = u->s;
    sk_handle_publish(u->s);
    return 0;
}

/* ---- receiving ---- */

static void put_name(struct msghdr *m, const struct sk_addr *from)
{
    if (!m->msg_name)
        return;
    if (m->msg_namelen > from->len)
        m->msg_namelen = from->len;
    memcpy(m->msg_name, &from->u, m->msg_namelen);
    m->msg_namelen = from->len;
}

/* What does not fit is lost, and told of, as the system does it. */
static size_t deliver(struct sk_intake *in, const struct sk_arrival *a,
                      const unsigned char *bytes, int flags)
{
    size_t         left = a->length < in->len ? a->length : in->len;
    size_t         some, fits = left;
    struct sk_addr from;

    for (size_t i = 0; left; i++) {
        some = in->parts[i].iov_len < left ? in->parts[i].iov_len : left;
        if (some)
            memcpy(in->parts[i].iov_base, bytes, some);
        bytes += some;
        left -= some;
    }
    sk_place_address(&from, &a->from);
    if (in->from)
        *in->from = from;
    if (in->message) {
        put_name(in->message, &from);
        in->message->msg_controllen = a->control_size;
        in->message->msg_flags = a->flags | (a->length > fits ? MSG_TRUNC : 0);
    }
    return flags & MSG_TRUNC ? a->length : fits;
}

/* The first of u's queue, which is not empty. */
static size_t deliver_kept(struct sk_udp *u, struct sk_intake *in, int flags)
{
    struct sk_datagram *d = SK_ITEM(u->queue.behind, struct sk_datagram, link);
    struct sk_arrival   a = {.from = d->from, .length = d->length};
    size_t              n = deliver(in, &a, d->bytes, flags);

    if (!(flags & MSG_PEEK))
        free(sk_udp_shift(u));
    return n;
}

/* The end of one whose reading was shut down. */
static size_t deliver_nothing(struct sk_intake *in)
{
    const struct sk_arrival a = {.length = 0};

    return deliver(in, &a, NULL, 0);
}

static sk_err receive_now(struct sk_udp *u, struct sk_intake *in, int flags,
                          size_t *got)
{
    const int         asked = flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB);
    struct sk_arrival a;
    sk_err            err;

    if (u->count && asked == (flags & MSG_PEEK)) {
        *got = deliver_kept(u, in, flags);
        return 0;
    }
    while (!(err = sk_udp_pull(u, asked, in->message, &a))) {
        if (asked != (flags & MSG_PEEK) ||
            sk_udp_owner(u->hub, &a.from, &a.to) == u) {
            *got = deliver(in, &a, u->hub->scratch, flags);
            return 0;
        }
        if (flags & MSG_PEEK) /* it leaves the system's queue now */
            err = sk_udp_pull(u, 0, NULL, &a);
        if (!err)
            sk_udp_route(u->hub, &a);
    }
    if (err != EAGAIN || !u->ended)
        return err;
    *got = deliver_nothing(in);
    return 0;
}

/* A datagram that another thread has taken for this one wakes nobody. */
static sk_err wait_a_slice(struct sk_sock *s, struct sk_limit *l)
{
    int64_t slice = sk_wait_until(SLICE_MS);
    bool    last  = l->until <= slice;
    sk_err  err   = sk_wait_fd(s, POLLIN, last ? l->until : slice);

    if (err == ETIMEDOUT && !last)
        return 0;
    l->expired = err == ETIMEDOUT;
    return err;
}

static sk_err receive(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got)
{
    struct sk_udp *u = udp_of(c->s);
    sk_err         err;

    for (;;) {
        sk_udp_lock(u->hub);
        err = receive_now(u, in, flags, got);
        sk_udp_unlock(u->hub);
        if (err != EAGAIN || l->nonblock)
            return err;
        if ((err = wait_a_slice(c->s, l)))
            return err;
    }
}

/* ---- ending ---- */

/* An unconnected socket is shut down, too, though the system denies it. */
static sk_err shut_down(struct sk_call *c, int how)
{
    sk_err err = sk_plat_shutdown(c->s->fd, how);

    if (how != SHUT_WR && (!err || err == ENOTCONN))
        atomic_store_explicit(&udp_of(c->s)->ended, true, memory_order_relaxed);
    return err;
}

/* Was there no fork since? Else another process may go on with the socket. */
static bool is_ours(const struct sk_udp *u)
{
    return u->epoch == atomic_load(&sk_handle_epoch);
}

static bool is_server(const struct sk_udp *u)
{
    return u->peer.any.sa_family == AF_UNSPEC;
}

static void let_go(struct sk_udp *u)
{
    struct sk_addr here;

    if (is_server(u) || !is_ours(u)) {
        sk_udp_leave(u, false);
        return;
    }
    if (!sk_plat_sockname(u->s->fd, &here))
        sk_plat_connect(u->s->fd, &here);
    sk_udp_leave(u, true);
    sk_udp_drain(u);
}

static void closing(struct sk_sock *s)
{
    struct sk_udp *u = udp_of(s);

    sk_udp_lock(u->hub);
    if (u->open)
        let_go(u);
    sk_udp_unlock(u->hub);
}

/* What the system has on its way to a closed handle may still come: the socket
 * outlives its handle for a moment, by another descriptor. One that was
 * exported is somebody else's. */
static bool outlives(struct sk_udp *u)
{
    return u->s->fd >= 0 && u->hub->server && !is_server(u) && is_ours(u) &&
           !sk_plat_dup(u->s->fd, &u->fd);
}

static void free_udp(struct sk_sock *s)
{
    struct sk_udp     *u   = udp_of(s);
    struct sk_udp_hub *hub = u->hub;

    sk_udp_lock(hub);
    if (u->open && s->fd < 0)
        sk_udp_leave(u, is_ours(u));
    else if (u->open)
        let_go(u);
    if (!outlives(u)) {
        sk_udp_free(u);
        return;
    }
    sk_udp_park(u);
    sk_udp_unlock(hub);
}

/* ---- what hangs on the sockets ---- */

static const struct sk_channel_ops server_ops = {
    .receive  = receive,
    .accept   = accept_peer,
    .shutdown = shut_down,
    .closing  = closing,
    .free     = free_udp,
};

static const struct sk_channel_ops handle_ops = {
    .receive  = receive,
    .shutdown = shut_down,
    .closing  = closing,
    .free     = free_udp,
};

sk_err sk_udp_serve(struct sk_sock *s)
{
    struct sk_udp *server;
    struct sk_addr at;
    sk_err         err;

    if ((err = sk_plat_sockname(s->fd, &at)) ||
        (err = sk_udp_hub_new(s, &at, &server)))
        return err;
    server->channel.ops = &server_ops;
    atomic_store_explicit(&s->channel, &server->channel, memory_order_release);
    return 0;
}
