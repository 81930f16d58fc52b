/* test_descriptors.c - proves how descriptors become handles and handles
 * descriptors, and that neither their number nor their lack loses anything.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static void raw_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

/* ---- import ---- */

static void what_is_no_open_socket_is_not_imported(void **state)
{
    static const int bad[] = {-1, 12345, -2147483647};
    int              fds[2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(sock_import_fd(bad[i]));
        assert_int_equal(sock_last_error(NULL), EBADF);
    }
    assert_int_equal(pipe(fds), 0);
    assert_null(sock_import_fd(fds[0]));
    assert_int_equal(sock_last_error(NULL), ENOTSOCK);
    assert_int_equal(fcntl(fds[0], F_GETFD), 0);
    close(fds[0]);
    close(fds[1]);
}

static void an_imported_descriptor_is_owned_and_closes_on_exec(void **state)
{
    sock_t *s;
    int     fds[2];
    char    byte;

    (void)state;
    raw_pair(fds);
    s = sock_import_fd(fds[0]);
    assert_non_null(s);
    assert_int_equal(sock_fd(s), fds[0]);
    assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ), 1);
    assert_true(sock_close(s));
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    assert_int_equal(read(fds[1], &byte, 1), 0);
    close(fds[1]);
}

static void the_mode_is_learned(void **state)
{
    sock_t *s;
    int     fds[2];
    char    line[8];
    int64_t begin = now_ms();

    (void)state;
    raw_pair(fds);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    s = sock_import_fd(fds[0]);
    sock_set_timeout(s, 5000);
    for (int mode = LIBSOCK_NORMAL_READ; mode <= LIBSOCK_BINARY_READ; mode++) {
        assert_int_equal(sock_read(s, line, 8, mode), -1);
        assert_int_equal(sock_last_error(s), EAGAIN);
    }
    assert_true(now_ms() - begin < 1000);
    sock_close(s);
    close(fds[1]);
}

static void the_limits_are_learned(void **state)
{
    struct timeval t = {0, 30000};
    sock_t        *s;
    int            fds[2];
    char           byte;

    (void)state;
    raw_pair(fds);
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    s = sock_import_fd(fds[0]);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    fill(s);
    assert_int_equal(sock_write(s, &byte, 1), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    sock_close(s);
    close(fds[1]);
}

static void a_listener_and_its_connection_are_learned(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *peer;
    int     value = 0;

    (void)state;
    server = sock_import_fd(sock_export_fd(server));
    assert_non_null(server);
    assert_true(sock_get_option_int(server, SOL_SOCKET, SO_ACCEPTCONN, &value));
    assert_int_equal(value, 1);
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    client = sock_import_fd(sock_export_fd(client));
    assert_non_null(client);
    peer = sock_accept(server);
    assert_non_null(peer);
    assert_true(sock_getpeername(client, NULL, 0, &value));
    assert_int_equal(value, port_of(server));
    assert_false(sock_connect(client, "127.0.0.1", port_of(server)));
    assert_int_equal(sock_last_error(client), EISCONN);
    sock_close(peer);
    sock_close(client);
    sock_close(server);
}

static void the_type_is_learned(void **state)
{
    sock_t *s;
    int     fds[2];
    char    line[8];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    s = sock_import_fd(fds[0]);
    assert_int_equal(sock_read(s, line, 8, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), EOPNOTSUPP);
    sock_close(s);
    close(fds[1]);
}

/* ---- export ---- */

static void an_exported_descriptor_is_the_callers(void **state)
{
    sock_t *pair[2];
    int     fd;
    char    byte;

    (void)state;
    tcp_pair(pair);
    sock_set_nonblock(pair[0]);
    fd = sock_export_fd(pair[0]);
    assert_true(fd >= 0);
    assert_false(sock_close(pair[0]));
    assert_int_equal(sock_last_error(pair[0]), EBADF);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    put(pair[1], "x");
    assert_int_equal(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 2000), 1);
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    close(fd);
    sock_close(pair[1]);
}

static void buffered_bytes_forbid_an_export(void **state)
{
    sock_t *pair[2];
    char    line[8];
    int     fd;

    (void)state;
    tcp_pair(pair);
    put(pair[0], "a\nb\n");
    wait_readable(pair[1]);
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 2);
    assert_int_equal(sock_export_fd(pair[1]), -1);
    assert_int_equal(sock_last_error(pair[1]), EBUSY);
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 2);
    assert_memory_equal(line, "b\n", 2);
    fd = sock_export_fd(pair[1]);
    assert_true(fd >= 0);
    close(fd);
    sock_close(pair[0]);
}

