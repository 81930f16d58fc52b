/* test_tls_options.c - options of contexts do over TLS what they say: a
 * certificate for each name, protocols, versions, ciphers, what is kept of the
 * peer's certificate, and new certificates for a server that runs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tls_ends.h"

#include <errno.h>

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("between", "root", .subject = "Between", .is_ca = true),
    CERT("usual", "root", .subject = "usual"),
    CERT("fresh", "root", .subject = "fresh"),
    CERT("of-between", "between", .subject = "of between"),
    CERT("alice", "between", .subject = "alice", .names = ""),
    CERT("a", "root", .subject = "a", .names = "DNS:a.example"),
    CERT("b", "root", .subject = "b", .names = "DNS:*.b.example"),
    CERT("x", "root", .subject = "x", .names = "DNS:x.b.example"),
    CERT("self", NULL, .subject = "self-made", .names = ""),
    CERT(NULL, NULL, 0),
};

static int set_up(void **state)
{
    set_up_ends(state, certificates);
    return 0;
}

#define TRUST TEXT("cafile", "+root")
#define VERSION(number) LIBSOCK_CRYPTO_PROTO_TLSv1_##number

/* A server, and a client that has shaken hands with it. */
#define START(e, server, ...)                                                  \
    start(e, CONTEXT(server), CONTEXT(TRUST, __VA_ARGS__))

static void start(struct ends *e, sock_context_t *server,
                  sock_context_t *client)
{
    e->server = serve_at("tls://127.0.0.1:0", server);
    sock_context_free(server);
    shake(e, "127.0.0.1", client);
    sock_context_free(client);
}

static sock_meta_t meta_of(sock_t *s)
{
    sock_meta_t meta;

    assert_true(sock_stream_get_meta_data(s, &meta, sizeof meta));
    return meta;
}

/* Is this what the peer of s has shown? */
static void assert_shown(sock_t *s, size_t depth, const char *name)
{
    char    got[4096] = "", wanted[4096] = "";
    FILE   *file = fopen(cert_of(name)->cert_path, "r");
    ssize_t length =
        sock_stream_get_peer_certificate(s, depth, got, sizeof got);

    assert_non_null(file);
    assert_true(fread(wanted, 1, sizeof wanted - 1, file) > 0);
    fclose(file);
    assert_string_equal(got, wanted);
    assert_int_equal(length, strlen(wanted));
}

static void assert_shows_nothing(sock_t *s, size_t depth)
{
    char pem[4096] = "untouched";

    assert_int_equal(
        sock_stream_get_peer_certificate(s, depth, pem, sizeof pem), 0);
}

/* ---- a certificate for each name ---- */

static sock_context_t *server_of_names(void)
{
    return CONTEXT(TEXT("local_cert", "@usual"),
                   TEXT("SNI_server_certs.a.example", "@a"),
                   TEXT("SNI_server_certs.*.b.example", "+b"),
                   TEXT("SNI_server_keys.*.b.example", "-b"),
                   TEXT("SNI_server_certs.X.b.example", "@x"));
}

static void ask_for(struct ends *e, const char *name, const char *wanted)
{
    sock_context_t *c =
        CONTEXT(TRUST, NUMBER("verify_peer_name", 0), TEXT("peer_name", name));

    shake(e, "127.0.0.1", c);
    sock_context_free(c);
    assert_shaken(e);
    assert_shown(e->client, 0, wanted);
    hang_up(e);
}

static void names_have_their_certificates(void **state)
{
    static const char *const pairs[][2] = {
        {"a.example", "a"},         {"A.Example", "a"},
        {"a.example.", "a"},        {"www.b.example", "b"},
        {"WWW.B.EXAMPLE", "b"},     {"x.b.example", "x"},
        {"b.example", "usual"},     {"c.a.example", "usual"},
        {"y.x.b.example", "usual"}, {"unknown.example", "usual"},
        {"127.0.0.1", "usual"},     {"::1", "usual"},
        {"aa.example", "usual"},
    };
    sock_context_t *c = server_of_names();
    struct ends     e = {.server = serve_at("tls://127.0.0.1:0", c)};

    (void)state;
    sock_context_free(c);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        ask_for(&e, pairs[i][0], pairs[i][1]);
    close_ends(&e);
}

