/* test_tls_hello_server.c - the server makes a certificate and shows every
 * client its own request over TLS; no client can end it.
 *
 * Making a key takes a while: the tests of what is served share one server,
 * as long as it stays fit to serve the next one.
 */
#include "support/stage.h"
#include "support/tls_peer.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD                                                                   \
    "200 OK HTTP/1.1\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n"  \
    "Hello World! "

/* ---- the server ---- */

static char   pem[80];  /* the file that it writes */
static bool   runs;     /* it was started */
static bool   is_fit;   /* and waits for the next client, nobody being there */
static SSL   *peers[4]; /* those of this test */
static size_t count;

static int stop(void **state)
{
    if (runs)
        stage_close(state);
    runs = false;
    return 0;
}

/* A folder of its own, and a free place; nothing runs yet. */
static int open_folder(void **state)
{
    stop(state);
    stage_open(state);
    (void)snprintf(pem, sizeof pem, "%s/server.pem", stage_set_folder());
    runs   = true;
    is_fit = false;
    return 0;
}

static void start(void)
{
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("waiting...");
}

static int share_server(void **state)
{
    mode_t usual;

    if (!is_fit) {
        usual = umask(0); /* that would let everybody do everything */
        open_folder(state);
        start();
        umask(usual);
    }
    is_fit = false;
    return 0;
}

static int forget_peers(void **state)
{
    (void)state;
    while (count > 0)
        tls_peer_free(peers[--count]);
    return 0;
}

/* ---- its clients ---- */

static SSL *peer(int fd, int version)
{
    assert_true(count < sizeof peers / sizeof *peers);
    return peers[count++] = tls_peer_new(fd, NULL, version);
}

/* The server has said who is there. */
static void is_announced(SSL *ssl)
{
    struct spawn_place own;

    spawn_place_of(SSL_get_fd(ssl), &own);
    stage_prints("accepted %s:%s\n", own.address, own.port);
}

/* A client, the handshake done. */
static SSL *accepted(void)
{
    SSL *ssl = peer(stage_enter(), 0);

    assert_true(tls_peer_shake(ssl));
    is_announced(ssl);
    return ssl;
}

static void leaves(SSL *ssl)
{
    stage_leave(SSL_get_fd(ssl));
}

/* "1772917509.1234", a moment ago. */
static void is_time(const char *text, time_t then)
{
    size_t whole    = strspn(text, "0123456789");
    size_t fraction = strspn(text + whole + 1, "0123456789");
    double seconds  = strtod(text, NULL);

    assert_int_equal(text[whole], '.');
    assert_true(fraction > 0);
    assert_int_equal(text[whole + 1 + fraction], '\0');
    assert_true(seconds > (double)then - 1);
    assert_true(seconds < (double)time(NULL) + 2);
}

/* The client gets the answer to this request, and a goodbye. */
static void is_answered(SSL *ssl, const void *request, size_t len, time_t then)
{
    char   text[32];
    size_t n = 0;

    assert_true(tls_peer_expect_text(ssl, HEAD));
    do {
        assert_true(n < sizeof text);
        assert_int_equal(SSL_read(ssl, text + n, 1), 1);
    } while (text[n++] != '<');
    text[n - 1] = '\0';
    is_time(text, then);
    assert_true(tls_peer_expect_text(ssl, "pre>"));
    assert_true(tls_peer_expect(ssl, request, len));
    assert_true(tls_peer_expect_text(ssl, "</pre>"));
    assert_true(tls_peer_expect_goodbye(ssl));
}

/* A new client sends a request in one piece, and is answered. */
static void answers(const void *request, size_t len)
{
    time_t then = time(NULL);
    SSL   *ssl  = accepted();

    assert_true(tls_peer_send(ssl, request, len));
    is_answered(ssl, request, len, then);
    leaves(ssl);
    stage_prints("waiting...");
    is_fit = true;
}

static void serves_somebody_else(void)
{
    answers(STAGE_BYTES("GET / HTTP/1.0\r\n\r\n"));
}

/* ---- the certificate ---- */

static X509 *read_certificate(FILE *f)
{
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);

    assert_non_null(x);
    return x;
}

static X509 *certificate_in_file(void)
{
    FILE *f = fopen(pem, "r");
    X509 *x;

    assert_non_null(f);
    x = read_certificate(f);
    fclose(f);
    return x;
}