static void a_call_in_progress_forbids_an_export(void **state)
{
    (void)state;
    for (size_t i = 0; i < situation_count; i++) {
        struct scene c;

        if (situations[i].connects)
            continue;
        scene_open(&c, &situations[i]);
        scene_start(&c);
        assert_int_equal(sock_export_fd(c.s), -1);
        assert_int_equal(sock_last_error(c.s), EBUSY);
        c.is->relieve(&c);
        scene_join(&c);
        assert_in(&c, c.result > 0);
        scene_close(&c);
    }
}

static void export_and_import_go_round(void **state)
{
    sock_t *pair[2];
    char    byte;

    (void)state;
    unix_pair(SOCK_STREAM, pair);
    for (int i = 0; i < 1000; i++) {
        sock_t *old = pair[0];
        int     fd  = sock_export_fd(old);

        assert_int_equal(sock_fd(old), -1);
        assert_int_equal(sock_last_error(old), EBADF);
        pair[0] = sock_import_fd(fd);
        assert_ptr_not_equal(pair[0], old);
        put(pair[0], "x");
        assert_int_equal(sock_recv(pair[1], &byte, 1, 0), 1);
    }
    sock_close(pair[0]);
    sock_close(pair[1]);
}

/* ---- numbers ---- */

static void a_lack_of_descriptors_loses_no_connection(void **state)
{
    static const char *const names[] = {"accept, TCP", "accept, unix"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene  c;
        struct rlimit old, none;
        sock_t       *pair[2] = {NULL, NULL}, *peer;

        scene_open(&c, situation_named(names[i]));
        c.is->relieve(&c);
        getrlimit(RLIMIT_NOFILE, &old);
        none          = old;
        none.rlim_cur = 3;
        setrlimit(RLIMIT_NOFILE, &none);
        assert_null(sock_accept(c.s));
        assert_int_equal(sock_last_error(c.s), EMFILE);
        assert_true(is_readable(c.s));
        assert_false(sock_create_pair(AF_UNIX, SOCK_STREAM, 0, pair));
        assert_int_equal(sock_last_error(NULL), EMFILE);
        assert_null(pair[0]);
        assert_null(sock_create(AF_INET, SOCK_STREAM, 0));
        assert_int_equal(sock_last_error(NULL), EMFILE);
        setrlimit(RLIMIT_NOFILE, &old);
        peer = sock_accept(c.s);
        assert_non_null(peer);
        sock_close(peer);
        scene_close(&c);
    }
}

/* All numbers below 1,100 are taken, so what follows is above. */
static void every_call_works_above_1023(void **state)
{
    enum { MANY = 1100 };
    static int held[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        held[i] = dup(2);
    if (held[MANY - 1] < 0)
        print_message("skipped: the descriptor limit is too low\n");
    for (size_t i = 0; held[MANY - 1] >= 0 && i < situation_count; i++) {
        struct scene c;

        if (!strcmp(situations[i].name, "connect, TCP"))
            continue; /* its relief takes a second */
        scene_open(&c, &situations[i]);
        assert_true(sock_fd(c.s) > 1023);
        scene_start(&c);
        c.is->relieve(&c);
        scene_join(&c);
        assert_in(&c, c.result > 0);
        scene_close(&c);
    }
    for (int i = 0; i < MANY; i++)
        if (held[i] >= 0)
            close(held[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_open_socket_is_not_imported),
        cmocka_unit_test(an_imported_descriptor_is_owned_and_closes_on_exec),
        cmocka_unit_test(the_mode_is_learned),
        cmocka_unit_test(the_limits_are_learned),
        cmocka_unit_test(a_listener_and_its_connection_are_learned),
        cmocka_unit_test(the_type_is_learned),
        cmocka_unit_test(an_exported_descriptor_is_the_callers),
        cmocka_unit_test(buffered_bytes_forbid_an_export),
        cmocka_unit_test(a_call_in_progress_forbids_an_export),
        cmocka_unit_test(export_and_import_go_round),
        cmocka_unit_test(a_lack_of_descriptors_loses_no_connection),
        cmocka_unit_test(every_call_works_above_1023),
    };

    return cmocka_run_group_tests_name("descriptors", tests, count_descriptors,
                                       compare_descriptors);
}