static void names_are_verified_as_asked_for(void **state)
{
    struct ends e;

    (void)state;
    start(&e, server_of_names(),
          CONTEXT(TRUST, TEXT("peer_name", "www.b.example")));
    assert_shaken(&e);
    close_ends(&e);
    start(&e, server_of_names(),
          CONTEXT(TRUST, TEXT("peer_name", "unknown.example")));
    assert_int_equal(e.at_client.code, LIBSOCK_ETLS_NAME);
    close_ends(&e);
}

static void name_that_is_not_sent_gets_the_usual_certificate(void **state)
{
    struct ends e;

    (void)state;
    start(&e, server_of_names(),
          CONTEXT(TRUST, TEXT("peer_name", "a.example"),
                  NUMBER("SNI_enabled", 0), NUMBER("verify_peer_name", 0)));
    assert_shaken(&e);
    assert_shown(e.client, 0, "usual");
    close_ends(&e);
}

static void
server_without_a_usual_certificate_refuses_unknown_names(void **state)
{
    struct ends e;

    (void)state;
    START(&e, TEXT("SNI_server_certs.a.example", "@a"),
          TEXT("peer_name", "a.example"));
    assert_shaken(&e);
    close_ends(&e);
    START(&e, TEXT("SNI_server_certs.a.example", "@a"),
          TEXT("peer_name", "b.example"));
    assert_null(e.client);
    assert_int_equal(e.at_client.code, LIBSOCK_ETLS_REFUSED);
    assert_int_equal(e.at_server.code, LIBSOCK_ETLS_CIPHER);
    close_ends(&e);
}

static sock_context_t *server_of_a_name_that_verifies(void)
{
    return CONTEXT(
        TEXT("local_cert", "@usual"), TEXT("SNI_server_certs.a.example", "@a"),
        NUMBER("verify_peer", 1), TRUST, TEXT("alpn_protocols", "h2"));
}

static void names_keep_the_other_options(void **state)
{
    struct ends e;

    (void)state;
    start(&e, server_of_a_name_that_verifies(),
          CONTEXT(TRUST, TEXT("peer_name", "a.example"),
                  TEXT("alpn_protocols", "h2"), TEXT("local_cert", "@alice")));
    assert_shaken(&e);
    assert_shown(e.client, 0, "a");
    assert_shown(e.accepted, 0, "alice");
    assert_string_equal(meta_of(e.client).alpn, "h2");
    close_ends(&e);
    start(&e, server_of_a_name_that_verifies(),
          CONTEXT(TRUST, TEXT("peer_name", "a.example")));
    assert_int_equal(e.at_server.code, LIBSOCK_ETLS_NO_CERTIFICATE);
    close_ends(&e);
}

/* ---- protocols ---- */

static void alpn_is_known_at_both_ends(void **state)
{
    struct ends e;

    (void)state;
    START(&e, TEXT("local_cert", "@usual"), TEXT("alpn_protocols", "h2"));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).alpn, "");
    assert_string_equal(meta_of(e.accepted).alpn, "");
    close_ends(&e);
    start(&e,
          CONTEXT(TEXT("local_cert", "@usual"),
                  TEXT("alpn_protocols", "h2,http/1.1")),
          CONTEXT(TRUST, TEXT("alpn_protocols", "http/1.1")));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).alpn, "http/1.1");
    assert_string_equal(meta_of(e.accepted).alpn, "http/1.1");
    close_ends(&e);
}

static void best_of_the_server_is_chosen(void **state)
{
    struct ends e;

    (void)state;
    start(&e,
          CONTEXT(TEXT("local_cert", "@usual"),
                  TEXT("alpn_protocols", "three,two,one")),
          CONTEXT(TRUST, TEXT("alpn_protocols", "one,two,four")));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).alpn, "two");
    close_ends(&e);
}

static void longest_protocol_is_told_whole(void **state)
{
    char        longest[256];
    struct ends e;

    (void)state;
    memset(longest, 'a', 255);
    longest[255] = '\0';
    start(
        &e,
        CONTEXT(TEXT("local_cert", "@usual"), TEXT("alpn_protocols", longest)),
        CONTEXT(TRUST, TEXT("alpn_protocols", longest)));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).alpn, longest);
    assert_string_equal(meta_of(e.accepted).alpn, longest);
    close_ends(&e);
}

/* ---- versions ---- */

