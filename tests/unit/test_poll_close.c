/* test_poll_close.c - proves that a member that is closed or exported, in
 * whatever thread, is gone from its sets at once and without an event.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <unistd.h>

static const unsigned modes[] = {0, LIBSOCK_POLL_EDGE, LIBSOCK_POLL_ONESHOT,
                                 LIBSOCK_POLL_EDGE | LIBSOCK_POLL_ONESHOT};

/* ---- closed ---- */

/* An event was about to be told. */
static void a_closed_member_is_gone_without_an_event(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t      *pair[2];
        sock_poll_t *set;

        unix_pair(SOCK_STREAM, pair);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        watch(set, pair[0], LIBSOCK_POLL_READ);
        put(pair[0], "x");
        assert_true(sock_close(pair[1]));
        assert_true(told(set, pair[0]) & LIBSOCK_POLL_HUP);
        assert_false(sock_poll_remove(set, pair[1]));
        assert_int_equal(sock_last_error(pair[1]), EBADF);
        assert_true(sock_close(pair[0]));
        assert_true(is_silent(set));
        sock_poll_free(set);
    }
}

static void a_closed_member_is_gone_from_every_set(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *sets[5];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    for (int i = 0; i < 5; i++)
        sets[i] = set_of(pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    assert_true(sock_poll_remove(sets[1], pair[1]));
    sock_poll_free(sets[3]);
    assert_true(sock_close(pair[1]));
    for (int i = 0; i < 5; i++) {
        if (i == 3)
            continue;
        assert_true(is_silent(sets[i]));
        sock_poll_free(sets[i]);
    }
    sock_close(pair[0]);
}

/* Another descriptor keeps the socket itself alive. */
static void a_copy_of_its_descriptor_brings_nothing_back(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t      *pair[2];
        sock_poll_t *set;
        int          copy;

        unix_pair(SOCK_STREAM, pair);
        set  = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        copy = dup(sock_fd(pair[1]));
        put(pair[0], "x");
        assert_true(sock_close(pair[1]));
        assert_true(is_silent(set));
        put(pair[0], "y");
        assert_true(is_silent(set));
        close(copy);
        assert_true(is_silent(set));
        sock_poll_free(set);
        sock_close(pair[0]);
    }
}

/* A pair whose second descriptor has this number, which is free. */
static void pair_with_number(int number, sock_t *pair[2])
{
    sock_t *other;
    int     fd;

    unix_pair(SOCK_STREAM, pair);
    if (sock_fd(pair[0]) == number) {
        other   = pair[0];
        pair[0] = pair[1];
        pair[1] = other;
    } else if (sock_fd(pair[1]) != number) {
        fd = sock_export_fd(pair[1]);
        assert_int_equal(dup2(fd, number), number);
        close(fd);
        pair[1] = sock_import_fd(number);
    }
    assert_int_equal(sock_fd(pair[1]), number);
}

static void a_number_used_again_is_another_member(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t      *old[2], *new[2];
        sock_poll_t *set;
        int          number;

        unix_pair(SOCK_STREAM, old);
        set    = set_of(old[1], LIBSOCK_POLL_READ | modes[i]);
        number = sock_fd(old[1]);
        put(old[0], "x");
        assert_true(sock_close(old[1]));
        pair_with_number(number, new);
        assert_true(is_silent(set)); /* it is no member yet */
        watch(set, new[1], LIBSOCK_POLL_READ | modes[i]);
        assert_true(is_silent(set));
        put(new[0], "y");
        assert_int_equal(told(set, new[1]), LIBSOCK_POLL_READ);
        sock_poll_free(set);
        sock_close(old[0]);
        sock_close(new[0]);
        sock_close(new[1]);
    }
}

static void a_member_closed_in_a_wait_is_gone_without_an_event(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t       *pair[2], *rest[2];
        sock_poll_t  *set;
        struct waiter w;

        unix_pair(SOCK_STREAM, pair);
        unix_pair(SOCK_STREAM, rest);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        watch(set, rest[1], LIBSOCK_POLL_READ);
        waiter_start(&w, set);
        assert_true(sock_close(pair[1]));
        wait_until_asleep(w.tid);
        put(rest[0], "x"); /* the wait goes on with the others */
        assert_int_equal(waiter_join(&w), 1);
        assert_ptr_equal(w.events[0].sock, rest[1]);
        sock_poll_free(set);
        sock_close(pair[0]);
        sock_close(rest[0]);
        sock_close(rest[1]);
    }
}

static void the_last_member_closed_leaves_the_wait_alone(void **state)
{
    sock_t       *old[2], *new[2];
    sock_poll_t  *set;
    struct waiter w;
    int           number;

    (void)state;
    unix_pair(SOCK_STREAM, old);
    set    = set_of(old[1], LIBSOCK_POLL_READ);
    number = sock_fd(old[1]);
    waiter_start(&w, set);
    assert_true(sock_close(old[1]));
    pair_with_number(number, new);
    watch(set, new[1], LIBSOCK_POLL_READ);
    wait_until_asleep(w.tid);
    put(new[0], "x");
    assert_int_equal(waiter_join(&w), 1);
    assert_ptr_equal(w.events[0].sock, new[1]);
    assert_ptr_equal(w.events[0].data, new[1]);
    sock_poll_free(set);
    sock_close(old[0]);
    sock_close(new[0]);
    sock_close(new[1]);
}

