/* test_tls_https_get.c - the program prints what a server answers, whose
 * certificate is good for its address; and tells why, if it cannot. */
#include "support/aside.h"
#include "support/stage.h"
#include "support/tls_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

static struct cert *ca;         /* whom the program trusts */
static struct cert *own;        /* of the server */
static SSL         *server;     /* its end of the connection */
static char         trust[200]; /* SSL_CERT_FILE=... */
static char         host[32];   /* ADDRESS:PORT */

static int make_ca(void **state)
{
    (void)state;
    ca = cert_make_ca("an authority");
    (void)snprintf(trust, sizeof trust, "SSL_CERT_FILE=%s", ca->cert_path);
    return 0;
}

static int free_ca(void **state)
{
    (void)state;
    cert_free(ca);
    return 0;
}

static int open_stage(void **state)
{
    stage_open(state);
    stage_set_variable(trust);
    return 0;
}

static int close_stage(void **state)
{
    tls_peer_free(server);
    server = NULL;
    cert_free(own);
    own = NULL;
    return stage_close(state);
}

/* ---- the program and its server ---- */

/* The program is to fetch this, at the place, where somebody may listen. */
static void fetch(const char *path)
{
    char url[128];

    (void)snprintf(host, sizeof host, "%s:%s", stage_place.address,
                   stage_place.port);
    (void)snprintf(url, sizeof url, "https://%s%s", host, path);
    stage_start(url, NULL);
}

/* It has connected to a server that has this certificate. */
static void meets(const struct cert_wish *wish, int version)
{
    own    = cert_make(wish);
    server = tls_peer_new(stage_receive(), own, version);
}

/* The wish with the names of the place, signed by whom the program trusts. */
static struct cert_wish good(void)
{
    static char name[40];
    size_t      bare = strspn(stage_place.address, "[");

    (void)snprintf(name, sizeof name, "IP:%.*s",
                   (int)strcspn(stage_place.address + bare, "]"),
                   stage_place.address + bare);
    return (struct cert_wish){.issuer = ca, .names = name};
}

