/* engine_apr_wait.c - waiting for one of many, and a server of many, by the
 * Apache Portable Runtime.
 *
 * Its pollset is epoll below; apr_poll() is poll(2) with a copy of the array
 * each way.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_poll.h>
#include <apr_portable.h>
#include <apr_version.h>

#include <stdlib.h>

static apr_pool_t *pool;

static apr_status_t start(void)
{
    apr_status_t err = apr_initialize();

    return err ? err : apr_pool_create(&pool, NULL);
}

static apr_socket_t *adopt(int fd)
{
    apr_socket_t *s = NULL;

    return apr_os_sock_put(&s, &fd, pool) ? NULL : s;
}

static apr_pollfd_t to_read(apr_socket_t *s)
{
    return (apr_pollfd_t){
        .p         = pool,
        .desc_type = APR_POLL_SOCKET,
        .reqevents = APR_POLLIN,
        .desc.s    = s,
    };
}

/* Those that are idle, and the busy one last; its other end at *peer. */
static apr_socket_t **make_crowd(size_t idle, apr_socket_t **peer)
{
    int            poke, *fds = bench_crowd(idle, &poke);
    apr_socket_t **all = calloc(idle + 1, sizeof *all);
    bool           ok  = fds && all && !start() && (*peer = adopt(poke));

    for (size_t i = 0; i <= idle && ok; i++)
        ok = (all[i] = adopt(fds[i])) != NULL;
    free(fds);
    return ok ? all : NULL;
}

static bool poke(apr_socket_t *peer)
{
    apr_size_t n = 1;

    return !apr_socket_send(peer, "x", &n) && n == 1;
}

static bool take(apr_socket_t *s)
{
    char       byte;
    apr_size_t n = 1;

    return !apr_socket_recv(s, &byte, &n) && n == 1;
}

/* The set keeps no copy of what is added to it. */
static apr_status_t watch(apr_pollset_t *set, apr_socket_t *s)
{
    apr_pollfd_t *fd = apr_palloc(pool, sizeof *fd);

    *fd = to_read(s);
    return apr_pollset_add(set, fd);
}

/* With room for so many ready ones at a time. */
static apr_status_t make_set(apr_pollset_t **set)
{
    return apr_pollset_create(set, 256, pool, APR_POLLSET_NOCOPY);
}

static bool wake(const struct job *job)
{
    apr_socket_t       *peer, **all = make_crowd(job->idle, &peer);
    apr_pollset_t      *set;
    const apr_pollfd_t *ready;
    apr_int32_t         n;

    bool ok = all && !make_set(&set);

    for (size_t i = 0; i <= job->idle && ok; i++)
        ok = !watch(set, all[i]);
    if (!ok)
        return bench_failed("pollset");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!poke(peer) || apr_pollset_poll(set, -1, &n, &ready) || n != 1 ||
            !take(ready->desc.s))
            return bench_failed("wake-up");
    bench_end();
    free(all);
    return true;
}

/* Who is ready, with an array made anew. */
static apr_socket_t *wait_one(apr_pollfd_t *fds, apr_socket_t **all,
                              size_t count)
{
    apr_int32_t n;

    for (size_t i = 0; i < count; i++)
        fds[i] = to_read(all[i]);
    if (apr_poll(fds, (apr_int32_t)count, &n, -1) || n != 1)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (fds[i].rtnevents)
            return fds[i].desc.s;
    return NULL;
}

static bool select_one(const struct job *job)
{
    apr_socket_t *peer, **all = make_crowd(job->idle, &peer), *ready;
    apr_pollfd_t *fds = calloc(job->idle + 1, sizeof *fds);

    if (!all || !fds)
        return bench_failed("connections");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!poke(peer) || !(ready = wait_one(fds, all, job->idle + 1)) ||
            !take(ready))
            return bench_failed("wake-up");
    bench_end();
    free(fds);
    free(all);
    return true;
}

/* ---- the server ---- */

static apr_status_t welcome(apr_socket_t *listener, apr_pollset_t *set)
{
    apr_socket_t *s;
    apr_status_t  err;

    if ((err = apr_socket_accept(&s, listener, pool)) ||
        (err = apr_socket_opt_set(s, APR_TCP_NODELAY, 1)) ||
        (err = apr_socket_timeout_set(s, 0)))
        return err;
    return watch(set, s);
}

/* A client that is gone is let go. */
static apr_status_t serve(const apr_pollfd_t *ready, apr_pollset_t *set)
{
    static char   bytes[4096];
    apr_socket_t *s = ready->desc.s;
    apr_size_t    n = sizeof bytes;

    if (!apr_socket_recv(s, bytes, &n))
        return apr_socket_send(s, bytes, &n);
    apr_pollset_remove(set, ready);
    return apr_socket_close(s);
}

static apr_status_t serve_ready(apr_socket_t *listener, apr_pollset_t *set)
{
    const apr_pollfd_t *ready;
    apr_int32_t         n;
    apr_status_t        err = apr_pollset_poll(set, -1, &n, &ready);

    for (apr_int32_t i = 0; i < n && !err; i++)
        err = ready[i].desc.s == listener ? welcome(listener, set)
                                          : serve(&ready[i], set);
    return err;
}

static apr_status_t listen_new(int port, apr_socket_t **s, apr_sockaddr_t **at)
{
    apr_status_t err;

    if ((err = apr_sockaddr_info_get(at, "127.0.0.1", APR_INET,
                                     (apr_port_t)port, 0, pool)) ||
        (err = apr_socket_create(s, APR_INET, SOCK_STREAM, 0, pool)) ||
        (err = apr_socket_bind(*s, *at)) || (err = apr_socket_listen(*s, 4096)))
        return err;
    return apr_socket_addr_get(at, APR_LOCAL, *s);
}

static bool echo(const struct job *job)
{
    apr_socket_t   *listener;
    apr_sockaddr_t *at;
    apr_pollset_t  *set;
    apr_status_t    err;

    if ((err = start()) || (err = listen_new(job->port, &listener, &at)) ||
        (err = make_set(&set)) || (err = watch(set, listener)))
        return bench_failed("listen");
    bench_listens(at->port);
    while (!(err = serve_ready(listener, set)))
        ;
    return bench_failed("echo");
}

const struct engine engine_apr_wait[] = {
    {
        .name    = "APR",
        .version = apr_version_string,
        .work =
            {
                [WORK_WAKE]   = wake,
                [WORK_SELECT] = select_one,
                [WORK_ECHO]   = echo,
            },
    },
    {0},
};
