/* engine_apr.c - the work done by the Apache Portable Runtime.
 *
 * Its sockets are blocking with no limit unless told otherwise. What it makes
 * lives in a pool; what is made for each operation gets one of its own, cleared
 * afterwards, as its servers do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <apr_errno.h>
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_version.h>

#include <string.h>

#define ROOM (64 * 1024)

static apr_pool_t *pool;
static char        bytes[ROOM];

static bool fail(const char *what, apr_status_t status)
{
    char text[128], reason[100];

    apr_strerror(status, reason, sizeof reason);
    apr_snprintf(text, sizeof text, "%s: %s", what, reason);
    return bench_failed(text);
}

static apr_status_t start(void)
{
    apr_status_t err = apr_initialize();

    memset(bytes, 'x', sizeof bytes);
    return err ? err : apr_pool_create(&pool, NULL);
}

/* ---- making sockets ---- */

static apr_status_t adopt(apr_socket_t **s, int fd)
{
    *s = NULL;
    return apr_os_sock_put(s, &fd, pool);
}

static bool start_pair(apr_socket_t *ends[2])
{
    int          fd[2];
    apr_status_t err;

    if (!bench_pair(fd))
        return false;
    if ((err = start()) || (err = adopt(&ends[0], fd[0])) ||
        (err = adopt(&ends[1], fd[1])))
        return fail("connection", err);
    return true;
}

static apr_status_t bind_new(int type, apr_socket_t **s)
{
    apr_sockaddr_t *at;
    apr_status_t    err;

    if ((err = apr_sockaddr_info_get(&at, "127.0.0.1", APR_INET, 0, 0, pool)) ||
        (err = apr_socket_create(s, APR_INET, type, 0, pool)))
        return err;
    return apr_socket_bind(*s, at);
}

static apr_status_t listen_new(apr_socket_t **s, apr_sockaddr_t **at)
{
    apr_status_t err;

    if ((err = bind_new(SOCK_STREAM, s)) || (err = apr_socket_listen(*s, 4096)))
        return err;
    return apr_socket_addr_get(at, APR_LOCAL, *s);
}

/* ---- bytes ---- */

static bool send_all(apr_socket_t *s, size_t size)
{
    for (size_t done = 0; done < size;) {
        apr_size_t n = size - done;

        if (apr_socket_send(s, bytes + done, &n))
            return false;
        done += n;
    }
    return true;
}

static bool recv_all(apr_socket_t *s, size_t size)
{
    for (size_t done = 0; done < size;) {
        apr_size_t n = size - done;

        if (apr_socket_recv(s, bytes + done, &n))
            return false;
        done += n;
    }
    return true;
}

static bool ping(const struct job *job)
{
    apr_socket_t *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size) ||
            !send_all(ends[1], job->size) || !recv_all(ends[0], job->size))
            return bench_failed("a ping got lost");
    bench_end();
    return true;
}

static bool bulk(const struct job *job)
{
    apr_socket_t *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size))
            return bench_failed("bytes got lost");
    bench_end();
    return true;
}

static apr_status_t connect_one(apr_socket_t *listener, apr_sockaddr_t *at,
                                apr_pool_t *each)
{
    apr_socket_t *ends[2];
    apr_status_t  err;

    if ((err = apr_socket_create(&ends[0], APR_INET, SOCK_STREAM, 0, each)) ||
        (err = apr_socket_connect(ends[0], at)) ||
        (err = apr_socket_accept(&ends[1], listener, each)) ||
        (err = apr_socket_close(ends[0])))
        return err;
    return apr_socket_close(ends[1]);
}

static bool connect_many(const struct job *job)
{
    apr_socket_t   *listener;
    apr_sockaddr_t *at;
    apr_pool_t     *each;
    apr_status_t    err;

    if ((err = start()) || (err = listen_new(&listener, &at)) ||
        (err = apr_pool_create(&each, pool)))
        return fail("listen", err);
    bench_begin();
    for (long i = 0; i < job->count; i++) {
        if ((err = connect_one(listener, at, each)))
            return fail("connect", err);
        apr_pool_clear(each);
    }
    bench_end();
    return true;
}

/* ---- datagrams, by address text ---- */

static apr_status_t send_to(apr_socket_t *s, const char *text, int port,
                            size_t size, apr_pool_t *each)
{
    apr_sockaddr_t *to;
    apr_size_t      n = size;
    apr_status_t    err;

    if ((err = apr_sockaddr_info_get(&to, text, APR_INET, (apr_port_t)port, 0,
                                     each)))
        return err;
    return apr_socket_sendto(s, to, 0, bytes, &n);
}

static apr_status_t recv_from(apr_socket_t *s, apr_sockaddr_t *from, char *text,
                              size_t size)
{
    apr_size_t   n = sizeof bytes;
    apr_status_t err;

    if ((err = apr_socket_recvfrom(from, s, 0, bytes, &n)))
        return err;
    return n == size ? apr_sockaddr_ip_getbuf(text, 64, from) : APR_EINVAL;
}

/* There by the first's text, back to where it came from. */
static apr_status_t exchange(apr_socket_t *const ends[2], int port,
                             apr_sockaddr_t *from, size_t size,
                             apr_pool_t *each)
{
    char         text[64];
    apr_status_t err;

    if ((err = send_to(ends[0], "127.0.0.1", port, size, each)) ||
        (err = recv_from(ends[1], from, text, size)) ||
        (err = send_to(ends[1], text, from->port, size, each)))
        return err;
    return recv_from(ends[0], from, text, size);
}

static bool datagram(const struct job *job)
{
    apr_socket_t   *ends[2];
    apr_sockaddr_t *at, *from;
    apr_pool_t     *each;
    apr_status_t    err;

    if ((err = start()) || (err = apr_pool_create(&each, pool)) ||
        (err = bind_new(SOCK_DGRAM, &ends[0])) ||
        (err = bind_new(SOCK_DGRAM, &ends[1])) ||
        (err = apr_socket_addr_get(&at, APR_LOCAL, ends[1])) ||
        (err = apr_sockaddr_info_get(&from, NULL, APR_INET, 0, 0, pool)))
        return fail("datagram sockets", err);
    bench_begin();
    for (long i = 0; i < job->count; i++) {
        if ((err = exchange(ends, at->port, from, job->size, each)))
            return fail("datagram", err);
        apr_pool_clear(each);
    }
    bench_end();
    return true;
}

const struct engine engine_apr[] = {
    {
        .name    = "APR",
        .version = apr_version_string,
        .work =
            {
                [WORK_PING]     = ping,
                [WORK_BULK]     = bulk,
                [WORK_CONNECT]  = connect_many,
                [WORK_DATAGRAM] = datagram,
            },
    },
    {0},
};
