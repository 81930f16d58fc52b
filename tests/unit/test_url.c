/* test_url.c - proves that a URL means what it says, or is refused where it is
 * wrong, with a sentence that says how.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef sk_err parse_fn(const char *, struct sk_url *, struct sk_url_error *);

static const struct good {
    const char       *what;
    const char       *text;
    enum sk_transport transport;
    int               version;
    bool              bracketed;
    const char       *host;
    int               port;
} good[] = {
    {"tcp", "tcp://localhost:80", SK_URL_TCP, 0, false, "localhost", 80},
    {"udp", "udp://localhost:53", SK_URL_UDP, 0, false, "localhost", 53},
    {"ssl", "ssl://a.example:443", SK_URL_TLS, 0, false, "a.example", 443},
    {"tls", "tls://a.example:443", SK_URL_TLS, 0, false, "a.example", 443},
    {"TLS 1.0", "tlsv1.0://h:1", SK_URL_TLS, 8, false, "h", 1},
    {"TLS 1.1", "tlsv1.1://h:1", SK_URL_TLS, 16, false, "h", 1},
    {"TLS 1.2", "tlsv1.2://h:1", SK_URL_TLS, 32, false, "h", 1},
    {"TLS 1.3", "tlsv1.3://h:1", SK_URL_TLS, 64, false, "h", 1},
    {"no transport is tcp", "localhost:80", SK_URL_TCP, 0, false, "localhost",
     80},
    {"a host called tcp", "tcp:80", SK_URL_TCP, 0, false, "tcp", 80},
    {"a host called fd", "fd:3", SK_URL_TCP, 0, false, "fd", 3},
    {"IPv4", "tcp://127.0.0.1:80", SK_URL_TCP, 0, false, "127.0.0.1", 80},
    {"IPv4 alone", "127.0.0.1:80", SK_URL_TCP, 0, false, "127.0.0.1", 80},
    {"a number for a host", "0:7000", SK_URL_TCP, 0, false, "0", 7000},
    {"a final dot", "tcp://a.example.:80", SK_URL_TCP, 0, false, "a.example.",
     80},
    {"an underscore", "tcp://_a-b.c:80", SK_URL_TCP, 0, false, "_a-b.c", 80},
    {"capitals in a host", "tcp://LocalHost:80", SK_URL_TCP, 0, false,
     "LocalHost", 80},
    {"a host beyond ASCII",
     "tcp://b\xc3\xbc"
     "cher:80",
     SK_URL_TCP, 0, false,
     "b\xc3\xbc"
     "cher",
     80},
    {"every address", "tcp://*:80", SK_URL_TCP, 0, false, "*", 80},
    {"every address alone", "*:0", SK_URL_TCP, 0, false, "*", 0},
    {"port 0", "tcp://h:0", SK_URL_TCP, 0, false, "h", 0},
    {"the highest port", "tcp://h:65535", SK_URL_TCP, 0, false, "h", 65535},
    {"zeros before a port", "tcp://h:000000080", SK_URL_TCP, 0, false, "h", 80},
    {"not octal", "tcp://h:010", SK_URL_TCP, 0, false, "h", 10},
    {"a slash behind", "tcp://h:80/", SK_URL_TCP, 0, false, "h", 80},
    {"a slash behind brackets", "tls://[::1]:80/", SK_URL_TLS, 0, true, "::1",
     80},
    {"IPv6", "tcp://[::1]:80", SK_URL_TCP, 0, true, "::1", 80},
    {"IPv6 alone", "[::1]:80", SK_URL_TCP, 0, true, "::1", 80},
    {"every IPv6 address", "udp://[::]:0", SK_URL_UDP, 0, true, "::", 0},
    {"IPv6 at length", "tcp://[2001:DB8:0:0:8:800:200C:417a]:443", SK_URL_TCP,
     0, true, "2001:DB8:0:0:8:800:200C:417a", 443},
    {"IPv4 in IPv6", "tcp://[::ffff:1.2.3.4]:80", SK_URL_TCP, 0, true,
     "::ffff:1.2.3.4", 80},
    {"a scope", "tcp://[fe80::1%eth0]:80", SK_URL_TCP, 0, true, "fe80::1%eth0",
     80},
    {"a scope's number", "[fe80::1%2]:80", SK_URL_TCP, 0, true, "fe80::1%2",
     80},
    {"a scope with all it may have", "[fe80::1%Br-0_a.7]:80", SK_URL_TCP, 0,
     true, "fe80::1%Br-0_a.7", 80},
    {"what may be no address", "[:]:80", SK_URL_TCP, 0, true, ":", 80},
    {"a path", "unix:///run/x", SK_URL_UNIX, 0, false, "/run/x", 0},
    {"a path of datagrams", "udg:///run/x", SK_URL_UDG, 0, false, "/run/x", 0},
    {"a relative path", "unix://x", SK_URL_UNIX, 0, false, "x", 0},
    {"a path is not a host", "unix://h:80", SK_URL_UNIX, 0, false, "h:80", 0},
    {"a path takes it all", "unix:///a?b#c d/", SK_URL_UNIX, 0, false,
     "/a?b#c d/", 0},
    {"a path of any bytes", "unix://\x01\n\x7f\xff%41", SK_URL_UNIX, 0, false,
     "\x01\n\x7f\xff%41", 0},
    {"an abstract name", "unix://@name", SK_URL_UNIX, 0, false, "@name", 0},
    {"an abstract name of datagrams", "udg://@@", SK_URL_UDG, 0, false, "@@",
     0},
    {"a file with an at sign", "unix://./@x", SK_URL_UNIX, 0, false, "./@x", 0},
    {"a descriptor", "fd://3", SK_URL_FD, 0, false, "3", 0},
    {"a descriptor's name", "fd://web.socket", SK_URL_FD, 0, false,
     "web.socket", 0},
    {"a name with blanks and a slash", "fd://a b/", SK_URL_FD, 0, false, "a b/",
     0},
    {"a name that begins as a number", "fd://3x", SK_URL_FD, 0, false, "3x", 0},
};

#define NO_PORT "the port is missing"
#define NO_NUMBER "the port is not a number"
#define NO_HOST "the host is missing"
#define NO_USER "a user name has no place before the host"
#define BRACKETS "an IPv6 address stands in brackets"
#define ONLY_IPV6 "only an IPv6 address stands in brackets"
#define NOT_HOST "a host has letters, digits, '-', '.' and '_' only"
#define BEHIND "nothing stands behind the port"
#define UNKNOWN "unknown transport"
#define SMALL "unknown transport; they are written in small letters"
#define FD_NAME "a name has no ':' and no control characters"
#define SLASHES "\"://\" ends a transport"

static const struct bad {
    const char *what;
    const char *text;
    size_t      at;
    const char *why;
} bad[] = {
    {"NULL", NULL, 0, "NULL is no address"},
    {"nothing", "", 0, NO_HOST},
    {"a blank", " ", 0, NOT_HOST},
    {"a transport alone", "tcp://", 6, NO_HOST},
    {"a slash for a host", "tcp:///", 6, NO_HOST},
    {"a path for a host", "/run/x", 0, NO_HOST},
    {"no transport before ://", "://h:80", 0, "the transport is missing"},
    {"an unknown transport", "http://h:80", 0, UNKNOWN},
    {"a transport too short", "tc://h:80", 0, UNKNOWN},
    {"a transport too long", "tcpx://h:80", 0, UNKNOWN},
    {"TLS 1.4", "tlsv1.4://h:80", 0, UNKNOWN},
    {"TLS without its minor", "tlsv1://h:80", 0, UNKNOWN},
    {"SSL 3", "sslv3://h:80", 0, UNKNOWN},
    {"a plus in a transport", "tls+tcp://h:80", 0, UNKNOWN},
    {"a capital transport", "TCP://h:80", 0, SMALL},
    {"a capital within", "uniX:///x", 0, SMALL},
    {"capitals behind the transport only", "tcq://H:80", 0, UNKNOWN},
    {"one slash", "tcp:/h:80", 3, SLASHES},
    {"a path behind one slash", "unix:/run/x", 4, SLASHES},
    {"one slash behind no transport", "h:/80", 2, NO_PORT},
    {"a blank before a transport", " tcp://h:80", 0, NOT_HOST},
    {"a blank in a transport", "t cp://h:80", 1, NOT_HOST},
    {"a transport twice", "tcp://tcp://h:80", 10, NO_PORT},
    {"no port", "tcp://localhost", 15, NO_PORT},
    {"no port alone", "localhost", 9, NO_PORT},
    {"no port behind the colon", "tcp://h:", 8, NO_PORT},
    {"no port behind brackets", "[::1]", 5, NO_PORT},
    {"no port behind brackets' colon", "[::1]:", 6, NO_PORT},
    {"no port before a slash", "tcp://h/", 7, NO_PORT},
    {"no port between colon and slash", "tcp://h:/", 8, NO_PORT},
    {"no port behind the star", "tcp://*", 7, NO_PORT},
    {"no port before a query", "tcp://h?80", 7, NO_PORT},
    {"no port before a fragment", "tcp://[::1]#80", 11, NO_PORT},
    {"junk behind a port", "tcp://h:80junk", 10, NO_NUMBER},
    {"a word for a port", "tcp://h:http", 8, NO_NUMBER},
    {"a negative port", "tcp://h:-1", 8, NO_NUMBER},
    {"a port with its sign", "tcp://h:+80", 8, NO_NUMBER},
    {"a blank before a port", "tcp://h: 80", 8, NO_NUMBER},
    {"a blank behind a port", "tcp://h:80 ", 10, NO_NUMBER},
    {"a line end behind a port", "tcp://h:80\n", 10, NO_NUMBER},
    {"a hexadecimal port", "tcp://h:0x50", 9, NO_NUMBER},
    {"a fraction for a port", "tcp://h:80.0", 10, NO_NUMBER},
    {"two ports", "tcp://h:80:90", 10, NO_NUMBER},
    {"two colons behind the star", "*::80", 2, NO_NUMBER},
    {"two colons behind brackets", "[::1]::80", 6, NO_NUMBER},
    {"one port too many", "tcp://h:65536", 8, "the port is above 65535"},
    {"a port that wraps to 80", "h:4294967376", 2, "the port is above 65535"},
    {"a port of many digits", "h:99999999999999999999", 2,
     "the port is above 65535"},
    {"a port above all and junk", "h:99999x", 7, NO_NUMBER},
    {"no host", "tcp://:80", 6, NO_HOST},
    {"no host alone", ":80", 0, NO_HOST},
    {"a colon", ":", 0, NO_HOST},
    {"a blank in a host", "tcp://a b:80", 7, NOT_HOST},
    {"a tabulator in a host", "tcp://h\t:80", 7, NOT_HOST},
    {"a line end in a host", "tcp://h\r\n:80", 7, NOT_HOST},
    {"the lowest control character", "h\x01:80", 1, NOT_HOST},
    {"a deleted character", "h\x7f:80", 1, NOT_HOST},
    {"a percent in a host", "tcp://h%41:80", 7, NOT_HOST},
    {"a backslash", "tcp:\\\\h:80", 4, NO_NUMBER},
    {"a bracket within", "tcp://h[::1]:80", 7, NOT_HOST},
    {"a bracket that only ends", "tcp://h]:80", 7, NOT_HOST},
    {"a star within", "tcp://h*:80", 7, NOT_HOST},
    {"more than a star", "tcp://*.example:80", 7, "'*' is a host by itself"},
    {"two stars", "**:80", 1, "'*' is a host by itself"},
    {"a user", "tcp://user@h:80", 10, NO_USER},
    {"a user with a password", "tcp://user:pw@h:80", 13, NO_USER},
    {"a user before brackets", "user@[::1]:80", 4, NO_USER},
    {"nobody", "@h:80", 0, NO_USER},
    {"no user in a path", "h:80/a@b", 4, BEHIND},
    {"a path", "tcp://h:80/path", 10, BEHIND},
    {"two slashes behind", "tcp://h:80//", 10, BEHIND},
    {"a query", "tcp://h:80?a", 10, BEHIND},
    {"a query behind a slash", "tcp://h:80/?a", 10, BEHIND},
    {"a fragment", "tcp://[::1]:80#a", 14, BEHIND},
    {"a slash without a transport", "h:80/", 4, BEHIND},
    {"bare IPv6", "::1:80", 0, BRACKETS},
    {"bare IPv6 behind tcp", "tcp://::1:80", 6, BRACKETS},
    {"bare IPv6 without port", "tcp://2001:db8::1", 6, BRACKETS},
    {"bare IPv4 in IPv6", "::ffff:1.2.3.4:80", 0, BRACKETS},
    {"bare IPv6 with a scope", "fe80::1%eth0:80", 0, BRACKETS},
    {"two colons alone", "::", 0, BRACKETS},
    {"bare IPv6 and junk", "tls://::1:80junk", 6, BRACKETS},
    {"no end of brackets", "tcp://[::1", 10, "the ']' is missing"},
    {"no end of brackets before a port", "[::1:80", 7, "the ']' is missing"},
    {"a bracket alone", "[", 1, "the ']' is missing"},
    {"nothing in brackets", "[]:80", 1, ONLY_IPV6},
    {"IPv4 in brackets", "tcp://[127.0.0.1]:80", 7, ONLY_IPV6},
    {"a name in brackets", "tcp://[localhost]:80", 7, ONLY_IPV6},
    {"a blank in brackets", "[::1 ]:80", 4, ONLY_IPV6},
    {"a slash in brackets", "[::1/64]:80", 4, ONLY_IPV6},
    {"brackets in brackets", "[[::1]]:80", 1, ONLY_IPV6},
    {"a star in brackets", "[*]:80", 1, ONLY_IPV6},
    {"a scope alone", "[%eth0]:80", 1, ONLY_IPV6},
    {"no scope", "[fe80::1%]:80", 9, "the scope behind '%' is missing"},
    {"no scope and no end", "[fe80::1%", 9, "the scope behind '%' is missing"},
    {"a scope without end", "[fe80::1%lo", 11, "the scope ends with ']'"},
    {"a blank in a scope", "[fe80::1%l o]:80", 10, "the scope ends with ']'"},
    {"two scopes", "[fe80::1%lo%lo]:80", 11, "the scope ends with ']'"},
    {"no colon behind brackets", "[::1]80", 5,
     "behind the ']' stands ':' and the port"},
    {"brackets twice", "[::1][::1]:80", 5,
     "behind the ']' stands ':' and the port"},
    {"no path", "unix://", 7, "the path is missing"},
    {"no path of datagrams", "udg://", 6, "the path is missing"},
    {"no abstract name", "unix://@", 8, "the name behind '@' is missing"},
    {"no descriptor", "fd://", 5, "the number or name is missing"},
    {"a colon in a descriptor's name", "fd://a:b", 6, FD_NAME},
    {"a tabulator in a descriptor's name", "fd://a\tb", 6, FD_NAME},
    {"a line end in a descriptor's name", "fd://3\n", 6, FD_NAME},
    {"a deleted character there", "fd://\x7f", 5, FD_NAME},
};

/* What "host:port" alone refuses, beyond the above. */
static const struct bad no_names[] = {
    {"NULL", NULL, 0, "NULL is no address"},
    {"nothing", "", 0, NO_HOST},
    {"a transport", "tcp://h:80", 0, "a transport has no place here"},
    {"an unknown transport", "x://h:80", 0, "a transport has no place here"},
    {"a path behind a transport", "unix:///x", 0,
     "a transport has no place here"},
    {"a path", "/run/x", 0, NO_HOST},
    {"a slash behind", "h:80/", 4, BEHIND},
    {"bare IPv6", "::1:80", 0, BRACKETS},
    {"no port", "[::1]", 5, NO_PORT},
    {"junk behind a port", "h:80junk", 4, NO_NUMBER},
};

