/* test_query.c - proves that look-ups stand in line, that their callers may
 * leave at any time, and that a bell is rung as long as it is wanted and no
 * longer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/resolve.h"

#include "support/net.h"
#include "support/resolver.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 16

/* Stands before the library's own, so that threads can be refused. */
static _Atomic bool no_threads;

#ifndef __SANITIZE_THREAD__
typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                      void *);

static create_fn *real_create;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*run)(void *), void              *arg)
{
    return no_threads ? EAGAIN : real_create(thread, attributes, run, arg);
}

/* Once, early: a child of a fork must not look for it. */
static void find_real(void)
{
    void *found = dlsym(RTLD_NEXT, "pthread_create");

    memcpy(&real_create, &found, sizeof real_create);
}
#else
static void find_real(void)
{
}
#endif

static const char *const one[] = {"127.0.0.1", NULL};

static int set_up(void **state)
{
    (void)state;
    resolver_reset();
    resolver_say(AF_INET, one);
    sk_resolve_use(resolver_look_up, resolver_release);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    no_threads = false;
    resolver_drain();
    sk_resolve_use(NULL, NULL);
    return 0;
}

/* ---- small steps ---- */

static struct sk_query *ask(const char *name, int family)
{
    struct sk_query *q = NULL;

    assert_int_equal(sk_query_begin(name, family, SOCK_STREAM, &q), 0);
    assert_non_null(q);
    return q;
}

static int make_bell(void)
{
    int fd = -1;

    assert_int_equal(sk_plat_bell(&fd), 0);
    return fd;
}

static bool rings(int bell, int timeout_ms)
{
    struct pollfd p = {bell, POLLIN, 0};

    return poll(&p, 1, timeout_ms) == 1;
}

static void wait_until_done(struct sk_query *q)
{
    int bell = make_bell();

    sk_query_bell(q, bell);
    assert_true(rings(bell, 10000));
    assert_true(sk_query_done(q));
    sk_query_bell(q, -1);
    sk_plat_close(bell, false);
}

/* Every thread that may look up is busy until resolver_pass(AF_INET6). */
static void fill_threads(struct sk_query *busy[MOST])
{
    resolver_shut(AF_INET6);
    for (int i = 0; i < MOST; i++)
        busy[i] = ask("busy", AF_INET6);
    resolver_wait_inside(MOST);
}

static void leave_all(struct sk_query *busy[MOST])
{
    for (int i = 0; i < MOST; i++)
        sk_query_leave(busy[i]);
}

/* What was asked behind the names that fill the threads. */
static const char *asked_behind(void)
{
    return resolver_asked() + MOST * strlen("busy/6 ");
}

/* ---- answers ---- */

static void an_answer_has_the_addresses_in_order_with_the_port(void **state)
{
    static const char *const three[] = {"127.0.0.3", "127.0.0.1", "127.0.0.2",
                                        NULL};
    struct sk_query         *q;
    struct sk_addr          *list  = NULL;
    size_t                   count = 0;

    (void)state;
    resolver_say(AF_INET, three);
    q = ask("three", AF_INET);
    wait_until_done(q);
    assert_int_equal(sk_query_take(q, 8080, &list, &count), 0);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].u.in4.sin_addr.s_addr, inet_addr(three[i]));
        assert_int_equal(ntohs(list[i].u.in4.sin_port), 8080);
        assert_int_equal(list[i].len, sizeof list[i].u.in4);
    }
    free(list);
    sk_query_leave(q);
}

static void an_answer_may_be_taken_twice(void **state)
{
    struct sk_query *q = ask("twice", AF_INET);

    (void)state;
    wait_until_done(q);
    for (int i = 0; i < 2; i++) {
        struct sk_addr *list  = NULL;
        size_t          count = 0;

        assert_int_equal(sk_query_take(q, 1, &list, &count), 0);
        assert_int_equal(count, 1);
        free(list);
    }
    sk_query_leave(q);
}

