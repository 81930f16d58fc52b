/* burst.c - datagrams of one size to one place, sent as one.
 *
 * Neighbours in a batch that go to the same place, all of one size but the
 * last, which may be shorter, are given to the system as one message and the
 * size at which to cut it (UDP_SEGMENT): it then goes through the network's
 * layers once.
 *
 * What the socket is, and whether its options leave a datagram what it is, is
 * asked once. What the system refuses to cut (a size beyond the path's MTU, no
 * checksums, IPsec) it is given piece by piece, and datagrams of that size are
 * not joined again. A refusal sends nothing, so nobody sees the attempt.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/burst.h"

#include "core/channel.h"
#include "core/send.h"
#include "platform/control.h"

#include <netinet/udp.h>

#include <errno.h>
#include <string.h>

/* Less than what fits behind any header. */
#define MOST_BYTES 65000u

/* All that a batch is joined with stands on the stack. */
#define MOST_PARTS 256u

/* sk_sock.burst: datagrams of fewer bytes may be joined. */
#define NOT_ASKED 0u
#define NEVER 1u

struct joined {
    struct mmsghdr list[SK_BATCH];
    size_t         counts[SK_BATCH]; /* datagrams in each of the list */
    struct iovec   parts[MOST_PARTS];
    size_t         used; /* of parts */
    struct {
        _Alignas(max_align_t) unsigned char bytes[32];
    } items[SK_BATCH];
};

void sk_burst_ask_again(struct sk_sock *s)
{
    atomic_store_explicit(&s->burst, NOT_ASKED, memory_order_relaxed);
}

/* Datagrams of fewer bytes than this may be joined. */
static size_t bound_of(struct sk_sock *s)
{
    unsigned bound = atomic_load_explicit(&s->burst, memory_order_relaxed);

    if (bound != NOT_ASKED)
        return bound;
    pthread_mutex_lock(&s->lock); /* options are set with it: no stale answer */
    bound = sk_plat_cuts(s->fd) ? MOST_BYTES : NEVER;
    atomic_store_explicit(&s->burst, bound, memory_order_relaxed);
    pthread_mutex_unlock(&s->lock);
    return bound;
}

static size_t size_of(const struct msghdr *m)
{
    size_t size = 0;

    for (size_t i = 0; i < m->msg_iovlen; i++)
        size += m->msg_iov[i].iov_len;
    return size;
}

static bool is_to_the_same(const struct msghdr *a, const struct msghdr *b)
{
    return a->msg_namelen == b->msg_namelen &&
           (!a->msg_namelen ||
            !memcmp(a->msg_name, b->msg_name, a->msg_namelen));
}

/* How many datagrams from the first on may go as one of at most `room` parts;
 * 1: it goes alone. */
static size_t measure(const struct mmsghdr *list, size_t count, size_t bound,
                      size_t room)
{
    const struct msghdr *first = &list[0].msg_hdr;
    size_t size = size_of(first), total = size, parts = first->msg_iovlen;
    size_t n = 1, next = size;

    if (!size || size >= bound || first->msg_controllen)
        return 1;
    for (; n < count && next == size; n++) {
        const struct msghdr *m = &list[n].msg_hdr;

        next = size_of(m);
        parts += m->msg_iovlen;
        total += next;
        if (!next || next > size || total > MOST_BYTES || parts > room ||
            m->msg_controllen || !is_to_the_same(first, m))
            break;
    }
    return n;
}

/* One message of the parts of `count`, and the size to cut it at. */
static void join(struct joined *j, size_t at, const struct mmsghdr *list,
                 size_t count)
{
    struct msghdr    *m     = &j->list[at].msg_hdr;
    struct sk_control items = {j->items[at].bytes, sizeof j->items[at].bytes,
                               0};

    *m            = list[0].msg_hdr;
    m->msg_iov    = j->parts + j->used;
    j->counts[at] = count;
    for (size_t i = 0; i < count; i++) {
        const struct msghdr *one = &list[i].msg_hdr;

        memcpy(j->parts + j->used, one->msg_iov,
               one->msg_iovlen * sizeof *one->msg_iov);
        j->used += one->msg_iovlen;
    }
    m->msg_iovlen = (size_t)(j->parts + j->used - m->msg_iov);
    sk_control_add_int(&items, SOL_UDP, UDP_SEGMENT,
                       (int)size_of(&list[0].msg_hdr));
    m->msg_control    = items.bytes;
    m->msg_controllen = items.size;
}

