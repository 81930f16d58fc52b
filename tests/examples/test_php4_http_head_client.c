/* test_php4_http_head_client.c - the client tells its steps in French, asks by
 * HTTP/1.0, and prints the response line by line; a server that is not there
 * changes one line. */
#include "support/stage.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define REFUSED "connect()  a échoué : raison : : (-111) Connection refused\n"

/* All up to the response, with this outcome of the connect. */
static void begins(const char *address, const char *port, const char *outcome)
{
    stage_prints("<h2>TCP/IP Connection</h2>\n"
                 "Connexion à '%s' on port '%s'...%s"
                 "Envoi des entêtes HTTP HEAD...OK.\n"
                 "Lecture de la réponse :\n\n",
                 address, port, outcome);
}

static void ends(void)
{
    stage_prints("Fermeture de la socket...OK.\n\n");
    stage_ends(0);
}

static int asked(void)
{
    int fd = stage_receive();

    stage_hears(fd, "HEAD / HTTP/1.0\r\n\r\n");
    begins(stage_place.address, stage_place.port, "OK.\n");
    return fd;
}

/* The server sends this; it is printed before anything else is sent. */
static void shows(int fd, const char *bytes, size_t len)
{
    assert_true(spawn_send(fd, bytes, len));
    assert_true(spawn_expect(stage.out, bytes, len));
}

static void lines_are_printed_as_they_come(void **state)
{
    int fd = asked();

    (void)state;
    shows(fd, STAGE_BYTES("HTTP/1.0 200 OK\r\n"));
    shows(fd, STAGE_BYTES("A: b\nC: d\r\n"));
    shows(fd, STAGE_BYTES("\r\n"));
    shows(fd, STAGE_BYTES("\n"));
    stage_leave(fd);
    ends();
}

static void a_line_is_printed_when_it_is_whole(void **state)
{
    int fd = asked();

    (void)state;
    stage_says(fd, "HTTP/1.0 ");
    assert_true(spawn_expect_silence(stage.out));
    stage_says(fd, "200");
    stage_says(fd, " OK\r\n");
    stage_prints("HTTP/1.0 200 OK\r\n");
    stage_leave(fd);
    ends();
}

static void a_part_of_a_line_is_printed_at_the_end(void **state)
{
    int fd = asked();

    (void)state;
    stage_says(fd, "HTTP/1.0 200 OK\r\nand no mo");
    stage_leave(fd);
    stage_prints("HTTP/1.0 200 OK\r\nand no mo");
    ends();
}

static void bytes_are_bytes(void **state)
{
    int fd = asked();

    (void)state;
    shows(fd, STAGE_BYTES("a\0b\xff%s\0\n"));
    shows(fd, STAGE_BYTES("\0\n"));
    shows(fd, STAGE_BYTES("0\n"));
    assert_true(spawn_send(fd, STAGE_BYTES("\rc\0")));
    stage_leave(fd);
    assert_true(spawn_expect(stage.out, STAGE_BYTES("\rc\0")));
    ends();
}

static void a_long_response_is_complete(void **state)
{
    static char bytes[20000];
    size_t      i;
    int         fd = asked();

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    for (i = 70; i < sizeof bytes / 2; i += 70)
        memcpy(bytes + i, "\r\n", 2);
    bytes[sizeof bytes - 1] = '\n';
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
    shows(fd, STAGE_BYTES("HTTP/1.0 200 OK\r\n"));
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

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(lines_are_printed_as_they_come),
        STAGE_CLIENT(a_line_is_printed_when_it_is_whole),
        STAGE_CLIENT(a_part_of_a_line_is_printed_at_the_end),
        STAGE_CLIENT(bytes_are_bytes),
        STAGE_CLIENT(a_long_response_is_complete),
        STAGE_CLIENT(no_response_is_fine),
        STAGE_CLIENT(a_reset_ends_the_response),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(a_service_name_is_a_port),
        STAGE_ALONE(the_default_port_is_www),
        STAGE_ALONE(a_name_is_shown_as_its_address),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/php4_http_head_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
