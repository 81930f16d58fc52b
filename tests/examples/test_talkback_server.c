/* test_talkback_server.c - the talkback server answers each line of one client
 * after the other, and no client can end it but by asking. */
#include "support/stage.h"

#include <sys/socket.h>

#include <string.h>

#define WELCOME                                                                \
    "\nWelcome to the PHP Test Server. \n"                                     \
    "To quit, type 'quit'. To shut down the server type 'shutdown'.\n"
#define TAKEN "socket_bind() failed: reason: Address already in use\n"
#define PIECE 2048

/* A new client that was welcomed. */
static int welcomed(void)
{
    int fd = stage_enter();

    stage_hears(fd, WELCOME);
    return fd;
}

/* A client says all this, and gets and causes these. */
static void talks(int fd, const char *said, const char *answered,
                  const char *printed)
{
    stage_says(fd, "%s", said);
    stage_hears(fd, "%s", answered);
    stage_prints("%s", printed);
}

static void quits(int fd)
{
    stage_says(fd, "quit\n");
    stage_hears_end(fd);
}

/* The server still does its work, and said nothing more to anybody. */
static void serves_somebody_else(void)
{
    int fd = welcomed();

    talks(fd, "again\n", "PHP: You said 'again'.\n", "again\n");
    quits(fd);
}

static void hold(const char *said, const char *answered, const char *printed)
{
    int fd = welcomed();

    talks(fd, said, answered, printed);
    quits(fd);
    serves_somebody_else();
}

static void a_line_is_answered_and_printed(void **state)
{
    (void)state;
    hold("two words\n", "PHP: You said 'two words'.\n", "two words\n");
}

static void crlf_is_one_answer(void **state)
{
    (void)state;
    hold("hello\r\none\rtwo\r",
         "PHP: You said 'hello'.\n"
         "PHP: You said 'one'.\nPHP: You said 'two'.\n",
         "hello\none\ntwo\n");
}

static void empty_lines_and_0_are_ignored(void **state)
{
    (void)state;
    hold("\n \t\v\n0\n 0 \n00\n  padded  \n",
         "PHP: You said '00'.\nPHP: You said 'padded'.\n", "00\npadded\n");
}

static void form_feed_is_not_trimmed(void **state)
{
    (void)state;
    hold("\f\n", "PHP: You said '\f'.\n", "\f\n");
}

static void lines_in_one_packet_are_answered_one_by_one(void **state)
{
    (void)state;
    hold("a\nb\nc\n",
         "PHP: You said 'a'.\nPHP: You said 'b'.\nPHP: You said 'c'.\n",
         "a\nb\nc\n");
}

static void a_line_may_come_in_pieces(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, "half a li");
    assert_true(spawn_expect_silence(fd));
    talks(fd, "ne\n", "PHP: You said 'half a line'.\n", "half a line\n");
}

static void quit_and_shutdown_are_whole_lines(void **state)
{
    (void)state;
    hold("QUIT\nquit now\nshutdown!\n",
         "PHP: You said 'QUIT'.\nPHP: You said 'quit now'.\n"
         "PHP: You said 'shutdown!'.\n",
         "QUIT\nquit now\nshutdown!\n");
}

static void quit_is_trimmed_and_the_last_word(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, " \tquit \r\nshutdown\n");
    stage_is_cut(fd);
    serves_somebody_else();
}

static void an_overlong_line_comes_in_pieces_of_2048(void **state)
{
    char line[PIECE + 53];
    int  fd = welcomed();

    (void)state;
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_true(spawn_send(fd, line, sizeof line));
    stage_hears(fd, "PHP: You said '%.2048s'.\nPHP: You said '%.52s'.\n", line,
                line);
    stage_prints("%.2048s\n%.52s\n", line, line);
    quits(fd);
}

static void nul_bytes_are_kept(void **state)
{
    int fd = welcomed();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0a\0b\xff%s\0\n")));
    assert_true(spawn_expect(fd, STAGE_BYTES("PHP: You said 'a\0b\xff%s'.\n")));
    assert_true(spawn_expect(stage.out, STAGE_BYTES("a\0b\xff%s\n")));
    quits(fd);
}

static void shutdown_ends_the_server(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, " shutdown\t\n");
    stage_hears_end(fd);
    stage_ends(0);
    stage_refuses();
}