static void use_transport(const char *server_url, const char *client,
                          const char *version)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@usual"), TRUST);
    struct ends     e = {.server = serve_at(server_url, c)};
    char            url[64];

    write_url(e.server, client, "127.0.0.1", url, sizeof url);
    shake_url(&e, url, c);
    sock_context_free(c);
    if (version) {
        assert_shaken(&e);
        assert_string_equal(meta_of(e.client).protocol, version);
        assert_string_equal(meta_of(e.accepted).protocol, version);
        assert_string_equal(meta_of(e.accepted).transport, "tls");
    } else {
        assert_int_equal(e.at_client.code, LIBSOCK_ETLS_VERSION);
        assert_int_equal(e.at_server.code, LIBSOCK_ETLS_VERSION);
    }
    close_ends(&e);
}

static void transports_are_versions(void **state)
{
    (void)state;
    use_transport("tls://127.0.0.1:0", "tls", "TLSv1.3");
    use_transport("ssl://127.0.0.1:0", "ssl", "TLSv1.3");
    use_transport("tls://127.0.0.1:0", "tlsv1.2", "TLSv1.2");
    use_transport("tls://127.0.0.1:0", "tlsv1.3", "TLSv1.3");
    use_transport("tlsv1.2://127.0.0.1:0", "tls", "TLSv1.2");
    use_transport("tlsv1.3://127.0.0.1:0", "tls", "TLSv1.3");
    use_transport("tlsv1.3://127.0.0.1:0", "tlsv1.2", NULL);
    use_transport("tlsv1.2://127.0.0.1:0", "tlsv1.3", NULL);
}

static void use_versions(struct set server, struct set client,
                         const char *version)
{
    struct ends e;

    start(&e, CONTEXT(TEXT("local_cert", "@usual"), server),
          CONTEXT(TRUST, client));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).protocol, version);
    assert_string_equal(meta_of(e.accepted).protocol, version);
    close_ends(&e);
}

static void options_limit_versions(void **state)
{
    const struct set none = NUMBER("SNI_enabled", 1);
    const struct set old  = NUMBER("max_proto_version", VERSION(2));
    const struct set new  = NUMBER("min_proto_version", VERSION(3));

    (void)state;
    use_versions(none, none, "TLSv1.3");
    use_versions(none, old, "TLSv1.2");
    use_versions(old, none, "TLSv1.2");
    use_versions(new, none, "TLSv1.3");
    use_versions(none, new, "TLSv1.3");
    use_versions(
        (struct set)NUMBER("crypto_method", LIBSOCK_CRYPTO_TLSv1_2_SERVER),
        none, "TLSv1.2");
    use_versions(
        none,
        (struct set)NUMBER("crypto_method", LIBSOCK_CRYPTO_TLSv1_2_CLIENT),
        "TLSv1.2");
    use_versions(none,
                 (struct set)NUMBER("crypto_method", LIBSOCK_CRYPTO_TLS_CLIENT),
                 "TLSv1.3");
    use_versions(none,
                 (struct set)NUMBER("crypto_method", LIBSOCK_CRYPTO_ANY_CLIENT),
                 "TLSv1.3");
}

/* ---- ciphers ---- */

#define WEAKER "ECDHE-ECDSA-AES128-GCM-SHA256"
#define STRONGER "ECDHE-ECDSA-AES256-GCM-SHA384"

static void use_ciphers(struct set server, const char *wanted)
{
    struct ends e;

    start(&e,
          CONTEXT(TEXT("local_cert", "@usual"),
                  TEXT("ciphers", STRONGER ":" WEAKER), server),
          CONTEXT(TRUST, TEXT("ciphers", WEAKER ":" STRONGER),
                  NUMBER("max_proto_version", VERSION(2))));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).cipher, wanted);
    assert_string_equal(meta_of(e.accepted).cipher, wanted);
    close_ends(&e);
}

static void server_chooses_the_cipher_unless_told_not_to(void **state)
{
    (void)state;
    use_ciphers((struct set)NUMBER("no_ticket", 0), STRONGER);
    use_ciphers((struct set)NUMBER("honor_cipher_order", 1), STRONGER);
    use_ciphers((struct set)NUMBER("honor_cipher_order", 0), WEAKER);
}

