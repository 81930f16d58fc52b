/* test_tls_file_server.c - the file server gives files to those who have a
 * certificate, and nothing else to anybody. */
#include "support/stage.h"
#include "support/tls_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGE 1000000

static struct cert *ca, *server, *client, *stranger;
static const char  *root; /* the folder that is served */
static SSL         *peers[4];
static size_t       count;

/* ---- the server ---- */

static void write_file(const char *name, const char *bytes, size_t len)
{
    char  path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    assert_non_null(file = fopen(path, "w"));
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* The server's folder is "pub"; "secret" stands beside it. */
static int serve(void **state)
{
    static char path[128], link[160];

    stage_open(state);
    root = stage_set_folder();
    write_file("secret", STAGE_BYTES("secret\n"));
    make_folder("pub");
    (void)snprintf(path, sizeof path, "%s/pub", root);
    root = path;
    write_file("a.txt", STAGE_BYTES("one\0two\n"));
    write_file("empty", "", 0);
    make_folder("sub");
    write_file("sub/b.txt", STAGE_BYTES("deep\n"));
    (void)snprintf(link, sizeof link, "%s/link", path);
    assert_int_equal(symlink("../secret", link), 0);
    stage_start(path, server->path, ca->cert_path, stage_place.address,
                stage_place.port, NULL);
    return 0;
}

static int end(void **state)
{
    while (count > 0)
        tls_peer_free(peers[--count]);
    return stage_close(state);
}

/* ---- its clients ---- */

static SSL *peer_on(int fd, const struct cert *own)
{
    SSL *ssl = tls_peer_new(fd, NULL, 0);

    assert_true(count < sizeof peers / sizeof *peers);
    peers[count++] = ssl;
    if (own) {
        assert_int_equal(SSL_use_certificate(ssl, own->x509), 1);
        assert_int_equal(SSL_use_PrivateKey(ssl, own->key), 1);
    }
    return ssl;
}

static SSL *peer(const struct cert *own)
{
    return peer_on(stage_enter(), own);
}

/* A client asks for a file, and gets this and a goodbye. */
static void asks(const char *name, size_t len, const char *answer, size_t size)
{
    SSL *ssl = peer(client);

    assert_true(tls_peer_shake(ssl));
    assert_true(tls_peer_send(ssl, name, len));
    assert_true(tls_peer_expect(ssl, answer, size));
    assert_true(tls_peer_expect_goodbye(ssl));
}

/* The next line of the log ends so. */
static void logs(const char *what)
{
    char   line[2048];
    size_t len;

    assert_true(spawn_read_line(stage.err, line, sizeof line));
    len = strlen(line);
    if (len < strlen(what) || !strstr(line, what))
        fail_msg("logged %s instead of %s", line, what);
    assert_int_equal(strspn(line, "0123456789"), 4); /* the year */
}

static void is_served(void)
{
    asks(STAGE_BYTES("sub/b.txt\n"), STAGE_BYTES("OK 5\ndeep\n"));
    logs(" served sub/b.txt\n");
}

/* Whoever this is gets not one byte of an answer. */
static void is_not_let_in(const struct cert *own)
{
    char byte;
    SSL *ssl = peer(own);

    if (tls_peer_shake(ssl)) { /* TLS 1.3 tells only afterwards */
        (void)tls_peer_send_text(ssl, "a.txt\n");
        assert_true(SSL_read(ssl, &byte, 1) <= 0);
    }
    logs(" not let in: ");
}

static void files_are_given_as_they_are(void **state)
{
    (void)state;
    asks(STAGE_BYTES("a.txt\n"), STAGE_BYTES("OK 8\none\0two\n"));
    logs(" served a.txt\n");
    asks(STAGE_BYTES("empty\r\n"), STAGE_BYTES("OK 0\n"));
    logs(" served empty\n");
    is_served();
}

/* Whatever else the client has said that nobody reads. */
static void a_large_file_is_complete(void **state)
{
    char  *bytes = malloc(LARGE + 16);
    SSL   *ssl   = peer_on(stage_enter_little(), client);
    size_t head, i;

    (void)state;
    assert_non_null(bytes);
    head = (size_t)sprintf(bytes, "OK %d\n", LARGE);
    for (i = 0; i < LARGE; i++)
        bytes[head + i] = (char)(i * 7 + i / 251);
    write_file("large", bytes + head, LARGE);
    asks(STAGE_BYTES("large\n"), bytes, head + LARGE);
    assert_true(tls_peer_shake(ssl));
    assert_true(tls_peer_send_text(ssl, "large\n"));
    assert_true(tls_peer_expect(ssl, bytes, head));
    assert_true(tls_peer_send_text(ssl, "and more\n"));
    assert_true(tls_peer_expect(ssl, bytes + head, LARGE));
    free(bytes);
}

static void no_name_leads_out_of_the_folder(void **state)
{
    static const char *const names[] = {"../secret",
                                        "sub/../../secret",
                                        "link",
                                        "/etc/passwd",
                                        "..",
                                        "",
                                        ".",
                                        "missing",
                                        "sub",
                                        "a.txt/",
                                        "./../pub/a.txt"};
    char                     line[64];
    size_t                   i;

    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(line, sizeof line, "%s\n", names[i]);
        asks(line, strlen(line), STAGE_BYTES("NO\n"));
        (void)snprintf(line, sizeof line, " refused %s: ", names[i]);
        logs(line);
        tls_peer_free(peers[--count]);
    }
    is_served();
}

