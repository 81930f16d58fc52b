/* backends.h - the same tests on every backend of poll sets.
 *
 * For programs that are linked with the static library: what chooses a backend
 * is not public.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_BACKENDS_H
#define TESTS_SUPPORT_BACKENDS_H

#include "core/poll.h"
#include "platform/poller.h"
#include "support/pollset.h"

static int on_epoll(void **state)
{
    sk_poll_use(&sk_poller_epoll);
    return count_descriptors(state);
}

static int on_poll(void **state)
{
    sk_poll_use(&sk_poller_poll);
    return count_descriptors(state);
}

/* The group's name, which is printed, tells the backend. */
#define run_on_every_backend(name, tests)                                      \
    (cmocka_run_group_tests_name(name ", epoll", tests, on_epoll,              \
                                 compare_descriptors) +                        \
     cmocka_run_group_tests_name(name ", poll", tests, on_poll,                \
                                 compare_descriptors))

#endif
