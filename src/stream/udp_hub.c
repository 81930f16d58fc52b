/* udp_hub.c - what a UDP server and the handles accepted from it share: its
 * life, its lock, and what a fork makes of it.
 *
 * Fork waits until nobody has a hub, so that a child finds each whole. What
 * waits belongs to the parent: a child that accepts begins with nothing. What
 * an accepted handle has not read is in both: one of the two serves it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/udp_hub.h"

#include <errno.h>
#include <string.h>

static pthread_mutex_t hubs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sk_link  hubs      = {&hubs, &hubs}; /* guarded by hubs_lock */

/* This thread is forking: it has every lock. */
static _Thread_local bool forking;

/* ---- locks and forks ---- */

static void lock(pthread_mutex_t *m)
{
    if (!forking)
        pthread_mutex_lock(m);
}

static void unlock(pthread_mutex_t *m)
{
    if (!forking)
        pthread_mutex_unlock(m);
}

void sk_udp_lock(struct sk_udp_hub *hub)
{
    lock(&hub->lock);
}

void sk_udp_unlock(struct sk_udp_hub *hub)
{
    unlock(&hub->lock);
}

/* One that was parked: the hub has other owners. */
static void end(struct sk_udp *u)
{
    u->hub->parked_count--;
    u->hub->owners--;
    sk_plat_close(u->fd, false);
    free(u);
}

static void before_fork(void)
{
    pthread_mutex_lock(&hubs_lock);
    for (struct sk_link *at = hubs.behind; at != &hubs; at = at->behind)
        pthread_mutex_lock(&SK_ITEM(at, struct sk_udp_hub, link)->lock);
    forking = true;
}

/* On both sides: the thread that has the locks is there, and goes on. */
static void after_fork(void)
{
    forking = false;
    for (struct sk_link *at = hubs.behind; at != &hubs; at = at->behind)
        pthread_mutex_unlock(&SK_ITEM(at, struct sk_udp_hub, link)->lock);
    pthread_mutex_unlock(&hubs_lock);
}

/* The parent's waiters, its bell and what it has parked are not ours. */
static void revive(struct sk_udp_hub *hub)
{
    struct sk_link *link;

    while ((link = sk_list_shift(&hub->parked)))
        end(SK_ITEM(link, struct sk_udp, link));
    if (hub->bell >= 0)
        sk_plat_close(hub->bell, false);
    hub->bell    = -1;
    hub->rung    = false;
    hub->waiters = 0;
    if (hub->server)
        sk_udp_empty(hub->server);
}

static void in_child(void)
{
    for (struct sk_link *at = hubs.behind; at != &hubs; at = at->behind)
        revive(SK_ITEM(at, struct sk_udp_hub, link));
    after_fork();
}

/* After the table of handles has done the same, so that a fork locks the hubs
 * first: whoever has one may make a handle. */
static void set_up(void)
{
    sk_handle_set_up();
    pthread_atfork(before_fork, after_fork, in_child);
}

/* ---- life ---- */

static void init_hub(struct sk_udp_hub *hub, const union sk_place *here)
{
    memset(hub, 0, offsetof(struct sk_udp_hub, scratch));
    pthread_mutex_init(&hub->lock, NULL);
    for (size_t i = 0; i < SK_UDP_CHAINS; i++)
        sk_list_init(&hub->chains[i]);
    sk_list_init(&hub->parked);
    hub->port = sk_place_port(here);
    hub->any  = sk_place_is_many(here);
    hub->bell = -1;
}

/* A fork holds the list, too, when it counts the epochs. */
sk_err sk_udp_hub_new(struct sk_sock *s, const struct sk_addr *at,
                      struct sk_udp **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sk_udp_hub    *hub  = malloc(sizeof *hub);
    union sk_place        here;
    sk_err                err;

    if (!hub)
        return ENOMEM;
    pthread_once(&once, set_up);
    sk_place_set(&here, at);
    init_hub(hub, &here);
    lock(&hubs_lock);
    if (!(err = sk_udp_new(hub, s, out))) {
        sk_list_append(&hubs, &hub->link);
        hub->server  = *out;
        (*out)->open = true;
        if (!hub->any)
            (*out)->here = here;
    }
    unlock(&hubs_lock);
    if (err)
        free(hub);
    return err;
}

static void free_hub(struct sk_udp_hub *hub)
{
    lock(&hubs_lock);
    sk_list_remove(&hub->link);
    unlock(&hubs_lock);
    if (hub->bell >= 0)
        sk_plat_close(hub->bell, false);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

sk_err sk_udp_new(struct sk_udp_hub *hub, struct sk_sock *s,
                  struct sk_udp **out)
{
    struct sk_udp *u = calloc(1, sizeof *u);

    if (!u)
        return ENOMEM;
    u->hub   = hub;
    u->s     = s;
    u->fd    = s->fd;
    u->epoch = atomic_load(&sk_handle_epoch);
    sk_list_init(&u->link);
    sk_list_init(&u->queue);
    hub->owners++;
    *out = u;
    return 0;
}

/* The last owner is alone with the hub. */
void sk_udp_free(struct sk_udp *u)
{
    struct sk_udp_hub *hub  = u->hub;
    bool               last = !--hub->owners;

    sk_udp_unlock(hub);
    free(u);
    if (last)
        free_hub(hub);
}

/* ---- parking ---- */

void sk_udp_park(struct sk_udp *u)
{
    struct sk_udp_hub *hub = u->hub;

    sk_list_append(&hub->parked, &u->link);
    hub->parked_at = sk_plat_now();
    if (++hub->parked_count > SK_UDP_PARKED)
        sk_udp_unpark(hub, false);
}

void sk_udp_unpark(struct sk_udp_hub *hub, bool all)
{
    struct sk_link *link;

    do {
        if (!(link = sk_list_shift(&hub->parked)))
            break;
        sk_udp_drain(SK_ITEM(link, struct sk_udp, link));
        end(SK_ITEM(link, struct sk_udp, link));
    } while (all);
}
