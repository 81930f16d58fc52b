/* select_kept.c - select by a set that is kept from call to call.
 *
 * Each thread has a poll set of its own, which tells of ends: nothing is held
 * between the calls, and a handle that is closed, exported or read by another
 * thread reaches the set as any member's would. What it reports is looked up in
 * the arrays of this call, so an event of something no longer asked for is lost
 * and nothing else.
 *
 * To follow the arrays costs a system call a change, to ask poll(2) a fraction
 * of one a slot. A set that is asked for once is not worth following, so calls
 * go to poll(2) until that has cost as much.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"
#include "core/kept.h"
#include "core/member.h"
#include "core/poll.h"
#include "core/wait.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Slots that poll(2) looks at in the time of one change. */
#define SLOTS_PER_CHANGE 4u

/* So many that are ready at once are many. */
#define CROWD 16u

/* So many buckets are not kept for few entries. */
#define LARGE 1024u

struct keeper {
    struct sk_link    link; /* guarded by keepers_lock: in keepers */
    struct sk_kept    kept;
    struct sock_poll *set;
    unsigned          forks; /* of the process that made the set */
    size_t            paid;  /* handles that poll(2) has looked at instead */
    bool              busy;  /* a signal handler may select, too */
    size_t            asked; /* slots of the last call, however served ... */
    size_t            ready; /* ... and so many of them were ready */
};

static _Thread_local struct keeper *mine;

/* All of them, for a child of fork. */
static pthread_mutex_t keepers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sk_link  keepers      = {&keepers, &keepers};

/* ---- life ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t  leaving; /* runs when a thread ends */
static bool           works;   /* set by once */

static void dispose(struct keeper *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&keepers_lock);
    sk_list_remove(&k->link);
    pthread_mutex_unlock(&keepers_lock);
    sock_poll_free(k->set);
    sk_kept_fini(&k->kept);
    free(k);
}

static void forget(void *keeper)
{
    mine = NULL;
    dispose(keeper);
}

static void set_up(void)
{
    works = !pthread_key_create(&leaving, forget);
}

static sk_err make(struct keeper **out)
{
    struct keeper *k = NULL;
    sk_err         err;

    pthread_once(&once, set_up);
    if (!works || !(k = calloc(1, sizeof *k)))
        return ENOMEM;
    sk_kept_init(&k->kept);
    sk_list_init(&k->link);
    if ((err = sk_poll_make(true, &k->set)))
        goto done;
    k->forks = sk_handle_forks;
    if ((err = pthread_setspecific(leaving, k)))
        goto done;
    pthread_mutex_lock(&keepers_lock);
    sk_list_append(&keepers, &k->link);
    pthread_mutex_unlock(&keepers_lock);
    *out = k;
    k    = NULL;
done:
    dispose(k);
    return err;
}

void sk_select_forget(void)
{
    if (!mine)
        return;
    pthread_setspecific(leaving, NULL);
    forget(mine);
}

void sk_select_before_fork(void)
{
    pthread_mutex_lock(&keepers_lock);
}

void sk_select_in_parent(void)
{
    pthread_mutex_unlock(&keepers_lock);
}

/* The sets of other threads take no descriptors here; if this thread's handler
 * has forked in the middle of a select, that goes on. */
void sk_select_in_child(void)
{
    struct sk_link *link;

    while ((link = sk_list_shift(&keepers))) {
        struct keeper *k = SK_ITEM(link, struct keeper, link);

        if (k != mine)
            sk_poll_abandon(k->set);
    }
    pthread_mutex_unlock(&keepers_lock);
    if (mine && !mine->busy)
        sk_select_forget();
}

/* ---- the set follows ---- */

/* Urgent data alone: an end that nobody asked for would be told for ever. */
static unsigned mode_of(unsigned asks)
{
    return asks == SK_POLLER_URGENT ? LIBSOCK_POLL_ONESHOT : 0;
}

/* A handle that is closed meanwhile leaves the set by itself, which tells. */
static sk_err change(struct keeper *k, struct sk_kept_entry *e,
                     struct sk_sock *s, unsigned asks)
{
    unsigned events = asks | mode_of(asks);
    sk_err   err;

