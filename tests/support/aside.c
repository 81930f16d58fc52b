/* aside.c - work in a thread of its own: to be seen asleep, and to be joined.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/aside.h"

#include "support/net.h"

#include <unistd.h>

static void *run(void *arg)
{
    struct aside *a = arg;

    a->tid = gettid();
    a->work(a->with);
    a->ended = now_ms();
    return NULL;
}

void aside_start(struct aside *a, void (*work)(void *with), void *with)
{
    a->work = work;
    a->with = with;
    a->tid  = 0;
    assert_int_equal(pthread_create(&a->thread, NULL, run, a), 0);
}

void aside_start_asleep(struct aside *a, void (*work)(void *with), void *with)
{
    aside_start(a, work, with);
    while (!a->tid)
        ;
    wait_until_asleep(a->tid);
}

void aside_join(struct aside *a)
{
    assert_int_equal(pthread_join(a->thread, NULL), 0);
}
