/* test_tls_files.c - bad files and bad options are found when a server or a
 * client is made, by their code and in a message that names option and file;
 * and nobody is asked for a passphrase at the terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tls_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <sys/stat.h>
#include <sys/wait.h>

static struct made certificates[] = {
    CERT("root", NULL, .subject = "Root", .is_ca = true),
    CERT("good", "root", .subject = "good"),
    CERT("other", "root", .subject = "other"),
    CERT("rsa", "root", .subject = "rsa", .rsa_bits = 1024),
    CERT("locked", "root", .subject = "locked", .passphrase = "open sesame"),
    CERT(NULL, NULL, 0),
};

static char folder[] = "/tmp/libsock-files-XXXXXX";

static const char garbage[]     = "-----BEGIN CERTIFICATE-----\n"
                                  "bm90IGEgY2VydGlmaWNhdGU=\n"
                                  "-----END CERTIFICATE-----\n";
static const char garbage_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "bm90IGEga2V5\n"
                                  "-----END PRIVATE KEY-----\n";
static const char garbage_crl[] = "-----BEGIN X509 CRL-----\n"
                                  "bm90IGEgbGlzdA==\n"
                                  "-----END X509 CRL-----\n";

/* ---- files ---- */

static void make_file(const char *name, const char *text)
{
    struct named_file *f = name_file(name);

    cert_make_file(text, f->path, sizeof f->path);
}

static void join(const char *name, const char *one, const char *other)
{
    const char *const  both[] = {text_of(one), text_of(other)};
    struct named_file *f      = name_file(name);

    cert_join(both, 2, f->path, sizeof f->path);
}

static void call(const char *name, const char *path)
{
    struct named_file *f = name_file(name);

    snprintf(f->path, sizeof f->path, "%s", path);
}

static void make_loop(void)
{
    struct named_file *f = name_file("loop");

    snprintf(f->path, sizeof f->path, "%s/loop", folder);
    assert_int_equal(symlink("loop", f->path), 0);
}

/* In the old form of PEM, which says "Proc-Type: 4,ENCRYPTED". */
static void write_old_form(const struct cert *c, const char *path)
{
    FILE *file   = fopen(path, "w");
    BIO  *memory = BIO_new_fp(file, BIO_CLOSE);

    assert_true(PEM_write_bio_PrivateKey_traditional(
        memory, c->key, EVP_aes_256_cbc(), (const unsigned char *)"old", 3,
        NULL, NULL));
    BIO_free(memory);
}

/* Does OpenSSL take this passphrase for the right one, until it looks at what
 * it has decrypted? One of 256 wrong ones ends in bytes that look right. */
static bool looks_right(const char *path, const char *passphrase)
{
    BIO      *file = BIO_new_file(path, "r");
    EVP_PKEY *key;
    bool      refused;

    ERR_clear_error();
    key = PEM_read_bio_PrivateKey(file, NULL, NULL,
                                  (void *)(uintptr_t)passphrase);
    assert_null(key);
    refused = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_BAD_DECRYPT;
    ERR_clear_error();
    BIO_free(file);
    return !refused;
}

static void find_lucky(const char *path, char *passphrase, size_t size)
{
    for (int i = 0; i < 100000; i++) {
        snprintf(passphrase, size, "%d", i);
        if (looks_right(path, passphrase))
            return;
    }
    fail_msg("every wrong passphrase is told from the right one");
}

static void make_old_form(void)
{
    struct named_file *f = name_file("old-form");

    snprintf(f->path, sizeof f->path, "%s/old-form.key", folder);
    write_old_form(cert_of("good"), f->path);
    find_lucky(f->path, name_file("lucky")->path, 16);
}

/* A text instead of a file: longer than OpenSSL has room for. */
static void make_passphrases(void)
{
    struct named_file *f = name_file("long");

    memset(f->path, 'x', sizeof f->path - 1);
}