    if (!asks) {
        err = sk_member_remove(k->set, s);
        if (!err)
            e->member = false;
    } else if (e->member) {
        err = sk_member_modify(k->set, s, events, e);
    } else {
        err = sk_member_add(k->set, s, events, e);
        if (!err)
            e->member = true;
    }
    return err == ENOENT && sk_handle_closing(s) ? EBADF : err;
}

static sk_err watch(struct keeper *k, struct sk_kept_entry *e)
{
    unsigned        asks = sk_kept_asks(e);
    uint64_t        held;
    struct sk_sock *s   = NULL;
    sk_err          err = 0;

    if (!asks && !e->member)
        return 0;
    s   = sk_handle_hold(e->handle, SK_HOLDER, &held);
    err = s ? change(k, e, s, asks) : sk_handle_refusal(e->handle);
    if (s)
        sk_handle_release(s, held);
    if (err && err != EBADF)
        return err;
    if (err && !e->member)
        sk_kept_close(&k->kept, e);
    e->watched = asks;
    return 0;
}

static sk_err watch_all(struct keeper *k)
{
    struct sk_link *link;
    sk_err          err = 0;

    while (!err && !sk_list_is_empty(&k->kept.changed)) {
        struct sk_kept_entry *e;

        link = k->kept.changed.behind;
        e    = SK_ITEM(link, struct sk_kept_entry, place);
        if (!(err = watch(k, e)))
            sk_kept_settle(&k->kept, e);
    }
    return err;
}

void sk_select_note(const struct sk_select *call, int ready)
{
    if (!mine || mine->busy)
        return;
    mine->asked = call->slots;
    mine->ready = (size_t)ready;
}

/* One that is ready costs the set more than poll(2), one that is not nothing.
 */
static bool most_were_ready(const struct keeper *k)
{
    return k->ready >= CROWD && k->ready * 3 >= k->asked;
}

/* Is it worth it by now? */
static bool pays(struct keeper *k, size_t worth)
{
    size_t changes = k->kept.changed_count;

    if (!changes)
        return true;
    k->paid += k->kept.handle_count;
    if (changes > worth && (changes - worth) * SLOTS_PER_CHANGE > k->paid)
        return false;
    k->paid = 0;
    return true;
}

static sk_err follow(struct keeper *k, size_t worth)
{
    if (!k->kept.handle_count || !pays(k, worth))
        return SK_SELECT_OTHER;
    return watch_all(k);
}

/* ---- the answer ---- */

/* An error and an end are readable and writable, as for select(2). */
static unsigned told(unsigned events)
{
    const unsigned over = LIBSOCK_POLL_ERROR | LIBSOCK_POLL_HUP;

    if (events & over)
        events |= LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE;
    if (events & SK_POLL_ENDED)
        events |= LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE | SK_POLLER_URGENT;
    return events;
}

/* Its mode is ONESHOT: the next call arms it again. */
static void note_spent(struct keeper *k, struct sk_kept_entry *e)
{
    if (e->watched != SK_POLLER_URGENT)
        return;
    e->watched |= LIBSOCK_POLL_ONESHOT;
    sk_list_append(&k->kept.changed, &e->place);
}

/* e may be gone afterwards. */
static void note_end(struct keeper *k, struct sk_kept_entry *e)
{
    e->member = false;
    if (!e->closed)
        sk_kept_close(&k->kept, e);
    sk_kept_settle(&k->kept, e);
}

/* Nobody asks for e any more: it is watched no longer. */
static void note_stray(struct keeper *k, struct sk_kept_entry *e)
{
    if (!watch(k, e))
        sk_kept_settle(&k->kept, e);
}

/* How many slots they make ready; *again, if some have been told of before. */
static int take_in(struct keeper *k, const struct sk_select *call,
                   const struct sk_poll_report *r, bool *again)
{
    int ready = 0, some;

    for (size_t i = 0; i < r->count; i++) {
        struct sk_kept_entry *e      = r->events[i].data;
        unsigned              events = r->events[i].events;

        some = sk_kept_tell(&k->kept, call, e, told(events));
        ready += some;
        *again = *again || (!some && sk_kept_asks(e));
        if (events & SK_POLL_ENDED)
            note_end(k, e);
        else if (!sk_kept_asks(e))
            note_stray(k, e);
        else
            note_spent(k, e);
    }
    return ready;
}

