/* raw_datagram.c - datagrams by bare calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Datagrams under way at a time; they fit the receiver's buffer. With one send
 * they may be 64 KiB together. */
#define BURST 64
#define SEGMENTS 54
#define ROOM (1 << 20)

static int open_at(struct sockaddr_in *at)
{
    const int room = ROOM;
    socklen_t size = sizeof *at;
    int       fd   = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memset(at, 0, sizeof *at);
    at->sin_family      = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) ||
        getsockname(fd, (struct sockaddr *)at, &size) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room))
        return -1;
    return fd;
}

static bool put(int fd, const char *bytes, size_t size,
                const struct sockaddr_in *to)
{
    return sendto(fd, bytes, size, 0, (const struct sockaddr *)to,
                  sizeof *to) == (ssize_t)size;
}

static bool get(int fd, char *bytes, size_t size, struct sockaddr_in *from)
{
    socklen_t from_size = sizeof *from;

    return recvfrom(fd, bytes, size, 0, (struct sockaddr *)from, &from_size) ==
           (ssize_t)size;
}

bool raw_datagram(const struct job *job)
{
    struct sockaddr_in client_at, server_at, from;
    int   client = open_at(&client_at), server = open_at(&server_at);
    char *bytes = calloc(1, job->size);
    bool  ok    = bytes && client >= 0 && server >= 0;

    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = put(client, bytes, job->size, &server_at) &&
             get(server, bytes, job->size, &from) &&
             put(server, bytes, job->size, &from) &&
             get(client, bytes, job->size, &from);
    bench_end();
    free(bytes);
    return ok || bench_failed("datagram");
}

/* ---- bursts ---- */

static bool burst(int out, int in, char *bytes, size_t size, long n,
                  const struct sockaddr_in *to)
{
    struct sockaddr_in from;
    bool               ok = true;

    for (long i = 0; ok && i < n; i++)
        ok = put(out, bytes, size, to);
    for (long i = 0; ok && i < n; i++)
        ok = get(in, bytes, size, &from);
    return ok;
}

bool raw_burst(const struct job *job)
{
    struct sockaddr_in out_at, in_at;
    int                out = open_at(&out_at), in = open_at(&in_at);
    char              *bytes = calloc(1, job->size);
    bool               ok    = bytes && out >= 0 && in >= 0;
    long               n;

    bench_begin();
    for (long left = job->count; ok && left > 0; left -= n) {
        n  = left < BURST ? left : BURST;
        ok = burst(out, in, bytes, job->size, n, &in_at);
    }
    bench_end();
    free(bytes);
    return ok || bench_failed("burst");
}

/* One send that the kernel cuts, one receive of what it has joined again. */
bool raw_burst_gso(const struct job *job)
{
    struct sockaddr_in out_at, in_at, from;
    int                out = open_at(&out_at), in = open_at(&in_at);
    const int          size = (int)job->size, one = 1;
    char              *bytes = calloc(SEGMENTS, job->size);
    long               n;
    bool               ok = bytes && out >= 0 && in >= 0 &&
              !setsockopt(out, SOL_UDP, UDP_SEGMENT, &size, sizeof size) &&
              !setsockopt(in, SOL_UDP, UDP_GRO, &one, sizeof one);

    bench_begin();
    for (long left = job->count; ok && left > 0; left -= n) {
        n  = left < SEGMENTS ? left : SEGMENTS;
        ok = put(out, bytes, (size_t)n * job->size, &in_at) &&
             get(in, bytes, (size_t)n * job->size, &from);
    }
    bench_end();
    free(bytes);
    return ok || bench_failed("burst");
}
