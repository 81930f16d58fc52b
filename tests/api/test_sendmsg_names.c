/* test_sendmsg_names.c - proves where a message goes and of whom one is, in
 * every family, and that one which was received goes back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A datagram socket at an address. */
static sock_t *bound(int domain, const char *address)
{
    sock_t *s = sock_create(domain, SOCK_DGRAM, 0);

    assert_non_null(s);
    if (!sock_bind(s, address, 0))
        fail_msg("%s", sock_last_message(s));
    return s;
}

static ssize_t send_to(sock_t *s, const char *text, const char *address,
                       int port)
{
    struct letter l;
    ssize_t       n;

    letter_open(&l, 0);
    assert_true(sock_message_set_name(l.m, address, port));
    n = letter_send(&l, s, text);
    letter_close(&l);
    return n;
}

static void gets(sock_t *s, const char *text, const char *from, int port)
{
    struct letter l;

    letter_open(&l, 0);
    assert_int_equal(letter_receive(&l, s, 0), strlen(text));
    letter_is(&l, text);
    letter_is_from(&l, from, port);
    letter_close(&l);
}

static bool knows_localhost(void)
{
    struct addrinfo *found;

    if (getaddrinfo("localhost", NULL, NULL, &found))
        return false;
    freeaddrinfo(found);
    return true;
}

/* ---- out and in ---- */

static void arrives(int domain, const char *at, const char *asked,
                    const char *from_domain_address, const char *told)
{
    sock_t *to   = bound(domain, at);
    sock_t *from = bound(domain, from_domain_address);

    assert_int_equal(send_to(from, "hello", asked, port_of(to)), 5);
    gets(to, "hello", told, port_of(from));
    sock_close(to);
    sock_close(from);
}

static void an_address_is_sent_to_and_told(void **state)
{
    (void)state;
    arrives(AF_INET, "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1");
    arrives(AF_INET, "", "127.0.0.2", "127.0.0.3", "127.0.0.3");
    arrives(AF_INET6, "::1", "::1", "::1", "::1");
}

static void a_host_name_is_looked_up(void **state)
{
    (void)state;
    if (!knows_localhost())
        skip_aloud("this system does not know localhost");
    arrives(AF_INET, "127.0.0.1", "localhost", "127.0.0.1", "127.0.0.1");
}

static void a_path_is_sent_to_and_told(void **state)
{
    char    folder[] = "/tmp/libsock-XXXXXX", path[2][64];
    sock_t *s[2];

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d", folder, i);
        s[i] = bound(AF_UNIX, path[i]);
    }
    assert_int_equal(send_to(s[0], "hello", path[1], 0), 5);
    gets(s[1], "hello", path[0], 0);
    close_pair(s);
    unlink(path[0]);
    s[0] = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    assert_fails(s[0], send_to(s[0], "x", path[0], 0), ENOENT);
    assert_fails(s[0], send_to(s[0], "x", path[1], 0), ECONNREFUSED);
    sock_close(s[0]);
    unlink(path[1]);
    rmdir(folder);
}

