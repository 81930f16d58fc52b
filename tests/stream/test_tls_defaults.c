/* test_tls_defaults.c - TLS is secure with no option set, in both roles. The
 * peer is OpenSSL without libsock where a decent peer would not do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "raw_peer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("server", "root", .subject = "server"),
    CERT("other", "root", .subject = "other", .names = "DNS:other.example"),
    CERT("self", NULL, .subject = "self-made"),
    CERT("1", "root", .subject = "1", .is_ca = true),
    CERT("2", "1", .subject = "2", .is_ca = true),
    CERT("3", "2", .subject = "3", .is_ca = true),
    CERT("4", "3", .subject = "4", .is_ca = true),
    CERT("5", "4", .subject = "5", .is_ca = true),
    CERT("6", "5", .subject = "6", .is_ca = true),
    CERT("7", "6", .subject = "7", .is_ca = true),
    CERT("8", "7", .subject = "8", .is_ca = true),
    CERT("9", "8", .subject = "9", .is_ca = true),
    CERT("10", "9", .subject = "10", .is_ca = true),
    CERT("of-9", "9", .subject = "of 9"),
    CERT("of-10", "10", .subject = "of 10"),
    CERT(NULL, NULL, 0),
};

/* OpenSSL by itself raises SIGPIPE. */
static int set_up(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    set_up_ends(state, certificates);
    return 0;
}

#define TRUST TEXT("cafile", "+root")

static sock_t *serve(const char *cert)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", cert));
    sock_t         *s = serve_at("tls://127.0.0.1:0", c);

    sock_context_free(c);
    return s;
}

static sock_t *serve_with(struct set set)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@server"), set);
    sock_t         *s = serve_at("tls://127.0.0.1:0", c);

    sock_context_free(c);
    return s;
}

/* ---- whom a client trusts ---- */

static int code_of_client(const char *cert, const char *host, sock_context_t *c)
{
    struct ends e = {.server = serve(cert)};

    shake(&e, host, c);
    close_ends(&e);
    return e.at_client.code;
}

static void chain_is_verified(void **state)
{
    sock_context_t *c = sock_context_create();

    (void)state;
    assert_int_equal(code_of_client("@server", "localhost", NULL),
                     LIBSOCK_ETLS_UNTRUSTED);
    assert_int_equal(code_of_client("@self", "localhost", NULL),
                     LIBSOCK_ETLS_SELF_SIGNED);
    assert_int_equal(code_of_client("@server", "localhost", c),
                     LIBSOCK_ETLS_UNTRUSTED);
    assert_int_equal(code_of_client("@self", "localhost", c),
                     LIBSOCK_ETLS_SELF_SIGNED);
    sock_context_free(c);
}

/* OpenSSL lets the environment say where the system's certificates are. */
static void system_is_trusted(void **state)
{
    sock_context_t *c     = sock_context_create();
    sock_context_t *other = CONTEXT(TEXT("cafile", "+self"));

    (void)state;
    setenv("SSL_CERT_FILE", cert_of("root")->cert_path, 1);
    assert_int_equal(code_of_client("@server", "localhost", c), 0);
    assert_int_equal(code_of_client("@server", "localhost", other),
                     LIBSOCK_ETLS_UNTRUSTED);
    assert_int_equal(code_of_client("@self", "localhost", other), 0);
    unsetenv("SSL_CERT_FILE");
    sock_context_free(c);
    sock_context_free(other);
}

static void name_is_verified(void **state)
{
    sock_context_t *c = CONTEXT(TRUST);

    (void)state;
    assert_int_equal(code_of_client("@other", "localhost", c),
                     LIBSOCK_ETLS_NAME);
    assert_int_equal(code_of_client("@other", "127.0.0.1", c),
                     LIBSOCK_ETLS_NAME);
    assert_int_equal(code_of_client("@server", "localhost", c), 0);
    assert_int_equal(code_of_client("@server", "127.0.0.1", c), 0);
    sock_context_free(c);
}

static void chain_has_nine_between_at_most(void **state)
{
    sock_context_t *c = CONTEXT(TRUST);

    (void)state;
    assert_int_equal(code_of_client("@of-9", "localhost", c), 0);
    assert_int_equal(code_of_client("@of-10", "localhost", c),
                     LIBSOCK_ETLS_CHAIN_TOO_LONG);
    sock_context_free(c);
}