/* Of another family, or of none. */
static void what_was_not_asked_for_is_left_out(void **state)
{
    static const char *const mixed[] = {"nonsense", "127.0.0.1", "::1", NULL};
    static const char *const wrong[] = {"127.0.0.1", "nonsense", NULL};
    struct sk_query         *q;
    struct sk_addr          *list  = NULL;
    size_t                   count = 0;

    (void)state;
    resolver_say(AF_INET6, mixed);
    q = ask("mixed", AF_INET6);
    wait_until_done(q);
    assert_int_equal(sk_query_take(q, 1, &list, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].u.any.sa_family, AF_INET6);
    free(list);
    sk_query_leave(q);
    resolver_say(AF_INET6, wrong);
    q = ask("wrong", AF_INET6);
    wait_until_done(q);
    assert_int_equal(sk_query_take(q, 1, &list, &count), LIBSOCK_EAI_NODATA);
    sk_query_leave(q);
}

static void a_failure_has_its_code(void **state)
{
    static const int rows[][3] = {
        {EAI_NONAME, 0, LIBSOCK_EAI_NONAME},
        {EAI_AGAIN, 0, LIBSOCK_EAI_AGAIN},
        {EAI_MEMORY, 0, ENOMEM},
        {EAI_SYSTEM, EMFILE, EMFILE},
        {EAI_SYSTEM, 0, LIBSOCK_EAI_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_addr  *list;
        size_t           count;
        struct sk_query *q;

        resolver_fail(AF_INET, rows[i][0], rows[i][1]);
        q = ask("bad", AF_INET);
        wait_until_done(q);
        assert_int_equal(sk_query_take(q, 1, &list, &count), rows[i][2]);
        sk_query_leave(q);
    }
}

static void a_look_up_gets_no_signals(void **state)
{
    struct sk_query *q = ask("quiet", AF_INET);

    (void)state;
    wait_until_done(q);
    assert_true(resolver_signals_blocked());
    sk_query_leave(q);
}

/* ---- the line ---- */

static void names_are_asked_first_come_first_served(void **state)
{
    struct sk_query *busy[MOST], *a, *b, *c;

    (void)state;
    fill_threads(busy);
    a = ask("a", AF_INET);
    b = ask("b", AF_INET);
    c = ask("c", AF_INET);
    assert_string_equal(asked_behind(), "");
    resolver_pass(AF_INET6);
    wait_until_done(c);
    assert_string_equal(asked_behind(), "a/4 b/4 c/4 ");
    assert_true(sk_query_done(a) && sk_query_done(b));
    assert_int_equal(resolver_most_inside(), MOST);
    sk_query_leave(a);
    sk_query_leave(b);
    sk_query_leave(c);
    leave_all(busy);
}

static void a_query_left_before_its_turn_is_never_asked(void **state)
{
    struct sk_query *busy[MOST], *b;

    (void)state;
    fill_threads(busy);
    sk_query_leave(ask("a", AF_INET));
    b = ask("b", AF_INET);
    sk_query_leave(ask("c", AF_INET));
    resolver_pass(AF_INET6);
    wait_until_done(b);
    assert_string_equal(asked_behind(), "b/4 ");
    sk_query_leave(b);
    leave_all(busy);
}

static void the_threads_end_when_nobody_asks(void **state)
{
    struct sk_query *busy[MOST];
    int              quiet;

    (void)state;
    quiet = running_threads();
    fill_threads(busy);
    assert_int_equal(running_threads(), quiet + MOST);
    resolver_open(AF_INET6);
    wait_for_threads(quiet);
    for (int i = 0; i < MOST; i++)
        assert_true(sk_query_done(busy[i]));
    leave_all(busy);
}

#ifndef __SANITIZE_THREAD__
static void without_a_single_thread_a_query_fails(void **state)
{
    struct sk_query *q = NULL;

    (void)state;
    no_threads = true;
    assert_int_equal(sk_query_begin("a", AF_INET, SOCK_STREAM, &q), EAGAIN);
    assert_null(q);
    no_threads = false;
    q          = ask("b", AF_INET);
    wait_until_done(q);
    assert_string_equal(resolver_asked(), "b/4 ");
    sk_query_leave(q);
}

static void with_one_thread_the_others_wait_for_it(void **state)
{
    struct sk_query *first, *second;

    (void)state;
    resolver_shut(AF_INET6);
    first = ask("first", AF_INET6);
    resolver_wait_inside(1);
    no_threads = true;
    second     = ask("second", AF_INET);
    assert_false(sk_query_done(second));
    resolver_pass(AF_INET6);
    wait_until_done(second);
    assert_string_equal(resolver_asked(), "first/6 second/4 ");
    sk_query_leave(first);
    sk_query_leave(second);
}
#endif

/* ---- leaving ---- */

static void a_late_answer_is_dropped(void **state)
{
    struct sk_query *q;

    (void)state;
    resolver_shut(AF_INET);
    q = ask("late", AF_INET);
    resolver_wait_inside(1);
    assert_false(sk_query_done(q));
    sk_query_leave(q);
    resolver_open(AF_INET);
    resolver_wait_released(1);
}

static void no_query_may_be_left(void **state)
{
    (void)state;
    sk_query_leave(NULL);
}

/* ---- bells ---- */

static void a_bell_rings_when_the_answer_comes(void **state)
{
    int              bell = make_bell();
    struct sk_query *q;

    (void)state;
    resolver_shut(AF_INET);
    q = ask("slow", AF_INET);
    sk_query_bell(q, bell);
    resolver_wait_inside(1);
    assert_false(rings(bell, 0));
    resolver_open(AF_INET);
    assert_true(rings(bell, 10000));
    sk_query_leave(q);
    sk_plat_close(bell, false);
}

static void a_bell_rings_at_once_if_the_answer_is_there(void **state)
{
    int              bell = make_bell();
    struct sk_query *q    = ask("quick", AF_INET);

    (void)state;
    wait_until_done(q);
    sk_query_bell(q, bell);
    assert_true(rings(bell, 0));
    sk_query_leave(q);
    sk_plat_close(bell, false);
}

static void a_bell_that_was_taken_away_is_silent(void **state)
{
    int              bell = make_bell();
    struct sk_query *q;

    (void)state;
    resolver_shut(AF_INET);
    q = ask("slow", AF_INET);
    sk_query_bell(q, bell);
    sk_query_bell(q, -1);
    resolver_open(AF_INET);
    wait_until_done(q);
    assert_false(rings(bell, 0));
    sk_query_leave(q);
    sk_plat_close(bell, false);
}

static void leaving_takes_the_bell_away(void **state)
{
    int              bell = make_bell();
    struct sk_query *q;

    (void)state;
    resolver_shut(AF_INET);
    q = ask("slow", AF_INET);
    sk_query_bell(q, bell);
    resolver_wait_inside(1);
    sk_query_leave(q);
    resolver_open(AF_INET);
    resolver_wait_released(1);
    assert_false(rings(bell, 0));
    sk_plat_close(bell, false);
}

/* Callers leave while their answers come: whoever is second frees. */
static void leaving_and_answering_may_meet(void **state)
{
    int bell = make_bell();

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct sk_query *q = ask("x", AF_INET);

        sk_query_bell(q, bell);
        if (i % 2)
            rings(bell, 10000);
        sk_query_leave(q);
        sk_plat_muffle(bell);
    }
    sk_plat_close(bell, false);
}