static void a_sender_without_a_name_has_none(void **state)
{
    char    name[LIBSOCK_ADDRSTRLEN];
    sock_t *to   = bound(AF_UNIX, "");
    sock_t *from = sock_create(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    assert_true(sock_getsockname(to, name, sizeof name, NULL));
    assert_int_equal(send_to(from, "hello", name, 0), 5);
    gets(to, "hello", "", 0);
    sock_close(to);
    sock_close(from);
}

static void so_has_one_with_a_nul_in_its_name(void **state)
{
    char               name[LIBSOCK_ADDRSTRLEN];
    struct sockaddr_un odd  = {.sun_family = AF_UNIX};
    sock_t            *to   = bound(AF_UNIX, "");
    sock_t            *from = sock_create(AF_UNIX, SOCK_DGRAM, 0);
    int                len;

    (void)state;
    len = snprintf(odd.sun_path + 1, 32, "libsock.%ld", (long)getpid()) + 3;
    assert_int_equal(
        bind(sock_fd(from), (struct sockaddr *)&odd,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
        0);
    assert_true(sock_getsockname(to, name, sizeof name, NULL));
    assert_int_equal(send_to(from, "hello", name, 0), 5);
    gets(to, "hello", "", 0);
    sock_close(to);
    sock_close(from);
}

/* Over the fixed peer. */
static void a_name_rules_over_the_fixed_peer(void **state)
{
    sock_t *pair[2], *other = bound(AF_INET, "127.0.0.1");

    (void)state;
    udp_pair(pair);
    assert_int_equal(send_to(pair[0], "other", "127.0.0.1", port_of(other)), 5);
    gets(other, "other", "127.0.0.1", port_of(pair[0]));
    assert_int_equal(send_to(pair[0], "peer", NULL, 0), 4);
    gets(pair[1], "peer", "127.0.0.1", port_of(pair[0]));
    sock_close(other);
    close_pair(pair);
}

static void a_received_name_needs_the_room_of_its_family(void **state)
{
    static const struct {
        int         domain;
        const char *address;
    } families[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}, {AF_UNIX, ""}};
    char name[LIBSOCK_ADDRSTRLEN];

    (void)state;
    for (size_t i = 0; i < COUNT(families); i++) {
        sock_t       *s = bound(families[i].domain, families[i].address);
        struct letter l;

        letter_open(&l, 0);
        assert_true(sock_getsockname(s, name, sizeof name, NULL));
        assert_int_equal(send_to(s, "x", name, port_of(s)), 1);
        assert_int_equal(letter_receive(&l, s, 0), 1);
        assert_refused(sock_message_get_name(l.m, name, 0, NULL), EINVAL);
        assert_refused(sock_message_get_name(l.m, name, 3, NULL), EINVAL);
        assert_refused(sock_message_get_name(l.m, name, 15, NULL), EINVAL);
        assert_true(sock_message_get_name(l.m, name, sizeof name, NULL));
        letter_close(&l);
        sock_close(s);
    }
}

/* ---- back ---- */

static void what_was_received_goes_back(void **state)
{
    static const struct {
        int         domain;
        const char *address;
    } families[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}, {AF_UNIX, ""}};

    (void)state;
    for (size_t i = 0; i < COUNT(families); i++) {
        sock_t       *a = bound(families[i].domain, families[i].address);
        sock_t       *b = bound(families[i].domain, families[i].address);
        char          name[LIBSOCK_ADDRSTRLEN];
        struct letter l;

        letter_open(&l, 0);
        assert_true(sock_getsockname(b, name, sizeof name, NULL));
        assert_int_equal(send_to(a, "ask", name, port_of(b)), 3);
        assert_int_equal(letter_receive(&l, b, 0), 3);
        assert_int_equal(letter_send(&l, b, "answer"), 6);
        gets(a, "answer", name, port_of(b));
        letter_close(&l);
        sock_close(a);
        sock_close(b);
    }
}

static void echoes(sock_t *a, sock_t *b, const struct kind *kind)
{
    struct letter l;

    (void)kind;
    letter_open(&l, 0);
    for (int i = 0; i < 3; i++) {
        put(a, "ask");
        assert_int_equal(letter_receive(&l, b, 0), 3);
        assert_int_equal(letter_send(&l, b, "answer"), 6);
        assert_int_equal(letter_receive(&l, a, 0), 6);
        letter_is(&l, "answer");
    }
    letter_close(&l);
}

static void what_was_received_goes_back_to_a_fixed_peer_too(void **state)
{
    (void)state;
    each_kind(echoes);
}

static void another_name_sends_a_received_message_elsewhere(void **state)
{
    sock_t *s[2]  = {bound(AF_INET, "127.0.0.1"), bound(AF_INET, "127.0.0.1")};
    sock_t *other = bound(AF_INET, "127.0.0.1");
    struct letter l;

    (void)state;
    letter_open(&l, 0);
    assert_int_equal(send_to(s[0], "ask", "127.0.0.1", port_of(s[1])), 3);
    assert_int_equal(letter_receive(&l, s[1], 0), 3);
    assert_true(sock_message_set_name(l.m, "127.0.0.1", port_of(other)));
    letter_is_from(&l, "127.0.0.1", port_of(other));
    assert_int_equal(letter_send(&l, s[1], "on"), 2);
    gets(other, "on", "127.0.0.1", port_of(s[1]));
    letter_close(&l);
    sock_close(other);
    close_pair(s);
}

static void a_cleared_message_goes_back_to_nobody(void **state)
{
    sock_t *s[2] = {bound(AF_INET, "127.0.0.1"), bound(AF_INET, "127.0.0.1")};
    struct letter l;

    (void)state;
    letter_open(&l, 0);
    assert_int_equal(send_to(s[0], "ask", "127.0.0.1", port_of(s[1])), 3);
    assert_int_equal(letter_receive(&l, s[1], 0), 3);
    sock_message_clear(l.m);
    assert_fails(s[1], letter_send(&l, s[1], "x"), EDESTADDRREQ);
    letter_close(&l);
    close_pair(s);
}

/* ---- streams ---- */

