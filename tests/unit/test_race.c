/* test_race.c - proves that connecting by name looks up both families, races
 * their addresses as RFC 8305 says, ends in time, and leaves nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "stream/race.h"

#include "core/addr.h"
#include "core/handle.h"
#include "core/peer.h"
#include "core/resolve.h"
#include "core/wait.h"

#include "support/net.h"
#include "support/resolver.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const none[]   = {NULL};
static const char *const here[]   = {"127.0.0.1", NULL};
static const char *const here6[]  = {"::1", NULL};
static const char *const threes[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3",
                                     NULL};

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

static int set_up(void **state)
{
    (void)state;
    resolver_reset();
    options.bindto = NULL;
    sk_resolve_use(resolver_look_up, resolver_release);
    return 0;
}

static int tear_down(void **state)
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

static struct outcome race_as(struct sk_race r, int timeout_ms)
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

static struct outcome race(const char *host, int port, int timeout_ms)
{
    struct sk_race r = {.host = host, .port = port};

    return race_as(r, timeout_ms);
}

static void finish(struct outcome *o)
{
    if (o->s)
        sock_close(sk_handle_publish(o->s));
    o->s = NULL;
}

static void won_at(struct outcome *o, const char *address, int port)
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

static void lost(struct outcome *o, sk_err err)
{
    assert_int_equal(o->err, err);
    assert_null(o->s);
}

/* ---- places ---- */

static int family_of(const char *address)
{
    return strchr(address, ':') ? AF_INET6 : AF_INET;
}

/* NULL if somebody has that port. */
static sock_t *hold(const char *address, int port, bool listens)
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

static void open_two(struct two *p, bool four, bool six)
{
    for (p->six = NULL; !p->six;) {
        p->four = hold("127.0.0.1", 0, four);
        p->port = port_of(p->four);
        if (!(p->six = hold("::1", p->port, six)))
            sock_close(p->four);
    }
}

static void close_two(struct two *p)
{
    sock_close(p->four);
    sock_close(p->six);
}

/* At one port: an address that never answers, and one that is alive. */
struct mixed {
    struct full dead;
    sock_t     *alive;
};

static void open_mixed(struct mixed *m, const char *dead, const char *alive)
{
    for (m->alive = NULL; !m->alive;) {
        assert_true(full_backlog_at(family_of(dead), dead, 0, &m->dead));
        if (!(m->alive = hold(alive, m->dead.port, true)))
            close_full(&m->dead);
    }
}

static void close_mixed(struct mixed *m)
{
    close_full(&m->dead);
    sock_close(m->alive);
}

static void wait_for_descriptors(int count)
{
    for (int i = 0; i < 10000 && open_descriptors() != count; i++)
        poll(NULL, 0, 1);
    assert_int_equal(open_descriptors(), count);
}

/* ---- who wins ---- */

static void both_families_are_asked_and_ipv6_comes_first(void **state)
{
    struct two     p;
    struct outcome o;
    const char    *asked;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    o = race("both.example", p.port, 10000);
    won_at(&o, "::1", p.port);
    resolver_drain();
    asked = resolver_asked();
    assert_non_null(strstr(asked, "both.example/6 "));
    assert_non_null(strstr(asked, "both.example/4 "));
    close_two(&p);
}

static void a_dead_ipv6_costs_a_quarter_of_a_second(void **state)
{
    struct mixed   m;
    struct outcome o;

    (void)state;
    open_mixed(&m, "::1", "127.0.0.1");
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    o = race("half.example", m.dead.port, 10000);
    assert_in_range(o.ms, 245, 900);
    won_at(&o, "127.0.0.1", m.dead.port);
    close_mixed(&m);
}

static void *open_ipv6_once_ipv4_was_tried(void *descriptors)
{
    wait_for_descriptors(*(int *)descriptors);
    resolver_open(AF_INET6);
    return NULL;
}

/* IPv4 has the start because IPv6 is not answered yet. */
static void a_dead_ipv4_is_overtaken_by_a_late_ipv6(void **state)
{
    int            descriptors;
    struct mixed   m;
    struct outcome o;
    pthread_t      helper;

    (void)state;
    open_mixed(&m, "127.0.0.1", "::1");
    resolver_say(AF_INET, threes);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET6);
    descriptors = open_descriptors() + 2; /* a bell, an attempt */
    pthread_create(&helper, NULL, open_ipv6_once_ipv4_was_tried, &descriptors);
    o = race("half.example", m.dead.port, 10000);
    pthread_join(helper, NULL);
    assert_in_range(o.ms, 295, 1500);
    won_at(&o, "::1", m.dead.port);
    close_mixed(&m);
}