static void the_file_is_a_certificate_and_its_encrypted_key(void **state)
{
    FILE     *f       = fopen(pem, "r");
    char      comet[] = "comet", other[] = "Comet";
    EVP_PKEY *key;
    X509     *x;
    long      at;

    (void)state;
    assert_non_null(f);
    x  = read_certificate(f);
    at = ftell(f);
    assert_null(PEM_read_PrivateKey(f, NULL, NULL, other));
    fseek(f, at, SEEK_SET);
    assert_non_null(key = PEM_read_PrivateKey(f, NULL, NULL, comet));
    assert_int_equal(X509_check_private_key(x, key), 1);
    assert_int_equal(getc(f), EOF);
    EVP_PKEY_free(key);
    X509_free(x);
    fclose(f);
    is_fit = true;
}

static void has_field(const X509_NAME *name, int nid, const char *wanted)
{
    int                at = X509_NAME_get_index_by_NID(name, nid, -1);
    const ASN1_STRING *value;

    assert_true(at >= 0);
    value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    assert_int_equal(ASN1_STRING_length(value), strlen(wanted));
    assert_memory_equal(ASN1_STRING_get0_data(value), wanted, strlen(wanted));
}

static void the_certificate_says_who_it_is_of(void **state)
{
    X509            *x    = certificate_in_file();
    const X509_NAME *name = X509_get_subject_name(x);

    (void)state;
    has_field(name, NID_countryName, "UK");
    has_field(name, NID_stateOrProvinceName, "Somerset");
    has_field(name, NID_localityName, "Glastonbury");
    has_field(name, NID_organizationName, "The Brain Room Limited");
    has_field(name, NID_organizationalUnitName, "PHP Documentation Team");
    has_field(name, NID_commonName, "Wez Furlong");
    has_field(name, NID_pkcs9_emailAddress, "wez@example.com");
    assert_int_equal(X509_NAME_entry_count(name), 7);
    X509_free(x);
    is_fit = true;
}

static void the_certificate_is_signed_with_its_own_key(void **state)
{
    X509 *x = certificate_in_file();

    (void)state;
    assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
    assert_int_equal(X509_check_issued(x, x), X509_V_OK);
    X509_free(x);
    is_fit = true;
}

static void the_certificate_is_valid_for_365_days_from_now(void **state)
{
    X509 *x = certificate_in_file();
    int   days, seconds;

    (void)state;
    assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
    assert_true(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), NULL));
    assert_int_equal(days, 0);
    assert_true(seconds < 300);
    assert_true(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x),
                               X509_get0_notAfter(x)));
    assert_int_equal(days, 365);
    assert_int_equal(seconds, 0);
    X509_free(x);
    is_fit = true;
}

static void clients_get_the_certificate_of_the_file(void **state)
{
    SSL  *ssl = accepted();
    X509 *x   = certificate_in_file();
    X509 *got = SSL_get1_peer_certificate(ssl);

    (void)state;
    assert_non_null(got);
    assert_int_equal(X509_cmp(got, x), 0);
    assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(ssl)), 1);
    X509_free(got);
    X509_free(x);
    leaves(ssl);
    stage_prints("waiting...");
    serves_somebody_else();
}

static int was_asked(SSL *ssl, void *times)
{
    (void)ssl;
    ++*(int *)times;
    return 1;
}

static void no_client_is_asked_for_a_certificate(void **state)
{
    SSL *ssl   = peer(stage_enter(), 0);
    int  times = 0;

    (void)state;
    SSL_set_cert_cb(ssl, was_asked, &times);
    assert_true(tls_peer_shake(ssl));
    is_announced(ssl);
    assert_int_equal(times, 0);
    leaves(ssl);
    stage_prints("waiting...");
    serves_somebody_else();
}

static void is_private(void)
{
    struct stat file;

    assert_int_equal(lstat(pem, &file), 0);
    assert_true(S_ISREG(file.st_mode));
    assert_int_equal(file.st_mode & 0077, 0);
}

static void nobody_else_may_read_the_file(void **state)
{
    (void)state;
    is_private();
    is_fit = true;
}

static void a_file_that_all_could_read_is_replaced(void **state)
{
    FILE *f = fopen(pem, "w");

    (void)state;
    assert_non_null(f);
    fprintf(f, "%100000s\n", "old");
    fclose(f);
    chmod(pem, 0666);
    start();
    is_private();
    the_file_is_a_certificate_and_its_encrypted_key(state);
    serves_somebody_else();
    is_fit = false;
}

/* ---- requests ---- */

static void a_request_comes_back(void **state)
{
    (void)state;
    answers(STAGE_BYTES("GET / HTTP/1.0\r\nHost: x\r\n\r\n"));
    answers(STAGE_BYTES("GET / HTTP/1.0\n\n"));
}

static void an_empty_line_is_a_request(void **state)
{
    (void)state;
    answers(STAGE_BYTES("\n\n"));
    answers(STAGE_BYTES("\r\n\r\n"));
}

