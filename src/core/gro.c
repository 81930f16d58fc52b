/* gro.c - datagrams that the system hands over joined, taken apart.
 *
 * With UDP_GRO the system joins neighbours of one size from one sender, and
 * hands over a burst at the cost of one datagram. What it has given is kept in
 * a channel, under the reading turn, and dealt out one by one: so datagrams
 * keep their bounds whoever reads, a batch or a plain recv, and what is kept
 * makes the socket readable (SK_PENDING).
 *
 * It is for the user to ask for. Rejected: to switch it on with the first
 * batch. Others may read the same socket, in another process or by the
 * descriptor, and would find datagrams joined that they did not expect. Nor can
 * it be switched off again: what waits joined in the system would lose its
 * bounds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/gro.h"

#include "core/burst.h"
#include "core/channel.h"
#include "core/outcome.h"
#include "core/poll.h"
#include "platform/control.h"

#include <netinet/udp.h>

#include <errno.h>
#include <string.h>

/* The longest that the system joins. */
#define MOST_BYTES 65536u

/* Who offers so many bytes, and room for the item, wants them joined. */
#define JOINED_ROOM 64000u

/* Room for all items that come with datagrams. */
#define ITEMS_ROOM 4096u

/* All but the first is guarded by the reading turn. */
struct gro {
    struct sk_channel channel;
    size_t            left;    /* datagrams that nobody has taken */
    size_t            at;      /* where the next begins */
    size_t            end;     /* of all bytes */
    size_t            placed;  /* those before this are not in `bytes` */
    size_t            piece;   /* bytes of each but the last */
    int               flags;   /* msg_flags of all */
    sk_err            failure; /* behind what a batch has taken; 0: none */
    struct sk_addr    from;    /* who sent them */
    size_t            items_size;
    _Alignas(max_align_t) unsigned char items[ITEMS_ROOM];
    char bytes[MOST_BYTES];
};

static struct gro *gro_of(struct sk_sock *s)
{
    return (struct gro *)sk_channel_of(s);
}

/* ---- from the system ---- */

/* Into `left` datagrams; an empty one is one. */
static void divide(struct gro *g, size_t size)
{
    const struct sk_control items = {g->items, 0, g->items_size};
    int                     piece = 0;

    if (sk_control_get_int(&items, SOL_UDP, UDP_GRO, &piece) || piece <= 0 ||
        (size_t)piece > size)
        piece = (int)size;
    g->at    = 0;
    g->end   = size;
    g->piece = (size_t)piece;
    g->left  = size ? (size + g->piece - 1) / g->piece : 1;
}

/* A batch has places for datagrams: if they come as long as the last ones were,
 * each goes straight to its own. How many there are. */
static size_t offer(const struct gro *g, const struct mmsghdr *list,
                    size_t count, struct iovec *places)
{
    size_t n = 0;

    if (!g->piece)
        return 0;
    for (; n < count && n < SK_BATCH && (n + 1) * g->piece < MOST_BYTES; n++) {
        const struct msghdr *m = &list[n].msg_hdr;

        if (m->msg_iovlen != 1 || m->msg_iov->iov_len < g->piece)
            break;
        places[n] = (struct iovec){m->msg_iov->iov_base, g->piece};
    }
    return n;
}

/* They came otherwise: put them behind one another. */
static void collect(struct gro *g, const struct iovec *places)
{
    size_t head = g->end < g->placed ? g->end : g->placed;
    char  *to   = g->bytes;

    memmove(g->bytes + head, g->bytes, g->end - head);
    for (; head; places++) {
        size_t some = places->iov_len < head ? places->iov_len : head;

        memcpy(to, places->iov_base, some);
        to += some;
        head -= some;
    }
    g->placed = 0;
}

/* parts are n places of the caller's, and one free. */
static sk_err fetch(struct sk_sock *s, struct gro *g, struct sk_limit *l,
                    struct iovec *parts, size_t n)
{
    struct msghdr    m    = {.msg_name       = &g->from.u,
                             .msg_namelen    = sizeof g->from.u,
                             .msg_iov        = parts,
                             .msg_iovlen     = n + 1,
                             .msg_control    = g->items,
                             .msg_controllen = sizeof g->items};
    struct sk_intake in   = {parts, n + 1, MOST_BYTES, NULL, &m};
    size_t           room = 0, size;
    sk_err           err  = g->failure;

