/* test_talkback_server.c - the talkback server answers each line of one client
 * after the other, and no client can end it but by asking. */
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

#define PROGRAM EXAMPLES_DIR "/talkback_server"
#define WELCOME                                                                \
    "\nWelcome to the PHP Test Server. \n"                                     \
    "To quit, type 'quit'. To shut down the server type 'shutdown'.\n"

static struct spawn       server;
static struct spawn_place place;

static bool launch(const char *port)
{
    return spawn_start(&server, PROGRAM,
                       (const char *[]){place.address, port, NULL});
}

static int start(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    return launch(place.port) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    spawn_stop(&server);
    return 0;
}

/* A new client that was welcomed. */
static int welcomed(void)
{
    int fd = spawn_connect(&server, &place);

    assert_true(fd >= 0);
    assert_true(spawn_expect_text(fd, WELCOME));
    return fd;
}

/* The server still does its work. */
static void serves_somebody_else(void)
{
    int fd = welcomed();

    assert_true(spawn_send(fd, "again\n", 6));
    assert_true(spawn_expect_text(fd, "PHP: You said 'again'.\n"));
    assert_true(spawn_expect_text(server.out, "again\n"));
    close(fd);
}

/* What is sent, what comes back, what is printed; then quit. */
struct dialogue {
    const char *sent, *answered, *printed;
};

static void hold(const struct dialogue *d)
{
    int fd = welcomed();

    assert_true(spawn_send(fd, d->sent, strlen(d->sent)));
    assert_true(spawn_send(fd, "quit\n", 5));
    assert_true(spawn_expect_text(fd, d->answered));
    assert_true(spawn_expect_end(fd));
    assert_true(spawn_expect_text(server.out, d->printed));
    close(fd);
    serves_somebody_else();
}

static void a_line_is_answered_and_printed(void **state)
{
    (void)state;
    hold(&(struct dialogue){"two words\n", "PHP: You said 'two words'.\n",
                            "two words\n"});
}

static void crlf_is_one_answer(void **state)
{
    (void)state;
    hold(&(struct dialogue){"hello\r\none\rtwo\r",
                            "PHP: You said 'hello'.\n"
                            "PHP: You said 'one'.\nPHP: You said 'two'.\n",
                            "hello\none\ntwo\n"});
}

static void empty_lines_and_0_are_ignored(void **state)
{
    (void)state;
    hold(&(struct dialogue){"\n \t\v\n0\n 0 \n00\n  padded  \n",
                            "PHP: You said '00'.\n"
                            "PHP: You said 'padded'.\n",
                            "00\npadded\n"});
}

static void form_feed_is_not_trimmed(void **state)
{
    (void)state;
    hold(&(struct dialogue){"\f\n", "PHP: You said '\f'.\n", "\f\n"});
}

static void lines_in_one_packet_are_answered_one_by_one(void **state)
{
    (void)state;
    hold(&(struct dialogue){"a\nb\nc\n",
                            "PHP: You said 'a'.\nPHP: You said 'b'.\n"
                            "PHP: You said 'c'.\n",
                            "a\nb\nc\n"});
}

static void quit_and_shutdown_are_whole_lines(void **state)
{
    (void)state;
    hold(&(struct dialogue){"QUIT\nquit now\nshutdown!\n",
                            "PHP: You said 'QUIT'.\n"
                            "PHP: You said 'quit now'.\n"
                            "PHP: You said 'shutdown!'.\n",
                            "QUIT\nquit now\nshutdown!\n"});
}

static void an_overlong_line_comes_in_pieces_of_2048(void **state)
{
    char line[2101], answer[2200];
    int  fd = welcomed();

    (void)state;
    memset(line, 'a', 2100);
    line[2100] = '\n';
    assert_true(spawn_send(fd, line, sizeof line));
    (void)snprintf(answer, sizeof answer,
                   "PHP: You said '%.2048s'.\nPHP: You said '%.52s'.\n", line,
                   line);
    assert_true(spawn_expect_text(fd, answer));
    assert_true(spawn_expect(server.out, line, 2048));
    assert_true(spawn_expect_text(server.out, "\n"));
    assert_true(spawn_expect(server.out, line + 2048, 53));
    close(fd);
}

