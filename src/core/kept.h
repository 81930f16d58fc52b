/* kept.h - what a thread has selected: one entry for each handle, however many
 * slots it stands in, and a copy of the arrays to tell what is new.
 *
 * All of it is its thread's alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_KEPT_H
#define SK_CORE_KEPT_H

#include "base/list.h"
#include "core/select.h"

struct sk_kept_entry {
    sock_t               *handle;
    struct sk_kept_entry *next;                   /* with the same hash */
    struct sk_link        place;                  /* in changed, or in closed */
    uint32_t              slots[SK_SELECT_KINDS]; /* in so many of each array */
    uint32_t              at[SK_SELECT_KINDS];    /* there it was last seen */
    unsigned              watched; /* the events its member asks for */
    unsigned              told;    /* the events that this call has told ... */
    uint64_t              call;    /* ... the call of that number */
    bool                  member;  /* of the set, or its end is still untold */
    bool                  closed;
};

struct sk_kept_copy {
    sock_t **slots;
    size_t   count;
    size_t   room;
};

struct sk_kept {
    struct sk_kept_copy    copies[SK_SELECT_KINDS];
    struct sk_kept_entry **buckets;
    size_t                 bucket_count; /* a power of two, or 0 */
    size_t                 entry_count;
    size_t                 handle_count; /* of all slots with a handle */
    struct sk_link         changed;      /* they ask for other events now */
    size_t                 changed_count;
    struct sk_link         closed;  /* their handles were closed */
    uint64_t               call;    /* how many there were */
    bool                   repeats; /* this one tells of such as repeat */
};

void sk_kept_init(struct sk_kept *k);
void sk_kept_fini(struct sk_kept *k);

/* Follow the caller's arrays, whose slots are all NULL then. What asks for
 * other events than it is watched for stands in `changed`; but who asks for
 * nothing any more is watched on, as it may come again, until something happens
 * to it. ENOMEM: the slots are as they were, and k is good for nothing but its
 * end. */
sk_err sk_kept_follow(struct sk_kept *k, const struct sk_select *call);

/* Give the caller's slots back what was followed. */
void sk_kept_restore(const struct sk_kept *k, const struct sk_select *call);

/* The events that e's slots ask for; 0: it stands in none. */
unsigned sk_kept_asks(const struct sk_kept_entry *e);

/* e is watched for what it asks for, or stands in no slot: what now? */
void sk_kept_settle(struct sk_kept *k, struct sk_kept_entry *e);

/* e's handle is closed: it is ready while it stands in a slot. */
void sk_kept_close(struct sk_kept *k, struct sk_kept_entry *e);

/* The events are told of e, to slots that are all NULL but for those that are
 * told. How many slots that makes ready: if none, they were told before. */
int sk_kept_tell(struct sk_kept *k, const struct sk_select *call,
                 struct sk_kept_entry *e, unsigned events);

/* When all is told: handles that stand in several slots are put back, too. */
void sk_kept_finish(struct sk_kept *k, const struct sk_select *call);

#endif