/* ---- the tables ---- */

static void expect_good(const struct good *g, parse_fn *parse)
{
    struct sk_url       u     = {SK_URL_FD, -1, true, -1, NULL, 0};
    struct sk_url_error wrong = {77, "untouched"};

    assert_int_equal(parse(g->text, &u, &wrong), 0);
    assert_int_equal(u.transport, g->transport);
    assert_int_equal(u.version, g->version);
    assert_int_equal(u.bracketed, g->bracketed);
    assert_int_equal(u.port, g->port);
    assert_int_equal(u.length, strlen(g->host));
    assert_memory_equal(u.host, g->host, u.length);
    assert_true(u.host >= g->text && u.host < g->text + strlen(g->text));
    assert_int_equal(wrong.at, 77);
    assert_string_equal(wrong.why, "untouched");
}

static void expect_bad(const struct bad *b, parse_fn *parse)
{
    struct sk_url       u     = {SK_URL_FD, 77, true, 77, "untouched", 77};
    struct sk_url_error wrong = {77, NULL};

    assert_int_equal(parse(b->text, &u, &wrong), EINVAL);
    assert_int_equal(wrong.at, b->at);
    assert_string_equal(wrong.why, b->why);
    assert_int_equal(u.port, 77);
    assert_string_equal(u.host, "untouched");
}

