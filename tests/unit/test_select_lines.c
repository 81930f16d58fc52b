/* test_select_lines.c - proves that a select by poll(2) in one thread misses
 * nothing that a line read in another thread buffers: the two meet in either
 * order.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/handle.h"
#include "core/io.h"
#include "support/ways.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

struct selector {
    sock_t     *s;
    int         ready;
    int64_t     ended;
    _Atomic int tid;
    pthread_t   thread;
};

static void *select_it(void *arg)
{
    struct selector *w        = arg;
    sock_t          *reads[1] = {w->s};

    w->tid   = gettid();
    w->ready = sock_select(reads, 1, NULL, 0, NULL, 0, 10000);
    w->ended = now_ms();
    return NULL;
}

static void start(struct selector *w)
{
    assert_int_equal(pthread_create(&w->thread, NULL, select_it, w), 0);
    while (!w->tid)
        sched_yield();
    wait_until_asleep(w->tid);
}

/* The reader comes second: it sees the selector and takes only its line. */
static void what_is_behind_a_line_stays_where_poll_sees_it(void **state)
{
    sock_t         *pair[2];
    struct sk_sock *s;
    uint64_t        held;
    char            line[64];

    (void)state;
    tcp_pair(pair);
    s = sk_handle_hold(pair[1], SK_HOLDER, &held);
    SK_ASSERT(s);
    assert_true(sock_write_all(pair[0], "one\ntwo\nthree", 13, NULL));
    s->selectors = 1;
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    assert_false(sk_sock_flags(s) & SK_BUFFERED);
    assert_int_equal(recv(s->fd, line, 64, MSG_PEEK), 9);
    s->selectors = 0;
    assert_int_equal(sock_read(pair[1], line, 64, LIBSOCK_NORMAL_READ), 4);
    assert_true(sk_sock_flags(s) & SK_BUFFERED);
    sk_handle_release(s, held);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* The reader was there first, so it may read ahead: the selector looks again
 * every so often. What the reader does is done by hand here. */
static void a_select_notices_what_an_earlier_reader_buffers(void **state)
{
    sock_t         *pair[2];
    struct selector w;
    struct sk_sock *s;
    uint64_t        held;
    size_t          room;
    int64_t         buffered;

    (void)state;
    tcp_pair(pair);
    s = sk_handle_hold(pair[1], SK_HOLDER | SK_TURN, &held);
    SK_ASSERT(s && (held & SK_TURN));
    w = (struct selector){.s = pair[1]};
    start(&w);
    assert_int_equal(s->selectors, 1);
    assert_int_equal(sk_buf_reserve(&s->buf, 4, &room), 0);
    memcpy(sk_buf_back(&s->buf), "two\n", 4);
    sk_buf_added(&s->buf, 4);
    buffered = now_ms();
    sk_sock_raise(s, SK_BUFFERED);
    pthread_join(w.thread, NULL);
    assert_int_equal(w.ready, 1);
    assert_true(w.ended - buffered < 350);
    assert_int_equal(s->selectors, 0);
    sk_handle_release(s, held);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_behind_a_line_stays_where_poll_sees_it),
        cmocka_unit_test(a_select_notices_what_an_earlier_reader_buffers),
    };

    return cmocka_run_group_tests_name("select_lines", tests, by_poll,
                                       compare_descriptors);
}