static int set_up(void **state)
{
    set_up_ends(state, certificates);
    assert_non_null(mkdtemp(folder));
    make_file("empty", "");
    make_file("text", "This is no certificate.\n");
    make_file("garbage", garbage);
    make_file("garbage-key", garbage_key);
    make_file("garbage-list", garbage_crl);
    make_loop();
    make_old_form();
    make_passphrases();
    call("folder", folder);
    call("missing", "/nonexistent/libsock.pem");
    join("garbage-behind", "+good", "%garbage");
    join("garbage-key-behind", "+good", "%garbage-key");
    join("own-and-other", "+good", "-other");
    return 0;
}

static int tear_down(void **state)
{
    unlink(file_of("loop"));
    unlink(file_of("old-form"));
    rmdir(folder);
    return tear_down_ends(state);
}

/* ---- what is refused ---- */

enum role { SERVER, CLIENT, BOTH };

struct row {
    const char *promise;
    enum role   role;
    int         code;
    const char *says[2]; /* parts of the message; files as in the table */
    struct set  sets[5];
};

#define ROW(promise, role, code, option, file, ...)                            \
    {                                                                          \
        promise, role, LIBSOCK_ETLS_##code, {"ssl." option, file},             \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

static const struct row rows[] = {
    /* the own certificate */
    ROW("server_without_a_certificate", SERVER, LOCAL_CERT, "local_cert", NULL,
        END),
    ROW("certificate_missing", BOTH, LOCAL_CERT, "local_cert", "%missing",
        TEXT("local_cert", "%missing")),
    ROW("certificate_missing_is_said_so", BOTH, LOCAL_CERT, "local_cert",
        "No such file", TEXT("local_cert", "%missing")),
    ROW("certificate_unreadable", BOTH, LOCAL_CERT, "local_cert", "%loop",
        TEXT("local_cert", "%loop")),
    ROW("certificate_is_a_folder", BOTH, LOCAL_CERT, "local_cert", "%folder",
        TEXT("local_cert", "%folder")),
    ROW("certificate_empty", BOTH, LOCAL_CERT, "local_cert", "%empty",
        TEXT("local_cert", "%empty")),
    ROW("certificate_is_text", BOTH, LOCAL_CERT, "local_cert", "%text",
        TEXT("local_cert", "%text")),
    ROW("certificate_garbage", BOTH, LOCAL_CERT, "local_cert", "%garbage",
        TEXT("local_cert", "%garbage")),
    ROW("certificate_is_a_key", BOTH, LOCAL_CERT, "local_cert", "-good",
        TEXT("local_cert", "-good")),
    ROW("certificate_of_too_short_a_key", BOTH, LOCAL_CERT, "local_cert",
        "@rsa", TEXT("local_cert", "@rsa"), NUMBER("security_level", 5)),

    /* its key */
    ROW("certificate_without_key", BOTH, LOCAL_KEY, "local_cert", "+good",
        TEXT("local_cert", "+good")),
    ROW("key_without_certificate", BOTH, LOCAL_CERT, "local_cert", NULL,
        TEXT("local_pk", "-good")),
    ROW("key_missing", BOTH, LOCAL_KEY, "local_pk", "%missing",
        TEXT("local_cert", "@good"), TEXT("local_pk", "%missing")),
    ROW("key_is_a_folder", BOTH, LOCAL_KEY, "local_pk", "%folder",
        TEXT("local_cert", "@good"), TEXT("local_pk", "%folder")),
    ROW("key_empty", BOTH, LOCAL_KEY, "local_pk", "%empty",
        TEXT("local_cert", "@good"), TEXT("local_pk", "%empty")),
    ROW("key_garbage", BOTH, LOCAL_KEY, "local_pk", "%garbage-key",
        TEXT("local_cert", "@good"), TEXT("local_pk", "%garbage-key")),
    ROW("key_garbage_behind_its_certificate", BOTH, LOCAL_KEY, "local_cert",
        "%garbage-key-behind", TEXT("local_cert", "%garbage-key-behind")),
    ROW("key_garbage_and_a_passphrase", BOTH, LOCAL_KEY, "local_pk",
        "%garbage-key", TEXT("local_cert", "@good"),
        TEXT("local_pk", "%garbage-key"), TEXT("passphrase", "x")),
    ROW("key_missing_and_a_passphrase", BOTH, LOCAL_KEY, "local_pk", "%missing",
        TEXT("local_cert", "@good"), TEXT("local_pk", "%missing"),
        TEXT("passphrase", "x")),
    ROW("key_of_another", BOTH, KEY_MISMATCH, "local_pk", "-other",
        TEXT("local_cert", "@good"), TEXT("local_pk", "-other")),
    ROW("key_of_another_in_the_same_file", BOTH, KEY_MISMATCH, "local_cert",
        "%own-and-other", TEXT("local_cert", "%own-and-other")),
    ROW("key_of_another_kind", BOTH, KEY_MISMATCH, "local_pk", "-rsa",
        TEXT("local_cert", "@good"), TEXT("local_pk", "-rsa")),
    ROW("key_of_another_and_a_passphrase", BOTH, KEY_MISMATCH, "local_pk",
        "-locked", TEXT("local_cert", "@good"), TEXT("local_pk", "-locked"),
        TEXT("passphrase", "open sesame")),

    /* its passphrase */
    ROW("passphrase_missing", BOTH, PASSPHRASE, "local_cert", "@locked",
        TEXT("local_cert", "@locked")),
    ROW("passphrase_empty", BOTH, PASSPHRASE, "local_cert", "@locked",
        TEXT("local_cert", "@locked"), TEXT("passphrase", "")),
    ROW("passphrase_wrong", BOTH, PASSPHRASE, "local_cert", "@locked",
        TEXT("local_cert", "@locked"), TEXT("passphrase", "open barley")),
    ROW("passphrase_too_short", BOTH, PASSPHRASE, "local_cert", "@locked",
        TEXT("local_cert", "@locked"), TEXT("passphrase", "open sesam")),
    ROW("passphrase_too_long", BOTH, PASSPHRASE, "local_pk", "-locked",
        TEXT("local_cert", "+locked"), TEXT("local_pk", "-locked"),
        TEXT("passphrase", "%long")),
    ROW("passphrase_missing_in_the_old_form", BOTH, PASSPHRASE, "local_pk",
        "%old-form", TEXT("local_cert", "+good"),
        TEXT("local_pk", "%old-form")),
    ROW("passphrase_wrong_in_the_old_form", BOTH, PASSPHRASE, "local_pk",
        "%old-form", TEXT("local_cert", "+good"), TEXT("local_pk", "%old-form"),
        TEXT("passphrase", "new")),
    ROW("passphrase_wrong_that_looks_right", BOTH, PASSPHRASE, "local_pk",
        "%old-form", TEXT("local_cert", "+good"), TEXT("local_pk", "%old-form"),
        TEXT("passphrase", "%lucky")),

    /* whom to trust */
    ROW("cafile_missing", BOTH, CA, "cafile", "%missing",
        TEXT("cafile", "%missing")),
    ROW("cafile_missing_is_said_so", BOTH, CA, "cafile", "No such file",
        TEXT("cafile", "%missing")),
    ROW("cafile_is_a_folder", BOTH, CA, "cafile", "%folder",
        TEXT("cafile", "%folder")),
    ROW("cafile_empty", BOTH, CA, "cafile", "%empty", TEXT("cafile", "%empty")),
    ROW("cafile_is_text", BOTH, CA, "cafile", "%text", TEXT("cafile", "%text")),
    ROW("cafile_garbage", BOTH, CA, "cafile", "%garbage",
        TEXT("cafile", "%garbage")),
    ROW("cafile_is_a_key", BOTH, CA, "cafile", "-good",
        TEXT("cafile", "-good")),
    ROW("cafile_garbage_behind_a_certificate", BOTH, CA, "cafile",
        "%garbage-behind", TEXT("cafile", "%garbage-behind")),
    ROW("cafile_bad_though_nothing_is_verified", BOTH, CA, "cafile", "%missing",
        TEXT("cafile", "%missing"), NUMBER("verify_peer", 0)),
    ROW("capath_missing", BOTH, CA, "capath", "%missing",
        TEXT("capath", "%missing")),
    ROW("capath_is_a_file", BOTH, CA, "capath", "+root",
        TEXT("capath", "+root")),
    ROW("server_that_verifies_by_nobody", SERVER, CA, "verify_peer", "cafile",
        NUMBER("verify_peer", 1)),
    ROW("crlfile_missing", BOTH, CRLFILE, "crlfile", "%missing",
        TEXT("crlfile", "%missing")),
    ROW("crlfile_is_a_folder", BOTH, CRLFILE, "crlfile", "%folder",
        TEXT("crlfile", "%folder")),
    ROW("crlfile_empty", BOTH, CRLFILE, "crlfile", "%empty",
        TEXT("crlfile", "%empty")),
    ROW("crlfile_garbage", BOTH, CRLFILE, "crlfile", "%garbage-list",
        TEXT("crlfile", "%garbage-list")),
    ROW("crlfile_is_a_certificate", BOTH, CRLFILE, "crlfile", "+root",
        TEXT("crlfile", "+root")),

    /* certificates for names */
    ROW("certificate_of_a_name_missing", SERVER, LOCAL_CERT, "SNI_server_certs",
        "%missing", TEXT("SNI_server_certs.a.example", "%missing")),
    ROW("certificate_of_a_name_garbage", SERVER, LOCAL_CERT, "SNI_server_certs",
        "%garbage", TEXT("SNI_server_certs.a.example", "%garbage")),
    ROW("certificate_of_a_second_name_missing", SERVER, LOCAL_CERT,
        "SNI_server_certs", "%missing",
        TEXT("SNI_server_certs.a.example", "@good"),
        TEXT("SNI_server_certs.b.example", "%missing")),
    ROW("certificate_of_a_name_without_key", SERVER, LOCAL_KEY,
        "SNI_server_certs", "+good",
        TEXT("SNI_server_certs.a.example", "+good")),
    ROW("key_of_a_name_of_another", SERVER, KEY_MISMATCH, "SNI_server_keys",
        "-other", TEXT("SNI_server_certs.a.example", "+good"),
        TEXT("SNI_server_keys.a.example", "-other")),
    ROW("key_of_a_name_without_certificate", SERVER, LOCAL_CERT,
        "SNI_server_keys", "a.example",
        TEXT("SNI_server_keys.a.example", "-good")),
    ROW("passphrase_of_a_name_missing", SERVER, PASSPHRASE, "SNI_server_certs",
        "@locked", TEXT("SNI_server_certs.a.example", "@locked")),

    /* what is not a file */
    ROW("no_such_cipher", BOTH, OPTION, "ciphers", "NONE-SUCH",
        TEXT("ciphers", "NONE-SUCH")),
    ROW("no_cipher_left", BOTH, OPTION, "ciphers", "ALL:!ALL",
        TEXT("ciphers", "ALL:!ALL")),
    ROW("no_such_ciphersuite", BOTH, OPTION, "ciphersuites", "NONE-SUCH",
        TEXT("ciphersuites", "NONE-SUCH")),
    ROW("ciphersuite_of_1_2", BOTH, OPTION, "ciphersuites",
        "ECDHE-RSA-AES128-GCM-SHA256",
        TEXT("ciphersuites", "ECDHE-RSA-AES128-GCM-SHA256")),
    ROW("no_such_curve", BOTH, OPTION, "curves", "P-1", TEXT("curves", "P-1")),
    ROW("no_such_curve_among_others", BOTH, OPTION, "curves", "P-256:P-1",
        TEXT("curves", "P-256:P-1")),
    ROW("least_version_above_the_most", BOTH, OPTION, "min_proto_version",
        "max_proto_version",
        NUMBER("min_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_3),
        NUMBER("max_proto_version", LIBSOCK_CRYPTO_PROTO_TLSv1_2)),
};

static void check(const struct row *row)
{
    char message[LIBSOCK_MESSAGE_MAX];

    snprintf(message, sizeof message, "%s", sock_last_message(NULL));
    if (sock_last_error(NULL) != row->code)
        fail_msg("%d instead of %d: %s", sock_last_error(NULL), row->code,
                 message);
    assert_contains(message, row->says[0]);
    assert_contains(message, row->says[1] ? text_of(row->says[1]) : "");
    assert_contains(message, "tls://127.0.0.1:");
}

/* A server has a good certificate unless the row is about its own. */
static void refuse_server(const struct row *row)
{
    sock_context_t *c   = context_of(row->sets);
    bool            own = row->code != LIBSOCK_ETLS_CA &&
               row->code != LIBSOCK_ETLS_CRLFILE &&
               row->code != LIBSOCK_ETLS_OPTION;

    if (!own)
        apply(c, &(struct set)TEXT("local_cert", "@good"));
    assert_null(sock_stream_server("tls://127.0.0.1:0", 0, c));
    check(row);
    sock_context_free(c);
}

/* Before anybody is called: nobody listens there. */
static void refuse_client(const struct row *row)
{
    sock_t         *s = sock_create(AF_INET, SOCK_STREAM, 0);
    sock_context_t *c = context_of(row->sets);
    char            url[64];

    assert_true(sock_bind(s, "127.0.0.1", 0));
    write_url(s, "tls", "127.0.0.1", url, sizeof url);
    assert_null(sock_stream_client(url, PATIENCE_MS, 0, c));
    check(row);
    sock_context_free(c);
    sock_close(s);
}

static void run(void **state)
{
    const struct row *row = *state;

    if (row->role != CLIENT)
        refuse_server(row);
    if (row->role != SERVER)
        refuse_client(row);
}

/* ---- what is taken ---- */

static void shake_with(const struct set *server, const struct set *client)
{
    sock_context_t *at_server = context_of(server);
    sock_context_t *at_client = context_of(client);
    struct ends     e = {.server = serve_at("tls://127.0.0.1:0", at_server)};

    shake(&e, "127.0.0.1", at_client);
    sock_context_free(at_server);
    sock_context_free(at_client);
    assert_shaken(&e);
    assert_talk(e.client, e.accepted);
    close_ends(&e);
}

#define SETS(...)                                                              \
    (const struct set[])                                                       \
    {                                                                          \
        __VA_ARGS__, END                                                       \
    }

static void right_passphrase_opens_the_key(void **state)
{
    (void)state;
    shake_with(
        SETS(TEXT("local_cert", "@locked"), TEXT("passphrase", "open sesame")),
        SETS(TEXT("cafile", "+root")));
    shake_with(SETS(TEXT("local_cert", "+good"), TEXT("local_pk", "%old-form"),
                    TEXT("passphrase", "old")),
               SETS(TEXT("cafile", "+root")));
    shake_with(SETS(TEXT("SNI_server_certs.localhost", "@locked"),
                    TEXT("local_cert", "@good"),
                    TEXT("passphrase", "open sesame")),
               SETS(TEXT("cafile", "+root"), TEXT("peer_name", "localhost")));
}

static void needless_passphrase_does_no_harm(void **state)
{
    (void)state;
    shake_with(SETS(TEXT("local_cert", "@good"), TEXT("passphrase", "x")),
               SETS(TEXT("cafile", "+root")));
}

static void capath_is_a_folder_of_hashed_names(void **state)
{
    const struct cert *root = cert_of("root");
    char               path[64];

    (void)state;
    snprintf(path, sizeof path, "%s/%08lx.0", folder,
             X509_NAME_hash(X509_get_subject_name(root->x509)));
    assert_int_equal(symlink(root->cert_path, path), 0);
    shake_with(SETS(TEXT("local_cert", "@good")),
               SETS(TEXT("capath", "%folder")));
    unlink(path);
}

static void copy(const char *from, const char *name)
{
    const char *const  paths[] = {from};
    struct named_file *f       = name_file(name);

    cert_join(paths, 1, f->path, sizeof f->path);
}

static void files_are_read_once(void **state)
{
    sock_context_t *client = CONTEXT(TEXT("cafile", "+root"));
    sock_context_t *server;
    struct ends     e = {0};

    (void)state;
    copy(cert_of("good")->path, "fleeting");
    server   = CONTEXT(TEXT("local_cert", "%fleeting"));
    e.server = serve_at("tls://127.0.0.1:0", server);
    unlink(file_of("fleeting"));
    shake(&e, "127.0.0.1", client);
    assert_shaken(&e);
    close_ends(&e);
    e.server = serve_at("tls://127.0.0.1:0", server);
    shake(&e, "127.0.0.1", client);
    assert_shaken(&e);
    close_ends(&e);
    sock_context_free(server);
    sock_context_free(client);
}

/* ---- elsewhere than in making ---- */

static void what_failed_once_fails_again(void **state)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "%missing"));

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_null(sock_stream_server("tls://127.0.0.1:0", 0, c));
        assert_int_equal(sock_last_error(NULL), LIBSOCK_ETLS_LOCAL_CERT);
        assert_null(sock_stream_client("tls://127.0.0.1:9", 0,
                                       LIBSOCK_CLIENT_ASYNC, c));
        assert_int_equal(sock_last_error(NULL), LIBSOCK_ETLS_LOCAL_CERT);
    }
    sock_context_free(c);
}

