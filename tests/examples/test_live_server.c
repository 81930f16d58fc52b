/* test_live_server.c - the server answers one client after the other, tells
 * whose turn it is, and no client can end it. */
#include "support/waiting.h"

#include <sys/socket.h>

#include <string.h>

/* A client whose turn it is. */
static int welcomed(void)
{
    int fd = stage_enter();

    waiting_turn(fd, " \n");
    return fd;
}

/* The first one. */
static int first_welcomed(void)
{
    stage_prints(WAITING_BEGINS);
    return welcomed();
}

/* A client says something and is answered, and the server closes. */
static void talks(int fd, const char *text)
{
    stage_says(fd, "%s", text);
    stage_hears(fd, "OK .. %s", text);
    stage_hears_end(fd);
}

static void clients_are_answered_one_after_the_other(void **state)
{
    (void)state;
    talks(first_welcomed(), " happy");
    talks(welcomed(), "b\r\n");
    talks(welcomed(), "0");
}

static void a_client_waits_for_its_turn(void **state)
{
    int first = first_welcomed(), second = stage_enter();

    (void)state;
    stage_says(second, "early");
    assert_true(spawn_expect_silence(second));
    assert_true(spawn_expect_silence(stage.out));
    talks(first, "late");
    waiting_turn(second, " \n");
    stage_hears(second, "OK .. early");
    stage_hears_end(second);
}

static void ten_may_wait_and_are_served_in_order(void **state)
{
    int first = first_welcomed(), fd[WAITING_CLIENTS], i;

    (void)state;
    waiting_queue(fd);
    talks(first, "me");
    for (i = 0; i < WAITING_CLIENTS; i++) {
        waiting_turn(fd[i], " \n");
        talks(fd[i], "me, too");
    }
}

static void bytes_come_back_as_they_are(void **state)
{
    int fd = first_welcomed();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0 a\r\n\nb\xff\xc3 \n\0")));
    assert_true(
        spawn_expect(fd, STAGE_BYTES("OK .. \0 a\r\n\nb\xff\xc3 \n\0")));
    stage_hears_end(fd);
    talks(welcomed(), "again");
}

static void what_is_there_is_read_at_once_and_answered_whole(void **state)
{
    static char bytes[40000];
    int         first = first_welcomed(), second = stage_enter();

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    bytes[sizeof bytes - 1] = '!';
    assert_true(spawn_send(second, bytes, sizeof bytes));
    assert_true(spawn_arrives(second));
    talks(first, "short");
    stage_hears(second, "OK .. ");
    assert_true(spawn_expect(second, bytes, sizeof bytes));
    stage_hears_end(second);
}

static void who_says_nothing_is_answered_so(void **state)
{
    int fd = first_welcomed();

    (void)state;
    shutdown(fd, SHUT_WR);
    stage_hears(fd, "OK .. ");
    stage_hears_end(fd);
    talks(welcomed(), "again");
}

static void who_leaves_in_silence_does_no_harm(void **state)
{
    (void)state;
    stage_leave(first_welcomed());
    talks(welcomed(), "again");
}

static void a_reset_does_no_harm(void **state)
{
    (void)state;
    stage_reset(first_welcomed());
    talks(welcomed(), "again");
}

static void who_does_not_wait_for_the_answer_does_no_harm(void **state)
{
    int fd = first_welcomed();

    (void)state;
    stage_pause();
    stage_says(fd, "never mind");
    stage_reset(fd);
    stage_resume();
    talks(welcomed(), "again");
}

static void who_gives_up_waiting_does_no_harm(void **state)
{
    int first = first_welcomed(), third;

    (void)state;
    stage_reset(stage_enter());
    stage_leave(stage_enter());
    third = stage_enter();
    talks(first, "patience");
    talks(third, "is rewarded");
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
        STAGE_SERVER(clients_are_answered_one_after_the_other),
        STAGE_SERVER(a_client_waits_for_its_turn),
        STAGE_SERVER(ten_may_wait_and_are_served_in_order),
        STAGE_SERVER(bytes_come_back_as_they_are),
        STAGE_SERVER(what_is_there_is_read_at_once_and_answered_whole),
        STAGE_SERVER(who_says_nothing_is_answered_so),
        STAGE_SERVER(who_leaves_in_silence_does_no_harm),
        STAGE_SERVER(a_reset_does_no_harm),
        STAGE_SERVER(who_does_not_wait_for_the_answer_does_no_harm),
        STAGE_SERVER(who_gives_up_waiting_does_no_harm),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_5000),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/live_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
