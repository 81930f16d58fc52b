/* own_wait.c - waiting for one of many, and a server of many, by libsock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS 256

/* The first selects of a server find out what it asks for again. */
#define BEFORE 16

/* The crowd as handles, the busy one last; to be freed. */
static sock_t **crowd(size_t idle, sock_t **poke)
{
    int      fd, *fds = bench_crowd(idle, &fd);
    sock_t **all = calloc(idle + 1, sizeof(sock_t *));

    if (!fds || !all)
        return NULL;
    *poke = sock_import_fd(fd);
    for (size_t i = 0; i <= idle; i++)
        if (!(all[i] = sock_import_fd(fds[i]))) {
            own_failed();
            return NULL;
        }
    free(fds);
    return all;
}

/* ---- a poll set ---- */

static bool wake_once(sock_poll_t *set, sock_t *poke, sock_t *busy)
{
    sock_event_t events[EVENTS];
    char         byte = 'x';

    return sock_send(poke, &byte, 1, 0) == 1 &&
           sock_poll_wait(set, events, EVENTS, -1) == 1 &&
           events[0].sock == busy && sock_recv(busy, &byte, 1, 0) == 1;
}

bool own_wake(const struct job *job)
{
    sock_poll_t *set = sock_poll_create();
    sock_t      *poke, **all = crowd(job->idle, &poke);
    bool         ok = set && all;

    for (size_t i = 0; ok && i <= job->idle; i++)
        ok = sock_poll_add(set, all[i], LIBSOCK_POLL_READ, NULL);
    if (!ok)
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = wake_once(set, poke, all[job->idle]);
    bench_end();
    sock_poll_free(set);
    free(all);
    return ok || own_failed();
}

/* ---- arrays, filled again each time, as a PHP program does ---- */

static bool select_once(sock_t *const *all, sock_t **ready, size_t count,
                        sock_t *poke)
{
    char byte = 'x';

    if (sock_send(poke, &byte, 1, 0) != 1)
        return false;
    memcpy(ready, all, count * sizeof *ready);
    return sock_select(ready, count, NULL, 0, NULL, 0, -1) == 1 &&
           sock_recv(ready[count - 1], &byte, 1, 0) == 1;
}

bool own_select(const struct job *job)
{
    size_t   count = job->idle + 1;
    sock_t  *poke, **all = crowd(job->idle, &poke);
    sock_t **ready = calloc(count, sizeof(sock_t *));
    bool     ok    = all && ready;

    if (!ok)
        return false;
    for (int i = 0; ok && i < BEFORE; i++)
        ok = select_once(all, ready, count, poke);
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = select_once(all, ready, count, poke);
    bench_end();
    free(ready);
    free(all);
    return ok || own_failed();
}

/* ---- a server of many ---- */

static bool take_client(sock_poll_t *set, sock_t *listener)
{
    sock_t *s = sock_accept(listener);

    if (!s)
        return sock_last_error(listener) == EAGAIN;
    return sock_set_nonblock(s) &&
           sock_set_option_int(s, SOL_TCP, TCP_NODELAY, 1) &&
           sock_poll_add(set, s, LIBSOCK_POLL_READ, NULL);
}

static bool answer(sock_t *s, char *bytes, size_t size)
{
    ssize_t n = sock_recv(s, bytes, size, 0);

    if (n > 0)
        return sock_send(s, bytes, (size_t)n, 0) == n;
    if (n < 0 && sock_last_error(s) == EAGAIN)
        return true;
    return sock_close(s);
}

bool own_echo(const struct job *job)
{
    sock_event_t events[EVENTS];
    char         bytes[4096];
    sock_poll_t *set      = sock_poll_create();
    sock_t      *listener = sock_create(AF_INET, SOCK_STREAM, 0);
    int          port, n = 0;
    bool         ok = sock_bind(listener, "127.0.0.1", 0) &&
              sock_listen(listener, SOMAXCONN) &&
              sock_getsockname(listener, NULL, 0, &port) &&
              sock_poll_add(set, listener, LIBSOCK_POLL_READ, NULL);

    (void)job;
    if (ok)
        bench_listens(port);
    while (ok && n >= 0) {
        n = sock_poll_wait(set, events, EVENTS, -1);
        for (int i = 0; ok && i < n; i++)
            ok = events[i].sock == listener
                     ? take_client(set, listener)
                     : answer(events[i].sock, bytes, sizeof bytes);
    }
    return own_failed();
}
