/* test_daytime_udp_server.c - the daytime server answers every packet with one
 * packet that tells the local time, to the second. */
#include "support/dates.h"
#include "support/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct date_zone utc = {"TZ=UTC", 0};

static void start_in(const struct date_zone *zone)
{
    stage_set_variable(zone->variable);
    stage_start(stage_place.address, stage_place.port, NULL);
    assert_true(spawn_has_udp(&stage, &stage_place));
}

static int open_in_utc(void **state)
{
    stage_open(state);
    start_in(&utc);
    return 0;
}

/* One packet comes, with a date. */
static void is_told(int fd, const struct date_zone *zone, time_t then)
{
    char    packet[128];
    ssize_t n = spawn_read(fd, packet, sizeof packet - 1);

    assert_true(n > 2);
    packet[n] = '\0';
    assert_int_equal(strlen(packet), n);
    assert_string_equal(packet + n - 2, "\r\n");
    packet[n - 2] = '\0';
    assert_true(date_is_now(packet, DATE_IN_WORDS, zone, then));
}

static void asks(int fd, const void *packet, size_t len)
{
    assert_int_equal(send(fd, packet, len, 0), len);
}

/* The packet is answered. */
static void serves(int fd, const void *packet, size_t len)
{
    time_t then = time(NULL);

    asks(fd, packet, len);
    is_told(fd, &utc, then);
}

static void each_packet_is_answered_once(void **state)
{
    int fd = stage_join();

    (void)state;
    serves(fd, "x", 1);
    serves(fd, STAGE_BYTES("\0\xff\r\n"));
    serves(fd, "x", 1);
    assert_true(spawn_expect_silence(fd));
    stage_end_silent();
}

static void an_empty_packet_is_answered(void **state)
{
    int fd = stage_join();

    (void)state;
    serves(fd, "", 0);
    serves(fd, "", 0);
}

static void the_longest_packet_is_answered_once(void **state)
{
    char *packet = calloc(1, 65507);
    int   fd     = stage_join();

    (void)state;
    serves(fd, packet, 65507);
    serves(fd, "x", 1);
    assert_true(spawn_expect_silence(fd));
    free(packet);
}

static void each_peer_is_answered(void **state)
{
    time_t then = time(NULL);
    int    one = stage_join(), two = stage_join(), three = stage_join();

    (void)state;
    stage_pause();
    asks(one, "a", 1);
    asks(two, "", 0);
    asks(three, "c", 1);
    asks(one, "d", 1);
    stage_resume();
    is_told(three, &utc, then);
    is_told(two, &utc, then);
    is_told(one, &utc, then);
    is_told(one, &utc, then);
}

static void packets_that_wait_are_all_answered(void **state)
{
    time_t then = time(NULL);
    int    fd   = stage_join();

    (void)state;
    stage_pause();
    for (int i = 0; i < 50; i++)
        asks(fd, "x", (size_t)i % 2);
    stage_resume();
    for (int i = 0; i < 50; i++)
        is_told(fd, &utc, then);
}

static void tells_at(int hour, int minute, int second)
{
    struct date_zone zone = date_zone_where(hour, minute, second);
    time_t           then = time(NULL);
    int              fd;

    start_in(&zone);
    fd = stage_join();
    asks(fd, "x", 1);
    is_told(fd, &zone, then);
}

static void the_first_second_has_only_noughts(void **state)
{
    (void)state;
    tells_at(0, 0, 0);
}

static void small_numbers_have_a_nought(void **state)
{
    (void)state;
    tells_at(3, 4, 5);
}

static void the_clock_has_24_hours(void **state)
{
    (void)state;
    tells_at(23, 45, 10);
}

static void who_is_gone_already_does_no_harm(void **state)
{
    int fd;

    (void)state;
    stage_pause();
    for (int i = 0; i < 3; i++) {
        fd = stage_join();
        asks(fd, "x", 1);
        stage_leave(fd);
    }
    stage_resume();
    fd = stage_join();
    serves(fd, "y", 1);
    serves(fd, "z", 1);
    stage_end_silent();
}

/* The program may open few descriptors: so it must give them back. */
static void any_number_of_peers_is_served(void **state)
{
    struct rlimit usual, few;
    int           fd;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &usual);
    few          = usual;
    few.rlim_cur = 32;
    setrlimit(RLIMIT_NOFILE, &few);
    start_in(&utc);
    setrlimit(RLIMIT_NOFILE, &usual);
    for (int i = 0; i < 100; i++) {
        fd = stage_join();
        serves(fd, "x", 1);
        stage_leave(fd);
    }
}

static void ipv6_is_served(void **state)
{
    int fd;

    (void)state;
    stage_move_to_ipv6();
    start_in(&utc);
    fd = stage_join();
    serves(fd, "x", 1);
    serves(fd, "", 0);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    stage_port_taken(SOCK_DGRAM, "ERROR: 98 - Address already in use<br />\n",
                     0);
}

static void a_taken_port_of_ipv6_is_told(void **state)
{
    (void)state;
    stage_move_to_ipv6();
    stage_port_taken(SOCK_DGRAM, "ERROR: 98 - Address already in use<br />\n",
                     0);
}

/* Whoever wants all addresses wants this one; port 13 is not for everybody. */
static void all_addresses_port_13_unless_said(void **state)
{
    struct sockaddr_in in = stage_place.in;
    int                fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool               allowed;

    (void)state;
    in.sin_port = htons(13);
    allowed =
        bind(fd, (struct sockaddr *)&in, sizeof in) == 0 || errno == EADDRINUSE;
    close(fd);
    stage_default_taken(SOCK_DGRAM, stage_place.address, 13,
                        allowed ? "ERROR: 98 - Address already in use<br />\n"
                                : "ERROR: 13 - Permission denied<br />\n",
                        0);
}

static void tcp_may_have_the_port(void **state)
{
    int other = spawn_occupy(&stage_place, SOCK_STREAM);

    (void)state;
    start_in(&utc);
    serves(stage_join(), "x", 1);
    close(other);
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
        SERVED(each_packet_is_answered_once),
        SERVED(an_empty_packet_is_answered),
        SERVED(the_longest_packet_is_answered_once),
        SERVED(each_peer_is_answered),
        SERVED(packets_that_wait_are_all_answered),
        STAGE_ALONE(the_first_second_has_only_noughts),
        STAGE_ALONE(small_numbers_have_a_nought),
        STAGE_ALONE(the_clock_has_24_hours),
        SERVED(who_is_gone_already_does_no_harm),
        STAGE_ALONE(any_number_of_peers_is_served),
        STAGE_ALONE(ipv6_is_served),
        STAGE_ALONE(a_taken_port_is_told),
        STAGE_ALONE(a_taken_port_of_ipv6_is_told),
        STAGE_ALONE(all_addresses_port_13_unless_said),
        STAGE_ALONE(tcp_may_have_the_port),
        STAGE_ALONE(help_is_printed),
    };

    stage_program(EXAMPLES_DIR "/daytime_udp_server");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