    for (size_t i = 0; i < n; i++)
        room += parts[i].iov_len;
    parts[n]   = (struct iovec){g->bytes, MOST_BYTES - room};
    g->failure = 0;
    if (err || (err = sk_io_receive_whole(s, l, &in, 0, &size)))
        return err;
    g->from.len   = m.msg_namelen;
    g->placed     = room;
    g->items_size = m.msg_controllen;
    g->flags      = m.msg_flags & MSG_CTRUNC;
    divide(g, size);
    return 0;
}

static sk_err fetch_for_batch(struct sk_sock *s, struct gro *g,
                              struct sk_limit *l, const struct mmsghdr *list,
                              size_t count)
{
    struct iovec parts[SK_BATCH + 1];
    size_t       each = g->piece, n = offer(g, list, count, parts);
    sk_err       err = fetch(s, g, l, parts, n);

    if (!err && (g->left > 1 ? g->piece != each : g->end > each))
        collect(g, parts);
    return err;
}

/* ---- to the caller ---- */

static void scatter(const struct sk_intake *in, const char *bytes, size_t left)
{
    for (size_t i = 0; left; i++) {
        size_t some = in->parts[i].iov_len < left ? in->parts[i].iov_len : left;

        if (some)
            memcpy(in->parts[i].iov_base, bytes, some);
        bytes += some;
        left -= some;
    }
}

static void put_name(struct msghdr *m, const struct sk_addr *from)
{
    socklen_t some = m->msg_namelen < from->len ? m->msg_namelen : from->len;

    if (m->msg_name && some)
        memcpy(m->msg_name, &from->u, some);
    m->msg_namelen = from->len;
}

/* May all that is left be given joined? Only with the item that tells so. */
static bool fits_joined(const struct gro *g, const struct sk_intake *in)
{
    return g->left > 1 && in->message && in->len >= JOINED_ROOM &&
           g->end - g->at <= in->len &&
           g->items_size <= in->message->msg_controllen &&
           !(g->flags & MSG_CTRUNC);
}

/* The item that tells how they were joined is for those that are. */
static void put_items(struct msghdr *m, struct gro *g, bool joined)
{
    const struct sk_control all = {g->items, 0, g->items_size};
    struct sk_control       out = {m->msg_control, m->msg_controllen, 0};

    m->msg_flags = g->flags;
    if (joined) {
        memcpy(m->msg_control, g->items, g->items_size);
        out.size = g->items_size;
    } else if (g->items_size &&
               !sk_control_copy_others(&all, SOL_UDP, UDP_GRO, &out)) {
        m->msg_flags |= MSG_CTRUNC;
    }
    m->msg_controllen = out.size;
}

/* The next one, or all that are left if they are `joined`. What does not fit of
 * one is lost, and told of, as the system does it. */
static size_t deliver(struct gro *g, struct sk_intake *in, int flags,
                      bool joined)
{
    size_t rest = g->end - g->at;
    size_t size = joined || rest < g->piece ? rest : g->piece;
    size_t fits = size < in->len ? size : in->len;

    if (g->at >= g->placed)
        scatter(in, g->bytes + g->at - g->placed, fits);
    if (in->from) {
        memcpy(&in->from->u, &g->from.u, g->from.len);
        in->from->len = g->from.len;
    }
    if (in->message) {
        put_name(in->message, &g->from);
        put_items(in->message, g, joined);
        in->message->msg_flags |= size > fits ? MSG_TRUNC : 0;
    }
    if (!(flags & MSG_PEEK)) {
        g->at += size;
        g->left = joined ? 0 : g->left - 1;
    }
    return flags & MSG_TRUNC ? size : fits;
}

/* Whoever waits is told, once, that there are more, or none. */
static void tell(struct sk_sock *s, const struct gro *g)
{
    bool more = g->left || g->failure;

    if (more == ((sk_sock_flags(s) & SK_PENDING) != 0))
        return;
    if (more) {
        sk_sock_raise(s, SK_PENDING);
        sk_poll_notify(s);
    } else {
        sk_sock_drop(s, SK_PENDING);
    }
}

/* A message that may get them joined gets them straight from the system. */
static sk_err fetch_for_one(struct sk_sock *s, struct gro *g,
                            struct sk_limit *l, const struct sk_intake *in,
                            int flags)
{
    struct iovec parts[SK_BATCH + 1];
    size_t       n = 0;
    sk_err       err;

    if (in->message && in->message->msg_controllen && in->count <= SK_BATCH &&
        in->len >= JOINED_ROOM && in->len < MOST_BYTES && !(flags & MSG_PEEK)) {
        n = in->count;
        memcpy(parts, in->parts, n * sizeof *parts);
    }
    if (!(err = fetch(s, g, l, parts, n)) && g->left > 1 && !fits_joined(g, in))
        collect(g, parts);
    return err;
}

