/* engine_nspr.c - the work done by the Netscape Portable Runtime.
 *
 * Below, its sockets are non-blocking, and it polls for what must wait. It
 * waits for many with an array that is made anew each time; there is no kept
 * set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <nspr.h>
#include <private/pprio.h>

#include <stdlib.h>
#include <string.h>

#define FOR_EVER PR_INTERVAL_NO_TIMEOUT

static char bytes[64 * 1024];

static bool start_pair(PRFileDesc *ends[2])
{
    int fd[2];

    memset(bytes, 'x', sizeof bytes);
    if (!bench_pair(fd))
        return false;
    ends[0] = PR_ImportTCPSocket(fd[0]);
    ends[1] = PR_ImportTCPSocket(fd[1]);
    return (ends[0] && ends[1]) || bench_failed("PR_ImportTCPSocket");
}

static void close_pair(PRFileDesc *ends[2])
{
    PR_Close(ends[0]);
    PR_Close(ends[1]);
}

/* It sends all there is. */
static bool send_all(PRFileDesc *s, size_t size)
{
    return PR_Send(s, bytes, (PRInt32)size, 0, FOR_EVER) == (PRInt32)size;
}

static bool recv_all(PRFileDesc *s, size_t size)
{
    for (size_t done = 0; done < size;) {
        PRInt32 n =
            PR_Recv(s, bytes + done, (PRInt32)(size - done), 0, FOR_EVER);

        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool ping(const struct job *job)
{
    PRFileDesc *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size) ||
            !send_all(ends[1], job->size) || !recv_all(ends[0], job->size))
            return bench_failed("a ping got lost");
    bench_end();
    close_pair(ends);
    return true;
}

static bool bulk(const struct job *job)
{
    PRFileDesc *ends[2];

    if (!start_pair(ends))
        return false;
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(ends[0], job->size) || !recv_all(ends[1], job->size))
            return bench_failed("bytes got lost");
    bench_end();
    close_pair(ends);
    return true;
}

/* ---- connecting ---- */

static PRFileDesc *listen_new(PRNetAddr *at)
{
    PRFileDesc *s = PR_OpenTCPSocket(PR_AF_INET);

    if (s && PR_InitializeNetAddr(PR_IpAddrLoopback, 0, at) == PR_SUCCESS &&
        PR_Bind(s, at) == PR_SUCCESS && PR_Listen(s, 4096) == PR_SUCCESS &&
        PR_GetSockName(s, at) == PR_SUCCESS)
        return s;
    return NULL;
}

static bool connect_one(PRFileDesc *listener, const PRNetAddr *at)
{
    PRFileDesc *ends[2];
    PRNetAddr   peer;

    if (!(ends[0] = PR_OpenTCPSocket(PR_AF_INET)) ||
        PR_Connect(ends[0], at, FOR_EVER) != PR_SUCCESS ||
        !(ends[1] = PR_Accept(listener, &peer, FOR_EVER)))
        return false;
    return PR_Close(ends[0]) == PR_SUCCESS && PR_Close(ends[1]) == PR_SUCCESS;
}

static bool connect_many(const struct job *job)
{
    PRNetAddr   at;
    PRFileDesc *listener = listen_new(&at);

    if (!listener)
        return bench_failed("listen");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!connect_one(listener, &at))
            return bench_failed("connect");
    bench_end();
    PR_Close(listener);
    return true;
}

/* ---- datagrams, by address text ---- */

static PRFileDesc *datagram_new(PRNetAddr *at)
{
    PRFileDesc *s = PR_OpenUDPSocket(PR_AF_INET);

    if (s && PR_InitializeNetAddr(PR_IpAddrLoopback, 0, at) == PR_SUCCESS &&
        PR_Bind(s, at) == PR_SUCCESS && PR_GetSockName(s, at) == PR_SUCCESS)
        return s;
    return NULL;
}

static bool send_to(PRFileDesc *s, const char *text, int port, size_t size)
{
    PRNetAddr to;

    if (PR_StringToNetAddr(text, &to) != PR_SUCCESS)
        return false;
    to.inet.port = PR_htons((PRUint16)port);
    return PR_SendTo(s, bytes, (PRInt32)size, 0, &to, FOR_EVER) ==
           (PRInt32)size;
}

static bool recv_from(PRFileDesc *s, char text[64], int *port, size_t size)
{
    PRNetAddr from;

    if (PR_RecvFrom(s, bytes, sizeof bytes, 0, &from, FOR_EVER) !=
        (PRInt32)size)
        return false;
    *port = PR_ntohs(from.inet.port);
    return PR_NetAddrToString(&from, text, 64) == PR_SUCCESS;
}

static bool datagram(const struct job *job)
{
    PRNetAddr   at;
    PRFileDesc *ends[2] = {datagram_new(&at), datagram_new(&at)};
    char        text[64];
    int         port;

    memset(bytes, 'x', sizeof bytes);
    if (!ends[0] || !ends[1])
        return bench_failed("datagram sockets");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_to(ends[0], "127.0.0.1", PR_ntohs(at.inet.port), job->size) ||
            !recv_from(ends[1], text, &port, job->size) ||
            !send_to(ends[1], text, port, job->size) ||
            !recv_from(ends[0], text, &port, job->size))
            return bench_failed("a datagram got lost");
    bench_end();
    close_pair(ends);
    return true;
}

/* ---- waiting ---- */

/* Those that are idle, and the busy one last; its other end at *peer. */
static PRFileDesc **make_crowd(size_t idle, PRFileDesc **peer)
{
    int          poke, *fds = bench_crowd(idle, &poke);
    PRFileDesc **all = calloc(idle + 1, sizeof(PRFileDesc *));
    bool         ok  = fds && all && (*peer = PR_ImportTCPSocket(poke));

    for (size_t i = 0; i <= idle && ok; i++)
        ok = (all[i] = PR_ImportTCPSocket(fds[i])) != NULL;
    free(fds);
    return ok ? all : NULL;
}

/* Who is ready, with an array made anew. */
static PRFileDesc *wait_one(PRPollDesc *polled, PRFileDesc **all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        polled[i] = (PRPollDesc){.fd = all[i], .in_flags = PR_POLL_READ};
    if (PR_Poll(polled, (PRIntn)count, FOR_EVER) != 1)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (polled[i].out_flags)
            return polled[i].fd;
    return NULL;
}

static bool select_one(const struct job *job)
{
    PRFileDesc *peer, **all = make_crowd(job->idle, &peer), *ready;
    PRPollDesc *polled = calloc(job->idle + 1, sizeof *polled);

    if (!all || !polled)
        return bench_failed("connections");
    bench_begin();
    for (long i = 0; i < job->count; i++)
        if (!send_all(peer, 1) ||
            !(ready = wait_one(polled, all, job->idle + 1)) ||
            !recv_all(ready, 1))
            return bench_failed("wake-up");
    bench_end();
    free(polled);
    free(all);
    return true;
}

const struct engine engine_nspr[] = {
    {
        .name    = "NSPR",
        .version = PR_GetVersion,
        .work =
            {
                [WORK_PING]     = ping,
                [WORK_BULK]     = bulk,
                [WORK_SELECT]   = select_one,
                [WORK_CONNECT]  = connect_many,
                [WORK_DATAGRAM] = datagram,
            },
    },
    {0},
};
