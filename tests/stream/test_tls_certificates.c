/* test_tls_certificates.c - each bad certificate is refused with its own code
 * and with its name, each good one is taken.
 *
 * One table, a test for each row, run with TLS 1.2 and with 1.3.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tls_ends.h"

#include <stdlib.h>

#include <openssl/evp.h>

/* ---- what the rows are about ---- */

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("twin", NULL, .subject = "Root", .is_ca = true),
    CERT("stranger", NULL, .subject = "Stranger", .is_ca = true),
    CERT("between", "root", .subject = "Between", .is_ca = true),
    CERT("below", "between", .subject = "Below", .is_ca = true),
    CERT("last", "root", .subject = "Last", .is_ca = true, .path_length = 1),
    CERT("too-far", "last", .subject = "Too Far", .is_ca = true),
    CERT("no-ca", "root", .subject = "No CA"),
    CERT("ca-of-weak", "root", .subject = "Weak CA", .is_ca = true,
         .rsa_bits = 1024),
    CERT("good", "root", .subject = "good"),
    CERT("good-too", "root", .subject = "good too"),
    CERT("of-stranger", "stranger", .subject = "of a stranger"),
    CERT("of-twin", "twin", .subject = "of the twin"),
    CERT("of-between", "between", .subject = "of between"),
    CERT("of-below", "below", .subject = "of below"),
    CERT("of-too-far", "too-far", .subject = "of too far"),
    CERT("of-no-ca", "no-ca", .subject = "of no CA"),
    CERT("of-weak", "ca-of-weak", .subject = "of the weak"),
    CERT("self", NULL, .subject = "self-made"),
    CERT("self-expired", NULL, .subject = "self-made and old", .from_s = -7200,
         .until_s = -3600),
    CERT("self-weak", NULL, .subject = "self-made and weak", .rsa_bits = 1024),
    CERT("expired", "root", .subject = "old", .from_s = -7200,
         .until_s = -3600),
    CERT("future", "root", .subject = "young", .from_s = 3600, .until_s = 7200),
    CERT("for-servers", "root", .subject = "serves", .uses = "serverAuth"),
    CERT("for-clients", "root", .subject = "asks", .uses = "clientAuth"),
    CERT("rsa-1024", "root", .subject = "short key", .rsa_bits = 1024),
    CERT("sha1", "root", .subject = "short digest", .digest = "SHA1"),
    CERT("other", "root", .subject = "other", .names = "DNS:other.example"),
    CERT("cn", "root", .subject = "www.example", .names = "DNS:other.example"),
    CERT("four", "root", .subject = "four", .names = "IP:127.0.0.1"),
    CERT("four-other", "root", .subject = "127.0.0.1", .names = "IP:127.0.0.2"),
    CERT("four-as-name", "root", .subject = "127.0.0.1",
         .names = "DNS:127.0.0.1"),
    CERT("six", "root", .subject = "six", .names = "IP:::1"),
    CERT("six-other", "root", .subject = "::1", .names = "IP:::2"),
    CERT("star", "root", .subject = "star", .names = "DNS:*.example.com"),
    CERT("part", "root", .subject = "part", .names = "DNS:w*.example.com"),
    CERT("top", "root", .subject = "top", .names = "DNS:*.com"),
    CERT("inner", "root", .subject = "inner", .names = "DNS:www.*.com"),
    CERT(NULL, NULL, 0),
};

static void make_list(const char *name, const char *issuer, const char *revoked,
                      long seconds)
{
    struct named_file *f = name_file(name);

    cert_make_crl(cert_of(issuer), revoked ? cert_of(revoked) : NULL, seconds,
                  f->path, sizeof f->path);
}

static void join_files(const char *name, const char *one, const char *other)
{
    const char *const  both[] = {one, other};
    struct named_file *f      = name_file(name);

    cert_join(both, 2, f->path, sizeof f->path);
}

/* The same fingerprint in capitals, with colons. */
static void write_loud(const char *hex, char *out)
{
    for (size_t i = 0; hex[i]; i++) {
        if (i && i % 2 == 0)
            *out++ = ':';
        *out++ = hex[i] >= 'a' ? (char)(hex[i] - 'a' + 'A') : hex[i];
    }
    *out = '\0';
}