static void a_refusal_brings_the_next_at_once(void **state)
{
    struct two     p;
    struct outcome o;

    (void)state;
    open_two(&p, true, false);
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    o = race("half.example", p.port, 10000);
    assert_in_range(o.ms, 0, 200);
    won_at(&o, "127.0.0.1", p.port);
    close_two(&p);
}

/* Of two dead ones the second starts a quarter after the first, the third,
 * which is alive, another quarter later. */
static void each_attempt_waits_a_quarter_for_the_last(void **state)
{
    static const char *const dead_too[] = {"127.0.0.1", "127.0.0.2", NULL};
    struct mixed             m;
    struct full              dead6;
    struct outcome           o;

    (void)state;
    for (;;) {
        open_mixed(&m, "127.0.0.1", "127.0.0.2");
        if (full_backlog_at(AF_INET6, "::1", m.dead.port, &dead6))
            break;
        close_mixed(&m);
    }
    resolver_say(AF_INET, dead_too);
    resolver_say(AF_INET6, here6);
    o = race("third.example", m.dead.port, 10000);
    assert_in_range(o.ms, 495, 1200);
    won_at(&o, "127.0.0.2", m.dead.port);
    close_full(&dead6);
    close_mixed(&m);
}

/* ---- look-ups that take their time ---- */

static void ipv4_waits_fifty_milliseconds_for_ipv6(void **state)
{
    struct two     p;
    struct outcome o;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET, here);
    resolver_shut(AF_INET6);
    o = race("four.example", p.port, 10000);
    assert_in_range(o.ms, 45, 500);
    won_at(&o, "127.0.0.1", p.port);
    close_two(&p);
}

/* The quickest of some: a busy machine is late now and then. */
static int64_t quickest(const char *host, int port, const char *winner)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 20 && best > 20; i++) {
        struct outcome o = race(host, port, 10000);

        if (o.ms < best)
            best = o.ms;
        won_at(&o, winner, port);
    }
    return best;
}

static void ipv6_waits_for_nobody(void **state)
{
    struct two p;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET);
    assert_in_range(quickest("six.example", p.port, "::1"), 0, 40);
    close_two(&p);
}

static void an_ipv6_failure_ends_the_wait_for_it(void **state)
{
    struct two p;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET, here);
    assert_in_range(quickest("four.example", p.port, "127.0.0.1"), 0, 40);
    resolver_say(AF_INET6, none);
    assert_in_range(quickest("four.example", p.port, "127.0.0.1"), 0, 40);
    close_two(&p);
}

static void *open_ipv6_once_ipv4_answered(void *unused)
{
    resolver_wait_answered(AF_INET, 1);
    resolver_open(AF_INET6);
    return unused;
}

static void an_ipv4_failure_leaves_it_to_ipv6(void **state)
{
    struct two     p;
    struct outcome o;
    pthread_t      helper;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET6);
    pthread_create(&helper, NULL, open_ipv6_once_ipv4_answered, NULL);
    o = race("six.example", p.port, 10000);
    pthread_join(helper, NULL);
    won_at(&o, "::1", p.port);
    close_two(&p);
}

static void what_is_never_answered_ends_with_the_time(void **state)
{
    int before = open_descriptors();

    (void)state;
    resolver_shut(AF_INET);
    resolver_shut(AF_INET6);
    for (int i = 0; i < 20; i++) {
        struct outcome o = race("silent.example", 80, 30);

        lost(&o, ETIMEDOUT);
        assert_in_range(o.ms, 29, 400);
        assert_string_equal(o.detail, "AAAA look-up: no answer in time; "
                                      "A look-up: no answer in time");
        assert_int_equal(open_descriptors(), before);
    }
    assert_int_equal(resolver_most_inside(), 16);
}

static void late_answers_are_dropped(void **state)
{
    struct outcome o;

    (void)state;
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET);
    resolver_shut(AF_INET6);
    o = race("late.example", 80, 20);
    lost(&o, ETIMEDOUT);
    resolver_wait_inside(2);
    resolver_drain();
    resolver_wait_released(2);
}

/* ---- numbers ---- */