static sk_err receive(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got)
{
    struct gro *g = gro_of(c->s);
    sk_err      err;

    if (flags & SK_PAST_BUFFER)
        return sk_io_receive_whole(c->s, l, in, flags, got);
    err = g->left ? 0 : fetch_for_one(c->s, g, l, in, flags);
    if (!err)
        *got = deliver(g, in, flags, fits_joined(g, in));
    tell(c->s, g);
    return err;
}

/* Only the first is waited for. What fails behind it is told by the next call.
 */
static sk_err receive_many(struct sk_call *c, struct sk_limit *l,
                           struct mmsghdr *list, size_t count, int flags,
                           size_t *got)
{
    struct gro *g   = gro_of(c->s);
    sk_err      err = 0;

    for (*got = 0; *got < count; ++*got) {
        struct msghdr   *h  = &list[*got].msg_hdr;
        struct sk_intake in = {h->msg_iov, h->msg_iovlen, 0, NULL, h};

        if (!g->left &&
            (err = fetch_for_batch(c->s, g, l, list + *got,
                                   flags & MSG_PEEK ? 0 : count - *got)))
            break;
        for (size_t i = 0; i < in.count; i++)
            in.len += in.parts[i].iov_len;
        list[*got].msg_len = (unsigned)deliver(g, &in, flags, false);
        l->nonblock        = true;
    }
    if (*got && err != EAGAIN)
        g->failure = err;
    tell(c->s, g);
    return *got ? 0 : err;
}

/* ---- the channel ---- */

/* What was being read at that moment may be half changed. */
static void forked(struct sk_sock *s)
{
    if (!(atomic_load_explicit(&s->word, memory_order_relaxed) & SK_TURN))
        return;
    gro_of(s)->left    = 0;
    gro_of(s)->failure = 0;
    sk_sock_drop(s, SK_PENDING);
}

static void free_gro(struct sk_sock *s)
{
    free(gro_of(s));
}

static const struct sk_channel_ops ops = {
    .receive      = receive,
    .receive_many = receive_many,
    .forked       = forked,
    .free         = free_gro,
};

static sk_err hang(struct sk_sock *s)
{
    struct sk_channel *channel = sk_channel_of(s);
    struct gro        *g;

    if (channel)
        return channel->ops == &ops ? 0 : EOPNOTSUPP;
    if (!(g = calloc(1, sizeof *g)))
        return ENOMEM;
    g->channel.ops = &ops;
    if (!atomic_compare_exchange_strong(&s->channel, &channel, &g->channel)) {
        free(g);
        return EOPNOTSUPP;
    }
    return 0;
}

/* Every receive must take apart before the first can find datagrams joined. The
 * flag is raised and then the word is looked at, by changing it; a call changes
 * the word and then looks at the flag. So either the call sees the flag, or it
 * is seen here. */
static sk_err switch_on(struct sk_sock *s, const void *value, size_t size)
{
    sk_err err = hang(s);

    if (err)
        return err;
    sk_channel_switch_on(s);
    if (atomic_fetch_add_explicit(&s->word, 0, memory_order_acq_rel) &
        SK_BLOCKED_MASK)
        return EBUSY;
    return sk_plat_set_option(s->fd, SOL_UDP, UDP_GRO, value, size);
}

sk_err sk_gro_adopt(struct sk_sock *s)
{
    size_t room = sizeof(int);
    int    on   = 0;
    sk_err err;

    if (s->type != SOCK_DGRAM || s->domain == AF_UNIX ||
        sk_plat_get_option(s->fd, SOL_UDP, UDP_GRO, &on, &room) || !on)
        return 0;
    if (!(err = hang(s)))
        sk_channel_switch_on(s);
    return err;
}

sk_err sk_gro_set(struct sk_sock *s, const void *value, size_t size)
{
    struct sk_channel *channel = sk_channel_of(s);
    size_t             room    = sizeof(int);
    int                now, want;
    sk_err             err;

    if (size < sizeof want)
        return EINVAL;
    if ((err = sk_plat_get_option(s->fd, SOL_UDP, UDP_GRO, &now, &room)))
        return err;
    memcpy(&want, value, sizeof want);
    if (want && now && (sk_sock_flags(s) & SK_CHANNEL))
        return 0;
    if (want)
        return switch_on(s, value, size);
    if (now && channel && channel->ops == &ops)
        return EOPNOTSUPP;
    return sk_plat_set_option(s->fd, SOL_UDP, UDP_GRO, value, size);
}
