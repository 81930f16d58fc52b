/* find.h - the first of one or two bytes.
 *
 * Sixteen bytes at a time, which compilers make vector instructions of: most
 * lines are short, and this stands where it is needed. Rejected: memchr() once
 * for each byte, which takes longer and, where all lines end with the other
 * byte, looks through the whole buffer for each of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_FIND_H
#define SK_BASE_FIND_H

#include "base/common.h"

#include <string.h>

#define SK_FIND_STEP 16u

typedef uint8_t  sk_find_bytes __attribute__((vector_size(16)));
typedef uint64_t sk_find_marks __attribute__((vector_size(16)));

/* The place of the first byte in memory that is not 0; one is. */
static inline size_t sk_find_mark(uint64_t marks)
{
    const union {
        uint16_t number;
        uint8_t  bytes[2];
    } order = {1};

    return (size_t)(order.bytes[0] ? __builtin_ctzll(marks)
                                   : __builtin_clzll(marks)) /
           8;
}

/* Which of these sixteen are such a byte? */
static inline sk_find_marks sk_find_marked(const char *bytes, char one,
                                           char other)
{
    sk_find_bytes all;

    memcpy(&all, bytes, sizeof all);
    return (sk_find_marks)((all == (uint8_t)one) | (all == (uint8_t)other));
}

/* Behind the first that is; 0: none is. */
static inline size_t sk_find_behind(sk_find_marks marks)
{
    if (marks[0])
        return sk_find_mark(marks[0]) + 1;
    return marks[1] ? sk_find_mark(marks[1]) + 9 : 0;
}

/* Behind the first in sixteen bytes. */
static inline size_t sk_find_step(const char *bytes, char one, char other)
{
    return sk_find_behind(sk_find_marked(bytes, one, other));
}

/* Behind the first in twice as many. */
static inline size_t sk_find_steps(const char *bytes, char one, char other)
{
    const char   *next   = bytes + SK_FIND_STEP;
    sk_find_marks first  = sk_find_marked(bytes, one, other);
    sk_find_marks second = sk_find_marked(next, one, other);
    sk_find_marks both   = first | second;
    size_t        found;

    if (!(both[0] | both[1]))
        return 0;
    found = sk_find_behind(first);
    return found ? found : SK_FIND_STEP + sk_find_behind(second);
}

/* Behind the first of fewer than sixteen bytes. */
static inline size_t sk_find_few(const char *bytes, size_t len, char one,
                                 char other)
{
    for (size_t at = 0; at < len; at++)
        if (bytes[at] == one || bytes[at] == other)
            return at + 1;
    return 0;
}

/* Behind the first from `at` on: over long ways nothing beats memchr(). */
static inline size_t sk_find_far(const char *bytes, size_t at, size_t len,
                                 char one)
{
    const char *found = memchr(bytes + at, one, len - at);

    return found ? (size_t)(found - bytes) + 1 : 0;
}

/* Behind the first `one` or `other`; 0: there is none. */
static inline size_t sk_find(const char *bytes, size_t len, char one,
                             char other)
{
    size_t at = SK_FIND_STEP, found;

    if (SK_UNLIKELY(len < SK_FIND_STEP))
        return sk_find_few(bytes, len, one, other);
    if ((found = sk_find_step(bytes, one, other)))
        return found;
    for (; len - at >= 2 * SK_FIND_STEP; at += 2 * SK_FIND_STEP) {
        if ((found = sk_find_steps(bytes + at, one, other)))
            return at + found;
        if (one == other)
            return sk_find_far(bytes, at + 2 * SK_FIND_STEP, len, one);
    }
    for (; at < len; at += SK_FIND_STEP) {
        if (len - at < SK_FIND_STEP) /* some that are known once more */
            at = len - SK_FIND_STEP;
        if ((found = sk_find_step(bytes + at, one, other)))
            return at + found;
    }
    return 0;
}

#endif