static void an_address_is_never_looked_up(void **state)
{
    static const char *const texts[][2] = {{"127.0.0.1", "127.0.0.1"},
                                           {"::1", "::1"},
                                           {"0:0:0::1", "::1"},
                                           {"::1%lo", "::1%lo"}};
    struct two               p;

    (void)state;
    open_two(&p, true, true);
    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        struct outcome o = race(texts[i][0], p.port, 10000);

        won_at(&o, texts[i][1], p.port);
    }
    assert_string_equal(resolver_asked(), "");
    close_two(&p);
}

static void what_is_no_place_is_refused(void **state)
{
    char long_name[300];
    struct {
        const char *host;
        int         port;
        sk_err      err;
    } rows[] = {
        {NULL, 80, EINVAL},
        {"", 80, EINVAL},
        {"1:2", 80, EINVAL},
        {"[::1]", 80, EINVAL},
        {"127.0.0.1", -1, EINVAL},
        {"::1", 65536, EINVAL},
        {"name.example", -1, EINVAL},
        {"fe80::1%nosuchif", 80, ENODEV},
        {long_name, 80, ENAMETOOLONG},
    };

    (void)state;
    memset(long_name, 'n', sizeof long_name);
    long_name[256] = '\0';
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct outcome o = race(rows[i].host, rows[i].port, 1000);

        lost(&o, rows[i].err);
        assert_string_equal(o.detail, "");
    }
    assert_string_equal(resolver_asked(), "");
}

/* ---- failures ---- */

static void one_refusal_needs_no_detail(void **state)
{
    struct two     p;
    struct outcome o;

    (void)state;
    open_two(&p, false, false);
    o = race("127.0.0.1", p.port, 10000);
    lost(&o, ECONNREFUSED);
    assert_string_equal(o.detail, "");
    resolver_say(AF_INET6, here6);
    o = race("six.example", p.port, 10000);
    lost(&o, ECONNREFUSED);
    assert_string_equal(o.detail, "");
    close_two(&p);
}

/* The families take turns, IPv6 first; each keeps its resolver's order. If IPv4
 * was late with its answer it is not its turn yet: then once more. */
static void every_refusal_is_told_in_the_order_of_attempts(void **state)
{
    static const char *const six[] = {"::1", "::ffff:127.0.0.4", NULL};
    struct two               p;
    struct outcome           o = {.detail = ""};
    char                     want[512];

    (void)state;
    open_two(&p, false, false);
    resolver_say(AF_INET, threes);
    resolver_say(AF_INET6, six);
    snprintf(want, sizeof want,
             "[::1]:%d: Connection refused; "
             "127.0.0.1:%d: Connection refused; "
             "[::ffff:127.0.0.4]:%d: Connection refused; "
             "127.0.0.2:%d: Connection refused; "
             "127.0.0.3:%d: Connection refused",
             p.port, p.port, p.port, p.port, p.port);
    for (int i = 0; i < 100 && strcmp(o.detail, want) != 0; i++) {
        o = race("five.example", p.port, 10000);
        lost(&o, ECONNREFUSED);
        assert_int_equal(strlen(o.detail), strlen(want));
    }
    assert_string_equal(o.detail, want);
    close_two(&p);
}

static void a_silent_address_ends_with_the_time(void **state)
{
    struct full    dead;
    struct outcome o;

    (void)state;
    full_backlog(AF_INET, &dead);
    o = race(dead.address, dead.port, 100);
    lost(&o, ETIMEDOUT);
    assert_in_range(o.ms, 99, 600);
    assert_string_equal(o.detail, "");
    o = race(dead.address, dead.port, 0);
    lost(&o, ETIMEDOUT);
    assert_in_range(o.ms, 0, 300);
    close_full(&dead);
}

