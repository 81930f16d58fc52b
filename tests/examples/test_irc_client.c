/* test_irc_client.c - the client introduces itself, prints each line with its
 * type, and ends where the server does or somebody quits. */
#include "support/stage.h"

#include <sys/socket.h>

#include <string.h>

#define PIECE 1024

/* The server's end of the connection, on which nothing else is ever sent. */
static int greeted(void)
{
    int fd = stage_receive();

    stage_hears(fd, "NICK Alice\r\nUSER alice 0 * :Alice\r\n");
    return fd;
}

/* The client still does its work, and said nothing meanwhile. */
static void quits(int fd)
{
    stage_says(fd, ":alice!a@host QUIT :bye\r\n");
    stage_prints("[QUIT] :alice!a@host QUIT :bye\n");
    stage_hears_end(fd);
    stage_ends(0);
}

static const struct {
    const char *line, *type;
} typed_lines[] = {
    {"NOTICE * :Hello", "NOTICE"},
    {":irc.example NOTICE * :Hello", "NOTICE"},
    {"PING :irc.example", "PING"},
    {"PING", "PING"},
    {":a 001", "001"},
    {"0", "0"},
    {"NOTICE :a QUIT", "NOTICE"},
    {"a:b QUIT", "a:b"},
    {"QUIT: no", "QUIT:"},
    {"QUITE no", "QUITE"},
    {"quit no", "quit"},
    {":a QUITE no", "QUITE"},
    {":word", ":word"},
    {"tab\tis part of it", "tab\tis"},
};

static void the_type_is_the_first_word_or_follows_the_prefix(void **state)
{
    int    fd = greeted();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof typed_lines / sizeof *typed_lines; i++) {
        stage_says(fd, "%s\r\n", typed_lines[i].line);
        stage_prints("[%s] %s\n", typed_lines[i].type, typed_lines[i].line);
    }
    quits(fd);
}

static void lines_may_end_with_a_line_feed_alone(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE one\nNOTICE two\n\r\n");
    stage_prints("[NOTICE] NOTICE one\n[NOTICE] NOTICE two\n[] \n");
    quits(fd);
}

static void empty_lines_are_printed(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "\n\r\n\n");
    stage_prints("[] \n[] \n[] \n");
    quits(fd);
}

static void lines_in_one_packet_and_a_line_in_many(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "A\r\nB b\r\n:x C\r\nNOT");
    stage_prints("[A] A\n[B] B b\n[C] :x C\n");
    stage_says(fd, "ICE");
    assert_true(spawn_expect_silence(stage.out));
    stage_says(fd, " d\r\n");
    stage_prints("[NOTICE] NOTICE d\n");
    quits(fd);
}

static void the_byte_after_a_carriage_return_is_dropped(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE a\rXNOTICE b\r\rNOTICE c\r\n");
    stage_prints("[NOTICE] NOTICE a\n[NOTICE] NOTICE b\n[NOTICE] NOTICE c\n");
    quits(fd);
}

static void a_carriage_return_waits_for_the_byte_after_it(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "QUIT\r");
    assert_true(spawn_expect_silence(stage.out));
    stage_says(fd, "\n");
    stage_prints("[QUIT] QUIT\n");
    stage_ends(0);
}

static void a_long_line_comes_in_pieces_of_1024(void **state)
{
    char bytes[PIECE + 76];
    int  fd = greeted();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "NOTICE ", 7);
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    stage_prints("[NOTICE] %.1024s\n", bytes);
    stage_says(fd, "\r\n");
    stage_prints("[%.76s] %.76s\n", bytes + PIECE, bytes + PIECE);
    quits(fd);
}

static void a_piece_may_end_with_the_carriage_return(void **state)
{
    char bytes[PIECE];
    int  fd = greeted();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[PIECE - 1] = '\r';
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    stage_says(fd, "\nB\r\n");
    stage_prints("[%.1023s] %.1023s\n[B] B\n", bytes, bytes);
    quits(fd);
}

static void a_line_end_after_a_whole_piece_is_an_empty_line(void **state)
{
    char bytes[PIECE];
    int  fd = greeted();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    stage_says(fd, "\r\n");
    stage_prints("[%.1024s] %.1024s\n[] \n", bytes, bytes);
    quits(fd);
}

static void a_piece_may_quit(void **state)
{
    char bytes[PIECE];
    int  fd = greeted();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    stage_says(fd, "QUIT\n");
    stage_prints("[%.1024s] %.1024s\n[QUIT] QUIT\n", bytes, bytes);
    stage_ends(0);
}

