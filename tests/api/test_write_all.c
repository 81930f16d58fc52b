/* test_write_all.c - proves that sock_write_all() writes all, or tells how much
 * went out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <stdlib.h>
#include <string.h>

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

static void write_all_writes_all_in_order(void **state)
{
    enum { SIZE = 8 << 20 };
    char     *block = malloc(SIZE);
    sock_t   *pair[2];
    size_t    done = 0, want = 0;
    void     *sum;
    pthread_t reader;

    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        block[i] = (char)(i * 2654435761u >> 13);
        want     = want * 31 + (unsigned char)block[i];
    }
    tcp_pair(pair);
    pthread_create(&reader, NULL, read_all, pair[1]);
    assert_true(sock_write_all(pair[0], block, SIZE, &done));
    assert_int_equal(done, SIZE);
    sock_shutdown(pair[0], SHUT_WR);
    pthread_join(reader, &sum);
    assert_true(*(size_t *)sum == want);
    free(sum);
    sock_close(pair[0]);
    sock_close(pair[1]);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_peer_gets_a_part_and_done_tells),
        cmocka_unit_test(a_limit_of_write_all_is_over_the_whole),
        cmocka_unit_test(write_all_writes_all_in_order),
    };

    return cmocka_run_group_tests_name("write_all", tests, count_descriptors,
                                       compare_descriptors);
}
