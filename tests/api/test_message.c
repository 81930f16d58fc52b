/* test_message.c - proves what a message is before it travels: its making, its
 * name, and what is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/message.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define MEBIBYTE ((size_t)1 << 20)
#define UNTOUCHED 4711

static void name_is(const sock_message_t *m, const char *want, int want_port)
{
    char name[257] = "?";
    int  port      = -1;

    assert_true(sock_message_get_name(m, name, sizeof name, &port));
    assert_string_equal(name, want);
    assert_int_equal(port, want_port);
}

/* ---- making ---- */

static void a_message_has_room_up_to_a_mebibyte(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 24, 4096, MEBIBYTE};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++)
        sock_message_free(new_message(sizes[i]));
}

static void more_room_is_refused(void **state)
{
    static const size_t sizes[] = {MEBIBYTE + 1, SIZE_MAX / 2, SIZE_MAX - 15,
                                   SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++)
        assert_refused(sock_message_create(sizes[i]), EINVAL);
}

static void no_message_may_be_freed_and_cleared(void **state)
{
    (void)state;
    sock_message_free(NULL);
    sock_message_clear(NULL);
    sock_message_set_parts(NULL, NULL, 0);
    assert_int_equal(sock_message_length(NULL), 0);
    assert_int_equal(sock_message_flags(NULL), 0);
}

static void a_new_message_is_empty(void **state)
{
    sock_message_t *m = new_message(256);

    (void)state;
    assert_int_equal(sock_message_length(m), 0);
    assert_int_equal(sock_message_flags(m), 0);
    name_is(m, "", 0);
    holds_no_item(m);
    sock_message_free(m);
}

/* Also its room is there again, and its parts are not. */
static void a_cleared_message_is_as_new(void **state)
{
    char            byte = 'x';
    struct iovec    part = {&byte, 1};
    sock_t         *s    = sock_create(AF_INET, SOCK_DGRAM, 0);
    sock_message_t *m    = new_message(sock_cmsg_space(IPPROTO_IP, IP_TTL, 1));

    (void)state;
    assert_true(sock_bind(s, "127.0.0.1", 0));
    for (int i = 0; i < 3; i++) {
        sock_message_set_parts(m, &part, 1);
        assert_true(sock_message_set_name(m, "127.0.0.1", 9));
        assert_true(sock_message_add_int(m, IPPROTO_IP, IP_TTL, 7));
        sock_message_clear(m);
        name_is(m, "", 0);
        holds_no_item(m);
        assert_fails(s, sock_recvmsg(s, m, MSG_DONTWAIT), EINVAL);
    }
    sock_message_free(m);
    sock_close(s);
}

/* ---- its name ---- */

static void a_name_reads_back(void **state)
{
    static const struct {
        const char *address;
        int         port;
    } names[] = {{"127.0.0.1", 80}, {"::1", 65535},    {"fe80::1%lo", 1},
                 {"localhost", 7},  {"/tmp/x", 0},     {"@abstract", 0},
                 {"./@file", 0},    {"no such: %s", 0}};
    sock_message_t *m = new_message(0);

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_true(sock_message_set_name(m, names[i].address, names[i].port));
        name_is(m, names[i].address, names[i].port);
    }
    sock_message_free(m);
}

static void null_and_nothing_are_no_name(void **state)
{
    static const char *const none[] = {NULL, ""};
    sock_message_t          *m      = new_message(0);

    (void)state;
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_true(sock_message_set_name(m, "127.0.0.1", 80));
        assert_true(sock_message_set_name(m, none[i], 0));
        name_is(m, "", 0);
    }
    sock_message_free(m);
}

static void the_name_is_copied(void **state)
{
    char            name[] = "127.0.0.1";
    sock_message_t *m      = new_message(0);

    (void)state;
    assert_true(sock_message_set_name(m, name, 80));
    memset(name, 'x', sizeof name - 1);
    name_is(m, "127.0.0.1", 80);
    sock_message_free(m);
}

static void a_port_out_of_range_is_refused_and_leaves_the_name(void **state)
{
    static const int ports[] = {-1, 65536, INT_MIN, INT_MAX};
    sock_message_t  *m       = new_message(0);

    (void)state;
    assert_true(sock_message_set_name(m, "127.0.0.1", 80));
    for (size_t i = 0; i < COUNT(ports); i++) {
        assert_refused(sock_message_set_name(m, "::1", ports[i]), EINVAL);
        assert_refused(sock_message_set_name(m, NULL, ports[i]), EINVAL);
        name_is(m, "127.0.0.1", 80);
    }
    sock_message_free(m);
}

static void a_name_over_255_bytes_is_refused_and_leaves_the_name(void **state)
{
    char            name[301];
    sock_message_t *m = new_message(0);

    (void)state;
    memset(name, 'a', sizeof name);
    for (size_t len = 300; len > 255; len--) {
        name[len] = '\0';
        assert_refused(sock_message_set_name(m, name, 1), ENAMETOOLONG);
        name_is(m, "", 0);
    }
    name[255] = '\0';
    assert_true(sock_message_set_name(m, name, 1));
    name_is(m, name, 1);
    sock_message_free(m);
}

