/* resolver.c - a made-up resolver, whose answers and whose time are the test's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/resolver.h"

#include "support/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct family {
    const char *const *addresses; /* NULL: fail */
    int                eai, system;
    bool               shut;
    int                passes;
    int                answered;
} families[2]; /* AF_INET6, AF_INET */

static pthread_mutex_t lock    = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  changed = PTHREAD_COND_INITIALIZER;
static int             inside, most_inside, released;
static bool            signals_blocked;
static char            asked[1024];

static struct family *of(int family)
{
    return &families[family == AF_INET];
}

/* ---- the resolver ---- */

static void parse(struct addrinfo *a, const char *text)
{
    union {
        struct sockaddr     any;
        struct sockaddr_in  in4;
        struct sockaddr_in6 in6;
    } *to = calloc(1, sizeof *to);

    a->ai_addr    = &to->any;
    a->ai_addrlen = sizeof to->in4;
    if (inet_pton(AF_INET, text, &to->in4.sin_addr) == 1) {
        a->ai_family = to->any.sa_family = AF_INET;
    } else if (inet_pton(AF_INET6, text, &to->in6.sin6_addr) == 1) {
        a->ai_family = to->any.sa_family = AF_INET6;
        a->ai_addrlen                    = sizeof to->in6;
    }
}

static int give(const struct family *f, struct addrinfo **out)
{
    *out = NULL;
    if (!f->addresses) {
        errno = f->system;
        return f->eai;
    }
    for (size_t i = 0; f->addresses[i]; i++) {
        *out = calloc(1, sizeof **out);
        parse(*out, f->addresses[i]);
        out = &(*out)->ai_next;
    }
    return 0;
}

static void enter(const char *name, int family)
{
    size_t   len = strlen(asked);
    sigset_t now;

    pthread_sigmask(SIG_SETMASK, NULL, &now);
    signals_blocked = sigismember(&now, SIGTERM) && sigismember(&now, SIGINT);
    snprintf(asked + len, sizeof asked - len, "%s/%d ", name,
             family == AF_INET ? 4 : 6);
    if (++inside > most_inside)
        most_inside = inside;
    pthread_cond_broadcast(&changed);
}

int resolver_look_up(const char *name, const char *service,
                     const struct addrinfo *hints, struct addrinfo **out)
{
    struct family *f = of(hints->ai_family);
    int            eai;

    (void)service;
    pthread_mutex_lock(&lock);
    enter(name, hints->ai_family);
    while (f->shut && !f->passes)
        pthread_cond_wait(&changed, &lock);
    if (f->shut)
        f->passes--;
    inside--;
    f->answered++;
    eai = give(f, out);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return eai;
}

void resolver_release(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(list->ai_addr);
        free(list);
        list = next;
    }
    pthread_mutex_lock(&lock);
    released++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- the test ---- */

void resolver_reset(void)
{
    const struct family unknown = {.eai = EAI_NONAME};

    pthread_mutex_lock(&lock);
    families[0] = families[1] = unknown;
    most_inside = released = 0;
    asked[0]               = '\0';
    pthread_mutex_unlock(&lock);
}

/* What is counted stays. */
static void change(int family, struct family *to)
{
    pthread_mutex_lock(&lock);
    to->answered = of(family)->answered;
    *of(family)  = *to;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void resolver_say(int family, const char *const *addresses)
{
    struct family to = *of(family);

    to.addresses = addresses;
    change(family, &to);
}

void resolver_fail(int family, int eai, int system)
{
    struct family to = *of(family);

    to.addresses = NULL;
    to.eai       = eai;
    to.system    = system;
    change(family, &to);
}

void resolver_shut(int family)
{
    struct family to = *of(family);

    to.shut   = true;
    to.passes = 0;
    change(family, &to);
}

void resolver_open(int family)
{
    struct family to = *of(family);

    to.shut = false;
    change(family, &to);
}

void resolver_pass(int family)
{
    pthread_mutex_lock(&lock);
    of(family)->passes++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void resolver_wait_inside(int count)
{
    pthread_mutex_lock(&lock);
    while (inside != count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void resolver_wait_answered(int family, int count)
{
    pthread_mutex_lock(&lock);
    while (of(family)->answered < count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void resolver_wait_released(int count)
{
    pthread_mutex_lock(&lock);
    while (released != count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static int quiet;

static void *nothing(void *unused)
{
    return unused;
}

/* A sanitizer starts a thread of its own beside the first; one that was joined
 * may be seen a moment longer. */
void resolver_begin(void)
{
    pthread_t first;

    pthread_create(&first, NULL, nothing, NULL);
    pthread_join(first, NULL);
    quiet = running_threads();
    for (int i = 0; i < 20; i++) {
        int now = running_threads();

        if (now < quiet)
            quiet = now;
        poll(NULL, 0, 1);
    }
}

void resolver_drain(void)
{
    resolver_open(AF_INET);
    resolver_open(AF_INET6);
    wait_for_threads(quiet);
}

const char *resolver_asked(void)
{
    static char copy[sizeof asked];

    pthread_mutex_lock(&lock);
    memcpy(copy, asked, sizeof copy);
    pthread_mutex_unlock(&lock);
    return copy;
}

int resolver_most_inside(void)
{
    int most;

    pthread_mutex_lock(&lock);
    most = most_inside;
    pthread_mutex_unlock(&lock);
    return most;
}

bool resolver_signals_blocked(void)
{
    bool blocked;

    pthread_mutex_lock(&lock);
    blocked = signals_blocked;
    pthread_mutex_unlock(&lock);
    return blocked;
}