static void what_had_not_ended_is_told_of(void **state)
{
    static const char *const two[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct full              dead;
    struct outcome           o;
    char                     want[512];

    (void)state;
    full_backlog(AF_INET, &dead);
    resolver_say(AF_INET, two);
    resolver_shut(AF_INET6);
    o = race("slow.example", dead.port, 200);
    lost(&o, ETIMEDOUT);
    snprintf(want, sizeof want,
             "127.0.0.2:%d: Connection refused; "
             "127.0.0.1:%d: Connection timed out; "
             "AAAA look-up: no answer in time",
             dead.port, dead.port);
    assert_string_equal(o.detail, want);
    close_full(&dead);
}

static void a_look_up_that_broke_is_told_beside_an_address(void **state)
{
    struct two     p;
    struct outcome o;

    (void)state;
    open_two(&p, false, false);
    resolver_say(AF_INET, here);
    resolver_fail(AF_INET6, EAI_AGAIN, 0);
    o = race("half.example", p.port, 10000);
    lost(&o, ECONNREFUSED);
    assert_non_null(strstr(o.detail, "127.0.0.1:"));
    assert_non_null(strstr(o.detail, "; AAAA look-up: "));
    close_two(&p);
}

static void of_two_failed_look_ups_the_graver_counts(void **state)
{
    static const int rows[][3] = {
        {EAI_NONAME, EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_NODATA, EAI_NODATA, LIBSOCK_EAI_NODATA},
        {EAI_NODATA, EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_ADDRFAMILY, EAI_NONAME, LIBSOCK_EAI_NONAME},
        {EAI_NONAME, EAI_FAIL, LIBSOCK_EAI_FAIL},
        {EAI_NODATA, EAI_AGAIN, LIBSOCK_EAI_AGAIN},
        {EAI_AGAIN, EAI_FAIL, LIBSOCK_EAI_AGAIN},
        {EAI_NONAME, EAI_MEMORY, ENOMEM},
    };

    (void)state;
    for (size_t i = 0; i < 2 * SK_COUNT(rows); i++) {
        const int     *row = rows[i / 2];
        struct outcome o;

        resolver_fail(AF_INET6, row[i % 2], 0);
        resolver_fail(AF_INET, row[!(i % 2)], 0);
        o = race("bad.example", 80, 10000);
        lost(&o, row[2]);
        assert_string_equal(o.detail, "");
    }
}

/* Whole pieces of `full`, then dots, or nothing. */
static bool is_cut_cleanly(const char *text, const char *full)
{
    const char *dots = strstr(text, "; ...");
    size_t      len  = dots ? (size_t)(dots - text) : 0;

    if (!*text)
        return true;
    return dots && !dots[5] && !strncmp(text, full, len) &&
           !strncmp(full + len, "; ", 2);
}

static void a_detail_is_cut_between_its_pieces(void **state)
{
    struct sk_race r = {"three.example", 0, SOCK_STREAM, &options, SK_NEVER, 0};
    struct two     p;
    struct outcome o;
    struct sk_sock *s;
    size_t          whole;

    (void)state;
    open_two(&p, false, false);
    resolver_say(AF_INET, threes);
    o = race(r.host, r.port = p.port, 10000);
    lost(&o, ECONNREFUSED);
    whole = strlen(o.detail) + sizeof "; ...";
    for (size_t size = 0; size <= whole; size++) {
        char *detail = malloc(size); /* its end is watched */

        assert_int_equal(sk_race_run(&r, &s, detail, size), ECONNREFUSED);
        if (size)
            assert_true(strlen(detail) < size);
        if (size == whole)
            assert_string_equal(detail, o.detail);
        else if (size)
            assert_true(is_cut_cleanly(detail, o.detail));
        free(detail);
    }
    close_two(&p);
}

static void without_descriptors_a_race_says_so(void **state)
{
    struct rlimit  old, few;
    struct outcome name, number;
    int            next = dup(0);

    (void)state;
    sk_plat_close(next, false);
    resolver_say(AF_INET, here);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few          = old;
    few.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    name   = race("any.example", 80, 10000);
    number = race("127.0.0.1", 80, 10000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    lost(&name, EMFILE);
    lost(&number, EMFILE);
}

/* ---- kinds ---- */

static void a_datagram_socket_takes_the_first_address(void **state)
{
    struct sk_race r = {.host = "both.example", .port = 9, .type = SOCK_DGRAM};
    struct outcome o;

    (void)state;
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET);
    o = race_as(r, 10000);
    assert_int_equal(o.s->type, SOCK_DGRAM);
    won_at(&o, "::1", 9);
}

static void an_address_not_of_bindtos_family_is_passed_over(void **state)
{
    struct two     p;
    struct outcome o;
    char           from[] = "127.0.0.1:0";

    (void)state;
    open_two(&p, true, true);
    options.bindto = from;
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    o = race("both.example", p.port, 10000);
    won_at(&o, "127.0.0.1", p.port);
    close_two(&p);
}

/* That a family is not served here hides nothing that was learnt. */
static void a_family_not_served_yields_to_a_reason(void **state)
{
    struct two     p;
    struct outcome o;
    char           from[] = "[::1]:0";

    (void)state;
    open_two(&p, false, false);
    options.bindto = from;
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    o = race("both.example", p.port, 10000);
    lost(&o, ECONNREFUSED);
    assert_non_null(strstr(o.detail, "[::1]:"));
    assert_non_null(strstr(o.detail, "127.0.0.1:"));
    resolver_say(AF_INET6, none);
    o = race("four.example", p.port, 10000);
    lost(&o, EAFNOSUPPORT);
    close_two(&p);
}

static void a_client_does_not_meet_itself(void **state)
{
    sock_t        *holder = hold("127.0.0.1", 0, false);
    int            port   = port_of(holder);
    struct outcome o;
    char           from[32];

    (void)state;
    sock_close(holder);
    snprintf(from, sizeof from, "127.0.0.1:%d", port);
    options.bindto = from;
    o              = race("127.0.0.1", port, 10000);
    lost(&o, ECONNREFUSED);
}

/* ---- async ---- */

static struct outcome start_only(const char *host, int port)
{
    struct sk_race r = {.host = host, .port = port, .async = true};

    return race_as(r, 10000);
}

static bool is_decided(const struct outcome *o, int timeout_ms)
{
    struct pollfd p = {o->s->fd, POLLOUT, 0};

    return poll(&p, 1, timeout_ms) == 1;
}

static void an_async_race_returns_the_first_address_at_once(void **state)
{
    struct mixed   m;
    struct outcome o;

    (void)state;
    open_mixed(&m, "::1", "127.0.0.1");
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET);
    o = start_only("half.example", m.dead.port);
    assert_in_range(o.ms, 0, 240);
    assert_false(is_decided(&o, 0));
    won_at(&o, "::1", m.dead.port);
    close_mixed(&m);
}

