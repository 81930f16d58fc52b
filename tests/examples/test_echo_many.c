/* test_echo_many.c - one thread gives everybody's bytes back, and ends when it
 * is told to. */
#include "support/echo.h"

#include <signal.h>

#include <sys/socket.h>

static void ends_on(int number)
{
    int fd = stage_enter();

    echo_back(fd, STAGE_BYTES("x"));
    assert_int_equal(kill(stage.pid, number), 0);
    assert_int_equal(spawn_wait(&stage), 0);
    stage_is_cut(fd);
}

static void sigterm_ends_it(void **state)
{
    (void)state;
    ends_on(SIGTERM);
}

static void sigint_ends_it(void **state)
{
    (void)state;
    ends_on(SIGINT);
}

static void the_system_chooses_port_0(void **state)
{
    char line[64];

    (void)state;
    stage_start(stage_place.address, "0", NULL);
    stage_prints("Listening on %s:", stage_place.address);
    assert_true(spawn_read_line(stage.out, line, sizeof line));
    assert_true(line[0] >= '1' && line[0] <= '9');
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_listen();
    stage_start(stage_place.address, stage_place.port, NULL);
    stage_complains("bind %s:%s: Address already in use\n", stage_place.address,
                    stage_place.port);
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
        ECHO_TESTS,
        ECHO_TEST(sigterm_ends_it),
        ECHO_TEST(sigint_ends_it),
        STAGE_ALONE(the_system_chooses_port_0),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/echo_many");
    echo_says("Listening");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
