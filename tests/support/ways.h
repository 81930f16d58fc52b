/* ways.h - the same tests on each way that select has.
 *
 * For programs that are linked with the static library: what chooses a way is
 * not public.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_WAYS_H
#define TESTS_SUPPORT_WAYS_H

#include "core/poll.h"
#include "core/select.h"
#include "support/net.h"

/* Each group counts its descriptors with a set, if there may be one. */
static int kept_descriptors;

static inline int use(enum sk_select_way way, const struct sk_poller *backend,
                      int descriptors, void **state)
{
    kept_descriptors = descriptors;
    sk_poll_use(backend);
    sk_select_use(way);
    return count_descriptors(state);
}

static inline int by_poll(void **state)
{
    return use(SK_SELECT_POLL, &sk_poller_epoll, 0, state);
}

static inline int by_kept_set(void **state)
{
    return use(SK_SELECT_KEPT, &sk_poller_epoll, 2, state);
}

static inline int by_the_best(void **state)
{
    return use(SK_SELECT_BEST, &sk_poller_epoll, 2, state);
}

/* The set, on a system without epoll. */
static inline int by_kept_poll(void **state)
{
    return use(SK_SELECT_KEPT, &sk_poller_poll, 1, state);
}

/* The group's name, which is printed, tells the way. */
#define run_every_way(name, tests)                                             \
    (cmocka_run_group_tests_name(name ", poll", tests, by_poll,                \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", kept set", tests, by_kept_set,        \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", best", tests, by_the_best,            \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", kept set on poll", tests,             \
                                 by_kept_poll, compare_descriptors))

#endif
