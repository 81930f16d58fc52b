/* test_stream_client.c - the client says Aloha and shows every line it gets,
 * byte for byte, until the stream has ended. */
#include "support/stage.h"

#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

/* The client, which has said Aloha. */
static int greeted(void)
{
    int fd = stage_receive();

    stage_hears(fd, "Aloha");
    return fd;
}

/* The client is sent this, and prints that before anything else happens. */
static void shows(int fd, const char *sent, const char *printed)
{
    stage_says(fd, "%s", sent);
    stage_prints("%s", printed);
}

/* The stream ends; the client says so and leaves. */
static void ends(int fd)
{
    shutdown(fd, SHUT_WR);
    stage_prints("bool(false)\n");
    stage_hears_end(fd);
    stage_ends(0);
}

static void aloha_is_all_it_says(void **state)
{
    int fd = greeted();

    (void)state;
    assert_true(spawn_expect_silence(fd));
    ends(fd);
}

static void each_line_is_shown_as_it_comes(void **state)
{
    int fd = greeted();

    (void)state;
    shows(fd, "Hello!\n", "string(7) \"Hello!\n\"\n");
    shows(fd, "two words\n", "string(10) \"two words\n\"\n");
    ends(fd);
}

static void lines_in_one_packet_are_shown_one_by_one(void **state)
{
    int fd = greeted();

    (void)state;
    shows(fd, "a\nbc\n\ndef\n",
          "string(2) \"a\n\"\nstring(3) \"bc\n\"\nstring(1) \"\n\"\n"
          "string(4) \"def\n\"\n");
    ends(fd);
}

static void a_line_in_pieces_is_waited_for(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "one ");
    assert_true(spawn_expect_silence(stage.out));
    shows(fd, "line\ntwo", "string(9) \"one line\n\"\n");
    shows(fd, "\n", "string(4) \"two\n\"\n");
    ends(fd);
}

static void a_carriage_return_ends_no_line(void **state)
{
    int fd = greeted();

    (void)state;
    shows(fd, "a\rb\r\n\r\n", "string(5) \"a\rb\r\n\"\nstring(2) \"\r\n\"\n");
    ends(fd);
}

static void bytes_are_shown_as_they_are(void **state)
{
    int fd = greeted();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0a\"\\\0\xff\xc3\n%s\0\n")));
    assert_true(spawn_expect(stage.out,
                             STAGE_BYTES("string(8) \"\0a\"\\\0\xff\xc3\n\"\n"
                                         "string(4) \"%s\0\n\"\n")));
    ends(fd);
}

/* So many 'a', with a line end after them if that is wanted. */
static void says_long(int fd, int count, const char *end)
{
    char *line = malloc((size_t)count);

    memset(line, 'a', (size_t)count);
    stage_says(fd, "%.*s%s", count, line, end);
    free(line);
}

static void prints_long(int count, const char *end)
{
    char *line = malloc((size_t)count + 1);

    memset(line, 'a', (size_t)count + 1);
    stage_prints("string(%d) \"%.*s%s\"\n", count + (int)strlen(end), count,
                 line, end);
    free(line);
}

static void a_line_of_1023_bytes_is_one(void **state)
{
    int fd = greeted();

    (void)state;
    says_long(fd, 1022, "\n");
    prints_long(1022, "\n");
    ends(fd);
}

static void a_line_of_1024_bytes_is_two(void **state)
{
    int fd = greeted();

    (void)state;
    says_long(fd, 1023, "\n");
    prints_long(1023, "");
    prints_long(0, "\n");
    ends(fd);
}

static void a_long_line_comes_in_pieces_of_1023(void **state)
{
    int fd = greeted();

    (void)state;
    says_long(fd, 2500, "\nb");
    prints_long(1023, "");
    prints_long(1023, "");
    prints_long(454, "\n");
    shutdown(fd, SHUT_WR);
    stage_prints("string(1) \"b\"\n");
    stage_ends(0);
}

