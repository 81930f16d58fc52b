/* aside.h - work in a thread of its own: to be seen asleep, and to be joined.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_ASIDE_H
#define TESTS_SUPPORT_ASIDE_H

#include <pthread.h>
#include <stdint.h>

struct aside {
    void (*work)(void *with);
    void       *with;
    _Atomic int tid;
    int64_t     ended; /* when, by now_ms(); of use once it is joined */
    pthread_t   thread;
};

void aside_start(struct aside *a, void (*work)(void *with), void *with);

/* The same, and return when it sleeps in a system call. */
void aside_start_asleep(struct aside *a, void (*work)(void *with), void *with);

void aside_join(struct aside *a);

/* Is this build so slow that times must be taken with more salt? */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SLOWNESS 4
#else
#define SLOWNESS 1
#endif

/* How much later than its time a call may end, in milliseconds. */
#define SLACK (250 * SLOWNESS)

#endif
