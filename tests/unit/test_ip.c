/* test_ip.c - proves that addresses are read and written as inet_pton(3) and
 * inet_ntop(3) do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "core/ip.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The same numbers in every run. */
static uint32_t next(void)
{
    static uint32_t x = 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

static const char *const texts[] = {
    "0.0.0.0",
    "255.255.255.255",
    "1.20.100.9",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3.4.",
    "1.2.3.4.5",
    "1.2.3",
    ".1.2.3",
    "1..2.3",
    "1.2.3.1000",
    "::",
    ":::",
    ":",
    "",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "1:2:3:4::5:6:7:8",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:",
    ":1",
    "1::2::3",
    "1:::2",
    "::1.2.3.4",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1::1.2.3.4:5",
    "::1.2.3",
    "::01.2.3.4",
    "ABCD:ef01::",
    "::12345",
    "::00001",
    "::g",
    "2001:db8::8:800:200c:417a",
};

/* Both read it, and to the same address, or neither does. */
static void read_alike(const char *text)
{
    struct in_addr  in4, want4;
    struct in6_addr in6, want6;
    const char     *end4 = sk_ip4_parse(text, &in4);
    const char     *end6 = sk_ip6_parse(text, &in6);
    bool            is4  = inet_pton(AF_INET, text, &want4) == 1;
    bool            is6  = inet_pton(AF_INET6, text, &want6) == 1;

    if ((end4 && !*end4) != is4 || (end6 && !*end6) != is6)
        fail_msg("\"%s\" is %s address", text, is4 || is6 ? "an" : "no");
    if (is4)
        assert_memory_equal(&in4, &want4, sizeof in4);
    if (is6)
        assert_memory_equal(&in6, &want6, sizeof in6);
}

static void texts_are_read_as_the_system_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        read_alike(texts[i]);
}

/* A character is replaced, left out or put in, up to three times. */
static void change(char *text)
{
    static const char some[] = "0123456789abcdefF::::....g%";

    for (unsigned times = next() % 3 + 1; times; times--) {
        size_t len = strlen(text);
        char  *at  = text + next() % (len + 1);
        char   c   = some[next() % (sizeof some - 1)];

        if (next() % 3 == 0 && *at)
            *at = c;
        else if (next() % 2 && *at)
            memmove(at, at + 1, strlen(at));
        else
            memmove(at + 1, at, strlen(at) + 1), *at = c;
    }
}

static void whatever_is_made_of_them_is_read_alike(void **state)
{
    char text[80];

    (void)state;
    for (int i = 0; i < 200000; i++) {
        strcpy(text, texts[next() % SK_COUNT(texts)]);
        change(text);
        read_alike(text);
    }
}

/* Groups of 1 to 4 digits, with many that are zero. */
static void make_ipv6(struct in6_addr *a)
{
    uint32_t zeros = next(), widths = next();

    for (int i = 0; i < 8; i++) {
        unsigned group = (next() & 0xffff) >> (widths >> 2 * i & 3) * 4;

        if (zeros >> i & 1)
            group = 0;
        a->s6_addr[2 * i]     = (unsigned char)(group >> 8);
        a->s6_addr[2 * i + 1] = (unsigned char)group;
    }
    if (next() % 8 == 0)
        memset(a, 0, 10), memset(a->s6_addr + 10, 0xff, 2);
    if (next() % 8 == 0)
        memset(a, 0, 12);
}

static void ipv6_is_written_as_the_system_writes_it(void **state)
{
    char            text[INET6_ADDRSTRLEN], want[INET6_ADDRSTRLEN];
    struct in6_addr a;
    const char     *end;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        make_ipv6(&a);
        end = sk_ip6_print(&a, text);
        assert_ptr_equal(end, text + strlen(text));
        inet_ntop(AF_INET6, &a, want, sizeof want);
        assert_string_equal(text, want);
        read_alike(text);
    }
}

static void ipv4_is_written_as_the_system_writes_it(void **state)
{
    char           text[INET_ADDRSTRLEN], want[INET_ADDRSTRLEN];
    struct in_addr a;
    const char    *end;

    (void)state;
    for (uint32_t i = 0; i < 256 * 4; i++) {
        a.s_addr = htonl(next() ^ (i & 0xff) << i / 256 * 8);
        if (i < 256)
            a.s_addr = htonl(i << 24 | i << 16 | i << 8 | i);
        end = sk_ip4_print(&a, text);
        assert_ptr_equal(end, text + strlen(text));
        inet_ntop(AF_INET, &a, want, sizeof want);
        assert_string_equal(text, want);
        read_alike(text);
    }
}

/* A scope, say. */
static void what_stands_behind_an_address_is_told(void **state)
{
    struct in_addr  in4;
    struct in6_addr in6;
    const char     *text = "fe80::1%eth0", *quad = "::1.2.3.4%2";

    (void)state;
    assert_ptr_equal(sk_ip6_parse(text, &in6), strchr(text, '%'));
    assert_ptr_equal(sk_ip6_parse(quad, &in6), strchr(quad, '%'));
    assert_string_equal(sk_ip6_parse("::%1", &in6), "%1");
    assert_string_equal(sk_ip4_parse("1.2.3.4/8", &in4), "/8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_as_the_system_reads_them),
        cmocka_unit_test(whatever_is_made_of_them_is_read_alike),
        cmocka_unit_test(ipv6_is_written_as_the_system_writes_it),
        cmocka_unit_test(ipv4_is_written_as_the_system_writes_it),
        cmocka_unit_test(what_stands_behind_an_address_is_told),
    };

    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
