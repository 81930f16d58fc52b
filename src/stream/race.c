/* race.c - connecting by name: both families looked up, their addresses raced,
 * as RFC 8305 describes.
 *
 * One thread, the caller's, and one wait: for every attempt's descriptor and
 * for a bell that the look-ups ring. After each the same three questions: what
 * has been answered, what may start, is there anything left to wait for?
 *
 * Nobody has a handle yet, so no close can come between. A fork can: the
 * sockets of a race, and its bell, stand in slots that are not open, which a
 * forked child closes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/race.h"

#include "core/addr.h"
#include "core/handle.h"
#include "core/resolve.h"
#include "core/wait.h"
#include "stream/fit.h"

#include <sock/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)

/* RFC 8305, section 3: how long IPv4 waits for the answer of IPv6. */
#define RESOLUTION_DELAY (50 * MS)

/* Section 5: how long an attempt is alone before the next one joins it. */
#define ATTEMPT_DELAY (250 * MS)

#define MOST_AT_ONCE 16

#define SOON 0 /* a time that is over */

/* In the order in which they take turns. */
enum { IPV6, IPV4, FAMILIES };

struct look_up {
    struct sk_query *query; /* NULL once it has ended */
    sk_err           err;   /* how; EINPROGRESS: it has not */
    struct sk_addr  *list;
    size_t           count;
    size_t           next; /* the first that was not tried */
};

struct attempt {
    struct sk_sock *s;
    struct sk_addr  to;
};

struct race {
    const struct sk_race *of;
    struct look_up        look_ups[FAMILIES];
    struct sk_sock       *bell;  /* a slot that holds it; NULL: none needed */
    int                   turn;  /* the family that is next */
    int64_t               delay; /* until then IPv4 waits for IPv6 */
    int64_t               next;  /* when the next attempt may start */
    struct attempt        live[MOST_AT_ONCE]; /* in the order they started */
    size_t                count;              /* of these */
    sk_err                last;   /* of the last that failed; 0: none has */
    struct sk_sock       *winner; /* NULL: none yet */

    char  *detail;
    size_t size;
    size_t told; /* how many things it tells of */
    bool   cut;  /* it tells no more */
};

/* ---- the detail ---- */

/* A piece is told whole or not at all; dots show that some are left out. Room
 * for them is kept behind every piece. */
static void tell(struct race *r, const char *what, const char *how)
{
    static const char dots[] = "; ...";
    size_t            len    = r->size ? strlen(r->detail) : 0;
    int               more;

    r->told++;
    if (r->cut || !r->size)
        return;
    more = snprintf(r->detail + len, r->size - len, "%s%s: %s", len ? "; " : "",
                    what, how);
    if (len + (size_t)more + sizeof dots <= r->size)
        return;
    r->cut         = true;
    r->detail[len] = '\0';
    if (len)
        memcpy(r->detail + len, dots, sizeof dots);
}

static void tell_address(struct race *r, const struct sk_addr *to, sk_err err)
{
    char name[LIBSOCK_NAMESTRLEN] = "";

    sk_addr_name(to, name, sizeof name);
    tell(r, name, sock_strerror(err));
}

/* That a family has no address is nothing to tell of: the other may have. */
static bool is_absence(sk_err err)
{
    return err == LIBSOCK_EAI_NONAME || err == LIBSOCK_EAI_NODATA ||
           err == LIBSOCK_EAI_ADDRFAMILY;
}

static void tell_look_ups(struct race *r)
{
    static const char *const names[] = {"AAAA look-up", "A look-up"};

    for (int i = 0; i < FAMILIES; i++) {
        sk_err err = r->look_ups[i].err;

        if (err == EINPROGRESS)
            tell(r, names[i], "no answer in time");
        else if (err && !is_absence(err))
            tell(r, names[i], sock_strerror(err));
    }
}

/* ---- attempts ---- */

static void fail(struct race *r, const struct sk_addr *to, sk_err err)
{
    tell_address(r, to, err);
    r->next = SOON;
    if (!r->last || err != EAFNOSUPPORT)
        r->last = err;
}

/* A client whose port the system chose, connecting to a port nobody listens on,
 * may meet itself: TCP lets the two ends of one socket be connected. */
static bool is_own_peer(const struct sk_sock *s)
{
    struct sk_addr own, peer;

    if (!sk_sock_is_stream(s) || sk_plat_sockname(s->fd, &own) ||
        sk_plat_peername(s->fd, &peer) ||
        own.u.any.sa_family != peer.u.any.sa_family)
        return false;
    if (own.u.any.sa_family == AF_INET)
        return own.u.in4.sin_port == peer.u.in4.sin_port &&
               own.u.in4.sin_addr.s_addr == peer.u.in4.sin_addr.s_addr;
    return own.u.in6.sin6_port == peer.u.in6.sin6_port &&
           !memcmp(&own.u.in6.sin6_addr, &peer.u.in6.sin6_addr,
                   sizeof own.u.in6.sin6_addr);
}

