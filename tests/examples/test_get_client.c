/* test_get_client.c - the client asks for the first page and prints 2045 bytes
 * of the answer, or all if there are less, when it has them. */
#include "support/stage.h"

#include <sys/socket.h>

#include <string.h>

#define MOST_PRINTED 2045

static int asked(void)
{
    int fd = stage_receive();

    stage_hears(fd, "GET / HTTP/1.1\r\n\r\n");
    stage_prints("Socket created \nConnection established \n"
                 "Message send successfully \n");
    return fd;
}

static void an_answer_is_printed_when_it_ended(void **state)
{
    int fd = asked();

    (void)state;
    stage_says(fd, "HTTP/1.1 200 OK\r\n\r\n");
    assert_true(spawn_expect_silence(stage.out));
    stage_says(fd, "no end of line");
    stage_leave(fd);
    stage_prints("HTTP/1.1 200 OK\r\n\r\nno end of line");
    stage_ends(0);
}

static void it_waits_for_the_last_byte_and_no_longer(void **state)
{
    char bytes[MOST_PRINTED];
    int  fd = asked();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[0]                = '>';
    bytes[sizeof bytes - 1] = '<';
    assert_true(spawn_send(fd, bytes, sizeof bytes - 1));
    assert_true(spawn_expect_silence(stage.out));
    stage_says(fd, "<");
    assert_true(spawn_expect(stage.out, bytes, sizeof bytes));
    stage_ends(0);
    stage_hears_end(fd);
}

static void the_rest_is_not_printed(void **state)
{
    char bytes[3 * MOST_PRINTED];
    int  fd = asked();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    assert_true(spawn_expect(stage.out, bytes, MOST_PRINTED));
    stage_ends(0);
    stage_is_cut(fd);
}

static void bytes_are_bytes(void **state)
{
    int fd = asked();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0 a\r\n\xff\xc3%s\n \0")));
    stage_leave(fd);
    assert_true(
        spawn_expect(stage.out, STAGE_BYTES("\0 a\r\n\xff\xc3%s\n \0")));
    stage_ends(0);
}

static void no_answer_is_no_failure(void **state)
{
    (void)state;
    stage_leave(asked());
    stage_ends(0);
}

static void half_a_connection_is_an_end(void **state)
{
    int fd = asked();

    (void)state;
    stage_says(fd, "bye");
    shutdown(fd, SHUT_WR);
    stage_prints("bye");
    stage_hears_end(fd);
    stage_ends(0);
}

static void a_reset_is_told(void **state)
{
    (void)state;
    stage_reset(asked());
    stage_prints("Could not receive data: [104] Connection reset by peer \n");
    stage_ends(0);
}

static void what_came_before_a_reset_is_printed(void **state)
{
    int fd = asked();

    (void)state;
    stage_says(fd, "HTTP");
    stage_reset(fd);
    stage_prints("HTTP");
    stage_ends(0);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("Socket created \n"
                 "Could not connect: [111] Connection refused \n");
    stage_ends(0);
}

static void the_default_port_is_80(void **state)
{
    (void)state;
    stage_listen_at_default(80);
    stage_start(stage_place.address, NULL);
    asked();
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(an_answer_is_printed_when_it_ended),
        STAGE_CLIENT(it_waits_for_the_last_byte_and_no_longer),
        STAGE_CLIENT(the_rest_is_not_printed),
        STAGE_CLIENT(bytes_are_bytes),
        STAGE_CLIENT(no_answer_is_no_failure),
        STAGE_CLIENT(half_a_connection_is_an_end),
        STAGE_CLIENT(a_reset_is_told),
        STAGE_CLIENT(what_came_before_a_reset_is_printed),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(the_default_port_is_80),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/get_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
