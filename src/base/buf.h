/* buf.h - bytes that arrived and nobody has taken yet.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_BUF_H
#define SK_BASE_BUF_H

#include "base/common.h"

struct sk_buf {
    char    *data;  /* NULL until the first reserve */
    uint32_t room;  /* bytes in data */
    uint32_t start; /* the first byte not taken */
    uint32_t end;   /* behind the last byte that arrived */
    uint32_t seen;  /* so many from start begin no line end: see buf.c */
};

/* What ends a line. Where a pointer to one is asked for, NULL stands for the
 * first "\r" or "\n". */
struct sk_ending {
    const char *text;
    size_t      len; /* from 1 to SK_ENDING_MAX */
};

#define SK_ENDING_MAX 255u

/* A buffer keeps this much however little is asked for. */
#define SK_BUF_CHUNK 16384u

/* A line is read ahead in pieces of at most this much. */
#define SK_BUF_MAX (1u << 30)

static inline size_t sk_buf_size(const struct sk_buf *b)
{
    return b->end - b->start;
}

static inline const char *sk_buf_front(const struct sk_buf *b)
{
    return b->data + b->start;
}

/* Make room for `want` bytes in all, those that are there included; at least
 * one byte is free after it. *free_room tells how many are. ENOMEM: as before.
 */
sk_err sk_buf_reserve(struct sk_buf *b, size_t want, size_t *free_room);

/* Where the next bytes go; sk_buf_added() says how many went there. */
char *sk_buf_back(struct sk_buf *b);
void  sk_buf_added(struct sk_buf *b, size_t count);

/* Take `count` bytes from the front; out may be NULL. */
void sk_buf_take(struct sk_buf *b, void *out, size_t count);

/* Length of the first line, its end included, if that begins before `max` bytes
 * are over; else max, for a piece of a line, which has nothing of an end. 0:
 * the bytes that are there do not tell. */
size_t sk_buf_line(struct sk_buf *b, const struct sk_ending *end, size_t max);

/* The same as if sk_buf_added(b, more) had been called. */
size_t sk_buf_line_ahead(struct sk_buf *b, const struct sk_ending *end,
                         size_t max, size_t more);

/* So many bytes always tell. */
static inline size_t sk_buf_reach(const struct sk_ending *end, size_t max)
{
    return end ? max + end->len - 1 : max;
}

/* Of the first `count` bytes, a line or a piece, how many are not its end. */
size_t sk_buf_text(const struct sk_buf *b, const struct sk_ending *end,
                   size_t count);

void sk_buf_free(struct sk_buf *b);

#endif