static void ciphersuites_and_curves_are_what_is_used(void **state)
{
    struct ends e;

    (void)state;
    start(&e,
          CONTEXT(TEXT("local_cert", "@usual"),
                  TEXT("ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
                  TEXT("curves", "P-384")),
          CONTEXT(TRUST, TEXT("curves", "P-256:P-384")));
    assert_shaken(&e);
    assert_string_equal(meta_of(e.client).cipher,
                        "TLS_CHACHA20_POLY1305_SHA256");
    assert_int_equal(meta_of(e.client).cipher_bits, 256);
    close_ends(&e);
}

/* ---- certificates of the peer ---- */

static void start_mutual(struct ends *e, struct set server, struct set client)
{
    start(e,
          CONTEXT(TEXT("local_cert", "@of-between"), NUMBER("verify_peer", 1),
                  TRUST, server),
          CONTEXT(TRUST, TEXT("local_cert", "@alice"), client));
    assert_shaken(e);
}

/* What was sent, which the root was not. */
static void both_ends_see_the_chain_of_the_other(void **state)
{
    const struct set none = NUMBER("SNI_enabled", 1);
    struct ends      e;

    (void)state;
    start_mutual(&e, none, none);
    assert_shown(e.client, 0, "of-between");
    assert_shown(e.accepted, 0, "alice");
    for (int i = 0; i < 2; i++) {
        assert_shown(i ? e.client : e.accepted, 1, "between");
        assert_shows_nothing(i ? e.client : e.accepted, 2);
        assert_shows_nothing(i ? e.client : e.accepted, SIZE_MAX);
        assert_shows_nothing(i ? e.client : e.accepted, (size_t)1 << 31);
    }
    close_ends(&e);
}

static void unverified_chain_is_what_was_sent(void **state)
{
    const struct set none = NUMBER("SNI_enabled", 1);
    struct ends      e;

    (void)state;
    start(&e, CONTEXT(TEXT("local_cert", "@of-between"), none),
          CONTEXT(NUMBER("verify_peer", 0)));
    assert_shaken(&e);
    assert_shown(e.client, 0, "of-between");
    assert_shown(e.client, 1, "between");
    assert_shows_nothing(e.client, 2);
    close_ends(&e);
}

/* A client may send more with its certificate than leads to anybody. */
static void server_sees_what_was_sent_with_a_certificate(void **state)
{
    const char *const  files[] = {text_of("+self"), text_of("+between"),
                                  text_of("-self")};
    struct named_file *f       = name_file("more");
    struct ends        e;

    (void)state;
    cert_join(files, 3, f->path, sizeof f->path);
    start(&e,
          CONTEXT(TEXT("local_cert", "@usual"), NUMBER("verify_peer", 1),
                  NUMBER("allow_self_signed", 1)),
          CONTEXT(TRUST, TEXT("local_cert", "%more")));
    assert_shaken(&e);
    assert_shown(e.accepted, 0, "self");
    assert_shown(e.accepted, 1, "between");
    assert_shows_nothing(e.accepted, 2);
    close_ends(&e);
}

static void what_is_not_captured_is_not_there(void **state)
{
    const struct set own   = NUMBER("capture_peer_cert", 0),
                     chain = NUMBER("capture_peer_cert_chain", 0);
    struct ends e;

    (void)state;
    start_mutual(&e, own, chain);
    assert_shows_nothing(e.accepted, 0);
    assert_shown(e.accepted, 1, "between");
    assert_shown(e.client, 0, "of-between");
    assert_shows_nothing(e.client, 1);
    close_ends(&e);
}

static void server_that_asks_for_none_has_seen_none(void **state)
{
    struct ends e;

    (void)state;
    START(&e, TEXT("local_cert", "@usual"), TEXT("local_cert", "@alice"));
    assert_shaken(&e);
    assert_shows_nothing(e.accepted, 0);
    assert_shows_nothing(e.accepted, 1);
    close_ends(&e);
}

static void pem_is_stored_whole_or_not_at_all(void **state)
{
    char        pem[4096] = "untouched";
    struct ends e;
    ssize_t     length;

    (void)state;
    START(&e, TEXT("local_cert", "@usual"), NUMBER("SNI_enabled", 1));
    length = sock_stream_get_peer_certificate(e.client, 0, NULL, 0);
    assert_true(length > 100 && length < 4000);
    assert_int_equal(sock_stream_get_peer_certificate(e.client, 0, pem, 0),
                     length);
    assert_int_equal(sock_stream_get_peer_certificate(e.client, 0, pem, 1),
                     length);
    assert_int_equal(
        sock_stream_get_peer_certificate(e.client, 0, pem, (size_t)length),
        length);
    assert_string_equal(pem, "untouched");
    pem[length + 1] = 'x';
    assert_int_equal(
        sock_stream_get_peer_certificate(e.client, 0, pem, (size_t)length + 1),
        length);
    assert_int_equal(strlen(pem), length);
    assert_int_equal(pem[length + 1], 'x');
    assert_int_equal(sock_stream_get_peer_certificate(e.client, 0, NULL, 1),
                     -1);
    assert_int_equal(sock_last_error(e.client), EINVAL);
    close_ends(&e);
}

static void refuse_to_show(sock_t *s, int code)
{
    char pem[64];

    assert_int_equal(sock_stream_get_peer_certificate(s, 0, pem, sizeof pem),
                     -1);
    assert_int_equal(sock_last_error(s), code);
}

static void there_is_no_certificate_before_the_handshake(void **state)
{
    sock_context_t *c      = CONTEXT(TEXT("local_cert", "@usual"));
    sock_t         *server = serve_at("tls://127.0.0.1:0", c), *client;
    char            url[64];

    (void)state;
    write_url(server, "tls", "127.0.0.1", url, sizeof url);
    client = sock_stream_client(url, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC, c);
    assert_non_null(client);
    refuse_to_show(client, ENOTCONN);
    assert_string_equal(meta_of(client).protocol, "");
    assert_string_equal(meta_of(client).cipher, "");
    assert_string_equal(meta_of(client).transport, "tls");
    sock_close(client);
    refuse_to_show(client, EBADF);
    refuse_to_show(server, EOPNOTSUPP);
    refuse_to_show(NULL, EBADF);
    sock_close(server);
    sock_context_free(c);
}

/* ---- new certificates for a server that runs ---- */

static void renew(sock_t *server, const char *cert)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", cert));

    assert_true(sock_stream_set_context(server, c));
    sock_context_free(c);
}

