/* io.c - the tap: every byte enters through here.
 *
 * Without limits, and with a timeout, a call blocks in its own system call:
 * the system's timer ends it. With a deadline, and for what is left after a
 * signal or a first step, it starts without waiting and polls.
 *
 * Bytes that a line read took too many of are in the handle's buffer, guarded
 * by the reading turn. One flag says whether there are any, so that a reader
 * of a handle without lines takes no turn. The bytes of a handle with a channel
 * come through that, and always under the turn.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/io.h"

#include "core/channel.h"
#include "core/outcome.h"
#include "core/poll.h"
#include "core/rest.h"

#include <errno.h>
#include <string.h>

/* ---- one step ---- */

static ssize_t receive_once(int fd, const struct sk_intake *in, int flags)
{
    if (in->message)
        return sk_plat_recvmsg(fd, in->message, flags);
    if (in->from)
        return sk_plat_recvfrom(fd, in->parts->iov_base, in->parts->iov_len,
                                flags, in->from);
    return sk_plat_recv(fd, in->parts->iov_base, in->parts->iov_len, flags);
}

static sk_err receive_raw(struct sk_sock *s, struct sk_limit *l,
                          const struct sk_intake *in, int flags, size_t *got)
{
    ssize_t n;
    sk_err  err;

    for (;;) {
        n = receive_once(s->fd, in, sk_limit_flags(l, flags));
        if (SK_LIKELY(n >= 0)) {
            *got = (size_t)n;
            return n || !in->len ? 0 : sk_outcome_end(s, flags);
        }
        if ((err = sk_limit_go_on(l, s, (sk_err)-n, POLLIN)))
            return err;
    }
}

sk_err sk_io_step(struct sk_call *c, struct sk_limit *l, struct sk_intake *in,
                  int flags, size_t *got)
{
    if (SK_UNLIKELY(sk_channel_is_on(c->s)))
        return sk_channel_of(c->s)->ops->receive(c, l, in, flags, got);
    return receive_raw(c->s, l, in, flags, got);
}

sk_err sk_io_receive_whole(struct sk_sock *s, struct sk_limit *l,
                           const struct sk_intake *in, int flags, size_t *got)
{
    return receive_raw(s, l, in, flags, got);
}

sk_err sk_io_receive_raw(struct sk_sock *s, struct sk_limit *l, void *buf,
                         size_t len, size_t *got)
{
    const struct iovec     part = {buf, len};
    const struct sk_intake in   = {&part, 1, len, NULL, NULL};

    return receive_raw(s, l, &in, 0, got);
}

ssize_t sk_io_try_raw(struct sk_sock *s, void *buf, size_t len)
{
    return sk_plat_recv(s->fd, buf, len, MSG_DONTWAIT);
}

/* The same without an address, into one piece of memory. */
static sk_err receive_bytes(struct sk_call *c, struct sk_limit *l, void *buf,
                            size_t len, int flags, size_t *got)
{
    const struct iovec part = {buf, len};
    struct sk_intake   in   = {&part, 1, len, NULL, NULL};

    return sk_io_step(c, l, &in, flags, got);
}

/* ---- the buffer ---- */

void sk_io_take(struct sk_sock *s, void *out, size_t count)
{
    sk_buf_take(&s->buf, out, count);
    if (!sk_buf_size(&s->buf))
        sk_sock_drop(s, SK_BUFFERED | SK_STARVED);
}

/* The system tells an error once; the handle goes on telling it. */
static void remember(struct sk_sock *s, const struct sk_limit *l, sk_err err)
{
    if (!l->expired)
        sk_outcome_tell_later(s, err);
}

/* Must what is behind the reader's line stay in the system? On AF_UNIX it may
 * have descriptors with it; and while another thread selects the handle only
 * the system can wake that thread. The reader has the turn and then changes the
 * count, by nothing; the selector changes the count and then looks at the turn.
 * One of the two changes comes second, and sees the other thread. */
static bool takes_line_only(struct sk_sock *s)
{
    if (sk_channel_is_on(s))
        return false; /* a select of it looks again by itself */
    return s->domain == AF_UNIX ||
           atomic_fetch_add_explicit(&s->selectors, 0, memory_order_acq_rel);
}

struct wish {
    const struct sk_ending *end; /* of a line */
    size_t                  max; /* or bytes; 0: no line is wished for */
};

/* How many of the bytes that wait belong to the reader's line. None may, but
 * tell that what is buffered is a piece. */
static sk_err measure_line(struct sk_call *c, struct sk_limit *l,
                           const struct wish *line, size_t *room)
{
    struct sk_sock *s   = c->s;
    size_t          has = sk_buf_size(&s->buf);
    char           *at  = sk_buf_back(&s->buf);
    sk_err          err = receive_bytes(c, l, at, *room, MSG_PEEK, room);
    size_t          len = 0;

    if (err)
        return err;
    if (!*room)
        sk_outcome_over(s, 0, 0);
    else if (line->max)
        len = sk_buf_line_ahead(&s->buf, line->end, line->max, *room);
    if (len)
        *room = len > has ? len - has : 0;
    return 0;
}