static void a_full_piece_does_not_wait_for_more(void **state)
{
    int fd = greeted();

    (void)state;
    says_long(fd, 1023, "");
    prints_long(1023, "");
    ends(fd);
}

static void much_is_shown_whole(void **state)
{
    int fd = greeted();

    (void)state;
    for (int i = 0; i < 100; i++) {
        says_long(fd, 700, "\n");
        says_long(fd, 1, "\n");
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 100; i++) {
        prints_long(700, "\n");
        prints_long(1, "\n");
    }
    stage_prints("bool(false)\n");
    stage_ends(0);
}

static void an_unfinished_last_line_is_the_last(void **state)
{
    int fd = greeted();

    (void)state;
    stage_says(fd, "hello\nby");
    shutdown(fd, SHUT_WR);
    stage_prints("string(6) \"hello\n\"\nstring(2) \"by\"\n");
    stage_hears_end(fd);
    stage_ends(0);
}

static void lines_that_end_with_the_stream_are_all_shown(void **state)
{
    int fd = greeted();

    (void)state;
    stage_pause();
    stage_says(fd, "a\nb\n");
    stage_leave(fd);
    stage_resume();
    stage_prints("string(2) \"a\n\"\nstring(2) \"b\n\"\nbool(false)\n");
    stage_ends(0);
}

static void a_server_that_says_nothing_is_told(void **state)
{
    (void)state;
    stage_leave(greeted());
    stage_prints("bool(false)\n");
    stage_ends(0);
}

static void a_reset_ends_it(void **state)
{
    int fd = greeted();

    (void)state;
    shows(fd, "a\n", "string(2) \"a\n\"\n");
    stage_reset(fd);
    stage_prints("bool(false)\n");
    stage_ends(0);
}

static void a_reset_in_a_line_ends_it(void **state)
{
    int fd = greeted();

    (void)state;
    shows(fd, "a\nb", "string(2) \"a\n\"\n");
    stage_reset(fd);
    assert_int_equal(spawn_wait(&stage), 0);
}

static void a_reset_before_the_first_line_ends_it(void **state)
{
    (void)state;
    stage_reset(greeted());
    stage_prints("bool(false)\n");
    stage_ends(0);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_prints("Connection refused (111)<br />\n");
    stage_ends(0);
}

static void ipv6_is_spoken(void **state)
{
    int fd;

    (void)state;
    stage_move_to_ipv6();
    stage_listen();
    stage_start(stage_place.address, stage_place.port, NULL);
    fd = greeted();
    shows(fd, "a\n", "string(2) \"a\n\"\n");
    ends(fd);
}

static void a_refusal_in_ipv6_is_told(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    a_refusal_is_told(state);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_CLIENT(aloha_is_all_it_says),
        STAGE_CLIENT(each_line_is_shown_as_it_comes),
        STAGE_CLIENT(lines_in_one_packet_are_shown_one_by_one),
        STAGE_CLIENT(a_line_in_pieces_is_waited_for),
        STAGE_CLIENT(a_carriage_return_ends_no_line),
        STAGE_CLIENT(bytes_are_shown_as_they_are),
        STAGE_CLIENT(a_line_of_1023_bytes_is_one),
        STAGE_CLIENT(a_line_of_1024_bytes_is_two),
        STAGE_CLIENT(a_long_line_comes_in_pieces_of_1023),
        STAGE_CLIENT(a_full_piece_does_not_wait_for_more),
        STAGE_CLIENT(much_is_shown_whole),
        STAGE_CLIENT(an_unfinished_last_line_is_the_last),
        STAGE_CLIENT(lines_that_end_with_the_stream_are_all_shown),
        STAGE_CLIENT(a_server_that_says_nothing_is_told),
        STAGE_CLIENT(a_reset_ends_it),
        STAGE_CLIENT(a_reset_in_a_line_ends_it),
        STAGE_CLIENT(a_reset_before_the_first_line_ends_it),
        STAGE_ALONE(a_refusal_is_told),
        STAGE_ALONE(ipv6_is_spoken),
        STAGE_ALONE(a_refusal_in_ipv6_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/stream_client");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
