/* test_whitespace_multi_server.c - each of ten clients gets back what it says
 * without white space, until it says exit; who is too many is sent away. */
#include "support/stage.h"

#include <string.h>

#include <sys/socket.h>

#define MOST 10
#define TAKEN "Could not bind to address"

/* A client says this and gets that back, one NUL behind it. */
static void talks(int fd, const char *said, const char *back)
{
    stage_says(fd, "%s", said);
    assert_true(spawn_expect(fd, back, strlen(back) + 1));
}

/* A client that is known to have a place. */
static int seated(void)
{
    int fd = stage_enter();

    talks(fd, "I am here", "Iamhere");
    return fd;
}

/* So many clients. */
static void gather(int *fd, int count)
{
    int i;

    for (i = 0; i < count; i++)
        fd[i] = seated();
}

static void white_space_is_taken_out(void **state)
{
    int a = stage_enter(), b = stage_enter();

    (void)state;
    talks(a, "a b c\r\n", "abc");
    talks(b, "\td\n", "d");
    talks(a, " \n", "");
    talks(a, "e f", "ef");
    talks(b, "\v g\fh\n", "\vg\fh");
    assert_true(spawn_expect_silence(stage.out));
}

static void other_bytes_stay(void **state)
{
    int fd = stage_enter();

    (void)state;
    assert_true(spawn_send(fd, STAGE_BYTES("\0 \xff\n\xc3\0")));
    assert_true(spawn_expect(fd, "\0\xff\xc3\0", 5));
    talks(fd, "again", "again");
}

static void exit_is_compared_after_trimming(void **state)
{
    static const char *const exits[] = {"exit", "exit\r\n", " \t\vexit\n\n"};
    int                      other   = seated(), fd;
    size_t                   i;

    (void)state;
    for (i = 0; i < sizeof exits / sizeof *exits; i++) {
        fd = seated();
        stage_says(fd, "%s", exits[i]);
        stage_hears_end(fd);
    }
    fd = seated();
    assert_true(spawn_send(fd, STAGE_BYTES("\0exit\0")));
    stage_hears_end(fd);
    talks(other, "still here\n", "stillhere");
}

static void words_like_exit_are_answered(void **state)
{
    int fd = stage_enter();

    (void)state;
    talks(fd, "EXIT", "EXIT");
    talks(fd, "exit now", "exitnow");
    talks(fd, "ex it", "exit");
    talks(fd, "exit\f", "exit\f");
    talks(fd, "exits", "exits");
}

static void a_single_0_gets_no_answer(void **state)
{
    int fd = stage_enter();

    (void)state;
    stage_says(fd, "0");
    assert_true(spawn_expect_silence(fd));
    talks(fd, "0\n", "0");
    talks(fd, "00", "00");
    talks(fd, " 0", "0");
}

static void more_than_1024_bytes_come_in_pieces(void **state)
{
    char bytes[1500], back[1502];
    int  fd = seated();

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    memset(back, 'a', sizeof back);
    back[1024] = back[sizeof back - 1] = '\0';
    stage_pause();
    assert_true(spawn_send(fd, bytes, sizeof bytes));
    assert_true(spawn_arrives(fd));
    stage_resume();
    assert_true(spawn_expect(fd, back, sizeof back));
}

static void who_leaves_is_forgotten(void **state)
{
    int fd[4];

    (void)state;
    gather(fd, 4);
    stage_leave(fd[0]);
    stage_reset(fd[1]);
    assert_int_equal(shutdown(fd[2], SHUT_WR), 0);
    stage_hears_end(fd[2]);
    talks(fd[3], "x y\n", "xy");
    assert_true(spawn_expect_silence(stage.out));
}

static void who_does_not_wait_for_the_answer_does_no_harm(void **state)
{
    int fd[2];

    (void)state;
    gather(fd, 2);
    stage_pause();
    stage_says(fd[0], "never mind");
    stage_reset(fd[0]);
    stage_resume();
    talks(fd[1], "x y\n", "xy");
}

static void who_is_too_many_is_sent_away(void **state)
{
    int fd[MOST];

    (void)state;
    gather(fd, MOST);
    stage_hears_end(stage_enter());
    stage_prints("too many clients");
    stage_hears_end(stage_enter());
    stage_prints("too many clients");
    talks(fd[9], "j j", "jj");
    talks(fd[0], "a a", "aa");
    assert_true(spawn_expect_silence(stage.out));
}

static void a_freed_place_is_taken_again(void **state)
{
    int fd[MOST], i;

    (void)state;
    gather(fd, MOST);
    for (i = 0; i < MOST; i++) {
        stage_says(fd[i], "exit");
        stage_hears_end(fd[i]);
        fd[i] = seated();
    }
    stage_hears_end(stage_enter());
    stage_prints("too many clients");
    talks(fd[4], "e e", "ee");
}

/* Both are there when the server looks. */
static void who_comes_as_another_leaves_has_a_place(void **state)
{
    int fd[MOST];

    (void)state;
    gather(fd, MOST);
    stage_pause();
    stage_leave(fd[9]);
    fd[9] = stage_enter();
    stage_resume();
    talks(fd[9], "me, too", "me,too");
    assert_true(spawn_expect_silence(stage.out));
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, TAKEN, 0);
}

static void the_default_is_port_9000_of_all_addresses(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, "127.0.0.1", 9000, TAKEN, 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_SERVER(white_space_is_taken_out),
        STAGE_SERVER(other_bytes_stay),
        STAGE_SERVER(exit_is_compared_after_trimming),
        STAGE_SERVER(words_like_exit_are_answered),
        STAGE_SERVER(a_single_0_gets_no_answer),
        STAGE_SERVER(more_than_1024_bytes_come_in_pieces),
        STAGE_SERVER(who_leaves_is_forgotten),
        STAGE_SERVER(who_does_not_wait_for_the_answer_does_no_harm),
        STAGE_SERVER(who_is_too_many_is_sent_away),
        STAGE_SERVER(a_freed_place_is_taken_again),
        STAGE_SERVER(who_comes_as_another_leaves_has_a_place),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(the_default_is_port_9000_of_all_addresses),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/whitespace_multi_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
