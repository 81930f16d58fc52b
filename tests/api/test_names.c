/* test_names.c - proves bind, connect, listen and the names at each end, in
 * every family, and how addresses that are none are refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/scene.h"

#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_fails(s, result, code)                                          \
    do {                                                                       \
        assert_false(result);                                                  \
        assert_int_equal(sock_last_error(s), code);                            \
    } while (0)

static void name_is(sock_t *s, const char *want)
{
    char name[LIBSOCK_ADDRSTRLEN] = "?";

    assert_true(sock_getsockname(s, name, sizeof name, NULL));
    assert_string_equal(name, want);
}

/* ---- what is refused ---- */

struct bad {
    int         domain;
    const char *address;
    int         port, bind_error, connect_error;
};

static void are_refused(const struct bad *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sock_t *s = sock_create(bad[i].domain, SOCK_STREAM, 0);

        if (sock_bind(s, bad[i].address, bad[i].port) ||
            sock_last_error(s) != bad[i].bind_error)
            fail_msg("bind %s: %s", bad[i].address, sock_last_message(s));
        sock_clear_error(s);
        if (sock_connect(s, bad[i].address, bad[i].port) ||
            sock_last_error(s) != bad[i].connect_error)
            fail_msg("connect %s: %s", bad[i].address, sock_last_message(s));
        sock_close(s);
    }
}

static void ports_out_of_range_are_refused(void **state)
{
    static const struct bad bad[] = {
        {AF_INET, "127.0.0.1", -1, EINVAL, EINVAL},
        {AF_INET, "127.0.0.1", 65536, EINVAL, EINVAL},
        {AF_INET, "localhost", 65536, EINVAL, EINVAL},
        {AF_INET, "", -1, EINVAL, EINVAL},
        {AF_INET, NULL, 65536, EINVAL, EINVAL},
        {AF_INET6, "::1", -1, EINVAL, EINVAL},
        {AF_INET6, "::1", 65536, EINVAL, EINVAL},
    };

    (void)state;
    are_refused(bad, sizeof bad / sizeof *bad);
}

static void what_is_no_address_is_refused(void **state)
{
    static const struct bad bad[] = {
        {AF_INET, "::1", 1, EAFNOSUPPORT, EAFNOSUPPORT},
        {AF_INET, "fe80::1%lo", 1, EAFNOSUPPORT, EAFNOSUPPORT},
        {AF_INET, "1:2:3", 1, EINVAL, EINVAL},
        {AF_INET6, "1:2:3", 1, EINVAL, EINVAL},
        {AF_INET6, ":::", 1, EINVAL, EINVAL},
        {AF_INET6, "fe80::1%nosuch", 1, ENODEV, ENODEV},
        {AF_INET6, "fe80::1%", 1, ENODEV, ENODEV},
        {AF_UNIX, "@", 0, EINVAL, EINVAL},
        {AF_UNIX, "/nowhere/at/all", 0, ENOENT, ENOENT},
        {AF_INET, "192.0.2.1", -7, EINVAL, EINVAL},
    };

    (void)state;
    are_refused(bad, sizeof bad / sizeof *bad);
}

static void what_is_too_long_is_refused_not_cut(void **state)
{
    static const int lengths[][2] = {{AF_INET, 300}, {AF_INET6, 300},
                                     {AF_INET, 256}, {AF_UNIX, 300},
                                     {AF_UNIX, 200}, {AF_UNIX, 108}};
    char             name[301];

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct bad bad = {lengths[i][0], name, 1, ENAMETOOLONG, ENAMETOOLONG};

        memset(name, 'n', sizeof name);
        name[lengths[i][1]] = '\0';
        are_refused(&bad, 1);
        name[0] = bad.domain == AF_UNIX ? '@' : 'n';
        if (lengths[i][1] > 108 || bad.domain != AF_UNIX)
            are_refused(&bad, 1);
    }
}

static void no_address_is_no_place_to_connect_to(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX};

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *s = sock_create(domains[i], SOCK_STREAM, 0);

        assert_fails(s, sock_connect(s, NULL, 80), EINVAL);
        sock_clear_error(s);
        assert_fails(s, sock_connect(s, "", 80), EINVAL);
        sock_close(s);
    }
}

static void an_unknown_name_is_a_failure_of_the_look_up(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    sock_set_timeout(s, 30000);
    assert_false(sock_connect(s, "nosuch.invalid", 80));
    assert_in_range(sock_last_error(s), LIBSOCK_EAI_AGAIN, LIBSOCK_EAI_OTHER);
    assert_false(sock_bind(s, "nosuch.invalid", 80));
    assert_in_range(sock_last_error(s), LIBSOCK_EAI_AGAIN, LIBSOCK_EAI_OTHER);
    sock_close(s);
}

