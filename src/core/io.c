/* io.c - the tap: every byte enters through here.
 *
 * Without limits, and with a timeout, a call blocks in its own system call:
 * the system's timer ends it. With a deadline, and for what is left after a
 * signal or a first step, it starts without waiting and polls.
 *
 * Bytes that a line read took too many of are in the handle's buffer, guarded
 * by the reading turn. One flag says whether there are any, so that a reader
 * of a handle without lines takes no turn.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/io.h"

#include "core/outcome.h"
#include "core/poll.h"
#include "platform/control.h"

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

static sk_err receive(struct sk_sock *s, struct sk_limit *l,
                      const struct sk_intake *in, int flags, size_t *got)
{
    ssize_t n;
    sk_err  err;

    for (;;) {
        n = receive_once(s->fd, in, sk_limit_flags(l, flags));
        if (SK_LIKELY(n >= 0)) {
            *got = (size_t)n;
            return 0;
        }
        if ((err = sk_limit_go_on(l, s, (sk_err)-n, POLLIN)))
            return err;
    }
}

/* The same without an address, into one piece of memory. */
static sk_err receive_bytes(struct sk_sock *s, struct sk_limit *l, void *buf,
                            size_t len, int flags, size_t *got)
{
    const struct iovec     part = {buf, len};
    const struct sk_intake in   = {&part, 1, len, NULL, NULL};

    return receive(s, l, &in, flags, got);
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
    return s->domain == AF_UNIX ||
           atomic_fetch_add_explicit(&s->selectors, 0, memory_order_acq_rel);
}

struct wish {
    const struct sk_ending *end; /* of a line */
    size_t                  max; /* or bytes; 0: no line is wished for */
};

/* How many of the bytes that wait belong to the reader's line. None may, but
 * tell that what is buffered is a piece. */
