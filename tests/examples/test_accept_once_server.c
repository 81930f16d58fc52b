/* test_accept_once_server.c - the server tells each step, tells one client's
 * address, and is gone. */
#include "support/waiting.h"

#include <sys/socket.h>

static void it_tells_that_it_waits_before_anybody_comes(void **state)
{
    (void)state;
    stage_prints(WAITING_BEGINS);
}

static void a_client_is_told_and_sent_nothing(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_prints(WAITING_BEGINS);
    waiting_turn(fd, "");
    stage_hears_end(fd);
    stage_ends(0);
    stage_refuses();
}

static void one_of_many_is_accepted_and_all_are_closed(void **state)
{
    int fd[WAITING_CLIENTS], i;

    (void)state;
    stage_prints(WAITING_BEGINS);
    stage_pause();
    waiting_queue(fd);
    stage_resume();
    waiting_turn(fd[0], "");
    stage_ends(0);
    stage_hears_end(fd[0]);
    for (i = 1; i < WAITING_CLIENTS; i++)
        stage_is_cut(fd[i]);
}

static void what_a_client_says_changes_nothing(void **state)
{
    int fd;

    (void)state;
    stage_prints(WAITING_BEGINS);
    stage_pause();
    fd = stage_enter();
    stage_says(fd, "hello\n");
    stage_resume();
    waiting_turn(fd, "");
    stage_ends(0);
    stage_is_cut(fd);
}

static void a_client_that_left_early_is_told(void **state)
{
    int fd;

    (void)state;
    stage_prints(WAITING_BEGINS);
    stage_pause();
    fd = stage_enter();
    shutdown(fd, SHUT_RDWR);
    stage_resume();
    waiting_turn(fd, "");
    stage_ends(0);
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
        STAGE_SERVER(it_tells_that_it_waits_before_anybody_comes),
        STAGE_SERVER(a_client_is_told_and_sent_nothing),
        STAGE_SERVER(one_of_many_is_accepted_and_all_are_closed),
        STAGE_SERVER(what_a_client_says_changes_nothing),
        STAGE_SERVER(a_client_that_left_early_is_told),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_5000),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/accept_once_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
