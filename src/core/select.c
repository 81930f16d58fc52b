/* select.c - waiting for one of many sockets, as PHP's select does.
 *
 * The caller's arrays are new with each call, and mostly the same as before. So
 * each thread keeps a set of what it last selected and changes it by what is
 * different now: a call costs what is ready, not what is asked for. For a few
 * sockets, and for some that are asked for once, poll(2) is cheaper.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/select.h"

#include "core/call.h"

#include <sock/socket.h>

#include <errno.h>

/* With so many slots poll(2) costs little more than a set, which takes two
 * descriptors. */
#define FEW 4u

/* So many changes are worth not having to look again and again. */
#define SOON 64u

static enum sk_select_way chosen = SK_SELECT_WAY;

void sk_select_use(enum sk_select_way way)
{
    chosen = way;
    sk_select_forget();
}

static bool overlap(const struct sk_select_array *a,
                    const struct sk_select_array *b)
{
    uintptr_t from_a = (uintptr_t)a->slots, from_b = (uintptr_t)b->slots;

    return a->count && b->count &&
           from_a < from_b + b->count * sizeof *b->slots &&
           from_b < from_a + a->count * sizeof *a->slots;
}

static sk_err check(const struct sk_select *call)
{
    const struct sk_select_array *a = call->arrays;

    for (size_t i = 0; i < SK_SELECT_KINDS; i++)
        if ((!a[i].slots && a[i].count) ||
            overlap(&a[i], &a[(i + 1) % SK_SELECT_KINDS]))
            return EINVAL;
    return call->timeout_ms < -1 || !call->slots ? EINVAL : 0;
}

/* The kept set is told at once what poll(2) has to look for again and again, so
 * it serves sockets with a channel even if they are asked for once; if it
 * cannot be had, poll(2) does it. */
static sk_err run_best(const struct sk_select *call, int *ready)
{
    sk_err err = SK_SELECT_OTHER;

    if (call->slots > FEW)
        err = sk_select_by_kept(call, 0, ready);
    if (err == SK_SELECT_OTHER)
        err = sk_select_by_poll(call, call->slots > FEW, ready);
    if (err == SK_SELECT_OTHER)
        err = sk_select_by_kept(call, SOON, ready);
    if (!err)
        sk_select_note(call, *ready);
    return err;
}

static sk_err run(const struct sk_select *call, int *ready)
{
    sk_err err = SK_SELECT_OTHER;

    if (chosen == SK_SELECT_BEST)
        err = run_best(call, ready);
    else if (chosen == SK_SELECT_KEPT)
        err = sk_select_by_kept(call, SIZE_MAX, ready);
    if (err == SK_SELECT_OTHER)
        err = sk_select_by_poll(call, false, ready);
    return err;
}

int sock_select(sock_t **read, size_t nread, sock_t **write, size_t nwrite,
                sock_t **except, size_t nexcept, int timeout_ms)
{
    const struct sk_select call = {
        {{read, nread}, {write, nwrite}, {except, nexcept}},
        nread + nwrite + nexcept,
        timeout_ms,
    };
    int    ready = 0;
    sk_err err   = check(&call);

    if (!err)
        err = run(&call, &ready);
    if (!err)
        return ready;
    sk_call_refuse(SK_SELECT, err);
    return -1;
}