static sk_err measure_line(struct sk_sock *s, struct sk_limit *l,
                           const struct wish *line, size_t *room)
{
    size_t has = sk_buf_size(&s->buf);
    char  *at  = sk_buf_back(&s->buf);
    sk_err err = receive_bytes(s, l, at, *room, MSG_PEEK, room);
    size_t len = 0;

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
        err = measure_line(s, l, line, &room);
    if (!err && room)
        err = receive_bytes(s, l, sk_buf_back(&s->buf), room, 0, got);
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

/* ---- what follows the first bytes ---- */

/* Of a part, the bytes behind the first `skip` of all parts. */
static struct iovec behind(const struct sk_intake *in, size_t skip)
{
    struct iovec rest = {NULL, 0};

    for (size_t i = 0; i < in->count; i++) {
        if (skip < in->parts[i].iov_len) {
            rest.iov_base = (char *)in->parts[i].iov_base + skip;
            rest.iov_len  = in->parts[i].iov_len - skip;
            break;
        }
        skip -= in->parts[i].iov_len;
    }
    return rest;
}

/* One more piece. On AF_UNIX descriptors may come with it. */
static sk_err receive_more(struct sk_sock *s, struct sk_limit *l,
                           const struct sk_intake *in, int flags,
                           struct msghdr *piece, size_t *more)
{
    struct iovec     part = *piece->msg_iov;
    struct sk_intake one  = {&part, 1, part.iov_len, NULL, NULL};

    if (in->message && s->domain == AF_UNIX)
        one.message = piece;
    return receive(s, l, &one, flags, more);
}

static bool is_same_sender(const struct sk_control *a,
                           const struct sk_control *b)
{
    sock_credentials_t one, other;

    return a->size == b->size && !sk_control_get_credentials(a, &one) &&
           !sk_control_get_credentials(b, &other) && one.pid == other.pid &&
           one.uid == other.uid && one.gid == other.gid;
}

/* May what comes next over AF_UNIX be joined with what is there? Not with
 * descriptors on either side, nor with what somebody else has sent: a look
 * tells who it is. */
static bool may_join(struct sk_sock *s, struct sk_limit *l,
                     const struct msghdr *m, int flags)
{
    _Alignas(max_align_t) unsigned char bytes[SK_CONTROL_ANSWER];
    struct sk_control here = {m->msg_control, 0, m->msg_controllen};
    struct sk_control there;
    char              byte;
    struct iovec      part = {&byte, 1};
    struct msghdr     next = {.msg_iov        = &part,
                              .msg_iovlen     = 1,
                              .msg_control    = bytes,
                              .msg_controllen = here.size};
    struct sk_intake  in   = {&part, 1, 1, NULL, &next};
    size_t            got;
    int               fd;
    bool              same;

    if (here.size > sizeof bytes || sk_control_fd(&here, 0, &fd) ||
        receive(s, l, &in, flags | MSG_PEEK, &got))
        return false;
    there = (struct sk_control){bytes, 0, next.msg_controllen};
    same  = !(next.msg_flags & MSG_CTRUNC) && is_same_sender(&here, &there);
    sk_control_close_fds(&there);
    return same;
}

/* MSG_WAITALL goes on after a signal, and with a deadline. An error that comes
 * after the first bytes is told by the next call. `room` is that for items. */
static sk_err receive_rest(struct sk_sock *s, struct sk_limit *l,
                           const struct sk_intake *in, size_t room, int flags,
                           size_t *got)
{
    struct msghdr none = {0}, *m = in->message ? in->message : &none;
    sk_err        err = 0;
    size_t        more;

    l->polls = l->polls || l->until != SK_NEVER;
    while (*got < in->len && !err) {
        struct iovec  part  = behind(in, *got);
        struct msghdr piece = {.msg_iov        = &part,
                               .msg_iovlen     = 1,
                               .msg_control    = m->msg_control,
                               .msg_controllen = room};

        if (s->domain == AF_UNIX &&
            ((m->msg_flags & MSG_CTRUNC) ||
             (m->msg_controllen && !may_join(s, l, m, flags))))
            break;
        more = 0;
        err  = receive_more(s, l, in, flags, &piece, &more);
        if (!err && !more) {
            sk_outcome_over(s, 0, flags);
            break;
        }
        *got += more;
        if (!err && s->domain == AF_UNIX && in->message) {
            m->msg_controllen = piece.msg_controllen;
            m->msg_flags |= piece.msg_flags;
        }
    }
    if (err)
        remember(s, l, err);
    return *got ? 0 : err;
}

static bool waits_for_all(const struct sk_sock *s, const struct sk_limit *l,
                          int flags)
{
    return (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL && !l->nonblock &&
           sk_sock_is_stream(s);
}

/* ---- receiving ---- */

static sk_err receive_plain(struct sk_sock *s, struct sk_limit *l,
                            const struct sk_intake *in, int flags, size_t *got)
{
    size_t room = in->message ? in->message->msg_controllen : 0;
    sk_err err  = receive(s, l, in, flags, got);

    if (err || *got >= in->len || !*got || !waits_for_all(s, l, flags))
        return err;
    return receive_rest(s, l, in, room, flags, got);
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
static bool may_read_ahead(const struct sk_sock *s, const struct sk_limit *l,
                           const struct sk_intake *in, int flags)
{
    const int peek_all = MSG_PEEK | MSG_WAITALL;

    return (flags & peek_all) == peek_all && !l->nonblock &&
           !(in->message && s->domain == AF_UNIX);
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

/* The caller has the turn, so what is buffered stays put. */
static sk_err receive_buffered(struct sk_call *c, struct sk_limit *l,
                               struct sk_intake *in, int flags, size_t *got)
{
    struct sk_sock *s    = c->s;
    size_t          room = in->message ? in->message->msg_controllen : 0;

    sk_sock_drop(s, SK_STARVED);
    if (!sk_buf_size(&s->buf) && (sk_sock_flags(s) & SK_FAILED))
        return atomic_load_explicit(&s->failure, memory_order_relaxed);
    if (!sk_buf_size(&s->buf))
        return receive_plain(s, l, in, flags, got);
    if (in->message) {
        in->message->msg_namelen    = 0;
        in->message->msg_controllen = 0;
    }
    if (may_read_ahead(s, l, in, flags))
        read_ahead_to(c, l, in->len);
    *got = scatter(&s->buf, in);
    if (!(flags & MSG_PEEK))
        sk_io_take(s, NULL, *got);
    sk_poll_notify(s);
    if (flags & MSG_PEEK)
        return 0;
    if (*got < in->len && waits_for_all(s, l, flags))
        return receive_rest(s, l, in, room, flags, got);
    return 0;
}

static sk_err take_in(struct sk_call *c, struct sk_limit *l,
                      struct sk_intake *in, int flags, size_t *got)
{
    struct sk_sock *s = c->s;
    sk_err          err;

    if (SK_UNLIKELY((err = sk_limit_begin(l, s, SK_READING, flags))))
        return err;
    if (SK_LIKELY(!(sk_sock_flags(s) & (SK_BUFFERED | SK_FAILED))) ||
        (flags & SK_PAST_BUFFER))
        return receive_plain(s, l, in, flags, got);
    if ((err = sk_call_turn(c, l)))
        return err;
    return receive_buffered(c, l, in, flags, got);
}

sk_err sk_io_take_in(struct sk_call *c, struct sk_intake *in, int flags,
                     size_t *got)
{
    struct sk_limit l;
    sk_err          err;

    if (flags & SK_PAST_BUFFER)
        flags |= MSG_DONTWAIT; /* these never wait, whatever the mode */
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

sk_err sk_io_receive_many(struct sk_call *c, struct mmsghdr *list, size_t count,
                          int flags, size_t *got)
{
    struct sk_limit l;
    ssize_t         n;
    sk_err          err;

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
