/* test_poll.c - proves who is a member of a poll set, and that what is wrong is
 * refused where it is asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/backends.h"
#include "support/scene.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int one, two;

/* ---- members ---- */

static void an_event_brings_the_member_and_its_data(void **state)
{
    sock_t      *a[2], *b[2];
    sock_poll_t *set = new_set();
    sock_event_t event;

    (void)state;
    unix_pair(SOCK_STREAM, a);
    unix_pair(SOCK_STREAM, b);
    assert_true(sock_poll_add(set, a[1], LIBSOCK_POLL_READ, &one));
    assert_true(sock_poll_add(set, b[1], LIBSOCK_POLL_READ, &two));
    put(b[0], "x");
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 1);
    assert_ptr_equal(event.sock, b[1]);
    assert_ptr_equal(event.data, &two);
    assert_int_equal(event.events, LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(a);
    close_pair(b);
}

static void data_may_be_null(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set   = new_set();
    sock_event_t event = {.data = &one};

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_true(sock_poll_add(set, pair[0], LIBSOCK_POLL_WRITE, NULL));
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 1);
    assert_ptr_equal(event.sock, pair[0]);
    assert_null(event.data);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_member_is_not_added_twice(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_false(sock_poll_add(set, pair[1], LIBSOCK_POLL_WRITE, &one));
    assert_int_equal(sock_last_error(pair[1]), EEXIST);
    assert_true(is_silent(set)); /* it is watched as before */
    put(pair[0], "x");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_stranger_is_neither_modified_nor_removed(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    assert_false(sock_poll_modify(set, pair[0], LIBSOCK_POLL_WRITE, &one));
    assert_int_equal(sock_last_error(pair[0]), ENOENT);
    sock_clear_error(pair[0]);
    assert_false(sock_poll_remove(set, pair[0]));
    assert_int_equal(sock_last_error(pair[0]), ENOENT);
    assert_true(is_silent(set));
    sock_poll_free(set);
    close_pair(pair);
}

static void a_removed_member_is_silent_until_it_is_added_again(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    put(pair[0], "x");
    assert_true(sock_poll_remove(set, pair[1]));
    assert_true(is_silent(set));
    assert_false(sock_poll_remove(set, pair[1]));
    assert_int_equal(sock_last_error(pair[1]), ENOENT);
    watch(set, pair[1], LIBSOCK_POLL_READ);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_modified_member_has_new_events_and_new_data(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set = new_set();
    sock_event_t event;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_true(sock_poll_add(set, pair[1], LIBSOCK_POLL_WRITE, &one));
    assert_true(sock_poll_modify(set, pair[1], LIBSOCK_POLL_READ, &two));
    assert_true(is_silent(set));
    put(pair[0], "x");
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 1);
    assert_ptr_equal(event.data, &two);
    assert_int_equal(event.events, LIBSOCK_POLL_READ);
    assert_true(sock_poll_modify(set, pair[1], LIBSOCK_POLL_READ, &one));
    assert_int_equal(sock_poll_wait(set, &event, 1, -1), 1);
    assert_ptr_equal(event.data, &one);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_handle_may_be_in_several_sets(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *first, *second, *third;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    first  = set_of(pair[1], LIBSOCK_POLL_READ);
    second = set_of(pair[1], LIBSOCK_POLL_READ);
    third  = set_of(pair[1], LIBSOCK_POLL_WRITE);
    put(pair[0], "x");
    assert_int_equal(told(first, pair[1]), LIBSOCK_POLL_READ);
    assert_int_equal(told(second, pair[1]), LIBSOCK_POLL_READ);
    assert_int_equal(told(third, pair[1]), LIBSOCK_POLL_WRITE);
    rewatch(third, pair[1], 0);
    assert_true(sock_poll_remove(first, pair[1]));
    assert_int_equal(told(second, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(second);
    assert_true(is_silent(first) && is_silent(third));
    sock_poll_free(first);
    sock_poll_free(third);
    close_pair(pair);
}

static void a_freed_set_leaves_its_members_open(void **state)
{
    sock_t      *pair[2];
    sock_poll_t *set;
    char         byte;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[0], LIBSOCK_POLL_READ);
    watch(set, pair[1], LIBSOCK_POLL_READ | LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    put(pair[0], "x");
    assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 1);
    set = set_of(pair[1], LIBSOCK_POLL_WRITE);
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_WRITE);
    sock_poll_free(set);
    assert_true(sock_close(pair[0]));
    assert_true(sock_close(pair[1]));
}

/* ---- refusals ---- */

static void refused(sock_poll_t *set, sock_t *s, int error)
{
    assert_false(sock_poll_add(set, s, LIBSOCK_POLL_READ, NULL));
    assert_int_equal(sock_last_error(NULL), error);
    assert_int_equal(sock_last_error(s), error);
    sock_clear_error(NULL);
    assert_false(sock_poll_modify(set, s, LIBSOCK_POLL_READ, NULL));
    assert_int_equal(sock_last_error(NULL), error);
    assert_int_equal(sock_last_error(s), error);
    sock_clear_error(NULL);
    assert_false(sock_poll_remove(set, s));
    assert_int_equal(sock_last_error(NULL), error);
    assert_int_equal(sock_last_error(s), error);
}

static void a_closed_handle_is_refused(void **state)
{
    sock_poll_t *set = new_set();
    sock_t      *s   = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_t      *member[2];

    (void)state;
    unix_pair(SOCK_STREAM, member);
    watch(set, member[0], LIBSOCK_POLL_READ);
    sock_close(s);
    close_pair(member);
    refused(set, s, EBADF);
    refused(set, member[0], EBADF);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void no_handle_is_refused(void **state)
{
    sock_poll_t *set = new_set();

    (void)state;
    refused(set, NULL, EBADF);
    refused(set, (sock_t *)(uintptr_t)0x7fffffff, EBADF);
    assert_true(is_silent(set));
    sock_poll_free(set);
}

static void no_set_is_refused(void **state)
{
    sock_t      *s = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_event_t event;

    (void)state;
    refused(NULL, s, EINVAL);
    sock_clear_error(NULL);
    assert_int_equal(sock_poll_wait(NULL, &event, 1, 0), -1);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_false(sock_poll_wake(NULL));
    sock_poll_free(NULL);
    sock_close(s);
}

static void unknown_bits_are_refused_and_change_nothing(void **state)
{
    static const unsigned bits[] = {0x20, 0x40, 0x80, 0x400, 0x80000000};
    sock_t               *pair[2];
    sock_poll_t          *set;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    set = set_of(pair[1], LIBSOCK_POLL_READ);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        unsigned events = LIBSOCK_POLL_WRITE | bits[i];

        assert_false(sock_poll_add(set, pair[0], events, NULL));
        assert_int_equal(sock_last_error(pair[0]), EINVAL);
        assert_false(sock_poll_modify(set, pair[1], events, &one));
        assert_int_equal(sock_last_error(pair[1]), EINVAL);
    }
    assert_true(is_silent(set));
    put(pair[0], "x");
    assert_int_equal(told(set, pair[1]), LIBSOCK_POLL_READ);
    sock_poll_free(set);
    close_pair(pair);
}

static void a_failure_is_told_as_a_sentence(void **state)
{
    sock_t      *s   = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_poll_t *set = set_of(s, 0);

    (void)state;
    assert_false(sock_poll_add(set, s, 0, NULL));
    assert_non_null(strstr(sock_last_message(s), "poll_add"));
    assert_true(sock_poll_remove(set, s));
    assert_false(sock_poll_modify(set, s, 0, NULL));
    assert_non_null(strstr(sock_last_message(s), "poll_modify"));
    assert_false(sock_poll_remove(set, s));
    assert_non_null(strstr(sock_last_message(s), "poll_remove"));
    assert_int_equal(sock_poll_wait(set, NULL, 1, 0), -1);
    assert_non_null(strstr(sock_last_message(NULL), "poll_wait"));
    sock_poll_free(set);
    sock_close(s);
}

/* Allow descriptors below the lowest free number plus `more` only. */
static void allow_descriptors(struct rlimit *old, int more)
{
    int           lowest = open("/dev/null", O_RDONLY);
    struct rlimit few;

    close(lowest);
    getrlimit(RLIMIT_NOFILE, old);
    few          = *old;
    few.rlim_cur = (rlim_t)(lowest + more);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void a_set_too_many_is_refused_and_keeps_no_descriptor(void **state)
{
    struct rlimit old;
    sock_poll_t  *set;

    (void)state;
    for (int more = 0; more < 2; more++) {
        int before = open_descriptors();

        allow_descriptors(&old, more);
        set = sock_poll_create();
        setrlimit(RLIMIT_NOFILE, &old);
        assert_true(more || !set);
        if (!set)
            assert_int_equal(sock_last_error(NULL), EMFILE);
        sock_poll_free(set);
        assert_int_equal(open_descriptors(), before);
    }
}

static void a_set_takes_few_descriptors_that_close_on_exec(void **state)
{
    bool         before[256];
    int          taken = 0;
    sock_poll_t *set;

    (void)state;
    for (int fd = 0; fd < 256; fd++)
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    set = new_set();
    for (int fd = 0; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags < 0 || before[fd])
            continue;
        assert_true(flags & FD_CLOEXEC);
        taken++;
    }
    assert_in_range(taken, 1, 2);
    sock_poll_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_brings_the_member_and_its_data),
        cmocka_unit_test(data_may_be_null),
        cmocka_unit_test(a_member_is_not_added_twice),
        cmocka_unit_test(a_stranger_is_neither_modified_nor_removed),
        cmocka_unit_test(a_removed_member_is_silent_until_it_is_added_again),
        cmocka_unit_test(a_modified_member_has_new_events_and_new_data),
        cmocka_unit_test(a_handle_may_be_in_several_sets),
        cmocka_unit_test(a_freed_set_leaves_its_members_open),
        cmocka_unit_test(a_closed_handle_is_refused),
        cmocka_unit_test(no_handle_is_refused),
        cmocka_unit_test(no_set_is_refused),
        cmocka_unit_test(unknown_bits_are_refused_and_change_nothing),
        cmocka_unit_test(a_failure_is_told_as_a_sentence),
        cmocka_unit_test(a_set_takes_few_descriptors_that_close_on_exec),
        cmocka_unit_test(a_set_too_many_is_refused_and_keeps_no_descriptor),
    };

    return run_on_every_backend("poll", tests);
}
