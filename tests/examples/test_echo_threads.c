/* test_echo_threads.c - a thread on every core gives everybody's bytes back. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "support/echo.h"

#include <sched.h>
#include <stdio.h>

#include <sys/socket.h>

static int cores(void)
{
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
}

static void the_system_chooses_port_0(void **state)
{
    char line[64];

    (void)state;
    stage_start(stage_place.address, "0", NULL);
    stage_prints("%d threads listen on %s:", cores(), stage_place.address);
    assert_true(spawn_read_line(stage.out, line, sizeof line));
    assert_true(line[0] >= '1' && line[0] <= '9');
}

static void each_core_has_its_thread(void **state)
{
    char  path[64], line[128];
    FILE *status;
    int   threads = 0;

    (void)state;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)stage.pid);
    assert_non_null(status = fopen(path, "r"));
    while (fgets(line, sizeof line, status))
        (void)sscanf(line, "Threads: %d", &threads);
    (void)fclose(status);
    assert_true(threads > cores()); /* the first one waits for the others */
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
    char                    greeting[64];
    const struct CMUnitTest tests[] = {
        ECHO_TESTS,
        ECHO_TEST(each_core_has_its_thread),
        STAGE_ALONE(the_system_chooses_port_0),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(help_is_printed),
    };

    (void)snprintf(greeting, sizeof greeting, "%d threads listen", cores());
    stage_program(EXAMPLES_DIR "/echo_threads");
    echo_says(greeting);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
