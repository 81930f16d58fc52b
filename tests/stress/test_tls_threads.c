/* test_tls_threads.c - one thread reads a TLS socket while another writes it,
 * a third closes it, and the process forks: nothing is lost, nothing hangs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/pollset.h"
#include "support/tls_pair.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 4
#define BYTES ((size_t)(3 << 20) / STRESS_SCALE)

static char byte_at(size_t i, int seed)
{
    return (char)(i * 13 + (i >> 10) + (size_t)seed);
}

/* ---- a reader and a writer on each end ---- */

struct side {
    sock_t   *s;
    int       sends; /* seeds of what is sent */
    int       gets;  /* and of what comes */
    size_t    sent;
    size_t    got;
    bool      wrong;
    pthread_t writer;
    pthread_t reader;
};

static void *write_all(void *arg)
{
    struct side *d = arg;
    char         block[20000];

    while (d->sent < BYTES) {
        size_t  len = 1 + (d->sent * 7) % sizeof block;
        ssize_t n;

        if (len > BYTES - d->sent)
            len = BYTES - d->sent;
        for (size_t i = 0; i < len; i++)
            block[i] = byte_at(d->sent + i, d->sends);
        if ((n = sock_write(d->s, block, len)) <= 0)
            return NULL;
        d->sent += (size_t)n;
    }
    sock_shutdown(d->s, SHUT_WR);
    return NULL;
}

static void *read_all(void *arg)
{
    struct side *d = arg;
    char         block[5000];
    ssize_t      n;

    while ((n = sock_recv(d->s, block, sizeof block, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (block[i] != byte_at(d->got + (size_t)i, d->gets))
                d->wrong = true;
        d->got += (size_t)n;
    }
    if (n < 0)
        d->wrong = true;
    return NULL;
}

static void begin(struct side *d, sock_t *s, int sends, int gets)
{
    memset(d, 0, sizeof *d);
    d->s     = s;
    d->sends = sends;
    d->gets  = gets;
    assert_int_equal(pthread_create(&d->writer, NULL, write_all, d), 0);
    assert_int_equal(pthread_create(&d->reader, NULL, read_all, d), 0);
}

static void join(struct side *d)
{
    pthread_join(d->writer, NULL);
    pthread_join(d->reader, NULL);
}

static void ends_well(struct side *d)
{
    join(d);
    assert_false(d->wrong);
    assert_int_equal(d->sent, BYTES);
    assert_int_equal(d->got, BYTES);
}

/* `begins`: the handshake is left to the threads as well. */
static void both_ways(int version, void (*begins)(int version, sock_t *pair[2]))
{
    struct side side[PAIRS][2];
    sock_t     *pair[PAIRS][2];

    for (int i = 0; i < PAIRS; i++) {
        begins(version, pair[i]);
        begin(&side[i][0], pair[i][0], 2 * i, 2 * i + 1);
        begin(&side[i][1], pair[i][1], 2 * i + 1, 2 * i);
    }
    for (int i = 0; i < PAIRS; i++) {
        ends_well(&side[i][0]);
        ends_well(&side[i][1]);
        close_pair(pair[i]);
    }
}

static void shaken(int version)
{
    both_ways(version, tls_pair);
}

static void readers_and_writers_need_not_know_of_each_other(void **state)
{
    (void)state;
    tls_each(shaken);
}

static void unshaken(int version)
{
    both_ways(version, tls_begin);
}

static void nor_do_they_before_the_handshake(void **state)
{
    (void)state;
    tls_each(unshaken);
}

/* ---- a closer ---- */

/* Sooner or later, while all four threads are in it. */
static void closed_at(int version, size_t round)
{
    struct side side[2];
    sock_t     *pair[2];

    if (round % 4)
        tls_pair(version, pair);
    else
        tls_begin(version, pair);
    begin(&side[0], pair[0], 0, 1);
    begin(&side[1], pair[1], 1, 0);
    for (size_t i = 0; i < round * 50; i++)
        sock_id(pair[0]);
    assert_true(sock_close(pair[0]));
    join(&side[0]);
    sock_close(pair[1]);
    join(&side[1]);
}

static void closed(int version)
{
    for (size_t i = 0; i < (size_t)60 / STRESS_SCALE; i++)
        closed_at(version, i);
}

static void a_close_in_the_middle_ends_everybody(void **state)
{
    (void)state;
    tls_each(closed);
}

/* ---- fork ---- */

static int exit_status(pid_t pid)
{
    int status = -1;

    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool passes(sock_t *from, sock_t *to)
{
    char buf[4];

    return sock_write(from, "ping", 4) == 4 &&
           sock_recv(to, buf, 4, MSG_WAITALL) == 4 && !memcmp(buf, "ping", 4);
}

/* The server that PHP programs write: the child serves, the parent forgets. */
static void child_serves(int version)
{
    sock_t *pair[2];
    char    byte;
    pid_t   pid;

    tls_pair(version, pair);
    assert_true(passes(pair[0], pair[1]));
    if (!(pid = fork())) {
        char    buf[64];
        ssize_t n;

        while ((n = sock_recv(pair[1], buf, sizeof buf, 0)) > 0)
            if (sock_write(pair[1], buf, (size_t)n) != n)
                _exit(1);
        _exit(n != 0 || !sock_close(pair[1]));
    }
    assert_true(sock_close(pair[1]));
    for (int i = 0; i < 10; i++)
        assert_true(passes(pair[0], pair[0]));
    assert_true(sock_shutdown(pair[0], SHUT_WR));
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 0);
    assert_int_equal(exit_status(pid), 0);
    sock_close(pair[0]);
}

static void a_parent_closes_its_copy_and_the_child_serves_on(void **state)
{
    (void)state;
    tls_each(child_serves);
}

/* By leaving, and by closing all of it. */
static void child_leaves(int version)
{
    sock_t *pair[2];
    pid_t   pid;
    char    byte;

    for (int closes = 0; closes < 2; closes++) {
        tls_pair(version, pair);
        if (!(pid = fork())) {
            if (closes && (!sock_close(pair[0]) || !sock_close(pair[1])))
                _exit(1);
            _exit(0);
        }
        assert_int_equal(exit_status(pid), 0);
        assert_true(passes(pair[0], pair[1]));
        assert_true(passes(pair[1], pair[0]));
        assert_true(sock_close(pair[0]));
        assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 0);
        sock_close(pair[1]);
    }
}

static void a_child_that_leaves_harms_no_connection(void **state)
{
    (void)state;
    tls_each(child_leaves);
}

/* Accepted, but the handshake is the child's. */
static void child_shakes(int version)
{
    sock_t *pair[2];
    char    byte;
    pid_t   pid;

    tls_begin(version, pair);
    if (!(pid = fork()))
        _exit(sock_write(pair[1], "x", 1) != 1 || !sock_close(pair[1]));
    assert_true(sock_close(pair[1]));
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 1);
    assert_int_equal(sock_recv(pair[0], &byte, 1, 0), 0);
    assert_int_equal(exit_status(pid), 0);
    sock_close(pair[0]);
}

