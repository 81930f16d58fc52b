/* test_daytime_tcp_server.c - the daytime server tells each client the local
 * time and closes; no client can keep it from telling the next one. */
#include "support/dates.h"
#include "support/stage.h"

#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#define GREETING "L'heure locale est "

static const struct date_zone utc = {"TZ=UTC", 0};

/* The zone must outlive the test's program. */
static void start_in(const struct date_zone *zone)
{
    stage_set_variable(zone->variable);
    stage_start(stage_place.address, stage_place.port, NULL);
}

static int open_in_utc(void **state)
{
    stage_open(state);
    start_in(&utc);
    return 0;
}

/* The client is told the time, and no more. */
static void is_told(int fd, const struct date_zone *zone, time_t then)
{
    char line[128];

    assert_true(spawn_expect_text(fd, GREETING));
    assert_true(spawn_read_line(fd, line, sizeof line));
    *strchr(line, '\n') = '\0';
    assert_true(date_is_now(line, DATE_SLASHED, zone, then));
    stage_hears_end(fd);
}

static void serves(void)
{
    time_t then = time(NULL);

    is_told(stage_enter(), &utc, then);
}

static void each_client_is_told_the_time(void **state)
{
    (void)state;
    serves();
    serves();
    stage_end_silent();
}

static void tells_at(int hour, int minute)
{
    struct date_zone zone = date_zone_where(hour, minute, 10);
    time_t           then = time(NULL);

    start_in(&zone);
    is_told(stage_enter(), &zone, then);
}

static void midnight_is_12_am(void **state)
{
    (void)state;
    tells_at(0, 0);
}

static void one_in_the_morning_is_1_am(void **state)
{
    (void)state;
    tells_at(1, 5);
}

static void the_hour_before_noon_is_11_am(void **state)
{
    (void)state;
    tells_at(11, 59);
}

static void noon_is_12_pm(void **state)
{
    (void)state;
    tells_at(12, 0);
}

static void one_in_the_afternoon_is_1_pm(void **state)
{
    (void)state;
    tells_at(13, 9);
}

static void the_last_hour_is_11_pm(void **state)
{
    (void)state;
    tells_at(23, 10);
}

static void clients_that_wait_are_all_told(void **state)
{
    int    fds[30];
    time_t then = time(NULL);

    (void)state;
    fds[0] = stage_enter();
    is_told(fds[0], &utc, then);
    stage_pause();
    for (size_t i = 1; i < 30; i++)
        fds[i] = stage_enter();
    stage_resume();
    for (size_t i = 30; i-- > 1;)
        is_told(fds[i], &utc, then);
}

static void a_silent_client_holds_up_nobody(void **state)
{
    time_t then = time(NULL);
    int    fd   = stage_enter();

    (void)state;
    serves();
    is_told(fd, &utc, then);
}

static void who_says_no_more_is_told(void **state)
{
    time_t then = time(NULL);
    int    fd   = stage_enter();

    (void)state;
    shutdown(fd, SHUT_WR);
    is_told(fd, &utc, then);
}

static void what_a_client_says_does_no_harm(void **state)
{
    int fd;

    (void)state;
    serves();
    stage_pause();
    fd = stage_enter();
    assert_true(spawn_send(fd, STAGE_BYTES("\0quit\xff\r\n")));
    stage_resume();
    serves();
    stage_end_silent();
}

static void who_is_gone_already_does_no_harm(void **state)
{
    int fd;

    (void)state;
    serves();
    stage_pause();
    stage_leave(stage_enter());
    stage_reset(stage_enter());
    fd = stage_enter();
    shutdown(fd, SHUT_WR); /* after which a reset is a broken pipe */
    stage_reset(fd);
    stage_resume();
    serves();
    stage_end_silent();
}

static void ipv6_is_served(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    start_in(&utc);
    serves();
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_STREAM, "Address already in use (98)<br />\n", 0);
}

static void a_taken_port_of_ipv6_is_told(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    stage_port_taken(SOCK_STREAM, "Address already in use (98)<br />\n", 0);
}

/* Whoever wants all addresses wants this one. */
static void all_addresses_port_8000_unless_said(void **state)
{
    (void)state;
    stage_default_taken(SOCK_STREAM, stage_place.address, 8000,
                        "Address already in use (98)<br />\n", 0);
}

static void help_is_printed(void **state)
{
    (void)state;
    stage_help("[ADDRESS [PORT]]");
}

#define SERVED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, open_in_utc, stage_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(each_client_is_told_the_time),
        STAGE_ALONE(midnight_is_12_am),
        STAGE_ALONE(one_in_the_morning_is_1_am),
        STAGE_ALONE(the_hour_before_noon_is_11_am),
        STAGE_ALONE(noon_is_12_pm),
        STAGE_ALONE(one_in_the_afternoon_is_1_pm),
        STAGE_ALONE(the_last_hour_is_11_pm),
        SERVED(clients_that_wait_are_all_told),
        SERVED(a_silent_client_holds_up_nobody),
        SERVED(who_says_no_more_is_told),
        SERVED(what_a_client_says_does_no_harm),
        SERVED(who_is_gone_already_does_no_harm),
        STAGE_ALONE(ipv6_is_served),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(a_taken_port_of_ipv6_is_told),
        STAGE_ALONE(all_addresses_port_8000_unless_said),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/daytime_tcp_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
