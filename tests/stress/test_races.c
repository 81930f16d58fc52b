/* test_races.c - proves that a close that races the entry into a call always
 * releases it, and that a stale handle never reaches a newer socket.
 *
 * STRESS_SCALE divides the counts, for slow builds.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#ifndef STRESS_SCALE
#define STRESS_SCALE 1
#endif

#define ROUNDS (10000 / STRESS_SCALE)

/* ---- a close against the entry ---- */

/* What the two threads of a race share; `round` starts each. */
struct race {
    sock_t *(*make)(struct race *r);
    void (*call)(struct race *r, sock_t *s);
    char         address[LIBSOCK_ADDRSTRLEN];
    int          port;
    sock_t      *other;
    sock_t      *s;
    _Atomic long round, done;
    long         rounds;
    unsigned     delay;
    bool         near; /* the closer comes early: a late one costs a slice */
    struct full  full;
};

/* Spins, so that both arrive together; but where the other has no processor,
 * leaves it this one. */
static void meet(_Atomic long *counter, long value)
{
    for (int spins = 0; *counter < value; spins++)
        if (spins > 500)
            sched_yield();
}

/* Meets the closer, then calls. */
static void *caller(void *arg)
{
    struct race *r = arg;

    for (long i = 1; i <= r->rounds; i++) {
        meet(&r->round, i);
        r->call(r, r->s);
        r->done = i;
    }
    return NULL;
}

static void run_race(struct race *r, long rounds)
{
    pthread_t thread;
    int64_t   slowest = 0;

    r->rounds = rounds;
    assert_int_equal(pthread_create(&thread, NULL, caller, r), 0);
    for (long i = 1; i <= rounds; i++) {
        int64_t begin;

        r->s     = r->make(r);
        r->delay = (r->delay * 1103515245 + 12345) & (r->near ? 0x7f : 0xfff);
        r->round = i;
        for (volatile unsigned spin = r->delay; spin; spin--)
            ;
        begin = now_ms();
        assert_true(sock_close(r->s));
        meet(&r->done, i);
        if (now_ms() - begin > slowest)
            slowest = now_ms() - begin;
        if (r->other)
            sock_close(r->other);
        r->other = NULL;
    }
    pthread_join(thread, NULL);
    print_message("%ld rounds, the slowest release took %ld ms\n", rounds,
                  (long)slowest);
    assert_true(slowest < 1000);
}

static sock_t *make_stream(struct race *r)
{
    sock_t *pair[2];

    unix_pair(SOCK_STREAM, pair);
    r->other = pair[1];
    return pair[0];
}

static sock_t *make_tcp(struct race *r)
{
    sock_t *pair[2];

    tcp_pair(pair);
    sock_set_linger(pair[1], 0);
    r->other = pair[1];
    return pair[0];
}

static sock_t *make_full(struct race *r)
{
    sock_t *s = make_stream(r);

    sock_set_option_int(s, SOL_SOCKET, SO_SNDBUF, 4096);
    fill(s);
    return s;
}

static sock_t *make_listener(struct race *r)
{
    (void)r;
    return sock_create_listen(0, 1);
}

static sock_t *make_udp(struct race *r)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)r;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    return s;
}

static sock_t *make_connecting(struct race *r)
{
    (void)r;
    return sock_create(AF_INET, SOCK_STREAM, 0);
}

static sock_t *make_unix_connecting(struct race *r)
{
    (void)r;
    return sock_create(AF_UNIX, SOCK_STREAM, 0);
}

static sock_t *make_sender(struct race *r)
{
    (void)r;
    return sock_create(AF_UNIX, SOCK_DGRAM, 0);
}

static sock_t *make_connected_sender(struct race *r)
{
    sock_t *s = make_sender(r);

    assert_true(sock_connect(s, r->address, 0));
    return s;
}

/* Each call fails, one way or the other; it is enough that it returns. */
static void call_read(struct race *r, sock_t *s)
{
    char byte;

    (void)r;
    assert_true(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ) < 0);
}

static void call_line(struct race *r, sock_t *s)
{
    char line[10];

    (void)r;
    assert_true(sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ) < 0);
}

static void call_write(struct race *r, sock_t *s)
{
    (void)r;
    assert_true(sock_write(s, "x", 1) < 0);
}

static void call_accept(struct race *r, sock_t *s)
{
    (void)r;
    assert_null(sock_accept(s));
}

static void call_receive(struct race *r, sock_t *s)
{
    char byte;

    (void)r;
    assert_true(sock_recvfrom(s, &byte, 1, 0, NULL, 0, NULL) < 0);
}

static void call_connect(struct race *r, sock_t *s)
{
    assert_false(sock_connect(s, r->address, r->port));
}

static void call_sendto(struct race *r, sock_t *s)
{
    assert_true(sock_sendto(s, "x", 1, 0, r->address, 0) < 0);
}

static void call_select(struct race *r, sock_t *s)
{
    sock_t *reads[] = {s};

    (void)r;
    assert_int_equal(sock_select(reads, 1, NULL, 0, NULL, 0, -1), 1);
    assert_ptr_equal(reads[0], s);
}