static void bytes_are_bytes(void **state)
{
    int fd = greeted();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES(":\0 a\0b\xff \xc3%s\0\r\n\0\n")));
    assert_true(
        spawn_expect(stage.out, STAGE_BYTES("[a\0b\xff] :\0 a\0b\xff \xc3%s\0\n"
                                            "[\0] \0\n")));
    quits(fd);
}

static void nothing_is_printed_after_a_quit(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "PING x\r\nQUIT\r\nNOTICE more\r\n");
    stage_prints("[PING] PING x\n[QUIT] QUIT\n");
    stage_ends(0);
    stage_is_cut(fd);
}

static void the_end_of_the_server_is_the_end(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE * :Hello\r\n");
    stage_leave(fd);
    stage_prints("[NOTICE] NOTICE * :Hello\n");
    stage_ends(0);
}

static void a_server_may_say_nothing(void **state)
{
    (void)state;
    stage_leave(greeted());
    stage_ends(0);
}

static void an_unfinished_last_line_is_printed(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE one\r\nNOTICE tw");
    stage_leave(fd);
    stage_prints("[NOTICE] NOTICE one\n[NOTICE] NOTICE tw\n");
    stage_ends(0);
}

static void an_unfinished_quit_is_printed(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "QUIT");
    shutdown(fd, SHUT_WR);
    stage_prints("[QUIT] QUIT\n");
    stage_hears_end(fd);
    stage_ends(0);
}

static void the_end_may_come_after_a_carriage_return(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE one\r");
    stage_leave(fd);
    stage_prints("[NOTICE] NOTICE one\n");
    stage_ends(0);
}

static void a_reset_is_told_and_half_a_line_is_lost(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE one\r\nNOTICE tw");
    stage_prints("[NOTICE] NOTICE one\n");
    stage_reset(fd);
    stage_prints("Failed to receive data: Connection reset by peer");
    stage_ends(0);
}

static void a_reset_after_a_carriage_return_loses_no_line(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "NOTICE one\r");
    assert_true(spawn_expect_silence(stage.out));
    stage_reset(fd);
    stage_prints("[NOTICE] NOTICE one\n"
                 "Failed to receive data: Connection reset by peer");
    stage_ends(0);
}

static void a_reset_after_a_quit_is_not_told(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, ":a QUIT\r");
    assert_true(spawn_expect_silence(stage.out));
    stage_reset(fd);
    stage_prints("[QUIT] :a QUIT\n");
    stage_ends(0);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("Failed to connect to %s:%s: Connection refused",
                 stage_place.address, stage_place.port);
    stage_ends(0);
}

static void the_default_port_is_6667(void **state)
{
    (void)state;
    stage_listen_at_default(6667);
    stage_start(stage_place.address, NULL);
    quits(greeted());
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(the_type_is_the_first_word_or_follows_the_prefix),
        STAGE_CLIENT(lines_may_end_with_a_line_feed_alone),
        STAGE_CLIENT(empty_lines_are_printed),
        STAGE_CLIENT(lines_in_one_packet_and_a_line_in_many),
        STAGE_CLIENT(the_byte_after_a_carriage_return_is_dropped),
        STAGE_CLIENT(a_carriage_return_waits_for_the_byte_after_it),
        STAGE_CLIENT(a_long_line_comes_in_pieces_of_1024),
        STAGE_CLIENT(a_piece_may_end_with_the_carriage_return),
        STAGE_CLIENT(a_line_end_after_a_whole_piece_is_an_empty_line),
        STAGE_CLIENT(a_piece_may_quit),
        STAGE_CLIENT(bytes_are_bytes),
        STAGE_CLIENT(nothing_is_printed_after_a_quit),
        STAGE_CLIENT(the_end_of_the_server_is_the_end),
        STAGE_CLIENT(a_server_may_say_nothing),
        STAGE_CLIENT(an_unfinished_last_line_is_printed),
        STAGE_CLIENT(an_unfinished_quit_is_printed),
        STAGE_CLIENT(the_end_may_come_after_a_carriage_return),
        STAGE_CLIENT(a_reset_is_told_and_half_a_line_is_lost),
        STAGE_CLIENT(a_reset_after_a_carriage_return_loses_no_line),
        STAGE_CLIENT(a_reset_after_a_quit_is_not_told),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(the_default_port_is_6667),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/irc_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
