/* test_php4_talkback_server.c - the server answers every line of one client,
 * empty ones too, and is gone when that client quits, leaves or fails. */
#include "support/stage.h"

#include <sys/socket.h>

#include <string.h>

#define PIECE 2048
#define FAILED "read() a échoué : raison : Connection reset by peer\n"

/* A client says all this, and gets and causes these; then it quits. */
static void talks(const char *said, const char *answered, const char *printed)
{
    int fd = stage_enter();

    stage_says(fd, "%s", said);
    stage_hears(fd, "%s", answered);
    stage_prints("%s", printed);
    stage_says(fd, "quit\n");
    stage_hears_end(fd);
    stage_ends(0);
    stage_refuses();
}

static void a_line_is_answered_and_printed(void **state)
{
    (void)state;
    talks("deux mots\n", "PHP: Vous avez dit 'deux mots'.\n", "deux mots\n");
}

static void crlf_is_two_answers(void **state)
{
    (void)state;
    talks("bonjour\r\n",
          "PHP: Vous avez dit 'bonjour'.\nPHP: Vous avez dit ''.\n",
          "bonjour\n\n");
}

static void empty_lines_and_0_are_answered(void **state)
{
    (void)state;
    talks("\n \t\v\r0\n",
          "PHP: Vous avez dit ''.\nPHP: Vous avez dit ''.\n"
          "PHP: Vous avez dit '0'.\n",
          "\n\n0\n");
}

static void lines_are_trimmed_but_of_form_feeds(void **state)
{
    (void)state;
    talks(" \t\va b\v\t \n\f\n",
          "PHP: Vous avez dit 'a b'.\nPHP: Vous avez dit '\f'.\n", "a b\n\f\n");
}

static void lines_in_one_packet_are_answered_one_by_one(void **state)
{
    (void)state;
    talks("a\nb\rc\n",
          "PHP: Vous avez dit 'a'.\nPHP: Vous avez dit 'b'.\n"
          "PHP: Vous avez dit 'c'.\n",
          "a\nb\nc\n");
}

static void only_quit_quits(void **state)
{
    (void)state;
    talks("QUIT\nquit now\nshutdown\n",
          "PHP: Vous avez dit 'QUIT'.\nPHP: Vous avez dit 'quit now'.\n"
          "PHP: Vous avez dit 'shutdown'.\n",
          "QUIT\nquit now\nshutdown\n");
}

static void quit_is_trimmed_and_the_last_word(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "a\n \tquit \r\nb\n");
    stage_hears(fd, "PHP: Vous avez dit 'a'.\n");
    stage_is_cut(fd);
    stage_prints("a\n");
    stage_ends(0);
}

static void a_client_is_not_welcomed(void **state)
{
    int fd = stage_enter();

    (void)state;
    assert_true(spawn_expect_silence(fd));
    stage_says(fd, "half a li");
    assert_true(spawn_expect_silence(fd));
    stage_says(fd, "ne\n");
    stage_hears(fd, "PHP: Vous avez dit 'half a line'.\n");
}

static void an_overlong_line_comes_in_pieces_of_2048(void **state)
{
    char line[PIECE + 53];
    int  fd = stage_enter();

    (void)state;
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_true(spawn_send(fd, line, sizeof line));
    stage_hears(fd,
                "PHP: Vous avez dit '%.2048s'.\nPHP: Vous avez dit '%.52s'.\n",
                line, line);
    stage_prints("%.2048s\n%.52s\n", line, line);
}

static void bytes_are_kept(void **state)
{
    int fd = stage_enter();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0a\0b\xff%s\0\n")));
    assert_true(
        spawn_expect(fd, STAGE_BYTES("PHP: Vous avez dit 'a\0b\xff%s'.\n")));
    assert_true(spawn_expect(stage.out, STAGE_BYTES("a\0b\xff%s\n")));
}

static void a_client_that_leaves_ends_the_server(void **state)
{
    (void)state;
    stage_leave(stage_enter());
    stage_ends(0);
    stage_refuses();
}

static void an_unfinished_last_line_is_answered(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "bonjour\nau rev");
    shutdown(fd, SHUT_WR);
    stage_hears(fd, "PHP: Vous avez dit 'bonjour'.\n"
                    "PHP: Vous avez dit 'au rev'.\n");
    stage_hears_end(fd);
    stage_prints("bonjour\nau rev\n");
    stage_ends(0);
}

static void an_unfinished_quit_counts(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "quit");
    shutdown(fd, SHUT_WR);
    stage_hears_end(fd);
    stage_ends(0);
}

static void lines_left_behind_are_all_printed(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_pause();
    stage_says(fd, "un\ndeux\ntrois");
    stage_leave(fd);
    stage_resume();
    stage_prints("un\ndeux\ntrois\n");
    stage_ends(0);
}

static void a_reset_is_told_and_ends_the_server(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "bonjour\nau rev");
    stage_hears(fd, "PHP: Vous avez dit 'bonjour'.\n");
    stage_reset(fd);
    stage_prints("bonjour\n" FAILED);
    stage_ends(0);
    stage_refuses();
}

static void others_get_nothing_and_are_closed(void **state)
{
    int first = stage_enter(), fd[5], i;

    (void)state;
    for (i = 0; i < 5; i++) {
        fd[i] = stage_enter();
        stage_says(fd[i], "moi aussi\n");
    }
    assert_true(spawn_expect_silence(fd[0]));
    stage_says(first, "quit\n");
    stage_hears_end(first);
    stage_ends(0);
    for (i = 0; i < 5; i++)
        stage_is_cut(fd[i]);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM,
                     "bind() a échoué : raison: Address already in use\n", 1);
}

static void the_default_port_is_10000(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, NULL, 10000,
                        "bind() a échoué : raison: Address already in use\n",
                        1);
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
        STAGE_SERVER(crlf_is_two_answers),
        STAGE_SERVER(empty_lines_and_0_are_answered),
        STAGE_SERVER(lines_are_trimmed_but_of_form_feeds),
        STAGE_SERVER(lines_in_one_packet_are_answered_one_by_one),
        STAGE_SERVER(only_quit_quits),
        STAGE_SERVER(quit_is_trimmed_and_the_last_word),
        STAGE_SERVER(a_client_is_not_welcomed),
        STAGE_SERVER(an_overlong_line_comes_in_pieces_of_2048),
        STAGE_SERVER(bytes_are_kept),
        STAGE_SERVER(a_client_that_leaves_ends_the_server),
        STAGE_SERVER(an_unfinished_last_line_is_answered),
        STAGE_SERVER(an_unfinished_quit_counts),
        STAGE_SERVER(lines_left_behind_are_all_printed),
        STAGE_SERVER(a_reset_is_told_and_ends_the_server),
        STAGE_SERVER(others_get_nothing_and_are_closed),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_port_is_10000),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/php4_talkback_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