/* How many messages they become. */
static size_t join_all(struct joined *j, const struct mmsghdr *list,
                       size_t count, size_t bound)
{
    size_t n = 0, some;

    j->used = 0;
    for (size_t i = 0; i < count; i += some) {
        some = measure(list + i, count - i, bound, MOST_PARTS - j->used);
        if (some > 1) {
            join(j, n++, list + i, some);
        } else {
            j->list[n]     = list[i];
            j->counts[n++] = 1;
        }
    }
    return n;
}

/* Did the system refuse to cut? What it would refuse anyway it refuses again
 * when it is asked piece by piece. */
static bool is_refusal(sk_err err)
{
    return err == EINVAL || err == EIO || err == EMSGSIZE || err == EFAULT ||
           err == ENOPROTOOPT || err == EOPNOTSUPP;
}

static void lower_bound(struct sk_sock *s, const struct msghdr *m, sk_err err)
{
    struct sk_control items = {m->msg_control, 0, m->msg_controllen};
    int               size  = NEVER;

    if (err != EIO && err != ENOPROTOOPT)
        sk_control_get_int(&items, SOL_UDP, UDP_SEGMENT, &size);
    atomic_store_explicit(&s->burst, (unsigned)size, memory_order_relaxed);
}

/* Of what went, the datagrams. */
static size_t datagrams(const struct joined *j, size_t went)
{
    size_t all = 0;

    while (went)
        all += j->counts[--went];
    return all;
}

/* The first was refused with err. If the same go one by one it was the cutting,
 * which is not asked for again; else it was they. */
static sk_err send_apart(struct sk_call *c, struct sk_limit *l,
                         struct mmsghdr *list, const struct joined *j,
                         sk_err err, int flags, size_t *went)
{
    sk_err why = sk_send_many(c, l, list, j->counts[0], flags, went);

    if (*went == j->counts[0])
        lower_bound(c->s, &j->list[0].msg_hdr, err);
    return why;
}

/* Of one that was joined it is not known why it did not go, unless it was the
 * first. */
static sk_err send_joined(struct sk_call *c, struct sk_limit *l,
                          struct mmsghdr *list, size_t count, int flags,
                          size_t *sent, bool *more)
{
    struct joined j;
    size_t        n    = join_all(&j, list, count, bound_of(c->s));
    size_t        went = 0;
    sk_err        err  = sk_send_many(c, l, j.list, n, flags, &went);

    *sent = datagrams(&j, went);
    *more = !err && went < n && j.counts[went] > 1;
    if (err && !went && j.counts[0] > 1 && is_refusal(err)) {
        err   = send_apart(c, l, list, &j, err, flags, sent);
        *more = *sent == j.counts[0] && *sent < count;
    }
    return err;
}

static bool may_join(struct sk_sock *s, size_t count, int flags)
{
    return count > 1 && s->type == SOCK_DGRAM && s->domain != AF_UNIX &&
           !(flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) &&
           !(sk_channel_is_on(s) && sk_channel_of(s)->ops->send);
}

sk_err sk_burst_send(struct sk_call *c, struct sk_limit *l,
                     struct mmsghdr *list, size_t count, int flags,
                     size_t *sent)
{
    bool   more = true;
    size_t some;
    sk_err err = 0;

    if (!may_join(c->s, count, flags))
        return sk_send_many(c, l, list, count, flags, sent);
    for (*sent = 0; more; *sent += some) {
        some = 0;
        err =
            send_joined(c, l, list + *sent, count - *sent, flags, &some, &more);
    }
    return *sent ? 0 : err;
}