static void write_sha1(const struct cert *c, char *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      count = 0;

    assert_true(X509_digest(c->x509, EVP_sha1(), digest, &count));
    for (unsigned i = 0; i < count; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static int set_up(void **state)
{
    set_up_ends(state, certificates);
    make_list("nothing", "root", NULL, 3600);
    make_list("revoked", "root", "good", 3600);
    make_list("old-list", "root", NULL, -60);
    make_list("of-other", "stranger", NULL, 3600);
    make_list("of-the-twin", "twin", NULL, 3600);
    make_list("between-nothing", "between", NULL, 3600);
    make_list("between-itself", "root", "between", 3600);
    join_files("both-nothing", file_of("nothing"), file_of("between-nothing"));
    join_files("between-revoked", file_of("between-itself"),
               file_of("between-nothing"));
    join_files("stranger-chain", cert_of("of-stranger")->path,
               cert_of("stranger")->cert_path);
    join_files("no-chain", cert_of("of-between")->cert_path,
               cert_of("of-between")->key_path);
    write_loud(cert_of("good")->sha256, name_file("loud")->path);
    write_sha1(cert_of("good"), name_file("sha1")->path);
    snprintf(name_file("longer")->path, 160, "%s00", cert_of("good")->sha256);
    snprintf(name_file("shorter")->path, 160, "%.62s", cert_of("good")->sha256);
    return 0;
}

/* ---- the rows ---- */

struct row {
    const char *promise;
    const char *cert;      /* the server's */
    const char *host;      /* NULL: 127.0.0.1 */
    int         code;      /* the client's; 0: it is fine */
    int         at_server; /* what the server learns of it */
    const char *about;     /* the certificate that the message names */
    struct set  client[6];
};

#define ROW(promise, cert, host, what, at_server, about, ...)                  \
    {                                                                          \
        promise, cert, host, what, at_server, about,                           \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define FINE(promise, cert, host, ...)                                         \
    ROW(promise, cert, host, 0, 0, NULL, __VA_ARGS__)
#define BAD(promise, cert, host, what, about, ...)                             \
    ROW(promise, cert, host, LIBSOCK_ETLS_##what,                              \
        LIBSOCK_ETLS_REFUSED_CERTIFICATE, about, __VA_ARGS__)

/* TLS has an alert of its own for bad signatures, whoever made them. */
#define FORGED(promise, cert, host, what, about, ...)                          \
    ROW(promise, cert, host, LIBSOCK_ETLS_##what, LIBSOCK_ETLS_REFUSED, about, \
        __VA_ARGS__)

/* Fingerprints are looked at when the server has done its part. */
#define DIFFERS(promise, cert, host, about, ...)                               \
    ROW(promise, cert, host, LIBSOCK_ETLS_FINGERPRINT, 0, about, __VA_ARGS__)

#define TRUST TEXT("cafile", "+root")
#define NAMED(name) TEXT("peer_name", name)
#define NOT(option) NUMBER(option, 0)
#define YES(option) NUMBER(option, 1)

static const struct row rows[] = {

    /* chains */
    BAD("the_system_does_not_know_it", "@good", NULL, UNTRUSTED, "CN=good",
        END),
    BAD("unknown_issuer", "@of-stranger", NULL, UNTRUSTED, "CN=of a stranger",
        TRUST),
    FORGED("issuer_of_the_same_name", "@of-twin", NULL, UNTRUSTED,
           "CN=of the twin", TRUST),
    BAD("self_signed", "@self", NULL, SELF_SIGNED, "CN=self-made", TRUST),
    BAD("unknown_root_in_the_chain", "%stranger-chain", NULL, UNTRUSTED,
        "CN=Stranger", TRUST),
    BAD("unknown_root_with_allow_self_signed", "%stranger-chain", NULL,
        UNTRUSTED, "CN=Stranger", TRUST, YES("allow_self_signed")),
    BAD("issuer_missing_in_the_chain", "%no-chain", NULL, UNTRUSTED,
        "CN=of between", TRUST),
    BAD("intermediate_that_is_no_ca", "@of-no-ca", NULL, PURPOSE, "CN=No CA",
        TRUST),
    BAD("chain_longer_than_verify_depth", "@of-between", NULL, CHAIN_TOO_LONG,
        "CN=", TRUST, NUMBER("verify_depth", 0)),
    BAD("chain_longer_than_verify_depth_1", "@of-below", NULL, CHAIN_TOO_LONG,
        "CN=", TRUST, NUMBER("verify_depth", 1)),
    FINE("chain_as_long_as_verify_depth", "@of-below", NULL, TRUST,
         NUMBER("verify_depth", 2)),
    FINE("no_intermediate_at_verify_depth_0", "@good", NULL, TRUST,
         NUMBER("verify_depth", 0)),
    BAD("path_length_exceeded", "@of-too-far", NULL, CHAIN_TOO_LONG,
        "CN=", TRUST),
    FINE("chain_is_followed", "@of-below", NULL, TRUST),

    /* times */
    BAD("expired", "@expired", NULL, EXPIRED, "CN=old", TRUST),
    BAD("not_yet_valid", "@future", NULL, NOT_YET_VALID, "CN=young", TRUST),

    /* names */
    BAD("wrong_name", "@other", NULL, NAME, "CN=other", TRUST,
        NAMED("www.example")),
    BAD("wrong_name_in_the_url", "@other", "www.example", NAME, "CN=other",
        TRUST),
    FINE("name_in_the_url", "@good", "localhost", TRUST),
    BAD("peer_name_goes_before_the_url", "@good", "localhost", NAME, "CN=good",
        TRUST, NAMED("www.example")),
    BAD("name_only_in_cn", "@cn", NULL, NAME, "CN=www.example", TRUST,
        NAMED("www.example")),
    FINE("right_peer_name", "@other", NULL, TRUST, NAMED("other.example")),
    FINE("name_in_capitals", "@other", NULL, TRUST, NAMED("OTHER.Example")),
    FINE("trailing_dot", "@other", "other.example.", TRUST),
    FINE("trailing_dot_in_peer_name", "@other", NULL, TRUST,
         NAMED("other.example.")),
    FINE("capitals_in_the_url", "@other", "Other.EXAMPLE", TRUST),
    BAD("two_trailing_dots", "@other", "other.example..", NAME, "CN=other",
        TRUST),
    BAD("short_form_of_an_ipv4", "@four", "127.1", NAME, "CN=four", TRUST),
    BAD("name_that_goes_on", "@other", NULL, NAME, "CN=other", TRUST,
        NAMED("other.example.com")),
    BAD("subdomain_of_a_name", "@other", NULL, NAME, "CN=other", TRUST,
        NAMED("www.other.example")),
    FINE("wildcard", "@star", NULL, TRUST, NAMED("www.example.com")),
    BAD("wildcard_matches_one_label", "@star", NULL, NAME, "CN=star", TRUST,
        NAMED("a.b.example.com")),
    BAD("wildcard_matches_no_less", "@star", NULL, NAME, "CN=star", TRUST,
        NAMED("example.com")),
    BAD("partial_wildcard", "@part", NULL, NAME, "CN=part", TRUST,
        NAMED("www.example.com")),
    BAD("wildcard_of_a_top_level", "@top", NULL, NAME, "CN=top", TRUST,
        NAMED("example.com")),
    BAD("wildcard_inside", "@inner", NULL, NAME, "CN=inner", TRUST,
        NAMED("www.example.com")),

    /* addresses */
    FINE("ipv4", "@four", NULL, TRUST),
    BAD("wrong_ipv4", "@four-other", NULL, NAME, "CN=127.0.0.1", TRUST),
    BAD("ipv4_as_a_name", "@four-as-name", NULL, NAME, "CN=127.0.0.1", TRUST),
    BAD("ipv4_for_a_name", "@four", "localhost", NAME, "CN=four", TRUST),
    FINE("ipv6", "@six", "[::1]", TRUST),
    FINE("ipv6_in_long", "@six", "[0:0:0:0:0:0:0:1]", TRUST),
    FINE("ipv6_as_peer_name", "@six", NULL, TRUST, NAMED("::1")),
    BAD("wrong_ipv6", "@six-other", "[::1]", NAME, "CN=::1", TRUST),
    BAD("ipv4_is_not_its_mapped_ipv6", "@four", NULL, NAME, "CN=four", TRUST,
        NAMED("::ffff:127.0.0.1")),

    /* revocation */
    FINE("not_revoked", "@good", NULL, TRUST, TEXT("crlfile", "%nothing")),
    FINE("another_is_revoked", "@good-too", NULL, TRUST,
         TEXT("crlfile", "%revoked")),
    BAD("revoked", "@good", NULL, REVOKED, "CN=good", TRUST,
        TEXT("crlfile", "%revoked")),
    BAD("list_has_expired", "@good", NULL, CRL, "CN=good", TRUST,
        TEXT("crlfile", "%old-list")),
    BAD("list_of_another_issuer", "@good", NULL, CRL, "CN=good", TRUST,
        TEXT("crlfile", "%of-other")),
    FORGED("list_that_the_twin_signed", "@good", NULL, CRL, "CN=", TRUST,
           TEXT("crlfile", "%of-the-twin")),
    BAD("list_missing_for_the_intermediate", "@of-between", NULL, CRL,
        "CN=of between", TRUST, TEXT("crlfile", "%nothing")),
    FINE("lists_of_the_whole_chain", "@of-between", NULL, TRUST,
         TEXT("crlfile", "%both-nothing")),
    BAD("intermediate_revoked", "@of-between", NULL, REVOKED, "CN=Between",
        TRUST, TEXT("crlfile", "%between-revoked")),

    /* uses and strength */
    BAD("client_certificate", "@for-clients", NULL, PURPOSE, "CN=asks", TRUST),
    FINE("server_certificate", "@for-servers", NULL, TRUST),
    BAD("short_key", "@rsa-1024", NULL, WEAK, "CN=short key", TRUST,
        NUMBER("security_level", 2)),
    BAD("short_key_of_the_issuer", "@of-weak", NULL, WEAK, "CN=Weak CA", TRUST,
        NUMBER("security_level", 2)),
    FINE("short_key_where_it_is_allowed", "@rsa-1024", NULL, TRUST,
         NUMBER("security_level", 0)),
    BAD("short_digest", "@sha1", NULL, WEAK, "CN=short digest", TRUST,
        NUMBER("security_level", 2)),
    FINE("short_digest_where_it_is_allowed", "@sha1", NULL, TRUST,
         NUMBER("security_level", 0)),

    /* fingerprints */
    FINE("fingerprint", "@good", NULL, TRUST,
         TEXT("peer_fingerprint", "#good")),
    FINE("fingerprint_in_capitals_with_colons", "@good", NULL, TRUST,
         TEXT("peer_fingerprint", "%loud")),
    FINE("fingerprint_of_sha1", "@good", NULL, TRUST,
         TEXT("peer_fingerprint", "%sha1")),
    FINE("fingerprint_by_digest", "@good", NULL, TRUST,
         TEXT("peer_fingerprint.sha256", "#good")),
    FINE("fingerprints_that_all_agree", "@good", NULL, TRUST,
         TEXT("peer_fingerprint.sha256", "#good"),
         TEXT("peer_fingerprint.SHA1", "%sha1")),
    DIFFERS("wrong_fingerprint", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint", "#good-too")),
    DIFFERS("wrong_fingerprint_by_digest", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha256", "#good-too")),
    DIFFERS("one_of_two_fingerprints_is_wrong", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha256", "#good-too"),
            TEXT("peer_fingerprint.sha1", "%sha1")),
    DIFFERS("the_other_of_two_fingerprints_is_wrong", "@good", NULL, "CN=good",
            TRUST, TEXT("peer_fingerprint.sha1", "%sha1"),
            TEXT("peer_fingerprint.sha256", "#good-too")),
    DIFFERS("fingerprint_that_goes_on", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha256", "%longer")),
    DIFFERS("fingerprint_that_ends_early", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha256", "%shorter")),
    DIFFERS("fingerprint_of_the_wrong_length", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha1", "#good")),
    DIFFERS("fingerprint_of_no_digest", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint.sha257", "#good")),
    DIFFERS("fingerprint_of_the_issuer", "@good", NULL, "CN=good", TRUST,
            TEXT("peer_fingerprint", "#root")),
    BAD("fingerprint_does_not_make_up_for_trust", "@self", NULL, SELF_SIGNED,
        "CN=self-made", TEXT("peer_fingerprint", "#self")),

    /* what may be switched off, and what may not come with it */
    FINE("fingerprint_alone", "@self", NULL, NOT("verify_peer"),
         TEXT("peer_fingerprint", "#self")),
    DIFFERS("wrong_fingerprint_alone", "@self", NULL, "CN=self-made",
            NOT("verify_peer"), NOT("verify_peer_name"),
            TEXT("peer_fingerprint", "#good")),
    FINE("self_signed_allowed", "@self", NULL, YES("allow_self_signed")),
    BAD("self_signed_allowed_but_expired", "@self-expired", NULL, EXPIRED,
        "CN=self-made and old", YES("allow_self_signed")),
    BAD("self_signed_allowed_but_weak", "@self-weak", NULL, WEAK,
        "CN=self-made and weak", YES("allow_self_signed"),
        NUMBER("security_level", 2)),
    BAD("self_signed_allowed_but_of_another_name", "@self", NULL, NAME,
        "CN=self-made", YES("allow_self_signed"), NAMED("www.example")),
    BAD("self_signed_allowed_but_not_of_a_stranger", "@of-stranger", NULL,
        UNTRUSTED, "CN=of a stranger", YES("allow_self_signed"), TRUST),
    FINE("chain_not_verified", "@of-stranger", NULL, NOT("verify_peer")),
    FINE("chain_not_verified_though_expired", "@expired", NULL,
         NOT("verify_peer")),
    BAD("chain_not_verified_but_the_name_is", "@of-stranger", NULL, NAME,
        "CN=of a stranger", NOT("verify_peer"), NAMED("www.example")),
    FINE("name_not_verified", "@other", NULL, TRUST, NOT("verify_peer_name")),
    FINE("address_not_verified", "@four-other", NULL, TRUST,
         NOT("verify_peer_name")),
    BAD("name_not_verified_but_the_chain_is", "@of-stranger", NULL, UNTRUSTED,
        "CN=of a stranger", TRUST, NOT("verify_peer_name")),
    FINE("nothing_verified", "@expired", NULL, NOT("verify_peer"),
         NOT("verify_peer_name"), NAMED("www.example")),
};

static const char *server_of(const struct row *row)
{
    return row->host && row->host[0] == '[' ? "tls://[::1]:0"
                                            : "tls://127.0.0.1:0";
}

static sock_context_t *client_of(const struct row *row, int version)
{
    sock_context_t *c = context_of(row->client);

    apply(c, &(struct set)NUMBER("max_proto_version", version));
    return c;
}

static sock_t *serve(const char *url, const char *cert)
{
    sock_context_t *c =
        CONTEXT(TEXT("local_cert", cert), NUMBER("security_level", 0));
    sock_t *s = serve_at(url, c);

    sock_context_free(c);
    return s;
}

static void check_refusal(const struct row *row, const struct ends *e)
{
    if (e->at_client.code != row->code)
        fail_msg("%d instead of %d: %s", e->at_client.code, row->code,
                 e->at_client.message);
    assert_contains(e->at_client.message, row->about);
    assert_contains(e->at_client.message, sock_strerror(row->code));
    assert_int_equal(e->at_server.code, row->at_server);
}

static void run_row(const struct row *row, int version)
{
    struct ends     e = {.server = serve(server_of(row), row->cert)};
    sock_context_t *c = client_of(row, version);

    shake(&e, row->host ? row->host : "127.0.0.1", c);
    sock_context_free(c);
    if (row->code) {
        assert_null(e.client);
        check_refusal(row, &e);
    } else {
        assert_shaken(&e);
        assert_talk(e.client, e.accepted);
        assert_talk(e.accepted, e.client);
    }
    close_ends(&e);
}

static bool has_ipv6(void)
{
    sock_t *s = sock_stream_server("tcp://[::1]:0", 0, NULL);

    return s && sock_close(s);
}

static void run_both(void **state)
{
    const struct row *row = *state;

    if (row->host && row->host[0] == '[' && !has_ipv6())
        skip();
    run_row(row, LIBSOCK_CRYPTO_PROTO_TLSv1_2);
    run_row(row, LIBSOCK_CRYPTO_PROTO_TLSv1_3);
}

int main(void)
{
    size_t            count = sizeof rows / sizeof *rows;
    struct CMUnitTest tests[sizeof rows / sizeof *rows];

    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){rows[i].promise, run_both, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    return _cmocka_run_group_tests("tls_certificates", tests, count, set_up,
                                   tear_down_ends);
}
