/* setup.c - a connection, and lines on it, made before the time counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/setup.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Lines are written so many bytes at a time, which every receiver takes. */
#define PIECE 131072

int setup_listen(struct sockaddr_in *at)
{
    socklen_t size = sizeof *at;
    int       fd   = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(at, 0, sizeof *at);
    at->sin_family      = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) ||
        getsockname(fd, (struct sockaddr *)at, &size) ||
        listen(fd, SOMAXCONN)) {
        close(fd);
        return -1;
    }
    return fd;
}

int setup_connect(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && !connect(fd, (const struct sockaddr *)to, sizeof *to))
        return fd;
    close(fd);
    return -1;
}

bool bench_pair(int fd[2])
{
    struct sockaddr_in at;
    const int          one      = 1;
    int                listener = setup_listen(&at);

    if (listener < 0)
        return bench_failed("listen");
    fd[0] = setup_connect(&at);
    fd[1] = fd[0] < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    if (fd[1] < 0)
        return bench_failed("connect");
    for (int i = 0; i < 2; i++)
        setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return true;
}

long bench_lines(int fd, size_t size, long most)
{
    static char *text;
    static long  made;
    const int    room  = PIECE * 2;
    long         lines = (long)(PIECE / size);

    if (lines > most)
        lines = most;
    if (lines > made) {
        free(text);
        text = malloc((size_t)lines * size);
        if (!text)
            return 0;
        memset(text, 'x', (size_t)lines * size);
        for (long i = 1; i <= lines; i++)
            text[(size_t)i * size - 1] = '\n';
        made = lines;
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    }
    if (send(fd, text, (size_t)lines * size, MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t)((size_t)lines * size)) {
        bench_failed("fill with lines");
        return 0;
    }
    return lines;
}