static void line_ends_of_both_kinds_make_an_empty_line(void **state)
{
    (void)state;
    answers(STAGE_BYTES("a\r\n\n"));
    answers(STAGE_BYTES("a\n\r\n"));
}

static void what_comes_after_the_empty_line_comes_back(void **state)
{
    char body[10000] = "POST / HTTP/1.0\r\n\r\n";

    (void)state;
    answers(STAGE_BYTES("a\r\n\r\nb\n\nc"));
    memset(body + 19, 'b', sizeof body - 19);
    answers(body, sizeof body);
}

static void bytes_come_back_as_they_are(void **state)
{
    (void)state;
    answers(STAGE_BYTES("\0a%s\0\xff\xc3<pre>\0\n\n\0"));
}

static void tls_1_2_is_spoken_as_1_3_is(void **state)
{
    time_t then = time(NULL);
    SSL   *ssl  = peer(stage_enter(), TLS1_2_VERSION);

    (void)state;
    assert_true(tls_peer_shake(ssl));
    is_announced(ssl);
    assert_true(tls_peer_send_text(ssl, "a\n\n"));
    is_answered(ssl, "a\n\n", 3, then);
    leaves(ssl);
    stage_prints("waiting...");
    serves_somebody_else();
}

/* None of the pieces but the last makes an empty line. */
static void answers_pieces(const char *const *pieces)
{
    time_t then        = time(NULL);
    SSL   *ssl         = accepted();
    char   request[64] = "";

    for (; *pieces; pieces++) {
        assert_true(tls_peer_send_text(ssl, *pieces));
        strcat(request, *pieces);
        if (pieces[1])
            assert_true(spawn_expect_silence(stage.out));
    }
    is_answered(ssl, request, strlen(request), then);
    leaves(ssl);
    stage_prints("waiting...");
    is_fit = true;
}

static void a_request_in_pieces_is_waited_for(void **state)
{
    (void)state;
    answers_pieces((const char *[]){"GET / ", "HTTP/1.0\r\n", "\r", "\n", 0});
}

static void other_bytes_make_no_empty_line(void **state)
{
    (void)state;
    answers_pieces((const char *[]){"a\n \n\r\r", "\n\n", 0});
    answers_pieces((const char *[]){"a\r\n\r", "\n", 0});
}

static void a_long_request_comes_back_whole(void **state)
{
    const size_t len     = 60000;
    char        *request = malloc(len);
    time_t       then    = time(NULL);
    SSL         *ssl     = accepted();

    (void)state;
    for (size_t i = 0; i < len; i++)
        request[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < len; i++)
        if (request[i] == '\n')
            request[i] = 'n';
    memcpy(request + len - 2, "\n\n", 2);
    for (size_t at = 0; at < len; at += 10000)
        assert_true(tls_peer_send(ssl, request + at, 10000));
    is_answered(ssl, request, len, then);
    free(request);
    leaves(ssl);
    stage_prints("waiting...");
    serves_somebody_else();
}

/* ---- clients that leave, and others ---- */

static void who_leaves_before_the_empty_line_gets_no_answer(void **state)
{
    SSL *ssl = accepted();

    (void)state;
    assert_true(tls_peer_send_text(ssl, "GET / HTTP/1.0\r\n"));
    tls_peer_say_goodbye(ssl);
    assert_true(tls_peer_expect_goodbye(ssl));
    leaves(ssl);
    stage_prints("waiting...");
    serves_somebody_else();
}

static void who_breaks_off_harms_nobody(void **state)
{
    SSL *ssl = accepted();

    (void)state;
    assert_true(tls_peer_send_text(ssl, "GET /"));
    leaves(ssl); /* without a goodbye */
    stage_prints("waiting...");
    leaves(accepted());
    stage_prints("waiting...");
    serves_somebody_else();
}

static void a_reset_harms_nobody(void **state)
{
    SSL *ssl = accepted();

    (void)state;
    assert_true(tls_peer_send_text(ssl, "GET /"));
    stage_reset(SSL_get_fd(ssl));
    stage_prints("waiting...");
    serves_somebody_else();
}

static void who_does_not_stay_for_the_answer_harms_nobody(void **state)
{
    SSL *ssl = accepted();

    (void)state;
    stage_pause();
    assert_true(tls_peer_send_text(ssl, "GET / HTTP/1.0\r\n\r\n"));
    shutdown(SSL_get_fd(ssl), SHUT_WR); /* or else it is no broken pipe */
    stage_reset(SSL_get_fd(ssl));
    stage_resume();
    stage_prints("waiting...");
    serves_somebody_else();
}

static void a_client_without_tls_is_an_error(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "GET / HTTP/1.0\r\n\r\n");
    stage_prints("error.\nwaiting...");
    stage_leave(fd);
    serves_somebody_else();
}