static void a_close_at_the_door_releases_a_read(void **state)
{
    struct race a = {.make = make_stream, .call = call_read};
    struct race b = {.make = make_tcp, .call = call_read};

    (void)state;
    run_race(&a, ROUNDS);
    run_race(&b, ROUNDS);
}

static void a_close_at_the_door_releases_a_line(void **state)
{
    struct race a = {.make = make_stream, .call = call_line};
    struct race b = {.make = make_tcp, .call = call_line};

    (void)state;
    run_race(&a, ROUNDS);
    run_race(&b, ROUNDS);
}

static void a_close_at_the_door_releases_a_write(void **state)
{
    struct race r = {.make = make_full, .call = call_write};

    (void)state;
    run_race(&r, ROUNDS);
}

static void a_close_at_the_door_releases_an_accept(void **state)
{
    struct race r = {.make = make_listener, .call = call_accept};

    (void)state;
    run_race(&r, ROUNDS);
}

static void a_close_at_the_door_releases_a_recvfrom(void **state)
{
    struct race r = {.make = make_udp, .call = call_receive};

    (void)state;
    run_race(&r, ROUNDS);
}

static void a_close_at_the_door_releases_a_select(void **state)
{
    struct race r = {.make = make_udp, .call = call_select};

    (void)state;
    run_race(&r, ROUNDS);
}

static void a_close_at_the_door_releases_a_tcp_connect(void **state)
{
    struct race r = {.make = make_connecting, .call = call_connect};

    (void)state;
    full_backlog(AF_INET, &r.full);
    memcpy(r.address, r.full.address, sizeof r.address);
    r.port = r.full.port;
    run_race(&r, ROUNDS);
    close_full(&r.full);
}

/* Where the system must be waited for in slices, a close that comes after the
 * door costs up to one of them: the closer is let in early, mostly. */
static void a_close_at_the_door_releases_a_unix_connect(void **state)
{
    struct race r = {
        .make = make_unix_connecting, .call = call_connect, .near = true};

    (void)state;
    full_backlog(AF_UNIX, &r.full);
    memcpy(r.address, r.full.address, sizeof r.address);
    run_race(&r, ROUNDS);
    close_full(&r.full);
}

static void a_close_at_the_door_releases_a_unix_sendto(void **state)
{
    struct race r = {.make = make_sender, .call = call_sendto, .near = true};
    sock_t     *receiver;

    (void)state;
    receiver = full_receiver(r.address, sizeof r.address);
    run_race(&r, ROUNDS);
    sock_close(receiver);
}

static void a_close_at_the_door_releases_a_connected_send(void **state)
{
    struct race r = {.make = make_connected_sender, .call = call_write};
    sock_t     *receiver;

    (void)state;
    receiver = full_receiver(r.address, sizeof r.address);
    run_race(&r, ROUNDS);
    sock_close(receiver);
}

/* ---- stale handles ---- */

enum { THREADS = 4, SHARED = 8 };

/* Each thread's sockets carry its tag, and it alone writes to their peers. All
 * handles stand in a table that everybody uses, long after they are closed. */
static _Atomic(sock_t *) shared[THREADS][SHARED];
static _Atomic long      wrong;

static void use(int owner, int slot)
{
    char    byte = 0;
    sock_t *s    = shared[owner][slot];

    if (!s)
        return;
    if (sock_recv(s, &byte, 1, MSG_DONTWAIT) == 1 && byte != 'a' + owner)
        wrong++;
}

static void *churn(void *arg)
{
    int      me   = (int)(intptr_t)arg;
    char     tag  = (char)('a' + me);
    unsigned seed = (unsigned)me + 1;

    for (int i = 0; i < 100000 / STRESS_SCALE; i++) {
        sock_t *pair[2];

        if (!sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair)) {
            wrong++;
            break;
        }
        shared[me][i % SHARED] = pair[0];
        if (!sock_write_all(pair[1], &tag, 1, NULL))
            wrong++;
        seed = seed * 1103515245 + 12345;
        use((int)(seed >> 16) % THREADS, (int)(seed >> 8) % SHARED);
        if (!sock_close(pair[0]))
            wrong++;
        use((int)(seed >> 20) % THREADS, (int)(seed >> 12) % SHARED);
        sock_close(pair[1]);
    }
    return NULL;
}

static void a_stale_handle_never_reaches_a_newer_socket(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_close_at_the_door_releases_a_read),
        cmocka_unit_test(a_close_at_the_door_releases_a_line),
        cmocka_unit_test(a_close_at_the_door_releases_a_write),
        cmocka_unit_test(a_close_at_the_door_releases_an_accept),
        cmocka_unit_test(a_close_at_the_door_releases_a_recvfrom),
        cmocka_unit_test(a_close_at_the_door_releases_a_select),
        cmocka_unit_test(a_close_at_the_door_releases_a_tcp_connect),
        cmocka_unit_test(a_close_at_the_door_releases_a_unix_connect),
        cmocka_unit_test(a_close_at_the_door_releases_a_unix_sendto),
        cmocka_unit_test(a_close_at_the_door_releases_a_connected_send),
        cmocka_unit_test(a_stale_handle_never_reaches_a_newer_socket),
    };

    return cmocka_run_group_tests_name("races", tests, count_descriptors,
                                       compare_descriptors);
}