/* s is decided: it wins or it is closed. */
static void decide(struct race *r, struct sk_sock *s, const struct sk_addr *to,
                   sk_err err)
{
    if (!err && is_own_peer(s))
        err = ECONNREFUSED;
    if (!err)
        err = sk_plat_nonblock(s->fd, false);
    if (!err) {
        memcpy(&s->peer, &to->u, to->len);
        r->winner = s;
        return;
    }
    sk_handle_discard(s);
    fail(r, to, err);
}

static void start(struct race *r, const struct sk_addr *to)
{
    const struct sk_race *of = r->of;
    struct sk_sock       *s;
    sk_err                err;

    err = sk_fit_client(to->u.any.sa_family, of->type, of->options, &s);
    if (err) {
        fail(r, to, err);
        return;
    }
    if (!(err = sk_plat_nonblock(s->fd, true)))
        err = sk_plat_connect(s->fd, to);
    if (err == EINPROGRESS && of->async)
        err = 0;
    if (err != EINPROGRESS) {
        decide(r, s, to, err);
        return;
    }
    r->live[r->count++] = (struct attempt){s, *to};
    r->next             = sk_plat_now() + ATTEMPT_DELAY;
}

/* The families take turns as long as both have an address. */
static const struct sk_addr *next_address(struct race *r)
{
    for (int i = 0; i < FAMILIES; i++) {
        int             which = (r->turn + i) % FAMILIES;
        struct look_up *l     = &r->look_ups[which];

        if (l->next < l->count) {
            r->turn = (which + 1) % FAMILIES;
            return &l->list[l->next++];
        }
    }
    return NULL;
}

static bool has_address(const struct race *r)
{
    return r->look_ups[IPV6].next < r->look_ups[IPV6].count ||
           r->look_ups[IPV4].next < r->look_ups[IPV4].count;
}

/* When the next attempt may start; SK_NEVER: not before something happens. */
static int64_t next_start(const struct race *r)
{
    if (!has_address(r) || r->count == MOST_AT_ONCE)
        return SK_NEVER;
    if (r->look_ups[IPV6].err == EINPROGRESS && r->delay > r->next)
        return r->delay;
    return r->next;
}

/* When the time is over one address is tried, if none was, but no more: many
 * that fail at once do not stretch it. */
static void start_what_is_due(struct race *r)
{
    while (!r->winner && next_start(r) <= sk_plat_now()) {
        if ((r->last || r->count) && !sk_wait_left(r->of->until))
            return;
        start(r, next_address(r));
    }
}

/* ---- look-ups ---- */

static void end_look_up(struct look_up *l, sk_err err)
{
    sk_query_leave(l->query);
    l->query = NULL;
    l->err   = err;
}

static void collect(struct race *r)
{
    for (int i = 0; i < FAMILIES; i++) {
        struct look_up *l = &r->look_ups[i];

        if (l->query && sk_query_done(l->query))
            end_look_up(
                l, sk_query_take(l->query, r->of->port, &l->list, &l->count));
    }
    if (!r->delay && r->look_ups[IPV4].count)
        r->delay = sk_plat_now() + RESOLUTION_DELAY;
}

static sk_err make_bell(struct race *r)
{
    int    fd;
    sk_err err = sk_handle_reserve(&r->bell);

    if (!err && !(err = sk_plat_bell(&fd)))
        r->bell->fd = fd;
    return err;
}

/* A query that cannot be had is a look-up that failed: the other may serve. */
static sk_err ask(struct race *r)
{
    static const int families[] = {AF_INET6, AF_INET};
    sk_err           err        = make_bell(r);

    for (int i = 0; i < FAMILIES && !err; i++) {
        struct look_up *l = &r->look_ups[i];

        l->err =
            sk_query_begin(r->of->host, families[i], r->of->type, &l->query);
        if (l->err)
            continue;
        l->err = EINPROGRESS;
        sk_query_bell(l->query, r->bell->fd);
    }
    return err;
}

static sk_err take_numeric(struct race *r, const struct sk_addr *only)
{
    struct look_up *l =
        &r->look_ups[only->u.any.sa_family == AF_INET6 ? IPV6 : IPV4];

    if (!(l->list = malloc(sizeof *l->list)))
        return ENOMEM;
    *l->list = *only;
    l->count = 1;
    return 0;
}

