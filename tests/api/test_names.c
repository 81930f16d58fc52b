/* test_names.c - proves bind, connect, listen, accept and the names at each
 * end, in every family; options; descriptors; and what errors say.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void bad_addresses_are_refused(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    char    name[301];

    (void)state;
    memset(name, 'n', 300);
    name[300] = '\0';
    assert_false(sock_bind(s, "127.0.0.1", -1));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_false(sock_connect(s, "127.0.0.1", 65536));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_false(sock_connect(s, "", 80));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_false(sock_connect(s, NULL, 80));
    assert_false(sock_connect(s, name, 80));
    assert_int_equal(sock_last_error(s), ENAMETOOLONG);
    assert_true(strlen(sock_last_message(s)) < LIBSOCK_MESSAGE_MAX);
    assert_false(sock_bind(s, "::1", 80));
    assert_int_equal(sock_last_error(s), EAFNOSUPPORT);
    assert_false(sock_connect(s, "nosuch.invalid", 80));
    assert_in_range(sock_last_error(s), LIBSOCK_EAI_AGAIN, LIBSOCK_EAI_OTHER);
    sock_close(s);
    s         = sock_create(AF_UNIX, SOCK_STREAM, 0);
    name[200] = '\0';
    assert_false(sock_bind(s, name, 0));
    assert_int_equal(sock_last_error(s), ENAMETOOLONG);
    assert_false(sock_connect(s, "/no/such/socket", 0));
    assert_int_equal(sock_last_error(s), ENOENT);
    sock_close(s);
}

static void every_family_connects(void **state)
{
    static const struct {
        int         domain, type;
        const char *address, *by;
    } kinds[] = {
        {AF_INET, SOCK_STREAM, "127.0.0.1", "localhost"},
        {AF_INET6, SOCK_STREAM, "::1", "::1"},
        {AF_UNIX, SOCK_STREAM, "@libsock-test-b", "@libsock-test-b"},
        {AF_UNIX, SOCK_SEQPACKET, "@libsock-test-c", "@libsock-test-c"},
    };

    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t *server = sock_create(kinds[i].domain, kinds[i].type, 0);
        sock_t *client = sock_create(kinds[i].domain, kinds[i].type, 0);
        sock_t *peer;
        char    name[LIBSOCK_ADDRSTRLEN];
        int     port, peer_port;

        assert_true(sock_bind(server, kinds[i].address, 0));
        assert_true(sock_listen(server, -1));
        assert_true(sock_getsockname(server, name, sizeof name, &port));
        assert_true(sock_connect(client, kinds[i].by, port));
        assert_true(sock_getpeername(client, name, sizeof name, &peer_port));
        assert_string_equal(name, kinds[i].address);
        assert_int_equal(peer_port, port);
        assert_false(sock_connect(client, kinds[i].by, port));
        assert_int_equal(sock_last_error(client), EISCONN);
        peer = sock_accept(server);
        assert_true(sock_write_all(client, "x", 1, NULL));
        assert_int_equal(sock_recv(peer, name, 1, 0), 1);
        sock_close(peer);
        sock_close(client);
        sock_close(server);
    }
}

static void every_address_is_one_word(void **state)
{
    sock_t *a = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *b = sock_create(AF_INET6, SOCK_STREAM, 0);
    sock_t *c = sock_create(AF_UNIX, SOCK_STREAM, 0);
    char    name[LIBSOCK_ADDRSTRLEN];

    (void)state;
    assert_true(sock_bind(a, NULL, 0));
    assert_true(sock_getsockname(a, name, sizeof name, NULL));
    assert_string_equal(name, "0.0.0.0");
    assert_true(sock_bind(b, "", 0));
    assert_true(sock_getsockname(b, name, sizeof name, NULL));
    assert_string_equal(name, "::");
    assert_true(sock_getsockname(c, name, sizeof name, NULL));
    assert_string_equal(name, "");
    assert_true(sock_bind(c, "", 0));
    assert_true(sock_getsockname(c, name, sizeof name, NULL));
    assert_int_equal(name[0], '@');
    assert_false(sock_getsockname(a, name, 15, NULL));
    assert_int_equal(sock_last_error(a), EINVAL);
    sock_close(a);
    sock_close(b);
    sock_close(c);
}

static void a_file_that_starts_with_at_reads_back(void **state)
{
    char    folder[] = "/tmp/libsock-XXXXXX", name[LIBSOCK_ADDRSTRLEN];
    sock_t *s        = sock_create(AF_UNIX, SOCK_STREAM, 0);
    int     back     = open(".", O_RDONLY);

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_true(sock_bind(s, "./@x", 0));
    assert_int_equal(access("@x", F_OK), 0);
    assert_true(sock_getsockname(s, name, sizeof name, NULL));
    assert_string_equal(name, "./@x");
    unlink("@x");
    assert_int_equal(fchdir(back), 0);
    rmdir(folder);
    close(back);
    sock_close(s);
}

/* ---- errors ---- */

