/* receiver.h - a receive of everything, asleep in a thread of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_RECEIVER_H
#define TESTS_SUPPORT_RECEIVER_H

#include "support/message.h"

struct receiver {
    sock_t       *s;
    struct letter l;
    ssize_t       result; /* set when it has ended */
    _Atomic int   tid;
    pthread_t     thread;
};

/* Returns when it sleeps in sock_recvmsg() with MSG_WAITALL. */
void receiver_start(struct receiver *r, sock_t *s, size_t control_size);
void receiver_join(struct receiver *r); /* the letter is still open */

/* The same with a letter that is open. */
void receiver_resume(struct receiver *r, sock_t *s);

#endif
