/* test_signal.c - proves what a signal does to a blocked call, that no call
 * raises one or changes a disposition, and that no descriptor survives exec.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static _Atomic int handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
}

static void handle_with(int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags   = flags;
    sigaction(SIGUSR1, &action, NULL);
}

/* Signals the thread of `victim` while it sleeps in its call. With a writer:
 * twice, and then the writer sends what ends the call. */
struct pusher {
    pthread_t   victim;
    int         tid;
    sock_t     *writer;
    const char *text;
    pthread_t   thread;
};

static void push_once(struct pusher *p)
{
    int before;

    wait_until_asleep(p->tid);
    before = handled;
    pthread_kill(p->victim, SIGUSR1);
    while (handled == before)
        ;
}

static void *push(void *arg)
{
    struct pusher *p = arg;

    push_once(p);
    if (!p->writer)
        return NULL;
    push_once(p);
    wait_until_asleep(p->tid);
    sock_write_all(p->writer, p->text, strlen(p->text), NULL);
    return NULL;
}

static void start_pushing(struct pusher *p, sock_t *writer, const char *text)
{
    p->victim = pthread_self();
    p->tid    = gettid();
    p->writer = writer;
    p->text   = text;
    assert_int_equal(pthread_create(&p->thread, NULL, push, p), 0);
}

