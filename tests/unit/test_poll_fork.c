/* test_poll_fork.c - proves that a poll set belongs to the process that made
 * it: a forked child is refused everywhere, harms nothing of its parent's, and
 * makes sets of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

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

static pid_t fork_child(void)
{
    pid_t child = fork();

    if (!child)
        alarm(30);
    return child;
}

/* ---- refused ---- */

static void expect_refusals(sock_poll_t *set, sock_t *member, sock_t *stranger)
{
    sock_event_t event;

    expect(!sock_poll_add(set, stranger, LIBSOCK_POLL_READ, NULL), 1);
    expect(sock_last_error(stranger) == EPERM, 2);
    expect(!sock_poll_modify(set, member, LIBSOCK_POLL_WRITE, NULL), 3);
    expect(sock_last_error(member) == EPERM, 4);
    sock_clear_error(member);
    expect(!sock_poll_remove(set, member), 5);
    expect(sock_last_error(member) == EPERM, 6);
    for (int timeout_ms = -1; timeout_ms < 2; timeout_ms++) {
        sock_clear_error(NULL);
        expect(sock_poll_wait(set, &event, 1, timeout_ms) == -1, 7);
        expect(sock_last_error(NULL) == EPERM, 8);
    }
    sock_clear_error(NULL);
    expect(!sock_poll_wake(set), 9);
    expect(sock_last_error(NULL) == 0, 10);
}