static void an_address_is_given_once(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *t = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    assert_fails(s, sock_bind(s, "127.0.0.1", 0), EINVAL);
    assert_fails(t, sock_bind(t, "127.0.0.1", port_of(s)), EADDRINUSE);
    sock_clear_error(t);
    assert_fails(t, sock_bind(t, "192.0.2.1", 0), EADDRNOTAVAIL);
    sock_close(s);
    sock_close(t);
}

/* ---- connections ---- */

static const struct family {
    int         domain, type;
    const char *address, *by, *read_back;
} families[] = {
    {AF_INET, SOCK_STREAM, "127.0.0.1", "127.1", "127.0.0.1"},
    {AF_INET, SOCK_STREAM, "127.8.9.10", "127.8.9.10", "127.8.9.10"},
    {AF_INET6, SOCK_STREAM, "::1", "::1", "::1"},
    {AF_INET6, SOCK_STREAM, "0:0::0:1", "::1", "::1"},
    {AF_INET6, SOCK_STREAM, "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1"},
    {AF_INET6, SOCK_STREAM, "::ffff:127.0.0.1", "127.0.0.1",
     "::ffff:127.0.0.1"},
    {AF_UNIX, SOCK_STREAM, "@libsock-test-b", "@libsock-test-b",
     "@libsock-test-b"},
    {AF_UNIX, SOCK_SEQPACKET, "@libsock-test-c", "@libsock-test-c",
     "@libsock-test-c"},
};

/* What both ends say of each other. */
static void ends_agree(sock_t *a, sock_t *b)
{
    char one[LIBSOCK_ADDRSTRLEN], two[LIBSOCK_ADDRSTRLEN];
    int  one_port, two_port;

    assert_true(sock_getsockname(a, one, sizeof one, &one_port));
    assert_true(sock_getpeername(b, two, sizeof two, &two_port));
    assert_string_equal(one, two);
    assert_int_equal(one_port, two_port);
}

/* Abstract names belong to the whole machine: so one of this process's own. */
static const char *own(const char *address)
{
    static char name[LIBSOCK_ADDRSTRLEN];

    if (address[0] != '@')
        return address;
    snprintf(name, sizeof name, "%s-%ld", address, (long)getpid());
    return name;
}

static void connect_and_compare(const struct family *f)
{
    sock_t *server = sock_create(f->domain, f->type, 0);
    sock_t *client = sock_create(f->domain, f->type, 0);
    sock_t *peer;

    assert_true(sock_bind(server, own(f->address), 0));
    assert_true(sock_listen(server, -1));
    name_is(server, own(f->read_back));
    assert_fails(client, sock_getpeername(client, NULL, 0, NULL), ENOTCONN);
    assert_true(sock_connect(client, own(f->by), port_of(server)));
    assert_fails(client, sock_connect(client, own(f->by), port_of(server)),
                 EISCONN);
    sock_clear_error(client);
    assert_fails(client, sock_listen(client, 1), EINVAL);
    peer = sock_accept(server);
    assert_non_null(peer);
    ends_agree(client, peer);
    ends_agree(peer, client);
    put(client, "x");
    wait_readable(peer);
    sock_close(peer);
    sock_close(client);
    sock_close(server);
}

static void every_family_connects_and_both_ends_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        connect_and_compare(&families[i]);
}

/* A system without a file of hosts knows not even this one. */
static void a_host_name_is_looked_up(void **state)
{
    static const struct family here = {AF_INET, SOCK_STREAM, "127.0.0.1",
                                       "localhost", "127.0.0.1"};
    struct addrinfo           *found;

    (void)state;
    if (getaddrinfo("localhost", NULL, NULL, &found)) {
        print_message("SKIPPED: this system does not know localhost\n");
        skip();
    }
    freeaddrinfo(found);
    connect_and_compare(&here);
}

static void a_refused_socket_may_connect_again(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *bound  = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_true(sock_bind(bound, "127.0.0.1", 0));
    for (int i = 0; i < 3; i++) {
        assert_fails(client, sock_connect(client, "127.0.0.1", port_of(bound)),
                     ECONNREFUSED);
        sock_clear_error(client);
    }
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    sock_close(client);
    sock_close(bound);
    sock_close(server);
}