static void a_client_that_says_nothing_is_an_error(void **state)
{
    (void)state;
    stage_leave(stage_enter());
    stage_prints("error.\nwaiting...");
    serves_somebody_else();
}

static void a_reset_before_the_handshake_is_an_error(void **state)
{
    (void)state;
    stage_reset(stage_enter());
    stage_prints("error.\nwaiting...");
    serves_somebody_else();
}

static void a_handshake_half_done_is_an_error(void **state)
{
    SSL *ssl = peer(stage_enter(), TLS1_2_VERSION);

    (void)state;
    stage_pause();
    tls_peer_begin(ssl);
    leaves(ssl);
    stage_resume();
    stage_prints("error.\nwaiting...");
    serves_somebody_else();
}

static void a_second_client_waits_its_turn(void **state)
{
    time_t then   = time(NULL);
    SSL   *first  = accepted();
    SSL   *second = peer(stage_enter(), 0);

    (void)state;
    tls_peer_begin(second);
    assert_true(spawn_expect_silence(SSL_get_fd(second)));
    assert_true(tls_peer_send_text(first, "one\n\n"));
    is_answered(first, "one\n\n", 5, then);
    stage_prints("waiting...");
    assert_true(tls_peer_shake(second));
    is_announced(second);
    assert_true(tls_peer_send_text(second, "two\n\n"));
    is_answered(second, "two\n\n", 5, then);
    leaves(first);
    leaves(second);
    stage_prints("waiting...");
    is_fit = true;
}

/* ---- its address ---- */

static void ipv6_is_served(void **state)
{
    time_t then = time(NULL);
    char   line[128], end[16];
    SSL   *ssl;

    (void)state;
    stage_move_to_ipv6();
    start();
    ssl = peer(stage_enter(), 0);
    assert_true(tls_peer_shake(ssl));
    assert_true(spawn_read_line(stage.out, line, sizeof line));
    spawn_place_of(SSL_get_fd(ssl), &stage_place);
    (void)snprintf(end, sizeof end, ":%s\n", stage_place.port);
    assert_ptr_equal(strstr(line, "accepted "), line);
    assert_non_null(strstr(line, "::1"));
    assert_string_equal(strrchr(line, ':'), end);
    assert_true(tls_peer_send_text(ssl, "\n\n"));
    is_answered(ssl, "\n\n", 2, then);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, "Address already in use (98)<br />\n", 0);
}

/* Whoever wants all addresses wants this one. */
static void all_addresses_port_9001_unless_said(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, stage_place.address, 9001,
                        "Address already in use (98)<br />\n", 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
    assert_int_equal(access(pem, F_OK), -1);
}

#define SERVED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, share_server, forget_peers)
#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_folder, forget_peers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(the_file_is_a_certificate_and_its_encrypted_key),
        SERVED(the_certificate_says_who_it_is_of),
        SERVED(the_certificate_is_signed_with_its_own_key),
        SERVED(the_certificate_is_valid_for_365_days_from_now),
        SERVED(clients_get_the_certificate_of_the_file),
        SERVED(no_client_is_asked_for_a_certificate),
        SERVED(a_request_comes_back),
        SERVED(an_empty_line_is_a_request),
        SERVED(line_ends_of_both_kinds_make_an_empty_line),
        SERVED(what_comes_after_the_empty_line_comes_back),
        SERVED(bytes_come_back_as_they_are),
        SERVED(tls_1_2_is_spoken_as_1_3_is),
        SERVED(a_request_in_pieces_is_waited_for),
        SERVED(other_bytes_make_no_empty_line),
        SERVED(a_long_request_comes_back_whole),
        SERVED(who_leaves_before_the_empty_line_gets_no_answer),
        SERVED(who_breaks_off_harms_nobody),
        SERVED(a_reset_harms_nobody),
        SERVED(who_does_not_stay_for_the_answer_harms_nobody),
        SERVED(a_client_without_tls_is_an_error),
        SERVED(a_client_that_says_nothing_is_an_error),
        SERVED(a_reset_before_the_handshake_is_an_error),
        SERVED(a_handshake_half_done_is_an_error),
        SERVED(a_second_client_waits_its_turn),
        SERVED(nobody_else_may_read_the_file),
        IN_FOLDER(a_file_that_all_could_read_is_replaced),
        IN_FOLDER(ipv6_is_served),
        IN_FOLDER(a_taken_port_is_told),
        IN_FOLDER(all_addresses_port_9001_unless_said),
        IN_FOLDER(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/tls_hello_server");
    return cmocka_run_group_tests(tests, NULL, stop);
}