static void bad_file_fails_enable_crypto_and_nothing_else(void **state)
{
    sock_context_t *c      = CONTEXT(TEXT("cafile", "%missing"));
    sock_t         *server = sock_stream_server("tcp://127.0.0.1:0", 0, NULL);
    sock_t         *client, *accepted;
    char            url[64];

    (void)state;
    write_url(server, "tcp", "127.0.0.1", url, sizeof url);
    client = sock_stream_client(url, PATIENCE_MS, 0, c);
    assert_non_null(client);
    accepted = sock_stream_accept(server, PATIENCE_MS, NULL, 0);
    assert_non_null(accepted);
    assert_false(sock_stream_enable_crypto(client, true, 0, NULL));
    assert_int_equal(sock_last_error(client), LIBSOCK_ETLS_CA);
    assert_contains(sock_last_message(client), file_of("missing"));
    assert_contains(sock_last_message(client), "ssl.cafile");
    assert_talk(client, accepted);
    sock_context_free(c);
    sock_close(client);
    sock_close(accepted);
    sock_close(server);
}

static void refuse_context(sock_t *server, sock_context_t *c, int code)
{
    assert_false(sock_stream_set_context(server, c));
    assert_int_equal(sock_last_error(server), code);
    sock_context_free(c);
}

static void bad_new_context_leaves_the_old_one(void **state)
{
    sock_context_t *good   = CONTEXT(TEXT("local_cert", "@good"));
    sock_context_t *client = CONTEXT(TEXT("cafile", "+root"));
    struct ends     e      = {.server = serve_at("tls://127.0.0.1:0", good)};

    (void)state;
    sock_context_free(good);
    refuse_context(e.server, CONTEXT(TEXT("local_cert", "%missing")),
                   LIBSOCK_ETLS_LOCAL_CERT);
    assert_contains(sock_last_message(e.server), file_of("missing"));
    assert_contains(sock_last_message(e.server), "ssl.local_cert");
    refuse_context(e.server, CONTEXT(TEXT("local_cert", "@locked")),
                   LIBSOCK_ETLS_PASSPHRASE);
    refuse_context(
        e.server,
        CONTEXT(TEXT("local_cert", "@good"), TEXT("cafile", "%empty")),
        LIBSOCK_ETLS_CA);
    refuse_context(e.server, NULL, LIBSOCK_ETLS_LOCAL_CERT);
    shake(&e, "127.0.0.1", client);
    assert_shaken(&e);
    assert_talk(e.accepted, e.client);
    sock_context_free(client);
    close_ends(&e);
}

