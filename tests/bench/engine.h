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
    WORK_PING,    /* `size` bytes over TCP there and back, blocking */
    WORK_BULK,    /* `size` bytes over TCP one way, whole */
    WORK_LINES,   /* one line of `size` bytes, its "\n" included, read */
    WORK_WAKE,    /* among `idle` connections and one that gets a byte: wait
                     in a kept set, read it */
    WORK_SELECT,  /* the same with arrays that the caller rebuilds, and looks at
                     only where the busy one stands: walking through them
                     costs every caller the same */
    WORK_CONNECT, /* connect, accept, close both */
    WORK_DATAGRAM,  /* `size` bytes there and back, addresses as text */
    WORK_BURST,     /* one of many datagrams of `size` bytes to one place */
    WORK_ECHO,      /* a server of `idle` clients, each with one message of
                       `size` bytes under way: one echoed message */
    WORK_HANDSHAKE, /* connect, accept, TLS 1.3 with a full handshake and a
                       verified server, one byte from it to the client, close
                       both */
    WORK_TLS_BULK,  /* `size` bytes over TLS 1.3 one way, whole */
    WORK_HOLD,      /* enter and leave a call, `idle` threads at once, each with
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

/* Between these two the time and the CPU time of the process count, its
 * threads' together. They may come several times: the pieces are added up. */
void bench_begin(void);
void bench_end(void);

/* Instead of these two: another process did the work and tells what it took. */
void bench_took(double wall_ns, double cpu_ns);

/* Says why the run failed, and returns false. */
bool bench_failed(const char *what);

/* Says why this engine cannot do this job at all, which is no failure, and
 * returns false. */
bool bench_cannot(const char *why);

/* WORK_ECHO: the server is ready on this port of 127.0.0.1. It serves until it
 * is killed; the clients are bare system calls in another process on the same
 * CPU. */
void bench_listens(int port);

/* WORK_HOLD: the calling thread runs on the CPU of this number from now on,
 * counted among those the benchmark may use. */
void bench_pin(size_t number);

/* ---- for setting up; all of them bare descriptors, blocking ---- */

/* A TCP connection over 127.0.0.1 that does not delay small writes. */
bool bench_pair(int fd[2]);

/* WORK_WAKE, WORK_SELECT: so many TCP connections on which nothing ever
 * arrives, job->idle at most; their other ends are in another process. All runs
 * of a row have the same ones: close them, but do not shut them down. */
bool bench_idle(int *fds, size_t count);

/* The same, and behind them the one that is busy, whose other end goes to
 * *poke: count + 1 descriptors, to be freed. NULL: failed. The busy one is of
 * AF_UNIX, where the byte that wakes costs the least. */
int *bench_crowd(size_t count, int *poke);

/* WORK_LINES: the lines that the other end of a bench_pair() will read, at most
 * `most` of them, as many as it can hold. Their number; 0: failed. Call it
 * outside of bench_begin() and bench_end(), whenever all are read. */
long bench_lines(int fd, size_t size, long most);

/* TLS: a file, PEM, with a certificate for localhost and 127.0.0.1, signed by
 * itself, and its key. NULL: built without TLS. */
const char *bench_certificate(void);

typedef bool work_fn(const struct job *job);

struct engine {
    const char *name;             /* "raw", "libsock", "libevent" ... */
    const char *(*version)(void); /* NULL: none to tell */
    work_fn *work[WORK_COUNT];    /* NULL: it has no such thing */
};

/* engine_NAME.c defines `const struct engine engine_NAME[]`: one or several,
 * ended by one without a name. CMakeLists.txt lists the NAMEs. */

#endif