static void names_that_are_none_get_no_answer(void **state)
{
    static char line[300];

    (void)state;
    asks(STAGE_BYTES("a.txt\33[2J\n"), "", 0);
    logs(" said nothing of use \n");
    asks(STAGE_BYTES("a.txt\0\n"), "", 0);
    logs(" said nothing of use \n");
    memset(line, 'a', sizeof line);
    asks(line, sizeof line, "", 0);
    logs(" said nothing of use \n");
    is_served();
}

static void who_has_no_certificate_is_not_let_in(void **state)
{
    (void)state;
    is_not_let_in(NULL);
    is_not_let_in(stranger);
    is_served();
}

static void who_speaks_no_tls_is_not_let_in(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "a.txt\n");
    logs(" not let in: ");
    is_served();
}

static void who_is_silent_holds_nobody_up(void **state)
{
    SSL *ssl = peer(client);

    (void)state;
    (void)stage_enter();
    assert_true(tls_peer_shake(ssl));
    is_served();
}

static void who_leaves_early_is_survived(void **state)
{
    SSL *ssl = peer(client);

    (void)state;
    stage_reset(stage_enter());
    logs(" not let in: ");
    assert_true(tls_peer_shake(ssl));
    stage_leave(SSL_get_fd(ssl));
    logs(" said nothing of use \n");
    is_served();
}

/* There are 64 places. */
static void places_are_given_back(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 65; i++) {
        stage_says(stage_enter(), "no TLS\n");
        logs(" not let in: ");
    }
    is_served();
}

static void a_folder_is_served_once(void **state)
{
    struct spawn      second;
    const char *const args[] = {root,        server->path, ca->cert_path,
                                "127.0.0.1", "0",          NULL};
    char              line[256];

    (void)state;
    is_served(); /* so it has begun */
    assert_true(spawn_start(&second, EXAMPLES_DIR "/file_server", args));
    assert_true(spawn_read_line(second.err, line, sizeof line));
    assert_non_null(strstr(line, "/pub: served by another already\n"));
    assert_int_equal(spawn_wait(&second), 1);
    spawn_stop(&second);
}

/* Started with these arguments it complains so and exits with 1. */
static void will_not_start(const char *folder, const char *cert,
                           const char *complaint)
{
    char line[1024];

    stage_start(folder, cert, ca->cert_path, stage_place.address,
                stage_place.port, NULL);
    assert_true(spawn_read_line(stage.err, line, sizeof line));
    assert_non_null(strstr(line, complaint));
    stage_ends(1);
    spawn_stop(&stage);
}

static void what_is_wrong_at_the_start_is_told(void **state)
{
    (void)state;
    will_not_start("no/such/folder", server->path, "No such file");
    will_not_start(".", "no-such.pem", "no-such.pem");
    stage_listen();
    will_not_start(".", server->path, "Address already in use");
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("FOLDER CERTIFICATE CA ADDRESS PORT");
}

static int make_certificates(void **state)
{
    struct cert *other;

    (void)state;
    ca       = cert_make_ca("us");
    server   = cert_make_signed(ca);
    client   = cert_make_signed(ca);
    other    = cert_make_ca("them");
    stranger = cert_make_signed(other);
    cert_free(other);
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    cert_free(ca);
    cert_free(server);
    cert_free(client);
    cert_free(stranger);
    return 0;
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(files_are_given_as_they_are),
        SERVED(a_large_file_is_complete),
        SERVED(no_name_leads_out_of_the_folder),
        SERVED(names_that_are_none_get_no_answer),
        SERVED(who_has_no_certificate_is_not_let_in),
        SERVED(who_speaks_no_tls_is_not_let_in),
        SERVED(who_is_silent_holds_nobody_up),
        SERVED(who_leaves_early_is_survived),
        SERVED(places_are_given_back),
        SERVED(a_folder_is_served_once),
        STAGE_ALONE(what_is_wrong_at_the_start_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/file_server");
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
