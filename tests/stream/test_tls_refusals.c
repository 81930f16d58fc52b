/* test_tls_refusals.c - two ends that have something against each other both
 * say what: a client's certificate, versions, ciphers, protocols.
 *
 * One table, a test for each row, run with TLS 1.2 and with 1.3 unless the row
 * is about versions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tls_ends.h"

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("stranger", NULL, .subject = "Stranger", .is_ca = true),
    CERT("server", "root", .subject = "server"),
    CERT("alice", "root", .subject = "alice", .names = ""),
    CERT("of-stranger", "stranger", .subject = "of a stranger"),
    CERT("self", NULL, .subject = "self-made"),
    CERT("self-expired", NULL, .subject = "self-made and old", .from_s = -7200,
         .until_s = -3600),
    CERT("expired", "root", .subject = "old", .from_s = -7200,
         .until_s = -3600),
    CERT("future", "root", .subject = "young", .from_s = 3600, .until_s = 7200),
    CERT("for-servers", "root", .subject = "serves", .uses = "serverAuth"),
    CERT("for-clients", "root", .subject = "asks", .uses = "clientAuth"),
    CERT("rsa-1024", "root", .subject = "short key", .rsa_bits = 1024),
    CERT("between", "root", .subject = "Between", .is_ca = true),
    CERT("of-between", "between", .subject = "of between"),
    CERT(NULL, NULL, 0),
};

static int set_up(void **state)
{
    struct named_file *f;

    set_up_ends(state, certificates);
    f = name_file("revoked");
    cert_make_crl(cert_of("root"), cert_of("alice"), 3600, f->path,
                  sizeof f->path);
    return 0;
}

/* ---- the rows ---- */

enum versions { ANY, ONLY_12, ONLY_13, AS_THEY_SAY };

struct row {
    const char   *promise;
    enum versions versions;
    int           at_client;
    int           at_server;
    const char   *about; /* what the server's message names; NULL: nothing */
    struct set    client[5];
    struct set    server[5];
};

#define ROW(promise, versions, client, server, about, ...)                     \
    {                                                                          \
        promise, versions, LIBSOCK_ETLS_##client, LIBSOCK_ETLS_##server,       \
            about, __VA_ARGS__                                                 \
    }
#define FINE(promise, ...)                                                     \
    {                                                                          \
        promise, ANY, 0, 0, NULL, __VA_ARGS__                                  \
    }

