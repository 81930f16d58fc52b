/* crowd.c - thousands of connections on which nothing arrives.
 *
 * Their other ends are in a process of their own, because one process may not
 * have as many descriptors. A run inherits them: to make them anew for each
 * would take longer than the run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/setup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int   *crowd;
static size_t members;
static pid_t  holder;

/* Takes connections until it is killed; then they end with a reset, so that no
 * ended ones are in the way of what comes. */
static void hold_others(int listener, pid_t parent)
{
    const struct linger at_once = {1, 0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd; getppid() == parent;) {
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            _exit(1);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    _exit(0);
}

static bool connect_all(const struct sockaddr_in *to, size_t count)
{
    crowd = malloc(count * sizeof *crowd);
    for (members = 0; crowd && members < count; members++)
        if ((crowd[members] = setup_connect(to)) < 0)
            return false;
    return crowd != NULL;
}

bool crowd_open(size_t count)
{
    struct sockaddr_in at;
    pid_t              parent   = getpid();
    int                listener = setup_listen(&at);
    bool               ok;

    if (listener < 0)
        return false;
    holder = fork();
    if (holder == 0)
        hold_others(listener, parent);
    ok = holder > 0 && connect_all(&at, count);
    close(listener);
    return ok;
}

void crowd_close(void)
{
    if (holder > 0) {
        kill(holder, SIGKILL);
        waitpid(holder, NULL, 0);
    }
    while (members > 0)
        close(crowd[--members]);
    free(crowd);
    crowd  = NULL;
    holder = 0;
}

bool bench_idle(int *fds, size_t count)
{
    if (count > members)
        return bench_failed("more idle ones than there are");
    memcpy(fds, crowd, count * sizeof *fds);
    return true;
}

int *bench_crowd(size_t count, int *poke)
{
    int *fds = malloc((count + 1) * sizeof *fds);
    int  pair[2];

    if (!fds || !bench_idle(fds, count) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        free(fds);
        return NULL;
    }
    *poke      = pair[0];
    fds[count] = pair[1];
    return fds;
}
