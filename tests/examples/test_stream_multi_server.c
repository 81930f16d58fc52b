/* test_stream_multi_server.c - everybody is greeted with the time, and the
 * first thing each client says is repeated to it. */
#include "support/dates.h"
#include "support/stage.h"

#include <string.h>

#include <sys/socket.h>

#define TAKEN "Address already in use (98)<br />\n"
#define MANY 60

static struct date_zone zone; /* the server's */

static int open_in_a_zone(void **state)
{
    stage_open(state);
    zone = date_zone_where(21, 5, 10);
    stage_set_variable(zone.variable);
    stage_start(stage_place.address, stage_place.port, NULL);
    return 0;
}

/* A new client, which was greeted. */
static int greeted(void)
{
    time_t then = time(NULL);
    int    fd   = stage_enter();
    char   line[64];

    stage_hears(fd, "Hello! The time is ");
    assert_true(spawn_read_line(fd, line, sizeof line));
    *strchr(line, '\n') = '\0';
    assert_true(date_is_now(line, DATE_SLASHED, &zone, then));
    return fd;
}

static void is_told(const char *bytes, size_t len)
{
    stage_prints("string(%zu) \"", len);
    assert_true(spawn_expect(stage.out, bytes, len));
    stage_prints("\"\n");
}

/* These bytes, which the client has said, are printed and repeated. */
static void is_repeated(int fd, const char *bytes, size_t len)
{
    is_told(bytes, len);
    stage_prints("The client has sent :");
    is_told(bytes, len);
    stage_hears(fd, "You have sent :[");
    assert_true(spawn_expect(fd, bytes, len));
    stage_hears(fd, "]\n");
    stage_is_cut(fd);
}

static void talks(int fd, const char *text)
{
    stage_says(fd, "%s", text);
    is_repeated(fd, text, strlen(text));
}

static void the_first_thing_said_is_repeated(void **state)
{
    (void)state;
    talks(greeted(), "Aloha");
    talks(greeted(), "line\r\n");
    talks(greeted(), "two\nlines\n");
    talks(greeted(), "\"quoted\"");
}

static void clients_speak_in_any_order(void **state)
{
    int a = greeted(), b = greeted(), c = greeted();

    (void)state;
    talks(b, "b");
    talks(a, "a");
    talks(greeted(), "d");
    talks(c, "c");
}

static void clients_that_speak_at_once_are_all_answered(void **state)
{
    int fd[MANY], i;

    (void)state;
    for (i = 0; i < MANY; i++)
        fd[i] = greeted();
    stage_pause();
    for (i = 0; i < MANY; i++)
        stage_says(fd[i], "me");
    stage_resume();
    for (i = 0; i < MANY; i++) {
        stage_hears(fd[i], "You have sent :[me]\n");
        stage_hears_end(fd[i]);
        is_told("me", 2);
        stage_prints("The client has sent :");
        is_told("me", 2);
    }
    stage_end_silent();
}

static void who_was_silent_meanwhile_is_answered_later(void **state)
{
    int a = greeted(), b = greeted(), c = greeted();

    (void)state;
    stage_pause();
    stage_says(a, "me");
    stage_says(c, "me");
    stage_resume();
    stage_hears(a, "You have sent :[me]\n");
    stage_hears(c, "You have sent :[me]\n");
    stage_says(b, "at last");
    stage_hears(b, "You have sent :[at last]\n");
}

static void bytes_are_repeated_as_they_are(void **state)
{
    int fd = greeted();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0 a\r\n\n\xff\xc3 \0")));
    is_repeated(fd, STAGE_BYTES("\0 a\r\n\n\xff\xc3 \0"));
}

static void what_is_more_than_1024_bytes_is_lost(void **state)
{
    char bytes[1500];
    int  fd = greeted();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    stage_pause();
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    assert_true(spawn_arrives(fd));
    stage_resume();
    is_repeated(fd, bytes, 1024);
    talks(greeted(), "b");
}

static void who_ends_is_told_of(void **state)
{
    int a = greeted(), b = greeted();

    (void)state;
    stage_leave(a);
    stage_prints("string(0) \"\"\n");
    assert_int_equal(shutdown(b, SHUT_WR), 0);
    stage_prints("string(0) \"\"\n");
    stage_hears_end(b);
    talks(greeted(), "c");
}

static void a_reset_is_told_of(void **state)
{
    int other = greeted();

    (void)state;
    stage_reset(greeted());
    stage_prints("bool(false)\n");
    talks(other, "b");
}

static void who_does_not_wait_for_the_answer_does_no_harm(void **state)
{
    int a = greeted(), b = greeted();

    (void)state;
    stage_pause();
    stage_says(a, "bye");
    stage_leave(a);
    stage_resume();
    is_told("bye", 3);
    stage_prints("The client has sent :");
    is_told("bye", 3);
    talks(b, "b");
}

static void ipv6_is_served(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    zone = (struct date_zone){"TZ=UTC", 0};
    stage_set_variable(zone.variable);
    stage_start(stage_place.address, stage_place.port, NULL);
    talks(greeted(), "Aloha");
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, TAKEN, 0);
}

static void the_default_is_port_8000_of_all_addresses(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, "127.0.0.1", 8000, TAKEN, 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

#define SERVED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, open_in_a_zone, stage_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(the_first_thing_said_is_repeated),
        SERVED(clients_speak_in_any_order),
        SERVED(clients_that_speak_at_once_are_all_answered),
        SERVED(who_was_silent_meanwhile_is_answered_later),
        SERVED(bytes_are_repeated_as_they_are),
        SERVED(what_is_more_than_1024_bytes_is_lost),
        SERVED(who_ends_is_told_of),
        SERVED(a_reset_is_told_of),
        SERVED(who_does_not_wait_for_the_answer_does_no_harm),
        STAGE_ALONE(ipv6_is_served),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_is_port_8000_of_all_addresses),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/stream_multi_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
