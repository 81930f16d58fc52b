/* test_select_threads.c - proves that a select misses nothing that another
 * thread does to what it waits for, on every way, and that a thread leaves
 * nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/ways.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 8 };

/* A thread that selects one handle beside others that stay quiet. */
struct selector {
    sock_t     *s, *quiet;
    int         kind; /* which array s stands in: 0 read, 1 write, 2 except */
    int         ready;
    sock_t     *answer;
    _Atomic int tid;
    pthread_t   thread;
};

static void *select_it(void *arg)
{
    struct selector *w = arg;
    sock_t          *slots[WIDTH], *alone[1] = {w->s};

    for (int i = 0; i < WIDTH; i++)
        slots[i] = i == 3 && !w->kind ? w->s : w->quiet;
    w->tid    = gettid();
    w->ready  = sock_select(slots, WIDTH, alone, w->kind == 1, alone,
                            w->kind == 2, 20000);
    w->answer = w->kind ? alone[0] : slots[3];
    return NULL;
}

static void start(struct selector *w)
{
    assert_int_equal(pthread_create(&w->thread, NULL, select_it, w), 0);
    while (!w->tid)
        sched_yield();
    wait_until_asleep(w->tid);
}

static void assert_told(struct selector *w)
{
    pthread_join(w->thread, NULL);
    assert_int_equal(w->ready, 1);
    assert_ptr_equal(w->answer, w->s);
}

static void fill_end(sock_t *s)
{
    sock_set_nonblock(s);
    fill(s);
}

static void a_close_is_told_in_any_array(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        sock_t         *pair[2], *quiet[2];
        struct selector w;
        int64_t         begin;

        unix_pair(SOCK_STREAM, pair);
        unix_pair(SOCK_STREAM, quiet);
        fill_end(pair[0]);
        w = (struct selector){.s = pair[0], .quiet = quiet[0], .kind = kind};
        start(&w);
        begin = now_ms();
        sock_close(pair[0]);
        assert_told(&w);
        assert_true(now_ms() - begin < 5000);
        sock_close(pair[1]);
        close_pair(quiet);
    }
}

/* A handle given up is closed; by poll(2) the select uses it, so it is kept. */
static void an_export_is_told_or_refused(void **state)
{
    sock_t         *pair[2], *quiet[2];
    struct selector w;
    int             fd;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    unix_pair(SOCK_STREAM, quiet);
    w = (struct selector){.s = pair[0], .quiet = quiet[0]};
    start(&w);
    fd = sock_export_fd(pair[0]);
    if (fd < 0) {
        assert_int_equal(sock_last_error(pair[0]), EBUSY);
        assert_int_equal(sock_send(pair[1], "x", 1, 0), 1);
    }
    assert_told(&w);
    if (fd >= 0)
        close(fd);
    close_pair(pair);
    close_pair(quiet);
}

/* One thread reads a line while the other waits: what is behind the line is
 * there to be read, wherever it is. */
static void what_is_behind_a_line_is_told(void **state)
{
    sock_t         *pair[2], *quiet[2];
    struct selector w;
    char            line[16];

    (void)state;
    for (int round = 0; round < 20; round++) {
        tcp_pair(pair);
        unix_pair(SOCK_STREAM, quiet);
        w = (struct selector){.s = pair[0], .quiet = quiet[0]};
        start(&w);
        assert_int_equal(sock_send(pair[1], "a\nb\n", 4, 0), 4);
        assert_int_equal(sock_gets(pair[0], line, sizeof line), 2);
        assert_told(&w);
        close_pair(pair);
        close_pair(quiet);
    }
}

/* What is buffered before makes it ready, half a line that was refused not. */
static void buffered_bytes_are_told_and_half_lines_are_not(void **state)
{
    sock_t *pair[2], *slots[WIDTH];
    char    line[16];

    (void)state;
    tcp_pair(pair);
    assert_int_equal(sock_send(pair[1], "a\nb", 3, 0), 3);
    assert_int_equal(sock_gets(pair[0], line, sizeof line), 2);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < WIDTH; i++)
            slots[i] = pair[0];
        assert_int_equal(sock_select(slots, WIDTH, NULL, 0, NULL, 0, 0),
                         round < 3 ? WIDTH : 0);
        if (round == 2)
            assert_int_equal(sock_read(pair[0], line, sizeof line,
                                       LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT),
                             -1);
    }
    close_pair(pair);
}

/* ---- a thread's end ---- */

static void *select_some(void *arg)
{
    sock_t *slots[64];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++)
            slots[i] = arg;
        sock_select(slots, 64, NULL, 0, NULL, 0, 0);
    }
    return NULL;
}

