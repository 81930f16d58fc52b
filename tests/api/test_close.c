/* test_close.c - proves that sock_close() from another thread releases every
 * blocked call within 200 ms, with ECANCELED, and waits for nothing itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* A blocked call, in a thread of its own. */
struct blocked {
    sock_t *s;
    bool (*call)(struct blocked *b); /* true: it failed */
    char        address[LIBSOCK_ADDRSTRLEN];
    int         port;
    int         error;
    bool        failed;
    int64_t     ended;
    _Atomic int tid;
    pthread_t   thread;
};

static void *run(void *arg)
{
    struct blocked *b = arg;

    b->tid    = gettid();
    b->failed = b->call(b);
    b->error  = sock_last_error(b->s);
    b->ended  = now_ms();
    return NULL;
}

static void start(struct blocked *b)
{
    b->tid = 0;
    assert_int_equal(pthread_create(&b->thread, NULL, run, b), 0);
    while (!b->tid)
        ;
    wait_until_asleep(b->tid);
}

/* Closes under the call, and checks how it ended. */
static void is_released(struct blocked *b)
{
    int64_t closed;

    start(b);
    closed = now_ms();
    assert_true(sock_close(b->s));
    assert_true(now_ms() - closed < 50);
    pthread_join(b->thread, NULL);
    assert_true(b->ended - closed < 200);
    assert_true(b->failed);
    assert_int_equal(b->error, ECANCELED);
    assert_false(sock_close(b->s));
    assert_int_equal(sock_last_error(b->s), EBADF);
}

static bool read_binary(struct blocked *b)
{
    char byte;

    return sock_read(b->s, &byte, 1, LIBSOCK_BINARY_READ) < 0;
}

static bool read_line(struct blocked *b)
{
    char line[100];

    return sock_read(b->s, line, sizeof line, LIBSOCK_NORMAL_READ) < 0;
}

static bool receive_all(struct blocked *b)
{
    char bytes[100];

    return sock_recv(b->s, bytes, sizeof bytes, MSG_WAITALL) < 0;
}

static bool write_byte(struct blocked *b)
{
    return sock_write(b->s, "x", 1) < 0;
}

static bool write_all(struct blocked *b)
{
    return !sock_write_all(b->s, "x", 1, NULL);
}

static bool accept_one(struct blocked *b)
{
    return !sock_accept(b->s);
}

static bool receive_from(struct blocked *b)
{
    char byte;

    return sock_recvfrom(b->s, &byte, 1, 0, NULL, 0, NULL) < 0;
}

static bool connect_there(struct blocked *b)
{
    return !sock_connect(b->s, b->address, b->port);
}

static bool send_there(struct blocked *b)
{
    return sock_sendto(b->s, "x", 1, 0, b->address, 0) < 0;
}

/* A handle that is closed meanwhile counts as ready. */
static bool select_one(struct blocked *b)
{
    sock_t *reads[1] = {b->s};
    int     ready    = sock_select(reads, 1, NULL, 0, NULL, 0, -1);
    char    byte;

    if (ready != 1 || reads[0] != b->s)
        return false;
    if (sock_read(b->s, &byte, 1, LIBSOCK_BINARY_READ) >= 0)
        return false;
    return sock_last_error(b->s) == EBADF;
}

static void a_read_is_released(void **state)
{
    static bool (*const calls[])(struct blocked *) = {read_binary, read_line,
                                                      receive_all};

    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            sock_t        *pair[2];
            struct blocked b;

            if (kind)
                unix_pair(SOCK_STREAM, pair);
            else
                tcp_pair(pair);
            b = (struct blocked){.s = pair[0], .call = calls[i]};
            is_released(&b);
            sock_close(pair[1]);
        }
}

static void a_read_with_a_deadline_is_released(void **state)
{
    sock_t        *pair[2];
    struct blocked b;

    (void)state;
    tcp_pair(pair);
    sock_set_deadline(pair[0], 30000);
    b = (struct blocked){.s = pair[0], .call = read_line};
    is_released(&b);
    sock_close(pair[1]);
}

static void half_a_line_is_not_delivered_by_a_close(void **state)
{
    sock_t        *pair[2];
    struct blocked b;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_write_all(pair[1], "delete *", 8, NULL));
    b = (struct blocked){.s = pair[0], .call = read_line};
    is_released(&b);
    sock_close(pair[1]);
}