/* A socket that was connected by its address has no name to verify. */
static void without_a_name_nobody_is_trusted(void **state)
{
    struct ends e = {.server = serve("@server")};
    sock_t     *s = sock_create(AF_INET, SOCK_STREAM, 0);
    char        byte;

    (void)state;
    setenv("SSL_CERT_FILE", cert_of("root")->cert_path, 1);
    assert_int_equal(pthread_create(&e.thread, NULL, shake_as_server, &e), 0);
    assert_true(sock_connect(s, "127.0.0.1", port_of(e.server)));
    sock_set_timeout(s, PATIENCE_MS);
    assert_false(
        sock_stream_enable_crypto(s, true, LIBSOCK_CRYPTO_TLS_CLIENT, NULL));
    assert_true(sock_last_error(s) == LIBSOCK_ETLS_NAME ||
                sock_last_error(s) == LIBSOCK_ETLS_UNTRUSTED);
    assert_int_equal(sock_write(s, "secret", 6), -1);
    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ), -1);
    sock_close(s);
    pthread_join(e.thread, NULL);
    unsetenv("SSL_CERT_FILE");
    close_ends(&e);
}

/* ---- versions ---- */

static int code_against(int version, sock_context_t *c)
{
    struct raw r;
    sock_t    *s =
        raw_server(&r, cert_of("server"), version, "tls://localhost", c);
    sock_meta_t meta;
    int         code = 0;

    assert_true(sock_stream_get_meta_data(s, &meta, sizeof meta));
    if (!r.shaken || !*meta.protocol)
        code = sock_last_error(s);
    sock_close(s);
    raw_close(&r);
    return code;
}