static void parses(void **state)
{
    expect_good(*state, sk_url_parse);
}

static void is_refused(void **state)
{
    expect_bad(*state, sk_url_parse);
}

static void is_no_name(void **state)
{
    expect_bad(*state, sk_url_parse_name);
}

/* Each row is a test, named after what it is. */
static int run_rows(void)
{
    static struct CMUnitTest
           tests[SK_COUNT(good) + SK_COUNT(bad) + SK_COUNT(no_names)];
    size_t n = 0;

    for (size_t i = 0; i < SK_COUNT(good); i++)
        tests[n++] = (struct CMUnitTest){good[i].what, parses, NULL, NULL,
                                         (void *)(uintptr_t)&good[i]};
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        tests[n++] = (struct CMUnitTest){bad[i].what, is_refused, NULL, NULL,
                                         (void *)(uintptr_t)&bad[i]};
    for (size_t i = 0; i < SK_COUNT(no_names); i++)
        tests[n++] = (struct CMUnitTest){no_names[i].what, is_no_name, NULL,
                                         NULL, (void *)(uintptr_t)&no_names[i]};
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}

/* ---- what holds for all texts ---- */

static void a_name_alone_means_what_it_means_as_tcp(void **state)
{
    size_t names = 0;

    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        if (!strstr(good[i].text, "://")) {
            expect_good(&good[i], sk_url_parse_name);
            names++;
        }
    assert_true(names > 8);
}