/* How much to read ahead at most, for a reader who wants `want` in all. */
static size_t most_to_read(struct sk_sock *s, size_t want, bool line_only)
{
    if (!line_only && want < SK_BUF_CHUNK)
        want = SK_BUF_CHUNK;
    return want - sk_buf_size(&s->buf);
}

/* Read ahead once, for a reader who wants `want` bytes in all, or less if that
 * is a line. */
static sk_err fill(struct sk_call *c, struct sk_limit *l, size_t want,
                   const struct wish *line, size_t *got)
{
    struct sk_sock *s         = c->s;
    bool            line_only = takes_line_only(s);
    size_t          most      = most_to_read(s, want, line_only);
    size_t          room;
    sk_err          err = sk_buf_reserve(&s->buf, want, &room);

    *got = 0;
    if (err)
        return err;
    if (room > most)
        room = most;
    if (line_only)
        err = measure_line(c, l, line, &room);
    if (!err && room)
        err = receive_bytes(c, l, sk_buf_back(&s->buf), room, 0, got);
    l->polls = l->polls || l->until != SK_NEVER;
    if (err) {
        remember(s, l, err);
    } else if (*got) {
        sk_buf_added(&s->buf, *got);
        sk_sock_raise(s, SK_BUFFERED);
    } else if (room) {
        sk_outcome_over(s, 0, 0);
    }
    return err;
}

sk_err sk_io_fill(struct sk_call *c, struct sk_limit *l,
                  const struct sk_ending *end, size_t max, size_t *got)
{
    const struct wish line = {end, max};

    return fill(c, l, sk_buf_reach(end, max), &line, got);
}

/* ---- what is asked for ---- */

