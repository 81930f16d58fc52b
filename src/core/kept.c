/* kept.c - what a thread has selected, and what is new in the caller's arrays.
 *
 * Mostly nothing is new: one comparison of memory says so. Else what stands at
 * either end as before is passed over, and so is what stands in its old place
 * between; only the rest is looked up. An entry counts its slots, so it does
 * not matter where they are; where it was last seen is remembered, and is near
 * where it is when slots before it have come or gone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/kept.h"

#include "platform/poller.h"

#include <errno.h>
#include <string.h>

#define FIRST_BUCKETS 64u
#define FIRST_SLOTS 64u
#define PIECE 512u /* slots */

/* ---- life ---- */

void sk_kept_init(struct sk_kept *k)
{
    memset(k, 0, sizeof *k);
    sk_list_init(&k->changed);
    sk_list_init(&k->closed);
}

void sk_kept_fini(struct sk_kept *k)
{
    for (size_t i = 0; i < k->bucket_count; i++)
        while (k->buckets[i]) {
            struct sk_kept_entry *e = k->buckets[i];

            k->buckets[i] = e->next;
            free(e);
        }
    free(k->buckets);
    for (size_t i = 0; i < SK_SELECT_KINDS; i++)
        free(k->copies[i].slots);
}

/* ---- entries ---- */

static struct sk_kept_entry **bucket(struct sk_kept *k, sock_t *h)
{
    uintptr_t key = (uintptr_t)h;

    return &k->buckets[(key ^ key >> 20) & (k->bucket_count - 1)];
}

static struct sk_kept_entry *find(struct sk_kept *k, sock_t *h)
{
    struct sk_kept_entry *e = *bucket(k, h);

    while (e && e->handle != h)
        e = e->next;
    return e;
}

static void link_in(struct sk_kept *k, struct sk_kept_entry *e)
{
    struct sk_kept_entry **first = bucket(k, e->handle);

    e->next = *first;
    *first  = e;
}

/* As many buckets as entries, at least. */
static sk_err make_buckets(struct sk_kept *k)
{
    struct sk_kept_entry **old   = k->buckets;
    size_t                 count = k->bucket_count;
    size_t                 more  = count ? 2 * count : FIRST_BUCKETS;

    if (k->entry_count < count)
        return 0;
    if (!(k->buckets = calloc(more, sizeof *k->buckets))) {
        k->buckets = old;
        return ENOMEM;
    }
    k->bucket_count = more;
    for (size_t i = 0; i < count; i++)
        while (old[i]) {
            struct sk_kept_entry *e = old[i];

            old[i] = e->next;
            link_in(k, e);
        }
    free(old);
    return 0;
}

static sk_err make_entry(struct sk_kept *k, sock_t *h,
                         struct sk_kept_entry **out)
{
    sk_err err = make_buckets(k);

    if (err)
        return err;
    if (!(*out = calloc(1, sizeof **out)))
        return ENOMEM;
    (*out)->handle = h;
    sk_list_init(&(*out)->place);
    link_in(k, *out);
    k->entry_count++;
    return 0;
}

static void drop(struct sk_kept *k, struct sk_kept_entry *e)
{
    struct sk_kept_entry **at = bucket(k, e->handle);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    k->entry_count--;
    sk_list_remove(&e->place);
    free(e);
}

unsigned sk_kept_asks(const struct sk_kept_entry *e)
{
    return (e->slots[SK_SELECT_READ] ? LIBSOCK_POLL_READ : 0) |
           (e->slots[SK_SELECT_WRITE] ? LIBSOCK_POLL_WRITE : 0) |
           (e->slots[SK_SELECT_EXCEPT] ? SK_POLLER_URGENT : 0);
}

void sk_kept_settle(struct sk_kept *k, struct sk_kept_entry *e)
{
    if (!e->closed)
        sk_list_remove(&e->place);
    if (!sk_kept_asks(e) && !e->member)
        drop(k, e);
}

void sk_kept_close(struct sk_kept *k, struct sk_kept_entry *e)
{
    sk_list_remove(&e->place);
    sk_list_append(&k->closed, &e->place);
    e->closed = true;
}

/* ---- what is new ---- */