static void *fail_elsewhere(void *s)
{
    assert_int_equal(sock_last_error(NULL), 0);
    assert_false(sock_shutdown(s, 9));
    return NULL;
}

static void errors_are_per_thread_and_per_handle(void **state)
{
    sock_t   *a = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t   *b = sock_create(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;

    (void)state;
    assert_int_equal(sock_last_error(a), 0);
    assert_string_equal(sock_last_message(a), "Success");
    assert_false(sock_shutdown(a, SHUT_RD));
    pthread_create(&thread, NULL, fail_elsewhere, a);
    pthread_join(thread, NULL);
    assert_int_equal(sock_last_error(a), ENOTCONN);
    assert_false(sock_shutdown(b, 9));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_int_equal(sock_last_error(a), EINVAL); /* the other thread's */
    assert_non_null(strstr(sock_last_message(a), "shutdown"));
    assert_true(sock_set_block(b));
    assert_int_equal(sock_last_error(b), EINVAL); /* a success keeps it */
    sock_clear_error(b);
    assert_int_equal(sock_last_error(b), 0);
    sock_clear_error(a);
    assert_int_equal(sock_last_error(a), 0);
    sock_close(a);
    sock_close(b);
}

static void messages_say_what_where_and_why(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *s      = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *pair[2];
    char    want[200];
    int     port = port_of(server);

    (void)state;
    snprintf(want, sizeof want, "bind 0.0.0.0:%d: Address already in use",
             port);
    assert_false(sock_bind(s, "0.0.0.0", port));
    assert_string_equal(sock_last_message(s), want);
    sock_close(server);
    snprintf(want, sizeof want, "connect 127.0.0.1:%d: Connection refused",
             port);
    assert_false(sock_connect(s, "127.0.0.1", port));
    assert_string_equal(sock_last_message(s), want);
    assert_string_equal(sock_last_message(NULL), want);
    assert_false(sock_connect(s, "1:2", port));
    snprintf(want, sizeof want, "connect [1:2]:%d: Invalid argument", port);
    assert_string_equal(sock_last_message(s), want);
    sock_close(s);
    tcp_pair(pair);
    snprintf(want, sizeof want, "read 127.0.0.1:%d: Invalid argument",
             port_of(pair[0]));
    assert_int_equal(sock_read(pair[1], want, 0, LIBSOCK_BINARY_READ), -1);
    assert_string_equal(sock_last_message(pair[1]), want);
    sock_close(pair[0]);
    sock_close(pair[1]);
}

static void every_code_has_a_text(void **state)
{
    (void)state;
    for (int code = -2; code < 200; code++)
        assert_true(*sock_strerror(code));
    for (int code = LIBSOCK_EAI_AGAIN; code <= LIBSOCK_EAI_OTHER; code++)
        assert_null(strstr(sock_strerror(code), "Unknown error"));
    assert_string_equal(sock_strerror(ECONNREFUSED), "Connection refused");
    assert_string_equal(sock_strerror(0), "Success");
    assert_non_null(strstr(sock_strerror(99999), "99999"));
}

/* ---- options ---- */

static void options_say_what_they_are(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *u = sock_create(AF_UNIX, SOCK_STREAM, 0);
    int     value;

    (void)state;
    assert_true(sock_set_option_int(s, SOL_TCP, TCP_NODELAY, 1));
    assert_true(sock_get_option_int(s, SOL_TCP, TCP_NODELAY, &value));
    assert_int_equal(value, 1);
    assert_true(sock_get_option_int(s, IPPROTO_IP, IP_MULTICAST_TTL, &value));
    assert_false(sock_get_option_int(s, SOL_SOCKET, SO_LINGER, &value));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_false(sock_get_option_int(s, SOL_SOCKET, SO_TYPE, NULL));
    assert_false(sock_set_option_int(s, SOL_SOCKET, 9999, 1));
    assert_int_equal(sock_last_error(s), ENOPROTOOPT);
    assert_false(sock_set_option(s, SOL_SOCKET, SO_REUSEADDR, NULL, 4));
    assert_int_equal(sock_last_error(s), EINVAL);
    assert_true(sock_get_linger(s, &value) && value == -1);
    assert_true(sock_set_linger(s, 7));
    assert_true(sock_get_linger(s, &value) && value == 7);
    assert_true(sock_set_linger(s, -1));
    assert_true(sock_get_linger(s, &value) && value == -1);
    assert_false(sock_set_linger(s, -2));
    assert_false(sock_set_linger(s, 65536));
    assert_false(sock_get_linger(s, NULL));
    assert_true(sock_set_keepalive(s, 60, 10, 5));
    assert_true(sock_get_option_int(s, SOL_TCP, TCP_KEEPCNT, &value));
    assert_int_equal(value, 5);
    assert_true(sock_get_option_int(s, SOL_SOCKET, SO_KEEPALIVE, &value));
    assert_int_equal(value, 1);
    assert_true(sock_set_keepalive(s, -1, 0, 0));
    assert_true(sock_get_option_int(s, SOL_SOCKET, SO_KEEPALIVE, &value));
    assert_int_equal(value, 0);
    assert_false(sock_set_keepalive(s, -2, 0, 0));
    assert_false(sock_set_keepalive(u, 1, 1, 1));
    assert_int_equal(sock_last_error(u), EOPNOTSUPP);
    sock_close(s);
    sock_close(u);
}

/* ---- descriptors ---- */

static void descriptors_come_and_go(void **state)
{
    struct timeval t = {0, 30000};
    int            fds[2], out;
    sock_t        *s;
    char           byte;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_null(sock_import_fd(fds[0]));
    assert_int_equal(sock_last_error(NULL), ENOTSOCK);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    s = sock_import_fd(fds[0]);
    assert_int_equal(sock_fd(s), fds[0]);
    assert_int_equal(sock_recv(s, &byte, 1, 0), -1);
    assert_int_equal(sock_last_error(s), ETIMEDOUT);
    out = sock_export_fd(s);
    assert_int_equal(out, fds[0]);
    assert_false(sock_close(s));
    t.tv_usec = 1;
    getsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &t, &(socklen_t){sizeof t});
    assert_true(!t.tv_sec && !t.tv_usec);
    fcntl(out, F_SETFL, O_NONBLOCK);
    s = sock_import_fd(out);
    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_NORMAL_READ), -1);
    assert_int_equal(sock_last_error(s), EAGAIN);
    sock_close(s);
    close(fds[1]);
}

