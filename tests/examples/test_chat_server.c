/* test_chat_server.c - what one client says all others hear, ten may be there,
 * the next ones wait outside, and nobody's leaving harms anybody.
 */
#include "support/waiting.h"

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 10
#define MOST_READ 1024

/* ---- who comes ---- */

/* A client's turn has come: it is told, and the client greeted. */
static void greeted(int fd)
{
    waiting_turn(fd, " \n");
    stage_hears(fd, "Welcome to php socket server version 1.0 \n"
                    "Enter a message and press enter, and i shall reply "
                    "back \n");
}

static int comes(void)
{
    int fd = stage_enter();

    greeted(fd);
    return fd;
}

/* The first so many. */
static void first_come(int *fd, int n)
{
    int i;

    stage_prints(WAITING_BEGINS);
    for (i = 0; i < n; i++)
        fd[i] = comes();
}

/* ---- what is said ---- */

static void is_passed_on(void)
{
    stage_prints("Sending output to client \n");
}

/* This client hears next that somebody said this; returns who. */
static long hears_bytes(int fd, const char *bytes, size_t len)
{
    char number[24];
    int  i = 0;
    long id;

    stage_hears(fd, "Resource id #");
    do
        assert_int_equal(spawn_read(fd, number + i, 1), 1);
    while (number[i] >= '0' && number[i] <= '9' && ++i < 20);
    assert_true(i > 0 && number[i] == ' ');
    id = strtol(number, NULL, 10);
    stage_hears(fd, "Said: ... ");
    assert_true(spawn_expect(fd, bytes, len));
    return id;
}

static long hears(int fd, const char *text)
{
    return hears_bytes(fd, text, strlen(text));
}

/* The last thing that was said. */
static char said[32];

/* One says something new and another hears it, as the next thing. */
static long talks(int from, int to)
{
    static unsigned number;

    (void)snprintf(said, sizeof said, "message %u\n", number++);
    stage_says(from, "%s", said);
    is_passed_on();
    return hears(to, said);
}

/* One of three says something, and both others hear it. */
static long talks_to_both(const int fd[3], int from)
{
    long id = talks(fd[from], fd[(from + 1) % 3]);

    assert_int_equal(hears(fd[(from + 2) % 3], said), id);
    return id;
}

static void all_others_hear_what_one_says(void **state)
{
    int fd[3], i;

    (void)state;
    first_come(fd, 3);
    for (i = 0; i < 3; i++)
        talks_to_both(fd, i);
    for (i = 0; i < 3; i++)
        assert_true(spawn_expect_silence(fd[i]));
}

/* The next thing that the speaker hears is what another one says. */
static void who_speaks_hears_the_others_alone(void **state)
{
    int fd[2];

    (void)state;
    first_come(fd, 2);
    talks(fd[0], fd[1]);
    talks(fd[0], fd[1]);
    talks(fd[1], fd[0]);
    talks(fd[0], fd[1]);
}

static void the_number_tells_who_speaks(void **state)
{
    int  fd[3];
    long a, b;

    (void)state;
    first_come(fd, 3);
    a = talks_to_both(fd, 0);
    b = talks_to_both(fd, 1);
    assert_int_not_equal(a, b);
    assert_int_equal(talks_to_both(fd, 0), a);
    assert_int_equal(talks_to_both(fd, 1), b);
}

static void who_is_alone_is_told_of_too(void **state)
{
    int fd;

    (void)state;
    first_come(&fd, 1);
    stage_says(fd, "anybody?");
    is_passed_on();
    assert_true(spawn_expect_silence(fd));
    talks(comes(), fd);
}

static void who_comes_later_has_not_heard_it(void **state)
{
    int fd[2], late;

    (void)state;
    first_come(fd, 2);
    talks(fd[0], fd[1]);
    late = comes();
    talks(fd[1], late);
}

static void bytes_are_passed_on_as_they_are(void **state)
{
    int fd[2];

    (void)state;
    first_come(fd, 2);
    assert_true(spawn_send(fd[0], STAGE_BYTES("\0 a\r\n\n%s\xff\xc3\t \n\0")));
    hears_bytes(fd[1], STAGE_BYTES("\0 a\r\n\n%s\xff\xc3\t \n\0"));
    is_passed_on();
    talks(fd[1], fd[0]);
}