static void a_write_to_a_full_peer_is_released(void **state)
{
    static bool (*const calls[])(struct blocked *) = {write_byte, write_all};

    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            sock_t        *pair[2];
            struct blocked b;

            if (kind)
                unix_pair(SOCK_STREAM, pair);
            else
                tcp_pair(pair);
            fill(pair[0]);
            b = (struct blocked){.s = pair[0], .call = calls[i]};
            is_released(&b);
            sock_close(pair[1]);
        }
}

static void an_accept_is_released(void **state)
{
    struct blocked tcp = {.s = sock_create_listen(0, 1), .call = accept_one};
    struct blocked un  = {.s    = sock_create(AF_UNIX, SOCK_STREAM, 0),
                          .call = accept_one};

    (void)state;
    is_released(&tcp);
    assert_true(sock_bind(un.s, "", 0) && sock_listen(un.s, 1));
    is_released(&un);
}

static void a_receive_of_datagrams_is_released(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct blocked b = {.s    = sock_create(domains[i], SOCK_DGRAM, 0),
                            .call = receive_from};

        assert_true(sock_bind(b.s, "", 0));
        is_released(&b);
    }
}

static void a_connect_to_a_full_backlog_is_released(void **state)
{
    static const int domains[] = {AF_INET, AF_UNIX};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct blocked b = {.s    = sock_create(domains[i], SOCK_STREAM, 0),
                            .call = connect_there};
        struct full    f;

        full_backlog(domains[i], &f);
        memcpy(b.address, f.address, sizeof b.address);
        b.port = f.port;
        is_released(&b);
        close_full(&f);
    }
}

/* Others may share the descriptor: what ended the connect is not theirs. */
static void a_connect_that_was_closed_leaves_no_limit(void **state)
{
    struct blocked b     = {.s    = sock_create(AF_INET, SOCK_STREAM, 0),
                            .call = connect_there};
    int            other = dup(sock_fd(b.s));
    struct timeval limit = {7, 7};
    socklen_t      size  = sizeof limit;
    struct full    f;

    (void)state;
    full_backlog(AF_INET, &f);
    memcpy(b.address, f.address, sizeof b.address);
    b.port = f.port;
    is_released(&b);
    assert_int_equal(getsockopt(other, SOL_SOCKET, SO_SNDTIMEO, &limit, &size),
                     0);
    assert_int_equal(limit.tv_sec, 0);
    assert_int_equal(limit.tv_usec, 0);
    close(other);
    close_full(&f);
}

/* Without a close: the attempt ends, and no other begins. */
static void a_shutdown_ends_a_connect(void **state)
{
    struct blocked b = {.s    = sock_create(AF_INET, SOCK_STREAM, 0),
                        .call = connect_there};
    struct full    f;
    int64_t        shut;

    (void)state;
    full_backlog(AF_INET, &f);
    memcpy(b.address, f.address, sizeof b.address);
    b.port = f.port;
    start(&b);
    shut = now_ms();
    assert_true(sock_shutdown(b.s, SHUT_RDWR));
    pthread_join(b.thread, NULL);
    assert_true(b.ended - shut < 200);
    assert_true(b.failed);
    assert_int_equal(b.error, ECONNABORTED);
    sock_close(b.s);
    close_full(&f);
}

static void a_datagram_send_to_a_full_receiver_is_released(void **state)
{
    struct blocked b        = {.s    = sock_create(AF_UNIX, SOCK_DGRAM, 0),
                               .call = send_there};
    sock_t        *receiver = full_receiver(b.address, sizeof b.address);

    (void)state;
    is_released(&b);
    b.s    = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    b.call = write_byte;
    assert_true(sock_connect(b.s, b.address, 0));
    is_released(&b);
    sock_close(receiver);
}

/* Whatever limits are set while it waits. */
static void a_limit_set_meanwhile_keeps_no_send_from_its_release(void **state)
{
    struct blocked b        = {.s    = sock_create(AF_UNIX, SOCK_DGRAM, 0),
                               .call = send_there};
    sock_t        *receiver = full_receiver(b.address, sizeof b.address);
    int64_t        closed;

    (void)state;
    start(&b);
    for (int64_t until = now_ms() + 300; now_ms() < until;)
        assert_true(sock_set_timeout(b.s, -1));
    closed = now_ms();
    assert_true(sock_close(b.s));
    pthread_join(b.thread, NULL);
    assert_true(b.ended - closed < 200);
    assert_int_equal(b.error, ECANCELED);
    sock_close(receiver);
}

