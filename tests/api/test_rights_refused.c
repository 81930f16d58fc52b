/* test_rights_refused.c - proves which handles and descriptors cannot be sent,
 * how that is told, and that then nothing is sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <sys/resource.h>
#include <unistd.h>

#define ROOM(count) sock_cmsg_space(SOL_SOCKET, SCM_RIGHTS, count)

static ssize_t send_handle(sock_t *s, sock_t *handle)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, ROOM(1));
    assert_true(sock_message_add_handles(l.m, &handle, 1));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

static void nothing_came(sock_t *s)
{
    assert_fails(s, sock_recv(s, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static ssize_t send_descriptor(sock_t *s, int fd)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, ROOM(1));
    assert_true(sock_message_add_fds(l.m, &fd, 1));
    n = letter_send(&l, s, "x");
    letter_close(&l);
    return n;
}

static void closed(sock_t *a, sock_t *b, const struct kind *kind)
{
    sock_t *old = sock_create(AF_INET, SOCK_DGRAM, 0);
    int     fd  = dup(STDERR_FILENO);

    (void)kind;
    close(fd);
    sock_close(old);
    assert_fails(a, send_handle(a, old), EBADF);
    assert_fails(a, send_handle(a, NULL), EBADF);
    assert_fails(a, send_descriptor(a, fd), EBADF);
    nothing_came(b);
}

static void what_is_closed_is_refused_by_the_send(void **state)
{
    (void)state;
    each_unix_kind(closed);
}

/* A newer socket with the number of the closed one is not sent in its place. */
static void a_handle_is_looked_up_when_it_is_sent(void **state)
{
    sock_t       *pair[2], *old = sock_create(AF_INET, SOCK_DGRAM, 0), *newer;
    struct letter l;
    int           fd = sock_fd(old);

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    letter_open(&l, ROOM(1));
    assert_true(sock_message_add_handles(l.m, &old, 1));
    sock_close(old);
    newer = sock_create(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(sock_fd(newer), fd);
    assert_fails(pair[0], letter_send(&l, pair[0], "x"), EBADF);
    nothing_came(pair[1]);
    letter_close(&l);
    sock_close(newer);
    close_pair(pair);
}

/* More may be under way than a process may have open only for root. */
static void send_too_many(void *arg)
{
    const struct rlimit few = {64, 64};
    sock_t             *s   = arg;
    struct letter       l;
    int                 fds[60] = {0}, sent = 0;

    become_nobody();
    expect(setrlimit(RLIMIT_NOFILE, &few) == 0);
    letter_open(&l, ROOM(60));
    for (int i = 0; i < 60; i++)
        fds[i] = STDERR_FILENO;
    expect(sock_message_add_fds(l.m, fds, 60));
    sock_set_nonblock(s);
    while (letter_send(&l, s, "x") == 1)
        expect(++sent < 9);
    expect(sock_last_error(s) == ETOOMANYREFS);
    letter_close(&l);
}

static void too_many_under_way_are_told(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    in_child(send_too_many, pair[0]);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_closed_is_refused_by_the_send),
        cmocka_unit_test(a_handle_is_looked_up_when_it_is_sent),
        cmocka_unit_test(too_many_under_way_are_told),
    };

    return cmocka_run_group_tests_name("rights_refused", tests,
                                       count_descriptors, compare_descriptors);
}