static void touch(struct sk_kept *k, struct sk_kept_entry *e)
{
    if (!e->closed && !sk_list_has(&e->place))
        sk_list_append(&k->changed, &e->place);
}

static void leave(struct sk_kept *k, enum sk_select_kind kind, sock_t *h)
{
    struct sk_kept_entry *e;

    if (!h)
        return;
    e = find(k, h);
    SK_ASSERT(e); /* whatever stands in a copy has an entry */
    e->slots[kind]--;
    k->handle_count--;
    touch(k, e);
}

static sk_err join(struct sk_kept *k, enum sk_select_kind kind, sock_t *h,
                   size_t at)
{
    struct sk_kept_entry *e = NULL;
    sk_err                err;

    if (!h)
        return 0;
    if (k->bucket_count)
        e = find(k, h);
    if (!e && (err = make_entry(k, h, &e)))
        return err;
    e->slots[kind]++;
    e->at[kind] = (uint32_t)at;
    k->handle_count++;
    touch(k, e);
    return 0;
}

static sk_err make_room(struct sk_kept_copy *copy, size_t count)
{
    size_t   room = copy->room ? copy->room : FIRST_SLOTS;
    sock_t **slots;

    if (count <= copy->room)
        return 0;
    if (count > UINT32_MAX)
        return ENOMEM;
    while (room < count)
        room *= 2;
    if (!(slots = realloc(copy->slots, room * sizeof *slots)))
        return ENOMEM;
    copy->slots = slots;
    copy->room  = room;
    return 0;
}

/* How many are the same from the front; from the back, of those that are left.
 */
static size_t same_before(sock_t *const *a, sock_t *const *b, size_t most)
{
    size_t n = 0;

    while (n < most && a[n] == b[n])
        n++;
    return n;
}

static size_t same_behind(sock_t *const *a_end, sock_t *const *b_end,
                          size_t most)
{
    size_t n = 0;

    while (n < most && a_end[-1 - (ptrdiff_t)n] == b_end[-1 - (ptrdiff_t)n])
        n++;
    return n;
}

/* From place `from` to old_end there stood something else than there stands now
 * up to now_end. */
static sk_err replace(struct sk_kept *k, enum sk_select_kind kind,
                      sock_t *const *now, size_t from, size_t old_end,
                      size_t now_end)
{
    sock_t *const *old  = k->copies[kind].slots;
    size_t         most = old_end > now_end ? old_end : now_end;
    sk_err         err  = 0;

    for (size_t i = from; !err && i < most; i++) {
        if (i < old_end && i < now_end && old[i] == now[i])
            continue;
        if (i < old_end)
            leave(k, kind, old[i]);
        if (i < now_end)
            err = join(k, kind, now[i], i);
    }
    return err;
}

/* Is the array as it was? Then all its slots are NULL afterwards. They are
 * compared and cleared in pieces that the nearest cache holds. */
static bool clear_same(const struct sk_kept_copy    *copy,
                       const struct sk_select_array *now)
{
    size_t at = 0, some;

    if (copy->count != now->count)
        return false;
    for (; at < now->count; at += some) {
        some = now->count - at < PIECE ? now->count - at : PIECE;
        if (memcmp(copy->slots + at, now->slots + at,
                   some * sizeof *now->slots)) {
            memcpy(now->slots, copy->slots, at * sizeof *now->slots);
            return false;
        }
        SK_FORGET(some);
        memset(now->slots + at, 0, some * sizeof *now->slots);
    }
    return true;
}

static sk_err follow_one(struct sk_kept *k, enum sk_select_kind kind,
                         const struct sk_select_array *now)
{
    struct sk_kept_copy *copy = &k->copies[kind];
    size_t least = copy->count < now->count ? copy->count : now->count;
    size_t before, behind;
    sk_err err;

    if (SK_LIKELY(clear_same(copy, now)))
        return 0;
    if ((err = make_room(copy, now->count)))
        return err;
    before = same_before(copy->slots, now->slots, least);
    behind = same_behind(copy->slots + copy->count, now->slots + now->count,
                         least - before);
    err    = replace(k, kind, now->slots, before, copy->count - behind,
                     now->count - behind);
    if (err)
        return err;
    copy->count = now->count;
    if (!now->count)
        return 0;
    memcpy(copy->slots, now->slots, now->count * sizeof *now->slots);
    memset(now->slots, 0, now->count * sizeof *now->slots);
    return 0;
}

