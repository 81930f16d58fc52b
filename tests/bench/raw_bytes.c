/* raw_bytes.c - bytes and lines over TCP, and connecting, by bare calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool raw_take(int fd, char *bytes, size_t size)
{
    size_t  got = 0;
    ssize_t n;

    while (got < size) {
        n = recv(fd, bytes + got, size - got, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

static bool give(int fd, const char *bytes, size_t size)
{
    size_t  put = 0;
    ssize_t n;

    while (put < size) {
        n = send(fd, bytes + put, size - put, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        put += (size_t)n;
    }
    return true;
}

bool raw_ping(const struct job *job)
{
    int   fd[2];
    char *bytes = calloc(1, job->size);
    bool  ok    = true;

    if (!bytes || !bench_pair(fd))
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = give(fd[0], bytes, job->size) &&
             raw_take(fd[1], bytes, job->size) &&
             give(fd[1], bytes, job->size) && raw_take(fd[0], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || bench_failed("ping");
}

bool raw_bulk(const struct job *job)
{
    int   fd[2];
    char *bytes = calloc(1, job->size);
    bool  ok    = true;

    if (!bytes || !bench_pair(fd))
        return false;
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = give(fd[0], bytes, job->size) && raw_take(fd[1], bytes, job->size);
    bench_end();
    free(bytes);
    return ok || bench_failed("bulk");
}

/* ---- lines ---- */

#define BUFFER 16384

struct reader {
    int    fd;
    size_t at;
    size_t end;
    char   bytes[BUFFER];
};

/* More bytes behind the rest of the last ones, which slides to the front. */
static bool refill(struct reader *r)
{
    ssize_t n;

    memmove(r->bytes, r->bytes + r->at, r->end - r->at);
    r->end -= r->at;
    r->at = 0;
    do
        n = recv(r->fd, r->bytes + r->end, BUFFER - r->end, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        r->end += (size_t)n;
    return n > 0;
}

/* A line, its end included, into the caller's buffer; its length, 0: failed. */
static size_t read_line(struct reader *r, char *line, size_t size)
{
    char  *from, *end;
    size_t length;

    for (;;) {
        from = r->bytes + r->at;
        end  = memchr(from, '\n', r->end - r->at);
        if (end) {
            length = (size_t)(end - from) + 1;
            if (length > size)
                length = size;
            memcpy(line, from, length);
            r->at += length;
            return length;
        }
        if (r->end - r->at == BUFFER || !refill(r))
            return 0;
    }
}

bool raw_lines(const struct job *job)
{
    static struct reader reader;
    int                  fd[2];
    char                 line[1024];
    bool                 ok = bench_pair(fd);
    long                 n;

    reader.fd = fd[1];
    for (long left = job->count; ok && left > 0; left -= n) {
        n  = bench_lines(fd[0], job->size, left);
        ok = n > 0;
        bench_begin();
        for (long i = 0; ok && i < n; i++)
            ok = read_line(&reader, line, sizeof line) == job->size;
        bench_end();
    }
    return ok || bench_failed("lines");
}

bool raw_getline(const struct job *job)
{
    int    fd[2];
    char  *line = NULL;
    size_t room = 0;
    bool   ok   = bench_pair(fd);
    FILE  *f    = ok ? fdopen(fd[1], "r") : NULL;
    long   n;

    ok = f && !setvbuf(f, NULL, _IOFBF, BUFFER);
    for (long left = job->count; ok && left > 0; left -= n) {
        n  = bench_lines(fd[0], job->size, left);
        ok = n > 0;
        bench_begin();
        for (long i = 0; ok && i < n; i++)
            ok = getline(&line, &room, f) == (ssize_t)job->size;
        bench_end();
    }
    free(line);
    if (f)
        fclose(f);
    return ok || bench_failed("lines");
}

/* ---- connecting ---- */

int raw_listen(int *port)
{
    struct sockaddr_in at   = {.sin_family      = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t          size = sizeof at;
    int                fd   = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) ||
        getsockname(fd, (struct sockaddr *)&at, &size) ||
        listen(fd, SOMAXCONN)) {
        bench_failed("listen");
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static bool connect_once(int listener, const struct sockaddr_in *to)
{
    int  client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
    bool ok;

    if (client < 0)
        return false;
    ok     = !connect(client, (const struct sockaddr *)to, sizeof *to);
    server = ok ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    close(client);
    if (server >= 0)
        close(server);
    return server >= 0;
}

bool raw_connect(const struct job *job)
{
    struct sockaddr_in to = {.sin_family      = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int                port, listener = raw_listen(&port);
    bool               ok = listener >= 0;

    if (!ok)
        return false;
    to.sin_port = htons((uint16_t)port);
    bench_begin();
    for (long i = 0; ok && i < job->count; i++)
        ok = connect_once(listener, &to);
    bench_end();
    return ok || bench_failed("connect");
}