static void every_call_on_a_parents_set_is_refused(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    pid_t        child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    if (!(child = fork_child())) {
        expect_refusals(set, pair[1], pair[0]);
        _exit(0);
    }
    child_succeeded(child);
    lasts_its_time(set); /* no wake has come over */
    put(pair[0], "x");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

/* The waiter stays behind in the parent; it is not the child's to wake. */
static void a_set_that_is_waited_on_is_refused_too(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;
    pid_t         child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    if (!(child = fork_child())) {
        expect_refusals(set, pair[1], pair[0]);
        sock_poll_free(set);
        _exit(0);
    }
    child_succeeded(child);
    wait_until_asleep(w.tid);
    put(pair[0], "x");
    has_told(&w, pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

/* ---- the parent's set is left alone ---- */

static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT,
                                 LIBSOCK_POLL_EDGE | LIBSOCK_POLL_ONESHOT};

static void a_member_closed_in_a_child_is_one_in_the_parent(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t      *pair[2];
        sock_poll_t *set;
        pid_t        child;

        unix_pair(SOCK_STREAM, pair);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        if (!(child = fork_child())) {
            expect(sock_close(pair[1]), 1);
            expect(!sock_poll_remove(set, pair[1]), 2);
            _exit(0);
        }
        child_succeeded(child);
        assert_true(is_silent(set));
        put(pair[0], "x");
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
        assert_true(sock_poll_remove(set, pair[1]));
        sock_poll_free(set);
        close_pair(pair);
    }
}

static void a_member_exported_in_a_child_is_one_in_the_parent(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    pid_t        child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    if (!(child = fork_child())) {
        int fd = sock_export_fd(pair[1]);

        expect(fd >= 0, 1);
        expect(close(fd) == 0, 2);
        _exit(0);
    }
    child_succeeded(child);
    put(pair[0], "x");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_child_frees_its_copy_of_a_set_only(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    pid_t        child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    if (!(child = fork_child())) {
        sock_poll_free(set);
        expect(sock_write_all(pair[0], "x", 1, NULL), 1);
        expect(sock_close(pair[1]), 2);
        expect(sock_close(pair[0]), 3);
        _exit(0);
    }
    child_succeeded(child);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    rewatch(set, pair[1], LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    close_pair(pair);
}

/* The child has the socket still when the parent has closed it. */
static void a_child_brings_no_event_of_what_its_parent_closed(void **state)
{
    sock_t      *pair[2], *gate[2];
    sock_poll_t *set;
    char         byte;
    pid_t        child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    unix_pair(SOCK_STREAM, gate);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    if (!(child = fork_child())) {
        expect(sock_recv(gate[1], &byte, 1, 0) == 1, 1);
        expect(sock_recv(pair[1], &byte, 1, 0) == 1, 2);
        _exit(0);
    }
    assert_true(sock_close(pair[1]));
    put(pair[0], "x");
    assert_true(is_silent(set));
    put(gate[0], "x");
    child_succeeded(child);
    assert_true(is_silent(set));
    sock_poll_free(set);
    close_pair(pair);
    close_pair(gate);
}

/* ---- sets of the child's own ---- */

static void expect_event(sock_poll_t *set, sock_t *s, int code)
{
    sock_event_t event = {.sock = NULL};

    expect(sock_poll_wait(set, &event, 1, 5000) == 1, code);
    expect(event.sock == s && event.data == s, code + 1);
    expect(event.events & LIBSOCK_POLL_READ, code + 2);
}

static void use_inherited_members(sock_poll_t *parents, sock_t *pair[2])
{
    sock_poll_t *set = sock_poll_create();
    sock_event_t event;
    char         line[8];

    expect(set, 1);
    expect(sock_poll_add(set, pair[1], LIBSOCK_POLL_READ, pair[1]), 2);
    expect_event(set, pair[1], 3); /* what the parent had buffered */
    expect(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ) == 2, 6);
    expect(sock_poll_wait(set, &event, 1, 0) == 0, 7);
    expect(sock_write_all(pair[0], "c\nd\n", 4, NULL), 8);
    expect_event(set, pair[1], 9);
    expect(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ) == 2, 12);
    expect_event(set, pair[1], 13);
    sock_poll_free(parents);
    expect(sock_poll_modify(set, pair[1], LIBSOCK_POLL_READ, pair[1]), 16);
    expect_event(set, pair[1], 17);
    expect(sock_close(pair[1]), 20);
    expect(sock_poll_wake(set), 21);
    expect(sock_poll_wait(set, &event, 1, -1) == 0, 22);
    sock_poll_free(set);
}

static void a_child_makes_sets_of_inherited_members(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    pid_t        child;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    if (!(child = fork_child())) {
        use_inherited_members(set, pair);
        _exit(0);
    }
    child_succeeded(child);
    assert_true(told(set, pair[1]) & LIBSOCK_POLL_READ);
    line_is(pair[1], "b\n");
    sock_poll_free(set);
    close_pair(pair);
}

/* ---- a fork amid other threads ---- */

static _Atomic bool stop;
static _Atomic long failed;

struct churn {
    sock_poll_t *set;
    sock_t      *pair[2];
};

static bool use_everything(struct churn *c)
{
    sock_t *fresh[2];
    char    line[8];

    return sock_create_pair(AF_UNIX, SOCK_STREAM, 0, fresh) &&
           sock_poll_add(c->set, fresh[0], LIBSOCK_POLL_WRITE, fresh[0]) &&
           sock_poll_add(c->set, c->pair[1], LIBSOCK_POLL_READ, c) &&
           sock_write_all(c->pair[0], "a\nb\n", 4, NULL) &&
           sock_read(c->pair[1], line, 8, LIBSOCK_NORMAL_READ) == 2 &&
           sock_poll_modify(c->set, c->pair[1], LIBSOCK_POLL_READ, c) &&
           sock_read(c->pair[1], line, 8, LIBSOCK_NORMAL_READ) == 2 &&
           sock_poll_remove(c->set, c->pair[1]) && sock_close(fresh[0]) &&
           sock_close(fresh[1]);
}

static void *churn(void *arg)
{
    while (!stop)
        if (!use_everything(arg))
            failed++;
    return NULL;
}

static void *wait_often(void *set)
{
    sock_event_t events[4];

    while (!stop)
        if (sock_poll_wait(set, events, 4, 1) < 0)
            failed++;
    return NULL;
}

static void use_what_is_left(sock_poll_t *parents, sock_t *pair[2])
{
    sock_poll_t *set = sock_poll_create();
    sock_event_t event;

    expect(set, 1);
    expect(!sock_poll_remove(parents, pair[1]), 2);
    expect(sock_last_error(pair[1]) == EPERM, 3);
    expect(sock_poll_add(set, pair[1], LIBSOCK_POLL_WRITE, NULL), 4);
    expect(sock_poll_wait(set, &event, 1, 0) == 1, 5);
    expect(sock_close(pair[1]), 6);
    expect(sock_poll_wait(set, &event, 1, 0) == 0, 7);
    expect(sock_close(pair[0]), 8);
    sock_poll_free(set);
    sock_poll_free(parents);
}

/* Whatever lock another thread held at that moment, the child has none. */
static void a_fork_amid_changes_leaves_the_child_whole(void **state)
{
    struct churn c = {.set = new_set()};
    pthread_t    changes, waits;

    (void)state;
    tcp_pair(c.pair);
    stop = false;
    pthread_create(&changes, NULL, churn, &c);
    pthread_create(&waits, NULL, wait_often, c.set);
    for (int i = 0; i < 60; i++) {
        pid_t child = fork_child();

        if (!child) {
            use_what_is_left(c.set, c.pair);
            _exit(0);
        }
        child_succeeded(child);
    }
    stop = true;
    pthread_join(changes, NULL);
    pthread_join(waits, NULL);
    assert_int_equal(failed, 0);
    sock_poll_free(c.set);
    close_pair(c.pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_on_a_parents_set_is_refused),
        cmocka_unit_test(a_set_that_is_waited_on_is_refused_too),
        cmocka_unit_test(a_member_closed_in_a_child_is_one_in_the_parent),
        cmocka_unit_test(a_member_exported_in_a_child_is_one_in_the_parent),
        cmocka_unit_test(a_child_frees_its_copy_of_a_set_only),
        cmocka_unit_test(a_child_brings_no_event_of_what_its_parent_closed),
        cmocka_unit_test(a_child_makes_sets_of_inherited_members),
        cmocka_unit_test(a_fork_amid_changes_leaves_the_child_whole),
    };

    return run_on_every_backend("poll_fork", tests);
}
