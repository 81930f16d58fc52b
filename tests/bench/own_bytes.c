/* own_bytes.c - bytes and lines over TCP, and connecting, by libsock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/own.h"

#include <errno.h>
#include <stdlib.h>

bool own_failed(void)
{
    errno = 0;
    return bench_failed(sock_last_message(NULL));
}

bool own_pair(sock_t *pair[2])
{
    int fd[2];

    if (!bench_pair(fd))
        return false;
    pair[0] = sock_import_fd(fd[0]);
    pair[1] = sock_import_fd(fd[1]);
    return (pair[0] && pair[1]) || own_failed();
}

bool own_take(sock_t *s, char *bytes, size_t size)
{
    size_t  got = 0;
    ssize_t n;

    while (got < size) {
        n = sock_recv(s, bytes + got, size - got, 0);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

bool own_ping(const struct job *job)
{
    sock_t *pair[2];
    char   *bytes = calloc(1, job->size);
    bool    ok    = true;

    if (!bytes || !own_pair(pair))
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = sock_write_all(pair[0], bytes, job->size, NULL) &&
             own_take(pair[1], bytes, job->size) &&
             sock_write_all(pair[1], bytes, job->size, NULL) &&
             own_take(pair[0], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || own_failed();
}

bool own_bulk(const struct job *job)
{
    sock_t *pair[2];
    char   *bytes = calloc(1, job->size);
    bool    ok    = true;

    if (!bytes || !own_pair(pair))
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = sock_write_all(pair[0], bytes, job->size, NULL) &&
             own_take(pair[1], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || own_failed();
}

bool own_lines(const struct job *job)
{
    int     fd[2];
    sock_t *s;
    char    line[1024];
    bool    ok;
    long    n;

    if (!bench_pair(fd))
        return false;
    s  = sock_import_fd(fd[1]);
    ok = s != NULL;
    for (long left = job->count; ok && left > 0; left -= n) {
        n = bench_lines(fd[0], job->size, left);
        if (!n)
            return false;
        bench_begin();
        for (long i = 0; ok && i < n; i++)
            ok = sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ) ==
                 (ssize_t)job->size;
        bench_end();
    }
    return ok || own_failed();
}

/* ---- connecting ---- */

static bool connect_once(sock_t *listener, int port)
{
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0), *server = NULL;

    if (client && sock_connect(client, "127.0.0.1", port))
        server = sock_accept(listener);
    return sock_close(client) && sock_close(server);
}

bool own_connect(const struct job *job)
{
    sock_t *listener = sock_create(AF_INET, SOCK_STREAM, 0);
    int     port;
    bool    ok = listener && sock_bind(listener, "127.0.0.1", 0) &&
              sock_getsockname(listener, NULL, 0, &port) &&
              sock_listen(listener, SOMAXCONN);

    if (!ok)
        return own_failed();
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = connect_once(listener, port);
    bench_end();
    return ok || own_failed();
}
