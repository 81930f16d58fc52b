/* test_context.c - proves that a context takes every option by its name and
 * kind, refuses all else, and says which option was wrong, and why.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/net.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define HEX16 "00112233445566778899aAbBcCdDeEfF"

enum kind { TEXT, NUMBER, ANSWER };

/* Every option, its kind, and a text or number that it may have. */
static const struct {
    const char *name;
    enum kind   kind;
    const char *text;
    long        number;
} options[] = {
    {"socket.bindto", TEXT, "127.0.0.1:0", 0},
    {"socket.backlog", NUMBER, NULL, 5},
    {"socket.ipv6_v6only", ANSWER, NULL, 0},
    {"socket.so_reuseaddr", ANSWER, NULL, 0},
    {"socket.so_reuseport", ANSWER, NULL, 0},
    {"socket.so_broadcast", ANSWER, NULL, 0},
    {"socket.tcp_nodelay", ANSWER, NULL, 0},
    {"socket.keepalive", ANSWER, NULL, 0},
    {"socket.so_keepalive", ANSWER, NULL, 0},
    {"socket.tcp_keepidle", NUMBER, NULL, 60},
    {"socket.tcp_keepintvl", NUMBER, NULL, 10},
    {"socket.tcp_keepcnt", NUMBER, NULL, 3},
    {"socket.user_timeout", NUMBER, NULL, 1000},
    {"socket.mptcp", TEXT, "try", 0},
    {"socket.tfo", TEXT, "require", 0},
    {"socket.unix_mode", NUMBER, NULL, 0600},
    {"socket.unlink", ANSWER, NULL, 0},
    {"ssl.peer_name", TEXT, "example.com", 0},
    {"ssl.verify_peer", ANSWER, NULL, 0},
    {"ssl.verify_peer_name", ANSWER, NULL, 0},
    {"ssl.allow_self_signed", ANSWER, NULL, 0},
    {"ssl.cafile", TEXT, "/no/such/file.pem", 0},
    {"ssl.capath", TEXT, "/no/such/directory", 0},
    {"ssl.crlfile", TEXT, "/no/such/file.pem", 0},
    {"ssl.local_cert", TEXT, "server.pem", 0},
    {"ssl.local_pk", TEXT, "server.key", 0},
    {"ssl.passphrase", TEXT, "open sesame\n", 0},
    {"ssl.verify_depth", NUMBER, NULL, 3},
    {"ssl.peer_fingerprint", TEXT, HEX16, 0},
    {"ssl.peer_fingerprint.sha256", TEXT, HEX16 HEX16, 0},
    {"ssl.ciphers", TEXT, "HIGH:!aNULL", 0},
    {"ssl.ciphersuites", TEXT, "TLS_AES_256_GCM_SHA384", 0},
    {"ssl.curves", TEXT, "X25519:P-256", 0},
    {"ssl.security_level", NUMBER, NULL, 2},
    {"ssl.crypto_method", NUMBER, NULL, LIBSOCK_CRYPTO_TLS_CLIENT},
    {"ssl.min_proto_version", NUMBER, NULL, LIBSOCK_CRYPTO_PROTO_TLSv1_2},
    {"ssl.max_proto_version", NUMBER, NULL, LIBSOCK_CRYPTO_PROTO_TLSv1_3},
    {"ssl.alpn_protocols", TEXT, "h2,http/1.1", 0},
    {"ssl.SNI_enabled", ANSWER, NULL, 0},
    {"ssl.SNI_server_certs.example.com", TEXT, "example.pem", 0},
    {"ssl.SNI_server_certs.*.example.com", TEXT, "wild.pem", 0},
    {"ssl.SNI_server_keys.example.com", TEXT, "example.key", 0},
    {"ssl.honor_cipher_order", ANSWER, NULL, 0},
    {"ssl.disable_compression", ANSWER, NULL, 0},
    {"ssl.no_ticket", ANSWER, NULL, 0},
    {"ssl.capture_peer_cert", ANSWER, NULL, 0},
    {"ssl.capture_peer_cert_chain", ANSWER, NULL, 0},
};

