/* exchange.c - sending and receiving messages, one by one and many at a time.
 *
 * Everything a send needs beyond the message itself stands on the stack: a
 * message is not changed by sending it, and nothing is allocated.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/burst.h"
#include "core/connect.h"
#include "core/io.h"
#include "core/message.h"
#include "core/peer.h"
#include "core/send.h"

#include <errno.h>
#include <string.h>

/* Room for all items that can go along with descriptors, each of which may have
 * an item of its own. */
#define WITH_HANDLES 8192u

/* The system's structures are not const, though it changes nothing in them. */
#define UNCONST(type, pointer) ((type *)(uintptr_t)(pointer))

/* ---- composing ---- */

/* The answer to a message needs no item but one. */
struct answer {
    _Alignas(max_align_t) unsigned char bytes[SK_CONTROL_ANSWER];
};

static sk_err add_items(const struct sk_sock *s, const sock_message_t *m,
                        struct answer *answer, struct msghdr *h)
{
    struct sk_control items = m->control;

    if (m->received && items.size) {
        items = (struct sk_control){answer->bytes, sizeof answer->bytes, 0};
        sk_control_answer(&m->control, &items);
    }
    h->msg_control    = items.bytes;
    h->msg_controllen = items.size;
    return !items.size ||
                   sk_control_suits(&items, s->domain, sk_sock_is_stream(s))
               ? 0
               : EOPNOTSUPP;
}

/* All but the address. The system drops items that have no byte to go with. */
static sk_err compose(const struct sk_sock *s, const sock_message_t *m,
                      struct answer *answer, struct msghdr *h)
{
    size_t count = m->count, total;
    sk_err err;

    memset(h, 0, sizeof *h);
    if ((err = sk_parts_measure(s, m->parts, &count, &total)) ||
        (err = add_items(s, m, answer, h)))
        return err;
    h->msg_iov    = UNCONST(struct iovec, m->parts);
    h->msg_iovlen = count;
    return h->msg_controllen && !total && sk_sock_is_stream(s) ? EINVAL : 0;
}

/* Is the address what the socket's family takes? A stream answers its peer. */
static bool is_known(const struct sk_sock *s, const sock_message_t *m)
{
    if (m->received)
        return true;
    return !*m->text || (m->name.len && m->name.u.any.sa_family == s->domain);
}

static void put_name(const struct sk_sock *s, const struct sk_addr *to,
                     bool received, struct msghdr *h)
{
    if (received &&
        (sk_sock_is_stream(s) || to->len <= offsetof(struct sockaddr, sa_data)))
        return;
    h->msg_name    = to->len ? UNCONST(void, &to->u) : NULL;
    h->msg_namelen = to->len;
}

/* ---- sending one ---- */

/* Descriptors, looked up and held until they are on their way. */
struct passengers {
    struct sk_sock *slots[SK_CONTROL_FDS];
    uint64_t        held[SK_CONTROL_FDS];
    size_t          count;
};

static sk_err board(struct passengers *p, const sock_message_t *m)
{
    for (p->count = 0; p->count < m->handle_count; p->count++) {
        sock_t         *handle = m->handles[p->count];
        struct sk_sock *s =
            sk_handle_hold(handle, SK_HOLDER, &p->held[p->count]);

        if (!s)
            return sk_handle_refusal(handle);
        p->slots[p->count] = s;
        if (sk_sock_flags(s) & (SK_BUFFERED | SK_CHANNEL)) {
            p->count++;
            return sk_sock_flags(s) & SK_CHANNEL ? EOPNOTSUPP : EBUSY;
        }
    }
    return 0;
}

static void leave(struct passengers *p)
{
    while (p->count--)
        sk_handle_release(p->slots[p->count], p->held[p->count]);
}

/* The places without a descriptor are the handles', in order. */
static void fill_in(struct sk_control *items, const struct passengers *p)
{
    size_t next = 0;
    int    fd;

    for (size_t n = 0; sk_control_fd(items, n, &fd); n++)
        if (fd == SK_CONTROL_NO_FD)
            sk_control_set_fd(items, n, p->slots[next++]->fd);
}

