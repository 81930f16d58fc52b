/* ways.h - the same tests on each way that select has.
 *
 * For programs that are linked with the static library: what chooses a way is
 * not public.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_WAYS_H
#define TESTS_SUPPORT_WAYS_H

#include "core/select.h"
#include "support/net.h"

static enum sk_select_way way; /* the group's */

static inline int use(enum sk_select_way chosen, void **state)
{
    way = chosen;
    sk_select_use(chosen);
    return count_descriptors(state);
}

static inline int by_poll(void **state)
{
    return use(SK_SELECT_POLL, state);
}

static inline int by_kept_set(void **state)
{
    return use(SK_SELECT_KEPT, state);
}

static inline int by_the_best(void **state)
{
    return use(SK_SELECT_BEST, state);
}

/* Each group counts its descriptors with a set, if there may be one. */
static inline int kept_descriptors(void)
{
    return way == SK_SELECT_POLL ? 0 : 2;
}

/* The group's name, which is printed, tells the way. */
#define run_every_way(name, tests)                                             \
    (cmocka_run_group_tests_name(name ", poll", tests, by_poll,                \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", kept set", tests, by_kept_set,        \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", best", tests, by_the_best,            \
                                 compare_descriptors))

#endif