/* The context that a test fills. */
static sock_context_t *c;

static int set_up(void **state)
{
    (void)state;
    c = sock_context_create();
    return !c;
}

static int tear_down(void **state)
{
    (void)state;
    sock_context_free(c);
    sock_clear_error(NULL);
    return 0;
}

/* It failed with EINVAL, and says so of the option, and why. */
static void assert_refused(bool result, const char *option, const char *why)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "context_set %s: %s (%s)", option,
             sock_strerror(EINVAL), why);
    assert_false(result);
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_string_equal(sock_last_message(NULL), wanted);
    sock_clear_error(NULL);
}

/* The option takes this text, or says of itself why not. */
static void takes(const char *option, const char *text)
{
    if (!sock_context_set_string(c, option, text))
        fail_msg("%s: %s", text ? text : "none", sock_last_message(NULL));
}

static void refuses(const char *option, const char *text, const char *why)
{
    if (sock_context_set_string(c, option, text))
        fail_msg("%s takes %s", option, text ? text : "none");
    assert_refused(false, option, why);
}

/* ---- names and kinds ---- */

static void every_option_takes_its_own_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *name = options[i].name;
        bool        done = false;

        if (options[i].kind == TEXT)
            done = sock_context_set_string(c, name, options[i].text);
        else if (options[i].kind == NUMBER)
            done = sock_context_set_int(c, name, options[i].number);
        else
            done = sock_context_set_bool(c, name, true) &&
                   sock_context_set_bool(c, name, false);
        if (!done)
            fail_msg("%s", sock_last_message(NULL));
    }
}

static void every_option_refuses_the_other_kinds(void **state)
{
    static const char *const why[] = {"it is a text", "it is a number",
                                      "it is yes or no"};

    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *name = options[i].name;
        enum kind   kind = options[i].kind;

        if (kind != TEXT)
            assert_refused(sock_context_set_string(c, name, "1"), name,
                           why[kind]);
        if (kind != TEXT)
            assert_refused(sock_context_set_string(c, name, NULL), name,
                           why[kind]);
        if (kind != NUMBER)
            assert_refused(sock_context_set_int(c, name, 1), name, why[kind]);
        if (kind != ANSWER)
            assert_refused(sock_context_set_bool(c, name, true), name,
                           why[kind]);
    }
}

static void a_name_that_is_none_is_refused(void **state)
{
    static const char *const names[] = {
        "socket",
        "socket.",
        "ssl",
        ".",
        "cafile",
        "ssl.cafile ",
        " ssl.cafile",
        "SSL.cafile",
        "ssl.CAFILE",
        "tls.cafile",
        "ssl.cafile.x",
        "ssl:cafile",
        "http.method",
        "ssl.SNI_server_certs",
        "ssl.SNI_server_certsx",
        "ssl.verify",
        "ssl.verify_peers",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *why =
            "there is no such option; they begin with ssl. or socket.";

        assert_refused(sock_context_set_string(c, names[i], "x"), names[i],
                       why);
        assert_refused(sock_context_set_int(c, names[i], 1), names[i], why);
        assert_refused(sock_context_set_bool(c, names[i], 1), names[i], why);
    }
}

static void a_name_too_long_is_refused_and_cut_in_the_message(void **state)
{
    char name[5000];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_false(sock_context_set_string(c, name, "x"));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_non_null(strstr(sock_last_message(NULL), "context_set nnnn"));
    memcpy(name, "ssl.SNI_server_certs.", 21);
    assert_false(sock_context_set_string(c, name, "x"));
    assert_int_equal(sock_last_error(NULL), EINVAL);
}

static void no_name_is_refused(void **state)
{
    (void)state;
    assert_false(sock_context_set_string(c, NULL, "x"));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_false(sock_context_set_int(c, NULL, 1));
    assert_false(sock_context_set_bool(c, NULL, true));
    sock_clear_error(NULL);
    assert_false(sock_context_set_string(c, "", "x"));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_non_null(strstr(sock_last_message(NULL), "context_set"));
}

