/* engine_event.c - the work done by libevent.
 *
 * Plain events and the system's own calls where it has nothing above them: a
 * bufferevent costs an echo more than it saves. Lines come out of an evbuffer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;

/* ---- lines ---- */

/* evbuffer_read() would ask for the number of bytes first, and take 4 KiB. */
static bool fill(struct evbuffer *b, int fd)
{
    struct evbuffer_iovec room;
    ssize_t               n;

    if (evbuffer_reserve_space(b, 16384, &room, 1) != 1 ||
        (n = recv(fd, room.iov_base, room.iov_len, 0)) <= 0)
        return false;
    room.iov_len = (size_t)n;
    return !evbuffer_commit_space(b, &room, 1);
}

/* A line comes without its end, in memory of its own. */
static bool read_lines(struct evbuffer *b, int fd, size_t size, long count)
{
    while (count) {
        size_t n;
        char  *line = evbuffer_readln(b, &n, EVBUFFER_EOL_LF);

        if (!line) {
            if (!fill(b, fd))
                return false;
            continue;
        }
        free(line);
        if (n != size - 1)
            return false;
        count--;
    }
    return true;
}

static bool lines(const struct job *job)
{
    struct evbuffer *b = evbuffer_new();
    int              fd[2];
    long             n;

    if (!b || !bench_pair(fd))
        return bench_failed("connection");
    for (long left = job->count; left; left -= n) {
        if (!(n = bench_lines(fd[0], job->size, left)))
            return false;
        bench_begin();
        if (!read_lines(b, fd[1], job->size, n))
            return bench_failed("a line got lost");
        bench_end();
    }
    evbuffer_free(b);
    close(fd[0]);
    close(fd[1]);
    return true;
}

/* ---- one that gets a byte ---- */

static long woken;

static void take_byte(evutil_socket_t fd, short events, void *unused)
{
    char byte;

    (void)events;
    (void)unused;
    woken += recv(fd, &byte, 1, 0) == 1;
}

static bool watch(int fd, event_callback_fn call)
{
    struct event *e = event_new(base, fd, EV_READ | EV_PERSIST, call, NULL);

    return e && !event_add(e, NULL);
}

static bool wake_one(int peer, long i)
{
    if (send(peer, "x", 1, MSG_NOSIGNAL) != 1)
        return false;
    while (woken <= i)
        if (event_base_loop(base, EVLOOP_ONCE))
            return false;
    return woken == i + 1;
}

static bool wake(const struct job *job)
{
    int  peer, *fds = bench_crowd(job->idle, &peer);
    bool ok = fds && (base = event_base_new());

    for (size_t i = 0; i <= job->idle && ok; i++)
        ok = watch(fds[i], take_byte);
    if (!ok)
        return bench_failed("connections");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!wake_one(peer, i))
            return bench_failed("wake-up");
    bench_end();
    free(fds);
    return true;
}

/* ---- the server ---- */

static void serve(evutil_socket_t fd, short events, void *self)
{
    static char room[4096];
    ssize_t     n = recv(fd, room, sizeof room, 0);

    (void)events;
    if (n > 0 && send(fd, room, (size_t)n, MSG_NOSIGNAL) == n)
        return;
    if (n < 0 && errno == EAGAIN)
        return;
    event_free(self);
    evutil_closesocket(fd);
}

static void welcome(struct evconnlistener *l, evutil_socket_t fd,
                    struct sockaddr *peer, int size, void *unused)
{
    const int     one = 1;
    struct event *e =
        event_new(evconnlistener_get_base(l), fd, EV_READ | EV_PERSIST, serve,
                  event_self_cbarg());

    (void)peer;
    (void)size;
    (void)unused;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!e || event_add(e, NULL))
        evutil_closesocket(fd);
}

static bool echo(const struct job *job)
{
    struct sockaddr_in     at   = {.sin_family      = AF_INET,
                                   .sin_port        = htons((in_port_t)job->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t              size = sizeof at;
    struct evconnlistener *l;

    if (!(base = event_base_new()) ||
        !(l = evconnlistener_new_bind(
              base, welcome, NULL,
              LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
              4096, (struct sockaddr *)&at, sizeof at)) ||
        getsockname(evconnlistener_get_fd(l), (struct sockaddr *)&at, &size))
        return bench_failed("listen");
    bench_listens(ntohs(at.sin_port));
    event_base_dispatch(base);
    return bench_failed("echo");
}

const struct engine engine_event[] = {
    {
        .name    = "libevent",
        .version = event_get_version,
        .work =
            {
                [WORK_LINES] = lines,
                [WORK_WAKE]  = wake,
                [WORK_ECHO]  = echo,
            },
    },
    {0},
};
