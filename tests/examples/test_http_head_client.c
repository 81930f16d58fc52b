/* test_http_head_client.c - the HTTP client asks what it should and prints the
 * response as it comes; a server that is not there changes one line. */
#include "support/stage.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define REFUSED "socket_connect() failed.\nReason: () Connection refused\n"

/* All up to the response, with this outcome of the connect. */
static void begins(const char *address, const char *port, const char *outcome)
{
    stage_prints("<h2>TCP/IP Connection</h2>\nOK.\n"
                 "Attempting to connect to '%s' on port '%s'...%s"
                 "Sending HTTP HEAD request...OK.\nReading response:\n\n",
                 address, port, outcome);
}

static void ends(void)
{
    stage_prints("Closing socket...OK.\n\n");
    stage_ends(0);
}

static int asked(void)
{
    int fd = stage_receive();

    stage_hears(fd, "HEAD / HTTP/1.1\r\nHost: www.example.com\r\n"
                    "Connection: Close\r\n\r\n");
    begins(stage_place.address, stage_place.port, "OK.\n");
    return fd;
}

/* The server sends this; it is printed before anything else is sent. */
static void shows(int fd, const char *bytes, size_t len)
{
    assert_true(spawn_send(fd, bytes, len));
    assert_true(spawn_expect(stage.out, bytes, len));
}

static void a_response_is_printed_as_it_comes(void **state)
{
    int fd = asked();

    (void)state;
    shows(fd, STAGE_BYTES("HTTP/1.1 200 OK\r\n"));
    shows(fd, STAGE_BYTES("Content-"));
    shows(fd, STAGE_BYTES("Type: text/plain\r\n"));
    shows(fd, STAGE_BYTES("\r\n"));
    stage_leave(fd);
    ends();
}

static void nul_bytes_are_printed(void **state)
{
    int fd = asked();

    (void)state;
    shows(fd, STAGE_BYTES("a\0b\xff%s\0"));
    shows(fd, STAGE_BYTES("\0"));
    shows(fd, STAGE_BYTES("0"));
    stage_leave(fd);
    ends();
}

static void a_long_response_is_complete(void **state)
{
    static char bytes[20000];
    int         fd = asked();

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    shows(fd, bytes, sizeof bytes);
    stage_leave(fd);
    ends();
}

static void no_response_is_fine(void **state)
{
    (void)state;
    stage_leave(asked());
    ends();
}

static void a_reset_ends_the_response(void **state)
{
    int fd = asked();

    (void)state;
    shows(fd, STAGE_BYTES("HTTP"));
    stage_reset(fd);
    ends();
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    begins(stage_place.address, stage_place.port, REFUSED);
    ends();
}

static void a_service_name_is_a_port(void **state)
{
    (void)state;
    if (!getservbyname("www", "tcp"))
        skip();
    stage_listen_at_default(80);
    stage_start(stage_place.address, "www", NULL);
    stage_leave(asked());
    ends();
}

static void the_default_port_is_www(void **state)
{
    (void)state;
    if (!getservbyname("www", "tcp"))
        skip();
    stage_listen_at_default(80);
    stage_start(stage_place.address, NULL);
    stage_leave(asked());
    ends();
}

/* 127.1.515 is 127.1.2.3, as names go that need nobody to be asked. */
static void a_name_is_shown_as_its_address(void **state)
{
    uint32_t ip = ntohl(stage_place.in.sin_addr.s_addr);
    char     name[32];

    (void)state;
    (void)snprintf(name, sizeof name, "127.%u.%u", ip >> 16 & 0xff,
                   ip & 0xffff);
    stage_start(name, stage_place.port, NULL);
    begins(stage_place.address, stage_place.port, REFUSED);
    ends();
}

static void an_unknown_service_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, "no-such-service", NULL);
    stage_prints("<h2>TCP/IP Connection</h2>\n"
                 "addrinfo_lookup %s no-such-service: ",
                 stage_place.address);
    assert_int_equal(spawn_wait(&stage), 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(a_response_is_printed_as_it_comes),
        STAGE_CLIENT(nul_bytes_are_printed),
        STAGE_CLIENT(a_long_response_is_complete),
        STAGE_CLIENT(no_response_is_fine),
        STAGE_CLIENT(a_reset_ends_the_response),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(a_service_name_is_a_port),
        STAGE_ALONE(the_default_port_is_www),
        STAGE_ALONE(a_name_is_shown_as_its_address),
        STAGE_ALONE(an_unknown_service_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/http_head_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