static void no_context_is_refused(void **state)
{
    const char *why = "there is no context";

    (void)state;
    assert_refused(sock_context_set_string(NULL, "ssl.cafile", "x"),
                   "ssl.cafile", why);
    assert_refused(sock_context_set_int(NULL, "socket.backlog", 1),
                   "socket.backlog", why);
    assert_refused(sock_context_set_bool(NULL, "ssl.no_ticket", true),
                   "ssl.no_ticket", why);
    assert_false(sock_context_set_bool(NULL, NULL, true));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    sock_context_free(NULL);
}

static void every_text_may_have_its_default_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        if (options[i].kind != TEXT)
            continue;
        takes(options[i].name, NULL);
        takes(options[i].name, options[i].text);
        takes(options[i].name, options[i].text);
        takes(options[i].name, NULL);
        takes(options[i].name, NULL);
    }
}

static void a_text_is_not_empty_unless_it_is_a_passphrase(void **state)
{
    static const char *const names[] = {
        "ssl.cafile",
        "ssl.capath",
        "ssl.crlfile",
        "ssl.ciphers",
        "ssl.ciphersuites",
        "ssl.curves",
        "ssl.local_pk",
        "ssl.local_cert",
        "ssl.peer_name",
        "ssl.SNI_server_certs.a",
        "ssl.SNI_server_keys.a",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        refuses(names[i], "", "it is empty");
    takes("ssl.passphrase", "");
}

/* ---- numbers ---- */

static void a_number_has_its_range(void **state)
{
    static const struct {
        const char *name;
        long        least, most;
        const char *range;
    } ranges[] = {
        {"socket.backlog", -1, INT_MAX, "-1 to INT_MAX"},
        {"socket.tcp_keepidle", 1, 32767, "1 to 32767"},
        {"socket.tcp_keepintvl", 1, 32767, "1 to 32767"},
        {"socket.tcp_keepcnt", 1, 127, "1 to 127"},
        {"socket.user_timeout", 0, INT_MAX, "0 to INT_MAX"},
        {"socket.unix_mode", 0, 0777, "0 to 0777"},
        {"ssl.verify_depth", 0, 100, "0 to 100"},
        {"ssl.security_level", 0, 5, "0 to 5"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        const char *name    = ranges[i].name;
        const long  wrong[] = {ranges[i].least - 1, LONG_MIN,
                               (long)((unsigned long)ranges[i].most + 1),
                               LONG_MIN + ranges[i].most};

        assert_true(sock_context_set_int(c, name, ranges[i].least));
        assert_true(sock_context_set_int(c, name, ranges[i].most));
        for (size_t k = 0; k < COUNT(wrong); k++)
            assert_refused(sock_context_set_int(c, name, wrong[k]), name,
                           ranges[i].range);
    }
}

static void a_crypto_method_is_some_versions(void **state)
{
    static const long good[] = {8,
                                9,
                                16,
                                17,
                                32,
                                33,
                                64,
                                65,
                                96,
                                97,
                                120,
                                121,
                                LIBSOCK_CRYPTO_TLSv1_0_CLIENT |
                                    LIBSOCK_CRYPTO_TLSv1_3_SERVER};
    static const long bad[]  = {0,   1,   2,  3,        4,        7,       10,
                                127, 128, -1, LONG_MIN, LONG_MAX, 96 + 128};
    const char       *name   = "ssl.crypto_method";

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(sock_context_set_int(c, name, good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_refused(sock_context_set_int(c, name, bad[i]), name,
                       "LIBSOCK_CRYPTO_..., or several");
}

static void a_protocol_version_is_one(void **state)
{
    static const char *const names[] = {"ssl.min_proto_version",
                                        "ssl.max_proto_version"};
    static const long        good[]  = {8, 16, 32, 64};
    static const long bad[] = {0, 1, 4, 9, 24, 33, 65, 96, 128, -1, LONG_MIN};

    (void)state;
    for (size_t n = 0; n < COUNT(names); n++) {
        for (size_t i = 0; i < COUNT(good); i++)
            assert_true(sock_context_set_int(c, names[n], good[i]));
        for (size_t i = 0; i < COUNT(bad); i++)
            assert_refused(sock_context_set_int(c, names[n], bad[i]), names[n],
                           "LIBSOCK_CRYPTO_PROTO_...");
    }
}

/* ---- texts ---- */

static void a_wish_is_off_try_or_require(void **state)
{
    static const char *const names[] = {"socket.mptcp", "socket.tfo"};
    static const char *const bad[]   = {"",     "on",   "OFF", "tryy",
                                        "true", "try ", "1"};

    (void)state;
    for (size_t n = 0; n < COUNT(names); n++) {
        takes(names[n], "off");
        takes(names[n], "try");
        takes(names[n], "require");
        for (size_t i = 0; i < COUNT(bad); i++)
            refuses(names[n], bad[i], "\"off\", \"try\" or \"require\"");
    }
}

static void a_fingerprint_is_as_long_as_its_digest(void **state)
{
    static const char *const bad[] = {
        "",
        "md5",
        "00",
        ":",
        HEX16 ":",
        ":" HEX16,
        HEX16 "0",
        HEX16 "00",
        HEX16 "gg223344",
        HEX16 " 0112233",
        "0:0112233445566778899aabbccddeeff0",
        "00::112233445566778899aabbccddeeff",
        HEX16       HEX16 "00",
        HEX16 HEX16 HEX16,
    };

    (void)state;
    takes("ssl.peer_fingerprint", HEX16);
    takes("ssl.peer_fingerprint", HEX16 "00112233");
    takes("ssl.peer_fingerprint", HEX16 HEX16);
    takes("ssl.peer_fingerprint",
          "00:11:22:33:44:55:66:77:88:99:aa:BB:cc:DD:ee:FF");
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses("ssl.peer_fingerprint", bad[i],
                "it is not 32, 40 or 64 hex digits");
}

static void a_fingerprint_by_digest_is_hex(void **state)
{
    static const char *const bad[]     = {"",    "0",    "000",  "0g",
                                          "00:", ":00",  "0:0",  "00::1",
                                          "-1",  "0x11", "00 11"};
    static const char *const digests[] = {"", ".", "sha 256", "sha256.x",
                                          "sh\n"};

    (void)state;
    takes("ssl.peer_fingerprint.sha512", HEX16 HEX16 HEX16 HEX16);
    takes("ssl.peer_fingerprint.SHA512-256", HEX16 HEX16);
    takes("ssl.peer_fingerprint.md5", "aB:cD");
    refuses("ssl.peer_fingerprint.sha512", HEX16 HEX16 HEX16 HEX16 "00",
            "it is not bytes in hex");
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses("ssl.peer_fingerprint.md5", bad[i], "it is not bytes in hex");
    for (size_t i = 0; i < COUNT(digests); i++) {
        char name[64];

        snprintf(name, sizeof name, "ssl.peer_fingerprint.%s", digests[i]);
        refuses(name, HEX16, "that names no digest");
    }
}

static void a_peer_name_is_one_word(void **state)
{
    static const char *const bad[] = {"a b",  "a\n",    "\ta", "a\r\nb",
                                      "\x7f", "a\001b", " "};
    char                     name[257];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses("ssl.peer_name", bad[i],
                "a name has no spaces or control characters");
    memset(name, 'a', sizeof name);
    name[256] = '\0';
    refuses("ssl.peer_name", name, "a name has at most 255 bytes");
    takes("ssl.peer_name", name + 1);
    takes("ssl.peer_name", "::1");
}

static void a_server_name_may_begin_with_a_star(void **state)
{
    static const struct {
        const char *option, *why;
    } bad[] = {
        {"ssl.SNI_server_certs.", "it is empty"},
        {"ssl.SNI_server_keys.", "it is empty"},
        {"ssl.SNI_server_certs.a b",
         "a name has no spaces or control characters"},
        {"ssl.SNI_server_certs.*", "a * stands for the whole first label"},
        {"ssl.SNI_server_certs.*.", "a * stands for the whole first label"},
        {"ssl.SNI_server_certs.*.*.a", "a * stands for the whole first label"},
        {"ssl.SNI_server_certs.f*.a", "a * stands for the whole first label"},
        {"ssl.SNI_server_keys.a.*", "a * stands for the whole first label"},
    };

    (void)state;
    takes("ssl.SNI_server_certs.*.a", "a.pem");
    takes("ssl.SNI_server_keys.*.a", "a.key");
    for (size_t i = 0; i < COUNT(bad); i++) {
        refuses(bad[i].option, "a.pem", bad[i].why);
        refuses(bad[i].option, NULL, bad[i].why);
    }
}

static void protocols_are_parted_by_commas_alone(void **state)
{
    static const char *const empty[] = {"", ",", "h2,", ",h2", "h2,,http/1.1"};
    static const char *const blank[] = {"h2, http/1.1", " ", "h2\n", "h2 ,a"};
    const char              *name    = "ssl.alpn_protocols";
    char                     one[257];

    (void)state;
    takes(name, "h2");
    takes(name, "a,b,c");
    for (size_t i = 0; i < COUNT(empty); i++)
        refuses(name, empty[i], "a protocol is empty");
    for (size_t i = 0; i < COUNT(blank); i++)
        refuses(name, blank[i], "protocols are parted by commas alone");
    memset(one, 'p', sizeof one);
    one[256] = '\0';
    refuses(name, one, "a protocol has at most 255 bytes");
    takes(name, one + 1);
}

static void all_protocols_together_fit_into_a_handshake(void **state)
{
    static char many[65536];

    (void)state;
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ',' : 'p';
    many[65535] = '\0';
    refuses("ssl.alpn_protocols", many, "these are too many protocols");
    many[65533] = '\0';
    takes("ssl.alpn_protocols", many);
}

static void bindto_is_an_address_with_its_port(void **state)
{
    static const char *const good[] = {
        "127.0.0.1:0", "127.0.0.1:65535", "0:0",     "0:7000",
        "*:0",         "0.0.0.0:7000",    "[::1]:0", "[::]:7000"};
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:x",
                                      "::1:0",
                                      "[::1]",
                                      "[::1",
                                      "localhost:0",
                                      "256.0.0.1:0",
                                      "[127.0.0.1]:0",
                                      "1:0",
                                      "[::g]:0",
                                      "/tmp/a",
                                      "@a"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        takes("socket.bindto", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (sock_context_set_string(c, "socket.bindto", bad[i]))
            fail_msg("bindto takes %s", bad[i]);
        assert_int_equal(sock_last_error(NULL), EINVAL);
        assert_non_null(strstr(sock_last_message(NULL), "socket.bindto"));
        assert_non_null(strchr(sock_last_message(NULL), '('));
    }
}

static void a_success_leaves_the_last_error(void **state)
{
    (void)state;
    assert_false(sock_context_set_int(c, "ssl.cafile", 1));
    assert_true(sock_context_set_bool(c, "ssl.no_ticket", true));
    assert_int_equal(sock_last_error(NULL), EINVAL);
    assert_non_null(strstr(sock_last_message(NULL), "ssl.cafile"));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(every_option_takes_its_own_kind),
        EACH(every_option_refuses_the_other_kinds),
        EACH(a_name_that_is_none_is_refused),
        EACH(a_name_too_long_is_refused_and_cut_in_the_message),
        EACH(no_name_is_refused),
        EACH(no_context_is_refused),
        EACH(every_text_may_have_its_default_again),
        EACH(a_text_is_not_empty_unless_it_is_a_passphrase),
        EACH(a_number_has_its_range),
        EACH(a_crypto_method_is_some_versions),
        EACH(a_protocol_version_is_one),
        EACH(a_wish_is_off_try_or_require),
        EACH(a_fingerprint_is_as_long_as_its_digest),
        EACH(a_fingerprint_by_digest_is_hex),
        EACH(a_peer_name_is_one_word),
        EACH(a_server_name_may_begin_with_a_star),
        EACH(protocols_are_parted_by_commas_alone),
        EACH(all_protocols_together_fit_into_a_handshake),
        EACH(bindto_is_an_address_with_its_port),
        EACH(a_success_leaves_the_last_error),
    };

    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