/* Linux has one more failure to tell of such an attempt. */
static void an_attempt_whose_end_was_told_spoils_no_other(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *bound  = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_t *client = sock_create(AF_INET, SOCK_STREAM, 0);
    int     why    = 0;

    (void)state;
    assert_true(sock_bind(bound, "127.0.0.1", 0));
    sock_set_nonblock(client);
    assert_fails(client, sock_connect(client, "127.0.0.1", port_of(bound)),
                 EINPROGRESS);
    wait_readable(client);
    assert_true(sock_get_option_int(client, SOL_SOCKET, SO_ERROR, &why));
    assert_int_equal(why, ECONNREFUSED);
    sock_set_block(client);
    assert_true(sock_connect(client, "127.0.0.1", port_of(server)));
    sock_close(client);
    sock_close(bound);
    sock_close(server);
}

/* ---- names ---- */

static void no_address_is_every_address(void **state)
{
    static const struct {
        int         domain;
        const char *name;
    } every[] = {{AF_INET, "0.0.0.0"}, {AF_INET6, "::"}};

    (void)state;
    for (int i = 0; i < 4; i++) {
        sock_t *s = sock_create(every[i / 2].domain, SOCK_STREAM, 0);

        assert_true(sock_bind(s, i % 2 ? "" : NULL, 0));
        name_is(s, every[i / 2].name);
        assert_true(port_of(s) > 0);
        sock_close(s);
    }
}

static void the_system_picks_an_abstract_name(void **state)
{
    sock_t *s = sock_create(AF_UNIX, SOCK_STREAM, 0);
    sock_t *t = sock_create(AF_UNIX, SOCK_STREAM, 0);
    char    name[LIBSOCK_ADDRSTRLEN];

    (void)state;
    name_is(s, "");
    assert_true(sock_bind(s, "", 0));
    assert_true(sock_getsockname(s, name, sizeof name, NULL));
    assert_true(name[0] == '@' && strlen(name) > 1);
    assert_true(sock_listen(s, 1));
    assert_true(sock_connect(t, name, -5)); /* a port is not looked at */
    sock_close(s);
    sock_close(t);
}

/* Runs in a folder of its own. */
static void in_a_folder(void (*test)(void))
{
    char folder[] = "/tmp/libsock-XXXXXX";
    int  back     = open(".", O_RDONLY | O_CLOEXEC);

    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    test();
    assert_int_equal(fchdir(back), 0);
    assert_int_equal(rmdir(folder), 0);
    close(back);
}

static void bind_files(void)
{
    static const char *const paths[] = {"./@x", "plain", "./plain", "a@b"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        sock_t *s = sock_create(AF_UNIX, SOCK_STREAM, 0);
        sock_t *t = sock_create(AF_UNIX, SOCK_STREAM, 0);

        assert_true(sock_bind(s, paths[i], 99999));
        assert_int_equal(access(paths[i], F_OK), 0);
        name_is(s, paths[i]);
        assert_fails(t, sock_bind(t, paths[i], 0), EADDRINUSE);
        assert_fails(t, sock_connect(t, paths[i], 0), ECONNREFUSED);
        assert_true(sock_listen(s, 1));
        assert_true(sock_connect(t, paths[i], 0));
        ends_agree(s, t);
        sock_close(s);
        sock_close(t);
        assert_int_equal(unlink(paths[i]), 0);
    }
}

static void a_path_reads_back_also_with_an_at(void **state)
{
    (void)state;
    in_a_folder(bind_files);
}

/* Abstract names are apart for each type, files are not. */
static void connect_with_another_type(void)
{
    sock_t *server = sock_create(AF_UNIX, SOCK_SEQPACKET, 0);
    sock_t *client = sock_create(AF_UNIX, SOCK_STREAM, 0);

    assert_true(sock_bind(server, "socket", 0) && sock_listen(server, 1));
    assert_fails(client, sock_connect(client, "socket", 0), EPROTOTYPE);
    sock_close(client);
    sock_close(server);
    assert_int_equal(unlink("socket"), 0);
}

/* SO_ERROR has told why the first attempt failed: that is over, then. */
static void a_refused_attempt_that_was_asked_after_is_over(void **state)
{
    sock_t *server = sock_create_listen(0, 1);
    sock_t *s      = sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock_t *holder = sock_create(AF_INET, SOCK_STREAM, 0);
    int     error  = 0;

    (void)state;
    assert_true(sock_bind(holder, "127.0.0.1", 0));
    if (!sock_connect(s, "127.0.0.1", port_of(holder)) &&
        sock_last_error(s) == EINPROGRESS)
        assert_true(sock_get_option_int(s, SOL_SOCKET, SO_ERROR, &error));
    if (error)
        assert_int_equal(error, ECONNREFUSED);
    if (!sock_connect(s, "127.0.0.1", port_of(server)))
        assert_int_equal(sock_last_error(s), EINPROGRESS);
    sock_close(s);
    sock_close(holder);
    sock_close(server);
}

