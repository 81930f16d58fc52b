/* test_get_contents.c - proves that sock_stream_get_contents() reads to the end
 * or until there is no room, within one limit, and loses nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/scene.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void contents_are(sock_t *s, size_t size, const char *text)
{
    char bytes[64];

    assert_true(size <= sizeof bytes);
    assert_int_equal(sock_stream_get_contents(s, bytes, size), strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

static void fails(sock_t *s, int error)
{
    char bytes[8];

    assert_int_equal(sock_stream_get_contents(s, bytes, 8), -1);
    assert_int_equal(sock_last_error(s), error);
}

static void to_the_end(sock_t *peer, sock_t *s)
{
    put(peer, "all there is");
    sock_shutdown(peer, SHUT_WR);
    contents_are(s, 64, "all there is");
    assert_true(sock_eof(s));
    contents_are(s, 64, "");
}

static void all_until_the_end_comes(void **state)
{
    (void)state;
    each(to_the_end);
}

static void full(sock_t *peer, sock_t *s)
{
    put(peer, "abcdefgh");
    contents_are(s, 3, "abc");
    contents_are(s, 5, "defgh");
    assert_false(sock_eof(s));
}

static void no_more_than_there_is_room_for(void **state)
{
    (void)state;
    each(full);
}

static void behind_a_line(sock_t *peer, sock_t *s)
{
    put(peer, "line\nabc");
    line_is(s, "line\n");
    line_is_refused(s);
    put(peer, "def");
    sock_shutdown(peer, SHUT_WR);
    contents_are(s, 64, "abcdef");
    contents_are(s, 64, "");
}

static void what_a_line_read_left_comes_first(void **state)
{
    (void)state;
    each(behind_a_line);
}

struct sender {
    sock_t     *s;
    const char *bytes;
    size_t      size;
};

static void *send_slowly(void *arg)
{
    const struct sender *w = arg;

    for (size_t at = 0; at < w->size;) {
        size_t some = w->size - at < 7777 ? w->size - at : 7777;

        if (!sock_write_all(w->s, w->bytes + at, some, NULL))
            break;
        at += some;
    }
    sock_shutdown(w->s, SHUT_WR);
    return NULL;
}

static void large(sock_t *peer, sock_t *s)
{
    const size_t  size = 3 << 20;
    char         *in   = malloc(size);
    char         *out  = malloc(size + 100);
    struct sender w    = {peer, in, size};
    pthread_t     sender;

    assert_true(in && out);
    for (size_t i = 0; i < size; i++)
        in[i] = (char)(i * 31 >> 3);
    assert_int_equal(pthread_create(&sender, NULL, send_slowly, &w), 0);
    assert_int_equal(sock_stream_get_contents(s, out, size + 100), size);
    pthread_join(sender, NULL);
    assert_memory_equal(in, out, size);
    free(in);
    free(out);
}

static void megabytes_come_whole(void **state)
{
    (void)state;
    each(large);
}

static void timed_out(sock_t *peer, sock_t *s)
{
    int64_t before = now_ms();

    sock_set_timeout(s, 30);
    put(peer, "part");
    contents_are(s, 64, "part");
    assert_in_range(now_ms() - before, 25, 2000);
    assert_false(sock_eof(s));
    fails(s, ETIMEDOUT);
    put(peer, "more");
    contents_are(s, 4, "more");
}

static void a_timeout_gives_what_there_is(void **state)
{
    (void)state;
    each(timed_out);
}

struct dripper {
    sock_t     *s;
    _Atomic int stop;
};

static void *drip(void *arg)
{
    struct dripper *d = arg;

    while (!d->stop && sock_write_all(d->s, "x", 1, NULL))
        usleep(2000);
    return NULL;
}

/* A peer that goes on sending does not stretch it. */
static void dripping(sock_t *peer, sock_t *s)
{
    static char    bytes[100000];
    struct dripper d      = {peer, 0};
    int64_t        before = now_ms();
    pthread_t      thread;

    sock_set_timeout(s, 60);
    assert_int_equal(pthread_create(&thread, NULL, drip, &d), 0);
    assert_true(sock_stream_get_contents(s, bytes, sizeof bytes) > 0);
    assert_in_range(now_ms() - before, 55, 2000);
    d.stop = 1;
    pthread_join(thread, NULL);
}

static void a_timeout_is_a_deadline_over_the_call(void **state)
{
    (void)state;
    each(dripping);
}

static void deadlined(sock_t *peer, sock_t *s)
{
    put(peer, "part");
    sock_set_deadline(s, 30);
    contents_are(s, 64, "part");
    fails(s, ETIMEDOUT);
    sock_set_deadline(s, -1);
    put(peer, "more");
    contents_are(s, 4, "more");
}

static void a_deadline_gives_what_there_is(void **state)
{
    (void)state;
    each(deadlined);
}

