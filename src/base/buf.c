/* buf.c - bytes that arrived and nobody has taken yet.
 *
 * One flat array that slides left when room at its end runs out. A ring would
 * avoid the slide but hand callers lines in two pieces; lines are the common
 * case. An array that grew for one long line is given back when it runs empty.
 *
 * `seen` keeps a line that comes in small parts from being searched again and
 * again. It is true of one kind of line end only, whose text stands behind the
 * array's room: nobody needs to look at it while nothing was seen.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/buf.h"
#include "base/find.h"

#include <errno.h>
#include <string.h>

#define ROOM_FOR_ENDING (1 + SK_ENDING_MAX) /* its length comes first */

static size_t rounded(size_t want)
{
    size_t room = SK_BUF_CHUNK;

    while (room < want)
        room *= 2;
    return room;
}

/* ---- the line end that `seen` is about ---- */

static unsigned char *ending_of(const struct sk_buf *b)
{
    return (unsigned char *)b->data + b->room;
}

static bool is_about(const struct sk_buf *b, const struct sk_ending *end)
{
    const unsigned char *kept = ending_of(b);

    return kept[0] == (end ? end->len : 0) &&
           (!end || !memcmp(kept + 1, end->text, end->len));
}

/* `count` bytes from the start hold no line end as a whole. */
static void keep_seen(struct sk_buf *b, const struct sk_ending *end,
                      size_t count)
{
    unsigned char *kept = ending_of(b);
    size_t         len  = end ? end->len : 0;

    SK_ASSERT(len <= SK_ENDING_MAX);
    if (len > 1)
        count = count < len ? 0 : count - len + 1;
    b->seen = (uint32_t)count;
    if (!count)
        return;
    kept[0] = (unsigned char)len;
    if (end)
        memcpy(kept + 1, end->text, len);
}

/* ---- room ---- */

static void slide(struct sk_buf *b)
{
    size_t size = sk_buf_size(b);

    if (size && b->start)
        memmove(b->data, b->data + b->start, size);
    b->start = 0;
    b->end   = (uint32_t)size;
}

/* The old array stays whole if there is no memory for a larger one. Grows by
 * doubling, so that a long line is copied a bounded number of times and only
 * as much is allocated as bytes have come. */
static sk_err grow(struct sk_buf *b, size_t want)
{
    size_t room = rounded(want);
    char  *data = malloc(room + ROOM_FOR_ENDING);

    if (!data)
        return ENOMEM;
    if (b->data)
        memcpy(data, b->data + b->start, sk_buf_size(b));
    if (b->seen)
        memcpy(data + room, b->data + b->room, 1 + *ending_of(b));
    b->end -= b->start;
    b->start = 0;
    free(b->data);
    b->data = data;
    b->room = (uint32_t)room;
    return 0;
}

sk_err sk_buf_reserve(struct sk_buf *b, size_t want, size_t *free_room)
{
    size_t size = sk_buf_size(b);
    sk_err err  = 0;

    if (size >= SK_BUF_MAX)
        return ENOMEM;
    if (want > SK_BUF_MAX)
        want = SK_BUF_MAX;
    if (want > 2 * size)
        want = 2 * size;
    if (want <= size)
        want = size + 1;
    if (want > b->room || !b->data)
        err = grow(b, want);
    else if (b->start && b->room - b->end < b->room / 2)
        slide(b);
    if (!err)
        *free_room = b->room - b->end;
    return err;
}

char *sk_buf_back(struct sk_buf *b)
{
    return b->data + b->end;
}

void sk_buf_added(struct sk_buf *b, size_t count)
{
    SK_ASSERT(count <= b->room - b->end);
    b->end += (uint32_t)count;
}

void sk_buf_take(struct sk_buf *b, void *out, size_t count)
{
    SK_ASSERT(count <= sk_buf_size(b));
    if (out)
        memcpy(out, b->data + b->start, count);
    b->start += (uint32_t)count;
    b->seen = b->seen > count ? b->seen - (uint32_t)count : 0;
    if (b->start < b->end)
        return;
    if (b->room > SK_BUF_CHUNK)
        sk_buf_free(b);
    b->start = b->end = 0;
}

/* ---- lines ---- */

/* Behind the first of these texts; 0: there is none. */
static size_t behind_text(const char *bytes, size_t len,
                          const struct sk_ending *end)
{
    const char *at = bytes;
    const char *last;

    if (len < end->len)
        return 0;
    last = bytes + (len - end->len);
    while ((at = memchr(at, *end->text, (size_t)(last - at) + 1))) {
        if (end->len == 1 || !memcmp(at, end->text, end->len))
            return (size_t)(at - bytes) + end->len;
        if (at++ == last)
            break;
    }
    return 0;
}

/* Do the last bytes begin an end, whose rest may be to come, before `max`? */
static bool may_end(const char *bytes, size_t len, const struct sk_ending *end,
                    size_t max)
{
    size_t from = len < end->len ? 0 : len - end->len + 1;

    for (size_t at = from; at < max; at++)
        if (!memcmp(bytes + at, end->text, len - at))
            return true;
    return false;
}

static size_t line_to_either(const char *bytes, size_t seen, size_t len,
                             size_t max)
{
    size_t line = 0;

    if (len > max)
        len = max;
    if (seen < len)
        line = sk_find(bytes + seen, len - seen, '\r', '\n');
    if (line)
        return seen + line;
    return len == max ? max : 0;
}

static size_t line_to_text(const char *bytes, size_t seen, size_t len,
                           const struct sk_ending *end, size_t max)
{
    size_t line = 0;

    if (len > sk_buf_reach(end, max))
        len = sk_buf_reach(end, max);
    if (seen < len)
        line = behind_text(bytes + seen, len - seen, end);
    if (line)
        return seen + line;
    return len < max || may_end(bytes, len, end, max) ? 0 : max;
}

size_t sk_buf_line_ahead(struct sk_buf *b, const struct sk_ending *end,
                         size_t max, size_t more)
{
    size_t len = sk_buf_size(b) + more;

    if (b->seen && !is_about(b, end))
        b->seen = 0;
    return end ? line_to_text(sk_buf_front(b), b->seen, len, end, max)
               : line_to_either(sk_buf_front(b), b->seen, len, max);
}

size_t sk_buf_line(struct sk_buf *b, const struct sk_ending *end, size_t max)
{
    size_t line = sk_buf_line_ahead(b, end, max, 0);

    if (!line && sk_buf_size(b))
        keep_seen(b, end, sk_buf_size(b));
    return line;
}

size_t sk_buf_text(const struct sk_buf *b, const struct sk_ending *end,
                   size_t count)
{
    if (count < end->len ||
        memcmp(sk_buf_front(b) + count - end->len, end->text, end->len))
        return count;
    return count - end->len;
}

void sk_buf_free(struct sk_buf *b)
{
    free(b->data);
    *b = (struct sk_buf){NULL, 0, 0, 0, 0};
}
