/* raw_wait.c - waiting for one of many, and a server of many, by bare calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256

static bool watch(int epoll, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};

    return !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- one of many: epoll ---- */

static bool wake_once(int epoll, int poke, int busy)
{
    struct epoll_event events[EVENTS];
    char               byte = 'x';

    return send(poke, &byte, 1, MSG_NOSIGNAL) == 1 &&
           epoll_wait(epoll, events, EVENTS, -1) == 1 &&
           events[0].data.fd == busy && recv(busy, &byte, 1, 0) == 1;
}

bool raw_wake(const struct job *job)
{
    int  poke, epoll = epoll_create1(EPOLL_CLOEXEC);
    int *fds = bench_crowd(job->idle, &poke);
    bool ok  = fds && epoll >= 0;

    for (size_t i = 0; ok && i <= job->idle; i++)
        ok = watch(epoll, fds[i]);
    if (!ok)
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = wake_once(epoll, poke, fds[job->idle]);
    bench_end();
    free(fds);
    return ok || bench_failed("wake");
}

/* ---- one of many: poll(2), whose array need not be made again ---- */

static bool poll_once(struct pollfd *all, size_t count, int poke)
{
    char byte = 'x';

    return send(poke, &byte, 1, MSG_NOSIGNAL) == 1 &&
           poll(all, (nfds_t)count, -1) == 1 && all[count - 1].revents &&
           recv(all[count - 1].fd, &byte, 1, 0) == 1;
}

bool raw_poll(const struct job *job)
{
    int            poke, *fds = bench_crowd(job->idle, &poke);
    size_t         count = job->idle + 1;
    struct pollfd *all   = calloc(count, sizeof *all);
    bool           ok    = fds && all;

    for (size_t i = 0; ok && i < count; i++) {
        all[i].fd     = fds[i];
        all[i].events = POLLIN;
    }
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = poll_once(all, count, poke);
    bench_end();
    free(all);
    free(fds);
    return ok || bench_failed("poll");
}

/* ---- one of many: select(2), with sets larger than FD_SETSIZE ---- */

#define WORD (sizeof(unsigned long) * CHAR_BIT)

struct bits {
    unsigned long *all;   /* kept */
    unsigned long *ready; /* overwritten by each select */
    size_t         words;
    int            most; /* the highest descriptor */
};

static bool make_bits(struct bits *b, const int *fds, size_t count)
{
    b->most = 0;
    for (size_t i = 0; i < count; i++)
        b->most = fds[i] > b->most ? fds[i] : b->most;
    b->words = (size_t)b->most / WORD + 1;
    b->words = b->words < 16 ? 16 : b->words; /* of an fd_set at least */
    b->all   = calloc(b->words, sizeof *b->all);
    b->ready = calloc(b->words, sizeof *b->ready);
    for (size_t i = 0; b->all && i < count; i++)
        b->all[(size_t)fds[i] / WORD] |= 1UL << (size_t)fds[i] % WORD;
    return b->all && b->ready;
}

static bool select_once(struct bits *b, int busy, int poke)
{
    char byte = 'x';

    if (send(poke, &byte, 1, MSG_NOSIGNAL) != 1)
        return false;
    memcpy(b->ready, b->all, b->words * sizeof *b->all);
    return select(b->most + 1, (fd_set *)(void *)b->ready, NULL, NULL, NULL) ==
               1 &&
           (b->ready[(size_t)busy / WORD] >> (size_t)busy % WORD & 1) &&
           recv(busy, &byte, 1, 0) == 1;
}

bool raw_select(const struct job *job)
{
    int         poke, *fds = bench_crowd(job->idle, &poke);
    struct bits bits = {0};
    bool        ok   = fds && make_bits(&bits, fds, job->idle + 1);

    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = select_once(&bits, fds[job->idle], poke);
    bench_end();
    free(bits.all);
    free(bits.ready);
    free(fds);
    return ok || bench_failed("select");
}

/* ---- a server of many ---- */

static bool take_client(int epoll, int listener)
{
    const int one = 1;
    int       fd  = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno == EAGAIN;
    return !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) &&
           watch(epoll, fd);
}

static bool answer(int fd, char *bytes, size_t size)
{
    ssize_t n = recv(fd, bytes, size, 0);

    if (n > 0)
        return send(fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
    if (n < 0 && errno == EAGAIN)
        return true;
    return !close(fd);
}

bool raw_echo(const struct job *job)
{
    struct epoll_event events[EVENTS];
    char               bytes[4096];
    int                port, n, epoll = epoll_create1(EPOLL_CLOEXEC);
    int                listener = raw_listen(&port);
    bool               ok       = watch(epoll, listener);

    (void)job;
    bench_listens(port);
    while (ok) {
        n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; ok && i < n; i++)
            ok = events[i].data.fd == listener
                     ? take_client(epoll, listener)
                     : answer(events[i].data.fd, bytes, sizeof bytes);
    }
    return bench_failed("echo");
}