static void old_servers_are_refused(void **state)
{
    sock_context_t *c = CONTEXT(TRUST);
    sock_context_t *lax =
        CONTEXT(TRUST, NUMBER("security_level", 0),
                NUMBER("min_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_0));
    sock_context_t *weak = CONTEXT(TRUST, NUMBER("security_level", 0));

    (void)state;
    assert_int_equal(code_against(TLS1_VERSION, c), LIBSOCK_ETLS_VERSION);
    assert_int_equal(code_against(TLS1_1_VERSION, c), LIBSOCK_ETLS_VERSION);
    assert_int_equal(code_against(TLS1_1_VERSION, weak), LIBSOCK_ETLS_VERSION);
    assert_int_equal(code_against(TLS1_2_VERSION, c), 0);
    assert_int_equal(code_against(TLS1_3_VERSION, c), 0);
    assert_int_equal(code_against(TLS1_1_VERSION, lax), 0);
    assert_int_equal(code_against(TLS1_VERSION, lax), 0);
    sock_context_free(c);
    sock_context_free(lax);
    sock_context_free(weak);
}

static int code_of_server(struct ends *e, int version)
{
    struct raw r;

    raw_client(&r, e, version);
    assert_int_equal(r.shaken, !e->at_server.code);
    raw_close(&r);
    hang_up(e);
    return e->at_server.code;
}

static void old_clients_are_refused(void **state)
{
    sock_context_t *c =
        CONTEXT(TEXT("local_cert", "@server"), NUMBER("security_level", 0),
                NUMBER("min_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_0));
    struct ends e   = {.server = serve("@server")};
    struct ends lax = {.server = serve_at("tls://127.0.0.1:0", c)};

    (void)state;
    sock_context_free(c);
    assert_int_equal(code_of_server(&e, TLS1_VERSION), LIBSOCK_ETLS_VERSION);
    assert_int_equal(code_of_server(&e, TLS1_1_VERSION), LIBSOCK_ETLS_VERSION);
    assert_int_equal(code_of_server(&e, TLS1_2_VERSION), 0);
    assert_int_equal(code_of_server(&e, TLS1_3_VERSION), 0);
    assert_int_equal(code_of_server(&lax, TLS1_1_VERSION), 0);
    close_ends(&e);
    close_ends(&lax);
}

/* ---- what a client says first ---- */

#define SNI 0
#define ALPN 16
#define TICKET 35
#define VERSIONS 43

/* One name, with the lengths of the list and of itself, and its kind. */
static void assert_asks(const char *url, sock_context_t *c, const char *name)
{
    struct hello         h;
    size_t               size;
    const unsigned char *sni;

    listen_to(&h, url, c);
    sni = find_extension(&h, SNI, &size);
    if (!name) {
        assert_null(sni);
        return;
    }
    assert_non_null(sni);
    assert_int_equal(size, 5 + strlen(name));
    assert_int_equal(number(sni + 2, 1), 0);
    assert_int_equal(number(sni + 3, 2), strlen(name));
    assert_memory_equal(sni + 5, name, strlen(name));
}

static void assert_asks_by_name(const char *peer_name, const char *name)
{
    sock_context_t *c = CONTEXT(TEXT("peer_name", peer_name));

    assert_asks("tls://127.0.0.1", c, name);
    sock_context_free(c);
}

static void names_are_sent(void **state)
{
    (void)state;
    assert_asks("tls://localhost", NULL, "localhost");
    assert_asks("tlsv1.2://localhost", NULL, "localhost");
    assert_asks_by_name("www.example", "www.example");
    assert_asks_by_name("www.example.", "www.example");
}

static void addresses_are_never_sent(void **state)
{
    sock_context_t *silent = CONTEXT(NUMBER("SNI_enabled", 0));

    (void)state;
    assert_asks("tls://127.0.0.1", NULL, NULL);
    assert_asks_by_name("192.0.2.1", NULL);
    assert_asks_by_name("::1", NULL);
    assert_asks_by_name("2001:db8::1", NULL);
    assert_asks_by_name("fe80::1%lo", NULL);
    assert_asks_by_name("::ffff:192.0.2.1", NULL);
    assert_asks("tls://localhost", silent, NULL);
    sock_context_free(silent);
}

static void two_versions_are_offered(void **state)
{
    static const unsigned char wanted[] = {4, 3, 4, 3, 3};
    const unsigned char       *versions;
    struct hello               h;
    size_t                     size;

    (void)state;
    listen_to(&h, "tls://localhost", NULL);
    versions = find_extension(&h, VERSIONS, &size);
    assert_non_null(versions);
    assert_int_equal(size, sizeof wanted);
    assert_memory_equal(versions, wanted, sizeof wanted);
}

static void no_compression_and_no_protocol_is_offered(void **state)
{
    struct hello h;
    size_t       size;

    (void)state;
    listen_to(&h, "tls://localhost", NULL);
    assert_int_equal(h.compressions_size, 1);
    assert_int_equal(h.compressions[0], 0);
    assert_null(find_extension(&h, ALPN, &size));
}

static void protocols_are_offered_in_their_order(void **state)
{
    static const char    wanted[] = "\0\x0c\2h2\x8http/1.1";
    sock_context_t      *c = CONTEXT(TEXT("alpn_protocols", "h2,http/1.1"));
    const unsigned char *alpn;
    struct hello         h;
    size_t               size;

    (void)state;
    listen_to(&h, "tls://localhost", c);
    sock_context_free(c);
    alpn = find_extension(&h, ALPN, &size);
    assert_non_null(alpn);
    assert_int_equal(size, sizeof wanted - 1);
    assert_memory_equal(alpn, wanted, size);
}

/* Anonymous ones, ones that encrypt nothing, and RC4: by their numbers. */
static bool is_bad_cipher(size_t number)
{
    return number <= 0x0005 || (number >= 0x0017 && number <= 0x001b) ||
           number == 0x002c || number == 0x0034 || number == 0x003a ||
           number == 0x003b || number == 0x006c || number == 0x006d ||
           number == 0x00a6 || number == 0x00a7 ||
           (number >= 0xc001 && number <= 0xc002) ||
           (number >= 0xc006 && number <= 0xc007) ||
           (number >= 0xc010 && number <= 0xc011) ||
           (number >= 0xc015 && number <= 0xc019);
}

static void bad_ciphers_are_not_offered(void **state)
{
    struct hello h;

    (void)state;
    listen_to(&h, "tls://localhost", NULL);
    assert_true(h.ciphers_size >= 2);
    for (size_t i = 0; i < h.ciphers_size; i += 2)
        assert_false(is_bad_cipher(number(h.ciphers + i, 2)));
}

static void no_ticket_is_wanted_with_no_ticket(void **state)
{
    sock_context_t *c = CONTEXT(NUMBER("no_ticket", 1));
    struct hello    h;
    size_t          size;

    (void)state;
    listen_to(&h, "tls://localhost", NULL);
    assert_non_null(find_extension(&h, TICKET, &size));
    listen_to(&h, "tls://localhost", c);
    assert_null(find_extension(&h, TICKET, &size));
    sock_context_free(c);
}

/* ---- what a server asks for and gives ---- */

static int questions(struct set set, int version)
{
    struct ends e = {.server = serve_with(set)};
    struct raw  r;

    raw_client(&r, &e, version);
    raw_close(&r);
    close_ends(&e);
    return r.asked;
}

static void no_client_is_asked_for_a_certificate(void **state)
{
    const struct set none = TRUST, wanted = NUMBER("verify_peer", 1);
    sock_context_t  *c = CONTEXT(TEXT("local_cert", "@server"), none, wanted);
    struct ends      e = {.server = serve_at("tls://127.0.0.1:0", c)};
    struct raw       r;

    (void)state;
    sock_context_free(c);
    assert_int_equal(questions(none, TLS1_2_VERSION), 0);
    assert_int_equal(questions(none, TLS1_3_VERSION), 0);
    raw_client(&r, &e, TLS1_2_VERSION);
    assert_int_equal(r.asked, 1);
    raw_close(&r);
    close_ends(&e);
}

/* How many sessions a client is given, having read something. */
static int sessions(struct set set, int version)
{
    struct ends e = {.server = serve_with(set)};
    struct raw  r;
    char        byte;

    raw_client(&r, &e, version);
    assert_true(r.shaken);
    assert_int_equal(sock_write(e.accepted, "x", 1), 1);
    assert_int_equal(SSL_read(r.ssl, &byte, 1), 1);
    if (version < TLS1_3_VERSION)
        r.sessions = SSL_SESSION_has_ticket(SSL_get_session(r.ssl));
    raw_close(&r);
    close_ends(&e);
    return r.sessions;
}

static void tickets_are_given_unless_told_not_to(void **state)
{
    const struct set none      = NUMBER("honor_cipher_order", 1),
                     no_ticket = NUMBER("no_ticket", 1);

    (void)state;
    assert_int_equal(sessions(none, TLS1_2_VERSION), 1);
    assert_int_equal(sessions(none, TLS1_3_VERSION), 1);
    assert_int_equal(sessions(no_ticket, TLS1_2_VERSION), 0);
    assert_int_equal(sessions(no_ticket, TLS1_3_VERSION), 0);
}

/* ---- renegotiation ---- */

static void set_raw_nonblock(struct raw *r)
{
    const struct timeval soon = {0, 1000};

    setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
}

/* OpenSSL ends a connection on which it is refused that. */
static void assert_refuses_to_renegotiate(struct raw *r, sock_t *s)
{
    char byte;

    set_raw_nonblock(r);
    assert_int_equal(SSL_renegotiate(r->ssl), 1);
    raw_shake(r);
    assert_true(sock_set_nonblock(s));
    for (int i = 0; i < 1000 && r->reason != SSL_R_NO_RENEGOTIATION; i++) {
        assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ), -1);
        assert_int_equal(sock_last_error(s), EAGAIN);
        ERR_clear_error();
        assert_true(SSL_read(r->ssl, &byte, 1) <= 0);
        r->reason = ERR_GET_REASON(ERR_peek_error());
    }
    assert_int_equal(r->reason, SSL_R_NO_RENEGOTIATION);
    assert_true(sock_set_block(s));
    assert_int_equal(sock_read(s, &byte, 1, LIBSOCK_BINARY_READ), -1);
    assert_int_equal(sock_last_error(s), LIBSOCK_ETLS_REFUSED);
}

static void client_cannot_renegotiate(void **state)
{
    struct ends e = {.server = serve("@server")};
    struct raw  r;

    (void)state;
    raw_client(&r, &e, TLS1_2_VERSION);
    assert_true(r.shaken);
    assert_refuses_to_renegotiate(&r, e.accepted);
    raw_close(&r);
    close_ends(&e);
}

static void server_cannot_renegotiate(void **state)
{
    sock_context_t *c = CONTEXT(TRUST);
    struct raw      r;
    sock_t         *s =
        raw_server(&r, cert_of("server"), TLS1_2_VERSION, "tls://localhost", c);

    (void)state;
    sock_context_free(c);
    assert_true(r.shaken);
    assert_refuses_to_renegotiate(&r, s);
    raw_close(&r);
    sock_close(s);
}

/* ---- the end ---- */

enum ending { GOODBYE, NOTHING, HALF_A_RECORD };

static void end(struct raw *r, enum ending how)
{
    static const char half[] = "\x17\3\3\0\x20"
                               "half of what it promises";

    assert_int_equal(SSL_write(r->ssl, "last", 4), 4);
    if (how == GOODBYE)
        SSL_shutdown(r->ssl);
    if (how == HALF_A_RECORD)
        assert_true(send(r->fd, half, sizeof half - 1, MSG_NOSIGNAL) > 0);
    SSL_set_quiet_shutdown(r->ssl, 1);
    raw_close(r);
}

/* What was sent before the end is there, whatever the end is like, and the end
 * stays as it is. */
static void assert_ends(struct raw *r, sock_t *s, enum ending how, int code)
{
    char got[8] = "";

    end(r, how);
    assert_int_equal(sock_read(s, got, sizeof got, LIBSOCK_BINARY_READ), 4);
    assert_string_equal(got, "last");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sock_read(s, got, sizeof got, LIBSOCK_BINARY_READ),
                         code ? -1 : 0);
        if (code)
            assert_int_equal(sock_last_error(s), code);
    }
}