static sk_err send_with_handles(struct sk_call *c, struct sk_limit *l,
                                const sock_message_t *m, struct msghdr *h,
                                int flags, size_t *sent)
{
    _Alignas(max_align_t) unsigned char bytes[WITH_HANDLES];
    struct sk_control items = {bytes, sizeof bytes, m->control.size};
    struct passengers p;
    sk_err            err;

    if (items.size > sizeof bytes)
        return EINVAL;
    memcpy(bytes, m->control.bytes, items.size);
    if (!(err = board(&p, m))) {
        fill_in(&items, &p);
        h->msg_control = bytes;
        err            = sk_send_message(c, l, h, flags, sent);
    }
    leave(&p);
    return err;
}

static sk_err send_one(struct sk_call *c, struct sk_limit *l,
                       const sock_message_t *m, int flags, size_t *sent)
{
    struct answer  answer;
    struct msghdr  h;
    struct sk_addr to;
    sk_err         err;

    if (!m)
        return EINVAL;
    if ((err = compose(c->s, m, &answer, &h)) ||
        (*m->text && (err = sk_peer_allows(c->s))))
        return err;
    if (is_known(c->s, m))
        to = m->name;
    else if ((err = sk_connect_find(c, l, m->text, m->port, &to)))
        return err;
    put_name(c->s, &to, m->received, &h);
    return m->handle_count ? send_with_handles(c, l, m, &h, flags, sent)
                           : sk_send_message(c, l, &h, flags, sent);
}

/* The sentence of a failure has the address it was to go to, if there is one.
 */
static bool leave_sent(struct sk_call *c, enum sk_verb verb, sk_err err,
                       const sock_message_t *m)
{
    char text[SK_ADDR_NAME_MAX + 1] = "";
    int  port                       = 0;

    if (err && m)
        sk_message_name(m, text, sizeof text, &port);
    return *text ? sk_call_leave_at(c, verb, err, text, port, NULL)
                 : sk_call_leave(c, verb, err);
}

ssize_t sock_sendmsg(sock_t *s, const sock_message_t *m, int flags)
{
    struct sk_call  c;
    struct sk_limit l;
    size_t          sent = 0;
    sk_err          err;

    if (!sk_call_enter(&c, s, SK_SENDMSG, SK_WAITS))
        return -1;
    if (!(err = sk_send_begin(&l, c.s, flags)))
        err = send_one(&c, &l, m, flags, &sent);
    return leave_sent(&c, SK_SENDMSG, err, m) ? (ssize_t)sent : -1;
}

/* ---- sending many ---- */

/* As many as go with one system call: those that need no look-up and carry no
 * handles. 0: the first is not such a one, or is wrong. */
static size_t gather(const struct sk_sock *s, sock_message_t *const *messages,
                     size_t count, struct answer *answers, struct mmsghdr *list)
{
    size_t n = 0;

    for (; n < count && n < SK_BATCH; n++) {
        const sock_message_t *m = messages[n];

        if (!m || m->handle_count || !is_known(s, m) ||
            compose(s, m, &answers[n], &list[n].msg_hdr))
            break;
        put_name(s, &m->name, m->received, &list[n].msg_hdr);
    }
    return n;
}

/* *more: all of them went. */
static sk_err send_batch(struct sk_call *c, struct sk_limit *l,
                         sock_message_t *const *messages, size_t count,
                         int flags, size_t *sent, bool *more)
{
    struct mmsghdr list[SK_BATCH];
    struct answer  answers[SK_BATCH];
    size_t         bytes, n = gather(c->s, messages, count, answers, list);
    sk_err         err;

    if (n) {
        err   = sk_burst_send(c, l, list, n, flags, sent);
        *more = *sent == n;
        return err;
    }
    err   = send_one(c, l, messages[0], flags, &bytes);
    *sent = !err;
    *more = !err;
    return err;
}

/* What went wrong behind the first is told when it is the first. */
static sk_err send_all(struct sk_call *c, sock_message_t *const *messages,
                       size_t count, int flags, size_t *sent)
{
    struct sk_limit l;
    size_t          some;
    bool            more = true;
    sk_err          err;

    if (!messages || !count)
        return EINVAL;
    if (sk_sock_is_stream(c->s))
        return EOPNOTSUPP;
    if ((err = sk_send_begin(&l, c->s, flags)))
        return err;
    while (more && *sent < count) {
        some = 0;
        err  = send_batch(c, &l, messages + *sent, count - *sent, flags, &some,
                          &more);
        *sent += some;
    }
    return *sent ? 0 : err;
}

