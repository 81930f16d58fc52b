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

static int by_poll(void **state)
{
    sk_select_use(SK_SELECT_POLL);
    return count_descriptors(state);
}

static int by_kept_set(void **state)
{
    sk_select_use(SK_SELECT_KEPT);
    return count_descriptors(state);
}

static int by_the_best(void **state)
{
    sk_select_use(SK_SELECT_BEST);
    return count_descriptors(state);
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
