/* test_message_again.c - proves what becomes of a received message that is used
 * again: what is added to it empties it, what is refused leaves it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define ROOM                                                                   \
    (sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, 2) +                              \
     sock_cmsg_space(SOL_SOCKET, SCM_CREDENTIALS, 1))

/* A message that was received: "x" of a named sender, with two descriptors and
 * credentials. */
struct received {
    sock_t       *from, *to;
    char          name[LIBSOCK_ADDRSTRLEN];
    struct letter l;
    int           descriptors; /* open before */
};

static void receive(struct received *r)
{
    char at[LIBSOCK_ADDRSTRLEN];

    r->from = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    r->to   = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(sock_bind(r->from, "", 0) && sock_bind(r->to, "", 0));
    assert_true(sock_getsockname(r->from, r->name, sizeof r->name, NULL));
    assert_true(sock_getsockname(r->to, at, sizeof at, NULL));
    assert_true(sock_connect(r->from, at, 0));
    assert_true(sock_set_option_int(r->to, SOL_SOCKET, SO_PASSCRED, 1));
    r->descriptors = open_descriptors();
    send_descriptors(r->from, 2);
    letter_open(&r->l, ROOM);
    assert_int_equal(letter_receive(&r->l, r->to, 0), 1);
}

static void finish(struct received *r)
{
    letter_close(&r->l);
    assert_int_equal(open_descriptors(), r->descriptors);
    sock_close(r->from);
    sock_close(r->to);
}

static void is_as_it_came(struct received *r)
{
    sock_credentials_t who = {0, 0, 0};
    int                fds[3];

    letter_is(&r->l, "x");
    letter_is_from(&r->l, r->name, 0);
    assert_true(sock_message_get_credentials(r->l.m, &who));
    assert_int_equal(who.pid, getpid());
    assert_int_equal(open_descriptors(), r->descriptors + 2);
    assert_int_equal(sock_message_take_fds(r->l.m, fds, 3), 2);
    close(fds[0]);
    close(fds[1]);
}

static void is_empty(struct received *r)
{
    sock_credentials_t who;
    int                fd;

    assert_int_equal(sock_message_length(r->l.m), 0);
    assert_int_equal(sock_message_flags(r->l.m), 0);
    assert_int_equal(open_descriptors(), r->descriptors);
    assert_int_equal(sock_message_take_fds(r->l.m, &fd, 1), 0);
    assert_refused(sock_message_get_credentials(r->l.m, &who), ENOMSG);
}

/* ---- what succeeds ---- */

static bool set_a_name(sock_message_t *m)
{
    return sock_message_set_name(m, "127.0.0.1", 9);
}

static bool add_a_handle(sock_message_t *m)
{
    sock_t *none = NULL;

    return sock_message_add_handles(m, &none, 1);
}

static bool add_a_descriptor(sock_message_t *m)
{
    return sock_message_add_fds(m, &(int){STDERR_FILENO}, 1);
}

static bool add_a_number(sock_message_t *m)
{
    return sock_message_add_int(m, IPPROTO_IP, IP_TTL, 7);
}

static bool add_an_address(sock_message_t *m)
{
    return sock_message_add_pktinfo(m, "::1", 0);
}

static bool add_credentials(sock_message_t *m)
{
    return sock_message_add_credentials(m, &(sock_credentials_t){1, 1, 1});
}

static void what_is_added_empties_a_received_message(void **state)
{
    static bool (*const adds[])(sock_message_t *) = {
        set_a_name, add_a_handle, add_a_descriptor, add_a_number,
        add_an_address};

    (void)state;
    for (size_t i = 0; i < COUNT(adds); i++) {
        struct received r;

        receive(&r);
        assert_true(adds[i](r.l.m));
        is_empty(&r);
        if (i)
            letter_is_from(&r.l, "", 0);
        finish(&r);
    }
}

static void its_own_credentials_take_the_place_of_those_that_came(void **state)
{
    sock_credentials_t who;
    struct received    r;

    (void)state;
    receive(&r);
    assert_true(add_credentials(r.l.m));
    assert_int_equal(open_descriptors(), r.descriptors);
    if (sock_message_get_credentials(r.l.m, &who))
        assert_int_equal(who.uid, 1);
    finish(&r);
}

