/* test_whitespace_server.c - the server sends one client's first bytes back
 * without white space, a NUL behind them, and is gone. */
#include "support/stage.h"

#include <sys/socket.h>

#include <string.h>

#define MOST_READ 1024

/* All it does for a client: this comes in, that goes out; nothing printed. */
static void serves(const char *in, size_t in_len, const char *out,
                   size_t out_len)
{
    int fd = stage_enter();

    assert_true(spawn_send(fd, in, in_len));
    assert_true(spawn_expect(fd, out, out_len));
    stage_hears_end(fd);
    stage_ends(0);
}

static void white_space_is_removed_everywhere(void **state)
{
    (void)state;
    serves(STAGE_BYTES(" h e\tl  l\no \r\n w\r"), STAGE_BYTES("hellow\0"));
    stage_refuses();
}

static void nothing_else_is_removed(void **state)
{
    (void)state;
    serves(STAGE_BYTES("\0a\v\f\b\x85\xa0\xff\0 0"),
           STAGE_BYTES("\0a\v\f\b\x85\xa0\xff\0"
                       "0\0"));
}

static void white_space_alone_leaves_the_nul(void **state)
{
    (void)state;
    serves(STAGE_BYTES(" \t\r\n"), STAGE_BYTES("\0"));
}

static void a_client_that_says_nothing_gets_the_nul(void **state)
{
    int fd = stage_enter();

    (void)state;
    shutdown(fd, SHUT_WR);
    assert_true(spawn_expect(fd, STAGE_BYTES("\0")));
    stage_hears_end(fd);
    stage_ends(0);
}

static void one_read_is_1024_bytes_at_most(void **state)
{
    char bytes[MOST_READ + 500];
    int  fd = stage_enter();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[MOST_READ - 1] = 'z';
    stage_pause();
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    assert_true(spawn_arrives(fd));
    stage_resume();
    assert_true(spawn_expect(fd, bytes, MOST_READ));
    assert_true(spawn_expect(fd, STAGE_BYTES("\0")));
    stage_is_cut(fd);
    stage_ends(0);
}

static void who_leaves_in_silence_is_no_failure(void **state)
{
    (void)state;
    stage_leave(stage_enter());
    stage_ends(0);
}

static void a_reset_is_no_failure(void **state)
{
    (void)state;
    stage_reset(stage_enter());
    stage_ends(0);
}

static void who_does_not_wait_for_the_answer_is_no_failure(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_pause();
    stage_says(fd, "never mind");
    stage_reset(fd);
    stage_resume();
    stage_ends(0);
}

static void others_get_nothing_and_are_closed(void **state)
{
    int first = stage_enter(), second = stage_enter();

    (void)state;
    stage_says(second, "me, too");
    assert_true(spawn_expect_silence(second));
    stage_says(first, "me");
    assert_true(spawn_expect(first, STAGE_BYTES("me\0")));
    stage_ends(0);
    stage_is_cut(second);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, "Could not bind to address", 0);
}

static void the_default_is_port_9000_of_all_addresses(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, stage_place.address, 9000,
                        "Could not bind to address", 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(white_space_is_removed_everywhere),
        STAGE_SERVER(nothing_else_is_removed),
        STAGE_SERVER(white_space_alone_leaves_the_nul),
        STAGE_SERVER(a_client_that_says_nothing_gets_the_nul),
        STAGE_SERVER(one_read_is_1024_bytes_at_most),
        STAGE_SERVER(who_leaves_in_silence_is_no_failure),
        STAGE_SERVER(a_reset_is_no_failure),
        STAGE_SERVER(who_does_not_wait_for_the_answer_is_no_failure),
        STAGE_SERVER(others_get_nothing_and_are_closed),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_is_port_9000_of_all_addresses),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/whitespace_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
