/* scene.h - every situation in which a call waits, and how it is relieved.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include "support/net.h"

#include <pthread.h>

/* ---- small steps ---- */

void put(sock_t *s, const char *text);

/* Take all that has arrived. */
void drain(sock_t *s);

/* The peer gets a reset. */
void close_with_reset(sock_t *s);

bool is_readable(sock_t *s);
bool is_writable(sock_t *s);

/* Within some seconds: TCP on loopback may take a moment. */
void wait_readable(sock_t *s);

/* ---- every situation in which a call waits ---- */

struct scene;

struct situation {
    const char *name;
    void (*open)(struct scene *c);    /* build it; the call would wait */
    ssize_t (*call)(struct scene *c); /* -1: failed */
    void (*relieve)(struct scene *c); /* now the call succeeds */
    bool accepts;                     /* the call is an accept */
    bool connects;                    /* it is a connect to a full backlog */
};

struct scene {
    const struct situation *is;
    sock_t                 *s;    /* what the call waits on */
    sock_t                 *peer; /* who can relieve it; NULL: none */
    struct full             full;
    char                    address[LIBSOCK_ADDRSTRLEN];
    int                     port;
    /* The call in a thread of its own: set by then it has ended. */
    ssize_t     result;
    int         error;
    int64_t     ended;
    _Atomic int tid;
    pthread_t   thread;
};

extern const struct situation situations[];
extern const size_t           situation_count;

const struct situation *situation_named(const char *name);

void scene_open(struct scene *c, const struct situation *is);
void scene_start(struct scene *c); /* returns when the call sleeps */
void scene_run(struct scene *c);   /* the call in this thread */
void scene_join(struct scene *c);
void scene_close(struct scene *c); /* all that is left, s too */

/* Like assert_true(), and names the situation. */
#define assert_in(c, what)                                                     \
    do {                                                                       \
        if (!(what))                                                           \
            fail_msg("%s: %s (result %ld, error %d)", (c)->is->name, #what,    \
                     (long)(c)->result, (c)->error);                           \
    } while (0)

#endif