static void an_async_race_waits_for_look_ups_as_any_other(void **state)
{
    struct two     p;
    struct outcome o;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET, here);
    resolver_shut(AF_INET6);
    o = start_only("four.example", p.port);
    assert_in_range(o.ms, 45, 500);
    assert_true(is_decided(&o, 10000));
    won_at(&o, "127.0.0.1", p.port);
    close_two(&p);
}

static void an_async_refusal_is_told_by_the_socket(void **state)
{
    struct two     p;
    struct outcome o;
    int            reason = 0;
    size_t         size   = sizeof reason;

    (void)state;
    open_two(&p, false, false);
    o = start_only("127.0.0.1", p.port);
    assert_true(is_decided(&o, 10000));
    assert_int_equal(
        sk_plat_get_option(o.s->fd, SOL_SOCKET, SO_ERROR, &reason, &size), 0);
    assert_int_equal(reason, ECONNREFUSED);
    won_at(&o, "127.0.0.1", p.port);
    close_two(&p);
}

/* ---- among others ---- */

struct nagger {
    pthread_t    victim;
    _Atomic bool enough;
    _Atomic int  heard;
};

static struct nagger nagger;

static void hear(int number)
{
    (void)number;
    nagger.heard++;
}

static void *nag(void *unused)
{
    while (!nagger.enough) {
        pthread_kill(nagger.victim, SIGUSR1);
        poll(NULL, 0, 2);
    }
    return unused;
}

static void signals_neither_end_nor_stretch_a_race(void **state)
{
    struct sigaction action = {.sa_handler = hear}, old;
    struct full      dead;
    struct outcome   o;
    pthread_t        thread;

    (void)state;
    full_backlog(AF_INET, &dead);
    sigaction(SIGUSR1, &action, &old);
    nagger.victim = pthread_self();
    nagger.enough = false;
    pthread_create(&thread, NULL, nag, NULL);
    o             = race(dead.address, dead.port, 150);
    nagger.enough = true;
    pthread_join(thread, NULL);
    sigaction(SIGUSR1, &old, NULL);
    lost(&o, ETIMEDOUT);
    assert_in_range(o.ms, 149, 700);
    assert_true(nagger.heard > 5);
    close_full(&dead);
}

static void *race_in_thread(void *port)
{
    struct outcome o     = race("busy.example", *(int *)port, 30000);
    bool           works = !o.err && o.s;

    finish(&o);
    return works ? port : NULL;
}

static void forty_races_share_sixteen_look_ups(void **state)
{
    enum { COUNT = 40 };
    pthread_t  threads[COUNT];
    struct two p;

    (void)state;
    open_two(&p, true, true);
    resolver_say(AF_INET, here);
    resolver_shut(AF_INET);
    resolver_shut(AF_INET6);
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, race_in_thread, &p.port);
    resolver_wait_inside(16);
    resolver_open(AF_INET);
    resolver_open(AF_INET6);
    for (int i = 0; i < COUNT; i++) {
        void *worked;

        pthread_join(threads[i], &worked);
        assert_non_null(worked);
    }
    assert_int_equal(resolver_most_inside(), 16);
    close_two(&p);
}

