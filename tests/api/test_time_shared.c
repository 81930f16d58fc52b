/* test_time_shared.c - proves that limits hold however other threads and
 * processes use the same socket: set or shared while a call waits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <unistd.h>

/* How late a limit may be noticed. */
enum { LATE = 250 };

struct reader {
    sock_t     *s;
    int64_t     ended;
    _Atomic int tid;
    pthread_t   thread;
};

static void *read_a_line(void *arg)
{
    struct reader *r = arg;
    char           line[8];

    r->tid = gettid();
    if (sock_read(r->s, line, sizeof line, LIBSOCK_NORMAL_READ) != -1)
        return NULL;
    r->ended = now_ms();
    return r;
}

static void start_reading(struct reader *r)
{
    assert_int_equal(pthread_create(&r->thread, NULL, read_a_line, r), 0);
    while (!r->tid)
        sched_yield();
    wait_until_asleep(r->tid);
}

/* Waiting for the turn and waiting for the bytes is one wait. */
static void a_reader_that_waited_for_its_turn_has_no_second_limit(void **state)
{
    sock_t       *pair[2];
    struct reader first, second;
    int64_t       began;
    void         *failed;

    (void)state;
    tcp_pair(pair);
    first = second = (struct reader){.s = pair[0]};
    assert_true(sock_set_timeout(pair[0], 600));
    start_reading(&first);
    poll(NULL, 0, 300);
    began = now_ms();
    start_reading(&second);
    pthread_join(first.thread, &failed);
    pthread_join(second.thread, &failed);
    assert_non_null(failed);
    assert_in_range(second.ended - began, 590, 600 + LATE);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void *connect_there(void *arg)
{
    struct scene *c = arg;

    c->tid = gettid();
    sock_connect(c->s, c->full.address, c->full.port);
    return NULL;
}

static int descriptor_limit_ms(sock_t *s, int option)
{
    struct timeval t;

    assert_int_equal(
        getsockopt(sock_fd(s), SOL_SOCKET, option, &t, &(socklen_t){sizeof t}),
        0);
    return (int)(t.tv_sec * 1000 + t.tv_usec / 1000);
}

static void a_timeout_set_during_a_connect_holds_after_it(void **state)
{
    static const int domains[] = {AF_INET, AF_UNIX};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene c = {.s = sock_create(domains[i], SOCK_STREAM, 0)};

        full_backlog(domains[i], &c.full);
        assert_true(sock_set_deadline(c.s, 150));
        pthread_create(&c.thread, NULL, connect_there, &c);
        while (!c.tid)
            sched_yield();
        wait_until_asleep(c.tid);
        assert_true(sock_set_timeout(c.s, 2000));
        pthread_join(c.thread, NULL);
        assert_int_equal(descriptor_limit_ms(c.s, SO_RCVTIMEO), 2000);
        assert_int_equal(descriptor_limit_ms(c.s, SO_SNDTIMEO), 2000);
        sock_close(c.s);
        close_full(&c.full);
    }
}

/* O_NONBLOCK belongs to all processes that share the socket. */
static void a_mode_that_another_process_changed_is_waited_out(void **state)
{
    sock_t *pair[2];
    int64_t began;
    char    byte;

    (void)state;
    for (int how = 0; how < 2; how++) {
        tcp_pair(pair);
        assert_int_equal(fcntl(sock_fd(pair[0]), F_SETFL, O_NONBLOCK), 0);
        if (how)
            assert_true(sock_set_timeout(pair[0], 60));
        else
            assert_true(sock_set_deadline(pair[0], 60));
        began = now_ms();
        assert_int_equal(sock_recv(pair[0], &byte, 1, 0), -1);
        assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
        assert_in_range(now_ms() - began, 55, 60 + LATE);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

static void *send_when_asleep(void *arg)
{
    struct reader *r = arg; /* who reads; s is the other end */

    wait_until_asleep(r->tid);
    assert_true(sock_write_all(r->s, "x", 1, NULL));
    return NULL;
}

static void such_a_mode_is_waited_out_without_a_limit_too(void **state)
{
    sock_t       *pair[2];
    struct reader r = {.tid = gettid()};
    char          byte;

    (void)state;
    tcp_pair(pair);
    r.s = pair[1];
    assert_int_equal(fcntl(sock_fd(pair[0]), F_SETFL, O_NONBLOCK), 0);
    pthread_create(&r.thread, NULL, send_when_asleep, &r);
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 1);
    pthread_join(r.thread, NULL);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_waited_for_its_turn_has_no_second_limit),
        cmocka_unit_test(a_timeout_set_during_a_connect_holds_after_it),
        cmocka_unit_test(a_mode_that_another_process_changed_is_waited_out),
        cmocka_unit_test(such_a_mode_is_waited_out_without_a_limit_too),
    };

    return cmocka_run_group_tests_name("time_shared", tests, count_descriptors,
                                       compare_descriptors);
}
