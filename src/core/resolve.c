/* resolve.c - host names to addresses, off the caller's thread.
 *
 * getaddrinfo() cannot be told to stop. So it runs on a thread of its own, with
 * all signals blocked, and the caller sleeps until the answer is there, its
 * time is over, or its socket is closed. The query belongs to both; whoever is
 * last frees it, so a late answer is dropped. At most 16 look-ups run at once;
 * a call beyond that waits for a place within its own time. A caller with
 * neither a limit nor a socket asks on its own thread.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"

#include "core/addr.h"
#include "core/wait.h"

#include <sock/error.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#define MOST_AT_ONCE 16

struct query {
    _Atomic int    owners; /* the caller and the thread */
    _Atomic bool   done;
    sk_resolve_fn *look_up; /* as they were when the query was made */
    void (*release)(struct addrinfo *);
    struct addrinfo  hints;
    int              eai;    /* set before done */
    int              system; /* errno behind EAI_SYSTEM; set before done */
    struct addrinfo *found;  /* set before done */
    char             name[SK_ADDR_NAME_MAX + 1];
};

static sk_resolve_fn *look_up             = getaddrinfo;
static void (*release)(struct addrinfo *) = freeaddrinfo;

static _Atomic int running;

/* A process that forks starts anew: the threads stayed behind. */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
    atomic_store(&running, 0);
}

static void set_up(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

void sk_resolve_use(sk_resolve_fn *with, void (*free_with)(struct addrinfo *))
{
    look_up = with ? with : getaddrinfo;
    release = with ? free_with : freeaddrinfo;
}

sk_err sk_resolve_code(int eai, int system)
{
    static const struct {
        int    eai;
        sk_err code;
    } codes[] = {
        {EAI_AGAIN, LIBSOCK_EAI_AGAIN},
        {EAI_BADFLAGS, LIBSOCK_EAI_BADFLAGS},
        {EAI_FAIL, LIBSOCK_EAI_FAIL},
        {EAI_FAMILY, LIBSOCK_EAI_FAMILY},
        {EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_SERVICE, LIBSOCK_EAI_SERVICE},
        {EAI_SOCKTYPE, LIBSOCK_EAI_SOCKTYPE},
        {EAI_OVERFLOW, LIBSOCK_EAI_OVERFLOW},
        {EAI_NODATA, LIBSOCK_EAI_NODATA},
        {EAI_ADDRFAMILY, LIBSOCK_EAI_ADDRFAMILY},
        {EAI_MEMORY, ENOMEM},
        {0, 0},
    };

    if (eai == EAI_SYSTEM)
        return system ? system : LIBSOCK_EAI_OTHER;
    for (size_t i = 0; i < SK_COUNT(codes); i++)
        if (codes[i].eai == eai)
            return codes[i].code;
    return LIBSOCK_EAI_OTHER;
}

sk_err sk_resolve_here(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found)
{
    int    eai = look_up(name, service, hints, found);
    sk_err err = sk_resolve_code(eai, errno);

    if (err)
        *found = NULL;
    return err;
}

void sk_resolve_release(struct addrinfo *found)
{
    if (found)
        release(found);
}

static void disown(struct query *q)
{
    if (atomic_fetch_sub(&q->owners, 1) > 1)
        return;
    if (q->found)
        q->release(q->found);
    free(q);
}

/* ---- the thread ---- */

static void *work(void *arg)
{
    struct query *q = arg;

    q->eai    = q->look_up(q->name, NULL, &q->hints, &q->found);
    q->system = errno;
    if (q->eai)
        q->found = NULL;
    atomic_store(&q->done, true);
    disown(q);
    atomic_fetch_sub(&running, 1);
    sk_wait_wake_all();
    return NULL;
}

static sk_err start(struct query *q)
{
    pthread_attr_t detached;
    pthread_t      thread;
    sigset_t       all, before;
    sk_err         err;

    sigfillset(&all);
    if ((err = pthread_attr_init(&detached)))
        return err;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&thread, &detached, work, q);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return err;
}

/* ---- the caller ---- */

static bool take_place(void *unused)
{
    int now = atomic_load(&running);

    (void)unused;
    while (now < MOST_AT_ONCE)
        if (atomic_compare_exchange_weak(&running, &now, now + 1))
            return true;
    return false;
}

static bool is_done(void *what)
{
    struct query *q = what;

    return atomic_load(&q->done);
}

static sk_err collect(const struct addrinfo *found, int port,
                      struct sk_addr **list, size_t *count)
{
    size_t n = 0;

    for (const struct addrinfo *a = found; a; a = a->ai_next)
        n++;
    if (!n || !(*list = calloc(n, sizeof **list)))
        return n ? ENOMEM : LIBSOCK_EAI_NODATA;
    *count = 0;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        struct sk_addr *to = &(*list)[*count];

        if (a->ai_addrlen > sizeof to->u)
            continue;
        memcpy(&to->u, a->ai_addr, a->ai_addrlen);
        to->len = a->ai_addrlen;
        sk_addr_set_port(to, port);
        ++*count;
    }
    if (*count)
        return 0;
    free(*list);
    *list = NULL;
    return LIBSOCK_EAI_NODATA;
}

static struct query *new_query(struct sk_sock *s, const char *name)
{
    struct query *q = calloc(1, sizeof *q);

    if (!q)
        return NULL;
    atomic_init(&q->owners, 2);
    q->look_up           = look_up;
    q->release           = release;
    q->hints.ai_family   = s->domain;
    q->hints.ai_socktype = s->type;
    q->hints.ai_flags    = s->domain == AF_INET6 ? AI_V4MAPPED : 0;
    if (s->type == SOCK_RAW)
        q->hints.ai_socktype = 0;
    memcpy(q->name, name, strlen(name) + 1);
    return q;
}

sk_err sk_resolve(struct sk_sock *s, const char *name, int port, int64_t until,
                  struct sk_addr **list, size_t *count)
{
    struct query *q;
    sk_err        err;

    SK_ASSERT(strlen(name) <= SK_ADDR_NAME_MAX);
    pthread_once(&once, set_up);
    if ((err = sk_wait_for(s, take_place, NULL, until)))
        return err;
    if (!(q = new_query(s, name)) || (err = start(q))) {
        atomic_fetch_sub(&running, 1);
        free(q);
        return err ? err : ENOMEM;
    }
    err = sk_wait_for(s, is_done, q, until);
    if (!err)
        err = sk_resolve_code(q->eai, q->system);
    if (!err)
        err = collect(q->found, port, list, count);
    disown(q);
    return err;
}
