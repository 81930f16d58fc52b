/* echo.c - the clients of an echo server, and what it costs the server.
 *
 * Bare blocking sockets. Each client always has one message under way: a round
 * sends one on each, then takes each echo. The server's CPU time is read from
 * outside, before and after, so that no engine can count wrongly.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/run.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A server that stops is given up after this. */
#define PATIENCE_S 20

static bool dress(int fd)
{
    const struct linger  at_once  = {1, 0};
    const struct timeval patience = {PATIENCE_S, 0};
    const int            one      = 1;

    /* Closed with a reset: thousands of ended connections would be in the way
     * of the next run. */
    return !setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) &&
           !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                       sizeof patience) &&
           !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                       sizeof patience) &&
           !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int connect_one(int port)
{
    struct sockaddr_in to = {.sin_family      = AF_INET,
                             .sin_port        = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && dress(fd) && !connect(fd, (struct sockaddr *)&to, sizeof to))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool one_round(const int *fds, size_t count, const char *message,
                      char *echo, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (send(fds[i], message, size, MSG_NOSIGNAL) != (ssize_t)size)
            return false;
    for (size_t i = 0; i < count; i++)
        if (recv(fds[i], echo, size, MSG_WAITALL) != (ssize_t)size ||
            memcmp(message, echo, size) != 0)
            return false;
    return true;
}

static double cpu_of(pid_t process)
{
    clockid_t       clock;
    struct timespec t = {0, 0};

    if (!clock_getcpuclockid(process, &clock))
        clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const char *measure(pid_t server, const int *fds, const struct job *job,
                           struct run *out)
{
    char  *bytes  = calloc(2, job->size);
    long   rounds = job->count / (long)job->idle + 1;
    double cpu, wall;
    bool   ok;

    if (!bytes)
        return "memory";
    memset(bytes, 'x', job->size);
    ok   = one_round(fds, job->idle, bytes, bytes + job->size, job->size);
    wall = run_now();
    cpu  = cpu_of(server);
    for (long i = 0; ok && i < rounds; i++)
        ok = one_round(fds, job->idle, bytes, bytes + job->size, job->size);
    out->cpu_ns  = cpu_of(server) - cpu;
    out->wall_ns = run_now() - wall;
    out->ops     = (double)rounds * (double)job->idle;
    free(bytes);
    return ok ? NULL : "an echo that is not the message";
}

const char *echo_clients(pid_t server, int port, const struct job *job,
                         struct run *out)
{
    int        *fds = malloc(job->idle * sizeof *fds);
    size_t      count;
    const char *what = NULL;

    if (!fds)
        return "memory";
    for (count = 0; count < job->idle && !what; count++) {
        fds[count] = connect_one(port);
        if (fds[count] < 0)
            what = "connect to the server";
    }
    if (!what)
        what = measure(server, fds, job, out);
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(fds);
    return what;
}
