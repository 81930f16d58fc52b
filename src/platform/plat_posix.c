/* plat_posix.c - clock, waiting, signals, process and texts of a POSIX system.
 *
 * SPDX-License-Identifier: MIT
 */
#include "platform/plat.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static locale_t       english;
static pthread_once_t english_once = PTHREAD_ONCE_INIT;

int64_t sk_plat_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

sk_err sk_plat_poll(struct pollfd *fds, size_t count, int timeout_ms,
                    int *ready)
{
    *ready = poll(fds, (nfds_t)count, timeout_ms);
    if (*ready >= 0)
        return 0;
    *ready = 0;
    return errno;
}

/* Faults come from the program's own doing, not while it waits. */
static bool is_fault(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
           number == SIGILL || number == SIGTRAP || number == SIGABRT ||
           number == SIGSYS;
}

bool sk_plat_handles_signals(void)
{
    struct sigaction action;

    for (int number = 1; number < NSIG; number++)
        if (!is_fault(number) && !sigaction(number, NULL, &action) &&
            action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
            return true;
    return false;
}

/* A call with a time limit is interrupted whatever the handler's flags, and
 * nothing tells which signal it was. So a single handler without SA_RESTART
 * makes the answer no: ending too early serves a program better than never. */
bool sk_plat_restarts(void)
{
    struct sigaction action;

    for (int number = 1; number < NSIG; number++) {
        if (sigaction(number, NULL, &action))
            continue;
        if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
            continue;
        if (!(action.sa_flags & SA_RESTART))
            return false;
    }
    return true;
}

const char *sk_plat_env(const char *name)
{
    return getenv(name);
}

int64_t sk_plat_process(void)
{
    return getpid();
}

static void make_english(void)
{
    english = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

const char *sk_plat_strerror(int code)
{
    pthread_once(&english_once, make_english);
    return strerror_l(code, english);
}