static void half_a_line_is_passed_on_at_once(void **state)
{
    int fd[2];

    (void)state;
    first_come(fd, 2);
    stage_says(fd[0], "no");
    hears(fd[1], "no");
    stage_says(fd[0], "w\n0");
    hears(fd[1], "w\n0");
}

static void one_message_is_1024_bytes_at_most(void **state)
{
    char bytes[MOST_READ + 476];
    int  fd[2];

    (void)state;
    first_come(fd, 2);
    memset(bytes, 'a', sizeof bytes);
    bytes[MOST_READ - 1] = bytes[sizeof bytes - 1] = 'z';
    stage_pause();
    assert_true(spawn_send(fd[0], bytes, sizeof bytes));
    assert_true(spawn_arrives(fd[0]));
    stage_resume();
    hears_bytes(fd[1], bytes, MOST_READ);
    hears_bytes(fd[1], bytes + MOST_READ, sizeof bytes - MOST_READ);
    is_passed_on();
    is_passed_on();
    talks(fd[1], fd[0]);
}

static void all_speak_at_once(void **state)
{
    int fd[3], i;

    (void)state;
    first_come(fd, 3);
    stage_pause();
    for (i = 0; i < 3; i++)
        stage_says(fd[i], "me!");
    stage_resume();
    for (i = 0; i < 3; i++) {
        assert_int_not_equal(hears(fd[i], "me!"), hears(fd[i], "me!"));
        is_passed_on();
    }
    talks(fd[2], fd[0]);
}

/* ---- who leaves ---- */

static void who_leaves_is_forgotten_in_silence(void **state)
{
    int fd[3];

    (void)state;
    first_come(fd, 3);
    stage_leave(fd[1]);
    assert_true(spawn_expect_silence(fd[0]));
    talks(fd[0], fd[2]);
    talks(fd[2], fd[0]);
}

static void a_reset_is_no_more(void **state)
{
    int fd[3];

    (void)state;
    first_come(fd, 3);
    stage_reset(fd[0]);
    assert_true(spawn_expect_silence(stage.out));
    talks(fd[1], fd[2]);
    talks(fd[2], fd[1]);
}

static void who_says_no_more_is_closed(void **state)
{
    int fd[2];

    (void)state;
    first_come(fd, 2);
    stage_says(fd[0], "good bye");
    shutdown(fd[0], SHUT_WR);
    hears(fd[1], "good bye");
    is_passed_on();
    stage_hears_end(fd[0]);
    talks(comes(), fd[1]);
}

/* It speaks to one that is gone, and before the server knows of that. */
static void the_others_hear_what_one_cannot(void **state)
{
    int fd[4];

    (void)state;
    first_come(fd, 4);
    stage_pause();
    stage_says(fd[0], "all of you");
    stage_leave(fd[1]);
    shutdown(fd[2], SHUT_WR); /* after which a reset is a broken pipe */
    stage_reset(fd[2]);
    stage_resume();
    hears(fd[3], "all of you");
    is_passed_on();
    talks(fd[3], fd[0]);
}

static void the_last_one_leaves_and_others_come(void **state)
{
    int fd[2];

    (void)state;
    first_come(fd, 1);
    stage_leave(fd[0]);
    fd[0] = comes();
    stage_reset(fd[0]);
    fd[0] = comes();
    fd[1] = comes();
    talks(fd[0], fd[1]);
    stage_leave(fd[0]);
    stage_leave(fd[1]);
    fd[0] = comes();
    talks(comes(), fd[0]);
}

static void who_is_gone_when_its_turn_comes_does_no_harm(void **state)
{
    int fd;

    (void)state;
    stage_prints(WAITING_BEGINS);
    stage_leave(stage_enter());
    stage_pause();
    stage_reset(stage_enter());
    stage_says(stage_enter(), "me");
    stage_resume();
    while (!spawn_expect_silence(stage.out))
        assert_true(spawn_read(stage.out, (char[1]){0}, 1) == 1);
    fd = comes();
    talks(comes(), fd);
}

