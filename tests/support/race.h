/* race.h - races by name, their outcome, and places to race to.
 *
 * For programs that are linked with the static library.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_RACE_H
#define TESTS_SUPPORT_RACE_H

#include "core/addr.h"
#include "core/handle.h"
#include "core/peer.h"
#include "core/resolve.h"
#include "core/wait.h"
#include "stream/race.h"

#include "support/net.h"
#include "support/resolver.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *const here[]  = {"127.0.0.1", NULL};
static const char *const here6[] = {"::1", NULL};

static struct sk_options options = {
    .backlog          = -1,
    .so_reuseaddr     = SK_UNSET,
    .tcp_keepidle     = SK_UNSET,
    .tcp_keepintvl    = SK_UNSET,
    .tcp_keepcnt      = SK_UNSET,
    .user_timeout     = SK_UNSET,
    .unix_mode        = SK_UNSET,
    .verify_peer      = SK_UNSET,
    .verify_peer_name = SK_UNSET,
};

static inline int set_up_all(void **state)
{
    resolver_begin();
    return count_descriptors(state);
}

static inline int set_up(void **state)
{
    (void)state;
    resolver_reset();
    options.bindto = NULL;
    sk_resolve_use(resolver_look_up, resolver_release);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    resolver_drain();
    sk_resolve_use(NULL, NULL);
    return 0;
}

/* ---- running ---- */

struct outcome {
    sk_err          err;
    struct sk_sock *s;
    char            detail[512];
    int64_t         ms;
};

static inline struct outcome race_as(struct sk_race r, int timeout_ms)
{
    struct outcome o = {.detail = "untouched"};
    int64_t        before;

    r.options = &options;
    if (!r.type)
        r.type = SOCK_STREAM;
    sk_handle_set_up();
    before  = now_ms();
    r.until = sk_wait_until(timeout_ms);
    o.err   = sk_race_run(&r, &o.s, o.detail, sizeof o.detail);
    o.ms    = now_ms() - before;
    return o;
}

static inline struct outcome race(const char *host, int port, int timeout_ms)
{
    struct sk_race r = {.host = host, .port = port};

    return race_as(r, timeout_ms);
}

static inline void finish(struct outcome *o)
{
    if (o->s)
        sock_close(sk_handle_publish(o->s));
    o->s = NULL;
}

static inline void won_at(struct outcome *o, const char *address, int port)
{
    char           want[LIBSOCK_NAMESTRLEN], is[LIBSOCK_NAMESTRLEN];
    struct sk_addr peer;

    assert_int_equal(o->err, 0);
    assert_non_null(o->s);
    assert_string_equal(o->detail, "");
    snprintf(want, sizeof want, strchr(address, ':') ? "[%s]:%d" : "%s:%d",
             address, port);
    assert_int_equal(sk_peer(o->s, &peer), 0);
    assert_true(sk_addr_name(&peer, is, sizeof is));
    assert_string_equal(is, want);
    assert_false(fcntl(o->s->fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(o->s->domain, peer.u.any.sa_family);
    finish(o);
}

static inline void lost(struct outcome *o, sk_err err)
{
    assert_int_equal(o->err, err);
    assert_null(o->s);
}

/* ---- places ---- */

static inline int family_of(const char *address)
{
    return strchr(address, ':') ? AF_INET6 : AF_INET;
}

/* NULL if somebody has that port. */
static inline sock_t *hold(const char *address, int port, bool listens)
{
    sock_t *s = sock_create(family_of(address), SOCK_STREAM, 0);

    if (!sock_bind(s, address, port)) {
        sock_close(s);
        return NULL;
    }
    if (listens)
        assert_true(sock_listen(s, 64));
    return s;
}

/* At one port: IPv4 and IPv6, each of them alive or refusing. */
struct two {
    sock_t *four, *six;
    int     port;
};

static inline void open_two(struct two *p, bool four, bool six)
{
    for (p->six = NULL; !p->six;) {
        p->four = hold("127.0.0.1", 0, four);
        p->port = port_of(p->four);
        if (!(p->six = hold("::1", p->port, six)))
            sock_close(p->four);
    }
}

static inline void close_two(struct two *p)
{
    sock_close(p->four);
    sock_close(p->six);
}

/* At one port: an address that never answers, and one that is alive. */
struct mixed {
    struct full dead;
    sock_t     *alive;
};

static inline void open_mixed(struct mixed *m, const char *dead,
                              const char *alive)
{
    for (m->alive = NULL; !m->alive;) {
        assert_true(full_backlog_at(family_of(dead), dead, 0, &m->dead));
        if (!(m->alive = hold(alive, m->dead.port, true)))
            close_full(&m->dead);
    }
}

static inline void close_mixed(struct mixed *m)
{
    close_full(&m->dead);
    sock_close(m->alive);
}

static inline void wait_for_descriptors(int count)
{
    for (int i = 0; i < 10000 && open_descriptors() != count; i++)
        poll(NULL, 0, 1);
    assert_int_equal(open_descriptors(), count);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