static void a_thread_leaves_no_descriptor(void **state)
{
    sock_t *pair[2];
    int     before = open_descriptors();

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, select_some, pair[0]);
        pthread_join(thread, NULL);
    }
    assert_int_equal(open_descriptors(), before + 2);
    close_pair(pair); /* nobody is told who is gone */
}

/* ---- fork ---- */

struct waiter {
    sock_t     *s;
    _Atomic int tid;
    pthread_t   thread;
};

static void *select_until_closed(void *arg)
{
    struct waiter *w = arg;
    sock_t        *slots[64];

    for (int i = 0; i < 64; i++)
        slots[i] = w->s;
    w->tid = gettid();
    sock_select(slots, 64, NULL, 0, NULL, 0, 20000);
    return NULL;
}

/* Neither this thread's nor the other's. */
static void a_child_has_no_set_of_any_thread(void **state)
{
    int           before = open_descriptors() - kept_descriptors, status = -1;
    sock_t       *pair[2];
    struct waiter w = {.tid = 0};
    pid_t         child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    w.s = pair[0];
    pthread_create(&w.thread, NULL, select_until_closed, &w);
    while (!w.tid)
        sched_yield();
    wait_until_asleep(w.tid);
    if (!(child = fork()))
        _exit(open_descriptors() != before + 2);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    sock_close(pair[0]);
    pthread_join(w.thread, NULL);
    sock_close(pair[1]);
}

/* ---- nothing left ---- */

/* In a thread, which has no set yet. */
static void *select_without_descriptors(void *arg)
{
    struct selector *w = arg;
    struct rlimit    before, less;

    getrlimit(RLIMIT_NOFILE, &before);
    less          = before;
    less.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &less);
    select_it(w);
    setrlimit(RLIMIT_NOFILE, &before);
    return NULL;
}

static void without_a_descriptor_it_works(void **state)
{
    sock_t         *pair[2], *quiet[2];
    struct selector w;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    unix_pair(SOCK_STREAM, quiet);
    assert_int_equal(sock_send(pair[1], "x", 1, 0), 1);
    w = (struct selector){.s = pair[0], .quiet = quiet[0]};
    pthread_create(&w.thread, NULL, select_without_descriptors, &w);
    assert_told(&w);
    close_pair(pair);
    close_pair(quiet);
}

/* ---- all at once ---- */

enum { SHARED = 40, TURNS = 400 };

static _Atomic(sock_t *) shared[SHARED];
static _Atomic bool      over;

/* Whatever is ready is read or, if it is closed, passed over. */
static void *select_shared(void *arg)
{
    sock_t *slots[SHARED], *asked[SHARED];
    char    byte;

    while (!over) {
        for (int i = 0; i < SHARED; i++)
            slots[i] = asked[i] = shared[i];
        if (sock_select(slots, SHARED, NULL, 0, NULL, 0, 50) < 0)
            return arg;
        for (int i = 0; i < SHARED; i++) {
            if (slots[i] && slots[i] != asked[i])
                return arg;
            if (slots[i])
                (void)!sock_recv(slots[i], &byte, 1, MSG_DONTWAIT);
        }
    }
    return NULL;
}

static void many_threads_select_what_comes_and_goes(void **state)
{
    sock_t   *pair[2], *peers[SHARED];
    pthread_t threads[3];
    void     *failed;

    (void)state;
    over = false;
    for (int i = 0; i < SHARED; i++) {
        unix_pair(SOCK_STREAM, pair);
        shared[i] = pair[0];
        peers[i]  = pair[1];
    }
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, select_shared, &over);
    for (int turn = 0; turn < TURNS; turn++) {
        int at = turn * 7 % SHARED;

        (void)!sock_send(peers[at], "x", 1, MSG_DONTWAIT);
        if (turn % 3)
            continue;
        sock_close(shared[at]);
        sock_close(peers[at]);
        unix_pair(SOCK_STREAM, pair);
        shared[at] = pair[0];
        peers[at]  = pair[1];
    }
    over = true;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (int i = 0; i < SHARED; i++) {
        sock_close(shared[i]);
        sock_close(peers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_close_is_told_in_any_array),
        cmocka_unit_test(an_export_is_told_or_refused),
        cmocka_unit_test(what_is_behind_a_line_is_told),
        cmocka_unit_test(buffered_bytes_are_told_and_half_lines_are_not),
        cmocka_unit_test(a_thread_leaves_no_descriptor),
        cmocka_unit_test(a_child_has_no_set_of_any_thread),
        cmocka_unit_test(without_a_descriptor_it_works),
        cmocka_unit_test(many_threads_select_what_comes_and_goes),
    };

    return run_every_way("select threads", tests);
}
