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
 * go to poll(2) until that has cost as much: never more than twice the best.
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

struct keeper {
    struct sk_kept    kept;
    struct sock_poll *set;
    unsigned          forks; /* of the process that made the set */
    size_t            paid;  /* slots that poll(2) has looked at instead */
    bool              busy;  /* a signal handler may select, too */
};

static _Thread_local struct keeper *mine;

/* ---- life ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t  leaving; /* runs when a thread ends */
static bool           works;   /* set by once */

static void dispose(struct keeper *k)
{
    if (!k)
        return;
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
    if ((err = sk_poll_make(true, &k->set)))
        goto done;
    k->forks = sk_handle_forks;
    if ((err = pthread_setspecific(leaving, k)))
        goto done;
    *out = k;
    k    = NULL;
done:
    dispose(k);
    return err;
}

static void discard(void)
{
    if (!mine)
        return;
    pthread_setspecific(leaving, NULL);
    forget(mine);
}

void sk_select_forked(void)
{
    if (mine && !mine->busy)
        discard();
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
    return err == ENOENT ? EBADF : err;
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

/* Is it worth it by now? */
static bool pays(struct keeper *k, size_t slots, size_t worth)
{
    size_t changes = k->kept.changed_count;

    if (!changes)
        return true;
    k->paid += slots;
    if (changes > worth && (changes - worth) * SLOTS_PER_CHANGE > k->paid)
        return false;
    k->paid = 0;
    return true;
}

static sk_err follow(struct keeper *k, const struct sk_select *call,
                     size_t worth)
{
    if (!k->kept.handle_count || !pays(k, call->slots, worth))
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

static const unsigned event_of[SK_SELECT_KINDS] = {
    LIBSOCK_POLL_READ, LIBSOCK_POLL_WRITE, SK_POLLER_URGENT};

/* The caller's slots are all NULL, but for those that are ready. */
static int put_back(struct keeper *k, const struct sk_select *call,
                    struct sk_kept_entry *e, unsigned events)
{
    int count = 0;

    for (int i = 0; i < SK_SELECT_KINDS; i++) {
        enum sk_select_kind kind = (enum sk_select_kind)i;
        size_t              at   = 0;

        if (!(events & event_of[i]))
            continue;
        for (uint32_t n = 0; n < e->slots[i]; n++, at++) {
            at = sk_kept_find(&k->kept, e, kind, at);
            count += !call->arrays[i].slots[at];
            call->arrays[i].slots[at] = e->handle;
        }
    }
    return count;
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

/* How many slots they make ready. */
static int take_in(struct keeper *k, const struct sk_select *call,
                   const sock_event_t *events, size_t count)
{
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        struct sk_kept_entry *e = events[i].data;

        ready += put_back(k, call, e, told(events[i].events));
        if (events[i].events & SK_POLL_ENDED)
            note_end(k, e);
        else
            note_spent(k, e);
    }
    return ready;
}

static int put_back_closed(struct keeper *k, const struct sk_select *call)
{
    struct sk_link *link  = k->kept.closed.behind;
    int             ready = 0;

    for (; link != &k->kept.closed; link = link->behind)
        ready += put_back(k, call, SK_ITEM(link, struct sk_kept_entry, place),
                          told(SK_POLL_ENDED));
    return ready;
}

/* ---- the call ---- */

/* One look of the set; what it makes ready is put back. *more: there may be
 * other events. */
static sk_err look(struct keeper *k, const struct sk_select *call, int left_ms,
                   int64_t until, int *ready, bool *more)
{
    sock_event_t events[SK_POLLER_MAX];
    size_t       count = 0;
    sk_err       err;

    err =
        sk_poll_await(k->set, events, SK_COUNT(events), left_ms, until, &count);
    *more  = count == SK_COUNT(events);
    *ready = take_in(k, call, events, count);
    return err;
}

/* What is ready beyond the first events is looked for without waiting while
 * there is something new: the system begins each time with others. */
static void look_for_more(struct keeper *k, const struct sk_select *call,
                          int *ready)
{
    bool more = true;
    int  some;

    while (more && !look(k, call, 0, 0, &some, &more) && some)
        *ready += some;
}

/* An event may be of something that is not asked for: then the wait goes on. */
static sk_err await(struct keeper *k, const struct sk_select *call, int *ready)
{
    int     left_ms = call->timeout_ms;
    int64_t until   = left_ms > 0 ? sk_wait_until(left_ms) : SK_NEVER;
    bool    more    = false;
    int     some    = 0;
    sk_err  err     = 0;

    *ready = put_back_closed(k, call);
    if (*ready)
        left_ms = 0;
    while (!(err = look(k, call, left_ms, until, &some, &more)) && !some &&
           left_ms)
        left_ms = sk_wait_left(until);
    *ready += some;
    if (more)
        look_for_more(k, call, ready);
    return *ready ? 0 : err;
}

static sk_err run(struct keeper *k, const struct sk_select *call, size_t worth,
                  int *ready)
{
    sk_err err = sk_kept_follow(&k->kept, call);

    if (err)
        return err;
    if (!(err = follow(k, call, worth)))
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
        discard();
    if (!mine && make(&mine))
        return SK_SELECT_OTHER;
    mine->busy = true;
    err        = run(mine, call, worth, ready);
    mine->busy = false;
    if (!err || err == EINTR || err == SK_SELECT_OTHER)
        return err;
    discard();
    return SK_SELECT_OTHER;
}