static void restore(const struct sk_kept *k, const struct sk_select *call,
                    int kinds)
{
    for (int i = 0; i < kinds; i++)
        if (call->arrays[i].count)
            memcpy(call->arrays[i].slots, k->copies[i].slots,
                   call->arrays[i].count * sizeof *call->arrays[i].slots);
}

void sk_kept_restore(const struct sk_kept *k, const struct sk_select *call)
{
    restore(k, call, SK_SELECT_KINDS);
}

/* Writable is what most are most of the time. */
static bool may_stay(const struct sk_kept_entry *e)
{
    return e->member && !(e->watched & LIBSOCK_POLL_WRITE);
}

/* What has come and gone in one call is as it was. */
static void sift(struct sk_kept *k)
{
    struct sk_link *link, *behind;

    for (link = k->changed.behind; link != &k->changed; link = behind) {
        struct sk_kept_entry *e = SK_ITEM(link, struct sk_kept_entry, place);

        behind = link->behind;
        if (sk_kept_asks(e) == e->watched || (!sk_kept_asks(e) && may_stay(e)))
            sk_kept_settle(k, e);
        else
            k->changed_count++;
    }
    for (link = k->closed.behind; link != &k->closed; link = behind) {
        behind = link->behind;
        sk_kept_settle(k, SK_ITEM(link, struct sk_kept_entry, place));
    }
}

sk_err sk_kept_follow(struct sk_kept *k, const struct sk_select *call)
{
    sk_err err;

    for (int i = 0; i < SK_SELECT_KINDS; i++)
        if ((err = follow_one(k, (enum sk_select_kind)i, &call->arrays[i]))) {
            restore(k, call, i);
            return err;
        }
    k->changed_count = 0;
    k->call++;
    sift(k);
    return 0;
}

/* ---- what is told ---- */

static const unsigned event_of[SK_SELECT_KINDS] = {
    LIBSOCK_POLL_READ, LIBSOCK_POLL_WRITE, SK_POLLER_URGENT};

/* It is there, once, and not far. */
static size_t find_near(const struct sk_kept_copy *copy, sock_t *h, size_t hint)
{
    size_t down = hint < copy->count ? hint : copy->count - 1;
    size_t up   = down;

    for (;;) {
        if (copy->slots[down] == h)
            return down;
        if (copy->slots[up] == h)
            return up;
        SK_ASSERT(down || up + 1 < copy->count);
        down -= down > 0;
        up += up + 1 < copy->count;
    }
}

static void put_back(struct sk_kept *k, const struct sk_select *call,
                     struct sk_kept_entry *e, int kind)
{
    size_t at = find_near(&k->copies[kind], e->handle, e->at[kind]);

    e->at[kind]                  = (uint32_t)at;
    call->arrays[kind].slots[at] = e->handle;
}

int sk_kept_tell(struct sk_kept *k, const struct sk_select *call,
                 struct sk_kept_entry *e, unsigned events)
{
    uint32_t count = 0;

    if (e->call != k->call)
        e->told = 0;
    e->call = k->call;
    events &= ~e->told;
    e->told |= events;
    for (int i = 0; i < SK_SELECT_KINDS; i++) {
        if (!(events & event_of[i]) || !e->slots[i])
            continue;
        count += e->slots[i];
        if (e->slots[i] == 1)
            put_back(k, call, e, i);
        else
            k->repeats = true;
    }
    return (int)count;
}

/* One pass for all of them: each may stand in many. */
void sk_kept_finish(struct sk_kept *k, const struct sk_select *call)
{
    if (SK_LIKELY(!k->repeats))
        return;
    k->repeats = false;
    for (int i = 0; i < SK_SELECT_KINDS; i++)
        for (size_t at = 0; at < k->copies[i].count; at++) {
            sock_t               *h = k->copies[i].slots[at];
            struct sk_kept_entry *e = h ? find(k, h) : NULL;

            if (e && e->call == k->call && (e->told & event_of[i]))
                call->arrays[i].slots[at] = h;
        }
}