static void expect_within(const char *text, parse_fn *parse)
{
    size_t              length = strlen(text);
    struct sk_url       u;
    struct sk_url_error wrong = {length + 1, NULL};
    sk_err              err   = parse(text, &u, &wrong);

    if (!err) {
        assert_true(u.length > 0 && u.length <= length);
        assert_true(u.host >= text && u.host + u.length <= text + length);
        assert_true(u.port >= 0 && u.port <= 65535);
        return;
    }
    assert_true(err == EINVAL || err == ENAMETOOLONG);
    assert_true(wrong.at <= length);
    assert_non_null(wrong.why);
}

static void expect_both_within(const char *text)
{
    expect_within(text, sk_url_parse);
    expect_within(text, sk_url_parse_name);
}

/* In memory that ends with the text, so that a sanitizer sees what reads on. */
static char *copy_of(const char *text, size_t length)
{
    char *copy = malloc(length + 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static void every_prefix_parses_or_is_refused_within_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        for (size_t n = 0; n <= strlen(good[i].text); n++) {
            char *prefix = copy_of(good[i].text, n);

            expect_both_within(prefix);
            free(prefix);
        }
}

static void
every_changed_byte_parses_or_is_refused_within_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        for (size_t at = 0; at < strlen(good[i].text); at++) {
            char *text = copy_of(good[i].text, strlen(good[i].text));

            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                expect_both_within(text);
            }
            free(text);
        }
}