/* An IPv4 address, an IPv6 address, else a name. */
static sk_err find(struct race *r)
{
    struct sk_addr only;
    sk_err err = sk_addr_parse(AF_INET, r->of->host, r->of->port, &only);

    if (err == EAFNOSUPPORT)
        err = sk_addr_parse(AF_INET6, r->of->host, r->of->port, &only);
    if (err == SK_ADDR_IS_NAME)
        return ask(r);
    return err ? err : take_numeric(r, &only);
}

/* ---- the race ---- */

static sk_err verdict(const struct sk_sock *s)
{
    int    reason = 0;
    size_t size   = sizeof reason;
    sk_err err =
        sk_plat_get_option(s->fd, SOL_SOCKET, SO_ERROR, &reason, &size);

    return err ? err : reason;
}

/* fds[i] was of live[i]. The earliest to start wins if several could. */
static void judge(struct race *r, const struct pollfd *fds)
{
    struct attempt before[MOST_AT_ONCE];
    size_t         count = r->count;

    memcpy(before, r->live, count * sizeof *before);
    r->count = 0;
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents && !r->winner)
            decide(r, before[i].s, &before[i].to, verdict(before[i].s));
        else
            r->live[r->count++] = before[i];
}

/* A signal, or the time of the next attempt, is news too. */
static sk_err wait_for_news(struct race *r)
{
    struct pollfd fds[1 + MOST_AT_ONCE];
    int64_t       until = next_start(r);
    int           ready;
    sk_err        err;

    fds[0] = (struct pollfd){r->bell ? r->bell->fd : -1, POLLIN, 0};
    for (size_t i = 0; i < r->count; i++)
        fds[1 + i] = (struct pollfd){r->live[i].s->fd, POLLOUT, 0};
    if (until > r->of->until)
        until = r->of->until;
    err = sk_wait_many(fds, 1 + r->count, until, -1, &ready);
    if (err || !ready)
        return err == EINTR ? 0 : err;
    if (fds[0].revents)
        sk_plat_muffle(fds[0].fd);
    judge(r, fds + 1);
    return 0;
}

static bool is_looking_up(const struct race *r)
{
    return r->look_ups[IPV6].query || r->look_ups[IPV4].query;
}

/* Why there is no address. What another try may change counts most, then that
 * there is no such name: the other family's answer can be that it exists, but
 * not here. */
static int weight(sk_err err)
{
    if (err == LIBSOCK_EAI_AGAIN)
        return 4;
    if (!is_absence(err))
        return 3;
    return err == LIBSOCK_EAI_NONAME ? 2 : 1;
}

static sk_err why_nameless(const struct race *r)
{
    sk_err six = r->look_ups[IPV6].err, four = r->look_ups[IPV4].err;

    return weight(six) > weight(four) ? six : four;
}

/* When the time is over what has happened by then still counts: one last look
 * is taken, which does not wait. */
static sk_err run(struct race *r)
{
    bool   over = false;
    sk_err err  = 0;

    while (!err) {
        collect(r);
        start_what_is_due(r);
        if (r->winner)
            return 0;
        if (!r->count && !has_address(r) && !is_looking_up(r))
            return r->last ? r->last : why_nameless(r);
        if (over)
            return ETIMEDOUT;
        over = !sk_wait_left(r->of->until);
        err  = wait_for_news(r);
    }
    return err;
}

/* One address, and nothing else to tell: the code says it all. Nor is there
 * more to say if no address was found and both look-ups have ended. */
static void explain(struct race *r, sk_err err)
{
    size_t tried = r->look_ups[IPV6].next + r->look_ups[IPV4].next;

    for (size_t i = 0; i < r->count && err == ETIMEDOUT; i++)
        tell_address(r, &r->live[i].to, ETIMEDOUT);
    if (err && (tried || err == ETIMEDOUT))
        tell_look_ups(r);
    if (r->size && (!err || (r->told == 1 && tried == 1)))
        r->detail[0] = '\0';
}

/* The look-ups first: after that nothing rings the bell. */
static void tidy(struct race *r)
{
    for (int i = 0; i < FAMILIES; i++) {
        sk_query_leave(r->look_ups[i].query);
        free(r->look_ups[i].list);
    }
    for (size_t i = 0; i < r->count; i++)
        sk_handle_discard(r->live[i].s);
    sk_handle_discard(r->bell);
}

sk_err sk_race_run(const struct sk_race *of, struct sk_sock **out, char *detail,
                   size_t size)
{
    struct race r = {.of = of, .detail = detail, .size = size};
    sk_err      err;

    *out = NULL;
    if (size)
        detail[0] = '\0';
    if (!(err = find(&r)))
        err = run(&r);
    explain(&r, err);
    *out = r.winner;
    tidy(&r);
    return err;
}
