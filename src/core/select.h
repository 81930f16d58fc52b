/* select.h - the two ways to wait for one of many sockets, and what they share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SK_CORE_SELECT_H
#define SK_CORE_SELECT_H

#include "core/state.h"

#include <sock/base.h>

/* Which of the caller's arrays. */
enum sk_select_kind {
    SK_SELECT_READ,
    SK_SELECT_WRITE,
    SK_SELECT_EXCEPT,
    SK_SELECT_KINDS
};

/* One of them. Slots that are not ready are made NULL, if all goes well. */
struct sk_select_array {
    sock_t **slots;
    size_t   count;
};

struct sk_select {
    struct sk_select_array arrays[SK_SELECT_KINDS];
    size_t                 slots; /* of all three */
    int                    timeout_ms;
};

/* Not an error code: the other way has to be taken. */
#define SK_SELECT_OTHER (-1)

/* By poll(2), from scratch. Sockets that it cannot be woken for it looks at
 * every so often; `other`: then rather let the other way be taken. EINVAL,
 * EINTR, EBUSY, ENOMEM, SK_SELECT_OTHER. */
sk_err sk_select_by_poll(const struct sk_select *call, bool other, int *ready);

/* By the set that this thread keeps from call to call. It follows the arrays
 * once the changes are fewer than what not following has cost, and `worth`.
 * EINTR, SK_SELECT_OTHER. */
sk_err sk_select_by_kept(const struct sk_select *call, size_t worth,
                         int *ready);

/* How many slots were ready, by either way. */
void sk_select_note(const struct sk_select *call, int ready);

/* This thread's set goes. */
void sk_select_forget(void);

/* Around a fork, in this order; in the child no set is left. */
void sk_select_before_fork(void);
void sk_select_in_parent(void);
void sk_select_in_child(void);

/* How to choose: SK_SELECT_WAY is the build's, and tests may change it. */
enum sk_select_way { SK_SELECT_BEST, SK_SELECT_POLL, SK_SELECT_KEPT };
void sk_select_use(enum sk_select_way way);

#endif