/* ---- fork ---- */

#ifndef __SANITIZE_THREAD__ /* which lets no child of threads start another */
/* The made-up resolver has locks that its threads left behind, and so may the
 * system's. */
static int say_here(const char *name, const char *service,
                    const struct addrinfo *hints, struct addrinfo **out)
{
    static struct sockaddr_in here = {.sin_family = AF_INET};
    static struct addrinfo    only = {.ai_addrlen = sizeof here};

    (void)name;
    (void)service;
    (void)hints;
    only.ai_addr = (struct sockaddr *)&here;
    *out         = &only;
    return 0;
}

static void keep(struct addrinfo *list)
{
    (void)list;
}

static int in_child(void)
{
    struct pollfd    p = {-1, POLLIN, 0};
    struct sk_query *q;
    struct sk_addr  *list;
    size_t           count;

    alarm(20);
    sk_resolve_use(say_here, keep);
    if (sk_plat_bell(&p.fd) ||
        sk_query_begin("child", AF_INET, SOCK_STREAM, &q))
        return 1;
    sk_query_bell(q, p.fd);
    if (poll(&p, 1, 10000) != 1 || sk_query_take(q, 1, &list, &count))
        return 2;
    free(list);
    sk_query_leave(q);
    return 0;
}

/* 0: it could. */
static int look_up_in_child(void)
{
    int   status = -1;
    pid_t child  = fork();

    if (!child)
        _exit(in_child());
    waitpid(child, &status, 0);
    return status;
}

