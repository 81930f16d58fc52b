/* test_peer_credentials.c - proves that sock_get_peer_credentials() names the
 * process at the other end, and refuses where there is none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        sock_clear_error(s);                                                   \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

static const sock_credentials_t nobody = {-7, 7777, 7777};

static void peer_is(sock_t *s, pid_t pid)
{
    sock_credentials_t c = nobody;

    assert_true(sock_get_peer_credentials(s, &c));
    assert_int_equal(c.pid, pid);
    assert_int_equal(c.uid, geteuid());
    assert_int_equal(c.gid, getegid());
}

static void peer_is_refused(sock_t *s, int error)
{
    sock_credentials_t c = nobody;

    assert_fails(s, sock_get_peer_credentials(s, &c), error);
    assert_memory_equal(&c, &nobody, sizeof c);
}

static sock_t *open_listener(char *address, size_t size)
{
    sock_t *s = sock_create(AF_UNIX, SOCK_STREAM, 0);

    assert_true(sock_bind(s, "", 0));
    assert_true(sock_listen(s, 5));
    assert_true(sock_getsockname(s, address, size, NULL));
    return s;
}

static void child_succeeded(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- who it is ---- */

static void a_pair_is_of_its_maker(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *pair[2];

        unix_pair(types[i], pair);
        peer_is(pair[0], getpid());
        peer_is(pair[1], getpid());
        sock_close(pair[0]);
        peer_is(pair[1], getpid());
        sock_close(pair[1]);
    }
}

static void a_server_learns_who_connected(void **state)
{
    char    address[LIBSOCK_ADDRSTRLEN];
    sock_t *server = open_listener(address, sizeof address);
    sock_t *accepted;
    char    byte;
    pid_t   child;

    (void)state;
    if (!(child = fork())) {
        sock_t *s = sock_create(AF_UNIX, SOCK_STREAM, 0);

        alarm(10);
        if (!sock_connect(s, address, 0))
            _exit(1);
        _exit(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ) == 1 ? 0 : 2);
    }
    accepted = sock_accept(server);
    peer_is(accepted, child);
    assert_true(sock_write_all(accepted, "x", 1, NULL));
    child_succeeded(child);
    peer_is(accepted, child);
    sock_close(accepted);
    sock_close(server);
}

static void a_client_learns_who_called_listen(void **state)
{
    char    address[LIBSOCK_ADDRSTRLEN];
    sock_t *server = open_listener(address, sizeof address);
    pid_t   parent = getpid(), child;

    (void)state;
    if (!(child = fork())) {
        sock_t            *s = sock_create(AF_UNIX, SOCK_STREAM, 0);
        sock_credentials_t c = nobody;

        alarm(10);
        _exit(sock_connect(s, address, 0) && sock_get_peer_credentials(s, &c) &&
                      c.pid == parent && c.uid == geteuid()
                  ? 0
                  : 1);
    }
    child_succeeded(child);
    sock_close(server);
}

static bool enter_pid_namespace(void)
{
    return (!geteuid() && !unshare(CLONE_NEWPID)) ||
           !unshare(CLONE_NEWUSER | CLONE_NEWPID);
}

/* In the child: its own child is the first process of a new namespace, and
 * sees no other. */
static int look_from_another_namespace(sock_t *s)
{
    sock_credentials_t c = nobody;
    int                status;
    pid_t              inner;

    alarm(10);
    if (!enter_pid_namespace() || (inner = fork()) < 0)
        return 77;
    if (!inner)
        _exit(sock_get_peer_credentials(s, &c) && !c.pid ? 0 : 1);
    return waitpid(inner, &status, 0) == inner && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : 2;
}

static void a_process_that_cannot_be_seen_is_0(void **state)
{
    sock_t *pair[2];
    int     status = -1;
    pid_t   child;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    if (!(child = fork()))
        _exit(look_from_another_namespace(pair[0]));
    assert_int_equal(waitpid(child, &status, 0), child);
    sock_close(pair[0]);
    sock_close(pair[1]);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        printf("SKIPPED: no process namespace may be made\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- who it is not ---- */

static void a_socket_without_a_peer_is_not_connected(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *s = sock_create(AF_UNIX, types[i], 0);

        peer_is_refused(s, ENOTCONN);
        assert_true(sock_bind(s, "", 0));
        peer_is_refused(s, ENOTCONN);
        sock_close(s);
    }
}

/* The system would name the process itself. */
static void a_listener_is_not_connected(void **state)
{
    char    address[LIBSOCK_ADDRSTRLEN];
    sock_t *server = open_listener(address, sizeof address);

    (void)state;
    peer_is_refused(server, ENOTCONN);
    sock_close(server);
}

static void a_datagram_socket_that_connected_has_none(void **state)
{
    char    address[LIBSOCK_ADDRSTRLEN];
    sock_t *in = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    sock_t *s  = sock_create(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_bind(in, "", 0));
    assert_true(sock_getsockname(in, address, sizeof address, NULL));
    assert_true(sock_connect(s, address, 0));
    peer_is_refused(s, ENOTCONN);
    sock_close(in);
    sock_close(s);
}

static void sockets_of_the_internet_have_none(void **state)
{
    sock_t *pair[2];
    sock_t *s = sock_create(AF_INET6, SOCK_DGRAM, 0);

    (void)state;
    tcp_pair(pair);
    peer_is_refused(pair[0], EOPNOTSUPP);
    peer_is_refused(pair[1], EOPNOTSUPP);
    peer_is_refused(s, EOPNOTSUPP);
    sock_close(pair[0]);
    sock_close(pair[1]);
    sock_close(s);
}

static void misuse_is_refused(void **state)
{
    sock_t *pair[2];

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    assert_fails(pair[0], sock_get_peer_credentials(pair[0], NULL), EINVAL);
    sock_close(pair[0]);
    sock_close(pair[1]);
    peer_is_refused(pair[0], EBADF);
    peer_is_refused(NULL, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_of_its_maker),
        cmocka_unit_test(a_server_learns_who_connected),
        cmocka_unit_test(a_client_learns_who_called_listen),
        cmocka_unit_test(a_process_that_cannot_be_seen_is_0),
        cmocka_unit_test(a_socket_without_a_peer_is_not_connected),
        cmocka_unit_test(a_listener_is_not_connected),
        cmocka_unit_test(a_datagram_socket_that_connected_has_none),
        cmocka_unit_test(sockets_of_the_internet_have_none),
        cmocka_unit_test(misuse_is_refused),
    };

    return cmocka_run_group_tests_name("peer credentials", tests,
                                       count_descriptors, compare_descriptors);
}
