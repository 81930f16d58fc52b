/* test_write_all.c - proves that sock_write_all() writes all, or tells how much
 * went out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"
#include "support/scene.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_full_peer_gets_a_part_and_done_tells(void **state)
{
    enum { SIZE = 64 << 20 };
    char   *block = calloc(1, SIZE);
    sock_t *pair[2];
    size_t  done = 0, got = 0;
    ssize_t n;

    (void)state;
    assert_non_null(block);
    unix_pair(SOCK_STREAM, pair);
    sock_set_nonblock(pair[0]);
    assert_false(sock_write_all(pair[0], block, SIZE, &done));
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    assert_in_range(done, 1, SIZE - 1);
    while ((n = sock_recv(pair[1], block, SIZE, MSG_DONTWAIT)) > 0)
        got += (size_t)n;
    assert_int_equal(got, done);
    sock_close(pair[0]);
    sock_close(pair[1]);
    free(block);
}

static void a_limit_of_write_all_is_over_the_whole(void **state)
{
    enum { SIZE = 64 << 20 };
    char   *block = calloc(1, SIZE);
    sock_t *pair[2];
    size_t  done  = 0;
    int64_t begin = now_ms();

    (void)state;
    assert_non_null(block);
    tcp_pair(pair);
    sock_set_timeout(pair[0], 60);
    assert_false(sock_write_all(pair[0], block, SIZE, &done));
    assert_int_equal(sock_last_error(pair[0]), ETIMEDOUT);
    assert_in_range(now_ms() - begin, 50, 310);
    assert_in_range(done, 1, SIZE - 1);
    sock_close(pair[0]);
    sock_close(pair[1]);
    free(block);
}

static void nothing_is_one_empty_datagram(void **state)
{
    sock_t *pair[2];
    char    byte;
    size_t  done = 9;

    (void)state;
    udp_pair(pair);
    assert_true(sock_write_all(pair[0], "", 0, &done));
    assert_int_equal(done, 0);
    assert_true(sock_write_all(pair[0], "x", 1, &done));
    assert_int_equal(done, 1);
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 0);
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 1);
    sock_close(pair[0]);
    sock_close(pair[1]);
    tcp_pair(pair);
    assert_true(sock_write_all(pair[0], "", 0, &done));
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void what_is_not_sent_is_told(void **state)
{
    sock_t *pair[2];
    size_t  done = 9;

    (void)state;
    tcp_pair(pair);
    assert_false(sock_write_all(pair[0], NULL, 1, &done));
    assert_int_equal(sock_last_error(pair[0]), EINVAL);
    assert_int_equal(done, 0);
    sock_shutdown(pair[0], SHUT_WR);
    assert_false(sock_write_all(pair[0], "x", 1, &done));
    assert_int_equal(sock_last_error(pair[0]), EPIPE);
    assert_int_equal(done, 0);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void *read_all(void *arg)
{
    static char block[65536];
    size_t     *sum = malloc(sizeof *sum);
    ssize_t     n;

    *sum = 0;
    while ((n = sock_read(arg, block, sizeof block, LIBSOCK_BINARY_READ)) > 0)
        for (ssize_t i = 0; i < n; i++)
            *sum = *sum * 31 + (unsigned char)block[i];
    return sum;
}

/* Bytes whose order shows in the sum that is returned. */
static size_t make_pattern(char *block, size_t size)
{
    size_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        block[i] = (char)(i * 2654435761u >> 13);
        sum      = sum * 31 + (unsigned char)block[i];
    }
    return sum;
}

static void write_all_writes_all_in_order(void **state)
{
    enum { SIZE = 8 << 20 };
    char     *block = malloc(SIZE);
    sock_t   *pair[2];
    size_t    done = 0, want = make_pattern(block, SIZE);
    void     *sum;
    pthread_t reader;

    (void)state;
    tcp_pair(pair);
    pthread_create(&reader, NULL, read_all, pair[1]);
    assert_true(sock_write_all(pair[0], block, SIZE, &done));
    assert_int_equal(done, SIZE);
    sock_shutdown(pair[0], SHUT_WR);
    pthread_join(reader, &sum);
    assert_true(*(size_t *)sum == want);
    free(sum);
    close_pair(pair);
    free(block);
}

struct writer {
    sock_t     *s;
    const char *block;
    size_t      size, done;
    _Atomic int tid;
};

static void *write_block(void *arg)
{
    struct writer *w = arg;

    w->tid = gettid();
    sock_write_all(w->s, w->block, w->size, &w->done);
    sock_shutdown(w->s, SHUT_WR);
    return NULL;
}

static void on_signal(int number)
{
    (void)number;
}

/* The system tells of the part that went out, and the rest follows. */
static void a_signal_in_the_middle_repeats_nothing(void **state)
{
    enum { SIZE = 16 << 20 };
    char         *block = malloc(SIZE);
    size_t        want  = make_pattern(block, SIZE), *sum;
    sock_t       *pair[2];
    struct writer w = {.block = block, .size = SIZE};
    pthread_t     thread;

    (void)state;
    signal(SIGUSR1, on_signal);
    tcp_pair(pair);
    w.s = pair[0];
    pthread_create(&thread, NULL, write_block, &w);
    while (!w.tid)
        sched_yield();
    wait_until_asleep(w.tid);
    pthread_kill(thread, SIGUSR1);
    sum = read_all(pair[1]);
    pthread_join(thread, NULL);
    assert_int_equal(w.done, SIZE);
    assert_true(*sum == want);
    free(sum);
    close_pair(pair);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_peer_gets_a_part_and_done_tells),
        cmocka_unit_test(a_limit_of_write_all_is_over_the_whole),
        cmocka_unit_test(nothing_is_one_empty_datagram),
        cmocka_unit_test(what_is_not_sent_is_told),
        cmocka_unit_test(write_all_writes_all_in_order),
        cmocka_unit_test(a_signal_in_the_middle_repeats_nothing),
    };

    return cmocka_run_group_tests_name("write_all", tests, count_descriptors,
                                       compare_descriptors);
}