/* Also with bytes that were buffered. */
static void the_peer_of_a_stream_is_told(void **state)
{
    sock_t       *pair[2];
    struct letter l;
    char          line[8];

    (void)state;
    tcp_pair(pair);
    letter_open(&l, 0);
    put(pair[0], "one\ntwo\n");
    wait_readable(pair[1]);
    assert_int_equal(sock_read(pair[1], line, 8, LIBSOCK_NORMAL_READ), 4);
    assert_int_equal(letter_receive(&l, pair[1], 0), 4);
    letter_is_from(&l, "127.0.0.1", port_of(pair[0]));
    put(pair[0], "three");
    assert_int_equal(letter_receive(&l, pair[1], 0), 5);
    letter_is_from(&l, "127.0.0.1", port_of(pair[0]));
    letter_close(&l);
    close_pair(pair);
}

static void so_is_that_of_a_unix_stream(void **state)
{
    char          name[LIBSOCK_ADDRSTRLEN];
    sock_t       *listener = sock_create(AF_UNIX, SOCK_STREAM, 0);
    sock_t       *s[2]     = {sock_create(AF_UNIX, SOCK_STREAM, 0), NULL};
    struct letter l;

    (void)state;
    letter_open(&l, 0);
    assert_true(sock_bind(listener, "", 0) && sock_listen(listener, 1));
    assert_true(sock_getsockname(listener, name, sizeof name, NULL));
    assert_true(sock_connect(s[0], name, 0));
    s[1] = sock_accept(listener);
    put(s[1], "hello");
    assert_int_equal(letter_receive(&l, s[0], 0), 5);
    letter_is_from(&l, name, 0);
    put(s[0], "hello");
    assert_int_equal(letter_receive(&l, s[1], 0), 5);
    letter_is_from(&l, "", 0);
    letter_close(&l);
    close_pair(s);
    sock_close(listener);
}

static void elsewhere(sock_t *a, sock_t *b, const struct kind *kind)
{
    const char *address = kind->is_unix ? "@libsock-none" : "127.0.0.1";

    if (!kind->stream)
        return;
    assert_fails(a, send_to(a, "x", address, 9), EISCONN);
    assert_fails(b, sock_recv(b, &(char){0}, 1, MSG_DONTWAIT), EAGAIN);
}

static void a_connected_stream_sends_to_nobody_else(void **state)
{
    (void)state;
    each_kind(elsewhere);
}

/* ---- what is no name ---- */

static void a_name_is_judged_by_the_socket_it_is_sent_with(void **state)
{
    static const char long_path[] =
        "/tmp/0123456789012345678901234567890123456789012345678901234567890"
        "0123456789012345678901234567890123456789012345678901234567890";
    static const struct {
        int         domain;
        const char *address;
        int         error;
    } bad[] = {{AF_INET, "::1", EAFNOSUPPORT},
               {AF_INET, "1:2:3", EINVAL},
               {AF_INET6, ":::", EINVAL},
               {AF_INET6, "fe80::1%nosuch", ENODEV},
               {AF_UNIX, long_path, ENAMETOOLONG},
               {AF_UNIX, "@", EINVAL},
               {AF_UNIX, "@libsock-none", ECONNREFUSED}};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        sock_t *s = sock_create(bad[i].domain, SOCK_DGRAM, 0);

        assert_fails(s, send_to(s, "x", bad[i].address, 9), bad[i].error);
        sock_close(s);
    }
}

static void a_name_that_nobody_knows_is_told(void **state)
{
    sock_t *s = sock_create(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(send_to(s, "x", "no such host", 9), -1);
    assert_in_range(sock_last_error(s), LIBSOCK_EAI_AGAIN, LIBSOCK_EAI_OTHER);
    assert_non_null(strstr(sock_last_message(s), "no such host"));
    sock_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_sent_to_and_told),
        cmocka_unit_test(a_host_name_is_looked_up),
        cmocka_unit_test(a_path_is_sent_to_and_told),
        cmocka_unit_test(a_sender_without_a_name_has_none),
        cmocka_unit_test(so_has_one_with_a_nul_in_its_name),
        cmocka_unit_test(a_name_rules_over_the_fixed_peer),
        cmocka_unit_test(a_received_name_needs_the_room_of_its_family),
        cmocka_unit_test(what_was_received_goes_back),
        cmocka_unit_test(what_was_received_goes_back_to_a_fixed_peer_too),
        cmocka_unit_test(another_name_sends_a_received_message_elsewhere),
        cmocka_unit_test(a_cleared_message_goes_back_to_nobody),
        cmocka_unit_test(the_peer_of_a_stream_is_told),
        cmocka_unit_test(so_is_that_of_a_unix_stream),
        cmocka_unit_test(a_connected_stream_sends_to_nobody_else),
        cmocka_unit_test(a_name_is_judged_by_the_socket_it_is_sent_with),
        cmocka_unit_test(a_name_that_nobody_knows_is_told),
    };

    return cmocka_run_group_tests_name("sendmsg_names", tests,
                                       count_descriptors, compare_descriptors);
}
