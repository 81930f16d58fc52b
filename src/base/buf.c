/* buf.c - bytes that arrived and nobody has taken yet.
 *
 * One flat array that slides left when room at its end runs out. A ring would
 * avoid the slide but hand callers lines in two pieces; lines are the common
 * case. An array that grew for one long line is given back when it runs empty.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

static size_t rounded(size_t want)
{
    size_t room = SK_BUF_CHUNK;

    while (room < want)
        room *= 2;
    return room;
}

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
    char  *data = malloc(room);

    if (!data)
        return ENOMEM;
    if (b->data)
        memcpy(data, b->data + b->start, sk_buf_size(b));
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

size_t sk_buf_find_line(const char *bytes, size_t len)
{
    const char *feed = memchr(bytes, '\n', len);
    const char *end  = memchr(bytes, '\r', feed ? (size_t)(feed - bytes) : len);

    if (!end)
        end = feed;
    return end ? (size_t)(end - bytes) + 1 : 0;
}

size_t sk_buf_line(struct sk_buf *b, size_t max)
{
    size_t size = sk_buf_size(b) < max ? sk_buf_size(b) : max;
    size_t line;

    if (b->seen < size) {
        line = sk_buf_find_line(sk_buf_front(b) + b->seen, size - b->seen);
        if (line)
            return b->seen + line;
        b->seen = (uint32_t)size;
    }
    return size == max ? size : 0;
}

void sk_buf_free(struct sk_buf *b)
{
    free(b->data);
    *b = (struct sk_buf){NULL, 0, 0, 0, 0};
}