static void the_transports_stand_in_phps_order(void **state)
{
    static const char *const names[] = {
        "tcp",     "udp",     "unix",    "udg",     "ssl", "tls",
        "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "fd",
    };

    (void)state;
    for (size_t i = 0; i < SK_COUNT(names); i++)
        assert_string_equal(sk_url_transports[i], names[i]);
    assert_null(sk_url_transports[SK_COUNT(names)]);
}

static void every_transport_can_be_named(void **state)
{
    char                text[32];
    struct sk_url       u;
    struct sk_url_error wrong;

    (void)state;
    for (size_t i = 0; sk_url_transports[i]; i++) {
        bool fd = !strcmp(sk_url_transports[i], "fd");

        snprintf(text, sizeof text, "%s://%s", sk_url_transports[i],
                 fd ? "3" : "h:80");
        assert_int_equal(sk_url_parse(text, &u, &wrong), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_alone_means_what_it_means_as_tcp),
        cmocka_unit_test(every_prefix_parses_or_is_refused_within_itself),
        cmocka_unit_test(
            every_changed_byte_parses_or_is_refused_within_the_text),
        cmocka_unit_test(the_transports_stand_in_phps_order),
        cmocka_unit_test(every_transport_can_be_named),
    };
    int failed = run_rows();

    return failed + cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
