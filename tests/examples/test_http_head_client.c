/* test_http_head_client.c - the HTTP client asks what it should and prints the
 * response as it comes; a server that is not there changes one line. */
#include "support/spawn.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM EXAMPLES_DIR "/http_head_client"
#define REQUEST                                                                \
    "HEAD / HTTP/1.1\r\nHost: www.example.com\r\nConnection: Close\r\n\r\n"
#define REFUSED "socket_connect() failed.\nReason: () Connection refused\n"
#define GOODBYE "Closing socket...OK.\n\n"

static struct spawn       client;
static struct spawn_place place;
static int                listener, conn;

static bool launch(const char *address, const char *port)
{
    return spawn_start(&client, PROGRAM, (const char *[]){address, port, NULL});
}

static int listen_first(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    listener = spawn_occupy(&place, SOCK_STREAM);
    return listener >= 0 && launch(place.address, place.port) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    spawn_stop(&client);
    return 0;
}

static int stop_both(void **state)
{
    close(listener);
    return stop(state);
}

/* All up to the response, with this outcome of the connect. */
static void begins(const char *address, const char *port, const char *outcome)
{
    char text[512];

    (void)snprintf(text, sizeof text,
                   "<h2>TCP/IP Connection</h2>\nOK.\n"
                   "Attempting to connect to '%s' on port '%s'...%s"
                   "Sending HTTP HEAD request...OK.\nReading response:\n\n",
                   address, port, outcome);
    assert_true(spawn_expect_text(client.out, text));
}

static void asks(void)
{
    conn = spawn_accept(listener);
    assert_true(conn >= 0);
    assert_true(spawn_expect_text(conn, REQUEST));
    begins(place.address, place.port, "OK.\n");
}

static void ends(void)
{
    assert_true(spawn_expect_text(client.out, GOODBYE));
    assert_true(spawn_expect_end(client.out));
    assert_int_equal(spawn_wait(&client), 0);
}

/* The server sends this; it is printed before anything else is sent. */
static void shows(const char *bytes, size_t len)
{
    assert_true(spawn_send(conn, bytes, len));
    assert_true(spawn_expect(client.out, bytes, len));
}

static void a_response_is_printed_as_it_comes(void **state)
{
    (void)state;
    asks();
    shows("HTTP/1.1 200 OK\r\n", 17);
    shows("Content-", 8);
    shows("Type: text/plain\r\n", 18);
    shows("\r\n", 2);
    close(conn);
    ends();
}

static void nul_bytes_are_printed(void **state)
{
    (void)state;
    asks();
    shows("a\0b\xff\0", 5);
    shows("0", 1);
    close(conn);
    ends();
}

static void a_long_response_is_complete(void **state)
{
    static char bytes[20000];

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    asks();
    shows(bytes, sizeof bytes);
    close(conn);
    ends();
}

static void no_response_is_fine(void **state)
{
    (void)state;
    asks();
    close(conn);
    ends();
}

static void a_reset_ends_the_response(void **state)
{
    (void)state;
    asks();
    shows("HTTP", 4);
    spawn_reset(conn);
    ends();
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    assert_true(launch(place.address, place.port));
    begins(place.address, place.port, REFUSED);
    ends();
}

static void a_service_name_is_a_port(void **state)
{
    (void)state;
    if (!getservbyname("www", "tcp"))
        skip();
    spawn_place_pick(&place);
    assert_true(launch(place.address, "www"));
    begins(place.address, "80", REFUSED);
    ends();
}

static void a_name_is_shown_as_its_address(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    assert_true(launch("127.1", place.port));
    begins("127.0.0.1", place.port, REFUSED);
    ends();
}

static void an_unknown_service_is_refused(void **state)
{
    (void)state;
    assert_true(launch("127.0.0.1", "no-such-service"));
    assert_true(
        spawn_expect_text(client.err, "no-such-service: no such service\n"));
    assert_int_equal(spawn_wait(&client), 1);
}

static void help_is_printed(void **state)
{
    (void)state;
    assert_true(
        spawn_start(&client, PROGRAM, (const char *[]){"--help", NULL}));
    assert_true(
        spawn_expect_text(client.out, "usage: " PROGRAM " [ADDRESS [PORT]]\n"));
    assert_int_equal(spawn_wait(&client), 0);
}

#define SERVED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, listen_first, stop_both)
#define ALONE(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_response_is_printed_as_it_comes),
        SERVED(nul_bytes_are_printed),
        SERVED(a_long_response_is_complete),
        SERVED(no_response_is_fine),
        SERVED(a_reset_ends_the_response),
        ALONE(a_refusal_is_told),
        ALONE(a_service_name_is_a_port),
        ALONE(a_name_is_shown_as_its_address),
        ALONE(an_unknown_service_is_refused),
        ALONE(help_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