static void nul_bytes_are_kept(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, "\0a\0b\xff\0\n", 7));
    assert_true(spawn_expect(fd, "PHP: You said 'a\0b\xff'.\n", 22));
    assert_true(spawn_expect(server.out, "a\0b\xff\n", 5));
    close(fd);
}

static void shutdown_ends_the_server(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, "shutdown\n", 9));
    assert_true(spawn_expect_end(fd));
    assert_int_equal(spawn_wait(&server), 0);
    assert_true(spawn_expect_end(server.out));
    close(fd);
}

static void a_client_that_leaves_is_forgotten(void **state)
{
    (void)state;
    close(welcomed());
    serves_somebody_else();
}

static void an_unfinished_last_line_is_answered(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, "hello\nby", 8));
    shutdown(fd, SHUT_WR);
    assert_true(spawn_expect_text(fd, "PHP: You said 'hello'.\n"
                                      "PHP: You said 'by'.\n"));
    assert_true(spawn_expect_end(fd));
    assert_true(spawn_expect_text(server.out, "hello\nby\n"));
    close(fd);
    serves_somebody_else();
}

static void an_unfinished_shutdown_counts(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, "shutdown", 8));
    shutdown(fd, SHUT_WR);
    assert_true(spawn_expect_end(fd));
    assert_int_equal(spawn_wait(&server), 0);
    close(fd);
}

static void a_reset_is_told_and_survived(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, "hello\nby", 8));
    assert_true(spawn_expect_text(fd, "PHP: You said 'hello'.\n"));
    spawn_reset(fd);
    assert_true(spawn_expect_text(server.out,
                                  "hello\nsocket_read() failed: reason: "
                                  "Connection reset by peer\n"));
    serves_somebody_else();
}

static void a_second_client_waits_its_turn(void **state)
{
    int first = welcomed(), second = spawn_connect(&server, &place);

    (void)state;
    assert_true(spawn_send(second, "early\n", 6));
    assert_true(spawn_expect_silence(second));
    assert_true(spawn_send(first, "quit\n", 5));
    assert_true(spawn_expect_end(first));
    assert_true(spawn_expect_text(second, WELCOME "PHP: You said 'early'.\n"));
    close(first);
    close(second);
}

static void a_taken_port_is_told(void **state)
{
    int holder;

    (void)state;
    spawn_place_pick(&place);
    holder = spawn_occupy(&place, SOCK_STREAM);
    assert_true(launch(place.port));
    assert_true(spawn_expect_text(server.out, "socket_bind() failed: reason: "
                                              "Address already in use\n"));
    assert_int_equal(spawn_wait(&server), 1);
    close(holder);
}

static void a_port_that_is_none_is_told(void **state)
{
    (void)state;
    spawn_place_pick(&place);
    assert_true(launch("80x"));
    assert_true(spawn_expect_text(server.out, "socket_bind() failed: reason: "
                                              "Invalid argument\n"));
    assert_int_equal(spawn_wait(&server), 1);
}

static void help_is_printed(void **state)
{
    (void)state;
    assert_true(
        spawn_start(&server, PROGRAM, (const char *[]){"--help", NULL}));
    assert_true(
        spawn_expect_text(server.out, "usage: " PROGRAM " [ADDRESS [PORT]]\n"));
    assert_int_equal(spawn_wait(&server), 0);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define ALONE(test) cmocka_unit_test_teardown(test, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_line_is_answered_and_printed),
        SERVED(crlf_is_one_answer),
        SERVED(empty_lines_and_0_are_ignored),
        SERVED(form_feed_is_not_trimmed),
        SERVED(lines_in_one_packet_are_answered_one_by_one),
        SERVED(quit_and_shutdown_are_whole_lines),
        SERVED(an_overlong_line_comes_in_pieces_of_2048),
        SERVED(nul_bytes_are_kept),
        SERVED(shutdown_ends_the_server),
        SERVED(a_client_that_leaves_is_forgotten),
        SERVED(an_unfinished_last_line_is_answered),
        SERVED(an_unfinished_shutdown_counts),
        SERVED(a_reset_is_told_and_survived),
        SERVED(a_second_client_waits_its_turn),
        ALONE(a_taken_port_is_told),
        ALONE(a_port_that_is_none_is_told),
        ALONE(help_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