static void new_context_is_for_later_accepts(void **state)
{
    sock_context_t *c = CONTEXT(TRUST);
    struct ends     e, later;

    (void)state;
    START(&e, TEXT("local_cert", "@usual"), NUMBER("SNI_enabled", 1));
    assert_shaken(&e);
    renew(e.server, "@fresh");
    assert_talk(e.client, e.accepted);
    assert_talk(e.accepted, e.client);
    later.server = e.server;
    shake(&later, "127.0.0.1", c);
    assert_shaken(&later);
    assert_shown(later.client, 0, "fresh");
    assert_shown(e.client, 0, "usual");
    sock_context_free(c);
    hang_up(&later);
    close_ends(&e);
}

static void step(sock_t *s, bool *done)
{
    if (*done || (*done = sock_stream_enable_crypto(s, true, 0, NULL)))
        return;
    if (sock_last_error(s) != EAGAIN)
        fail_msg("%s", sock_last_message(s));
}

/* Both by turns, in one thread. */
static void shake_by_steps(sock_t *a, sock_t *b)
{
    bool    a_done = false, b_done = false;
    int64_t until = now_ms() + PATIENCE_MS;

    sock_set_nonblock(a);
    sock_set_nonblock(b);
    while ((!a_done || !b_done) && now_ms() < until) {
        step(a, &a_done);
        step(b, &b_done);
    }
    assert_true(a_done && b_done);
    sock_set_block(a);
    sock_set_block(b);
}

static void accepted_one_keeps_the_context_it_was_accepted_with(void **state)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@usual"), TRUST);
    sock_t *server    = serve_at("tls://127.0.0.1:0", c), *client, *accepted;
    char    url[64];

    (void)state;
    write_url(server, "tls", "127.0.0.1", url, sizeof url);
    client = sock_stream_client(url, PATIENCE_MS, LIBSOCK_CLIENT_ASYNC, c);
    assert_non_null(client);
    sock_context_free(c);
    accepted = sock_stream_accept(server, PATIENCE_MS, NULL, 0);
    assert_non_null(accepted);
    renew(server, "@fresh");
    sock_close(server);
    shake_by_steps(client, accepted);
    assert_shown(client, 0, "usual");
    assert_talk(accepted, client);
    sock_close(client);
    sock_close(accepted);
}

/* ---- begun by hand ---- */

static void connect_plainly(sock_t *pair[2], sock_context_t *c)
{
    sock_t *server = sock_stream_server("tcp://127.0.0.1:0", 0, c);
    char    url[64];

    assert_non_null(server);
    write_url(server, "tcp", "127.0.0.1", url, sizeof url);
    pair[0] = sock_stream_client(url, PATIENCE_MS, 0, c);
    assert_non_null(pair[0]);
    pair[1] = sock_stream_accept(server, PATIENCE_MS, NULL, 0);
    assert_non_null(pair[1]);
    sock_close(server);
}

