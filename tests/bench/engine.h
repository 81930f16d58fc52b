/* engine.h - one way to do the work: bare system calls, libsock, or a library
 * one would take instead.
 *
 * Each run of a work is a process of its own on one CPU, both ends in it unless
 * the work says otherwise: waking another CPU costs more than all that is
 * measured here. It sets everything up, calls bench_begin(), does the work
 * `count` times, calls bench_end() and cleans up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

enum work {
    WORK_PING,       /* `size` bytes over TCP there and back, blocking */
    WORK_BULK,       /* `size` bytes over TCP one way, whole */
    WORK_LINES,      /* one line of `size` bytes, its "\n" included, read */
    WORK_WAKE,       /* among `idle` connections and one that gets a byte: wait
                        in a kept set, read it */
    WORK_SELECT,     /* the same with arrays that the caller rebuilds */
    WORK_CONNECT,    /* connect, accept, close both */
    WORK_DATAGRAM,   /* `size` bytes there and back, addresses as text */
    WORK_BURST,      /* one of many datagrams of `size` bytes to one place */
    WORK_ECHO,       /* a server of `idle` clients, each with one message of
                        `size` bytes under way: one echoed message */
    WORK_HANDSHAKE,  /* TLS 1.3, full, both ends */
    WORK_TLS_BULK,   /* `size` bytes over TLS 1.3 one way, whole */
    WORK_HOLD,       /* enter and leave a call, `idle` threads at once, each with
                        a handle of its own */
    WORK_COUNT
};

struct job {
    size_t size;  /* of a message, in bytes */
    size_t idle;  /* connections, clients or threads */
    long   count; /* how often */
    int    port;  /* WORK_ECHO: the server listens there; 0: any, told by
                     bench_listens() */
};

/* Between these two the time and the CPU time of the process count. */
void bench_begin(void);
void bench_end(void);

/* Says why the run failed, and returns false. */
bool bench_failed(const char *what);

/* WORK_ECHO: the server is ready on this port of 127.0.0.1. It serves until it
 * is killed; the clients are bare system calls in another process on the same
 * CPU. */
void bench_listens(int port);

typedef bool work_fn(const struct job *job);

struct engine {
    const char *name;             /* "raw", "libsock", "libevent" ... */
    const char *(*version)(void); /* NULL: none to tell */
    work_fn    *work[WORK_COUNT]; /* NULL: it has no such thing */
};

#endif