static void refused(sock_t *peer, sock_t *s)
{
    sock_set_nonblock(s);
    fails(s, EAGAIN);
    put(peer, "line\npart");
    wait_readable(s);
    line_is(s, "line\n");
    contents_are(s, 64, "part");
    assert_false(sock_eof(s));
    fails(s, EAGAIN);
    put(peer, "last");
    sock_shutdown(peer, SHUT_WR);
    sock_set_block(s);
    contents_are(s, 64, "last");
    assert_true(sock_eof(s));
}

static void without_waiting_it_takes_what_is_there(void **state)
{
    (void)state;
    each(refused);
}

/* The system tells of a reset once: it may be behind the bytes. */
static void a_failure_is_told_by_the_next_call(void **state)
{
    (void)state;
    for (int nonblock = 0; nonblock < 2; nonblock++) {
        sock_t *pair[2];

        tcp_pair(pair);
        put(pair[0], "line\npart");
        wait_readable(pair[1]);
        line_is(pair[1], "line\n");
        line_is_refused(pair[1]);
        close_with_reset(pair[0]);
        wait_readable(pair[1]);
        if (nonblock)
            sock_set_nonblock(pair[1]);
        contents_are(pair[1], 64, "part");
        fails(pair[1], ECONNRESET);
        fails(pair[1], ECONNRESET);
        assert_true(sock_eof(pair[1]));
        sock_close(pair[1]);
    }
}

static void misused(sock_t *peer, sock_t *s)
{
    char bytes[8];

    put(peer, "x");
    assert_int_equal(sock_stream_get_contents(s, NULL, 8), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_non_null(strstr(sock_last_message(s), "stream_get_contents"));
    assert_int_equal(sock_stream_get_contents(s, bytes, 0), -1);
    assert_int_equal(sock_last_error(s), EINVAL);
    contents_are(s, 1, "x");
}

static void misuse_is_refused_and_takes_nothing(void **state)
{
    (void)state;
    each(misused);
}

static void what_is_no_stream_is_told(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    sock_t          *pair[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        unix_pair(types[i], pair);
        put(pair[0], "x");
        fails(pair[1], EOPNOTSUPP);
        close_pair(pair);
    }
    fails(pair[0], EBADF);
    fails(NULL, EBADF);
}

/* ---- interrupted ---- */

static void ignore(int signal)
{
    (void)signal;
}

struct reader {
    sock_t     *s;
    char        bytes[64];
    ssize_t     n;
    int         error;
    _Atomic int tid;
    pthread_t   thread;
};

static void *read_all(void *arg)
{
    struct reader *r = arg;

    r->tid   = gettid();
    r->n     = sock_stream_get_contents(r->s, r->bytes, sizeof r->bytes);
    r->error = r->n < 0 ? sock_last_error(r->s) : 0;
    return NULL;
}

static void start(struct reader *r, sock_t *s)
{
    memset(r, 0, sizeof *r);
    r->s = s;
    assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
    while (!r->tid)
        ;
    wait_until_asleep(r->tid);
}

static void interrupted(sock_t *peer, sock_t *s)
{
    struct sigaction quiet = {.sa_handler = ignore}, old;
    struct reader    r;

    sigaction(SIGUSR1, &quiet, &old);
    put(peer, "one ");
    start(&r, s);
    pthread_kill(r.thread, SIGUSR1);
    wait_until_asleep(r.tid);
    put(peer, "two");
    wait_until_asleep(r.tid);
    pthread_kill(r.thread, SIGUSR1);
    wait_until_asleep(r.tid);
    sock_shutdown(peer, SHUT_WR);
    pthread_join(r.thread, NULL);
    assert_int_equal(r.n, 7);
    assert_memory_equal(r.bytes, "one two", 7);
    sigaction(SIGUSR1, &old, NULL);
}

static void a_signal_does_not_end_it(void **state)
{
    (void)state;
    each(interrupted);
}

static void closed(sock_t *peer, sock_t *s)
{
    struct reader r;

    (void)peer;
    start(&r, s);
    sock_close(s);
    pthread_join(r.thread, NULL);
    assert_int_equal(r.n, -1);
    assert_int_equal(r.error, ECANCELED);
}

static void a_close_by_another_thread_ends_it(void **state)
{
    (void)state;
    each(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_until_the_end_comes),
        cmocka_unit_test(no_more_than_there_is_room_for),
        cmocka_unit_test(what_a_line_read_left_comes_first),
        cmocka_unit_test(megabytes_come_whole),
        cmocka_unit_test(a_timeout_gives_what_there_is),
        cmocka_unit_test(a_timeout_is_a_deadline_over_the_call),
        cmocka_unit_test(a_deadline_gives_what_there_is),
        cmocka_unit_test(without_waiting_it_takes_what_is_there),
        cmocka_unit_test(a_failure_is_told_by_the_next_call),
        cmocka_unit_test(misuse_is_refused_and_takes_nothing),
        cmocka_unit_test(what_is_no_stream_is_told),
        cmocka_unit_test(a_signal_does_not_end_it),
        cmocka_unit_test(a_close_by_another_thread_ends_it),
    };

    return cmocka_run_group_tests_name("get_contents", tests, count_descriptors,
                                       compare_descriptors);
}