#define SETS(...)                                                              \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define CLIENT(name) TEXT("local_cert", name)
#define WANTED NUMBER("verify_peer", 1), TEXT("cafile", "+root")
#define LEAST(version)                                                         \
    NUMBER("min_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_##version)
#define MOST(version)                                                          \
    NUMBER("max_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_##version)

static const struct row rows[] = {
    /* a client's certificate */
    FINE("client_certificate", SETS(CLIENT("@alice")), SETS(WANTED)),
    FINE("client_certificate_for_clients_only", SETS(CLIENT("@for-clients")),
         SETS(WANTED)),
    FINE("client_certificate_with_its_chain", SETS(CLIENT("@of-between")),
         SETS(WANTED)),
    FINE("client_certificate_and_key_apart",
         SETS(CLIENT("+alice"), TEXT("local_pk", "-alice")), SETS(WANTED)),
    FINE("client_certificate_that_nobody_wants", SETS(CLIENT("@of-stranger")),
         SETS(END)),
    FINE("client_certificate_by_its_fingerprint", SETS(CLIENT("@alice")),
         SETS(WANTED, TEXT("peer_fingerprint", "#alice"))),
    FINE("self_signed_client_that_is_allowed", SETS(CLIENT("@self")),
         SETS(NUMBER("verify_peer", 1), NUMBER("allow_self_signed", 1))),
    FINE("names_of_clients_are_not_verified", SETS(CLIENT("@alice")),
         SETS(WANTED, TEXT("peer_name", "bob.example"))),

    ROW("no_client_certificate_1_2", ONLY_12, REFUSED, NO_CERTIFICATE, NULL,
        SETS(END), SETS(WANTED)),
    ROW("no_client_certificate_1_3", ONLY_13, REFUSED_CERTIFICATE,
        NO_CERTIFICATE, NULL, SETS(END), SETS(WANTED)),
    ROW("unknown_ca_of_the_client", ANY, REFUSED_CERTIFICATE, UNTRUSTED,
        "CN=of a stranger", SETS(CLIENT("@of-stranger")), SETS(WANTED)),
    ROW("self_signed_client", ANY, REFUSED_CERTIFICATE, SELF_SIGNED,
        "CN=self-made", SETS(CLIENT("@self")), SETS(WANTED)),
    ROW("self_signed_client_allowed_but_expired", ANY, REFUSED_CERTIFICATE,
        EXPIRED, "CN=self-made and old", SETS(CLIENT("@self-expired")),
        SETS(NUMBER("verify_peer", 1), NUMBER("allow_self_signed", 1))),
    ROW("self_signed_allowed_but_not_of_a_stranger", ANY, REFUSED_CERTIFICATE,
        UNTRUSTED, "CN=of a stranger", SETS(CLIENT("@of-stranger")),
        SETS(NUMBER("verify_peer", 1), NUMBER("allow_self_signed", 1))),
    ROW("expired_client", ANY, REFUSED_CERTIFICATE, EXPIRED, "CN=old",
        SETS(CLIENT("@expired")), SETS(WANTED)),
    ROW("client_not_yet_valid", ANY, REFUSED_CERTIFICATE, NOT_YET_VALID,
        "CN=young", SETS(CLIENT("@future")), SETS(WANTED)),
    ROW("server_certificate_as_client", ANY, REFUSED_CERTIFICATE, PURPOSE,
        "CN=serves", SETS(CLIENT("@for-servers")), SETS(WANTED)),
    ROW("revoked_client", ANY, REFUSED_CERTIFICATE, REVOKED, "CN=alice",
        SETS(CLIENT("@alice")), SETS(WANTED, TEXT("crlfile", "%revoked"))),
    ROW("weak_client", ANY, REFUSED_CERTIFICATE, WEAK, "CN=short key",
        SETS(CLIENT("@rsa-1024"), NUMBER("security_level", 0)),
        SETS(WANTED, NUMBER("security_level", 2))),
    ROW("client_chain_longer_than_verify_depth", ANY, REFUSED_CERTIFICATE,
        CHAIN_TOO_LONG, "CN=", SETS(CLIENT("@of-between")),
        SETS(WANTED, NUMBER("verify_depth", 0))),

    /* versions */
    ROW("client_too_old", AS_THEY_SAY, VERSION, VERSION, NULL, SETS(MOST(2)),
        SETS(LEAST(3))),
    ROW("client_too_new", AS_THEY_SAY, VERSION, VERSION, NULL, SETS(LEAST(3)),
        SETS(MOST(2))),
    ROW("client_too_old_by_method", AS_THEY_SAY, VERSION, VERSION, NULL,
        SETS(NUMBER("crypto_method", LIBSOCK_CRYPTO_TLSv1_2_CLIENT)),
        SETS(NUMBER("crypto_method", LIBSOCK_CRYPTO_TLSv1_3_SERVER))),

    /* ciphers and groups */
    ROW("ciphers_1_2", ONLY_12, REFUSED, CIPHER, NULL,
        SETS(TEXT("ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256")),
        SETS(TEXT("ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"))),
    ROW("ciphers_1_3", ONLY_13, REFUSED, CIPHER, NULL,
        SETS(TEXT("ciphersuites", "TLS_AES_128_GCM_SHA256")),
        SETS(TEXT("ciphersuites", "TLS_AES_256_GCM_SHA384"))),
    ROW("ciphers_not_of_the_key", ONLY_12, REFUSED, CIPHER, NULL,
        SETS(TEXT("ciphers", "ECDHE-RSA-AES128-GCM-SHA256")), SETS(END)),
    ROW("curves", ANY, REFUSED, CIPHER, NULL, SETS(TEXT("curves", "P-256")),
        SETS(TEXT("curves", "P-384"))),

    /* protocols */
    ROW("alpn", ANY, ALPN, ALPN, NULL,
        SETS(TEXT("alpn_protocols", "h2,http/1.1")),
        SETS(TEXT("alpn_protocols", "h3"))),
    ROW("alpn_that_only_begins_alike", ANY, ALPN, ALPN, NULL,
        SETS(TEXT("alpn_protocols", "h2")),
        SETS(TEXT("alpn_protocols", "h22,h"))),
    FINE("alpn_of_the_client_only", SETS(TEXT("alpn_protocols", "h2")),
         SETS(END)),
    FINE("alpn_of_the_server_only", SETS(END),
         SETS(TEXT("alpn_protocols", "h2"))),
};

static sock_t *serve(const struct row *row)
{
    sock_context_t *c = context_of(row->server);
    sock_t         *s;

    apply(c, &(struct set)TEXT("local_cert", "@server"));
    s = serve_at("tls://127.0.0.1:0", c);
    sock_context_free(c);
    return s;
}

static sock_context_t *client_of(const struct row *row, int version)
{
    sock_context_t *c = context_of(row->client);

    apply(c, &(struct set)TEXT("cafile", "+root"));
    if (version)
        apply(c, &(struct set)NUMBER("max_proto_version", version));
    return c;
}

static void check_end(const char *who, const struct end *end, int code)
{
    if (end->code != code)
        fail_msg("%s: %d instead of %d: %s", who, end->code, code,
                 end->message);
    assert_contains(end->message, sock_strerror(code));
}

static void run_row(const struct row *row, int version)
{
    struct ends     e = {.server = serve(row)};
    sock_context_t *c = client_of(row, version);

    shake(&e, "127.0.0.1", c);
    sock_context_free(c);
    if (row->at_server) {
        check_end("server", &e.at_server, row->at_server);
        check_end("client", &e.at_client, row->at_client);
        assert_contains(e.at_server.message, row->about ? row->about : "");
    } else {
        assert_shaken(&e);
        assert_talk(e.client, e.accepted);
        assert_talk(e.accepted, e.client);
    }
    close_ends(&e);
}

static void run(void **state)
{
    const struct row *row = *state;

    if (row->versions == AS_THEY_SAY)
        run_row(row, 0);
    if (row->versions == ANY || row->versions == ONLY_12)
        run_row(row, LIBSOCK_CRYPTO_PROTO_TLSv1_2);
    if (row->versions == ANY || row->versions == ONLY_13)
        run_row(row, LIBSOCK_CRYPTO_PROTO_TLSv1_3);
}

int main(void)
{
    size_t            count = sizeof rows / sizeof *rows;
    struct CMUnitTest tests[sizeof rows / sizeof *rows];

    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){rows[i].promise, run, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    return _cmocka_run_group_tests("tls_refusals", tests, count, set_up,
                                   tear_down_ends);
}