static void a_name_needs_its_room(void **state)
{
    char            name[256], out[256];
    sock_message_t *m = new_message(0);

    (void)state;
    assert_refused(sock_message_get_name(m, out, 0, NULL), EINVAL);
    assert_true(sock_message_set_name(m, "127.0.0.1", 80));
    assert_refused(sock_message_get_name(m, out, 0, NULL), EINVAL);
    assert_refused(sock_message_get_name(m, out, 9, NULL), EINVAL);
    memset(name, 'a', 255);
    name[255] = '\0';
    assert_true(sock_message_set_name(m, name, 80));
    assert_refused(sock_message_get_name(m, out, 255, NULL), EINVAL);
    assert_true(sock_message_get_name(m, out, 256, NULL));
    assert_string_equal(out, name);
    sock_message_free(m);
}

static void each_half_of_a_name_may_be_left_out(void **state)
{
    char            name[LIBSOCK_ADDRSTRLEN];
    int             port = -1;
    sock_message_t *m    = new_message(0);

    (void)state;
    assert_true(sock_message_set_name(m, "127.0.0.1", 80));
    assert_true(sock_message_get_name(m, NULL, 0, &port));
    assert_int_equal(port, 80);
    assert_true(sock_message_get_name(m, name, sizeof name, NULL));
    assert_string_equal(name, "127.0.0.1");
    assert_true(sock_message_get_name(m, NULL, 0, NULL));
    sock_message_free(m);
}

/* ---- misuse ---- */

static void what_needs_a_message_refuses_null(void **state)
{
    const sock_credentials_t who    = {1, 1, 1};
    sock_message_error_t     error  = {0};
    int                      number = 0;

    (void)state;
    assert_refused(sock_message_set_name(NULL, "127.0.0.1", 1), EINVAL);
    assert_refused(sock_message_get_name(NULL, NULL, 0, NULL), EINVAL);
    assert_refused(sock_message_add_int(NULL, IPPROTO_IP, IP_TTL, 1), EINVAL);
    assert_refused(sock_message_get_int(NULL, IPPROTO_IP, IP_TTL, &number),
                   EINVAL);
    assert_refused(sock_message_add_pktinfo(NULL, "::1", 0), EINVAL);
    assert_refused(sock_message_get_pktinfo(NULL, NULL, 0, NULL), EINVAL);
    assert_refused(sock_message_add_credentials(NULL, &who), EINVAL);
    assert_refused(sock_message_get_credentials(NULL, &(sock_credentials_t){0}),
                   EINVAL);
    assert_refused(sock_message_get_error(NULL, &error, sizeof error), EINVAL);
}

static void what_needs_a_place_refuses_null(void **state)
{
    sock_message_t      *m     = new_message(256);
    sock_message_error_t error = {.code = UNTOUCHED};
    sock_credentials_t   who   = {UNTOUCHED, 1, 1};

    (void)state;
    assert_refused(sock_message_get_int(m, IPPROTO_IP, IP_TTL, NULL), EINVAL);
    assert_refused(sock_message_add_credentials(m, NULL), EINVAL);
    assert_refused(sock_message_get_credentials(m, NULL), EINVAL);
    assert_refused(sock_message_get_error(m, NULL, sizeof error), EINVAL);
    assert_refused(sock_message_get_error(m, &error, 0), EINVAL);
    assert_refused(sock_message_get_error(m, &error, sizeof error), ENOMSG);
    assert_int_equal(error.code, UNTOUCHED);
    assert_refused(sock_message_get_credentials(m, &who), ENOMSG);
    assert_int_equal(who.pid, UNTOUCHED);
    sock_message_free(m);
}

/* ---- memory ---- */

static void ask_for_much(void *unused)
{
    static sock_t  *handles[253];
    sock_message_t *m = sock_message_create(4096);

    (void)unused;
    expect(m);
    exhaust_memory();
    expect(!sock_message_create(0) && sock_last_error(NULL) == ENOMEM);
    expect(!sock_message_create(MEBIBYTE) && sock_last_error(NULL) == ENOMEM);
    sock_clear_error(NULL);
    expect(sock_message_add_handles(m, handles, 253) ||
           sock_last_error(NULL) == ENOMEM);
    expect(sock_message_add_int(m, IPPROTO_IP, IP_TTL, 7));
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    if (SANITIZED)
        skip_aloud("a sanitizer needs memory of its own");
    in_child(ask_for_much, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_room_up_to_a_mebibyte),
        cmocka_unit_test(more_room_is_refused),
        cmocka_unit_test(no_message_may_be_freed_and_cleared),
        cmocka_unit_test(a_new_message_is_empty),
        cmocka_unit_test(a_cleared_message_is_as_new),
        cmocka_unit_test(a_name_reads_back),
        cmocka_unit_test(null_and_nothing_are_no_name),
        cmocka_unit_test(the_name_is_copied),
        cmocka_unit_test(a_port_out_of_range_is_refused_and_leaves_the_name),
        cmocka_unit_test(a_name_over_255_bytes_is_refused_and_leaves_the_name),
        cmocka_unit_test(a_name_needs_its_room),
        cmocka_unit_test(each_half_of_a_name_may_be_left_out),
        cmocka_unit_test(what_needs_a_message_refuses_null),
        cmocka_unit_test(what_needs_a_place_refuses_null),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests_name("message", tests, count_descriptors,
                                       compare_descriptors);
}
