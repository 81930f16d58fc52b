/* engine_php.c - the work done by PHP, in a process of its own.
 *
 * engine_php.php does it and measures itself, so that starting PHP is not
 * counted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/engine.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef BENCH_SCRIPT
#error "BENCH_SCRIPT is the path of engine_php.php"
#endif

/* The status of a process that could not become PHP, or not all of it. */
#define NOT_HERE 127

static const char not_here[] = "there is no php with sockets and openssl";

/* Becomes PHP, whose output goes to fd. `extra` is what the work needs beyond
 * its job: a port or a file. */
static void become_php(const char *work, const struct job *job,
                       const char *extra, int fd)
{
    char size[24], idle[24], count[24];

    snprintf(size, sizeof size, "%zu", job->size);
    snprintf(idle, sizeof idle, "%zu", job->idle);
    snprintf(count, sizeof count, "%ld", job->count);
    if (dup2(fd, STDOUT_FILENO) >= 0)
        execlp("php", "php", BENCH_SCRIPT, work, size, idle, count, extra,
               (char *)NULL);
    _exit(NOT_HERE);
}

/* What fd says, up to its end or its first line. */
static void read_answer(int fd, char *text, size_t size)
{
    size_t  used = 0;
    ssize_t n;

    while (used < size - 1 &&
           (n = read(fd, text + used, size - 1 - used)) > 0) {
        used += (size_t)n;
        if (text[used - 1] == '\n')
            break;
    }
    text[used] = '\0';
}

static bool run(const char *work, const struct job *job, const char *extra)
{
    int    out[2], status;
    char   text[512];
    double wall, cpu;
    pid_t  php;

    if (pipe(out) || (php = fork()) < 0)
        return bench_failed("fork");
    if (php == 0)
        become_php(work, job, extra, out[1]);
    close(out[1]);
    read_answer(out[0], text, sizeof text);
    close(out[0]);
    if (waitpid(php, &status, 0) != php)
        return bench_failed("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        return bench_cannot(not_here);
    if (sscanf(text, "%lf %lf", &wall, &cpu) != 2)
        return bench_failed(text);
    bench_took(wall, cpu);
    return true;
}

static bool ping(const struct job *job)
{
    return run("ping", job, "");
}

static bool bulk(const struct job *job)
{
    return run("bulk", job, "");
}

static bool lines(const struct job *job)
{
    return run("lines", job, "");
}

static bool connect_many(const struct job *job)
{
    return run("connect", job, "");
}

static bool datagram(const struct job *job)
{
    return run("datagram", job, "");
}

static bool burst(const struct job *job)
{
    return run("burst", job, "");
}

static bool handshake(const struct job *job)
{
    const char *pem = bench_certificate();

    return pem && run("handshake", job, pem);
}

static bool tls_bulk(const struct job *job)
{
    const char *pem = bench_certificate();

    return pem && run("tls_bulk", job, pem);
}

/* Sockets that PHP can wait for. */
#define MOST 1000

static const char why_not[] = "its select ends at descriptor 1,023";

/* PHP connects its idle sockets to this listener, which accepts nobody: the
 * numbers of their other ends would be above what PHP's select can take. */
static int listen_anywhere(char port[8])
{
    struct sockaddr_in at   = {.sin_family      = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t          size = sizeof at;
    int                fd   = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        return -1;
    snprintf(port, 8, "%u", (unsigned)ntohs(at.sin_port));
    return fd;
}

static bool select_one(const struct job *job)
{
    char port[8];
    int  listener;
    bool ok;

    if (job->idle > MOST)
        return bench_cannot(why_not);
    if ((listener = listen_anywhere(port)) < 0)
        return bench_failed("listen");
    ok = run("select", job, port);
    close(listener);
    return ok;
}

static bool read_version(char *text, size_t size)
{
    int   out[2], status;
    pid_t php;

    if (pipe(out) || (php = fork()) < 0)
        return false;
    if (php == 0)
        become_php("version", &(struct job){0}, "", out[1]);
    close(out[1]);
    read_answer(out[0], text, size);
    close(out[0]);
    return waitpid(php, &status, 0) == php && !status;
}

/* This process becomes PHP, since its CPU time is what counts; another one says
 * when it listens. */
static bool echo(const struct job *job)
{
    int   out[2];
    char  text[512], port[8];
    pid_t herald;

    if (job->idle > MOST)
        return bench_cannot(why_not);
    if (!read_version(text, sizeof text))
        return bench_cannot(not_here);
    snprintf(port, sizeof port, "%d", job->port);
    if (pipe(out) || (herald = fork()) < 0)
        return bench_failed("fork");
    if (herald)
        become_php("echo", job, port, out[1]);
    close(out[1]);
    read_answer(out[0], text, sizeof text);
    if (atoi(text) > 0)
        bench_listens(atoi(text));
    _exit(0);
}

static const char *version(void)
{
    static char text[32];

    return read_version(text, sizeof text) ? text : "none";
}

const struct engine engine_php[] = {
    {
        .name    = "PHP",
        .version = version,
        .work =
            {
                [WORK_PING]      = ping,
                [WORK_BULK]      = bulk,
                [WORK_LINES]     = lines,
                [WORK_SELECT]    = select_one,
                [WORK_CONNECT]   = connect_many,
                [WORK_DATAGRAM]  = datagram,
                [WORK_BURST]     = burst,
                [WORK_ECHO]      = echo,
                [WORK_HANDSHAKE] = handshake,
                [WORK_TLS_BULK]  = tls_bulk,
            },
    },
    {0},
};