static int tell_closed(struct keeper *k, const struct sk_select *call)
{
    struct sk_link *link  = k->kept.closed.behind;
    int             ready = 0;

    for (; link != &k->kept.closed; link = link->behind)
        ready += sk_kept_tell(&k->kept, call,
                              SK_ITEM(link, struct sk_kept_entry, place),
                              told(SK_POLL_ENDED));
    return ready;
}

/* ---- the call ---- */

/* What one look of the set came to. */
struct sight {
    int  ready; /* so many slots more */
    bool more;  /* there may be other events */
    bool again; /* some were told of before */
};

/* With EBADF and EINVAL somebody has closed the backend's descriptor, and so
 * the bell's is not ours any more either. */
static sk_err look(struct keeper *k, const struct sk_select *call, int left_ms,
                   int64_t until, struct sight *sight)
{
    sock_event_t          events[SK_POLLER_MAX];
    struct sk_poll_report r   = {events, SK_COUNT(events), 0, false};
    sk_err                err = sk_poll_await(k->set, &r, left_ms, until);

    if (err == EBADF || err == EINVAL)
        k->set->bell.fd = -1;
    sight->again = false;
    sight->ready = take_in(k, call, &r, &sight->again);
    sight->more  = r.more;
    return err;
}

/* What is ready beyond the first events is looked for without waiting. The
 * system begins each time with others, and so do the buffered: who comes again
 * has had all others before, unless both are there and take turns. */
static void look_for_more(struct keeper *k, const struct sk_select *call,
                          int *ready)
{
    struct sight sight = {0, true, false};
    int          quiet = 0;

    while (sight.more && quiet < 2) {
        if (look(k, call, 0, SK_NEVER, &sight))
            return;
        *ready += sight.ready;
        quiet = sight.ready ? 0 : quiet + 1;
        if (sight.again && !atomic_load(&k->set->news))
            return;
    }
}

/* An event may be of something that is not asked for: then the wait goes on. */
static sk_err await(struct keeper *k, const struct sk_select *call, int *ready)
{
    int          left_ms = call->timeout_ms;
    int64_t      until   = left_ms > 0 ? sk_wait_until(left_ms) : SK_NEVER;
    struct sight sight   = {0, false, false};
    sk_err       err;

    *ready = tell_closed(k, call);
    if (*ready)
        left_ms = 0;
    while (!(err = look(k, call, left_ms, until, &sight)) && !sight.ready &&
           left_ms)
        left_ms = sk_wait_left(until);
    *ready += sight.ready;
    if (sight.more)
        look_for_more(k, call, ready);
    sk_kept_finish(&k->kept, call);
    return *ready ? 0 : err;
}

/* Memory that one large call has needed is not kept for ever. */
static bool is_oversized(const struct sk_kept *k)
{
    return k->bucket_count > LARGE && k->entry_count < k->bucket_count / 16;
}

static sk_err run(struct keeper *k, const struct sk_select *call, size_t worth,
                  int *ready)
{
    sk_err err = sk_kept_follow(&k->kept, call);

    if (err)
        return err;
    if (is_oversized(&k->kept))
        err = ENOMEM;
    else if (!(err = follow(k, worth)))
        err = await(k, call, ready);
    if (err)
        sk_kept_restore(&k->kept, call);
    return err;
}

/* Whatever goes wrong but a signal, poll(2) does it, and a new set is made when
 * that is worth it. */
sk_err sk_select_by_kept(const struct sk_select *call, size_t worth, int *ready)
{
    sk_err err;

    if (mine && mine->busy)
        return SK_SELECT_OTHER;
    if (mine && mine->forks != sk_handle_forks)
        sk_select_forget();
    if (!mine && make(&mine))
        return SK_SELECT_OTHER;
    if (!worth && most_were_ready(mine))
        return SK_SELECT_OTHER;
    mine->busy = true;
    err        = run(mine, call, worth, ready);
    mine->busy = false;
    if (!err || err == EINTR || err == SK_SELECT_OTHER)
        return err;
    sk_select_forget();
    return SK_SELECT_OTHER;
}
