/* test_addr.c - proves that text becomes the address it says, or the error
 * that is documented, and that addresses read back as they were written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/addr.h"

#include <sock/base.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
    int         domain;
    const char *text;
    int         port;
    sk_err      err;
    const char *back; /* NULL: the same */
} rows[] = {
    {AF_INET, "127.0.0.1", 80, 0, NULL},
    {AF_INET, "0.0.0.0", 0, 0, NULL},
    {AF_INET, "255.255.255.255", 65535, 0, NULL},
    {AF_INET, "1.20.100.9", 1, 0, NULL},
    {AF_INET, "256.0.0.1", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "1.2.3", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "1.2.3.4.5", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "1.2.3.", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "1.2.3.4 ", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "01.2.3.4", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "1.2.3.0400", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "localhost", 80, SK_ADDR_IS_NAME, NULL},
    {AF_INET, "", 80, EINVAL, NULL},
    {AF_INET, NULL, 80, EINVAL, NULL},
    {AF_INET, "127.0.0.1", -1, EINVAL, NULL},
    {AF_INET, "127.0.0.1", 65536, EINVAL, NULL},
    {AF_INET, "::1", 80, EAFNOSUPPORT, NULL},
    {AF_INET, "fe80::1%lo", 80, EAFNOSUPPORT, NULL},
    {AF_INET, "a:b", 80, EINVAL, NULL},
    {AF_INET6, "::1", 80, 0, NULL},
    {AF_INET6, "::", 0, 0, NULL},
    {AF_INET6, "2001:db8::8:800:200c:417a", 443, 0, NULL},
    {AF_INET6, "127.0.0.1", 80, 0, "::ffff:127.0.0.1"},
    {AF_INET6, "fe80::1%lo", 80, 0, NULL},
    {AF_INET6, "fe80::1%1", 80, 0, "fe80::1%lo"},
    {AF_INET6, "fe80::1%4000000", 80, 0, NULL},
    {AF_INET6, "fe80::1%", 80, ENODEV, NULL},
    {AF_INET6, "fe80::1%nosuch", 80, ENODEV, NULL},
    {AF_INET6, "fe80::1%99999999999", 80, ENODEV, NULL},
    {AF_INET6, "[::1]", 80, EINVAL, NULL},
    {AF_INET6, "1:2:3:4:5:6:7:8:9", 80, EINVAL, NULL},
    {AF_INET6, "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0", 80,
     EINVAL, NULL},
    {AF_INET6, "localhost", 80, SK_ADDR_IS_NAME, NULL},
    {AF_UNIX, "/tmp/x", 0, 0, NULL},
    {AF_UNIX, "x", -1, 0, NULL},
    {AF_UNIX, "@name", 0, 0, NULL},
    {AF_UNIX, "./@name", 0, 0, NULL},
    {AF_UNIX, "@", 0, EINVAL, NULL},
    {AF_UNIX, "", 0, EINVAL, NULL},
    {AF_PACKET, "x", 0, EAFNOSUPPORT, NULL},
};

static void every_row_parses_and_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        struct sk_addr    a;
        char              text[LIBSOCK_ADDRSTRLEN];
        int               port;

        assert_int_equal(sk_addr_parse(r->domain, r->text, r->port, &a),
                         r->err);
        if (r->err)
            continue;
        assert_int_equal(sk_addr_text(&a, text, sizeof text, &port), 0);
        assert_string_equal(text, r->back ? r->back : r->text);
        assert_int_equal(port, r->domain == AF_UNIX ? 0 : r->port);
    }
}

static void paths_are_never_cut(void **state)
{
    struct sk_addr a;
    char           path[120];
    char           text[LIBSOCK_ADDRSTRLEN];

    (void)state;
    for (size_t len = 100; len < sizeof path; len++) {
        memset(path, 'p', len);
        path[len] = '\0';
        assert_int_equal(sk_addr_parse(AF_UNIX, path, 0, &a),
                         len < 108 ? 0 : ENAMETOOLONG);
        if (len < 108) {
            assert_int_equal(sk_addr_text(&a, text, sizeof text, NULL), 0);
            assert_string_equal(text, path);
        }
        path[0] = '@';
        assert_int_equal(sk_addr_parse(AF_UNIX, path, 0, &a),
                         len < 109 ? 0 : ENAMETOOLONG);
    }
}

/* The system fills all 108 bytes of a path and adds no end. */
static void a_path_without_its_end_is_read_whole(void **state)
{
    struct sk_addr a;
    char           text[LIBSOCK_ADDRSTRLEN];

    (void)state;
    memset(&a, 0, sizeof a);
    a.u.un.sun_family = AF_UNIX;
    memset(a.u.un.sun_path, '@', sizeof a.u.un.sun_path);
    a.len = sizeof a.u.un;
    assert_int_equal(sk_addr_text(&a, text, sk_addr_room(AF_UNIX), NULL), 0);
    assert_int_equal(strlen(text), 110);
    assert_memory_equal(text, "./@", 3);
}

static void a_name_with_a_nul_has_no_text(void **state)
{
    struct sk_addr a;
    char           text[LIBSOCK_ADDRSTRLEN];

    (void)state;
    assert_int_equal(sk_addr_parse(AF_UNIX, "@ab", 0, &a), 0);
    a.u.un.sun_path[1] = '\0';
    assert_int_equal(sk_addr_text(&a, text, sizeof text, NULL), EOPNOTSUPP);
}

static void a_name_has_brackets_where_it_needs_them(void **state)
{
    struct sk_addr a;
    char           name[LIBSOCK_NAMESTRLEN];

    (void)state;
    assert_int_equal(sk_addr_parse(AF_INET6, "::1", 80, &a), 0);
    assert_true(sk_addr_name(&a, name, sizeof name));
    assert_string_equal(name, "[::1]:80");
    assert_int_equal(sk_addr_parse(AF_INET, "10.0.0.1", 80, &a), 0);
    assert_true(sk_addr_name(&a, name, sizeof name));
    assert_string_equal(name, "10.0.0.1:80");
    assert_int_equal(sk_addr_any(AF_INET, 0, &a), 0);
    assert_false(sk_addr_name(&a, name, sizeof name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_parses_and_reads_back),
        cmocka_unit_test(paths_are_never_cut),
        cmocka_unit_test(a_path_without_its_end_is_read_whole),
        cmocka_unit_test(a_name_with_a_nul_has_no_text),
        cmocka_unit_test(a_name_has_brackets_where_it_needs_them),
    };

    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