static void methods_that_are_none_are_refused(void **state)
{
    static const int bad[] = {1, 2, 4, 128, 129, -1, 98, INT_MAX, INT_MIN};
    sock_context_t  *c     = CONTEXT(TRUST);
    sock_t          *pair[2];

    (void)state;
    connect_plainly(pair, c);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(sock_stream_enable_crypto(pair[0], true, bad[i], NULL));
        assert_int_equal(sock_last_error(pair[0]), EINVAL);
    }
    assert_talk(pair[0], pair[1]);
    sock_context_free(c);
    close_pair(pair);
}

static void method_of_the_call_goes_before_the_context(void **state)
{
    sock_context_t *c =
        CONTEXT(TEXT("local_cert", "@usual"), TRUST,
                NUMBER("crypto_method", LIBSOCK_CRYPTO_TLSv1_3_CLIENT));
    sock_t *pair[2];

    (void)state;
    connect_plainly(pair, c);
    sock_set_nonblock(pair[0]);
    assert_false(sock_stream_enable_crypto(
        pair[0], true, LIBSOCK_CRYPTO_TLSv1_2_CLIENT, NULL));
    assert_int_equal(sock_last_error(pair[0]), EAGAIN);
    sock_set_nonblock(pair[1]);
    sock_stream_enable_crypto(pair[1], true, LIBSOCK_CRYPTO_TLS_SERVER, NULL);
    shake_by_steps(pair[0], pair[1]);
    assert_string_equal(meta_of(pair[0]).protocol, "TLSv1.2");
    assert_false(sock_stream_enable_crypto(
        pair[0], true, LIBSOCK_CRYPTO_TLSv1_3_CLIENT, NULL));
    assert_int_equal(sock_last_error(pair[0]), EALREADY);
    assert_false(sock_stream_enable_crypto(
        pair[0], true, LIBSOCK_CRYPTO_TLSv1_2_SERVER, NULL));
    assert_int_equal(sock_last_error(pair[0]), EALREADY);
    assert_true(sock_stream_enable_crypto(pair[0], true,
                                          LIBSOCK_CRYPTO_TLSv1_2_CLIENT, NULL));
    assert_talk(pair[0], pair[1]);
    sock_context_free(c);
    close_pair(pair);
}

/* Else a script that names a method would undo the policy of its context. */
static void least_version_of_the_context_holds_for_a_method(void **state)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@usual"), TRUST,
                                NUMBER("min_proto_version", VERSION(3)));
    sock_t         *pair[2];

    (void)state;
    connect_plainly(pair, c);
    assert_false(sock_stream_enable_crypto(
        pair[0], true, LIBSOCK_CRYPTO_TLSv1_2_CLIENT, NULL));
    assert_int_equal(sock_last_error(pair[0]), LIBSOCK_ETLS_OPTION);
    assert_talk(pair[0], pair[1]);
    sock_context_free(c);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_version_of_the_context_holds_for_a_method),
        cmocka_unit_test(names_have_their_certificates),
        cmocka_unit_test(names_are_verified_as_asked_for),
        cmocka_unit_test(name_that_is_not_sent_gets_the_usual_certificate),
        cmocka_unit_test(
            server_without_a_usual_certificate_refuses_unknown_names),
        cmocka_unit_test(names_keep_the_other_options),
        cmocka_unit_test(alpn_is_known_at_both_ends),
        cmocka_unit_test(best_of_the_server_is_chosen),
        cmocka_unit_test(longest_protocol_is_told_whole),
        cmocka_unit_test(transports_are_versions),
        cmocka_unit_test(options_limit_versions),
        cmocka_unit_test(server_chooses_the_cipher_unless_told_not_to),
        cmocka_unit_test(ciphersuites_and_curves_are_what_is_used),
        cmocka_unit_test(both_ends_see_the_chain_of_the_other),
        cmocka_unit_test(unverified_chain_is_what_was_sent),
        cmocka_unit_test(server_sees_what_was_sent_with_a_certificate),
        cmocka_unit_test(what_is_not_captured_is_not_there),
        cmocka_unit_test(server_that_asks_for_none_has_seen_none),
        cmocka_unit_test(pem_is_stored_whole_or_not_at_all),
        cmocka_unit_test(there_is_no_certificate_before_the_handshake),
        cmocka_unit_test(new_context_is_for_later_accepts),
        cmocka_unit_test(accepted_one_keeps_the_context_it_was_accepted_with),
        cmocka_unit_test(methods_that_are_none_are_refused),
        cmocka_unit_test(method_of_the_call_goes_before_the_context),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down_ends);
}