static void end_of_server(int version, enum ending how, int code)
{
    sock_context_t *c = CONTEXT(TRUST);
    struct raw      r;
    sock_t         *s =
        raw_server(&r, cert_of("server"), version, "tls://localhost", c);

    sock_context_free(c);
    assert_true(r.shaken);
    assert_ends(&r, s, how, code);
    sock_close(s);
}

/* A client that has not read the server's ticket would end with a reset. */
static void end_of_client(int version, enum ending how, int code)
{
    struct ends e = {.server = serve("@server")};
    struct raw  r;
    char        byte;

    raw_client(&r, &e, version);
    assert_true(r.shaken);
    assert_int_equal(sock_write(e.accepted, "x", 1), 1);
    assert_int_equal(SSL_read(r.ssl, &byte, 1), 1);
    assert_ends(&r, e.accepted, how, code);
    close_ends(&e);
}

static void truncation_is_told(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        end_of_server(version, GOODBYE, 0);
        end_of_client(version, GOODBYE, 0);
        end_of_server(version, NOTHING, LIBSOCK_ETLS_TRUNCATED);
        end_of_client(version, NOTHING, LIBSOCK_ETLS_TRUNCATED);
        end_of_server(version, HALF_A_RECORD, LIBSOCK_ETLS_TRUNCATED);
        end_of_client(version, HALF_A_RECORD, LIBSOCK_ETLS_TRUNCATED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_is_verified),
        cmocka_unit_test(system_is_trusted),
        cmocka_unit_test(name_is_verified),
        cmocka_unit_test(chain_has_nine_between_at_most),
        cmocka_unit_test(without_a_name_nobody_is_trusted),
        cmocka_unit_test(old_servers_are_refused),
        cmocka_unit_test(old_clients_are_refused),
        cmocka_unit_test(names_are_sent),
        cmocka_unit_test(addresses_are_never_sent),
        cmocka_unit_test(two_versions_are_offered),
        cmocka_unit_test(no_compression_and_no_protocol_is_offered),
        cmocka_unit_test(protocols_are_offered_in_their_order),
        cmocka_unit_test(bad_ciphers_are_not_offered),
        cmocka_unit_test(no_ticket_is_wanted_with_no_ticket),
        cmocka_unit_test(no_client_is_asked_for_a_certificate),
        cmocka_unit_test(tickets_are_given_unless_told_not_to),
        cmocka_unit_test(client_cannot_renegotiate),
        cmocka_unit_test(server_cannot_renegotiate),
        cmocka_unit_test(truncation_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down_ends);
}