static void a_child_shakes_hands_for_its_parent(void **state)
{
    (void)state;
    tls_each(child_shakes);
}

/* A fork while threads are in the middle of a step: the parent's go on. */
static void forks_beside(int version)
{
    struct side side[2];
    sock_t     *pair[2];

    tls_pair(version, pair);
    begin(&side[0], pair[0], 0, 1);
    begin(&side[1], pair[1], 1, 0);
    for (int i = 0; i < 20 / STRESS_SCALE; i++) {
        pid_t pid = fork();

        if (!pid)
            _exit(!sock_close(pair[0]) || !sock_close(pair[1]));
        assert_int_equal(exit_status(pid), 0);
    }
    ends_well(&side[0]);
    ends_well(&side[1]);
    close_pair(pair);
}

static void forks_beside_threads_harm_nothing(void **state)
{
    (void)state;
    tls_each(forks_beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_and_writers_need_not_know_of_each_other),
        cmocka_unit_test(nor_do_they_before_the_handshake),
        cmocka_unit_test(a_close_in_the_middle_ends_everybody),
        cmocka_unit_test(a_parent_closes_its_copy_and_the_child_serves_on),
        cmocka_unit_test(a_child_that_leaves_harms_no_connection),
        cmocka_unit_test(a_child_shakes_hands_for_its_parent),
        cmocka_unit_test(forks_beside_threads_harm_nothing),
    };

    return cmocka_run_group_tests_name("tls_threads", tests, count_descriptors,
                                       compare_descriptors);
}
