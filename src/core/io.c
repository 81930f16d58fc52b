/* io.c - the tap: every byte enters and leaves through here.
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

#include "core/wait.h"

#include <errno.h>
#include <string.h>

/* What does not come in line with the other bytes. */
#define PAST_BUFFER (MSG_OOB | MSG_ERRQUEUE)

/* ---- one step ---- */

/* After a step that failed with err: 0 to try again. EAGAIN says that the
 * system's timer is over, or that another process changed the mode: how much
 * time is left decides. */
static sk_err try_again(struct sk_sock *s, struct sk_limit *l, sk_err err,
                        short events)
{
    if (err == EINTR) {
        l->polls = l->until != SK_NEVER;
        return 0;
    }
    if (err != EAGAIN || l->nonblock)
        return err;
    l->polls   = true;
    err        = sk_wait_fd(s, events, l->until);
    l->expired = err == ETIMEDOUT;
    return err;
}

static sk_err receive(struct sk_sock *s, struct sk_limit *l, void *buf,
                      size_t len, int flags, struct sk_addr *from, size_t *got)
{
    ssize_t n;
    sk_err  err;

    for (;;) {
        int now = flags | (l->nonblock || l->polls ? MSG_DONTWAIT : 0);

        n = from ? sk_plat_recvfrom(s->fd, buf, len, now, from)
                 : sk_plat_recv(s->fd, buf, len, now);
        if (SK_LIKELY(n >= 0)) {
            *got = (size_t)n;
            return 0;
        }
        if ((err = try_again(s, l, (sk_err)-n, POLLIN)))
            return err;
    }
}

/* Nothing tells when a datagram socket without a fixed peer has room again
 * with somebody else. So wait in slices, and look at the mark between. The
 * slice stays set: nothing else of such a socket blocks in the system. */
static ssize_t send_in_slices(struct sk_sock *s, struct sk_limit *l,
                              const void *buf, size_t len, int flags,
                              const struct sk_addr *to)
{
    bool    last = false;
    ssize_t n    = -EAGAIN;

    while (n == -EAGAIN || n == -EINTR) {
        sk_err err;

        if (last && !sk_wait_left(l->until))
            return -ETIMEDOUT;
        if ((err = sk_wait_slice(s, l->until, &last)))
            return -err;
        n = sk_plat_sendto(s->fd, buf, len, flags, to);
    }
    return n;
}

static sk_err send_step(struct sk_sock *s, struct sk_limit *l, const void *buf,
                        size_t len, int flags, const struct sk_addr *to,
                        size_t *sent)
{
    ssize_t n;
    sk_err  err;

    for (;;) {
        int now = flags | (l->nonblock || l->polls ? MSG_DONTWAIT : 0);

        n = to ? sk_plat_sendto(s->fd, buf, len, now, to)
               : sk_plat_send(s->fd, buf, len, now);
        if (n == -EAGAIN && to && !l->nonblock && s->domain == AF_UNIX)
            n = send_in_slices(s, l, buf, len, flags, to);
        if (SK_LIKELY(n >= 0)) {
            *sent = (size_t)n;
            return 0;
        }
        if ((err = try_again(s, l, (sk_err)-n, POLLOUT)))
            return err;
    }
}

/* ---- the buffer ---- */

void sk_io_take(struct sk_sock *s, void *out, size_t count)
{
    sk_buf_take(&s->buf, out, count);
    if (!sk_buf_size(&s->buf))
        sk_sock_drop(s, SK_BUFFERED | SK_STARVED);
}

/* Is the stream over for good, rather than short of memory or time? */
static bool is_final(sk_err err)
{
    static const sk_err ends[] = {ECONNRESET, ECONNABORTED, ETIMEDOUT,
                                  EPIPE,      ENETDOWN,     ENETUNREACH,
                                  EHOSTDOWN,  EHOSTUNREACH, EPROTO};

    for (size_t i = 0; i < SK_COUNT(ends); i++)
        if (ends[i] == err)
            return true;
    return false;
}

/* The system tells an error once; the handle goes on telling it. */
static void remember(struct sk_sock *s, const struct sk_limit *l, sk_err err)
{
    if (!is_final(err) || l->expired || sk_handle_closing(s))
        return;
    atomic_store_explicit(&s->failure, err, memory_order_relaxed);
    sk_sock_raise(s, SK_FAILED);
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

/* How many of the bytes that wait belong to the reader's line. */
static sk_err measure_line(struct sk_sock *s, struct sk_limit *l, size_t *room)
{
    char  *at   = sk_buf_back(&s->buf);
    sk_err err  = receive(s, l, at, *room, MSG_PEEK, NULL, room);
    size_t line = err ? 0 : sk_buf_find_line(at, *room);

    if (line)
        *room = line;
    return err;
}

/* How much to read ahead at most, for a reader who wants `want` in all. */
static size_t most_to_read(struct sk_sock *s, size_t want, bool line_only)
{
    if (!line_only && want < SK_BUF_CHUNK)
        want = SK_BUF_CHUNK;
    return want - sk_buf_size(&s->buf);
}

sk_err sk_io_fill(struct sk_call *c, struct sk_limit *l, size_t want,
                  size_t *got)
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
        err = measure_line(s, l, &room);
    if (!err && room)
        err = receive(s, l, sk_buf_back(&s->buf), room, 0, NULL, got);
    l->polls = l->polls || l->until != SK_NEVER;
    if (err) {
        remember(s, l, err);
    } else if (*got) {
        sk_buf_added(&s->buf, *got);
        sk_sock_raise(s, SK_BUFFERED);
    }
    return err;
}