/* The connection waits until there is a descriptor for it. */
static void a_connection_outlives_a_lack_of_descriptors(void **state)
{
    sock_t       *server = sock_create_listen(0, 5);
    sock_t       *client = sock_create(AF_INET, SOCK_STREAM, 0);
    struct rlimit old, none;
    sock_t       *peer;

    (void)state;
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    getrlimit(RLIMIT_NOFILE, &old);
    none          = old;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    assert_null(sock_accept(server));
    assert_int_equal(sock_last_error(server), EMFILE);
    assert_null(sock_create(AF_INET, SOCK_STREAM, 0));
    assert_int_equal(sock_last_error(NULL), EMFILE);
    setrlimit(RLIMIT_NOFILE, &old);
    peer = sock_accept(server);
    assert_non_null(peer);
    sock_close(peer);
    sock_close(client);
    sock_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(every_family_connects),
        cmocka_unit_test(every_address_is_one_word),
        cmocka_unit_test(a_file_that_starts_with_at_reads_back),
        cmocka_unit_test(errors_are_per_thread_and_per_handle),
        cmocka_unit_test(messages_say_what_where_and_why),
        cmocka_unit_test(every_code_has_a_text),
        cmocka_unit_test(options_say_what_they_are),
        cmocka_unit_test(descriptors_come_and_go),
        cmocka_unit_test(a_connection_outlives_a_lack_of_descriptors),
    };

    return cmocka_run_group_tests_name("names", tests, count_descriptors,
                                       compare_descriptors);
}