static void context_is_for_listening_streams(void **state)
{
    sock_context_t *c = CONTEXT(TEXT("local_cert", "@good"));
    sock_t         *pair[2], *datagrams, *bound;

    (void)state;
    tcp_pair(pair);
    datagrams = sock_create(AF_INET, SOCK_DGRAM, 0);
    bound     = sock_create(AF_INET, SOCK_STREAM, 0);
    assert_true(sock_bind(bound, "127.0.0.1", 0));
    assert_false(sock_stream_set_context(NULL, c));
    assert_int_equal(sock_last_error(NULL), EBADF);
    refuse_context(datagrams, NULL, EINVAL);
    close_pair(pair);
    assert_false(sock_stream_set_context(pair[0], c));
    assert_int_equal(sock_last_error(pair[0]), EBADF);
    sock_context_free(c);
    sock_close(datagrams);
    sock_close(bound);
}

/* ---- the terminal ---- */

static int open_terminal(char *name, size_t size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(grantpt(fd), 0);
    assert_int_equal(unlockpt(fd), 0);
    assert_int_equal(ptsname_r(fd, name, size), 0);
    return fd;
}

/* Does the terminal belong to this process, and can it be asked? */
static bool take_terminal(const char *name)
{
    int fd;

    if (setsid() < 0 || (fd = open(name, O_RDWR)) < 0)
        return false;
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    return fd >= 0 && !close(fd);
}

