/* list.h - a list whose links stand in its items: nothing is allocated, and an
 * item leaves it from wherever it is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_BASE_LIST_H
#define SK_BASE_LIST_H

#include "base/common.h"

/* A link of an item, or the head of a list. Alone it points to itself. */
struct sk_link {
    struct sk_link *before;
    struct sk_link *behind;
};

/* The item of which `link` is the `field`. */
#define SK_ITEM(link, type, field)                                             \
    ((type *)(void *)((char *)(link)-offsetof(type, field)))

static inline void sk_list_init(struct sk_link *link)
{
    link->before = link->behind = link;
}

static inline bool sk_list_is_empty(const struct sk_link *head)
{
    return head->behind == head;
}

/* Is the item in a list? Of a head: does it have items? */
static inline bool sk_list_has(const struct sk_link *link)
{
    return link->behind != link;
}

static inline void sk_list_append(struct sk_link *head, struct sk_link *link)
{
    link->before         = head->before;
    link->behind         = head;
    head->before->behind = link;
    head->before         = link;
}

/* It may be in no list. */
static inline void sk_list_remove(struct sk_link *link)
{
    link->before->behind = link->behind;
    link->behind->before = link->before;
    sk_list_init(link);
}

/* The first item leaves the list; NULL: there is none. */
static inline struct sk_link *sk_list_shift(struct sk_link *head)
{
    struct sk_link *first = head->behind;

    if (first == head)
        return NULL;
    sk_list_remove(first);
    return first;
}

/* All items of `from` go before those of `to`. */
static inline void sk_list_prepend_all(struct sk_link *to, struct sk_link *from)
{
    if (sk_list_is_empty(from))
        return;
    from->before->behind = to->behind;
    to->behind->before   = from->before;
    from->behind->before = to;
    to->behind           = from->behind;
    sk_list_init(from);
}

#endif