static void a_select_is_released(void **state)
{
    struct blocked b = {.s    = sock_create(AF_INET, SOCK_DGRAM, 0),
                        .call = select_one};
    int64_t        closed;

    (void)state;
    assert_true(sock_bind(b.s, "127.0.0.1", 0));
    start(&b);
    closed = now_ms();
    assert_true(sock_close(b.s));
    pthread_join(b.thread, NULL);
    assert_true(b.failed);
    assert_true(b.ended - closed < 200);
}

static void every_call_that_waits_is_released(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;
        int64_t      closed;

        scene_open(&c, &situations[i]);
        scene_start(&c);
        closed = now_ms();
        assert_true(sock_close(c.s));
        assert_in(&c, now_ms() - closed < 50);
        scene_join(&c);
        assert_in(&c, c.result == -1 && c.error == ECANCELED);
        assert_in(&c, c.ended - closed < 200);
        assert_false(sock_close(c.s));
        scene_close(&c);
    }
}

/* The second line reader waits for the first one's turn. */
static void a_reader_that_waits_for_its_turn_is_released(void **state)
{
    struct blocked first, second;
    sock_t        *pair[2];

    (void)state;
    tcp_pair(pair);
    first  = (struct blocked){.s = pair[0], .call = read_line};
    second = first;
    start(&first);
    is_released(&second);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.error, ECANCELED);
    sock_close(pair[1]);
}

/* Another owner of the socket keeps its connection. */
static void a_close_without_waiters_shuts_nothing_down(void **state)
{
    sock_t *pair[2];
    char    byte;
    int     copy;

    (void)state;
    tcp_pair(pair);
    copy = dup(sock_fd(pair[0]));
    assert_true(sock_close(pair[0]));
    assert_int_equal(send(copy, "x", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(sock_read(pair[1], &byte, 1, LIBSOCK_BINARY_READ), 1);
    close(copy);
    sock_close(pair[1]);
}

/* The system hands a listener's linger down to what it accepts. */
static void a_close_does_not_linger_as_its_listener_would(void **state)
{
    sock_t *listener = sock_create_listen(0, 1);
    sock_t *client   = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *server;
    int64_t before;

    (void)state;
    assert_true(sock_set_linger(listener, 3));
    assert_true(sock_connect(client, "127.0.0.1", port_of(listener)));
    server = sock_accept(listener);
    assert_non_null(server);
    fill(server);
    before = now_ms();
    assert_true(sock_close(server));
    assert_true(now_ms() - before < 200);
    sock_close(client);
    sock_close(listener);
}

static void an_imported_socket_does_not_linger(void **state)
{
    sock_t *pair[2];
    int64_t before;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_set_linger(pair[0], 3));
    pair[0] = sock_import_fd(sock_export_fd(pair[0]));
    fill(pair[0]);
    before = now_ms();
    assert_true(sock_close(pair[0]));
    assert_true(now_ms() - before < 200);
    sock_close(pair[1]);
}

static void a_close_does_not_linger(void **state)
{
    sock_t *pair[2];
    int64_t before;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_set_linger(pair[0], 30));
    fill(pair[0]);
    before = now_ms();
    assert_true(sock_close(pair[0]));
    assert_true(now_ms() - before < 200);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_is_released),
        cmocka_unit_test(a_read_with_a_deadline_is_released),
        cmocka_unit_test(half_a_line_is_not_delivered_by_a_close),
        cmocka_unit_test(a_write_to_a_full_peer_is_released),
        cmocka_unit_test(an_accept_is_released),
        cmocka_unit_test(a_receive_of_datagrams_is_released),
        cmocka_unit_test(a_connect_to_a_full_backlog_is_released),
        cmocka_unit_test(a_connect_that_was_closed_leaves_no_limit),
        cmocka_unit_test(a_shutdown_ends_a_connect),
        cmocka_unit_test(a_datagram_send_to_a_full_receiver_is_released),
        cmocka_unit_test(a_limit_set_meanwhile_keeps_no_send_from_its_release),
        cmocka_unit_test(a_select_is_released),
        cmocka_unit_test(a_reader_that_waits_for_its_turn_is_released),
        cmocka_unit_test(a_close_without_waiters_shuts_nothing_down),
        cmocka_unit_test(every_call_that_waits_is_released),
        cmocka_unit_test(a_close_does_not_linger),
        cmocka_unit_test(a_close_does_not_linger_as_its_listener_would),
        cmocka_unit_test(an_imported_socket_does_not_linger),
    };

    return cmocka_run_group_tests_name("close", tests, count_descriptors,
                                       compare_descriptors);
}
