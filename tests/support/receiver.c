/* receiver.c - a receive of everything, asleep in a thread of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/receiver.h"

#include <sched.h>
#include <unistd.h>

static void *receive_everything(void *arg)
{
    struct receiver *r = arg;

    r->tid    = gettid();
    r->result = letter_receive(&r->l, r->s, MSG_WAITALL);
    return NULL;
}

void receiver_resume(struct receiver *r, sock_t *s)
{
    r->s   = s;
    r->tid = 0;
    assert_int_equal(pthread_create(&r->thread, NULL, receive_everything, r),
                     0);
    while (!r->tid)
        sched_yield();
    wait_until_asleep(r->tid);
}

void receiver_start(struct receiver *r, sock_t *s, size_t control_size)
{
    letter_open(&r->l, control_size);
    receiver_resume(r, s);
}

void receiver_join(struct receiver *r)
{
    pthread_join(r->thread, NULL);
}