static void shutdown_closes_who_waits(void **state)
{
    int first = welcomed(), second = stage_enter();

    (void)state;
    stage_says(first, "shutdown\n");
    stage_hears_end(first);
    stage_is_cut(second);
    stage_ends(0);
}

static void a_client_that_leaves_is_forgotten(void **state)
{
    (void)state;
    stage_leave(welcomed());
    serves_somebody_else();
}

static void an_unfinished_last_line_is_answered(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, "hello\nby");
    shutdown(fd, SHUT_WR);
    stage_hears(fd, "PHP: You said 'hello'.\nPHP: You said 'by'.\n");
    stage_hears_end(fd);
    stage_prints("hello\nby\n");
    serves_somebody_else();
}

static void an_unfinished_quit_counts(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, "quit");
    shutdown(fd, SHUT_WR);
    stage_hears_end(fd);
    serves_somebody_else();
}

static void an_unfinished_shutdown_counts(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, "shutdown");
    shutdown(fd, SHUT_WR);
    stage_hears_end(fd);
    stage_ends(0);
}

static void lines_left_behind_are_all_printed(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_pause();
    stage_says(fd, "one\ntwo\nthree");
    stage_leave(fd);
    stage_resume();
    stage_prints("one\ntwo\nthree\n");
    serves_somebody_else();
}

static void a_reset_is_told_and_survived(void **state)
{
    int fd = welcomed();

    (void)state;
    stage_says(fd, "hello\nby");
    stage_hears(fd, "PHP: You said 'hello'.\n");
    stage_reset(fd);
    stage_prints("hello\n"
                 "socket_read() failed: reason: Connection reset by peer\n");
    serves_somebody_else();
}

static void a_second_client_waits_its_turn(void **state)
{
    int first = welcomed(), second = stage_enter();

    (void)state;
    stage_says(second, "early\n");
    assert_true(spawn_expect_silence(second));
    quits(first);
    stage_hears(second, WELCOME "PHP: You said 'early'.\n");
    stage_prints("early\n");
}

static void five_may_wait_and_are_served_in_order(void **state)
{
    int first = welcomed(), fd[5], i;

    (void)state;
    for (i = 0; i < 5; i++) {
        fd[i] = stage_enter();
        stage_says(fd[i], "I am %d\nquit\n", i);
    }
    quits(first);
    for (i = 0; i < 5; i++) {
        stage_hears(fd[i], WELCOME "PHP: You said 'I am %d'.\n", i);
        stage_hears_end(fd[i]);
        stage_prints("I am %d\n", i);
    }
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, TAKEN, 1);
}

static void the_default_port_is_10000(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, NULL, 10000, TAKEN, 1);
}

static void a_port_that_is_none_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, "80x", NULL);
    stage_prints("socket_bind() failed: reason: Invalid argument\n");
    stage_ends(1);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(a_line_is_answered_and_printed),
        STAGE_SERVER(crlf_is_one_answer),
        STAGE_SERVER(empty_lines_and_0_are_ignored),
        STAGE_SERVER(form_feed_is_not_trimmed),
        STAGE_SERVER(lines_in_one_packet_are_answered_one_by_one),
        STAGE_SERVER(a_line_may_come_in_pieces),
        STAGE_SERVER(quit_and_shutdown_are_whole_lines),
        STAGE_SERVER(quit_is_trimmed_and_the_last_word),
        STAGE_SERVER(an_overlong_line_comes_in_pieces_of_2048),
        STAGE_SERVER(nul_bytes_are_kept),
        STAGE_SERVER(shutdown_ends_the_server),
        STAGE_SERVER(shutdown_closes_who_waits),
        STAGE_SERVER(a_client_that_leaves_is_forgotten),
        STAGE_SERVER(an_unfinished_last_line_is_answered),
        STAGE_SERVER(an_unfinished_quit_counts),
        STAGE_SERVER(an_unfinished_shutdown_counts),
        STAGE_SERVER(lines_left_behind_are_all_printed),
        STAGE_SERVER(a_reset_is_told_and_survived),
        STAGE_SERVER(a_second_client_waits_its_turn),
        STAGE_SERVER(five_may_wait_and_are_served_in_order),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_10000),
        STAGE_ALONE(a_port_that_is_none_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/talkback_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
