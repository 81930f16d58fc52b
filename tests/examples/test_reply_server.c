/* test_reply_server.c - the server tells one client's address, answers what it
 * says first, and is gone. */
#include "support/waiting.h"

#include <sys/socket.h>

#include <string.h>

/* A client whose turn it is. */
static int welcomed(void)
{
    int fd = stage_enter();

    stage_prints(WAITING_BEGINS);
    waiting_turn(fd, " \n");
    return fd;
}

static void a_client_is_answered_and_the_server_ends(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, " happy");
    stage_hears(fd, "OK ..  happy");
    stage_hears_end(fd);
    stage_ends(0);
    stage_refuses();
}

static void bytes_come_back_as_they_are(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0 a\r\n\nb\xff\xc3 \n\0")));
    assert_true(
        spawn_expect(fd, STAGE_BYTES("OK .. \0 a\r\n\nb\xff\xc3 \n\0")));
    stage_hears_end(fd);
    stage_ends(0);
}

static void what_is_there_is_read_at_once_and_answered_whole(void **state)
{
    static char bytes[40000];
    int         fd = welcomed();

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    bytes[sizeof bytes - 1] = '!';
    stage_pause();
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    assert_true(spawn_arrives(fd));
    stage_resume();
    stage_hears(fd, "OK .. ");
    assert_true(spawn_expect(fd, bytes, sizeof bytes));
    stage_hears_end(fd);
    stage_ends(0);
}

static void who_says_nothing_is_answered_so(void **state)
{
    int fd = welcomed();

    (void)state;
    shutdown(fd, SHUT_WR);
    stage_hears(fd, "OK .. ");
    stage_hears_end(fd);
    stage_ends(0);
}

static void who_leaves_in_silence_is_no_failure(void **state)
{
    (void)state;
    stage_leave(welcomed());
    stage_ends(0);
}

static void a_reset_is_no_failure(void **state)
{
    (void)state;
    stage_reset(welcomed());
    stage_ends(0);
}

static void who_does_not_wait_for_the_answer_is_no_failure(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_pause();
    stage_says(fd, "never mind");
    stage_reset(fd);
    stage_resume();
    stage_ends(0);
}

static void others_get_nothing_and_are_closed(void **state)
{
    int first = welcomed(), fd[WAITING_CLIENTS], i;

    (void)state;
    waiting_queue(fd);
    for (i = 0; i < WAITING_CLIENTS; i++)
        stage_says(fd[i], "me, too");
    assert_true(spawn_expect_silence(fd[0]));
    stage_says(first, "me");
    stage_hears(first, "OK .. me");
    stage_ends(0);
    for (i = 0; i < WAITING_CLIENTS; i++)
        stage_is_cut(fd[i]);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, WAITING_TAKEN, 0);
}

static void the_default_port_is_5000(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, "127.0.0.1", 5000, WAITING_TAKEN, 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(a_client_is_answered_and_the_server_ends),
        STAGE_SERVER(bytes_come_back_as_they_are),
        STAGE_SERVER(what_is_there_is_read_at_once_and_answered_whole),
        STAGE_SERVER(who_says_nothing_is_answered_so),
        STAGE_SERVER(who_leaves_in_silence_is_no_failure),
        STAGE_SERVER(a_reset_is_no_failure),
        STAGE_SERVER(who_does_not_wait_for_the_answer_is_no_failure),
        STAGE_SERVER(others_get_nothing_and_are_closed),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_5000),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/reply_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