/* ---- receiving ---- */

/* MSG_WAITALL goes on after a signal, and with a deadline. An error that comes
 * after the first bytes is told by the next call. */
static sk_err receive_rest(struct sk_sock *s, struct sk_limit *l, char *buf,
                           size_t len, int flags, size_t *got)
{
    sk_err err = 0;
    size_t more;

    l->polls = l->polls || l->until != SK_NEVER;
    while (*got < len && !err) {
        more = 0;
        err  = receive(s, l, buf + *got, len - *got, flags, NULL, &more);
        if (!err && !more)
            break;
        *got += more;
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

static sk_err receive_plain(struct sk_sock *s, struct sk_limit *l, void *buf,
                            size_t len, int flags, struct sk_addr *from,
                            size_t *got)
{
    sk_err err = receive(s, l, buf, len, flags, from, got);

    if (err || *got == len || !*got || !waits_for_all(s, l, flags))
        return err;
    return receive_rest(s, l, buf, len, flags, got);
}

/* A look at more than is buffered: read ahead until it is, if asked to. */
static sk_err peek_buffered(struct sk_call *c, struct sk_limit *l, void *buf,
                            size_t len, bool all, size_t *got)
{
    struct sk_buf *b   = &c->s->buf;
    sk_err         err = 0;

    while (all && !err && sk_buf_size(b) < len) {
        err = sk_io_fill(c, l, len, got);
        if (!err && !*got)
            break;
    }
    *got = sk_buf_size(b) < len ? sk_buf_size(b) : len;
    memcpy(buf, sk_buf_front(b), *got);
    return 0;
}

/* The caller has the turn, so what is buffered stays put. */
static sk_err receive_buffered(struct sk_call *c, struct sk_limit *l, void *buf,
                               size_t len, int flags, struct sk_addr *from,
                               size_t *got)
{
    struct sk_sock *s    = c->s;
    size_t          size = sk_buf_size(&s->buf);

    sk_sock_drop(s, SK_STARVED);
    if (!size && (sk_sock_flags(s) & SK_FAILED))
        return atomic_load_explicit(&s->failure, memory_order_relaxed);
    if (!size)
        return receive_plain(s, l, buf, len, flags, from, got);
    if (flags & MSG_PEEK)
        return peek_buffered(c, l, buf, len,
                             (flags & MSG_WAITALL) && !l->nonblock, got);
    *got = size < len ? size : len;
    sk_io_take(s, buf, *got);
    if (*got < len && waits_for_all(s, l, flags))
        return receive_rest(s, l, buf, len, flags, got);
    return 0;
}

sk_err sk_io_receive(struct sk_call *c, void *buf, size_t len, int flags,
                     struct sk_addr *from, size_t *got)
{
    struct sk_sock *s = c->s;
    struct sk_limit l;
    sk_err          err;

    if (from)
        from->len = 0;
    if (flags & PAST_BUFFER)
        flags |= MSG_DONTWAIT; /* these never wait, whatever the mode */
    if (SK_UNLIKELY(!len || !buf))
        return EINVAL;
    if (SK_UNLIKELY((err = sk_limit_begin(&l, s, SK_READING, flags))))
        return err;
    if (SK_LIKELY(!(sk_sock_flags(s) & (SK_BUFFERED | SK_FAILED))) ||
        (flags & PAST_BUFFER))
        return receive_plain(s, &l, buf, len, flags, from, got);
    if ((err = sk_call_turn(c, &l)))
        return err;
    return receive_buffered(c, &l, buf, len, flags, from, got);
}

/* ---- sending ---- */

sk_err sk_io_begin_send(struct sk_limit *l, struct sk_sock *s, int flags)
{
    sk_err err = sk_limit_begin(l, s, SK_WRITING, flags);

    if (sk_sock_flags(s) & SK_SEND_POLLS)
        l->polls = true;
    return err;
}

sk_err sk_io_send(struct sk_call *c, struct sk_limit *l, const void *buf,
                  size_t len, int flags, const struct sk_addr *to, size_t *sent)
{
    if (SK_UNLIKELY(!buf && len))
        return EINVAL;
    return send_step(c->s, l, buf, len, flags, to, sent);
}

sk_err sk_io_send_all(struct sk_call *c, const void *buf, size_t len,
                      size_t *sent)
{
    struct sk_limit l;
    size_t          some;
    sk_err          err;

    *sent = 0;
    if ((err = sk_io_begin_send(&l, c->s, 0)))
        return err;
    do {
        some = 0;
        err = sk_io_send(c, &l, (const char *)buf + *sent, len - *sent, 0, NULL,
                         &some);
        *sent += some;
        l.polls = l.polls || l.until != SK_NEVER;
    } while (!err && *sent < len);
    return err;
}
