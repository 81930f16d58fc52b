/* resolve.c - host names to addresses, off the caller's thread.
 *
 * getaddrinfo() cannot be told to stop. So a query is put at the end of a list;
 * threads, at most 16, with all signals blocked, take queries from its front
 * and end when it is empty. The caller waits as it likes, within its own time,
 * and leaves when it has had enough: a query that waits for its turn is gone
 * then, the answer of one that was begun is dropped. Whoever is last frees it.
 *
 * Rejected: threads that stay. A program that looks up one name would have
 * them for ever, and making one costs little beside a look-up.
 *
 * In a forked child the list is empty and no thread runs; what the parent's
 * queries hold is left alone, for their callers are not there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"

#include "base/list.h"
#include "core/addr.h"
#include "core/handle.h"
#include "core/wait.h"

#include <sock/error.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#define MOST_THREADS 16

struct sk_query {
    struct sk_link link;    /* guarded by lock: in `waiting`, or alone */
    bool           left;    /* guarded by lock: its caller wants it no more */
    int            bell;    /* guarded by lock: -1 none */
    _Atomic bool   done;    /* raised with the lock held */
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

static pthread_mutex_t lock    = PTHREAD_MUTEX_INITIALIZER;
static struct sk_link  waiting = {&waiting, &waiting}; /* guarded by lock */
static int             threads;                        /* guarded by lock */
static pthread_once_t  once = PTHREAD_ONCE_INIT;

/* ---- fork ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
    pthread_mutex_init(&lock, NULL);
    sk_list_init(&waiting);
    threads = 0;
}

/* The handles come first: a query that is done wakes who waits for them. */
static void set_up(void)
{
    sk_handle_set_up();
    pthread_atfork(before_fork, in_parent, in_child);
}

/* ---- asking on this thread ---- */

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

/* ---- the threads ---- */

static void free_query(struct sk_query *q)
{
    if (q->found)
        q->release(q->found);
    free(q);
}

/* NULL: there is no more to do, and this thread counts no more. */
static struct sk_query *next_query(void)
{
    struct sk_link *link;

    pthread_mutex_lock(&lock);
    if (!(link = sk_list_shift(&waiting)))
        threads--;
    pthread_mutex_unlock(&lock);
    return link ? SK_ITEM(link, struct sk_query, link) : NULL;
}

/* Who hears the bell finds the query done; who finds it done can free it only
 * once the lock is given back. */
static void answer(struct sk_query *q)
{
    bool left;

    q->eai    = q->look_up(q->name, NULL, &q->hints, &q->found);
    q->system = errno;
    if (q->eai)
        q->found = NULL;
    pthread_mutex_lock(&lock);
    left = q->left;
    atomic_store(&q->done, true);
    if (q->bell >= 0)
        sk_plat_ring(q->bell);
    pthread_mutex_unlock(&lock);
    sk_wait_wake_all();
    if (left)
        free_query(q);
}

static void *work(void *unused)
{
    struct sk_query *q;

    (void)unused;
    while ((q = next_query()))
        answer(q);
    return NULL;
}

static sk_err start_thread(void)
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
    err = pthread_create(&thread, &detached, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return err;
}

/* One more thread for one more query, while there may be more. None that can be
 * had is a failure only if nobody else will come to the query. */
static sk_err put_in_line(struct sk_query *q)
{
    sk_err err = 0;

    pthread_mutex_lock(&lock);
    sk_list_append(&waiting, &q->link);
    if (threads < MOST_THREADS && !(err = start_thread()))
        threads++;
    if (threads)
        err = 0;
    else
        sk_list_remove(&q->link);
    pthread_mutex_unlock(&lock);
    return err;
}

/* ---- the caller ---- */

static sk_err begin(const char *name, const struct addrinfo *hints,
                    struct sk_query **out)
{
    struct sk_query *q = calloc(1, sizeof *q);
    sk_err           err;

    SK_ASSERT(strlen(name) <= SK_ADDR_NAME_MAX);
    if (!q)
        return ENOMEM;
    pthread_once(&once, set_up);
    sk_list_init(&q->link);
    q->bell    = -1;
    q->look_up = look_up;
    q->release = release;
    q->hints   = *hints;
    if (q->hints.ai_socktype == SOCK_RAW)
        q->hints.ai_socktype = 0;
    memcpy(q->name, name, strlen(name) + 1);
    if ((err = put_in_line(q)))
        free_query(q);
    else
        *out = q;
    return err;
}

sk_err sk_query_begin(const char *name, int family, int socktype,
                      struct sk_query **out)
{
    const struct addrinfo hints = {.ai_family   = family,
                                   .ai_socktype = socktype};

    return begin(name, &hints, out);
}

void sk_query_bell(struct sk_query *q, int fd)
{
    pthread_mutex_lock(&lock);
    q->bell = fd;
    if (fd >= 0 && sk_query_done(q))
        sk_plat_ring(fd);
    pthread_mutex_unlock(&lock);
}

bool sk_query_done(struct sk_query *q)
{
    return atomic_load(&q->done);
}

/* Its address, if it is one of the family that was asked for. */
static bool copy(const struct addrinfo *a, int family, int port,
                 struct sk_addr *to)
{
    socklen_t size = family == AF_INET ? sizeof to->u.in4 : sizeof to->u.in6;

    if (a->ai_addrlen != size || a->ai_addr->sa_family != family)
        return false;
    memcpy(&to->u, a->ai_addr, size);
    to->len = size;
    sk_addr_set_port(to, port);
    return true;
}

static sk_err collect(const struct sk_query *q, int port, struct sk_addr **list,
                      size_t *count)
{
    size_t n = 0;

    for (const struct addrinfo *a = q->found; a; a = a->ai_next)
        n++;
    if (!n || !(*list = calloc(n, sizeof **list)))
        return n ? ENOMEM : LIBSOCK_EAI_NODATA;
    *count = 0;
    for (const struct addrinfo *a = q->found; a; a = a->ai_next)
        *count += copy(a, q->hints.ai_family, port, &(*list)[*count]);
    if (*count)
        return 0;
    free(*list);
    *list = NULL;
    return LIBSOCK_EAI_NODATA;
}

sk_err sk_query_take(struct sk_query *q, int port, struct sk_addr **list,
                     size_t *count)
{
    SK_ASSERT(sk_query_done(q));
    return q->eai ? sk_resolve_code(q->eai, q->system)
                  : collect(q, port, list, count);
}

void sk_query_leave(struct sk_query *q)
{
    bool over;

    if (!q)
        return;
    pthread_mutex_lock(&lock);
    over    = sk_list_has(&q->link) || sk_query_done(q);
    q->left = true;
    q->bell = -1;
    sk_list_remove(&q->link);
    pthread_mutex_unlock(&lock);
    if (over)
        free_query(q);
}

static bool is_done(void *what)
{
    return sk_query_done(what);
}

sk_err sk_resolve(struct sk_sock *s, const char *name, int port, int64_t until,
                  struct sk_addr **list, size_t *count)
{
    const struct addrinfo hints = {
        .ai_family   = s->domain,
        .ai_socktype = s->type,
        .ai_flags    = s->domain == AF_INET6 ? AI_V4MAPPED : 0,
    };
    struct sk_query *q;
    sk_err           err = begin(name, &hints, &q);

    if (err)
        return err;
    if (!(err = sk_wait_for(s, is_done, q, until)))
        err = sk_query_take(q, port, list, count);
    sk_query_leave(q);
    return err;
}