static void a_child_has_all_places_of_its_own(void **state)
{
    struct sk_query *busy[MOST], *waits;

    (void)state;
    fill_threads(busy);
    waits = ask("waits", AF_INET);
    assert_int_equal(look_up_in_child(), 0);
    assert_false(sk_query_done(waits));
    resolver_pass(AF_INET6);
    wait_until_done(waits);
    assert_string_equal(asked_behind(), "waits/4 ");
    sk_query_leave(waits);
    leave_all(busy);
}

#ifndef __SANITIZE_ADDRESS__ /* whose allocator does not outlive such a fork   \
                              */
static _Atomic bool enough;

static void *ask_again_and_again(void *unused)
{
    struct sk_query *q;

    while (!enough)
        if (!sk_query_begin("again", AF_INET, SOCK_STREAM, &q))
            sk_query_leave(q);
    return unused;
}

/* Sooner or later the fork comes while the list is being changed. */
static void a_fork_amid_queries_harms_no_child(void **state)
{
    pthread_t other;
    int       status = 0;

    (void)state;
    enough = false;
    assert_int_equal(pthread_create(&other, NULL, ask_again_and_again, NULL),
                     0);
    for (int i = 0; i < 50 && !status; i++)
        status = look_up_in_child();
    enough = true;
    pthread_join(other, NULL);
    assert_int_equal(status, 0);
}
#endif
#endif

static int set_up_all(void **state)
{
    find_real();
    resolver_begin();
    return count_descriptors(state);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(an_answer_has_the_addresses_in_order_with_the_port),
        WITH_FAKE(an_answer_may_be_taken_twice),
        WITH_FAKE(what_was_not_asked_for_is_left_out),
        WITH_FAKE(a_failure_has_its_code),
        WITH_FAKE(a_look_up_gets_no_signals),
        WITH_FAKE(names_are_asked_first_come_first_served),
        WITH_FAKE(a_query_left_before_its_turn_is_never_asked),
        WITH_FAKE(the_threads_end_when_nobody_asks),
#ifndef __SANITIZE_THREAD__
        WITH_FAKE(without_a_single_thread_a_query_fails),
        WITH_FAKE(with_one_thread_the_others_wait_for_it),
        WITH_FAKE(a_child_has_all_places_of_its_own),
#ifndef __SANITIZE_ADDRESS__
        WITH_FAKE(a_fork_amid_queries_harms_no_child),
#endif
#endif
        WITH_FAKE(a_late_answer_is_dropped),
        WITH_FAKE(no_query_may_be_left),
        WITH_FAKE(a_bell_rings_when_the_answer_comes),
        WITH_FAKE(a_bell_rings_at_once_if_the_answer_is_there),
        WITH_FAKE(a_bell_that_was_taken_away_is_silent),
        WITH_FAKE(leaving_takes_the_bell_away),
        WITH_FAKE(leaving_and_answering_may_meet),
    };

    return cmocka_run_group_tests_name("query", tests, set_up_all,
                                       compare_descriptors);
}
