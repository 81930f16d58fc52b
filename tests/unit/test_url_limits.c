/* test_url_limits.c - proves that the parts of a URL may be as long as the
 * header says and no longer, and that a host has no other bytes than it may.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* `head`, `count` times `c`, `tail`. */
static const char *stretched(const char *head, char c, size_t count,
                             const char *tail)
{
    static char text[1024];

    assert_true(strlen(head) + count + strlen(tail) < sizeof text);
    strcpy(text, head);
    memset(text + strlen(head), c, count);
    strcpy(text + strlen(head) + count, tail);
    return text;
}

/* `most` bytes behind `head` are taken, of which `own` are the head's; one more
 * is too long, and refused where it stands. */
static void expect_most(const char *head, size_t own, char c, size_t most,
                        const char *tail, const char *why)
{
    size_t              begin = strlen(head) - own;
    struct sk_url       u;
    struct sk_url_error wrong;
    const char         *text = stretched(head, c, most - own, tail);

    assert_int_equal(sk_url_parse(text, &u, &wrong), 0);
    assert_ptr_equal(u.host, text + begin);
    assert_int_equal(u.length, most);
    text = stretched(head, c, most - own + 1, tail);
    assert_int_equal(sk_url_parse(text, &u, &wrong), ENAMETOOLONG);
    assert_int_equal(wrong.at, begin + most);
    assert_string_equal(wrong.why, why);
}

static void a_path_has_at_most_107_bytes(void **state)
{
    (void)state;
    expect_most("unix:///", 1, 'p', 107, "", "a path has at most 107 bytes");
    expect_most("udg://", 0, 'p', 107, "", "a path has at most 107 bytes");
}

static void an_abstract_name_has_at_most_108_bytes(void **state)
{
    const char *why = "an abstract name has at most 108 bytes with its '@'";

    (void)state;
    expect_most("unix://@", 1, 'n', 108, "", why);
    expect_most("udg://@", 1, '@', 108, "", why);
}

static void a_host_has_at_most_255_bytes(void **state)
{
    const char *why = "a host has at most 255 bytes";

    (void)state;
    expect_most("tcp://", 0, 'h', 255, ":80", why);
    expect_most("", 0, 'h', 255, ":80", why);
    expect_most("tcp://[", 0, ':', 255, "]:80", why);
    expect_most("[fe80::1%", 8, 's', 255, "]:80", why);
}

static void the_name_of_a_descriptor_has_at_most_255_bytes(void **state)
{
    (void)state;
    expect_most("fd://", 0, '3', 255, "", "a name has at most 255 bytes");
}

/* The bytes that may stand in a host, one by one, and no others. */
static void a_host_has_no_other_bytes(void **state)
{
    char                text[] = "tcp://h?h:80";
    struct sk_url       u;
    struct sk_url_error wrong;

    (void)state;
    for (int c = 1; c < 256; c++) {
        bool may = c > 127 || (c >= '0' && c <= '9') ||
                   (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                   c == '-' || c == '.' || c == '_';

        text[7] = (char)c;
        assert_int_equal(sk_url_parse(text, &u, &wrong), may ? 0 : EINVAL);
        if (!may && c != ':')
            assert_int_equal(wrong.at, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_at_most_107_bytes),
        cmocka_unit_test(an_abstract_name_has_at_most_108_bytes),
        cmocka_unit_test(a_host_has_at_most_255_bytes),
        cmocka_unit_test(the_name_of_a_descriptor_has_at_most_255_bytes),
        cmocka_unit_test(a_host_has_no_other_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