/* The program meets a server that is good, and asks it for this. */
static void asks_over(int version, const char *path)
{
    const struct cert_wish wish = good();
    char                   request[256];

    stage_listen();
    fetch(path);
    meets(&wish, version);
    assert_true(tls_peer_shake(server));
    (void)snprintf(request, sizeof request,
                   "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    assert_true(tls_peer_expect_text(server, request));
}

static void asks(const char *path)
{
    asks_over(0, path);
}

/* The server sends this; it is printed before anything else happens. */
static void prints(const char *sent)
{
    assert_true(tls_peer_send_text(server, sent));
    stage_prints("%s", sent);
}

/* The server has said all; the program is content, and says no more. */
static void is_done(void)
{
    tls_peer_say_goodbye(server);
    assert_true(tls_peer_expect_goodbye(server));
    stage_ends(0);
    assert_true(spawn_expect_end(stage.err));
}

/* Nothing more is printed, and one sentence says why. */
static void fails(const char *why)
{
    char line[1024];

    stage_ends(1);
    assert_true(spawn_read_line(stage.err, line, sizeof line));
    assert_true(strlen(line) > 5);
    if (!strstr(line, why))
        fail_msg("\"%s\" is not in: %s", why, line);
    assert_true(spawn_expect_end(stage.err));
}

static void shuts(void)
{
    shutdown(SSL_get_fd(server), SHUT_WR);
}

/* ---- what is fetched ---- */

static void a_page_is_asked_for_and_printed(void **state)
{
    (void)state;
    asks("/a/b?c=d&e=%20f");
    prints("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nHello.\n");
    is_done();
}

static void what_comes_is_printed_at_once(void **state)
{
    (void)state;
    asks("/");
    prints("HTTP/1.0 200 OK\r\n");
    prints("\r\nno line end");
    prints(", and more");
    is_done();
}

static void bytes_are_printed_as_they_are(void **state)
{
    (void)state;
    asks("/");
    assert_true(tls_peer_send(server, STAGE_BYTES("\0%s\xff\r\n\0\xc3")));
    assert_true(spawn_expect(stage.out, STAGE_BYTES("\0%s\xff\r\n\0\xc3")));
    is_done();
}

#define LONG 1000000

static void say_much(void *body)
{
    for (size_t at = 0; at < LONG; at += 10000)
        tls_peer_send(server, (const char *)body + at, 10000);
    tls_peer_say_goodbye(server);
}

static void much_is_printed_whole(void **state)
{
    char        *body = malloc(LONG);
    struct aside aside;

    (void)state;
    for (size_t i = 0; i < LONG; i++)
        body[i] = (char)(i * 7 + i / 251);
    asks("/");
    aside_start(&aside, say_much, body);
    assert_true(spawn_expect(stage.out, body, LONG));
    aside_join(&aside);
    free(body);
    stage_ends(0);
}

static void an_error_of_http_is_a_page(void **state)
{
    (void)state;
    asks("/none");
    prints("HTTP/1.0 404 Not Found\r\n\r\nNot here.");
    is_done();
}

static void a_server_may_say_nothing(void **state)
{
    (void)state;
    asks("/");
    is_done();
}

static void tls_1_2_is_spoken_as_1_3_is(void **state)
{
    (void)state;
    asks_over(TLS1_2_VERSION, "/");
    prints("HTTP/1.0 200 OK\r\n\r\n");
    is_done();
}

static void ipv6_is_spoken(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    asks("/six");
    prints("HTTP/1.0 200 OK\r\n\r\n");
    is_done();
}

/* The URL does not say the port, and this one is not for everybody. */
static void asks_port_443(void)
{
    const struct cert_wish wish = good();
    char                   url[64], request[128];
    int                    probe;

    stage_place.in.sin_port = htons(443);
    if ((probe = spawn_occupy(&stage_place, SOCK_STREAM)) < 0) {
        print_message("SKIPPED: port 443 is not to be had\n");
        skip();
    }
    close(probe);
    stage_listen();
    (void)snprintf(url, sizeof url, "https://%s/x", stage_place.address);
    stage_start(url, NULL);
    meets(&wish, 0);
    assert_true(tls_peer_shake(server));
    (void)snprintf(request, sizeof request,
                   "GET /x HTTP/1.0\r\nHost: %s\r\n\r\n", stage_place.address);
    assert_true(tls_peer_expect_text(server, request));
    is_done();
}

static void the_port_is_443_unless_said(void **state)
{
    (void)state;
    asks_port_443();
}

static void the_port_of_ipv6_is_443_unless_said(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    asks_port_443();
}

/* ---- what is cut off ---- */

static void an_end_without_a_goodbye_is_told(void **state)
{
    (void)state;
    asks("/");
    prints("HTTP/1.0 200 OK\r\n\r\nHel");
    shuts();
    fails("");
}

static void what_came_before_the_cut_is_printed(void **state)
{
    (void)state;
    asks("/");
    stage_pause();
    assert_true(tls_peer_send_text(server, "HTTP/1.0 200 OK\r\n\r\nHel"));
    shuts();
    stage_resume();
    stage_prints("HTTP/1.0 200 OK\r\n\r\nHel");
    fails("");
}

static void an_end_without_an_answer_is_told(void **state)
{
    (void)state;
    asks_over(TLS1_2_VERSION, "/");
    shuts();
    fails("");
}

static void a_reset_is_told(void **state)
{
    (void)state;
    asks("/");
    prints("HTTP/1.0 200 OK\r\n\r\nHel");
    stage_reset(SSL_get_fd(server));
    fails("Connection reset by peer");
}

/* ---- whom it does not trust ---- */

/* A server with this certificate gets no request. */
static void refuses(const struct cert_wish *wish)
{
    stage_listen();
    fetch("/secret");
    meets(wish, 0);
    assert_false(tls_peer_shake(server));
    fails("ertificate");
}

static void who_signed_its_own_is_refused(void **state)
{
    struct cert_wish wish = good();

    (void)state;
    wish.issuer = NULL;
    refuses(&wish);
}

static void who_is_signed_by_a_stranger_is_refused(void **state)
{
    struct cert_wish wish     = good();
    struct cert     *stranger = cert_make_ca("an authority");

    (void)state;
    wish.issuer = stranger;
    refuses(&wish);
    cert_free(stranger);
}

static void an_expired_certificate_is_refused(void **state)
{
    struct cert_wish wish = good();

    (void)state;
    wish.from_s  = -7200;
    wish.until_s = -60;
    refuses(&wish);
}

static void a_certificate_of_tomorrow_is_refused(void **state)
{
    struct cert_wish wish = good();

    (void)state;
    wish.from_s  = 3600;
    wish.until_s = 7200;
    refuses(&wish);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    struct cert_wish wish = good();

    (void)state;
    wish.names   = "IP:127.255.255.254,DNS:example.com";
    wish.subject = stage_place.address;
    refuses(&wish);
}

static void a_certificate_of_a_client_is_refused(void **state)
{
    struct cert_wish wish = good();

    (void)state;
    wish.uses = "clientAuth";
    refuses(&wish);
}

/* ---- who is not there, or no server of TLS ---- */

static void a_refusal_is_told(void **state)
{
    (void)state;
    fetch("/");
    fails("Connection refused");
}

static void a_server_without_tls_is_told(void **state)
{
    int fd;

    (void)state;
    stage_listen();
    fetch("/");
    fd = stage_receive();
    stage_says(fd, "HTTP/1.0 400 Bad Request\r\n\r\nSay it in TLS.\n");
    shutdown(fd, SHUT_WR);
    fails("");
}

static void an_end_before_the_handshake_is_told(void **state)
{
    (void)state;
    stage_listen();
    fetch("/");
    stage_leave(stage_receive());
    fails("");
}

/* ---- how it is called ---- */

/* Standard error says how, standard output nothing. */
static void shows_usage(void)
{
    char line[256];

    stage_ends(2);
    assert_true(spawn_read_line(stage.err, line, sizeof line));
    assert_ptr_equal(strstr(line, "usage: "), line);
}

static void is_no_url(void **state)
{
    stage_start(*state, NULL);
    shows_usage();
}

static void no_argument_shows_the_usage(void **state)
{
    (void)state;
    stage_start(NULL, NULL);
    shows_usage();
}

static void two_arguments_show_the_usage(void **state)
{
    (void)state;
    stage_start("https://127.0.0.1:1/", "https://127.0.0.1:1/", NULL);
    shows_usage();
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("https://HOST[:PORT]/PATH");
    assert_true(spawn_expect_end(stage.err));
}

#define TEST(test)                                                             \
    cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

/* cmocka hands the row's text over in *state. */
#define NO_URL(name, text)                                                     \
    {                                                                          \
        name, is_no_url, open_stage, close_stage, (char[])                     \
        {                                                                      \
            text                                                               \
        }                                                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_is_asked_for_and_printed),
        TEST(what_comes_is_printed_at_once),
        TEST(bytes_are_printed_as_they_are),
        TEST(much_is_printed_whole),
        TEST(an_error_of_http_is_a_page),
        TEST(a_server_may_say_nothing),
        TEST(tls_1_2_is_spoken_as_1_3_is),
        TEST(ipv6_is_spoken),
        TEST(the_port_is_443_unless_said),
        TEST(the_port_of_ipv6_is_443_unless_said),
        TEST(an_end_without_a_goodbye_is_told),
        TEST(what_came_before_the_cut_is_printed),
        TEST(an_end_without_an_answer_is_told),
        TEST(a_reset_is_told),
        TEST(who_signed_its_own_is_refused),
        TEST(who_is_signed_by_a_stranger_is_refused),
        TEST(an_expired_certificate_is_refused),
        TEST(a_certificate_of_tomorrow_is_refused),
        TEST(a_certificate_for_another_host_is_refused),
        TEST(a_certificate_of_a_client_is_refused),
        TEST(a_refusal_is_told),
        TEST(a_server_without_tls_is_told),
        TEST(an_end_before_the_handshake_is_told),
        NO_URL("http_is_no_url", "http://127.0.0.1:1/"),
        NO_URL("ftp_is_no_url", "ftp://127.0.0.1:1/"),
        NO_URL("a_host_alone_is_no_url", "127.0.0.1:1"),
        NO_URL("a_scheme_alone_is_no_url", "https://"),
        NO_URL("a_path_alone_is_no_url", "https:///path"),
        NO_URL("nothing_is_no_url", ""),
        TEST(no_argument_shows_the_usage),
        TEST(two_arguments_show_the_usage),
        TEST(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/https_get");
    return cmocka_run_group_tests(tests, make_ca, free_ca);
}