/* What the child's process ends with: 0 if all was as it should be. */
static int refuse_locked_key(const char *terminal, const char *role)
{
    sock_context_t *c;

    if (!take_terminal(terminal))
        return 77;
    c = sock_context_create();
    sock_context_set_string(c, "ssl.local_cert", cert_of("locked")->path);
    if (*role == 's' ? sock_stream_server("tls://127.0.0.1:0", 0, c)
                     : sock_stream_client("tls://127.0.0.1:9", 0, 0, c))
        return 1;
    return sock_last_error(NULL) == LIBSOCK_ETLS_PASSPHRASE ? 0 : 2;
}

/* Read the terminal until its last user is gone. */
static size_t read_terminal(int fd, char *text, size_t size)
{
    struct pollfd p   = {fd, POLLIN, 0};
    size_t        got = 0;
    ssize_t       n;

    while (got + 1 < size && poll(&p, 1, PATIENCE_MS) == 1) {
        if ((n = read(fd, text + got, size - got - 1)) <= 0)
            break;
        got += (size_t)n;
        if (memchr(text, ':', got))
            break; /* "Enter PEM pass phrase:" */
    }
    text[got] = '\0';
    return got;
}

static void ask_no_terminal(const char *role)
{
    char  name[64], text[256];
    int   terminal = open_terminal(name, sizeof name), status = -1;
    pid_t child = fork();

    if (!child)
        _exit(refuse_locked_key(name, role));
    read_terminal(terminal, text, sizeof text);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(terminal);
    assert_string_equal(text, "");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void nobody_is_asked_for_a_passphrase(void **state)
{
    (void)state;
    ask_no_terminal("server");
    ask_no_terminal("client");
}

#define TESTS                                                                  \
    cmocka_unit_test(right_passphrase_opens_the_key),                          \
        cmocka_unit_test(needless_passphrase_does_no_harm),                    \
        cmocka_unit_test(capath_is_a_folder_of_hashed_names),                  \
        cmocka_unit_test(files_are_read_once),                                 \
        cmocka_unit_test(what_failed_once_fails_again),                        \
        cmocka_unit_test(bad_file_fails_enable_crypto_and_nothing_else),       \
        cmocka_unit_test(bad_new_context_leaves_the_old_one),                  \
        cmocka_unit_test(context_is_for_listening_streams),                    \
        cmocka_unit_test(nobody_is_asked_for_a_passphrase)

int main(void)
{
    const struct CMUnitTest others[] = {TESTS};
    size_t                  count    = sizeof rows / sizeof *rows;
    size_t                  more     = sizeof others / sizeof *others;
    struct CMUnitTest
        tests[sizeof rows / sizeof *rows + sizeof others / sizeof *others];

    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){rows[i].promise, run, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    memcpy(tests + count, others, sizeof others);
    return _cmocka_run_group_tests("tls_files", tests, count + more, set_up,
                                   tear_down);
}