#ifndef __SANITIZE_THREAD__ /* which lets no child of threads start another */
/* The made-up resolver has locks that its threads left behind. */
static int say_here(const char *name, const char *service,
                    const struct addrinfo *hints, struct addrinfo **out)
{
    static struct sockaddr_in loopback = {.sin_family = AF_INET};
    static struct addrinfo    only     = {.ai_addrlen = sizeof loopback};

    (void)name;
    (void)service;
    if (hints->ai_family != AF_INET)
        return EAI_NODATA;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    only.ai_addr             = (struct sockaddr *)&loopback;
    *out                     = &only;
    return 0;
}

static void keep(struct addrinfo *list)
{
    (void)list;
}

static int in_child(int descriptors, int port)
{
    struct outcome o;

    alarm(20);
    if (open_descriptors() != descriptors)
        return 1;
    sk_resolve_use(say_here, keep);
    o = race("child.example", port, 10000);
    if (o.err)
        return 2;
    finish(&o);
    return open_descriptors() == descriptors ? 0 : 3;
}

/* One attempt and one look-up of a thread's race are under way. */
static void a_child_has_nothing_of_its_parents_races(void **state)
{
    int          descriptors, status = -1;
    pid_t        child;
    pthread_t    thread;
    struct mixed m;
    void        *worked;

    (void)state;
    open_mixed(&m, "::1", "127.0.0.1");
    resolver_say(AF_INET, here);
    resolver_say(AF_INET6, here6);
    resolver_shut(AF_INET);
    descriptors = open_descriptors();
    pthread_create(&thread, NULL, race_in_thread, &m.dead.port);
    wait_for_descriptors(descriptors + 2); /* the bell, the attempt */
    if (!(child = fork()))
        _exit(in_child(descriptors, m.dead.port));
    waitpid(child, &status, 0);
    resolver_open(AF_INET);
    pthread_join(thread, &worked);
    assert_int_equal(status, 0);
    assert_non_null(worked);
    close_mixed(&m);
}
#endif

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(both_families_are_asked_and_ipv6_comes_first),
        WITH_FAKE(a_dead_ipv6_costs_a_quarter_of_a_second),
        WITH_FAKE(a_dead_ipv4_is_overtaken_by_a_late_ipv6),
        WITH_FAKE(a_refusal_brings_the_next_at_once),
        WITH_FAKE(each_attempt_waits_a_quarter_for_the_last),
        WITH_FAKE(ipv4_waits_fifty_milliseconds_for_ipv6),
        WITH_FAKE(ipv6_waits_for_nobody),
        WITH_FAKE(an_ipv6_failure_ends_the_wait_for_it),
        WITH_FAKE(an_ipv4_failure_leaves_it_to_ipv6),
        WITH_FAKE(what_is_never_answered_ends_with_the_time),
        WITH_FAKE(late_answers_are_dropped),
        WITH_FAKE(an_address_is_never_looked_up),
        WITH_FAKE(what_is_no_place_is_refused),
        WITH_FAKE(one_refusal_needs_no_detail),
        WITH_FAKE(every_refusal_is_told_in_the_order_of_attempts),
        WITH_FAKE(a_silent_address_ends_with_the_time),
        WITH_FAKE(what_had_not_ended_is_told_of),
        WITH_FAKE(a_look_up_that_broke_is_told_beside_an_address),
        WITH_FAKE(of_two_failed_look_ups_the_graver_counts),
        WITH_FAKE(a_detail_is_cut_between_its_pieces),
        WITH_FAKE(without_descriptors_a_race_says_so),
        WITH_FAKE(a_datagram_socket_takes_the_first_address),
        WITH_FAKE(an_address_not_of_bindtos_family_is_passed_over),
        WITH_FAKE(a_family_not_served_yields_to_a_reason),
        WITH_FAKE(a_client_does_not_meet_itself),
        WITH_FAKE(an_async_race_returns_the_first_address_at_once),
        WITH_FAKE(an_async_race_waits_for_look_ups_as_any_other),
        WITH_FAKE(an_async_refusal_is_told_by_the_socket),
        WITH_FAKE(signals_neither_end_nor_stretch_a_race),
        WITH_FAKE(forty_races_share_sixteen_look_ups),
#ifndef __SANITIZE_THREAD__
        WITH_FAKE(a_child_has_nothing_of_its_parents_races),
#endif
    };

    return cmocka_run_group_tests_name("race", tests, count_descriptors,
                                       compare_descriptors);
}
