/* test_fork.c - proves that a forked child can use and close what it inherits
 * without harm to its parent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_succeeded(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In the child: no assertion may unwind into the parent's tests. */
static void expect(bool good, int code)
{
    if (!good)
        _exit(code);
}

static _Atomic int tid;

static void *accept_one(void *server)
{
    tid = gettid();
    return sock_accept(server);
}

static void a_blocked_accept_survives_the_childs_close(void **state)
{
    sock_t   *server = sock_create_listen(0, 1);
    sock_t   *client = sock_create(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    void     *peer;
    pid_t     child;

    (void)state;
    pthread_create(&thread, NULL, accept_one, server);
    while (!tid)
        ;
    wait_until_asleep(tid);
    if (!(child = fork())) {
        expect(sock_close(server), 1);
        expect(!sock_close(server), 2);
        _exit(0);
    }
    child_succeeded(child);
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    pthread_join(thread, &peer);
    assert_non_null(peer);
    sock_close(peer);
    sock_close(client);
    sock_close(server);
}

static void a_child_goes_on_with_what_it_inherits(void **state)
{
    sock_t *pair[2];
    char    line[16];
    pid_t   child;

    (void)state;
    tcp_pair(pair);
    assert_true(sock_write_all(pair[0], "one\ntwo\n", 8, NULL));
    assert_int_equal(sock_read(pair[1], line, 16, LIBSOCK_NORMAL_READ), 4);
    if (!(child = fork())) {
        sock_t *reads[1] = {pair[1]};

        expect(sock_select(reads, 1, NULL, 0, NULL, 0, 0) == 1, 1);
        expect(sock_read(pair[1], line, 16, LIBSOCK_NORMAL_READ) == 4, 2);
        expect(!memcmp(line, "two\n", 4), 3);
        expect(sock_write_all(pair[1], "child\n", 6, NULL), 4);
        expect(sock_close(pair[1]) && sock_close(pair[0]), 5);
        _exit(0);
    }
    child_succeeded(child);
    assert_int_equal(sock_read(pair[0], line, 16, LIBSOCK_NORMAL_READ), 6);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static _Atomic bool stop;

static void *churn(void *unused)
{
    (void)unused;
    while (!stop) {
        sock_t *s = sock_create(AF_UNIX, SOCK_DGRAM, 0);

        if (s)
            sock_close(s);
    }
    return NULL;
}

/* Whatever lock another thread held at that moment, the child has none. */
static void a_fork_amid_other_threads_leaves_the_child_whole(void **state)
{
    pthread_t threads[2];

    (void)state;
    stop = false;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, churn, NULL);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();

        if (!child) {
            sock_t *pair[2];

            alarm(10);
            expect(sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair), 1);
            expect(sock_write_all(pair[0], "x", 1, NULL), 2);
            expect(sock_set_timeout(pair[0], 5), 3);
            expect(sock_close(pair[0]) && sock_close(pair[1]), 4);
            _exit(0);
        }
        child_succeeded(child);
    }
    stop = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void *read_line(void *s)
{
    char line[16];

    tid = gettid();
    if (sock_read(s, line, sizeof line, LIBSOCK_NORMAL_READ) != 5)
        return NULL;
    return s;
}

/* The reader stays behind in the parent, and with it the turn. */
static void a_child_reads_what_a_parents_thread_was_reading(void **state)
{
    sock_t   *pair[2];
    pthread_t thread;
    void     *done;
    pid_t     child;

    (void)state;
    tcp_pair(pair);
    tid = 0;
    pthread_create(&thread, NULL, read_line, pair[1]);
    while (!tid)
        ;
    wait_until_asleep(tid);
    if (!(child = fork())) {
        char line[16];

        alarm(10);
        expect(sock_read(pair[1], line, 16,
                         LIBSOCK_NORMAL_READ | LIBSOCK_DONTWAIT) == -1,
               1);
        expect(sock_last_error(pair[1]) == EAGAIN, 2);
        expect(sock_export_fd(pair[1]) >= 0, 3);
        _exit(0);
    }
    child_succeeded(child);
    assert_true(sock_write_all(pair[0], "line\n", 5, NULL));
    pthread_join(thread, &done);
    assert_non_null(done);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* A connect to a full AF_UNIX backlog leaves a moment after its close: by then
 * the child is there, with a copy of a descriptor that nobody would close. */
static void a_close_under_way_ends_in_the_child(void **state)
{
    struct scene c;
    pid_t        child;
    int          fd;

    (void)state;
    scene_open(&c, situation_named("connect, unix"));
    scene_start(&c);
    fd = sock_fd(c.s);
    assert_true(sock_close(c.s));
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    if (!(child = fork())) {
        alarm(10);
        expect(fcntl(fd, F_GETFD) == -1, 1);
        expect(!sock_close(c.s) && sock_last_error(c.s) == EBADF, 2);
        _exit(0);
    }
    scene_join(&c);
    child_succeeded(child);
    assert_in(&c, c.error == ECANCELED);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    scene_close(&c);
}

/* The child's copies are its own: no shutdown reaches the parent's calls. */
static void a_childs_close_disturbs_no_call_of_the_parent(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;
        pid_t        child;

        if (!strcmp(situations[i].name, "connect, TCP"))
            continue; /* its relief takes a second */
        scene_open(&c, &situations[i]);
        scene_start(&c);
        if (!(child = fork())) {
            alarm(10);
            expect(sock_close(c.s), 1);
            _exit(0);
        }
        child_succeeded(child);
        c.is->relieve(&c);
        scene_join(&c);
        assert_in(&c, c.result > 0);
        scene_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blocked_accept_survives_the_childs_close),
        cmocka_unit_test(a_child_goes_on_with_what_it_inherits),
        cmocka_unit_test(a_fork_amid_other_threads_leaves_the_child_whole),
        cmocka_unit_test(a_close_under_way_ends_in_the_child),
        cmocka_unit_test(a_childs_close_disturbs_no_call_of_the_parent),
        cmocka_unit_test(a_child_reads_what_a_parents_thread_was_reading),
    };

    return cmocka_run_group_tests_name("fork", tests, count_descriptors,
                                       compare_descriptors);
}