static void reads_go_on_after_a_signal(void **state)
{
    static const int flags[] = {0, SA_RESTART};

    (void)state;
    for (int i = 0; i < 12; i++) {
        struct pusher p;
        sock_t       *pair[2];
        char          out[8];
        ssize_t       n;

        handle_with(flags[i % 2]);
        tcp_pair(pair);
        if (i >= 6)
            sock_set_timeout(pair[1], 20000);
        start_pushing(&p, pair[0], "line\n");
        if (i / 2 % 3 == 0)
            n = sock_read(pair[1], out, 8, LIBSOCK_BINARY_READ);
        else if (i / 2 % 3 == 1)
            n = sock_read(pair[1], out, 8, LIBSOCK_NORMAL_READ);
        else
            n = sock_recv(pair[1], out, 5, MSG_WAITALL);
        assert_int_equal(n, 5);
        pthread_join(p.thread, NULL);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

static void a_signal_does_not_stretch_a_timeout(void **state)
{
    struct pusher p;
    sock_t       *pair[2];
    char          byte;
    int64_t       before = now_ms();

    (void)state;
    handle_with(0);
    tcp_pair(pair);
    sock_set_timeout(pair[1], 100);
    start_pushing(&p, NULL, NULL);
    assert_int_equal(sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(pair[1]), ETIMEDOUT);
    assert_in_range(now_ms() - before, 95, 350);
    pthread_join(p.thread, NULL);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void an_accept_ends_with_eintr(void **state)
{
    sock_t *server = sock_create_listen(0, 1);

    (void)state;
    handle_with(0);
    for (int i = 0; i < 3; i++) {
        struct pusher p;

        if (i == 1)
            sock_set_timeout(server, 20000);
        if (i == 2)
            sock_set_deadline(server, 20000);
        start_pushing(&p, NULL, NULL);
        assert_null(sock_accept(server));
        assert_int_equal(sock_last_error(server), EINTR);
        pthread_join(p.thread, NULL);
    }
    sock_close(server);
}

static void an_accept_goes_on_if_told_to_restart(void **state)
{
    (void)state;
    handle_with(SA_RESTART);
    for (int i = 0; i < 3; i++) {
        struct pusher p;
        sock_t       *server = sock_create_listen(0, 1);

        sock_set_timeout(server, i ? 150 : 300);
        if (i == 2)
            sock_set_deadline(server, 150);
        start_pushing(&p, NULL, NULL);
        assert_null(sock_accept(server));
        assert_int_equal(sock_last_error(server), ETIMEDOUT);
        pthread_join(p.thread, NULL);
        sock_close(server);
    }
}

static void a_select_ends_with_eintr_and_keeps_its_slots(void **state)
{
    struct pusher p;
    sock_t       *s        = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t       *reads[1] = {s};

    (void)state;
    handle_with(SA_RESTART);
    start_pushing(&p, NULL, NULL);
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, 20000), -1);
    assert_int_equal(sock_last_error(NULL), EINTR);
    assert_ptr_equal(reads[0], s);
    pthread_join(p.thread, NULL);
    sock_close(s);
}

static void a_connect_goes_on_after_a_signal(void **state)
{
    static const int domains[] = {AF_INET, AF_UNIX};

    (void)state;
    handle_with(0);
    for (int i = 0; i < 2; i++) {
        struct pusher p;
        struct full   f;
        sock_t       *s = sock_create(domains[i], SOCK_STREAM, 0);
        int64_t       before;

        full_backlog(domains[i], &f);
        sock_set_timeout(s, 120);
        before = now_ms();
        start_pushing(&p, NULL, NULL);
        assert_false(sock_connect(s, f.address, f.port));
        assert_int_equal(sock_last_error(s), ETIMEDOUT);
        assert_in_range(now_ms() - before, 115, 370);
        pthread_join(p.thread, NULL);
        sock_close(s);
        close_full(&f);
    }
}

static void a_write_goes_on_after_a_signal(void **state)
{
    struct pusher p;
    sock_t       *pair[2];
    int64_t       before = now_ms();

    (void)state;
    handle_with(0);
    tcp_pair(pair);
    fill(pair[0]);
    sock_set_timeout(pair[0], 120);
    start_pushing(&p, NULL, NULL);
    assert_false(sock_write_all(pair[0], "x", 1, NULL));
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    assert_true(now_ms() - before >= 115);
    pthread_join(p.thread, NULL);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* One signal at the thread of a scene, which sleeps in its call. */
static void interrupt(struct scene *c)
{
    int before = handled;

    pthread_kill(c->thread, SIGUSR1);
    while (handled == before)
        sched_yield();
}

/* An accept that ends instead has EINTR, and so has nothing else. */
static void go_on_after_a_signal(const struct situation *is, int flags,
                                 int timeout_ms)
{
    bool         ends = is->accepts && !(flags & SA_RESTART);
    struct scene c;

    handle_with(flags);
    scene_open(&c, is);
    sock_set_timeout(c.s, timeout_ms);
    scene_start(&c);
    interrupt(&c);
    if (!ends) {
        wait_until_asleep(c.tid);
        interrupt(&c);
        wait_until_asleep(c.tid);
        c.is->relieve(&c);
    }
    scene_join(&c);
    assert_in(&c, ends ? c.result == -1 && c.error == EINTR : c.result > 0);
    scene_close(&c);
}

static void every_call_goes_on_but_an_accept_told_not_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++)
        for (int k = 0; k < 4; k++)
            if (!situations[i].connects)
                go_on_after_a_signal(&situations[i], k & 1 ? SA_RESTART : 0,
                                     k & 2 ? 20000 : -1);
}

/* Once each: the relief of a TCP connect takes a second. */
static void a_connect_goes_on_and_succeeds(void **state)
{
    (void)state;
    go_on_after_a_signal(situation_named("connect, TCP"), 0, 20000);
    for (int k = 0; k < 4; k++)
        go_on_after_a_signal(situation_named("connect, unix"),
                             k & 1 ? SA_RESTART : 0, k & 2 ? 20000 : -1);
}

/* The time goes on as if no signal had come. */
static void no_call_gets_more_time_by_a_signal(void **state)
{
    (void)state;
    handle_with(SA_RESTART);
    for (size_t i = 0; i < situation_count * 2; i++) {
        struct scene c;
        int64_t      begin = now_ms();

        scene_open(&c, &situations[i / 2]);
        begin = now_ms();
        if (i % 2)
            sock_set_timeout(c.s, 80);
        else
            sock_set_deadline(c.s, 80);
        scene_start(&c);
        interrupt(&c);
        scene_join(&c);
        assert_in(&c, c.result == -1 && c.error == ETIMEDOUT);
        assert_in(&c, c.ended - begin >= 70 && c.ended - begin <= 330);
        scene_close(&c);
    }
}