static bool waits_for_all(const struct sk_sock *s, const struct sk_limit *l,
                          int flags)
{
    return (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL && !l->nonblock &&
           sk_sock_is_stream(s);
}

/* ---- receiving ---- */

static sk_err receive_plain(struct sk_call *c, struct sk_limit *l,
                            struct sk_intake *in, int flags, size_t *got)
{
    size_t room = in->message ? in->message->msg_controllen : 0;
    sk_err err  = sk_io_step(c, l, in, flags, got);

    if (err || *got >= in->len || !*got || !waits_for_all(c->s, l, flags))
        return err;
    return sk_rest_receive(c, l, in, room, flags, got);
}

/* A look at more than is buffered: read ahead until it is. */
static void read_ahead_to(struct sk_call *c, struct sk_limit *l, size_t len)
{
    const struct wish bytes = {NULL, 0};
    size_t            got;

    while (sk_buf_size(&c->s->buf) < len)
        if (fill(c, l, len, &bytes, &got) || !got)
            break;
}

/* Who asks for items must not lose those that come with the bytes. */
static bool may_read_ahead(struct sk_sock *s, const struct sk_limit *l,
                           const struct sk_intake *in, int flags)
{
    const int peek_all = MSG_PEEK | MSG_WAITALL;

    return (flags & peek_all) == peek_all && !l->nonblock &&
           !(in->message && sk_rest_has_items(s));
}

/* A channel of bytes fills one piece of memory, and cannot peek: what is more
 * goes by way of the buffer. */
static bool needs_buffer(struct sk_sock *s, const struct sk_intake *in,
                         int flags)
{
    return sk_channel_is_on(s) && sk_sock_is_stream(s) &&
           ((flags & MSG_PEEK) || in->count != 1 || in->message);
}

/* Into the parts, from the buffer's front. */
static size_t scatter(struct sk_buf *b, const struct sk_intake *in)
{
    const char *from = sk_buf_front(b);
    size_t      left = sk_buf_size(b) < in->len ? sk_buf_size(b) : in->len;
    size_t      all  = left;

    for (size_t i = 0; left; i++) {
        size_t some = in->parts[i].iov_len < left ? in->parts[i].iov_len : left;

        if (some)
            memcpy(in->parts[i].iov_base, from, some);
        from += some;
        left -= some;
    }
    return all;
}

/* Nobody tells a name or items with what is buffered. */
static void tell_nothing(struct sk_intake *in)
{
    if (!in->message)
        return;
    in->message->msg_namelen    = 0;
    in->message->msg_controllen = 0;
}

static sk_err take_buffered(struct sk_call *c, struct sk_limit *l,
                            struct sk_intake *in, int flags, size_t *got)
{
    struct sk_sock *s    = c->s;
    size_t          room = in->message ? in->message->msg_controllen : 0;

    tell_nothing(in);
    if (may_read_ahead(s, l, in, flags))
        read_ahead_to(c, l, in->len);
    *got = scatter(&s->buf, in);
    if (!(flags & MSG_PEEK))
        sk_io_take(s, NULL, *got);
    sk_poll_notify(s);
    if (flags & MSG_PEEK)
        return 0;
    if (*got < in->len && waits_for_all(s, l, flags))
        return sk_rest_receive(c, l, in, room, flags, got);
    return 0;
}

/* The caller has the turn, so what is buffered stays put. */
static sk_err receive_in_turn(struct sk_call *c, struct sk_limit *l,
                              struct sk_intake *in, int flags, size_t *got)
{
    const struct wish bytes = {NULL, 0};
    struct sk_sock   *s     = c->s;
    sk_err            err;

    sk_sock_drop(s, SK_STARVED);
    if (sk_buf_size(&s->buf))
        return take_buffered(c, l, in, flags, got);
    if (sk_sock_flags(s) & SK_FAILED)
        return atomic_load_explicit(&s->failure, memory_order_relaxed);
    if (!needs_buffer(s, in, flags))
        return receive_plain(c, l, in, flags, got);
    if ((err = fill(c, l, in->len, &bytes, got)))
        return err;
    if (*got)
        return take_buffered(c, l, in, flags, got);
    tell_nothing(in);
    return 0;
}

static sk_err take_in(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got)
{
    const unsigned  in_turn = SK_BUFFERED | SK_FAILED | SK_CHANNEL;
    struct sk_sock *s       = c->s;
    sk_err          err;

    if (SK_UNLIKELY((err = sk_limit_begin(l, s, SK_READING, flags))))
        return err;
    if (SK_LIKELY(!(sk_sock_flags(s) & in_turn)) || (flags & SK_PAST_BUFFER))
        return receive_plain(c, l, in, flags, got);
    if ((err = sk_call_turn(c, l)))
        return err;
    return receive_in_turn(c, l, in, flags, got);
}

sk_err sk_io_take_in(struct sk_call *c, struct sk_intake *in, int flags,
                     size_t *got)
{
    struct sk_limit l;
    sk_err          err;

    if (flags & SK_PAST_BUFFER)
        flags |= MSG_DONTWAIT; /* these never wait, whatever the mode */
    if (SK_UNLIKELY((flags & SK_PAST_BUFFER) && sk_channel_is_on(c->s) &&
                    sk_sock_is_stream(c->s)))
        return EOPNOTSUPP;
    err = take_in(c, &l, in, flags, got);
    sk_outcome_note(c->s, &l, err, *got, flags);
    return err;
}

sk_err sk_io_receive(struct sk_call *c, void *buf, size_t len, int flags,
                     struct sk_addr *from, size_t *got)
{
    const struct iovec part = {buf, len};
    struct sk_intake   in   = {&part, 1, len, from, NULL};

    if (from)
        from->len = 0;
    if (SK_UNLIKELY(!len || !buf))
        return EINVAL;
    return sk_io_take_in(c, &in, flags, got);
}

static sk_err receive_one(struct sk_call *c, struct mmsghdr *m, int flags)
{
    struct msghdr   *h   = &m->msg_hdr;
    struct sk_intake in  = {h->msg_iov, h->msg_iovlen, 0, NULL, h};
    size_t           len = 0;
    sk_err           err;

    for (size_t i = 0; i < in.count; i++)
        in.len += in.parts[i].iov_len;
    err        = sk_io_take_in(c, &in, flags, &len);
    m->msg_len = (unsigned)len;
    return err;
}

/* Through a channel they come one by one, of a stream only the first. */
static sk_err receive_each(struct sk_call *c, struct mmsghdr *list,
                           size_t count, int flags, size_t *got)
{
    sk_err err = receive_one(c, list, flags);

    if (err)
        return err;
    *got = 1;
    if (sk_sock_is_stream(c->s))
        return 0;
    while (*got < count && !receive_one(c, &list[*got], flags | MSG_DONTWAIT))
        ++*got;
    return 0;
}

static sk_err receive_together(struct sk_call *c, struct mmsghdr *list,
                               size_t count, int flags, size_t *got)
{
    struct sk_limit l;
    sk_err          err = sk_limit_begin(&l, c->s, SK_READING, flags);

    if (!err && !(err = sk_call_turn(c, &l)))
        err = sk_channel_of(c->s)->ops->receive_many(c, &l, list, count, flags,
                                                     got);
    sk_outcome_note(c->s, &l, err, *got ? list[*got - 1].msg_len : 0, flags);
    return err;
}

sk_err sk_io_receive_many(struct sk_call *c, struct mmsghdr *list, size_t count,
                          int flags, size_t *got)
{
    struct sk_limit l;
    ssize_t         n;
    sk_err          err;

    if (sk_channel_is_on(c->s))
        return sk_channel_of(c->s)->ops->receive_many &&
                       !(flags & SK_PAST_BUFFER)
                   ? receive_together(c, list, count, flags, got)
                   : receive_each(c, list, count, flags, got);
    if (flags & SK_PAST_BUFFER)
        flags |= MSG_DONTWAIT;
    n   = 0;
    err = sk_limit_begin(&l, c->s, SK_READING, flags);
    while (!err) {
        n = sk_plat_recvmmsg(c->s->fd, list, count, sk_limit_flags(&l, flags));
        if (n >= 0)
            break;
        err = sk_limit_go_on(&l, c->s, (sk_err)-n, POLLIN);
    }
    *got = n < 0 ? 0 : (size_t)n;
    sk_outcome_note(c->s, &l, err, *got ? list[*got - 1].msg_len : 0, flags);
    return err;
}