/* ---- who has to wait ---- */

static void ten_hear_each_other(void **state)
{
    int fd[MOST], i;

    (void)state;
    first_come(fd, MOST);
    stage_says(fd[4], "hello");
    is_passed_on();
    for (i = 0; i < MOST; i++)
        if (i != 4)
            hears(fd[i], "hello");
    assert_true(spawn_expect_silence(fd[4]));
}

static void the_eleventh_waits_and_is_greeted(void **state)
{
    int fd[MOST], late;

    (void)state;
    first_come(fd, MOST);
    late = stage_enter();
    stage_says(late, "early");
    assert_true(spawn_expect_silence(late));
    assert_true(spawn_expect_silence(fd[0]));
    talks(fd[9], fd[0]);
    stage_leave(fd[3]);
    greeted(late);
    hears(fd[0], "early");
    is_passed_on();
    talks(fd[0], late);
}

static void waiting_takes_no_processor_time(void **state)
{
    int  fd[MOST], late[2];
    long used;

    (void)state;
    first_come(fd, MOST);
    late[0] = stage_enter();
    late[1] = stage_enter();
    used    = stage_used();
    assert_true(spawn_expect_silence(late[0]));
    assert_true(spawn_expect_silence(late[1]));
    assert_in_range(stage_used() - used, 0, 25);
}

static void ten_may_wait_and_come_in_as_ten_leave(void **state)
{
    int fd[MOST], late[WAITING_CLIENTS], i;

    (void)state;
    first_come(fd, MOST);
    waiting_queue(late);
    for (i = 0; i < WAITING_CLIENTS; i++) {
        assert_true(i % 5 || spawn_expect_silence(late[i]));
        stage_leave(fd[i]);
        greeted(late[i]);
    }
    for (i = 0; i < WAITING_CLIENTS; i++)
        talks(late[0], late[9]);
}

static void all_leave_at_once_and_all_come_in(void **state)
{
    int fd[MOST], late[WAITING_CLIENTS], i;

    (void)state;
    first_come(fd, MOST);
    waiting_queue(late);
    stage_pause();
    for (i = 0; i < MOST; i++)
        stage_leave(fd[i]);
    stage_resume();
    for (i = 0; i < WAITING_CLIENTS; i++)
        greeted(late[i]);
    talks(late[9], late[0]);
}

/* ---- and the rest ---- */

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, WAITING_TAKEN, 0);
}

/* Whoever wants all addresses wants this one. */
static void all_addresses_port_5007_unless_said(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, stage_place.address, 5007, WAITING_TAKEN,
                        0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(all_others_hear_what_one_says),
        STAGE_SERVER(who_speaks_hears_the_others_alone),
        STAGE_SERVER(the_number_tells_who_speaks),
        STAGE_SERVER(who_is_alone_is_told_of_too),
        STAGE_SERVER(who_comes_later_has_not_heard_it),
        STAGE_SERVER(bytes_are_passed_on_as_they_are),
        STAGE_SERVER(half_a_line_is_passed_on_at_once),
        STAGE_SERVER(one_message_is_1024_bytes_at_most),
        STAGE_SERVER(all_speak_at_once),
        STAGE_SERVER(who_leaves_is_forgotten_in_silence),
        STAGE_SERVER(a_reset_is_no_more),
        STAGE_SERVER(who_says_no_more_is_closed),
        STAGE_SERVER(the_others_hear_what_one_cannot),
        STAGE_SERVER(the_last_one_leaves_and_others_come),
        STAGE_SERVER(who_is_gone_when_its_turn_comes_does_no_harm),
        STAGE_SERVER(ten_hear_each_other),
        STAGE_SERVER(the_eleventh_waits_and_is_greeted),
        STAGE_SERVER(waiting_takes_no_processor_time),
        STAGE_SERVER(ten_may_wait_and_come_in_as_ten_leave),
        STAGE_SERVER(all_leave_at_once_and_all_come_in),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(all_addresses_port_5007_unless_said),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/chat_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
