/* test_talkback_client.c - the client shows the dialogue in order: the welcome,
 * then each line with what it was answered. */
#include "support/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM EXAMPLES_DIR "/talkback_client"

static struct spawn       client, server;
static struct spawn_place place;
static int                listener = -1, conn = -1;

/* We are the server; the client says hello, then more. */
static int play_server(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    listener = spawn_occupy(&place, SOCK_STREAM);
    if (!spawn_start(
            &client, PROGRAM,
            (const char *[]){place.address, place.port, "hello", "more", NULL}))
        return -1;
    conn = spawn_accept(listener);
    return conn >= 0 ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    spawn_stop(&client);
    spawn_stop(&server);
    if (conn >= 0)
        close(conn);
    if (listener >= 0)
        close(listener);
    conn = listener = -1;
    return 0;
}

static void the_welcome_comes_first(void **state)
{
    (void)state;
    assert_true(spawn_send(conn, "wel", 3));
    assert_true(spawn_send(conn, "come\n\n", 6));
    assert_true(spawn_expect_text(client.out, "< welcome\n< \n> hello\n"));
    assert_true(spawn_expect_text(conn, "hello\n"));
    assert_true(spawn_expect_silence(conn));
    assert_true(spawn_send(conn, "one\ntwo\n", 8));
    assert_true(spawn_expect_text(client.out, "< one\n< two\n> more\n"));
    assert_true(spawn_expect_text(conn, "more\n"));
    assert_true(spawn_expect_end(conn));
    assert_int_equal(spawn_wait(&client), 0);
}

static void a_line_cut_off_by_the_limit_is_kept(void **state)
{
    (void)state;
    assert_true(spawn_send(conn, "half", 4));
    assert_true(spawn_expect_text(client.out, "> hello\n"));
    assert_true(spawn_send(conn, " and half\n", 10));
    assert_true(spawn_expect_text(client.out, "< half and half\n> more\n"));
    assert_int_equal(spawn_wait(&client), 0);
}

static void the_end_of_the_server_is_the_end(void **state)
{
    (void)state;
    assert_true(spawn_send(conn, "bye", 3));
    close(conn);
    conn = -1;
    assert_true(spawn_expect_text(client.out, "< bye\n"));
    assert_true(spawn_expect_end(client.out));
    assert_int_equal(spawn_wait(&client), 0);
}

static void a_reset_is_a_failure(void **state)
{
    char text[128];

    (void)state;
    assert_true(spawn_send(conn, "hi\n", 3));
    assert_true(spawn_expect_text(client.out, "< hi\n"));
    spawn_reset(conn);
    conn = -1;
    (void)snprintf(text, sizeof text, "read %s:%s: Connection reset by peer\n",
                   place.address, place.port);
    assert_true(spawn_expect_text(client.err, text));
    assert_int_equal(spawn_wait(&client), 1);
}

static void bytes_are_bytes(void **state)
{
    (void)state;
    assert_true(spawn_send(conn, "\0\xff\0\n", 4));
    assert_true(spawn_expect(client.out, "< \0\xff\0\n", 6));
}

static void a_refusal_is_told(void **state)
{
    char text[128];

    (void)state;
    spawn_place_pick(&place);
    assert_true(
        spawn_start(&client, PROGRAM,
                    (const char *[]){place.address, place.port, "x", NULL}));
    (void)snprintf(text, sizeof text, "connect %s:%s: Connection refused\n",
                   place.address, place.port);
    assert_true(spawn_expect_text(client.err, text));
    assert_int_equal(spawn_wait(&client), 1);
    assert_true(spawn_expect_end(client.out));
}

static void it_talks_with_the_talkback_server(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    assert_true(spawn_start(&server, EXAMPLES_DIR "/talkback_server",
                            (const char *[]){place.address, place.port, NULL}));
    close(spawn_connect(&server, &place));
    assert_true(
        spawn_start(&client, PROGRAM,
                    (const char *[]){place.address, place.port, "hello there",
                                     "shutdown", "never said", NULL}));
    assert_true(spawn_expect_text(
        client.out, "< \n< Welcome to the PHP Test Server. \n"
                    "< To quit, type 'quit'. To shut down the server type "
                    "'shutdown'.\n"
                    "> hello there\n< PHP: You said 'hello there'.\n"
                    "> shutdown\n"));
    assert_true(spawn_expect_end(client.out));
    assert_int_equal(spawn_wait(&client), 0);
    assert_int_equal(spawn_wait(&server), 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    assert_true(
        spawn_start(&client, PROGRAM, (const char *[]){"--help", NULL}));
    assert_true(spawn_expect_text(client.out,
                                  "usage: " PROGRAM " ADDRESS PORT LINE...\n"));
    assert_int_equal(spawn_wait(&client), 0);
}

static void no_arguments_are_too_few(void **state)
{
    (void)state;
    assert_true(spawn_start(&client, PROGRAM, (const char *[]){NULL}));
    assert_true(spawn_expect_text(client.err,
                                  "usage: " PROGRAM " ADDRESS PORT LINE...\n"));
    assert_int_equal(spawn_wait(&client), 2);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, play_server, stop)
#define ALONE(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(the_welcome_comes_first),
        SERVED(a_line_cut_off_by_the_limit_is_kept),
        SERVED(the_end_of_the_server_is_the_end),
        SERVED(a_reset_is_a_failure),
        SERVED(bytes_are_bytes),
        ALONE(a_refusal_is_told),
        ALONE(it_talks_with_the_talkback_server),
        ALONE(help_is_printed),
        ALONE(no_arguments_are_too_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
