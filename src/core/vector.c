/* vector.c - buffers that stand in a row: PHP 4's I/O vector.
 *
 * Each buffer has memory of its own, so that replacing one moves none of the
 * others; a buffer of no bytes has one all the same, so that it can be told
 * from none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/vector.h"

#include "core/io.h"
#include "core/message.h"
#include "core/send.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define FIRST_ROOM 8
#define MOST_PARTS (SSIZE_MAX / sizeof(struct iovec))

/* ---- inside ---- */

static bool refuse(enum sk_verb verb, sk_err err)
{
    sk_call_refuse(verb, err);
    return false;
}

static bool has(const sock_iovec_t *v, size_t at)
{
    return v && at < v->count;
}

/* Does `len` more keep the sum of lengths within SSIZE_MAX? */
static bool fits(size_t total, size_t len)
{
    return len <= SSIZE_MAX - total;
}

/* Room for `count` parts, at least twice what there was. */
static sk_err reserve(sock_iovec_t *v, size_t count)
{
    size_t        room = v->room ? v->room * 2 : FIRST_ROOM;
    struct iovec *parts;

    if (count <= v->room)
        return 0;
    if (room < count)
        room = count;
    if (room > MOST_PARTS)
        return ENOMEM;
    if (!(parts = realloc(v->parts, room * sizeof *parts)))
        return ENOMEM;
    v->parts = parts;
    v->room  = room;
    return 0;
}

/* One more part, of zeros. */
static sk_err append(sock_iovec_t *v, size_t len)
{
    void  *bytes;
    sk_err err;

    if (!fits(v->total, len))
        return EINVAL;
    if ((err = reserve(v, v->count + 1)))
        return err;
    if (!(bytes = calloc(1, len ? len : 1)))
        return ENOMEM;
    v->parts[v->count++] = (struct iovec){bytes, len};
    v->total += len;
    return 0;
}

/* Before a byte is made: are all of them allowed? */
static sk_err check(size_t count, const size_t *lengths)
{
    size_t total = 0;

    if (count && !lengths)
        return EINVAL;
    for (size_t i = 0; i < count; i++) {
        if (!fits(total, lengths[i]))
            return EINVAL;
        total += lengths[i];
    }
    return 0;
}

static sk_err make(size_t count, const size_t *lengths, sock_iovec_t **out)
{
    sock_iovec_t *v = calloc(1, sizeof *v);
    sk_err        err;

    if (!v)
        return ENOMEM;
    if ((err = reserve(v, count)))
        goto done;
    for (size_t i = 0; i < count; i++)
        if ((err = append(v, lengths[i])))
            goto done;
    *out = v;
    v    = NULL;
done:
    sock_iovec_free(v);
    return err;
}

/* The copy comes first: the bytes may be in the part that they replace. */
static sk_err replace(sock_iovec_t *v, size_t at, const void *buf, size_t len)
{
    struct iovec *part  = &v->parts[at];
    size_t        total = v->total - part->iov_len;
    void         *bytes;

    if ((!buf && len) || !fits(total, len))
        return EINVAL;
    if (!(bytes = malloc(len ? len : 1)))
        return ENOMEM;
    if (len)
        memcpy(bytes, buf, len);
    free(part->iov_base);
    *part    = (struct iovec){bytes, len};
    v->total = total + len;
    return 0;
}

/* ---- the calls ---- */

sock_iovec_t *sock_iovec_alloc(size_t count, const size_t *lengths)
{
    sock_iovec_t *v = NULL;
    sk_err        err;

    if (count > MOST_PARTS) /* no array is that long: nor are the lengths */
        err = lengths ? ENOMEM : EINVAL;
    else if (!(err = check(count, lengths)))
        err = make(count, lengths, &v);
    if (err)
        refuse(SK_IOVEC_ALLOC, err);
    return v;
}

bool sock_iovec_set(sock_iovec_t *v, size_t at, const void *buf, size_t len)
{
    sk_err err = has(v, at) ? replace(v, at, buf, len) : EINVAL;

    return !err || refuse(SK_IOVEC_SET, err);
}

bool sock_iovec_add(sock_iovec_t *v, size_t len)
{
    sk_err err = v ? append(v, len) : EINVAL;

    return !err || refuse(SK_IOVEC_ADD, err);
}

bool sock_iovec_delete(sock_iovec_t *v, size_t at)
{
    if (!has(v, at))
        return refuse(SK_IOVEC_DELETE, EINVAL);
    free(v->parts[at].iov_base);
    v->total -= v->parts[at].iov_len;
    v->count--;
    memmove(&v->parts[at], &v->parts[at + 1],
            (v->count - at) * sizeof *v->parts);
    return true;
}

const void *sock_iovec_fetch(const sock_iovec_t *v, size_t at, size_t *len)
{
    if (!has(v, at)) {
        refuse(SK_IOVEC_FETCH, EINVAL);
        return NULL;
    }
    if (len)
        *len = v->parts[at].iov_len;
    return v->parts[at].iov_base;
}

void sock_iovec_free(sock_iovec_t *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->count; i++)
        free(v->parts[i].iov_base);
    free(v->parts);
    free(v);
}

/* ---- reading and writing ---- */

static sk_err read_vector(struct sk_call *c, const sock_iovec_t *v, size_t *got)
{
    struct msghdr    h  = {0};
    struct sk_intake in = {NULL, 0, 0, NULL, &h};
    sk_err           err;

    if (!v)
        return EINVAL;
    in.parts = v->parts;
    in.count = v->count;
    if ((err = sk_parts_measure(c->s, in.parts, &in.count, &in.len)))
        return err;
    h.msg_iov    = v->parts;
    h.msg_iovlen = in.count;
    return in.len ? sk_io_take_in(c, &in, 0, got) : EINVAL;
}

ssize_t sock_readv(sock_t *s, sock_iovec_t *v)
{
    struct sk_call c;
    size_t         got = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_READV, SK_WAITS))
        return -1;
    err = read_vector(&c, v, &got);
    return sk_call_count(&c, SK_READV, err, got);
}

static sk_err write_vector(struct sk_call *c, const sock_iovec_t *v,
                           size_t *sent)
{
    struct msghdr   h = {0};
    struct sk_limit l;
    size_t          count, total;
    sk_err          err;

    if (!v)
        return EINVAL;
    count = v->count;
    if ((err = sk_parts_measure(c->s, v->parts, &count, &total)) ||
        (err = sk_send_begin(&l, c->s, 0)))
        return err;
    h.msg_iov    = v->parts;
    h.msg_iovlen = count;
    return sk_send_message(c, &l, &h, 0, sent);
}

ssize_t sock_writev(sock_t *s, const sock_iovec_t *v)
{
    struct sk_call c;
    size_t         sent = 0;
    sk_err         err;

    if (!sk_call_enter(&c, s, SK_WRITEV, SK_WAITS))
        return -1;
    err = write_vector(&c, v, &sent);
    return sk_call_leave(&c, SK_WRITEV, err) ? (ssize_t)sent : -1;
}
