/* test_talkback_client.c - the client shows the dialogue in order: the welcome,
 * then each line with what it was answered. */
#include "support/stage.h"

#include <unistd.h>

#define ARGUMENTS "ADDRESS PORT LINE..."

/* We are the server; the client says hello, then more. */
static int called(void)
{
    stage_listen();
    stage_start(stage_place.address, stage_place.port, "hello", "more", NULL);
    return stage_receive();
}

static void the_welcome_comes_first(void **state)
{
    int fd = called();

    (void)state;
    stage_says(fd, "wel");
    stage_says(fd, "come\n\n");
    stage_prints("< welcome\n< \n> hello\n");
    stage_hears(fd, "hello\n");
    assert_true(spawn_expect_silence(fd));
    stage_says(fd, "one\ntwo\n");
    stage_prints("< one\n< two\n> more\n");
    stage_hears(fd, "more\n");
    stage_says(fd, "bye\n");
    stage_prints("< bye\n");
    stage_hears_end(fd);
    stage_ends(0);
}

/* This takes the two seconds that the client waits. */
static void a_silent_server_is_spoken_to(void **state)
{
    int fd = called();

    (void)state;
    stage_prints("> hello\n");
    stage_hears(fd, "hello\n");
    stage_leave(fd);
    stage_ends(0);
}

static void a_line_cut_off_by_the_limit_is_kept(void **state)
{
    int fd = called();

    (void)state;
    stage_says(fd, "whole\nhalf");
    stage_prints("< whole\n> hello\n");
    stage_says(fd, " and half\n");
    stage_prints("< half and half\n> more\n");
    stage_hears(fd, "hello\nmore\n");
    stage_leave(fd);
    stage_ends(0);
}

static void the_end_of_the_server_is_the_end(void **state)
{
    int fd = called();

    (void)state;
    stage_says(fd, "bye");
    stage_leave(fd);
    stage_prints("< bye\n");
    stage_ends(0);
}

static void a_reset_is_a_failure(void **state)
{
    int fd = called();

    (void)state;
    stage_says(fd, "hi\n");
    stage_prints("< hi\n");
    stage_reset(fd);
    stage_complains("read %s:%s: Connection reset by peer\n",
                    stage_place.address, stage_place.port);
    stage_ends(1);
}

static void bytes_are_bytes(void **state)
{
    int fd = called();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0\xff%s\0\n")));
    assert_true(spawn_expect(stage.out, STAGE_BYTES("< \0\xff%s\0\n")));
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, "x", NULL);
    stage_complains("connect %s:%s: Connection refused\n", stage_place.address,
                    stage_place.port);
    stage_ends(1);
}

static void it_talks_with_the_talkback_server(void **state)
{
    const char  *at[] = {stage_place.address, stage_place.port, NULL};
    struct spawn server;
    int          status;

    (void)state;
    assert_true(spawn_start(&server, EXAMPLES_DIR "/talkback_server", at));
    close(spawn_connect(&server, &stage_place));
    stage_start(at[0], at[1], "hello there", "shutdown", "never said", NULL);
    status = spawn_wait(&server);
    spawn_stop(&server);
    stage_prints("< \n< Welcome to the PHP Test Server. \n"
                 "< To quit, type 'quit'. To shut down the server type "
                 "'shutdown'.\n"
                 "> hello there\n< PHP: You said 'hello there'.\n"
                 "> shutdown\n");
    stage_ends(0);
    assert_int_equal(status, 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help(ARGUMENTS);
}

static void no_arguments_are_too_few(void **state)
{
    (void)state;
    stage_start(NULL, NULL);
    stage_complains("usage: " EXAMPLES_DIR "/talkback_client " ARGUMENTS "\n");
    stage_ends(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_ALONE(the_welcome_comes_first),
        STAGE_ALONE(a_silent_server_is_spoken_to),
        STAGE_ALONE(a_line_cut_off_by_the_limit_is_kept),
        STAGE_ALONE(the_end_of_the_server_is_the_end),
        STAGE_ALONE(a_reset_is_a_failure),
        STAGE_ALONE(bytes_are_bytes),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(it_talks_with_the_talkback_server),
        STAGE_ALONE(help_is_printed),
        STAGE_ALONE(no_arguments_are_too_few),
    };

    stage_program(EXAMPLES_DIR "/talkback_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
