/* test_unix_umask_server.c - the socket's file has the permissions that the
 * umask leaves, the client is told them, and the file is gone afterwards. */
#include "support/stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[80];

/* A test has a folder of its own. */
static int open_folder(void **state)
{
    stage_open(state);
    (void)snprintf(path, sizeof path, "%s/s", stage_set_folder());
    spawn_place_path(&stage_place, path);
    return 0;
}

static int open_server(void **state)
{
    open_folder(state);
    stage_start(path, "022", NULL);
    return 0;
}

static bool exists(const char *name)
{
    struct stat file;

    return lstat(name, &file) == 0;
}

/* The program is started, and with this umask the file has that mode. */
static void has_mode(const char *umask_text, const char *mode)
{
    struct stat file;
    char        found[8];

    stage_start(path, umask_text, NULL);
    stage_prints("%s %s\n", path, mode);
    assert_int_equal(lstat(path, &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    (void)snprintf(found, sizeof found, "%04o", file.st_mode & 07777u);
    assert_string_equal(found, mode);
}

/* One client gets the mode, and the server is over. */
static void serves(const char *mode)
{
    int fd = stage_enter();

    stage_hears(fd, "%s\n", mode);
    stage_hears_end(fd);
    stage_ends(0);
    assert_false(exists(path));
}

static void umask_0_leaves_0777(void **state)
{
    (void)state;
    has_mode("0", "0777");
    serves("0777");
}

static void umask_022_leaves_0755(void **state)
{
    (void)state;
    has_mode("022", "0755");
    serves("0755");
}

static void umask_77_is_octal_and_leaves_0700(void **state)
{
    (void)state;
    has_mode("77", "0700");
    serves("0700");
}

static void umask_0127_leaves_0650(void **state)
{
    (void)state;
    has_mode("0127", "0650");
    serves("0650");
}

static void umask_0100_leaves_0677(void **state)
{
    (void)state;
    has_mode("0100", "0677");
    serves("0677");
}

/* Nobody but root may connect. */
static void umask_777_leaves_nothing(void **state)
{
    (void)state;
    has_mode("777", "0000");
}

static void the_umask_it_is_born_with_does_not_matter(void **state)
{
    mode_t usual = umask(0777);

    (void)state;
    stage_start(path, "027", NULL);
    umask(usual);
    stage_prints("%s 0750\n", path);
    serves("0750");
}

static void the_path_is_printed_as_it_was_given(void **state)
{
    (void)state;
    stage_start("./s", "0", NULL);
    stage_prints("./s 0777\n");
    serves("0777");
}

static void what_the_client_says_does_not_matter(void **state)
{
    int fd;

    (void)state;
    stage_prints("%s 0755\n", path);
    stage_pause();
    fd = stage_enter();
    stage_says(fd, "hello\n");
    stage_resume();
    stage_hears(fd, "0755\n");
    stage_is_cut(fd);
    stage_ends(0);
    assert_false(exists(path));
}

static void a_client_that_is_gone_is_served_all_the_same(void **state)
{
    (void)state;
    stage_prints("%s 0755\n", path);
    stage_pause();
    stage_leave(stage_enter());
    stage_resume();
    stage_ends(0);
    assert_false(exists(path));
}

static void it_serves_one_client_alone(void **state)
{
    int one, two;

    (void)state;
    stage_prints("%s 0755\n", path);
    stage_pause();
    one = stage_enter();
    two = stage_enter();
    stage_resume();
    stage_hears(one, "0755\n");
    stage_hears_end(one);
    stage_is_cut(two);
    stage_ends(0);
    assert_false(exists(path));
}

/* A line is printed, and nothing happens to what is there. */
static void refuses(void)
{
    char line[256];

    stage_start(path, "0", NULL);
    assert_true(spawn_read_line(stage.out, line, sizeof line));
    stage_ends(0);
    assert_true(exists(path));
}

static void a_file_that_is_there_stays(void **state)
{
    (void)state;
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    refuses();
}

static void a_socket_that_is_there_stays(void **state)
{
    (void)state;
    stage_listen();
    refuses();
}

static void help_is_printed(void **state)
{
    char line[256];

    (void)state;
    stage_start("--help", NULL);
    assert_true(spawn_read_line(stage.out, line, sizeof line));
    assert_ptr_equal(strstr(line, "usage: "), line);
    stage_ends(0);
}

#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_folder, stage_close)
#define SERVED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, open_server, stage_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(umask_0_leaves_0777),
        IN_FOLDER(umask_022_leaves_0755),
        IN_FOLDER(umask_77_is_octal_and_leaves_0700),
        IN_FOLDER(umask_0127_leaves_0650),
        IN_FOLDER(umask_0100_leaves_0677),
        IN_FOLDER(umask_777_leaves_nothing),
        IN_FOLDER(the_umask_it_is_born_with_does_not_matter),
        IN_FOLDER(the_path_is_printed_as_it_was_given),
        SERVED(what_the_client_says_does_not_matter),
        SERVED(a_client_that_is_gone_is_served_all_the_same),
        SERVED(it_serves_one_client_alone),
        IN_FOLDER(a_file_that_is_there_stays),
        IN_FOLDER(a_socket_that_is_there_stays),
        IN_FOLDER(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/unix_umask_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