ssize_t sock_sendmmsg(sock_t *s, sock_message_t *const *messages, size_t count,
                      int flags)
{
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_SENDMMSG, SK_WAITS))
        return -1;
    err = send_all(&c, messages, count, flags, &sent);
    return leave_sent(&c, SK_SENDMMSG, err,
                      messages && count ? messages[0] : NULL)
               ? (ssize_t)sent
               : -1;
}

/* ---- receiving ---- */

/* The message is empty by now. An error queue may have something to say without
 * a byte. */
static sk_err prepare(const struct sk_sock *s, sock_message_t *m, int flags,
                      struct msghdr *h, size_t *total)
{
    size_t count;
    sk_err err;

    if (!m)
        return EINVAL;
    count = m->count;
    memset(h, 0, sizeof *h);
    if ((err = sk_parts_measure(s, m->parts, &count, total)))
        return err;
    if (!*total && !(flags & MSG_ERRQUEUE))
        return EINVAL;
    h->msg_name       = &m->name.u;
    h->msg_namelen    = sizeof m->name.u;
    h->msg_iov        = UNCONST(struct iovec, m->parts);
    h->msg_iovlen     = count;
    h->msg_control    = m->control.bytes;
    h->msg_controllen = m->control.room;
    return 0;
}

static sk_err receive_one(struct sk_call *c, sock_message_t *m, int flags,
                          size_t *got)
{
    struct msghdr    h;
    struct sk_intake in = {NULL, 0, 0, NULL, &h};
    sk_err           err;

    if ((err = prepare(c->s, m, flags, &h, &in.len)))
        return err;
    in.parts = h.msg_iov;
    in.count = h.msg_iovlen;
    if ((err = sk_io_take_in(c, &in, flags, got)))
        return err;
    sk_message_keep(m, &h, *got);
    if (!(flags & MSG_ERRQUEUE))
        sk_peer_sent(c->s, &m->name);
    return 0;
}

ssize_t sock_recvmsg(sock_t *s, sock_message_t *m, int flags)
{
    struct sk_call c;
    size_t         got = 0;
    ssize_t        n   = -1;
    sk_err         err;

    if (m)
        sk_message_empty(m);
    if (sk_call_enter(&c, s, SK_RECVMSG, SK_WAITS)) {
        err = receive_one(&c, m, flags, &got);
        n   = sk_call_count(&c, SK_RECVMSG, err, got);
    }
    if (n < 0 && m)
        sk_message_empty(m);
    return n;
}

/* The closer's shutdown looks like datagrams from nobody, without anything. */
static size_t without_ends(const struct mmsghdr *list, size_t count)
{
    while (count && !list[count - 1].msg_len &&
           !list[count - 1].msg_hdr.msg_namelen &&
           !list[count - 1].msg_hdr.msg_controllen)
        count--;
    return count;
}

/* How many of them are received into; they are emptied, if none is NULL: 0. */
static size_t make_ready(sock_message_t *const *messages, size_t count)
{
    if (!messages)
        return 0;
    if (count > SK_BATCH)
        count = SK_BATCH;
    for (size_t i = 0; i < count; i++)
        if (!messages[i])
            return 0;
    for (size_t i = 0; i < count; i++)
        sk_message_empty(messages[i]);
    return count;
}

static sk_err receive_many(struct sk_call *c, sock_message_t *const *messages,
                           size_t count, int flags, size_t *got)
{
    struct mmsghdr list[SK_BATCH];
    size_t         total;
    sk_err         err;

    if (!count)
        return EINVAL;
    if (sk_sock_is_stream(c->s))
        return EOPNOTSUPP;
    for (size_t i = 0; i < count; i++)
        if ((err = prepare(c->s, messages[i], flags, &list[i].msg_hdr, &total)))
            return err;
    if ((err = sk_io_receive_many(c, list, count, flags, got)))
        return err;
    if (sk_handle_closing(c->s))
        *got = without_ends(list, *got);
    for (size_t i = 0; i < *got; i++)
        sk_message_keep(messages[i], &list[i].msg_hdr, list[i].msg_len);
    return 0;
}

ssize_t sock_recvmmsg(sock_t *s, sock_message_t *const *messages, size_t count,
                      int flags)
{
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    count = make_ready(messages, count);
    if (!sk_call_enter(&c, s, SK_RECVMMSG, SK_WAITS))
        return -1;
    err = receive_many(&c, messages, count, flags, &got);
    return sk_call_count(&c, SK_RECVMMSG, err, got);
}