/* Its descriptor lives on until the reader has left. */
static void a_member_closed_under_a_reader_is_gone(void **state)
{
    static const char *const names[] = {"read, TCP", "line, TCP", "read, unix",
                                        "line, unix"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct scene  c;
        sock_poll_t  *set = new_set();
        struct waiter w;

        scene_open(&c, situation_named(names[i]));
        watch(set, c.s, LIBSOCK_POLL_READ | LIBSOCK_POLL_RDHUP);
        scene_start(&c);
        waiter_start(&w, set);
        assert_true(sock_close(c.s));
        scene_join(&c);
        assert_in(&c, c.result == -1 && c.error == ECANCELED);
        wait_until_asleep(w.tid);
        assert_true(sock_poll_wake(set));
        assert_int_equal(waiter_join(&w), 0);
        assert_true(is_silent(set));
        sock_poll_free(set);
        scene_close(&c);
    }
}

/* It is gone when the close has returned, not only when the reader has left:
 * an AF_UNIX connect to a full backlog leaves a moment later. */
static void a_member_whose_close_is_under_way_is_gone(void **state)
{
    struct scene c;
    sock_poll_t *set = new_set();

    (void)state;
    scene_open(&c, situation_named("connect, unix"));
    watch(set, c.s, LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    scene_start(&c);
    assert_true(sock_close(c.s));
    assert_true(is_silent(set));
    assert_false(sock_poll_modify(set, c.s, LIBSOCK_POLL_WRITE, NULL));
    assert_int_equal(sock_last_error(c.s), EBADF);
    scene_join(&c);
    assert_true(is_silent(set));
    sock_poll_free(set);
    scene_close(&c);
}

static void a_member_may_be_closed_after_its_set_is_freed(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\nc\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    sock_poll_free(set);
    line_is(pair[1], "b\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    assert_true(sock_close(pair[1]));
    assert_true(sock_close(pair[0]));
}

/* ---- exported ---- */

static void an_exported_member_is_gone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t      *pair[2];
        sock_poll_t *set;
        int          fd;

        unix_pair(SOCK_STREAM, pair);
        set = set_of(pair[1], LIBSOCK_POLL_READ | modes[i]);
        put(pair[0], "x");
        fd = sock_export_fd(pair[1]);
        assert_true(fd >= 0);
        assert_true(is_silent(set));
        assert_false(sock_poll_remove(set, pair[1]));
        assert_int_equal(sock_last_error(pair[1]), EBADF);
        pair[1] = sock_import_fd(fd);
        assert_true(is_silent(set));
        watch(set, pair[1], LIBSOCK_POLL_READ | modes[i]);
        assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
        sock_poll_free(set);
        sock_close(pair[0]);
        sock_close(pair[1]);
    }
}

static void a_member_exported_in_a_wait_is_gone(void **state)
{
    sock_t       *pair[2];
    sock_poll_t  *set;
    struct waiter w;
    int           fd;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    waiter_start(&w, set);
    fd = sock_export_fd(pair[1]);
    assert_true(fd >= 0);
    put(pair[0], "x");
    wait_until_asleep(w.tid);
    assert_true(sock_poll_wake(set));
    assert_int_equal(waiter_join(&w), 0);
    close(fd);
    sock_poll_free(set);
    sock_close(pair[0]);
}

/* A refused export leaves the handle as it was, its membership too. */
static void a_member_that_is_not_exported_stays(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    tcp_pair(pair);
    buffer(pair[0], pair[1], "b\n");
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(sock_export_fd(pair[1]), -1);
    assert_int_equal(sock_last_error(pair[1]), EBUSY);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    line_is(pair[1], "b\n");
    put(pair[0], "c\n");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_member_is_gone_without_an_event),
        cmocka_unit_test(a_closed_member_is_gone_from_every_set),
        cmocka_unit_test(a_copy_of_its_descriptor_brings_nothing_back),
        cmocka_unit_test(a_number_used_again_is_another_member),
        cmocka_unit_test(a_member_closed_in_a_wait_is_gone_without_an_event),
        cmocka_unit_test(the_last_member_closed_leaves_the_wait_alone),
        cmocka_unit_test(a_member_closed_under_a_reader_is_gone),
        cmocka_unit_test(a_member_whose_close_is_under_way_is_gone),
        cmocka_unit_test(a_member_may_be_closed_after_its_set_is_freed),
        cmocka_unit_test(an_exported_member_is_gone),
        cmocka_unit_test(a_member_exported_in_a_wait_is_gone),
        cmocka_unit_test(a_member_that_is_not_exported_stays),
    };

    return run_on_every_backend("poll_close", tests);
}
