/* count_calls.c - the same sends and receives by libsock or by bare calls, for
 * counting instructions: see docs/performance.md.
 *
 *     count_calls raw|sock COUNT
 *
 * SPDX-License-Identifier: MIT
 */
#include <sock/sock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool run_raw(const int fds[2], long count)
{
    char byte = 'x';

    while (count--)
        if (send(fds[0], &byte, 1, MSG_NOSIGNAL) != 1 ||
            recv(fds[1], &byte, 1, 0) != 1)
            return false;
    return true;
}

static bool run_sock(sock_t *const pair[2], long count)
{
    char byte = 'x';

    while (count--)
        if (sock_send(pair[0], &byte, 1, 0) != 1 ||
            sock_recv(pair[1], &byte, 1, 0) != 1)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    long    count = argc > 2 ? atol(argv[2]) : 0;
    sock_t *pair[2];
    bool    done = false;

    if (count < 1 || !sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair))
        return 2;
    if (!strcmp(argv[1], "raw"))
        done = run_raw((int[]){sock_fd(pair[0]), sock_fd(pair[1])}, count);
    else
        done = run_sock(pair, count);
    sock_close(pair[0]);
    sock_close(pair[1]);
    return done ? 0 : 1;
}