/* All of the room, not what is left of it by what came. */
static void it_has_all_its_room_again(void **state)
{
    struct received r;
    sock_message_t *m;

    (void)state;
    receive(&r);
    m = r.l.m;
    assert_true(sock_message_add_fds(m, (int[2]){1, 2}, 2));
    assert_true(add_credentials(m));
    assert_refused(add_a_number(m), ENOBUFS);
    finish(&r);
}

/* The parts are the caller's and stay. */
static void its_parts_stay(void **state)
{
    struct received r;

    (void)state;
    receive(&r);
    assert_true(sock_message_set_name(r.l.m, r.name, 0));
    r.l.part.iov_len = 1;
    assert_int_equal(sock_sendmsg(r.to, r.l.m, 0), 1);
    assert_int_equal(letter_receive(&r.l, r.from, 0), 1);
    letter_is(&r.l, "x");
    finish(&r);
}

/* ---- what is refused ---- */

static bool set_a_bad_port(sock_message_t *m)
{
    return sock_message_set_name(m, "127.0.0.1", 65536);
}

static bool set_a_long_name(sock_message_t *m)
{
    char name[300];

    memset(name, 'a', sizeof name);
    name[299] = '\0';
    return sock_message_set_name(m, name, 0);
}

static bool add_no_handles(sock_message_t *m)
{
    sock_t *none = NULL;

    return sock_message_add_handles(m, &none, 0);
}

static bool add_too_many_handles(sock_message_t *m)
{
    sock_t *none[200] = {NULL};

    return sock_message_add_handles(m, none, 200);
}

static bool add_null_descriptors(sock_message_t *m)
{
    return sock_message_add_fds(m, NULL, 1);
}

static bool add_a_negative_descriptor(sock_message_t *m)
{
    return sock_message_add_fds(m, (int[2]){1, -1}, 2);
}

static bool add_too_many_descriptors(sock_message_t *m)
{
    int fds[200] = {0};

    return sock_message_add_fds(m, fds, 200);
}

static bool add_an_unknown_number(sock_message_t *m)
{
    return sock_message_add_int(m, SOL_SOCKET, SO_REUSEADDR, 1);
}

static bool add_a_number_that_does_not_fit(sock_message_t *m)
{
    return sock_message_add_int(m, SOL_UDP, UDP_SEGMENT, INT_MAX);
}

static bool add_no_address(sock_message_t *m)
{
    return sock_message_add_pktinfo(m, NULL, 0);
}

static bool add_a_bad_address(sock_message_t *m)
{
    return sock_message_add_pktinfo(m, "localhost", 0);
}

static bool add_a_bad_scope(sock_message_t *m)
{
    return sock_message_add_pktinfo(m, "fe80::1%nosuch", 0);
}

static bool add_no_credentials(sock_message_t *m)
{
    return sock_message_add_credentials(m, NULL);
}

static const struct refusal {
    bool (*add)(sock_message_t *m);
    int code;
} refusals[] = {
    {set_a_bad_port, EINVAL},
    {set_a_long_name, ENAMETOOLONG},
    {add_no_handles, EINVAL},
    {add_too_many_handles, ENOBUFS},
    {add_null_descriptors, EINVAL},
    {add_a_negative_descriptor, EBADF},
    {add_too_many_descriptors, ENOBUFS},
    {add_an_unknown_number, EINVAL},
    {add_a_number_that_does_not_fit, EINVAL},
    {add_no_address, EINVAL},
    {add_a_bad_address, EINVAL},
    {add_a_bad_scope, ENODEV},
    {add_no_credentials, EINVAL},
};

static void what_is_refused_leaves_a_received_message_as_it_was(void **state)
{
    struct received r;

    (void)state;
    receive(&r);
    for (size_t i = 0; i < COUNT(refusals); i++) {
        sock_clear_error(NULL);
        if (refusals[i].add(r.l.m) || sock_last_error(NULL) != refusals[i].code)
            fail_msg("%zu: %s", i, sock_last_message(NULL));
        if (sock_message_length(r.l.m) != 1)
            fail_msg("the %zuth refusal emptied the message", i);
    }
    is_as_it_came(&r);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_empties_a_received_message),
        cmocka_unit_test(its_own_credentials_take_the_place_of_those_that_came),
        cmocka_unit_test(it_has_all_its_room_again),
        cmocka_unit_test(its_parts_stay),
        cmocka_unit_test(what_is_refused_leaves_a_received_message_as_it_was),
    };

    return cmocka_run_group_tests_name("message_again", tests,
                                       count_descriptors, compare_descriptors);
}
