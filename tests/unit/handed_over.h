/* handed_over.h - a child to whom sockets are handed over, as systemd does it.
 *
 * What was taken is remembered in the process: so each test is a child.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_UNIT_HANDED_OVER_H
#define TESTS_UNIT_HANDED_OVER_H

#include "core/handle.h"
#include "stream/handed.h"
#include "support/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* In a child: no assertion may unwind into the parent's tests. */
#define EXPECT(x)                                                              \
    do {                                                                       \
        if (!(x)) {                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);            \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static inline void run_in_child(void (*body)(void))
{
    int   status = -1;
    pid_t child  = fork();

    if (!child) {
        alarm(30);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A test of that name is what NAME_child() does. */
#define TEST(name)                                                             \
    static void name##_child(void);                                            \
    static void name(void **state)                                             \
    {                                                                          \
        (void)state;                                                           \
        run_in_child(name##_child);                                            \
    }                                                                          \
    static void name##_child(void)

/* ---- what is handed over ---- */

static inline void put_at(int fd, int at)
{
    EXPECT(fd >= 0);
    if (fd == at)
        return;
    EXPECT(dup2(fd, at) == at); /* not close-on-exec, as systemd's */
    close(fd);
}

static inline int bound(int domain, int type)
{
    struct sockaddr_storage at;
    int                     fd = socket(domain, type, 0);

    memset(&at, 0, sizeof at);
    at.ss_family = (sa_family_t)domain;
    if (domain == AF_INET)
        ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (domain == AF_INET6)
        ((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
    EXPECT(!bind(fd, (struct sockaddr *)&at,
                 domain == AF_UNIX ? sizeof at.ss_family : sizeof at));
    return fd;
}

static inline void put_listener(int at)
{
    int fd = bound(AF_INET, SOCK_STREAM);

    EXPECT(!listen(fd, 5));
    put_at(fd, at);
}

static inline void say_owner(long pid)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", pid);
    EXPECT(!setenv("LISTEN_PID", text, 1));
}

static inline void say(const char *count, const char *names)
{
    say_owner(getpid());
    EXPECT(!(count ? setenv("LISTEN_FDS", count, 1) : unsetenv("LISTEN_FDS")));
    EXPECT(!(names ? setenv("LISTEN_FDNAMES", names, 1)
                   : unsetenv("LISTEN_FDNAMES")));
}

/* Listeners from 3 on. */
static inline void hand(int count, const char *names)
{
    char text[16];

    for (int i = 0; i < count; i++)
        put_listener(3 + i);
    snprintf(text, sizeof text, "%d", count);
    say(text, names);
}

/* ---- taking ---- */

/* The descriptor, or less an error. */
static inline int take_why(const char *which, const char **why)
{
    struct sk_sock *s   = NULL;
    sk_err          err = sk_handed_take(which, strlen(which), &s, why);

    EXPECT(!err == !!s);
    return err ? -err : sock_fd(sk_handle_publish(s));
}

static inline int take(const char *which)
{
    const char *why;

    return take_why(which, &why);
}

static inline bool is_refused(const char *which, sk_err reason,
                              const char *says)
{
    const char *why = "";
    int         fd  = take_why(which, &why);

    if (fd != -reason || !why || !strstr(why, says))
        fprintf(stderr, "%s: %d: %s\n", which, fd, why ? why : "NULL");
    return fd == -reason && why && strstr(why, says);
}

#endif