static void a_socket_of_another_type_is_told(void **state)
{
    (void)state;
    in_a_folder(connect_with_another_type);
}

/* A relative file "@x", bound with plain calls, reads back as "./@x"; a path
 * that fills its place has no NUL behind it. */
static void bind_plainly(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "@x"};
    sock_t            *s  = sock_create(AF_UNIX, SOCK_STREAM, 0);
    char               want[LIBSOCK_ADDRSTRLEN];

    assert_int_equal(bind(sock_fd(s), (struct sockaddr *)&at, sizeof at), 0);
    name_is(s, "./@x");
    unlink("@x");
    sock_close(s);
    s = sock_create(AF_UNIX, SOCK_STREAM, 0);
    memset(at.sun_path, 'p', sizeof at.sun_path);
    assert_int_equal(bind(sock_fd(s), (struct sockaddr *)&at, sizeof at), 0);
    snprintf(want, sizeof want, "%.108s", at.sun_path);
    name_is(s, want);
    unlink(want);
    sock_close(s);
}

static void names_made_elsewhere_read_back(void **state)
{
    (void)state;
    in_a_folder(bind_plainly);
}

static void the_longest_names_fit(void **state)
{
    char    name[LIBSOCK_ADDRSTRLEN];
    sock_t *s = sock_create(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    snprintf(name, sizeof name, "@%0107ld", (long)getpid());
    assert_int_equal(strlen(name), 108);
    assert_true(sock_bind(s, name, 0));
    name_is(s, name);
    sock_close(s);
}

static void an_address_text_needs_room_and_may_be_left_out(void **state)
{
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX};
    char             name[LIBSOCK_ADDRSTRLEN];
    int              port;

    (void)state;
    for (int i = 0; i < 3; i++) {
        sock_t *s = sock_create(domains[i], SOCK_STREAM, 0);

        assert_true(sock_bind(s, "", 0));
        port = -1;
        assert_fails(s, sock_getsockname(s, name, 15, &port), EINVAL);
        assert_fails(s, sock_getsockname(s, name, 0, &port), EINVAL);
        assert_true(sock_getsockname(s, name, sizeof name, NULL));
        assert_true(sock_getsockname(s, NULL, 0, &port));
        assert_true(domains[i] == AF_UNIX ? port == 0 : port > 0);
        assert_true(sock_getsockname(s, NULL, 0, NULL));
        sock_close(s);
    }
}

/* The scope is parsed; lo has no such address, though. */
static void a_scope_is_a_name_or_a_number(void **state)
{
    static const char *const scoped[] = {"fe80::1%lo", "fe80::1%1"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sock_t *s = sock_create(AF_INET6, SOCK_DGRAM, 0);

        if (sock_bind(s, scoped[i], 0))
            name_is(s, "fe80::1%lo");
        else
            assert_int_equal(sock_last_error(s), EADDRNOTAVAIL);
        sock_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_out_of_range_are_refused),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(what_is_too_long_is_refused_not_cut),
        cmocka_unit_test(no_address_is_no_place_to_connect_to),
        cmocka_unit_test(an_unknown_name_is_a_failure_of_the_look_up),
        cmocka_unit_test(an_address_is_given_once),
        cmocka_unit_test(every_family_connects_and_both_ends_agree),
        cmocka_unit_test(a_host_name_is_looked_up),
        cmocka_unit_test(a_refused_socket_may_connect_again),
        cmocka_unit_test(an_attempt_whose_end_was_told_spoils_no_other),
        cmocka_unit_test(a_refused_attempt_that_was_asked_after_is_over),
        cmocka_unit_test(a_socket_of_another_type_is_told),
        cmocka_unit_test(no_address_is_every_address),
        cmocka_unit_test(the_system_picks_an_abstract_name),
        cmocka_unit_test(a_path_reads_back_also_with_an_at),
        cmocka_unit_test(names_made_elsewhere_read_back),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(an_address_text_needs_room_and_may_be_left_out),
        cmocka_unit_test(a_scope_is_a_name_or_a_number),
    };

    return cmocka_run_group_tests_name("names", tests, count_descriptors,
                                       compare_descriptors);
}