/* SIGPIPE has its default disposition here: it would end the test. */
static void no_write_raises_sigpipe(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 2; i++) {
        sock_t *pair[2];

        unix_pair(types[i], pair);
        sock_close(pair[1]);
        assert_int_equal(sock_write(pair[0], "x", 1), -1);
        assert_int_equal(sock_last_error(pair[0]), EPIPE);
        assert_int_equal(sock_send(pair[0], "x", 1, 0), -1);
        assert_int_equal(sock_sendto(pair[0], "x", 1, 0, "@x", 0), -1);
        assert_false(sock_write_all(pair[0], "x", 1, NULL));
        sock_close(pair[0]);
    }
}

static void no_disposition_changes(void **state)
{
    struct sigaction before[NSIG], after;
    sock_t          *pair[2], *s;

    (void)state;
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &before[i]);
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        scene_open(&c, &situations[i]);
        sock_set_timeout(c.s, 1);
        scene_run(&c);
        scene_close(&c);
    }
    tcp_pair(pair);
    s = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_set_timeout(s, 1000);
    assert_false(sock_connect(s, "nosuch.invalid", 1));
    sock_close(s);
    sock_close(pair[0]);
    sock_close(pair[1]);
    for (int i = 1; i < NSIG; i++) {
        if (sigaction(i, NULL, &after))
            continue; /* the C library's own */
        assert_ptr_equal(after.sa_handler, before[i].sa_handler);
        assert_int_equal(after.sa_flags, before[i].sa_flags);
    }
}

/* Sanitizers handle some signals, without SA_RESTART. One such handler makes
 * an accept with a limit end at any signal. */
static int forget_foreign_handlers(void **state)
{
    struct sigaction action;

    for (int i = 1; i < NSIG; i++)
        if (!sigaction(i, NULL, &action) && action.sa_handler != SIG_IGN)
            signal(i, SIG_DFL);
    return count_descriptors(state);
}

static void closes_on_exec(sock_t *s)
{
    assert_true(fcntl(sock_fd(s), F_GETFD) & FD_CLOEXEC);
    sock_close(s);
}

static void no_descriptor_survives_exec(void **state)
{
    sock_t *pair[2];

    (void)state;
    closes_on_exec(sock_create(AF_INET, SOCK_STREAM, 0));
    closes_on_exec(sock_create_listen(0, 1));
    tcp_pair(pair); /* the second one is accepted */
    closes_on_exec(pair[0]);
    closes_on_exec(pair[1]);
    unix_pair(SOCK_STREAM, pair);
    closes_on_exec(pair[0]);
    closes_on_exec(pair[1]);
    closes_on_exec(sock_import_fd(socket(AF_INET, SOCK_STREAM, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_go_on_after_a_signal),
        cmocka_unit_test(a_signal_does_not_stretch_a_timeout),
        cmocka_unit_test(an_accept_ends_with_eintr),
        cmocka_unit_test(an_accept_goes_on_if_told_to_restart),
        cmocka_unit_test(a_select_ends_with_eintr_and_keeps_its_slots),
        cmocka_unit_test(a_connect_goes_on_after_a_signal),
        cmocka_unit_test(a_write_goes_on_after_a_signal),
        cmocka_unit_test(every_call_goes_on_but_an_accept_told_not_to),
        cmocka_unit_test(a_connect_goes_on_and_succeeds),
        cmocka_unit_test(no_call_gets_more_time_by_a_signal),
        cmocka_unit_test(no_write_raises_sigpipe),
        cmocka_unit_test(no_disposition_changes),
        cmocka_unit_test(no_descriptor_survives_exec),
    };

    return cmocka_run_group_tests_name("signal", tests, forget_foreign_handlers,
                                       compare_descriptors);
}
