/* test_race_ends.c - proves that a race that is lost says why, in time, and
 * that signals, other races, late answers and forks leave nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/race.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const threes[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3",
                                     NULL};

/* ---- answers that do not come ---- */

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

static int64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One answer has rung the bell; the other, and the address, never come. */
static void an_answer_wakes_a_race_once(void **state)
{
    struct full    dead;
    struct outcome o;
    int64_t        before;

    (void)state;
    full_backlog(AF_INET, &dead);
    resolver_say(AF_INET, here);
    resolver_shut(AF_INET6);
    before = cpu_ms();
    o      = race("four.example", dead.port, 300);
    lost(&o, ETIMEDOUT);
    assert_in_range(cpu_ms() - before, 0, 100);
    close_full(&dead);
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
    have_a_set_kept(); /* the parent had one */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(what_is_never_answered_ends_with_the_time),
        WITH_FAKE(an_answer_wakes_a_race_once),
        WITH_FAKE(late_answers_are_dropped),
        WITH_FAKE(one_refusal_needs_no_detail),
        WITH_FAKE(every_refusal_is_told_in_the_order_of_attempts),
        WITH_FAKE(a_silent_address_ends_with_the_time),
        WITH_FAKE(what_had_not_ended_is_told_of),
        WITH_FAKE(a_look_up_that_broke_is_told_beside_an_address),
        WITH_FAKE(of_two_failed_look_ups_the_graver_counts),
        WITH_FAKE(a_detail_is_cut_between_its_pieces),
        WITH_FAKE(without_descriptors_a_race_says_so),
        WITH_FAKE(signals_neither_end_nor_stretch_a_race),
        WITH_FAKE(forty_races_share_sixteen_look_ups),
#ifndef __SANITIZE_THREAD__
        WITH_FAKE(a_child_has_nothing_of_its_parents_races),
#endif
    };

    return cmocka_run_group_tests_name("race_ends", tests, set_up_all,
                                       compare_descriptors);
}
